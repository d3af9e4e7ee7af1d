// TombstoneList: the removed files of a version as far as the log still knows, in shared chunks. A list
// that follows another shares what stays. Immutable, thread safe and cheap to copy.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "delta/actions.h"

namespace ashlar::delta {

class TombstoneList {
 public:
  // Some of the list, in order.
  struct Chunk {
    std::vector<RemoveFile> files;
    std::vector<uint64_t> hashes;  // of their keys, ascending
    std::set<std::string> other_folders;  // outside of the table, that files lie in (OtherTableFolder, paths.h)
  };

  TombstoneList() = default;
  TombstoneList(std::vector<RemoveFile> files);  // NOLINT: implicit, a list is what its files are

  size_t size() const;
  const std::vector<std::shared_ptr<const Chunk>>& chunks() const { return chunks_; }
  // This list without the files of these keys (FileKey), then `added`.
  TombstoneList After(const std::unordered_set<std::string>& keys, std::vector<RemoveFile> added) const;

 private:
  std::vector<std::shared_ptr<const Chunk>> chunks_;
};

}  // namespace ashlar::delta
