// Window functions, and the generators.
#include <array>

#include "base/text.h"
#include "functions/function_row.h"
#include "sql/analyze/errors.h"

namespace ashlar::functions {
namespace {

using sql::ResolvedFunction;

// lag and lead: the value, an offset that is constant, and a default of the value's type.
Result<ResolvedFunction> LagOrLead(const Call& call) {
  std::vector<DataType> types = {call.type(0)};
  if (call.size() > 1) {
    if (call.args[1].constant == nullptr) return call.NonFoldable(1, "offset");
    if (!sql::CanImplicitlyCast(call.type(1), TypeId::kInt, call.ansi())) return call.Unexpected(1, "\"INT\"");
    types.push_back(TypeId::kInt);
  }
  DataType type = call.type(0);
  if (call.size() > 2) {
    auto common = sql::CommonType(call.type(0), call.type(2), call.ansi());
    if (!common) return call.DiffTypes();
    type = *common;
    types[0] = type;
    types.push_back(type);
  }
  std::string function(call.name);
  std::string args = "{0}" + std::string(call.size() > 1 ? ", {1}" : ", 1") + (call.size() > 2 ? ", {2}" : "");
  auto out = call.Make(type, types, function + "(" + args + ")");
  out.nullable = true;
  if (call.size() > 2) out.nullable = call.args[0].nullable || call.args[2].nullable;
  if (call.size() < 2) {
    out.added_arguments.push_back(Value::Int(1));
    out.argument_types.push_back(TypeId::kInt);
  }
  if (call.size() < 3) {
    out.added_arguments.push_back(Value::Null(type));
    out.argument_types.push_back(type);
  }
  return out;
}

Error OutOfRange(const Call& call, const std::string& what, const std::string& current, const std::string& limit) {
  std::string range = "(0, " + limit + "]";
  return call.Mismatch("VALUE_OUT_OF_RANGE", "The " + what + " must be between " + range + " (current value = " + current + ").",
                       {{"exprName", what}, {"valueRange", range}, {"currentValue", current}});
}

Result<ResolvedFunction> NthValue(const Call& call) {
  if (call.args[1].constant == nullptr) return call.NonFoldable(1, "offset");
  auto offset = call.ConstantInt(1);
  if (!offset) return call.Unexpected(1, "\"INT\"");
  if (*offset <= 0) return OutOfRange(call, "offset", std::to_string(*offset) + "L", "9223372036854775807");
  std::vector<DataType> types = call.Types();
  types[1] = TypeId::kInt;
  auto out = call.Make(call.type(0), types, "nth_value({0}, {1})");
  out.nullable = true;
  return out;
}

Result<ResolvedFunction> Ntile(const Call& call) {
  if (call.size() == 1) {
    if (call.args[0].constant == nullptr) return call.NonFoldable(0, "buckets");
    auto buckets = call.ConstantInt(0);
    if (!buckets) return call.Unexpected(0, "\"INT\"");
    if (*buckets <= 0) return OutOfRange(call, "buckets", std::to_string(*buckets), "2147483647");
  }
  auto out = call.Make(TypeId::kInt, std::vector<DataType>(call.size(), TypeId::kInt),
                       call.size() == 1 ? "ntile({0})" : "ntile(1)");
  out.nullable = false;
  if (call.size() == 0) {
    out.added_arguments.push_back(Value::Int(1));
    out.argument_types.push_back(TypeId::kInt);
  }
  return out;
}

constexpr std::array kWindowRows = {
    FunctionRow{"row_number", "", "int", "row_number()", "N"},
    FunctionRow{"rank=RANK", "", "int", "rank()", "N"},
    FunctionRow{"dense_rank=DENSE_RANK", "", "int", "dense_rank()", "N"},
    FunctionRow{"percent_rank=PERCENT_RANK", "", "double", "percent_rank()", "N"},
    FunctionRow{"cume_dist", "", "double", "cume_dist()", "N"},
    FunctionRow{"ntile", "any?", "", "", "", Ntile},
    FunctionRow{"lag lead", "any, any?, any?", "", "", "", LagOrLead},
    FunctionRow{"nth_value", "any, any", "", "", "", NthValue},
};

ResolvedFunction Generator(const Call& call, sql::GeneratorKind kind, std::vector<Field> columns) {
  auto out = call.Make(DataType::Struct(std::move(columns)), call.Types(), "");
  out.generator = kind;
  out.generator_outer = call.name.ends_with("_outer");
  out.nullable = false;
  if (out.generator_outer) {
    std::vector<Field> nullable = out.type.fields();
    for (Field& field : nullable) field.nullable = true;
    out.type = DataType::Struct(std::move(nullable));
  }
  return out;
}

Result<ResolvedFunction> Explode(const Call& call) {
  const DataType& type = call.type(0);
  bool positions = call.name.starts_with("posexplode");
  std::vector<Field> columns;
  if (positions) columns.push_back({"pos", TypeId::kInt, false});
  if (type.Is(TypeId::kArray)) {
    columns.push_back({"col", type.element(), type.contains_null()});
  } else if (type.Is(TypeId::kMap)) {
    columns.push_back({"key", type.key(), false});
    columns.push_back({"value", type.map_value(), type.value_contains_null()});
  } else {
    return call.Unexpected(0, R"(("ARRAY" or "MAP"))");
  }
  return Generator(call, positions ? sql::GeneratorKind::kPosExplode : sql::GeneratorKind::kExplode,
                   std::move(columns));
}

Result<ResolvedFunction> Inline(const Call& call) {
  bool structs = call.type(0).Is(TypeId::kArray) && call.type(0).element().Is(TypeId::kStruct);
  if (!structs) return call.Unexpected(0, "\"ARRAY<STRUCT>\"");
  std::vector<Field> columns = call.type(0).element().fields();
  if (call.type(0).contains_null()) {
    for (Field& column : columns) column.nullable = true;
  }
  return Generator(call, sql::GeneratorKind::kInline, std::move(columns));
}

// An Inline whose argument is a VARIANT.
Result<ResolvedFunction> VariantExplode(const Call& call) {
  if (!call.type(0).Is(TypeId::kVariant) && !call.IsNull(0)) return call.Unexpected(0, "\"VARIANT\"");
  auto out = Generator(call, sql::GeneratorKind::kInline,
                       {{"pos", TypeId::kInt, false}, {"key", TypeId::kString, true}, {"value", TypeId::kVariant, false}});
  out.argument_types = {TypeId::kVariant};
  return out;
}

Result<ResolvedFunction> Stack(const Call& call) {
  if (call.size() < 2) return call.WrongCount("> 1");
  auto rows = call.ConstantInt(0);
  if (!rows) return call.NonFoldable(0, "n");
  if (*rows <= 0) return OutOfRange(call, "n", std::to_string(*rows), "2147483647");
  size_t count = static_cast<size_t>(*rows);
  size_t width = (call.size() - 1 + count - 1) / count;
  std::vector<Field> columns;
  std::vector<DataType> types = {TypeId::kInt};
  for (size_t column = 0; column < width; ++column) {
    std::vector<DataType> cells;
    bool nullable = false;
    for (size_t row = 0; row < count; ++row) {
      size_t i = 1 + row * width + column;
      if (i < call.size()) cells.push_back(call.type(i));
      nullable |= i >= call.size() || call.args[i].nullable;
    }
    auto common = sql::CommonType(cells, call.ansi());
    if (!common) return call.DiffTypes();
    columns.push_back({"col" + std::to_string(column), *common, nullable});
  }
  auto out = Generator(call, sql::GeneratorKind::kStack, columns);
  for (size_t i = 1; i < call.size(); ++i) types.push_back(columns[(i - 1) % width].type);
  out.argument_types = std::move(types);
  return out;
}

Result<ResolvedFunction> JsonTuple(const Call& call) {
  if (call.size() < 2) return call.WrongCount("> 1");
  for (size_t i = 0; i < call.size(); ++i) {
    if (call.type(i).Is(TypeId::kString)) continue;
    return call.Mismatch("NON_STRING_TYPE", "All arguments of the function `json_tuple` must be strings.",
                         {{"funcName", "`json_tuple`"}});
  }
  std::vector<Field> columns;
  for (size_t i = 1; i < call.size(); ++i) columns.push_back({"c" + std::to_string(i - 1), TypeId::kString, true});
  auto out = Generator(call, sql::GeneratorKind::kJsonTuple, std::move(columns));
  out.argument_types.assign(call.size(), TypeId::kString);
  return out;
}

constexpr std::array kGeneratorRows = {
    FunctionRow{"explode explode_outer posexplode posexplode_outer", "any", "", "", "", Explode},
    FunctionRow{"inline inline_outer", "any", "", "", "", Inline},
    FunctionRow{"variant_explode variant_explode_outer", "any", "", "", "", VariantExplode},
    FunctionRow{"stack", "any...", "", "", "", Stack},
    FunctionRow{"json_tuple", "any...", "", "", "", JsonTuple},
};

}  // namespace

std::span<const FunctionRow> WindowFunctions() { return kWindowRows; }
std::span<const FunctionRow> GeneratorFunctions() { return kGeneratorRows; }

}  // namespace ashlar::functions
