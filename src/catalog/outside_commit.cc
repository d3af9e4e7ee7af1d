#include "catalog/outside_commit.h"

#include <algorithm>

#include "base/text.h"
#include "catalog/local_path.h"
#include "catalog/managed_commit.h"
#include "catalog/tables/ratified_commits_table.h"
#include "delta/catalog_commits.h"
#include "delta/features.h"
#include "delta/log/file_name.h"

namespace ashlar::catalog {
namespace {

using objectstore::PutOutcome;
using sql::Securable;

// As many as Unity Catalog's own server has.
constexpr size_t kMostUnpublished = 10;
// Of a staged file, which is read as a whole.
constexpr int64_t kMostStagedBytes = int64_t{256} << 20;

Error InvalidCommit(std::string message) { return MakeError(ErrorCode::kInvalidParameterValue, std::move(message)); }

struct ManagedRow {
  SecurableRow row;
  sql::RatifiedCommits commits;
};

// The table, for whoever may read or write it, or only who may write it.
Result<ManagedRow> FindManaged(Authorizer& authorizer, const std::string& uuid, sql::Access access) {
  ASSIGN_OR_RETURN(auto ratified, RatifiedFor(authorizer, uuid));
  ASSIGN_OR_RETURN(auto row, SecurablesTable::Find(authorizer.txn(), uuid));
  CHECK(row.has_value());
  if (access == sql::Access::kWrite) {
    ASSIGN_OR_RETURN(Chain chain, authorizer.ChainOf(*row));
    RETURN_IF_ERROR(authorizer.Require(chain, "MODIFY"));
  }
  if (!ratified) return InvalidCommit("The table " + uuid + " is not catalog-managed: its log says what its versions are");
  return ManagedRow{*std::move(row), *std::move(ratified)};
}

// Clients name the table twice, so that none commits to one what it wrote into the folder of another.
Status CheckLocation(const std::string& said, const SecurableRow& row) {
  std::string_view text = said;
  while (text.ends_with('/')) text.remove_suffix(1);
  Result<WrittenPath> path = ParsePath(text);
  if (path.ok() && path->plain == row.location) return OkStatus();
  return InvalidCommit("table_uri " + said + " is not where the table " + row.uuid + " lies");
}

std::string StagedPathOf(const SecurableRow& row, const std::string& name) {
  return delta::StagedDirectory(row.location) + "/" + name;
}

std::string_view FirstLine(std::string_view text) { return text.substr(0, text.find('\n')); }

// The commitInfo that a commit begins with; nullopt where it begins with anything else.
std::optional<delta::CommitInfo> CommitInfoIn(std::string_view text) {
  Result<std::optional<delta::Action>> action = delta::ActionFromJson(FirstLine(text));
  if (!action.ok() || !action->has_value()) return std::nullopt;
  if (auto* info = std::get_if<delta::CommitInfo>(&**action)) return std::move(*info);
  return std::nullopt;
}

// What the table is to be says what it must, and says it of this table.
Status CheckManagedMetadata(const delta::Metadata& metadata, const std::string& uuid) {
  if (!delta::BooleanProperty(metadata.configuration, "delta.enableInCommitTimestamps", false)) {
    return InvalidCommit("its metaData switches delta.enableInCommitTimestamps off, which a catalog-managed table needs");
  }
  auto id = metadata.configuration.find(delta::kUnityTableId);
  if (id != metadata.configuration.end() && id->second == uuid) return OkStatus();
  return InvalidCommit(std::string("its metaData must have the property ") + delta::kUnityTableId + " = " + uuid);
}

Status CheckManagedProtocol(const delta::Protocol& protocol) {
  for (const char* needed : {"catalogManaged", "inCommitTimestamp"}) {
    if (!delta::IsFeatureListed(protocol, needed)) {
      return InvalidCommit(std::string("its protocol lacks the feature ") + needed + ", which the table keeps");
    }
  }
  return OkStatus();
}

// Every line is an action, and those that say what the table is keep it catalog-managed.
Status CheckActions(const std::string& text, const std::string& uuid) {
  int infos = 0, metadatas = 0, protocols = 0;
  return delta::ParseActions(text, [&](const delta::Action& action) -> Status {
    if (std::holds_alternative<delta::CommitInfo>(action) && ++infos > 1) return InvalidCommit("it has two commitInfos");
    if (auto* metadata = std::get_if<delta::Metadata>(&action)) {
      if (++metadatas > 1) return InvalidCommit("it has two metaData actions");
      return CheckManagedMetadata(*metadata, uuid);
    }
    if (auto* protocol = std::get_if<delta::Protocol>(&action)) {
      if (++protocols > 1) return InvalidCommit("it has two protocol actions");
      return CheckManagedProtocol(*protocol);
    }
    bool of_checkpoints = std::holds_alternative<delta::CheckpointMetadata>(action) || std::holds_alternative<delta::Sidecar>(action);
    return of_checkpoints ? Status(InvalidCommit("it has an action of checkpoints")) : OkStatus();
  });
}

// Times within commits rise with their versions.
Status CheckTime(const Environment& environment, const ManagedRow& table, const StagedCommit& staged) {
  int64_t before = staged.version - 1;
  auto kept = table.commits.staged.find(before);
  std::string path = kept != table.commits.staged.end() ? StagedPathOf(table.row, kept->second)
                                                        : delta::LogDirectory(table.row.location) + "/" + delta::CommitFileName(before);
  ASSIGN_OR_RETURN(std::string text, environment.store.Read(path));
  std::optional<delta::CommitInfo> info = CommitInfoIn(text);
  if (!info || !info->in_commit_timestamp_ms || *info->in_commit_timestamp_ms < staged.timestamp_ms) return OkStatus();
  return InvalidCommit("its inCommitTimestamp is not above that of version " + std::to_string(before) + ", " +
                       std::to_string(*info->in_commit_timestamp_ms));
}

// The text of the staged file, which is in its place and whole.
Result<std::string> ReadStaged(const Environment& environment, const SecurableRow& row, const StagedCommit& staged) {
  if (delta::StagedVersion(staged.file_name) != staged.version) {
    return InvalidCommit("it is not named <version>.<uuid>.json, with 20 digits of the version " + std::to_string(staged.version));
  }
  std::string path = StagedPathOf(row, staged.file_name);
  ASSIGN_OR_RETURN(std::string canonical, CanonicalPath(path));
  if (canonical != path) return InvalidCommit("it leads out of its table");
  Result<objectstore::ObjectInfo> info = environment.store.Head(path);
  if (!info.ok() && info.error().code == ErrorCode::kNotFound) return InvalidCommit("there is no such file in _delta_log/_staged_commits");
  if (!info.ok()) return std::move(info).error();
  if (info->size != staged.file_size) {
    return InvalidCommit("it has " + std::to_string(info->size) + " bytes, and file_size says " + std::to_string(staged.file_size));
  }
  if (info->size > kMostStagedBytes) return InvalidCommit("it has more than " + std::to_string(kMostStagedBytes) + " bytes");
  return environment.store.Read(path);
}

// The commit that the file holds, fit to be ratified.
Result<TableCommit> ReadCommit(const Environment& environment, const ManagedRow& table, const StagedCommit& staged) {
  ASSIGN_OR_RETURN(std::string text, ReadStaged(environment, table.row, staged));
  std::optional<delta::CommitInfo> info = CommitInfoIn(text);
  if (!info || !info->in_commit_timestamp_ms || !info->txn_id || info->txn_id->empty()) {
    return InvalidCommit("it does not begin with a commitInfo that has inCommitTimestamp and txnId");
  }
  if (*info->in_commit_timestamp_ms != staged.timestamp_ms) {
    return InvalidCommit("its inCommitTimestamp is " + std::to_string(*info->in_commit_timestamp_ms) + ", and timestamp says " +
                         std::to_string(staged.timestamp_ms));
  }
  RETURN_IF_ERROR(CheckActions(text, table.row.uuid));
  if (staged.version == table.commits.latest_version + 1) RETURN_IF_ERROR(CheckTime(environment, table, staged));
  return TableCommit{table.row.uuid, table.row.location, staged.version, std::move(text), *info->txn_id};
}

// Too many that are not published make every reader slow; what can be published is, first.
Status MakeRoom(const Environment& environment, const ManagedRow& table) {
  if (table.commits.staged.size() < kMostUnpublished || PublishTable(environment, table.row).ok()) return OkStatus();
  return MakeError(ErrorCode::kRequestLimitExceeded,
                   "The table " + table.row.uuid + " has " + std::to_string(table.commits.staged.size()) +
                       " commits that are not published, the most that may be: publish them first");
}

Status CheckVersions(const OutsideCommit& commit, int64_t latest) {
  if (commit.latest_published && *commit.latest_published > latest) {
    return InvalidCommit("latest_backfilled_version " + std::to_string(*commit.latest_published) +
                         " is beyond the latest version of the table, " + std::to_string(latest));
  }
  if (!commit.staged || commit.staged->version <= latest + 1) return OkStatus();
  return InvalidCommit("Version " + std::to_string(commit.staged->version) + " does not follow the latest version of the table, " +
                       std::to_string(latest));
}

Status ToStatus(PutOutcome outcome, const StagedCommit& staged) {
  std::string version = "Version " + std::to_string(staged.version);
  switch (outcome) {
    case PutOutcome::kWon: return OkStatus();
    case PutOutcome::kLost: return MakeError(ErrorCode::kAlreadyExists, version + " is another commit already");
    case PutOutcome::kUnknown: break;
  }
  return MakeError(ErrorCode::kTemporarilyUnavailable, version + " may be committed or not: ask for the latest version");
}

Result<StagedCommit> DescribeStaged(const Environment& environment, const SecurableRow& row, int64_t version, const std::string& name) {
  std::string path = StagedPathOf(row, name);
  ASSIGN_OR_RETURN(objectstore::ObjectInfo file, environment.store.Head(path));
  ASSIGN_OR_RETURN(std::string text, environment.store.Read(path));
  std::optional<delta::CommitInfo> info = CommitInfoIn(text);
  return StagedCommit{version, info ? info->in_commit_timestamp_ms.value_or(0) : 0, name, file.size, file.modified_ms};
}

Result<ManagedRow> LookUpManaged(const Environment& environment, int64_t principal_id, const std::string& uuid, sql::Access access) {
  ManagedRow table;
  RETURN_IF_ERROR(environment.database.Read([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(Authorizer authorizer, Authorizer::For(txn, principal_id));
    ASSIGN_OR_RETURN(table, FindManaged(authorizer, uuid, access));
    return OkStatus();
  }));
  return table;
}

}  // namespace

Status CommitFromOutside(const Environment& environment, int64_t principal_id, const OutsideCommit& commit) {
  if (commit.property_id && *commit.property_id != commit.table_uuid) {
    return InvalidCommit(std::string("the property ") + delta::kUnityTableId + " is " + *commit.property_id + ", and the table " + commit.table_uuid);
  }
  ASSIGN_OR_RETURN(ManagedRow table, LookUpManaged(environment, principal_id, commit.table_uuid, sql::Access::kWrite));
  RETURN_IF_ERROR(CheckLocation(commit.location, table.row));
  RETURN_IF_ERROR(CheckVersions(commit, table.commits.latest_version));
  if (!commit.staged) return PublishTable(environment, table.row);
  RETURN_IF_ERROR(MakeRoom(environment, table));
  Result<TableCommit> read = ReadCommit(environment, table, *commit.staged);
  if (!read.ok()) {
    Error error = std::move(read).error();
    error.message = "The staged commit " + commit.staged->file_name + " is refused: " + error.message;
    return error;
  }
  ASSIGN_OR_RETURN(std::optional<Json> meta, ActionIn(read->actions, "metaData"));
  ASSIGN_OR_RETURN(PutOutcome outcome, CommitStaged(environment, {principal_id, table.row, *read, meta}, commit.staged->file_name));
  return ToStatus(outcome, *commit.staged);
}

Result<UnpublishedCommits> FindUnpublished(const Environment& environment, int64_t principal_id, const UnpublishedQuery& query) {
  ASSIGN_OR_RETURN(ManagedRow table, LookUpManaged(environment, principal_id, query.table_uuid, sql::Access::kRead));
  RETURN_IF_ERROR(CheckLocation(query.location, table.row));
  UnpublishedCommits found{table.commits.latest_version};
  for (const auto& [version, name] : table.commits.staged) {
    if (version < query.first || version > query.last) continue;
    ASSIGN_OR_RETURN(StagedCommit commit, DescribeStaged(environment, table.row, version, name));
    found.commits.push_back(std::move(commit));
  }
  std::ranges::reverse(found.commits);
  return found;
}

}  // namespace ashlar::catalog
