// What the table maintenance statements share.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "session/delta_write.h"

namespace ashlar::session {

// The Delta table a maintenance statement names, at its latest version, for changing it. Errors: the
// catalog's; DELTA_ONLY_OPERATION (0AKDD) naming `operation` for a table that is not Delta.
struct MaintainedTable {
  sql::ResolvedRelation relation;
  std::shared_ptr<const delta::Snapshot> snapshot;
  DeltaTarget target() const { return {relation.uuid, relation.location, snapshot}; }
};
Result<MaintainedTable> OpenMaintained(StatementRun& run, const sql::TableRelation& table, const std::string& operation);

// Data files and deletion vectors of the snapshot's that are not there any more: paths below its root, of a shallow
// clone absolute ones, too.
Result<std::vector<std::string>> MissingFiles(Environment& env, const delta::Snapshot& snapshot,
                                              const std::vector<delta::AddFile>& files);

// The files (indexes) a WHERE over partition columns selects; all without one. Errors:
// DELTA_NON_PARTITION_COLUMN_REFERENCE (42P10), DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN (42K09).
Result<std::vector<size_t>> SelectPartitions(StatementRun& run, const delta::Snapshot& snapshot,
                                             const sql::ExprPtr& condition);

// A JSON array of texts, as operationParameters have it.
std::string TextList(const std::vector<std::string>& texts);

// Carries out OPTIMIZE or REORG on an opened table and reports it.
Rows OptimizeTable(StatementRun& run, const MaintainedTable& table, const sql::OptimizeStatement& statement);

// Whether the session or the table asks for automatic compaction, and one of the given partitions: those
// with many small files are compacted. The write stands whatever becomes of it.
bool CompactsAfterWrites(const StatementRun& run, const delta::Metadata& metadata, bool blind_append);
void CompactAfterWrite(StatementRun& run, const DeltaTarget& written, const std::set<delta::PartitionValues>& partitions);

}  // namespace ashlar::session
