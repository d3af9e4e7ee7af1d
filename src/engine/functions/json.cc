// Functions of JSON texts.
#include <algorithm>
#include <cmath>
#include <map>

#include "base/json.h"
#include "base/text.h"
#include "duckdb/common/types/blob.hpp"
#include "duckdb/execution/expression_executor.hpp"
#include "duckdb/main/client_context.hpp"
#include "engine/functions/datetime_pattern.h"
#include "engine/functions/datetime_text.h"
#include "engine/functions/json_text.h"
#include "engine/functions/kernel_binding.h"
#include "engine/functions/number_text.h"
#include "engine/functions/time_zone.h"
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

struct JsonOptions {
  std::map<std::string, std::string> values;  // names in lower case
  std::string Get(const std::string& name, const std::string& otherwise) const {
    auto it = values.find(name);
    return it == values.end() ? otherwise : it->second;
  }
};

JsonOptions ReadOptions(const DuckValue& map) {
  JsonOptions options;
  if (map.IsNull()) return options;
  for (const DuckValue& entry : duckdb::MapValue::GetChildren(map)) {
    const auto& pair = duckdb::StructValue::GetChildren(entry);
    options.values[ToLowerAscii(pair[0].ToString())] = pair[1].ToString();
  }
  return options;
}

// The Spark type is a constant: the schema as JSON.
struct BoundJson : duckdb::FunctionData {
  DataType type;
  duckdb::LogicalType duck;
  const TimeZone* zone = nullptr;
  duckdb::unique_ptr<duckdb::FunctionData> Copy() const override {
    auto copy = duckdb::make_uniq<BoundJson>();
    copy->type = type;
    copy->duck = duck;
    copy->zone = zone;
    return copy;
  }
  bool Equals(const duckdb::FunctionData& other) const override {
    auto& o = other.Cast<BoundJson>();
    return type == o.type && zone == o.zone;
  }
};

// Whether every part could be read; those that could not are NULL.
struct FromJson {
  const BoundJson& bound;
  const JsonOptions& options;
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
    if (!node.Is(Kind::kString)) return Null(duck);
    bool date = type.Is(TypeId::kDate), ntz = type.Is(TypeId::kTimestampNtz);
    std::string pattern = options.Get(date ? "dateformat" : ntz ? "timestampntzformat" : "timestampformat", "");
    std::optional<int64_t> micros;
    if (!pattern.empty()) {
      ParsedDatetime parsed = DatetimePattern::Compile(pattern, DatetimePattern::Use::kParse).Parse(node.text);
      if (parsed.error.empty()) {
        micros = parsed.local_micros;
        if (!date && !ntz) {
          micros = parsed.offset_seconds ? parsed.local_micros - *parsed.offset_seconds * kMicrosPerSecond
                                         : (parsed.zone ? parsed.zone : bound.zone)->ToUtc(parsed.local_micros);
        }
      }
    } else if (date) {
      if (auto days = ParseDate(node.text)) micros = *days * kMicrosPerDay;
    } else {
      micros = ParseTimestamp(node.text, ntz ? nullptr : bound.zone);
    }
    if (!micros) return Null(duck);
    if (date) return DuckValue::DATE(duckdb::date_t(static_cast<int32_t>(FloorDiv(*micros, kMicrosPerDay))));
    if (ntz) return DuckValue::TIMESTAMP(duckdb::timestamp_t(*micros));
    return DuckValue::TIMESTAMPTZ(duckdb::timestamp_tz_t(*micros));
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

[[noreturn]] void FailRecord(const DataType& type) {
  std::string record = "[";
  for (size_t i = 0; i < type.fields().size(); ++i) record += i > 0 ? ",null" : "null";
  record += "]";
  Fail("MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION", "22023",
       "Malformed records are detected in record parsing: " + record + ". Parse Mode: FAILFAST.",
       {{"badRecord", record}, {"failFastMode", "FAILFAST"}});
}

DuckValue ReadRecord(const BoundJson& bound, const JsonOptions& options, const std::string& text) {
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
  int corrupt = Schema{bound.type.fields()}.IndexOf(options.Get("columnnameofcorruptrecord", "_corrupt_record"));
  if (corrupt < 0) return out;
  duckdb::child_list_t<DuckValue> fields;
  const auto& types = duckdb::StructType::GetChildTypes(bound.duck);
  const auto& values = duckdb::StructValue::GetChildren(out);
  for (size_t i = 0; i < values.size(); ++i) {
    fields.emplace_back(types[i].first, static_cast<int>(i) == corrupt ? DuckValue(text) : values[i]);
  }
  return DuckValue::STRUCT(std::move(fields));
}

struct ToJson {
  const BoundJson& bound;
  const JsonOptions& options;

  std::string Timestamp(int64_t micros, bool ntz) {
    std::string pattern = options.Get(ntz ? "timestampntzformat" : "timestampformat",
                                      ntz ? "yyyy-MM-dd'T'HH:mm:ss.SSS" : "yyyy-MM-dd'T'HH:mm:ss.SSSXXX");
    const auto& compiled = DatetimePattern::Compile(pattern, DatetimePattern::Use::kFormat);
    return QuoteJson(compiled.Format(micros, ntz ? TimeZone::Utc() : *bound.zone));
  }

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
      case TypeId::kDate: {
        std::string pattern = options.Get("dateformat", "");
        int64_t days = duckdb::DateValue::Get(value).days;
        if (pattern.empty()) return QuoteJson(DateText(days));
        return QuoteJson(DatetimePattern::Compile(pattern, DatetimePattern::Use::kFormat).Format(days * kMicrosPerDay, TimeZone::Utc()));
      }
      case TypeId::kTimestamp: return Timestamp(value.GetValueUnsafe<int64_t>(), false);
      case TypeId::kTimestampNtz: return Timestamp(value.GetValueUnsafe<int64_t>(), true);
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

template <typename Row>
void RunJson(duckdb::DataChunk& args, duckdb::ExpressionState& state, duckdb::Vector& result, Row row_of) {
  const auto& function = state.expr.Cast<duckdb::BoundFunctionExpression>();
  const auto& bound = function.bind_info->Cast<BoundJson>();
  bool constant = args.AllConstant();
  duckdb::idx_t count = constant ? 1 : args.size();
  result.SetVectorType(duckdb::VectorType::FLAT_VECTOR);
  for (duckdb::idx_t row = 0; row < count; ++row) {
    DuckValue input = args.data[0].GetValue(row);
    JsonOptions options;
    if (args.ColumnCount() > 1) options = ReadOptions(args.data[1].GetValue(row));
    result.SetValue(row, input.IsNull() ? DuckValue(result.GetType()) : row_of(bound, options, input));
  }
  if (constant) result.SetVectorType(duckdb::VectorType::CONSTANT_VECTOR);
}

void RunFromJson(duckdb::DataChunk& args, duckdb::ExpressionState& state, duckdb::Vector& result) {
  RunJson(args, state, result, [](const BoundJson& bound, const JsonOptions& options, const DuckValue& input) {
    return ReadRecord(bound, options, duckdb::StringValue::Get(input));
  });
}
void RunToJson(duckdb::DataChunk& args, duckdb::ExpressionState& state, duckdb::Vector& result) {
  RunJson(args, state, result, [](const BoundJson& bound, const JsonOptions& options, const DuckValue& input) {
    int indent = options.Get("pretty", "false") == "true" ? 0 : -1;
    return DuckValue(ToJson{bound, options}.Write(input, bound.type, indent));
  });
}

// "7B22" as the text DuckDB reads a blob from.
std::string HexAsBlob(std::string_view digits) {
  std::string out;
  for (size_t i = 0; i + 1 < digits.size(); i += 2) out += "\\x" + std::string(digits.substr(i, 2));
  return out;
}

// Arguments: the value, a NULL of the result's type (from_json) or nothing, the schema, the options.
template <bool From>
duckdb::unique_ptr<duckdb::FunctionData> BindJson(duckdb::ClientContext& context, duckdb::ScalarFunction& function,
                                                  duckdb::vector<duckdb::unique_ptr<duckdb::Expression>>& args) {
  auto bound = duckdb::make_uniq<BoundJson>();
  size_t schema_at = From ? 2 : 1;
  std::string digits = duckdb::ExpressionExecutor::EvaluateScalar(context, *args[schema_at]).ToString();
  auto json = ParseJson(duckdb::Blob::ToBlob(HexAsBlob(digits)));
  auto type = json.ok() ? DataType::FromJson(*json) : Result<DataType>(json.error());
  if (!type.ok()) throw duckdb::InvalidInputException("a schema that is not one");
  bound->type = *type;
  bound->duck = From ? args[1]->return_type : duckdb::LogicalType::VARCHAR;
  duckdb::Value zone;
  context.TryGetCurrentSetting("TimeZone", zone);
  bound->zone = TimeZone::Find(zone.IsNull() ? "UTC" : zone.ToString());
  for (size_t i = 0; i < args.size(); ++i) function.arguments[i] = args[i]->return_type;
  function.SetReturnType(bound->duck);
  duckdb::Function::EraseArgument(function, args, schema_at);
  if (From) duckdb::Function::EraseArgument(function, args, 1);
  return bound;
}

}  // namespace

void RegisterJson(Registrar& registrar) {
  registrar.Add("spark_get_json_object", "ss:s", Bind<GetJsonObject>);
  registrar.Add("spark_json_array_length", "s:i", Bind<ArrayLength>);
  registrar.Add("spark_json_object_keys", "s:Ls", Bind<ObjectKeys>);
  registrar.Add("spark_json_field", "ss:s", Bind<JsonField>);
  for (size_t options : {0, 1}) {
    auto from = AnyFunction("spark_from_json", 3 + options, RunFromJson, BindJson<true>);
    from.SetFallible();
    registrar.Add(std::move(from));
    registrar.Add(AnyFunction("spark_to_json", 2 + options, RunToJson, BindJson<false>));
  }
}

}  // namespace ashlar::engine
