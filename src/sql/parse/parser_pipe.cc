// The pipe operators: each `|> …` takes the relation before it and makes another.
#include "base/text.h"
#include "sql/parse/grammar.h"

namespace ashlar::sql {

// query |> WHERE … |> SELECT … ; `begin` is the query's first token.
Result<RelationPtr> Parser::PipeOperators(RelationPtr query, size_t begin) {
  while (Accept("|>")) {
    size_t first_pending = pending_windows_.size();
    ASSIGN_OR_RETURN(query, PipeOperator(std::move(query), begin));
    RETURN_IF_ERROR(NoPendingWindow(first_pending));
    height_ += 4;
    RETURN_IF_ERROR(Grow(height_));
  }
  return query;
}

Result<RelationPtr> Parser::PipeOperator(RelationPtr input, size_t begin) {
  size_t first_pending = pending_windows_.size();
  if (AtWord("SELECT")) return QuerySpecification(std::move(input), begin);
  if (AtAnyWord({"ORDER", "SORT", "CLUSTER", "DISTRIBUTE", "LIMIT", "OFFSET"})) {
    return QueryOrganization(std::move(input), first_pending);
  }
  if (AtWord("PIVOT")) return Pivot(std::move(input));
  if (AtWord("UNPIVOT")) return Unpivot(std::move(input));
  if (AtWord("TABLESAMPLE")) return OptionalSample(std::move(input));
  if (AtAnyWord({"UNION", "EXCEPT", "MINUS", "INTERSECT"})) return PipeSetOperation(std::move(input), begin);
  if (AcceptWord("WHERE")) {
    ASSIGN_OR_RETURN(ExprPtr condition, Expression());
    return MakeRelation(FilterRelation{std::move(input), std::move(condition)}, SpanFrom(begin));
  }
  if (AcceptWord("EXTEND")) {
    std::vector<ExprPtr> items = {MakeExpr(StarExpr{}, SpanFrom(begin))};
    ASSIGN_OR_RETURN(std::vector<ExprPtr> added, NamedExpressionList());
    items.insert(items.end(), added.begin(), added.end());
    return MakeRelation(ProjectRelation{std::move(input), std::move(items)}, SpanFrom(begin));
  }
  if (AcceptWord("SET")) return PipeSet(std::move(input), begin);
  if (AcceptWord("DROP")) {
    StarExpr rest;
    do {
      ASSIGN_OR_RETURN(std::string name, Identifier());
      rest.except.push_back({std::move(name)});
    } while (Accept(","));
    return MakeRelation(ProjectRelation{std::move(input), {MakeExpr(std::move(rest), SpanFrom(begin))}}, SpanFrom(begin));
  }
  if (AcceptWord("AS")) {
    ASSIGN_OR_RETURN(std::string name, Identifier());
    return MakeRelation(AliasRelation{std::move(input), {std::move(name)}, {}}, SpanFrom(begin));
  }
  if (AcceptWord("AGGREGATE")) return PipeAggregate(std::move(input), begin);
  bool joined = false;
  ASSIGN_OR_RETURN(RelationPtr join, JoinTail(std::move(input), joined));
  if (!joined) return SyntaxError();
  return join;
}

Result<RelationPtr> Parser::PipeSetOperation(RelationPtr input, size_t begin) {
  SetOpRelation op;
  op.kind = AtWord("UNION") ? SetOpKind::kUnion : AtWord("INTERSECT") ? SetOpKind::kIntersect : SetOpKind::kExcept;
  Advance();
  op.all = AcceptWord("ALL");
  if (!op.all) AcceptWord("DISTINCT");
  op.left = std::move(input);
  ASSIGN_OR_RETURN(op.right, QueryPrimary());
  return MakeRelation(std::move(op), SpanFrom(begin));
}

// SET name = value, …: the column must be there, so each value is taken out of a struct that names it.
Result<RelationPtr> Parser::PipeSet(RelationPtr input, size_t begin) {
  WithColumnsRelation with;
  do {
    size_t name_begin = at_;
    ASSIGN_OR_RETURN(std::string name, Identifier());
    SourceSpan name_span = SpanFrom(name_begin);
    RETURN_IF_ERROR(Expect("="));
    ASSIGN_OR_RETURN(ExprPtr value, Expression());
    FunctionExpr both;
    both.name = {"named_struct"};
    both.args = {MakeExpr(LiteralExpr{Value::String("value")}, name_span), std::move(value),
                 MakeExpr(LiteralExpr{Value::String("old")}, name_span),
                 MakeExpr(AttributeExpr{{name}, std::nullopt}, SpanFrom(begin))};
    ExprPtr taken = MakeExpr(ExtractExpr{MakeExpr(std::move(both), name_span), MakeExpr(LiteralExpr{Value::String("value")}, name_span)},
                             name_span);
    with.aliases.push_back(MakeExpr(AliasExpr{std::move(taken), {std::move(name)}, ""}, name_span));
  } while (Accept(","));
  with.input = std::move(input);
  return MakeRelation(std::move(with), SpanFrom(begin));
}

// AGGREGATE [items] [GROUP BY keys]: the keys come first in the output, with their aliases.
Result<RelationPtr> Parser::PipeAggregate(RelationPtr input, size_t begin) {
  AggregateRelation aggregate;
  aggregate.kind = GroupingKind::kNone;
  aggregate.ordinals = false;
  std::vector<ExprPtr> items;
  if (!AtWords({"GROUP", "BY"})) {
    ASSIGN_OR_RETURN(items, NamedExpressionList());
  }
  if (AcceptWords({"GROUP", "BY"})) {
    aggregate.kind = GroupingKind::kGroupBy;
    ASSIGN_OR_RETURN(aggregate.exprs, NamedExpressionList());
    for (const ExprPtr& key : aggregate.exprs) {
      const auto* alias = std::get_if<AliasExpr>(&key->node);
      aggregate.grouping.push_back(alias ? alias->child : key);
    }
  }
  aggregate.exprs.insert(aggregate.exprs.end(), items.begin(), items.end());
  aggregate.input = std::move(input);
  return MakeRelation(std::move(aggregate), SpanFrom(begin));
}

}  // namespace ashlar::sql
