#include "delta/files/tombstone_list.h"

#include <algorithm>
#include <functional>

#include "delta/paths.h"

namespace ashlar::delta {
namespace {

using Chunk = TombstoneList::Chunk;

uint64_t HashOf(const std::string& key) { return std::hash<std::string>()(key); }

std::shared_ptr<const Chunk> ChunkOf(std::vector<RemoveFile> files) {
  auto chunk = std::make_shared<Chunk>();
  chunk->files = std::move(files);
  for (const RemoveFile& file : chunk->files) {
    chunk->hashes.push_back(HashOf(FileKey(file)));
    if (auto folder = OtherTableFolder(file.path)) chunk->other_folders.insert(*std::move(folder));
  }
  std::ranges::sort(chunk->hashes);
  return chunk;
}

bool MayHold(const Chunk& chunk, const std::unordered_set<std::string>& keys) {
  return std::ranges::any_of(keys, [&](const std::string& key) { return std::ranges::binary_search(chunk.hashes, HashOf(key)); });
}

}  // namespace

TombstoneList::TombstoneList(std::vector<RemoveFile> files) {
  if (!files.empty()) chunks_.push_back(ChunkOf(std::move(files)));
}

size_t TombstoneList::size() const {
  size_t total = 0;
  for (const auto& chunk : chunks_) total += chunk->files.size();
  return total;
}

TombstoneList TombstoneList::After(const std::unordered_set<std::string>& keys, std::vector<RemoveFile> added) const {
  TombstoneList after;
  for (const auto& chunk : chunks_) {
    if (!MayHold(*chunk, keys)) {
      after.chunks_.push_back(chunk);
      continue;
    }
    std::vector<RemoveFile> kept;
    for (const RemoveFile& file : chunk->files) {
      if (!keys.contains(FileKey(file))) kept.push_back(file);
    }
    if (!kept.empty()) after.chunks_.push_back(ChunkOf(std::move(kept)));
  }
  // Chunks at the end join while they are of about one size: a list grown by commits has few.
  while (!added.empty() && !after.chunks_.empty() && after.chunks_.back()->files.size() <= 2 * added.size()) {
    std::vector<RemoveFile> both = after.chunks_.back()->files;
    after.chunks_.pop_back();
    std::ranges::move(added, std::back_inserter(both));
    added = std::move(both);
  }
  if (!added.empty()) after.chunks_.push_back(ChunkOf(std::move(added)));
  return after;
}

}  // namespace ashlar::delta
