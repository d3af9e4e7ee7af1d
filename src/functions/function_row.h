// FunctionRow: one line of the function tables.
#pragma once

#include <span>
#include <string_view>

#include "functions/call.h"
#include "sql/function_registry.h"

namespace ashlar::functions {

using Resolver = Result<sql::ResolvedFunction> (*)(const Call& call);
using LambdaResolver = Result<std::vector<Field>> (*)(const Call& call, size_t index, int params);

// `flags` is a set of letters:
//   n  the result may be NULL whatever the arguments     N  it is never NULL
//   a  NULL only when all arguments may be               t  may raise at run time
//   r  not deterministic
struct FunctionRow {
  std::string_view names;      // "pow power=POWER": a name, and how Spark shows it when that differs
  std::string_view signature;  // see signature.h
  std::string_view result;     // see signature.h; empty with a resolver
  // A template over DuckDB SQL (sql/plan.h, CallNode). With arguments that may be missing: one template
  // for each number of arguments, from the least on, separated by " ;; ".
  std::string_view lowering;
  std::string_view flags = "";
  Resolver resolve = nullptr;  // does all of it, after the number of arguments is checked
  std::string_view finish = "";
  LambdaResolver lambda = nullptr;
};

struct FunctionTable {
  sql::FunctionKind kind;
  std::span<const FunctionRow> rows;
};

// One for each file under tables/.
std::span<const FunctionRow> ArithmeticFunctions();
std::span<const FunctionRow> CastFunctions();
std::span<const FunctionRow> ConditionalFunctions();
std::span<const FunctionRow> MathFunctions();
std::span<const FunctionRow> StringFunctions();
std::span<const FunctionRow> FormatFunctions();
std::span<const FunctionRow> DatetimeFunctions();
std::span<const FunctionRow> CollectionFunctions();
std::span<const FunctionRow> HigherOrderFunctions();
std::span<const FunctionRow> ValueFunctions();
std::span<const FunctionRow> JsonFunctions();
std::span<const FunctionRow> CsvFunctions();
std::span<const FunctionRow> AggregateFunctions();
std::span<const FunctionRow> WindowFunctions();
std::span<const FunctionRow> GeneratorFunctions();

// date ± interval and the like; nullopt when the operands are for the numeric operator.
Result<std::optional<sql::ResolvedFunction>> ResolveDatetimeArithmetic(const Call& call, char op);

}  // namespace ashlar::functions
