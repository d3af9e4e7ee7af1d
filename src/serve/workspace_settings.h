// The workspace's own facts, made at its first start.
#pragma once

#include <functional>
#include <string>

#include "base/clock.h"
#include "metadb/database.h"
#include "metadb/migrations.h"

namespace ashlar::serve {

metadb::ModuleMigrations migrations();

// The value of a setting; `make` gives it when there is none, and it is kept.
Result<std::string> SettingOr(metadb::Database& database, const std::string& key,
                              const std::function<Result<std::string>()>& make);

}  // namespace ashlar::serve
