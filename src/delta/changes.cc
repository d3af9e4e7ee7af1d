#include "delta/changes.h"

#include <algorithm>
#include <map>
#include <set>

#include "delta/history.h"
#include "delta/log/replay.h"
#include "delta/partition_values.h"

namespace ashlar::delta {
namespace {

constexpr const char* kFeedProperty = "delta.enableChangeDataFeed";

using Rows = std::shared_ptr<const DeletionVector>;

Rows RowsIn(const std::optional<DeletionVector>& these, const std::optional<DeletionVector>& but_not) {
  std::vector<uint64_t> left = these ? these->ToRows() : std::vector<uint64_t>{};
  std::vector<uint64_t> right = but_not ? but_not->ToRows() : std::vector<uint64_t>{};
  std::vector<uint64_t> rows;
  std::ranges::set_difference(left, right, std::back_inserter(rows));
  return rows.empty() ? nullptr : std::make_shared<const DeletionVector>(DeletionVector::FromRows(std::move(rows)));
}

AddFile AsAdd(const RemoveFile& removed) {
  AddFile file;
  file.path = removed.path;
  file.partition_values = removed.partition_values;
  file.size = removed.size.value_or(0);
  file.deletion_vector = removed.deletion_vector;
  file.stats = removed.stats;
  return file;
}

// Files of one kind, in as many parts as it takes for none to hold a file twice.
class Parts {
 public:
  explicit Parts(SnapshotState empty) : empty_(std::move(empty)) {}

  void Add(AddFile file, Rows rows) {
    auto open = std::ranges::find_if(parts_, [&](const Part& part) { return !part.paths.contains(file.path); });
    if (open == parts_.end()) open = parts_.insert(parts_.end(), Part{});
    open->paths.insert(file.path);
    open->files.push_back(std::move(file));
    open->rows.push_back(std::move(rows));
  }

  void MoveInto(const Snapshot& table, std::vector<ChangesPart>& out) {
    for (Part& part : parts_) {
      SnapshotState state = empty_;
      state.files = part.files;
      out.push_back({std::make_shared<const Snapshot>(table.root(), std::move(state), table.source_roots()), std::move(part.rows)});
    }
  }

 private:
  struct Part {
    std::set<std::string> paths;
    std::vector<AddFile> files;
    std::vector<Rows> rows;
  };
  SnapshotState empty_;
  std::vector<Part> parts_;
};

class Reader {
 public:
  Reader(const TableLocation& table, const Snapshot& latest, const Schema& schema)
      : table_(table), latest_(latest), marked_(StateOf(schema, true)), cdc_(StateOf(schema, false)) {}

  Status TakeVersion(const HistoryEntry& entry, const std::vector<Action>& actions) {
    version_ = entry.version;
    timestamp_ms_ = entry.timestamp_ms;
    bool has_cdc = std::ranges::any_of(actions, [](const Action& a) { return std::holds_alternative<AddCdcFile>(a); });
    return has_cdc ? TakeCdcFiles(actions) : TakeDataFiles(actions);
  }

  std::vector<ChangesPart> TakeParts() {
    std::vector<ChangesPart> parts;
    marked_.MoveInto(latest_, parts);
    cdc_.MoveInto(latest_, parts);
    return parts;
  }

 private:
  // cdc files hold the kind of change as a column; for data files it is one of partitioning.
  SnapshotState StateOf(const Schema& schema, bool kind_is_partition) const {
    SnapshotState state;
    state.version = latest_.version();
    state.protocol = latest_.protocol();
    state.metadata = latest_.metadata();
    state.metadata.schema_string = schema.ToJsonText();
    if (kind_is_partition) state.metadata.partition_columns.push_back(kChangeType);
    state.metadata.partition_columns.push_back(kCommitVersion);
    state.metadata.partition_columns.push_back(kCommitTimestamp);
    state.schema = schema;
    state.mapping_mode = latest_.mapping_mode();
    return state;
  }

  void Stamp(PartitionValues& values) const {
    values[kCommitVersion] = std::to_string(version_);
    values[kCommitTimestamp] = TimestampText(timestamp_ms_ * 1000) + "Z";
  }

  void Take(AddFile file, const char* kind, Rows rows = nullptr) {
    Stamp(file.partition_values);
    file.partition_values[kChangeType] = kind;
    marked_.Add(std::move(file), std::move(rows));
  }

  Status TakeCdcFiles(const std::vector<Action>& actions) {
    for (const Action& action : actions) {
      const auto* cdc = std::get_if<AddCdcFile>(&action);
      if (cdc == nullptr) continue;
      AddFile file;
      file.path = cdc->path;
      file.size = cdc->size;
      file.partition_values = cdc->partition_values;
      Stamp(file.partition_values);
      cdc_.Add(std::move(file), nullptr);
    }
    return OkStatus();
  }

  Status TakeDataFiles(const std::vector<Action>& actions) {
    std::map<std::string, const RemoveFile*> removed;
    for (const Action& action : actions) {
      const auto* remove = std::get_if<RemoveFile>(&action);
      if (remove != nullptr && remove->data_change) removed[remove->path] = remove;
    }
    for (const Action& action : actions) {
      const auto* add = std::get_if<AddFile>(&action);
      if (add == nullptr || !add->data_change) continue;
      auto before = removed.find(add->path);
      if (before == removed.end()) {
        Take(*add, "insert");
        continue;
      }
      RETURN_IF_ERROR(TakeMarkedRows(*before->second, *add));
      removed.erase(before);
    }
    for (const auto& [path, remove] : removed) {
      if (!latest_.partition_columns().empty() && remove->partition_values.empty()) {
        return MakeSqlError("DELTA_REMOVE_FILE_CDC_MISSING_EXTENDED_METADATA", "XXKDS",
                            "RemoveFile created without extended metadata is ineligible for CDC:\n" + path, {{"file", path}});
      }
      Take(AsAdd(*remove), "delete");
    }
    return OkStatus();
  }

  // The same file with other deleted rows.
  Status TakeMarkedRows(const RemoveFile& before, const AddFile& after) {
    std::optional<DeletionVector> old_rows, new_rows;
    auto load = [this](const DeletionVectorDescriptor& descriptor) {
      return LoadDeletionVector(*table_.store, table_.root, descriptor, latest_.source_roots());
    };
    if (before.deletion_vector) {
      ASSIGN_OR_RETURN(old_rows, load(*before.deletion_vector));
    }
    if (after.deletion_vector) {
      ASSIGN_OR_RETURN(new_rows, load(*after.deletion_vector));
    }
    AddFile whole = after;
    whole.deletion_vector = std::nullopt;
    if (Rows deleted = RowsIn(new_rows, old_rows)) Take(whole, "delete", std::move(deleted));
    if (Rows restored = RowsIn(old_rows, new_rows)) Take(whole, "insert", std::move(restored));
    return OkStatus();
  }

  const TableLocation& table_;
  const Snapshot& latest_;
  Parts marked_;
  Parts cdc_;
  int64_t version_ = 0;
  int64_t timestamp_ms_ = 0;
};

Error RangeError(const char* condition, const std::string& message, int64_t start, const char* other, int64_t end) {
  return MakeSqlError(condition, "22003", message, {{"start", std::to_string(start)}, {other, std::to_string(end)}});
}

Error MissingChanges(int64_t first, int64_t last, int64_t version) {
  return MakeSqlError("DELTA_MISSING_CHANGE_DATA", "KD002",
                      "Error getting change data for range [" + std::to_string(first) + " , " + std::to_string(last) +
                          "] as change data was not recorded for version [" + std::to_string(version) +
                          "]. To record change data, use `ALTER TABLE table_name SET TBLPROPERTIES (" + kFeedProperty + "=true)`.",
                      {{"startVersion", std::to_string(first)},
                       {"endVersion", std::to_string(last)},
                       {"version", std::to_string(version)},
                       {"key", kFeedProperty}});
}

Schema FeedSchema(Schema schema) {
  schema.fields.push_back({kChangeType, TypeId::kString, true, "{}"});
  schema.fields.push_back({kCommitVersion, TypeId::kLong, true, "{}"});
  schema.fields.push_back({kCommitTimestamp, TypeId::kTimestamp, true, "{}"});
  return schema;
}

}  // namespace

Result<std::optional<int64_t>> ChangesBoundary(const TableLocation& table, int64_t timestamp_ms, bool start) {
  if (!start) {
    ASSIGN_OR_RETURN(std::vector<HistoryEntry> newest, ReadHistory(table, 1));
    if (!newest.empty() && newest[0].timestamp_ms <= timestamp_ms) return std::optional(newest[0].version);
    ASSIGN_OR_RETURN(int64_t version, VersionAtTimestamp(table, timestamp_ms));
    return std::optional(version);
  }
  ASSIGN_OR_RETURN(std::optional<int64_t> first, FirstVersionSince(table, timestamp_ms));
  if (first) return first;
  // After the last commit: its error says so.
  ASSIGN_OR_RETURN(int64_t version, VersionAtTimestamp(table, timestamp_ms));
  return std::optional(version);
}

Result<TableChanges> ReadChanges(const TableLocation& table, int64_t first, std::optional<int64_t> last) {
  ASSIGN_OR_RETURN(std::shared_ptr<const Snapshot> latest, Snapshot::Load(table));
  if (last && *last < first) {
    return RangeError("DELTA_INVALID_CDC_RANGE",
                      "CDC range from start " + std::to_string(first) + " to end " + std::to_string(*last) +
                          " was invalid. End cannot be before start.", first, "end", *last);
  }
  if (first > latest->version()) {
    return RangeError("DELTA_CDC_START_VERSION_AFTER_LATEST",
                      "Start version " + std::to_string(first) + " for change data feed exceeds the latest table version " +
                          std::to_string(latest->version()) + ".", first, "latest", latest->version());
  }
  int64_t end = std::min(last.value_or(latest->version()), latest->version());
  ASSIGN_OR_RETURN(std::shared_ptr<const Snapshot> start, Snapshot::Load(table, {.version = first}));
  bool recorded = BooleanProperty(start->metadata().configuration, kFeedProperty, false);
  ASSIGN_OR_RETURN(std::vector<HistoryEntry> history, ReadHistoryBetween(table, first, end));
  TableChanges changes;
  changes.schema = FeedSchema(latest->schema());
  changes.partition_columns = latest->partition_columns();
  Reader reader(table, *latest, changes.schema);
  for (const HistoryEntry& entry : history) {
    ASSIGN_OR_RETURN(std::vector<Action> actions, ReadCommit(table, {entry.version, 0, 0, entry.staged}));
    for (const Action& action : actions) {
      const auto* metadata = std::get_if<Metadata>(&action);
      if (metadata != nullptr) recorded = BooleanProperty(metadata->configuration, kFeedProperty, false);
    }
    if (!recorded) return MissingChanges(first, end, entry.version);
    RETURN_IF_ERROR(reader.TakeVersion(entry, actions));
  }
  changes.parts = reader.TakeParts();
  return changes;
}

}  // namespace ashlar::delta
