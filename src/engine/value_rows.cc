#include "engine/value_rows.h"

#include <algorithm>

#include "base/check.h"
#include "duckdb.hpp"
#include "duckdb/common/types/column/column_data_collection.hpp"
#include "engine/scan/scan_filter.h"

namespace ashlar::engine {

std::unique_ptr<duckdb::ColumnDataCollection> MakeCollection(duckdb::ClientContext& context, const Schema& schema,
                                                          const std::vector<std::vector<Value>>& rows) {
  duckdb::vector<duckdb::LogicalType> types;
  for (const Field& field : schema.fields) types.push_back(DuckTypeOf(field.type));
  auto collection = std::make_unique<duckdb::ColumnDataCollection>(context, types);
  duckdb::DataChunk chunk;
  if (!rows.empty()) chunk.Initialize(context, types, std::min<size_t>(rows.size(), STANDARD_VECTOR_SIZE));
  for (size_t begin = 0; begin < rows.size(); begin += STANDARD_VECTOR_SIZE) {
    size_t count = std::min<size_t>(rows.size() - begin, STANDARD_VECTOR_SIZE);
    chunk.Reset();
    for (size_t i = 0; i < count; ++i) {
      CHECK_EQ(rows[begin + i].size(), types.size());
      for (size_t column = 0; column < types.size(); ++column) chunk.SetValue(column, i, DuckValueOf(rows[begin + i][column]));
    }
    chunk.SetCardinality(count);
    collection->Append(chunk);
  }
  return collection;
}

}  // namespace ashlar::engine
