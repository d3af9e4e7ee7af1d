// What FROM names: CTEs, temporary views, tables, views, paths, table functions.
#include <algorithm>

#include "base/text.h"
#include "sql/analyze/analysis.h"
#include "sql/analyze/constant_folding.h"
#include "sql/analyze/errors.h"
#include "sql/analyze/expr_text.h"
#include "sql/coercion.h"
#include "sql/parser.h"
#include "sql/row_metadata.h"
#include "sql/table_path.h"

namespace ashlar::sql {
namespace {

constexpr size_t kMaxNestedViews = 100;

// Puts a value back when the block ends.
template <typename T>
class Restore {
 public:
  Restore(T& place, T value) : place_(place), saved_(std::exchange(place, std::move(value))) {}
  ~Restore() { place_ = std::move(saved_); }
  Restore(const Restore&) = delete;
  Restore& operator=(const Restore&) = delete;

 private:
  T& place_;
  T saved_;
};

std::string FormatOfPath(const std::string& path) {
  std::string lower = ToLowerAscii(path);
  for (const char* format : {"parquet", "csv", "json", "text", "avro", "orc"}) {
    if (lower.ends_with(std::string(".") + format)) return format;
  }
  return "";
}

Error WrongCount(const std::string& function, const std::string& expected, size_t given, SourceSpan span) {
  std::string name = QuoteIdentifier(function), count = std::to_string(given);
  return MakeSqlError("WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "42605",
                      "The " + name + " requires " + expected + " parameters but the actual number is " + count + ".",
                      {{"functionName", name}, {"expectedNum", expected}, {"actualNum", count},
                       {"docroot", "https://spark.apache.org/docs/latest"}}, span);
}

// A bound of range() that is given as text.
Result<Value> BigintOf(const std::string& text, SourceSpan span) {
  if (auto number = ParseInt64(Trim(text))) return Value::Long(*number);
  return MakeSqlError("CAST_INVALID_INPUT", "22018",
                      "The value '" + text + "' of the type \"STRING\" cannot be cast to \"BIGINT\" because it is malformed.",
                      {{"expression", "'" + text + "'"}, {"sourceType", "\"STRING\""}, {"targetType", "\"BIGINT\""},
                       {"ansiConfig", "\"spark.sql.ansi.enabled\""}}, span);
}

}  // namespace

Result<NameParts> Analysis::TableName(const TableRelation& table) {
  if (!table.identifier) return table.name;
  ASSIGN_OR_RETURN(Value name, FoldConstant(table.identifier));
  if (name.is_null() || !name.type.Is(TypeId::kString)) {
    return MakeSqlError("NOT_A_CONSTANT_STRING.WRONG_TYPE", "42601",
                        "The expression used for the routine or clause IDENTIFIER must be a constant STRING.",
                        {{"name", "IDENTIFIER"}, {"dataType", QuoteType(name.type)}}, Span(table.identifier->span));
  }
  return SplitName(std::get<std::string>(name.data));
}

Result<ResolvedRelation> Analysis::ResolveName(const NameParts& name, Access access, SourceSpan span) {
  ResolveRequest request;
  request.access = access;
  if (NamesPath(name)) {
    request.format = ToUpperAscii(name[0]);
    request.path = name[1];
  } else {
    request.name = name;
    if (request.name.size() == 1) request.name.insert(request.name.begin(), context_.current_schema);
    if (request.name.size() == 2) request.name.insert(request.name.begin(), context_.current_catalog);
  }
  std::pair<std::string, NameParts> key{Join(via_views_, "/"), request.name};
  if (access == Access::kRead && request.path.empty()) {
    auto known = resolved_names_.find(key);
    if (known != resolved_names_.end() && known->second.ok()) return known->second;
  }
  auto answers = context_.catalog.Resolve(via_views_, std::span(&request, 1));
  CHECK_EQ(answers.size(), 1u) << "one answer a request";
  if (!answers[0].ok()) {
    Error error = std::move(answers[0]).error();
    if (error.condition == "SCHEMA_NOT_FOUND") {
      // To whoever reads from it, what lies in no schema is a table that is not there.
      error = MakeSqlError("TABLE_OR_VIEW_NOT_FOUND", "42P01", "");
    }
    if (error.condition == "TABLE_OR_VIEW_NOT_FOUND") {
      error.parameters["relationName"] = QuoteName(name);
      error.parameters["searchPath"] = "[`system`.`builtin`, `system`.`session`, " +
                                       QuoteName({context_.current_catalog, context_.current_schema}) + "]";
      error.message = "The table or view " + QuoteName(name) +
                      " cannot be found. Verify the spelling and correctness of the schema and catalog.";
    }
    if (!error.span && !(span == SourceSpan{})) error.span = span;
    return error;
  }
  if (access == Access::kRead && request.path.empty()) resolved_names_.insert_or_assign(key, answers[0]);
  return std::move(answers[0]);
}

// One question for all names of a query; those that fail are asked again where they stand.
void Analysis::PrefetchNames(const RelationPtr& relation) {
  std::vector<ResolveRequest> requests;
  std::vector<const Relation*> pending = {relation.get()};
  while (!pending.empty()) {
    const Relation* r = pending.back();
    pending.pop_back();
    if (!r) continue;
    if (const auto* table = std::get_if<TableRelation>(&r->node)) {
      bool plain = !table->identifier && table->name.size() > 1 && table->name.size() <= 3 && !NamesPath(table->name);
      if (!plain) continue;
      ResolveRequest request;
      request.name = table->name;
      if (request.name.size() == 2) request.name.insert(request.name.begin(), context_.current_catalog);
      requests.push_back(std::move(request));
      continue;
    }
    std::visit(
        [&](const auto& n) {
          if constexpr (requires { n.left; }) {
            pending.push_back(n.left.get());
            pending.push_back(n.right.get());
          }
          if constexpr (requires { n.input; }) pending.push_back(n.input.get());
          if constexpr (requires { n.definitions; }) {
            for (const CteDefinition& d : n.definitions) pending.push_back(d.plan.get());
          }
        },
        r->node);
  }
  if (requests.size() < 2) return;
  auto answers = context_.catalog.Resolve(via_views_, requests);
  for (size_t i = 0; i < std::min(answers.size(), requests.size()); ++i) {
    if (!answers[i].ok()) continue;
    resolved_names_.insert_or_assign({Join(via_views_, "/"), requests[i].name}, std::move(answers[i]));
  }
}

std::optional<Rel> Analysis::FindCte(const std::string& name) {
  for (auto scope = ctes_.rbegin(); scope != ctes_.rend(); ++scope) {
    auto it = (*scope)->find(ToLowerAscii(name));
    if (it == (*scope)->end()) continue;
    Cte& cte = it->second;
    ++cte.references;
    Rel rel;
    std::vector<Attribute> output;
    for (const ScopeColumn& column : cte.columns) {
      const Attribute& a = column.attribute;
      output.push_back(NewAttribute(a.name, a.type, a.nullable, a.metadata));
      sources_[output.back().id] = sources_[a.id];
      rel.columns.push_back({output.back(), {name}, 0});
    }
    rel.plan = MakePlan(std::move(output), CteRefPlan{cte.id});
    return rel;
  }
  return std::nullopt;
}

Result<std::optional<Rel>> Analysis::FindOverlay(const NameParts& name, SourceSpan span) {
  using Found = std::optional<Rel>;
  if (name.size() == 1) {
    if (auto it = overlay_.find(ToLowerAscii(name[0])); it != overlay_.end()) {
      RelationPtr relation = it->second;
      Restore<std::map<std::string, RelationPtr>> no_overlay(overlay_, {});
      ASSIGN_OR_RETURN(Rel rel, AnalyzeRelation(relation));
      return Found(std::move(rel));
    }
  }
  if (!context_.temporary_views) return Found();
  bool global = name.size() == 2 && EqualsIgnoreCase(name[0], "global_temp");
  if (name.size() != 1 && !global) return Found();
  auto view = context_.temporary_views->find(ToLowerAscii(Join(name, ".")));
  if (view == context_.temporary_views->end()) return Found();
  ASSIGN_OR_RETURN(Rel rel, ExpandTemporaryView(view->second, name.back(), span));
  return Found(std::move(rel));
}

Result<Rel> Analysis::ExpandTemporaryView(const TemporaryView& view, const std::string& name, SourceSpan span) {
  std::string key = ToLowerAscii(name);
  if (!open_views_.insert(key).second) {
    return MakeSqlError("RECURSIVE_VIEW", "42K0H",
                        "Recursive view " + QuoteIdentifier(name) + " detected.",
                        {{"viewIdent", QuoteIdentifier(name)}, {"newPath", QuoteIdentifier(name)}}, span);
  }
  Restore<std::vector<CteScope*>> no_ctes(ctes_, {});
  Restore<const Scope*> no_outer(outer_, nullptr);
  Restore<int> hidden(hide_spans_, hide_spans_ + 1);
  Result<Rel> analysed = AnalyzeClosed(view.query);
  open_views_.erase(key);
  if (!analysed.ok()) {
    Error error = std::move(analysed).error();
    error.span = span;
    return error;
  }
  return Apply(AliasRelation{view.query, {name}, view.columns}, *std::move(analysed), span);
}

Result<Rel> Analysis::ExpandView(const ResolvedRelation& view, SourceSpan span) {
  if (via_views_.size() >= kMaxNestedViews) {
    return MakeSqlError("VIEW_EXCEED_MAX_NESTED_DEPTH", "54K00",
                        "The depth of view " + QuoteName(view.name_parts) +
                            " exceeds the maximum view resolution depth (100).",
                        {{"viewName", QuoteName(view.name_parts)}, {"maxNestedDepth", "100"}}, span);
  }
  CHECK(context_.parse_query != nullptr) << "views need a parser";
  // The text is read as it was where the view was made, but for current_timezone().
  auto made_in = view.properties.find(kViewTimeZone);
  std::string made_in_zone = made_in == view.properties.end() ? "UTC" : made_in->second;
  ASSIGN_OR_RETURN(RelationPtr query, context_.parse_query(view.view_text, made_in_zone));
  std::vector<std::string> via = via_views_;
  via.push_back(view.uuid);
  Restore<std::vector<std::string>> views(via_views_, std::move(via));
  Restore<std::vector<CteScope*>> no_ctes(ctes_, {});
  Restore<const Scope*> no_outer(outer_, nullptr);
  Restore<int> hidden(hide_spans_, hide_spans_ + 1);
  Restore<std::map<std::string, RelationPtr>> no_overlay(overlay_, {});
  Restore<std::string> catalog(context_.current_catalog, view.view_catalog);
  Restore<std::string> schema(context_.current_schema, view.view_schema);
  Restore<std::string> zone(context_.time_zone, made_in_zone);
  Restore<const std::map<std::string, TemporaryView>*> no_views(context_.temporary_views, nullptr);
  PrefetchNames(query);
  Result<Rel> analysed = AnalyzeClosed(query);
  if (!analysed.ok()) {
    Error error = std::move(analysed).error();
    error.span = span;
    return error;
  }
  const std::vector<Field>& fields = view.schema.fields;
  if (!fields.empty() && fields.size() != analysed->columns.size()) {
    return MakeSqlError("INCOMPATIBLE_VIEW_SCHEMA_CHANGE", "51024",
                        "The SQL query of view " + QuoteName(view.name_parts) +
                            " has an incompatible schema change: it has " +
                            std::to_string(analysed->columns.size()) + " columns and not " +
                            std::to_string(fields.size()) + ".",
                        {{"viewName", QuoteName(view.name_parts)}}, span);
  }
  std::vector<SelectItem> items;
  for (size_t i = 0; i < analysed->columns.size(); ++i) {
    const Attribute& a = analysed->columns[i].attribute;
    TypedExprPtr expr = MakeColumn(a);
    std::string name = fields.empty() ? a.name : fields[i].name;
    if (!fields.empty() && !fields[i].type.Is(TypeId::kNull)) expr = ImplicitCast(expr, StoredType(fields[i].type));
    Attribute made = NewAttribute(name, expr->type, expr->nullable, fields.empty() ? a.metadata : fields[i].metadata);
    sources_[made.id] = {{view.full_name, name}};
    used_.try_emplace(view.full_name);
    items.push_back({std::move(made), std::move(expr), "", view.name_parts, 0});
  }
  return Project(*std::move(analysed), std::move(items));
}

Result<Rel> Analysis::ScanTable(const ResolvedRelation& relation, std::shared_ptr<const TableHandle> table) {
  ScanPlan scan;
  Rel rel;
  std::vector<Attribute> output;
  const std::vector<Field>& fields = table->schema().fields;
  used_.try_emplace(relation.full_name);
  const bool shows_metadata = dynamic_cast<const RowMetadataSource*>(table.get()) != nullptr;
  for (size_t i = 0; i < fields.size(); ++i) {
    scan.column_indexes.push_back(static_cast<int>(i));
    output.push_back(NewAttribute(fields[i].name, StoredType(fields[i].type), fields[i].nullable, fields[i].metadata));
    const bool is_metadata = shows_metadata && i + 1 == fields.size();
    if (!is_metadata) sources_[output.back().id] = {{relation.full_name, fields[i].name}};
    NoteCharColumn(output.back(), fields[i].type);
    rel.columns.push_back({output.back(), relation.name_parts, 0, /*unlisted=*/is_metadata});
  }
  scan.table = std::move(table);
  rel.plan = MakePlan(std::move(output), std::move(scan));
  return rel;
}

Result<TimeTravel> Analysis::ResolveTimeTravel(const TableRelation& table) {
  TimeTravel travel;
  if (table.version_as_of) {
    ASSIGN_OR_RETURN(Value version, FoldConstant(table.version_as_of));
    if (version.type.IsIntegral() && !version.is_null()) travel.version = std::get<int64_t>(version.data);
    if (version.type.Is(TypeId::kString) && !version.is_null()) travel.version = ParseInt64(std::get<std::string>(version.data));
    if (!travel.version) {
      return MakeSqlError("DELTA_TIME_TRAVEL_INVALID_BEGIN_VALUE", "42604",
                          "The value of versionAsOf must be a number of a version.", {{"timeTravelKey", "versionAsOf"}});
    }
  }
  if (table.timestamp_as_of) {
    ExprEnv env;
    ASSIGN_OR_RETURN(Resolved resolved, ResolveExpr(table.timestamp_as_of, env));
    auto value = FoldExpr(*ImplicitCast(resolved.expr, TypeId::kTimestamp), context_.time_zone);
    if (!value || value->is_null()) {
      return MakeSqlError("INVALID_TIME_TRAVEL_TIMESTAMP_EXPR.INPUT", "42K0E",
                          "The time travel timestamp expression " + QuoteSql(resolved.text) +
                              " is invalid. Cannot be casted to the \"TIMESTAMP\" type.",
                          {{"expr", QuoteSql(resolved.text)}});
    }
    travel.timestamp_micros = std::get<int64_t>(value->data);
  }
  return travel;
}

Result<TimeTravel> AnalyzeTimeTravel(const TableRelation& table, AnalyzerContext& context) {
  return Analysis(context).ResolveTimeTravel(table);
}

Result<Rel> Analysis::AnalyzeTable(const TableRelation& table, SourceSpan span) {
  ASSIGN_OR_RETURN(NameParts name, TableName(table));
  bool travels = table.version_as_of || table.timestamp_as_of;
  if (!travels) {
    if (name.size() == 1) {
      if (auto cte = FindCte(name[0])) return *std::move(cte);
    }
    ASSIGN_OR_RETURN(auto overlay, FindOverlay(name, span));
    if (overlay) return *std::move(overlay);
  }
  ASSIGN_OR_RETURN(ResolvedRelation relation, ResolveName(name, Access::kRead, span));
  if (relation.kind == RelationKind::kView) {
    if (travels) {
      return UnsupportedFeature("TIME_TRAVEL", "Time travel on the relation: " + QuoteName(name) + ".",
                                {{"relationId", QuoteName(name)}}, span);
    }
    return ExpandView(relation, span);
  }
  ASSIGN_OR_RETURN(TimeTravel travel, ResolveTimeTravel(table));
  auto handle = context_.tables.Open(relation, travel, table.options, std::nullopt);
  if (!handle.ok()) {
    Error error = std::move(handle).error();
    // Delta's own errors have no place in the text.
    bool placed = !error.condition.starts_with("DELTA_") && !(span == SourceSpan{});
    if (!error.span && placed) error.span = span;
    return error;
  }
  return ScanTable(relation, *std::move(handle));
}

Result<Rel> Analysis::AnalyzeFile(const FileRelation& node, SourceSpan span) {
  if (node.paths.empty()) return NotImplemented("reading format " + node.format + " without a path");
  std::optional<Rel> all;
  for (const std::string& path : node.paths) {
    ResolveRequest request;
    request.format = ToUpperAscii(node.format);
    request.path = path;
    auto answers = context_.catalog.Resolve(via_views_, std::span(&request, 1));
    CHECK_EQ(answers.size(), 1u) << "one answer a request";
    if (!answers[0].ok()) {
      Error error = std::move(answers[0]).error();
      if (!error.span && !(span == SourceSpan{})) error.span = span;
      return error;
    }
    TableRelation options;
    options.options = node.options;
    TimeTravel travel;
    for (const auto& [key, value] : node.options) {
      if (EqualsIgnoreCase(key, "versionAsOf")) travel.version = ParseInt64(value);
      if (EqualsIgnoreCase(key, "timestampAsOf")) {
        travel.timestamp_micros = ParseTimestampMicros(value, context_.time_zone);
        if (!travel.timestamp_micros) return NotImplemented("timestampAsOf '" + value + "' in this time zone");
      }
    }
    ASSIGN_OR_RETURN(auto handle, context_.tables.Open(*answers[0], travel, node.options, node.schema));
    ASSIGN_OR_RETURN(Rel rel, ScanTable(*answers[0], std::move(handle)));
    for (ScopeColumn& column : rel.columns) column.qualifier.clear();
    if (!all) {
      all = std::move(rel);
      continue;
    }
    if (all->columns.size() != rel.columns.size()) return NotImplemented("reading paths of different schemas at once");
    std::vector<DataType> types;
    for (const ScopeColumn& column : all->columns) types.push_back(column.attribute.type);
    rel = CastColumns(std::move(rel), types, false);
    all->plan = MakePlan(all->plan->output, SetOpPlan{all->plan, rel.plan, SetOpKind::kUnion, true});
  }
  return *std::move(all);
}

Result<Rel> Analysis::AnalyzeTableFunction(const TableFunctionRelation& node, SourceSpan span) {
  std::string name = ToLowerAscii(node.call.name.back());
  if (name == "range" && node.call.name.size() == 1) {
    if (node.call.args.empty()) return WrongCount("range", "[1, 2, 3, 4]", 0, span);
    std::vector<int64_t> numbers;
    for (const ExprPtr& arg : node.call.args) {
      ASSIGN_OR_RETURN(Value value, FoldConstant(arg));
      if (value.type.Is(TypeId::kString) && !value.is_null()) {
        ASSIGN_OR_RETURN(value, BigintOf(std::get<std::string>(value.data), span));
      }
      if (value.is_null() || !value.type.IsIntegral()) return NotImplemented("range() with other than integers");
      numbers.push_back(std::get<int64_t>(value.data));
    }
    if (numbers.size() > 4) return WrongCount("range", "[1, 2, 3, 4]", numbers.size(), span);
    if (numbers.size() == 1) numbers.insert(numbers.begin(), 0);
    RangeRelation range{numbers[0], numbers[1], numbers.size() > 2 ? numbers[2] : 1};
    if (range.step == 0) {
      return MakeSqlError("FAILED_FUNCTION_CALL", "38000",
                          "Failed preparing of the function `range` for call. Please, double check function's arguments: "
                          "its step cannot be 0.",
                          {{"funcName", "`range`"}}, span);
    }
    return AnalyzeRange(range);
  }
  if (name == "read_files") {
    FileRelation file;
    for (const ExprPtr& arg : node.call.args) {
      ASSIGN_OR_RETURN(Value path, FoldConstant(arg));
      if (!path.type.Is(TypeId::kString) || path.is_null()) return NotImplemented("read_files() of other than a path");
      file.paths.push_back(std::get<std::string>(path.data));
    }
    for (const auto& [key, expr] : node.call.named_args) {
      ASSIGN_OR_RETURN(Value value, FoldConstant(expr));
      std::string text = value.type.Is(TypeId::kString) && !value.is_null() ? std::get<std::string>(value.data) : "";
      if (value.type.Is(TypeId::kBoolean) && !value.is_null()) text = std::get<bool>(value.data) ? "true" : "false";
      if (value.type.IsIntegral() && !value.is_null()) text = std::to_string(std::get<int64_t>(value.data));
      if (EqualsIgnoreCase(key, "format")) {
        file.format = text;
      } else if (EqualsIgnoreCase(key, "schema")) {
        ASSIGN_OR_RETURN(file.schema, Schema::ParseDdl(text));
      } else {
        file.options[key] = text;
      }
    }
    if (file.format.empty() && !file.paths.empty()) file.format = FormatOfPath(file.paths[0]);
    if (file.format.empty()) return NotImplemented("read_files() without a format");
    return AnalyzeFile(file, span);
  }
  if (name == "table_changes" || name == "table_changes_by_path") return AnalyzeTableChanges(node.call, span);
  if (context_.functions.Find(name) == FunctionKind::kGenerator) {
    Rel one{MakePlan({}, OneRowPlan{}), {}, {}};
    Scope scope = MakeScope(one);
    ExprEnv env;
    env.scope = &scope;
    ASSIGN_OR_RETURN(GeneratorCall call, ResolveGenerator(node.call, env, false, {}, span));
    Rel rel;
    for (const Attribute& output : call.outputs) rel.columns.push_back({output, {}, 0});
    call.plan.input = one.plan;
    rel.plan = MakePlan(call.outputs, std::move(call.plan));
    return rel;
  }
  return MakeSqlError("UNRESOLVABLE_TABLE_VALUED_FUNCTION", "42883",
                      "Could not resolve " + QuoteName(node.call.name) + " to a table-valued function.",
                      {{"name", QuoteName(node.call.name)}}, span);
}

// table_changes('t', start [, end]): versions, or times as text. The reader's options mean the same.
Result<Rel> Analysis::AnalyzeTableChanges(const FunctionExpr& call, SourceSpan span) {
  if (call.args.size() < 2 || call.args.size() > 3) {
    return WrongCount("table_changes", "[2, 3]", call.args.size(), span);
  }
  ASSIGN_OR_RETURN(Value name, FoldConstant(call.args[0]));
  if (name.is_null() || !name.type.Is(TypeId::kString)) return NotImplemented("table_changes() of other than a name");
  TableRelation table;
  std::string text = std::get<std::string>(name.data);
  if (EqualsIgnoreCase(call.name.back(), "table_changes_by_path")) {
    table.name = DeltaPathName(text);
  } else {
    table.name = SplitName(text);
  }
  table.options["readChangeFeed"] = "true";
  for (size_t i = 1; i < call.args.size(); ++i) {
    ASSIGN_OR_RETURN(Value bound, FoldConstant(call.args[i]));
    if (bound.is_null()) {
      return MakeSqlError("DELTA_CDC_READ_NULL_RANGE_BOUNDARY", "22004",
                          "CDC read start/end parameters cannot be null. Please provide a valid version or timestamp.");
    }
    std::string which = i == 1 ? "starting" : "ending";
    bool version = bound.type.IsIntegral();
    table.options[which + (version ? "Version" : "Timestamp")] =
        version ? std::to_string(std::get<int64_t>(bound.data))
                : (bound.type.Is(TypeId::kString) ? std::get<std::string>(bound.data) : LiteralText(bound, context_.time_zone));
  }
  return AnalyzeTable(table, span);
}

Result<Rel> Analysis::AnalyzeSqlText(const SqlTextRelation& node) {
  // Written in this session, unlike the text of a view: its literals are in the session's time zone.
  ParserOptions options{.ansi = context_.ansi, .double_quoted_identifiers = false, .time_zone = context_.time_zone};
  ASSIGN_OR_RETURN(Statement statement, ParseStatement(node.text, options));
  const auto* query = std::get_if<QueryStatement>(&statement.node);
  if (query == nullptr) return NotImplemented("a statement that is not a query inside a relation");
  Restore<std::map<std::string, ExprPtr>> named(context_.named_parameters, node.named_parameters);
  Restore<std::vector<ExprPtr>> positional(context_.positional_parameters, node.positional_parameters);
  Restore<std::vector<CteScope*>> no_ctes(ctes_, {});
  return AnalyzeRelation(query->query);
}

Result<Rel> Analysis::AnalyzeWith(const WithRelation& node, SourceSpan with_span) {
  CteScope scope;
  ctes_.push_back(&scope);
  std::vector<CteDefinitionPlan> plans;
  auto define = [&]() -> Result<Rel> {
    for (const CteDefinition& definition : node.definitions) {
      SourceSpan span = Span(definition.plan->span);
      Result<Rel> analysed = node.recursive ? AnalyzeRecursive(definition, scope, plans, span)
                                            : AnalyzeClosed(definition.plan);
      if (!analysed.ok()) {
        Error error = std::move(analysed).error();
        // Spark points at all of the query.
        if (error.condition == "UNION_NOT_SUPPORTED_IN_RECURSIVE_CTE") error.span = with_span;
        return error;
      }
      if (node.recursive && scope.contains(ToLowerAscii(definition.name))) continue;
      ASSIGN_OR_RETURN(Rel rel, Apply(AliasRelation{definition.plan, {definition.name}, definition.columns},
                                      *std::move(analysed), span));
      rel = Exact(std::move(rel));
      int64_t id = next_cte_id_++;
      plans.push_back({id, rel.plan, nullptr, std::nullopt});
      scope[ToLowerAscii(definition.name)] = Cte{id, rel.columns, 0, false};
    }
    return AnalyzeRelation(node.input);
  };
  Result<Rel> input = define();
  ctes_.pop_back();
  if (!input.ok()) return input;
  std::erase_if(plans, [&](const CteDefinitionPlan& plan) {
    return std::ranges::any_of(scope, [&](const auto& entry) {
      return entry.second.id == plan.cte_id && entry.second.references == 0;
    });
  });
  Rel rel = *std::move(input);
  if (!plans.empty()) rel.plan = MakePlan(rel.plan->output, CtePlan{std::move(plans), rel.plan});
  return rel;
}

// t AS (anchor UNION [ALL] step over t). A definition that does not name itself is an ordinary one.
Result<Rel> Analysis::AnalyzeRecursive(const CteDefinition& definition, CteScope& scope,
                                       std::vector<CteDefinitionPlan>& plans, SourceSpan span) {
  const Relation* body = definition.plan.get();
  while (const auto* alias = std::get_if<AliasRelation>(&body->node)) body = alias->input.get();
  const auto* set = std::get_if<SetOpRelation>(&body->node);
  if (!set || set->kind != SetOpKind::kUnion) {
    Result<Rel> plain = AnalyzeClosed(definition.plan);
    bool itself = !plain.ok() && plain.error().condition == "TABLE_OR_VIEW_NOT_FOUND" &&
                  EqualsIgnoreCase(plain.error().parameters.at("relationName"), QuoteIdentifier(definition.name));
    if (!itself) return plain;
    return MakeSqlError("INVALID_RECURSIVE_CTE", "42836",
                        "Invalid recursive definition found. Recursive queries must contain an UNION or an UNION ALL "
                        "statement with 2 children. The first child needs to be the anchor term without any recursive "
                        "references.");
  }
  ASSIGN_OR_RETURN(Rel anchor, AnalyzeClosed(set->left));
  ASSIGN_OR_RETURN(anchor, Apply(AliasRelation{set->left, {definition.name}, definition.columns},
                                 std::move(anchor), span));
  anchor = Exact(std::move(anchor));
  std::string key = ToLowerAscii(definition.name);
  int64_t id = next_cte_id_++;
  scope[key] = Cte{id, anchor.columns, 0, true};
  for (ScopeColumn& column : scope[key].columns) column.attribute.nullable = true;
  ASSIGN_OR_RETURN(Rel step, AnalyzeClosed(set->right));
  if (scope[key].references == 0) {
    scope.erase(key);
    return AnalyzeClosed(definition.plan);
  }
  scope[key].references = 0;
  if (!set->all) {
    return MakeSqlError("UNION_NOT_SUPPORTED_IN_RECURSIVE_CTE", "42836",
                        "The UNION operator is not yet supported within recursive common table expressions (WITH "
                        "clauses that refer to themselves, directly or indirectly). Please use UNION ALL instead.",
                        {}, span);
  }
  if (step.columns.size() != anchor.columns.size()) {
    return NumColumnsMismatch("UNION", anchor.columns.size(), step.columns.size(), 1, span);
  }
  std::vector<DataType> types;
  for (size_t i = 0; i < anchor.columns.size(); ++i) {
    const DataType &first = anchor.columns[i].attribute.type, &next = step.columns[i].attribute.type;
    bool wider = first.IsNumeric() && next.IsNumeric() && !CanUpCast(next, first);
    if (wider) {
      return MakeSqlError("CANNOT_MERGE_INCOMPATIBLE_DATA_TYPE", "42825",
                          "Failed to merge incompatible data types " + QuoteType(first) + " and " + QuoteType(next) + ".",
                          {{"left", QuoteType(first)}, {"right", QuoteType(next)}});
    }
    types.push_back(first);
  }
  step = CastColumns(std::move(step), types, false);
  for (size_t i = 0; i < anchor.columns.size(); ++i) {
    bool nullable = anchor.columns[i].attribute.nullable || step.columns[i].attribute.nullable;
    scope[key].columns[i].attribute.nullable = nullable;
  }
  plans.push_back({id, anchor.plan, step.plan, definition.max_level});
  return anchor;
}

}  // namespace ashlar::sql
