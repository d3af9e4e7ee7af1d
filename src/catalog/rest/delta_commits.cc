// Unity Catalog's REST by which clients from outside read and commit to catalog-managed tables. As its API has it: 400 for what
// cannot be a commit, a version with a gap before it and a table that is none, 404 for one that is not there, 409 for a
// version that another commit has, 429 when too much is not published.
#include "catalog/rest/requests.h"
#include "catalog/rest/unity_catalog_service.h"
#include "delta/catalog_commits.h"

namespace ashlar::catalog {
namespace {

Status Positive(const api::Field<int64_t>& field, const char* name) {
  if (field.has() && *field > 0) return OkStatus();
  return MakeError(ErrorCode::kInvalidParameterValue, std::string("commit_info.") + name + " must be positive");
}

Result<StagedCommit> ToStaged(const uc::DeltaCommitInfo& info) {
  RETURN_IF_ERROR(Positive(info.version, "version"));
  RETURN_IF_ERROR(Positive(info.timestamp, "timestamp"));
  RETURN_IF_ERROR(Positive(info.file_size, "file_size"));
  RETURN_IF_ERROR(Positive(info.file_modification_timestamp, "file_modification_timestamp"));
  return StagedCommit{*info.version, *info.timestamp, info.file_name.value_or(""), *info.file_size, *info.file_modification_timestamp};
}

// What the metadata says of the table's properties is in the staged file, too, and read there; the id is checked in both.
Result<std::optional<std::string>> PropertyId(const uc::DeltaMetadata& metadata) {
  if (!metadata.properties.has() || !metadata.properties->properties.has()) return std::optional<std::string>();
  const auto& properties = *metadata.properties->properties;
  auto id = properties.find(delta::kUnityTableId);
  if (id != properties.end()) return std::optional(id->second);
  return MakeError(ErrorCode::kInvalidParameterValue, std::string("metadata.properties lack ") + delta::kUnityTableId);
}

}  // namespace

Status UnityCatalogService::CommitDeltaTable(const Context& context, const uc::CommitDeltaTableRequest& request) {
  RETURN_IF_ERROR(Refuse(request.uniform.has(), "commits with UniForm's metadata"));
  OutsideCommit commit{*request.table_id, *request.table_uri};
  if (request.latest_backfilled_version.has()) commit.latest_published = *request.latest_backfilled_version;
  if (request.commit_info.has()) {
    ASSIGN_OR_RETURN(commit.staged, ToStaged(*request.commit_info));
  } else if (!commit.latest_published || request.metadata.has()) {
    return MakeError(ErrorCode::kInvalidParameterValue, "without commit_info there must be latest_backfilled_version, and no metadata");
  }
  if (request.metadata.has()) {
    ASSIGN_OR_RETURN(commit.property_id, PropertyId(*request.metadata));
  }
  return catalog_.CommitStaged(context.principal, commit);
}

Result<uc::GetDeltaCommitsResponse> UnityCatalogService::GetDeltaCommits(const Context& context,
                                                                         const uc::GetDeltaCommitsRequest& request) {
  UnpublishedQuery query{*request.table_id, *request.table_uri, *request.start_version, request.end_version.value_or(INT64_MAX)};
  if (query.first < 0 || query.last < query.first) {
    return MakeError(ErrorCode::kInvalidParameterValue, "start_version must not be negative, nor end_version below it");
  }
  ASSIGN_OR_RETURN(UnpublishedCommits found, catalog_.Unpublished(context.principal, query));
  uc::GetDeltaCommitsResponse answer;
  answer.latest_table_version = found.latest_version;
  auto& commits = answer.commits.Ensure();
  for (const StagedCommit& staged : found.commits) {
    uc::DeltaCommitInfo& info = commits.emplace_back();
    info.version = staged.version;
    info.timestamp = staged.timestamp_ms;
    info.file_name = staged.file_name;
    info.file_size = staged.file_size;
    info.file_modification_timestamp = staged.file_modified_ms;
  }
  return answer;
}

}  // namespace ashlar::catalog
