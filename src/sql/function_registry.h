// FunctionRegistry: what the analyzer needs to know of functions. Implemented by module functions as
// data; a function's meaning is Spark's, its lowering a template over DuckDB SQL (plan.h, CallNode).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sql/plan.h"
#include "types/data_type.h"
#include "types/value.h"

namespace ashlar::sql {

enum class FunctionKind { kScalar, kAggregate, kWindow, kGenerator };

struct FunctionArgument {
  DataType type;
  bool nullable = true;
  const Value* constant = nullptr;  // set when the argument is a foldable literal
  bool is_lambda = false;           // then `type` is the type of the lambda's body
  int lambda_params = 0;            // and this the number of its parameters
  std::string sql;                  // Spark's text of the argument, for error messages
};

struct FunctionContext {
  bool ansi = true;
  std::string time_zone = "UTC";
  SourceSpan span;        // of the call
  std::string call_sql;   // Spark's text of the call, for DATATYPE_MISMATCH messages
  bool distinct = false;
  bool last_map_key_wins = false;  // spark.sql.mapKeyDedupPolicy is LAST_WIN
};

struct ResolvedFunction {
  FunctionKind kind = FunctionKind::kScalar;
  std::string name;                         // Spark's pretty name: "substring" for "substr"
  DataType type;                            // a generator: struct of its output columns
  bool nullable = true;
  std::vector<DataType> argument_types;     // the analyzer casts each argument to these (implicit cast)
  std::vector<Value> added_arguments;       // defaults appended after the given ones
  std::string lowering;
  std::string finish;                       // aggregates: see AggregateCallNode
  GeneratorKind generator = GeneratorKind::kExplode;
  bool generator_outer = false;
  bool deterministic = true;
  bool can_throw = false;
  // How many of the arguments Spark's text of the call shows: from_json(j) leaves the schema out.
  size_t shown_arguments = SIZE_MAX;
  // Some functions are better said as other expressions (nvl2, nullif, ifnull): when set, the analyzer
  // replaces the call by this spec expression built over AttributeExpr {"$0"}, {"$1"}, … for the
  // arguments and analyses that instead.
  ExprPtr rewrite;
};

class FunctionRegistry {
 public:
  virtual ~FunctionRegistry() = default;

  // Names are compared without case. nullopt: no such function.
  virtual std::optional<FunctionKind> Find(std::string_view name) const = 0;

  // For higher-order functions: the types (and nullability) of the parameters of the lambda at
  // position `index`, given the arguments before it. Errors: a lambda is not expected there.
  virtual Result<std::vector<Field>> LambdaParameters(std::string_view name, size_t index,
                                                      int lambda_params,
                                                      std::span<const FunctionArgument> before) const = 0;

  // Errors: UNRESOLVED_ROUTINE (42883), WRONG_NUM_ARGS.WITHOUT_SUGGESTION (42605),
  // DATATYPE_MISMATCH.* (42K09), with Spark's parameters and context.span.
  virtual Result<ResolvedFunction> Resolve(std::string_view name, std::span<const FunctionArgument> args,
                                           const FunctionContext& context) const = 0;

  // All names, sorted; for SHOW FUNCTIONS and suggestions.
  virtual std::vector<std::string> Names() const = 0;
};

}  // namespace ashlar::sql
