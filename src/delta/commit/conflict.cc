#include "delta/commit/conflict.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "delta/commit/row_tracking.h"
#include "delta/evolution/drop_feature.h"
#include "delta/features.h"

namespace ashlar::delta {
namespace {

// Properties another writer may change without disturbing a commit that does not touch metadata.
constexpr std::array kHarmlessProperties = {
    "delta.checkpointPolicy",
    "delta.enableDeletionVectors",
    "delta.enableInCommitTimestamps",
    "delta.inCommitTimestampEnablementTimestamp",
    "delta.inCommitTimestampEnablementVersion",
    "io.unitycatalog.tableId",
    "ucTableId",
};

std::string DecodedPath(const std::string& log_path) { return FileKey(log_path, std::nullopt); }

bool OnlyHarmlessDifferences(Metadata before, Metadata after) {
  for (const char* key : kHarmlessProperties) {
    before.configuration.erase(key);
    after.configuration.erase(key);
  }
  return before == after;
}

class ConflictCheck {
 public:
  ConflictCheck(const Snapshot& read, const StagedChange& change, IsolationLevel level,
                const WinningCommit& winner)
      : read_(read),
        change_(change),
        level_(level),
        version_(winner.version),
        winner_(winner.actions),
        settled_(winner.settled_paths) {
    for (const Action& action : winner_) {
      if (const auto* info = std::get_if<CommitInfo>(&action)) info_ = info;
    }
    for (const Predicate& predicate : change.read_predicates) filters_.emplace_back(read, predicate);
  }

  Status Run() {
    // Whatever came in between may need what this change takes from the table.
    bool lowers = change_.protocol.has_value() && TakesFeaturesAway(read_.protocol(), *change_.protocol);
    if (lowers) return Conflict("DELTA_PROTOCOL_CHANGED", "changed the table.");
    for (const Action& action : winner_) {
      if (const auto* protocol = std::get_if<Protocol>(&action)) {
        RETURN_IF_ERROR(CheckProtocol(*protocol));
      }
    }
    for (const Action& action : winner_) {
      if (const auto* metadata = std::get_if<Metadata>(&action)) {
        RETURN_IF_ERROR(CheckMetadata(*metadata));
      }
    }
    for (const Action& action : winner_) RETURN_IF_ERROR(CheckApplications(action));
    RETURN_IF_ERROR(CheckAddedFiles());
    RETURN_IF_ERROR(CheckRemovedFiles());
    return OkStatus();
  }

 private:
  Error Conflict(const std::string& condition, const std::string& what,
                 std::map<std::string, std::string> parameters = {}) const {
    std::string operation = info_ == nullptr || info_->operation.empty() ? "commit" : info_->operation;
    parameters["operation"] = operation;
    parameters["tableName"] = read_.root();
    parameters["version"] = std::to_string(version_);
    Error error = MakeSqlError(condition, "2D521",
                               "Transaction conflict detected: a concurrent " + operation + " on " +
                                   read_.root() + " (committed as version " + std::to_string(version_) +
                                   ") " + what + " Please retry the operation.",
                               std::move(parameters));
    error.code = ErrorCode::kAborted;
    return error;
  }

  Error FileConflict(const std::string& condition, const PartitionValues& partition,
                     const std::string& what) const {
    if (partition.empty()) return Conflict(condition + ".WITHOUT_HINT", what + ".");
    std::vector<std::string> parts;
    for (const auto& [name, value] : partition) parts.push_back(name + "=" + value.value_or("null"));
    std::string hint = "[" + Join(parts, ", ") + "]";
    return Conflict(condition + ".WITH_PARTITION_HINT", what + " in the partition " + hint + ".",
                    {{"partitionValues", hint}});
  }

  Status CheckProtocol(const Protocol& protocol) const {
    if (change_.protocol.has_value() || TakesFeaturesAway(read_.protocol(), protocol)) {
      return Conflict("DELTA_PROTOCOL_CHANGED", "changed the table's protocol.");
    }
    return CheckWritable(protocol, read_.metadata(), read_.schema());
  }

  Status CheckMetadata(const Metadata& metadata) const {
    bool disturbs = change_.metadata.has_value() || !OnlyHarmlessDifferences(read_.metadata(), metadata);
    if (!disturbs) return OkStatus();
    return Conflict("DELTA_METADATA_CHANGED", "changed the table's metadata.");
  }

  Status CheckApplications(const Action& action) const {
    if (const auto* domain = std::get_if<DomainMetadata>(&action)) {
      for (const DomainMetadata& own : change_.domains) {
        // The mark of the ids given so far is carried on, whoever gave them.
        if (own.domain != domain->domain || own.domain == kRowTrackingDomain) continue;
        return Conflict("DELTA_CONCURRENT_TRANSACTION",
                        "changed the metadata domain " + own.domain + ".");
      }
    }
    if (const auto* txn = std::get_if<SetTransaction>(&action)) {
      for (const SetTransaction& own : change_.application_versions) {
        if (own.app_id != txn->app_id) continue;
        return Conflict("DELTA_CONCURRENT_TRANSACTION",
                        "wrote for the same application " + own.app_id + ".");
      }
    }
    return OkStatus();
  }

  bool AddedFilesMatter() const {
    if (level_ == IsolationLevel::kSnapshotIsolation) return false;
    if (level_ == IsolationLevel::kSerializable || change_.metadata.has_value()) return true;
    // A blind append could as well have come after us.
    return info_ == nullptr || !info_->is_blind_append.value_or(false);
  }

  Status CheckAddedFiles() const {
    if (!AddedFilesMatter()) return OkStatus();
    for (const Action& action : winner_) {
      const auto* add = std::get_if<AddFile>(&action);
      if (add == nullptr || settled_.contains(DecodedPath(add->path))) continue;
      bool would_read = change_.read_whole_table || std::ranges::any_of(filters_, [&](const auto& f) {
                          return f.Match(*add) != FileMatch::kNone;
                        });
      if (would_read) {
        return FileConflict("DELTA_CONCURRENT_APPEND", add->partition_values,
                            "added data that this operation should have read");
      }
    }
    return OkStatus();
  }

  bool FiltersRead(const std::string& path) const {
    if (filters_.empty()) return false;
    for (size_t i : read_.files().FindPath(path)) {
      AddFile file = read_.files()[i];
      if (std::ranges::any_of(filters_, [&](const auto& f) { return f.Match(file) != FileMatch::kNone; })) return true;
    }
    return false;
  }

  Status CheckRemovedFiles() {
    std::vector<const RemoveFile*> removed;
    for (const Action& action : winner_) {
      const auto* remove = std::get_if<RemoveFile>(&action);
      if (remove != nullptr && !settled_.contains(DecodedPath(remove->path))) removed.push_back(remove);
    }
    if (removed.empty()) return OkStatus();
    for (const RemoveFile* remove : removed) {
      std::string path = DecodedPath(remove->path);
      bool was_read = change_.read_whole_table || change_.read_paths.contains(path);
      was_read = was_read || FiltersRead(remove->path);
      if (was_read) {
        return FileConflict("DELTA_CONCURRENT_DELETE_READ", remove->partition_values,
                            "deleted data that this operation read");
      }
    }
    std::set<std::string> own;
    for (const RemoveFile& remove : change_.removes) own.insert(DecodedPath(remove.path));
    for (const RemoveFile* remove : removed) {
      if (!own.contains(DecodedPath(remove->path))) continue;
      return FileConflict("DELTA_CONCURRENT_DELETE_DELETE", remove->partition_values,
                          "deleted data that this operation deletes too");
    }
    return OkStatus();
  }

  const Snapshot& read_;
  const StagedChange& change_;
  const IsolationLevel level_;
  const int64_t version_;
  const std::vector<Action>& winner_;
  const std::set<std::string>& settled_;
  const CommitInfo* info_ = nullptr;
  std::vector<FileFilter> filters_;
};

}  // namespace

std::string_view IsolationLevelName(IsolationLevel level) {
  switch (level) {
    case IsolationLevel::kSerializable:
      return "Serializable";
    case IsolationLevel::kWriteSerializable:
      return "WriteSerializable";
    case IsolationLevel::kSnapshotIsolation:
      return "SnapshotIsolation";
  }
  return "Serializable";
}

bool StagedChange::OnlyRearranges() const {
  auto rearranges = [](const auto& file) { return !file.data_change; };
  bool has_files = !adds.empty() || !removes.empty();
  bool others = metadata.has_value() || protocol.has_value() || !cdc_files.empty() ||
                !application_versions.empty() ||
                std::ranges::any_of(domains, [](const auto& d) { return d.domain != kRowTrackingDomain; });
  return has_files && !others && std::ranges::all_of(adds, rearranges) &&
         std::ranges::all_of(removes, rearranges);
}

Status CheckConflict(const Snapshot& read, const StagedChange& change, IsolationLevel level,
                     const WinningCommit& winner) {
  CHECK_LT(read.version(), winner.version);
  return ConflictCheck(read, change, level, winner).Run();
}

}  // namespace ashlar::delta
