// Catalog-managed tables (Delta protocol, "Catalog-managed Tables"): a catalog, not the file system, says which
// commit is a version of the table. A commit is staged as a file that means nothing yet, ratified by the catalog,
// and then published: copied to where every version of a table lies.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "delta/actions.h"
#include "delta/committer.h"
#include "objectstore/object_store.h"

namespace ashlar::delta {

inline constexpr std::string_view kCatalogManaged = "catalogManaged";
// Unity Catalog's property, by which clients of its REST find the table that a log belongs to.
inline constexpr const char* kUnityTableId = "io.unitycatalog.tableId";

bool IsCatalogManaged(const Protocol& protocol);

// What a catalog says of a table's commits.
struct RatifiedCommits {
  int64_t latest_version = -1;  // of all that it ratified; -1: none yet
  // The staged files of versions that may not be published yet, names below _staged_commits, without a gap.
  std::map<int64_t, std::string> staged = {};
};

// Thread safe.
class CatalogCommits {
 public:
  virtual ~CatalogCommits() = default;
  virtual Result<RatifiedCommits> Ratified() = 0;
};

// What the catalog said when the table was found there.
class KnownCommits final : public CatalogCommits {
 public:
  explicit KnownCommits(RatifiedCommits commits) : commits_(std::move(commits)) {}
  Result<RatifiedCommits> Ratified() override { return commits_; }

 private:
  const RatifiedCommits commits_;
};

// The catalog of one table, asked by who commits to it.
class ManagingCatalog : public CatalogCommits {
 public:
  // Makes the staged file the version, if the one before is the latest. kWon also where the version was won by the
  // same commit (`commit_uuid`) before. An error means that it was certainly not ratified.
  virtual Result<CommitOutcome> Ratify(const CommitRequest& request, const std::string& staged) = 0;
  // The versions up to this one are published: their staged files need not be known any more.
  virtual Status NotePublished(int64_t version) = 0;
};

// Stages, ratifies, publishes. What is ratified is committed, whatever becomes of its publication: the next commit
// makes up for it. Failpoints: delta.commit.staged, delta.commit.ratified, delta.publish.before_put,
// delta.publish.before_note.
class CatalogCommitter final : public Committer {
 public:
  CatalogCommitter(objectstore::ObjectStore& store, ManagingCatalog& catalog, Random& random)
      : store_(store), catalog_(catalog), random_(random) {}
  Result<CommitOutcome> Commit(const CommitRequest& request) override;
  // The same with a file that somebody else staged; it stays, whatever the outcome.
  Result<CommitOutcome> CommitStaged(const CommitRequest& request, const std::string& staged);

 private:
  objectstore::ObjectStore& store_;
  ManagingCatalog& catalog_;
  Random& random_;
};

// Publishes in order what the catalog ratified and may not be published yet. Errors: kDataLoss where another file
// has a version's name: the catalog's counts, and stays in its staged file.
Status PublishRatified(objectstore::ObjectStore& store, const std::string& root, ManagingCatalog& catalog);

// DELTA_UNSUPPORTED_CATALOG_MANAGED_TABLE_CREATION (0AKDC), for what cannot be one: "a clone".
Error ManagedCreationUnsupported(const std::string& what);
// DELTA_CANNOT_MODIFY_TABLE_PROPERTY (42939), of kUnityTableId.
Error TableIdIsTheCatalogs();
// DELTA_PATH_BASED_ACCESS_TO_CATALOG_MANAGED_TABLE_BLOCKED (KD00G).
Error PathAccessBlocked(const std::string& root);

}  // namespace ashlar::delta
