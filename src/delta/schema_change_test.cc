#include "delta/schema_change.h"

#include <gtest/gtest.h>

#include "delta/schema.h"

namespace ashlar::delta {
namespace {

Schema Ddl(const std::string& text) { return *Schema::ParseDdl(text); }
Field Int(const std::string& name) { return {name, TypeId::kInt, true, "{}"}; }

TEST(SchemaChange, ColumnsGoWhereTheyAreToldTo) {
  Schema schema = Ddl("a INT, s STRUCT<x: INT>, l ARRAY<STRUCT<y: INT>>, m MAP<STRING, STRUCT<z: INT>>");
  ASSERT_TRUE(AddColumn(schema, {}, Int("first"), {.first = true}).ok());
  ASSERT_TRUE(AddColumn(schema, {}, Int("b"), {.after = "A"}).ok());
  ASSERT_TRUE(AddColumn(schema, {"s"}, Int("w"), {.first = true}).ok());
  ASSERT_TRUE(AddColumn(schema, {"l", "element"}, Int("v"), {}).ok());
  ASSERT_TRUE(AddColumn(schema, {"m", "value"}, Int("u"), {}).ok());
  EXPECT_EQ(schema, Ddl("first INT, a INT, b INT, s STRUCT<w: INT, x: INT>, l ARRAY<STRUCT<y: INT, v: INT>>, "
                        "m MAP<STRING, STRUCT<z: INT, u: INT>>"));
  ASSERT_TRUE(MoveColumn(schema, {"b"}, {.first = true}).ok());
  ASSERT_TRUE(MoveColumn(schema, {"s", "w"}, {.after = "x"}).ok());
  ASSERT_TRUE(DropColumn(schema, {"first"}).ok());
  ASSERT_TRUE(DropColumn(schema, {"m"}).ok());
  EXPECT_EQ(schema, Ddl("b INT, a INT, s STRUCT<x: INT, w: INT>, l ARRAY<STRUCT<y: INT, v: INT>>"));
}

TEST(SchemaChange, RefusalsNameTheColumn) {
  Schema schema = Ddl("a INT, s STRUCT<x: INT>");
  EXPECT_EQ(AddColumn(schema, {}, Int("A"), {}).error().condition, "FIELD_ALREADY_EXISTS");
  EXPECT_EQ(AddColumn(schema, {"s"}, Int("X"), {}).error().parameters.at("fieldNames"), "`s`.`X`");
  EXPECT_EQ(AddColumn(schema, {"none"}, Int("b"), {}).error().condition, "FIELD_NOT_FOUND");
  EXPECT_EQ(AddColumn(schema, {}, Int("b"), {.after = "none"}).error().condition, "FIELD_NOT_FOUND");
  EXPECT_EQ(AddColumn(schema, {"a"}, Int("b"), {}).error().condition, "FIELD_NOT_FOUND");
  EXPECT_EQ(DropColumn(schema, {"s", "none"}).error().condition, "FIELD_NOT_FOUND");
  EXPECT_EQ(DropColumn(schema, {"s", "x"}).error().condition, "DELTA_DROP_COLUMN_ON_SINGLE_FIELD_SCHEMA");
  EXPECT_EQ(schema, Ddl("a INT, s STRUCT<x: INT>"));
}

TEST(SchemaChange, ColumnIdsGrowAndNamesThatFilesKnowStay) {
  Schema schema = Ddl("a INT, s STRUCT<x: INT>");
  StringMap configuration;
  AssignColumnIds(schema, configuration, true, SystemRandom());
  EXPECT_EQ(configuration["delta.columnMapping.maxColumnId"], "3");
  EXPECT_EQ(PhysicalName(schema.fields[0], ColumnMappingMode::kName), "a");
  EXPECT_EQ(FieldIdOf(schema.fields[0]), 1);
  EXPECT_EQ(FieldIdOf(schema.fields[1]), 2);
  EXPECT_EQ(FieldIdOf(schema.fields[1].type.fields()[0]), 3);
  // A dropped column's id is not given again.
  ASSERT_TRUE(DropColumn(schema, {"s"}).ok());
  ASSERT_TRUE(AddColumn(schema, {}, Int("b"), {}).ok());
  AssignColumnIds(schema, configuration, false, SystemRandom());
  EXPECT_EQ(FieldIdOf(schema.fields[1]), 4);
  EXPECT_TRUE(PhysicalName(schema.fields[1], ColumnMappingMode::kName).starts_with("col-"));
  EXPECT_EQ(configuration["delta.columnMapping.maxColumnId"], "4");
}

}  // namespace
}  // namespace ashlar::delta
