// What from_json, from_csv, to_json and to_csv have in common: options, the Spark type of the record, and
// dates and times in the formats of the options.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "engine/functions/kernel_binding.h"
#include "types/data_type.h"

namespace ashlar::engine {

struct RecordOptions {
  std::map<std::string, std::string> values;  // names in lower case
  std::string Get(const std::string& name, const std::string& otherwise) const {
    auto it = values.find(name);
    return it == values.end() ? otherwise : it->second;
  }
};
RecordOptions ReadRecordOptions(const duckdb::Value& map);

// The Spark type is a constant of the call: the hexadecimal text of its JSON.
struct BoundRecord : duckdb::FunctionData {
  DataType type;
  duckdb::LogicalType duck;
  const TimeZone* zone = nullptr;  // the session's
  duckdb::unique_ptr<duckdb::FunctionData> Copy() const override;
  bool Equals(const duckdb::FunctionData& other) const override;
};

// Arguments: the value, a NULL of the result's type (when reading) or nothing, the type, the options.
enum class RecordUse { kRead, kWrite };
template <RecordUse Use>
duckdb::unique_ptr<duckdb::FunctionData> BindRecord(duckdb::ClientContext& context, duckdb::ScalarFunction& function,
                                                    duckdb::vector<duckdb::unique_ptr<duckdb::Expression>>& args);

// A DATE, TIMESTAMP or TIMESTAMP_NTZ; nullopt for a text that is none.
std::optional<duckdb::Value> DatetimeFromText(std::string_view text, const DataType& type, const BoundRecord& bound,
                                              const RecordOptions& options);
std::string DatetimeToText(const duckdb::Value& value, const DataType& type, const BoundRecord& bound,
                           const RecordOptions& options);

// Mode FAILFAST met a record that cannot be read.
[[noreturn]] void FailRecord(const DataType& type);
// `row` with `text` in the column for corrupt records, where the type has one.
duckdb::Value WithCorruptRecord(duckdb::Value row, const std::string& text, const BoundRecord& bound,
                                const RecordOptions& options);

template <typename Row>
void RunRecords(duckdb::DataChunk& args, duckdb::ExpressionState& state, duckdb::Vector& result, Row row_of) {
  const auto& function = state.expr.Cast<duckdb::BoundFunctionExpression>();
  const auto& bound = function.bind_info->Cast<BoundRecord>();
  bool constant = args.AllConstant();
  duckdb::idx_t count = constant ? 1 : args.size();
  result.SetVectorType(duckdb::VectorType::FLAT_VECTOR);
  for (duckdb::idx_t row = 0; row < count; ++row) {
    duckdb::Value input = args.data[0].GetValue(row);
    RecordOptions options;
    if (args.ColumnCount() > 1) options = ReadRecordOptions(args.data[1].GetValue(row));
    result.SetValue(row, input.IsNull() ? duckdb::Value(result.GetType()) : row_of(bound, options, input));
  }
  if (constant) result.SetVectorType(duckdb::VectorType::CONSTANT_VECTOR);
}

}  // namespace ashlar::engine
