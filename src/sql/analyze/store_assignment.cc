// How a value is cast to the column it is written to (storeAssignmentPolicy ANSI).
#include "sql/analyze/analysis.h"
#include "sql/analyze/constant_folding.h"
#include "sql/analyze/errors.h"
#include "sql/coercion.h"
#include "types/widening.h"

namespace ashlar::sql {
namespace {

// Whether a number of `from` may lie outside `to`: Spark reports these with the column's name.
bool MayOverflow(const DataType& from, const DataType& to) {
  bool number_or_time = from.IsIntegral() || from.IsFractional() || from.Is(TypeId::kDecimal) || from.Is(TypeId::kTimestamp);
  return number_or_time && (to.IsIntegral() || to.Is(TypeId::kDecimal)) && !CanUpCast(from, to);
}

// A constant that is too large is refused whatever rows there are.
bool NeverFits(const TypedExprPtr& from, const DataType& type, const std::string& time_zone) {
  auto value = FoldExpr(*from, time_zone);
  bool integral = value && !value->is_null() && value->type.IsIntegral() && type.IsIntegral();
  return integral && !FoldExpr(*MakeCast(from, type, TypedCastMode::kTry), time_zone);
}

// As the kernels raise it for a row.
Error WriteOverflow(const std::string& column, const DataType& from, const DataType& to, bool insert) {
  std::map<std::string, std::string> parameters = {
      {"columnName", QuoteIdentifier(column)}, {"sourceType", QuoteType(from)}, {"targetType", QuoteType(to)}};
  if (!insert) {
    parameters["ansiEnabledFlag"] = "spark.sql.ansi.enabled";
    parameters["storeAssignmentPolicyFlag"] = "spark.sql.storeAssignmentPolicy";
    parameters["updateAndMergeCastingFollowsAnsiEnabledFlag"] =
        "spark.databricks.delta.updateAndMergeCastingFollowsAnsiEnabledFlag";
  }
  return MakeSqlError(insert ? "CAST_OVERFLOW_IN_TABLE_INSERT" : "DELTA_CAST_OVERFLOW_IN_TABLE_WRITE", "22003",
                      "A value of the type " + QuoteType(from) + " is too large for the column " + QuoteIdentifier(column) +
                          " of the type " + QuoteType(to) + ". Use `try_cast` on the value to write NULL instead.",
                      std::move(parameters));
}

// `from` cast to the column's type, where a value that does not fit raises the error of a table write.
TypedExprPtr CheckedCast(const TypedExprPtr& from, const DataType& type, const std::string& column, bool insert) {
  TypedExprPtr fitting = MakeCast(from, type, TypedCastMode::kTry);
  std::string raise = insert ? "spark_raise_insert_overflow" : "spark_raise_write_overflow";
  CallNode call{"cast", "coalesce({0}, CASE WHEN {1} IS NOT NULL THEN CAST(" + raise + "({2}, {3}, {4}) AS {type}) END)",
                {fitting, from, MakeLiteral(Value::String(QuoteIdentifier(column))),
                 MakeLiteral(Value::String(from->type.Sql())), MakeLiteral(Value::String(type.Sql()))}};
  call.can_throw = true;
  return MakeTyped(type, from->nullable, from->span, std::move(call));
}

}  // namespace

// Delta casts what is written like CAST does, strings to numbers too; it fails at run time where a value
// does not fit.
Result<TypedExprPtr> Analysis::StoreAssign(TypedExprPtr expr, const Field& target, const std::string& text) {
  // NOT NULL inside of it is a rule for the rows that are written, and no part of a type that values are cast to.
  DataType type = AsNullable(StoredType(target.type));
  SourceSpan span = Span(statement_span_);
  if (!CanCast(expr->type, type, context_.ansi)) {
    return CastMismatch(expr->type, type, text, context_.ansi, false, values_span_.value_or(span));
  }
  // CheckedCast asks for the value twice: one that changes between the two cannot be told by it.
  bool checked = MayOverflow(expr->type, type) && IsDeterministic(expr);
  if (checked && NeverFits(expr, type, context_.time_zone)) return WriteOverflow(target.name, expr->type, type, inserts_);
  if (checked) return CheckedCast(expr, type, target.name, inserts_);
  return ImplicitCast(std::move(expr), type, span);
}

}  // namespace ashlar::sql
