#include "delta/log/checkpoint.h"

#include <algorithm>

#include "base/failpoint.h"
#include "base/id.h"
#include "base/saturating.h"
#include "base/text.h"
#include "delta/features.h"
#include "delta/log/file_name.h"
#include "delta/log/checkpoint_layout.h"
#include "delta/log/last_checkpoint.h"

namespace ashlar::delta {
namespace {

constexpr int64_t kDayMs = 24LL * 3600 * 1000;
constexpr int64_t kDefaultRetentionMs = 7 * kDayMs;
// With more of them, a V2 checkpoint's top file is Parquet.
constexpr size_t kMaxJsonActions = 10000;
constexpr int64_t kClassicEvery = 10;  // V2 checkpoints

int64_t TombstoneRetentionMs(const Snapshot& snapshot) {
  std::string text = snapshot.Property("delta.deletedFileRetentionDuration");
  return ParseIntervalMs(text).value_or(kDefaultRetentionMs);
}

using RowSink = std::function<Status(const Action&)>;

// The actions of a checkpoint but for its file actions.
std::vector<Action> TableActions(const SnapshotState& state) {
  std::vector<Action> actions;
  if (IsFeatureListed(state.protocol, "v2Checkpoint")) actions.push_back(CheckpointMetadata{state.version, {}});
  actions.push_back(state.protocol);
  actions.push_back(state.metadata);
  for (const auto& [id, txn] : state.transactions) actions.push_back(txn);
  for (const auto& [name, domain] : state.domain_metadata) actions.push_back(domain);
  return actions;
}

// The file actions, by number: tombstones that are still kept, then active files.
class FileActions {
 public:
  FileActions(const Snapshot& snapshot, int64_t now_ms) : snapshot_(snapshot) {
    int64_t oldest_kept = now_ms - TombstoneRetentionMs(snapshot);
    for (const auto& chunk : snapshot.state().tombstones.chunks()) {
      for (const RemoveFile& remove : chunk->files) {
        if (remove.deletion_timestamp_ms.value_or(0) > oldest_kept) tombstones_.push_back(&remove);
      }
    }
  }
  size_t size() const { return tombstones_.size() + snapshot_.files().size(); }
  Status Emit(size_t begin, size_t end, const RowSink& sink) const {
    for (size_t i = begin; i < end; ++i) {
      if (i < tombstones_.size()) {
        RemoveFile remove = *tombstones_[i];
        remove.stats.reset();
        remove.tags.clear();
        remove.data_change = false;
        RETURN_IF_ERROR(sink(std::move(remove)));
      } else {
        AddFile add = snapshot_.files()[i - tombstones_.size()];
        add.data_change = false;
        RETURN_IF_ERROR(sink(std::move(add)));
      }
    }
    return OkStatus();
  }

 private:
  const Snapshot& snapshot_;
  std::vector<const RemoveFile*> tombstones_;
};

Status EmitAll(const std::vector<Action>& actions, const RowSink& sink) {
  for (const Action& action : actions) RETURN_IF_ERROR(sink(action));
  return OkStatus();
}

class CheckpointWriter {
 public:
  CheckpointWriter(const TableLocation& table, const Snapshot& snapshot, const CheckpointRequest& request)
      : table_(table), snapshot_(snapshot), request_(request), directory_(LogDirectory(table.root)),
        table_actions_(TableActions(snapshot.state())), files_(snapshot, request.now_ms) {}

  Result<LastCheckpoint> Write(CheckpointForm form) {
    ASSIGN_OR_RETURN(layout_, LayoutOf(snapshot_.metadata(), snapshot_.schema()));
    LastCheckpoint done;
    done.version = snapshot_.version();
    done.add_file_count = static_cast<int64_t>(snapshot_.files().size());
    if (form == CheckpointForm::kClassic) {
      RETURN_IF_ERROR(WriteClassic(&done));
    } else {
      RETURN_IF_ERROR(WriteV2(form, &done));
    }
    return done;
  }

 private:
  std::string Path(const std::string& name) const { return objectstore::JoinPath(directory_, name); }

  Status WriteClassic(LastCheckpoint* done) {
    std::string path = Path(CheckpointFileName(snapshot_.version()));
    RETURN_IF_ERROR(table_.parquet->Write(path, layout_, [&](const RowSink& sink) -> Status {
      RETURN_IF_ERROR(EmitAll(table_actions_, sink));
      return files_.Emit(0, files_.size(), sink);
    }));
    ASSIGN_OR_RETURN(objectstore::ObjectInfo written, table_.store->Head(path));
    done->size = static_cast<int64_t>(table_actions_.size() + files_.size());
    done->size_in_bytes = written.size;
    return OkStatus();
  }

  Result<Sidecar> WriteSidecar(size_t number, size_t begin, size_t end) {
    std::string digits = std::to_string(number);
    std::string name = PaddedVersion(snapshot_.version()) + ".checkpoint." + std::string(10 - digits.size(), '0') +
                       digits + "." + NewUuid(request_.random) + ".parquet";
    std::string path = Path("_sidecars/" + name);
    CheckpointLayout layout = layout_;
    layout.only_files = true;
    RETURN_IF_ERROR(table_.parquet->Write(path, layout, [&](const RowSink& sink) { return files_.Emit(begin, end, sink); }));
    ASSIGN_OR_RETURN(objectstore::ObjectInfo written, table_.store->Head(path));
    return Sidecar{name, written.size, written.modified_ms, {}};
  }

  Status WriteV2(CheckpointForm form, LastCheckpoint* done) {
    std::vector<Action> top = table_actions_;
    for (size_t begin = 0, number = 1; begin < files_.size(); ++number) {
      size_t end = std::min(begin + request_.sidecar_actions, files_.size());
      ASSIGN_OR_RETURN(Sidecar sidecar, WriteSidecar(number, begin, end));
      done->size_in_bytes += sidecar.size_in_bytes;
      top.push_back(std::move(sidecar));
      begin = end;
    }
    bool json = form == CheckpointForm::kV2Json;
    std::string name = PaddedVersion(snapshot_.version()) + ".checkpoint." + NewUuid(request_.random) +
                       (json ? ".json" : ".parquet");
    if (json) {
      std::string text;
      for (const Action& action : top) text += ActionToJson(action) + "\n";
      RETURN_IF_ERROR(table_.store->PutOverwrite(Path(name), text));
    } else {
      RETURN_IF_ERROR(table_.parquet->Write(Path(name), layout_, [&](const RowSink& sink) { return EmitAll(top, sink); }));
    }
    ASSIGN_OR_RETURN(objectstore::ObjectInfo written, table_.store->Head(Path(name)));
    done->size = static_cast<int64_t>(top.size() + files_.size());
    done->size_in_bytes += written.size;
    done->v2_name = name;
    done->v2_size_in_bytes = written.size;
    done->v2_modified_ms = written.modified_ms;
    return OkStatus();
  }

  const TableLocation& table_;
  const Snapshot& snapshot_;
  const CheckpointRequest& request_;
  const std::string directory_;
  const std::vector<Action> table_actions_;
  const FileActions files_;
  CheckpointLayout layout_;
};

CheckpointForm FormFor(const Snapshot& snapshot) {
  bool v2 = IsFeatureListed(snapshot.protocol(), "v2Checkpoint") &&
            EqualsIgnoreCase(snapshot.Property("delta.checkpointPolicy"), "v2");
  int64_t interval = ParseInt64(snapshot.Property("delta.checkpointInterval")).value_or(kClassicEvery);
  if (!v2 || snapshot.version() % (std::clamp<int64_t>(interval, 1, INT32_MAX) * kClassicEvery) == 0) return CheckpointForm::kClassic;
  bool many = snapshot.state().transactions.size() + snapshot.state().domain_metadata.size() > kMaxJsonActions;
  return many ? CheckpointForm::kV2Parquet : CheckpointForm::kV2Json;
}

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
    total = SaturatingAdd(total, *count * *unit);
  }
  return total;
}

Status WriteCheckpoint(const TableLocation& table, const Snapshot& snapshot, const CheckpointRequest& request) {
  // The protocol has them for published versions alone; the next one that is due makes up for it.
  std::string commit = objectstore::JoinPath(LogDirectory(table.root), CommitFileName(snapshot.version()));
  if (table.catalog && !table.store->Head(commit).ok()) {
    return MakeError(ErrorCode::kInvalidState, "version " + std::to_string(snapshot.version()) + " is not published yet");
  }
  if (table.parquet == nullptr) return NotImplemented("writing checkpoints without a Parquet writer");
  RETURN_IF_ERROR(Failpoint("delta.checkpoint.before_write"));
  CheckpointWriter writer(table, snapshot, request);
  ASSIGN_OR_RETURN(LastCheckpoint done, writer.Write(request.form.value_or(FormFor(snapshot))));
  RETURN_IF_ERROR(Failpoint("delta.checkpoint.after_write"));
  return AdvanceCheckpointHint(table, done);
}

}  // namespace ashlar::delta
