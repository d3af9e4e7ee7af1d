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
  return StreamValues(connection, schema, std::move(values));
}

Result<std::unique_ptr<engine::ResultStream>> StreamValues(engine::Connection& connection, const Schema& schema,
                                                           std::vector<std::vector<Value>> rows) {
  std::vector<sql::Attribute> output;
  sql::AttributeId next_id = 1;
  for (const Field& field : schema.fields) {
    output.push_back({next_id++, field.name, field.type, field.nullable, field.metadata});
  }
  if (rows.empty()) {
    return connection.Execute(std::make_shared<const sql::Plan>(sql::Plan{std::move(output), sql::EmptyPlan{}}), {});
  }
  sql::ValuesPlan values;
  for (std::vector<Value>& row : rows) {
    CHECK(row.size() == output.size());
    std::vector<sql::TypedExprPtr> exprs;
    for (size_t i = 0; i < row.size(); ++i) {
      sql::TypedExpr expr;
      expr.type = output[i].type;
      expr.nullable = row[i].is_null();
      expr.node = sql::LiteralNode{std::move(row[i])};
      exprs.push_back(std::make_shared<const sql::TypedExpr>(std::move(expr)));
    }
    values.rows.push_back(std::move(exprs));
  }
  return connection.Execute(std::make_shared<const sql::Plan>(sql::Plan{std::move(output), std::move(values)}), {});
}

}  // namespace ashlar::session
