// Delta tables written by the engine, committed by delta, and read back: types, partitions, skipping,
// deletion vectors, column mapping, checkpoints.
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "base/text.h"
#include "delta/deletion_vector.h"
#include "engine/duck_connection.h"
#include "engine/scan/table_scan.h"
#include "engine/test_delta_table.h"

namespace {
std::set<std::string> synced;
}

// Stands before the C library's, to be watched.
extern "C" int fsync(int fd) {
  char name[4096];
  ssize_t length = readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), name, sizeof(name));
  if (length > 0) synced.emplace(name, static_cast<size_t>(length));
  return static_cast<int>(syscall(SYS_fsync, fd));
}

namespace ashlar::engine {
namespace {

using namespace plan_builder;  // NOLINT
using sql::PlanPtr;

using DeltaRoundTrip = DeltaTableTest;

TEST_F(DeltaRoundTrip, EveryTypeIsReadAsWritten) {
  Create("b BOOLEAN, t TINYINT, s SMALLINT, i INT, l BIGINT, f FLOAT, d DOUBLE, de DECIMAL(20,3), st STRING, bi BINARY, "
         "da DATE, ts TIMESTAMP, n TIMESTAMP_NTZ, a ARRAY<INT>, m MAP<STRING, STRUCT<x: INT, Y: STRING>>, "
         "r STRUCT<A: INT, c: ARRAY<STRUCT<B: STRING>>>");
  ASSERT_TRUE(connection_->SetTimeZone("America/New_York").ok());
  Schema schema = Latest()->schema();
  DataType m = schema.fields[14].type, r = schema.fields[15].type;
  Value entry{m.map_value(), std::vector<Value>{Value::Int(7), Value::String("y")}};
  Value inner{r.fields()[1].type.element(), std::vector<Value>{Value::String("deep")}};
  std::vector<Value> row = {
      Value::Boolean(true), {TypeId::kByte, int64_t{-5}}, {TypeId::kShort, int64_t{300}}, Value::Int(1), Value::Long(INT64_MIN),
      {TypeId::kFloat, 1.5}, Value::Double(-0.25), Value::Decimal(-12345678901234, 20, 3), Value::String("ü'\""),
      {TypeId::kBinary, std::string("\x00\xfe", 2)}, Value::Date(-1), Value::Timestamp(1700000000123456),
      {TypeId::kTimestampNtz, int64_t{1700000000123456}}, {DataType::Array(kInt), std::vector<Value>{Value::Int(1), Value::Null(kInt)}},
      {m, std::vector<Value>{Value::String("k"), entry}},
      {r, std::vector<Value>{Value::Int(9), Value{r.fields()[1].type, std::vector<Value>{inner}}}}};
  std::vector<sql::NamedExpr> columns, nulls;
  for (size_t i = 0; i < row.size(); ++i) {
    columns.push_back(Named(static_cast<int64_t>(600 + i), "c", Literal(row[i])));
    nulls.push_back(Named(static_cast<int64_t>(700 + i), "c", Literal(Value::Null(row[i].type))));
  }
  auto one = MakePlan({}, sql::OneRowPlan{});
  Status first = Insert(Project(one, columns));
  ASSERT_TRUE(first.ok()) << FullMessage(first.error());
  Status second = Insert(Project(one, nulls));
  ASSERT_TRUE(second.ok()) << FullMessage(second.error());
  auto stream = connection_->Execute(Scan(Open()), {});
  ASSERT_TRUE(stream.ok()) << FullMessage(stream.error());
  auto rows = CollectRows(**stream);
  ASSERT_TRUE(rows.ok()) << FullMessage(rows.error());
  ASSERT_EQ(rows->size(), 2u);
  size_t full = (*rows)[0][0].is_null() ? 1 : 0;
  for (size_t i = 0; i < row.size(); ++i) {
    EXPECT_EQ(Show((*rows)[full][i]), Show(row[i])) << i;
    EXPECT_TRUE((*rows)[1 - full][i].is_null()) << i;
  }
}

TEST_F(DeltaRoundTrip, PartitionsGoIntoEscapedFolders) {
  Create("id INT, p STRING, d TIMESTAMP", {"p", "d"});
  auto rows = Values({Attr(501, "id", kInt), Attr(502, "p", kText), Attr(503, "d", TypeId::kTimestamp)},
                     {{Int(1), Text("a/b c=1"), Literal(Value::Timestamp(1000001))},
                      {Int(2), Literal(Value::Null(kText)), Literal(Value::Timestamp(0))},
                      {Int(3), Text(""), Literal(Value::Null(TypeId::kTimestamp))}});
  Status written = Insert(rows);
  ASSERT_TRUE(written.ok()) << FullMessage(written.error());
  EXPECT_EQ(Table(), (Lines{"1 | a/b c=1 | 1000001", "2 | NULL | 0", "3 | NULL | NULL"}));
  EXPECT_TRUE(std::filesystem::exists(root_ + "/t/p=a%2Fb c%3D1"));
  EXPECT_TRUE(std::filesystem::exists(root_ + "/t/p=__HIVE_DEFAULT_PARTITION__"));
  auto only = Filter(Scan(Open()), Binary("=", kBool, Column(2, kText), Text("a/b c=1")));
  EXPECT_EQ(Rows(only), (Lines{"1 | a/b c=1 | 1000001"}));
  for (const auto& entry : std::filesystem::directory_iterator(root_ + "/t")) {
    EXPECT_EQ(entry.path().filename().string().find("staging"), std::string::npos);
  }
}

TEST_F(DeltaRoundTrip, StatisticsSkipFiles) {
  Create("id INT, name STRING");
  ASSERT_TRUE(Insert(Pairs({{1, "a"}, {2, "b"}})).ok());
  ASSERT_TRUE(Insert(Pairs({{11, "k"}, {12, nullptr}})).ok());
  auto snapshot = Latest();
  ASSERT_EQ(snapshot->files().size(), 2u);
  // A file that would match is deleted behind the log's back: only skipping can avoid the error.
  auto path = snapshot->DataPath(snapshot->files()[0]);
  ASSERT_TRUE(path.ok());
  std::filesystem::remove(*path);
  EXPECT_EQ(Rows(Filter(Scan(Open()), Binary(">", kBool, Column(1, kInt), Int(10)))), (Lines{"11 | k", "12 | NULL"}));
  EXPECT_EQ(Rows(Filter(Scan(Open()), Binary("=", kBool, Column(2, kText), Text("zz")))), Lines{});
  // A join's keys prune at run time.
  auto keys = Values({Attr(70, "k", kInt)}, {{Int(11)}});
  auto joined = Join(Scan(Open()), keys, sql::JoinKind::kInner, Binary("=", kBool, Column(1, kInt), Column(70, kInt)));
  EXPECT_EQ(Rows(joined), (Lines{"11 | k | 11"}));
  EXPECT_EQ(Rows(Scan(Open())).size(), 1u);  // the error of the missing file
}

TEST_F(DeltaRoundTrip, DeletionVectorsHideRows) {
  Create("id BIGINT", {}, {{"delta.enableDeletionVectors", "true"}});
  auto rows = Project(Range(900, 100000), {Named(901, "id", Column(900, kLong))});
  ASSERT_TRUE(Insert(rows).ok());
  std::vector<uint64_t> gone;
  for (uint64_t i = 0; i < 100000; i += 3) gone.push_back(i);
  auto snapshot = Latest();
  std::vector<delta::DeletionVector> one;
  one.push_back(delta::DeletionVector::FromRows(gone));
  auto vector = delta::WriteDeletionVectors(store_, root_ + "/t", SystemRandom(), one, {});
  ASSERT_TRUE(vector.ok());
  // The table as a later version would list it.
  delta::SnapshotState state = snapshot->state();
  ASSERT_EQ(state.files.size(), 1u);
  delta::AddFile marked = state.files[0];
  marked.deletion_vector = vector->at(0);
  state.files = std::vector<delta::AddFile>{marked};
  auto table = std::make_shared<DeltaTable>(std::make_shared<const delta::Snapshot>(root_ + "/t", state),
                                            ColumnMatch::kName, store_);
  auto count = connection_->ExecuteCount(Scan(table));
  ASSERT_TRUE(count.ok()) << FullMessage(count.error());
  EXPECT_EQ(*count, 100000 - static_cast<int64_t>(gone.size()));
  EXPECT_EQ(Rows(Filter(Scan(table), Binary("<", kBool, Column(1, kLong), Long(5)))), (Lines{"1", "2", "4"}));
  auto positions = Project(Filter(Scan(table, true), Binary(">", kBool, Column(1, kLong), Long(99997))),
                           {Named(1, "id", Column(1, kLong)), Named(2, "row", Column(1002, kLong))});
  EXPECT_EQ(Rows(positions), (Lines{"99998 | 99998"}));
}

TEST_F(DeltaRoundTrip, ColumnMappingUsesPhysicalNamesAndIds) {
  auto mapped = [](Field field, int id) {
    field.metadata = R"({"delta.columnMapping.id":)" + std::to_string(id) +
                     R"(,"delta.columnMapping.physicalName":"col-)" + std::to_string(id) + "\"}";
    return field;
  };
  DataType s = DataType::Struct({mapped({"x y", kInt}, 3), mapped({"z", kText}, 4)});
  Schema schema{{mapped({"a b", kInt}, 1), mapped({"s", s}, 2)}};
  for (auto mode : {delta::ColumnMappingMode::kName, delta::ColumnMappingMode::kId}) {
    bool by_id = mode == delta::ColumnMappingMode::kId;
    WriteTarget target;
    target.table = Location();
    target.schema = schema;
    target.metadata.configuration["delta.columnMapping.mode"] = by_id ? "id" : "name";
    auto row = Values({Attr(501, "a", kInt), Attr(502, "s", s)},
                      {{Int(1), Literal({s, std::vector<Value>{Value::Int(2), Value::String("q")}})}});
    auto written = WriteRows(*connection_, row, target, [](const std::string&) {});
    ASSERT_TRUE(written.ok()) << FullMessage(written.error());
    delta::SnapshotState state;
    state.version = 0;
    state.schema = schema;
    state.mapping_mode = mode;
    state.metadata = target.metadata;
    state.files = written->files;
    EXPECT_NE(state.files.at(0).stats->find("col-3"), std::string::npos) << *state.files[0].stats;
    if (by_id) {
      // Ids alone decide: other names in the schema find the same columns.
      for (Field& field : state.schema.fields) field = mapped({field.name, field.type}, field.name == "s" ? 2 : 1);
      state.schema.fields[0].metadata =
          R"({"delta.columnMapping.id":1,"delta.columnMapping.physicalName":"renamed"})";
    }
    auto table = std::make_shared<DeltaTable>(std::make_shared<const delta::Snapshot>(root_ + "/t", state),
                                              by_id ? ColumnMatch::kFieldId : ColumnMatch::kName, store_);
    EXPECT_EQ(Rows(Scan(table)), (Lines{"1 | [2,q]"})) << by_id;
  }
}

TEST_F(DeltaRoundTrip, AddedFieldsAreNullInOlderFiles) {
  Create("id INT, s STRUCT<a: INT, n: STRUCT<x: INT>>");
  DataType old_type = Latest()->schema().fields[1].type;
  Value n{old_type.fields()[1].type, std::vector<Value>{Value::Int(3)}};
  auto rows = Values({Attr(501, "id", kInt), Attr(502, "s", old_type)},
                     {{Int(1), Literal({old_type, std::vector<Value>{Value::Int(2), n}})},
                      {Int(2), Literal(Value::Null(old_type))}});
  ASSERT_TRUE(Insert(rows).ok());
  delta::SnapshotState state = Latest()->state();
  state.schema = *Schema::ParseDdl("id BIGINT, extra STRING, s STRUCT<b: STRING, a: BIGINT, n: STRUCT<y: INT, x: INT>>");
  auto table = std::make_shared<DeltaTable>(std::make_shared<const delta::Snapshot>(root_ + "/t", state),
                                            ColumnMatch::kName, store_);
  EXPECT_EQ(Rows(Scan(table)), (Lines{"1 | NULL | [NULL,2,[NULL,3]]", "2 | NULL | NULL"}));
}

TEST_F(DeltaRoundTrip, ConstraintsAreEnforced) {
  Create("id INT NOT NULL, name STRING");
  Status null = Insert(Values({Attr(501, "id", kInt), Attr(502, "name", kText)}, {{Literal(Value::Null(kInt)), Text("x")}}));
  ASSERT_FALSE(null.ok());
  EXPECT_EQ(null.error().condition, "DELTA_NOT_NULL_CONSTRAINT_VIOLATED");
  WriteTarget target = Target();
  // The error shows the columns the condition speaks of, and no others.
  target.constraints.push_back({"positive", "id > 0 OR name = 'x'",
                                Binary("or", kBool, Binary(">", kBool, Column(0, kInt), Int(0)),
                                       Binary("=", kBool, Column(1, kText), Text("x")))});
  Status check = Insert(Pairs({{1, "ok"}, {-1, "it's \"bad\""}}), target);
  ASSERT_FALSE(check.ok());
  ASSERT_EQ(check.error().condition, "DELTA_VIOLATE_CONSTRAINT_WITH_VALUES") << check.error().message;
  EXPECT_EQ(check.error().parameters.at("values"), " - id : -1\n - name : it's \"bad\"");
  EXPECT_TRUE(Insert(Pairs({{1, "ok"}}), target).ok());
  EXPECT_EQ(Table(), (Lines{"1 | ok"}));
}

TEST_F(DeltaRoundTrip, AGeneratedValueIsCheckedLast) {
  Create("id INT NOT NULL, name STRING");
  WriteTarget target = Target();
  target.constraints.push_back({"Generated Column", "name <=> 'x'", Binary("=", kBool, Column(1, kText), Text("x")),
                                RowConstraint::Kind::kGenerated});
  auto row = [&](sql::TypedExprPtr id, const char* name) {
    return Values({Attr(501, "id", kInt), Attr(502, "name", kText)}, {{std::move(id), Text(name)}});
  };
  EXPECT_EQ(Insert(row(Literal(Value::Null(kInt)), "y"), target).error().condition, "DELTA_NOT_NULL_CONSTRAINT_VIOLATED");
  EXPECT_EQ(Insert(row(Int(1), "y"), target).error().condition, "DELTA_VIOLATE_CONSTRAINT_WITH_VALUES");
  EXPECT_TRUE(Insert(row(Int(1), "x"), target).ok());
}

TEST_F(DeltaRoundTrip, CheckpointsAreWrittenAndRead) {
  Create("id INT, name STRING", {}, {{"delta.checkpointInterval", "2"}});
  for (int i = 0; i < 5; ++i) {
    Status inserted = Insert(Pairs({{i, "n"}}));
    ASSERT_TRUE(inserted.ok()) << FullMessage(inserted.error());
  }
  EXPECT_TRUE(std::filesystem::exists(root_ + "/t/_delta_log/00000000000000000004.checkpoint.parquet"));
  for (int i = 0; i < 4; ++i) {
    std::filesystem::remove(root_ + "/t/_delta_log/0000000000000000000" + std::to_string(i) + ".json");
  }
  EXPECT_EQ(Table(), (Lines{"0 | n", "1 | n", "2 | n", "3 | n", "4 | n"}));
  delta::ActionSink ignore = [](delta::Action) { return OkStatus(); };
  EXPECT_EQ(parquet_->Read(root_ + "/none.parquet", ignore).error().code, ErrorCode::kNotFound);
  std::ofstream(root_ + "/torn.parquet") << "PAR1 torn";
  EXPECT_EQ(parquet_->Read(root_ + "/torn.parquet", ignore).error().code, ErrorCode::kDataLoss);
}

// DuckDB's reader does not find a BLOB in the Bloom filter that its writer made of it.
TEST_F(DeltaRoundTrip, BinaryValuesAreFoundWhereOthersWroteBloomFilters) {
  std::string path = root_ + "/blobs.parquet";
  auto copied = AsDuck(*connection_).RunForText("COPY (SELECT unhex('0' || (i % 5)) AS b FROM range(100) AS r(i)) TO '" +
                                                path + "' (FORMAT parquet)");
  ASSERT_TRUE(copied.ok()) << FullMessage(copied.error());
  PlanPtr scan = Scan(Open("PARQUET", path));
  ASSERT_TRUE(scan->output[0].type.Is(TypeId::kBinary));
  Value three{TypeId::kBinary, std::string("\x03")};
  PlanPtr found = MakePlan(scan->output, sql::FilterPlan{scan, Binary("=", kBool, Column(1, TypeId::kBinary), Literal(three))});
  EXPECT_EQ(*connection_->ExecuteCount(found), 20);
}

// Before its commit nothing else has made a new table's folders durable.
TEST_F(DeltaRoundTrip, WhatIsWrittenIsSyncedWithItsFolders) {
  WriteTarget target;
  target.table = Location();
  target.table.root = root_ + "/new/table";
  target.schema = *Schema::ParseDdl("id INT, name STRING");
  target.partition_columns = {"name"};
  synced.clear();
  auto written = WriteRows(*connection_, Pairs({{1, "a"}}), target, [](const std::string&) {});
  ASSERT_TRUE(written.ok()) << FullMessage(written.error());
  for (const char* folder : {"", "/new", "/new/table", "/new/table/name=a"}) {
    EXPECT_TRUE(synced.contains(root_ + folder)) << folder;
  }
}

TEST_F(DeltaRoundTrip, FilesOutsideTheTableAreNotOpened) {
  Create("id INT, name STRING");
  ASSERT_TRUE(Insert(Pairs({{1, "a"}})).ok());
  auto snapshot = Latest();
  auto path = *snapshot->DataPath(snapshot->files()[0]);
  std::filesystem::rename(path, root_ + "/elsewhere.parquet");
  std::filesystem::create_symlink(root_ + "/elsewhere.parquet", path);
  auto rows = Rows(Scan(Open()));
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_NE(rows[0].find("leads out of its table"), std::string::npos) << rows[0];
}

TEST_F(DeltaRoundTrip, AStatementStaysWithTheSnapshotItWasAnalysedWith) {
  Create("id INT, name STRING");
  ASSERT_TRUE(Insert(Pairs({{1, "a"}})).ok());
  DeltaTableSource statement(*engine_, store_, *parquet_, cache_);
  sql::ResolvedRelation relation;
  relation.format = "DELTA";
  relation.location = root_ + "/t";
  auto analysed = statement.Open(relation, {}, {}, std::nullopt);
  ASSERT_TRUE(analysed.ok()) << FullMessage(analysed.error());
  ASSERT_TRUE(Insert(Pairs({{2, "b"}})).ok()) << "another writer, between analysis and scan";
  EXPECT_EQ(Rows(Scan(*analysed)), (Lines{"1 | a"}));
  EXPECT_EQ(*statement.Open(relation, {}, {}, std::nullopt), *analysed) << "named twice, pinned once";
  EXPECT_EQ(Rows(Scan(*DeltaTableSource(*engine_, store_, *parquet_, cache_).Open(relation, {}, {}, std::nullopt))),
            (Lines{"1 | a", "2 | b"}));
}

// As somebody would who may write here and wants to read there: between the authorisation of a path and its opening.
TEST_F(DeltaRoundTrip, WhatIsSwappedForALinkIsNotFollowedAtAnyLevel) {
  namespace fs = std::filesystem;
  objectstore::LocalObjectStore linkless(objectstore::LocalObjectStore::Links::kRefused);
  auto swapped = [&](const std::string& format, const std::string& own, const std::string& level) -> std::string {
    DeltaTableSource source(*engine_, linkless, *parquet_, cache_);
    sql::ResolvedRelation relation;
    relation.kind = sql::RelationKind::kPath;
    relation.format = format;
    relation.location = own;
    auto table = source.Open(relation, {}, {}, std::nullopt);
    CHECK(table.ok()) << FullMessage(table.error());
    EXPECT_EQ(Rows(Scan(*table)).size(), 2u) << format;
    fs::rename(own + level, root_ + "/aside");
    fs::create_symlink(root_ + "/aside", own + level);
    std::vector<std::string> rows = Rows(Scan(*table));
    auto again = DeltaTableSource(*engine_, linkless, *parquet_, cache_).Open(relation, {}, {}, std::nullopt);
    EXPECT_TRUE(again.ok() || again.error().code == ErrorCode::kPermissionDenied) << FullMessage(again.error());
    fs::remove(own + level);
    fs::rename(root_ + "/aside", own + level);
    bool refused = rows.size() == 1 && (rows[0].find("symbolic link") != std::string::npos ||
                                        rows[0].find("leads out of its table") != std::string::npos);
    return refused ? "refused" : ashlar::Join(rows, "\n");
  };
  fs::create_directories(root_ + "/csv/p=1");
  std::ofstream(root_ + "/csv/p=1/rows.csv") << "1\n2\n";
  for (const char* level : {"", "/p=1", "/p=1/rows.csv"}) EXPECT_EQ(swapped("CSV", root_ + "/csv", level), "refused") << level;
  Create("n INT, p STRING", {"p"});
  ASSERT_TRUE(Insert(Values({Attr(501, "n", kInt), Attr(502, "p", kText)}, {{Int(1), Text("7")}, {Int(2), Text("7")}})).ok());
  for (const char* level : {"", "/p=7"}) EXPECT_EQ(swapped("DELTA", root_ + "/t", level), "refused") << level;
}

TEST_F(DeltaRoundTrip, CsvAndJsonFiles) {
  std::filesystem::create_directories(root_ + "/csv/day=2024-01-02");
  std::ofstream(root_ + "/csv/day=2024-01-02/a.csv") << "id,name,v\n1,\"a, \\\"b\\\"\",1.5\n2,,x\n3,\"\",\n";
  auto text = Open("CSV", root_ + "/csv", {{"header", "true"}});
  EXPECT_EQ(text->schema().ToStruct().SimpleString(), "struct<id:string,name:string,v:string,day:date>");
  EXPECT_EQ(Rows(Scan(text)), (Lines{"1 | a, \"b\" | 1.5 | 19724", "2 | NULL | x | 19724", "3 |  | NULL | 19724"}));
  auto inferred = Open("CSV", root_ + "/csv", {{"header", "true"}, {"inferSchema", "true"}});
  EXPECT_EQ(inferred->schema().fields[0].type.SimpleString(), "int");
  auto typed = Open("CSV", root_ + "/csv", {{"header", "true"}}, *Schema::ParseDdl("id INT, name STRING, v DOUBLE"));
  EXPECT_EQ(Rows(Project(Scan(typed), {Named(1, "i", Column(1, kInt)), Named(3, "v", Column(3, TypeId::kDouble))})),
            (Lines{"1 | 1.500000", "2 | NULL", "3 | NULL"}));
  std::ofstream(root_ + "/j.json") << R"({"b": 1, "a": {"Y": "x", "x": [1.5, 2]}, "t": "2024-01-01"})" << "\n"
                                   << R"({"b": 2, "c": true})" << "\n";
  auto json = Open("json", root_ + "/j.json");
  EXPECT_EQ(json->schema().ToStruct().SimpleString(),
            "struct<a:struct<Y:string,x:array<double>>,b:bigint,c:boolean,t:string>");
  EXPECT_EQ(Rows(Scan(json)), (Lines{"NULL | 2 | true | NULL", "[x,[1.500000,2.000000]] | 1 | NULL | 2024-01-01"}));
  DeltaTableSource source(*engine_, store_, *parquet_, cache_);
  sql::ResolvedRelation relation;
  relation.format = "CSV";
  relation.location = root_ + "/nothing";
  EXPECT_EQ(source.Open(relation, {}, {}, std::nullopt).error().condition, "PATH_NOT_FOUND");
  relation.location = root_ + "/csv";
  EXPECT_EQ(source.Open(relation, {}, {{"samplingRatio", "0.1"}}, std::nullopt).error().code, ErrorCode::kNotImplemented);
}

TEST_F(DeltaRoundTrip, InferredTypesTakeEveryValue) {
  auto inferred = [&](const std::vector<std::string>& values) {
    std::ofstream file(root_ + "/one.csv");
    for (const std::string& value : values) file << "x," << value << "\n";
    file.close();
    return Open("CSV", root_ + "/one.csv", {{"inferSchema", "true"}})->schema().fields[1].type.SimpleString();
  };
  EXPECT_EQ(inferred({"1", "", "-7", "+3"}), "int");
  EXPECT_EQ(inferred({"1", "2147483648"}), "bigint");
  EXPECT_EQ(inferred({"1", "9223372036854775808"}), "double");
  EXPECT_EQ(inferred({"1", ".5", "1e-3", "NaN", "-Inf"}), "double");
  EXPECT_EQ(inferred({"2024-02-29"}), "date");
  EXPECT_EQ(inferred({"2024-02-30"}), "string");
  EXPECT_EQ(inferred({"2013-01-01T10:00:00Z", "2013-1-2 03:04:05.5"}), "timestamp");
  EXPECT_EQ(inferred({"true", "FALSE"}), "boolean");
  EXPECT_EQ(inferred({"1", "1_000"}), "string");
  EXPECT_EQ(inferred({"1d"}), "string");
  EXPECT_EQ(inferred({"1", "true"}), "string");
  EXPECT_EQ(inferred({""}), "string");
}

TEST_F(DeltaRoundTrip, BoundsOfColumnsCoverEveryFile) {
  Create("id INT, price DECIMAL(10,2), name STRING, day DATE", {"day"});
  auto row = [](int id, std::optional<int> cents, int64_t day) {
    Value price = cents ? Value{DataType::Decimal(10, 2), Int128{*cents}} : Value::Null(DataType::Decimal(10, 2));
    return std::vector<sql::TypedExprPtr>{Int(id), Literal(price), Text("n"), Literal(Value{TypeId::kDate, day})};
  };
  auto rows = [&](std::vector<std::vector<sql::TypedExprPtr>> values) {
    return Values({Attr(1, "id", kInt), Attr(2, "price", DataType::Decimal(10, 2)), Attr(3, "name", kText),
                   Attr(4, "day", TypeId::kDate)}, std::move(values));
  };
  ASSERT_TRUE(Insert(rows({row(5, 1000, 10), row(9, -250, 10)})).ok());
  ASSERT_TRUE(Insert(rows({row(2, std::nullopt, 20), row(3, 50, 30)})).ok());
  auto snapshot = Latest();
  std::map<size_t, RowSelection> all;
  for (size_t i = 0; i < snapshot->files().size(); ++i) all[i] = {};
  auto scan = TableScan::Make(snapshot, all, ColumnMatch::kName, store_, "UTC");
  ASSERT_TRUE(scan.ok());
  auto bounds = [&](size_t column) {
    delta::ColumnBounds b = (*scan)->Bounds(column);
    return (b.min ? Show(*b.min) : "?") + " " + (b.max ? Show(*b.max) : "?") + " " +
           (b.null_count ? std::to_string(*b.null_count) : "?");
  };
  EXPECT_EQ(bounds(0), "2 9 0");
  EXPECT_EQ(bounds(1), "-2.50 10.00 1");
  EXPECT_EQ(bounds(2), "? ? 0");
  EXPECT_EQ(bounds(3), "10 30 0");
  EXPECT_EQ(Rows(Scan(Open())).size(), 4u);
}

TEST_F(DeltaRoundTrip, ParquetFolders) {
  Create("id INT, name STRING", {"name"});
  ASSERT_TRUE(Insert(Pairs({{1, "x y"}, {2, nullptr}})).ok());
  auto table = Open("parquet", root_ + "/t");
  EXPECT_EQ(table->schema().ToStruct().SimpleString(), "struct<id:int,name:string>");
  EXPECT_EQ(Rows(Scan(table)), (Lines{"1 | x y", "2 | NULL"}));
}

}  // namespace
}  // namespace ashlar::engine
