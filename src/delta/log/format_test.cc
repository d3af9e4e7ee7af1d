// What is on disk as text: actions, paths, partition values.
#include <gtest/gtest.h>

#include "base/json.h"
#include "delta/actions.h"
#include "delta/log/test_table.h"
#include "delta/partition_values.h"
#include "delta/paths.h"

namespace ashlar::delta {
namespace {

Action Parsed(const std::string& line) {
  auto action = ActionFromJson(line);
  CHECK(action.ok()) << action.error().message;
  CHECK(action->has_value()) << line;
  return **action;
}

TEST(Actions, RoundTripEveryKind) {
  DeletionVectorDescriptor dv{"u", "abc", 1, 34, 2};
  AddFile add = FileOf("a%20b", 0, 9, {{"p", "x"}, {"q", std::nullopt}});
  add.deletion_vector = dv;
  add.base_row_id = 5;
  add.default_row_commit_version = 6;
  add.clustering_provider = "liquid";
  add.tags = {{"k", "v"}};
  add.modification_time_ms = int64_t{1} << 53;
  RemoveFile remove = RemovalOf(add, 77);
  CommitInfo info;
  info.timestamp_ms = 1;
  info.in_commit_timestamp_ms = 2;
  info.operation = "MERGE";
  info.operation_parameters = {{"predicate", "a = \"b\"\n"}, {"none", std::nullopt}};
  info.operation_metrics = {{"numFiles", "1"}};
  info.is_blind_append = false;
  info.job = R"({"jobId":"1"})";
  info.txn_id = "u";
  std::vector<Action> actions = {add, remove, info, Protocol{3, 7, {{"a"}}, {{"a", "b"}}, {}},
                                 Protocol(), MetadataOf(IdSchema(), {"p"}, {{"k", "v"}}),
                                 AddCdcFile{"c", {{"p", "x"}}, 9, {}}, SetTransaction{"app", 3, 4},
                                 DomainMetadata{"d", "{}", true}, CheckpointMetadata{7, {{"t", "u"}}},
                                 Sidecar{"s", 1, 2, {}}};
  for (const Action& action : actions) EXPECT_EQ(Parsed(ActionToJson(action)), action) << ActionToJson(action);
}

TEST(Actions, UnknownThingsAreToleratedAndKeptWhereTheyMatter) {
  EXPECT_FALSE(ActionFromJson(R"({"futureAction":{"x":1}})")->has_value());
  EXPECT_FALSE(ActionFromJson("{}")->has_value());
  EXPECT_EQ(std::get<AddFile>(Parsed(R"({"add":{"path":"a","size":1,"future":[1,{"x":2}]}})")).path, "a");
  std::string metadata =
      R"({"metaData":{"id":"i","format":{"provider":"parquet","options":{}},"schemaString":"{}",)"
      R"("partitionColumns":[],"configuration":{},"future":{"deep":[1,2.5,"x"]}}})";
  EXPECT_EQ(ActionToJson(Parsed(metadata)), metadata);
  std::string protocol = R"({"protocol":{"minReaderVersion":1,"minWriterVersion":2,"future":true}})";
  EXPECT_EQ(ActionToJson(Parsed(protocol)), protocol);
  // History is read whatever others wrote into it.
  auto info = std::get<CommitInfo>(Parsed(
      R"({"commitInfo":{"timestamp":"odd","operation":"X","operationParameters":{"a":[1],"b":2},"isBlindAppend":"no"}})"));
  EXPECT_EQ(info.timestamp_ms, std::nullopt);
  EXPECT_EQ(info.operation_parameters.at("a"), "[1]");
}

TEST(Actions, BrokenLinesAreErrors) {
  for (const char* line : {"", "{", "[]", "7", R"({"add":{}})", R"({"add":7})", R"({"add":{"path":7}})",
                           R"({"add":{"path":"a","size":"x"}})", R"({"add":{"path":"a","size":1.5}})",
                           R"({"remove":{"size":1}})", R"({"protocol":{}})",
                           R"({"add":{"path":"a","deletionVector":{"sizeInBytes":99999999999}}})",
                           "{\"add\":{\"path\":\"\xFF\"}}"}) {
    auto parsed = ActionFromJson(line);
    EXPECT_FALSE(parsed.ok()) << line;
  }
  Status torn = ParseActions("{\"protocol\":{\"minReaderVersion\":1}}\n\n{\"add\":{\"pa", [](Action) { return OkStatus(); });
  EXPECT_TRUE(torn.error().message.starts_with("line 3: ")) << torn.error().message;
}

TEST(Actions, CheckpointRows) {
  auto row = ActionFromCheckpointJson(
      R"({"txn":null,"add":{"path":"a","partitionValues":[{"key":"p","value":"x"},{"key":"q","value":null}],)"
      R"("size":1,"tags":null,"stats":null,"stats_parsed":{"numRecords":3}},"remove":null})");
  auto add = std::get<AddFile>(**row);
  EXPECT_EQ(add.partition_values, (PartitionValues{{"p", "x"}, {"q", std::nullopt}}));
  EXPECT_EQ(add.stats, R"({"numRecords":3})");
}

TEST(Paths, OneDecodeOneEncode) {
  for (const std::string& name : {std::string("a b%20c#?.parquet"), std::string("p=x%2Fy/\xC3\xA9+\"<>.parquet"),
                                  std::string("part-0001.parquet"), std::string("t=10:00/f")}) {
    EXPECT_EQ(DecodeLogPath(EncodeLogPath(name)), name);
    EXPECT_EQ(*ResolveLogPath("/t", EncodeLogPath(name)), "/t/" + name);
  }
  EXPECT_EQ(EncodeLogPath("p=a/part-0.c000.snappy.parquet"), "p=a/part-0.c000.snappy.parquet");
  EXPECT_EQ(EncodeLogPath("a b%"), "a%20b%25");
  EXPECT_EQ(DecodeLogPath("a%2"), std::nullopt);
  // Three spellings of one file.
  EXPECT_EQ(FileKey("/some/p@%23h", std::nullopt), FileKey("file:/some/p%40#h", std::nullopt));
  EXPECT_EQ(FileKey("file:///some/p@#h", std::nullopt), FileKey("/some/p@#h", std::nullopt));
}

TEST(Paths, NothingLeadsOutOfTheTable) {
  EXPECT_EQ(*ResolveLogPath("/t", "/t/a/../b"), "/t/b");
  EXPECT_EQ(*ResolveLogPath("/t", "file:///t/x"), "/t/x");
  EXPECT_EQ(*ResolveLogPath("s3://b/t", "p=1/a%20b.parquet"), "s3://b/t/p=1/a b.parquet");
  EXPECT_EQ(*ResolveLogPath("s3://b/t", "s3://b/t/x"), "s3://b/t/x");
  for (const char* path : {"s3://b/other/x", "s3://b/tt/x", "/x", "../other/x", "a/%2e%2e/x", "file:///x", "a//x", "s3://b/t/"}) {
    EXPECT_EQ(ResolveLogPath("s3://b/t", path).error().code, ErrorCode::kPermissionDenied) << path;
  }
  for (const char* path : {"../x", "a/../../x", "%2E%2E/x", "/tt/x", "/etc/passwd", "file:/etc/passwd", "..", ".", "s3://bucket/x"}) {
    auto resolved = ResolveLogPath("/t", path);
    ASSERT_FALSE(resolved.ok()) << path << " " << *resolved;
    EXPECT_EQ(resolved.error().code, ErrorCode::kPermissionDenied) << path;
  }
  for (const char* path : {"gs://bucket/x", "hdfs:/x", "a%", "a%00b"}) {
    EXPECT_EQ(ResolveLogPath("/t", path).error().condition, "DELTA_CANNOT_RECONSTRUCT_PATH_FROM_URI") << path;
  }
}

TEST(Paths, AShallowCloneReachesItsSourcesAlone) {
  const std::vector<std::string> sources = {"/src", "/lake/x y"};
  EXPECT_EQ(EncodeAbsoluteLogPath("/lake/x y/p=1/a%.parquet"), "file:/lake/x%20y/p=1/a%25.parquet");
  EXPECT_EQ(*ResolveLogPath("/t", EncodeAbsoluteLogPath("/lake/x y/p=1/a%.parquet"), sources), "/lake/x y/p=1/a%.parquet");
  EXPECT_EQ(*ResolveLogPath("/t", "file:/src/a", sources), "/src/a");
  EXPECT_EQ(*ResolveLogPath("/t", "/src/b/../a", sources), "/src/a");
  EXPECT_EQ(*ResolveLogPath("/t", "own", sources), "/t/own");
  for (const char* path : {"../src/a", "/src", "/srcs/a", "/src/../etc/passwd", "/lake/a", "file:///lake/x%20y"}) {
    auto resolved = ResolveLogPath("/t", path, sources);
    ASSERT_FALSE(resolved.ok()) << path << " " << *resolved;
    EXPECT_EQ(resolved.error().code, ErrorCode::kPermissionDenied) << path;
  }
}

TEST(Paths, AShallowCloneInAnObjectStoreReachesItsSourcesAlone) {
  const std::vector<std::string> sources = {"s3://b/x y", "abfss://c@acc.dfs.core.windows.net/src", "/src"};
  const std::string encoded = EncodeAbsoluteLogPath("s3://b/x y/p=1/a%.parquet");
  EXPECT_EQ(encoded, "s3://b/x%20y/p=1/a%25.parquet");
  for (const char* root : {"s3://b/t", "/t"}) {
    EXPECT_EQ(*ResolveLogPath(root, encoded, sources), "s3://b/x y/p=1/a%.parquet");
    // Hadoop's spelling of the same bucket, and the other of Azure's.
    EXPECT_EQ(*ResolveLogPath(root, "s3a://b/x%20y/a", sources), "s3://b/x y/a");
    EXPECT_EQ(*ResolveLogPath(root, "wasbs://c@acc.blob.core.windows.net/src/a", sources), sources[1] + "/a");
    EXPECT_EQ(*ResolveLogPath(root, "file:/src/a", sources), "/src/a");
    for (const char* path : {"s3://b/x%20y", "s3://b/x", "s3://other/x%20y/a", "s3://b/x%20y/../z/a", "s3://b/x%20y/%2E%2E/z/a",
                             "s3://b/x%20y//a", "s3:///x", "abfss://c@other.dfs.core.windows.net/src/a", "../x%20y/a", "file:/srcs/a"}) {
      EXPECT_EQ(ResolveLogPath(root, path, sources).error().code, ErrorCode::kPermissionDenied) << root << " " << path;
    }
  }
  EXPECT_EQ(*ResolveLogPath("s3://b/x y", encoded), "s3://b/x y/p=1/a%.parquet");
  EXPECT_EQ(EncodeAbsoluteLogPath(sources[1] + "/a b"), sources[1] + "/a%20b");
}

TEST(Paths, AnAbsolutePathShowsTheFolderOfItsTable) {
  EXPECT_EQ(OtherTableFolder("file:/a/b%20c/part-0.parquet"), "/a/b c");
  EXPECT_EQ(OtherTableFolder("file:///a/p=1/q=x%252F/part-0.parquet"), "/a");
  EXPECT_EQ(OtherTableFolder("/a/../b/part-0.parquet"), "/b");
  EXPECT_EQ(OtherTableFolder("s3a://b/t/p=1/part-0.parquet"), "s3://b/t");
  for (const char* path : {"part-0.parquet", "p=1/part-0.parquet", "t=10:00/x", "gs://b/t/x", "s3:///x", "/a%"}) {
    EXPECT_EQ(OtherTableFolder(path), std::nullopt) << path;
  }
}

TEST(PartitionValues, RoundTripByType) {
  struct Case {
    Value value;
    std::string text;
  };
  DataType ntz = TypeId::kTimestampNtz;
  for (const Case& c : std::vector<Case>{
           {Value::Boolean(true), "true"}, {Value::Int(-7), "-7"}, {Value::Long(INT64_MIN), "-9223372036854775808"},
           {Value::Double(1), "1.0"}, {Value::Double(0.1), "0.1"}, {{TypeId::kFloat, 0.5}, "0.5"},
           {Value::Double(-INFINITY), "-Infinity"}, {Value::Decimal(-1230, 10, 2), "-12.30"},
           {Value::String("a=b/\xC3\xA9"), "a=b/\xC3\xA9"}, {Value::Date(-1), "1969-12-31"},
           {Value::Timestamp(-1), "1969-12-31T23:59:59.999999Z"}, {{ntz, int64_t{1500000}}, "1970-01-01 00:00:01.500000"},
           {{TypeId::kBinary, std::string("\x01x")}, "\x01x"}}) {
    EXPECT_EQ(**EncodePartitionValue(c.value), c.text);
    EXPECT_EQ(*DecodePartitionValue(c.text, c.value.type), c.value) << c.text;
  }
  EXPECT_EQ(*EncodePartitionValue(Value::Null(TypeId::kInt)), std::nullopt);
  for (const std::optional<std::string>& null : {std::optional<std::string>(), std::optional<std::string>("")}) {
    EXPECT_TRUE(DecodePartitionValue(null, TypeId::kString)->is_null());
  }
  EXPECT_FALSE(EncodePartitionValue({DataType::Array(TypeId::kInt), std::vector<Value>()}).ok());
}

TEST(PartitionValues, ReadsWhatOthersWrite) {
  auto decode = [](const char* text, DataType type) { return DecodePartitionValue(std::string(text), std::move(type)); };
  EXPECT_EQ(std::get<int64_t>(decode("2021-09-08 11:11:11", TypeId::kTimestamp)->data), 1631099471000000);
  EXPECT_EQ(std::get<int64_t>(decode("2021-09-08T11:11:11.5+02:00", TypeId::kTimestamp)->data), 1631092271500000);
  EXPECT_EQ(std::get<int64_t>(decode("2021-09-08 00:00:00", TypeId::kDate)->data), 18878);
  EXPECT_EQ(*decode("5", DataType::Decimal(10, 2)), Value::Decimal(500, 10, 2));
  EXPECT_EQ(*decode("1E3", TypeId::kDouble), Value::Double(1000));
  for (auto [text, type] : std::vector<std::pair<const char*, TypeId>>{
           {"x", TypeId::kInt}, {"3000000000", TypeId::kInt}, {"128", TypeId::kByte}, {"2021-02-30", TypeId::kDate},
           {"2021-13-01", TypeId::kDate}, {"25:00", TypeId::kTimestamp}, {"yes", TypeId::kBoolean}}) {
    EXPECT_EQ(decode(text, type).error().condition, "DELTA_FAILED_CAST_PARTITION_VALUE") << text;
  }
}

TEST(PartitionValues, ATimestampWithoutAZoneIsTheReadersClock) {
  WallClock two_hours_east = [](int64_t micros) { return micros - 7'200'000'000; };
  auto decode = [&](const char* text, TypeId type) {
    return std::get<int64_t>(DecodePartitionValue(std::string(text), type, two_hours_east)->data);
  };
  EXPECT_EQ(decode("1970-01-01 03:00:00", TypeId::kTimestamp), 3'600'000'000);
  EXPECT_EQ(decode("1970-01-01 03:00:00.5", TypeId::kTimestamp), 3'600'500'000);
  EXPECT_EQ(decode("1970-01-01T03:00:00.000000Z", TypeId::kTimestamp), 3 * 3'600'000'000);
  EXPECT_EQ(decode("1970-01-01 03:00:00+03:00", TypeId::kTimestamp), 0);
  EXPECT_EQ(decode("1970-01-01 03:00:00", TypeId::kTimestampNtz), 3 * 3'600'000'000);
}

// The ends of what 64 and 128 bits hold, and one step beyond.
TEST(PartitionValues, NothingOverflows) {
  for (int64_t micros : {INT64_MIN, INT64_MIN + 1, int64_t{-1}, int64_t{0}, INT64_MAX}) {
    std::string text = TimestampText(micros);
    auto parsed = ParseTimestampText(text);
    ASSERT_TRUE(parsed.has_value()) << text;
    EXPECT_EQ(parsed->micros, micros) << text;
  }
  EXPECT_EQ(TimestampText(INT64_MAX), "+294247-01-10T04:00:54.775807");
  EXPECT_FALSE(ParseTimestampText("+294247-01-10T04:00:54.775808"));
  EXPECT_FALSE(ParseTimestampText("+294247-01-10T04:00:54.775807-00:01"));
  EXPECT_FALSE(ParseTimestampText("2024-01-01T00:00:00+01:99"));
  DataType wide = DataType::Decimal(38, 30);
  EXPECT_TRUE(DecodePartitionValue("12345678", wide).ok());
  EXPECT_FALSE(DecodePartitionValue("99999999999999999999999999999999999999", wide).ok());
  EXPECT_FALSE(ParseLogFileName("09223372036854775807.json"));
  SnapshotState state;
  std::vector<AddFile> files = {FileOf("a", 1, 2), FileOf("b", 1, 2)};
  for (AddFile& file : files) file.size = INT64_MAX;
  state.files = files;
  EXPECT_EQ(Snapshot("/t", std::move(state)).SizeInBytes(), INT64_MAX);
}

}  // namespace
}  // namespace ashlar::delta
