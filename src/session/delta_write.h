// DeltaWrite: one statement's change of one Delta table: data files through the engine, then one commit
// through the control plane. Files of a change that was not committed are deleted when it goes away.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "delta/clustering.h"
#include "delta/schema.h"
#include "delta/snapshot.h"
#include "delta/transaction.h"
#include "engine/row_change.h"
#include "engine/table_writer.h"
#include "session/commands.h"
#include "session/committer.h"
#include "session/table_rules.h"
#include "session/write_layout.h"

namespace ashlar::session {

// Where the relation's table is, and whose files it may read; of a catalog-managed one, who is asked for its commits.
delta::TableLocation LocationOf(StatementRun& run, const sql::ResolvedRelation& relation);
// The same of what a CREATE answered.
Result<delta::TableLocation> LocationOf(StatementRun& run, const sql::CatalogReply& reply);
// Whether a table of this definition may be made at a LOCATION or path, empty for none.
Status CheckPlace(const delta::TableDefinition& definition, const std::string& location);

struct DeltaTarget {
  std::string uuid;      // the catalog's; empty for a table by path
  std::string location;
  std::shared_ptr<const delta::Snapshot> snapshot;  // null: the table is being created
  bool catalog_managed = false;                     // DeltaWrite sets it
};

// Not thread safe.
class DeltaWrite {
 public:
  // A table that exists; target.snapshot is set.
  DeltaWrite(StatementRun& run, DeltaTarget target);
  // A new table, or, with a snapshot, one that `definition` will replace.
  DeltaWrite(StatementRun& run, DeltaTarget target, const delta::TableDefinition& definition);
  ~DeltaWrite();
  DeltaWrite(const DeltaWrite&) = delete;
  DeltaWrite& operator=(const DeltaWrite&) = delete;

  // The new definition, and none of the old files. The table keeps its id and history.
  Status ReplaceTable(const delta::TableDefinition& definition);
  // The new definition alone: what becomes of the old files is said otherwise.
  Status ReplaceDefinition(const delta::TableDefinition& definition);
  // Columns after the table's own (schema evolution).
  Status AddColumns(const std::vector<Field>& columns);
  // ALTER TABLE: another schema, or other properties.
  void SetSchema(Schema schema);
  // The same columns, some of a wider type; the changes are noted in the schema. No change: nothing.
  void WidenSchema(const Schema& schema);
  void SetConfiguration(delta::StringMap configuration);
  void SetDescription(std::optional<std::string> text);
  // The schema follows by SetSchema.
  void RenamePartitionColumn(const std::string& from, const std::string& to);
  void SetProtocol(delta::Protocol protocol);
  // CLUSTER BY: columns of the schema as it will be, none for NONE.
  Status ClusterBy(const std::vector<delta::ColumnPath>& columns);
  // A table that is replaced by one without clustering.
  void ForgetClustering();
  const delta::Metadata& metadata() const { return metadata_; }
  // What the statement's writer asks for besides.
  void UseOptions(WriteOptions options);
  // Writes and adds the rows; output[i] is column i of the table as it will be.
  Status AddRows(const sql::PlanPtr& rows);
  // Every row written from now on satisfies the condition (REPLACE WHERE).
  void RequireOfRows(const sql::TypedExprPtr& condition, const std::string& text);
  void RemoveAllFiles();
  // What the partitions had that rows were written to.
  void RemoveWrittenPartitions();
  void RemoveFile(const delta::AddFile& file);
  // Takes over what a row change made.
  void Apply(const engine::RowChangeResult& result);
  std::unique_ptr<engine::RowChange> MakeRowChange();
  // Where and how rows are written, for what writes them itself.
  engine::WriteTarget WriterTarget() const;

  delta::Transaction& transaction() { return *transaction_; }
  // The table as it was read; only of one that exists.
  const delta::Snapshot& snapshot() const { return *target_.snapshot; }
  const Schema& schema() const { return schema_; }
  int64_t rows_written() const { return rows_written_; }
  int64_t files_written() const { return files_written_; }
  int64_t files_removed() const { return replaced_ ? replaced_->files : 0; }
  // Since this was made.
  int64_t ElapsedMs() const;

  // Adds the write metrics (numFiles, numOutputRows, numOutputBytes) when rows were written, and those of what
  // they stand for (numRemovedFiles, numRemovedBytes) when files were removed for them; what is there stays.
  Status Commit(delta::Operation operation);
  // num_affected_rows, num_inserted_rows
  Rows ReportRows();

 private:
  void Replace(const delta::AddFile& file);
  void NoteIdentityNumbers(const std::map<size_t, int64_t>& last);

  StatementRun& run_;
  const int64_t started_nanos_;
  DeltaTarget target_;
  RemoteCommitter committer_;
  delta::Metadata metadata_;
  Schema schema_;
  std::unique_ptr<delta::Transaction> transaction_;
  // Reads the rules of the table as it will be; what is wrong with them fails the first write.
  void LoadRules();
  // What the metadata of a catalog-managed table always says.
  void KeepManaged();
  // What files are like; what is wrong with that fails the first write, too.
  void LayOut();

  std::optional<delta::Protocol> protocol_;  // set here
  TableRules rules_;
  Status rules_status_ = OkStatus();
  WriteOptions options_;
  WriteLayout layout_;
  std::vector<engine::RowConstraint> required_;
  std::set<delta::PartitionValues> written_partitions_;
  int64_t files_written_ = 0;
  int64_t rows_written_ = 0;
  int64_t bytes_written_ = 0;
  // What the rows stand for; absent where they are added to what is there.
  struct Replaced {
    int64_t files = 0;
    int64_t bytes = 0;
  };
  std::optional<Replaced> replaced_;
  bool keep_files_ = false;
};

// Whether the table may widen its columns (delta.enableTypeWidening).
bool WidensTypes(const sql::AnalyzedTarget& target);

// The analysis, with the target's columns widened for the data where the table and the statement let them.
Result<sql::AnalyzedInsert> AnalyzeWithWidening(StatementRun& run, sql::InsertStatement statement);
Result<sql::AnalyzedMerge> AnalyzeWithWidening(StatementRun& run, sql::MergeStatement statement);

// Whether the session's writes may change the schemas of tables.
bool EvolvesSchemas(const StatementRun& run);

// The snapshot a table was opened at; nullptr for what is not a Delta table.
std::shared_ptr<const delta::Snapshot> SnapshotOf(const sql::TableHandle& handle);

// What the session gives every new table; an empty value is none.
delta::StringMap DefaultProperties(const StatementRun& run);

// How an INSERT of df.write, of a table that keeps its columns, stands in the history.
delta::Operation SaveOperation(const sql::InsertStatement& insert, const sql::ResolvedRelation& table,
                               const delta::Metadata& metadata);

// Calls `write` for the table `name` that the catalog has given a place, and says whether a log lies there already.
// When it fails, a table that is new is taken back: neither its intent nor its folder waits for the sweep; one that the
// catalog has registered because of that log is forgotten, and the log stays.
Rows CreateAtPlace(StatementRun& run, const sql::NameParts& name, const sql::CatalogReply& reply,
                   const std::function<Rows(bool found_log)>& write);

// One row of counts: what INSERT, UPDATE, DELETE and MERGE report.
Rows ReportCounts(StatementRun& run, const std::vector<std::pair<std::string, int64_t>>& counts);

}  // namespace ashlar::session
