// The version checksum file <v>.crc (Delta protocol, "Version Checksum File"): what a version amounts to,
// written after its commit and never overwritten. A reader that replays the log compares.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "delta/snapshot.h"

namespace ashlar::delta {

struct VersionChecksum {
  std::optional<std::string> txn_id;
  int64_t table_size_bytes = 0;
  int64_t num_files = 0;
  std::optional<int64_t> in_commit_timestamp_ms;
  Metadata metadata;
  Protocol protocol;
  // Optional in the file; nullopt when its writer left them out.
  std::optional<std::map<std::string, SetTransaction>> transactions;
  std::optional<std::map<std::string, DomainMetadata>> domains;
  std::optional<int64_t> num_deletion_vectors;
  std::optional<int64_t> num_deleted_records;
  // Files by deleted rows: 0, 1–9, 10–99, …, the last from 100,000,000 on.
  std::optional<std::array<int64_t, 10>> deleted_record_counts;
};

std::string ChecksumFileName(int64_t version);
std::string ChecksumText(const VersionChecksum& checksum);
// Errors: kMalformedRequest for text that is no checksum.
Result<VersionChecksum> ParseChecksum(std::string_view text);

VersionChecksum ChecksumOf(const Snapshot& snapshot);
// The checksum of the version after `before`, which has these actions. nullopt when a removal does not
// say the size of its file.
std::optional<VersionChecksum> ChecksumAfter(VersionChecksum before, std::span<const Action> commit);

// What differs between a checksum and a replayed state; empty when nothing does.
std::string ChecksumMismatch(const VersionChecksum& checksum, const SnapshotState& state);

}  // namespace ashlar::delta
