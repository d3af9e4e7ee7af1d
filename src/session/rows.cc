#include "session/rows.h"

namespace ashlar::session {

Result<std::unique_ptr<engine::ResultStream>> StreamText(engine::Connection& connection, const TextColumns& columns,
                                                         const TextRows& rows) {
  Schema schema;
  for (const std::string& name : columns.required) schema.fields.push_back({name, TypeId::kString, false, "{}"});
  for (const std::string& name : columns.nullable) schema.fields.push_back({name, TypeId::kString, true, "{}"});
  std::vector<std::vector<Value>> values;
  for (const auto& row : rows) {
    CHECK(row.size() == schema.fields.size());
    std::vector<Value> cells;
    for (const auto& cell : row) cells.push_back(cell ? Value::String(*cell) : Value::Null(TypeId::kString));
    values.push_back(std::move(cells));
  }
  return connection.ExecuteValues(schema, values);
}

}  // namespace ashlar::session
