// INSERT, UPDATE and DELETE: rows and values in the shape of the target.
#include <algorithm>

#include "base/text.h"
#include "sql/analyze/analysis.h"
#include "sql/analyze/errors.h"
#include "sql/analyze/expr_text.h"
#include "sql/analyze/plan_text.h"
#include "sql/analyze/row_metadata.h"
#include "sql/coercion.h"
#include "sql/column_rules.h"
#include "sql/row_metadata.h"
#include "sql/schema_evolution.h"
#include "types/schema_tree.h"
#include "types/widening.h"

namespace ashlar::sql {
namespace {

std::string QuoteList(const std::vector<std::string>& names) {
  std::vector<std::string> quoted;
  for (const std::string& name : names) quoted.push_back(QuoteIdentifier(name));
  return Join(quoted, ", ");
}

// The rows have columns that the table has not.
Error MetadataMismatch(const AnalyzedTarget& target, const Rel& query) {
  const std::string& table = target.relation.full_name;
  std::string columns_text = "\n\nTable schema:\n";
  for (const Field& field : target.table->schema().fields) columns_text += "-- " + field.name + ": " + field.type.SimpleString() + "\n";
  columns_text += "\nData schema:\n";
  for (const ScopeColumn& column : query.columns) {
    columns_text += "-- " + column.attribute.name + ": " + column.attribute.type.SimpleString() + "\n";
  }
  return MakeSqlError("DELTA_METADATA_MISMATCH", "42KDG",
                      "The data has columns that the table " + table +
                          " lacks. To add them write with the option mergeSchema = true." + columns_text);
}

// A row shorter or longer than the table. Delta's own errors have no place in the text.
Error DeltaArityMismatch(const AnalyzedTarget& target, size_t columns, const Rel& query) {
  const std::string& table = target.relation.full_name;
  std::string wanted = std::to_string(columns), given = std::to_string(query.columns.size());
  if (query.columns.size() < columns) {
    return MakeSqlError("DELTA_INSERT_COLUMN_ARITY_MISMATCH", "42802",
                        "Cannot write to '" + table + "', not enough data columns; target table has " + wanted +
                            " column(s) but the inserted data has " + given + " column(s).",
                        {{"tableName", table},
                         {"columnName", "not enough data columns"},
                         {"numColumns", wanted},
                         {"insertColumns", given}});
  }
  return MetadataMismatch(target, query);
}

Error ArityMismatch(const InsertStatement& insert, const AnalyzedTarget& target, size_t columns, const Rel& query) {
  if (target.relation.format == "DELTA" && insert.columns.empty()) return DeltaArityMismatch(target, columns, query);
  std::vector<std::string> table_columns, data_columns;
  for (const Field& field : target.table->schema().fields) table_columns.push_back(field.name);
  if (!insert.columns.empty()) table_columns = insert.columns;
  for (const ScopeColumn& column : query.columns) data_columns.push_back(column.attribute.name);
  bool few = query.columns.size() < columns;
  std::string table = QuoteName(target.relation.name_parts);
  return MakeSqlError(std::string("INSERT_COLUMN_ARITY_MISMATCH.") +
                          (few ? "NOT_ENOUGH_DATA_COLUMNS" : "TOO_MANY_DATA_COLUMNS"),
                      "21S01",
                      "Cannot write to " + table + ", the reason is " + (few ? "not enough" : "too many") +
                          " data columns: Table columns: " + QuoteList(table_columns) + ". Data columns: " +
                          QuoteList(data_columns) + ".",
                      {{"tableName", table},
                       {"tableColumns", QuoteList(table_columns)},
                       {"dataColumns", QuoteList(data_columns)}});
}

int FieldIndex(const std::vector<Field>& fields, const std::string& name, bool case_sensitive) {
  for (size_t i = 0; i < fields.size(); ++i) {
    if (SameName(fields[i].name, name, case_sensitive)) return static_cast<int>(i);
  }
  return -1;
}

bool Evolves(const InsertStatement& insert) {
  auto option = insert.options.find("mergeSchema");
  return option != insert.options.end() && EqualsIgnoreCase(option->second, "true");
}

bool WidensTypes(const TableRelation& table) { return table.options.contains(kWidenTypes); }

// A column without a value that the column list of an INSERT into a Delta table leaves out.
Error NotInList(Error error, const InsertStatement& insert, const AnalyzedTarget& target, const std::string& column) {
  bool listed = !insert.columns.empty() && target.relation.format == "DELTA";
  if (!listed || error.condition != "INCOMPATIBLE_DATA_FOR_TABLE.CANNOT_FIND_DATA") return error;
  return MakeSqlError("DELTA_INSERT_COLUMN_MISMATCH", "42802", "Column " + column + " is not specified in INSERT", {{"columnName", column}});
}

// The table behind a view that is SELECT * FROM it; null for other views.
const TableRelation* WholeTable(const TemporaryView& view) {
  const auto* project = std::get_if<ProjectRelation>(&view.query->node);
  if (!view.columns.empty() || !project || project->exprs.size() != 1) return nullptr;
  const auto* star = std::get_if<StarExpr>(&project->exprs[0]->node);
  const auto* table = project->input ? std::get_if<TableRelation>(&project->input->node) : nullptr;
  bool plain = star && star->qualifier.empty() && star->except.empty() && table && !table->version_as_of && !table->timestamp_as_of;
  return plain ? table : nullptr;
}

// VALUES with more than literals, which Spark casts where they stand.
bool ComputesValues(const Relation& query) {
  const auto* values = std::get_if<ValuesRelation>(&query.node);
  return values && std::ranges::any_of(values->rows, [](const std::vector<ExprPtr>& row) {
    return std::ranges::any_of(row, [](const ExprPtr& cell) { return !std::holds_alternative<LiteralExpr>(cell->node); });
  });
}

// The constant that a SELECT list puts into the column; null when it is none.
TypedExprPtr ProjectedConstant(const Plan& plan, AttributeId column) {
  const auto* project = std::get_if<ProjectPlan>(&plan.node);
  if (!project) return nullptr;
  auto it = std::ranges::find_if(project->columns, [&](const NamedExpr& e) { return e.attribute.id == column; });
  return it != project->columns.end() && LiteralValue(*it->expr) ? it->expr : nullptr;
}

bool IsDefaultKeyword(const ExprPtr& expr) {
  const auto* name = std::get_if<AttributeExpr>(&expr->node);
  return name && name->name.size() == 1 && EqualsIgnoreCase(name->name[0], "default");
}

}  // namespace

Result<AnalyzedTarget> Analysis::OpenTarget(const TableRelation& table, SourceSpan span, const char* operation) {
  ASSIGN_OR_RETURN(NameParts name, TableName(table));
  span = Span(span);
  if (name.size() == 1 && context_.temporary_views) {
    auto view = context_.temporary_views->find(ToLowerAscii(name[0]));
    if (view != context_.temporary_views->end()) {
      const TableRelation* whole = WholeTable(view->second);
      bool inserts = std::string_view(operation) == "INSERT";
      if (!whole || inserts) return ExpectTable(name, operation, span);
      ASSIGN_OR_RETURN(name, TableName(*whole));
    }
  }
  auto resolved = ResolveName(name, Access::kWrite, span);
  if (!resolved.ok()) {
    Error error = resolved.error();
    if (error.condition == "EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE") error.parameters["operation"] = operation;
    return error;
  }
  ResolvedRelation relation = *std::move(resolved);
  if (relation.kind == RelationKind::kView) return ExpectTable(relation.name_parts, operation, span);
  auto options = table.options;
  options.erase(kWidenTypes);
  ASSIGN_OR_RETURN(auto handle, context_.tables.Open(relation, {}, options, std::nullopt));
  if (const auto* showing = dynamic_cast<const RowMetadataSource*>(handle.get())) {
    target_metadata_ = handle->schema().fields.back();
    handle = showing->WithoutMetadata();
  }
  if (relation.name_parts.empty()) relation.name_parts = name;
  relation.schema = handle->schema();
  return AnalyzedTarget{std::move(relation), std::move(handle)};
}

Rel Analysis::ScanTarget(const AnalyzedTarget& target, const std::string& alias, bool with_row_position) {
  ScanPlan scan{target.table, {}, with_row_position};
  Rel rel;
  std::vector<Attribute> output;
  const std::vector<Field>& fields = target.table->schema().fields;
  used_.try_emplace(target.relation.full_name);
  NameParts qualifier = alias.empty() ? target.relation.name_parts : NameParts{alias};
  for (size_t i = 0; i < fields.size(); ++i) {
    scan.column_indexes.push_back(static_cast<int>(i));
    output.push_back(NewAttribute(fields[i].name, StoredType(fields[i].type), fields[i].nullable, fields[i].metadata));
    sources_[output.back().id] = {{target.relation.full_name, fields[i].name}};
    NoteCharColumn(output.back(), fields[i].type);
    rel.columns.push_back({output.back(), qualifier, 0});
  }
  if (target_metadata_) {
    refused_ = Refused{NewAttribute(target_metadata_->name, target_metadata_->type, false).id, TreeText(target.table->schema())};
    rel.columns.push_back({{refused_->id, target_metadata_->name, target_metadata_->type, false, "{}"}, qualifier, 0, /*unlisted=*/true});
  }
  if (with_row_position) {
    output.push_back(NewAttribute("_file", TypeId::kLong, false));
    output.push_back(NewAttribute("_pos", TypeId::kLong, false));
  }
  rel.plan = MakePlan(std::move(output), std::move(scan));
  return rel;
}

// `_metadata` of the table that is changed: delta-spark finds it and then cannot read it.
Error Analysis::RefusedColumn() const {
  return MakeSqlError("DELTA_CANNOT_RESOLVE_COLUMN", "42703",
                      std::string("Can't resolve column ") + kRowMetadata + " in " + refused_->schema_tree,
                      {{"columnName", kRowMetadata}, {"schema", refused_->schema_tree}});
}

bool Analysis::IsRefused(const TypedExpr& expr) const {
  const TypedExpr* at = &expr;
  while (const auto* field = std::get_if<FieldNode>(&at->node)) at = field->child.get();
  const ColumnNode* column = AsColumn(*at);
  return refused_ && column != nullptr && column->id == refused_->id;
}

// VALUES (1, DEFAULT): the word stands for the default of the column in its place.
RelationPtr Analysis::WithDefaults(const InsertStatement& insert, const Schema& schema) {
  const auto* values = std::get_if<ValuesRelation>(&insert.query->node);
  if (!values) return insert.query;
  ValuesRelation filled = *values;
  bool changed = false;
  for (std::vector<ExprPtr>& row : filled.rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      if (!IsDefaultKeyword(row[i])) continue;
      int index = static_cast<int>(i);
      if (i < insert.columns.size()) index = FieldIndex(schema.fields, insert.columns[i], context_.case_sensitive);
      bool known = index >= 0 && static_cast<size_t>(index) < schema.fields.size();
      ExprPtr expr = known ? DefaultExpr(schema.fields[static_cast<size_t>(index)]) : nullptr;
      row[i] = expr ? expr : MakeExpr(LiteralExpr{Value::Null()}, row[i]->span);
      changed = true;
    }
  }
  return changed ? MakeRelation(std::move(filled), insert.query->span) : insert.query;
}

// For each column of the table the query's column that goes there; -1: none. Static partition values
// and, by position, the column list decide which table columns the query's columns mean.
Result<std::vector<int>> Analysis::MatchInsert(const InsertStatement& insert, const AnalyzedTarget& target,
                                               const Rel& query, std::vector<int>& extra, SourceSpan span) {
  const std::vector<Field>& fields = target.table->schema().fields;
  std::vector<int> source(fields.size(), -1);
  std::string table = QuoteName(target.relation.name_parts);
  std::vector<size_t> wanted;
  for (const std::string& name : insert.columns) {
    int index = FieldIndex(fields, name, context_.case_sensitive);
    if (index < 0) {
      Scope scope;
      for (const Field& f : fields) scope.columns.push_back({{0, f.name, f.type}, target.relation.name_parts, 0});
      return UnresolvedColumn({name}, scope, insert.span);
    }
    if (std::ranges::count(wanted, static_cast<size_t>(index)) > 0) {
      return ColumnAlreadyExists(QuoteIdentifier(name));
    }
    wanted.push_back(static_cast<size_t>(index));
  }
  auto is_static = [&](const std::string& name) {
    return std::ranges::any_of(insert.partition, [&](const auto& p) {
      return p.second && SameName(p.first, name, context_.case_sensitive);
    });
  };
  if (insert.columns.empty()) {
    for (size_t i = 0; i < fields.size(); ++i) {
      if (!is_static(fields[i].name)) wanted.push_back(i);
    }
  }
  bool evolves = Evolves(insert);
  if (insert.by_name) {
    std::vector<std::string> unknown;
    for (size_t q = 0; q < query.columns.size(); ++q) {
      const std::string& name = query.columns[q].attribute.name;
      int index = FieldIndex(fields, name, context_.case_sensitive);
      if (index >= 0 && source[static_cast<size_t>(index)] >= 0) {
        std::string both = name + ", " + name;
        return MakeSqlError("DELTA_DUPLICATE_COLUMNS_FOUND.READ_SCHEMA", "42711",
                            "Found duplicate column(s) in the data to write: " + both + ".", {{"duplicateCols", both}});
      }
      if (index >= 0) {
        source[static_cast<size_t>(index)] = static_cast<int>(q);
      } else if (evolves) {
        extra.push_back(static_cast<int>(q));
      } else {
        unknown.push_back(name);
      }
    }
    if (unknown.empty()) return source;
    if (target.relation.format == "DELTA") return MetadataMismatch(target, query);
    return MakeSqlError("INCOMPATIBLE_DATA_FOR_TABLE.EXTRA_COLUMNS", "KD000",
                        "Cannot write incompatible data for the table " + table + ": Cannot write extra columns " +
                            QuoteList(unknown) + ".",
                        {{"tableName", table}, {"extraColumns", QuoteList(unknown)}}, span);
  }
  bool arity_fits = query.columns.size() == wanted.size() || (evolves && query.columns.size() > wanted.size());
  if (!arity_fits) return ArityMismatch(insert, target, wanted.size(), query);
  for (size_t q = 0; q < query.columns.size(); ++q) {
    if (q < wanted.size()) source[wanted[q]] = static_cast<int>(q);
    else extra.push_back(static_cast<int>(q));
  }
  return source;
}

Result<AnalyzedInsert> Analysis::Insert(const InsertStatement& insert) {
  inserts_ = true;
  ASSIGN_OR_RETURN(AnalyzedTarget target, OpenTarget(insert.table, insert.table_span, "INSERT"));
  PrefetchNames(insert.query);
  ASSIGN_OR_RETURN(Rel query, AnalyzeClosed(WithDefaults(insert, target.table->schema())));
  SourceSpan span = Span(insert.query->span);
  if (ComputesValues(*insert.query)) values_span_ = span;
  const std::vector<Field>& fields = target.relation.schema.fields;
  std::string table = QuoteName(target.relation.name_parts);
  std::vector<int> extra;
  ASSIGN_OR_RETURN(std::vector<int> source, MatchInsert(insert, target, query, extra, span));
  for (size_t i = 0; i < fields.size() && Evolves(insert) && WidensTypes(insert.table); ++i) {
    if (source[i] < 0) continue;
    Field& field = target.relation.schema.fields[i];
    field.type = WidenedBy(field.type, query.columns[static_cast<size_t>(source[i])].attribute.type);
  }
  std::vector<TypedExprPtr> values(fields.size());
  AnalyzedInsert result;
  for (size_t i = 0; i < fields.size(); ++i) {
    TypedExprPtr& value = values[i];
    auto fixed = std::ranges::find_if(insert.partition, [&](const auto& p) {
      return p.second && SameName(p.first, fields[i].name, context_.case_sensitive);
    });
    if (source[i] >= 0) {
      RETURN_IF_ERROR(CheckExplicitValue(fields[i], true));
      const Attribute& from = query.columns[static_cast<size_t>(source[i])].attribute;
      TypedExprPtr constant = ProjectedConstant(*query.plan, from.id);
      const std::string& shown = insert.columns.empty() ? from.name : fields[i].name;
      ASSIGN_OR_RETURN(value, StoreAssign(constant ? constant : MakeColumn(from), fields[i], shown));
    } else if (fixed != insert.partition.end()) {
      ASSIGN_OR_RETURN(Resolved given, ResolveExpr(fixed->second, ExprEnv{}));
      // PARTITION (p = '1') names the partition as text: a plain cast, not a store assignment.
      value = ImplicitCast(given.expr, StoredType(fields[i].type));
      if (insert.mode == InsertMode::kOverwrite || insert.mode == InsertMode::kOverwritePartitions) {
        Attribute column{static_cast<AttributeId>(i), fields[i].name, value->type, fields[i].nullable, "{}"};
        ASSIGN_OR_RETURN(Resolved same, CallFunction("<=>", {{MakeColumn(column), column.name, ""}, {value, "", ""}}, {}));
        result.overwrite_condition = MakeAnd(result.overwrite_condition, same.expr);
        const Value* constant = LiteralValue(*given.expr);
        std::string value_sql = constant ? LiteralSql(*constant, context_.time_zone) : given.text;
        std::string text = CallText("<=>", {QuoteIfNeeded(column.name), value_sql});
        result.overwrite_text = result.overwrite_text.empty() ? text : CallText("and", {result.overwrite_text, text});
      }
    } else if (!ColumnRulesOf(fields[i]).generated_sql) {
      auto missing = DefaultValue(fields[i], table);
      if (!missing.ok()) return NotInList(std::move(missing).error(), insert, target, fields[i].name);
      value = *std::move(missing);
    }
  }
  RETURN_IF_ERROR(FillGenerated(target.relation.schema, values));
  std::vector<SelectItem> items;
  for (size_t i = 0; i < fields.size(); ++i) {
    Attribute attribute = NewAttribute(fields[i].name, values[i]->type, values[i]->nullable, fields[i].metadata);
    items.push_back({attribute, std::move(values[i]), "", {}, 0});
  }
  for (int q : extra) {
    const Attribute& from = query.columns[static_cast<size_t>(q)].attribute;
    result.new_columns.push_back({from.name, AsNullable(from.type), true, "{}"});
    items.push_back({NewAttribute(from.name, from.type, from.nullable), MakeColumn(from), "", {}, 0});
  }
  if (insert.replace_where) {
    ASSIGN_OR_RETURN(result.overwrite_condition,
                     ResolveOverSchema(insert.replace_where, target.table->schema(), &result.overwrite_text));
  }
  result.rows = Project(std::move(query), std::move(items)).plan;
  result.target = std::move(target);
  result.lineage = TakeLineage();
  return result;
}

// Conditions and values of UPDATE, DELETE and MERGE are of one row each.
Status Analysis::CheckRowExpr(const TypedExprPtr& expr, const std::string& text) const {
  if (!HasAggregate(expr) && !HasWindow(expr)) return OkStatus();
  // Spark names the aggregate, a window with all around it.
  std::string shown = text;
  VisitExpr(expr, [&](const TypedExpr& e) {
    if (std::holds_alternative<AggregateCallNode>(e.node)) shown = ReplaceAll(UnresolvedPlanText(e, context_.time_zone), "'", "");
    return !std::holds_alternative<AggregateCallNode>(e.node) && !std::holds_alternative<WindowNode>(e.node);
  });
  return MakeSqlError("UNSUPPORTED_EXPR_FOR_OPERATOR", "42K0E",
                      "Aggregates and windows have no place in a condition or value of a row: " + QuoteSql(shown) + ".",
                      {{"invalidExprSqls", QuoteSql(shown)}}, Span(statement_span_));
}

Result<TypedExprPtr> Analysis::ResolveRowCondition(const ExprPtr& condition, const ExprEnv& env) {
  ASSIGN_OR_RETURN(Resolved resolved, ResolveExpr(condition, env));
  RETURN_IF_ERROR(CheckRowExpr(resolved.expr, resolved.text));
  if (resolved.expr->type.Is(TypeId::kBoolean)) return resolved.expr;
  return NotBoolean(resolved, Span(statement_span_));
}

// SET a = …, b.c = …: one value a column of the table.
Result<std::vector<TypedExprPtr>> Analysis::Assign(const std::vector<Assignment>& assignments,
                                                   const AnalyzedTarget& target, const Rel& table_columns,
                                                   const ExprEnv& env, bool for_insert) {
  const std::vector<Field>& fields = target.relation.schema.fields;
  std::string table = QuoteName(target.relation.name_parts);
  std::vector<TypedExprPtr> values(fields.size());
  Scope columns{table_columns.columns, {}, nullptr};
  for (const Assignment& assignment : assignments) {
    SourceSpan span = Span(assignment.span);
    ASSIGN_OR_RETURN(auto match, FindColumn(columns, assignment.column, context_.case_sensitive, span));
    if (!match) return UnresolvedColumn(assignment.column, columns, span);
    if (IsRowMetadata(*match->column)) return RefusedColumn();
    auto index = static_cast<size_t>(match->column - columns.columns.data());
    const Field& field = fields[index];
    bool nested = match->parts < assignment.column.size();
    if (values[index] && for_insert) {
      return MakeSqlError("DELTA_DUPLICATE_COLUMNS_ON_INSERT", "42701",
                          "The column " + QuoteIdentifier(field.name) + " has two values in an INSERT clause.");
    }
    if (values[index] && !nested) {
      std::string columns_text = "[" + QuoteIdentifier(field.name) + ", " + QuoteIdentifier(field.name) + "]";
      return MakeSqlError("DELTA_CONFLICT_SET_COLUMN", "42701",
                          "There is a conflict from these SET columns: " + columns_text + ".",
                          {{"columnList", columns_text}});
    }
    RETURN_IF_ERROR(CheckExplicitValue(field, for_insert));
    if (!nested) {
      if (IsDefaultKeyword(assignment.value)) {
        ASSIGN_OR_RETURN(values[index], DefaultValue(field, table));
        continue;
      }
      ASSIGN_OR_RETURN(Resolved value, ResolveExpr(assignment.value, env));
      RETURN_IF_ERROR(CheckRowExpr(value.expr, value.text));
      ASSIGN_OR_RETURN(values[index], StoreAssign(value.expr, field, value.text));
      continue;
    }
    if (for_insert) return NotImplemented("INSERT of single struct fields in MERGE");
    if (!field.type.Is(TypeId::kStruct)) return NoFieldsIn(field.name, field.type, span);
    NameParts path(assignment.column.begin() + static_cast<long>(match->parts), assignment.column.end());
    Resolved base{values[index] ? values[index] : MakeColumn(match->column->attribute), field.name, ""};
    ASSIGN_OR_RETURN(Resolved value, ResolveExpr(assignment.value, env));
    ASSIGN_OR_RETURN(Resolved updated, UpdateField(std::move(base), path, value, span));
    ASSIGN_OR_RETURN(values[index], StoreAssign(updated.expr, field, updated.text));
  }
  for (size_t i = 0; i < fields.size(); ++i) {
    if (values[i] || ColumnRulesOf(fields[i]).generated_sql) continue;
    if (for_insert) {
      ASSIGN_OR_RETURN(values[i], DefaultOrNull(fields[i], table));
    } else {
      values[i] = ImplicitCast(MakeColumn(table_columns.columns[i].attribute), StoredType(fields[i].type));
    }
  }
  RETURN_IF_ERROR(FillGenerated(target.relation.schema, values));
  return values;
}

// DELETE: no assignments.
Result<AnalyzedRowChange> Analysis::ChangeRows(const UpdateStatement& update) {
  AnalyzedRowChange change;
  bool updates = !update.assignments.empty();
  ASSIGN_OR_RETURN(change.target, OpenTarget(update.table, update.table_span, updates ? "UPDATE" : "DELETE"));
  Rel scan = ScanTarget(change.target, update.alias, true);
  Scope scope = MakeScope(scan);
  ExprEnv env;
  env.scope = &scope;
  if (update.condition) {
    ASSIGN_OR_RETURN(change.condition, ResolveRowCondition(update.condition, env));
  }
  if (updates) {
    ASSIGN_OR_RETURN(change.new_values, Assign(update.assignments, change.target, scan, env, false));
  }
  change.scan = scan.plan;
  change.lineage = TakeLineage();
  return change;
}

Result<AnalyzedInsert> AnalyzeInsert(const InsertStatement& insert, AnalyzerContext& context) {
  return AnalyzeWithRowMetadata(context, [&](AnalyzerContext& over) { return Analysis(over, insert.span).Insert(insert); });
}

Result<AnalyzedRowChange> AnalyzeUpdate(const UpdateStatement& update, AnalyzerContext& context) {
  return AnalyzeWithRowMetadata(context, [&](AnalyzerContext& over) { return Analysis(over, update.span).ChangeRows(update); });
}

Result<AnalyzedRowChange> AnalyzeDelete(const DeleteStatement& del, AnalyzerContext& context) {
  UpdateStatement rows{del.table, del.table_span, del.span, del.alias, {}, del.condition};
  return AnalyzeWithRowMetadata(context, [&](AnalyzerContext& over) { return Analysis(over, del.span).ChangeRows(rows); });
}

}  // namespace ashlar::sql
