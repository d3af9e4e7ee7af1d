#include "metadb/postgres_database.h"

#include <libpq-fe.h>

#include <cstring>
#include <mutex>
#include <unordered_map>

#include "base/failpoint.h"
#include "base/text.h"
#include "metadb/dialect.h"

namespace ashlar::metadb {
namespace {

// Type ids of pg_type that we send and read.
constexpr Oid kByteaOid = 17;
constexpr Oid kInt8Oid = 20;
constexpr Oid kInt2Oid = 21;
constexpr Oid kInt4Oid = 23;
constexpr Oid kTextOid = 25;
constexpr Oid kBoolOid = 16;
constexpr Oid kNumericOid = 1700;
constexpr int kAttempts = 20;

using PgResult = std::unique_ptr<PGresult, decltype(&PQclear)>;

ErrorCode CodeOf(std::string_view sqlstate) {
  if (sqlstate == "23505") return ErrorCode::kAlreadyExists;
  if (sqlstate == "23503") return ErrorCode::kResourceConflict;
  if (sqlstate == "53100") return ErrorCode::kResourceExhausted;
  if (sqlstate.empty() || sqlstate.starts_with("08") || sqlstate.starts_with("53") ||
      sqlstate.starts_with("57P")) {
    return ErrorCode::kTemporarilyUnavailable;
  }
  return ErrorCode::kInternalError;
}

// The cells of one statement in the form libpq takes.
struct Parameters {
  std::vector<Oid> types;
  std::vector<std::string> texts;
  std::vector<const char*> values;
  std::vector<int> lengths;
  std::vector<int> formats;
  std::string signature;

  explicit Parameters(std::span<const Cell> cells) : texts(cells.size()) {
    for (size_t i = 0; i < cells.size(); ++i) {
      Oid type = 0;
      int format = 0;
      if (const auto* number = std::get_if<int64_t>(&cells[i].data())) {
        type = kInt8Oid;
        texts[i] = std::to_string(*number);
      } else if (const auto* text = std::get_if<std::string>(&cells[i].data())) {
        type = kTextOid;
        texts[i] = *text;
      } else if (const auto* blob = std::get_if<Blob>(&cells[i].data())) {
        type = kByteaOid;
        format = 1;
        texts[i] = blob->bytes;
      }
      types.push_back(type);
      values.push_back(cells[i].is_null() ? nullptr : texts[i].c_str());
      lengths.push_back(static_cast<int>(texts[i].size()));
      formats.push_back(format);
      signature += "/" + std::to_string(type);
    }
  }
};

Cell ReadCell(const PGresult* result, int row, int column) {
  if (PQgetisnull(result, row, column)) return Cell();
  const char* value = PQgetvalue(result, row, column);
  std::string_view text(value, static_cast<size_t>(PQgetlength(result, row, column)));
  switch (PQftype(result, column)) {
    case kInt2Oid:
    case kInt4Oid:
    case kInt8Oid:
    case kNumericOid: {
      std::optional<int64_t> number = ParseInt64(text);
      CHECK(number.has_value()) << "not an int64: " << text;
      return Cell(*number);
    }
    case kBoolOid:
      return Cell(text == "t");
    case kByteaOid: {
      size_t size = 0;
      unsigned char* bytes = PQunescapeBytea(reinterpret_cast<const unsigned char*>(value), &size);
      Cell cell(Blob{std::string(reinterpret_cast<const char*>(bytes), size)});
      PQfreemem(bytes);
      return cell;
    }
    default:
      return Cell(text);
  }
}

// One connection with its prepared statements. One thread at a time.
class Connection final : public Transaction {
 public:
  ~Connection() override { PQfinish(handle_); }

  Status Open(const std::string& conninfo) {
    handle_ = PQconnectdb(conninfo.c_str());
    if (PQstatus(handle_) != CONNECTION_OK) {
      return MakeError(ErrorCode::kTemporarilyUnavailable,
                       std::string("metadb: ") + PQerrorMessage(handle_));
    }
    return Run("SET client_min_messages = warning");
  }

  Status Run(const std::string& sql) {
    PgResult result(PQexec(handle_, sql.c_str()), &PQclear);
    return Check(result.get(), sql);
  }

  Result<std::vector<Row>> QueryCells(std::string_view sql, std::span<const Cell> cells) override {
    ASSIGN_OR_RETURN(PgResult result, Execute(sql, cells));
    std::vector<Row> rows;
    int columns = PQnfields(result.get());
    for (int i = 0; i < PQntuples(result.get()); ++i) {
      std::vector<Cell> row;
      row.reserve(static_cast<size_t>(columns));
      for (int j = 0; j < columns; ++j) row.push_back(ReadCell(result.get(), i, j));
      rows.emplace_back(std::move(row));
    }
    return rows;
  }

  Result<int64_t> ExecuteCells(std::string_view sql, std::span<const Cell> cells) override {
    ASSIGN_OR_RETURN(PgResult result, Execute(sql, cells));
    return ParseInt64(PQcmdTuples(result.get())).value_or(0);
  }

  Status ExecuteScript(std::string_view sql) override {
    for (const std::string& statement : SplitScript(sql)) {
      RETURN_IF_ERROR(Run(PostgresDdl(statement)));
    }
    return OkStatus();
  }

  // Whether the current transaction failed in a way that running it again may cure.
  bool retriable() const { return retriable_; }
  void ClearRetriable() { retriable_ = false; }
  bool broken() const { return PQstatus(handle_) != CONNECTION_OK; }

 private:
  Result<PgResult> Execute(std::string_view sql, std::span<const Cell> cells) {
    Parameters parameters(cells);
    ASSIGN_OR_RETURN(std::string name, Prepare(sql, parameters));
    PgResult result(
        PQexecPrepared(handle_, name.c_str(), static_cast<int>(cells.size()),
                       parameters.values.data(), parameters.lengths.data(),
                       parameters.formats.data(), 0),
        &PQclear);
    RETURN_IF_ERROR(Check(result.get(), sql));
    return result;
  }

  Result<std::string> Prepare(std::string_view sql, const Parameters& parameters) {
    std::string key = std::string(sql) + parameters.signature;
    auto found = statements_.find(key);
    if (found != statements_.end()) return found->second;
    std::string name = "s" + std::to_string(statements_.size());
    PgResult result(PQprepare(handle_, name.c_str(), PostgresPlaceholders(sql).c_str(),
                              static_cast<int>(parameters.types.size()), parameters.types.data()),
                    &PQclear);
    RETURN_IF_ERROR(Check(result.get(), sql));
    statements_.emplace(std::move(key), name);
    return name;
  }

  Status Check(const PGresult* result, std::string_view doing) {
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return OkStatus();
    const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    std::string_view sqlstate = state == nullptr ? "" : state;
    if (sqlstate == "40001" || sqlstate == "40P01") retriable_ = true;
    return MakeError(CodeOf(sqlstate), std::string("metadb: ") + PQerrorMessage(handle_) + ": " +
                                           std::string(doing));
  }

  PGconn* handle_ = nullptr;
  bool retriable_ = false;
  std::unordered_map<std::string, std::string> statements_;
};

class PostgresDatabase final : public Database {
 public:
  explicit PostgresDatabase(std::string conninfo) : conninfo_(std::move(conninfo)) {}

  Status Transact(const TransactionBody& body) override {
    return Attempt(body, "BEGIN ISOLATION LEVEL SERIALIZABLE");
  }
  Status Read(const TransactionBody& body) override {
    return Attempt(body, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  }
  // Connects once, so that a wrong address is found at start.
  Status Probe() {
    ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection, Take());
    GiveBack(std::move(connection));
    return OkStatus();
  }

 private:
  Status Attempt(const TransactionBody& body, const std::string& begin) {
    Status outcome;
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection, Take());
      connection->ClearRetriable();
      Status begun = connection->Run(begin);
      if (!begun.ok()) {  // a pooled connection whose server was restarted
        outcome = begun;
        continue;
      }
      outcome = RunOnce(*connection, body);
      bool again = connection->retriable();
      GiveBack(std::move(connection));
      if (!again) return outcome;
    }
    return outcome.ok() ? Status(MakeError(ErrorCode::kTemporarilyUnavailable,
                                           "metadb: transaction kept conflicting"))
                        : outcome;
  }

  static Status RunOnce(Connection& connection, const TransactionBody& body) {
    Status outcome = body(connection);
    if (outcome.ok() && !connection.retriable()) outcome = Failpoint("metadb.commit.before");
    if (!outcome.ok() || connection.retriable()) {
      if (!connection.Run("ROLLBACK").ok()) CHECK(connection.broken());
      return outcome;
    }
    Status committed = connection.Run("COMMIT");
    if (!committed.ok() && connection.broken()) {
      return MakeError(ErrorCode::kAborted, "metadb: the connection broke in a commit");
    }
    if (!committed.ok()) return committed;
    Status after = Failpoint("metadb.commit.after");
    if (!after.ok()) return MakeError(ErrorCode::kAborted, after.error().message);
    return OkStatus();
  }

  Result<std::unique_ptr<Connection>> Take() {
    {
      std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        std::unique_ptr<Connection> connection = std::move(idle_.back());
        idle_.pop_back();
        return connection;
      }
    }
    auto connection = std::make_unique<Connection>();
    RETURN_IF_ERROR(connection->Open(conninfo_));
    return connection;
  }

  void GiveBack(std::unique_ptr<Connection> connection) {
    if (connection->broken()) return;
    std::lock_guard lock(mutex_);
    idle_.push_back(std::move(connection));
  }

  std::string conninfo_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Connection>> idle_;
};

}  // namespace

Result<std::unique_ptr<Database>> OpenPostgres(const std::string& conninfo) {
  auto database = std::make_unique<PostgresDatabase>(conninfo);
  RETURN_IF_ERROR(database->Probe());
  return std::unique_ptr<Database>(std::move(database));
}

}  // namespace ashlar::metadb
