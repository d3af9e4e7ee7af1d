#include "delta/files/file_segment.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/check.h"
#include "base/saturating.h"
#include "delta/paths.h"

namespace ashlar::delta {
namespace {

constexpr uint16_t kNoRow = UINT16_MAX;
static_assert(FileSegment::kMaxRows <= kNoRow);

size_t HashOf(std::string_view path) { return std::hash<std::string_view>()(path); }

bool NeedsDecoding(std::string_view path) {
  return path.find('%') != std::string_view::npos || path.starts_with("file:");
}

// Empty where none is set.
Bitmap AnyOf(Bitmap::Builder flags) { return flags.set() == 0 ? Bitmap() : std::move(flags).Finish(); }

bool SameValues(const PartitionValues& known, std::span<const FileRow::Partition> partition) {
  if (known.size() != partition.size()) return false;
  for (const auto& [name, value] : partition) {
    auto found = std::ranges::find(known, name, [](const auto& entry) { return std::string_view(entry.first); });
    if (found == known.end() || found->second.has_value() != value.has_value()) return false;
    if (value && *found->second != *value) return false;
  }
  return true;
}

std::optional<int64_t> IfKnown(int64_t value) { return value < 0 ? std::nullopt : std::optional(value); }

}  // namespace

std::string FileSegment::Path(size_t row) const {
  std::string path = folders_[static_cast<size_t>(folder_codes_[row])];
  names_.AppendTo(row, &path);
  return path;
}

std::string_view FileSegment::DecodedPath(size_t row, std::string* buffer) const {
  buffer->assign(folders_[static_cast<size_t>(folder_codes_[row])]);
  names_.AppendTo(row, buffer);
  if (!plain_paths_) *buffer = FileKey(*buffer, std::nullopt);
  return *buffer;
}

const DeletionVectorDescriptor* FileSegment::VectorOf(size_t row) const {
  auto it = std::ranges::lower_bound(vectors_, static_cast<uint32_t>(row), {}, [](const auto& v) { return v.first; });
  return it == vectors_.end() || it->first != row ? nullptr : &it->second;
}

std::optional<std::string> FileSegment::StatsTextOf(size_t row) const {
  if (!typed_) {
    if (has_text_.empty() || !has_text_.Get(row)) return std::nullopt;
    return std::string(texts_[row]);
  }
  FileStats stats;
  stats.num_records = IfKnown(num_records_[row]);
  stats.tight_bounds = wide_.empty() || !wide_.Get(row);
  std::vector<LeafColumn> columns;
  bool any = stats.num_records.has_value();
  for (const auto& column : columns_) {
    columns.push_back(column->column);
    stats.columns.push_back(column->At(row));
    const ColumnBounds& bounds = stats.columns.back();
    any = any || bounds.min || bounds.max || bounds.null_count;
  }
  return any ? std::optional(StatsText(stats, columns)) : std::nullopt;
}

AddFile FileSegment::At(size_t row) const {
  AddFile file;
  file.path = Path(row);
  file.partition_values = partitions_[PartitionCode(row)];
  file.size = sizes_[row];
  file.modification_time_ms = modification_times_[row];
  file.data_change = data_changes_[row] != 0;
  file.stats = StatsTextOf(row);
  if (const DeletionVectorDescriptor* vector = VectorOf(row)) file.deletion_vector = *vector;
  file.base_row_id = IfKnown(base_row_ids_[row]);
  file.default_row_commit_version = IfKnown(row_commit_versions_[row]);
  file.clustering_provider = providers_[static_cast<size_t>(provider_codes_[row])];
  if (auto tags = tags_.find(static_cast<uint32_t>(row)); tags != tags_.end()) file.tags = tags->second;
  return file;
}

void FileSegment::MakeIndex() const {
  slots_.assign(std::bit_ceil(size() * 2), kNoRow);
  std::string buffer;
  for (size_t row = 0; row < size(); ++row) {
    size_t slot = HashOf(DecodedPath(row, &buffer)) & (slots_.size() - 1);
    while (slots_[slot] != kNoRow) slot = (slot + 1) & (slots_.size() - 1);
    slots_[slot] = static_cast<uint16_t>(row);
  }
}

void FileSegment::Find(std::string_view decoded_path, const std::function<void(size_t)>& found) const {
  std::call_once(indexed_, [this] { MakeIndex(); });
  std::string buffer;
  size_t slot = HashOf(decoded_path) & (slots_.size() - 1);
  for (; slots_[slot] != kNoRow; slot = (slot + 1) & (slots_.size() - 1)) {
    if (DecodedPath(slots_[slot], &buffer) == decoded_path) found(slots_[slot]);
  }
}

std::shared_ptr<const StatColumn> FileSegment::Known(const LeafColumn& column) const {
  for (const auto& known : columns_) {
    if (known->column.path == column.path && (typed_ || known->column.type == column.type)) return known;
  }
  return nullptr;
}

void FileSegment::ParseTexts(const std::vector<LeafColumn>& columns) const {
  StatsReader reader(columns);
  std::vector<StatColumnBuilder> builders;
  for (const LeafColumn& column : columns) builders.push_back({column, {}, {}, {}});
  PackedInts::Builder num_records;
  FileStats none;
  none.columns.resize(columns.size());
  for (size_t row = 0; row < size(); ++row) {
    bool has_text = !has_text_.empty() && has_text_.Get(row);
    const FileStats& stats = has_text ? reader.Read(texts_[row]) : none;
    num_records.Add(stats.num_records.value_or(-1));
    for (size_t i = 0; i < columns.size(); ++i) {
      builders[i].min.Append(stats.columns[i].min, columns[i].type);
      builders[i].max.Append(stats.columns[i].max, columns[i].type);
      builders[i].null_counts.Add(stats.columns[i].null_count.value_or(-1));
    }
  }
  if (!counted_) num_records_ = std::move(num_records).Finish();
  counted_ = true;
  for (StatColumnBuilder& builder : builders) {
    columns_.push_back(std::make_shared<const StatColumn>(std::move(builder).Finish()));
  }
}

const PackedInts& FileSegment::NumRecords() const {
  std::lock_guard lock(mutex_);
  if (!counted_) ParseTexts({});
  return num_records_;
}

StatColumns FileSegment::Stats(const std::vector<LeafColumn>& columns) const {
  std::lock_guard lock(mutex_);
  std::vector<LeafColumn> missing;
  for (const LeafColumn& column : columns) {
    if (!typed_ && Known(column) == nullptr) missing.push_back(column);
  }
  if (!missing.empty()) ParseTexts(missing);
  StatColumns found;
  for (const LeafColumn& column : columns) found.push_back(Known(column));
  return found;
}

size_t FileSegment::bytes() const {
  std::lock_guard lock(mutex_);
  size_t total = sizeof(*this) + names_.bytes() + texts_.bytes() + has_text_.bytes() + wide_.bytes() + num_records_.bytes();
  for (const PackedInts* column : {&folder_codes_, &sizes_, &modification_times_, &data_changes_, &partition_codes_,
                                   &base_row_ids_, &row_commit_versions_, &provider_codes_}) {
    total += column->bytes();
  }
  for (const std::string& folder : folders_) total += sizeof(folder) + folder.capacity();
  for (const PartitionValues& values : partitions_) {
    total += sizeof(values);
    for (const auto& [name, value] : values) total += 112 + (value ? value->size() : 0);  // a node of the map
  }
  for (const auto& [row, vector] : vectors_) total += sizeof(row) + sizeof(vector) + vector.path_or_inline_dv.capacity();
  for (const auto& column : columns_) total += sizeof(*column) + column->bytes();
  return total + slots_.capacity() * sizeof(uint16_t);
}

FileSegmentBuilder::FileSegmentBuilder(std::vector<LeafColumn> columns) : typed_(true), columns_(std::move(columns)) {
  for (const LeafColumn& column : columns_) stats_.push_back({column, {}, {}, {}});
}

int64_t FileSegmentBuilder::Code(std::unordered_map<std::string, int64_t>& codes, const std::string& key, bool* is_new) {
  auto [it, inserted] = codes.emplace(key, static_cast<int64_t>(codes.size()));
  *is_new = inserted;
  return it->second;
}

void FileSegmentBuilder::AddPath(std::string_view path) {
  plain_paths_ = plain_paths_ && !NeedsDecoding(path);
  const void* slash = memrchr(path.data(), '/', path.size());
  size_t cut = slash == nullptr ? 0 : static_cast<size_t>(static_cast<const char*>(slash) - path.data()) + 1;
  names_.Add(path.substr(cut));
  std::string_view folder = path.substr(0, cut);
  if (!folder_codes_.empty() && folders_[static_cast<size_t>(folder_codes_.back())] == folder) {
    folder_codes_.Add(folder_codes_.back());
    return;
  }
  bool is_new = false;
  key_.assign(folder);
  folder_codes_.Add(Code(folder_by_text_, key_, &is_new));
  if (!is_new) return;
  folders_.emplace_back(folder);
  NoteOtherFolder(folder);
}

void FileSegmentBuilder::NoteOtherFolder(std::string_view log_path) {
  if (std::optional<std::string> folder = OtherTableFolder(log_path)) other_folders_.insert(*std::move(folder));
}

void FileSegmentBuilder::AddPartition(std::span<const FileRow::Partition> partition) {
  // Neighbours mostly lie in the same one.
  if (!partition_codes_.empty() && SameValues(partitions_[static_cast<size_t>(partition_codes_.back())], partition)) {
    partition_codes_.Add(partition_codes_.back());
    return;
  }
  key_.clear();
  auto add = [this](std::string_view text) { (key_ += std::to_string(text.size())) += ':', key_ += text; };
  for (const auto& [name, value] : partition) {
    add(name);
    if (value) {
      add(*value);
    } else {
      key_ += '-';
    }
  }
  bool is_new = false;
  partition_codes_.Add(Code(partition_by_key_, key_, &is_new));
  if (!is_new) return;
  PartitionValues& values = partitions_.emplace_back();
  for (const auto& [name, value] : partition) {
    values.insert_or_assign(std::string(name), value ? std::optional(std::string(*value)) : std::nullopt);
  }
}

void FileSegmentBuilder::AddProvider(std::optional<std::string_view> provider) {
  auto same = [&](const std::optional<std::string>& known) {
    return known.has_value() == provider.has_value() && (!known || *known == *provider);
  };
  auto found = std::ranges::find_if(providers_, same);
  provider_codes_.Add(found - providers_.begin());
  if (found == providers_.end()) providers_.emplace_back(provider ? std::optional(std::string(*provider)) : std::nullopt);
}

void FileSegmentBuilder::Add(const FileRow& row) {
  CHECK_LT(size(), FileSegment::kMaxRows);
  auto number = static_cast<uint32_t>(size());
  AddPath(row.path);
  AddPartition(row.partition);
  AddProvider(row.clustering_provider);
  sizes_.Add(row.size);
  total_size_ = SaturatingAdd(total_size_, row.size);
  modification_times_.Add(row.modification_time_ms);
  data_changes_.Add(row.data_change ? 1 : 0);
  base_row_ids_.Add(row.base_row_id);
  row_commit_versions_.Add(row.row_commit_version);
  if (typed_) {
    num_records_.Add(row.num_records);
    wide_.Add(!row.tight_bounds);
  } else {
    texts_.Add(row.stats.value_or(std::string_view()));
    has_text_.Add(row.stats.has_value());
  }
  if (row.vector != nullptr) {
    vectors_.emplace_back(number, *row.vector);
    if (row.vector->storage_type == "p") NoteOtherFolder(row.vector->path_or_inline_dv);
  }
  if (row.tags != nullptr && !row.tags->empty()) tags_.emplace(number, *row.tags);
}

void FileSegmentBuilder::Add(const AddFile& file) {
  CHECK(!typed_) << "a file with its statistics as text";
  std::vector<FileRow::Partition> partition(file.partition_values.begin(), file.partition_values.end());
  Add(FileRow{.path = file.path,
              .size = file.size,
              .modification_time_ms = file.modification_time_ms,
              .data_change = file.data_change,
              .partition = partition,
              .stats = file.stats,
              .base_row_id = file.base_row_id.value_or(-1),
              .row_commit_version = file.default_row_commit_version.value_or(-1),
              .clustering_provider = file.clustering_provider,
              .vector = file.deletion_vector ? &*file.deletion_vector : nullptr,
              .tags = &file.tags});
}

std::shared_ptr<const FileSegment> FileSegmentBuilder::Finish() {
  CHECK(size() > 0);
  FileSegmentBuilder rows = std::move(*this);
  *this = rows.typed_ ? FileSegmentBuilder(rows.columns_) : FileSegmentBuilder();
  auto segment = std::make_shared<FileSegment>();
  segment->folders_ = std::move(rows.folders_);
  segment->folder_codes_ = std::move(rows.folder_codes_).Finish();
  segment->names_ = std::move(rows.names_).Finish(/*fold=*/true);
  segment->other_folders_ = std::move(rows.other_folders_);
  segment->plain_paths_ = rows.plain_paths_;
  segment->sizes_ = std::move(rows.sizes_).Finish();
  segment->total_size_ = rows.total_size_;
  segment->modification_times_ = std::move(rows.modification_times_).Finish();
  segment->data_changes_ = std::move(rows.data_changes_).Finish();
  segment->partitions_ = std::move(rows.partitions_);
  segment->partition_codes_ = std::move(rows.partition_codes_).Finish();
  segment->base_row_ids_ = std::move(rows.base_row_ids_).Finish();
  segment->row_commit_versions_ = std::move(rows.row_commit_versions_).Finish();
  segment->providers_ = std::move(rows.providers_);
  segment->provider_codes_ = std::move(rows.provider_codes_).Finish();
  segment->vectors_ = std::move(rows.vectors_);
  segment->tags_ = std::move(rows.tags_);
  segment->typed_ = rows.typed_;
  segment->wide_ = AnyOf(std::move(rows.wide_));
  if (rows.typed_) {
    segment->num_records_ = std::move(rows.num_records_).Finish();
    segment->counted_ = true;
  } else {
    segment->has_text_ = AnyOf(std::move(rows.has_text_));
    segment->texts_ = std::move(rows.texts_).Finish(/*fold=*/false, StatsReader::kPadding);
  }
  for (StatColumnBuilder& column : rows.stats_) {
    CHECK_EQ(column.null_counts.size(), segment->size());
    segment->columns_.push_back(std::make_shared<const StatColumn>(std::move(column).Finish()));
  }
  return segment;
}

}  // namespace ashlar::delta
