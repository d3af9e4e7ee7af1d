// The names of files in _delta_log (Delta protocol, "File Types").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ashlar::delta {

enum class LogFileKind {
  kCommit,               // <v>.json
  kCheckpoint,           // <v>.checkpoint.parquet
  kMultiPartCheckpoint,  // <v>.checkpoint.<part>.<parts>.parquet
  kUuidCheckpoint,       // <v>.checkpoint.<uuid>.{json,parquet}
  kCompacted,            // <v>.<end>.compacted.json
  kChecksum,             // <v>.crc
};

struct LogFileName {
  LogFileKind kind = LogFileKind::kCommit;
  int64_t version = 0;
  int32_t part = 0;
  int32_t parts = 0;
  bool json = false;
  int64_t end_version = 0;  // of a compacted file, inclusive
};

// nullopt for every other file: temporary and foreign ones.
std::optional<LogFileName> ParseLogFileName(std::string_view name);
// The version of "<v>.<uuid>.json", a staged commit's name; nullopt for every other.
std::optional<int64_t> StagedVersion(std::string_view name);

std::string LogDirectory(std::string_view root);
// Where the staged commits of a catalog-managed table lie.
std::string StagedDirectory(std::string_view root);
// "00000000000000000012"
std::string PaddedVersion(int64_t version);
std::string CommitFileName(int64_t version);
std::string CheckpointFileName(int64_t version);
std::string CompactedFileName(int64_t first, int64_t last);
// Below _delta_log.
inline constexpr std::string_view kStagedCommits = "_staged_commits";
inline constexpr std::string_view kLastCheckpointName = "_last_checkpoint";

}  // namespace ashlar::delta
