// What a table may be and become: features, new tables, schema enforcement and evolution.
#include <gtest/gtest.h>

#include "delta/features.h"
#include "delta/log/test_table.h"
#include "delta/schema.h"

namespace ashlar::delta {
namespace {

using Names = std::vector<std::string>;

Schema Ddl(const char* text) {
  auto schema = Schema::ParseDdl(text);
  CHECK(schema.ok()) << text << schema.error().message;
  return *schema;
}

std::string Condition(const Status& status) { return status.ok() ? "" : status.error().condition; }

Protocol Listing(Names reader, Names writer) { return {3, 7, std::move(reader), std::move(writer), {}}; }

TEST(Features, TheTableIsConsistent) {
  for (const TableFeature& feature : AllTableFeatures()) {
    EXPECT_EQ(FindTableFeature(feature.name), &feature) << feature.name << " is listed twice";
    EXPECT_TRUE(feature.read == Support::kYes || feature.write != Support::kYes)
        << feature.name << " is written but not read";
    EXPECT_EQ(feature.legacy_reader > 0, feature.reader && feature.legacy_writer > 0) << feature.name;
  }
}

TEST(Features, VersionsImplyFeatures) {
  EXPECT_EQ(ListedFeatures({1, 1, {}, {}, {}}), Names{});
  EXPECT_EQ(ListedFeatures({1, 2, {}, {}, {}}), (Names{"appendOnly", "invariants"}));
  EXPECT_EQ(ListedFeatures({1, 4, {}, {}, {}}),
            (Names{"appendOnly", "changeDataFeed", "checkConstraints", "generatedColumns", "invariants"}));
  EXPECT_TRUE(IsFeatureListed({2, 5, {}, {}, {}}, "columnMapping"));
  EXPECT_FALSE(IsFeatureListed({1, 5, {}, {}, {}}, "columnMapping"));
  EXPECT_FALSE(IsFeatureListed({3, 7, {}, {}, {}}, "appendOnly"));
  Protocol raised = WithFeature({1, 2, {}, {}, {}}, *FindTableFeature("deletionVectors"));
  EXPECT_EQ(raised, Listing({"deletionVectors"}, {"appendOnly", "deletionVectors", "invariants"}));
  EXPECT_EQ(WithFeature(raised, *FindTableFeature("deletionVectors")), raised);
  EXPECT_EQ(WithFeature({1, 2, {}, {}, {}}, *FindTableFeature("checkConstraints")), (Protocol{1, 3, {}, {}, {}}));
}

TEST(Features, RefusalsNameTheFeature) {
  struct Case {
    Protocol protocol;
    StringMap properties;
    const char* schema;
    std::string read;   // the unsupported names, "" when fine
    std::string write;
  };
  Protocol v2{1, 2, {}, {}, {}};
  for (const Case& c : std::vector<Case>{
           {v2, {}, "a INT", "", ""},
           {v2, {{"delta.appendOnly", "true"}}, "a INT", "", ""},
           {{1, 3, {}, {}, {}}, {}, "a INT", "", ""},
           {{1, 3, {}, {}, {}}, {{"delta.constraints.c", "a > 0"}}, "a INT", "", ""},
           {v2, {{"delta.constraints.c", "a > 0"}}, "a INT", "", ""},
           {{1, 4, {}, {}, {}}, {{"delta.enableChangeDataFeed", "true"}}, "a INT", "", ""},
           {{2, 5, {}, {}, {}}, {{"delta.columnMapping.mode", "name"}}, "a INT", "", ""},
           {Listing({"deletionVectors", "timestampNtz", "v2Checkpoint", "vacuumProtocolCheck"},
                    {"deletionVectors", "timestampNtz", "v2Checkpoint", "vacuumProtocolCheck", "domainMetadata",
                     "inCommitTimestamp"}),
            {{"delta.enableDeletionVectors", "true"}}, "a TIMESTAMP_NTZ", "", ""},
           {Listing({"variantType"}, {"variantType"}), {}, "a INT", "", ""},
           {Listing({"variantType"}, {"variantType"}), {}, "a VARIANT", "", ""},
           {Listing({"typeWidening"}, {"typeWidening"}), {{"delta.enableTypeWidening", "true"}}, "a INT", "", ""},
           {Listing({}, {"rowTracking", "domainMetadata"}), {{"delta.enableRowTracking", "true"}}, "a INT", "", ""},
           {Listing({}, {"coordinatedCommits-preview", "icebergCompatV3", "clustering"}), {}, "a INT", "",
            "coordinatedCommits-preview, icebergCompatV3"},
           {Listing({"catalogManaged"}, {"catalogManaged"}), {}, "a INT", "", ""},
           {Listing({"catalogOwned-preview"}, {"catalogOwned-preview"}), {}, "a INT", "catalogOwned-preview", ""},
           {Listing({"fromTheFuture"}, {"fromTheFuture"}), {}, "a INT", "fromTheFuture", ""},
           {Listing({}, {"fromTheFuture"}), {}, "a INT", "", "fromTheFuture"}}) {
    Schema schema = Ddl(c.schema);
    Metadata metadata = MetadataOf(schema, {}, c.properties);
    Status read = CheckReadable(c.protocol, schema);
    Status write = CheckWritable(c.protocol, metadata, schema);
    auto unsupported = [](const Status& status) {
      return status.ok() ? std::string() : status.error().parameters.at("unsupported");
    };
    EXPECT_EQ(unsupported(read), c.read);
    EXPECT_EQ(unsupported(write), c.read.empty() ? c.write : c.read);
    EXPECT_EQ(Condition(read), c.read.empty() ? "" : "DELTA_UNSUPPORTED_FEATURES_FOR_READ");
    EXPECT_TRUE(write.ok() || !read.ok() || Condition(write) == "DELTA_UNSUPPORTED_FEATURES_FOR_WRITE");
  }
  Metadata plain = MetadataOf(Ddl("a INT"));
  EXPECT_EQ(Condition(CheckReadable({4, 7, {}, {}, {}}, {})), "DELTA_INVALID_PROTOCOL_VERSION");
  EXPECT_EQ(Condition(CheckWritable({1, 8, {}, {}, {}}, plain, {})), "DELTA_INVALID_PROTOCOL_VERSION");
  EXPECT_EQ(Condition(CheckWritable({1, 2, {}, {}, {}}, plain, Ddl("a TIMESTAMP_NTZ"))),
            "DELTA_FEATURES_PROTOCOL_METADATA_MISMATCH");
}

Result<TableDefinition> Define(const char* ddl, Names partitions = {}, StringMap properties = {}) {
  FakeClock clock(5);
  CountingRandom random;
  return DefineTable({Ddl(ddl), std::move(partitions), std::move(properties), {}, {}}, clock, random);
}

TEST(NewTable, HasTheLowestProtocolThatFits) {
  EXPECT_EQ(Define("a INT")->protocol, (Protocol{1, 2, {}, {}, {}}));
  EXPECT_EQ(Define("a INT, s STRUCT<t: TIMESTAMP_NTZ>")->protocol,
            Listing({"timestampNtz"}, {"appendOnly", "invariants", "timestampNtz"}));
  auto with = Define("a INT", {}, {{"delta.feature.domainMetadata", "supported"}, {"delta.minReaderVersion", "1"}});
  EXPECT_EQ(with->protocol, (Protocol{1, 7, {}, Names{"appendOnly", "domainMetadata", "invariants"}, {}}));
  EXPECT_EQ(with->metadata.configuration, StringMap{});
  auto partitioned = Define("A INT, b INT", {"a"});
  EXPECT_EQ(partitioned->metadata.partition_columns, Names{"A"});
  EXPECT_EQ(partitioned->metadata.created_time_ms, 5);
}

TEST(NewTable, IsRefusedByName) {
  struct Case {
    const char* ddl;
    Names partitions;
    StringMap properties;
    const char* condition;
  };
  for (const Case& c : std::vector<Case>{
           {"a INT, A INT", {}, {}, "DELTA_DUPLICATE_COLUMNS_FOUND.TABLE_SCHEMA"},
           {"`a b` INT", {}, {}, "DELTA_INVALID_CHARACTERS_IN_COLUMN_NAMES"},
           {"s STRUCT<`x,y`: INT>", {}, {}, "DELTA_INVALID_CHARACTERS_IN_COLUMN_NAMES"},
           {"a INT, b INT", {"c"}, {}, "DELTA_PARTITION_COLUMN_NOT_FOUND"},
           {"a INT, b INT", {"a", "A"}, {}, "DELTA_DUPLICATE_COLUMNS_FOUND.PARTITION_COLUMNS"},
           {"a INT", {"a"}, {}, "DELTA_CANNOT_USE_ALL_COLUMNS_FOR_PARTITION"},
           {"a ARRAY<INT>, b INT", {"a"}, {}, "DELTA_INVALID_PARTITION_COLUMN_TYPE"},
           {"a INT", {}, {{"delta.noSuchThing", "1"}}, "DELTA_UNKNOWN_CONFIGURATION"},
           {"a INT", {}, {{"delta.feature.noSuchThing", "supported"}}, "DELTA_UNSUPPORTED_FEATURES_IN_CONFIG"},
           {"a INT", {}, {{"delta.feature.deletionVectors", "maybe"}}, "DELTA_UNSUPPORTED_FEATURE_STATUS"},
           {"a INT", {}, {{"delta.universalFormat.enabledFormats", "iceberg"}}, "UNSUPPORTED_FEATURE"},
           {"a INT", {}, {{"delta.enableIcebergCompatV3", "true"}}, "DELTA_UNSUPPORTED_FEATURES_FOR_WRITE"}}) {
    auto defined = Define(c.ddl, c.partitions, c.properties);
    ASSERT_FALSE(defined.ok()) << c.condition;
    EXPECT_EQ(defined.error().condition, c.condition);
  }
  EXPECT_FALSE(Define("a INT", {}, {{"delta.checkpointInterval", "0"}}).ok());
  EXPECT_FALSE(Define("a INT", {}, {{"delta.isolationLevel", "None"}}).ok());
}

TEST(SchemaAfterWrite, EnforcesAndEvolves) {
  struct Case {
    const char* table;
    const char* data;
    SchemaWriteOptions options;
    const char* result;  // DDL, or the condition of a refusal
  };
  SchemaWriteOptions merge{.merge_schema = true};
  SchemaWriteOptions widen{.merge_schema = true, .allow_widening = true};
  SchemaWriteOptions stored{.merge_schema = true, .as_stored = true};
  SchemaWriteOptions overwrite{.overwrite_schema = true};
  for (const Case& c : std::vector<Case>{
           {"a INT, b STRING", "B STRING, a INT", {}, "a INT, b STRING"},
           {"a INT, b STRING", "a INT", {}, "a INT, b STRING"},
           {"a INT", "a INT, c INT", {}, "DELTA_METADATA_MISMATCH.SCHEMA_MISMATCH"},
           {"a INT", "a INT, c INT", merge, "a INT, c INT"},
           {"s STRUCT<x: INT>", "s STRUCT<y: INT>", {}, "DELTA_METADATA_MISMATCH.SCHEMA_MISMATCH"},
           {"s STRUCT<x: INT>", "s STRUCT<y: INT>", merge, "s STRUCT<x: INT, y: INT>"},
           {"s ARRAY<STRUCT<x: INT>>", "s ARRAY<STRUCT<x: INT, y: INT>>", merge, "s ARRAY<STRUCT<x: INT, y: INT>>"},
           {"a INT", "a STRING", {}, "DELTA_FAILED_TO_MERGE_FIELDS"},
           {"a INT", "a STRING", merge, "DELTA_FAILED_TO_MERGE_FIELDS"},
           {"a INT", "a BIGINT", merge, "DELTA_FAILED_TO_MERGE_FIELDS"},
           {"a INT", "a BIGINT", widen, "a BIGINT"},
           {"a BIGINT", "a INT", {}, "a BIGINT"},
           {"a DECIMAL(10,2)", "a DECIMAL(8,1)", {}, "a DECIMAL(10,2)"},
           {"a DECIMAL(10,2)", "a DECIMAL(10,3)", {}, "DELTA_FAILED_TO_MERGE_FIELDS"},
           {"a INT NOT NULL, b INT", "b INT", {}, "DELTA_MISSING_NOT_NULL_COLUMN_VALUE"},
           {"a INT", "a INT, A INT", {}, "DELTA_DUPLICATE_COLUMNS_FOUND.DATA"},
           {"a TINYINT", "a INT", stored, "a INT"},
           {"a INT", "a SMALLINT", stored, "a INT"},
           {"a BIGINT", "a INT", stored, "DELTA_FAILED_TO_MERGE_FIELDS"},
           {"a DOUBLE", "a FLOAT", stored, "DELTA_FAILED_TO_MERGE_FIELDS"},
           {"a INT", "b STRING COMMENT 'x'", stored, "a INT, b STRING COMMENT 'x'"},
           {"a INT", "b STRING", overwrite, "b STRING"}}) {
    auto after = SchemaAfterWrite(Ddl(c.table), Ddl(c.data), c.options);
    std::string result = after.ok() ? after->ToDdl() : after.error().condition;
    EXPECT_EQ(result, after.ok() ? Ddl(c.result).ToDdl() : c.result) << c.table << " <- " << c.data;
  }
}

TEST(ColumnMapping, PhysicalNames) {
  const char* json =
      R"({"type":"struct","fields":[{"name":"a","type":{"type":"struct","fields":[{"name":"b","type":"integer",)"
      R"("nullable":true,"metadata":{"delta.columnMapping.id":2,"delta.columnMapping.physicalName":"col-b"}}]},)"
      R"("nullable":true,"metadata":{"delta.columnMapping.id":1,"delta.columnMapping.physicalName":"col-a"}}]})";
  Schema schema = *Schema::FromJsonText(json);
  EXPECT_EQ(PhysicalSchema(schema, ColumnMappingMode::kNone), schema);
  Schema physical = PhysicalSchema(schema, ColumnMappingMode::kName);
  EXPECT_EQ(physical.fields[0].name, "col-a");
  EXPECT_EQ(physical.fields[0].type.fields()[0].name, "col-b");
  EXPECT_EQ(FieldIdOf(schema.fields[0]), 1);
  EXPECT_EQ(FieldMetadata(schema.fields[0], "comment"), std::nullopt);
  Metadata metadata = MetadataOf(schema, {}, {{"delta.columnMapping.mode", "id"}});
  EXPECT_EQ(StatisticsColumns(schema, metadata)->at(0).path, (Names{"col-a", "col-b"}));
  EXPECT_FALSE(MappingModeOf({{"delta.columnMapping.mode", "other"}}).ok());
}

}  // namespace
}  // namespace ashlar::delta
