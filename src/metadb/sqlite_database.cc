#include "metadb/sqlite_database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "base/failpoint.h"
#include "base/file.h"
#include "metadb/dialect.h"

namespace ashlar::metadb {
namespace {

constexpr int kBusyTimeoutMs = 10000;
constexpr int kBusyAttempts = 5;

ErrorCode CodeOf(int extended) {
  switch (extended) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
      return ErrorCode::kAlreadyExists;
    case SQLITE_CONSTRAINT_FOREIGNKEY:
      return ErrorCode::kResourceConflict;
    default:
      break;
  }
  switch (extended & 0xff) {
    case SQLITE_FULL:
      return ErrorCode::kResourceExhausted;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return ErrorCode::kTemporarilyUnavailable;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return ErrorCode::kIoError;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return ErrorCode::kDataLoss;
    default:
      return ErrorCode::kInternalError;
  }
}

// One connection with its prepared statements. One thread at a time.
class Connection final : public Transaction {
 public:
  ~Connection() override {
    for (auto& [sql, statement] : statements_) sqlite3_finalize(statement);
    sqlite3_close(handle_);
  }

  Status Open(const std::string& path) {
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(path.c_str(), &handle_, flags, nullptr) != SQLITE_OK) return LastError(path);
    sqlite3_extended_result_codes(handle_, 1);
    sqlite3_busy_timeout(handle_, kBusyTimeoutMs);
    for (const char* pragma : {"PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL",
                               "PRAGMA foreign_keys = ON", "PRAGMA temp_store = MEMORY"}) {
      RETURN_IF_ERROR(Run(pragma));
    }
    return OkStatus();
  }

  // A statement without rows or parameters.
  Status Run(const std::string& sql) {
    if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
      return LastError(sql);
    }
    return OkStatus();
  }

  Result<std::vector<Row>> QueryCells(std::string_view sql, std::span<const Cell> cells) override {
    ASSIGN_OR_RETURN(sqlite3_stmt * statement, Prepare(sql, cells));
    std::vector<Row> rows;
    int code;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) rows.push_back(ReadRow(statement));
    if (code != SQLITE_DONE) {
      Error error = LastError(sql);
      sqlite3_reset(statement);
      return error;
    }
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return rows;
  }

  Result<int64_t> ExecuteCells(std::string_view sql, std::span<const Cell> cells) override {
    ASSIGN_OR_RETURN([[maybe_unused]] auto rows, QueryCells(sql, cells));
    return static_cast<int64_t>(sqlite3_changes64(handle_));
  }

  Status ExecuteScript(std::string_view sql) override {
    for (const std::string& statement : SplitScript(sql)) RETURN_IF_ERROR(Run(SqliteDdl(statement)));
    return OkStatus();
  }

  // SQLite rolls back by itself after some errors (a full disk, an I/O error).
  bool InTransaction() const { return sqlite3_get_autocommit(handle_) == 0; }

 private:
  Result<sqlite3_stmt*> Prepare(std::string_view sql, std::span<const Cell> cells) {
    auto found = statements_.find(std::string(sql));
    if (found == statements_.end()) {
      sqlite3_stmt* statement = nullptr;
      if (sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                             SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK) {
        return LastError(sql);
      }
      found = statements_.emplace(std::string(sql), statement).first;
    }
    sqlite3_stmt* statement = found->second;
    CHECK(sqlite3_bind_parameter_count(statement) == static_cast<int>(cells.size())) << sql;
    for (size_t i = 0; i < cells.size(); ++i) Bind(statement, static_cast<int>(i) + 1, cells[i]);
    return statement;
  }

  // The cells outlive the statement's run, so nothing is copied.
  static void Bind(sqlite3_stmt* statement, int index, const Cell& cell) {
    if (const auto* number = std::get_if<int64_t>(&cell.data())) {
      sqlite3_bind_int64(statement, index, *number);
    } else if (const auto* text = std::get_if<std::string>(&cell.data())) {
      sqlite3_bind_text64(statement, index, text->data(), text->size(), SQLITE_STATIC, SQLITE_UTF8);
    } else if (const auto* blob = std::get_if<Blob>(&cell.data())) {
      sqlite3_bind_blob64(statement, index, blob->bytes.data(), blob->bytes.size(), SQLITE_STATIC);
    } else {
      sqlite3_bind_null(statement, index);
    }
  }

  static Row ReadRow(sqlite3_stmt* statement) {
    std::vector<Cell> cells;
    int count = sqlite3_column_count(statement);
    cells.reserve(static_cast<size_t>(count));
    for (int i = 0; i < count; ++i) {
      size_t size = static_cast<size_t>(sqlite3_column_bytes(statement, i));
      switch (sqlite3_column_type(statement, i)) {
        case SQLITE_INTEGER:
          cells.emplace_back(static_cast<int64_t>(sqlite3_column_int64(statement, i)));
          break;
        case SQLITE_TEXT: {
          const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, i));
          cells.emplace_back(std::string(text, size));
          break;
        }
        case SQLITE_BLOB: {
          const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement, i));
          cells.emplace_back(Blob{size == 0 ? std::string() : std::string(bytes, size)});
          break;
        }
        case SQLITE_NULL:
          cells.emplace_back();
          break;
        default:
          CHECK(false) << "floating point column in " << sqlite3_sql(statement);
      }
    }
    return Row(std::move(cells));
  }

  Error LastError(std::string_view doing) const {
    if (DiskIsFull()) return MakeError(ErrorCode::kResourceExhausted, "The disk of the server's state is full.");
    return MakeError(CodeOf(sqlite3_extended_errcode(handle_)),
                     std::string("metadb: ") + sqlite3_errmsg(handle_) + ": " + std::string(doing));
  }

  // Outside of its pages (the shared memory of the WAL, say) SQLite tells it as an I/O error.
  bool DiskIsFull() const {
    int code = sqlite3_errcode(handle_) & 0xff;
    return code == SQLITE_FULL || (code == SQLITE_IOERR && sqlite3_system_errno(handle_) == ENOSPC);
  }

  sqlite3* handle_ = nullptr;
  std::unordered_map<std::string, sqlite3_stmt*> statements_;
};

// A transaction waiting for the writer.
struct PendingWrite {
  const TransactionBody* body;
  Status outcome;
  bool done = false;
};

class SqliteDatabase final : public Database {
 public:
  explicit SqliteDatabase(std::string path) : path_(std::move(path)) {}

  Status Open() { return writer_.Open(path_); }

  Status Transact(const TransactionBody& body) override {
    PendingWrite mine{&body, OkStatus(), false};
    std::unique_lock lock(mutex_);
    CHECK(leader_ != std::this_thread::get_id()) << "Transact inside a transaction";
    queue_.push_back(&mine);
    wake_.wait(lock, [&] { return mine.done || leader_ == std::thread::id(); });
    if (mine.done) return mine.outcome;
    leader_ = std::this_thread::get_id();
    std::vector<PendingWrite*> batch = std::move(queue_);
    queue_.clear();
    lock.unlock();
    Status outcome = RunBatch(batch);
    lock.lock();
    for (PendingWrite* write : batch) {
      if (!outcome.ok()) write->outcome = outcome;
      write->done = true;
    }
    leader_ = std::thread::id();
    wake_.notify_all();
    return mine.outcome;
  }

  Status Read(const TransactionBody& body) override {
    ASSIGN_OR_RETURN(std::unique_ptr<Connection> reader, TakeReader());
    RETURN_IF_ERROR(reader->Run("BEGIN"));
    Status outcome = body(*reader);
    Status end = reader->Run("ROLLBACK");
    if (end.ok()) {
      std::lock_guard lock(readers_mutex_);
      readers_.push_back(std::move(reader));
    }
    return outcome;
  }

 private:
  // Runs every waiting closure inside one SQLite transaction, each under its own savepoint. An error
  // is the whole batch's; a closure's own error stands in its outcome.
  Status RunBatch(const std::vector<PendingWrite*>& batch) {
    RETURN_IF_ERROR(Begin());
    bool anything = false;
    for (PendingWrite* write : batch) {
      RETURN_IF_ERROR(writer_.Run("SAVEPOINT one"));
      write->outcome = (*write->body)(writer_);
      if (!writer_.InTransaction()) {
        return write->outcome.ok() ? MakeError(ErrorCode::kIoError, "metadb: transaction was lost")
                                   : write->outcome.error();
      }
      anything = anything || write->outcome.ok();
      if (!write->outcome.ok()) RETURN_IF_ERROR(writer_.Run("ROLLBACK TO one"));
      RETURN_IF_ERROR(writer_.Run("RELEASE one"));
    }
    if (!anything) return writer_.Run("ROLLBACK");
    Status committed = Failpoint("metadb.commit.before");
    if (committed.ok()) committed = writer_.Run("COMMIT");
    if (!committed.ok()) {
      if (writer_.InTransaction()) RETURN_IF_ERROR(writer_.Run("ROLLBACK"));
      return committed;
    }
    Status after = Failpoint("metadb.commit.after");
    if (!after.ok()) return MakeError(ErrorCode::kAborted, after.error().message);
    return OkStatus();
  }

  Status Begin() {
    // A batch that ended early leaves its transaction open.
    if (writer_.InTransaction()) RETURN_IF_ERROR(writer_.Run("ROLLBACK"));
    Status begun;
    for (int attempt = 0; attempt < kBusyAttempts; ++attempt) {
      begun = writer_.Run("BEGIN IMMEDIATE");
      if (begun.ok() || begun.error().code != ErrorCode::kTemporarilyUnavailable) break;
    }
    return begun;
  }

  Result<std::unique_ptr<Connection>> TakeReader() {
    {
      std::lock_guard lock(readers_mutex_);
      if (!readers_.empty()) {
        std::unique_ptr<Connection> reader = std::move(readers_.back());
        readers_.pop_back();
        return reader;
      }
    }
    auto reader = std::make_unique<Connection>();
    RETURN_IF_ERROR(reader->Open(path_));
    RETURN_IF_ERROR(reader->Run("PRAGMA query_only = ON"));
    return reader;
  }

  std::string path_;
  Connection writer_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<PendingWrite*> queue_;
  std::thread::id leader_;
  std::mutex readers_mutex_;
  std::vector<std::unique_ptr<Connection>> readers_;
};

}  // namespace

Result<std::unique_ptr<Database>> OpenSqlite(const std::string& path) {
  // The file holds token hashes: nobody else's business.
  int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return ErrnoError("open", path);
  close(fd);
  auto database = std::make_unique<SqliteDatabase>(path);
  RETURN_IF_ERROR(database->Open());
  return std::unique_ptr<Database>(std::move(database));
}

}  // namespace ashlar::metadb
