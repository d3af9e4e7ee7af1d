#include <gtest/gtest.h>

#include "engine/duck_types.h"
#include "engine/spark_error.h"

namespace ashlar::engine {
namespace {

TEST(SparkError, ThrownErrorComesBackWhole) {
  Error error = MakeSqlError("DIVIDE_BY_ZERO", "22012", "Division by zero. \"x\" {a}\n",
                             {{"config", "spark.sql.ansi.enabled"}}, SourceSpan{7, 12});
  try {
    ThrowSparkError(error);
    FAIL();
  } catch (const std::exception& e) {
    EXPECT_EQ(FromDuckDBException(e), error);
  }
}

TEST(SparkError, InterruptIsCancelled) {
  EXPECT_EQ(FromDuckDBException("INTERRUPT", "Interrupted!").code, ErrorCode::kCancelled);
}

TEST(DuckTypes, NestedNamesAreGenerated) {
  DataType type = *DataType::Parse("struct<a: array<struct<A: int>>, m: map<string, decimal(5,2)>>");
  EXPECT_EQ(DuckTypeSql(type), "STRUCT(f0 STRUCT(f0 INTEGER)[],f1 MAP(VARCHAR,DECIMAL(5,2)))");
  EXPECT_EQ(DuckFileTypeSql(type),
            R"(STRUCT("a" STRUCT("A" INTEGER)[],"m" MAP(VARCHAR,DECIMAL(5,2))))");
}

}  // namespace
}  // namespace ashlar::engine
