// Parser, analyzer and registry together against tests/sql: the schema of every query Spark answered
// (names, types, nullability) and every error Spark's analyzer gave (condition, SQLSTATE, parameters,
// place). What differs is listed in tests/sql/analysis_differences.txt; that list may only get shorter:
// a difference that is not listed fails; one that is gone is named, to be taken off the list.
// With ASHLAR_ANALYSIS_REPORT=file the differences go there with both answers, and their list to
// file.list.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "functions/registry.h"
#include "sql/analyzer.h"
#include "sql/parser.h"
#include "sql/row_metadata.h"
#include "sql/test_recordings.h"
#include "types/widening.h"

namespace ashlar::functions {
namespace {

using namespace sql;  // NOLINT: a test of both modules

constexpr const char* kDifferences = "tests/sql/analysis_differences.txt";

class RecordedTable : public TableHandle {
 public:
  explicit RecordedTable(Schema schema) : schema_(std::move(schema)) {}
  const Schema& schema() const override { return schema_; }

 private:
  Schema schema_;
};

// With what Delta's tables show of each row when they track rows.
class TableOfTrackedRows : public RecordedTable, public RowMetadataSource {
 public:
  explicit TableOfTrackedRows(Schema schema)
      : RecordedTable(WithMetadata(schema)), plain_(std::make_shared<RecordedTable>(std::move(schema))) {}
  std::shared_ptr<const TableHandle> WithoutMetadata() const override { return plain_; }

 private:
  static Schema WithMetadata(Schema schema) {
    std::vector<Field> fields = {{"file_path", TypeId::kString, false}, {"file_name", TypeId::kString, false}};
    for (const char* name : {"file_size", "file_block_start", "file_block_length"}) fields.push_back({name, TypeId::kLong, false});
    fields.push_back({"file_modification_time", TypeId::kTimestamp, false});
    for (const char* name : {"row_index", "row_id", "base_row_id", "default_row_commit_version", "row_commit_version"}) {
      fields.push_back({name, TypeId::kLong, false});
    }
    schema.fields.push_back({kRowMetadata, DataType::Struct(std::move(fields)), false});
    return schema;
  }

  const std::shared_ptr<const TableHandle> plain_;
};

// Tables and views that the file's own statements made.
class RecordedCatalog : public CatalogView, public TableSource {
 public:
  std::vector<Result<ResolvedRelation>> Resolve(std::span<const std::string>,
                                                std::span<const ResolveRequest> requests) override {
    std::vector<Result<ResolvedRelation>> answers;
    for (const ResolveRequest& request : requests) {
      std::string name = ToLowerAscii(Join(request.name, "."));
      auto it = relations.find(name);
      if (it != relations.end()) {
        answers.emplace_back(it->second);
      } else {
        answers.emplace_back(MakeSqlError("TABLE_OR_VIEW_NOT_FOUND", "42P01", "no " + name,
                                          {{"relationName", name}}));
      }
    }
    return answers;
  }
  Result<std::shared_ptr<const TableHandle>> Open(const ResolvedRelation& relation, const TimeTravel&,
                                                  const std::map<std::string, std::string>& options,
                                                  const std::optional<Schema>&) override {
    if (options.contains(kRowMetadata) && !options.contains("readChangeFeed") && relation.schema.IndexOf(kRowMetadata) < 0) {
      return std::shared_ptr<const TableHandle>(std::make_shared<TableOfTrackedRows>(relation.schema));
    }
    Schema schema = relation.schema;
    if (options.contains("readChangeFeed")) {
      schema.fields.push_back({"_change_type", TypeId::kString, true});
      schema.fields.push_back({"_commit_version", TypeId::kLong, true});
      schema.fields.push_back({"_commit_timestamp", TypeId::kTimestamp, true});
    }
    return std::shared_ptr<const TableHandle>(std::make_shared<RecordedTable>(std::move(schema)));
  }

  std::map<std::string, ResolvedRelation> relations;
};

std::string Escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '\\') out += "\\\\";
    else if (c == '\t') out += "\\t";
    else if (c == '\n') out += "\\n";
    else if (c == '\r') out += "\\r";
    else out += c;
  }
  return out;
}

std::string ShownName(const std::string& name) {
  bool plain = !name.empty() && !(name[0] >= '0' && name[0] <= '9') &&
               std::ranges::all_of(name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; });
  return plain ? name : "`" + Escaped(ReplaceAll(name, "`", "``")) + "`";
}

std::string ShownType(const DataType& type) {
  auto mark = [](bool nullable) { return nullable ? "" : " NOT NULL"; };
  switch (type.id()) {
    case TypeId::kArray:
      return "array<" + ShownType(type.element()) + mark(type.contains_null()) + ">";
    case TypeId::kMap:
      return "map<" + ShownType(type.key()) + "," + ShownType(type.map_value()) + mark(type.value_contains_null()) + ">";
    case TypeId::kStruct: {
      std::vector<std::string> fields;
      for (const Field& f : type.fields()) fields.push_back(ShownName(f.name) + ":" + ShownType(f.type) + mark(f.nullable));
      return "struct<" + Join(fields, ",") + ">";
    }
    default:
      return type.SimpleString();
  }
}

std::string ShownSchema(const Plan& plan) {
  std::vector<Field> fields;
  for (const Attribute& a : plan.output) fields.push_back({a.name, a.type, a.nullable});
  return "schema: " + ShownType(DataType::Struct(std::move(fields)));
}

int64_t Utf16Offset(std::string_view text, size_t offset) {
  int64_t units = 0;
  for (size_t i = 0; i < offset && i < text.size(); ++i) {
    auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xC0) != 0x80) units += byte >= 0xF0 ? 2 : 1;
  }
  return units;
}

std::string ShownError(const Error& error, std::string_view sql) {
  Json parameters = Json::object();
  for (const auto& [key, value] : error.parameters) parameters[key] = value;
  std::string text = "error: " + error.condition + " " + (error.sqlstate.empty() ? "-" : error.sqlstate) + " " +
                     WriteJson(parameters);
  if (error.span && !(*error.span == SourceSpan{})) {
    text += " " + std::to_string(Utf16Offset(sql, error.span->begin)) + ".." +
            std::to_string(Utf16Offset(sql, error.span->end) - 1);
  }
  return error.condition == "UNSUPPORTED_FEATURE" || error.condition.empty() ? "not built: " + error.message : text;
}

// Errors that only running a query gives.
bool IsRuntimeError(std::string_view answer) {
  for (std::string_view analysis :
       {"DATATYPE_MISMATCH", "UNRESOLVED_", "MISSING_", "WRONG_NUM_ARGS", "AMBIGUOUS_", "GROUP_BY", "ORDER_BY_POS",
        "INCOMPATIBLE_COLUMN_TYPE", "NUM_COLUMNS", "INVALID_INLINE", "FIELD_NOT_FOUND", "INVALID_EXTRACT",
        "TABLE_OR_VIEW_NOT_FOUND", "NESTED_AGG", "UNSUPPORTED_", "INVALID_WHERE", "INVALID_LIMIT_LIKE", "GROUPING",
        "WINDOW_FUNCTION", "INVALID_SUBQUERY", "UNPIVOT", "INSERT_COLUMN", "INCOMPATIBLE_DATA", "ASSIGNMENT_ARITY"}) {
    if (answer.substr(7).starts_with(analysis)) return false;
  }
  return true;
}

// The session of one file.
class FileSession {
 public:
  // What analysis says: a schema line, an error line, "ok", or why it cannot tell.
  std::string Answer(const Recording& recording) {
    ParserOptions options;
    options.ansi = ansi_;
    options.time_zone = zone_;
    Result<Statement> parsed = ParseStatement(recording.sql, options);
    if (!parsed.ok()) return ShownError(parsed.error(), recording.sql);
    const Statement& statement = *parsed;
    AnalyzerContext context = Context();
    if (const auto* query = std::get_if<QueryStatement>(&statement.node)) {
      Result<AnalyzedQuery> analysed = AnalyzeQuery(query->query, context);
      return analysed.ok() ? ShownSchema(*analysed->plan) : ShownError(analysed.error(), recording.sql);
    }
    if (const auto* view = std::get_if<CreateViewStatement>(&statement.node)) return CreateView(*view, recording, context);
    if (const auto* table = std::get_if<CreateTableStatement>(&statement.node)) return CreateTable(*table, recording, context);
    auto row_change = [&](const auto& result) {
      return result.ok() ? std::string("ok") : ShownError(result.error(), recording.sql);
    };
    if (const auto* n = std::get_if<InsertStatement>(&statement.node)) {
      InsertStatement insert = *n;
      if (evolves_) insert.options.emplace("mergeSchema", "true");
      return row_change(Evolved(AnalyzeInsert(insert, context), recording));
    }
    if (const auto* n = std::get_if<UpdateStatement>(&statement.node)) return row_change(AnalyzeUpdate(*n, context));
    if (const auto* n = std::get_if<DeleteStatement>(&statement.node)) return row_change(AnalyzeDelete(*n, context));
    if (const auto* n = std::get_if<MergeStatement>(&statement.node)) {
      MergeStatement merge = *n;
      merge.with_schema_evolution = merge.with_schema_evolution || evolves_;
      return row_change(Evolved(AnalyzeMerge(merge, context), recording));
    }
    if (!recording.FirstLine().starts_with("error:")) Follow(statement);
    return "command";
  }
  void Configure(const std::string& directive) {
    std::string rest = directive.substr(std::string_view("config ").size());
    std::string key = rest.substr(0, rest.find(' '));
    std::string value = rest.size() > key.size() ? rest.substr(key.size() + 1) : "";
    if (key == "spark.sql.ansi.enabled") ansi_ = value != "false";
    if (key == "spark.databricks.delta.schema.autoMerge.enabled") evolves_ = value == "true";
    if (key == "spark.sql.session.timeZone") zone_ = value.empty() ? "UTC" : value;
  }

 private:
  AnalyzerContext Context() {
    AnalyzerContext context{catalog_, catalog_, SparkFunctions()};
    context.current_catalog = "spark_catalog";
    context.current_schema = schema_;
    context.user = "tester";
    context.ansi = ansi_;
    context.time_zone = zone_;
    context.temporary_views = &views_;
    context.parse_query = [this](const std::string& text, const std::string& time_zone) -> Result<RelationPtr> {
      ParserOptions options;
      options.ansi = ansi_;
      options.time_zone = time_zone;
      ASSIGN_OR_RETURN(Statement statement, ParseStatement(text, options));
      return std::get<QueryStatement>(statement.node).query;
    };
    return context;
  }
  std::string CreateView(const CreateViewStatement& view, const Recording& recording, AnalyzerContext& context) {
    std::vector<std::string> columns;
    for (const Field& field : view.columns) columns.push_back(field.name);
    Result<AnalyzedQuery> analysed = AnalyzeQuery(view.query, context);
    if (!analysed.ok()) return ShownError(analysed.error(), recording.sql);
    if (recording.FirstLine() != "ok") return "ok";
    if (view.temporary || view.global_temporary) {
      std::string name = ToLowerAscii(view.name.back());
      views_[view.global_temporary ? "global_temp." + name : name] = {view.query, columns};
      return "ok";
    }
    ResolvedRelation relation = NewRelation(view.name, RelationKind::kView);
    relation.view_text = view.text;
    for (size_t i = 0; i < analysed->plan->output.size(); ++i) {
      relation.schema.fields.push_back({columns.empty() ? analysed->plan->output[i].name : columns[i], TypeId::kNull});
    }
    catalog_.relations[relation.full_name] = relation;
    return "ok";
  }
  std::string CreateTable(const CreateTableStatement& table, const Recording& recording, AnalyzerContext& context) {
    ResolvedRelation relation = NewRelation(table.name, RelationKind::kTable);
    for (const ColumnDefinition& column : table.columns) relation.schema.fields.push_back(column.field);
    if (table.query) {
      Result<AnalyzedQuery> analysed = AnalyzeQuery(table.query, context);
      if (!analysed.ok()) return ShownError(analysed.error(), recording.sql);
      for (const Attribute& a : analysed->plan->output) relation.schema.fields.push_back({a.name, AsNullable(a.type), true});
    }
    if (!table.like.empty()) {
      auto like = catalog_.relations.find(NewRelation(table.like, RelationKind::kTable).full_name);
      if (like != catalog_.relations.end()) relation.schema = like->second.schema;
    }
    if (recording.FirstLine() == "ok") catalog_.relations[relation.full_name] = relation;
    return "ok";
  }
  // What a command does to the tables that later statements name.
  void Follow(const Statement& statement) {
    if (const auto* command = std::get_if<CatalogStatement>(&statement.node)) RunCatalogCommand(command->command);
    if (const auto* clone = std::get_if<CloneTableStatement>(&statement.node)) {
      auto source = catalog_.relations.find(NewRelation(clone->source.name, RelationKind::kTable).full_name);
      if (source == catalog_.relations.end()) return;
      ResolvedRelation made = NewRelation(clone->name, RelationKind::kTable);
      made.schema = source->second.schema;
      catalog_.relations[made.full_name] = made;
    }
    if (const auto* alter = std::get_if<AlterTableStatement>(&statement.node)) {
      auto table = catalog_.relations.find(NewRelation(alter->table.name, RelationKind::kTable).full_name);
      if (table != catalog_.relations.end()) Alter(*alter, table->second.schema);
    }
  }
  // What ALTER TABLE makes of columns at the top.
  static void Alter(const AlterTableStatement& alter, Schema& schema) {
    using Action = AlterTableStatement::Action;
    std::vector<Field>& fields = schema.fields;
    if (alter.action == Action::kReplaceColumns) fields.clear();
    for (size_t i = 0; i < alter.columns.size() && alter.action != Action::kAlterColumn; ++i) {
      const ColumnPlacement place = alter.placements.empty() ? ColumnPlacement() : alter.placements[i];
      if (!place.parent.empty()) continue;
      size_t at = place.first ? 0 : place.after ? static_cast<size_t>(schema.IndexOf(*place.after)) + 1 : fields.size();
      fields.insert(fields.begin() + static_cast<long>(at), alter.columns[i].field);
    }
    for (const NameParts& name : alter.names) {
      int column = schema.IndexOf(name[0]);
      if (column < 0 || name.size() != 1) continue;
      Field& field = fields[static_cast<size_t>(column)];
      if (alter.action == Action::kRenameColumn) field.name = alter.new_name;
      if (alter.action == Action::kAlterColumn && alter.set_type) field.type = alter.columns[0].field.type;
      if (alter.action == Action::kAlterColumn && alter.set_nullable) field.nullable = *alter.set_nullable;
    }
  }
  // A change of rows that was carried out has added its new columns to the table.
  template <typename Change>
  Result<Change> Evolved(Result<Change> change, const Recording& recording) {
    if (!change.ok() || recording.FirstLine().starts_with("error:")) return change;
    auto table = catalog_.relations.find(change->target.relation.full_name);
    if (table == catalog_.relations.end()) return change;
    for (const Field& field : change->new_columns) table->second.schema.fields.push_back(field);
    return change;
  }
  void RunCatalogCommand(const CatalogCommand& command) {
    if (command.action == CatalogAction::kUse && command.securable == Securable::kSchema) schema_ = command.name.back();
    if (command.action != CatalogAction::kDrop) return;
    if (command.name.size() == 1 && views_.erase(ToLowerAscii(command.name[0])) > 0) return;
    if (command.name.size() == 2) views_.erase(ToLowerAscii(Join(command.name, ".")));
    catalog_.relations.erase(NewRelation(command.name, RelationKind::kTable).full_name);
  }
  ResolvedRelation NewRelation(const NameParts& name, RelationKind kind) {
    ResolvedRelation relation;
    relation.kind = kind;
    relation.name_parts = name;
    if (relation.name_parts.size() == 1) relation.name_parts.insert(relation.name_parts.begin(), schema_);
    if (relation.name_parts.size() == 2) relation.name_parts.insert(relation.name_parts.begin(), "spark_catalog");
    relation.full_name = ToLowerAscii(Join(relation.name_parts, "."));
    relation.uuid = relation.full_name;
    if (kind == RelationKind::kTable) relation.format = "DELTA";
    relation.view_catalog = "spark_catalog";
    relation.view_schema = schema_;
    return relation;
  }

  RecordedCatalog catalog_;
  std::map<std::string, TemporaryView> views_;
  std::string schema_ = "default";
  bool ansi_ = true;
  std::string zone_ = "UTC";
  bool evolves_ = false;  // spark.databricks.delta.schema.autoMerge.enabled
};

// delta-spark 4.4 raises errors of MERGE whose texts it lacks: what they are called is all that is known of them.
bool Same(const std::string& answer, const std::string& recorded) {
  constexpr std::string_view kLacks = "error: INTERNAL_ERROR XX000 {\"message\":\"Cannot find main error class '";
  if (!recorded.starts_with(kLacks)) return answer == recorded;
  std::string name = recorded.substr(kLacks.size(), recorded.find('\'', kLacks.size()) - kLacks.size());
  return answer.starts_with("error: " + name + " ");
}

std::set<std::string> ListedDifferences() {
  std::set<std::string> listed;
  Result<std::string> text = ReadFile(kDifferences);
  if (!text.ok()) return listed;
  for (std::string_view line : SplitView(*text, '\n')) {
    if (!line.empty() && !line.starts_with("#")) listed.insert(std::string(line));
  }
  return listed;
}

// The columns clause of "query columns a,b" leaves others out: not comparable as a whole.
bool Comparable(const Recording& recording, const std::string& answer) {
  if (recording.FirstLine().empty() || recording.FirstLine() == "?" || answer == "command") return false;
  if (recording.directive.starts_with("query columns")) return false;
  // What a change of rows counts, it says when it has run.
  if (answer == "ok" && recording.FirstLine().starts_with("schema: struct<num_affected_rows:")) return false;
  // The parser's errors are compared by its own test.
  if (recording.FirstLine().starts_with("error: PARSE_")) return false;
  bool ran = !answer.starts_with("error:") && !answer.starts_with("not built:");
  return !(ran && recording.FirstLine().starts_with("error:") && IsRuntimeError(recording.FirstLine()));
}

TEST(AnalysisRecordingsTest, SchemasAndErrorsAreSparks) {
  std::set<std::string> listed = ListedDifferences();
  std::set<std::string> seen;
  std::set<std::string> gone;
  size_t compared = 0;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator("tests/sql")) {
    if (entry.path().extension() == ".test") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  // Where to write what differs now, with both answers.
  const char* report_path = std::getenv("ASHLAR_ANALYSIS_REPORT");
  std::ofstream report(report_path ? report_path : "/dev/null");
  std::ofstream list(report_path ? std::string(report_path) + ".list" : "/dev/null");
  for (const std::filesystem::path& file : files) {
    FileSession session;
    for (const Recording& recording : sql::ReadRecordings(file)) {
      if (recording.directive.starts_with("config")) {
        session.Configure(recording.directive);
        continue;
      }
      std::string answer = session.Answer(recording);
      if (!Comparable(recording, answer)) continue;
      ++compared;
      if (Same(answer, recording.FirstLine())) {
        if (listed.contains(recording.Key())) gone.insert(recording.Key());
        continue;
      }
      if (seen.insert(recording.Key()).second) list << recording.Key() << "\n";
      report << recording.Key() << "\n  spark: " << recording.FirstLine() << "\n  ours:  " << answer << "\n";
      EXPECT_TRUE(listed.contains(recording.Key()))
          << recording.Key() << "\n  spark: " << recording.FirstLine() << "\n  ours:  " << answer;
    }
  }
  for (const std::string& key : gone) {
    if (!seen.contains(key)) std::printf("as Spark's now, take it off the list: %s\n", key.c_str());
  }
  for (const std::string& key : listed) {
    EXPECT_TRUE(seen.contains(key) || gone.contains(key)) << "listed but not recorded: " << key;
  }
  std::printf("analysis as Spark's: %zu of %zu recordings\n", compared - seen.size(), compared);
  EXPECT_GT(compared, 1000u);
}

}  // namespace
}  // namespace ashlar::functions
