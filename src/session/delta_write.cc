#include "session/delta_write.h"

#include "base/text.h"
#include "delta/commit/row_tracking.h"
#include "delta/evolution/type_widening.h"
#include "delta/features.h"
#include "delta/partition_values.h"
#include "delta/schema_change.h"
#include "engine/scan/table_scan.h"
#include "session/maintain.h"
#include "session/other_folders.h"
#include "sql/analyze/plan_text.h"
#include "sql/row_metadata.h"
#include "sql/schema_evolution.h"

namespace ashlar::session {
namespace {

delta::TransactionEnvironment TransactionEnvironmentOf(StatementRun& run) {
  delta::TransactionEnvironment environment{run.environment().clock, run.environment().random};
  environment.commit_uuid = run.TakeCommitUuid();
  return environment;
}

std::shared_ptr<delta::CatalogCommits> CommitsOf(StatementRun& run, const std::string& uuid) {
  return std::make_shared<RemoteCommits>(run.environment().control, run.session().handle(), uuid);
}

delta::TableLocation PlaceOf(StatementRun& run, const DeltaTarget& target) {
  delta::TableLocation location{&run.environment().store, target.location, &run.environment().parquet_actions};
  if (target.snapshot) location.source_roots = target.snapshot->source_roots();
  // A table that has only a path has no catalog.
  if (target.catalog_managed && !target.uuid.empty()) location.catalog = CommitsOf(run, target.uuid);
  return location;
}

DeltaTarget WithCommits(DeltaTarget target, const delta::Protocol& protocol) {
  target.catalog_managed = delta::IsCatalogManaged(protocol);
  return target;
}

// The partition columns whose values have several forms in logs: with a zone or without, with a T or without.
std::vector<Field> PartitionTimes(const delta::Snapshot& snapshot) {
  std::vector<Field> times;
  for (const std::string& name : snapshot.partition_columns()) {
    const Field& field = snapshot.schema().fields[static_cast<size_t>(snapshot.schema().IndexOf(name))];
    if (field.type.Is(TypeId::kTimestamp)) times.push_back(field);
  }
  return times;
}

// The values in the form that this session writes; what cannot be read stays.
delta::PartitionValues AsWritten(const delta::Snapshot& snapshot, delta::PartitionValues values,
                                 const std::vector<Field>& times, const delta::WallClock& clock) {
  for (const Field& field : times) {
    Result<Value> value = snapshot.PartitionValue(values, field.name, clock);
    if (!value.ok()) continue;
    Result<std::optional<std::string>> text = delta::EncodePartitionValue(*value);
    if (text.ok()) values[delta::PhysicalName(field, snapshot.mapping_mode())] = *text;
  }
  return values;
}

}  // namespace

delta::TableLocation LocationOf(StatementRun& run, const sql::ResolvedRelation& relation) {
  Environment& environment = run.environment();
  delta::TableLocation location{&environment.store, relation.location, &environment.parquet_actions, relation.source_roots};
  location.others = std::make_shared<AskedFolders>(environment.control, run.session().handle());
  if (relation.ratified) location.catalog = CommitsOf(run, relation.uuid);
  return location;
}

Result<delta::TableLocation> LocationOf(StatementRun& run, const sql::CatalogReply& reply) {
  Environment& environment = run.environment();
  delta::TableLocation location{&environment.store, reply.location, &environment.parquet_actions, reply.source_roots};
  location.others = std::make_shared<AskedFolders>(environment.control, run.session().handle());
  if (!reply.already_existed) return location;
  ASSIGN_OR_RETURN(auto ratified, environment.control.Ratified(run.session().handle(), reply.uuid));
  if (ratified) location.catalog = CommitsOf(run, reply.uuid);
  return location;
}

Status CheckPlace(const delta::TableDefinition& definition, const std::string& location) {
  if (location.empty() || !delta::IsCatalogManaged(definition.protocol)) return OkStatus();
  return delta::ManagedCreationUnsupported("a table at a LOCATION or path");
}

DeltaWrite::DeltaWrite(StatementRun& run, DeltaTarget target)
    : run_(run),
      started_nanos_(run.environment().clock.MonotonicNanos()),
      target_(WithCommits(target, target.snapshot->protocol())),
      committer_(run.environment().control, run.session().handle(), target_.uuid),
      metadata_(target_.snapshot->metadata()),
      schema_(target_.snapshot->schema()) {
  transaction_ = std::make_unique<delta::Transaction>(PlaceOf(run_, target_), committer_,
                                                      target_.snapshot, TransactionEnvironmentOf(run_));
  LoadRules();
}

DeltaWrite::DeltaWrite(StatementRun& run, DeltaTarget target, const delta::TableDefinition& definition)
    : run_(run),
      started_nanos_(run.environment().clock.MonotonicNanos()),
      target_(WithCommits(target, target.snapshot ? target.snapshot->protocol() : definition.protocol)),
      committer_(run.environment().control, run.session().handle(), target_.uuid),
      metadata_(definition.metadata) {
  if (target_.catalog_managed) KeepManaged();
  delta::TableLocation location = PlaceOf(run_, target_);
  delta::TransactionEnvironment environment = TransactionEnvironmentOf(run_);
  if (target_.snapshot) {
    transaction_ = std::make_unique<delta::Transaction>(location, committer_, target_.snapshot, environment);
  } else {
    transaction_ = std::make_unique<delta::Transaction>(
        location, committer_, delta::TableDefinition{definition.protocol, metadata_}, environment);
  }
  Result<Schema> schema = Schema::FromJsonText(metadata_.schema_string);
  CHECK(schema.ok()) << "a definition of ours has a schema we cannot read";
  schema_ = *std::move(schema);
  LoadRules();
}

void DeltaWrite::LoadRules() {
  auto rules = RulesOf(run_, metadata_, schema_);
  rules_status_ = rules.ok() ? OkStatus() : Status(rules.error());
  rules_ = rules.ok() ? *std::move(rules) : TableRules{};
  LayOut();
}

void DeltaWrite::LayOut() {
  Result<WriteLayout> layout = LayoutOf(run_, metadata_, options_);
  if (layout.ok()) layout_ = *layout;
  else if (rules_status_.ok()) rules_status_ = layout.error();
}

void DeltaWrite::UseOptions(WriteOptions options) {
  options_ = std::move(options);
  LayOut();
}

void DeltaWrite::SetSchema(Schema schema) {
  schema_ = std::move(schema);
  // What column mapping needs, for new fields.
  auto mode = delta::MappingModeOf(metadata_.configuration);
  if (mode.ok() && *mode != delta::ColumnMappingMode::kNone) {
    delta::AssignColumnIds(schema_, metadata_.configuration, false, run_.environment().random);
  }
  metadata_.schema_string = schema_.ToJsonText();
  transaction_->SetMetadata(metadata_);
  LoadRules();
}

void DeltaWrite::WidenSchema(const Schema& schema) {
  if (schema != schema_) SetSchema(delta::WithTypeChanges(schema_, schema));
}

void DeltaWrite::SetConfiguration(delta::StringMap configuration) {
  bool mapped = delta::MappingModeOf(metadata_.configuration).ok() &&
                *delta::MappingModeOf(metadata_.configuration) != delta::ColumnMappingMode::kNone;
  auto mode = delta::MappingModeOf(configuration);
  metadata_.configuration = std::move(configuration);
  delta::NameRowTrackingColumns(metadata_.configuration, run_.environment().random);
  // A table that gets column mapping keeps the names its files have.
  if (mode.ok() && *mode != delta::ColumnMappingMode::kNone) {
    delta::AssignColumnIds(schema_, metadata_.configuration, !mapped, run_.environment().random);
    metadata_.schema_string = schema_.ToJsonText();
  }
  transaction_->SetMetadata(metadata_);
  LoadRules();
}

void DeltaWrite::SetDescription(std::optional<std::string> text) {
  metadata_.description = std::move(text);
  transaction_->SetMetadata(metadata_);
}

void DeltaWrite::RenamePartitionColumn(const std::string& from, const std::string& to) {
  for (std::string& name : metadata_.partition_columns) {
    if (EqualsIgnoreCase(name, from)) name = to;
  }
}

void DeltaWrite::SetProtocol(delta::Protocol protocol) {
  protocol_ = protocol;
  transaction_->SetProtocol(std::move(protocol));
}

void DeltaWrite::ForgetClustering() {
  if (!delta::ClusteringColumns(target_.snapshot->state())) return;
  // As delta-spark does: the domain stays, without columns.
  transaction_->SetDomainMetadata(delta::ClusteringDomain({}));
}

Status DeltaWrite::ClusterBy(const std::vector<delta::ColumnPath>& columns) {
  ASSIGN_OR_RETURN(delta::ColumnMappingMode mode, delta::MappingModeOf(metadata_.configuration));
  std::vector<delta::ColumnPath> physical;
  for (const delta::ColumnPath& column : columns) physical.push_back(delta::PhysicalPath(column, schema_, mode));
  transaction_->SetDomainMetadata(delta::ClusteringDomain(physical));
  // A new table's definition has the features already.
  if (!target_.snapshot) return OkStatus();
  delta::Protocol before = protocol_.value_or(target_.snapshot->protocol());
  delta::Protocol after = delta::WithClustering(before);
  if (!(after == before)) SetProtocol(std::move(after));
  return OkStatus();
}

void DeltaWrite::NoteIdentityNumbers(const std::map<size_t, int64_t>& last) {
  if (!last.empty()) SetSchema(WithIdentityNumbers(schema_, last));
}

DeltaWrite::~DeltaWrite() {
  if (!keep_files_) transaction_->Abort();
}

Status DeltaWrite::ReplaceTable(const delta::TableDefinition& definition) {
  RETURN_IF_ERROR(ReplaceDefinition(definition));
  RemoveAllFiles();
  return OkStatus();
}

void DeltaWrite::KeepManaged() {
  metadata_.configuration["delta.enableInCommitTimestamps"] = "true";
  metadata_.configuration[delta::kUnityTableId] = target_.uuid;
}

Status DeltaWrite::ReplaceDefinition(const delta::TableDefinition& definition) {
  CHECK(target_.snapshot != nullptr);
  if (delta::IsCatalogManaged(definition.protocol) && !target_.catalog_managed) {
    return delta::ManagedCreationUnsupported("a table that exists");
  }
  delta::Metadata metadata = definition.metadata;
  metadata.id = target_.snapshot->metadata().id;
  metadata.created_time_ms = target_.snapshot->metadata().created_time_ms;
  metadata_ = metadata;
  if (target_.catalog_managed) KeepManaged();
  transaction_->SetMetadata(metadata_);
  LoadRules();
  if (!(definition.protocol == target_.snapshot->protocol())) {
    // A protocol is never lowered: only features that are missing are added.
    delta::Protocol protocol = target_.snapshot->protocol();
    for (const delta::TableFeature* feature : delta::MissingFeatures(protocol, metadata_, schema_)) {
      protocol = delta::WithFeature(protocol, *feature);
    }
    if (!(protocol == target_.snapshot->protocol())) SetProtocol(protocol);
  }
  return OkStatus();
}

Status DeltaWrite::AddColumns(const std::vector<Field>& columns) {
  if (columns.empty()) return OkStatus();
  Schema data = schema_;
  data.fields.insert(data.fields.end(), columns.begin(), columns.end());
  delta::SchemaWriteOptions options;
  options.merge_schema = true;
  ASSIGN_OR_RETURN(Schema schema, delta::SchemaAfterWrite(schema_, data, options));
  SetSchema(std::move(schema));
  return OkStatus();
}

engine::WriteTarget DeltaWrite::WriterTarget() const {
  engine::WriteTarget target;
  target.table = PlaceOf(run_, target_);
  target.schema = schema_;
  target.partition_columns = metadata_.partition_columns;
  target.metadata = metadata_;
  target.constraints = rules_.constraints;
  target.constraints.insert(target.constraints.end(), required_.begin(), required_.end());
  target.identities = rules_.identities;
  target.target_file_bytes = layout_.file_bytes;
  target.file_rows = layout_.file_rows;
  target.codec = layout_.codec;
  return target;
}

Status DeltaWrite::AddRows(const sql::PlanPtr& rows) {
  RETURN_IF_ERROR(rules_status_);
  ASSIGN_OR_RETURN(engine::WrittenFiles written,
                   engine::WriteRows(run_.connection(), rows, WriterTarget(),
                                     [this](const std::string& path) { transaction_->TrackCreatedFile(path); }));
  for (delta::AddFile& file : written.files) {
    written_partitions_.insert(file.partition_values);
    transaction_->Add(std::move(file));
  }
  NoteIdentityNumbers(written.identity_last);
  files_written_ += static_cast<int64_t>(written.files.size());
  rows_written_ += written.row_count;
  bytes_written_ += written.byte_count;
  return run_.CheckCancelled();
}

void DeltaWrite::RequireOfRows(const sql::TypedExprPtr& condition, const std::string& text) {
  std::string name = "EXPRESSION(" + sql::UnresolvedPlanText(*condition, run_.connection().time_zone()) + ")";
  required_.push_back({std::move(name), text, condition, engine::RowConstraint::Kind::kReplaceWhere});
}

void DeltaWrite::Replace(const delta::AddFile& file) {
  CHECK(replaced_.has_value());
  transaction_->Remove(file);
  ++replaced_->files;
  replaced_->bytes += file.size;
}

void DeltaWrite::RemoveWrittenPartitions() {
  if (!replaced_) replaced_.emplace();
  transaction_->ReadWholeTable();
  const delta::FileList& files = target_.snapshot->files();
  const delta::WallClock clock = engine::WallClockOf(run_.connection().time_zone());
  const std::vector<Field> times = PartitionTimes(*target_.snapshot);
  for (size_t i = 0; i < files.size(); ++i) {
    const delta::PartitionValues& held = files.PartitionOf(i);
    if (times.empty() ? written_partitions_.contains(held)
                      : written_partitions_.contains(AsWritten(*target_.snapshot, held, times, clock))) {
      Replace(files[i]);
    }
  }
}

void DeltaWrite::RemoveAllFiles() {
  if (!replaced_) replaced_.emplace();
  transaction_->ReadWholeTable();
  for (const delta::AddFile& file : target_.snapshot->files()) Replace(file);
}

void DeltaWrite::RemoveFile(const delta::AddFile& file) { transaction_->Remove(file); }

std::unique_ptr<engine::RowChange> DeltaWrite::MakeRowChange() {
  return engine::MakeRowChange(run_.connection(), target_.snapshot, WriterTarget(),
                                 [this](const std::string& path) { transaction_->TrackCreatedFile(path); });
}

void DeltaWrite::Apply(const engine::RowChangeResult& result) {
  for (const delta::AddFile& file : result.removed) transaction_->Remove(file);
  for (const delta::AddFile& file : result.added) {
    transaction_->Add(file);
    written_partitions_.insert(file.partition_values);
  }
  for (const delta::MarkedFile& file : result.marked) transaction_->MarkRows(file);
  for (const delta::AddCdcFile& file : result.changes) transaction_->AddCdc(file);
  NoteIdentityNumbers(result.identity_last);
}

int64_t DeltaWrite::ElapsedMs() const {
  return (run_.environment().clock.MonotonicNanos() - started_nanos_) / 1'000'000;
}

Status DeltaWrite::Commit(delta::Operation operation) {
  RETURN_IF_ERROR(run_.CheckCancelled());
  // Rows that no rule could check are not committed.
  RETURN_IF_ERROR(rules_status_);
  if (files_written_ > 0 || operation.name == "WRITE") {
    operation.metrics.emplace("numFiles", std::to_string(files_written_));
    operation.metrics.emplace("numOutputRows", std::to_string(rows_written_));
    operation.metrics.emplace("numOutputBytes", std::to_string(bytes_written_));
    if (replaced_) {
      operation.metrics.emplace("numRemovedFiles", std::to_string(replaced_->files));
      operation.metrics.emplace("numRemovedBytes", std::to_string(replaced_->bytes));
    }
  }
  operation.user_name = run_.session().user_name();
  transaction_->SetOperation(std::move(operation));
  Result<delta::CommitResult> committed = transaction_->Commit();
  // With an unknown outcome the files may be the table's: they stay.
  keep_files_ = committed.ok() || committed.error().code == ErrorCode::kTemporarilyUnavailable;
  if (!committed.ok()) return committed.error();
  if (!written_partitions_.empty() && CompactsAfterWrites(run_, metadata_, transaction_->IsBlindAppend())) {
    CompactAfterWrite(run_, target_, written_partitions_);
  }
  return OkStatus();
}

Rows DeltaWrite::ReportRows() {
  return ReportCounts(run_, {{"num_affected_rows", rows_written_}, {"num_inserted_rows", rows_written_}});
}

bool WidensTypes(const sql::AnalyzedTarget& target) {
  auto snapshot = SnapshotOf(*target.table);
  return snapshot != nullptr &&
         delta::BooleanProperty(snapshot->metadata().configuration, "delta.enableTypeWidening", false);
}

Result<sql::AnalyzedInsert> AnalyzeWithWidening(StatementRun& run, sql::InsertStatement statement) {
  statement.table.options.erase(sql::kWidenTypes);
  ASSIGN_OR_RETURN(sql::AnalyzedInsert insert, sql::AnalyzeInsert(statement, run.analyzer()));
  auto evolves = statement.options.find("mergeSchema");
  if (evolves == statement.options.end() || !EqualsIgnoreCase(evolves->second, "true") || !WidensTypes(insert.target)) {
    return insert;
  }
  statement.table.options[sql::kWidenTypes] = "true";
  return sql::AnalyzeInsert(statement, run.analyzer());
}

Result<sql::AnalyzedMerge> AnalyzeWithWidening(StatementRun& run, sql::MergeStatement statement) {
  statement.target.options.erase(sql::kWidenTypes);
  ASSIGN_OR_RETURN(sql::AnalyzedMerge merge, sql::AnalyzeMerge(statement, run.analyzer()));
  if (!statement.with_schema_evolution || !WidensTypes(merge.target)) return merge;
  statement.target.options[sql::kWidenTypes] = "true";
  return sql::AnalyzeMerge(statement, run.analyzer());
}

bool EvolvesSchemas(const StatementRun& run) {
  return run.state().confs.GetOr("spark.databricks.delta.schema.autoMerge.enabled", "false") == "true";
}

std::shared_ptr<const delta::Snapshot> SnapshotOf(const sql::TableHandle& handle) {
  if (auto* showing = dynamic_cast<const sql::RowMetadataSource*>(&handle)) return SnapshotOf(*showing->WithoutMetadata());
  auto* table = dynamic_cast<const engine::DeltaTable*>(&handle);
  if (table == nullptr || dynamic_cast<const engine::ParquetTable*>(table) != nullptr) return nullptr;
  return table->snapshot();
}

Rows ReportCounts(StatementRun& run, const std::vector<std::pair<std::string, int64_t>>& counts) {
  Schema schema;
  std::vector<Value> row;
  for (const auto& [name, count] : counts) {
    schema.fields.push_back({name, TypeId::kLong, true, "{}"});
    row.push_back(Value::Long(count));
  }
  return run.connection().ExecuteValues(schema, {std::move(row)});
}

}  // namespace ashlar::session
