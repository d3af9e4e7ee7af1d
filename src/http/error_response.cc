#include "http/error_response.h"

#include "base/json.h"

namespace ashlar::http {
namespace {

std::string PublicMessage(const Error& error, const std::string& request_id) {
  if (error.code == ErrorCode::kInternalError) {
    return "Internal error; the log has it under reference id " + request_id;
  }
  return FullMessage(error);
}

Json Details(const Error& error, const std::string& request_id) {
  Json info;
  info["@type"] = "type.googleapis.com/google.rpc.ErrorInfo";
  info["reason"] =
      error.condition.empty() ? std::string(ErrorCodeName(error.code)) : error.condition;
  info["domain"] = "ashlar";
  Json metadata = Json::object();
  if (error.code != ErrorCode::kInternalError) {
    for (const auto& [name, value] : error.parameters) metadata[name] = value;
    if (!error.sqlstate.empty()) metadata["sqlState"] = error.sqlstate;
  }
  if (!metadata.empty()) info["metadata"] = std::move(metadata);
  Json request;
  request["@type"] = "type.googleapis.com/google.rpc.RequestInfo";
  request["request_id"] = request_id;
  request["serving_data"] = "";
  return Json::array({std::move(info), std::move(request)});
}

Json ScimBody(const Error& error, int status, std::string message) {
  Json body;
  body["schemas"] = Json::array({"urn:ietf:params:scim:api:messages:2.0:Error"});
  body["detail"] = std::move(message);
  body["status"] = std::to_string(status);
  // RFC 7644 §3.12 names: only what the code alone tells.
  if (status == 409) body["scimType"] = "uniqueness";
  if (error.code == ErrorCode::kMalformedRequest) body["scimType"] = "invalidSyntax";
  if (error.code == ErrorCode::kInvalidParameterValue) body["scimType"] = "invalidValue";
  return body;
}

}  // namespace

Response ErrorResponse(const Error& error, const std::string& request_id, ErrorStyle style) {
  int status = HttpStatus(error.code);
  std::string message = PublicMessage(error, request_id);
  Json body;
  if (style == ErrorStyle::kScim) {
    body = ScimBody(error, status, std::move(message));
  } else {
    body["error_code"] = ErrorCodeName(error.code);
    body["message"] = std::move(message);
    body["details"] = Details(error, request_id);
  }
  Response response = JsonResponse(status, WriteJson(body));
  if (status == 429 || status == 503) response.headers.Set("Retry-After", "1");
  if (status == 401) response.headers.Set("WWW-Authenticate", "Bearer realm=\"ashlar\"");
  return response;
}

}  // namespace ashlar::http
