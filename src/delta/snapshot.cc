#include "delta/snapshot.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "delta/history.h"
#include "delta/log/file_name.h"
#include "delta/log/last_checkpoint.h"
#include "delta/log/log_segment.h"
#include "delta/log/replay.h"
#include "delta/partition_values.h"
#include "delta/paths.h"

namespace ashlar::delta {
namespace {

Error NotADeltaTable(const std::string& root) {
  Error error = MakeSqlError("DELTA_MISSING_DELTA_TABLE", "42P01",
                             "`" + root + "` is not a Delta table.", {{"tableName", "`" + root + "`"}});
  error.code = ErrorCode::kNotFound;
  return error;
}

Error VersionNotFound(int64_t version, int64_t earliest, int64_t latest) {
  return MakeSqlError("DELTA_VERSION_NOT_FOUND", "22003",
                      "Cannot time travel Delta table to version " + std::to_string(version) +
                          ". Available versions: [" + std::to_string(earliest) + ", " +
                          std::to_string(latest) + "].",
                      {{"userVersion", std::to_string(version)},
                       {"earliest", std::to_string(earliest)},
                       {"latest", std::to_string(latest)}});
}

// The oldest version the files can rebuild.
int64_t EarliestVersion(const LogListing& listing) {
  bool from_zero = !listing.commits.empty() && listing.commits.front().version == 0;
  if (from_zero || listing.checkpoints.empty()) return 0;
  return listing.checkpoints.front().version;
}

// Tries the checkpoints at or before `version`, newest first, then none at all. A checkpoint that
// cannot be read costs time, not the table, as long as an older one and the commits are there.
Result<SnapshotState> LoadVersion(const TableLocation& table, const LogListing& listing,
                                  int64_t version) {
  std::optional<Error> first_error;
  for (auto it = listing.checkpoints.rbegin(); it != listing.checkpoints.rend(); ++it) {
    if (it->version > version) continue;
    Result<LogSegment> segment = MakeSegment(table, listing, *it, version);
    if (!segment.ok()) {
      if (!first_error.has_value()) first_error = segment.error();
      continue;
    }
    Result<SnapshotState> state = Replay(table, *segment, nullptr);
    if (state.ok() || !IsUnreadableCheckpoint(state.error())) return state;
    if (!first_error.has_value()) first_error = state.error();
    // No checkpoint repairs a table that has lost its protocol or metadata.
    if (state.error().condition == "DELTA_STATE_RECOVER_ERROR") return state;
  }
  Result<LogSegment> segment = MakeSegment(table, listing, std::nullopt, version);
  if (!segment.ok()) return first_error.has_value() ? *first_error : segment.error();
  Result<SnapshotState> state = Replay(table, *segment, nullptr);
  if (!state.ok() && first_error.has_value()) return *first_error;
  return state;
}

Result<LogListing> ListForLoad(const TableLocation& table, std::optional<int64_t> version) {
  std::optional<int64_t> hint = ReadCheckpointHint(table);
  if (hint.has_value() && (!version.has_value() || *hint <= *version)) {
    ASSIGN_OR_RETURN(LogListing listing, ListLog(table, *hint));
    if (!listing.checkpoints.empty() && listing.checkpoints.front().version == *hint) return listing;
  }
  return ListLog(table, 0);
}

// Canonical folders outside of the table that files of the version lie in, or files removed from it, which a change feed
// and a RESTORE come back to.
std::vector<std::string> OtherFoldersOf(const TableLocation& table, const SnapshotState& state) {
  std::set<std::string> folders;
  for (const FileList::Part& part : state.files.parts()) {
    folders.insert(part.segment->other_folders().begin(), part.segment->other_folders().end());
  }
  for (const auto& chunk : state.tombstones.chunks()) {
    folders.insert(chunk->other_folders.begin(), chunk->other_folders.end());
  }
  std::erase_if(folders, [&](const std::string& folder) { return (folder + "/").starts_with(table.root + "/"); });
  return {folders.begin(), folders.end()};
}

// Where the files of the version may lie besides the table's own folder: asked again for every statement.
Result<std::vector<std::string>> SourceRootsOf(const TableLocation& table, const SnapshotState& state) {
  if (!table.source_roots.empty() || table.others == nullptr) return table.source_roots;
  std::vector<std::string> folders = OtherFoldersOf(table, state);
  if (folders.empty()) return folders;
  return table.others->Readable(folders);
}

Result<std::shared_ptr<const Snapshot>> MakeSnapshot(const TableLocation& table, SnapshotState state) {
  ASSIGN_OR_RETURN(std::vector<std::string> roots, SourceRootsOf(table, state));
  return std::make_shared<const Snapshot>(table.root, std::move(state), std::move(roots));
}

}  // namespace

Result<std::shared_ptr<const Snapshot>> Snapshot::Load(const TableLocation& table,
                                                       const TimeTravel& at) {
  CHECK(table.store != nullptr);
  CHECK(!at.version.has_value() || !at.timestamp_ms.has_value()) << "time travel by both";
  std::optional<int64_t> wanted = at.version;
  if (at.timestamp_ms.has_value()) {
    ASSIGN_OR_RETURN(wanted, VersionAtTimestamp(table, *at.timestamp_ms));
  }
  ASSIGN_OR_RETURN(LogListing listing, ListForLoad(table, wanted));
  if (listing.empty()) return NotADeltaTable(table.root);
  int64_t version = wanted.value_or(listing.latest());
  if (version < 0 || version > listing.latest()) {
    ASSIGN_OR_RETURN(listing, ListLog(table, 0));
    return VersionNotFound(version, EarliestVersion(listing), listing.latest());
  }
  Result<SnapshotState> state = LoadVersion(table, listing, version);
  if (!state.ok() && IsUnreadableCheckpoint(state.error())) {
    // The listing may have begun at the hint: look for older checkpoints and commits.
    ASSIGN_OR_RETURN(LogListing whole, ListLog(table, 0));
    bool has_more = whole.commits.size() > listing.commits.size() ||
                    whole.checkpoints.size() > listing.checkpoints.size();
    if (has_more) state = LoadVersion(table, whole, version);
    if (!state.ok() && version < EarliestVersion(whole)) {
      return VersionNotFound(version, EarliestVersion(whole), whole.latest());
    }
  }
  if (!state.ok()) return std::move(state).error();
  CHECK_EQ(state->version, version);
  return MakeSnapshot(table, *std::move(state));
}

Result<std::shared_ptr<const Snapshot>> Snapshot::Update(const TableLocation& table,
                                                         std::shared_ptr<const Snapshot> older) {
  CHECK(older != nullptr);
  ASSIGN_OR_RETURN(LogListing listing, FollowLog(table, older->version()));
  const SnapshotState& state = older->state();
  bool same_log = !listing.commits.empty() && listing.commits[0].version == state.version &&
                  listing.commits[0].size == state.commit_size &&
                  // Publication gives a commit another time, and none but the catalog's can have the version.
                  (table.catalog || listing.commits[0].modified_ms == state.commit_modified_ms);
  if (!same_log) return Load(table);
  if (listing.latest() == state.version) {
    ASSIGN_OR_RETURN(std::vector<std::string> roots, SourceRootsOf(table, state));
    if (older->source_roots() == roots) return older;
    return std::make_shared<const Snapshot>(table.root, state, std::move(roots));
  }
  LogSegment segment;
  segment.version = listing.commits.back().version;
  segment.version_commit = listing.commits.back();
  segment.commits.assign(listing.commits.begin() + 1, listing.commits.end());
  for (size_t i = 0; i < segment.commits.size(); ++i) {
    // A gap: only a full load can tell whether a checkpoint bridges it.
    if (segment.commits[i].version != state.version + 1 + static_cast<int64_t>(i)) return Load(table);
  }
  if (listing.latest() != segment.version) return Load(table);
  ASSIGN_OR_RETURN(SnapshotState updated, Replay(table, segment, older.get()));
  return MakeSnapshot(table, std::move(updated));
}

std::optional<int64_t> Snapshot::TransactionVersion(const std::string& app_id) const {
  auto it = state_.transactions.find(app_id);
  if (it == state_.transactions.end()) return std::nullopt;
  return it->second.version;
}

std::string Snapshot::Property(const std::string& key, const std::string& otherwise) const {
  auto it = state_.metadata.configuration.find(key);
  return it == state_.metadata.configuration.end() ? otherwise : it->second;
}

Result<std::string> Snapshot::DataPath(const AddFile& file) const {
  return ResolveLogPath(root_, file.path, source_roots_);
}

Result<Value> Snapshot::PartitionValue(const PartitionValues& values, const std::string& column,
                                       const WallClock& clock) const {
  auto is_named = [&](const std::string& name) { return EqualsIgnoreCase(name, column); };
  int index = state_.schema.IndexOf(column);
  if (index < 0 || std::ranges::none_of(partition_columns(), is_named)) {
    return MakeError(ErrorCode::kInvalidParameterValue, "not a partition column: " + column);
  }
  const Field& field = state_.schema.fields[static_cast<size_t>(index)];
  auto value = values.find(PhysicalName(field, state_.mapping_mode));
  if (value == values.end()) return Value::Null(field.type);
  return DecodePartitionValue(value->second, field.type, clock);
}

Result<bool> IsDeltaTable(const TableLocation& table) {
  ASSIGN_OR_RETURN(LogListing listing, ListLog(table, 0));
  return !listing.empty();
}

}  // namespace ashlar::delta
