#include "metadb/migrations.h"

#include "base/id.h"

namespace ashlar::metadb {
namespace {

constexpr const char* kBookkeeping = R"sql(
CREATE TABLE IF NOT EXISTS schema_migrations (
  module TEXT NOT NULL,
  version BIGINT NOT NULL,
  checksum TEXT NOT NULL,
  applied_ms BIGINT NOT NULL,
  PRIMARY KEY (module, version)
);
)sql";

Status ApplyMissing(Transaction& txn, const Clock& clock, const ModuleMigrations& module) {
  ASSIGN_OR_RETURN(auto rows,
                   txn.Query("SELECT version, checksum FROM schema_migrations WHERE module = ? "
                             "ORDER BY version",
                             {module.module}));
  if (rows.size() > module.scripts.size()) {
    return MakeError(ErrorCode::kInvalidState,
                     "metadb: the database is newer than this program: module " + module.module +
                         " is at version " + std::to_string(rows.size()));
  }
  for (size_t i = 0; i < module.scripts.size(); ++i) {
    std::string checksum = Sha256Hex(module.scripts[i]);
    if (i < rows.size()) {
      if (rows[i].Text(1) == checksum) continue;
      return MakeError(ErrorCode::kInvalidState, "metadb: migration " + std::to_string(i) +
                                                     " of module " + module.module +
                                                     " differs from the one that was applied");
    }
    RETURN_IF_ERROR(txn.ExecuteScript(module.scripts[i]));
    RETURN_IF_ERROR(txn.Run("INSERT INTO schema_migrations VALUES (?, ?, ?, ?)",
                            {module.module, i, checksum, clock.NowMs()}));
  }
  return OkStatus();
}

}  // namespace

Status Migrate(Database& database, const Clock& clock, std::span<const ModuleMigrations> modules) {
  RETURN_IF_ERROR(
      database.Transact([](Transaction& txn) { return txn.ExecuteScript(kBookkeeping); }));
  for (const ModuleMigrations& module : modules) {
    RETURN_IF_ERROR(database.Transact(
        [&](Transaction& txn) { return ApplyMissing(txn, clock, module); }));
  }
  return OkStatus();
}

ModuleMigrations migrations() {
  return {"metadb",
          {R"sql(
CREATE TABLE outbox (
  sequence BIGINT NOT NULL PRIMARY KEY,
  topic TEXT NOT NULL,
  payload TEXT NOT NULL,
  created_ms BIGINT NOT NULL
);
CREATE INDEX outbox_by_topic ON outbox (topic, sequence);
)sql"}};
}

}  // namespace ashlar::metadb
