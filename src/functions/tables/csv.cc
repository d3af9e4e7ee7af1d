// CSV functions: records of plain values.
#include <algorithm>
#include <array>

#include "functions/function_row.h"
#include "functions/record_schema.h"
#include "sql/analyze/errors.h"
#include "types/widening.h"

namespace ashlar::functions {
namespace {

using sql::ResolvedFunction;

const DataType& StringMap() {
  static const DataType kType = DataType::Map(TypeId::kString, TypeId::kString);
  return kType;
}

bool HoldsOnlyPlainValues(const DataType& record) {
  return std::ranges::none_of(record.fields(), [](const Field& field) {
    return field.type.IsNested() || field.type.IsInterval() || field.type.Is(TypeId::kBinary) || field.type.Is(TypeId::kVariant);
  });
}

Result<ResolvedFunction> FromCsv(const Call& call) {
  if (!call.type(0).Is(TypeId::kString) && !call.IsNull(0)) return call.Unexpected(0, "\"STRING\"");
  ASSIGN_OR_RETURN(DataType schema, SchemaArgument(call, 1));
  RETURN_IF_ERROR(CheckOptions(call, 2));
  if (!schema.Is(TypeId::kStruct)) {
    std::string shown = sql::QuoteSql(call.args[1].sql);
    return MakeSqlError("INVALID_SCHEMA.NON_STRUCT_TYPE", "42K07",
                        "The input schema " + shown + " is not a valid schema string. The input expression should be "
                        "evaluated to struct type, but got " + sql::QuoteType(schema) + ".",
                        {{"inputSchema", shown}, {"dataType", sql::QuoteType(schema)}}, call.context.span);
  }
  if (!HoldsOnlyPlainValues(schema)) return NotImplemented("from_csv to " + schema.SimpleString());
  DataType type = AsNullable(schema);
  std::vector<DataType> types = {TypeId::kString, TypeId::kString};
  if (call.size() == 3) types.push_back(StringMap());
  auto out = call.Make(type, types, "spark_from_csv({0}, CAST(NULL AS {type}), " + TypeConstant(type) +
                                        (call.size() == 3 ? ", {2})" : ")"));
  out.nullable = call.args[0].nullable;
  out.can_throw = true;
  out.shown_arguments = 1;
  return out;
}

Result<ResolvedFunction> ToCsv(const Call& call) {
  if (call.IsNull(0)) {
    auto null = call.Make(TypeId::kString, call.Types(), "CAST(NULL AS VARCHAR)");
    null.nullable = true;
    return null;
  }
  if (!call.type(0).Is(TypeId::kStruct)) {
    return call.Mismatch("UNSUPPORTED_INPUT_TYPE",
                         "The input of `to_csv` can't be " + sql::QuoteType(call.type(0)) + " type data.",
                         {{"functionName", "`to_csv`"}, {"dataType", sql::QuoteType(call.type(0))}});
  }
  RETURN_IF_ERROR(CheckOptions(call, 1));
  if (!HoldsOnlyPlainValues(call.type(0))) return NotImplemented("to_csv of " + call.type(0).SimpleString());
  std::vector<DataType> types = {call.type(0)};
  if (call.size() == 2) types.push_back(StringMap());
  auto out = call.Make(TypeId::kString, types,
                       "spark_to_csv({0}, " + TypeConstant(call.type(0)) + (call.size() == 2 ? ", {1})" : ")"));
  out.nullable = true;
  out.shown_arguments = 1;
  return out;
}

// Of the options it is the separator that matters here.
Result<ResolvedFunction> SchemaOfCsv(const Call& call) {
  if (call.args[0].constant == nullptr) return call.NonFoldable(0, "csv");
  if (call.args[0].constant->is_null()) {
    return call.Mismatch("UNEXPECTED_NULL", "The `csv` must not be null.", {{"exprName", "csv"}});
  }
  RETURN_IF_ERROR(CheckOptions(call, 1));
  std::vector<DataType> types = {TypeId::kString};
  if (call.size() == 2) types.push_back(StringMap());
  std::string separator = "coalesce(map_extract_value({1}, 'sep'), map_extract_value({1}, 'delimiter'), ',')";
  auto out = call.Make(TypeId::kString, types, "spark_schema_of_csv({0}, " + (call.size() == 2 ? separator : "','") + ")");
  out.nullable = false;
  out.shown_arguments = 1;
  return out;
}

constexpr std::array kCsvRows = {
    FunctionRow{"from_csv", "any, any, any?", "", "", "", FromCsv},
    FunctionRow{"to_csv", "any, any?", "", "", "", ToCsv},
    FunctionRow{"schema_of_csv", "any, any?", "", "", "", SchemaOfCsv},
};

}  // namespace

std::span<const FunctionRow> CsvFunctions() { return kCsvRows; }

}  // namespace ashlar::functions
