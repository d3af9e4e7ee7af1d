// Relations: the walk, and the simple ones.
#include <algorithm>

#include "base/text.h"
#include "sql/analyze/analysis.h"
#include "sql/analyze/constant_folding.h"
#include "sql/analyze/errors.h"
#include "sql/analyze/row_metadata.h"
#include "sql/coercion.h"

namespace ashlar::sql {
namespace {

// Of relations inside relations that are no chain: subqueries, right sides of joins, views.
constexpr int kMaxRelationDepth = 100;

// The input of a node with one, the left one of a join or union: chains of these are walked in a loop.
const RelationPtr* ChainInput(const Relation& relation) {
  return std::visit(
      [](const auto& n) -> const RelationPtr* {
        using Node = std::decay_t<decltype(n)>;
        constexpr bool own_walk = std::is_same_v<Node, WithRelation> || std::is_same_v<Node, WithReferencesRelation>;
        if constexpr (std::is_same_v<Node, JoinRelation> || std::is_same_v<Node, SetOpRelation>) {
          return &n.left;
        } else if constexpr (!own_walk && requires { n.input; }) {
          return &n.input;
        } else {
          return nullptr;
        }
      },
      relation.node);
}

std::vector<ScopeColumn> Unqualified(std::vector<Attribute> attributes) {
  std::vector<ScopeColumn> columns;
  for (Attribute& attribute : attributes) columns.push_back({std::move(attribute), {}, 0});
  return columns;
}

// Text and other things: nothing is made text of itself in an inline table.
bool MixesText(const std::vector<DataType>& types) {
  auto is_text = [](const DataType& type) { return type.Is(TypeId::kString); };
  auto is_other = [](const DataType& type) { return !type.Is(TypeId::kString) && !type.Is(TypeId::kNull); };
  return std::ranges::any_of(types, is_text) && std::ranges::any_of(types, is_other);
}

}  // namespace

Result<Rel> Analysis::AnalyzeRelation(const RelationPtr& relation) {
  ASSIGN_OR_RETURN(Open open, AnalyzeOpen(relation));
  return Close(std::move(open));
}

Result<Rel> Analysis::AnalyzeClosed(const RelationPtr& relation) {
  ASSIGN_OR_RETURN(Rel rel, AnalyzeRelation(relation));
  std::erase_if(rel.columns, IsRowMetadata);
  return Exact(std::move(rel));
}

Rel Analysis::Exact(Rel rel) {
  rel.hidden.clear();
  const std::vector<Attribute>& output = rel.plan->output;
  bool same = output.size() == rel.columns.size();
  for (size_t i = 0; same && i < output.size(); ++i) {
    const Attribute& wanted = rel.columns[i].attribute;
    same = output[i].id == wanted.id && output[i].name == wanted.name && output[i].nullable == wanted.nullable;
  }
  if (same) return rel;
  std::vector<SelectItem> items;
  for (const ScopeColumn& column : rel.columns) {
    items.push_back({column.attribute, MakeColumn(column.attribute), "", column.qualifier, column.origin, IsRowMetadata(column)});
  }
  return Project(std::move(rel), std::move(items));
}

// An inline table's mistakes are shown with its alias: VALUES … AS t(a, b) as a whole, its columns by name.
Error Analysis::AsAliased(Error error, const Relation& above) const {
  const auto* alias = std::get_if<AliasRelation>(&above.node);
  if (!alias || !error.condition.starts_with("INVALID_INLINE_TABLE.")) return error;
  error.span = Span(above.span);
  auto column = error.parameters.find("colName");
  for (size_t i = 0; column != error.parameters.end() && i < alias->columns.size(); ++i) {
    if (column->second == "`col" + std::to_string(i + 1) + "`") {
      column->second = QuoteIdentifier(alias->columns[i]);
      break;
    }
  }
  return error;
}

Result<Open> Analysis::AnalyzeOpen(const RelationPtr& relation) {
  CHECK(relation != nullptr) << "relation without a node";
  if (++depth_ > kMaxRelationDepth * 4) {
    --depth_;
    return MakeSqlError("UNSUPPORTED_FEATURE", "0A000", "queries nested this deep", {}, Span(relation->span));
  }
  std::vector<const Relation*> chain;
  const Relation* base = relation.get();
  while (const RelationPtr* input = ChainInput(*base)) {
    CHECK(*input != nullptr) << "relation without its input";
    chain.push_back(base);
    base = input->get();
  }
  auto walk = [&]() -> Result<Open> {
    Result<Rel> leaf = AnalyzeLeaf(*base);
    if (!leaf.ok()) return chain.empty() ? std::move(leaf).error() : AsAliased(std::move(leaf).error(), *chain.back());
    Open open{*std::move(leaf), nullptr};
    RecordPlanId(*base, open);
    for (size_t i = chain.size(); i-- > 0;) {
      const Relation& node = *chain[i];
      // HAVING without GROUP BY makes the SELECT below it a global aggregate.
      const auto* project = std::get_if<ProjectRelation>(&node.node);
      bool under_having = project && i > 0 && std::holds_alternative<HavingRelation>(chain[i - 1]->node);
      if (under_having) {
        ASSIGN_OR_RETURN(Rel input, Close(std::move(open)));
        ASSIGN_OR_RETURN(open, ApplySelect(project->exprs, nullptr, true, std::move(input), Span(node.span)));
      } else {
        ASSIGN_OR_RETURN(open, Apply(node, std::move(open)));
      }
      RecordPlanId(node, open);
    }
    return open;
  };
  Result<Open> result = walk();
  --depth_;
  return result;
}

void Analysis::RecordPlanId(const Relation& relation, const Open& open) {
  if (!relation.plan_id) return;
  std::vector<ScopeColumn> columns = open.rel.columns;
  columns.insert(columns.end(), open.rel.hidden.begin(), open.rel.hidden.end());
  plan_outputs_[*relation.plan_id].push_back(std::move(columns));
}

Result<Rel> Analysis::Close(Open open) {
  if (!open.block) return std::move(open.rel);
  std::vector<ScopeColumn> columns = ItemColumns(*open.block);
  return Rel{BuildBlock(*open.block, {}), std::move(columns), {}};
}

Result<Open> Analysis::Apply(const Relation& relation, Open input) {
  SourceSpan span = Span(relation.span);
  auto open = [](Result<Rel> rel) -> Result<Open> {
    if (!rel.ok()) return std::move(rel).error();
    return Open{*std::move(rel), nullptr};
  };
  const auto& node = relation.node;
  if (const auto* n = std::get_if<HavingRelation>(&node)) return ApplyHaving(*n, std::move(input), span);
  if (const auto* n = std::get_if<QualifyRelation>(&node)) return ApplyQualify(*n, std::move(input), span);
  if (const auto* n = std::get_if<SortRelation>(&node)) return ApplySort(*n, std::move(input), span);
  if (const auto* n = std::get_if<FilterRelation>(&node)) return ApplyFilterOpen(*n, std::move(input), span);
  ASSIGN_OR_RETURN(Rel rel, Close(std::move(input)));
  if (!KeepsRowMetadata(relation)) std::erase_if(rel.columns, IsRowMetadata);
  if (const auto* n = std::get_if<ProjectRelation>(&node)) {
    return ApplySelect(n->exprs, nullptr, false, std::move(rel), span);
  }
  if (const auto* n = std::get_if<AggregateRelation>(&node)) {
    return ApplySelect(n->exprs, n, true, std::move(rel), span);
  }
  if (const auto* n = std::get_if<JoinRelation>(&node)) return open(ApplyJoin(*n, std::move(rel), span));
  if (const auto* n = std::get_if<SetOpRelation>(&node)) return open(ApplySetOp(*n, std::move(rel), span));
  if (const auto* n = std::get_if<LimitRelation>(&node)) return open(Apply(*n, std::move(rel)));
  if (const auto* n = std::get_if<DistinctRelation>(&node)) return open(Apply(*n, std::move(rel), span));
  if (const auto* n = std::get_if<AliasRelation>(&node)) return open(Apply(*n, std::move(rel), span));
  if (const auto* n = std::get_if<SampleRelation>(&node)) return open(Apply(*n, std::move(rel)));
  if (const auto* n = std::get_if<GenerateRelation>(&node)) return open(ApplyGenerate(*n, std::move(rel), span));
  if (const auto* n = std::get_if<PivotRelation>(&node)) return open(ApplyPivot(*n, std::move(rel), span));
  if (const auto* n = std::get_if<UnpivotRelation>(&node)) return open(ApplyUnpivot(*n, std::move(rel), span));
  if (const auto* n = std::get_if<WithColumnsRelation>(&node)) return open(Apply(*n, std::move(rel)));
  if (const auto* n = std::get_if<RenameColumnsRelation>(&node)) return open(Apply(*n, std::move(rel)));
  if (const auto* n = std::get_if<DropColumnsRelation>(&node)) return open(Apply(*n, std::move(rel)));
  if (const auto* n = std::get_if<ToDfRelation>(&node)) return open(Apply(*n, std::move(rel)));
  if (const auto* n = std::get_if<ToSchemaRelation>(&node)) return open(Apply(*n, std::move(rel)));
  if (const auto* n = std::get_if<FillNaRelation>(&node)) return open(Apply(*n, std::move(rel)));
  if (const auto* n = std::get_if<DropNaRelation>(&node)) return open(Apply(*n, std::move(rel)));
  if (const auto* n = std::get_if<ReplaceNaRelation>(&node)) return open(Apply(*n, std::move(rel)));
  if (const auto* n = std::get_if<SummaryRelation>(&node)) return open(Apply(*n, std::move(rel)));
  if (const auto* n = std::get_if<TailRelation>(&node)) {
    rel = Exact(std::move(rel));
    rel.plan = MakePlan(rel.plan->output, TailPlan{rel.plan, n->count});
    return Open{std::move(rel), nullptr};
  }
  CHECK(false) << "relation kind " << node.index() << " has no input";
  return Open{};
}

Result<Rel> Analysis::AnalyzeLeaf(const Relation& relation) {
  SourceSpan span = Span(relation.span);
  const auto& node = relation.node;
  if (const auto* n = std::get_if<TableRelation>(&node)) return AnalyzeTable(*n, span);
  if (const auto* n = std::get_if<FileRelation>(&node)) return AnalyzeFile(*n, span);
  if (const auto* n = std::get_if<TableFunctionRelation>(&node)) return AnalyzeTableFunction(*n, span);
  if (const auto* n = std::get_if<ValuesRelation>(&node)) return AnalyzeValues(*n, span);
  if (const auto* n = std::get_if<LocalDataRelation>(&node)) return AnalyzeLocalData(*n);
  if (const auto* n = std::get_if<RangeRelation>(&node)) return AnalyzeRange(*n);
  if (const auto* n = std::get_if<WithRelation>(&node)) return AnalyzeWith(*n, Span(relation.span));
  if (const auto* n = std::get_if<WithReferencesRelation>(&node)) return AnalyzeReferences(*n);
  if (const auto* n = std::get_if<SqlTextRelation>(&node)) return AnalyzeSqlText(*n);
  CHECK(std::holds_alternative<OneRowRelation>(node)) << "leaf kind " << node.index();
  return Rel{MakePlan({}, OneRowPlan{}), {}, {}};
}

Result<Rel> Analysis::ApplyFilter(const FilterRelation& node, Rel input, SourceSpan span) {
  Scope scope = MakeScope(input);
  ExprEnv env;
  env.scope = &scope;
  ASSIGN_OR_RETURN(TypedExprPtr condition, ResolveCondition(node.condition, env, span));
  if (HasWindow(condition)) {
    return MakeSqlError("WINDOW_FUNCTION_NOT_ALLOWED_IN_CLAUSE", "42601",
                        "Window functions are not allowed in WHERE.", {{"clauseName", "WHERE"}});
  }
  if (HasAggregate(condition)) {
    ASSIGN_OR_RETURN(Resolved shown, ResolveExpr(node.condition, env));
    std::string list = "aggregate";
    return MakeSqlError("INVALID_WHERE_CONDITION", "42903",
                        "The WHERE condition " + QuoteSql(shown.text) + " contains invalid expressions: " + list +
                            ".\nRewrite the query to avoid window functions, aggregate functions, and generator "
                            "functions in the WHERE clause.",
                        {{"condition", QuoteSql(shown.text)}, {"expressionList", shown.text}}, span);
  }
  input.plan = MakePlan(input.plan->output, FilterPlan{input.plan, std::move(condition)});
  return input;
}

Result<std::optional<int64_t>> Analysis::ConstantCount(const ExprPtr& expr, const char* clause, const Scope& scope) {
  using Count = std::optional<int64_t>;
  if (!expr) return Count();
  ExprEnv env;
  env.scope = &scope;
  ASSIGN_OR_RETURN(Resolved resolved, ResolveExpr(expr, env));
  SourceSpan span = Span(expr->span);
  auto error = [&](const char* sub, const char* state, const std::string& message) {
    return MakeSqlError(std::string("INVALID_LIMIT_LIKE_EXPRESSION.") + sub, state,
                        "The limit like expression " + QuoteSql(resolved.text) + " is invalid. " + message,
                        {{"expr", QuoteSql(resolved.text)}, {"name", clause}}, span);
  };
  auto value = FoldExpr(*resolved.expr, context_.time_zone);
  if (!value) return error("IS_UNFOLDABLE", "42K0E", "The " + std::string(clause) + " expression must evaluate to a constant value.");
  if (!value->type.IsIntegral() || value->type.Is(TypeId::kLong)) {
    Error e = error("DATA_TYPE", "42K0E", "The " + std::string(clause) + " expression must be integer type.");
    e.parameters["dataType"] = QuoteType(value->type);
    return e;
  }
  if (value->is_null()) return error("IS_NULL", "42K0E", "The evaluated " + std::string(clause) + " expression must not be null.");
  int64_t n = std::get<int64_t>(value->data);
  if (n < 0) {
    Error e = error("IS_NEGATIVE", "42K0E", "The " + std::string(clause) + " expression must be equal to or greater than 0.");
    e.parameters["v"] = std::to_string(n);
    return e;
  }
  return Count(n);
}

Result<Rel> Analysis::Apply(const LimitRelation& node, Rel input) {
  Scope scope = MakeScope(input);
  ASSIGN_OR_RETURN(auto limit, ConstantCount(node.limit, "limit", scope));
  ASSIGN_OR_RETURN(auto offset, ConstantCount(node.offset, "offset", scope));
  input.plan = MakePlan(input.plan->output, LimitPlan{input.plan, limit, offset.value_or(0)});
  return input;
}

Result<Rel> Analysis::Apply(const DistinctRelation& node, Rel input, SourceSpan span) {
  input = Exact(std::move(input));
  DistinctPlan distinct{input.plan, {}};
  Scope scope = MakeScope(input);
  for (const std::string& name : node.columns) {
    bool found = false;
    for (const ScopeColumn& column : input.columns) {
      if (!SameName(column.attribute.name, name, context_.case_sensitive)) continue;
      distinct.on.push_back(column.attribute.id);
      found = true;
    }
    if (!found) return UnresolvedColumn({name}, scope, span);
  }
  for (const ScopeColumn& column : input.columns) {
    bool compared = node.columns.empty() || std::ranges::count(distinct.on, column.attribute.id) > 0;
    if (compared && column.attribute.type.Is(TypeId::kVariant)) {
      return UnsupportedFeature("SET_OPERATION_ON_VARIANT_TYPE",
                                "Cannot have VARIANT type columns in DataFrame which calls set operations.",
                                {{"colName", QuoteIdentifier(column.attribute.name)}, {"dataType", "\"VARIANT\""}},
                                span);
    }
  }
  input.plan = MakePlan(input.plan->output, std::move(distinct));
  return input;
}

Result<Rel> Analysis::Apply(const AliasRelation& node, Rel input, SourceSpan span) {
  input.hidden.clear();
  bool inline_table = node.input && std::holds_alternative<ValuesRelation>(node.input->node);
  if (inline_table && !node.columns.empty() && node.columns.size() != input.columns.size()) {
    return MakeSqlError("INVALID_INLINE_TABLE.NUM_COLUMNS_MISMATCH", "42000",
                        "Invalid inline table. Inline table expected " + std::to_string(node.columns.size()) +
                            " columns but found " + std::to_string(input.columns.size()) + " columns in row 0.",
                        {{"expectedNumCols", std::to_string(node.columns.size())},
                         {"actualNumCols", std::to_string(input.columns.size())},
                         {"rowIndex", "0"}},
                        span);
  }
  const auto listed = static_cast<size_t>(std::ranges::count(input.columns, false, IsRowMetadata));
  if (!node.columns.empty() && node.columns.size() != listed) {
    return MakeSqlError("ASSIGNMENT_ARITY_MISMATCH", "42802",
                        "The number of columns or variables assigned or aliased: " +
                            std::to_string(node.columns.size()) +
                            " does not match the number of source expressions: " +
                            std::to_string(listed) + ".",
                        {{"numTarget", std::to_string(listed)},
                         {"numExpr", std::to_string(node.columns.size())}},
                        span);
  }
  size_t named = 0;
  for (ScopeColumn& column : input.columns) {
    if (!node.alias.empty()) column.qualifier = node.alias;
    if (!node.columns.empty() && !IsRowMetadata(column)) column.attribute.name = node.columns[named++];
  }
  return input;
}

Result<Rel> Analysis::Apply(const SampleRelation& node, Rel input) {
  if (node.with_replacement) return NotImplemented("sampling with replacement");
  if (node.lower > 0) return NotImplemented("sampling with a lower bound (randomSplit)");
  input = Exact(std::move(input));
  input.plan = MakePlan(input.plan->output, SamplePlan{input.plan, node.upper - node.lower, node.rows, node.seed});
  return input;
}

Rel Analysis::AnalyzeRange(const RangeRelation& node) {
  Attribute id = NewAttribute("id", TypeId::kLong, false);
  return {MakePlan({id}, RangePlan{node.start, node.end, node.step}), {{id, {}, 0}}, {}};
}

Result<Rel> Analysis::AnalyzeLocalData(const LocalDataRelation& node) {
  if (!node.schema) return NotImplemented("local data without a schema");
  std::vector<Attribute> output;
  for (const Field& field : node.schema->fields) {
    output.push_back(NewAttribute(field.name, field.type, field.nullable, field.metadata));
  }
  auto bytes = std::make_shared<const std::string>(node.arrow_ipc);
  return Rel{MakePlan(output, LocalDataPlan{bytes}), Unqualified(output), {}};
}

Result<Rel> Analysis::AnalyzeValues(const ValuesRelation& node, SourceSpan span) {
  size_t width = node.rows.empty() ? 0 : node.rows[0].size();
  std::vector<std::vector<Resolved>> rows;
  ExprEnv env;
  for (size_t r = 0; r < node.rows.size(); ++r) {
    if (node.rows[r].size() != width) {
      return MakeSqlError("INVALID_INLINE_TABLE.NUM_COLUMNS_MISMATCH", "42000",
                          "Invalid inline table. Inline table expected " + std::to_string(width) +
                              " columns but found " + std::to_string(node.rows[r].size()) + " columns in row " +
                              std::to_string(r) + ".",
                          {{"expectedNumCols", std::to_string(width)},
                           {"actualNumCols", std::to_string(node.rows[r].size())},
                           {"rowIndex", std::to_string(r)}},
                          span);
    }
    rows.emplace_back();
    for (const ExprPtr& cell : node.rows[r]) {
      ASSIGN_OR_RETURN(Resolved value, ResolveExpr(cell, env));
      rows.back().push_back(std::move(value));
    }
  }
  ValuesPlan values;
  values.rows.resize(rows.size());
  std::vector<Attribute> output;
  for (size_t c = 0; c < width; ++c) {
    std::vector<DataType> types;
    for (const auto& row : rows) types.push_back(row[c].expr->type);
    auto common = CommonType(types, context_.ansi);
    std::string name = "col" + std::to_string(c + 1);
    if (!common || MixesText(types)) {
      return MakeSqlError("INVALID_INLINE_TABLE.INCOMPATIBLE_TYPES_IN_INLINE_TABLE", "42000",
                          "Invalid inline table. Found incompatible types in the column `" + name + "` for inline table.",
                          {{"colName", "`" + name + "`"}}, span);
    }
    bool nullable = false;
    for (size_t r = 0; r < rows.size(); ++r) {
      nullable = nullable || rows[r][c].expr->nullable;
      values.rows[r].push_back(ImplicitCast(rows[r][c].expr, *common));
    }
    output.push_back(NewAttribute(name, *common, nullable));
  }
  PlanPtr plan = MakePlan(output, std::move(values));
  return Rel{plan, Unqualified(output), {}};
}

Result<Rel> Analysis::AnalyzeReferences(const WithReferencesRelation& node) {
  auto saved_overlay = overlay_;
  auto saved_references = references_;
  for (const RelationPtr& reference : node.references) {
    if (const auto* alias = std::get_if<AliasRelation>(&reference->node); alias && alias->alias.size() == 1) {
      overlay_[ToLowerAscii(alias->alias[0])] = reference;
    }
    if (reference->plan_id) references_[*reference->plan_id] = reference;
  }
  Result<Rel> result = AnalyzeRelation(node.input);
  overlay_ = std::move(saved_overlay);
  references_ = std::move(saved_references);
  return result;
}

}  // namespace ashlar::sql
