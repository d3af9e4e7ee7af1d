#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "base/clock.h"
#include "delta/log/test_table.h"
#include "delta/maintenance/optimize.h"
#include "delta/maintenance/restore.h"
#include "delta/maintenance/vacuum.h"
#include "delta/paths.h"
#include "objectstore/local_store.h"
#include "objectstore/memory_store.h"
#include "objectstore/trees.h"

namespace ashlar::delta {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMiB = int64_t{1} << 20;

AddFile FileOf(const std::string& path, int64_t size, const std::string& partition = "") {
  AddFile file;
  file.path = path;
  file.size = size;
  file.stats = R"({"numRecords":100})";
  if (!partition.empty()) file.partition_values["p"] = partition;
  return file;
}

DeletionVectorDescriptor VectorOf(int64_t cardinality) { return {"i", "x", std::nullopt, 4, cardinality}; }

Snapshot SnapshotOf(std::vector<AddFile> files, std::vector<std::string> partitions = {}, const std::string& root = "/t") {
  SnapshotState state;
  state.version = 3;
  state.schema = IdSchema();
  state.metadata = MetadataOf(state.schema, std::move(partitions));
  state.files = std::move(files);
  return Snapshot(root, std::move(state));
}

std::vector<size_t> AllOf(const Snapshot& snapshot) {
  std::vector<size_t> all;
  for (size_t i = 0; i < snapshot.files().size(); ++i) all.push_back(i);
  return all;
}

using Bins = std::vector<std::vector<size_t>>;

TEST(Optimize, SmallFilesArePackedSmallestFirstUpToTheTarget) {
  Snapshot snapshot = SnapshotOf({FileOf("a", 60), FileOf("b", 10), FileOf("c", 100), FileOf("d", 30), FileOf("e", 55)});
  OptimizePlan plan = PlanOptimize(snapshot, AllOf(snapshot), {.target_file_bytes = 100});
  // c has the target size already; b + d + e fill a bin; a stays alone and is not rewritten.
  EXPECT_EQ(plan.bins, (Bins{{1, 3, 4}}));
  EXPECT_EQ(plan.considered, 5u);
  EXPECT_EQ(plan.skipped, 2u);
  EXPECT_EQ(plan.partitions, 1u);
}

TEST(Optimize, BinsNeverCrossPartitions) {
  Snapshot snapshot = SnapshotOf({FileOf("a", 1, "x"), FileOf("b", 1, "y"), FileOf("c", 1, "x"), FileOf("d", 1, "z")}, {"p"});
  OptimizePlan plan = PlanOptimize(snapshot, AllOf(snapshot), {.target_file_bytes = kMiB});
  EXPECT_EQ(plan.bins, (Bins{{0, 2}}));
  EXPECT_EQ(PlanOptimize(snapshot, {1, 2}, {.target_file_bytes = kMiB}).bins, Bins{});
  OptimizePlan all = PlanOptimize(snapshot, AllOf(snapshot), {.kind = OptimizeOptions::Kind::kCluster});
  EXPECT_EQ(all.bins, (Bins{{0, 2}, {1}, {3}}));
  EXPECT_EQ(all.partitions, 3u);
}

TEST(Optimize, LargeFilesWithManyDeletedRowsAreRewritten) {
  std::vector<AddFile> files = {FileOf("few", 200), FileOf("many", 200), FileOf("whole", 200), FileOf("small", 1)};
  files[0].deletion_vector = VectorOf(5);
  files[1].deletion_vector = VectorOf(6);
  Snapshot snapshot = SnapshotOf(files);
  OptimizePlan plan = PlanOptimize(snapshot, AllOf(snapshot), {.target_file_bytes = 100, .min_files = 1});
  EXPECT_EQ(plan.bins, (Bins{{3}, {1}}));
  OptimizePlan purge = PlanOptimize(snapshot, AllOf(snapshot), {.kind = OptimizeOptions::Kind::kPurge, .target_file_bytes = 100});
  EXPECT_EQ(purge.bins, (Bins{{0}, {1}}));
}

TEST(Optimize, TheTargetSizeIsATableProperty) {
  auto target = [](const std::string& text) {
    return TargetFileBytes(MetadataOf(IdSchema(), {}, {{"delta.targetFileSize", text}}));
  };
  EXPECT_EQ(*TargetFileBytes(MetadataOf(IdSchema())), 1024 * kMiB);
  EXPECT_EQ(*target("100mb"), 100 * kMiB);
  EXPECT_EQ(*target("2G"), 2048 * kMiB);
  EXPECT_EQ(*target("104857600"), 100 * kMiB);
  for (const char* wrong : {"", "mb", "-1", "0", "1.5mb", "99999999999t"}) EXPECT_FALSE(target(wrong).ok()) << wrong;
}

TEST(Optimize, SizesHaveUnits) {
  EXPECT_EQ(SizeInBytes("512", 20), 512 * kMiB);
  EXPECT_EQ(SizeInBytes("64MB", 20), 64 * kMiB);
  EXPECT_EQ(SizeInBytes("7b", 20), 7);
  EXPECT_EQ(SizeInBytes("0", 20), std::nullopt);
}

TEST(Optimize, AutomaticCompactionTakesSmallFilesOfAFewPartitions) {
  Snapshot snapshot = SnapshotOf({FileOf("a", 1, "x"), FileOf("b", 1, "y"), FileOf("c", 1, "x"), FileOf("d", 1, "y"), FileOf("e", 9, "x"),
                                  FileOf("f", 1, "z"), FileOf("g", 1, "w"), FileOf("h", 1, "w")},
                                 {"p"});
  const std::set<PartitionValues> written = {{{"p", "x"}}, {{"p", "y"}}, {{"p", "z"}}};
  AutoCompactOptions options{.small_file_bytes = 5, .min_files = 2};
  EXPECT_EQ(AutoCompactCandidates(snapshot, written, options), (std::vector<size_t>{0, 2, 1, 3}));
  options.max_partitions = 1;
  EXPECT_EQ(AutoCompactCandidates(snapshot, written, options), (std::vector<size_t>{0, 2}));
  options = {.small_file_bytes = 5, .min_files = 2, .every_partition = true};
  EXPECT_EQ(AutoCompactCandidates(snapshot, written, options), (std::vector<size_t>{6, 7, 0, 2, 1, 3}));
}

TEST(Optimize, MetricsHaveTheSizesOfTheNewFiles) {
  std::vector<AddFile> removed = {FileOf("a", 7), FileOf("b", 8)};
  removed[1].deletion_vector = VectorOf(1);
  StringMap metrics = OptimizeMetrics(removed, {FileOf("c", 40), FileOf("d", 10), FileOf("e", 20), FileOf("f", 30)});
  EXPECT_EQ(metrics, (StringMap{{"numRemovedFiles", "2"}, {"numRemovedBytes", "15"}, {"numAddedFiles", "4"},
                                {"numAddedBytes", "100"}, {"numDeletionVectorsRemoved", "1"}, {"minFileSize", "10"},
                                {"p25FileSize", "20"}, {"p50FileSize", "30"}, {"p75FileSize", "40"}, {"maxFileSize", "40"}}));
}

TEST(Restore, FilesAreComparedWithTheirDeletionVectors) {
  AddFile deleted = FileOf("b", 2);
  deleted.deletion_vector = VectorOf(1);
  Snapshot latest = SnapshotOf({FileOf("a", 1), deleted, FileOf("d", 4)});
  Snapshot target = SnapshotOf({FileOf("a", 1), FileOf("b", 2), FileOf("c", 3)});
  RestorePlan plan = PlanRestore(latest, target);
  ASSERT_EQ(plan.restored.size(), 2u);
  EXPECT_EQ(plan.restored[0].path, "b");
  EXPECT_EQ(plan.restored[1].path, "c");
  ASSERT_EQ(plan.removed.size(), 2u);
  EXPECT_EQ(plan.removed[0], deleted);
  EXPECT_EQ(plan.metrics.at("tableSizeAfterRestore"), "6");
  EXPECT_EQ(plan.metrics.at("numOfFilesAfterRestore"), "3");
}

TEST(Restore, TheProtocolIsNeverLowered) {
  SnapshotState newer, older;
  newer.protocol = {3, 7, {{"deletionVectors"}}, {{"deletionVectors", "domainMetadata"}}, {}};
  older.protocol = {1, 2, {}, {}, {}};
  newer.domain_metadata["a"] = {"a", "{}", false};
  older.domain_metadata["b"] = {"b", "{}", false};
  RestorePlan plan = PlanRestore(Snapshot("/t", newer), Snapshot("/t", older));
  // What writer version 2 implies stands there by name ("Table Features for New and Existing Tables").
  Protocol joined = {3, 7, {{"deletionVectors"}}, {{"appendOnly", "deletionVectors", "domainMetadata", "invariants"}}, {}};
  EXPECT_EQ(plan.protocol, joined);
  EXPECT_EQ(plan.domains, (std::vector<DomainMetadata>{{"b", "{}", false}, {"a", "{}", true}}));
}

TEST(Vacuum, ZeroHoursIsCheckedAndOtherWindowsOnlyKeepMore) {
  Metadata metadata = MetadataOf(IdSchema());
  auto used = [&](std::optional<double> hours, bool check = true) {
    Result<Retention> retention = RetentionOf(metadata, hours, check);
    return retention.ok() ? retention->used_ms / kHourMs : -1;
  };
  EXPECT_EQ(used(std::nullopt), 168);
  EXPECT_EQ(used(1), 168);
  EXPECT_EQ(used(-1), 168);
  EXPECT_EQ(used(200), 200);
  EXPECT_EQ(used(0, false), 0);
  Result<Retention> refused = RetentionOf(metadata, 0, true);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().condition, "DELTA_VACUUM_RETENTION_PERIOD_TOO_SHORT");
  EXPECT_EQ(refused.error().parameters.at("configuredRetentionHours"), "168");
  metadata.configuration["delta.deletedFileRetentionDuration"] = "interval 2 hours";
  EXPECT_EQ(used(std::nullopt), 2);
}

class VacuumFolder : public testing::Test {
 protected:
  VacuumFolder() : root_(testing::TempDir() + "vacuum_" + std::to_string(getpid())) { fs::create_directories(root_); }
  ~VacuumFolder() override {
    fs::remove_all(root_);
    fs::remove_all(root_ + "_outside");
  }
  void Make(const std::string& path) {
    fs::create_directories(fs::path(root_ + "/" + path).parent_path());
    std::ofstream(root_ + "/" + path) << "xy";
  }
  bool Has(const std::string& path) { return fs::exists(root_ + "/" + path); }
  std::vector<std::string> Planned(const Snapshot& snapshot, int64_t cutoff_ms) {
    Result<VacuumPlan> plan = PlanVacuum(table_, snapshot, {cutoff_ms});
    EXPECT_TRUE(plan.ok());
    std::vector<std::string> paths;
    for (const VacuumFile& file : plan->files) paths.push_back(file.path);
    return paths;
  }

  const std::string root_;
  objectstore::LocalObjectStore store_;
  const TableLocation table_{.store = &store_, .root = root_};
  const int64_t later_ms_ = SystemClock().NowMs() + 10 * kHourMs;
};

TEST_F(VacuumFolder, KeepsWhatTheLogNeedsAndWhatIsHidden) {
  for (const char* path : {"a b.parquet", "old.parquet", "p=1/x.parquet", "_delta_log/0.json", "_tmp/y", ".z",
                           "_change_data/cdc.parquet", "_c=1/q.parquet"}) {
    Make(path);
  }
  Snapshot snapshot = SnapshotOf({FileOf("a%20b.parquet", 2)}, {}, root_);
  EXPECT_EQ(Planned(snapshot, later_ms_),
            (std::vector<std::string>{"_change_data/cdc.parquet", "old.parquet", "p=1/x.parquet"}));
  EXPECT_TRUE(Planned(snapshot, SystemClock().NowMs() - kHourMs).empty());
  EXPECT_FALSE(IsHiddenName("_c=1", {"_c"}));
}

TEST_F(VacuumFolder, RecentTombstonesKeepTheirFiles) {
  Make("new.parquet");
  Make("gone.parquet");
  SnapshotState state = SnapshotOf({}, {}, root_).state();
  RemoveFile recent, old;
  recent.path = "new.parquet";
  recent.deletion_timestamp_ms = later_ms_;
  old.path = "gone.parquet";
  old.deletion_timestamp_ms = 5;
  state.tombstones = std::vector<RemoveFile>{recent, old};
  EXPECT_EQ(Planned(Snapshot(root_, state), later_ms_), std::vector<std::string>{"gone.parquet"});
}

TEST_F(VacuumFolder, ClonesKeepTheirFiles) {
  for (const char* path : {"a b.parquet", "given_up.parquet", "kept.parquet", "old.parquet"}) Make(path);
  SnapshotState state = SnapshotOf({FileOf(EncodeAbsoluteLogPath(root_ + "/a b.parquet"), 2), FileOf("old.parquet", 2)}, {}, "/clone").state();
  RemoveFile recent, old;
  recent.path = EncodeAbsoluteLogPath(root_ + "/kept.parquet");
  recent.deletion_timestamp_ms = later_ms_;
  old.path = EncodeAbsoluteLogPath(root_ + "/given_up.parquet");
  old.deletion_timestamp_ms = 5;
  state.tombstones = std::vector<RemoveFile>{recent, old};
  VacuumWindow window{later_ms_};
  ASSERT_TRUE(AddNeededPaths(root_, Snapshot("/clone", state), later_ms_, window.needed_by_clones).ok());
  EXPECT_EQ(window.needed_by_clones, (std::unordered_set<std::string>{"a b.parquet", "kept.parquet"}));
  Result<VacuumPlan> plan = PlanVacuum(table_, SnapshotOf({}, {}, root_), window);
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->files, (std::vector<VacuumFile>{{"given_up.parquet", 2}, {"old.parquet", 2}}));
}

TEST_F(VacuumFolder, LinksAreNeitherFollowedNorRemoved) {
  fs::create_directories(root_ + "_outside");
  std::ofstream(root_ + "_outside/precious") << "x";
  fs::create_directory_symlink(root_ + "_outside", root_ + "/folder");
  fs::create_symlink(root_ + "_outside/precious", root_ + "/file");
  EXPECT_TRUE(Planned(SnapshotOf({}, {}, root_), later_ms_).empty());
  // A folder that became a link after planning.
  VacuumPlan plan;
  plan.files = {{"folder/precious", 1}};
  EXPECT_FALSE(DeletePlanned(table_, plan, [] { return false; }).ok());
  EXPECT_TRUE(fs::exists(root_ + "_outside/precious"));
}

TEST_F(VacuumFolder, DeletesFilesThenFoldersThatWereEmpty) {
  for (int i = 0; i < 600; ++i) Make("junk/" + std::to_string(i));
  fs::create_directories(root_ + "/empty");
  Result<VacuumPlan> plan = PlanVacuum(table_, SnapshotOf({}, {}, root_), {later_ms_});
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->bytes(), 1200);
  EXPECT_EQ(plan->folders, std::vector<std::string>{"empty"});
  EXPECT_EQ(*DeletePlanned(table_, *plan, [] { return false; }), 600);
  EXPECT_FALSE(Has("empty"));
  EXPECT_TRUE(Has("junk"));
  EXPECT_TRUE(fs::is_empty(root_ + "/junk"));
}

// Memory with the one gift of object stores that VACUUM needs.
class TreeMemory final : public objectstore::ObjectStore, public objectstore::TreeStore {
 public:
  using Objects = std::vector<objectstore::ObjectInfo>;
  Result<Objects> ListFrom(const std::string& folder, const std::string& start) override { return inner_.ListFrom(folder, start); }
  Result<std::string> Read(const std::string& path) override { return inner_.Read(path); }
  Result<std::string> ReadRange(const std::string& path, int64_t offset, int64_t length) override {
    return inner_.ReadRange(path, offset, length);
  }
  Result<objectstore::ObjectInfo> Head(const std::string& path) override { return inner_.Head(path); }
  Result<objectstore::PutOutcome> PutIfAbsent(const std::string& path, std::string_view bytes) override {
    names_.insert(path);
    return inner_.PutIfAbsent(path, bytes);
  }
  Status PutOverwrite(const std::string& path, std::string_view bytes) override { return inner_.PutOverwrite(path, bytes); }
  Status Delete(const std::string& path) override {
    names_.erase(path);
    return inner_.Delete(path);
  }
  Result<Objects> ListTree(const std::string& directory) override {
    Objects objects;
    for (const std::string& name : names_) {
      objects.push_back(*inner_.Head(name));
      objects.back().name = name.substr(directory.size() + 1);
    }
    return objects;
  }
  const std::set<std::string>& names() const { return names_; }

 private:
  FakeClock clock_{1'000'000};
  objectstore::MemoryObjectStore inner_{clock_};
  std::set<std::string> names_;
};

TEST(VacuumStore, DeletesObjectsThatTheLogDoesNotNeed) {
  TreeMemory store;
  const std::string root = "s3://bucket/t";
  TableLocation table{.store = &store, .root = root};
  for (const char* path : {"a b.parquet", "old.parquet", "p=1/x.parquet", "_delta_log/0.json", "_tmp/y", ".z"}) {
    ASSERT_TRUE(store.PutIfAbsent(root + "/" + path, "xy").ok());
  }
  Snapshot snapshot = SnapshotOf({FileOf("a%20b.parquet", 2)}, {}, root);
  EXPECT_TRUE(PlanVacuum(table, snapshot, {1'000'000})->files.empty());
  Result<VacuumPlan> plan = PlanVacuum(table, snapshot, {1'000'001});
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->files, (std::vector<VacuumFile>{{"old.parquet", 2}, {"p=1/x.parquet", 2}}));
  EXPECT_EQ(plan->folder_count, 2);
  EXPECT_EQ(*DeletePlanned(table, *plan, [] { return false; }), 2);
  EXPECT_EQ(store.names(), (std::set<std::string>{root + "/.z", root + "/_delta_log/0.json", root + "/_tmp/y",
                                                  root + "/a b.parquet"}));
}

}  // namespace
}  // namespace ashlar::delta
