// DataFrame writers as statements: df.write (V1), df.writeTo (V2) and mergeInto.
#include <algorithm>

#include "base/text.h"
#include "connect/plan_runner.h"
#include "delta/clustering.h"
#include "delta/snapshot.h"
#include "session/delta_write.h"
#include "sql/parser.h"
#include "sql/table_path.h"

namespace ashlar::connect {
namespace {

using V1 = sc::WriteOperation;
using V2 = sc::WriteOperationV2;

template <typename Map>
std::map<std::string, std::string> Texts(const Map& proto) {
  return {proto.begin(), proto.end()};
}

std::optional<std::string> TakeOption(std::map<std::string, std::string>& options, std::string_view name) {
  for (auto it = options.begin(); it != options.end(); ++it) {
    if (!EqualsIgnoreCase(it->first, name)) continue;
    std::string value = it->second;
    options.erase(it);
    return value;
  }
  return std::nullopt;
}

// The table, which may be written to; nullopt when it is not there. Errors: any other reason.
Result<std::optional<sql::ResolvedRelation>> Find(session::StatementRun& run, const sql::NameParts& name) {
  sql::TableRelation table;
  table.name = name;
  auto resolved = run.Resolve(table, sql::Access::kWrite);
  if (resolved.ok() && sql::NamesDeltaPath(name)) {
    session::Environment& env = run.environment();
    ASSIGN_OR_RETURN(bool exists, delta::IsDeltaTable({&env.store, resolved->location, &env.parquet_actions}));
    return exists ? std::optional(*std::move(resolved)) : std::nullopt;
  }
  if (resolved.ok()) return std::optional(*std::move(resolved));
  if (resolved.error().condition == "TABLE_OR_VIEW_NOT_FOUND") return std::optional<sql::ResolvedRelation>();
  return resolved.error();
}

Error AlreadyExists(const sql::NameParts& name) {
  if (sql::NamesDeltaPath(name)) {
    return MakeSqlError("DELTA_PATH_EXISTS", "42K04",
                        "Cannot write to already existent path " + name[1] + " without setting OVERWRITE = 'true'.", {{"path", name[1]}});
  }
  return MakeSqlError("TABLE_OR_VIEW_ALREADY_EXISTS", "42P07",
                      "Cannot create table or view " + Join(name, ".") + " because it already exists. Choose a different name, "
                      "drop or replace the existing object, or add the IF NOT EXISTS clause to tolerate pre-existing objects.",
                      {{"relationName", Join(name, ".")}});
}

Result<std::shared_ptr<const delta::Snapshot>> Load(session::StatementRun& run, const sql::ResolvedRelation& relation) {
  return delta::Snapshot::Load(session::LocationOf(run, relation));
}

// clusterBy() beside an append or a replacement of some rows says what the table is clustered by already.
Status CheckSameClustering(session::StatementRun& run, const sql::ResolvedRelation& relation,
                           const std::vector<std::string>& columns) {
  if (columns.empty()) return OkStatus();
  ASSIGN_OR_RETURN(auto snapshot, Load(run, relation));
  std::string provided = Join(columns, ","), existing = Join(delta::ClusteringTexts(*snapshot), ",");
  if (EqualsIgnoreCase(provided, existing)) return OkStatus();
  return MakeSqlError("DELTA_CLUSTERING_COLUMNS_MISMATCH", "42P10",
                      "The provided clustering columns do not match the existing table's.\n- provided: " + provided +
                          "\n- existing: " + existing,
                      {{"providedClusteringColumns", provided}, {"existingClusteringColumns", existing}});
}

// partitionBy() of an overwrite that keeps the columns says what the table is partitioned by already.
Status CheckSamePartitioning(session::StatementRun& run, const sql::ResolvedRelation& relation,
                             const std::vector<std::string>& columns) {
  if (columns.empty()) return OkStatus();
  ASSIGN_OR_RETURN(auto snapshot, Load(run, relation));
  if (std::ranges::equal(columns, snapshot->partition_columns(), EqualsIgnoreCase)) return OkStatus();
  return MakeSqlError("DELTA_METADATA_MISMATCH", "42KDG",
                      "The table is not partitioned by what partitionBy() gives.\n- given: " + Join(columns, ", ") +
                          "\n- table: " + Join(snapshot->partition_columns(), ", ") +
                          "\nThe option overwriteSchema = true changes the partitioning.");
}

std::string TableFormat(const std::string& source) {
  return EqualsIgnoreCase(source, "delta") ? "" : ToUpperAscii(source);
}

// What both writers share about a table that is made.
struct NewTable {
  sql::NameParts name;
  std::string source;
  std::vector<std::string> partition_columns;
  std::vector<std::string> clustering_columns;
  std::map<std::string, std::string> options;
  std::map<std::string, std::string> properties;
  sql::RelationPtr query;
};

sql::CreateTableStatement CreateAs(NewTable table) {
  sql::CreateTableStatement create;
  create.name = std::move(table.name);
  create.format = TableFormat(table.source);
  create.location = TakeOption(table.options, "path").value_or("");
  // overwriteSchema and mergeSchema say nothing where the schema is the query's anyway.
  TakeOption(table.options, "overwriteSchema");
  TakeOption(table.options, "mergeSchema");
  create.options = std::move(table.options);
  create.properties = std::move(table.properties);
  for (std::string& column : table.partition_columns) create.partition_columns.push_back({std::move(column), TypeId::kNull, true, "{}"});
  for (std::string& column : table.clustering_columns) {
    Result<sql::NameParts> path = sql::ParseMultipartIdentifier(column);  // "a.b" is a field of a struct
    create.cluster_by.push_back(path.ok() ? *std::move(path) : sql::NameParts{std::move(column)});
  }
  create.query = std::move(table.query);
  return create;
}

sql::InsertMode OverwriteMode(std::map<std::string, std::string>& options, const session::StatementRun& run) {
  std::string mode = TakeOption(options, "partitionOverwriteMode")
                         .value_or(run.state().confs.GetOr("spark.sql.sources.partitionOverwriteMode", "STATIC"));
  return EqualsIgnoreCase(mode, "DYNAMIC") ? sql::InsertMode::kOverwritePartitions : sql::InsertMode::kOverwrite;
}

Result<sql::InsertStatement> Insert(NewTable table, sql::InsertMode mode, const session::StatementRun& run) {
  sql::InsertStatement insert;
  insert.table.name = std::move(table.name);
  insert.query = std::move(table.query);
  insert.mode = mode;
  if (auto condition = TakeOption(table.options, "replaceWhere")) {
    ASSIGN_OR_RETURN(insert.replace_where, sql::ParseExpression(*condition, {.time_zone = run.state().confs.time_zone()}));
    insert.mode = sql::InsertMode::kReplaceWhere;
  }
  insert.options = std::move(table.options);
  return insert;
}

Result<sql::Statement> InsertInto(NewTable table, V1::SaveMode mode, const session::StatementRun& run) {
  if (!table.partition_columns.empty()) {
    return MakeSqlError("_LEGACY_ERROR_TEMP_1134", "42000", "insertInto() can't be used together with partitionBy().");
  }
  sql::InsertMode insert_mode = mode == V1::SAVE_MODE_OVERWRITE ? OverwriteMode(table.options, run) : sql::InsertMode::kAppend;
  ASSIGN_OR_RETURN(sql::InsertStatement insert, Insert(std::move(table), insert_mode, run));
  return sql::Statement{{}, std::move(insert)};
}

std::string ModeName(V1::SaveMode mode) {
  switch (mode) {
    case V1::SAVE_MODE_APPEND: return "Append";
    case V1::SAVE_MODE_OVERWRITE: return "Overwrite";
    case V1::SAVE_MODE_IGNORE: return "Ignore";
    default: return "ErrorIfExists";
  }
}

bool IsOn(const std::map<std::string, std::string>& options, std::string_view name) {
  return std::ranges::any_of(options, [&](const auto& option) {
    return EqualsIgnoreCase(option.first, name) && EqualsIgnoreCase(option.second, "true");
  });
}

// An overwrite of a Delta table whose columns stay, as they do without overwriteSchema.
Result<sql::Statement> Overwrite(NewTable table, sql::DataFrameSave save, const sql::ResolvedRelation& existing,
                                 session::StatementRun& run) {
  RETURN_IF_ERROR(CheckSamePartitioning(run, existing, table.partition_columns));
  ASSIGN_OR_RETURN(sql::InsertStatement insert, Insert(std::move(table), sql::InsertMode::kOverwrite, run));
  insert.by_name = true;
  insert.save = std::move(save);
  return sql::Statement{{}, std::move(insert)};
}

// saveAsTable, and save() of a Delta table by its path.
Result<sql::Statement> SaveAs(NewTable table, V1::SaveMode mode, session::StatementRun& run) {
  ASSIGN_OR_RETURN(std::optional<sql::ResolvedRelation> existing, Find(run, table.name));
  bool exists = existing.has_value(), overwrites = mode == V1::SAVE_MODE_OVERWRITE;
  bool partial = std::ranges::any_of(table.options, [](const auto& option) { return EqualsIgnoreCase(option.first, "replaceWhere"); });
  bool dynamic = overwrites && OverwriteMode(table.options, run) == sql::InsertMode::kOverwritePartitions;
  if (exists && (mode == V1::SAVE_MODE_UNSPECIFIED || mode == V1::SAVE_MODE_ERROR_IF_EXISTS)) return AlreadyExists(table.name);
  sql::DataFrameSave save{ModeName(mode), IsOn(table.options, "overwriteSchema"), IsOn(table.options, "mergeSchema")};
  if (exists && (mode == V1::SAVE_MODE_APPEND || (overwrites && (partial || dynamic)))) {
    RETURN_IF_ERROR(CheckSameClustering(run, *existing, table.clustering_columns));
    auto insert_mode = mode == V1::SAVE_MODE_APPEND ? sql::InsertMode::kAppend : sql::InsertMode::kOverwritePartitions;
    ASSIGN_OR_RETURN(sql::InsertStatement insert, Insert(std::move(table), insert_mode, run));
    insert.by_name = true;
    if (sql::NamesDeltaPath(insert.table.name)) insert.save = std::move(save);
    return sql::Statement{{}, std::move(insert)};
  }
  bool is_delta = EqualsIgnoreCase(table.source, "delta") && exists && EqualsIgnoreCase(existing->format, "delta");
  bool keeps_columns = overwrites && is_delta && !save.overwrites_schema && table.clustering_columns.empty();
  if (keeps_columns) return Overwrite(std::move(table), std::move(save), *existing, run);
  sql::CreateTableStatement create = CreateAs(std::move(table));
  create.if_not_exists = mode == V1::SAVE_MODE_IGNORE;
  create.or_replace = overwrites;
  create.save = std::move(save);
  // The catalog's; the log of a path has its own.
  if (exists && !existing->comment.empty()) create.comment = existing->comment;
  return sql::Statement{{}, std::move(create)};
}

Result<NewTable> ForV2(const V2& proto, Decoder& decoder) {
  NewTable table;
  ASSIGN_OR_RETURN(table.name, sql::ParseMultipartIdentifier(proto.table_name()));
  ASSIGN_OR_RETURN(table.query, decoder.Relation(proto.input()));
  table.source = proto.has_provider() && !proto.provider().empty() ? proto.provider() : "delta";
  table.options = Texts(proto.options());
  table.properties = Texts(proto.table_properties());
  table.clustering_columns.assign(proto.clustering_columns().begin(), proto.clustering_columns().end());
  for (const auto& expression : proto.partitioning_columns()) {
    ASSIGN_OR_RETURN(sql::ExprPtr expr, decoder.Expression(expression));
    auto* column = std::get_if<sql::AttributeExpr>(&expr->node);
    if (column == nullptr || column->name.size() != 1) return NotImplemented("partition transforms (WriteOperationV2.partitioning_columns)");
    table.partition_columns.push_back(column->name[0]);
  }
  return table;
}

Result<std::vector<sql::Assignment>> DecodeAssignments(const sc::MergeAction& proto, Decoder& decoder) {
  std::vector<sql::Assignment> assignments;
  for (const auto& assignment : proto.assignments()) {
    ASSIGN_OR_RETURN(sql::ExprPtr key, decoder.Expression(assignment.key()));
    auto* column = std::get_if<sql::AttributeExpr>(&key->node);
    if (column == nullptr) return InvalidPlan("a merge assignment to something that is no column");
    ASSIGN_OR_RETURN(sql::ExprPtr value, decoder.Expression(assignment.value()));
    assignments.push_back({column->name, std::move(value), {}});
  }
  return assignments;
}

Status AddClauses(const google::protobuf::RepeatedPtrField<sc::Expression>& actions, sql::MergeClause::Match match,
                  Decoder& decoder, std::vector<sql::MergeClause>& clauses) {
  using Action = sql::MergeClause::Action;
  for (const auto& expression : actions) {
    if (!expression.has_merge_action()) return InvalidPlan("a merge clause that is no MergeAction");
    const sc::MergeAction& action = expression.merge_action();
    sql::MergeClause clause;
    clause.match = match;
    switch (action.action_type()) {
      case sc::MergeAction::ACTION_TYPE_DELETE: clause.action = Action::kDelete; break;
      case sc::MergeAction::ACTION_TYPE_INSERT: clause.action = Action::kInsert; break;
      case sc::MergeAction::ACTION_TYPE_INSERT_STAR: clause.action = Action::kInsertStar; break;
      case sc::MergeAction::ACTION_TYPE_UPDATE: clause.action = Action::kUpdate; break;
      case sc::MergeAction::ACTION_TYPE_UPDATE_STAR: clause.action = Action::kUpdateStar; break;
      default: return InvalidPlan("a merge action without a type");
    }
    if (action.has_condition()) {
      ASSIGN_OR_RETURN(clause.condition, decoder.Expression(action.condition()));
    }
    ASSIGN_OR_RETURN(clause.assignments, DecodeAssignments(action, decoder));
    clauses.push_back(std::move(clause));
  }
  return OkStatus();
}

}  // namespace

Result<sql::Statement> DecodeWrite(const V1& proto, Decoder& decoder, session::StatementRun& run) {
  if (proto.has_bucket_by()) return NotImplemented("WriteOperation.bucket_by");
  if (proto.sort_column_names_size() > 0) return NotImplemented("WriteOperation.sort_column_names");
  NewTable table;
  table.source = proto.has_source() && !proto.source().empty() ? proto.source() : "delta";
  table.options = Texts(proto.options());
  if (proto.with_schema_evolution()) table.options["mergeSchema"] = "true";
  table.partition_columns.assign(proto.partitioning_columns().begin(), proto.partitioning_columns().end());
  table.clustering_columns.assign(proto.clustering_columns().begin(), proto.clustering_columns().end());
  ASSIGN_OR_RETURN(table.query, decoder.Relation(proto.input()));
  if (proto.has_table()) {
    ASSIGN_OR_RETURN(table.name, sql::ParseMultipartIdentifier(proto.table().table_name()));
    if (proto.table().save_method() == V1::SaveTable::TABLE_SAVE_METHOD_INSERT_INTO) return InsertInto(std::move(table), proto.mode(), run);
    return SaveAs(std::move(table), proto.mode(), run);
  }
  if (EqualsIgnoreCase(table.source, "noop")) return NotImplemented("the noop data source");
  std::string path = proto.path();
  if (path.empty()) path = TakeOption(table.options, "path").value_or("");
  if (path.empty()) return InvalidPlan("df.write.save() without a path");
  if (!EqualsIgnoreCase(table.source, "delta")) return NotImplemented("df.write.save() in the format " + table.source);
  table.name = sql::DeltaPathName(std::move(path));
  return SaveAs(std::move(table), proto.mode(), run);
}

Result<sql::Statement> DecodeWriteV2(const V2& proto, Decoder& decoder, session::StatementRun& run) {
  ASSIGN_OR_RETURN(NewTable table, ForV2(proto, decoder));
  if (proto.with_schema_evolution()) table.options["mergeSchema"] = "true";
  switch (proto.mode()) {
    case V2::MODE_CREATE:
    case V2::MODE_REPLACE:
    case V2::MODE_CREATE_OR_REPLACE: {
      sql::CreateTableStatement create = CreateAs(std::move(table));
      create.or_replace = proto.mode() == V2::MODE_CREATE_OR_REPLACE;
      create.replace_only = proto.mode() == V2::MODE_REPLACE;
      return sql::Statement{{}, std::move(create)};
    }
    case V2::MODE_APPEND:
    case V2::MODE_OVERWRITE:
    case V2::MODE_OVERWRITE_PARTITIONS: {
      auto mode = proto.mode() == V2::MODE_APPEND ? sql::InsertMode::kAppend : sql::InsertMode::kOverwritePartitions;
      ASSIGN_OR_RETURN(sql::InsertStatement insert, Insert(std::move(table), mode, run));
      insert.by_name = true;
      if (proto.mode() == V2::MODE_OVERWRITE) {
        insert.mode = sql::InsertMode::kReplaceWhere;
        ASSIGN_OR_RETURN(insert.replace_where, decoder.Expression(proto.overwrite_condition()));
        auto* literal = std::get_if<sql::LiteralExpr>(&insert.replace_where->node);
        if (literal != nullptr && literal->value == Value::Boolean(true)) {
          insert.mode = sql::InsertMode::kOverwrite;
          insert.replace_where = nullptr;
        }
      }
      return sql::Statement{{}, std::move(insert)};
    }
    default: return InvalidPlan("a V2 write without a mode");
  }
}

Result<sql::Statement> DecodeMerge(const sc::MergeIntoTableCommand& proto, Decoder& decoder) {
  sql::MergeStatement merge;
  ASSIGN_OR_RETURN(merge.target.name, sql::ParseMultipartIdentifier(proto.target_table_name()));
  ASSIGN_OR_RETURN(merge.source, decoder.Relation(proto.source_table_plan()));
  ASSIGN_OR_RETURN(merge.condition, decoder.Expression(proto.merge_condition()));
  merge.with_schema_evolution = proto.with_schema_evolution();
  using Match = sql::MergeClause::Match;
  RETURN_IF_ERROR(AddClauses(proto.match_actions(), Match::kMatched, decoder, merge.clauses));
  RETURN_IF_ERROR(AddClauses(proto.not_matched_actions(), Match::kNotMatched, decoder, merge.clauses));
  RETURN_IF_ERROR(AddClauses(proto.not_matched_by_source_actions(), Match::kNotMatchedBySource, decoder, merge.clauses));
  return sql::Statement{{}, std::move(merge)};
}

}  // namespace ashlar::connect
