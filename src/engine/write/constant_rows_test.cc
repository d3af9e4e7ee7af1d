#include "engine/write/constant_rows.h"

#include "engine/duck_connection.h"
#include "engine/test_delta_table.h"
#include "sql/analyze/typed_tree.h"

namespace ashlar::engine {
namespace {

using namespace plan_builder;  // NOLINT
using sql::PlanPtr;

class ConstantRowsTest : public DeltaTableTest {
 protected:
  // What a file of the latest version has: its columns as Parquet tells them, its statistics in the log.
  std::string FileTold(size_t i) {
    auto snapshot = Latest();
    auto path = snapshot->DataPath(snapshot->files()[i]);
    CHECK(path.ok());
    auto schema = AsDuck(*connection_).RunForText(
        "SELECT CAST(list(row(name, type, type_length, repetition_type, converted_type, scale, precision, field_id, logical_type)) AS VARCHAR) "
        "FROM parquet_schema('" + *path + "')");
    CHECK(schema.ok()) << FullMessage(schema.error());
    return *schema + "\n" + snapshot->files()[i].stats.value_or("none");
  }
  bool IsConstant(const std::vector<sql::TypedExprPtr>& row) {
    std::vector<sql::Attribute> columns;
    for (size_t i = 0; i < row.size(); ++i) columns.push_back(Attr(static_cast<int64_t>(500 + i), "c", row[i]->type));
    return ConstantRows(*Values(columns, {row}), Target(), "UTC").has_value();
  }
};

TEST_F(ConstantRowsTest, FilesAreThoseOfAQuery) {
  Create("b BOOLEAN, t TINYINT, s SMALLINT, i INT, l BIGINT, f FLOAT, d DOUBLE, de DECIMAL(20,3), sm DECIMAL(9,2), st STRING, bi BINARY, "
         "da DATE, ts TIMESTAMP, n TIMESTAMP_NTZ");
  const std::vector<Value> row = {
      Value::Boolean(true), {TypeId::kByte, int64_t{-5}}, {TypeId::kShort, int64_t{300}}, Value::Int(1), Value::Long(INT64_MIN),
      {TypeId::kFloat, 1.5}, Value::Double(-0.25), Value::Decimal(-12345678901234, 20, 3), Value::Decimal(-5, 9, 2), Value::String("ü'\""),
      {TypeId::kBinary, std::string("\x00\xfe", 2)}, Value::Date(-1), Value::Timestamp(1700000000123456),
      {TypeId::kTimestampNtz, int64_t{1700000000123456}}};
  for (bool null : {false, true}) {
    std::vector<sql::Attribute> columns;
    std::vector<sql::TypedExprPtr> exprs;
    for (size_t i = 0; i < row.size(); ++i) {
      columns.push_back(Attr(static_cast<int64_t>(500 + i), "c", row[i].type));
      exprs.push_back(Literal(null ? Value::Null(row[i].type) : row[i]));
    }
    PlanPtr constants = Values(columns, {exprs});
    ASSERT_TRUE(ConstantRows(*constants, Target(), "UTC").has_value());
    PlanPtr query = Filter(constants, Literal(Value::Boolean(true)));
    ASSERT_FALSE(ConstantRows(*query, Target(), "UTC").has_value());
    for (const PlanPtr& rows : {constants, query}) {
      Status written = Insert(rows);
      ASSERT_TRUE(written.ok()) << FullMessage(written.error());
    }
  }
  ASSERT_EQ(Latest()->files().size(), 4u);
  EXPECT_EQ(FileTold(0), FileTold(1));
  EXPECT_EQ(FileTold(2), FileTold(3));
  Lines rows = Table();
  ASSERT_EQ(rows.size(), 4u);
  std::ranges::sort(rows);
  EXPECT_EQ(rows[0], rows[1]);
  EXPECT_EQ(rows[2], rows[3]);
}

TEST_F(ConstantRowsTest, CastsThatCannotFailAreDone) {
  Create("l BIGINT, d DOUBLE");
  PlanPtr literals = Values({Attr(501, "a", kInt), Attr(502, "b", DataType::Decimal(3, 2))},
                            {{Int(7), Literal(Value::Decimal(110, 3, 2))}, {Literal(Value::Null()), Literal(Value::Null())}});
  PlanPtr rows = Project(literals, {Named(601, "l", sql::MakeCast(Column(501, kInt), kLong, sql::TypedCastMode::kAnsi)),
                                    Named(602, "d", sql::MakeCast(Column(502, DataType::Decimal(3, 2)), TypeId::kDouble, sql::TypedCastMode::kAnsi))});
  auto constants = ConstantRows(*rows, Target(), "UTC");
  ASSERT_TRUE(constants.has_value());
  EXPECT_EQ((*constants)[0], (std::vector<Value>{Value::Long(7), Value::Double(1.1)}));
  EXPECT_EQ((*constants)[1], (std::vector<Value>{Value::Null(kLong), Value::Null(TypeId::kDouble)}));
}

TEST_F(ConstantRowsTest, WhatIsToBeCheckedIsAQuery) {
  Create("id INT NOT NULL, s VARCHAR(3)");
  EXPECT_FALSE(IsConstant({Int(1), Text("a")}));  // the length
  WriteTarget target = Target();
  target.schema = *Schema::ParseDdl("id INT NOT NULL");
  auto constant = [&](const sql::TypedExprPtr& id) {
    return ConstantRows(*Values({Attr(501, "id", kInt)}, {{id}}), target, "UTC").has_value();
  };
  EXPECT_TRUE(constant(Int(1)));
  EXPECT_FALSE(constant(Literal(Value::Null(kInt))));
  EXPECT_FALSE(constant(Binary("/", kInt, Int(1), Int(0))));
  EXPECT_FALSE(constant(Long(1)));  // of another type
  target.constraints.push_back({"positive", "id > 0", Binary(">", kBool, Column(0, kInt), Int(0))});
  EXPECT_FALSE(constant(Int(1)));
  target.constraints.clear();
  target.identities.push_back({});
  EXPECT_FALSE(constant(Int(1)));
  target.identities.clear();
  target.partition_columns = {"id"};
  EXPECT_FALSE(constant(Int(1)));
}

}  // namespace
}  // namespace ashlar::engine
