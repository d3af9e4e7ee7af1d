// Spark Connect plans (spark/connect/*.proto, level 4.2) to spec: relations, expressions, literals and
// types. What is not built is refused with UNSUPPORTED_FEATURE naming the field of the proto; what no
// client sends is refused with CONNECT_INVALID_PLAN.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "sql/parser.h"
#include "sql/spec.h"

namespace spark::connect {
class Aggregate;
class DataType;
class Expression;
class Expression_Literal;
class Expression_SortOrder;
class Expression_UnresolvedFunction;
class Expression_Window;
class Expression_Window_WindowFrame_FrameBoundary;
class Join;
class LocalRelation;
class Read;
class Relation;
class SQL;
class SetOperation;
class StatSampleBy;
class Unpivot;
class WithRelations;
class ChunkedCachedLocalRelation;
}  // namespace spark::connect

namespace ashlar::connect {

namespace sc = ::spark::connect;

Error InvalidPlan(const std::string& what);

Result<DataType> DecodeType(const sc::DataType& proto);
void EncodeType(const DataType& type, sc::DataType& proto);
// A schema as DDL or JSON text; a single type makes one column "value".
Result<Schema> DecodeSchemaText(const std::string& text);
Result<Value> DecodeLiteral(const sc::Expression_Literal& proto);

// Parameters of SQL text; a name or a position each.
struct DecodedArguments {
  std::map<std::string, sql::ExprPtr> named;
  std::vector<sql::ExprPtr> positional;
};

class Decoder {
 public:
  struct Context {
    sql::ParserOptions parser;
    // Bytes of an artifact uploaded as "cache/<hash>".
    std::function<Result<std::string>(const std::string& hash)> cached_artifact;
    // The first column of a query's rows: pivot() without values looks its values up.
    std::function<Result<std::vector<Value>>(const sql::RelationPtr& query)> first_column;
  };

  explicit Decoder(Context context) : context_(std::move(context)) {}

  Result<sql::RelationPtr> Relation(const sc::Relation& proto);
  Result<sql::ExprPtr> Expression(const sc::Expression& proto);
  Result<sql::SortOrder> Order(const sc::Expression_SortOrder& proto);
  // `Message` is sc::SQL or sc::SqlCommand: the fields of their parameters are alike.
  template <typename Message>
  Result<DecodedArguments> Arguments(const Message& proto);

 private:
  using RelationNode = decltype(sql::Relation::node);

  // Relations that read, combine or shape rows; decode_relation.cc, decode_source.cc.
  Result<RelationNode> Node(const sc::Relation& proto);
  Result<RelationNode> Shape(const sc::Relation& proto);
  Result<RelationNode> Statistics(const sc::Relation& proto);
  Result<RelationNode> Source(const sc::Relation& proto);
  Result<RelationNode> ReadNode(const sc::Read& proto);
  Result<RelationNode> LocalNode(const sc::LocalRelation& proto);
  Result<RelationNode> ChunkedNode(const sc::ChunkedCachedLocalRelation& proto);
  Result<RelationNode> SqlNode(const sc::SQL& proto);
  Result<RelationNode> AggregateNode(const sc::Aggregate& proto);
  Result<RelationNode> PivotNode(const sc::Aggregate& proto, sql::PivotRelation pivot);
  Result<RelationNode> JoinNode(const sc::Join& proto);
  Result<RelationNode> SetOpNode(const sc::SetOperation& proto);
  Result<RelationNode> UnpivotNode(const sc::Unpivot& proto);
  Result<RelationNode> SampleByNode(const sc::StatSampleBy& proto);
  Result<RelationNode> ReferencesNode(const sc::WithRelations& proto);

  Result<sql::ExprPtr> FunctionCall(const sc::Expression_UnresolvedFunction& proto);
  Result<sql::ExprPtr> WindowCall(const sc::Expression_Window& proto);
  Result<sql::FrameBound> Bound(const sc::Expression_Window_WindowFrame_FrameBoundary& proto, bool lower);
  Result<sql::ExprPtr> Other(const sc::Expression& proto);

  template <typename Repeated>
  Result<std::vector<sql::ExprPtr>> Expressions(const Repeated& protos) {
    std::vector<sql::ExprPtr> exprs;
    for (const auto& proto : protos) {
      ASSIGN_OR_RETURN(sql::ExprPtr expr, Expression(proto));
      exprs.push_back(std::move(expr));
    }
    return exprs;
  }
  template <typename Repeated>
  Result<std::vector<sql::SortOrder>> Orders(const Repeated& protos) {
    std::vector<sql::SortOrder> orders;
    for (const auto& proto : protos) {
      ASSIGN_OR_RETURN(sql::SortOrder order, Order(proto));
      orders.push_back(std::move(order));
    }
    return orders;
  }

  // Levels of relations and expressions being decoded; bounded, because stacks are.
  class Level;

  Context context_;
  int depth_ = 0;
};

// One level deeper, until it goes away. Error: deeper than can be analysed.
class Decoder::Level {
 public:
  explicit Level(Decoder& decoder) : decoder_(decoder) { ++decoder_.depth_; }
  ~Level() { --decoder_.depth_; }
  Level(const Level&) = delete;
  Level& operator=(const Level&) = delete;
  Status Check() const;

 private:
  Decoder& decoder_;
};

// Clients before 4.0 fill the deprecated args and pos_args only.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
template <typename Message>
Result<DecodedArguments> Decoder::Arguments(const Message& proto) {
  DecodedArguments arguments;
  for (const auto& [name, literal] : proto.args()) {
    ASSIGN_OR_RETURN(Value value, DecodeLiteral(literal));
    arguments.named[name] = sql::MakeExpr(sql::LiteralExpr{std::move(value)});
  }
  for (const auto& [name, expr] : proto.named_arguments()) {
    ASSIGN_OR_RETURN(arguments.named[name], Expression(expr));
  }
  for (const auto& literal : proto.pos_args()) {
    ASSIGN_OR_RETURN(Value value, DecodeLiteral(literal));
    arguments.positional.push_back(sql::MakeExpr(sql::LiteralExpr{std::move(value)}));
  }
  for (const auto& expr : proto.pos_arguments()) {
    ASSIGN_OR_RETURN(sql::ExprPtr decoded, Expression(expr));
    arguments.positional.push_back(std::move(decoded));
  }
  return arguments;
}
#pragma GCC diagnostic pop

}  // namespace ashlar::connect
