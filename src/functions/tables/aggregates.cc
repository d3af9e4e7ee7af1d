// Aggregate functions. DISTINCT stands where {distinct} is; FILTER and ORDER BY are the engine's.
#include <array>

#include "functions/function_row.h"
#include "functions/signature.h"
#include "sql/analyze/errors.h"

namespace ashlar::functions {
namespace {

using sql::ResolvedFunction;

Result<ResolvedFunction> Count(const Call& call) {
  if (call.size() == 0) {
    return MakeSqlError("WRONG_NUM_ARGS.WITH_SUGGESTION", "42605",
                        "The `count` requires >= 1 parameters but the actual number is 0. If you have to call this "
                        "function with 0 parameters, set the legacy configuration "
                        "\"spark.sql.legacy.allowParameterlessCount\" to \"true\".",
                        {{"functionName", "`count`"}, {"expectedNum", " >= 1"}, {"actualNum", "0"}, {"legacyNum", "0"},
                         {"legacyConfKey", "\"spark.sql.legacy.allowParameterlessCount\""},
                         {"legacyConfValue", "\"true\""}}, SourceSpan{});
  }
  ResolvedFunction out;
  if (call.size() == 1) {
    out = call.Make(TypeId::kLong, call.Types(), "count({distinct}{0})");
  } else {
    std::string present = "CASE WHEN ", fields;
    for (size_t i = 0; i < call.size(); ++i) {
      std::string arg = "{" + std::to_string(i) + "}";
      present += (i > 0 ? " AND " : "") + arg + " IS NOT NULL";
      fields += (i > 0 ? ", f" : "f") + std::to_string(i) + " := " + arg;
    }
    out = call.Make(TypeId::kLong, call.Types(), "count({distinct}" + present + " THEN struct_pack(" + fields + ") END)");
  }
  out.nullable = false;
  return out;
}

// Numbers and year-month or day-time intervals; strings are read as doubles.
Result<DataType> SummedType(const Call& call) {
  DataType type = call.type(0);
  if (type.Is(TypeId::kNull) || type.Is(TypeId::kString)) return DataType(TypeId::kDouble);
  bool interval = type.Is(TypeId::kYearMonthInterval) || type.Is(TypeId::kDayTimeInterval);
  if (!type.IsNumeric() && !interval) return call.Unexpected(0, R"("NUMERIC" or "ANSI INTERVAL")");
  return type;
}

Result<ResolvedFunction> Sum(const Call& call) {
  ASSIGN_OR_RETURN(DataType type, SummedType(call));
  bool lenient = call.name == "try_sum" || !call.ansi();
  ResolvedFunction out;
  if (type.Is(TypeId::kDecimal)) {
    DataType result = DataType::Decimal(std::min(38, type.precision() + 10), type.scale());
    out = call.Make(result, {type}, "sum({distinct}{0})");
    // Ten more digits take ten thousand million rows to fill.
    out.finish = type.precision() + 10 <= 38 ? "CAST({0} AS {type})"
                 : lenient                   ? "CAST(spark_try_check_sum({0}, {p}, {s}, {span}) AS {type})"
                                             : "CAST(spark_check_sum({0}, {p}, {s}, {span}) AS {type})";
  } else if (type.IsIntegral() || type.Is(TypeId::kDayTimeInterval) || type.Is(TypeId::kYearMonthInterval)) {
    DataType result = type.IsIntegral() ? DataType(TypeId::kLong) : type;
    out = call.Make(result, {type}, "sum({distinct}{0})");
    std::string_view mode = call.name == "try_sum" ? "try_" : call.ansi() ? "" : "wrap_";
    out.finish = "CAST(spark_" + std::string(mode) + "sum_to_bigint({0}) AS {type})";
  } else {
    out = call.Make(TypeId::kDouble, {DataType(TypeId::kDouble)}, "sum({distinct}{0})");
  }
  out.nullable = true;
  return out;
}

// `value` is what is averaged, of type `type`.
ResolvedFunction AverageOf(const Call& call, const DataType& type, std::vector<DataType> types, const std::string& value) {
  ResolvedFunction out;
  if (type.Is(TypeId::kDecimal)) {
    DataType result = sql::AdjustedDecimal(std::min(38, type.precision() + 4), std::min(38, type.scale() + 4));
    if (type.precision() + 4 > 38) {
      result = DataType::Decimal(38, std::min(38, type.scale() + 4));
    }
    out = call.Make(result, types, "spark_avg_decimal({distinct}" + value + ", {p}, {s})");
    out.finish = "CAST({0} AS {type})";
  } else if (type.Is(TypeId::kYearMonthInterval)) {
    out = call.Make(DataType::YearMonthInterval(0, 1), types,
                    "spark_avg_interval({distinct}CAST(" + value + " AS BIGINT))");
    out.finish = "CAST({0} AS INTEGER)";
  } else if (type.Is(TypeId::kDayTimeInterval)) {
    out = call.Make(DataType::DayTimeInterval(0, 3), types, "spark_avg_interval({distinct}" + value + ")");
  } else {
    out = call.Make(TypeId::kDouble, types, "avg({distinct}CAST(" + value + " AS DOUBLE))");
  }
  out.nullable = true;
  return out;
}

Result<ResolvedFunction> Average(const Call& call) {
  ASSIGN_OR_RETURN(DataType type, SummedType(call));
  return AverageOf(call, type, {type.IsNumeric() && !type.Is(TypeId::kDecimal) ? DataType(TypeId::kDouble) : type}, "{0}");
}

// The average of one argument over the pairs that are whole.
Result<ResolvedFunction> PairAverage(const Call& call) {
  size_t at = call.name == "regr_avgx" ? 1 : 0;
  std::vector<DataType> types = call.Types();
  for (DataType& type : types) {
    if (type.Is(TypeId::kNull) || type.Is(TypeId::kString)) type = TypeId::kDouble;
  }
  if (!types[at].IsNumeric()) return call.Unexpected(at, "\"NUMERIC\"");
  std::string value = at == 1 ? "{1}" : "{0}", other = at == 1 ? "{0}" : "{1}";
  return AverageOf(call, types[at], types, "CASE WHEN " + other + " IS NOT NULL THEN " + value + " END");
}

bool Orderable(const DataType& type) {
  if (type.Is(TypeId::kMap) || type.Is(TypeId::kVariant) || type.Is(TypeId::kCalendarInterval)) return false;
  if (type.Is(TypeId::kArray)) return Orderable(type.element());
  if (!type.Is(TypeId::kStruct)) return true;
  for (const Field& field : type.fields()) {
    if (!Orderable(field.type)) return false;
  }
  return true;
}

Result<ResolvedFunction> Extreme(const Call& call) {
  size_t ordering = std::min<size_t>(call.size() - 1, 1);
  if (!Orderable(call.type(ordering))) {
    return call.Mismatch("INVALID_ORDERING_TYPE",
                         "The " + QuoteIdentifier(call.name) + " does not support ordering on type " +
                             sql::QuoteType(call.type(ordering)) + ".",
                         {{"functionName", QuoteIdentifier(call.name)},
                          {"dataType", sql::QuoteType(call.type(ordering))}});
  }
  auto out = call.Make(call.type(0), call.Types());
  if (call.size() == 3) {
    auto count = call.ConstantInt(2);
    if (!count) return call.NonFoldable(2, "k");
    out.type = DataType::Array(call.type(0));
    out.lowering = std::string(call.name == "max_by" ? "arg_max" : "arg_min") + "({distinct}{0}, {1}, " +
                   std::to_string(*count) + ")";
  }
  out.nullable = true;
  return out;
}

// first and last keep NULLs unless told otherwise by a second argument.
Result<ResolvedFunction> FirstOrLast(const Call& call) {
  bool last = call.name == "last" || call.name == "last_value";
  bool ignore = false;
  if (call.size() == 2) {
    if (call.args[1].constant == nullptr) return call.NonFoldable(1, "ignoreNulls");
    auto* flag = std::get_if<bool>(&call.args[1].constant->data);
    if (flag == nullptr) return call.Unexpected(1, "\"BOOLEAN\"");
    ignore = *flag;
  }
  auto out = call.Make(call.type(0), call.Types(), last ? "last({distinct}{0})" : "first({distinct}{0})");
  if (ignore && !last) out.lowering = "any_value({distinct}{0})";
  if (ignore && last) {
    out.lowering = "list({distinct}{0})";
    out.finish = "list_extract(list_filter({0}, lambda e: e IS NOT NULL), -1)";
  }
  out.nullable = true;
  out.deterministic = false;
  return out;
}

Result<ResolvedFunction> Collect(const Call& call) {
  bool set = call.name == "collect_set";
  if (set && call.type(0).Is(TypeId::kMap)) {
    return call.Mismatch("UNSUPPORTED_INPUT_TYPE",
                         "The input of `collect_set` can't be \"MAP\" type data.",
                         {{"functionName", "`collect_set`"}, {"dataType", "\"MAP\""}});
  }
  auto out = call.Make(DataType::Array(call.type(0), false), call.Types(),
                       set ? "list(DISTINCT {0})" : "list({distinct}{0})");
  out.finish = "list_filter(coalesce({0}, CAST([] AS {type})), lambda e: e IS NOT NULL)";
  out.nullable = false;
  if (call.name == "array_agg") out.name = "collect_list";
  return out;
}

Result<ResolvedFunction> TwoDoubles(const Call& call) {
  for (size_t i = 0; i < call.size(); ++i) {
    if (!sql::CanImplicitlyCast(call.type(i), TypeId::kDouble, call.ansi())) return call.Unexpected(i, "\"DOUBLE\"");
  }
  bool count = call.name == "regr_count";
  auto out = call.Make(count ? TypeId::kLong : TypeId::kDouble, std::vector<DataType>(call.size(), TypeId::kDouble));
  out.nullable = !count;
  return out;
}

std::string DoubleList(const Value& value) {
  auto text = [](const Value& item) -> std::string {
    if (auto* number = std::get_if<int64_t>(&item.data)) return std::to_string(*number);
    if (auto* fraction = std::get_if<double>(&item.data)) return std::to_string(*fraction);
    if (auto* unscaled = std::get_if<Int128>(&item.data)) return DecimalToText(*unscaled, item.type.scale());
    return "NULL";
  };
  auto* items = std::get_if<std::vector<Value>>(&value.data);
  if (items == nullptr) return text(value);
  std::string out = "[";
  for (size_t i = 0; i < items->size(); ++i) out += (i > 0 ? ", " : "") + text((*items)[i]);
  return out + "]";
}

Status CheckPercentages(const Call& call, const Value& value) {
  std::vector<Value> items = {value};
  if (auto* list = std::get_if<std::vector<Value>>(&value.data)) items = *list;
  for (const Value& item : items) {
    double number = std::stod(DoubleList(item) == "NULL" ? "-1" : DoubleList(item));
    if (number >= 0 && number <= 1) continue;
    return call.Mismatch("VALUE_OUT_OF_RANGE", "The percentage(s) must be between [0.0, 1.0].",
                         {{"exprName", "percentage"}, {"valueRange", "[0.0, 1.0]"},
                          {"currentValue", DoubleList(item)}});
  }
  return {};
}

// percentile(x, p), percentile_cont and percentile_disc (WITHIN GROUP gives x first), percentile_approx.
Result<ResolvedFunction> Percentile(const Call& call) {
  bool approx = call.name == "percentile_approx" || call.name == "approx_percentile";
  if (call.size() == 3 && !approx) return NotImplemented("percentile with frequencies");
  // A list of constants is folded by DuckDB.
  const Value* percentage = call.args[1].constant;
  bool list = call.type(1).Is(TypeId::kArray);
  if (percentage == nullptr && !list) return call.NonFoldable(1, "percentage");
  if (percentage != nullptr) RETURN_IF_ERROR(CheckPercentages(call, *percentage));
  DataType value = call.type(0);
  bool interval = value.Is(TypeId::kYearMonthInterval) || value.Is(TypeId::kDayTimeInterval);
  bool discrete = approx || call.name == "percentile_disc";
  bool keeps = approx;
  if (value.Is(TypeId::kString) || value.Is(TypeId::kNull)) value = TypeId::kDouble;
  if (!value.IsNumeric() && !interval && !(keeps && value.IsDatetime())) {
    return call.Unexpected(0, R"(("NUMERIC" or "INTERVAL DAY TO SECOND" or "INTERVAL YEAR TO MONTH"))");
  }
  DataType result = keeps || interval ? value : DataType(TypeId::kDouble);
  if (!keeps && !interval) value = TypeId::kDouble;
  std::vector<DataType> types = call.Types();
  types[0] = value;
  std::string function = discrete ? "quantile_disc" : "quantile_cont";
  std::string wanted = percentage != nullptr ? DoubleList(*percentage) : "CAST({1} AS DOUBLE[])";
  auto out = call.Make(list ? DataType::Array(result, false) : result, types,
                       function + "({distinct}{0}, " + wanted + ")");
  if (interval && !keeps) out.finish = "CAST({0} AS {type})";
  out.nullable = true;
  if (call.size() == 2 && (approx || call.name == "percentile")) {
    out.added_arguments.push_back(Value::Int(approx ? 10000 : 1));
    out.argument_types.push_back(TypeId::kInt);
  }
  return out;
}

Result<ResolvedFunction> Median(const Call& call) {
  DataType value = call.type(0);
  if (value.IsInterval()) return NotImplemented("median of intervals");
  if (!sql::CanImplicitlyCast(value, TypeId::kDouble, call.ansi())) return call.Unexpected(0, "\"NUMERIC\"");
  auto out = call.Make(TypeId::kDouble, {DataType(TypeId::kDouble)}, "quantile_cont({distinct}{0}, 0.5)");
  out.nullable = true;
  return out;
}

Result<ResolvedFunction> ListAgg(const Call& call) {
  std::vector<DataType> types(call.size(), TypeId::kString);
  for (size_t i = 0; i < call.size(); ++i) {
    if (call.type(i).Is(TypeId::kBinary)) return NotImplemented("listagg of binary");
    if (!sql::CanImplicitlyCast(call.type(i), TypeId::kString, call.ansi())) {
      return call.Unexpected(i, R"(("STRING" or "BINARY"))");
    }
  }
  auto out = call.Make(TypeId::kString, types, "string_agg({distinct}{0}, '')");
  if (call.size() == 2) {
    if (call.args[1].constant == nullptr) return call.NonFoldable(1, "delimiter");
    out.lowering = call.args[1].constant->is_null() ? "string_agg({distinct}{0}, '')" : "string_agg({distinct}{0}, {1})";
  }
  out.nullable = true;
  if (call.size() == 1) {
    out.added_arguments.push_back(Value::Null(TypeId::kString));
    out.argument_types.push_back(TypeId::kString);
  }
  if (call.name == "string_agg") out.name = "listagg";
  return out;
}

Result<ResolvedFunction> Mode(const Call& call) {
  auto out = call.Make(call.type(0), call.Types(), "mode({distinct}{0})");
  out.nullable = true;
  return out;
}

Result<ResolvedFunction> RefusedAggregate(const Call& call) {
  return NotImplemented("aggregate function " + std::string(call.name));
}

constexpr std::array kAggregatesRows = {
    FunctionRow{"count", "any...", "", "", "", Count},
    FunctionRow{"count_if", "boolean", "bigint", "count({distinct}CASE WHEN {0} THEN {0} END)", "N"},
    FunctionRow{"sum try_sum", "any", "", "", "", Sum},
    FunctionRow{"avg mean try_avg", "any", "", "", "", Average},
    FunctionRow{"min", "any", "", "min({0})", "", Extreme},
    FunctionRow{"max", "any", "", "max({0})", "", Extreme},
    FunctionRow{"min_by", "any, any, any?", "", "arg_min_null({distinct}{0}, {1})", "", Extreme},
    FunctionRow{"max_by", "any, any, any?", "", "arg_max_null({distinct}{0}, {1})", "", Extreme},
    FunctionRow{"first first_value any_value last last_value", "any, any?", "", "", "", FirstOrLast},
    FunctionRow{"collect_list array_agg collect_set", "any", "", "", "", Collect},
    FunctionRow{"bool_and every", "boolean", "boolean", "bool_and({distinct}{0})", "n"},
    FunctionRow{"bool_or some any", "boolean", "boolean", "bool_or({distinct}{0})", "n"},
    FunctionRow{"bit_and", "integral", "$0", "bit_and({distinct}{0})", "n"},
    FunctionRow{"bit_or", "integral", "$0", "bit_or({distinct}{0})", "n"},
    FunctionRow{"bit_xor", "integral", "$0", "bit_xor({distinct}{0})", "n"},
    FunctionRow{"stddev stddev_samp std", "double", "double", "spark_stddev_samp({distinct}{0})", "n"},
    FunctionRow{"stddev_pop", "double", "double", "spark_stddev_pop({distinct}{0})", "n"},
    FunctionRow{"variance var_samp", "double", "double", "spark_var_samp({distinct}{0})", "n"},
    FunctionRow{"var_pop", "double", "double", "spark_var_pop({distinct}{0})", "n"},
    FunctionRow{"skewness", "double", "double", "spark_skewness({distinct}{0})", "n"},
    FunctionRow{"kurtosis", "double", "double", "spark_kurtosis({distinct}{0})", "n"},
    FunctionRow{"corr", "any, any", "", "spark_corr({distinct}{0}, {1})", "", TwoDoubles},
    FunctionRow{"covar_samp", "any, any", "", "spark_covar_samp({distinct}{0}, {1})", "", TwoDoubles},
    FunctionRow{"covar_pop", "any, any", "", "spark_covar_pop({distinct}{0}, {1})", "", TwoDoubles},
    FunctionRow{"regr_slope", "any, any", "", "spark_regr_slope({distinct}{1}, {0})", "", TwoDoubles},
    FunctionRow{"regr_intercept", "any, any", "", "spark_regr_intercept({distinct}{1}, {0})", "", TwoDoubles},
    FunctionRow{"regr_r2", "any, any", "", "spark_regr_r2({distinct}{1}, {0})", "", TwoDoubles},
    FunctionRow{"regr_count", "any, any", "", "regr_count({distinct}{0}, {1})", "", TwoDoubles, "CAST({0} AS BIGINT)"},
    FunctionRow{"regr_avgx regr_avgy", "any, any", "", "", "", PairAverage},
    FunctionRow{"regr_sxx", "any, any", "", "spark_regr_sxx({distinct}{1}, {0})", "", TwoDoubles},
    FunctionRow{"regr_syy", "any, any", "", "spark_regr_sxx({distinct}{0}, {1})", "", TwoDoubles},
    FunctionRow{"regr_sxy", "any, any", "", "spark_regr_sxy({distinct}{1}, {0})", "", TwoDoubles},
    FunctionRow{"percentile percentile_cont percentile_disc percentile_approx approx_percentile", "any, any, any?",
                "", "", "", Percentile},
    FunctionRow{"median", "any", "", "", "", Median},
    FunctionRow{"mode", "any, any?", "", "", "", Mode},
    FunctionRow{"listagg string_agg", "any, any?", "", "", "", ListAgg},
    FunctionRow{"approx_count_distinct", "any, any?", "bigint", "count(DISTINCT {0})", "N"},
    FunctionRow{"histogram_numeric count_min_sketch hll_sketch_agg hll_union_agg bitmap_construct_agg "
                "bitmap_or_agg bitmap_and_agg approx_top_k schema_of_variant_agg",
                "any...", "", "", "", RefusedAggregate},
};

}  // namespace

std::span<const FunctionRow> AggregateFunctions() { return kAggregatesRows; }

}  // namespace ashlar::functions
