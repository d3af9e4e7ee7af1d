#include "functions/registry.h"

#include <gtest/gtest.h>

namespace ashlar::functions {
namespace {

using sql::FunctionArgument;
using sql::FunctionContext;

FunctionArgument Arg(std::string_view type, bool nullable = false) {
  FunctionArgument argument;
  argument.type = *DataType::Parse(type);
  argument.nullable = nullable;
  argument.sql = "x";
  return argument;
}

FunctionContext Context() {
  FunctionContext context;
  context.span = {7, 12};
  context.call_sql = "(x)";
  return context;
}

Result<sql::ResolvedFunction> Resolve(std::string_view name, std::vector<FunctionArgument> args) {
  return SparkFunctions().Resolve(name, args, Context());
}

struct TypeCase {
  const char* name;
  std::vector<const char*> args;
  const char* result;
};

// Result types as tests/sql records them.
TEST(Registry, ResultTypes) {
  const TypeCase cases[] = {
      {"+", {"int", "int"}, "int"},
      {"+", {"tinyint", "smallint"}, "smallint"},
      {"/", {"int", "int"}, "double"},
      {"div", {"tinyint", "tinyint"}, "bigint"},
      {"*", {"decimal(10,2)", "decimal(5,3)"}, "decimal(16,5)"},
      {"/", {"decimal(10,2)", "decimal(5,3)"}, "decimal(19,8)"},
      {"%", {"decimal(10,2)", "decimal(5,3)"}, "decimal(5,3)"},
      {"+", {"decimal(10,2)", "decimal(5,3)"}, "decimal(12,3)"},
      {"*", {"decimal(20,10)", "decimal(20,10)"}, "decimal(38,17)"},
      {"/", {"decimal(20,10)", "decimal(20,10)"}, "decimal(38,18)"},
      {"+", {"decimal(38,38)", "decimal(38,0)"}, "decimal(38,6)"},
      {"sum", {"tinyint"}, "bigint"},
      {"sum", {"decimal(3,2)"}, "decimal(13,2)"},
      {"avg", {"decimal(10,2)"}, "decimal(14,6)"},
      {"avg", {"decimal(38,10)"}, "decimal(38,14)"},
      {"avg", {"int"}, "double"},
      {"-", {"date", "date"}, "interval day"},
      {"-", {"timestamp", "timestamp"}, "interval day to second"},
      {"+", {"date", "interval month"}, "date"},
      {"+", {"date", "interval day"}, "date"},
      {"+", {"date", "interval hour"}, "timestamp"},
      {"*", {"interval day", "int"}, "interval day to second"},
      {"round", {"decimal(2,1)"}, "decimal(2,0)"},
      {"floor", {"decimal(2,1)"}, "decimal(2,0)"},
      {"ceil", {"double"}, "bigint"},
      {"coalesce", {"decimal(2,1)", "int"}, "decimal(11,1)"},
      {"array", {"int", "decimal(2,1)"}, "array<decimal(11,1)>"},
      {"1 is no function", {}, nullptr},
  };
  for (const TypeCase& c : cases) {
    std::vector<FunctionArgument> args;
    for (const char* type : c.args) args.push_back(Arg(type));
    auto resolved = Resolve(c.name, args);
    if (c.result == nullptr) {
      ASSERT_FALSE(resolved.ok());
      EXPECT_EQ(resolved.error().condition, "UNRESOLVED_ROUTINE");
      continue;
    }
    ASSERT_TRUE(resolved.ok()) << c.name << ": " << FullMessage(resolved.error());
    EXPECT_EQ(resolved->type.SimpleString(), c.result) << c.name << " " << c.args[0];
  }
}

TEST(Registry, Nullability) {
  EXPECT_FALSE(Resolve("+", {Arg("int"), Arg("int")})->nullable);
  EXPECT_TRUE(Resolve("+", {Arg("int"), Arg("int", true)})->nullable);
  EXPECT_TRUE(Resolve("/", {Arg("int"), Arg("int")})->nullable);
  EXPECT_TRUE(Resolve("+", {Arg("int"), Arg("string")})->nullable);
  EXPECT_FALSE(Resolve("coalesce", {Arg("int", true), Arg("int")})->nullable);
  EXPECT_FALSE(Resolve("count", {Arg("int", true)})->nullable);
  EXPECT_TRUE(Resolve("sum", {Arg("int")})->nullable);
}

TEST(Registry, ErrorsCarrySparksParameters) {
  auto count = Resolve("length", {});
  ASSERT_FALSE(count.ok());
  EXPECT_EQ(count.error().condition, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION");
  EXPECT_EQ(count.error().parameters.at("expectedNum"), "1");
  EXPECT_EQ(Resolve("substring", {}).error().parameters.at("expectedNum"), "[2, 3]");

  auto types = Resolve("+", {Arg("int"), Arg("boolean")});
  ASSERT_FALSE(types.ok());
  EXPECT_EQ(types.error().condition, "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES");
  EXPECT_EQ(types.error().parameters.at("right"), "\"BOOLEAN\"");

  auto input = Resolve("upper", {Arg("array<string>")});
  ASSERT_FALSE(input.ok());
  EXPECT_EQ(input.error().condition, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE");
  EXPECT_EQ(input.error().parameters.at("requiredType"), "\"STRING\"");
  EXPECT_EQ(input.error().span, (SourceSpan{7, 12}));
}

TEST(Registry, NamesAreFoundWithoutCase) {
  EXPECT_EQ(SparkFunctions().Find("SUM"), sql::FunctionKind::kAggregate);
  EXPECT_EQ(SparkFunctions().Find("Row_Number"), sql::FunctionKind::kWindow);
  EXPECT_EQ(SparkFunctions().Find("explode"), sql::FunctionKind::kGenerator);
  EXPECT_FALSE(SparkFunctions().Find("nosuch"));
}

}  // namespace
}  // namespace ashlar::functions
