// Error: the one way a failure travels. Carries the Databricks error code (REST), and for SQL the
// Spark condition, SQLSTATE, message parameters and position. Rendered by three doors: REST, Spark
// Connect and Thrift.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace ashlar {

// Error codes of the Databricks REST API. HttpStatus() gives the status each is sent with.
enum class ErrorCode {
  kBadRequest,
  kInvalidParameterValue,
  kInvalidState,
  kUnauthenticated,
  kPermissionDenied,
  kNotFound,
  kResourceDoesNotExist,
  kEndpointNotFound,
  kAlreadyExists,
  kResourceAlreadyExists,
  kResourceConflict,
  kAborted,
  kCancelled,
  kDeadlineExceeded,
  kResourceExhausted,
  kRequestLimitExceeded,
  kMaxReadSizeExceeded,
  kMaxNotebookSizeExceeded,
  kDirectoryNotEmpty,
  kMalformedRequest,
  kIoError,
  kNotImplemented,
  kTemporarilyUnavailable,
  kInternalError,
  kDataLoss,
};

// The wire name, e.g. "RESOURCE_DOES_NOT_EXIST".
std::string_view ErrorCodeName(ErrorCode code);
// The inverse; kInternalError for a name that is not listed.
ErrorCode ErrorCodeFromName(std::string_view name);
// The HTTP status the code is sent with, e.g. 404.
int HttpStatus(ErrorCode code);

// Half-open byte range [begin, end) into the SQL text that an error or expression came from.
struct SourceSpan {
  uint32_t begin = 0;
  uint32_t end = 0;
  bool operator==(const SourceSpan&) const = default;
};

struct Error {
  ErrorCode code = ErrorCode::kInternalError;
  std::string message;
  // Spark's error condition with its sub-condition ("CAST_INVALID_INPUT",
  // "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE"); empty outside SQL.
  std::string condition;
  std::string sqlstate;
  std::map<std::string, std::string> parameters;
  std::optional<SourceSpan> span;

  bool operator==(const Error&) const = default;
};

// An error without SQL parts.
Error MakeError(ErrorCode code, std::string message);
// An error of the SQL layer. The REST code is kBadRequest unless `code` says otherwise. `message` is
// the text of the condition's template already filled in, without the "[CONDITION] " prefix and
// without the SQLSTATE suffix: FullMessage() adds both.
Error MakeSqlError(std::string condition, std::string sqlstate, std::string message,
                   std::map<std::string, std::string> parameters = {},
                   std::optional<SourceSpan> span = std::nullopt);
// What is not built: 501 and the condition UNSUPPORTED_FEATURE, naming `what`.
Error NotImplemented(std::string what);

// "[CONDITION] message SQLSTATE: 22012" for SQL errors, the message alone otherwise.
std::string FullMessage(const Error& error);

}  // namespace ashlar
