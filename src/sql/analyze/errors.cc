#include "sql/analyze/errors.h"

#include "base/text.h"
#include "sql/analyze/scope.h"
#include "sql/coercion.h"

namespace ashlar::sql {

std::string QuoteType(const DataType& type) { return QuoteSql(type.Sql()); }
std::string QuoteSql(const std::string& text) { return "\"" + text + "\""; }

std::string OrdinalName(size_t index) {
  static constexpr const char* kNames[] = {"first", "second", "third", "fourth", "fifth",
                                           "sixth", "seventh", "eighth", "ninth", "tenth"};
  if (index < std::size(kNames)) return kNames[index];
  size_t n = index + 1;
  const char* suffix = "th";
  if (n % 100 < 11 || n % 100 > 13) {
    if (n % 10 == 1) suffix = "st";
    if (n % 10 == 2) suffix = "nd";
    if (n % 10 == 3) suffix = "rd";
  }
  return std::to_string(n) + suffix;
}

Error TypeMismatch(const std::string& sub, const std::string& call_text, std::string message,
                   std::map<std::string, std::string> parameters, SourceSpan span) {
  parameters["sqlExpr"] = QuoteSql(call_text);
  return MakeSqlError("DATATYPE_MISMATCH." + sub, "42K09",
                      "Cannot resolve " + QuoteSql(call_text) + " due to data type mismatch: " + message,
                      std::move(parameters), span);
}

Error UnexpectedInput(const std::string& call_text, size_t index, const std::string& required,
                      const std::string& input_text, const DataType& type, SourceSpan span) {
  std::string place = OrdinalName(index);
  return TypeMismatch("UNEXPECTED_INPUT_TYPE", call_text,
                      "The " + place + " parameter requires the " + required + " type, however " +
                          QuoteSql(input_text) + " has the type " + QuoteType(type) + ".",
                      {{"paramIndex", place},
                       {"requiredType", required},
                       {"inputSql", QuoteSql(input_text)},
                       {"inputType", QuoteType(type)}},
                      span);
}

Error DataDiffTypes(const std::string& call_text, const std::string& function,
                    std::span<const DataType> types, SourceSpan span) {
  std::vector<std::string> shown;
  for (const DataType& type : types) shown.push_back(QuoteType(type));
  // IN and CASE list the types, functions offer them.
  bool lists = function == "in" || function == "casewhen";
  std::string list = lists ? "[" + Join(shown, ", ") + "]" : "(" + Join(shown, " or ") + ")";
  std::string name = QuoteIdentifier(function);
  return TypeMismatch("DATA_DIFF_TYPES", call_text,
                      "Input to " + name + " should all be the same type, but it's " + list + ".",
                      {{"functionName", name}, {"dataType", list}}, span);
}

Error CastMismatch(const DataType& from, const DataType& to, const std::string& text, bool ansi, bool try_cast,
                   SourceSpan span) {
  std::map<std::string, std::string> parameters = {{"srcType", QuoteType(from)}, {"targetType", QuoteType(to)}};
  std::string message = "cannot cast " + QuoteType(from) + " to " + QuoteType(to) + ".";
  std::string function;
  if (from.IsNumeric() && to.Is(TypeId::kDate)) function = "DATE_FROM_UNIX_DATE";
  if (from.Is(TypeId::kDate) && to.IsNumeric()) function = "UNIX_DATE";
  if (ansi && !function.empty()) {
    parameters["functionNames"] = "`" + function + "`";
    return TypeMismatch("CAST_WITH_FUNC_SUGGESTION", text,
                        message + "\nTo convert values from " + QuoteType(from) + " to " + QuoteType(to) +
                            ", you can use the functions `" + function + "` instead.",
                        std::move(parameters), span);
  }
  if (ansi && !try_cast && CanCast(from, to, false)) {
    parameters["config"] = "\"spark.sql.ansi.enabled\"";
    parameters["configVal"] = "'false'";
    return TypeMismatch("CAST_WITH_CONF_SUGGESTION", text,
                        message + "\nIf you have to cast " + QuoteType(from) + " to " + QuoteType(to) +
                            ", you can set \"spark.sql.ansi.enabled\" as 'false'.",
                        std::move(parameters), span);
  }
  return TypeMismatch("CAST_WITHOUT_SUGGESTION", text, message, std::move(parameters), span);
}

Error MissingAggregation(const std::string& column_text) {
  std::string any = QuoteSql("any_value(" + column_text + ")");
  return MakeSqlError("MISSING_AGGREGATION", "42803",
                      "The non-aggregating expression " + QuoteSql(column_text) +
                          " is based on columns which are not participating in the GROUP BY clause.\nAdd the "
                          "columns or the expression to the GROUP BY, aggregate the expression, or use " +
                          any + " if you do not care which of the values within a group is returned.",
                      {{"expression", QuoteSql(column_text)}, {"expressionAnyValue", any}});
}

Error NumColumnsMismatch(const std::string& op, size_t first, size_t invalid, size_t ordinal,
                         SourceSpan span) {
  return MakeSqlError("NUM_COLUMNS_MISMATCH", "42826",
                      op + " can only be performed on inputs with the same number of columns, but the first "
                           "input has " + std::to_string(first) + " columns and the " + OrdinalName(ordinal) +
                          " input has " + std::to_string(invalid) + " columns.",
                      {{"operator", op},
                       {"firstNumColumns", std::to_string(first)},
                       {"invalidNumColumns", std::to_string(invalid)},
                       {"invalidOrdinalNum", OrdinalName(ordinal)}},
                      span);
}

Error NoFieldsIn(const std::string& text, const DataType& type, SourceSpan span) {
  return MakeSqlError("INVALID_EXTRACT_BASE_FIELD_TYPE", "42000",
                      "Can't extract a value from " + QuoteSql(text) +
                          ". Need a complex type [STRUCT, ARRAY, MAP] but got " + QuoteType(type) + ".",
                      {{"base", QuoteSql(text)}, {"other", QuoteType(type)}}, span);
}

Error FieldNotFound(const std::string& field, const std::vector<Field>& fields, SourceSpan span) {
  std::vector<std::string> names;
  for (const Field& f : fields) names.push_back(QuoteIdentifier(f.name));
  std::string list = Join(names, ", ");
  return MakeSqlError("FIELD_NOT_FOUND", "42704",
                      "No such struct field " + QuoteIdentifier(field) + " in " + list + ".",
                      {{"fieldName", QuoteIdentifier(field)}, {"fields", list}}, span);
}

Error ExpectTable(const NameParts& view, const char* operation, SourceSpan span) {
  return MakeSqlError("EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE", "42809",
                      "'" + std::string(operation) + "' expects a table but " + QuoteName(view) + " is a view.",
                      {{"viewName", QuoteName(view)}, {"operation", operation}}, span);
}

Error ColumnAlreadyExists(const std::string& name) {
  return MakeSqlError("COLUMN_ALREADY_EXISTS", "42711",
                      "The column " + name + " already exists. Choose another name or rename the existing column.",
                      {{"columnName", name}});
}

Error UnsupportedFeature(const std::string& sub, const std::string& message,
                         std::map<std::string, std::string> parameters, SourceSpan span) {
  return MakeSqlError("UNSUPPORTED_FEATURE." + sub, "0A000",
                      "The feature is not supported: " + message, std::move(parameters), span);
}

}  // namespace ashlar::sql
