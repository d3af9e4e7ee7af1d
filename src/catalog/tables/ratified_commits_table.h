// The versions of catalog-managed tables: the latest of each, and the staged files of those that may not be published.
// A table is here from its first version on; it goes with its securable.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "metadb/database.h"
#include "sql/catalog_view.h"

namespace ashlar::catalog {

struct RatifiedCommitRow {
  std::string table_uuid;
  int64_t version = 0;
  std::string staged;  // the file's name below _staged_commits
  std::string commit_uuid;
};

class RatifiedCommitsTable {
 public:
  // nullopt for a table that is not catalog-managed.
  static Result<std::optional<int64_t>> LatestVersion(metadb::Transaction& txn, const std::string& table_uuid);
  // nullopt for a table that is not catalog-managed.
  static Result<std::optional<sql::RatifiedCommits>> Find(metadb::Transaction& txn, const std::string& table_uuid);
  // Makes the row the table's latest version, version 0 its first: true. False, and no change, when the version before
  // is not the latest.
  static Result<bool> Advance(metadb::Transaction& txn, const RatifiedCommitRow& row);
  // The commit_uuid of a version that is not forgotten.
  static Result<std::optional<std::string>> CommitAt(metadb::Transaction& txn, const std::string& table_uuid, int64_t version);
  // The versions up to this one are published.
  static Status ForgetUpTo(metadb::Transaction& txn, const std::string& table_uuid, int64_t version);
  // The tables with versions that are not forgotten.
  static Result<std::vector<std::string>> Unpublished(metadb::Transaction& txn);
};

}  // namespace ashlar::catalog
