#include "delta/log/file_name.h"

#include "base/check.h"
#include "base/id.h"
#include "base/text.h"
#include "objectstore/object_store.h"

namespace ashlar::delta {
namespace {

std::optional<int64_t> ParseDigits(std::string_view text, size_t width) {
  if (text.size() != width || text.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  std::optional<int64_t> value = ParseInt64(text);
  // The greatest number has no successor; nobody commits that often.
  return value == INT64_MAX ? std::nullopt : value;
}

}  // namespace

std::optional<LogFileName> ParseLogFileName(std::string_view name) {
  std::vector<std::string_view> parts = SplitView(name, '.');
  std::optional<int64_t> version = ParseDigits(parts[0], 20);
  if (!version.has_value() || parts.size() < 2) return std::nullopt;
  LogFileName file;
  file.version = *version;
  if (parts.size() == 2 && parts[1] == "json") return file;
  if (parts.size() == 2 && parts[1] == "crc") {
    file.kind = LogFileKind::kChecksum;
    return file;
  }
  if (parts.size() == 4 && parts[2] == "compacted" && parts[3] == "json") {
    std::optional<int64_t> end = ParseDigits(parts[1], 20);
    if (!end.has_value() || *end <= file.version) return std::nullopt;
    file.kind = LogFileKind::kCompacted;
    file.end_version = *end;
    return file;
  }
  if (parts[1] != "checkpoint") return std::nullopt;
  if (parts.size() == 3 && parts[2] == "parquet") {
    file.kind = LogFileKind::kCheckpoint;
    return file;
  }
  if (parts.size() == 4 && (parts[3] == "parquet" || parts[3] == "json") && IsUuid(parts[2])) {
    file.kind = LogFileKind::kUuidCheckpoint;
    file.json = parts[3] == "json";
    return file;
  }
  if (parts.size() == 5 && parts[4] == "parquet") {
    std::optional<int64_t> part = ParseDigits(parts[2], 10);
    std::optional<int64_t> count = ParseDigits(parts[3], 10);
    bool valid = part.has_value() && count.has_value() && *part >= 1 && *part <= *count &&
                 *count <= INT32_MAX;
    if (!valid) return std::nullopt;
    file.kind = LogFileKind::kMultiPartCheckpoint;
    file.part = static_cast<int32_t>(*part);
    file.parts = static_cast<int32_t>(*count);
    return file;
  }
  return std::nullopt;
}

std::optional<int64_t> StagedVersion(std::string_view name) {
  std::vector<std::string_view> parts = SplitView(name, '.');
  if (parts.size() != 3 || parts[2] != "json" || !IsUuid(parts[1])) return std::nullopt;
  return ParseDigits(parts[0], 20);
}

std::string LogDirectory(std::string_view root) { return objectstore::JoinPath(root, "_delta_log"); }
std::string StagedDirectory(std::string_view root) {
  return objectstore::JoinPath(LogDirectory(root), std::string(kStagedCommits));
}

std::string PaddedVersion(int64_t version) {
  CHECK(version >= 0) << version;
  std::string digits = std::to_string(version);
  return std::string(20 - digits.size(), '0') + digits;
}

std::string CommitFileName(int64_t version) { return PaddedVersion(version) + ".json"; }
std::string CheckpointFileName(int64_t version) {
  return PaddedVersion(version) + ".checkpoint.parquet";
}

std::string CompactedFileName(int64_t first, int64_t last) {
  return PaddedVersion(first) + "." + PaddedVersion(last) + ".compacted.json";
}

}  // namespace ashlar::delta
