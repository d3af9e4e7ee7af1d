// Analysis: the state of analysing one statement, and the steps of it. Relations are taken from the
// bottom up along chains of single inputs, so that hundreds of DataFrame steps need no deep stack.
//
// A SELECT stays open (SelectBlock) until something other than HAVING, QUALIFY, WHERE or ORDER BY
// stands above it, because those may still use columns and aggregates that it does not put out.
//
// Files: resolve_expr, resolve_name, resolve_function, resolve_window, subquery (expressions);
// resolve_query, resolve_table, select_block, aggregate, join, reshape, frame (relations); dml.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "sql/analyze/scope.h"
#include "sql/analyze/typed_tree.h"
#include "sql/analyzer.h"
#include "types/text_lengths.h"

namespace ashlar::sql {

// An analysed relation. The plan may put out more columns than `columns`, in another order.
struct Rel {
  PlanPtr plan;
  std::vector<ScopeColumn> columns;
  std::vector<ScopeColumn> hidden;
};

// An analysed expression, Spark's text of it, and its name where it has one of its own.
struct Resolved {
  TypedExprPtr expr;
  std::string text;
  std::string name;
  std::string metadata = "{}";
  bool aliased = false;
};

struct SelectItem {
  Attribute attribute;
  TypedExprPtr expr;
  std::string text;
  std::vector<std::string> qualifier;
  AttributeId origin = 0;
  bool unlisted = false;  // as ScopeColumn's
};

// A generator's call: `plan` still without its input.
struct GeneratorCall {
  GeneratePlan plan;
  std::vector<Attribute> outputs;
};

// SELECT … FROM input GROUP BY … HAVING … QUALIFY …, not yet a plan. After grouping, expressions of
// items and conditions stand over the grouping and aggregate columns.
struct SelectBlock {
  Rel input;
  bool aggregate = false;
  std::vector<NamedExpr> grouping;
  bool has_sets = false;
  std::vector<std::vector<int>> sets;
  std::vector<NamedExpr> aggregates;
  TypedExprPtr having;
  std::vector<NamedExpr> windows;
  TypedExprPtr qualify;
  std::vector<GeneratorCall> generators;
  std::vector<SelectItem> items;
};

struct Open {
  Rel rel;
  std::unique_ptr<SelectBlock> block;  // then rel.plan is null and rel.columns are its items
};

struct LambdaScope {
  const LambdaScope* outer = nullptr;
  std::vector<Attribute> params;
};

// How earlier items of the select list may be named: as columns (SELECT a AS x, x + 1) or by putting in
// their expression (GROUP BY x).
enum class AliasUse { kNone, kColumn, kInline };

// Where an expression stands.
struct ExprEnv {
  const Scope* scope = nullptr;
  const Scope* fallback = nullptr;  // tried after `scope`; before it inside aggregates
  const std::vector<SelectItem>* aliases = nullptr;
  AliasUse alias_use = AliasUse::kNone;
  const LambdaScope* lambdas = nullptr;
  const std::vector<Resolved>* rewrite_args = nullptr;
  bool in_aggregate = false;
  bool over_window = false;  // the function of OVER, itself not an aggregation of rows
};

class Analysis {
 public:
  // `statement_span`: of a statement that changes a table (of INSERT without its query), where Spark places
  // what is wrong with conditions and with values that do not fit their columns.
  explicit Analysis(AnalyzerContext& context, SourceSpan statement_span = {})
      : context_(context), session_time_zone_(context.time_zone), statement_span_(statement_span) {}

  // ---- statements
  Result<AnalyzedQuery> AnalyzeStatement(const RelationPtr& query);
  Result<TypedExprPtr> ResolveOverSchema(const ExprPtr& expr, const Schema& schema, std::string* text = nullptr);
  Result<AnalyzedInsert> Insert(const InsertStatement& insert);
  Result<AnalyzedRowChange> ChangeRows(const UpdateStatement& update);
  Result<AnalyzedMerge> Merge(const MergeStatement& merge);
  Result<TimeTravel> ResolveTimeTravel(const TableRelation& table);

 private:
  struct Cte {
    int64_t id = 0;
    std::vector<ScopeColumn> columns;
    int references = 0;
    bool recursive = false;
  };
  using CteScope = std::map<std::string, Cte>;  // lower-case names
  struct SubqueryFrame {
    const Scope* outer = nullptr;
    std::vector<Attribute> references;
  };
  struct CallArguments {
    std::vector<Resolved> values;
    std::vector<FunctionArgument> types;
  };

  Result<Rel> AnalyzeRelation(const RelationPtr& relation);
  // With plan->output exactly `columns`.
  Result<Rel> AnalyzeClosed(const RelationPtr& relation);
  Rel Exact(Rel rel);
  Result<Resolved> ResolveExpr(const ExprPtr& expr, const ExprEnv& env);
  Result<TypedExprPtr> ResolveCondition(const ExprPtr& expr, const ExprEnv& env, SourceSpan span);
  static Error NotBoolean(const Resolved& resolved, SourceSpan span);
  Result<Value> FoldConstant(const ExprPtr& expr);
  // `place`: where an error of the cast stands; the operand's place when not given.
  TypedExprPtr ImplicitCast(TypedExprPtr expr, const DataType& type, std::optional<SourceSpan> place = {}) const;
  Scope MakeScope(const Rel& rel) const;
  Attribute NewAttribute(std::string name, DataType type, bool nullable, std::string metadata = "{}");
  Lineage TakeLineage();
  SourceSpan Span(SourceSpan span) const { return hide_spans_ > 0 ? SourceSpan{} : span; }

  // dml.cc, merge.cc
  Result<AnalyzedTarget> OpenTarget(const TableRelation& table, SourceSpan span, const char* operation);
  Rel ScanTarget(const AnalyzedTarget& target, const std::string& alias, bool with_row_position);
  Error RefusedColumn() const;
  bool IsRefused(const TypedExpr& expr) const;
  Result<TypedExprPtr> ResolveRowCondition(const ExprPtr& condition, const ExprEnv& env);
  Status CheckRowExpr(const TypedExprPtr& expr, const std::string& text) const;
  // As the table's column stores it; `text` is the expression's.
  Result<TypedExprPtr> StoreAssign(TypedExprPtr expr, const Field& target, const std::string& text);
  // ---- char_padding.cc
  void NoteCharColumn(const Attribute& column, const DataType& stored);
  std::optional<int> ComparedLength(const TypedExpr& expr) const;
  // The operands of a comparison that has a CHAR column among columns and texts.
  Status PadChars(std::vector<Resolved>& compared, SourceSpan span);
  // ---- column_rules.cc
  Result<ExprPtr> ParseRule(const std::string& sql);
  // The column's DEFAULT; null when it has none.
  ExprPtr DefaultExpr(const Field& field);
  static bool MakesItsOwnValue(const Field& field);
  Status FillGenerated(const Schema& schema, std::vector<TypedExprPtr>& values);
  static Status CheckExplicitValue(const Field& field, bool for_insert);
  static DataType StoredType(const DataType& type) { return WithoutLengths(type); }
  RelationPtr WithDefaults(const InsertStatement& insert, const Schema& schema);
  Result<TypedExprPtr> DefaultValue(const Field& field, const std::string& table);
  Result<TypedExprPtr> DefaultOrNull(const Field& field, const std::string& table);
  Result<std::vector<int>> MatchInsert(const InsertStatement& insert, const AnalyzedTarget& target,
                                       const Rel& query, std::vector<int>& extra, SourceSpan span);
  Result<std::vector<TypedExprPtr>> Assign(const std::vector<Assignment>& assignments,
                                           const AnalyzedTarget& target, const Rel& table_columns,
                                           const ExprEnv& env, bool for_insert);
  Result<std::vector<TypedExprPtr>> AssignStar(const AnalyzedTarget& target, const Rel& table, const Rel& source,
                                               bool evolves, bool for_insert, SourceSpan span);
  Result<AnalyzedMergeClause> MergeStep(const MergeClause& clause, const MergeStatement& merge,
                                        const AnalyzedMerge& result, const Rel& table, const Rel& source);

  struct UnpivotColumns {
    std::vector<Resolved> ids;
    std::vector<std::vector<Resolved>> groups;
  };

  // resolve_query.cc
  Result<Open> AnalyzeOpen(const RelationPtr& relation);
  Result<Open> Apply(const Relation& relation, Open input);
  Result<Rel> AnalyzeLeaf(const Relation& relation);
  Result<Rel> Close(Open open);
  void RecordPlanId(const Relation& relation, const Open& open);
  Result<Rel> Apply(const LimitRelation& node, Rel input);
  Result<Rel> Apply(const DistinctRelation& node, Rel input, SourceSpan span);
  Result<Rel> Apply(const AliasRelation& node, Rel input, SourceSpan span);
  Result<Rel> Apply(const SampleRelation& node, Rel input);
  Result<Rel> ApplyFilter(const FilterRelation& node, Rel input, SourceSpan span);
  Result<Rel> AnalyzeValues(const ValuesRelation& node, SourceSpan span);
  Result<Rel> AnalyzeWith(const WithRelation& node, SourceSpan span);
  Error AsAliased(Error error, const Relation& above) const;
  Result<Rel> AnalyzeRecursive(const CteDefinition& definition, CteScope& scope,
                               std::vector<CteDefinitionPlan>& plans, SourceSpan span);
  Result<Rel> AnalyzeReferences(const WithReferencesRelation& node);
  Result<Rel> AnalyzeLocalData(const LocalDataRelation& node);
  Rel AnalyzeRange(const RangeRelation& node);
  Result<std::optional<int64_t>> ConstantCount(const ExprPtr& expr, const char* clause, const Scope& scope);

  // resolve_table.cc
  Result<Rel> AnalyzeTable(const TableRelation& table, SourceSpan span);
  Result<Rel> AnalyzeFile(const FileRelation& node, SourceSpan span);
  Result<Rel> AnalyzeTableFunction(const TableFunctionRelation& node, SourceSpan span);
  Result<Rel> AnalyzeTableChanges(const FunctionExpr& call, SourceSpan span);
  Result<Rel> AnalyzeSqlText(const SqlTextRelation& node);
  Result<Rel> ExpandView(const ResolvedRelation& view, SourceSpan span);
  Result<Rel> ExpandTemporaryView(const TemporaryView& view, const std::string& name, SourceSpan span);
  Result<Rel> ScanTable(const ResolvedRelation& relation, std::shared_ptr<const TableHandle> table);
  Result<ResolvedRelation> ResolveName(const NameParts& name, Access access, SourceSpan span);
  Result<NameParts> TableName(const TableRelation& table);
  void PrefetchNames(const RelationPtr& relation);
  std::optional<Rel> FindCte(const std::string& name);
  Result<std::optional<Rel>> FindOverlay(const NameParts& name, SourceSpan span);

  // select_block.cc, aggregate.cc
  static void PassRowMetadata(SelectBlock& block);
  Result<Open> ApplySelect(const std::vector<ExprPtr>& exprs, const AggregateRelation* aggregate,
                           bool force_aggregate, Rel input, SourceSpan span);
  Result<void> AddItem(SelectBlock& block, const ExprPtr& expr, const Scope& scope);
  Result<void> AddStar(SelectBlock& block, const StarExpr& star, const Scope& scope, SourceSpan span);
  Result<void> AddGenerator(SelectBlock& block, const FunctionExpr& call,
                            const std::vector<std::string>& names, const Scope& scope, SourceSpan span);
  void AddResolved(SelectBlock& block, Resolved resolved, const Scope& scope);
  Result<void> ResolveGrouping(SelectBlock& block, const AggregateRelation& node, const Scope& scope);
  Result<Resolved> ResolveGroupingExpr(const SelectBlock& block, const AggregateRelation& node,
                                       const ExprPtr& expr, const Scope& scope);
  Result<int> AddGrouping(SelectBlock& block, Resolved resolved, SourceSpan span);
  Result<void> LiftAggregates(SelectBlock& block, SourceSpan span);
  // `expr` over the grouping and aggregate columns; adds the aggregates it has.
  Result<TypedExprPtr> OverAggregate(SelectBlock& block, const TypedExprPtr& expr);
  Result<TypedExprPtr> AddAggregate(SelectBlock& block, const TypedExprPtr& call);
  Result<TypedExprPtr> GroupingCall(SelectBlock& block, const CallNode& call, SourceSpan span);
  // The input's column that is neither grouped nor aggregated; none when all is well.
  std::optional<std::pair<std::string, SourceSpan>> UngroupedColumn(const SelectBlock& block,
                                                                    const TypedExprPtr& expr) const;
  TypedExprPtr OverWindows(SelectBlock& block, const TypedExprPtr& expr);
  Result<Open> ApplyHaving(const HavingRelation& node, Open input, SourceSpan span);
  Result<Open> ApplyQualify(const QualifyRelation& node, Open input, SourceSpan span);
  Result<Open> ApplyFilterOpen(const FilterRelation& node, Open input, SourceSpan span);
  Result<Open> ApplySort(const SortRelation& node, Open input, SourceSpan span);
  // Resolved over the items and what lies below them; the result's text is kept.
  Result<Resolved> ResolveOverBlock(SelectBlock& block, const ExprPtr& expr, SourceSpan span);
  Result<TypedExprPtr> ResolveOrder(const SortRelation& node, const SortOrder& order, Open& input);
  PlanPtr BuildBlock(const SelectBlock& block, const std::vector<SelectItem>& hidden);
  std::vector<ScopeColumn> ItemColumns(const SelectBlock& block) const;

  Result<Resolved> ResolvePath(const FunctionExpr& call, const ExprEnv& env, SourceSpan span);

  // windows/time_window.cc
  Result<Rel> AddTimeWindow(const std::vector<ExprPtr>& exprs, const AggregateRelation* aggregate, Rel input,
                            SourceSpan span);
  Result<Rel> AddFixedWindow(const FunctionExpr& call, Rel input, SourceSpan span);
  Result<Rel> AddSessionWindow(const FunctionExpr& call, const std::vector<ExprPtr>& exprs,
                               const AggregateRelation* aggregate, Rel input, SourceSpan span);
  ExprPtr GroupingKey(const ExprPtr& key, const std::vector<ExprPtr>& exprs, const Rel& input);
  const ScopeColumn* TimeWindowColumn(const std::string& name, const ExprEnv& env) const;
  // The input with one more column, a projection or a window function, that * does not list.
  Rel AddColumn(Rel input, const std::string& name, TypedExprPtr expr, DataType type, bool nullable);

  // join.cc
  Result<Rel> ApplyJoin(const JoinRelation& node, Rel left, SourceSpan span);
  Result<Rel> JoinUsing(Rel left, Rel right, JoinKind kind, const std::vector<std::string>& names,
                        SourceSpan span);
  Result<Rel> ApplySetOp(const SetOpRelation& node, Rel left, SourceSpan span);
  Result<Rel> MatchByName(Rel& left, Rel right, bool allow_missing, SourceSpan span);
  Rel CastColumns(Rel rel, const std::vector<DataType>& types, bool fresh_ids);

  // reshape.cc
  Result<Rel> ApplyGenerate(const GenerateRelation& node, Rel input, SourceSpan span);
  Result<GeneratorCall> ResolveGenerator(const FunctionExpr& call, const ExprEnv& env, bool outer,
                                         const std::vector<std::string>& names, SourceSpan span);
  Result<Rel> ApplyPivot(const PivotRelation& node, Rel input, SourceSpan span);
  Result<UnpivotColumns> ResolveUnpivot(const UnpivotRelation& node, const Rel& input, SourceSpan span);
  Result<GeneratorCall> UnpivotStack(const UnpivotRelation& node, const UnpivotColumns& columns);
  Result<Rel> ApplyUnpivot(const UnpivotRelation& node, Rel input, SourceSpan span);

  // frame.cc
  Result<Rel> Apply(const WithColumnsRelation& node, Rel input);
  Result<Rel> Apply(const RenameColumnsRelation& node, Rel input);
  Result<Rel> Apply(const DropColumnsRelation& node, Rel input);
  Result<Rel> Apply(const ToDfRelation& node, Rel input);
  Result<Rel> Apply(const ToSchemaRelation& node, Rel input);
  Result<Rel> Apply(const FillNaRelation& node, Rel input);
  Result<Rel> Apply(const DropNaRelation& node, Rel input);
  Result<Rel> Apply(const ReplaceNaRelation& node, Rel input);
  Result<Rel> Apply(const SummaryRelation& node, Rel input);
  Result<int> ColumnIndex(const Rel& rel, const std::string& name);
  // A projection with these columns, merged with one below where that changes nothing.
  Rel Project(Rel input, std::vector<SelectItem> items);

  // resolve_expr.cc, resolve_name.cc
  Result<Resolved> ResolveNode(const Expr& expr, const ExprEnv& env);
  Result<Resolved> ResolveAttribute(const AttributeExpr& node, const ExprEnv& env, SourceSpan span);
  Result<Resolved> ResolveCast(const CastExpr& node, const ExprEnv& env, SourceSpan span);
  Result<Resolved> ResolveExtract(const ExtractExpr& node, const ExprEnv& env, SourceSpan span);
  Result<Resolved> ResolveUpdateField(const UpdateFieldExpr& node, const ExprEnv& env, SourceSpan span);
  Result<Resolved> UpdateField(Resolved child, const NameParts& path, const std::optional<Resolved>& value,
                               SourceSpan span);
  Result<Resolved> ResolveParameter(const ParameterExpr& node, const ExprEnv& env, SourceSpan span);
  Result<Resolved> ResolveIdentifier(const IdentifierExpr& node, const ExprEnv& env, SourceSpan span);
  Result<Resolved> GetField(Resolved child, const std::string& field, SourceSpan span);
  Result<Resolved> GetFields(Resolved child, const NameParts& name, size_t from, SourceSpan span);
  Result<std::optional<Resolved>> FindByPlanId(const AttributeExpr& node, const ExprEnv& env, SourceSpan span);
  Result<std::optional<Resolved>> FindInScopes(const AttributeExpr& node, const ExprEnv& env, SourceSpan span);
  Result<std::optional<Resolved>> FindAlias(const NameParts& name, const ExprEnv& env, SourceSpan span);
  std::optional<Resolved> FindLambdaParameter(const NameParts& name, const ExprEnv& env, SourceSpan span);
  Resolved UseColumn(const ScopeColumn& column, const std::string& name, SourceSpan span);
  void NoteOuterReference(const Scope* found_in, const Attribute& attribute);
  Result<std::vector<const ScopeColumn*>> ExpandStar(const StarExpr& star, const Scope& scope,
                                                     SourceSpan span);
  Result<std::optional<std::vector<ExprPtr>>> ExpandStructStar(const StarExpr& star, const Scope& scope,
                                                               SourceSpan span);

  // resolve_function.cc
  Result<Resolved> ResolveFunction(const FunctionExpr& call, const ExprEnv& env, SourceSpan span);
  Result<std::optional<Resolved>> ResolveSpecial(const std::string& name, const FunctionExpr& call,
                                                 const ExprEnv& env, SourceSpan span);
  Result<Resolved> ResolveCase(const FunctionExpr& call, const ExprEnv& env, SourceSpan span);
  Result<Resolved> ResolveIn(const FunctionExpr& call, const ExprEnv& env, SourceSpan span);
  Result<Resolved> ResolveStruct(const FunctionExpr& call, const ExprEnv& env, SourceSpan span);
  Result<Resolved> ResolveGroupingFunction(const std::string& name, const FunctionExpr& call,
                                           const ExprEnv& env, SourceSpan span);
  Result<Resolved> ResolveRegistered(const std::string& name, const FunctionExpr& call, const ExprEnv& env,
                                     SourceSpan span);
  Result<Resolved> FinishCall(const ResolvedFunction& function, const FunctionExpr& call,
                              CallArguments arguments, const ExprEnv& env, SourceSpan span);
  Result<Resolved> FinishAggregate(const ResolvedFunction& function, const FunctionExpr& call,
                                   std::vector<TypedExprPtr> args, const std::vector<std::string>& texts,
                                   const ExprEnv& env, SourceSpan span);
  Result<CallArguments> ResolveArguments(const std::string& name, const FunctionExpr& call,
                                         const ExprEnv& env, SourceSpan span);
  Result<void> AddLambda(const std::string& name, const LambdaExpr& lambda, const ExprEnv& env,
                         SourceSpan span, CallArguments& arguments);
  Result<ResolvedFunction> AskRegistry(const std::string& name, const CallArguments& arguments,
                                       const FunctionContext& context);
  Result<std::vector<ExprPtr>> ExpandArgumentStars(const std::vector<ExprPtr>& args, const ExprEnv& env);
  std::optional<Resolved> SessionConstant(const std::string& name, SourceSpan span) const;
  // A call with arguments already analysed.
  Result<Resolved> CallFunction(const std::string& name, std::vector<Resolved> args, SourceSpan span);

  // window.cc, subquery.cc
  Result<Resolved> ResolveWindow(const WindowExpr& node, const ExprEnv& env, SourceSpan span);
  Result<std::optional<TypedFrame>> ResolveFrame(const WindowSpec& spec, const WindowNode& window,
                                                 const ExprEnv& env, SourceSpan span);
  Result<Resolved> ResolveSubquery(const SubqueryExpr& node, const ExprEnv& env, SourceSpan span);
  Result<Resolved> ResolveInSubquery(const SubqueryExpr& node, Rel rel, const std::string& references,
                                     const ExprEnv& env, SourceSpan span);

  AnalyzerContext& context_;
  const std::string session_time_zone_;  // the context's is another in the text of a view
  const SourceSpan statement_span_;
  std::optional<SourceSpan> values_span_;  // of INSERT … VALUES: where a column's type cannot be cast to the table's
  // A row change's target has this for queries; its own expressions must not name it.
  struct Refused {
    AttributeId id;
    std::string schema_tree;
  };
  std::optional<Field> target_metadata_;
  std::optional<Refused> refused_;
  bool inserts_ = false;  // the statement is an INSERT: its overflow has a condition of its own
  AttributeId next_id_ = 1;
  int64_t next_cte_id_ = 1;
  const Scope* outer_ = nullptr;  // of the subquery or lateral join being analysed
  std::vector<CteScope*> ctes_;
  std::vector<SubqueryFrame*> frames_;
  std::vector<std::string> via_views_;
  std::set<std::string> open_views_;  // temporary views being expanded
  std::map<std::string, RelationPtr> overlay_;  // named references of a Connect plan
  std::map<int64_t, RelationPtr> references_;
  std::map<int64_t, std::vector<std::vector<ScopeColumn>>> plan_outputs_;
  std::map<const Plan*, std::vector<Attribute>> outer_references_;  // of analysed subqueries
  std::map<std::pair<std::string, NameParts>, Result<ResolvedRelation>> resolved_names_;
  // Columns read: id → relation and column.
  std::unordered_map<AttributeId, std::vector<std::pair<std::string, std::string>>> sources_;
  std::map<std::string, std::set<std::string>> used_;
  std::unordered_map<AttributeId, int> char_lengths_;  // of the CHAR columns of tables
  int hide_spans_ = 0;
  bool quotes_text_ = false;  // strings in Resolved::text stand in quotes
  int depth_ = 0;
};

}  // namespace ashlar::sql
