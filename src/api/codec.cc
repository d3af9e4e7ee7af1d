#include "api/codec.h"

#include <charconv>
#include <cmath>

#include "base/text.h"

namespace ashlar::api {
namespace {

constexpr JsonLimits kStoredLimits = {.max_depth = 256, .max_bytes = size_t{64} << 20};

std::string_view KindName(const Json& json) {
  switch (json.type()) {
    case Json::value_t::null: return "null";
    case Json::value_t::object: return "an object";
    case Json::value_t::array: return "an array";
    case Json::value_t::string: return "a string";
    case Json::value_t::boolean: return "a boolean";
    default: return "a number";
  }
}

// Scalars of another kind are taken as their text, as Databricks does.
Status DecodeString(const TypeCodec&, const Json& json, const JsonPath& path, DecodeMode, void* out) {
  auto& text = *static_cast<std::string*>(out);
  if (json.is_string()) {
    text = json.get_ref<const std::string&>();
    return OkStatus();
  }
  if (!json.is_number() && !json.is_boolean()) return WrongType(path, "a string", json);
  text = WriteJson(json);
  return OkStatus();
}

void EncodeString(const TypeCodec&, const void* in, std::string& out) {
  AppendJsonString(*static_cast<const std::string*>(in), out);
}

Status DecodeEnum(const TypeCodec&, const Json& json, const JsonPath& path, DecodeMode, void* out) {
  if (!json.is_string()) return WrongType(path, "a string", json);
  static_cast<OpenEnum*>(out)->value = json.get_ref<const std::string&>();
  return OkStatus();
}

void EncodeEnum(const TypeCodec&, const void* in, std::string& out) {
  AppendJsonString(static_cast<const OpenEnum*>(in)->value, out);
}

Status DecodeBytes(const TypeCodec&, const Json& json, const JsonPath& path, DecodeMode mode, void* out) {
  if (!json.is_string()) return WrongType(path, "a base64 string", json);
  const auto& text = json.get_ref<const std::string&>();
  auto& bytes = *static_cast<std::string*>(out);
  if (mode.from_text) {
    bytes = text;
    return OkStatus();
  }
  std::optional<std::string> decoded = Base64Decode(text);
  if (!decoded) {
    return MakeError(ErrorCode::kInvalidParameterValue, "Field '" + path.Text() + "' is not base64");
  }
  bytes = std::move(*decoded);
  return OkStatus();
}

void EncodeBytes(const TypeCodec&, const void* in, std::string& out) {
  out += '"' + Base64Encode(*static_cast<const std::string*>(in)) + '"';
}

Status DecodeInt64(const TypeCodec&, const Json& json, const JsonPath& path, DecodeMode, void* out) {
  auto& number = *static_cast<int64_t*>(out);
  constexpr double kTwo63 = 9223372036854775808.0;
  std::optional<int64_t> value;
  if (json.is_number_unsigned()) {
    uint64_t magnitude = json.get<uint64_t>();
    if (magnitude <= static_cast<uint64_t>(INT64_MAX)) value = static_cast<int64_t>(magnitude);
  } else if (json.is_number_integer()) {
    value = json.get<int64_t>();
  } else if (json.is_number_float()) {
    double real = json.get<double>();
    if (real == std::floor(real) && real >= -kTwo63 && real < kTwo63) value = static_cast<int64_t>(real);
  } else if (json.is_string()) {
    value = ParseInt64(json.get_ref<const std::string&>());
  } else {
    return WrongType(path, "an integer", json);
  }
  if (!value) {
    return MakeError(ErrorCode::kInvalidParameterValue,
                     "Field '" + path.Text() + "' expects a 64-bit integer: " + WriteJson(json).substr(0, 100));
  }
  number = *value;
  return OkStatus();
}

void EncodeInt64(const TypeCodec&, const void* in, std::string& out) {
  out += std::to_string(*static_cast<const int64_t*>(in));
}

Status DecodeDouble(const TypeCodec&, const Json& json, const JsonPath& path, DecodeMode, void* out) {
  auto& number = *static_cast<double*>(out);
  if (json.is_number()) {
    number = json.get<double>();
    return OkStatus();
  }
  if (!json.is_string()) return WrongType(path, "a number", json);
  const auto& text = json.get_ref<const std::string&>();
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return OkStatus();
  return MakeError(ErrorCode::kInvalidParameterValue,
                   "Field '" + path.Text() + "' expects a number: " + WriteJson(json).substr(0, 100));
}

void EncodeDouble(const TypeCodec&, const void* in, std::string& out) {
  out += WriteJson(Json(*static_cast<const double*>(in)));
}

Status DecodeBool(const TypeCodec&, const Json& json, const JsonPath& path, DecodeMode, void* out) {
  auto& flag = *static_cast<bool*>(out);
  if (json.is_boolean()) {
    flag = json.get<bool>();
    return OkStatus();
  }
  // Query strings carry text, and some clients send it in bodies too.
  if (json.is_string() && EqualsIgnoreCase(json.get_ref<const std::string&>(), "true")) {
    flag = true;
    return OkStatus();
  }
  if (json.is_string() && EqualsIgnoreCase(json.get_ref<const std::string&>(), "false")) {
    flag = false;
    return OkStatus();
  }
  return WrongType(path, "a boolean", json);
}

void EncodeBool(const TypeCodec&, const void* in, std::string& out) {
  out += *static_cast<const bool*>(in) ? "true" : "false";
}

Status DecodeJson(const TypeCodec&, const Json& json, const JsonPath&, DecodeMode, void* out) {
  static_cast<JsonText*>(out)->text = WriteJson(json);
  return OkStatus();
}

void EncodeJson(const TypeCodec&, const void* in, std::string& out) {
  const std::string& text = static_cast<const JsonText*>(in)->text;
  out += text.empty() ? "null" : text;
}

std::string& UnknownFields(const MessageTable& table, void* message) {
  return *reinterpret_cast<std::string*>(static_cast<char*>(message) + table.unknown_offset);
}

void* At(const FieldRow& row, void* message) { return static_cast<char*>(message) + row.offset; }
const void* At(const FieldRow& row, const void* message) {
  return static_cast<const char*>(message) + row.offset;
}

Status DecodeField(const FieldRow& row, const Json& json, const JsonPath& path, DecodeMode mode,
                   void* message) {
  void* field = At(row, message);
  if (json.is_null()) {
    row.ops->set_null(field);
    return OkStatus();
  }
  if (mode.from_text && row.codec->is_array && !json.is_array()) {
    return row.codec->decode(*row.codec, Json::array({json}), path, mode, row.ops->ensure(field));
  }
  return row.codec->decode(*row.codec, json, path, mode, row.ops->ensure(field));
}

// No patch: the field named by the path is removed.
Status MergeOnePath(const MessageTable& table, void* base, const void* patch, std::string_view path) {
  size_t dot = path.find('.');
  const FieldRow* row = table.Find(path.substr(0, dot));
  if (!row || (dot != std::string_view::npos && !row->codec->table)) {
    return MakeError(ErrorCode::kInvalidParameterValue,
                     "update_mask names no field of " + std::string(table.name) + ": " + std::string(path));
  }
  void* field = At(*row, base);
  if (dot == std::string_view::npos) {
    patch ? row->ops->assign(field, At(*row, patch)) : row->ops->clear(field);
    return OkStatus();
  }
  const void* given = patch && row->In(patch).has() ? row->ops->get(At(*row, patch)) : nullptr;
  if (!given && !row->In(base).has()) return OkStatus();
  return MergeOnePath(*row->codec->table, row->ops->ensure(field), given, path.substr(dot + 1));
}

}  // namespace

const TypeCodec kStringCodec = {DecodeString, EncodeString};
const TypeCodec kBytesCodec = {DecodeBytes, EncodeBytes};
const TypeCodec kInt64Codec = {DecodeInt64, EncodeInt64};
const TypeCodec kDoubleCodec = {DecodeDouble, EncodeDouble};
const TypeCodec kBoolCodec = {DecodeBool, EncodeBool};
const TypeCodec kJsonCodec = {DecodeJson, EncodeJson};
const TypeCodec kEnumCodec = {DecodeEnum, EncodeEnum};

TypeCodec MessageCodec(const MessageTable& table) {
  TypeCodec codec;
  codec.table = &table;
  codec.decode = [](const TypeCodec& self, const Json& json, const JsonPath& path, DecodeMode mode,
                    void* out) { return DecodeMessage(*self.table, json, path, mode, out); };
  codec.encode = [](const TypeCodec& self, const void* in, std::string& out) {
    EncodeMessage(*self.table, in, out);
  };
  return codec;
}

std::string JsonPath::Text() const {
  std::string text = parent ? parent->Text() : "";
  if (name.empty() && parent) return text + "[" + std::to_string(index) + "]";
  if (!text.empty()) text += ".";
  return text + std::string(name);
}

Error WrongType(const JsonPath& path, std::string_view expected, const Json& found) {
  std::string at = path.Text();
  return MakeError(ErrorCode::kMalformedRequest,
                   "Could not parse request object: " +
                       (at.empty() ? "the body" : "field '" + at + "'") + " expects " +
                       std::string(expected) + ", not " + std::string(KindName(found)));
}

const FieldRow* MessageTable::Find(std::string_view field) const {
  for (const FieldRow& row : rows) {
    if (row.name == field) return &row;
  }
  return nullptr;
}

Status DecodeMessage(const MessageTable& table, const Json& json, const JsonPath& path,
                     DecodeMode mode, void* message) {
  if (!json.is_object()) return WrongType(path, "an object", json);
  Json unknown;
  for (const auto& [key, value] : json.items()) {
    const FieldRow* row = table.Find(key);
    if (row) {
      RETURN_IF_ERROR(DecodeField(*row, value, JsonPath{&path, row->name}, mode, message));
    } else if (table.unknown_offset != kNoUnknownFields) {
      unknown[key] = value;
    }
  }
  if (!unknown.is_null()) UnknownFields(table, message) = WriteJson(unknown);
  return mode.require && path.parent ? CheckRequired(table, path, message) : OkStatus();
}

Status CheckRequired(const MessageTable& table, const JsonPath& path, const void* message) {
  for (const FieldRow& row : table.rows) {
    if (!row.required || row.In(message).has()) continue;
    return MakeError(ErrorCode::kInvalidParameterValue,
                     "Missing required field: " + JsonPath{&path, row.name}.Text());
  }
  return OkStatus();
}

void AppendJsonString(std::string_view text, std::string& out) {
  bool plain = std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; });
  if (plain) {
    out += '"';
    out += text;
    out += '"';
  } else {
    out += WriteJson(Json(text));
  }
}

void EncodeMessage(const MessageTable& table, const void* message, std::string& out) {
  char before = '{';
  for (const FieldRow& row : table.rows) {
    const void* field = At(row, message);
    if (row.In(message).is_absent()) continue;
    out += before;
    AppendJsonString(row.name, out);
    out += ':';
    row.In(message).has() ? row.codec->encode(*row.codec, row.ops->get(field), out) : void(out += "null");
    before = ',';
  }
  if (table.unknown_offset != kNoUnknownFields) {
    std::string_view unknown = UnknownFields(table, const_cast<void*>(message));
    if (unknown.size() > 2) {
      CHECK(unknown.starts_with('{') && unknown.ends_with('}')) << "unknown_fields is an object";
      out += before;
      out += unknown.substr(1, unknown.size() - 2);
      before = ',';
    }
  }
  out += before == '{' ? "{}" : "}";
}

namespace internal {

std::string Encode(const MessageTable& table, const void* message) {
  std::string out;
  EncodeMessage(table, message, out);
  return out;
}

Status Decode(const MessageTable& table, std::string_view json, void* message) {
  ASSIGN_OR_RETURN(Json parsed, ParseJson(json, kStoredLimits));
  return DecodeMessage(table, parsed, JsonPath{}, DecodeMode{}, message);
}

void Merge(const MessageTable& table, void* base, const void* patch) {
  for (const FieldRow& row : table.rows) {
    if (!row.In(patch).is_absent()) row.ops->assign(At(row, base), At(row, patch));
  }
  if (table.unknown_offset == kNoUnknownFields) return;
  const std::string& patched = UnknownFields(table, const_cast<void*>(patch));
  if (patched.empty()) return;
  std::string& kept = UnknownFields(table, base);
  Result<Json> all = ParseJson(kept.empty() ? "{}" : kept, kStoredLimits);
  Result<Json> more = ParseJson(patched, kStoredLimits);
  CHECK(all.ok() && more.ok()) << "unknown_fields holds what is not JSON";
  for (const auto& [key, value] : more->items()) (*all)[key] = value;
  kept = WriteJson(*all);
}

Status MergeMasked(const MessageTable& table, void* base, const void* patch,
                   std::span<const std::string> mask) {
  for (const std::string& path : mask) {
    if (path != "*") {
      RETURN_IF_ERROR(MergeOnePath(table, base, patch, path));
      continue;
    }
    for (const FieldRow& row : table.rows) row.ops->assign(At(row, base), At(row, patch));
  }
  return OkStatus();
}

Status RefuseFields(const MessageTable& table, const void* message,
                    std::initializer_list<std::string_view> names) {
  for (std::string_view name : names) {
    const FieldRow* row = table.Find(name);
    CHECK(row) << table.name << " has no field " << name;
    if (row->In(message).has()) {
      return NotImplemented("the field '" + std::string(name) + "' of " + std::string(table.name));
    }
  }
  return OkStatus();
}

}  // namespace internal
}  // namespace ashlar::api
