#include "delta/skipping.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/json.h"
#include "delta/log/test_table.h"
#include "delta/partition_values.h"
#include "delta/stats.h"

namespace ashlar::delta {
namespace {

using Kind = Predicate::Kind;

Snapshot SnapshotWith(const Schema& schema, std::vector<std::string> partitions, std::vector<AddFile> files) {
  SnapshotState state;
  state.version = 0;
  state.metadata = MetadataOf(schema, std::move(partitions));
  state.schema = schema;
  state.files = std::move(files);
  return Snapshot("/t", std::move(state));
}

LeafColumn Leaf(std::vector<std::string> path, DataType type) { return {std::move(path), std::move(type)}; }

FileMatch MatchStats(const std::string& ddl, const std::string& stats, const Predicate& predicate) {
  AddFile file;
  file.path = "f";
  file.stats = stats;
  Snapshot snapshot = SnapshotWith(*Schema::ParseDdl(ddl), {}, {file});
  return FileFilter(snapshot, predicate).Match(snapshot.files()[0]);
}

FileMatch MatchId(const char* stats, Kind op, int64_t literal) {
  return MatchStats("id BIGINT", stats, Compare(op, {"ID"}, Value::Long(literal)));
}

TEST(Skipping, BoundsDecideBothWays) {
  const char* stats = R"({"numRecords":5,"minValues":{"id":10},"maxValues":{"id":20},"nullCount":{"id":0}})";
  struct Case {
    Kind op;
    int64_t literal;
    FileMatch expected;
  };
  for (const Case& c : std::vector<Case>{
           {Kind::kEq, 9, FileMatch::kNone}, {Kind::kEq, 10, FileMatch::kSome}, {Kind::kEq, 21, FileMatch::kNone},
           {Kind::kNe, 9, FileMatch::kAll}, {Kind::kNe, 10, FileMatch::kSome},
           {Kind::kLt, 10, FileMatch::kNone}, {Kind::kLt, 11, FileMatch::kSome}, {Kind::kLt, 21, FileMatch::kAll},
           {Kind::kLe, 9, FileMatch::kNone}, {Kind::kLe, 10, FileMatch::kSome}, {Kind::kLe, 20, FileMatch::kAll},
           {Kind::kGt, 20, FileMatch::kNone}, {Kind::kGt, 19, FileMatch::kSome}, {Kind::kGt, 9, FileMatch::kAll},
           {Kind::kGe, 21, FileMatch::kNone}, {Kind::kGe, 20, FileMatch::kSome}, {Kind::kGe, 10, FileMatch::kAll},
           {Kind::kEqNullSafe, 9, FileMatch::kNone}}) {
    EXPECT_EQ(MatchId(stats, c.op, c.literal), c.expected) << static_cast<int>(c.op) << " " << c.literal;
  }
}

TEST(Skipping, AbsentStatisticsNeverSkip) {
  for (const char* stats : {"", "{}", "not json", R"({"numRecords":5})", R"({"minValues":{"id":10}})",
                            R"({"minValues":{"id":"x"},"maxValues":{"id":null},"nullCount":{}})",
                            R"({"minValues":{"other":1},"maxValues":7})", R"({"numRecords":5,"minValues":{"id":)"}) {
    EXPECT_EQ(MatchId(stats, Kind::kGt, 100), FileMatch::kSome) << stats;
  }
  // A minimum alone still bounds from below; without a null count nothing is certain.
  EXPECT_EQ(MatchId(R"({"minValues":{"id":10}})", Kind::kLt, 10), FileMatch::kNone);
  EXPECT_EQ(MatchId(R"({"numRecords":1,"minValues":{"id":10},"maxValues":{"id":10}})", Kind::kEq, 10),
            FileMatch::kSome);
}

TEST(Skipping, NullsAreThirdValues) {
  const char* all_null = R"({"numRecords":5,"nullCount":{"id":5}})";
  const char* some_null = R"({"numRecords":5,"minValues":{"id":1},"maxValues":{"id":1},"nullCount":{"id":2}})";
  const char* no_null = R"({"numRecords":5,"minValues":{"id":1},"maxValues":{"id":1},"nullCount":{"id":0}})";
  auto match = [](const char* stats, const Predicate& p) { return MatchStats("id BIGINT", stats, p); };
  Predicate is_null = IsNull({"id"});
  EXPECT_EQ(match(all_null, is_null), FileMatch::kAll);
  EXPECT_EQ(match(some_null, is_null), FileMatch::kSome);
  EXPECT_EQ(match(no_null, is_null), FileMatch::kNone);
  EXPECT_EQ(match(no_null, Not(is_null)), FileMatch::kAll);
  Predicate equal = Compare(Kind::kEq, {"id"}, Value::Long(1));
  EXPECT_EQ(match(all_null, equal), FileMatch::kNone);
  EXPECT_EQ(match(all_null, Not(equal)), FileMatch::kNone);
  EXPECT_EQ(match(some_null, equal), FileMatch::kSome);
  EXPECT_EQ(match(some_null, Not(equal)), FileMatch::kNone);
  EXPECT_EQ(match(no_null, equal), FileMatch::kAll);
  Predicate with_null = Compare(Kind::kEq, {"id"}, Value::Null());
  EXPECT_EQ(match(no_null, with_null), FileMatch::kNone);
  EXPECT_EQ(match(all_null, Compare(Kind::kEqNullSafe, {"id"}, Value::Null())), FileMatch::kAll);
  EXPECT_EQ(match(no_null, In({"id"}, {Value::Long(1), Value::Null()})), FileMatch::kAll);
  EXPECT_EQ(match(no_null, Not(In({"id"}, {Value::Long(2), Value::Null()}))), FileMatch::kNone);
  EXPECT_EQ(match(no_null, Or({UnknownPredicate(), equal})), FileMatch::kAll);
  EXPECT_EQ(match(no_null, And({UnknownPredicate(), Not(equal)})), FileMatch::kNone);
}

TEST(Skipping, WidensWhatWritersTruncate) {
  auto stats = [](const std::string& column, const std::string& min, const std::string& max) {
    return "{\"numRecords\":2,\"minValues\":{\"" + column + "\":" + min + "},\"maxValues\":{\"" + column +
           "\":" + max + "},\"nullCount\":{\"" + column + "\":0}}";
  };
  // The greatest value may be …11.123999; written is …11.123.
  int64_t written = ParseTimestampText("2021-09-08T11:11:11.123Z")->micros;
  std::string times = stats("t", "\"2021-09-08T04:11:11.000-07:00\"", "\"2021-09-08T11:11:11.123Z\"");
  auto time = [&](Kind op, int64_t micros) {
    return MatchStats("t TIMESTAMP", times, Compare(op, {"t"}, Value::Timestamp(micros)));
  };
  EXPECT_EQ(time(Kind::kGt, written + 998), FileMatch::kSome);
  EXPECT_EQ(time(Kind::kGt, written + 1000), FileMatch::kNone);
  EXPECT_EQ(time(Kind::kLt, written - 123000), FileMatch::kNone);
  // Zones of old times had seconds.
  std::string old_times = stats("t", "\"1850-01-01T00:00:00.000Z\"", "\"1850-01-01T00:00:00.000Z\"");
  int64_t old = ParseTimestampText("1850-01-01T00:00:00Z")->micros;
  EXPECT_EQ(MatchStats("t TIMESTAMP", old_times, Compare(Kind::kLt, {"t"}, Value::Timestamp(old - 50000000))),
            FileMatch::kSome);
  // NaN is greater than every number and missing from maxima.
  EXPECT_EQ(MatchStats("d DOUBLE", stats("d", "1.0", "2.0"), Compare(Kind::kGt, {"d"}, Value::Double(5))),
            FileMatch::kSome);
  EXPECT_EQ(MatchStats("d DOUBLE", stats("d", "1.0", "2.0"), Compare(Kind::kLt, {"d"}, Value::Double(1))),
            FileMatch::kNone);
  // The float nearest to 0.7 is less than 0.7.
  EXPECT_EQ(MatchStats("f FLOAT", stats("f", "0.7", "0.7"), Compare(Kind::kLt, {"f"}, Value::Double(0.7))),
            FileMatch::kSome);
  // Decimals and longs beyond 2^53 keep all their digits.
  Value nine = Value::Decimal(Int128{9007199254740993}, 20, 2);
  EXPECT_EQ(MatchStats("d DECIMAL(20,2)", stats("d", "90071992547409.93", "90071992547409.93"),
                       Compare(Kind::kEq, {"d"}, nine)), FileMatch::kAll);
  EXPECT_EQ(MatchId(stats("id", "9007199254740993", "9007199254740993").c_str(), Kind::kEq, 9007199254740992),
            FileMatch::kNone);
}

TEST(Skipping, NestedColumnsAndPrefixes) {
  const char* stats = R"({"numRecords":2,"minValues":{"s":{"a":"apple"}},"maxValues":{"s":{"a":"apricot"}},)"
                      R"("nullCount":{"s":{"a":0}}})";
  auto starts = [&](const char* prefix) {
    return MatchStats("s STRUCT<a: STRING>", stats, Compare(Kind::kStartsWith, {"S", "A"}, Value::String(prefix)));
  };
  EXPECT_EQ(starts("ap"), FileMatch::kAll);
  EXPECT_EQ(starts("app"), FileMatch::kSome);
  EXPECT_EQ(starts("b"), FileMatch::kNone);
  EXPECT_EQ(starts("aa"), FileMatch::kNone);
  EXPECT_EQ(MatchStats("s STRUCT<a: STRING>", stats, IsNull({"s"})), FileMatch::kSome);
  EXPECT_EQ(MatchStats("s STRUCT<a: STRING>", stats, IsNull({"gone"})), FileMatch::kSome);
}

TEST(Skipping, PartitionValues) {
  Schema schema = *Schema::ParseDdl("id BIGINT, p INT, t TIMESTAMP");
  auto match = [&](PartitionValues values, const Predicate& predicate) {
    Snapshot snapshot = SnapshotWith(schema, {"p", "t"}, {});
    FileFilter filter(snapshot, predicate);
    EXPECT_TRUE(filter.PartitionOnly());
    return filter.MatchPartition(values);
  };
  Predicate five = Compare(Kind::kEq, {"p"}, Value::Long(5));
  EXPECT_EQ(match({{"p", "5"}}, five), FileMatch::kAll);
  EXPECT_EQ(match({{"p", "6"}}, five), FileMatch::kNone);
  EXPECT_EQ(match({{"p", ""}}, five), FileMatch::kNone);
  EXPECT_EQ(match({{"p", std::nullopt}}, IsNull({"p"})), FileMatch::kAll);
  EXPECT_EQ(match({{"p", "broken"}}, five), FileMatch::kSome);
  Predicate early = Compare(Kind::kLt, {"t"}, Value::Timestamp(0));
  EXPECT_EQ(match({{"t", "2020-01-01T00:00:00.000000Z"}}, early), FileMatch::kNone);
  // Without a zone it is its writer's local time, unknown here.
  EXPECT_EQ(match({{"t", "2020-01-01 00:00:00"}}, early), FileMatch::kSome);
}

// --- Property: no file that holds a matching row is skipped; kAll means every row matches.

struct Row {
  std::optional<int64_t> a;
  std::optional<std::string> s;
  std::optional<double> d;
};

enum class Truth { kFalse, kTrue, kNull };

Truth Negate(Truth t) {
  return t == Truth::kNull ? t : (t == Truth::kTrue ? Truth::kFalse : Truth::kTrue);
}

// Spark's order of doubles: NaN equals itself and is the greatest.
int Compare3(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return static_cast<int>(std::isnan(a)) - static_cast<int>(std::isnan(b));
  return a < b ? -1 : (a > b ? 1 : 0);
}
int Compare3(int64_t a, int64_t b) { return a < b ? -1 : (a > b ? 1 : 0); }
int Compare3(const std::string& a, const std::string& b) { return a.compare(b); }

template <typename T>
Truth EvaluateLeaf(const Predicate& p, const std::optional<T>& held) {
  if (p.kind == Kind::kIsNull) return held.has_value() ? Truth::kFalse : Truth::kTrue;
  Truth result = Truth::kFalse;
  for (const Value& value : p.values) {
    if (p.kind == Kind::kEqNullSafe && (value.is_null() || !held.has_value())) {
      return value.is_null() == !held.has_value() ? Truth::kTrue : Truth::kFalse;
    }
    if (!held.has_value()) return Truth::kNull;
    if (value.is_null()) {
      if (p.kind != Kind::kIn) return Truth::kNull;
      result = result == Truth::kTrue ? result : Truth::kNull;
      continue;
    }
    const T& literal = std::get<T>(value.data);
    int order = Compare3(*held, literal);
    bool holds = false;
    if constexpr (std::is_same_v<T, std::string>) {
      if (p.kind == Kind::kStartsWith) holds = held->starts_with(literal);
    }
    if (p.kind == Kind::kEq || p.kind == Kind::kEqNullSafe || p.kind == Kind::kIn) holds = order == 0;
    if (p.kind == Kind::kNe) holds = order != 0;
    if (p.kind == Kind::kLt) holds = order < 0;
    if (p.kind == Kind::kLe) holds = order <= 0;
    if (p.kind == Kind::kGt) holds = order > 0;
    if (p.kind == Kind::kGe) holds = order >= 0;
    if (holds) return Truth::kTrue;
  }
  return result;
}

Truth EvaluateRow(const Predicate& p, const Row& row) {
  if (p.kind == Kind::kNot) return Negate(EvaluateRow(p.children[0], row));
  if (p.kind == Kind::kAnd || p.kind == Kind::kOr) {
    Truth decisive = p.kind == Kind::kAnd ? Truth::kFalse : Truth::kTrue;
    Truth result = Negate(decisive);
    for (const Predicate& child : p.children) {
      Truth truth = EvaluateRow(child, row);
      if (truth == decisive) return decisive;
      if (truth == Truth::kNull) result = Truth::kNull;
    }
    return result;
  }
  if (p.column[0] == "a") return EvaluateLeaf(p, row.a);
  if (p.column[0] == "s") return EvaluateLeaf(p, row.s);
  return EvaluateLeaf(p, row.d);
}

class RandomCases {
 public:
  std::string Text() {
    static const std::vector<std::string> kPieces = {"", "a", "b", "\x7F", "\xC3\xA9", "\xF4\x8F\xBF\xBF",
                                                     std::string(31, 'x'), std::string(33, 'x')};
    std::string text;
    for (uint64_t i = random_.Below(4); i > 0; --i) text += kPieces[random_.Below(kPieces.size())];
    return text;
  }
  double Number() {
    static const double kNumbers[] = {0.0, -0.0, 1.5, -2.25, 1e300, std::nan(""), INFINITY, -INFINITY};
    return kNumbers[random_.Below(std::size(kNumbers))];
  }
  Row NextRow() {
    Row row;
    if (random_.Below(5) != 0) row.a = static_cast<int64_t>(random_.Below(9)) - 4;
    if (random_.Below(5) != 0) row.s = Text();
    if (random_.Below(5) != 0) row.d = Number();
    return row;
  }
  Predicate NextPredicate(int depth) {
    uint64_t shape = random_.Below(depth > 0 ? 6 : 3);
    if (shape == 3) return Not(NextPredicate(depth - 1));
    if (shape > 3) {
      std::vector<Predicate> children;
      for (uint64_t i = random_.Below(3); i > 0; --i) children.push_back(NextPredicate(depth - 1));
      return shape == 4 ? And(children) : Or(children);
    }
    static const Kind kKinds[] = {Kind::kEq, Kind::kNe, Kind::kLt, Kind::kLe, Kind::kGt, Kind::kGe,
                                  Kind::kEqNullSafe, Kind::kIn, Kind::kIsNull, Kind::kStartsWith};
    Predicate p;
    p.kind = kKinds[random_.Below(std::size(kKinds))];
    p.column = {std::string(1, "asd"[shape])};
    if (p.kind == Kind::kStartsWith) p.column = {"s"};
    if (p.kind == Kind::kIsNull) return p;
    for (uint64_t i = p.kind == Kind::kIn ? 3 : 1; i > 0; --i) {
      if (random_.Below(8) == 0) p.values.push_back(Value::Null());
      else if (p.column[0] == "a") p.values.push_back(Value::Long(static_cast<int64_t>(random_.Below(11)) - 5));
      else if (p.column[0] == "s") p.values.push_back(Value::String(Text()));
      else p.values.push_back(Value::Double(Number()));
    }
    return p;
  }
  uint64_t Below(uint64_t bound) { return random_.Below(bound); }

 private:
  CountingRandom random_{7};
};

// The statistics an honest writer collects; NaN is left out of bounds, as DuckDB and others do.
template <typename T>
ColumnStats Collect(const LeafColumn& column, const std::vector<std::optional<T>>& values) {
  ColumnStats stats;
  stats.column = column;
  stats.null_count = 0;
  for (const std::optional<T>& value : values) {
    if (!value.has_value()) {
      ++*stats.null_count;
      continue;
    }
    if constexpr (std::is_same_v<T, double>) {
      if (std::isnan(*value)) continue;
    }
    if (!stats.min || *value < std::get<T>(stats.min->data)) stats.min = Value{column.type, *value};
    if (!stats.max || *value > std::get<T>(stats.max->data)) stats.max = Value{column.type, *value};
  }
  return stats;
}

TEST(Skipping, PrunedEqualsUnpruned) {
  RandomCases cases;
  Schema schema = *Schema::ParseDdl("a BIGINT, s STRING, d DOUBLE");
  int skipped = 0;
  int certain = 0;
  for (int round = 0; round < 4000; ++round) {
    std::vector<Row> rows(1 + cases.Below(4));
    for (Row& row : rows) row = cases.NextRow();
    std::vector<std::optional<int64_t>> a;
    std::vector<std::optional<std::string>> s;
    std::vector<std::optional<double>> d;
    for (const Row& row : rows) {
      a.push_back(row.a);
      s.push_back(row.s);
      d.push_back(row.d);
    }
    AddFile file;
    file.path = "f";
    file.stats = BuildStats(static_cast<int64_t>(rows.size()),
                            {Collect(Leaf({"a"}, TypeId::kLong), a), Collect(Leaf({"s"}, TypeId::kString), s),
                             Collect(Leaf({"d"}, TypeId::kDouble), d)});
    Predicate predicate = cases.NextPredicate(3);
    Snapshot snapshot = SnapshotWith(schema, {}, {file});
    FileMatch match = FileFilter(snapshot, predicate).Match(file);
    size_t matching = 0;
    for (const Row& row : rows) matching += EvaluateRow(predicate, row) == Truth::kTrue ? 1 : 0;
    if (match == FileMatch::kNone) {
      ++skipped;
      ASSERT_EQ(matching, 0u) << *file.stats << " round " << round;
    }
    if (match == FileMatch::kAll) {
      ++certain;
      ASSERT_EQ(matching, rows.size()) << *file.stats << " round " << round;
    }
  }
  EXPECT_GT(skipped, 400);
  EXPECT_GT(certain, 200);
}

TEST(Stats, BuildsWhatReadersExpect) {
  std::string long_text = std::string(40, 'a');
  std::vector<ColumnStats> columns = {
      {Leaf({"i"}, TypeId::kInt), Value::Int(1), Value::Int(2), 0},
      {Leaf({"s", "x"}, TypeId::kString), Value::String(long_text), Value::String(long_text), 3},
      {Leaf({"s", "d"}, DataType::Decimal(20, 2)), Value::Decimal(-5, 20, 2), Value::Decimal(100, 20, 2), 0},
      {Leaf({"t"}, TypeId::kTimestamp), Value::Timestamp(1234567), Value::Timestamp(-1), 0},
      {Leaf({"n"}, TypeId::kTimestampNtz), Value{TypeId::kTimestampNtz, int64_t{1234567}}, std::nullopt, 0},
      {Leaf({"day"}, TypeId::kDate), Value::Date(0), Value::Date(-1), 0},
      {Leaf({"f"}, TypeId::kDouble), Value::Double(std::nan("")), Value::Double(1), 0},
      {Leaf({"b"}, TypeId::kBinary), Value{TypeId::kBinary, std::string("x")}, std::nullopt, 1},
  };
  std::string a32(32, 'a');
  EXPECT_EQ(BuildStats(9, columns),
            R"({"numRecords":9,"minValues":{"i":1,"s":{"x":")" + a32 + R"(","d":-0.05},)"
            R"("t":"1970-01-01T00:00:01.234Z","n":"1970-01-01T00:00:01.234","day":"1970-01-01"},)"
            R"("maxValues":{"i":2,"s":{"x":")" + a32 + "\x7F" + R"(","d":1.00},)"
            R"("t":"1969-12-31T23:59:59.999Z","day":"1969-12-31","f":1.0},)"
            R"("nullCount":{"i":0,"s":{"x":3,"d":0},"t":0,"n":0,"day":0,"f":0,"b":1}})");
  EXPECT_EQ(BuildStats(0, {}), R"({"numRecords":0,"minValues":{},"maxValues":{},"nullCount":{}})");
}

TEST(Stats, TruncatedMaximaStayAbove) {
  std::string prefix(32, 'p');
  std::string top = "\xF4\x8F\xBF\xBF";
  for (const std::string& rest : std::vector<std::string>{"", "a", "\x7F", "\xC3\xA9z", top, top + top, top + "a"}) {
    ColumnStats column{Leaf({"s"}, TypeId::kString), std::nullopt, Value::String(prefix + rest), 0};
    Result<Json> json = ParseJson(BuildStats(1, {column}));
    std::string written = (*json)["maxValues"]["s"].get<std::string>();
    EXPECT_GE(written, prefix + rest);
  }
}

TEST(Stats, IndexesTheFirstLeaves) {
  Schema schema = *Schema::ParseDdl("p INT, a INT, s STRUCT<x: INT, y: ARRAY<INT>>, b STRING, c INT");
  auto names = [&](StringMap configuration) {
    std::vector<std::string> names;
    auto leaves = StatisticsColumns(schema, MetadataOf(schema, {"p"}, std::move(configuration)));
    for (const LeafColumn& leaf : *leaves) {
      names.push_back(leaf.path.size() == 2 ? leaf.path[0] + "." + leaf.path[1] : leaf.path[0]);
    }
    return names;
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(names({}), (Names{"a", "s.x", "s.y", "b", "c"}));
  EXPECT_EQ(names({{"delta.dataSkippingNumIndexedCols", "2"}}), (Names{"a", "s.x"}));
  EXPECT_EQ(names({{"delta.dataSkippingNumIndexedCols", "-1"}}).size(), 5u);
  EXPECT_EQ(names({{"delta.dataSkippingStatsColumns", "c, `s`.x,gone"}}), (Names{"c", "s.x"}));
}

TEST(Stats, WideStatsKeepEveryDigit) {
  std::string tight = R"({"numRecords":9,"minValues":{"a":0.10000000000000000001,"s":{"x y":"\u00e4\"}"}},"tightBounds":true,"nullCount":{"a":0}})";
  EXPECT_EQ(WideStats(tight, 9),
            R"({"numRecords":9,"minValues":{"a":0.10000000000000000001,"s":{"x y":"\u00e4\"}"}},"nullCount":{"a":0},"tightBounds":false})");
  EXPECT_EQ(WideStats(std::nullopt, 3), R"({"numRecords":3,"tightBounds":false})");
  EXPECT_EQ(WideStats("{\"minValues\":{\"a\":1", 3), R"({"numRecords":3,"tightBounds":false})");
  EXPECT_EQ(WideStats("[]", 3), R"({"numRecords":3,"tightBounds":false})");
}

}  // namespace
}  // namespace ashlar::delta
