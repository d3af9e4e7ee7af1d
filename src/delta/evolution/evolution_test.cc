#include <gtest/gtest.h>

#include "base/text.h"
#include "delta/evolution/drop_feature.h"
#include "delta/evolution/properties.h"
#include "delta/evolution/type_widening.h"
#include "delta/log/test_table.h"
#include "delta/schema.h"
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

}  // namespace
}  // namespace ashlar::delta
