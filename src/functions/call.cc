#include "functions/call.h"

#include "functions/function_row.h"
#include "sql/analyze/errors.h"

namespace ashlar::functions {

std::optional<int64_t> Call::ConstantInt(size_t i) const {
  if (i >= size() || args[i].constant == nullptr) return std::nullopt;
  auto* number = std::get_if<int64_t>(&args[i].constant->data);
  return number ? std::optional(*number) : std::nullopt;
}

std::optional<std::string> Call::ConstantText(size_t i) const {
  if (i >= size() || args[i].constant == nullptr) return std::nullopt;
  auto* text = std::get_if<std::string>(&args[i].constant->data);
  return text ? std::optional(*text) : std::nullopt;
}

std::vector<DataType> Call::Types() const {
  std::vector<DataType> types;
  for (const auto& arg : args) types.push_back(arg.type);
  return types;
}

bool Call::Nullable(size_t i, std::span<const DataType> argument_types) const {
  if (args[i].nullable) return true;
  return i < argument_types.size() && sql::CastForcesNullable(args[i].type, argument_types[i]);
}

bool Call::AnyNullable(std::span<const DataType> argument_types) const {
  for (size_t i = 0; i < size(); ++i) {
    if (Nullable(i, argument_types)) return true;
  }
  return false;
}

sql::ResolvedFunction Call::Make(DataType type, std::vector<DataType> argument_types) const {
  // One template for each number of arguments, or one for all.
  std::string_view lowering = row.lowering;
  size_t skip = size() > min_count ? size() - min_count : 0;
  for (size_t at; skip > 0 && (at = lowering.find(" ;; ")) != std::string_view::npos; --skip) {
    lowering.remove_prefix(at + 4);
  }
  lowering = lowering.substr(0, lowering.find(" ;; "));
  return Make(std::move(type), std::move(argument_types), std::string(lowering));
}

sql::ResolvedFunction Call::Make(DataType type, std::vector<DataType> argument_types,
                                 std::string lowering) const {
  sql::ResolvedFunction out;
  out.name = std::string(name);
  out.type = std::move(type);
  out.nullable = AnyNullable(argument_types);
  out.lowering = std::move(lowering);
  out.finish = std::string(row.finish);
  for (char flag : row.flags) {
    switch (flag) {
      case 'n': out.nullable = true; break;
      case 'N': out.nullable = false; break;
      case 'a':
        out.nullable = true;
        for (size_t i = 0; i < size(); ++i) out.nullable = out.nullable && Nullable(i, argument_types);
        break;
      case 't': out.can_throw = true; break;
      case 'r': out.deterministic = false; break;
    }
  }
  out.argument_types = std::move(argument_types);
  return out;
}

sql::ExprPtr Call::Argument(size_t i) const {
  return sql::MakeExpr(sql::AttributeExpr{{"$" + std::to_string(i)}, {}}, context.span);
}

sql::ExprPtr Call::Function(std::string function, std::vector<sql::ExprPtr> arguments) const {
  sql::FunctionExpr call;
  call.name = {std::move(function)};
  call.args = std::move(arguments);
  return sql::MakeExpr(std::move(call), context.span);
}

sql::ResolvedFunction Call::Rewrite(sql::ExprPtr expression) const {
  auto out = Make(TypeId::kNull, Types(), "");
  out.rewrite = std::move(expression);
  return out;
}

Error Call::WrongCount(const std::string& expected) const {
  std::string function = QuoteIdentifier(name);
  // Functions that take any number check it themselves, where Spark has no position.
  bool anywhere = expected.starts_with("> ") || expected.starts_with("2n");
  return MakeSqlError("WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "42605",
                      "The " + function + " requires " + expected + " parameters but the actual number is " +
                          std::to_string(size()) +
                          ". Please, refer to 'https://spark.apache.org/docs/latest/sql-ref-functions.html' "
                          "for a fix.",
                      {{"functionName", function},
                       {"expectedNum", expected},
                       {"actualNum", std::to_string(size())},
                       {"docroot", "https://spark.apache.org/docs/latest"}},
                      anywhere ? SourceSpan{} : context.span);
}

Error Call::Unexpected(size_t i, const std::string& required) const {
  return sql::UnexpectedInput(context.call_sql, i, required, args[i].sql, type(i), context.span);
}

Status Call::NeedsArray(size_t i) const {
  if (type(i).Is(TypeId::kArray)) return {};
  return Unexpected(i, "\"ARRAY\"");
}

Error Call::Mismatch(const std::string& sub, std::string message,
                     std::map<std::string, std::string> parameters) const {
  return sql::TypeMismatch(sub, context.call_sql, std::move(message), std::move(parameters), context.span);
}

Error Call::BinaryDiffTypes(const DataType& left, const DataType& right) const {
  std::string l = sql::QuoteType(left), r = sql::QuoteType(right);
  return Mismatch("BINARY_OP_DIFF_TYPES",
                  "the left and right operands of the binary operator have incompatible types (" + l +
                      " and " + r + ").",
                  {{"left", l}, {"right", r}});
}

Error Call::DiffTypes() const {
  return sql::DataDiffTypes(context.call_sql, std::string(name), Types(), context.span);
}

Error Call::NonFoldable(size_t i, const std::string& input_name) const {
  std::string quoted = QuoteIdentifier(input_name);
  return Mismatch("NON_FOLDABLE_INPUT",
                  "the input " + quoted + " should be a foldable " + sql::QuoteType(type(i)) +
                      " expression; however, got " + sql::QuoteSql(args[i].sql) + ".",
                  {{"inputName", quoted}, {"inputType", sql::QuoteType(type(i))},
                   {"inputExpr", sql::QuoteSql(args[i].sql)}});
}

}  // namespace ashlar::functions
