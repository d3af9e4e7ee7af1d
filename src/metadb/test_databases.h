// Databases for tests: the same façade test runs on a fresh SQLite file and on a fresh database of a
// PostgreSQL that is started once a test program and ends with it.
#pragma once

#include <memory>
#include <string>

#include "metadb/database.h"

namespace ashlar::metadb {

enum class TestBackend { kSqlite, kPostgres };

// A directory that goes with the object.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// An empty database. kPostgres answers kNotImplemented with the reason when this machine has no
// PostgreSQL programs: skip the test then.
class TestDatabase {
 public:
  static Result<std::unique_ptr<TestDatabase>> Make(TestBackend backend);
  Database& database() { return *database_; }
  // Closes the database and opens it again, as after a crash of the process.
  Status Reopen();

 private:
  TemporaryDirectory directory_;
  TestBackend backend_ = TestBackend::kSqlite;
  std::string address_;
  std::unique_ptr<Database> database_;
};

}  // namespace ashlar::metadb
