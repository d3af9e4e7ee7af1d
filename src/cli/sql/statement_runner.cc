#include "cli/sql/statement_runner.h"

#include <algorithm>

#include "base/json.h"
#include "base/text.h"
#include "cli/terminal.h"

namespace ashlar::cli {
namespace {

constexpr int64_t kFirstPauseMs = 1;
constexpr int64_t kLongestPauseMs = 200;
constexpr size_t kMaxChunkBytes = size_t{1} << 30;

bool IsFinal(const std::string& state) { return state != "PENDING" && state != "RUNNING"; }

std::string StateOf(const Json& answer) {
  return answer.contains("status") ? answer["status"].value("state", "") : std::string();
}

Error Cancelled() { return MakeError(ErrorCode::kCancelled, "The statement was cancelled"); }

// A failed, cancelled or closed statement as an error.
Status CheckSucceeded(const Json& answer) {
  std::string state = StateOf(answer);
  if (state == "SUCCEEDED") return OkStatus();
  if (state == "CANCELED") return Cancelled();
  Error error = MakeError(ErrorCode::kBadRequest, "The statement ended as " + state);
  const Json& status = answer["status"];
  if (status.contains("error")) {
    error.code = ErrorCodeFromName(status["error"].value("error_code", ""));
    error.message = status["error"].value("message", error.message);
  }
  return error;
}

std::vector<ResultColumn> ColumnsOf(const Json& answer) {
  std::vector<ResultColumn> columns;
  if (!answer.contains("manifest") || !answer["manifest"].contains("schema")) return columns;
  const Json& schema = answer["manifest"]["schema"];
  if (!schema.contains("columns")) return columns;
  for (const Json& column : schema["columns"]) {
    columns.push_back({column.value("name", ""), column.value("type_name", ""), column.value("type_text", "")});
  }
  return columns;
}

Status WriteRows(const Json& rows, size_t column_count, RowWriter& writer, StatementSummary* summary) {
  for (const Json& cells : rows) {
    if (TakeInterrupt()) return Cancelled();
    if (!cells.is_array() || cells.size() != column_count) {
      return MakeError(ErrorCode::kInternalError, "The server answered a row that does not fit its columns");
    }
    ResultRow row;
    for (const Json& cell : cells) {
      row.push_back(cell.is_string() ? std::optional(cell.get<std::string>()) : std::nullopt);
    }
    RETURN_IF_ERROR(writer.Row(row));
    ++summary->row_count;
  }
  return OkStatus();
}

// "https://host:port" of a URL, and the rest.
std::pair<std::string, std::string> SplitUrl(const std::string& url) {
  size_t host = url.find("://");
  size_t path = url.find('/', host == std::string::npos ? 0 : host + 3);
  return {url.substr(0, path), path == std::string::npos ? "/" : url.substr(path)};
}

}  // namespace

// Not waiting in the request keeps its id at hand from the start, so that Ctrl-C can cancel it.
Result<Json> StatementRunner::Submit(const std::string& statement) {
  Json request;
  request["statement"] = statement;
  ASSIGN_OR_RETURN(request["warehouse_id"], client_.Warehouse());
  request["wait_timeout"] = "0s";
  request["disposition"] = "EXTERNAL_LINKS";
  request["format"] = "JSON_ARRAY";
  if (!current_.catalog.empty()) request["catalog"] = current_.catalog;
  if (!current_.schema.empty()) request["schema"] = current_.schema;
  return client_.Post("/api/2.0/sql/statements", request);
}

Result<Json> StatementRunner::AwaitFinal(Json answer) {
  std::string target = "/api/2.0/sql/statements/" + PercentEncode(answer.value("statement_id", ""));
  ProgressLine progress;
  bool cancelling = false;
  for (int64_t pause_ms = kFirstPauseMs; !IsFinal(StateOf(answer)); pause_ms = std::min(pause_ms * 2, kLongestPauseMs)) {
    progress.Show((cancelling ? "Cancelling… " : "Running… ") + DurationText(progress.ElapsedMs()) + "  (Ctrl-C cancels)");
    PauseMs(pause_ms);
    if (TakeInterrupt()) {
      if (cancelling) return Cancelled();
      cancelling = true;
      ASSIGN_OR_RETURN(Json ignored, client_.Post(target + "/cancel", Json::object()));
    }
    ASSIGN_OR_RETURN(answer, client_.Get(target));
  }
  return answer;
}

Result<Json> StatementRunner::FetchRows(const std::string& link) {
  auto [origin, target] = SplitUrl(link);
  auto found = link_clients_.find(origin);
  if (found == link_clients_.end()) {
    http::ClientOptions options{.base_url = origin};
    if (origin == client_.connection().host) options.ca_file = client_.connection().ca_cert;
    found = link_clients_.emplace(origin, http::Client(options)).first;
  }
  ASSIGN_OR_RETURN(http::ClientResponse response, found->second.Call({.target = target}));
  return ParseJson(response.body, {.max_bytes = kMaxChunkBytes});
}

Status StatementRunner::WriteChunks(const Json& answer, size_t column_count, RowWriter& writer, StatementSummary* summary) {
  Json result = answer.contains("result") ? answer["result"] : Json::object();
  while (true) {
    std::string next = result.value("next_chunk_internal_link", "");
    if (result.contains("data_array")) RETURN_IF_ERROR(WriteRows(result["data_array"], column_count, writer, summary));
    if (result.contains("external_links")) {
      for (const Json& link : result["external_links"]) {
        ASSIGN_OR_RETURN(Json rows, FetchRows(link.value("external_link", "")));
        RETURN_IF_ERROR(WriteRows(rows, column_count, writer, summary));
        next = link.value("next_chunk_internal_link", "");
      }
    }
    if (next.empty()) return OkStatus();
    if (TakeInterrupt()) return Cancelled();
    ASSIGN_OR_RETURN(result, client_.Get(next));
  }
}

// A session lasts one statement: what USE changed is carried into the next request from here.
void StatementRunner::FollowUse(const std::string& statement) {
  std::optional<Namespace> after = NamespaceAfter(statement, current_);
  if (after) current_ = *after;
}

Result<StatementSummary> StatementRunner::Run(const std::string& statement, RowWriter& writer) {
  ProgressLine clock;
  ASSIGN_OR_RETURN(Json answer, Submit(statement));
  ASSIGN_OR_RETURN(answer, AwaitFinal(std::move(answer)));
  RETURN_IF_ERROR(CheckSucceeded(answer));
  FollowUse(statement);
  StatementSummary summary;
  std::vector<ResultColumn> columns = ColumnsOf(answer);
  summary.has_rows = !columns.empty();
  if (summary.has_rows) {
    summary.truncated = answer["manifest"].value("truncated", false);
    RETURN_IF_ERROR(writer.Begin(columns));
    RETURN_IF_ERROR(WriteChunks(answer, columns.size(), writer, &summary));
    RETURN_IF_ERROR(writer.End());
  }
  summary.elapsed_ms = clock.ElapsedMs();
  return summary;
}

}  // namespace ashlar::cli
