// Joins and set operations.
#include <algorithm>

#include "base/text.h"
#include "sql/analyze/analysis.h"
#include "sql/analyze/errors.h"
#include "sql/analyze/row_metadata.h"
#include "sql/coercion.h"

namespace ashlar::sql {
namespace {

void Append(std::vector<ScopeColumn>& to, const std::vector<ScopeColumn>& from) {
  to.insert(to.end(), from.begin(), from.end());
}
void MakeNullable(Rel& rel, std::vector<Attribute>& output) {
  for (Attribute& a : output) a.nullable = true;
  for (ScopeColumn& c : rel.columns) c.attribute.nullable = true;
  for (ScopeColumn& c : rel.hidden) c.attribute.nullable = true;
}

bool KeepsOnlyLeft(JoinKind kind) { return kind == JoinKind::kLeftSemi || kind == JoinKind::kLeftAnti; }

// The join's plan; also marks the columns of a side that outer joins fill with NULLs.
PlanPtr JoinPlans(Rel& left, Rel& right, JoinKind kind, TypedExprPtr condition, bool lateral) {
  std::vector<Attribute> output = left.plan->output;
  std::vector<Attribute> from_right = right.plan->output;
  if (kind == JoinKind::kRight || kind == JoinKind::kFull) MakeNullable(left, output);
  if (kind == JoinKind::kLeft || kind == JoinKind::kFull) MakeNullable(right, from_right);
  if (!KeepsOnlyLeft(kind)) output.insert(output.end(), from_right.begin(), from_right.end());
  return MakePlan(std::move(output), JoinPlan{left.plan, right.plan, kind, std::move(condition), lateral});
}

const char* SetOpName(const SetOpRelation& node) {
  switch (node.kind) {
    case SetOpKind::kUnion:
      return "UNION";
    case SetOpKind::kIntersect:
      return node.all ? "INTERSECT ALL" : "INTERSECT";
    case SetOpKind::kExcept:
      return node.all ? "EXCEPT ALL" : "EXCEPT";
  }
  return "";
}

}  // namespace

Rel Analysis::CastColumns(Rel rel, const std::vector<DataType>& types, bool fresh_ids) {
  CHECK_EQ(rel.columns.size(), types.size()) << "one type a column";
  bool changed = false;
  for (size_t i = 0; i < types.size(); ++i) changed = changed || !(rel.columns[i].attribute.type == types[i]);
  if (!changed) return Exact(std::move(rel));
  std::vector<SelectItem> items;
  for (size_t i = 0; i < types.size(); ++i) {
    const ScopeColumn& column = rel.columns[i];
    SelectItem item{column.attribute, MakeColumn(column.attribute), "", column.qualifier, column.origin};
    if (!(column.attribute.type == types[i]) || fresh_ids) {
      item.expr = ImplicitCast(item.expr, types[i]);
      item.attribute = NewAttribute(column.attribute.name, types[i], item.expr->nullable, column.attribute.metadata);
    }
    items.push_back(std::move(item));
  }
  return Project(std::move(rel), std::move(items));
}

Result<Rel> Analysis::ApplyJoin(const JoinRelation& node, Rel left, SourceSpan span) {
  Scope left_scope = MakeScope(left);
  std::erase_if(left_scope.columns, IsRowMetadata);
  const Scope* saved = outer_;
  if (node.lateral) outer_ = &left_scope;
  Result<Rel> analysed = AnalyzeRelation(node.right);
  outer_ = saved;
  if (!analysed.ok()) return analysed;
  Rel right = *std::move(analysed);
  if (!KeepsRowMetadata(node)) std::erase_if(right.columns, IsRowMetadata);
  std::vector<std::string> names = node.using_columns;
  if (node.natural) {
    for (const ScopeColumn& l : left.columns) {
      auto same = [&](const ScopeColumn& r) {
        return SameName(l.attribute.name, r.attribute.name, context_.case_sensitive);
      };
      if (std::ranges::any_of(right.columns, same)) names.push_back(l.attribute.name);
    }
  }
  if (!names.empty()) return JoinUsing(std::move(left), std::move(right), node.kind, names, span);
  Rel joined = left;
  Append(joined.columns, right.columns);
  Append(joined.hidden, right.hidden);
  TypedExprPtr condition;
  if (node.condition) {
    Scope scope = MakeScope(joined);
    ExprEnv env;
    env.scope = &scope;
    ASSIGN_OR_RETURN(Resolved resolved, ResolveExpr(node.condition, env));
    if (!resolved.expr->type.Is(TypeId::kBoolean)) {
      return MakeSqlError("JOIN_CONDITION_IS_NOT_BOOLEAN_TYPE", "42K0E",
                          "The join condition " + QuoteSql(resolved.text) + " has the invalid type " +
                              QuoteType(resolved.expr->type) + ", expected \"BOOLEAN\".",
                          {{"joinCondition", QuoteSql(resolved.text)},
                           {"conditionType", QuoteType(resolved.expr->type)}},
                          span);
    }
    if (HasAggregate(resolved.expr) || HasWindow(resolved.expr)) {
      return MakeSqlError("UNSUPPORTED_EXPR_FOR_OPERATOR", "42K0E",
                          "A query operator contains one or more unsupported expressions: " + resolved.text + ".",
                          {{"invalidExprSqls", QuoteSql(resolved.text)}}, span);
    }
    condition = std::move(resolved.expr);
  }
  JoinKind kind = node.kind == JoinKind::kCross && condition ? JoinKind::kInner : node.kind;
  joined.plan = JoinPlans(left, right, kind, std::move(condition), node.lateral);
  joined.columns = left.columns;
  joined.hidden = left.hidden;
  if (!KeepsOnlyLeft(kind)) {
    Append(joined.columns, right.columns);
    Append(joined.hidden, right.hidden);
  }
  return joined;
}

Result<Rel> Analysis::JoinUsing(Rel left, Rel right, JoinKind kind, const std::vector<std::string>& names,
                                SourceSpan span) {
  std::vector<size_t> left_keys, right_keys;
  TypedExprPtr condition;
  auto find = [&](const Rel& rel, const std::string& name, const char* side) -> Result<size_t> {
    Scope scope{rel.columns, {}, nullptr};
    ASSIGN_OR_RETURN(auto match, FindColumn(scope, {name}, context_.case_sensitive, span));
    if (match) return static_cast<size_t>(match->column - scope.columns.data());
    Error error = UnresolvedColumn({name}, scope, span);
    std::string suggestion = error.parameters["proposal"];
    return MakeSqlError("UNRESOLVED_USING_COLUMN_FOR_JOIN", "42703",
                        "USING column " + QuoteIdentifier(name) + " cannot be resolved on the " + side +
                            " side of the join. The " + side + "-side columns: [" + suggestion + "].",
                        {{"colName", QuoteIdentifier(name)}, {"side", side}, {"suggestion", suggestion}});
  };
  for (const std::string& name : names) {
    ASSIGN_OR_RETURN(size_t l, find(left, name, "left"));
    ASSIGN_OR_RETURN(size_t r, find(right, name, "right"));
    left_keys.push_back(l);
    right_keys.push_back(r);
    const Attribute& a = left.columns[l].attribute;
    const Attribute& b = right.columns[r].attribute;
    ASSIGN_OR_RETURN(Resolved equal, CallFunction("==", {{UseColumn(left.columns[l], a.name, span)},
                                                         {UseColumn(right.columns[r], b.name, span)}}, span));
    condition = MakeAnd(std::move(condition), equal.expr);
  }
  Rel joined;
  joined.plan = JoinPlans(left, right, kind, std::move(condition), false);
  const bool from_right = kind == JoinKind::kRight;
  std::vector<NamedExpr> merged;
  for (size_t i = 0; i < names.size(); ++i) {
    const ScopeColumn& l = left.columns[left_keys[i]];
    const ScopeColumn& r = right.columns[right_keys[i]];
    if (kind == JoinKind::kFull) {
      ASSIGN_OR_RETURN(Resolved key, CallFunction("coalesce", {{MakeColumn(l.attribute), l.attribute.name, ""},
                                                               {MakeColumn(r.attribute), r.attribute.name, ""}}, span));
      Attribute attribute = NewAttribute(l.attribute.name, key.expr->type, key.expr->nullable);
      merged.push_back({attribute, key.expr});
      joined.columns.push_back({attribute, {}, 0});
      joined.hidden.push_back(l);
    } else {
      joined.columns.push_back(from_right ? r : l);
    }
    if (!KeepsOnlyLeft(kind)) joined.hidden.push_back(from_right ? l : r);
  }
  auto rest = [&](const Rel& rel, const std::vector<size_t>& keys) {
    for (size_t i = 0; i < rel.columns.size(); ++i) {
      if (std::ranges::count(keys, i) == 0) joined.columns.push_back(rel.columns[i]);
    }
    Append(joined.hidden, rel.hidden);
  };
  rest(left, left_keys);
  if (!KeepsOnlyLeft(kind)) rest(right, right_keys);
  if (!merged.empty()) {
    ProjectPlan project{joined.plan, {}};
    for (const Attribute& a : joined.plan->output) project.columns.push_back({a, MakeColumn(a)});
    project.columns.insert(project.columns.end(), merged.begin(), merged.end());
    std::vector<Attribute> output;
    for (const NamedExpr& e : project.columns) output.push_back(e.attribute);
    joined.plan = MakePlan(std::move(output), std::move(project));
  }
  return joined;
}

// The right side in the left's order; with `allow_missing` both get NULLs for what they lack.
Result<Rel> Analysis::MatchByName(Rel& left, Rel right, bool allow_missing, SourceSpan span) {
  auto index_of = [&](const Rel& rel, const std::string& name) {
    for (size_t i = 0; i < rel.columns.size(); ++i) {
      if (SameName(rel.columns[i].attribute.name, name, context_.case_sensitive)) return static_cast<int>(i);
    }
    return -1;
  };
  auto null_item = [&](const Attribute& like) {
    TypedExprPtr null = MakeLiteral(Value::Null(like.type));
    return SelectItem{NewAttribute(like.name, like.type, true), null, "NULL", {}, 0};
  };
  auto item = [](const ScopeColumn& c) {
    return SelectItem{c.attribute, MakeColumn(c.attribute), "", c.qualifier, c.origin};
  };
  std::vector<SelectItem> right_items, left_items;
  for (const ScopeColumn& column : left.columns) {
    left_items.push_back(item(column));
    int i = index_of(right, column.attribute.name);
    if (i >= 0) {
      right_items.push_back(item(right.columns[static_cast<size_t>(i)]));
    } else if (allow_missing) {
      right_items.push_back(null_item(column.attribute));
    } else {
      std::vector<std::string> names;
      for (const ScopeColumn& c : right.columns) names.push_back(c.attribute.name);
      return MakeSqlError("UNRESOLVED_COLUMN_AMONG_FIELD_NAMES", "42703",
                          "Cannot resolve column name \"" + column.attribute.name + "\" among (" + Join(names, ", ") + ").",
                          {{"colName", column.attribute.name}, {"fieldNames", Join(names, ", ")}}, span);
    }
  }
  bool extended = false;
  for (const ScopeColumn& column : right.columns) {
    if (index_of(left, column.attribute.name) >= 0) continue;
    if (!allow_missing) return NumColumnsMismatch("UNION", left.columns.size(), right.columns.size(), 1, span);
    extended = true;
    left_items.push_back(null_item(column.attribute));
    right_items.push_back(item(column));
  }
  if (extended) left = Project(std::move(left), std::move(left_items));
  return Project(std::move(right), std::move(right_items));
}

Result<Rel> Analysis::ApplySetOp(const SetOpRelation& node, Rel left, SourceSpan span) {
  left = Exact(std::move(left));
  ASSIGN_OR_RETURN(Rel right, AnalyzeClosed(node.right));
  const std::string name = SetOpName(node);
  if (node.by_name) {
    ASSIGN_OR_RETURN(right, MatchByName(left, std::move(right), node.allow_missing_columns, span));
  }
  if (left.columns.size() != right.columns.size()) {
    return NumColumnsMismatch(name, left.columns.size(), right.columns.size(), 1, span);
  }
  std::vector<DataType> types;
  for (size_t i = 0; i < left.columns.size(); ++i) {
    const DataType& l = left.columns[i].attribute.type;
    const DataType& r = right.columns[i].attribute.type;
    auto common = CommonType(l, r, context_.ansi);
    if (!common) {
      return MakeSqlError("INCOMPATIBLE_COLUMN_TYPE", "42825",
                          name + " can only be performed on tables with compatible column types. The " + OrdinalName(i) +
                              " column of the second table is " + QuoteType(r) + " type which is not compatible with " +
                              QuoteType(l) + " at the same column of the first table.",
                          {{"operator", name},
                           {"columnOrdinalNumber", OrdinalName(i)},
                           {"tableOrdinalNumber", "second"},
                           {"dataType1", QuoteType(r)},
                           {"dataType2", QuoteType(l)},
                           {"hint", ""}},
                          span);
    }
    bool compares = node.kind != SetOpKind::kUnion || !node.all;
    if (compares && (common->Is(TypeId::kVariant) || common->Is(TypeId::kMap))) {
      std::string sub = common->Is(TypeId::kMap) ? "SET_OPERATION_ON_MAP_TYPE" : "SET_OPERATION_ON_VARIANT_TYPE";
      return UnsupportedFeature(sub, "Set operations on columns of type " + QuoteType(*common) + ".",
                                {{"colName", QuoteIdentifier(left.columns[i].attribute.name)},
                                 {"dataType", QuoteType(*common)}},
                                span);
    }
    types.push_back(*common);
  }
  left = CastColumns(std::move(left), types, false);
  right = CastColumns(std::move(right), types, false);
  for (size_t i = 0; i < left.columns.size(); ++i) {
    bool& nullable = left.columns[i].attribute.nullable;
    bool other = right.columns[i].attribute.nullable;
    if (node.kind == SetOpKind::kUnion) nullable = nullable || other;
    if (node.kind == SetOpKind::kIntersect) nullable = nullable && other;
  }
  std::vector<Attribute> output;
  for (const ScopeColumn& column : left.columns) output.push_back(column.attribute);
  left.plan = MakePlan(std::move(output), SetOpPlan{left.plan, right.plan, node.kind, node.all});
  return left;
}

}  // namespace ashlar::sql
