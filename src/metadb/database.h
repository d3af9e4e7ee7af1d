// Database: transactions over the control plane's state.
//
//   RETURN_IF_ERROR(database.Transact([&](Transaction& txn) -> Status {
//     ASSIGN_OR_RETURN(auto rows, txn.Query("SELECT name FROM users WHERE id = ?", {id}));
//     …
//     return OkStatus();
//   }));
//
// Invariants: a closure sees and leaves a serialisable state; when Transact returns success the
// changes are durable; when it returns an error they did not happen, except for kAborted, which says
// that the outcome of the commit is not known (the connection broke in it).
#pragma once

#include <functional>
#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metadb/cell.h"

namespace ashlar::metadb {

// Valid only inside the closure it was given to, on one thread.
//
// Errors: kAlreadyExists for a broken UNIQUE or PRIMARY KEY, kResourceConflict for a broken foreign
// key, kResourceExhausted for a full disk, kIoError, kInternalError for wrong SQL. After an error the
// closure must return it.
class Transaction {
 public:
  virtual ~Transaction() = default;

  // `?` in the SQL stands for the cells in order. Statements are prepared once a connection.
  Result<std::vector<Row>> Query(std::string_view sql, std::initializer_list<Cell> cells = {}) {
    return QueryCells(sql, std::span(cells.begin(), cells.size()));
  }
  // The number of rows inserted, changed or deleted.
  Result<int64_t> Execute(std::string_view sql, std::initializer_list<Cell> cells = {}) {
    return ExecuteCells(sql, std::span(cells.begin(), cells.size()));
  }
  // Execute where the number does not matter.
  Status Run(std::string_view sql, std::initializer_list<Cell> cells = {}) {
    auto count = Execute(sql, cells);
    return count.ok() ? Status() : Status(count.error());
  }
  virtual Result<std::vector<Row>> QueryCells(std::string_view sql, std::span<const Cell> cells) = 0;
  virtual Result<int64_t> ExecuteCells(std::string_view sql, std::span<const Cell> cells) = 0;
  // Several statements without parameters, in the portable subset (dialect.h); for migrations.
  virtual Status ExecuteScript(std::string_view sql) = 0;
};

using TransactionBody = std::function<Status(Transaction&)>;

// Thread safe. Neither call may be nested in a closure.
class Database {
 public:
  virtual ~Database() = default;

  // Commits when `body` succeeds, rolls back when it returns an error, which is passed on. Runs `body`
  // again after a serialisation failure or when the database is busy, possibly on another thread.
  virtual Status Transact(const TransactionBody& body) = 0;
  // The same without writing: one snapshot, never waits for writers.
  virtual Status Read(const TransactionBody& body) = 0;
};

}  // namespace ashlar::metadb
