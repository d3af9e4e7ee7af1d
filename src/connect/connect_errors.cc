#include "connect/connect_errors.h"

#include <algorithm>

#include "base/error_position.h"
#include "base/id.h"
#include "base/json.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "spark/connect/base.pb.h"

namespace ashlar::connect {
namespace {

constexpr size_t kKeptErrors = 64;
constexpr size_t kMaxMessageInHeader = 2048;  // headers are small, and two of them repeat the message
constexpr size_t kMaxParametersInHeader = 1024;

constexpr std::string_view kArithmetic = "org.apache.spark.SparkArithmeticException java.lang.ArithmeticException";
constexpr std::string_view kDateTime = "org.apache.spark.SparkDateTimeException java.time.DateTimeException";
constexpr std::string_view kNumberFormat =
    "org.apache.spark.SparkNumberFormatException java.lang.NumberFormatException java.lang.IllegalArgumentException";
constexpr std::string_view kIllegalArgument =
    "org.apache.spark.SparkIllegalArgumentException java.lang.IllegalArgumentException";
constexpr std::string_view kArrayIndex =
    "org.apache.spark.SparkArrayIndexOutOfBoundsException java.lang.ArrayIndexOutOfBoundsException";
constexpr std::string_view kRuntime = "org.apache.spark.SparkRuntimeException";
constexpr std::string_view kAnalysis = "org.apache.spark.sql.AnalysisException";
constexpr std::string_view kParse = "org.apache.spark.sql.catalyst.parser.ParseException org.apache.spark.sql.AnalysisException";
constexpr std::string_view kUnsupported =
    "org.apache.spark.SparkUnsupportedOperationException java.lang.UnsupportedOperationException";
constexpr std::string_view kNoSuchElement = "org.apache.spark.SparkNoSuchElementException java.util.NoSuchElementException";
constexpr std::string_view kSqlException = "org.apache.spark.SparkSQLException java.sql.SQLException";
constexpr std::string_view kSecurity = "org.apache.spark.SparkSecurityException java.lang.SecurityException";
constexpr std::string_view kSpark = "org.apache.spark.SparkException";
constexpr std::string_view kPlanInput = "org.apache.spark.sql.connect.common.InvalidPlanInput";

// By condition, or its beginning; the first that fits counts.
struct ConditionClass {
  std::string_view prefix;
  std::string_view classes;
};
constexpr ConditionClass kConditionClasses[] = {
    {"PARSE_", kParse},
    {"INVALID_SQL_SYNTAX", kParse},
    {"UNCLOSED_BRACKETED_COMMENT", kParse},
    {"INVALID_NUMERIC_LITERAL_RANGE", kParse},
    {"INVALID_TYPED_LITERAL", kParse},
    {"UNSUPPORTED_DATATYPE", kParse},
    {"DIVIDE_BY_ZERO", kArithmetic},
    {"REMAINDER_BY_ZERO", kArithmetic},
    {"INTERVAL_DIVIDED_BY_ZERO", kArithmetic},
    {"INTERVAL_ARITHMETIC_OVERFLOW", kArithmetic},
    {"ARITHMETIC_OVERFLOW", kArithmetic},
    {"BINARY_ARITHMETIC_OVERFLOW", kArithmetic},
    {"CAST_OVERFLOW", kArithmetic},
    {"DELTA_CAST_OVERFLOW_IN_TABLE_WRITE", kArithmetic},
    {"NUMERIC_VALUE_OUT_OF_RANGE", kArithmetic},
    {"DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION", kArithmetic},
    {"DATETIME_OVERFLOW", kArithmetic},
    {"INVALID_ARRAY_INDEX", kArrayIndex},
    {"CANNOT_PARSE_TIMESTAMP", kDateTime},
    {"CANNOT_PARSE_TIME", kDateTime},
    {"DATETIME_FIELD_OUT_OF_BOUNDS", kDateTime},
    {"INVALID_FRACTION_OF_SECOND", kDateTime},
    {"INVALID_TIMEZONE", kDateTime},
    {"INVALID_PARAMETER_VALUE", kRuntime},
    {"INVALID_CONF_VALUE", kIllegalArgument},
    {"SECOND_FUNCTION_ARGUMENT_NOT_INTEGER", kIllegalArgument},
    {"SQL_CONF_NOT_FOUND", kNoSuchElement},
    {"OPERATION_CANCELED", kSqlException},
    {"INVALID_HANDLE", kSqlException},
    {"CONNECT_INVALID_PLAN", kPlanInput},
    {"UNSUPPORTED_FEATURE", kUnsupported},
    {"INSUFFICIENT_PERMISSIONS", kSecurity},
    {"SCALAR_SUBQUERY_TOO_MANY_ROWS", kSpark},
    {"INTERNAL_ERROR", kSpark},
};

// CAST_INVALID_INPUT is raised as the class of what the text should have become.
std::string_view CastClasses(const Error& error) {
  auto target = error.parameters.find("targetType");
  if (target == error.parameters.end()) return kRuntime;
  if (target->second.find("DATE") != std::string::npos || target->second.find("TIME") != std::string::npos) return kDateTime;
  return target->second.find("BOOLEAN") != std::string::npos ? kRuntime : kNumberFormat;
}

std::string_view ClassesByCode(ErrorCode code) {
  switch (code) {
    case ErrorCode::kNotImplemented: return kUnsupported;
    case ErrorCode::kPermissionDenied:
    case ErrorCode::kUnauthenticated: return kSecurity;
    case ErrorCode::kCancelled: return kSqlException;
    case ErrorCode::kInvalidParameterValue:
    case ErrorCode::kMalformedRequest: return kIllegalArgument;
    case ErrorCode::kResourceDoesNotExist:
    case ErrorCode::kResourceAlreadyExists:
    case ErrorCode::kAlreadyExists:
    case ErrorCode::kNotFound:
    case ErrorCode::kBadRequest: return kAnalysis;
    default: return kSpark;
  }
}

std::string_view ClassText(const Error& error) {
  if (error.condition.empty()) return ClassesByCode(error.code);
  if (error.condition.starts_with("CAST_INVALID_INPUT")) return CastClasses(error);
  for (const ConditionClass& entry : kConditionClasses) {
    if (error.condition.starts_with(entry.prefix)) return entry.classes;
  }
  // Data exceptions are found while rows are made, everything else by the analyzer.
  return error.sqlstate.starts_with("22") || error.sqlstate.starts_with("P0") || error.sqlstate.starts_with("21") ? kRuntime : kAnalysis;
}

// What cancelled statements are called by Spark.
Error Named(Error error) {
  if (error.code == ErrorCode::kCancelled && error.condition.empty()) {
    error.condition = "OPERATION_CANCELED";
    error.sqlstate = "HY008";
    error.message = "Operation has been canceled.";
  }
  return error;
}

bool HasContext(const PlanError& error) {
  return error.error.condition != "PARSE_SYNTAX_ERROR" && HasPosition(error.error, error.sql) && error.error.span->begin < error.error.span->end;
}

// Clients slice the text by these, in characters.
int32_t CharactersBefore(const std::string& sql, uint32_t offset) {
  return static_cast<int32_t>(std::count_if(sql.begin(), sql.begin() + offset, [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
  }));
}

std::string ParametersJson(const Error& error) {
  Json json = Json::object();
  for (const auto& [name, value] : error.parameters) json[name] = value;
  return WriteJson(json);
}

std::string Shortened(std::string text) {
  if (text.size() <= kMaxMessageInHeader) return text;
  size_t cut = kMaxMessageInHeader;
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) --cut;
  return text.substr(0, cut) + "...";
}

}  // namespace

std::vector<std::string> ExceptionClasses(const Error& error) {
  std::vector<std::string> classes;
  std::string_view rest = ClassText(error);
  while (!rest.empty()) {
    size_t space = std::min(rest.find(' '), rest.size());
    classes.emplace_back(rest.substr(0, space));
    rest.remove_prefix(std::min(space + 1, rest.size()));
  }
  for (const char* base : {"java.lang.Exception", "java.lang.Throwable", "java.lang.Object"}) classes.emplace_back(base);
  return classes;
}

std::string MessageWithContext(const PlanError& error) {
  return PositionedMessage(Named(error.error), error.sql);
}

Error InvalidHandle(const std::string& reason, const std::string& handle, const std::string& message) {
  Error error = MakeSqlError("INVALID_HANDLE." + reason, "HY000",
                             "The handle " + handle + " is invalid. " + message, {{"handle", handle}});
  error.code = ErrorCode::kNotFound;
  return error;
}

grpc::Status StatusOf(const PlanError& plan_error, const std::string& error_id) {
  Error error = Named(plan_error.error);
  std::string message = Shortened(MessageWithContext(plan_error));
  std::vector<std::string> classes = ExceptionClasses(error);
  google::rpc::ErrorInfo info;
  info.set_reason(classes[0]);
  info.set_domain("org.apache.spark");
  auto& metadata = *info.mutable_metadata();
  metadata["classes"] = WriteJson(Json(classes));
  if (!error.sqlstate.empty()) metadata["sqlState"] = error.sqlstate;
  if (!error.condition.empty()) metadata["errorClass"] = error.condition;
  if (!error_id.empty()) metadata["errorId"] = error_id;
  std::string parameters = ParametersJson(error);
  if (!error.condition.empty() && parameters.size() <= kMaxParametersInHeader) metadata["messageParameters"] = parameters;
  google::rpc::Status status;
  status.set_code(grpc::StatusCode::INTERNAL);
  status.set_message(message);
  status.add_details()->PackFrom(info);
  return grpc::Status(grpc::StatusCode::INTERNAL, message, status.SerializeAsString());
}

grpc::Status ErrorLog::Report(const PlanError& error) {
  std::string id = NewUuid(random_);
  {
    std::lock_guard lock(mutex_);
    errors_[id] = error;
    order_.push_back(id);
    if (order_.size() > kKeptErrors) {
      errors_.erase(order_.front());
      order_.pop_front();
    }
  }
  return StatusOf(error, id);
}

bool ErrorLog::Fill(const std::string& error_id, sc::FetchErrorDetailsResponse& response) const {
  PlanError found;
  {
    std::lock_guard lock(mutex_);
    auto entry = errors_.find(error_id);
    if (entry == errors_.end()) return false;
    found = entry->second;
  }
  Error error = Named(found.error);
  response.set_root_error_idx(0);
  auto* out = response.add_errors();
  for (std::string& name : ExceptionClasses(error)) out->add_error_type_hierarchy(std::move(name));
  out->set_message(MessageWithContext(found));
  if (error.condition.empty()) return true;
  auto* throwable = out->mutable_spark_throwable();
  throwable->set_error_class(error.condition);
  if (!error.sqlstate.empty()) throwable->set_sql_state(error.sqlstate);
  for (const auto& [name, value] : error.parameters) (*throwable->mutable_message_parameters())[name] = value;
  if (HasContext(found)) {
    auto* context = throwable->add_query_contexts();
    context->set_context_type(sc::FetchErrorDetailsResponse_QueryContext::SQL);
    context->set_start_index(CharactersBefore(found.sql, error.span->begin));
    context->set_stop_index(CharactersBefore(found.sql, error.span->end) - 1);
    context->set_fragment(found.sql.substr(error.span->begin, error.span->end - error.span->begin));
    context->set_summary(PositionSummary(error, found.sql));
  }
  return true;
}

}  // namespace ashlar::connect
