#include <gtest/gtest.h>

#include "connect/decode/decoder.h"
#include "spark/connect/expressions.pb.h"
#include "spark/connect/relations.pb.h"
#include "spark/connect/types.pb.h"

namespace ashlar::connect {
namespace {

Decoder MakeDecoder() {
  Decoder::Context context;
  context.cached_artifact = [](const std::string& hash) -> Result<std::string> { return InvalidPlan("no artifact " + hash); };
  return Decoder(std::move(context));
}

sc::Expression IntLiteral(int value) {
  sc::Expression expr;
  expr.mutable_literal()->set_integer(value);
  return expr;
}

sc::Relation Range(int64_t end) {
  sc::Relation relation;
  relation.mutable_range()->set_end(end);
  relation.mutable_range()->set_step(1);
  return relation;
}

TEST(DecodeTypeTest, EveryTypeComesBack) {
  const char* ddl =
      "a BOOLEAN, b TINYINT, c SMALLINT, d INT NOT NULL, e BIGINT, f FLOAT, g DOUBLE, h DECIMAL(12,3), i STRING, j BINARY, k DATE, "
      "l TIMESTAMP, m TIMESTAMP_NTZ, n INTERVAL YEAR TO MONTH, o INTERVAL DAY TO SECOND, p ARRAY<INT>, q MAP<STRING, INT>, "
      "r STRUCT<x: INT, y: STRING>, s VARIANT, t CHAR(3), u VARCHAR(4)";
  auto schema = Schema::ParseDdl(ddl);
  ASSERT_TRUE(schema.ok()) << schema.error().message;
  sc::DataType proto;
  EncodeType(schema->ToStruct(), proto);
  auto decoded = DecodeType(proto);
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  EXPECT_EQ(*decoded, schema->ToStruct());
}

TEST(DecodeTypeTest, AnImpossibleDecimalIsRefused) {
  sc::DataType proto;
  proto.mutable_decimal()->set_precision(39);
  proto.mutable_decimal()->set_scale(0);
  EXPECT_EQ(DecodeType(proto).error().condition, "CONNECT_INVALID_PLAN.INVALID_PLAN_INPUT");
}

TEST(DecodeLiteralTest, DecimalTakesTheScaleOfItsType) {
  sc::Expression_Literal proto;
  proto.mutable_decimal()->set_value("1.5");
  proto.mutable_decimal()->set_precision(10);
  proto.mutable_decimal()->set_scale(3);
  EXPECT_EQ(*DecodeLiteral(proto), Value::Decimal(1500, 10, 3));
}

TEST(DecodeLiteralTest, DecimalThatDoesNotFitKeepsItsOwnType) {
  sc::Expression_Literal proto;
  proto.mutable_decimal()->set_value("1.20");
  proto.mutable_decimal()->set_precision(10);
  proto.mutable_decimal()->set_scale(0);
  EXPECT_EQ(*DecodeLiteral(proto), Value::Decimal(120, 3, 2));
}

TEST(DecodeLiteralTest, ArraysTakeTheTypeOfTheirElements) {
  sc::Expression_Literal proto;
  proto.mutable_array()->add_elements()->mutable_null()->mutable_null();
  proto.mutable_array()->add_elements()->set_string("x");
  auto value = DecodeLiteral(proto);
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(value->type, DataType::Array(TypeId::kString));
  EXPECT_EQ(std::get<std::vector<Value>>(value->data)[0], Value::Null(TypeId::kString));
}

TEST(DecodeExpressionTest, AttributeKeepsItsPlanId) {
  sc::Expression proto;
  proto.mutable_unresolved_attribute()->set_unparsed_identifier("t.`a b`");
  proto.mutable_unresolved_attribute()->set_plan_id(7);
  auto expr = MakeDecoder().Expression(proto);
  ASSERT_TRUE(expr.ok());
  const auto& attribute = std::get<sql::AttributeExpr>((*expr)->node);
  EXPECT_EQ(attribute.name, (sql::NameParts{"t", "a b"}));
  EXPECT_EQ(attribute.plan_id, 7);
}

TEST(DecodeExpressionTest, LastWithIgnoreNulls) {
  sc::Expression proto;
  auto& function = *proto.mutable_unresolved_function();
  function.set_function_name("last");
  *function.add_arguments() = IntLiteral(1);
  function.add_arguments()->mutable_literal()->set_boolean(true);
  auto expr = MakeDecoder().Expression(proto);
  ASSERT_TRUE(expr.ok());
  const auto& call = std::get<sql::FunctionExpr>((*expr)->node);
  EXPECT_TRUE(call.ignore_nulls);
  EXPECT_EQ(call.args.size(), 1u);
}

TEST(DecodeExpressionTest, ANegativeFrameBoundaryIsPreceding) {
  sc::Expression proto;
  auto& window = *proto.mutable_window();
  window.mutable_window_function()->mutable_unresolved_function()->set_function_name("row_number");
  auto& frame = *window.mutable_frame_spec();
  frame.set_frame_type(sc::Expression_Window_WindowFrame::FRAME_TYPE_ROW);
  *frame.mutable_lower()->mutable_value() = IntLiteral(-2);
  frame.mutable_upper()->set_unbounded(true);
  auto expr = MakeDecoder().Expression(proto);
  ASSERT_TRUE(expr.ok());
  const sql::WindowFrame& decoded = *std::get<sql::WindowExpr>((*expr)->node).spec.frame;
  EXPECT_EQ(decoded.start.kind, sql::FrameBound::Kind::kPreceding);
  EXPECT_EQ(std::get<sql::LiteralExpr>(decoded.start.offset->node).value, Value::Int(2));
  EXPECT_EQ(decoded.end.kind, sql::FrameBound::Kind::kUnboundedFollowing);
}

TEST(DecodeExpressionTest, APythonUdfIsRefusedByName) {
  sc::Expression proto;
  proto.mutable_common_inline_user_defined_function()->set_function_name("my_udf");
  auto expr = MakeDecoder().Expression(proto);
  ASSERT_FALSE(expr.ok());
  EXPECT_EQ(expr.error().condition, "UNSUPPORTED_FEATURE");
  EXPECT_NE(expr.error().message.find("my_udf"), std::string::npos);
}

TEST(DecodeRelationTest, AHintKeepsThePlanIdOfItsColumns) {
  sc::Relation proto;
  proto.mutable_common()->set_plan_id(3);
  proto.mutable_hint()->set_name("broadcast");
  *proto.mutable_hint()->mutable_input() = Range(5);
  auto relation = MakeDecoder().Relation(proto);
  ASSERT_TRUE(relation.ok());
  EXPECT_EQ((*relation)->plan_id, 3);
}

TEST(DecodeRelationTest, AnUnpivotWithoutValuesTakesAllColumns) {
  sc::Relation proto;
  auto& unpivot = *proto.mutable_unpivot();
  *unpivot.mutable_input() = Range(1);
  unpivot.set_variable_column_name("k");
  unpivot.set_value_column_name("v");
  auto relation = MakeDecoder().Relation(proto);
  ASSERT_TRUE(relation.ok());
  const auto& node = std::get<sql::UnpivotRelation>((*relation)->node);
  EXPECT_TRUE(node.all_values);
  EXPECT_TRUE(node.include_nulls);
}

TEST(DecodeRelationTest, WhatIsNotBuiltIsRefusedByItsField) {
  sc::Relation proto;
  proto.mutable_crosstab()->set_col1("a");
  auto relation = MakeDecoder().Relation(proto);
  ASSERT_FALSE(relation.ok());
  EXPECT_EQ(relation.error().condition, "UNSUPPORTED_FEATURE");
  EXPECT_NE(relation.error().message.find("crosstab"), std::string::npos);
}

TEST(DecodeRelationTest, NestingIsBounded) {
  auto chain = [](int length) {
    sc::Relation relation = Range(1);
    for (int i = 0; i < length; ++i) {
      sc::Relation limit;
      limit.mutable_limit()->set_limit(1);
      limit.mutable_limit()->mutable_input()->Swap(&relation);
      relation.Swap(&limit);
    }
    return relation;
  };
  EXPECT_TRUE(MakeDecoder().Relation(chain(500)).ok());
  EXPECT_EQ(MakeDecoder().Relation(chain(1200)).error().condition, "CONNECT_INVALID_PLAN.INVALID_PLAN_INPUT");
}

TEST(DecodeRelationTest, ALocalRelationWithoutRowsKeepsItsSchema) {
  sc::Relation proto;
  proto.mutable_local_relation()->set_schema("a INT, b STRING");
  auto relation = MakeDecoder().Relation(proto);
  ASSERT_TRUE(relation.ok());
  const auto& filter = std::get<sql::FilterRelation>((*relation)->node);
  EXPECT_EQ(std::get<sql::ProjectRelation>(filter.input->node).exprs.size(), 2u);
}

}  // namespace
}  // namespace ashlar::connect
