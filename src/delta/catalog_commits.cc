#include "delta/catalog_commits.h"

#include "base/failpoint.h"
#include "base/id.h"
#include "base/log.h"
#include "delta/features.h"
#include "delta/log/file_name.h"

namespace ashlar::delta {
namespace {

std::string StagedPath(const std::string& root, const std::string& name) {
  return objectstore::JoinPath(StagedDirectory(root), name);
}

std::string PublishedPath(const std::string& root, int64_t version) {
  return objectstore::JoinPath(LogDirectory(root), CommitFileName(version));
}

// Creates the file, or finds it with this very text: an answer that was lost.
Result<bool> PutSame(objectstore::ObjectStore& store, const std::string& path, const std::string& text) {
  ASSIGN_OR_RETURN(objectstore::PutOutcome outcome, store.PutIfAbsent(path, text));
  if (outcome == objectstore::PutOutcome::kWon) return true;
  ASSIGN_OR_RETURN(std::string there, store.Read(path));
  return there == text;
}

Status Publish(objectstore::ObjectStore& store, const std::string& root, int64_t version, const std::string& staged) {
  std::string path = PublishedPath(root, version);
  Result<std::string> text = store.Read(StagedPath(root, staged));
  if (!text.ok()) {
    // Published and cleaned up already, by somebody who could not say so.
    return store.Head(path).ok() ? OkStatus() : Status(text.error());
  }
  RETURN_IF_ERROR(Failpoint("delta.publish.before_put"));
  ASSIGN_OR_RETURN(bool same, PutSame(store, path, *text));
  if (same) return OkStatus();
  return MakeError(ErrorCode::kDataLoss, path + " is not the commit that the catalog ratified, " + staged);
}

}  // namespace

bool IsCatalogManaged(const Protocol& protocol) { return IsFeatureListed(protocol, kCatalogManaged); }

Status PublishRatified(objectstore::ObjectStore& store, const std::string& root, ManagingCatalog& catalog) {
  ASSIGN_OR_RETURN(RatifiedCommits ratified, catalog.Ratified());
  if (ratified.staged.empty()) return OkStatus();
  for (const auto& [version, staged] : ratified.staged) RETURN_IF_ERROR(Publish(store, root, version, staged));
  RETURN_IF_ERROR(Failpoint("delta.publish.before_note"));
  return catalog.NotePublished(ratified.staged.rbegin()->first);
}

Result<CommitOutcome> CatalogCommitter::Commit(const CommitRequest& request) {
  // A name of its own for every try: none is ever ratified by mistake for another.
  std::string staged = PaddedVersion(request.version) + "." + NewUuid(random_) + ".json";
  ASSIGN_OR_RETURN(bool written, PutSame(store_, StagedPath(request.root, staged), request.actions_text));
  if (!written) return MakeError(ErrorCode::kIoError, "the staged commit " + staged + " was not written");
  RETURN_IF_ERROR(Failpoint("delta.commit.staged"));
  ASSIGN_OR_RETURN(CommitOutcome outcome, CommitStaged(request, staged));
  if (outcome == CommitOutcome::kLost) {
    // Nobody will ever ratify it; what stays behind the log's clean-up finds.
    (void)store_.Delete(StagedPath(request.root, staged)).ok();
  }
  return outcome;
}

Result<CommitOutcome> CatalogCommitter::CommitStaged(const CommitRequest& request, const std::string& staged) {
  ASSIGN_OR_RETURN(CommitOutcome outcome, catalog_.Ratify(request, staged));
  if (outcome != CommitOutcome::kWon) return outcome;
  if (!Failpoint("delta.commit.ratified").ok()) return CommitOutcome::kUnknown;
  Status published = PublishRatified(store_, request.root, catalog_);
  if (!published.ok()) {
    Log(LogLevel::kWarn, "a commit was not published; it stands, and the next one publishes it",
        {{"table", request.root}, {"version", std::to_string(request.version)}, {"reason", published.error().message}});
  }
  return outcome;
}

Error ManagedCreationUnsupported(const std::string& what) {
  return MakeSqlError("DELTA_UNSUPPORTED_CATALOG_MANAGED_TABLE_CREATION", "0AKDC",
                      "A catalog-managed table cannot be made of " + what + ": only CREATE TABLE makes one, of a new managed table.");
}

Error TableIdIsTheCatalogs() {
  return MakeSqlError("DELTA_CANNOT_MODIFY_TABLE_PROPERTY", "42939",
                      std::string("The Delta table configuration ") + kUnityTableId + " cannot be specified by the user.",
                      {{"prop", kUnityTableId}});
}

Error PathAccessBlocked(const std::string& root) {
  std::string path = LogDirectory(root);
  return MakeSqlError("DELTA_PATH_BASED_ACCESS_TO_CATALOG_MANAGED_TABLE_BLOCKED", "KD00G",
                      "The table at " + path + " is managed by a catalog and cannot be used by its path: name it.",
                      {{"path", path}});
}

}  // namespace ashlar::delta
