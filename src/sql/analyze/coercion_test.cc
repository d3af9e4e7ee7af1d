#include "sql/coercion.h"

#include <gtest/gtest.h>

namespace ashlar::sql {
namespace {

DataType T(const char* text) {
  auto type = DataType::Parse(text);
  EXPECT_TRUE(type.ok()) << text;
  return *type;
}
std::string Show(const std::optional<DataType>& type) { return type ? type->SimpleString() : "-"; }

struct CommonCase {
  const char* a;
  const char* b;
  const char* ansi;
  const char* legacy;
};

// Spark's documentation of ANSI compliance, "type promotion and precedence".
TEST(CoercionTest, CommonTypes) {
  const CommonCase cases[] = {
      {"int", "bigint", "bigint", "bigint"},
      {"int", "float", "double", "float"},
      {"float", "double", "double", "double"},
      {"int", "decimal(10,2)", "decimal(12,2)", "decimal(12,2)"},
      {"int", "decimal(12,2)", "decimal(12,2)", "decimal(12,2)"},
      {"decimal(10,2)", "decimal(5,4)", "decimal(12,4)", "decimal(12,4)"},
      {"decimal(38,2)", "decimal(38,10)", "decimal(38,2)", "decimal(38,2)"},
      {"decimal(10,2)", "double", "double", "double"},
      {"string", "int", "bigint", "string"},
      {"string", "decimal(10,2)", "double", "string"},
      {"string", "date", "date", "string"},
      {"string", "boolean", "boolean", "-"},
      {"date", "timestamp", "timestamp", "timestamp"},
      {"date", "timestamp_ntz", "timestamp_ntz", "timestamp_ntz"},
      {"int", "boolean", "-", "-"},
      {"int", "date", "-", "-"},
      {"void", "int", "int", "int"},
      {"array<int>", "array<bigint>", "array<bigint>", "array<bigint>"},
      {"array<int>", "array<string>", "array<bigint>", "array<string>"},
      {"map<string,int>", "map<string,double>", "map<string,double>", "map<string,double>"},
      {"struct<a:int>", "struct<A:bigint>", "struct<a:bigint>", "struct<a:bigint>"},
      {"struct<a:int>", "struct<b:int>", "-", "-"},
  };
  for (const CommonCase& c : cases) {
    EXPECT_EQ(Show(CommonType(T(c.a), T(c.b), true)), c.ansi) << c.a << " with " << c.b;
    EXPECT_EQ(Show(CommonType(T(c.a), T(c.b), false)), c.legacy) << c.a << " with " << c.b << " (legacy)";
  }
}

TEST(CoercionTest, LegacyStringsWinWhateverTheOrder) {
  DataType types[] = {T("timestamp"), T("int"), T("string")};
  EXPECT_EQ(Show(CommonType(types, false)), "string");
}

TEST(CoercionTest, LegacyComparisonReadsTheString) {
  EXPECT_EQ(Show(ComparisonType(T("string"), T("int"), false)), "int");
  EXPECT_EQ(Show(ComparisonType(T("string"), T("int"), true)), "bigint");
}

struct CastCase {
  const char* from;
  const char* to;
  bool ansi, legacy, store, forces_nullable;
};

TEST(CoercionTest, Casts) {
  const CastCase cases[] = {
      {"string", "int", true, true, false, true},
      {"int", "string", true, true, true, false},
      {"bigint", "int", true, true, true, false},
      {"double", "int", true, true, true, true},
      {"boolean", "int", true, true, false, false},
      {"boolean", "timestamp", false, true, false, false},
      {"date", "int", false, true, false, false},
      {"int", "date", false, false, false, true},
      {"date", "timestamp", true, true, true, false},
      {"timestamp", "bigint", true, true, false, false},
      {"int", "binary", false, true, false, false},
      {"int", "decimal(5,0)", true, true, true, true},
      {"int", "decimal(10,0)", true, true, true, false},
      {"array<int>", "array<string>", true, true, true, false},
      {"array<int>", "string", true, true, false, false},
      {"array<int>", "int", false, false, false, false},
  };
  for (const CastCase& c : cases) {
    EXPECT_EQ(CanCast(T(c.from), T(c.to), true), c.ansi) << c.from << " to " << c.to;
    EXPECT_EQ(CanCast(T(c.from), T(c.to), false), c.legacy) << c.from << " to " << c.to;
    EXPECT_EQ(CanStoreAssign(T(c.from), T(c.to)), c.store) << c.from << " to " << c.to;
    if (c.ansi && c.to != std::string("array<string>")) {
      EXPECT_EQ(CastForcesNullable(T(c.from), T(c.to)), c.forces_nullable) << c.from << " to " << c.to;
    }
  }
}

TEST(CoercionTest, ImplicitCastsOfArguments) {
  EXPECT_TRUE(CanImplicitlyCast(T("int"), T("string"), true));
  EXPECT_TRUE(CanImplicitlyCast(T("string"), T("int"), true));
  EXPECT_FALSE(CanImplicitlyCast(T("int"), T("boolean"), true));
  EXPECT_FALSE(CanImplicitlyCast(T("array<int>"), T("string"), false));
}

TEST(CoercionTest, AdjustedDecimalsKeepSixDigitsOfScale) {
  EXPECT_EQ(AdjustedDecimal(21, 4), DataType::Decimal(21, 4));
  EXPECT_EQ(AdjustedDecimal(77, 40), DataType::Decimal(38, 6));
  EXPECT_EQ(AdjustedDecimal(40, 2), DataType::Decimal(38, 2));
  EXPECT_EQ(AdjustedDecimal(45, 20), DataType::Decimal(38, 13));
}

}  // namespace
}  // namespace ashlar::sql
