// Functions of JSON texts.
#include <algorithm>
#include <cmath>
#include <map>

#include "base/json.h"
#include "base/text.h"
#include "engine/functions/json_text.h"
#include "engine/functions/kernel_binding.h"
#include "engine/functions/number_text.h"
#include "engine/functions/record_text.h"
#include "sql/analyze/expr_text.h"
#include "types/data_type.h"
#include "types/value.h"

namespace ashlar::engine {
namespace {

using Text = std::string_view;
using Kind = JsonNode::Kind;
using DuckValue = duckdb::Value;

// ---- get_json_object ----------------------------------------------------------------------------

// One step of a path: a field, an index, or all elements.
struct PathStep {
  enum class Kind { kField, kIndex, kAll } kind;
  std::string field;
  size_t index = 0;
};

// "$.a[0]['b'][*]"; nullopt for what is not a path.
std::optional<std::vector<PathStep>> ParsePath(Text path) {
  if (!path.starts_with('$')) return std::nullopt;
  std::vector<PathStep> steps;
  for (size_t i = 1; i < path.size();) {
    if (path[i] == '.') {
      size_t end = std::min(path.find_first_of(".[", i + 1), path.size());
      std::string name(path.substr(i + 1, end - i - 1));
      if (name.empty()) return std::nullopt;
      steps.push_back(name == "*" ? PathStep{PathStep::Kind::kAll, ""} : PathStep{PathStep::Kind::kField, name});
      i = end;
    } else if (path[i] == '[') {
      size_t end = path.find(']', i);
      if (end == Text::npos) return std::nullopt;
      Text inside = path.substr(i + 1, end - i - 1);
      bool quoted = inside.size() >= 2 && inside.front() == '\'' && inside.back() == '\'';
      if (inside == "*") {
        steps.push_back({PathStep::Kind::kAll, ""});
      } else if (quoted) {
        steps.push_back({PathStep::Kind::kField, std::string(inside.substr(1, inside.size() - 2))});
      } else {
        auto index = ParseInt64(inside);
        if (!index || *index < 0) return std::nullopt;
        steps.push_back({PathStep::Kind::kIndex, "", static_cast<size_t>(*index)});
      }
      i = end + 1;
    } else {
      return std::nullopt;
    }
  }
  return steps;
}

void Walk(const JsonNode& json, const std::vector<PathStep>& steps, size_t at, std::vector<const JsonNode*>& found) {
  if (at == steps.size()) {
    found.push_back(&json);
    return;
  }
  const PathStep& step = steps[at];
  switch (step.kind) {
    case PathStep::Kind::kField:
      if (json.Is(Kind::kObject)) {
        if (const JsonNode* field = json.Find(step.field)) Walk(*field, steps, at + 1, found);
      }
      break;
    case PathStep::Kind::kIndex:
      if (json.Is(Kind::kArray) && step.index < json.children.size()) Walk(json.children[step.index], steps, at + 1, found);
      break;
    case PathStep::Kind::kAll:
      if (json.Is(Kind::kArray)) {
        for (const JsonNode& item : json.children) Walk(item, steps, at + 1, found);
      }
      break;
  }
}

std::optional<std::string> GetJsonObject(const CallSite&, Text text, Text path) {
  auto steps = ParsePath(path);
  auto json = steps ? ReadJson(text) : std::nullopt;
  if (!json) return std::nullopt;
  std::vector<const JsonNode*> found;
  Walk(*json, *steps, 0, found);
  bool many = std::ranges::any_of(*steps, [](const PathStep& step) { return step.kind == PathStep::Kind::kAll; });
  if (found.empty()) return std::nullopt;
  if (found.size() == 1) {
    if (found[0]->Is(Kind::kNull)) return std::nullopt;
    if (found[0]->Is(Kind::kString) && !many) return found[0]->text;
    return WriteJsonText(*found[0]);
  }
  std::string out = "[";
  for (size_t i = 0; i < found.size(); ++i) out += (i > 0 ? "," : "") + WriteJsonText(*found[i]);
  return out + "]";
}

std::optional<int32_t> ArrayLength(const CallSite&, Text text) {
  auto json = ReadJson(text);
  if (!json || !json->Is(Kind::kArray)) return std::nullopt;
  return static_cast<int32_t>(json->children.size());
}
std::optional<ListOf<std::string>> ObjectKeys(const CallSite&, Text text) {
  auto json = ReadJson(text);
  if (!json || !json->Is(Kind::kObject)) return std::nullopt;
  return ListOf<std::string>(json->names.begin(), json->names.end());
}
// One field's text, for json_tuple.
std::optional<std::string> JsonField(const CallSite&, Text text, Text name) {
  auto json = ReadJson(text);
  const JsonNode* field = json && json->Is(Kind::kObject) ? json->Find(name) : nullptr;
  if (field == nullptr || field->Is(Kind::kNull)) return std::nullopt;
  return field->Is(Kind::kString) ? field->text : WriteJsonText(*field);
}

// ---- from_json and to_json ----------------------------------------------------------------------

// Whether every part could be read; those that could not are NULL.
struct FromJson {
  const BoundRecord& bound;
  const RecordOptions& options;
  bool complete = true;

  DuckValue Null(const duckdb::LogicalType& duck) {
    complete = false;
    return DuckValue(duck);
  }

  DuckValue Scalar(const JsonNode& node, const DataType& type, const duckdb::LogicalType& duck) {
    switch (type.id()) {
      case TypeId::kString:
        return DuckValue(node.Is(Kind::kString) ? node.text : WriteJsonText(node));
      case TypeId::kBoolean:
        if (node.Is(Kind::kTrue) || node.Is(Kind::kFalse)) return DuckValue::BOOLEAN(node.Is(Kind::kTrue));
        return Null(duck);
      case TypeId::kByte:
      case TypeId::kShort:
      case TypeId::kInt:
      case TypeId::kLong: {
        auto number = node.Is(Kind::kNumber) ? ParseIntegral(node.text, false) : std::nullopt;
        DuckValue out;
        std::string error;
        if (!number || !DuckValue::BIGINT(*number).DefaultTryCastAs(duck, out, &error)) return Null(duck);
        return out;
      }
      case TypeId::kFloat:
      case TypeId::kDouble: {
        auto number = node.Is(Kind::kNumber) || node.Is(Kind::kString) ? ParseDouble(node.text) : std::nullopt;
        bool named = node.Is(Kind::kString) && number && std::isfinite(*number);
        if (!number || named) return Null(duck);
        return type.Is(TypeId::kFloat) ? DuckValue::FLOAT(static_cast<float>(*number)) : DuckValue::DOUBLE(*number);
      }
      case TypeId::kDecimal: {
        auto number = node.Is(Kind::kNumber) || node.Is(Kind::kString) ? ParseDecimal(node.text) : std::nullopt;
        if (!number || number->too_large) return Null(duck);
        std::string plain = PlainText(number->unscaled, number->scale);
        DuckValue out;
        std::string error;
        if (!DuckValue(plain).DefaultTryCastAs(duck, out, &error)) return Null(duck);
        return out;
      }
      case TypeId::kDate:
      case TypeId::kTimestamp:
      case TypeId::kTimestampNtz:
        return Datetime(node, type, duck);
      default: return Null(duck);
    }
  }

  DuckValue Datetime(const JsonNode& node, const DataType& type, const duckdb::LogicalType& duck) {
    auto value = node.Is(Kind::kString) ? DatetimeFromText(node.text, type, bound, options) : std::nullopt;
    return value ? *value : Null(duck);
  }

  DuckValue Read(const JsonNode& node, const DataType& type, const duckdb::LogicalType& duck) {
    if (node.Is(Kind::kNull)) return DuckValue(duck);
    switch (type.id()) {
      case TypeId::kArray: {
        if (!node.Is(Kind::kArray)) return Null(duck);
        duckdb::vector<DuckValue> items;
        const auto& child = duckdb::ListType::GetChildType(duck);
        for (const JsonNode& item : node.children) items.push_back(Read(item, type.element(), child));
        return DuckValue::LIST(child, std::move(items));
      }
      case TypeId::kMap: {
        if (!node.Is(Kind::kObject) || !type.key().Is(TypeId::kString)) return Null(duck);
        duckdb::vector<DuckValue> keys, values;
        for (size_t i = 0; i < node.names.size(); ++i) {
          keys.push_back(DuckValue(node.names[i]));
          values.push_back(Read(node.children[i], type.map_value(), duckdb::MapType::ValueType(duck)));
        }
        return DuckValue::MAP(duckdb::LogicalType::VARCHAR, duckdb::MapType::ValueType(duck), std::move(keys),
                              std::move(values));
      }
      case TypeId::kStruct: return Struct(&node, type, duck);
      default: return Scalar(node, type, duck);
    }
  }

  // nullptr: a struct of NULLs.
  DuckValue Struct(const JsonNode* node, const DataType& type, const duckdb::LogicalType& duck) {
    if (node != nullptr && !node->Is(Kind::kObject)) return Null(duck);
    duckdb::child_list_t<DuckValue> fields;
    const auto& children = duckdb::StructType::GetChildTypes(duck);
    for (size_t i = 0; i < type.fields().size(); ++i) {
      const JsonNode* value = node ? node->Find(type.fields()[i].name) : nullptr;
      fields.emplace_back(children[i].first,
                          value ? Read(*value, type.fields()[i].type, children[i].second) : DuckValue(children[i].second));
    }
    return DuckValue::STRUCT(std::move(fields));
  }
};

DuckValue ReadRecord(const BoundRecord& bound, const RecordOptions& options, const std::string& text) {
  if (TrimForCast(text).empty()) return DuckValue(bound.duck);
  FromJson reader{bound, options};
  JsonReading reading{.unquoted_names = options.Get("allowunquotedfieldnames", "") == "true"};
  auto json = ReadJson(text, reading);
  bool is_struct = bound.type.Is(TypeId::kStruct);
  DuckValue out = json ? reader.Read(*json, bound.type, bound.duck) : reader.Null(bound.duck);
  if (reader.complete) return out;
  if (options.Get("mode", "PERMISSIVE") == "FAILFAST") FailRecord(bound.type);
  if (!is_struct) return json ? out : DuckValue(bound.duck);
  if (out.IsNull()) out = reader.Struct(nullptr, bound.type, bound.duck);
  return WithCorruptRecord(std::move(out), text, bound, options);
}

struct ToJson {
  const BoundRecord& bound;
  const RecordOptions& options;

  std::string Scalar(const DuckValue& value, const DataType& type) {
    switch (type.id()) {
      case TypeId::kBoolean: return value.GetValue<bool>() ? "true" : "false";
      case TypeId::kFloat:
      case TypeId::kDouble: {
        double number = value.GetValue<double>();
        std::string text = type.Is(TypeId::kFloat) ? FloatText(value.GetValue<float>()) : DoubleText(number);
        return std::isfinite(number) ? text : QuoteJson(text);
      }
      case TypeId::kString: return QuoteJson(duckdb::StringValue::Get(value));
      case TypeId::kBinary: return QuoteJson(Base64Encode(duckdb::StringValue::Get(value)));
      case TypeId::kDate:
      case TypeId::kTimestamp:
      case TypeId::kTimestampNtz:
        return QuoteJson(DatetimeToText(value, type, bound, options));
      case TypeId::kYearMonthInterval:
      case TypeId::kDayTimeInterval:
        return QuoteJson(sql::LiteralSql(Value{type, value.GetValue<int64_t>()}, "UTC"));
      default: return value.ToString();
    }
  }

  // `indent` < 0: on one line.
  std::string Write(const DuckValue& value, const DataType& type, int indent) {
    if (value.IsNull()) return "null";
    std::vector<std::string> parts;
    std::string colon = indent < 0 ? ":" : " : ";
    int inner = indent < 0 ? -1 : indent + 1;
    if (type.Is(TypeId::kArray)) {
      for (const DuckValue& item : duckdb::ListValue::GetChildren(value)) parts.push_back(Write(item, type.element(), inner));
      return Enclosed('[', ']', parts, -1);
    }
    if (type.Is(TypeId::kMap)) {
      for (const DuckValue& entry : duckdb::MapValue::GetChildren(value)) {
        const auto& pair = duckdb::StructValue::GetChildren(entry);
        std::string key = type.key().Is(TypeId::kString) ? duckdb::StringValue::Get(pair[0]) : KeyText(pair[0], type.key());
        parts.push_back(QuoteJson(key) + colon + Write(pair[1], type.map_value(), inner));
      }
      return Enclosed('{', '}', parts, indent);
    }
    if (!type.Is(TypeId::kStruct)) return Scalar(value, type);
    bool keep_null = options.Get("ignorenullfields", "true") == "false";
    const auto& fields = duckdb::StructValue::GetChildren(value);
    for (size_t i = 0; i < type.fields().size(); ++i) {
      if (fields[i].IsNull() && !keep_null) continue;
      parts.push_back(QuoteJson(type.fields()[i].name) + colon + Write(fields[i], type.fields()[i].type, inner));
    }
    return Enclosed('{', '}', parts, indent);
  }

  std::string KeyText(const DuckValue& key, const DataType& type) {
    std::string text = Scalar(key, type);
    return text.size() >= 2 && text.front() == '"' ? text.substr(1, text.size() - 2) : text;
  }

  static std::string Enclosed(char open, char close, const std::vector<std::string>& parts, int indent) {
    std::string out(1, open);
    std::string line = indent < 0 ? "" : "\n" + std::string(static_cast<size_t>(indent + 1) * 2, ' ');
    for (size_t i = 0; i < parts.size(); ++i) out += (i > 0 ? "," : "") + line + parts[i];
    if (indent >= 0 && !parts.empty()) out += "\n" + std::string(static_cast<size_t>(indent) * 2, ' ');
    return out + close;
  }
};

void RunFromJson(duckdb::DataChunk& args, duckdb::ExpressionState& state, duckdb::Vector& result) {
  RunRecords(args, state, result, [](const BoundRecord& bound, const RecordOptions& options, const DuckValue& input) {
    return ReadRecord(bound, options, duckdb::StringValue::Get(input));
  });
}
void RunToJson(duckdb::DataChunk& args, duckdb::ExpressionState& state, duckdb::Vector& result) {
  RunRecords(args, state, result, [](const BoundRecord& bound, const RecordOptions& options, const DuckValue& input) {
    int indent = options.Get("pretty", "false") == "true" ? 0 : -1;
    return DuckValue(ToJson{bound, options}.Write(input, bound.type, indent));
  });
}

}  // namespace

void RegisterJson(Registrar& registrar) {
  registrar.Add("spark_get_json_object", "ss:s", Bind<GetJsonObject>);
  registrar.Add("spark_json_array_length", "s:i", Bind<ArrayLength>);
  registrar.Add("spark_json_object_keys", "s:Ls", Bind<ObjectKeys>);
  registrar.Add("spark_json_field", "ss:s", Bind<JsonField>);
  for (size_t options : {0, 1}) {
    auto from = AnyFunction("spark_from_json", 3 + options, RunFromJson, BindRecord<RecordUse::kRead>);
    from.SetFallible();
    registrar.Add(std::move(from));
    registrar.Add(AnyFunction("spark_to_json", 2 + options, RunToJson, BindRecord<RecordUse::kWrite>));
  }
}

}  // namespace ashlar::engine
