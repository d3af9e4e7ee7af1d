// Migrations: each module owns an ordered list of SQL texts; entry i brings its tables from version i to
// i + 1. Applied once, in order, remembered in the table schema_migrations. A text that was released
// never changes: a new entry follows it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "metadb/database.h"

namespace ashlar::metadb {

struct ModuleMigrations {
  std::string module;
  std::vector<std::string> scripts;
};

// In the order given, so that a module may refer to tables of those before it. One transaction each.
// Errors: kInvalidState when an applied text differs from ours or the database is newer than we are.
Status Migrate(Database& database, const Clock& clock, std::span<const ModuleMigrations> modules);

// Metadb's own tables: the outbox.
ModuleMigrations migrations();

}  // namespace ashlar::metadb
