#include "base/error.h"

#include <array>
#include <utility>

namespace ashlar {
namespace {

struct CodeRow {
  ErrorCode code;
  std::string_view name;
  int http_status;
};

constexpr std::array kCodes = {
    CodeRow{ErrorCode::kBadRequest, "BAD_REQUEST", 400},
    CodeRow{ErrorCode::kInvalidParameterValue, "INVALID_PARAMETER_VALUE", 400},
    CodeRow{ErrorCode::kInvalidState, "INVALID_STATE", 400},
    CodeRow{ErrorCode::kUnauthenticated, "UNAUTHENTICATED", 401},
    CodeRow{ErrorCode::kPermissionDenied, "PERMISSION_DENIED", 403},
    CodeRow{ErrorCode::kNotFound, "NOT_FOUND", 404},
    CodeRow{ErrorCode::kResourceDoesNotExist, "RESOURCE_DOES_NOT_EXIST", 404},
    CodeRow{ErrorCode::kEndpointNotFound, "ENDPOINT_NOT_FOUND", 404},
    CodeRow{ErrorCode::kAlreadyExists, "ALREADY_EXISTS", 409},
    CodeRow{ErrorCode::kResourceAlreadyExists, "RESOURCE_ALREADY_EXISTS", 400},
    CodeRow{ErrorCode::kResourceConflict, "RESOURCE_CONFLICT", 409},
    CodeRow{ErrorCode::kAborted, "ABORTED", 409},
    CodeRow{ErrorCode::kCancelled, "CANCELLED", 499},
    CodeRow{ErrorCode::kDeadlineExceeded, "DEADLINE_EXCEEDED", 504},
    // A full disk, a spent memory budget: not 429, which clients repeat for minutes. Waiting frees neither.
    CodeRow{ErrorCode::kResourceExhausted, "RESOURCE_EXHAUSTED", 507},
    CodeRow{ErrorCode::kRequestLimitExceeded, "REQUEST_LIMIT_EXCEEDED", 429},
    CodeRow{ErrorCode::kMaxReadSizeExceeded, "MAX_READ_SIZE_EXCEEDED", 400},
    CodeRow{ErrorCode::kMaxNotebookSizeExceeded, "MAX_NOTEBOOK_SIZE_EXCEEDED", 400},
    CodeRow{ErrorCode::kDirectoryNotEmpty, "DIRECTORY_NOT_EMPTY", 400},
    CodeRow{ErrorCode::kMalformedRequest, "MALFORMED_REQUEST", 400},
    CodeRow{ErrorCode::kIoError, "IO_ERROR", 400},
    CodeRow{ErrorCode::kNotImplemented, "NOT_IMPLEMENTED", 501},
    CodeRow{ErrorCode::kTemporarilyUnavailable, "TEMPORARILY_UNAVAILABLE", 503},
    CodeRow{ErrorCode::kInternalError, "INTERNAL_ERROR", 500},
    CodeRow{ErrorCode::kDataLoss, "DATA_LOSS", 500},
};

}  // namespace

std::string_view ErrorCodeName(ErrorCode code) {
  for (const CodeRow& row : kCodes) {
    if (row.code == code) return row.name;
  }
  return "INTERNAL_ERROR";
}

ErrorCode ErrorCodeFromName(std::string_view name) {
  for (const CodeRow& row : kCodes) {
    if (row.name == name) return row.code;
  }
  return ErrorCode::kInternalError;
}

int HttpStatus(ErrorCode code) {
  for (const CodeRow& row : kCodes) {
    if (row.code == code) return row.http_status;
  }
  return 500;
}

Error MakeError(ErrorCode code, std::string message) {
  Error error;
  error.code = code;
  error.message = std::move(message);
  return error;
}

Error MakeSqlError(std::string condition, std::string sqlstate, std::string message,
                   std::map<std::string, std::string> parameters,
                   std::optional<SourceSpan> span) {
  Error error;
  error.code = ErrorCode::kBadRequest;
  error.message = std::move(message);
  error.condition = std::move(condition);
  error.sqlstate = std::move(sqlstate);
  error.parameters = std::move(parameters);
  error.span = span;
  return error;
}

Error NotImplemented(std::string what) {
  Error error;
  error.code = ErrorCode::kNotImplemented;
  error.message = "Not implemented: " + what + ".";
  error.condition = "UNSUPPORTED_FEATURE";
  error.sqlstate = "0A000";
  error.parameters["feature"] = std::move(what);
  return error;
}

std::string FullMessage(const Error& error) {
  if (error.condition.empty()) return error.message;
  std::string text = "[" + error.condition + "] " + error.message;
  if (!error.sqlstate.empty()) text += " SQLSTATE: " + error.sqlstate;
  return text;
}

}  // namespace ashlar
