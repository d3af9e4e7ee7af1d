#include "delta/files/file_list.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "base/id.h"
#include "delta/log/test_table.h"
#include "delta/stats.h"

namespace ashlar::delta {
namespace {

TEST(PackedInts, KeepEveryValue) {
  CountingRandom random(3);
  constexpr int64_t kLeast = std::numeric_limits<int64_t>::min(), kMost = std::numeric_limits<int64_t>::max();
  for (uint64_t bits = 0; bits <= 64; ++bits) {
    std::vector<int64_t> values(1 + random.Below(100));
    uint64_t mask = bits == 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1;
    for (int64_t& value : values) value = static_cast<int64_t>((random.NextUint64() & mask) + 7);
    if (bits == 64) values.insert(values.end(), {kLeast, kMost});
    PackedInts packed(values);
    std::vector<int64_t> unpacked(values.size() - values.size() / 2);
    packed.Unpack(values.size() / 2, unpacked);
    ASSERT_EQ(packed.size(), values.size());
    for (size_t i = 0; i < values.size(); ++i) ASSERT_EQ(packed[i], values[i]) << bits;
    EXPECT_TRUE(std::ranges::equal(unpacked, std::span(values).subspan(values.size() / 2)));
  }
}

TEST(PackedTexts, FoldWhatAllShare) {
  auto round_trip = [](const std::vector<std::string>& texts) {
    PackedTexts::Builder builder;
    for (const std::string& text : texts) builder.Add(text);
    PackedTexts packed = std::move(builder).Finish(/*fold=*/true);
    std::vector<std::string> back(packed.size());
    for (size_t i = 0; i < back.size(); ++i) packed.AppendTo(i, &back[i]);
    EXPECT_EQ(back, texts);
    size_t bytes = 0;
    for (size_t i = 0; i < packed.size(); ++i) bytes += packed[i].size();
    return bytes;
  };
  EXPECT_EQ(round_trip({"part-1.parquet", "part-22.parquet"}), 3u);
  EXPECT_EQ(round_trip({"abab", "ab"}), 2u);  // the shared beginning and end overlap in the shorter one
  EXPECT_EQ(round_trip({"aa", "aaa", "a"}), 3u);
  EXPECT_EQ(round_trip({"same", "same"}), 0u);
  EXPECT_EQ(round_trip({"", "x"}), 1u);
  EXPECT_EQ(round_trip({"only"}), 0u);
}

class RandomFiles {
 public:
  explicit RandomFiles(uint64_t seed) : random_(seed) {}
  uint64_t Below(uint64_t bound) { return random_.Below(bound); }

  AddFile Next() {
    static const char* kSpellings[] = {"a b", "a%20b", "d/x", "file:/t/q", "%zz", "e"};
    AddFile file;
    file.path = Below(3) == 0 ? kSpellings[Below(std::size(kSpellings))] : "p/f" + std::to_string(Below(60));
    file.size = static_cast<int64_t>(Below(1 << 20));
    file.modification_time_ms = static_cast<int64_t>(Below(1000));
    file.data_change = Below(2) == 0;
    if (Below(2) == 0) file.partition_values["p"] = Below(3) == 0 ? std::nullopt : std::optional(std::to_string(Below(3)));
    if (Below(4) != 0) file.stats = "{\"numRecords\":" + std::to_string(Below(50)) + "}";
    if (Below(3) == 0) file.deletion_vector = {"u", "v" + std::to_string(Below(3)), std::nullopt, 4, 1};
    if (Below(3) == 0) file.base_row_id = static_cast<int64_t>(Below(100));
    if (Below(3) == 0) file.default_row_commit_version = static_cast<int64_t>(Below(100));
    if (Below(3) == 0) file.clustering_provider = Below(2) == 0 ? "liquid" : "";
    if (Below(5) == 0) file.tags["t"] = std::to_string(Below(3));
    return file;
  }

 private:
  CountingRandom random_;
};

void ExpectSame(const FileList& list, const std::vector<AddFile>& files) {
  ASSERT_EQ(list.size(), files.size());
  ASSERT_EQ(list.ToVector(), files);
  int64_t bytes = 0;
  std::optional<int64_t> rows = 0;
  std::set<PartitionValues> partitions;
  size_t vectors = 0, counted = 0;
  for (size_t i = 0; i < files.size(); ++i) {
    const AddFile& file = files[i];
    ASSERT_EQ(list[i], file);
    EXPECT_EQ(list.SizeOf(i), file.size);
    EXPECT_EQ(list.PartitionOf(i), file.partition_values);
    EXPECT_EQ(list.HasVector(i), file.deletion_vector.has_value());
    EXPECT_EQ(list.LiveRowsOf(i), LiveRows(file));
    EXPECT_EQ(list.Find(FileKey(file)), i);
    std::vector<size_t> of_path;
    for (size_t j = 0; j < files.size(); ++j) {
      if (FileKey(files[j].path, std::nullopt) == FileKey(file.path, std::nullopt)) of_path.push_back(j);
    }
    std::vector<size_t> found = list.FindPath(file.path);
    std::ranges::sort(found);
    EXPECT_EQ(found, of_path);
    bytes += file.size;
    std::optional<int64_t> live = LiveRows(file);
    rows = rows && live ? std::optional(*rows + *live) : std::nullopt;
    partitions.insert(file.partition_values);
    vectors += file.deletion_vector ? 1 : 0;
  }
  list.ForEachVector([&](const DeletionVectorDescriptor&) { ++counted; });
  EXPECT_EQ(counted, vectors);
  EXPECT_EQ(list.total_size(), bytes);
  EXPECT_EQ(list.LiveRows(), rows);
  EXPECT_EQ(list.Partitions(), partitions);
  EXPECT_FALSE(list.Find("nobody").has_value());
}

// What the list stands for, done the naive way.
TEST(FileList, EqualsAVectorOverRandomHistories) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    RandomFiles random(seed);
    std::vector<AddFile> naive;
    FileList list;
    std::vector<FileList> older;
    std::vector<std::vector<AddFile>> older_naive;
    for (int step = 0; step < 30; ++step) {
      std::unordered_set<std::string> gone;
      std::vector<AddFile> added;
      for (uint64_t n = random.Below(step == 3 ? 60 : 4); n > 0; --n) {
        AddFile file = random.Next();
        if (gone.insert(FileKey(file)).second) added.push_back(file);
      }
      for (const AddFile& file : naive) {
        if (random.Below(step % 10 == 9 ? 2 : 10) == 0) gone.insert(FileKey(file));
      }
      list = list.After(gone, added);
      std::erase_if(naive, [&](const AddFile& file) { return gone.contains(FileKey(file)); });
      naive.insert(naive.end(), added.begin(), added.end());
      older.push_back(list);
      older_naive.push_back(naive);
      ExpectSame(list, naive);
    }
    for (size_t i = 0; i < older.size(); ++i) EXPECT_EQ(older[i].ToVector(), older_naive[i]);
  }
}

TEST(FileList, GrownByCommitsHasFewParts) {
  FileList list;
  for (int i = 0; i < 1000; ++i) list = list.After({}, {FileOf("f" + std::to_string(i), i, i)});
  EXPECT_EQ(list.size(), 1000u);
  EXPECT_LE(list.parts().size(), 12u);
  EXPECT_EQ(list[777].path, "f777");
}

TEST(FileList, AFollowingListSharesSegments) {
  std::vector<AddFile> files;
  for (int i = 0; i < 1000; ++i) files.push_back(FileOf("f" + std::to_string(i), i, i));
  FileList first = files;
  FileList second = first.After({FileKey(files[10])}, {FileOf("new", 0, 0)});
  ASSERT_EQ(second.parts().size(), 2u);
  EXPECT_EQ(second.parts()[0].segment, first.parts()[0].segment);
  EXPECT_EQ(second[10].path, "f11");
  EXPECT_EQ(first[10].path, "f10");
}

// The target of docs/performance.md: 150 bytes a file, of a table of five columns.
TEST(FileList, AFileTakesFewBytes) {
  std::vector<LeafColumn> columns = {
      {{"id"}, TypeId::kLong}, {{"k"}, TypeId::kLong}, {{"v"}, TypeId::kDouble}, {{"s"}, TypeId::kString}, {{"d"}, TypeId::kDate}};
  FileSegmentBuilder rows(columns);
  CountingRandom random;
  constexpr int64_t kFiles = 20000;
  for (int64_t i = 0; i < kFiles; ++i) {
    std::string day = std::to_string(i / 100);
    std::string path = "day=" + day + "/part-00000-" + NewUuid(random) + "-c000.snappy.parquet";
    FileRow::Partition partition{"day", day};
    rows.Add(FileRow{.path = path,
                     .size = 1 << 20 | static_cast<int64_t>(random.Below(1 << 20)),
                     .modification_time_ms = 1700000000000 + i * 60000,
                     .partition = {&partition, 1},
                     .num_records = 20000});
    for (StatColumnBuilder& column : rows.stats()) column.null_counts.Add(0);
    rows.stats()[0].min.AppendInt(i * 20000);
    rows.stats()[0].max.AppendInt(i * 20000 + 19999);
    rows.stats()[1].min.AppendInt(static_cast<int64_t>(random.Below(1000)));
    rows.stats()[1].max.AppendInt(static_cast<int64_t>(1000000 - random.Below(1000)));
    rows.stats()[2].min.AppendDouble(static_cast<double>(random.Below(1000)) / 1e6);
    rows.stats()[2].max.AppendDouble(1 - static_cast<double>(random.Below(1000)) / 1e6);
    rows.stats()[3].min.AppendText("s1000" + std::to_string(random.Below(100)));
    rows.stats()[3].max.AppendText("s9999" + std::to_string(random.Below(100)));
    rows.stats()[4].min.AppendInt(19000);
    rows.stats()[4].max.AppendInt(19000 + static_cast<int64_t>(random.Below(365)));
  }
  FileListBuilder list;
  list.Add(rows.Finish());
  FileList files = std::move(list).Finish();
  EXPECT_TRUE(files.FindPath("nobody").empty());  // makes the index
  EXPECT_LE(files.bytes() / kFiles, 150u);
}

}  // namespace
}  // namespace ashlar::delta
