#include "statements/statement_execution.h"

#include <future>

#include "base/id.h"
#include "base/text.h"
#include "statements/result_rendering.h"

namespace ashlar::statements {
namespace {

namespace sea = api::statement_execution;

constexpr int64_t kInlineLimitBytes = 26'214'400;  // 25 MiB, the API's limit for INLINE
constexpr int64_t kDefaultWaitMs = 10'000;

constexpr size_t kMaxKeptSqlBytes = 256 << 10;

Error BadParameter(std::string message) { return MakeError(ErrorCode::kInvalidParameterValue, std::move(message)); }

// "0s", or "5s" to "50s".
Result<int64_t> WaitMs(const sea::ExecuteStatementRequest& request) {
  if (!request.wait_timeout.has()) return kDefaultWaitMs;
  std::string_view text = *request.wait_timeout;
  if (!text.empty() && text.back() == 's') text.remove_suffix(1);
  std::optional<int64_t> seconds = ParseInt64(text);
  if (!seconds || (*seconds != 0 && (*seconds < 5 || *seconds > 50))) {
    return BadParameter("wait_timeout must be 0 seconds or between 5 and 50 seconds; got '" + *request.wait_timeout + "'.");
  }
  return *seconds * 1000;
}

Status CheckBuilt(const sea::ExecuteStatementRequest& request) {
  if (request.session_id.has()) return NotImplemented("session_id of a SQL statement");
  if (request.query_tags.has() && !request.query_tags->empty()) return NotImplemented("query_tags of a SQL statement");
  if (request.format.has() && *request.format == sea::Format::kCsv) return NotImplemented("the result format CSV");
  if (request.result_compression.has() && *request.result_compression != sea::ResultCompression::kNone) {
    return NotImplemented("result_compression " + request.result_compression->value);
  }
  return OkStatus();
}

Result<RegisteredStatement> Describe(const sea::ExecuteStatementRequest& request) {
  RegisteredStatement statement;
  std::string format = request.format.has() ? request.format->value : std::string(sea::Format::kJsonArray);
  std::string disposition =
      request.disposition.has() ? request.disposition->value : std::string(sea::Disposition::kInline);
  if (format == sea::Format::kArrowStream) {
    statement.format = ResultFormat::kArrowStream;
  } else if (format != sea::Format::kJsonArray) {
    return BadParameter("Unknown format '" + format + "'.");
  }
  if (disposition == sea::Disposition::kExternalLinks) {
    statement.disposition = ResultDisposition::kExternalLinks;
  } else if (disposition != sea::Disposition::kInline) {
    return BadParameter("Unknown disposition '" + disposition + "'.");
  }
  if (statement.disposition == ResultDisposition::kInline && statement.format == ResultFormat::kArrowStream) {
    return BadParameter("The format field must be JSON_ARRAY when the disposition field is INLINE.");
  }
  statement.client_limited_bytes = request.byte_limit.value_or(0) > 0;
  if (request.statement->size() <= kMaxKeptSqlBytes) statement.sql = *request.statement;
  return statement;
}

StatementSpec SpecOf(const sea::ExecuteStatementRequest& request, const RegisteredStatement& statement) {
  StatementSpec spec;
  spec.statement_id = statement.id;
  spec.sql = *request.statement;
  spec.row_limit = request.row_limit.value_or(0);
  spec.byte_limit = request.byte_limit.value_or(0);
  if (spec.byte_limit == 0 && statement.disposition == ResultDisposition::kInline) spec.byte_limit = kInlineLimitBytes;
  if (request.parameters.has()) {
    for (const sea::StatementParameterListItem& item : *request.parameters) {
      link::StatementParameter parameter;
      parameter.name = item.name.value_or("");
      parameter.type = item.type.value_or("STRING");
      if (item.value.has()) parameter.value = *item.value;
      spec.parameters.push_back(std::move(parameter));
    }
  }
  return spec;
}

// The status as the client may see it: an inline result that had to be cut is a failure.
link::StatementStatus Judge(const RegisteredStatement& statement, link::StatementStatus status) {
  bool cut = status.truncated && statement.disposition == ResultDisposition::kInline && !statement.client_limited_bytes;
  int64_t bytes = 0;
  for (const link::ResultChunk& chunk : status.chunks) bytes += chunk.byte_count;
  if (cut && bytes >= kInlineLimitBytes / 2) {
    status.state = link::StatementState::kFailed;
    status.failure = MakeError(ErrorCode::kBadRequest,
                               "Inline byte limit exceeded. Statements executed with disposition=INLINE can have a result "
                               "size of at most 26214400 bytes. Please execute the statement with disposition=EXTERNAL_LINKS "
                               "if you want to download the full result.");
    status.chunks.clear();
  }
  return status;
}

Result<sea::StatementResponse> Answer(const StatementRegistry& registry, const RegisteredStatement& statement,
                                      link::StatementStatus driver_status, const std::string& base_url) {
  link::StatementStatus status = Judge(statement, std::move(driver_status));
  sea::StatementResponse response;
  response.statement_id = statement.id;
  response.status = RenderStatus(status, statement.sql);
  if (status.state != link::StatementState::kSucceeded) return response;
  response.manifest = RenderManifest(statement, status);
  if (status.chunks.empty()) {
    // A statement without rows has an empty result, as clients expect.
    sea::ResultData empty;
    response.result = std::move(empty);
  } else if (statement.disposition == ResultDisposition::kExternalLinks) {
    response.result = RenderLink(statement, status, 0, base_url, registry.LinkExpiryMs(statement));
  } else {
    ASSIGN_OR_RETURN(sea::ResultData rows, RenderRows(statement.id, status, 0, status.first_chunk));
    response.result = std::move(rows);
  }
  return response;
}

// The driver's answer to a question it can answer at once.
Result<link::StatementStatus> StatusNow(const RegisteredStatement& statement, bool with_first_chunk) {
  auto promise = std::make_shared<std::promise<Result<link::StatementStatus>>>();
  auto future = promise->get_future();
  statement.session->Await(statement.id, 0, with_first_chunk,
                           [promise](Result<link::StatementStatus> status) { promise->set_value(std::move(status)); });
  return future.get();
}

}  // namespace

http::Deferred<sea::StatementResponse> StatementExecution::ExecuteStatement(
    const http::RequestContext& context, const sea::ExecuteStatementRequest& request) {
  Status built = CheckBuilt(request);
  if (!built.ok()) return built.error();
  Result<int64_t> wait_ms = WaitMs(request);
  if (!wait_ms.ok()) return wait_ms.error();
  Result<RegisteredStatement> described = Describe(request);
  if (!described.ok()) return described.error();
  bool cancel_on_timeout = request.on_wait_timeout.has() && *request.on_wait_timeout == sea::OnWaitTimeout::kCancel;

  auto [deferred, resolver] = http::Deferred<sea::StatementResponse>::Make();
  SessionRequest session_request;
  session_request.resource_id = *request.warehouse_id;
  session_request.principal = context.principal;
  session_request.catalog = request.catalog.value_or("");
  session_request.schema = request.schema.value_or("");
  RegisteredStatement statement = *std::move(described);
  statement.id = NewUuid(random_);
  statement.link_token = NewHex(random_, 24);
  statement.owner_id = context.principal.id;
  statement.created_ms = clock_.NowMs();
  StatementSpec spec = SpecOf(request, statement);
  SqlSession::Open(
      compute_, random_, std::move(session_request),
      [this, resolver, statement, spec, wait_ms = *wait_ms, cancel_on_timeout,
       base_url = context.base_url](Result<std::shared_ptr<SqlSession>> session) mutable {
        if (!session.ok()) return resolver.Resolve(session.error());
        statement.session = *session;
        registry_.Add(statement);
        Status taken = statement.session->Run(
            spec, wait_ms, true,
            [this, resolver, statement, cancel_on_timeout, base_url](Result<link::StatementStatus> status) {
              if (!status.ok()) return resolver.Resolve(status.error());
              if (!link::IsFinal(status->state) && cancel_on_timeout) {
                (void)statement.session->Cancel(statement.id).ok();
                status->state = link::StatementState::kCanceled;
              }
              resolver.Resolve(Answer(registry_, statement, *std::move(status), base_url));
            });
        if (!taken.ok()) resolver.Resolve(taken.error());
      });
  return std::move(deferred);
}

Result<sea::StatementResponse> StatementExecution::GetStatement(const http::RequestContext& context,
                                                                const sea::GetStatementRequest& request) {
  ASSIGN_OR_RETURN(RegisteredPtr statement, registry_.Find(*request.statement_id, context.principal.id));
  ASSIGN_OR_RETURN(link::StatementStatus status, StatusNow(*statement, true));
  return Answer(registry_, *statement, std::move(status), context.base_url);
}

Result<sea::ResultData> StatementExecution::GetStatementResultChunk(const http::RequestContext& context,
                                                                   const sea::GetStatementResultChunkRequest& request) {
  ASSIGN_OR_RETURN(RegisteredPtr statement, registry_.Find(*request.statement_id, context.principal.id));
  ASSIGN_OR_RETURN(link::StatementStatus status, StatusNow(*statement, false));
  if (status.state != link::StatementState::kSucceeded) {
    return MakeError(ErrorCode::kInvalidState, "The statement has no result (yet).");
  }
  int64_t index = *request.chunk_index;
  if (index < 0 || index >= static_cast<int64_t>(status.chunks.size())) {
    return BadParameter("Chunk " + std::to_string(index) + " does not exist; the result has " +
                        std::to_string(status.chunks.size()) + " chunks.");
  }
  if (statement->disposition == ResultDisposition::kExternalLinks) {
    return RenderLink(*statement, status, index, context.base_url, registry_.LinkExpiryMs(*statement));
  }
  ASSIGN_OR_RETURN(std::string ipc, statement->session->FetchChunk(statement->id, index));
  return RenderRows(statement->id, status, index, ipc);
}

Result<void> StatementExecution::CancelStatement(const http::RequestContext& context,
                                                 const sea::CancelStatementRequest& request) {
  ASSIGN_OR_RETURN(RegisteredPtr statement, registry_.Find(*request.statement_id, context.principal.id));
  return statement->session->Cancel(statement->id);
}

Result<http::Response> StatementExecution::GetExternalLink(const http::RequestContext&,
                                                           const sea::GetExternalLinkRequest& request,
                                                           const http::Request&) {
  ASSIGN_OR_RETURN(RegisteredPtr statement, registry_.FindByLink(*request.token));
  ASSIGN_OR_RETURN(std::string ipc, statement->session->FetchChunk(statement->id, *request.chunk_index));
  http::Response response;
  if (statement->format == ResultFormat::kArrowStream) {
    response.headers.Set("Content-Type", "application/vnd.apache.arrow.stream");
    response.body = std::move(ipc);
    return response;
  }
  ASSIGN_OR_RETURN(link::StatementStatus status, StatusNow(*statement, false));
  ASSIGN_OR_RETURN(std::string json, RowsAsJson(ipc, status.schema));
  return http::JsonResponse(200, std::move(json));
}

}  // namespace ashlar::statements
