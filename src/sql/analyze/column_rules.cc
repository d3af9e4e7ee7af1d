#include "sql/column_rules.h"

#include <algorithm>

#include "base/json.h"
#include "base/text.h"
#include "sql/analyze/analysis.h"
#include "sql/analyze/errors.h"

namespace ashlar::sql {
namespace {

constexpr const char* kDefault = "CURRENT_DEFAULT";
constexpr const char* kGenerated = "delta.generationExpression";
constexpr const char* kStart = "delta.identity.start";
constexpr const char* kStep = "delta.identity.step";
constexpr const char* kExplicit = "delta.identity.allowExplicitInsert";
constexpr const char* kHighWater = "delta.identity.highWaterMark";

Json MetadataOf(const Field& field) {
  auto json = ParseJson(field.metadata.empty() ? "{}" : field.metadata);
  return json.ok() && json->is_object() ? *std::move(json) : Json::object();
}

std::optional<std::string> TextAt(const Json& json, const char* key) {
  auto found = json.find(key);
  if (found == json.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

std::optional<int64_t> NumberAt(const Json& json, const char* key) {
  auto found = json.find(key);
  if (found == json.end()) return std::nullopt;
  if (found->is_number_integer()) return found->get<int64_t>();
  return found->is_string() ? ParseInt64(found->get<std::string>()) : std::nullopt;
}

Error IdentityError(const std::string& condition, const Field& field, const std::string& message) {
  return MakeSqlError(condition, "42808", message + " IDENTITY column " + field.name + ".", {{"colName", field.name}});
}

}  // namespace

ColumnRules ColumnRulesOf(const Field& field) {
  ColumnRules rules;
  if (field.metadata.size() <= 2) return rules;
  Json json = MetadataOf(field);
  rules.default_sql = TextAt(json, kDefault);
  rules.generated_sql = TextAt(json, kGenerated);
  if (auto start = NumberAt(json, kStart)) {
    rules.identity = IdentityRule{*start, NumberAt(json, kStep).value_or(1), false, NumberAt(json, kHighWater)};
    auto allowed = json.find(kExplicit);
    rules.identity->explicit_insert = allowed != json.end() && (*allowed == Json(true) || *allowed == Json("true"));
  }
  return rules;
}

Field WithColumnRules(Field field, const ColumnRules& rules) {
  Json json = MetadataOf(field);
  for (const char* key : {kDefault, kGenerated, kStart, kStep, kExplicit, kHighWater}) json.erase(key);
  if (rules.default_sql) json[kDefault] = *rules.default_sql;
  if (rules.generated_sql) json[kGenerated] = *rules.generated_sql;
  if (rules.identity) {
    json[kStart] = rules.identity->start;
    json[kStep] = rules.identity->step;
    json[kExplicit] = rules.identity->explicit_insert;
    if (rules.identity->high_water_mark) json[kHighWater] = *rules.identity->high_water_mark;
  }
  field.metadata = WriteJson(json);
  return field;
}

std::optional<int64_t> SyncedHighWaterMark(const IdentityRule& rule, int64_t farthest) {
  CHECK(rule.step != 0);
  const __int128 step = rule.step, way = static_cast<__int128>(farthest) - rule.start;
  const bool past_step = way % step != 0 && (way > 0) == (step > 0);
  const __int128 mark = rule.start + (way / step + (past_step ? 1 : 0)) * step;
  auto before = [&](__int128 a, __int128 b) { return step > 0 ? a < b : a > b; };
  if (before(mark, rule.start)) return rule.high_water_mark;
  if (rule.high_water_mark && before(mark, *rule.high_water_mark)) return rule.high_water_mark;
  // Beyond the last number there is none to give.
  return mark == static_cast<int64_t>(mark) ? static_cast<int64_t>(mark) : farthest;
}

Result<ExprPtr> Analysis::ParseRule(const std::string& sql) {
  CHECK(context_.parse_query != nullptr) << "rules of columns need a parser";
  ASSIGN_OR_RETURN(RelationPtr query, context_.parse_query("SELECT " + sql, context_.time_zone));
  const auto* project = std::get_if<ProjectRelation>(&query->node);
  if (project && project->exprs.size() == 1) return project->exprs[0];
  return MakeError(ErrorCode::kInvalidParameterValue, "not an expression: " + sql);
}

ExprPtr Analysis::DefaultExpr(const Field& field) {
  ColumnRules rules = ColumnRulesOf(field);
  if (!rules.default_sql) return nullptr;
  auto expr = ParseRule(*rules.default_sql);
  return expr.ok() ? *expr : nullptr;
}

// What a column gets that no value is given for: its DEFAULT, else NULL where that is allowed. An
// IDENTITY column's NULL becomes a number when it is written.
Result<TypedExprPtr> Analysis::DefaultValue(const Field& field, const std::string& table) {
  if (ExprPtr expr = DefaultExpr(field)) {
    ++hide_spans_;
    auto value = ResolveExpr(expr, ExprEnv{});
    --hide_spans_;
    if (!value.ok()) return std::move(value).error();
    return StoreAssign(value->expr, field, value->text);
  }
  if (field.nullable || ColumnRulesOf(field).identity) return MakeLiteral(Value::Null(StoredType(field.type)));
  return MakeSqlError("INCOMPATIBLE_DATA_FOR_TABLE.CANNOT_FIND_DATA", "KD000",
                      "Cannot write incompatible data for the table " + table +
                          ": Cannot find data for the output column " + QuoteIdentifier(field.name) + ".",
                      {{"tableName", table}, {"colName", QuoteIdentifier(field.name)}});
}

// In MERGE the row that lacks the value of a NOT NULL column is told of when it is written.
Result<TypedExprPtr> Analysis::DefaultOrNull(const Field& field, const std::string& table) {
  Field column = field;
  column.nullable = true;
  return DefaultValue(column, table);
}

// Whether a missing value is made from the column's rule, and not looked for elsewhere.
bool Analysis::MakesItsOwnValue(const Field& field) {
  ColumnRules rules = ColumnRulesOf(field);
  return rules.generated_sql || rules.identity;
}

// Values of a row over anything → the generated ones among those that are missing, over the same.
Status Analysis::FillGenerated(const Schema& schema, std::vector<TypedExprPtr>& values) {
  for (size_t i = 0; i < schema.fields.size(); ++i) {
    if (values[i]) continue;
    ColumnRules rules = ColumnRulesOf(schema.fields[i]);
    if (!rules.generated_sql) continue;
    ++hide_spans_;
    auto value = [&]() -> Result<TypedExprPtr> {
      ASSIGN_OR_RETURN(ExprPtr expr, ParseRule(*rules.generated_sql));
      ASSIGN_OR_RETURN(TypedExprPtr over_schema, ResolveOverSchema(expr, schema));
      return StoreAssign(over_schema, schema.fields[i], *rules.generated_sql);
    }();
    --hide_spans_;
    if (!value.ok()) return value.error();
    values[i] = RewriteExpr(*value, [&](const TypedExprPtr& expr) -> TypedExprPtr {
      const ColumnNode* column = AsColumn(*expr);
      if (column == nullptr) return nullptr;
      const TypedExprPtr& given = values[static_cast<size_t>(column->id)];
      // Of columns that are given later, such as IDENTITY, nothing can be generated: CREATE refuses that.
      return given ? given : MakeLiteral(Value::Null(expr->type));
    });
  }
  return OkStatus();
}

Status Analysis::CheckExplicitValue(const Field& field, bool for_insert) {
  ColumnRules rules = ColumnRulesOf(field);
  if (!rules.identity) return OkStatus();
  if (!for_insert) {
    return IdentityError("DELTA_IDENTITY_COLUMNS_UPDATE_NOT_SUPPORTED", field, "UPDATE is not supported on the");
  }
  if (rules.identity->explicit_insert) return OkStatus();
  return IdentityError("DELTA_IDENTITY_COLUMNS_EXPLICIT_INSERT_NOT_SUPPORTED", field,
                       "Providing values is not supported for the GENERATED ALWAYS AS");
}

}  // namespace ashlar::sql
