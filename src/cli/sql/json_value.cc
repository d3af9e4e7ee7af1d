#include "cli/sql/json_value.h"

#include <vector>

#include "base/json.h"
#include "base/text.h"

namespace ashlar::cli {
namespace {

// JSON's grammar of a number.
bool IsJsonNumber(std::string_view text) {
  size_t at = 0;
  auto digits = [&] {
    size_t begin = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    return at - begin;
  };
  if (at < text.size() && text[at] == '-') ++at;
  size_t begin = at;
  size_t whole = digits();
  if (whole == 0 || (whole > 1 && text[begin] == '0')) return false;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (digits() == 0) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

// "DECIMAL(10,2)" → "DECIMAL"
std::string BaseName(std::string_view type) { return ToUpperAscii(Trim(type.substr(0, type.find_first_of("<( ")))); }

bool IsNumberType(const std::string& base) {
  static constexpr std::string_view kNumbers[] = {"TINYINT", "BYTE", "SMALLINT", "SHORT", "INT",    "INTEGER", "BIGINT",
                                                  "LONG",    "FLOAT", "REAL",    "DOUBLE", "DECIMAL", "NUMERIC"};
  return std::ranges::find(kNumbers, base) != std::end(kNumbers);
}

// The parts between the outermost < and >, split at commas of that level.
std::vector<std::string_view> TypeArguments(std::string_view type) {
  size_t open = type.find('<');
  size_t close = type.rfind('>');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return {};
  std::string_view inner = type.substr(open + 1, close - open - 1);
  std::vector<std::string_view> parts;
  int depth = 0;
  size_t begin = 0;
  bool quoted = false;
  for (size_t i = 0; i < inner.size(); ++i) {
    if (inner[i] == '`') quoted = !quoted;
    if (quoted) continue;
    if (inner[i] == '<' || inner[i] == '(') ++depth;
    if (inner[i] == '>' || inner[i] == ')') --depth;
    if (inner[i] != ',' || depth > 0) continue;
    parts.push_back(Trim(inner.substr(begin, i - begin)));
    begin = i + 1;
  }
  if (!Trim(inner).empty()) parts.push_back(Trim(inner.substr(begin)));
  return parts;
}

struct FieldType {
  std::string name;
  std::string_view type;
};

// "`a b`: INT NOT NULL" → {"a b", "INT NOT NULL"}
FieldType FieldOf(std::string_view part) {
  if (part.starts_with('`')) {
    size_t at = 1;
    std::string name;
    for (; at < part.size(); ++at) {
      if (part[at] != '`') {
        name += part[at];
      } else if (at + 1 < part.size() && part[at + 1] == '`') {
        name += part[at++];
      } else {
        break;
      }
    }
    size_t colon = part.find(':', at);
    return {name, colon == std::string_view::npos ? "" : Trim(part.substr(colon + 1))};
  }
  size_t colon = part.find(':');
  if (colon == std::string_view::npos) return {std::string(part), ""};
  return {std::string(Trim(part.substr(0, colon))), Trim(part.substr(colon + 1))};
}

void AppendNested(std::string_view type, const Json& value, std::string* out);

void AppendList(std::string_view element, const Json& value, std::string* out) {
  *out += '[';
  for (size_t i = 0; i < value.size(); ++i) {
    if (i > 0) *out += ',';
    AppendNested(element, value[i], out);
  }
  *out += ']';
}

// `type_of` gives the type of a key's value.
template <typename TypeOf>
void AppendObject(const Json& value, TypeOf type_of, std::string* out) {
  *out += '{';
  bool first = true;
  for (const auto& [key, item] : value.items()) {
    if (!first) *out += ',';
    first = false;
    AppendJsonString(key, out);
    *out += ':';
    AppendNested(type_of(key), item, out);
  }
  *out += '}';
}

// Inside nested values the API gives atoms as strings too.
void AppendNested(std::string_view type, const Json& value, std::string* out) {
  std::string base = BaseName(type);
  std::vector<std::string_view> arguments = TypeArguments(type);
  if (value.is_array() && base == "ARRAY" && arguments.size() == 1) return AppendList(arguments[0], value, out);
  if (value.is_object() && base == "MAP" && arguments.size() == 2) {
    return AppendObject(value, [&](const std::string&) { return arguments[1]; }, out);
  }
  if (value.is_object() && base == "STRUCT") {
    std::map<std::string, std::string_view> types;
    for (std::string_view argument : arguments) {
      FieldType field = FieldOf(argument);
      types[field.name] = field.type;
    }
    return AppendObject(value, [&](const std::string& key) { return types[key]; }, out);
  }
  if (value.is_string()) return AppendJsonValue(type, value.get<std::string>(), out);
  *out += WriteJson(value);
}

}  // namespace

void AppendJsonString(std::string_view text, std::string* out) { *out += WriteJson(Json(std::string(text))); }

void AppendJsonValue(std::string_view type_text, const std::optional<std::string>& cell, std::string* out) {
  if (!cell) {
    *out += "null";
    return;
  }
  std::string base = BaseName(type_text);
  bool plain = (IsNumberType(base) && IsJsonNumber(*cell)) || (base == "BOOLEAN" && (*cell == "true" || *cell == "false"));
  if (plain) {
    *out += *cell;
    return;
  }
  if (base == "ARRAY" || base == "MAP" || base == "STRUCT" || base == "VARIANT") {
    Result<Json> value = ParseJson(*cell);
    if (value.ok() && base == "VARIANT") {
      *out += *cell;  // as it stands: numbers keep their digits
      return;
    }
    if (value.ok()) return AppendNested(type_text, *value, out);
  }
  AppendJsonString(*cell, out);
}

}  // namespace ashlar::cli
