#include "delta/log/checkpoint.h"

#include "base/failpoint.h"
#include "base/json.h"
#include "base/text.h"
#include "delta/features.h"
#include "delta/log/file_name.h"
#include "delta/log/log_segment.h"

namespace ashlar::delta {
namespace {

constexpr int64_t kDayMs = 24LL * 3600 * 1000;
constexpr int64_t kDefaultRetentionMs = 7 * kDayMs;

int64_t TombstoneRetentionMs(const Snapshot& snapshot) {
  std::string text = snapshot.Property("delta.deletedFileRetentionDuration");
  return ParseIntervalMs(text).value_or(kDefaultRetentionMs);
}

// Emits the rows of a checkpoint and counts them.
class CheckpointRows {
 public:
  CheckpointRows(const Snapshot& snapshot, int64_t now_ms) : snapshot_(snapshot), now_ms_(now_ms) {}

  Status EmitTo(const std::function<Status(const Action&)>& sink) {
    const SnapshotState& state = snapshot_.state();
    count_ = 0;
    auto emit = [&](Action action) -> Status {
      ++count_;
      return sink(action);
    };
    if (IsFeatureListed(state.protocol, "v2Checkpoint")) {
      RETURN_IF_ERROR(emit(CheckpointMetadata{state.version, {}}));
    }
    RETURN_IF_ERROR(emit(state.protocol));
    RETURN_IF_ERROR(emit(state.metadata));
    for (const auto& [id, txn] : state.transactions) RETURN_IF_ERROR(emit(txn));
    for (const auto& [name, domain] : state.domain_metadata) RETURN_IF_ERROR(emit(domain));
    int64_t oldest_kept = now_ms_ - TombstoneRetentionMs(snapshot_);
    for (RemoveFile remove : state.tombstones) {
      if (remove.deletion_timestamp_ms.value_or(0) <= oldest_kept) continue;
      remove.stats.reset();
      remove.tags.clear();
      remove.data_change = false;
      RETURN_IF_ERROR(emit(std::move(remove)));
    }
    for (AddFile add : state.files) {
      add.data_change = false;
      RETURN_IF_ERROR(emit(std::move(add)));
    }
    return OkStatus();
  }

  int64_t count() const { return count_; }

 private:
  const Snapshot& snapshot_;
  const int64_t now_ms_;
  int64_t count_ = 0;
};

std::optional<int64_t> UnitMs(std::string unit) {
  if (unit.ends_with('s')) unit.pop_back();
  if (unit == "millisecond") return 1;
  if (unit == "second") return 1000;
  if (unit == "minute") return 60 * 1000;
  if (unit == "hour") return 3600 * 1000;
  if (unit == "day") return kDayMs;
  if (unit == "week") return 7 * kDayMs;
  return std::nullopt;
}

}  // namespace

std::optional<int64_t> ParseIntervalMs(std::string_view text) {
  std::string lower = ToLowerAscii(text);
  std::vector<std::string> words;
  for (std::string_view word : SplitView(lower, ' ')) {
    if (!word.empty()) words.emplace_back(word);
  }
  size_t at = !words.empty() && words[0] == "interval" ? 1 : 0;
  if (at == words.size() || (words.size() - at) % 2 != 0) return std::nullopt;
  int64_t total = 0;
  for (; at < words.size(); at += 2) {
    std::optional<int64_t> count = ParseInt64(words[at]);
    std::optional<int64_t> unit = UnitMs(words[at + 1]);
    if (!count || !unit || *count < 0 || *count > INT32_MAX) return std::nullopt;
    total += *count * *unit;
  }
  return total;
}

Status WriteCheckpoint(const TableLocation& table, const Snapshot& snapshot, int64_t now_ms) {
  if (table.parquet == nullptr) return NotImplemented("writing checkpoints without a Parquet writer");
  std::string directory = LogDirectory(table.root);
  std::string path = objectstore::JoinPath(directory, CheckpointFileName(snapshot.version()));
  RETURN_IF_ERROR(Failpoint("delta.checkpoint.before_write"));
  CheckpointRows rows(snapshot, now_ms);
  RETURN_IF_ERROR(table.parquet->Write(path, [&](const auto& sink) { return rows.EmitTo(sink); }));
  RETURN_IF_ERROR(Failpoint("delta.checkpoint.after_write"));
  ASSIGN_OR_RETURN(objectstore::ObjectInfo written, table.store->Head(path));
  // The hint only moves forward: a slow writer must not point everybody to the past.
  if (ReadCheckpointHint(table).value_or(-1) >= snapshot.version()) return OkStatus();
  Json hint;
  hint["version"] = snapshot.version();
  hint["size"] = rows.count();
  hint["sizeInBytes"] = written.size;
  hint["numOfAddFiles"] = static_cast<int64_t>(snapshot.files().size());
  return table.store->PutOverwrite(objectstore::JoinPath(directory, kLastCheckpointName),
                                   WriteJson(hint));
}

}  // namespace ashlar::delta
