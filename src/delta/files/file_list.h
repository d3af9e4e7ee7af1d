// FileList: the active files of one version, oldest first, as shared segments and which of their rows are
// gone. A list that follows another shares its segments: making it costs what changed. Files are numbered
// 0 … size() - 1 in the order of the list; an AddFile is made when it is asked for. Immutable, thread
// safe and cheap to copy.
#pragma once

#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "delta/files/file_segment.h"

namespace ashlar::delta {

class FileList {
 public:
  // The rows of a segment that a list does not have.
  struct Removed {
    Bitmap rows;
    std::vector<uint32_t> live_before;  // by word of `rows`
  };
  // What a list has of one segment. The live row r is the list's file first + (live rows before r).
  struct Part {
    std::shared_ptr<const FileSegment> segment;
    std::shared_ptr<const Removed> removed;  // null: nothing
    size_t first = 0;
    size_t live = 0;

    bool IsLive(size_t row) const { return removed == nullptr || !removed->rows.Get(row); }
  };

  class Iterator {
   public:
    using value_type = AddFile;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::forward_iterator_tag;
    using iterator_category = std::input_iterator_tag;  // it makes what it points at
    using reference = AddFile;

    Iterator() = default;
    Iterator(const FileList* list, size_t part) : list_(list), part_(part) { SkipRemoved(); }
    AddFile operator*() const { return list_->parts_[part_].segment->At(row_); }
    Iterator& operator++() {
      ++row_;
      SkipRemoved();
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      ++*this;
      return before;
    }
    bool operator==(const Iterator&) const = default;

   private:
    void SkipRemoved();

    const FileList* list_ = nullptr;
    size_t part_ = 0;
    size_t row_ = 0;
  };

  FileList() = default;
  FileList(const std::vector<AddFile>& files);  // NOLINT: implicit, a list is what its files are

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  AddFile operator[](size_t i) const;
  AddFile at(size_t i) const { return (*this)[i]; }
  AddFile back() const { return (*this)[size_ - 1]; }
  Iterator begin() const { return Iterator(this, 0); }
  Iterator end() const { return Iterator(this, parts_.size()); }
  std::vector<AddFile> ToVector() const;

  // Of one file, without making the rest of it.
  int64_t SizeOf(size_t i) const;
  const PartitionValues& PartitionOf(size_t i) const;
  // numRecords less what its deletion vector deletes; nullopt when it does not tell.
  std::optional<int64_t> LiveRowsOf(size_t i) const;
  bool HasVector(size_t i) const;

  // Of all files together.
  int64_t total_size() const { return total_size_; }
  std::optional<int64_t> LiveRows() const;
  // Every value of the partition columns, once.
  std::set<PartitionValues> Partitions() const;
  void ForEachVector(const std::function<void(const DeletionVectorDescriptor&)>& visit) const;

  // The file of this key (FileKey); nullopt when it is not active.
  std::optional<size_t> Find(std::string_view key) const;
  // The files of this path as in a log, whatever their deletion vectors.
  std::vector<size_t> FindPath(std::string_view log_path) const;

  // This list without the files of these keys, then `added`.
  FileList After(const std::unordered_set<std::string>& removed_keys, const std::vector<AddFile>& added) const;

  std::span<const Part> parts() const { return parts_; }
  // Bytes held by segments this list shares with others, too.
  size_t bytes() const;

 private:
  friend class FileListBuilder;

  struct Place {
    const Part* part;
    size_t row;
  };
  Place PlaceOf(size_t i) const;
  size_t NumberOf(const Part& part, size_t row) const;
  template <typename Visit>
  void FindRows(std::string_view key, Visit visit) const;
  void Append(std::shared_ptr<const FileSegment> segment);
  // Joins small segments at the end, so that a list of n files grown by commits has O(log n) of them.
  void Tidy();
  void Renumber();

  std::vector<Part> parts_;
  size_t size_ = 0;
  int64_t total_size_ = 0;
};

// A list from many files in turn.
class FileListBuilder {
 public:
  void Add(const AddFile& file);
  // Segments made elsewhere; they come in the order of the calls.
  void Add(std::shared_ptr<const FileSegment> segment);
  FileList Finish() &&;

 private:
  void Flush();

  FileSegmentBuilder rows_;
  FileList list_;
};

}  // namespace ashlar::delta
