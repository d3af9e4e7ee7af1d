// What an attempt executes, as it is stored with the attempt before its first statement runs: with it and the
// uuid that each statement carries into its commit, another process can tell how far the attempt came.
#pragma once

#include <string>
#include <vector>

#include "catalog/catalog_service.h"
#include "jobs/tables/jobs_table.h"

namespace ashlar::jobs {

// One statement of an attempt.
struct AttemptStep {
  std::string sql;
  std::string commit_uuid;
  bool committed = false;  // by this attempt or one that it resumes: it is not run again
};

std::string ScriptToText(const std::vector<std::string>& statements);
// The uuid under which a statement's change of a table is committed. The same for every process.
std::string CommitUuidOf(int64_t attempt_id, size_t position);
// The steps of a stored attempt; none when nothing was stored with it. Looks into the log of tables: not
// within a transaction. Nobody may be committing for the attempt any more.
Result<std::vector<AttemptStep>> StepsOf(metadb::Database& database, catalog::CatalogService& catalog,
                                         const AttemptRow& attempt);

}  // namespace ashlar::jobs
