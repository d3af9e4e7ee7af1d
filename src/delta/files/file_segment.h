// FileSegment: up to 65,535 files of a table as packed columns; what one part of a checkpoint or one
// commit added. Snapshots share segments. A file is made an AddFile again only where it is asked for.
// Never changes; what is derived on first use (the index of paths, statistics parsed from text) is
// made under a lock. Thread safe.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "delta/actions.h"
#include "delta/files/packed_columns.h"
#include "delta/files/stat_column.h"

namespace ashlar::delta {

// Statistics of some columns, parallel to those asked for; null: nothing is known of the column.
using StatColumns = std::vector<std::shared_ptr<const StatColumn>>;

class FileSegment {
 public:
  static constexpr size_t kMaxRows = 65535;

  size_t size() const { return sizes_.size(); }
  AddFile At(size_t row) const;
  // As in the log.
  std::string Path(size_t row) const;
  int64_t SizeOf(size_t row) const { return sizes_[row]; }
  int64_t ModificationTimeOf(size_t row) const { return modification_times_[row]; }
  // All values there are; a row has one of them.
  const std::vector<PartitionValues>& partitions() const { return partitions_; }
  size_t PartitionCode(size_t row) const { return static_cast<size_t>(partition_codes_[row]); }
  // Null for a file without one. `vectors`: rows ascending.
  const DeletionVectorDescriptor* VectorOf(size_t row) const;
  const std::vector<std::pair<uint32_t, DeletionVectorDescriptor>>& vectors() const { return vectors_; }
  int64_t total_size() const { return total_size_; }
  // Folders outside of the table that files or deletion vectors lie in (OtherTableFolder, paths.h), each once.
  const std::set<std::string>& other_folders() const { return other_folders_; }
  // Calls `found` with each row whose file has this path, whatever its deletion vector.
  void Find(std::string_view decoded_path, const std::function<void(size_t)>& found) const;

  // numRecords; -1: not known.
  const PackedInts& NumRecords() const;
  StatColumns Stats(const std::vector<LeafColumn>& columns) const;
  // Bytes held, without what a few rare files have on top.
  size_t bytes() const;

 private:
  friend class FileSegmentBuilder;

  std::string_view DecodedPath(size_t row, std::string* buffer) const;
  std::optional<std::string> StatsTextOf(size_t row) const;
  void MakeIndex() const;
  // Needs the lock.
  void ParseTexts(const std::vector<LeafColumn>& columns) const;
  std::shared_ptr<const StatColumn> Known(const LeafColumn& column) const;

  // A path is a folder (up to its last slash) and a name.
  std::vector<std::string> folders_;
  PackedInts folder_codes_;
  PackedTexts names_;
  std::set<std::string> other_folders_;
  bool plain_paths_ = true;  // no path needs decoding
  PackedInts sizes_, modification_times_, data_changes_;
  int64_t total_size_ = 0;
  std::vector<PartitionValues> partitions_;
  PackedInts partition_codes_;
  PackedInts base_row_ids_, row_commit_versions_;  // -1: none
  std::vector<std::optional<std::string>> providers_;
  PackedInts provider_codes_;
  std::vector<std::pair<uint32_t, DeletionVectorDescriptor>> vectors_;
  std::map<uint32_t, StringMap> tags_;

  // Statistics came typed, or as texts that are parsed by column when somebody asks.
  bool typed_ = false;
  PackedTexts texts_;
  Bitmap has_text_;
  Bitmap wide_;  // tightBounds=false; of typed statistics
  mutable std::mutex mutex_;
  mutable bool counted_ = false;
  mutable PackedInts num_records_;
  mutable std::vector<std::shared_ptr<const StatColumn>> columns_;
  mutable std::once_flag indexed_;
  mutable std::vector<uint16_t> slots_;  // rows by hash of the path, open addressing
};

// One file as the builder takes it; what it points to is copied.
struct FileRow {
  using Partition = std::pair<std::string_view, std::optional<std::string_view>>;
  std::string_view path;
  int64_t size = 0;
  int64_t modification_time_ms = 0;
  bool data_change = false;
  std::span<const Partition> partition;
  std::optional<std::string_view> stats = std::nullopt;  // where statistics come as text
  int64_t num_records = -1;                  // where they come typed
  bool tight_bounds = true;
  int64_t base_row_id = -1;
  int64_t row_commit_version = -1;
  std::optional<std::string_view> clustering_provider = std::nullopt;
  const DeletionVectorDescriptor* vector = nullptr;
  const StringMap* tags = nullptr;
};

class FileSegmentBuilder {
 public:
  // Statistics as text.
  FileSegmentBuilder() = default;
  // Typed statistics of these columns: after each Add, every one of stats() gets its row too.
  explicit FileSegmentBuilder(std::vector<LeafColumn> columns);

  size_t size() const { return sizes_.size(); }
  void Add(const FileRow& row);
  // With statistics as text.
  void Add(const AddFile& file);
  std::vector<StatColumnBuilder>& stats() { return stats_; }
  // At least one file, at most kMaxRows. The builder is empty after it.
  std::shared_ptr<const FileSegment> Finish();

 private:
  void AddPath(std::string_view path);
  void AddPartition(std::span<const FileRow::Partition> partition);
  void AddProvider(std::optional<std::string_view> provider);
  static int64_t Code(std::unordered_map<std::string, int64_t>& codes, const std::string& key, bool* is_new);

  bool typed_ = false;
  std::vector<LeafColumn> columns_;
  std::unordered_map<std::string, int64_t> folder_by_text_, partition_by_key_;
  std::string key_;
  void NoteOtherFolder(std::string_view log_path);

  std::vector<std::string> folders_;
  std::set<std::string> other_folders_;
  std::vector<PartitionValues> partitions_;
  std::vector<std::optional<std::string>> providers_;
  PackedTexts::Builder names_, texts_;
  PackedInts::Builder folder_codes_, partition_codes_, provider_codes_, sizes_, modification_times_, data_changes_,
      base_row_ids_, row_commit_versions_, num_records_;
  int64_t total_size_ = 0;
  Bitmap::Builder has_text_, wide_;
  bool plain_paths_ = true;
  std::vector<std::pair<uint32_t, DeletionVectorDescriptor>> vectors_;
  std::map<uint32_t, StringMap> tags_;
  std::vector<StatColumnBuilder> stats_;
};

}  // namespace ashlar::delta
