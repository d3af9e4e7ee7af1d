// Metadb in PostgreSQL: SERIALIZABLE transactions over a pool of connections, run again after a
// serialisation failure or deadlock.
#pragma once

#include <memory>
#include <string>

#include "metadb/database.h"

namespace ashlar::metadb {

// `conninfo` as libpq reads it ("host=… dbname=…" or a postgresql:// URL). Errors:
// kTemporarilyUnavailable when the server cannot be reached.
Result<std::unique_ptr<Database>> OpenPostgres(const std::string& conninfo);

}  // namespace ashlar::metadb
