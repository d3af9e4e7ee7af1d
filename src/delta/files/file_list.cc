#include "delta/files/file_list.h"

#include <algorithm>
#include <bit>

#include "base/check.h"
#include "base/saturating.h"

namespace ashlar::delta {
namespace {

// The parts of FileKey.
struct KeyParts {
  std::string_view path;
  std::optional<std::string_view> vector_id;
};

KeyParts PartsOf(std::string_view key) {
  size_t cut = key.find('\0');
  if (cut == std::string_view::npos) return {key, std::nullopt};
  return {key.substr(0, cut), key.substr(cut + 1)};
}

bool HasVectorId(const FileSegment& segment, size_t row, const std::optional<std::string_view>& id) {
  const DeletionVectorDescriptor* vector = segment.VectorOf(row);
  if (vector == nullptr || !id) return (vector == nullptr) == !id.has_value();
  return vector->UniqueId() == *id;
}

std::shared_ptr<const FileList::Removed> RemovedOf(Bitmap rows) {
  auto removed = std::make_shared<FileList::Removed>();
  removed->rows = std::move(rows);
  uint32_t live = 0;
  for (uint64_t word : removed->rows.words()) {
    removed->live_before.push_back(live);
    live += static_cast<uint32_t>(64 - std::popcount(word));
  }
  return removed;
}

// The live rows of both, in their order.
std::shared_ptr<const FileSegment> Joined(std::span<const FileList::Part> parts) {
  FileSegmentBuilder rows;
  for (const FileList::Part& part : parts) {
    for (size_t row = 0; row < part.segment->size(); ++row) {
      if (part.IsLive(row)) rows.Add(part.segment->At(row));
    }
  }
  return rows.Finish();
}

}  // namespace

void FileList::Iterator::SkipRemoved() {
  for (; part_ < list_->parts_.size(); ++part_, row_ = 0) {
    const Part& part = list_->parts_[part_];
    while (row_ < part.segment->size() && !part.IsLive(row_)) ++row_;
    if (row_ < part.segment->size()) return;
  }
  row_ = 0;
}

FileList::FileList(const std::vector<AddFile>& files) {
  FileListBuilder builder;
  for (const AddFile& file : files) builder.Add(file);
  *this = std::move(builder).Finish();
}

void FileList::Renumber() {
  size_ = 0;
  for (Part& part : parts_) {
    part.first = size_;
    size_ += part.live;
  }
}

void FileList::Append(std::shared_ptr<const FileSegment> segment) {
  total_size_ = SaturatingAdd(total_size_, segment->total_size());
  size_t live = segment->size();
  parts_.push_back({std::move(segment), nullptr, size_, live});
  size_ += live;
}

FileList::Place FileList::PlaceOf(size_t i) const {
  CHECK_LT(i, size_);
  auto after = std::ranges::upper_bound(parts_, i, {}, &Part::first);
  const Part& part = *std::prev(after);
  size_t left = i - part.first;
  if (part.removed == nullptr) return {&part, left};
  const std::vector<uint32_t>& before = part.removed->live_before;
  auto word = std::prev(std::ranges::upper_bound(before, static_cast<uint32_t>(left)));
  left -= *word;
  auto index = static_cast<size_t>(word - before.begin());
  uint64_t live = ~part.removed->rows.words()[index];
  for (; left > 0; --left) live &= live - 1;
  return {&part, index * 64 + static_cast<size_t>(std::countr_zero(live))};
}

size_t FileList::NumberOf(const Part& part, size_t row) const {
  if (part.removed == nullptr) return part.first + row;
  uint64_t below = ~part.removed->rows.words()[row / 64] & ((uint64_t{1} << (row % 64)) - 1);
  return part.first + part.removed->live_before[row / 64] + static_cast<size_t>(std::popcount(below));
}

AddFile FileList::operator[](size_t i) const {
  Place place = PlaceOf(i);
  return place.part->segment->At(place.row);
}

std::vector<AddFile> FileList::ToVector() const {
  std::vector<AddFile> files;
  files.reserve(size_);
  for (AddFile file : *this) files.push_back(std::move(file));
  return files;
}

int64_t FileList::SizeOf(size_t i) const {
  Place place = PlaceOf(i);
  return place.part->segment->SizeOf(place.row);
}

const PartitionValues& FileList::PartitionOf(size_t i) const {
  Place place = PlaceOf(i);
  return place.part->segment->partitions()[place.part->segment->PartitionCode(place.row)];
}

bool FileList::HasVector(size_t i) const {
  Place place = PlaceOf(i);
  return place.part->segment->VectorOf(place.row) != nullptr;
}

std::optional<int64_t> FileList::LiveRowsOf(size_t i) const {
  Place place = PlaceOf(i);
  int64_t rows = place.part->segment->NumRecords()[place.row];
  if (rows < 0) return std::nullopt;
  const DeletionVectorDescriptor* vector = place.part->segment->VectorOf(place.row);
  return vector == nullptr ? rows : rows - vector->cardinality;
}

std::optional<int64_t> FileList::LiveRows() const {
  int64_t total = 0;
  for (const Part& part : parts_) {
    const PackedInts& counts = part.segment->NumRecords();
    for (size_t row = 0; row < counts.size(); ++row) {
      if (!part.IsLive(row)) continue;
      if (counts[row] < 0) return std::nullopt;
      total = SaturatingAdd(total, counts[row]);
    }
  }
  ForEachVector([&](const DeletionVectorDescriptor& vector) { total = SaturatingSubtract(total, vector.cardinality); });
  return total;
}

std::set<PartitionValues> FileList::Partitions() const {
  std::set<PartitionValues> all;
  for (const Part& part : parts_) {
    if (part.removed == nullptr) {
      all.insert(part.segment->partitions().begin(), part.segment->partitions().end());
      continue;
    }
    std::vector<bool> live(part.segment->partitions().size());
    for (size_t row = 0; row < part.segment->size(); ++row) {
      if (part.IsLive(row)) live[part.segment->PartitionCode(row)] = true;
    }
    for (size_t code = 0; code < live.size(); ++code) {
      if (live[code]) all.insert(part.segment->partitions()[code]);
    }
  }
  return all;
}

void FileList::ForEachVector(const std::function<void(const DeletionVectorDescriptor&)>& visit) const {
  for (const Part& part : parts_) {
    for (const auto& [row, vector] : part.segment->vectors()) {
      if (part.IsLive(row)) visit(vector);
    }
  }
}

template <typename Visit>
void FileList::FindRows(std::string_view key, Visit visit) const {
  KeyParts wanted = PartsOf(key);
  for (size_t i = 0; i < parts_.size(); ++i) {
    const FileSegment& segment = *parts_[i].segment;
    segment.Find(wanted.path, [&](size_t row) {
      if (parts_[i].IsLive(row) && HasVectorId(segment, row, wanted.vector_id)) visit(i, row);
    });
  }
}

std::optional<size_t> FileList::Find(std::string_view key) const {
  std::optional<size_t> found;
  FindRows(key, [&](size_t part, size_t row) { found = NumberOf(parts_[part], row); });
  return found;
}

std::vector<size_t> FileList::FindPath(std::string_view log_path) const {
  std::string path = FileKey(log_path, std::nullopt);
  std::vector<size_t> found;
  for (const Part& part : parts_) {
    part.segment->Find(path, [&](size_t row) {
      if (part.IsLive(row)) found.push_back(NumberOf(part, row));
    });
  }
  return found;
}

FileList FileList::After(const std::unordered_set<std::string>& removed_keys, const std::vector<AddFile>& added) const {
  FileList after = *this;
  std::vector<std::optional<Bitmap>> removed(parts_.size());
  for (const std::string& key : removed_keys) {
    FindRows(key, [&](size_t i, size_t row) {
      if (!removed[i]) removed[i] = parts_[i].removed ? parts_[i].removed->rows : Bitmap(parts_[i].segment->size());
      if (removed[i]->Get(row)) return;
      removed[i]->Set(row);
      --after.parts_[i].live;
      after.total_size_ = SaturatingSubtract(after.total_size_, parts_[i].segment->SizeOf(row));
    });
  }
  for (size_t i = 0; i < removed.size(); ++i) {
    if (removed[i]) after.parts_[i].removed = RemovedOf(*std::move(removed[i]));
  }
  std::erase_if(after.parts_, [](const Part& part) { return part.live == 0; });
  after.Renumber();
  FileListBuilder more;
  for (const AddFile& file : added) more.Add(file);
  FileList tail = std::move(more).Finish();
  for (const Part& part : tail.parts_) after.Append(part.segment);
  after.Tidy();
  return after;
}

void FileList::Tidy() {
  for (Part& part : parts_) {
    if (part.live * 2 >= part.segment->size()) continue;
    part.segment = Joined({&part, 1});
    part.removed = nullptr;
  }
  while (parts_.size() > 1) {
    const Part &last = parts_[parts_.size() - 1], &before = parts_[parts_.size() - 2];
    size_t live = last.live + before.live;
    if (before.live > 2 * last.live || live > FileSegment::kMaxRows) break;
    Part both{Joined({&before, 2}), nullptr, before.first, live};
    parts_.resize(parts_.size() - 2);
    parts_.push_back(std::move(both));
  }
  CHECK(parts_.empty() || parts_.back().first + parts_.back().live == size_);
}

size_t FileList::bytes() const {
  size_t total = 0;
  for (const Part& part : parts_) {
    total += sizeof(part) + part.segment->bytes();
    if (part.removed) total += part.removed->rows.bytes() + part.removed->live_before.capacity() * sizeof(uint32_t);
  }
  return total;
}

void FileListBuilder::Add(const AddFile& file) {
  rows_.Add(file);
  if (rows_.size() == FileSegment::kMaxRows) Flush();
}

void FileListBuilder::Add(std::shared_ptr<const FileSegment> segment) {
  Flush();
  list_.Append(std::move(segment));
}

void FileListBuilder::Flush() {
  if (rows_.size() > 0) list_.Append(rows_.Finish());
}

FileList FileListBuilder::Finish() && {
  Flush();
  return std::move(list_);
}

}  // namespace ashlar::delta
