// Call: one function call being resolved. What resolvers of the tables read and build.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sql/coercion.h"
#include "sql/function_registry.h"

namespace ashlar::functions {

struct FunctionRow;

struct Call {
  std::string_view name;  // as called, lower case
  std::span<const sql::FunctionArgument> args;
  const sql::FunctionContext& context;
  const FunctionRow& row;
  size_t min_count = 0;  // of the row's signature

  size_t size() const { return args.size(); }
  const DataType& type(size_t i) const { return args[i].type; }
  bool ansi() const { return context.ansi; }
  // The non-null constant of an integral or string argument.
  std::optional<int64_t> ConstantInt(size_t i) const;
  std::optional<std::string> ConstantText(size_t i) const;
  bool IsNull(size_t i) const { return type(i).Is(TypeId::kNull); }
  std::vector<DataType> Types() const;

  // A scalar with the row's lowering and flags. NULL when any argument is, or when the cast to its
  // type may give NULL.
  sql::ResolvedFunction Make(DataType type, std::vector<DataType> argument_types) const;
  sql::ResolvedFunction Make(DataType type, std::vector<DataType> argument_types,
                             std::string lowering) const;
  // Whether argument `i` may be NULL after its cast.
  bool Nullable(size_t i, std::span<const DataType> argument_types) const;
  bool AnyNullable(std::span<const DataType> argument_types) const;

  // For ResolvedFunction::rewrite: argument `i`, and a call of another function.
  sql::ExprPtr Argument(size_t i) const;
  sql::ExprPtr Function(std::string function, std::vector<sql::ExprPtr> arguments) const;
  sql::ResolvedFunction Rewrite(sql::ExprPtr expression) const;

  // WRONG_NUM_ARGS.WITHOUT_SUGGESTION: `expected` as Spark writes it ("2", "[2, 3]", "> 0").
  Error WrongCount(const std::string& expected) const;
  // DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE; `required` with its quotes ("\"STRING\"").
  Error Unexpected(size_t i, const std::string& required) const;
  // Refuses an argument `i` that is no array.
  Status NeedsArray(size_t i) const;
  // DATATYPE_MISMATCH.<sub>
  Error Mismatch(const std::string& sub, std::string message,
                 std::map<std::string, std::string> parameters) const;
  Error BinaryDiffTypes(const DataType& left, const DataType& right) const;
  Error DiffTypes() const;  // DATA_DIFF_TYPES
  Error NonFoldable(size_t i, const std::string& input_name) const;
};

}  // namespace ashlar::functions
