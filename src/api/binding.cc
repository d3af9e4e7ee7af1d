#include "api/binding.h"

#include "api/multipart.h"
#include "base/text.h"

namespace ashlar::api {
namespace {

constexpr JsonLimits kRequestLimits = {.max_depth = 100, .max_bytes = size_t{64} << 20};

Status DecodeBody(const MessageTable& table, const http::Request& request, void* message) {
  if (request.body.empty()) return OkStatus();
  std::string_view content_type = request.headers.Get("content-type");
  if (content_type.starts_with("multipart/form-data")) {
    ASSIGN_OR_RETURN(std::vector<FormPart> parts, ParseMultipart(content_type, request.body));
    Json form = Json::object();
    for (FormPart& part : parts) form[part.name] = std::move(part.value);
    return DecodeMessage(table, form, JsonPath{}, DecodeMode{.require = true, .from_text = true}, message);
  }
  ASSIGN_OR_RETURN(Json body, ParseJson(request.body, kRequestLimits));
  return DecodeMessage(table, body, JsonPath{}, DecodeMode{.require = true}, message);
}

// "filter_by.is_pinned" becomes {"filter_by": {"is_pinned": …}}; a repeated key becomes an array.
void PutParameter(Json& object, std::string_view key, const std::string& value) {
  size_t dot = key.find('.');
  Json& slot = object[std::string(key.substr(0, dot))];
  if (dot != std::string_view::npos) {
    if (!slot.is_object()) slot = Json::object();
    return PutParameter(slot, key.substr(dot + 1), value);
  }
  if (slot.is_null()) {
    slot = value;
  } else if (slot.is_array()) {
    slot.push_back(value);
  } else {
    slot = Json::array({std::move(slot), value});
  }
}

Status DecodeParameters(const MessageTable& table, const http::Parameters& parameters, void* message) {
  Json object = Json::object();
  for (const auto& [key, value] : parameters) {
    if (std::ranges::count(key, '.') > 8) continue;  // names nothing; would only nest
    const FieldRow* row = table.Find(std::string_view(key).substr(0, key.find('.')));
    if (row) PutParameter(object, key, value);
  }
  for (auto& [key, value] : object.items()) {
    // A scalar given twice: the last one counts.
    if (value.is_array() && !table.Find(key)->codec->is_array) value = Json(value.back());
  }
  // Unknown query keys are not ours to keep.
  MessageTable known = table;
  known.unknown_offset = kNoUnknownFields;
  return DecodeMessage(known, object, JsonPath{}, DecodeMode{.require = true, .from_text = true}, message);
}

// The permission "LEVEL type field" on the object whose id the request's field holds.
Status CheckObject(const OperationRow& row, const http::RequestContext& context, const void* message) {
  std::vector<std::string_view> words = SplitView(row.permission, ' ');
  if (words.size() != 3) return OkStatus();
  const FieldRow* field = row.request().Find(words[2]);
  CHECK(field) << row.name << ": permission names no field: " << row.permission;
  if (!field->In(message).has()) {
    return MakeError(ErrorCode::kInvalidParameterValue,
                     "Missing required field: " + std::string(words[2]));
  }
  std::string json;
  field->codec->encode(*field->codec, field->ops->get(&field->In(message)), json);
  ASSIGN_OR_RETURN(Json id, ParseJson(json));
  return http::RequireObject(context, words[0], words[1], id.is_string() ? id.get<std::string>() : json);
}

}  // namespace

Status DecodeRequest(const OperationRow& row, const http::RequestContext& context,
                     const http::Request& request, void* message) {
  const MessageTable& table = row.request();
  RETURN_IF_ERROR(DecodeBody(table, request, message));
  RETURN_IF_ERROR(DecodeParameters(table, request.query, message));
  RETURN_IF_ERROR(DecodeParameters(table, request.path_params, message));
  RETURN_IF_ERROR(CheckRequired(table, JsonPath{}, message));
  return CheckObject(row, context, message);
}

http::Response EncodeResponse(const OperationRow& row, std::string json) {
  if (row.success_status != 204) return http::JsonResponse(row.success_status, std::move(json));
  http::Response response;
  response.status = row.success_status;
  return response;
}

void AddRoutes(http::Router& router, const OperationRow& row, http::Handler handler,
               http::SinkHandler sink) {
  for (std::string_view path : row.paths) {
    http::Route route;
    route.method = row.method;
    route.path = path;
    route.operation = row.name;
    route.permission = row.permission;
    route.audit = row.audit;
    route.error_style = row.error_style;
    if (row.max_body_bytes > 0) route.max_body_bytes = row.max_body_bytes;
    route.handler = handler;
    route.sink = sink;
    router.Add(std::move(route));
  }
}

}  // namespace ashlar::api
