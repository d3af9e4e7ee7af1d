// FileFilter::Select looks at columns, FileFilter::Match at one file: both give the same files, for random
// tables and predicates, wherever the statistics came from.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "delta/log/test_table.h"
#include "delta/partition_values.h"
#include "delta/skipping.h"

namespace ashlar::delta {
namespace {

using Kind = Predicate::Kind;

const std::vector<std::pair<std::vector<std::string>, DataType>>& Columns() {
  static const auto* columns = new std::vector<std::pair<std::vector<std::string>, DataType>>{
      {{"l"}, TypeId::kLong},
      {{"i"}, TypeId::kInt},
      {{"d"}, TypeId::kDouble},
      {{"f"}, TypeId::kFloat},
      {{"s"}, TypeId::kString},
      {{"c"}, DataType::Char(3)},
      {{"day"}, TypeId::kDate},
      {{"t"}, TypeId::kTimestamp},
      {{"n"}, TypeId::kTimestampNtz},
      {{"b"}, TypeId::kBoolean},
      {{"m"}, DataType::Decimal(10, 2)},
      {{"w"}, DataType::Decimal(30, 3)},
      {{"r", "x"}, TypeId::kLong}};
  return *columns;
}

class RandomTables {
 public:
  explicit RandomTables(uint64_t seed) : random_(seed) {}
  uint64_t Below(uint64_t bound) { return random_.Below(bound); }

  Value ValueOf(const DataType& type) {
    auto small = static_cast<int64_t>(Below(9)) - 4;
    switch (type.id()) {
      case TypeId::kBoolean:
        return Value::Boolean(Below(2) == 0);
      case TypeId::kFloat:
      case TypeId::kDouble: {
        static const double kNumbers[] = {0.0, -0.0, 1.5, -2.25, 1e30, std::nan(""), INFINITY};
        return Value{type, kNumbers[Below(std::size(kNumbers))]};
      }
      case TypeId::kString: {
        static const char* kTexts[] = {"", "a", "ab", "b", "\xC3\xA9", "x\"\\y", "abcabcabcabcabcabcabcabcabcabcabcabcabc"};
        return Value{type, std::string(kTexts[Below(std::size(kTexts))])};
      }
      case TypeId::kDecimal: {
        Int128 wide = type.precision() > 18 && Below(3) == 0 ? Int128{1} << 80 : Int128{1};
        return Value{type, Int128{small} * 50 * wide};
      }
      case TypeId::kTimestamp:
      case TypeId::kTimestampNtz:
        // Around now and before 1900, where zones had seconds; milliseconds, as writers keep them.
        return Value{type, (Below(2) == 0 ? -3000000000000000 : 1700000000000000) + small * 1000};
      default:
        return Value{type, small};
    }
  }

  // A literal that may have another type than the column.
  Value Literal(const DataType& type) {
    if (Below(12) == 0) return Value::Null();
    if (Below(6) != 0) return ValueOf(type);
    return ValueOf(Columns()[Below(Columns().size())].second);
  }

  ColumnStats StatsOf(const LeafColumn& column) {
    ColumnStats stats{column, std::nullopt, std::nullopt, std::nullopt};
    Value a = ValueOf(column.type), b = ValueOf(column.type);
    if (Less(b, a)) std::swap(a, b);
    if (Below(6) != 0) stats.min = a;
    if (Below(6) != 0) stats.max = b;
    if (Below(6) != 0) stats.null_count = static_cast<int64_t>(Below(4));
    return stats;
  }

  AddFile NextFile(int number) {
    AddFile file;
    file.path = "p=" + std::to_string(number % 3) + "/part-" + std::to_string(number);
    file.size = static_cast<int64_t>(Below(1000));
    file.partition_values["p"] = Below(5) == 0 ? std::nullopt : std::optional(std::to_string(number % 3));
    if (Below(9) == 0) return file;
    std::vector<ColumnStats> stats;
    for (const auto& [path, type] : Columns()) {
      if (Below(5) != 0) stats.push_back(StatsOf({path, type}));
    }
    file.stats = BuildStats(static_cast<int64_t>(Below(4)), stats);
    return file;
  }

  Predicate NextPredicate(int depth) {
    uint64_t shape = Below(depth > 0 ? 8 : 4);
    if (shape == 4) return Not(NextPredicate(depth - 1));
    if (shape > 4) {
      std::vector<Predicate> children;
      for (uint64_t i = Below(4); i > 0; --i) children.push_back(NextPredicate(depth - 1));
      return shape % 2 == 0 ? And(children) : Or(children);
    }
    if (Below(20) == 0) return UnknownPredicate();
    static const Kind kKinds[] = {Kind::kEq, Kind::kNe, Kind::kLt, Kind::kLe, Kind::kGt, Kind::kGe,
                                  Kind::kEqNullSafe, Kind::kIn, Kind::kIsNull, Kind::kStartsWith};
    Predicate p;
    p.kind = kKinds[Below(std::size(kKinds))];
    DataType type = TypeId::kInt;
    p.column = {"p"};
    if (Below(6) != 0) std::tie(p.column, type) = Columns()[Below(Columns().size())];
    if (p.kind == Kind::kIsNull) return p;
    uint64_t count = p.kind == Kind::kIn ? Below(4) : 1;
    for (; count > 0; --count) p.values.push_back(Literal(type));
    return p;
  }

 private:
  static bool Less(const Value& a, const Value& b) {
    if (const auto* flag = std::get_if<bool>(&a.data)) return !*flag && std::get<bool>(b.data);
    if (const auto* integer = std::get_if<int64_t>(&a.data)) return *integer < std::get<int64_t>(b.data);
    if (const auto* number = std::get_if<double>(&a.data)) return *number < std::get<double>(b.data);
    if (const auto* decimal = std::get_if<Int128>(&a.data)) return *decimal < std::get<Int128>(b.data);
    return std::get<std::string>(a.data) < std::get<std::string>(b.data);
  }

  CountingRandom random_;
};

// The same files with their statistics typed, as a checkpoint has them.
FileList Typed(const std::vector<AddFile>& files) {
  std::vector<LeafColumn> columns;
  for (const auto& [path, type] : Columns()) columns.push_back({path, type.is_char() ? DataType(TypeId::kString) : type});
  FileSegmentBuilder rows(columns);
  FileListBuilder list;
  for (const AddFile& file : files) {
    FileStats stats = ParseStatsAsWritten(file.stats.value_or(""), columns);
    std::vector<FileRow::Partition> partition(file.partition_values.begin(), file.partition_values.end());
    rows.Add(FileRow{.path = file.path,
                     .size = file.size,
                     .partition = partition,
                     .num_records = stats.num_records.value_or(-1),
                     .tight_bounds = stats.tight_bounds});
    for (size_t i = 0; i < columns.size(); ++i) {
      rows.stats()[i].min.Append(stats.columns[i].min, columns[i].type);
      rows.stats()[i].max.Append(stats.columns[i].max, columns[i].type);
      rows.stats()[i].null_counts.Add(stats.columns[i].null_count.value_or(-1));
    }
  }
  list.Add(rows.Finish());
  return std::move(list).Finish();
}

TEST(SelectFiles, EqualsMatchOfEachFile) {
  Schema schema = *Schema::ParseDdl(
      "p INT, l BIGINT, i INT, d DOUBLE, f FLOAT, s STRING, c CHAR(3), day DATE, t TIMESTAMP, n TIMESTAMP_NTZ, "
      "b BOOLEAN, m DECIMAL(10,2), w DECIMAL(30,3), r STRUCT<x: BIGINT>");
  RandomTables tables(11);
  size_t kept = 0, all = 0;
  for (int round = 0; round < 60; ++round) {
    std::vector<AddFile> files;
    size_t count = round == 0 ? 2500 : 1 + tables.Below(60);
    for (size_t i = 0; i < count; ++i) files.push_back(tables.NextFile(static_cast<int>(i)));
    std::unordered_set<std::string> gone;
    for (const AddFile& file : files) {
      if (tables.Below(8) == 0) gone.insert(FileKey(file));
    }
    for (const FileList& whole : {FileList(files), Typed(files)}) {
      FileList list = whole.After(gone, {tables.NextFile(100000)});
      SnapshotState state;
      state.schema = schema;
      state.metadata = MetadataOf(schema, {"p"});
      Snapshot snapshot("/t", state);
      for (int n = 0; n < 40; ++n) {
        Predicate predicate = tables.NextPredicate(3);
        FileFilter filter(snapshot, predicate);
        std::vector<size_t> expected;
        for (size_t i = 0; i < list.size(); ++i) {
          if (filter.Match(list[i]) != FileMatch::kNone) expected.push_back(i);
        }
        ASSERT_EQ(filter.Select(list), expected) << "round " << round << ", predicate " << n;
        kept += expected.size();
        all += list.size();
      }
    }
  }
  EXPECT_LT(kept, all * 8 / 10);
  EXPECT_GT(kept, all / 10);
}

TEST(SelectFiles, TypedStatisticsAreReadBackAsTheyWere) {
  RandomTables tables(5);
  std::vector<AddFile> files;
  for (int i = 0; i < 500; ++i) files.push_back(tables.NextFile(i));
  FileList typed = Typed(files);
  std::vector<LeafColumn> columns;
  for (const auto& [path, type] : Columns()) columns.push_back({path, type});
  for (size_t i = 0; i < files.size(); ++i) {
    AddFile file = typed[i];
    FileStats before = ParseStatsAsWritten(files[i].stats.value_or(""), columns);
    FileStats after = ParseStatsAsWritten(file.stats.value_or(""), columns);
    EXPECT_EQ(before.num_records, after.num_records);
    for (size_t c = 0; c < columns.size(); ++c) {
      EXPECT_EQ(before.columns[c].min, after.columns[c].min) << *files[i].stats << "\n" << *file.stats;
      EXPECT_EQ(before.columns[c].max, after.columns[c].max) << *files[i].stats << "\n" << *file.stats;
      EXPECT_EQ(before.columns[c].null_count, after.columns[c].null_count);
    }
    file.stats = files[i].stats;
    file.data_change = true;
    EXPECT_EQ(file, files[i]);
  }
}

}  // namespace
}  // namespace ashlar::delta
