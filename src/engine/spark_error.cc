#include "engine/spark_error.h"

#include <array>
#include <exception>
#include <string>

#include "base/json.h"
#include "base/log.h"
#include "duckdb/common/error_data.hpp"
#include "duckdb/common/exception.hpp"

namespace ashlar::engine {
namespace {

constexpr std::string_view kBegin = "\x01spark-error:";
constexpr std::string_view kEnd = ":spark-error\x02";

std::optional<Error> Decode(std::string_view message) {
  size_t begin = message.find(kBegin);
  if (begin == std::string_view::npos) return std::nullopt;
  begin += kBegin.size();
  size_t end = message.find(kEnd, begin);
  if (end == std::string_view::npos) return std::nullopt;
  auto json = ParseJson(message.substr(begin, end - begin));
  if (!json.ok()) return std::nullopt;
  Error error;
  error.code = ErrorCodeFromName(json->value("code", ""));
  error.message = json->value("message", "");
  error.condition = json->value("condition", "");
  error.sqlstate = json->value("sqlstate", "");
  if (json->contains("parameters")) {
    error.parameters = (*json)["parameters"].get<std::map<std::string, std::string>>();
  }
  if (json->contains("span")) {
    error.span = SourceSpan{(*json)["span"][0].get<uint32_t>(), (*json)["span"][1].get<uint32_t>()};
  }
  return error;
}

// What DuckDB says by itself: type of the exception, a part of its text, and Spark's condition.
struct NativeError {
  std::string_view type;
  std::string_view text;
  ErrorCode code;
  std::string_view condition;
  std::string_view sqlstate;
};
constexpr std::array kNativeErrors = {
    NativeError{"INTERRUPT", "", ErrorCode::kCancelled, "OPERATION_CANCELED", "HY008"},
    NativeError{"Invalid Input", "More than one row returned by a subquery", ErrorCode::kBadRequest,
                "SCALAR_SUBQUERY_TOO_MANY_ROWS", "21000"},
    NativeError{"Out of Range", "", ErrorCode::kBadRequest, "ARITHMETIC_OVERFLOW", "22003"},
    NativeError{"Conversion", "out of range", ErrorCode::kBadRequest, "CAST_OVERFLOW", "22003"},
    NativeError{"Conversion", "", ErrorCode::kBadRequest, "CAST_INVALID_INPUT", "22018"},
    NativeError{"Out of Memory", "", ErrorCode::kResourceExhausted, kOutOfMemoryCondition, "53200"},
    NativeError{"", "Max expression depth limit", ErrorCode::kBadRequest,
                "EXCEEDED_EXPRESSION_DEPTH", "54001"},
    NativeError{"IO", "No such file or directory", ErrorCode::kDataLoss, "FAILED_READ_FILE.FILE_NOT_EXIST", "KD001"},
    NativeError{"Invalid Input", "No magic bytes", ErrorCode::kDataLoss, "FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER", "KD001"},
    NativeError{"Invalid Input", "to be a Parquet file", ErrorCode::kDataLoss, "FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER", "KD001"},
    NativeError{"Invalid", "don't know what type", ErrorCode::kDataLoss, "FAILED_READ_FILE.NO_HINT", "KD001"},
    NativeError{"", "Decompression failure", ErrorCode::kDataLoss, "FAILED_READ_FILE.NO_HINT", "KD001"},
    NativeError{"Permission", "", ErrorCode::kPermissionDenied, "", ""},
    NativeError{"IO", "No space left", ErrorCode::kResourceExhausted, "", ""},
    NativeError{"IO", "", ErrorCode::kIoError, "", ""},
    NativeError{"HTTP", "", ErrorCode::kIoError, "", ""},
};

}  // namespace

std::string EncodeSparkError(const Error& error) {
  Json json;
  json["code"] = std::string(ErrorCodeName(error.code));
  json["message"] = error.message;
  json["condition"] = error.condition;
  json["sqlstate"] = error.sqlstate;
  json["parameters"] = error.parameters;
  if (error.span) json["span"] = {error.span->begin, error.span->end};
  return std::string(kBegin) + WriteJson(json) + std::string(kEnd);
}

void ThrowSparkError(const Error& error) { throw duckdb::InvalidInputException(EncodeSparkError(error)); }

Error FromDuckDBException(std::string_view type, std::string_view message) {
  if (auto decoded = Decode(message)) return *std::move(decoded);
  for (const NativeError& native : kNativeErrors) {
    if (!native.type.empty() && native.type != type) continue;
    if (message.find(native.text) == std::string_view::npos) continue;
    Error error = native.condition.empty()
                      ? MakeError(native.code, std::string(message))
                      : MakeSqlError(std::string(native.condition), std::string(native.sqlstate),
                                     std::string(message), {{"message", std::string(message)}});
    error.code = native.code;
    return error;
  }
  std::string_view first_line = message.substr(0, message.find('\n'));
  if (first_line != message) {
    Log(LogLevel::kError, "DuckDB failed", {{"type", std::string(type)}, {"message", std::string(message)}});
  }
  Error error = MakeSqlError("INTERNAL_ERROR", "XX000", std::string(type) + ": " + std::string(first_line),
                             {{"message", std::string(first_line)}});
  error.code = ErrorCode::kInternalError;
  return error;
}

Error FromDuckDBException(const std::exception& exception) {
  duckdb::ErrorData data(exception);
  return FromDuckDBException(duckdb::Exception::ExceptionTypeToString(data.Type()), data.RawMessage());
}

}  // namespace ashlar::engine
