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
};

struct LogFileName {
  LogFileKind kind = LogFileKind::kCommit;
  int64_t version = 0;
  int32_t part = 0;
  int32_t parts = 0;
  bool json = false;
};

// nullopt for every other file: compacted logs, checksums, temporary and foreign files.
std::optional<LogFileName> ParseLogFileName(std::string_view name);

std::string LogDirectory(std::string_view root);
// "00000000000000000012"
std::string PaddedVersion(int64_t version);
std::string CommitFileName(int64_t version);
std::string CheckpointFileName(int64_t version);
inline constexpr std::string_view kLastCheckpointName = "_last_checkpoint";

}  // namespace ashlar::delta
