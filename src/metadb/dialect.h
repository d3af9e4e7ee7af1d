// What differs between SQLite and PostgreSQL in the SQL we write. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ashlar::metadb {

// The statements of a script, split at ';' outside quotes and comments; empty ones are dropped.
std::vector<std::string> SplitScript(std::string_view script);

// Our DDL in SQLite's words: BIGINT becomes INTEGER and every table is STRICT.
std::string SqliteDdl(std::string_view statement);

// Our DDL in PostgreSQL's words: BLOB becomes BYTEA, TEXT compares by bytes as SQLite's does.
std::string PostgresDdl(std::string_view statement);

// `?` outside quotes becomes $1, $2, …
std::string PostgresPlaceholders(std::string_view sql);

}  // namespace ashlar::metadb
