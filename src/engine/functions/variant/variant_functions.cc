// The functions of VARIANT, which DuckDB sees as STRUCT(f0 value, f1 metadata). Types are given as the
// hexadecimal JSON of a DataType, with a NULL of the DuckDB type where it is the result's.
#include "engine/functions/variant/variant_functions.h"

#include <algorithm>
#include <cmath>

#include "base/json.h"
#include "base/text.h"
#include "duckdb/execution/expression_executor.hpp"
#include "duckdb/main/client_context.hpp"
#include "engine/functions/datetime_text.h"
#include "engine/functions/json_text.h"
#include "engine/functions/kernel_binding.h"
#include "engine/functions/number_text.h"
#include "engine/functions/time_zone.h"
#include "engine/functions/variant/variant_schema.h"
#include "engine/functions/variant/variant_value.h"
#include "types/data_type.h"

namespace ashlar::engine {
namespace {

using Kind = VariantNode::Kind;
using Text = std::string_view;
using duckdb::LogicalType;
using DuckValue = duckdb::Value;

struct BoundVariant : duckdb::FunctionData {
  DataType type;
  LogicalType duck;
  const TimeZone* zone = nullptr;
  duckdb::unique_ptr<duckdb::FunctionData> Copy() const override {
    auto copy = duckdb::make_uniq<BoundVariant>();
    copy->type = type;
    copy->duck = duck;
    copy->zone = zone;
    return copy;
  }
  bool Equals(const duckdb::FunctionData& other) const override {
    const auto& o = other.Cast<BoundVariant>();
    return type == o.type && duck == o.duck && zone == o.zone;
  }
};

// ---- paths --------------------------------------------------------------------------------------

struct PathStep {
  std::optional<size_t> index;
  std::string name;
};

// "$.a[0]['b c']"
std::optional<std::vector<PathStep>> ParsePath(Text path) {
  if (!path.starts_with('$')) return std::nullopt;
  std::vector<PathStep> steps;
  for (size_t i = 1; i < path.size();) {
    if (path[i] == '.') {
      size_t end = std::min(path.find_first_of(".[", i + 1), path.size());
      if (end == i + 1) return std::nullopt;
      steps.push_back({std::nullopt, std::string(path.substr(i + 1, end - i - 1))});
      i = end;
    } else if (path[i] == '[' && i + 1 < path.size() && (path[i + 1] == '\'' || path[i + 1] == '"')) {
      size_t end = path.find(path[i + 1], i + 2);
      if (end == Text::npos || end + 1 >= path.size() || path[end + 1] != ']') return std::nullopt;
      steps.push_back({std::nullopt, std::string(path.substr(i + 2, end - i - 2))});
      i = end + 2;
    } else if (path[i] == '[') {
      size_t end = path.find(']', i);
      auto index = end == Text::npos ? std::nullopt : ParseInt64(path.substr(i + 1, end - i - 1));
      if (!index || *index < 0) return std::nullopt;
      steps.push_back({static_cast<size_t>(*index), ""});
      i = end + 1;
    } else {
      return std::nullopt;
    }
  }
  return steps;
}

const VariantNode* Walk(const VariantNode& node, const std::vector<PathStep>& steps) {
  const VariantNode* at = &node;
  for (const PathStep& step : steps) {
    size_t child = 0;
    if (step.index) {
      if (!at->Is(Kind::kArray)) return nullptr;
      child = *step.index;
    } else {
      if (!at->Is(Kind::kObject)) return nullptr;
      child = static_cast<size_t>(std::ranges::find(at->names, step.name) - at->names.begin());
    }
    if (child >= at->children.size()) return nullptr;
    at = &at->children[child];
  }
  return at;
}

// ---- to Spark's types ---------------------------------------------------------------------------

std::string PlainDecimal(const VariantNode& node) { return PlainText(WideInteger::From(node.unscaled), node.scale); }

// Casts as CAST does, but for what variants refuse; nullopt: it cannot be.
class Conversion {
 public:
  explicit Conversion(const TimeZone& zone) : zone_(zone) {}

  std::optional<DuckValue> To(const VariantNode& node, const DataType& type, const LogicalType& duck) const {
    if (type.Is(TypeId::kVariant)) return MakeVariant(node);
    if (node.Is(Kind::kNull)) return DuckValue(duck);
    switch (type.id()) {
      case TypeId::kArray: return ToArray(node, type, duck);
      case TypeId::kMap: return ToMap(node, type, duck);
      case TypeId::kStruct: return ToStruct(node, type, duck);
      case TypeId::kString: return DuckValue(ToText(node));
      case TypeId::kBoolean: return ToBoolean(node);
      case TypeId::kDate:
      case TypeId::kTimestamp:
      case TypeId::kTimestampNtz:
        return ToDatetime(node, type);
      case TypeId::kBinary:
        if (!node.Is(Kind::kBinary) && !node.Is(Kind::kString)) return std::nullopt;
        return DuckValue::BLOB_RAW(node.text);
      default: return ToNumber(node, type, duck);
    }
  }

  std::string ToText(const VariantNode& node) const {
    switch (node.kind) {
      case Kind::kString:
      case Kind::kBinary: return node.text;
      case Kind::kDate: return DateText(node.number);
      case Kind::kTimestamp: return TimestampText(zone_.ToLocal(node.number));
      case Kind::kTimestampNtz: return TimestampText(node.number);
      case Kind::kDouble: return DoubleText(node.floating);
      case Kind::kFloat: return FloatText(static_cast<float>(node.floating));
      default: return VariantJson(node, zone_);
    }
  }

 private:
  std::optional<DuckValue> ToBoolean(const VariantNode& node) const {
    switch (node.kind) {
      case Kind::kBoolean:
      case Kind::kLong: return DuckValue::BOOLEAN(node.number != 0);
      case Kind::kDecimal: return DuckValue::BOOLEAN(node.unscaled != 0);
      case Kind::kFloat:
      case Kind::kDouble: return DuckValue::BOOLEAN(node.floating != 0);
      case Kind::kString:
        if (auto value = ParseBoolean(node.text)) return DuckValue::BOOLEAN(*value);
        return std::nullopt;
      default: return std::nullopt;
    }
  }

  std::optional<DuckValue> ToNumber(const VariantNode& node, const DataType& type, const LogicalType& duck) const {
    bool text = node.Is(Kind::kString), floating = node.Is(Kind::kDouble) || node.Is(Kind::kFloat);
    bool known = text || floating || node.Is(Kind::kLong) || node.Is(Kind::kBoolean) || node.Is(Kind::kDecimal);
    if (!known) return std::nullopt;
    std::string number = text ? node.text : node.Is(Kind::kDecimal) ? PlainDecimal(node)
                         : floating ? DoubleText(node.floating) : std::to_string(node.number);
    if (type.IsFractional()) {
      auto value = ParseDouble(number);
      if (!value) return std::nullopt;
      return type.Is(TypeId::kFloat) ? DuckValue::FLOAT(static_cast<float>(*value)) : DuckValue::DOUBLE(*value);
    }
    if (type.IsIntegral() && text && !ParseIntegral(number, false)) return std::nullopt;
    if (!type.IsIntegral() && !type.Is(TypeId::kDecimal)) return std::nullopt;
    auto decimal = ParseDecimal(number);
    if (!decimal || decimal->too_large) return std::nullopt;
    if (type.IsIntegral()) {
      // Cut off, not rounded.
      size_t point = std::string::npos;
      std::string plain = PlainText(decimal->unscaled, decimal->scale);
      point = plain.find('.');
      auto value = ParseInt64(plain.substr(0, point) == "-0" ? "0" : plain.substr(0, point));
      return value ? Fitted(DuckValue::BIGINT(*value), duck) : std::nullopt;
    }
    auto unscaled = decimal->scale > type.scale() ? std::optional(decimal->unscaled.DividedByPowerOfTen(decimal->scale - type.scale()))
                                                  : decimal->unscaled.TimesPowerOfTen(type.scale() - decimal->scale);
    if (!unscaled || !unscaled->FitsDigits(type.precision())) return std::nullopt;
    return Fitted(DuckValue(PlainText(*unscaled, type.scale())), duck);
  }

  static std::optional<DuckValue> Fitted(const DuckValue& value, const LogicalType& duck) {
    DuckValue out;
    std::string error;
    if (!value.DefaultTryCastAs(duck, out, &error)) return std::nullopt;
    return out;
  }

  std::optional<DuckValue> ToDatetime(const VariantNode& node, const DataType& type) const {
    std::optional<int64_t> local;  // microseconds of the wall clock
    switch (node.kind) {
      case Kind::kDate: local = node.number * kMicrosPerDay; break;
      case Kind::kTimestamp: local = zone_.ToLocal(node.number); break;
      case Kind::kTimestampNtz: local = node.number; break;
      case Kind::kString:
        if (type.Is(TypeId::kDate)) {
          if (auto days = ParseDate(TrimForCast(node.text))) local = int64_t{*days} * kMicrosPerDay;
        } else {
          bool ntz = type.Is(TypeId::kTimestampNtz);
          local = ParseTimestamp(TrimForCast(node.text), ntz ? nullptr : &zone_);
          if (local && !ntz) local = zone_.ToLocal(*local);
        }
        break;
      default: break;
    }
    if (!local) return std::nullopt;
    if (type.Is(TypeId::kDate)) return DuckValue::DATE(duckdb::date_t(static_cast<int32_t>(FloorDiv(*local, kMicrosPerDay))));
    if (type.Is(TypeId::kTimestampNtz)) return DuckValue::TIMESTAMP(duckdb::timestamp_t(*local));
    int64_t instant = node.Is(Kind::kTimestamp) ? node.number : zone_.ToUtc(*local);
    return DuckValue::TIMESTAMPTZ(duckdb::timestamp_tz_t(instant));
  }

  std::optional<DuckValue> ToArray(const VariantNode& node, const DataType& type, const LogicalType& duck) const {
    if (!node.Is(Kind::kArray)) return std::nullopt;
    const LogicalType& element = duckdb::ListType::GetChildType(duck);
    duckdb::vector<DuckValue> items;
    for (const VariantNode& child : node.children) {
      auto item = To(child, type.element(), element);
      if (!item) return std::nullopt;
      items.push_back(*std::move(item));
    }
    return DuckValue::LIST(element, std::move(items));
  }

  std::optional<DuckValue> ToMap(const VariantNode& node, const DataType& type, const LogicalType& duck) const {
    if (!node.Is(Kind::kObject) || !type.key().Is(TypeId::kString)) return std::nullopt;
    const LogicalType& value_type = duckdb::MapType::ValueType(duck);
    duckdb::vector<DuckValue> keys, values;
    for (size_t i = 0; i < node.children.size(); ++i) {
      auto value = To(node.children[i], type.map_value(), value_type);
      if (!value) return std::nullopt;
      keys.push_back(DuckValue(node.names[i]));
      values.push_back(*std::move(value));
    }
    return DuckValue::MAP(LogicalType::VARCHAR, value_type, std::move(keys), std::move(values));
  }

  std::optional<DuckValue> ToStruct(const VariantNode& node, const DataType& type, const LogicalType& duck) const {
    if (!node.Is(Kind::kObject)) return std::nullopt;
    const auto& children = duckdb::StructType::GetChildTypes(duck);
    duckdb::child_list_t<DuckValue> fields;
    for (size_t i = 0; i < type.fields().size(); ++i) {
      auto at = static_cast<size_t>(std::ranges::find(node.names, type.fields()[i].name) - node.names.begin());
      auto value = at < node.children.size() ? To(node.children[at], type.fields()[i].type, children[i].second)
                                             : std::optional(DuckValue(children[i].second));
      if (!value) return std::nullopt;
      fields.emplace_back(children[i].first, *std::move(value));
    }
    return DuckValue::STRUCT(std::move(fields));
  }

  const TimeZone& zone_;
};

// ---- functions ----------------------------------------------------------------------------------

// A row of values to a value; NULL in the first gives NULL unless `on_null` says otherwise.
using RowFunction = DuckValue (*)(const BoundVariant&, const duckdb::vector<DuckValue>&);

template <RowFunction Function, bool NullGivesNull = true>
void RunRows(duckdb::DataChunk& args, duckdb::ExpressionState& state, duckdb::Vector& result) {
  const auto& bound = state.expr.Cast<duckdb::BoundFunctionExpression>().bind_info->Cast<BoundVariant>();
  bool constant = args.AllConstant();
  duckdb::idx_t count = constant ? 1 : args.size();
  result.SetVectorType(duckdb::VectorType::FLAT_VECTOR);
  for (duckdb::idx_t row = 0; row < count; ++row) {
    duckdb::vector<DuckValue> values;
    for (auto& column : args.data) values.push_back(column.GetValue(row));
    result.SetValue(row, NullGivesNull && values[0].IsNull() ? DuckValue(result.GetType()) : Function(bound, values));
  }
  if (constant) result.SetVectorType(duckdb::VectorType::CONSTANT_VECTOR);
}

template <bool Try>
DuckValue ParseJsonRow(const BoundVariant&, const duckdb::vector<DuckValue>& args) {
  const std::string& text = duckdb::StringValue::Get(args[0]);
  auto json = ReadJson(text);
  auto node = json ? VariantFromJson(*json) : std::nullopt;
  if (node) return MakeVariant(*node);
  if (Try) return DuckValue(DuckVariantType());
  Fail("MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION", "22023",
       "Malformed records are detected in record parsing: " + text + ". Parse Mode: FAILFAST.",
       {{"badRecord", text}, {"failFastMode", "FAILFAST"}});
}

// Arguments: the variant, the path.
template <bool Try>
DuckValue GetRow(const BoundVariant& bound, const duckdb::vector<DuckValue>& args) {
  if (args[1].IsNull()) return DuckValue(bound.duck);
  const std::string& path = duckdb::StringValue::Get(args[1]);
  auto steps = ParsePath(path);
  if (!steps) {
    std::string name = Try ? "`try_variant_get`" : "`variant_get`";
    Fail("INVALID_VARIANT_GET_PATH", "22023",
         "The path `" + path + "` is not a valid variant extraction path in " + name + ".", {{"path", path}, {"functionName", name}});
  }
  VariantNode node = OpenVariant(args[0]);
  const VariantNode* found = Walk(node, *steps);
  if (found == nullptr) return DuckValue(bound.duck);
  if (auto value = Conversion(*bound.zone).To(*found, bound.type, bound.duck)) return *value;
  if (Try) return DuckValue(bound.duck);
  std::string shown = VariantJson(*found, *bound.zone), type = "\"" + ToUpperAscii(bound.type.SimpleString()) + "\"";
  Fail("INVALID_VARIANT_CAST", "22023",
       "The variant value `" + shown + "` cannot be cast into " + type + ". Please use `try_variant_get` instead.",
       {{"value", shown}, {"dataType", type}});
}

DuckValue ToVariantRow(const BoundVariant& bound, const duckdb::vector<DuckValue>& args) {
  return MakeVariant(VariantFromValue(args[0], bound.type));
}
DuckValue JsonRow(const BoundVariant& bound, const duckdb::vector<DuckValue>& args) {
  return DuckValue(VariantJson(OpenVariant(args[0]), *bound.zone));
}
DuckValue SchemaRow(const BoundVariant&, const duckdb::vector<DuckValue>& args) { return DuckValue(VariantSchema(OpenVariant(args[0]))); }

LogicalType VariantEntryType() {
  return LogicalType::STRUCT({{"f0", LogicalType::INTEGER}, {"f1", LogicalType::VARCHAR}, {"f2", DuckVariantType()}});
}
// The elements of an array, the fields of an object; nothing of others.
DuckValue EntriesRow(const BoundVariant&, const duckdb::vector<DuckValue>& args) {
  VariantNode node = OpenVariant(args[0]);
  duckdb::vector<DuckValue> entries;
  for (size_t i = 0; i < node.children.size(); ++i) {
    DuckValue key = node.Is(Kind::kObject) ? DuckValue(node.names[i]) : DuckValue(LogicalType::VARCHAR);
    entries.push_back(DuckValue::STRUCT(
        {{"f0", DuckValue::INTEGER(static_cast<int32_t>(i))}, {"f1", std::move(key)}, {"f2", MakeVariant(node.children[i])}}));
  }
  return DuckValue::LIST(VariantEntryType(), std::move(entries));
}
DuckValue IsNullRow(const BoundVariant&, const duckdb::vector<DuckValue>& args) {
  return DuckValue::BOOLEAN(!args[0].IsNull() && OpenVariant(args[0]).Is(Kind::kNull));
}

std::string FromHexadecimal(Text digits) {
  auto digit = [](char c) { return c <= '9' ? c - '0' : (c | 32) - 'a' + 10; };
  std::string out;
  for (size_t i = 0; i + 1 < digits.size(); i += 2) out += static_cast<char>(digit(digits[i]) * 16 + digit(digits[i + 1]));
  return out;
}

// The argument at `TypeAt` is the type (none: -1); with `ResultAt` a NULL of the result's type.
template <int TypeAt, int ResultAt>
duckdb::unique_ptr<duckdb::FunctionData> BindVariant(duckdb::ClientContext& context, duckdb::ScalarFunction& function,
                                                     duckdb::vector<duckdb::unique_ptr<duckdb::Expression>>& args) {
  auto bound = duckdb::make_uniq<BoundVariant>();
  bound->zone = SessionZone(context);
  for (size_t i = 0; i < args.size(); ++i) function.arguments[i] = args[i]->return_type;
  if (TypeAt >= 0) {
    std::string digits = duckdb::ExpressionExecutor::EvaluateScalar(context, *args[TypeAt]).ToString();
    auto json = ParseJson(FromHexadecimal(digits));
    auto type = json.ok() ? DataType::FromJson(*json) : Result<DataType>(json.error());
    if (!type.ok()) throw duckdb::InvalidInputException("a type that is not one");
    bound->type = *type;
  }
  if (ResultAt >= 0) {
    bound->duck = args[ResultAt]->return_type;
    function.SetReturnType(bound->duck);
    duckdb::Function::EraseArgument(function, args, ResultAt);
  }
  if (TypeAt >= 0) duckdb::Function::EraseArgument(function, args, TypeAt);
  return bound;
}

void Add(Registrar& registrar, const char* name, size_t arguments, RunFunction run, duckdb::bind_scalar_function_t bind,
         const LogicalType& result, Throws throws) {
  auto function = AnyFunction(name, arguments, run, bind);
  function.SetReturnType(result);
  if (throws == Throws::kYes) function.SetFallible();
  registrar.Add(std::move(function));
}

}  // namespace

// spark_variant_get(variant, path, type, NULL of its type); spark_to_variant(value, type).
void RegisterVariants(Registrar& registrar) {
  Add(registrar, "spark_parse_json", 1, RunRows<ParseJsonRow<false>>, BindVariant<-1, -1>, DuckVariantType(), Throws::kYes);
  Add(registrar, "spark_try_parse_json", 1, RunRows<ParseJsonRow<true>>, BindVariant<-1, -1>, DuckVariantType(), Throws::kNo);
  Add(registrar, "spark_variant_get", 4, RunRows<GetRow<false>>, BindVariant<2, 3>, LogicalType::VARCHAR, Throws::kYes);
  Add(registrar, "spark_try_variant_get", 4, RunRows<GetRow<true>>, BindVariant<2, 3>, LogicalType::VARCHAR, Throws::kYes);
  Add(registrar, "spark_to_variant", 2, RunRows<ToVariantRow>, BindVariant<1, -1>, DuckVariantType(), Throws::kYes);
  Add(registrar, "spark_variant_json", 1, RunRows<JsonRow>, BindVariant<-1, -1>, LogicalType::VARCHAR, Throws::kYes);
  Add(registrar, "spark_schema_of_variant", 1, RunRows<SchemaRow>, BindVariant<-1, -1>, LogicalType::VARCHAR, Throws::kYes);
  Add(registrar, "spark_variant_entries", 1, RunRows<EntriesRow>, BindVariant<-1, -1>, LogicalType::LIST(VariantEntryType()), Throws::kYes);
  Add(registrar, "spark_is_variant_null", 1, RunRows<IsNullRow, false>, BindVariant<-1, -1>, LogicalType::BOOLEAN, Throws::kYes);
}

}  // namespace ashlar::engine
