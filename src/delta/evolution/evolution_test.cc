#include <gtest/gtest.h>

#include "base/text.h"
#include "delta/evolution/drop_feature.h"
#include "delta/evolution/iceberg_compat.h"
#include "delta/evolution/properties.h"
#include "delta/evolution/type_widening.h"
#include "delta/log/test_table.h"
#include "delta/schema.h"
#include "delta/schema_change.h"
#include "types/widening.h"

namespace ashlar::delta {
namespace {

using Names = std::vector<std::string>;

DataType Type(const char* text) { return *DataType::Parse(text); }
Schema Ddl(const char* text) { return *Schema::ParseDdl(text); }
Protocol Listing(Names readers, Names writers) {
  std::ranges::sort(readers);
  std::ranges::sort(writers);
  return {readers.empty() ? 1 : 3, 7, readers.empty() ? std::optional<Names>() : readers, writers, {}};
}

TEST(Properties, KeepTheirSpelling) {
  EXPECT_EQ(CanonicalProperty("DELTA.appendonly"), "delta.appendOnly");
  EXPECT_EQ(CanonicalProperty("Team"), "Team");
  auto request = ReadProperties({{"delta.APPENDONLY", "true"}, {"team", "a"}, {"delta.minWriterVersion", "5"}});
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(request->stored, (StringMap{{"delta.appendOnly", "true"}, {"team", "a"}}));
  EXPECT_EQ(request->min_writer_version, 5);
}

TEST(Properties, RefuseWhatTheyCannotBe) {
  struct Case {
    const char* key;
    const char* value;
    const char* says;  // condition, or message
  };
  for (const Case& c : {Case{"delta.appendOnly", "maybe", "For input string: \"maybe\""},
                        Case{"delta.checkpointInterval", "often", "delta.checkpointInterval needs to be a positive integer."},
                        Case{"delta.minWriterVersion", "99",
                             "requirement failed: delta.minWriterVersion needs to be one of 1, 2, 3, 4, 5, 6, 7."},
                        Case{"delta.logRetentionDuration", "soon", "DELTA_INVALID_INTERVAL"},
                        Case{"delta.isolationLevel", "Snapshot", "DELTA_INVALID_ISOLATION_LEVEL"},
                        Case{"delta.feature.v2Checkpoint", "disabled", "DELTA_UNSUPPORTED_FEATURE_STATUS"},
                        Case{"delta.feature.nosuch", "supported", "DELTA_UNSUPPORTED_FEATURES_IN_CONFIG"},
                        Case{"delta.nosuch", "1", "DELTA_UNKNOWN_CONFIGURATION"}}) {
    auto request = ReadProperties({{c.key, c.value}});
    ASSERT_FALSE(request.ok()) << c.key;
    const Error& error = request.error();
    EXPECT_EQ(error.condition.empty() ? error.message : error.condition, c.says);
  }
  EXPECT_TRUE(ReadProperties({{"delta.logRetentionDuration", "interval 2 weeks 3 days"}}).ok());
}

TEST(Properties, VersionsRaiseTheProtocol) {
  PropertyRequest request;
  request.min_reader_version = 2;
  request.min_writer_version = 5;
  EXPECT_EQ(WithRequest(Protocol{}, request), (Protocol{2, 5, {}, {}, {}}));
  // Versions alone name no features, and nothing is ever lowered.
  EXPECT_EQ(WithRequest(Protocol{}, *ReadProperties({{"delta.minReaderVersion", "3"}, {"delta.minWriterVersion", "7"}})),
            Protocol{});
  EXPECT_EQ(WithRequest({2, 5, {}, {}, {}}, *ReadProperties({{"delta.minWriterVersion", "3"}})), (Protocol{2, 5, {}, {}, {}}));
  request.min_reader_version = 0;
  EXPECT_EQ(WithRequest(Listing({"deletionVectors"}, {"deletionVectors", "appendOnly", "invariants"}), request),
            Listing({"deletionVectors"}, {"deletionVectors", "appendOnly", "invariants", "changeDataFeed", "checkConstraints",
                                          "generatedColumns"}));
}

TEST(Properties, SessionDefaultsNameProperties) {
  EXPECT_EQ(DefaultProperties({{"enableChangeDataFeed", "true"}, {"feature.deletionVectors", "supported"}, {"nosuch", "1"}}),
            (StringMap{{"delta.enableChangeDataFeed", "true"}, {"delta.feature.deletionVectors", "supported"}}));
}

TEST(DropFeature, SaysWhatCannotBeDropped) {
  Protocol protocol = Listing({"deletionVectors"}, {"deletionVectors", "domainMetadata", "rowTracking", "appendOnly",
                                                    "checkpointProtection"});
  struct Case {
    const char* name;
    bool truncates;
    const char* condition;
  };
  for (const Case& c : {Case{"nosuch", false, "DELTA_FEATURE_DROP_UNSUPPORTED_CLIENT_FEATURE"},
                        Case{"appendOnly", false, "DELTA_FEATURE_DROP_NONREMOVABLE_FEATURE"},
                        Case{"typeWidening", false, "DELTA_FEATURE_DROP_FEATURE_NOT_PRESENT"},
                        Case{"domainMetadata", false, "DELTA_FEATURE_DROP_DEPENDENT_FEATURE"},
                        Case{"rowTracking", true, "DELTA_FEATURE_DROP_HISTORY_TRUNCATION_NOT_ALLOWED"},
                        Case{"checkpointProtection", false,
                             "DELTA_FEATURE_CAN_ONLY_DROP_CHECKPOINT_PROTECTION_WITH_HISTORY_TRUNCATION"}}) {
    auto feature = FeatureToDrop(protocol, c.name, c.truncates);
    ASSERT_FALSE(feature.ok()) << c.name;
    EXPECT_EQ(feature.error().condition, c.condition);
  }
  EXPECT_EQ((*FeatureToDrop(protocol, "DELETIONVECTORS", false))->name, "deletionVectors");
}

TEST(DropFeature, LeavesTheLowestProtocol) {
  const TableFeature& vectors = *FindTableFeature("deletionVectors");
  EXPECT_EQ(WithoutFeature(Listing({"deletionVectors"}, {"deletionVectors", "appendOnly", "invariants"}), vectors),
            (Protocol{1, 2, {}, {}, {}}));
  EXPECT_EQ(WithoutFeature(Listing({"deletionVectors"}, {"deletionVectors", "domainMetadata"}), vectors),
            Listing({}, {"domainMetadata"}));
  EXPECT_EQ(WithoutFeature(Listing({"deletionVectors", "v2Checkpoint"}, {"deletionVectors", "v2Checkpoint"}), vectors),
            Listing({"v2Checkpoint"}, {"v2Checkpoint"}));
}

TEST(DropFeature, FindsTraces) {
  const TableFeature& vectors = *FindTableFeature("deletionVectors");
  AddFile file = FileOf("a", 0, 9);
  EXPECT_FALSE(*ShowsFeature(Action(file), vectors));
  file.deletion_vector = DeletionVectorDescriptor{"i", "x", {}, 1, 1};
  EXPECT_TRUE(*ShowsFeature(Action(file), vectors));
  EXPECT_TRUE(*ShowsFeature(Action(MetadataOf(IdSchema(), {}, {{"delta.enableDeletionVectors", "true"}})), vectors));
  EXPECT_FALSE(*ShowsFeature(Action(Protocol{}), vectors));
}

TEST(TypeWidening, ChangesThatEveryReaderKnows) {
  struct Case {
    const char* from;
    const char* to;
    bool widens;
  };
  for (const Case& c : {Case{"TINYINT", "SMALLINT", true}, Case{"TINYINT", "BIGINT", true}, Case{"BIGINT", "INT", false},
                        Case{"INT", "DOUBLE", true}, Case{"BIGINT", "DOUBLE", false}, Case{"INT", "DECIMAL(10,0)", true},
                        Case{"TINYINT", "DECIMAL(5,0)", false}, Case{"BIGINT", "DECIMAL(20,1)", false},
                        Case{"BIGINT", "DECIMAL(21,1)", true}, Case{"FLOAT", "DOUBLE", true},
                        Case{"DECIMAL(6,2)", "DECIMAL(8,4)", true}, Case{"DECIMAL(6,2)", "DECIMAL(7,4)", false},
                        Case{"DECIMAL(6,2)", "DECIMAL(6,2)", false}, Case{"DATE", "TIMESTAMP_NTZ", true},
                        Case{"DATE", "TIMESTAMP", false}, Case{"INT", "STRING", false}}) {
    EXPECT_EQ(IsWidening(Type(c.from), Type(c.to)), c.widens) << c.from << " -> " << c.to;
  }
}

TEST(TypeWidening, ColumnsFollowTheirDataWithinTheirFamily) {
  struct Case {
    const char* table;
    const char* data;
    const char* becomes;
  };
  for (const Case& c : {Case{"INT", "BIGINT", "BIGINT"}, Case{"INT", "SMALLINT", "INT"}, Case{"INT", "DOUBLE", "INT"},
                        Case{"INT", "DECIMAL(20,2)", "INT"}, Case{"FLOAT", "DOUBLE", "DOUBLE"},
                        Case{"STRUCT<a: INT, b: ARRAY<SMALLINT>>", "STRUCT<B: ARRAY<INT>, a: BIGINT>",
                             "STRUCT<a: BIGINT, b: ARRAY<INT>>"},
                        Case{"MAP<INT, FLOAT>", "MAP<BIGINT, DOUBLE>", "MAP<BIGINT, DOUBLE>"}}) {
    EXPECT_EQ(WidenedBy(Type(c.table), Type(c.data)).Sql(), Type(c.becomes).Sql()) << c.table << " <- " << c.data;
  }
}

TEST(TypeWidening, IsNotedWhereItHappened) {
  Schema before = Ddl("a TINYINT, s STRUCT<x: INT, y: ARRAY<SMALLINT>>, m MAP<INT, ARRAY<SMALLINT>>");
  Schema after = Ddl("a INT, s STRUCT<x: BIGINT, y: ARRAY<INT>>, m MAP<BIGINT, ARRAY<INT>>");
  Schema noted = WithTypeChanges(before, after);
  EXPECT_EQ(FieldMetadata(noted.fields[0], kTypeChanges), R"([{"toType":"integer","fromType":"byte"}])");
  EXPECT_EQ(FieldMetadata(noted.fields[1], kTypeChanges), std::nullopt);
  const std::vector<Field>& inner = noted.fields[1].type.fields();
  EXPECT_EQ(FieldMetadata(inner[0], kTypeChanges), R"([{"toType":"long","fromType":"integer"}])");
  EXPECT_EQ(FieldMetadata(inner[1], kTypeChanges), R"([{"toType":"integer","fromType":"short","fieldPath":"element"}])");
  EXPECT_EQ(FieldMetadata(noted.fields[2], kTypeChanges),
            R"([{"toType":"long","fromType":"integer","fieldPath":"key"},)"
            R"({"toType":"integer","fromType":"short","fieldPath":"value.element"}])");
  EXPECT_TRUE(CheckTypeChanges(noted).ok());
  std::vector<std::string> paths;
  for (const WidenedField& widened : WidenedFields(noted)) paths.push_back(Join(widened.parent, ".") + ">" + widened.field.name);
  EXPECT_EQ(paths, (std::vector<std::string>{">a", "s>x", "s>y", ">m"}));
  EXPECT_EQ(WithoutTypeChanges(noted), after);
  // A second change follows the first.
  Schema wider = noted;
  wider.fields[0].type = TypeId::kLong;
  EXPECT_EQ(FieldMetadata(WithTypeChanges(noted, wider).fields[0], kTypeChanges),
            R"([{"toType":"integer","fromType":"byte"},{"toType":"long","fromType":"integer"}])");
}

TEST(TypeWidening, UnknownChangesAreRefused) {
  Schema schema = Ddl("a INT");
  schema.fields[0].metadata = R"({"delta.typeChanges":[{"fromType":"string","toType":"integer"}]})";
  Status status = CheckTypeChanges(schema);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().condition, "DELTA_UNSUPPORTED_TYPE_CHANGE_IN_SCHEMA");
}

const StringMap kV2 = {{"delta.enableIcebergCompatV2", "true"}};

Result<TableDefinition> Define(const char* ddl, StringMap properties, Names partitions = {}) {
  FakeClock clock(5);
  CountingRandom random;
  return DefineTable({Ddl(ddl), std::move(partitions), std::move(properties), {}, {}}, clock, random);
}

// What the recording iceberg_compat has of the same columns.
TEST(IcebergCompat, NewTablesHaveWhatItNeeds) {
  auto made = Define("id INT, a ARRAY<INT>, m MAP<STRING, ARRAY<INT>>, s STRUCT<x: ARRAY<STRUCT<y: INT>>>", kV2);
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_EQ(made->protocol, (Protocol{2, 7, {}, Names{"appendOnly", "columnMapping", "icebergCompatV2", "invariants"}, {}}));
  EXPECT_EQ(made->metadata.configuration.at("delta.columnMapping.mode"), "name");
  EXPECT_EQ(made->metadata.configuration.at("delta.columnMapping.maxColumnId"), "11");
  Schema schema = *Schema::FromJsonText(made->metadata.schema_string);
  auto ids = [&](size_t column) {
    std::vector<int32_t> numbers;
    for (const auto& [path, id] : NestedIdsOf(schema.fields[column])) numbers.push_back(id);
    return numbers;
  };
  EXPECT_EQ(ids(1), (std::vector<int32_t>{7}));
  EXPECT_EQ(ids(2), (std::vector<int32_t>{8, 9, 10}));
  std::string m = PhysicalName(schema.fields[2], ColumnMappingMode::kName);
  EXPECT_EQ(NestedIdsOf(schema.fields[2]).at(m + ".value.element"), 10);
  // A part whose type changes loses its id, a new one gets another.
  int64_t highest = 11;
  schema.fields[1].type = Type("MAP<INT, INT>");
  EXPECT_EQ(NestedIdsOf(WithNestedIds(schema, highest).fields[1]).size(), 2u);
  EXPECT_EQ(highest, 13);
}

TEST(IcebergCompat, IsRefusedByName) {
  struct Case {
    const char* ddl;
    StringMap properties;
    const char* what;
  };
  const StringMap v1 = {{"delta.enableIcebergCompatV1", "true"}};
  auto with = [](StringMap map, const char* key, const char* value) {
    map[key] = value;
    return map;
  };
  for (const Case& c : std::vector<Case>{
           {"id INT", with(v1, "delta.enableIcebergCompatV2", "true"), "VERSION_MUTUAL_EXCLUSIVE"},
           {"id INT", with(kV2, "delta.columnMapping.mode", "none"), "WRONG_REQUIRED_TABLE_PROPERTY"},
           {"id INT", with(kV2, "delta.enableDeletionVectors", "true"), "DELETION_VECTORS_SHOULD_BE_DISABLED"},
           {"id INT, a ARRAY<INT>", v1, "UNSUPPORTED_DATA_TYPE"},
           {"id INT, s STRUCT<m: MAP<INT, INT>>", v1, "UNSUPPORTED_DATA_TYPE"},
           {"id INT, a ARRAY<VARIANT>", kV2, "UNSUPPORTED_DATA_TYPE"}}) {
    auto made = Define(c.ddl, c.properties);
    ASSERT_FALSE(made.ok()) << c.what;
    EXPECT_EQ(made.error().condition, std::string("DELTA_ICEBERG_COMPAT_VIOLATION.") + c.what);
    EXPECT_EQ(made.error().sqlstate, "KD00E");
  }
}

TEST(IcebergCompat, ItsSchemaEvolutionWidensLess) {
  auto made = Define("i INT, n DECIMAL(5,2), a ARRAY<SMALLINT>", kV2);
  ASSERT_TRUE(made.ok());
  Schema before = *Schema::FromJsonText(made->metadata.schema_string);
  auto refused = [&](size_t column, const char* type) {
    Schema after = before;
    after.fields[column].type = Type(type);
    Status status = CheckIcebergCompat(nullptr, made->protocol, made->metadata, WithTypeChanges(before, after));
    return status.ok() ? std::string() : status.error().parameters.at("fieldPath");
  };
  EXPECT_EQ(refused(0, "BIGINT"), "");
  EXPECT_EQ(refused(0, "DOUBLE"), "i");
  EXPECT_EQ(refused(1, "DECIMAL(9,2)"), "");
  EXPECT_EQ(refused(1, "DECIMAL(9,3)"), "n");
  EXPECT_EQ(refused(2, "ARRAY<BIGINT>"), "");
  EXPECT_EQ(refused(2, "ARRAY<DOUBLE>"), "a");
}

TEST(ColumnMapping, ATableThatReplacesAnotherKeepsItsColumns) {
  CountingRandom random;
  const StringMap mapped = {{"delta.columnMapping.mode", "name"}};
  auto before = Define("id INT, a INT, s STRUCT<x: INT>", mapped), after = Define("ID BIGINT, b INT, s STRUCT<x: INT, y: INT>", mapped);
  ASSERT_TRUE(before.ok() && after.ok());
  ASSERT_TRUE(KeepColumnIds(before->metadata, after->metadata, random).ok());
  Schema old = *Schema::FromJsonText(before->metadata.schema_string), kept = *Schema::FromJsonText(after->metadata.schema_string);
  EXPECT_EQ(FieldIdOf(kept.fields[0]), 1);
  EXPECT_EQ(PhysicalName(kept.fields[0], ColumnMappingMode::kName), PhysicalName(old.fields[0], ColumnMappingMode::kName));
  EXPECT_EQ(FieldIdOf(kept.fields[1]), 5);
  EXPECT_EQ(FieldIdOf(kept.fields[2].type.fields()[0]), FieldIdOf(old.fields[2].type.fields()[0]));
  EXPECT_EQ(FieldIdOf(kept.fields[2].type.fields()[1]), 6);
  EXPECT_EQ(after->metadata.configuration.at("delta.columnMapping.maxColumnId"), "6");
}

}  // namespace
}  // namespace ashlar::delta
