#include "serve/workspace_settings.h"

#include <optional>

namespace ashlar::serve {
namespace {

Result<std::optional<std::string>> Find(metadb::Database& database, const std::string& key) {
  std::optional<std::string> value;
  RETURN_IF_ERROR(database.Read([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(auto rows, txn.Query("SELECT value FROM workspace_settings WHERE key = ?", {key}));
    if (!rows.empty()) value = rows[0].Text(0);
    return OkStatus();
  }));
  return value;
}

}  // namespace

metadb::ModuleMigrations migrations() {
  return {"serve", {"CREATE TABLE workspace_settings (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);"}};
}

Result<std::string> SettingOr(metadb::Database& database, const std::string& key,
                              const std::function<Result<std::string>()>& make) {
  ASSIGN_OR_RETURN(std::optional<std::string> value, Find(database, key));
  if (value) return *value;
  ASSIGN_OR_RETURN(std::string made, make());
  RETURN_IF_ERROR(database.Transact([&](metadb::Transaction& txn) {
    return txn.Run("INSERT INTO workspace_settings (key, value) VALUES (?, ?)", {key, made});
  }));
  return made;
}

}  // namespace ashlar::serve
