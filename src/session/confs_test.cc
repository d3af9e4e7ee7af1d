#include "session/confs.h"

#include <gtest/gtest.h>

namespace ashlar::session {
namespace {

TEST(Confs, DefaultsSetAndReset) {
  Confs confs;
  EXPECT_TRUE(confs.ansi());
  ASSERT_TRUE(confs.Set("spark.sql.ansi.enabled", "FALSE").ok());
  EXPECT_FALSE(confs.ansi());
  ASSERT_TRUE(confs.Reset("spark.sql.ansi.enabled").ok());
  EXPECT_TRUE(confs.ansi());
  EXPECT_EQ(confs.Get("my.key"), std::nullopt);
  ASSERT_TRUE(confs.Set("my.key", "v").ok());
  EXPECT_EQ(confs.Get("my.key"), "v");
}

TEST(Confs, WhatTheServerSaysStandsBelowWhatASessionSets) {
  Confs confs;
  const std::string vectors = "spark.databricks.delta.properties.defaults.enableDeletionVectors";
  EXPECT_EQ(confs.Get(vectors), "true");
  EXPECT_FALSE(confs.IsSaid(vectors));
  ASSERT_TRUE(confs.SetDefault(vectors, "false").ok());
  EXPECT_TRUE(confs.IsSaid(vectors));
  ASSERT_TRUE(confs.SetDefault("my.key", "server").ok());
  EXPECT_EQ(confs.All()[vectors], "false");
  ASSERT_TRUE(confs.Set(vectors, "true").ok());
  ASSERT_TRUE(confs.Set("my.key", "session").ok());
  EXPECT_EQ(confs.All()[vectors], "true");
  EXPECT_EQ(confs.Get("my.key"), "session");
  confs.ResetAll();
  EXPECT_EQ(confs.Get(vectors), "false");
  EXPECT_EQ(confs.Get("my.key"), "server");
  EXPECT_FALSE(confs.SetDefault("spark.sql.ansi.enabled", "perhaps").ok());
}

TEST(Confs, RefusesStaticAndWrongValues) {
  Confs confs;
  EXPECT_EQ(confs.Set("spark.sql.warehouse.dir", "/x").error().condition, "CANNOT_MODIFY_CONFIG");
  EXPECT_EQ(confs.Set("spark.sql.ansi.enabled", "perhaps").error().condition, "INVALID_CONF_VALUE.TYPE_MISMATCH");
  EXPECT_FALSE(confs.Set("spark.sql.shuffle.partitions", "many").ok());
}

TEST(Confs, NumbersMayStandBetweenBlanks) {
  Confs confs;
  const std::string rows = "spark.sql.files.maxRecordsPerFile";
  EXPECT_EQ(confs.Get(rows), "0");
  for (const char* number : {" 3 ", "-1", "9223372036854775807"}) {
    ASSERT_TRUE(confs.Set(rows, number).ok()) << number;
    EXPECT_EQ(confs.Get(rows), number);
  }
  for (const char* other : {"x", "", "3.0", "1e3", "1k", "9223372036854775808"}) {
    Status refused = confs.Set(rows, other);
    ASSERT_FALSE(refused.ok()) << other;
    EXPECT_EQ(refused.error().parameters.at("confType"), "long");
  }
}

TEST(Confs, RefusesWhatIsNotBuiltByName) {
  Confs confs;
  ASSERT_TRUE(confs.Set("spark.sql.mapKeyDedupPolicy", "last_win").ok());
  EXPECT_EQ(confs.Get("spark.sql.mapKeyDedupPolicy"), "LAST_WIN");
  EXPECT_EQ(confs.Set("spark.sql.mapKeyDedupPolicy", "x").error().condition, "INVALID_CONF_VALUE.OUT_OF_RANGE_OF_OPTIONS");
  EXPECT_EQ(confs.Set("spark.sql.legacy.timeParserPolicy", "LEGACY").error().condition, "UNSUPPORTED_FEATURE");
  EXPECT_EQ(confs.Get("spark.sql.legacy.timeParserPolicy"), "CORRECTED");
  EXPECT_EQ(confs.Set("spark.sql.parquet.compression.codec", "LZO").error().condition, "UNSUPPORTED_FEATURE");
  ASSERT_TRUE(confs.Set("spark.sql.parquet.compression.codec", "ZSTD").ok());
  EXPECT_EQ(confs.Get("spark.sql.parquet.compression.codec"), "ZSTD");
}

}  // namespace
}  // namespace ashlar::session
