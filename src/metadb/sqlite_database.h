// Metadb in one SQLite file: WAL, synchronous=FULL, foreign keys on, strict tables. Writers of this
// process queue up and the transactions that wait together share one commit and one fsync; readers
// have their own connections and never wait.
#pragma once

#include <memory>
#include <string>

#include "metadb/database.h"

namespace ashlar::metadb {

// Creates the file (mode 0600) when it is missing; its folder must exist. Errors: kIoError with the
// path; kDataLoss for a file that is not a database.
Result<std::unique_ptr<Database>> OpenSqlite(const std::string& path);

}  // namespace ashlar::metadb
