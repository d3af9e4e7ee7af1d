// What a row change leaves for the change data feed (Delta protocol, "Change Data Files").
#include "base/id.h"
#include "delta/changes.h"
#include "duckdb.hpp"
#include "engine/duck_types.h"
#include "engine/write/copy_on_write.h"

namespace ashlar::engine {

TemporaryRows::TemporaryRows(DuckConnection& connection)
    : connection_(connection), table_("temp.change_rows_" + NewHex(SystemRandom(), 8)) {}

TemporaryRows::~TemporaryRows() {
  // A failed connection drops its tables itself.
  Status dropped = connection_.Run("DROP TABLE IF EXISTS " + table_, [](duckdb::QueryResult&) {});
  (void)dropped;
}

Result<std::string> TemporaryRows::Keep(const std::string& select) {
  RETURN_IF_ERROR(connection_.Run("CREATE TEMPORARY TABLE " + table_.substr(5) + " AS " + select, [](duckdb::QueryResult&) {}));
  return "SELECT * FROM " + table_;
}

bool CopyOnWrite::FeedsChanges() const {
  return delta::BooleanProperty(target_.metadata.configuration, "delta.enableChangeDataFeed", false);
}

Result<std::string> CopyOnWrite::UnchangedSql(const RowsByFile& rows, const std::string& kind, StatementBindings& bindings) const {
  ASSIGN_OR_RETURN(std::string copy, CopySql(*Only(rows), bindings));
  return "SELECT *, " + QuoteSqlString(kind) + " AS k_change FROM (" + copy + ") AS u";
}

Status CopyOnWrite::WriteChanges(const std::string& select, RowChangeResult& result) {
  WriteTarget feed = target_;
  feed.constraints.clear();  // the old rows may be what a new constraint forbids
  feed.identities.clear();
  feed.metadata.configuration.erase("delta.enableRowTracking");  // rows of the feed have no ids
  feed.folder = "_change_data/";
  std::string columns;
  for (size_t i = 0; i < feed.schema.fields.size(); ++i) {
    // Of a row that is gone nothing has to hold.
    feed.schema.fields[i].nullable = true;
    columns += "c.k" + std::to_string(i) + ", ";
  }
  std::string last = "k" + std::to_string(feed.schema.fields.size());
  feed.schema.fields.push_back({delta::kChangeType, TypeId::kString, true, "{}"});
  ASSIGN_OR_RETURN(WrittenFiles written,
                   WriteSql(connection_, "SELECT " + columns + "c.k_change AS " + last + " FROM (" + select + ") AS c", feed, created_));
  for (delta::AddFile& file : written.files) {
    result.changes.push_back({std::move(file.path), std::move(file.partition_values), file.size, {}});
  }
  return OkStatus();
}

}  // namespace ashlar::engine
