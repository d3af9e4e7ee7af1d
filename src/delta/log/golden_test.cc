// The golden Delta tables of others: which snapshots load, with what in them, and which tables are
// refused and by what name. Versions, files and deletion vectors come from an independent replay of the
// JSON logs, rows from the tables' expected/*.parquet.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/clock.h"
#include "base/id.h"
#include "delta/deletion_vector.h"
#include "delta/history.h"
#include "delta/snapshot.h"
#include "objectstore/local_store.h"

namespace ashlar::delta {
namespace {

namespace fs = std::filesystem;

struct GoldenCase {
  const char* name;  // archive, or archive/table where there are several in one
  int64_t version;
  size_t files;
  int64_t rows;  // -1: the archive does not tell
  int deletion_vectors;
  const char* refused = "";  // the condition
};

// No Parquet reader here: checkpoints are passed over while the JSON log is whole. With one, the two
// tables "…from-checkpoint-missing-…" are refused.
constexpr GoldenCase kCases[] = {
    {"124-decimal-decode-bug", 0, 2, 1, 0},
    {"125-iterator-bug", 11, 12, 5, 0},
    {"basic-decimal-table-legacy", 0, 4, 4, 0},
    {"basic-decimal-table", 0, 4, 4, 0},
    {"basic-with-inserts-deletes-checkpoint", 13, 7, 41, 0},
    {"basic-with-inserts-merge", 1, 1, 140, 0},
    {"basic-with-inserts-overwrite-restore", 3, 4, 200, 0},
    {"basic-with-inserts-updates", 1, 2, 100, 0},
    {"basic-with-vacuum-protocol-check-feature", 1, 2, 100, 0},
    {"canonicalized-paths-normal-a", 1, 0, -1, 0},
    {"canonicalized-paths-normal-b", 1, 0, -1, 0},
    {"canonicalized-paths-special-a", 1, 0, -1, 0},
    {"canonicalized-paths-special-b", 1, 0, -1, 0},
    {"checkpoint", 14, 1, -1, 0},
    {"corrupted-last-checkpoint-kernel", 11, 2, 100, 0},
    {"data-reader-absolute-paths-escaped-chars", 1, 2, -1, 0, "DELTA_STATE_RECOVER_ERROR"},
    {"data-reader-array-complex-objects", 0, 2, 10, 0},
    {"data-reader-array-primitives", 0, 2, 10, 0},
    {"data-reader-date-types-America", 0, 2, 1, 0},
    {"data-reader-date-types-Asia", 0, 2, 1, 0},
    {"data-reader-date-types-Etc", 0, 2, 1, 0},
    {"data-reader-date-types-Iceland", 0, 2, 1, 0},
    {"data-reader-date-types-Jst", 0, 2, 1, 0},
    {"data-reader-date-types-Pst", 0, 2, 1, 0},
    {"data-reader-date-types-utc", 0, 2, 1, 0},
    {"data-reader-escaped-chars", 2, 3, 3, 0},
    {"data-reader-map", 0, 2, 10, 0},
    {"data-reader-nested-struct", 0, 2, 10, 0},
    {"data-reader-nullable-field-invalid-schema-key", 0, 2, 1, 0},
    {"data-reader-partition-values", 0, 3, 3, 0},
    {"data-reader-primitives", 0, 2, 11, 0},
    {"data-reader-timestamp_ntz-id-mode", 1, 4, 9, 0},
    {"data-reader-timestamp_ntz-name-mode", 1, 4, 9, 0},
    {"data-reader-timestamp_ntz", 1, 4, 9, 0},
    {"data-skipping-basic-stats-all-types-checkpoint", 0, 1, 1, 0},
    {"data-skipping-basic-stats-all-types-columnmapping-id", 0, 1, 1, 0},
    {"data-skipping-basic-stats-all-types-columnmapping-name", 0, 1, 1, 0},
    {"data-skipping-basic-stats-all-types", 0, 1, 1, 0},
    {"data-skipping-change-stats-collected-across-versions", 4, 3, 3, 0},
    {"data-skipping-partition-and-data-column", 3, 4, 4, 0},
    {"decimal-various-scale-precision", 0, 1, 3, 0},
    {"delete-re-add-same-file-different-transactions", 3, 2, -1, 0},
    {"deltalog-commit-info", 0, 1, -1, 0},
    {"deltalog-getChanges", 2, 0, 0, 0},
    {"deltalog-invalid-protocol-version", 0, 1, -1, 0, "DELTA_INVALID_PROTOCOL_VERSION"},
    {"deltalog-state-reconstruction-from-checkpoint-missing-metadata", 10, 11, -1, 0},
    {"deltalog-state-reconstruction-from-checkpoint-missing-protocol", 10, 11, -1, 0},
    {"deltalog-state-reconstruction-without-metadata", 0, 1, -1, 0, "DELTA_STATE_RECOVER_ERROR"},
    {"deltalog-state-reconstruction-without-protocol", 0, 1, -1, 0, "DELTA_STATE_RECOVER_ERROR"},
    {"dv-partitioned-with-checkpoint", 15, 15, 35, 2},
    {"dv-with-columnmapping", 15, 15, 35, 2},
    {"hive/deltatbl-column-names-case-insensitive", 0, 4, -1, 0},
    {"hive/deltatbl-deleted-path", 0, 2, -1, 0},
    {"hive/deltatbl-incorrect-format-config", 0, 2, -1, 0},
    {"hive/deltatbl-map-types-correctly", 0, 1, -1, 0},
    {"hive/deltatbl-non-partitioned", 0, 2, -1, 0},
    {"hive/deltatbl-not-allow-write", 0, 2, -1, 0},
    {"hive/deltatbl-partition-prune", 0, 5, -1, 0},
    {"hive/deltatbl-partitioned", 0, 4, -1, 0},
    {"hive/deltatbl-schema-match", 0, 4, -1, 0},
    {"hive/deltatbl-special-chars-in-partition-column", 0, 4, -1, 0},
    {"hive/deltatbl-touch-files-needed-for-partitioned", 0, 4, -1, 0},
    {"kernel-timestamp-int96", 0, 5, 5, 0},
    {"kernel-timestamp-pst", 0, 5, 5, 0},
    {"kernel-timestamp-timestamp_micros", 0, 5, 5, 0},
    {"kernel-timestamp-timestamp_millis", 0, 5, 5, 0},
    {"log-replay-dv-key-cases", 3, 1, 47, 1},
    {"log-replay-latest-metadata-protocol", 2, 4, 40, 0},
    {"log-replay-special-characters-a", 1, 0, 0, 0},
    {"log-replay-special-characters-b", 0, 1, -1, 0},
    {"log-replay-special-characters", 1, 0, 0, 0},
    {"multi-part-checkpoint", 1, 10, 31, 0},
    {"only-checkpoint-files", 2, 7, 25, 0},
    {"parquet-all-types-legacy-format", 0, 1, 200, 0},
    {"parquet-all-types", 0, 1, 200, 0},
    {"parquet-decimal-dictionaries-v2", 0, 1, 1000000, 0},
    {"parquet-decimal-dictionaries", 0, 1, 1000000, 0},
    {"parquet-decimal-type", 0, 1, 99998, 0},
    {"snapshot-data0", 0, 2, 10, 0},
    {"snapshot-data1", 1, 4, 20, 0},
    {"snapshot-data2-deleted", 4, 3, 20, 0},
    {"snapshot-data2", 2, 2, 10, 0},
    {"snapshot-data3", 3, 4, 30, 0},
    {"snapshot-repartitioned", 5, 2, 20, 0},
    {"snapshot-vacuumed", 5, 2, 20, 0},
    {"table-with-columnmapping-mode-id", 0, 2, 6, 0},
    {"table-with-columnmapping-mode-name", 0, 2, 6, 0},
    {"time-travel-partition-changes-a", 0, 10, 10, 0},
    {"time-travel-partition-changes-b", 1, 4, 10, 0},
    {"time-travel-schema-changes-a", 0, 2, 10, 0},
    {"time-travel-schema-changes-b", 1, 4, 20, 0},
    {"time-travel-start-start20-start40", 2, 6, 30, 0},
    {"time-travel-start-start20", 1, 4, 20, 0},
    {"time-travel-start", 0, 2, 10, 0},
    {"update-deleted-directory", 0, 10, -1, 0},
    {"v2-checkpoint-json", 2, 4, 10, 0},
    {"v2-checkpoint-parquet", 2, 4, 10, 0},
    {"versions-not-contiguous", 2, 1, -1, 0, "DELTA_VERSIONS_NOT_CONTIGUOUS"},
    {"no-delta-log-folder", 0, 0, -1, 0, "DELTA_MISSING_DELTA_TABLE"},
};

std::string GoldenFolder() {
  const char* given = std::getenv("ASHLAR_CONFORMANCE_DIR");
  return std::string(given != nullptr ? given : "../shared/conformance") + "/delta";
}

// An archive unpacked into a folder that goes with the object.
class Unpacked {
 public:
  explicit Unpacked(const std::string& archive)
      : folder_(testing::TempDir() + "golden-" + NewHex(SystemRandom(), 6)) {
    fs::create_directories(folder_);
    std::string command = "tar --zstd --warning=no-unknown-keyword -xf '" + archive + "' -C '" + folder_ + "'";
    ok_ = std::system(command.c_str()) == 0;
  }
  ~Unpacked() { fs::remove_all(folder_); }
  bool ok() const { return ok_; }
  const std::string& folder() const { return folder_; }

 private:
  std::string folder_;
  bool ok_ = false;
};

class GoldenTable : public testing::TestWithParam<GoldenCase> {};

void ExpectFilesAreThere(objectstore::ObjectStore& store, const Snapshot& snapshot, bool has_data) {
  for (const AddFile& file : snapshot.files()) {
    Result<std::string> path = snapshot.DataPath(file);
    ASSERT_TRUE(path.ok()) << path.error().message;
    EXPECT_TRUE(!has_data || store.Head(*path).ok()) << *path;
    for (const std::string& column : snapshot.partition_columns()) {
      EXPECT_TRUE(snapshot.PartitionValue(file.partition_values, column).ok()) << column;
    }
  }
}

TEST_P(GoldenTable, LoadsOrIsRefusedByName) {
  const GoldenCase& expected = GetParam();
  std::string name = expected.name;
  std::string archive = name.substr(0, name.find('/'));
  std::string archive_path = GoldenFolder() + "/" + archive + ".tar.zst";
  if (!fs::exists(archive_path)) GTEST_SKIP() << "no golden table at " << archive_path;
  Unpacked unpacked(archive_path);
  ASSERT_TRUE(unpacked.ok());
  objectstore::LocalObjectStore store;
  std::string inner = name.size() > archive.size() ? name.substr(archive.size()) : "";
  TableLocation table{&store, unpacked.folder() + "/" + archive + "/delta" + inner, nullptr};
  Result<std::shared_ptr<const Snapshot>> loaded = Snapshot::Load(table);
  if (*expected.refused != '\0') {
    ASSERT_FALSE(loaded.ok());
    EXPECT_EQ(loaded.error().condition, expected.refused) << loaded.error().message;
    return;
  }
  ASSERT_TRUE(loaded.ok()) << FullMessage(loaded.error());
  const Snapshot& snapshot = **loaded;
  EXPECT_EQ(snapshot.version(), expected.version);
  EXPECT_EQ(snapshot.files().size(), expected.files);
  ExpectFilesAreThere(store, snapshot, expected.rows >= 0);
  // Without statistics in every file the count is unknown, never wrong.
  if (expected.rows >= 0 && snapshot.RowCount().has_value()) {
    EXPECT_EQ(*snapshot.RowCount(), expected.rows);
  }
  int deletion_vectors = 0;
  for (const AddFile& file : snapshot.files()) {
    if (!file.deletion_vector.has_value()) continue;
    ++deletion_vectors;
    Result<DeletionVector> vector = LoadDeletionVector(store, table.root, *file.deletion_vector);
    ASSERT_TRUE(vector.ok()) << vector.error().message;
    EXPECT_EQ(vector->cardinality(), static_cast<uint64_t>(file.deletion_vector->cardinality));
  }
  EXPECT_EQ(deletion_vectors, expected.deletion_vectors);
  Result<std::vector<HistoryEntry>> history = ReadHistory(table);
  ASSERT_TRUE(history.ok()) << history.error().message;
  EXPECT_EQ(history->front().version, expected.version);
}

INSTANTIATE_TEST_SUITE_P(Delta, GoldenTable, testing::ValuesIn(kCases), [](const auto& info) {
  std::string name = info.param.name;
  for (char& c : name) {
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  return name;
});

}  // namespace
}  // namespace ashlar::delta
