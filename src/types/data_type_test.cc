#include <gtest/gtest.h>

#include "base/json.h"
#include "base/text.h"
#include "types/data_type.h"
#include "types/inferred_struct.h"
#include "types/schema_tree.h"
#include "types/value.h"

namespace ashlar {
namespace {

TEST(DataType, TextFormsRoundTrip) {
  for (std::string text :
       {"int", "decimal(10,2)", "array<map<string,bigint>>", "struct<a:int,b:array<double>>",
        "interval day to second", "interval year", "interval", "timestamp_ntz", "varchar(5)", "void"}) {
    Result<DataType> type = DataType::Parse(text);
    ASSERT_TRUE(type.ok()) << text;
    EXPECT_EQ(type->SimpleString(), text);
    EXPECT_EQ(*DataType::FromJson(type->ToJson()), *type) << text;
  }
  EXPECT_EQ(DataType::Parse("ARRAY < STRUCT < `a b` : INT NOT NULL > >")->Sql(),
            "ARRAY<STRUCT<`a b`: INT NOT NULL>>");
  EXPECT_EQ(DataType::Parse("frog").error().condition, "UNSUPPORTED_DATATYPE");
  EXPECT_FALSE(DataType::Parse("array<int").ok());
}

TEST(Schema, AsATree) {
  auto schema = Schema::ParseDdl("id BIGINT NOT NULL, tags ARRAY<STRING>, m MAP<STRING, STRUCT<x: INT>>, d DECIMAL(10,2)");
  ASSERT_TRUE(schema.ok());
  EXPECT_EQ(TreeText(*schema, 0),
            "root\n"
            " |-- id: long (nullable = false)\n"
            " |-- tags: array (nullable = true)\n"
            " |    |-- element: string (containsNull = true)\n"
            " |-- m: map (nullable = true)\n"
            " |    |-- key: string\n"
            " |    |-- value: struct (valueContainsNull = true)\n"
            " |    |    |-- x: integer (nullable = true)\n"
            " |-- d: decimal(10,2) (nullable = true)\n");
  EXPECT_EQ(TreeText(*schema, 1).find("element"), std::string::npos);
}

TEST(Schema, JsonKeepsMetadata) {
  std::string text =
      R"({"type":"struct","fields":[{"name":"a","type":"long","nullable":false,"metadata":{"x":[1]}}]})";
  EXPECT_EQ(Schema::FromJsonText(text)->ToJsonText(), text);
  EXPECT_FALSE(Schema::FromJsonText(R"("long")").ok());
}

TEST(Schema, LengthsOfStringsAreMetadataInJson) {
  Schema schema = *Schema::ParseDdl("c CHAR(5), s STRUCT<v: ARRAY<VARCHAR(3)> NOT NULL, t: STRING>, d STRING");
  std::string text = schema.ToJsonText();
  std::string first =
      R"j({"name":"c","type":"string","nullable":true,"metadata":{"__CHAR_VARCHAR_TYPE_STRING":"char(5)"}})j";
  EXPECT_NE(text.find(first), std::string::npos) << text;
  EXPECT_NE(text.find(R"j("__CHAR_VARCHAR_TYPE_STRING":"struct<v:array<varchar(3)>,t:string>")j"), std::string::npos) << text;
  EXPECT_EQ(*Schema::FromJsonText(text), schema);
  // Names are quoted where Spark's parser needs it; its own writer does without.
  Schema named = *Schema::ParseDdl("s STRUCT<`b c`: CHAR(2), `d``e`: STRUCT<`f,g:h`: VARCHAR(3)>>, m MAP<CHAR(1), ARRAY<VARCHAR(4)>>");
  text = named.ToJsonText();
  EXPECT_NE(text.find("struct<`b c`:char(2),`d``e`:struct<`f,g:h`:varchar(3)>>"), std::string::npos) << text;
  EXPECT_EQ(*Schema::FromJsonText(text), named);
  std::string unquoted = ReplaceAll(ReplaceAll(ReplaceAll(text, "`b c`", "b c"), "`d``e`", "d`e"), "`f,g:h`", "f,g:h");
  EXPECT_EQ(*Schema::FromJsonText(unquoted), named) << unquoted;
  // As tables have it that were written before.
  EXPECT_EQ(Schema::FromJsonText(R"j({"type":"struct","fields":[{"name":"c","type":"char(5)"}]})j")->fields[0].type, DataType::Char(5));
  // The metadata of another type says nothing.
  EXPECT_EQ(Schema::FromJsonText(R"j({"type":"struct","fields":[{"name":"c","type":"long","nullable":true,)j"
                                 R"j("metadata":{"__CHAR_VARCHAR_TYPE_STRING":"char(5)"}}]})j")->fields[0].type,
            DataType(TypeId::kLong));
}

TEST(Schema, Ddl) {
  Result<Schema> schema = Schema::ParseDdl("a INT NOT NULL COMMENT 'it''s', `b c` STRING");
  EXPECT_FALSE(schema.ok());  // Spark's quotes are escaped by a backslash, never doubled
  schema = Schema::ParseDdl("a INT NOT NULL COMMENT 'it\\'s', `b c` STRING");
  ASSERT_TRUE(schema.ok());
  EXPECT_EQ(schema->ToDdl(), "a INT NOT NULL COMMENT 'it\\'s',`b c` STRING");
  EXPECT_EQ(schema->IndexOf("A"), 0);
}

TEST(Value, DecimalText) {
  EXPECT_EQ(DecimalToText(-1230, 2), "-12.30");
  EXPECT_EQ(DecimalToText(5, 3), "0.005");
  EXPECT_EQ(*DecimalFromText("-12.30"), Value::Decimal(-1230, 4, 2));
  EXPECT_FALSE(DecimalFromText("1e3").ok());
  EXPECT_FALSE(DecimalFromText(std::string(39, '9')).ok());
}

TEST(InferredStruct, HasTheFieldsOfBothByName) {
  DataType a = *DataType::Parse("struct<c:int,a:int>"), b = *DataType::Parse("struct<b:string,a:bigint>");
  CommonType second = [](const DataType&, const DataType& type) { return type; };
  EXPECT_EQ(WithFieldsOfBoth(a, b, second).SimpleString(), "struct<a:bigint,b:string,c:int>");
}

TEST(Value, CivilDays) {
  EXPECT_EQ(DaysFromCivil(1970, 1, 1), 0);
  EXPECT_EQ(DaysFromCivil(2000, 3, 1), 11017);
  for (int64_t days : {-719528, -1, 0, 59, 11016, 2932896}) {
    CivilDate date = CivilFromDays(days);
    EXPECT_EQ(DaysFromCivil(date.year, date.month, date.day), days);
  }
}

}  // namespace
}  // namespace ashlar
