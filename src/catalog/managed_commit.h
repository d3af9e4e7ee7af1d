// Commits of catalog-managed tables: a staged file becomes a version by a compare-and-set in the metadb, in the
// transaction that also gives a new table its name and listings their columns. What is published afterwards is a copy.
#pragma once

#include <optional>
#include <string>

#include "base/json.h"
#include "catalog/environment.h"

namespace ashlar::catalog {

// One commit that is allowed. Refers to what it was made from.
struct CommitAttempt {
  int64_t principal_id = 0;
  const SecurableRow& table;
  const TableCommit& commit;
  const std::optional<Json>& meta;  // the commit's metaData action

  bool creates() const { return table.state == SecurableState::kCreating; }
};

// As CatalogService::Commit.
Result<objectstore::PutOutcome> CommitManaged(const Environment& environment, const CommitAttempt& attempt);
// The same of a commit that somebody else staged, in the file of this name, which was looked at.
Result<objectstore::PutOutcome> CommitStaged(const Environment& environment, const CommitAttempt& attempt, const std::string& staged);
// Publishes what is ratified of one table. Errors: kDataLoss where another file has a version's name.
Status PublishTable(const Environment& environment, const SecurableRow& table);
// Publishes what a crash, or a failure, left ratified alone. What fails is left to the table's next commit.
void PublishUnpublished(const Environment& environment);
// As CatalogService::Ratified.
Result<std::optional<sql::RatifiedCommits>> RatifiedFor(Authorizer& authorizer, const std::string& table_uuid);

// ---- commit.cc, for every table
// The last action of a kind in a commit, what stands below its name; nullopt when there is none.
Result<std::optional<Json>> ActionIn(const std::string& actions, const std::string& kind);
// What the metadb says of a table once it has the version.
Status RecordVersion(metadb::Transaction& txn, const CommitAttempt& attempt, int64_t now_ms);
// A CREATE whose RecordVersion ended so: a table whose name was taken meanwhile goes.
Status SettleCreate(const Environment& environment, const SecurableRow& table, Status recorded);
// Whether the principal may commit to the table, now.
Status AuthorizeCommit(Authorizer& authorizer, const TableCommit& commit);

}  // namespace ashlar::catalog
