#include "engine/write/identity_numbers.h"

#include "base/id.h"
#include "duckdb.hpp"
#include "engine/duck_types.h"

namespace ashlar::engine {

IdentityNumbers::~IdentityNumbers() {
  for (const std::string& sequence : sequences_) {
    // A failed connection drops its temporary objects itself.
    Status dropped = connection_.Run("DROP SEQUENCE IF EXISTS temp." + sequence, [](duckdb::QueryResult&) {});
    (void)dropped;
  }
}

Result<std::string> IdentityNumbers::Over(const std::string& select) {
  if (target_.identities.empty()) return select;
  std::string replaced;
  for (const IdentityColumn& identity : target_.identities) {
    std::string sequence = "identity_" + NewHex(SystemRandom(), 8);
    RETURN_IF_ERROR(connection_.Run("CREATE TEMPORARY SEQUENCE " + sequence + " INCREMENT BY " + std::to_string(identity.step) +
                                        " MINVALUE -9223372036854775808 MAXVALUE 9223372036854775807 START WITH " +
                                        std::to_string(identity.next) + " NO CYCLE",
                                    [](duckdb::QueryResult&) {}));
    sequences_.push_back(sequence);
    std::string column = "k" + std::to_string(identity.column);
    replaced += (replaced.empty() ? "" : ", ") + ("coalesce(g." + column) + ", CAST(nextval('temp." + sequence + "') AS " +
                DuckTypeSql(target_.schema.fields[identity.column].type) + ")) AS " + column;
  }
  return "SELECT g.* REPLACE (" + replaced + ") FROM (" + select + ") AS g";
}

Result<std::map<size_t, int64_t>> IdentityNumbers::Last() {
  std::map<size_t, int64_t> last;
  for (size_t i = 0; i < sequences_.size(); ++i) {
    const IdentityColumn& identity = target_.identities[i];
    int64_t next = identity.next;
    RETURN_IF_ERROR(connection_.Run("SELECT nextval('temp." + sequences_[i] + "')", [&](duckdb::QueryResult& result) {
      auto chunk = result.Fetch();
      if (chunk && chunk->size() == 1) next = chunk->GetValue(0, 0).GetValue<int64_t>();
    }));
    if (next != identity.next) last[identity.column] = next - identity.step;
  }
  return last;
}

}  // namespace ashlar::engine
