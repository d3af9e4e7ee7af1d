// The relations that have one input or combine two; decode_source.cc has those without one.
#include "connect/decode/decoder.h"
#include "spark/connect/relations.pb.h"

namespace ashlar::connect {
namespace {

using Proto = sc::Relation;

sql::ExprPtr Name(const std::string& column) { return sql::MakeExpr(sql::AttributeExpr{{column}, std::nullopt}); }

sql::ExprPtr Literal(Value value) { return sql::MakeExpr(sql::LiteralExpr{std::move(value)}); }

sql::ExprPtr Call(std::string function, std::vector<sql::ExprPtr> args) {
  sql::FunctionExpr call;
  call.name = {std::move(function)};
  call.args = std::move(args);
  return sql::MakeExpr(std::move(call));
}

template <typename Repeated>
std::vector<std::string> Texts(const Repeated& protos) {
  return {protos.begin(), protos.end()};
}

Result<sql::JoinKind> KindOf(sc::Join::JoinType type) {
  switch (type) {
    case sc::Join::JOIN_TYPE_INNER: return sql::JoinKind::kInner;
    case sc::Join::JOIN_TYPE_FULL_OUTER: return sql::JoinKind::kFull;
    case sc::Join::JOIN_TYPE_LEFT_OUTER: return sql::JoinKind::kLeft;
    case sc::Join::JOIN_TYPE_RIGHT_OUTER: return sql::JoinKind::kRight;
    case sc::Join::JOIN_TYPE_LEFT_ANTI: return sql::JoinKind::kLeftAnti;
    case sc::Join::JOIN_TYPE_LEFT_SEMI: return sql::JoinKind::kLeftSemi;
    case sc::Join::JOIN_TYPE_CROSS: return sql::JoinKind::kCross;
    default: return InvalidPlan("a join without a type");
  }
}

// Relations that only rename, hint or place rows: their input stands for them.
const Proto* Transparent(const Proto& proto) {
  switch (proto.rel_type_case()) {
    case Proto::kRepartition: return &proto.repartition().input();
    case Proto::kRepartitionByExpression: return &proto.repartition_by_expression().input();
    case Proto::kHint: return &proto.hint().input();
    // Spark drops a watermark from a batch query.
    case Proto::kWithWatermark: return &proto.with_watermark().input();
    default: return nullptr;
  }
}

}  // namespace

Result<sql::RelationPtr> Decoder::Relation(const Proto& proto) {
  Level level(*this);
  RETURN_IF_ERROR(level.Check());
  if (const Proto* input = Transparent(proto)) {
    ASSIGN_OR_RETURN(sql::RelationPtr decoded, Relation(*input));
    // Columns may be bound to this relation's plan id: a projection of everything carries it.
    if (!proto.common().has_plan_id()) return decoded;
    RelationNode all = sql::ProjectRelation{std::move(decoded), {sql::MakeExpr(sql::StarExpr{})}};
    return std::make_shared<const sql::Relation>(sql::Relation{{}, proto.common().plan_id(), std::move(all)});
  }
  ASSIGN_OR_RETURN(RelationNode node, Node(proto));
  std::optional<int64_t> plan_id;
  if (proto.common().has_plan_id()) plan_id = proto.common().plan_id();
  return std::make_shared<const sql::Relation>(sql::Relation{{}, plan_id, std::move(node)});
}

Result<Decoder::RelationNode> Decoder::Node(const Proto& proto) {
  switch (proto.rel_type_case()) {
    case Proto::kProject: {
      sql::ProjectRelation project;
      if (proto.project().has_input()) {
        ASSIGN_OR_RETURN(project.input, Relation(proto.project().input()));
      } else {
        project.input = sql::MakeRelation(sql::OneRowRelation{});
      }
      ASSIGN_OR_RETURN(project.exprs, Expressions(proto.project().expressions()));
      return RelationNode(std::move(project));
    }
    case Proto::kFilter: {
      ASSIGN_OR_RETURN(sql::RelationPtr input, Relation(proto.filter().input()));
      ASSIGN_OR_RETURN(sql::ExprPtr condition, Expression(proto.filter().condition()));
      return RelationNode(sql::FilterRelation{std::move(input), std::move(condition)});
    }
    case Proto::kJoin: return JoinNode(proto.join());
    case Proto::kLateralJoin: {
      sql::JoinRelation join;
      ASSIGN_OR_RETURN(join.left, Relation(proto.lateral_join().left()));
      ASSIGN_OR_RETURN(join.right, Relation(proto.lateral_join().right()));
      ASSIGN_OR_RETURN(join.kind, KindOf(proto.lateral_join().join_type()));
      if (proto.lateral_join().has_join_condition()) {
        ASSIGN_OR_RETURN(join.condition, Expression(proto.lateral_join().join_condition()));
      }
      join.lateral = true;
      return RelationNode(std::move(join));
    }
    case Proto::kSetOp: return SetOpNode(proto.set_op());
    case Proto::kSort: {
      sql::SortRelation sort;
      ASSIGN_OR_RETURN(sort.input, Relation(proto.sort().input()));
      ASSIGN_OR_RETURN(sort.order, Orders(proto.sort().order()));
      sort.ordinals = false;
      return RelationNode(std::move(sort));
    }
    case Proto::kLimit: {
      ASSIGN_OR_RETURN(sql::RelationPtr input, Relation(proto.limit().input()));
      return RelationNode(sql::LimitRelation{std::move(input), Literal(Value::Int(proto.limit().limit())), nullptr});
    }
    case Proto::kOffset: {
      ASSIGN_OR_RETURN(sql::RelationPtr input, Relation(proto.offset().input()));
      return RelationNode(sql::LimitRelation{std::move(input), nullptr, Literal(Value::Int(proto.offset().offset()))});
    }
    case Proto::kTail: {
      ASSIGN_OR_RETURN(sql::RelationPtr input, Relation(proto.tail().input()));
      return RelationNode(sql::TailRelation{std::move(input), proto.tail().limit()});
    }
    case Proto::kAggregate: return AggregateNode(proto.aggregate());
    case Proto::kDeduplicate: {
      if (proto.deduplicate().within_watermark()) return NotImplemented("Deduplicate.within_watermark");
      ASSIGN_OR_RETURN(sql::RelationPtr input, Relation(proto.deduplicate().input()));
      std::vector<std::string> columns;
      if (!proto.deduplicate().all_columns_as_keys()) columns = Texts(proto.deduplicate().column_names());
      return RelationNode(sql::DistinctRelation{std::move(input), std::move(columns)});
    }
    case Proto::kSubqueryAlias: {
      ASSIGN_OR_RETURN(sql::RelationPtr input, Relation(proto.subquery_alias().input()));
      sql::NameParts alias = Texts(proto.subquery_alias().qualifier());
      alias.push_back(proto.subquery_alias().alias());
      return RelationNode(sql::AliasRelation{std::move(input), std::move(alias), {}});
    }
    default: return Shape(proto);
  }
}

Result<Decoder::RelationNode> Decoder::JoinNode(const sc::Join& proto) {
  if (proto.has_join_data_type()) return NotImplemented("Join.join_data_type (joinWith)");
  sql::JoinRelation join;
  ASSIGN_OR_RETURN(join.left, Relation(proto.left()));
  ASSIGN_OR_RETURN(join.right, Relation(proto.right()));
  ASSIGN_OR_RETURN(join.kind, KindOf(proto.join_type()));
  if (proto.has_join_condition()) {
    ASSIGN_OR_RETURN(join.condition, Expression(proto.join_condition()));
  }
  join.using_columns = Texts(proto.using_columns());
  return RelationNode(std::move(join));
}

Result<Decoder::RelationNode> Decoder::SetOpNode(const sc::SetOperation& proto) {
  sql::SetOpRelation node;
  ASSIGN_OR_RETURN(node.left, Relation(proto.left_input()));
  ASSIGN_OR_RETURN(node.right, Relation(proto.right_input()));
  switch (proto.set_op_type()) {
    case sc::SetOperation::SET_OP_TYPE_UNION: node.kind = sql::SetOpKind::kUnion; break;
    case sc::SetOperation::SET_OP_TYPE_INTERSECT: node.kind = sql::SetOpKind::kIntersect; break;
    case sc::SetOperation::SET_OP_TYPE_EXCEPT: node.kind = sql::SetOpKind::kExcept; break;
    default: return InvalidPlan("a set operation without a type");
  }
  node.all = proto.is_all();
  node.by_name = proto.by_name();
  node.allow_missing_columns = proto.allow_missing_columns();
  return RelationNode(std::move(node));
}

Result<Decoder::RelationNode> Decoder::AggregateNode(const sc::Aggregate& proto) {
  ASSIGN_OR_RETURN(sql::RelationPtr input, Relation(proto.input()));
  ASSIGN_OR_RETURN(std::vector<sql::ExprPtr> grouping, Expressions(proto.grouping_expressions()));
  ASSIGN_OR_RETURN(std::vector<sql::ExprPtr> aggregates, Expressions(proto.aggregate_expressions()));
  if (proto.group_type() == sc::Aggregate::GROUP_TYPE_PIVOT) {
    sql::PivotRelation pivot;
    pivot.input = std::move(input);
    pivot.aggregates = std::move(aggregates);
    pivot.grouping = std::move(grouping);
    pivot.implicit_grouping = false;
    return PivotNode(proto, std::move(pivot));
  }
  sql::AggregateRelation aggregate;
  aggregate.input = std::move(input);
  aggregate.grouping = std::move(grouping);
  aggregate.exprs = std::move(aggregates);
  aggregate.ordinals = false;
  aggregate.add_grouping_columns = true;
  switch (proto.group_type()) {
    case sc::Aggregate::GROUP_TYPE_GROUPBY: aggregate.kind = sql::GroupingKind::kGroupBy; break;
    case sc::Aggregate::GROUP_TYPE_ROLLUP: aggregate.kind = sql::GroupingKind::kRollup; break;
    case sc::Aggregate::GROUP_TYPE_CUBE: aggregate.kind = sql::GroupingKind::kCube; break;
    case sc::Aggregate::GROUP_TYPE_GROUPING_SETS: aggregate.kind = sql::GroupingKind::kGroupingSets; break;
    default: return InvalidPlan("an aggregate without a group type");
  }
  for (const auto& set : proto.grouping_sets()) {
    ASSIGN_OR_RETURN(std::vector<sql::ExprPtr> exprs, Expressions(set.grouping_set()));
    aggregate.grouping_sets.push_back(std::move(exprs));
  }
  return RelationNode(std::move(aggregate));
}

// Without values they are looked up: the distinct ones in order, as Spark does.
Result<Decoder::RelationNode> Decoder::PivotNode(const sc::Aggregate& proto, sql::PivotRelation pivot) {
  constexpr int kMaxPivotValues = 10'000;  // spark.sql.pivotMaxValues
  ASSIGN_OR_RETURN(sql::ExprPtr column, Expression(proto.pivot().col()));
  for (const auto& literal : proto.pivot().values()) {
    ASSIGN_OR_RETURN(Value value, DecodeLiteral(literal));
    pivot.values.push_back({Literal(std::move(value)), ""});
  }
  if (pivot.values.empty()) {
    sql::ExprPtr named = sql::MakeExpr(sql::AliasExpr{column, {"value"}, ""});
    sql::RelationPtr query = sql::MakeRelation(sql::ProjectRelation{pivot.input, {std::move(named)}});
    query = sql::MakeRelation(sql::DistinctRelation{std::move(query), {}});
    sql::SortRelation sort;
    sort.input = std::move(query);
    sort.order.push_back({Name("value"), true, std::nullopt});
    sort.ordinals = false;
    query = sql::MakeRelation(sql::LimitRelation{sql::MakeRelation(std::move(sort)), Literal(Value::Int(kMaxPivotValues + 1)), nullptr});
    ASSIGN_OR_RETURN(std::vector<Value> values, context_.first_column(query));
    if (std::ssize(values) > kMaxPivotValues) {
      return MakeSqlError("_LEGACY_ERROR_TEMP_1324", "42000",
                          "The pivot column has more than " + std::to_string(kMaxPivotValues) + " distinct values, this could indicate an error.");
    }
    for (Value& value : values) pivot.values.push_back({Literal(std::move(value)), ""});
  }
  pivot.pivot_columns.push_back(std::move(column));
  return RelationNode(std::move(pivot));
}

// Relations that change the columns of their input.
Result<Decoder::RelationNode> Decoder::Shape(const Proto& proto) {
  switch (proto.rel_type_case()) {
    case Proto::kToDf: {
      ASSIGN_OR_RETURN(sql::RelationPtr input, Relation(proto.to_df().input()));
      return RelationNode(sql::ToDfRelation{std::move(input), Texts(proto.to_df().column_names())});
    }
    case Proto::kWithColumns: {
      sql::WithColumnsRelation node;
      ASSIGN_OR_RETURN(node.input, Relation(proto.with_columns().input()));
      for (const auto& alias : proto.with_columns().aliases()) {
        ASSIGN_OR_RETURN(sql::ExprPtr child, Expression(alias.expr()));
        node.aliases.push_back(sql::MakeExpr(sql::AliasExpr{std::move(child), Texts(alias.name()), alias.metadata()}));
      }
      return RelationNode(std::move(node));
    }
    case Proto::kWithColumnsRenamed: {
      sql::RenameColumnsRelation node;
      ASSIGN_OR_RETURN(node.input, Relation(proto.with_columns_renamed().input()));
      for (const auto& rename : proto.with_columns_renamed().renames()) {
        node.renames.emplace_back(rename.col_name(), rename.new_col_name());
      }
// Clients before 4.0 fill the deprecated map only.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
      for (const auto& [from, to] : proto.with_columns_renamed().rename_columns_map()) node.renames.emplace_back(from, to);
#pragma GCC diagnostic pop
      return RelationNode(std::move(node));
    }
    case Proto::kDrop: {
      sql::DropColumnsRelation node;
      ASSIGN_OR_RETURN(node.input, Relation(proto.drop().input()));
      ASSIGN_OR_RETURN(node.columns, Expressions(proto.drop().columns()));
      node.names = Texts(proto.drop().column_names());
      return RelationNode(std::move(node));
    }
    case Proto::kUnpivot: return UnpivotNode(proto.unpivot());
    case Proto::kToSchema: {
      ASSIGN_OR_RETURN(sql::RelationPtr input, Relation(proto.to_schema().input()));
      ASSIGN_OR_RETURN(DataType type, DecodeType(proto.to_schema().schema()));
      if (!type.Is(TypeId::kStruct)) return InvalidPlan("ToSchema with a schema that is no struct");
      return RelationNode(sql::ToSchemaRelation{std::move(input), Schema{type.fields()}});
    }
    case Proto::kSample: {
      const auto& sample = proto.sample();
      sql::SampleRelation node;
      ASSIGN_OR_RETURN(node.input, Relation(sample.input()));
      node.lower = sample.lower_bound();
      node.upper = sample.upper_bound();
      node.with_replacement = sample.with_replacement();
      if (sample.has_seed()) node.seed = sample.seed();
      return RelationNode(std::move(node));
    }
    case Proto::kWithRelations: return ReferencesNode(proto.with_relations());
    default: return Statistics(proto);
  }
}

Result<Decoder::RelationNode> Decoder::UnpivotNode(const sc::Unpivot& proto) {
  sql::UnpivotRelation node;
  ASSIGN_OR_RETURN(node.input, Relation(proto.input()));
  ASSIGN_OR_RETURN(node.ids, Expressions(proto.ids()));
  node.implicit_ids = false;
  node.all_values = !proto.has_values();
  for (const auto& value : proto.values().values()) {
    ASSIGN_OR_RETURN(sql::ExprPtr expr, Expression(value));
    node.values.push_back({std::move(expr)});
    node.value_labels.emplace_back();
  }
  node.variable_column = proto.variable_column_name();
  node.value_columns = {proto.value_column_name()};
  node.include_nulls = true;
  return RelationNode(std::move(node));
}

Result<Decoder::RelationNode> Decoder::ReferencesNode(const sc::WithRelations& proto) {
  sql::WithReferencesRelation node;
  for (const auto& reference : proto.references()) {
    ASSIGN_OR_RETURN(sql::RelationPtr decoded, Relation(reference));
    node.references.push_back(std::move(decoded));
  }
  ASSIGN_OR_RETURN(node.input, Relation(proto.root()));
  return RelationNode(std::move(node));
}

// df.na and df.stat.
Result<Decoder::RelationNode> Decoder::Statistics(const Proto& proto) {
  switch (proto.rel_type_case()) {
    case Proto::kFillNa: {
      sql::FillNaRelation node;
      ASSIGN_OR_RETURN(node.input, Relation(proto.fill_na().input()));
      node.columns = Texts(proto.fill_na().cols());
      for (const auto& literal : proto.fill_na().values()) {
        ASSIGN_OR_RETURN(Value value, DecodeLiteral(literal));
        node.values.push_back(std::move(value));
      }
      return RelationNode(std::move(node));
    }
    case Proto::kDropNa: {
      sql::DropNaRelation node;
      ASSIGN_OR_RETURN(node.input, Relation(proto.drop_na().input()));
      node.columns = Texts(proto.drop_na().cols());
      if (proto.drop_na().has_min_non_nulls()) node.min_non_nulls = proto.drop_na().min_non_nulls();
      return RelationNode(std::move(node));
    }
    case Proto::kReplace: {
      sql::ReplaceNaRelation node;
      ASSIGN_OR_RETURN(node.input, Relation(proto.replace().input()));
      node.columns = Texts(proto.replace().cols());
      for (const auto& replacement : proto.replace().replacements()) {
        ASSIGN_OR_RETURN(Value from, DecodeLiteral(replacement.old_value()));
        ASSIGN_OR_RETURN(Value to, DecodeLiteral(replacement.new_value()));
        node.replacements.emplace_back(std::move(from), std::move(to));
      }
      return RelationNode(std::move(node));
    }
    case Proto::kSummary: {
      ASSIGN_OR_RETURN(sql::RelationPtr input, Relation(proto.summary().input()));
      std::vector<std::string> statistics = Texts(proto.summary().statistics());
      if (statistics.empty()) statistics = {"count", "mean", "stddev", "min", "25%", "50%", "75%", "max"};
      return RelationNode(sql::SummaryRelation{std::move(input), {}, std::move(statistics)});
    }
    case Proto::kDescribe: {
      ASSIGN_OR_RETURN(sql::RelationPtr input, Relation(proto.describe().input()));
      return RelationNode(sql::SummaryRelation{
          std::move(input), Texts(proto.describe().cols()), {"count", "mean", "stddev", "min", "max"}});
    }
    case Proto::kCov:
    case Proto::kCorr: {
      bool cov = proto.has_cov();
      if (!cov && proto.corr().has_method() && proto.corr().method() != "pearson") return NotImplemented("StatCorr.method " + proto.corr().method());
      ASSIGN_OR_RETURN(sql::RelationPtr input, Relation(cov ? proto.cov().input() : proto.corr().input()));
      sql::ExprPtr call = cov ? Call("covar_samp", {Name(proto.cov().col1()), Name(proto.cov().col2())})
                              : Call("corr", {Name(proto.corr().col1()), Name(proto.corr().col2())});
      sql::AggregateRelation node;
      node.input = std::move(input);
      node.exprs = {sql::MakeExpr(sql::AliasExpr{std::move(call), {cov ? "cov" : "corr"}, ""})};
      return RelationNode(std::move(node));
    }
    case Proto::kSampleBy: return SampleByNode(proto.sample_by());
    default: return Source(proto);
  }
}

// A row stays with the fraction of its stratum, 0 where none is given.
Result<Decoder::RelationNode> Decoder::SampleByNode(const sc::StatSampleBy& proto) {
  ASSIGN_OR_RETURN(sql::RelationPtr input, Relation(proto.input()));
  ASSIGN_OR_RETURN(sql::ExprPtr column, Expression(proto.col()));
  std::vector<sql::ExprPtr> branches;
  for (const auto& fraction : proto.fractions()) {
    ASSIGN_OR_RETURN(Value stratum, DecodeLiteral(fraction.stratum()));
    branches.push_back(Call("<=>", {column, Literal(std::move(stratum))}));
    branches.push_back(Literal(Value::Double(fraction.fraction())));
  }
  branches.push_back(Literal(Value::Double(0)));
  sql::ExprPtr chance = branches.size() == 1 ? branches[0] : Call("when", std::move(branches));
  std::vector<sql::ExprPtr> seed;
  if (proto.has_seed()) seed.push_back(Literal(Value::Long(proto.seed())));
  return RelationNode(sql::FilterRelation{std::move(input), Call("<", {Call("rand", std::move(seed)), std::move(chance)})});
}

}  // namespace ashlar::connect
