// At most so many rows in a data file: WriteTarget::file_rows, and FILE_ROWS of the copy function.
#include <filesystem>

#include "delta/stats.h"
#include "engine/duck_connection.h"
#include "engine/duck_types.h"
#include "engine/test_delta_table.h"
#include "engine/write/written_file.h"

namespace ashlar::engine {
namespace {

using Counts = std::vector<int64_t>;

class FileRows : public DeltaTableTest {
 protected:
  // The rows of the select's files, in the order of their making; `paths_` are theirs.
  Counts Written(const std::string& select, int64_t file_rows) {
    WriteTarget target = Target();
    target.file_rows = file_rows;
    return CountsOf(WriteSql(*connection_, select, target, [](const std::string&) {}));
  }

  Counts CountsOf(const Result<WrittenFiles>& written) {
    CHECK(written.ok()) << FullMessage(written.error());
    Counts counts;
    paths_.clear();
    for (const delta::AddFile& file : written->files) {
      counts.push_back(delta::NumRecords(file).value_or(-1));
      paths_.push_back(root_ + "/t/" + file.path);
    }
    return counts;
  }

  int64_t Number(const std::string& sql) {
    auto text = AsDuck(*connection_).RunForText(sql);
    CHECK(text.ok()) << FullMessage(text.error());
    return std::stoll(*text);
  }

  // Rows of a file's row groups, in order.
  Counts RowGroups(const std::string& path) {
    std::string of_file = " FROM (SELECT DISTINCT row_group_id AS i, row_group_num_rows AS n FROM parquet_metadata(" +
                          QuoteSqlString(path) + "))";
    Counts counts;
    for (int64_t i = 0; i < Number("SELECT count(*)" + of_file); ++i) {
      counts.push_back(Number("SELECT n" + of_file + " WHERE i = " + std::to_string(i)));
    }
    return counts;
  }

  std::vector<std::string> paths_;
};

int64_t Sum(const Counts& counts) {
  int64_t sum = 0;
  for (int64_t count : counts) sum += count;
  return sum;
}

TEST_F(FileRows, FewRowsAFileAreOneRowGroup) {
  Create("id BIGINT");
  const std::string ten = "SELECT range AS k0 FROM range(10)";
  EXPECT_EQ(Written(ten, 0), Counts{10});
  EXPECT_EQ(Written(ten, 10), Counts{10});
  EXPECT_EQ(Written(ten, INT64_MAX), Counts{10});
  EXPECT_EQ(Written(ten, 9), (Counts{9, 1}));
  EXPECT_EQ(Written(ten, 1), Counts(10, 1));
  EXPECT_EQ(Written(ten, 3), (Counts{3, 3, 3, 1}));
  for (size_t i = 0; i < paths_.size(); ++i) {
    std::string file = " FROM read_parquet(" + QuoteSqlString(paths_[i]) + ")";
    EXPECT_EQ(Number("SELECT min(id)" + file), static_cast<int64_t>(3 * i));
    EXPECT_EQ(Number("SELECT count(*)" + file), i < 3 ? 3 : 1);
  }
  EXPECT_EQ(Written("SELECT range AS k0 FROM range(0)", 3), Counts{});
}

TEST_F(FileRows, RowsOfValuesToo) {
  Create("id INT, name STRING");
  WriteTarget target = Target();
  auto written = [&](int64_t file_rows) {
    target.file_rows = file_rows;
    return CountsOf(WriteRows(*connection_, Pairs({{1, "a"}, {2, nullptr}, {3, "c"}, {4, "d"}, {5, "e"}}), target, [](const std::string&) {}));
  };
  EXPECT_EQ(written(4), (Counts{4, 1}));
  EXPECT_EQ(written(2), (Counts{2, 2, 1}));
  EXPECT_EQ(written(5), Counts{5});
  EXPECT_EQ(written(6), Counts{5});
}

// However the rows are shared out among threads: what they have left is put together.
TEST_F(FileRows, AllFilesButTheLastAreFull) {
  Create("id BIGINT, text STRING");
  constexpr int64_t kRows = 700'000;
  const std::string rows = "SELECT range AS k0, 'text ' || range AS k1 FROM range(" + std::to_string(kRows) + ")";
  for (int64_t limit : {100'000, 122'880, 150'000, 500'000}) {
    Counts counts = Written(rows, limit);
    EXPECT_EQ(Sum(counts), kRows);
    EXPECT_EQ(counts.size(), static_cast<size_t>((kRows + limit - 1) / limit)) << limit;
    EXPECT_EQ(std::ranges::count(counts, limit), kRows / limit) << limit;
    int64_t ids = 0;
    for (const std::string& path : paths_) {
      ids += Number("SELECT sum(id)::BIGINT FROM read_parquet(" + QuoteSqlString(path) + ") WHERE text = 'text ' || id");
    }
    EXPECT_EQ(ids, kRows * (kRows - 1) / 2) << limit;
  }
}

TEST_F(FileRows, RowGroupsAreCutAtTheEndOfAFileAlone) {
  OpenEngine(1u << 30, 1);
  Create("id BIGINT");
  constexpr int64_t kWhole = 122'880, kLimit = 400'000;
  Counts counts = Written("SELECT range AS k0 FROM range(1000000)", kLimit);
  EXPECT_EQ(counts, (Counts{kLimit, kLimit, 200'000}));
  for (size_t i = 0; i < 2; ++i) {
    Counts groups = RowGroups(paths_[i]);
    ASSERT_EQ(groups.size(), 4u);
    for (size_t g = 0; g < 3; ++g) EXPECT_GE(groups[g], kWhole);
  }
  EXPECT_EQ(Written("SELECT range AS k0 FROM range(250000)", kWhole), (Counts{kWhole, kWhole, 250'000 - 2 * kWhole}));
  for (const std::string& path : paths_) EXPECT_EQ(RowGroups(path).size(), 1u);
}

TEST_F(FileRows, OfEachPartition) {
  Create("id BIGINT, s STRUCT<a: ARRAY<BIGINT>>, p BIGINT", {"p"});
  WriteTarget target = Target();
  target.file_rows = 300;
  auto written = WriteSql(*connection_, "SELECT range AS k0, {'f0': CASE WHEN range % 2 = 0 THEN [range, 7] END} AS k1, range % 3 AS k2 FROM range(3000)", target,
                          [](const std::string&) {});
  ASSERT_TRUE(written.ok()) << FullMessage(written.error());
  std::map<std::string, Counts> by_partition;
  for (const delta::AddFile& file : written->files) {
    by_partition[*file.partition_values.at("p")].push_back(*delta::NumRecords(file));
    EXPECT_EQ(Number("SELECT sum(s.a[1])::BIGINT FROM read_parquet(" + QuoteSqlString(root_ + "/t/" + file.path) + ")"),
              Number("SELECT sum(id)::BIGINT FROM read_parquet(" + QuoteSqlString(root_ + "/t/" + file.path) + ") WHERE id % 2 = 0"));
  }
  ASSERT_EQ(by_partition.size(), 3u);
  for (const auto& [partition, counts] : by_partition) EXPECT_EQ(counts, (Counts{300, 300, 300, 100})) << partition;
}

// What a file needs while it is written is free again when it is whole.
TEST_F(FileRows, ManyFilesFitInLittleMemory) {
  OpenEngine(32u << 20);
  std::filesystem::create_directories(root_ + "/files");
  std::vector<WrittenFile> files;
  Status copied = RunCopy(AsDuck(*connection_), "COPY (SELECT range AS id, 'text ' || range AS text FROM range(20000)) TO " +
                          QuoteSqlString(root_ + "/files/f") + " (FORMAT ashlar_parquet, RETURN_STATS true, FILE_ROWS 10, PRESERVE_ORDER false)", files);
  ASSERT_TRUE(copied.ok()) << FullMessage(copied.error());
  ASSERT_EQ(files.size(), 2000u);
  for (const WrittenFile& file : files) {
    EXPECT_EQ(file.row_count, 10);
    EXPECT_EQ(static_cast<int64_t>(std::filesystem::file_size(file.path)), file.size);
  }
}

}  // namespace
}  // namespace ashlar::engine
