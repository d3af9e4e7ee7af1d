#include "sql/analyze/errors.h"

#include "base/text.h"

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
  std::string list = "[" + Join(shown, ", ") + "]";
  std::string name = QuoteIdentifier(function);
  return TypeMismatch("DATA_DIFF_TYPES", call_text,
                      "Input to " + name + " should all be the same type, but it's " + list + ".",
                      {{"functionName", name}, {"dataType", list}}, span);
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

Error FieldNotFound(const std::string& field, const std::vector<Field>& fields, SourceSpan span) {
  std::vector<std::string> names;
  for (const Field& f : fields) names.push_back(QuoteIdentifier(f.name));
  std::string list = Join(names, ", ");
  return MakeSqlError("FIELD_NOT_FOUND", "42704",
                      "No such struct field " + QuoteIdentifier(field) + " in " + list + ".",
                      {{"fieldName", QuoteIdentifier(field)}, {"fields", list}}, span);
}

Error UnsupportedFeature(const std::string& sub, const std::string& message,
                         std::map<std::string, std::string> parameters, SourceSpan span) {
  return MakeSqlError("UNSUPPORTED_FEATURE." + sub, "0A000",
                      "The feature is not supported: " + message, std::move(parameters), span);
}

}  // namespace ashlar::sql
