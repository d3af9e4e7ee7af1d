// The analysis errors that several places raise: Spark's conditions with their parameters.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "sql/spec.h"
#include "types/data_type.h"

namespace ashlar::sql {

// As Spark shows them in parameters: "\"INT\"", "\"(a + 1)\"", "`name`".
std::string QuoteType(const DataType& type);
std::string QuoteSql(const std::string& text);
// "first", "second", … "tenth", then "11th".
std::string OrdinalName(size_t index_from_zero);

// DATATYPE_MISMATCH.<sub> (42K09); sqlExpr is added.
Error TypeMismatch(const std::string& sub, const std::string& call_text, std::string message,
                   std::map<std::string, std::string> parameters, SourceSpan span);
// DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE
Error UnexpectedInput(const std::string& call_text, size_t index, const std::string& required,
                      const std::string& input_text, const DataType& type, SourceSpan span);
// DATATYPE_MISMATCH.DATA_DIFF_TYPES
Error DataDiffTypes(const std::string& call_text, const std::string& function,
                    std::span<const DataType> types, SourceSpan span);
// DATATYPE_MISMATCH.CAST_…: what to use instead where there is something.
Error CastMismatch(const DataType& from, const DataType& to, const std::string& text, bool ansi, bool try_cast,
                   SourceSpan span);
Error MissingAggregation(const std::string& column_text);
Error NumColumnsMismatch(const std::string& op, size_t first, size_t invalid, size_t ordinal, SourceSpan span);
// INVALID_EXTRACT_BASE_FIELD_TYPE: a field of what has none.
Error NoFieldsIn(const std::string& text, const DataType& type, SourceSpan span);
Error FieldNotFound(const std::string& field, const std::vector<Field>& fields, SourceSpan span);
// A view where only a table will do.
Error ExpectTable(const std::vector<std::string>& view, const char* operation, SourceSpan span);
// The name as it is quoted.
Error ColumnAlreadyExists(const std::string& name);
Error UnsupportedFeature(const std::string& sub, const std::string& message,
                         std::map<std::string, std::string> parameters, SourceSpan span);

}  // namespace ashlar::sql
