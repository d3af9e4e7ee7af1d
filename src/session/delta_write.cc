#include "session/delta_write.h"

#include "delta/features.h"

namespace ashlar::session {
namespace {

delta::TransactionEnvironment TransactionEnvironmentOf(Environment& environment) {
  return {environment.clock, environment.random};
}

delta::TableLocation LocationOf(Environment& environment, const std::string& root) {
  return {&environment.store, root, &environment.parquet_actions};
}

}  // namespace

DeltaWrite::DeltaWrite(StatementRun& run, DeltaTarget target)
    : run_(run),
      target_(std::move(target)),
      committer_(run.environment().control, run.session().handle(), target_.uuid),
      metadata_(target_.snapshot->metadata()),
      schema_(target_.snapshot->schema()) {
  transaction_ = std::make_unique<delta::Transaction>(LocationOf(run_.environment(), target_.location), committer_,
                                                      target_.snapshot, TransactionEnvironmentOf(run_.environment()));
}

DeltaWrite::DeltaWrite(StatementRun& run, DeltaTarget target, const delta::TableDefinition& definition)
    : run_(run),
      target_(std::move(target)),
      committer_(run.environment().control, run.session().handle(), target_.uuid),
      metadata_(definition.metadata) {
  delta::TableLocation location = LocationOf(run_.environment(), target_.location);
  delta::TransactionEnvironment environment = TransactionEnvironmentOf(run_.environment());
  if (target_.snapshot) {
    transaction_ = std::make_unique<delta::Transaction>(location, committer_, target_.snapshot, environment);
  } else {
    transaction_ = std::make_unique<delta::Transaction>(location, committer_, definition, environment);
  }
  Result<Schema> schema = Schema::FromJsonText(metadata_.schema_string);
  CHECK(schema.ok()) << "a definition of ours has a schema we cannot read";
  schema_ = *std::move(schema);
}

DeltaWrite::~DeltaWrite() {
  if (!keep_files_) transaction_->Abort();
}

Status DeltaWrite::ReplaceTable(const delta::TableDefinition& definition) {
  CHECK(target_.snapshot != nullptr);
  delta::Metadata metadata = definition.metadata;
  metadata.id = target_.snapshot->metadata().id;
  metadata.created_time_ms = target_.snapshot->metadata().created_time_ms;
  metadata_ = metadata;
  transaction_->SetMetadata(metadata);
  if (!(definition.protocol == target_.snapshot->protocol())) {
    // A protocol is never lowered: only features that are missing are added.
    delta::Protocol protocol = target_.snapshot->protocol();
    for (const delta::TableFeature* feature : delta::MissingFeatures(protocol, metadata, schema_)) {
      protocol = delta::WithFeature(protocol, *feature);
    }
    if (!(protocol == target_.snapshot->protocol())) transaction_->SetProtocol(protocol);
  }
  RemoveAllFiles();
  return OkStatus();
}

Status DeltaWrite::AddColumns(const std::vector<Field>& columns) {
  if (columns.empty()) return OkStatus();
  Schema data = schema_;
  data.fields.insert(data.fields.end(), columns.begin(), columns.end());
  delta::SchemaWriteOptions options;
  options.merge_schema = true;
  ASSIGN_OR_RETURN(schema_, delta::SchemaAfterWrite(schema_, data, options));
  metadata_.schema_string = schema_.ToJsonText();
  transaction_->SetMetadata(metadata_);
  return OkStatus();
}

engine::WriteTarget DeltaWrite::WriterTarget() const {
  engine::WriteTarget target;
  target.table = LocationOf(run_.environment(), target_.location);
  target.schema = schema_;
  target.partition_columns = metadata_.partition_columns;
  target.metadata = metadata_;
  return target;
}

Status DeltaWrite::AddRows(const sql::PlanPtr& rows) {
  ASSIGN_OR_RETURN(engine::WrittenFiles written,
                   engine::WriteRows(run_.connection(), rows, WriterTarget(),
                                     [this](const std::string& path) { transaction_->TrackCreatedFile(path); }));
  for (delta::AddFile& file : written.files) transaction_->Add(std::move(file));
  files_written_ += static_cast<int64_t>(written.files.size());
  rows_written_ += written.row_count;
  bytes_written_ += written.byte_count;
  return run_.CheckCancelled();
}

void DeltaWrite::RemoveAllFiles() {
  transaction_->ReadWholeTable();
  for (const delta::AddFile& file : target_.snapshot->files()) transaction_->Remove(file);
}

void DeltaWrite::RemoveFile(const delta::AddFile& file) { transaction_->Remove(file); }

std::unique_ptr<engine::RowChange> DeltaWrite::MakeRowChange() {
  return engine::MakeRowChange(run_.connection(), target_.snapshot, WriterTarget(),
                                 [this](const std::string& path) { transaction_->TrackCreatedFile(path); });
}

void DeltaWrite::Apply(const engine::RowChangeResult& result) {
  for (const delta::AddFile& file : result.removed) transaction_->Remove(file);
  for (const delta::AddFile& file : result.added) transaction_->Add(file);
  for (const delta::MarkedFile& file : result.marked) transaction_->MarkRows(file);
}

Status DeltaWrite::Commit(delta::Operation operation) {
  RETURN_IF_ERROR(run_.CheckCancelled());
  if (files_written_ > 0 || operation.name == "WRITE") {
    operation.metrics.emplace("numFiles", std::to_string(files_written_));
    operation.metrics.emplace("numOutputRows", std::to_string(rows_written_));
    operation.metrics.emplace("numOutputBytes", std::to_string(bytes_written_));
  }
  operation.user_name = run_.session().user_name();
  transaction_->SetOperation(std::move(operation));
  Result<delta::CommitResult> committed = transaction_->Commit();
  // With an unknown outcome the files may be the table's: they stay.
  keep_files_ = committed.ok() || committed.error().code == ErrorCode::kTemporarilyUnavailable;
  if (!committed.ok()) return committed.error();
  return OkStatus();
}

Rows DeltaWrite::ReportRows() {
  return ReportCounts(run_, {{"num_affected_rows", rows_written_}, {"num_inserted_rows", rows_written_}});
}

std::shared_ptr<const delta::Snapshot> SnapshotOf(const sql::TableHandle& handle) {
  auto* table = dynamic_cast<const engine::DeltaTable*>(&handle);
  return table == nullptr ? nullptr : table->snapshot();
}

Rows ReportCounts(StatementRun& run, const std::vector<std::pair<std::string, int64_t>>& counts) {
  Schema schema;
  std::vector<Value> row;
  for (const auto& [name, count] : counts) {
    schema.fields.push_back({name, TypeId::kLong, true, "{}"});
    row.push_back(Value::Long(count));
  }
  return StreamValues(run.connection(), schema, {std::move(row)});
}

}  // namespace ashlar::session
