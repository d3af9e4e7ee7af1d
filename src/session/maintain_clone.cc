// CREATE TABLE t {DEEP | SHALLOW} CLONE s: the files of one version of a table, copied or shared.
#include <set>

#include "base/file.h"
#include "base/id.h"
#include "base/text.h"
#include "delta/deletion_vector.h"
#include "delta/evolution/drop_feature.h"
#include "delta/evolution/iceberg_compat.h"
#include "delta/evolution/properties.h"
#include "delta/features.h"
#include "delta/maintenance/table_folder.h"
#include "delta/maintenance/table_objects.h"
#include "delta/paths.h"
#include "engine/write/row_counts.h"
#include "objectstore/store_url.h"
#include "session/commands.h"
#include "session/maintain.h"
#include "sql/table_path.h"

namespace ashlar::session {
namespace {

struct CloneSource {
  sql::ResolvedRelation relation;
  std::shared_ptr<const delta::Snapshot> snapshot;
};

Error UnsupportedSource(const sql::ResolvedRelation& relation) {
  if (relation.format == "PARQUET") return NotImplemented("CLONE of a Parquet table");
  const char* format = relation.kind == sql::RelationKind::kView ? "View" : "Unknown";
  return MakeSqlError("DELTA_CLONE_UNSUPPORTED_SOURCE", "0AKDC",
                      "'" + relation.full_name + "' cannot be cloned: it is no Delta table (" + format + ").",
                      {{"name", relation.full_name}, {"format", format}});
}

Result<CloneSource> OpenSource(StatementRun& run, const sql::TableRelation& table) {
  CloneSource source;
  ASSIGN_OR_RETURN(source.relation, run.Resolve(table, sql::Access::kRead));
  if (source.relation.format != "DELTA") return UnsupportedSource(source.relation);
  ASSIGN_OR_RETURN(sql::TimeTravel travel, sql::AnalyzeTimeTravel(table, run.analyzer()));
  delta::TimeTravel at{travel.version, std::nullopt};
  if (travel.timestamp_micros) at.timestamp_ms = *travel.timestamp_micros / 1000;
  ASSIGN_OR_RETURN(source.snapshot, delta::Snapshot::Load(LocationOf(run, source.relation), at));
  return source;
}

// What is shared must be known to the catalog, which keeps it, and must be there: VACUUM may have taken files of an
// old version.
Status CheckSource(StatementRun& run, const sql::CloneTableStatement& statement, const CloneSource& source) {
  if (!statement.shallow) return OkStatus();
  if (source.relation.uuid.empty()) return NotImplemented("SHALLOW CLONE of a table that is not in the catalog");
  // The catalog could not say whose files those are.
  if (source.snapshot->source_roots() != source.relation.source_roots) {
    return NotImplemented("SHALLOW CLONE of a shallow clone that another engine made");
  }
  if (!statement.source.version_as_of && !statement.source.timestamp_as_of) return OkStatus();
  ASSIGN_OR_RETURN(std::vector<std::string> missing,
                   MissingFiles(run.environment(), *source.snapshot, source.snapshot->files().ToVector()));
  if (missing.empty()) return OkStatus();
  return MakeError(ErrorCode::kInvalidState, "Version " + std::to_string(source.snapshot->version()) + " of " +
                                                 source.relation.full_name + " cannot be cloned: " +
                                                 std::to_string(missing.size()) + " of its files are gone, the first is " + missing[0]);
}

// Refuses properties a table cannot have before anything is made.
Status CheckProperties(StatementRun& run, const std::map<std::string, std::string>& properties) {
  for (const auto& [key, value] : properties) {
    // The copied files have the source's column names, and perhaps no partition columns.
    bool of_iceberg = delta::IcebergCompatVersion({{key, value}}) > 0;
    if (key.starts_with("delta.columnMapping.") || of_iceberg) return NotImplemented("CLONE with another " + key);
  }
  delta::NewTable any{Schema{{{"c", TypeId::kLong, true, "{}"}}}, {}, properties, std::nullopt, std::nullopt};
  RETURN_IF_ERROR(delta::DefineTable(any, run.environment().clock, run.environment().random));
  return OkStatus();
}

Result<delta::TableDefinition> DefinitionOf(StatementRun& run, const delta::Snapshot& source,
                                            const std::map<std::string, std::string>& properties) {
  delta::TableDefinition definition{source.protocol(), source.metadata()};
  definition.metadata.id = NewUuid(run.environment().random);
  definition.metadata.created_time_ms = run.environment().clock.NowMs();
  ASSIGN_OR_RETURN(delta::PropertyRequest request, delta::ReadProperties(properties));
  // How the source is committed to is no matter of its files.
  const delta::TableFeature& managed = *delta::FindTableFeature(delta::kCatalogManaged);
  if (delta::IsCatalogManaged(definition.protocol)) definition.protocol = delta::WithoutFeature(definition.protocol, managed);
  definition.metadata.configuration.erase(delta::kUnityTableId);
  for (const auto& [key, value] : request.stored) definition.metadata.configuration[key] = value;
  for (const delta::TableFeature* feature : request.features) {
    definition.protocol = delta::WithFeature(std::move(definition.protocol), *feature);
  }
  definition.protocol = delta::WithRequest(std::move(definition.protocol), request);
  if (delta::IsCatalogManaged(definition.protocol)) return delta::ManagedCreationUnsupported("a clone");
  return definition;
}

sql::CatalogCommand CreateCommand(const sql::CloneTableStatement& statement, sql::NameParts name,
                                  const CloneSource& source, const delta::Metadata& metadata) {
  sql::CatalogCommand command;
  command.action = sql::CatalogAction::kCreate;
  command.securable = sql::Securable::kTable;
  command.name = std::move(name);
  command.if_exists = statement.if_not_exists;
  command.or_replace = statement.or_replace;
  if (!source.relation.comment.empty()) command.comment = source.relation.comment;
  command.properties = metadata.configuration;
  command.format = "DELTA";
  command.location = statement.location;
  if (statement.shallow) command.shallow_clone_of = source.relation.uuid;
  command.columns = source.snapshot->schema().fields;
  command.partition_columns = metadata.partition_columns;
  return command;
}

// Copies data files and deletion vectors into the new table.
class FileCopy {
 public:
  FileCopy(StatementRun& run, const delta::Snapshot& source, std::string root, delta::Transaction& transaction)
      : run_(run), source_(source), root_(std::move(root)), transaction_(transaction) {}

  Status CopyAll() {
    uuid_ = NewUuid(run_.environment().random);
    if (!objectstore::IsStorePath(root_)) folders_.insert(root_);
    std::vector<delta::AddFile> files = source_.files().ToVector();
    RETURN_IF_ERROR(engine::FillRowCounts(run_.connection(), source_, files));
    for (delta::AddFile& file : files) RETURN_IF_ERROR(CopyOne(std::move(file)));
    for (const std::string& folder : folders_) RETURN_IF_ERROR(SyncDirectory(folder));
    RETURN_IF_ERROR(CopyVectors());
    for (delta::AddFile& file : copied_) transaction_.Add(std::move(file));
    return OkStatus();
  }
  int64_t bytes() const { return bytes_; }

 private:
  Status CopyOne(delta::AddFile file) {
    RETURN_IF_ERROR(run_.CheckCancelled());
    ASSIGN_OR_RETURN(std::string path, source_.DataPath(file));
    const std::string& from = RootOf(path);
    std::string relative = path.substr(from.size() + 1);
    size_t slash = relative.rfind('/');
    std::string folder = slash == std::string::npos ? "" : relative.substr(0, slash + 1);
    std::string number = std::to_string(copied_.size());
    std::string name = folder + "part-" + std::string(number.size() < 5 ? 5 - number.size() : 0, '0') + number + "-" +
                       uuid_ + ".c000.parquet";
    std::string target = root_ + "/" + name;
    RETURN_IF_ERROR(MakeFolders(target));
    transaction_.TrackCreatedFile(target);
    const bool local = !objectstore::IsStorePath(from) && !objectstore::IsStorePath(root_);
    ASSIGN_OR_RETURN(int64_t bytes, local ? delta::CopyTableFile(from, relative, target)
                                          : delta::CopyTableObject(run_.environment().store, from, relative, target));
    bytes_ += bytes;
    file.path = delta::EncodeLogPath(name);
    file.modification_time_ms = run_.environment().clock.NowMs();
    file.data_change = true;
    copied_.push_back(std::move(file));
    return OkStatus();
  }

  // The table whose folder the file is in: not the source where that is a shallow clone.
  const std::string& RootOf(const std::string& path) const {
    for (const std::string& root : source_.source_roots()) {
      if (path.starts_with(root + "/")) return root;
    }
    return source_.root();
  }

  Status MakeFolders(const std::string& target) {
    if (objectstore::IsStorePath(root_)) return OkStatus();
    std::string parent = target.substr(0, target.rfind('/'));
    RETURN_IF_ERROR(MakeDirectories(parent));
    for (; parent.size() > root_.size(); parent = parent.substr(0, parent.rfind('/'))) folders_.insert(parent);
    return OkStatus();
  }

  Status CopyVectors() {
    Environment& env = run_.environment();
    std::vector<delta::DeletionVector> vectors;
    std::vector<delta::AddFile*> owners;
    for (delta::AddFile& file : copied_) {
      if (!file.deletion_vector || file.deletion_vector->storage_type == "i") continue;
      ASSIGN_OR_RETURN(delta::DeletionVector vector,
                       delta::LoadDeletionVector(env.store, source_.root(), *file.deletion_vector, source_.source_roots()));
      vectors.push_back(std::move(vector));
      owners.push_back(&file);
    }
    ASSIGN_OR_RETURN(auto written,
                     delta::WriteDeletionVectors(env.store, root_, env.random, vectors, [this](const std::string& path) {
                       transaction_.TrackCreatedFile(path);
                     }));
    for (size_t i = 0; i < owners.size(); ++i) owners[i]->deletion_vector = written[i];
    return OkStatus();
  }

  StatementRun& run_;
  const delta::Snapshot& source_;
  const std::string root_;
  delta::Transaction& transaction_;
  std::string uuid_;
  std::set<std::string> folders_;
  std::vector<delta::AddFile> copied_;
  int64_t bytes_ = 0;
};

struct Counts {
  int64_t source_bytes, source_files, removed_files, copied_files, removed_bytes, copied_bytes;
};

// A file of the source as the log of another table names it.
Result<delta::AddFile> SharedFile(const delta::Snapshot& source, delta::AddFile file) {
  ASSIGN_OR_RETURN(std::string path, source.DataPath(file));
  file.path = delta::EncodeAbsoluteLogPath(path);
  file.data_change = true;
  if (!file.deletion_vector || file.deletion_vector->storage_type == "i") return file;
  ASSIGN_OR_RETURN(std::string vector,
                   delta::DeletionVectorPath(source.root(), *file.deletion_vector, source.source_roots()));
  file.deletion_vector->storage_type = "p";
  file.deletion_vector->path_or_inline_dv = delta::EncodeAbsoluteLogPath(vector);
  return file;
}

// Nothing is copied. Of a table that is replaced (`before`), a file it shares already stays as it is.
Status ShareFiles(StatementRun& run, const delta::Snapshot& source, const delta::Snapshot* before, DeltaWrite& write,
                  Counts& counts) {
  std::vector<delta::AddFile> files = source.files().ToVector();
  RETURN_IF_ERROR(engine::FillRowCounts(run.connection(), source, files));
  std::set<size_t> kept;
  for (delta::AddFile& own : files) {
    ASSIGN_OR_RETURN(delta::AddFile file, SharedFile(source, std::move(own)));
    std::optional<size_t> there = before ? before->files().Find(delta::FileKey(file)) : std::nullopt;
    bool same = false;
    if (there) {
      kept.insert(*there);
      delta::AddFile old = before->files()[*there];
      old.data_change = true;
      same = old == file;
    }
    if (!same) write.transaction().Add(std::move(file));
  }
  for (size_t i = 0; before != nullptr && i < before->files().size(); ++i) {
    if (kept.contains(i)) continue;
    delta::AddFile gone = before->files()[i];
    ++counts.removed_files;
    counts.removed_bytes += gone.size;
    write.RemoveFile(gone);
  }
  return OkStatus();
}

// Nothing is shared: every file of the table that is replaced goes.
Status CopyFiles(StatementRun& run, const delta::Snapshot& source, const DeltaTarget& target, DeltaWrite& write, Counts& counts) {
  if (target.snapshot) {
    write.RemoveAllFiles();
    counts.removed_files = static_cast<int64_t>(target.snapshot->files().size());
    counts.removed_bytes = target.snapshot->SizeInBytes();
  }
  FileCopy copy(run, source, target.location, write.transaction());
  RETURN_IF_ERROR(copy.CopyAll());
  counts.copied_files = counts.source_files;
  counts.copied_bytes = copy.bytes();
  return OkStatus();
}

// The protocol of a table that is replaced, with what the source's files may put to use.
delta::Protocol ProtocolFor(const delta::Snapshot& before, const delta::Protocol& source) {
  delta::Protocol protocol = before.protocol();
  for (const std::string& name : delta::ListedFeatures(source)) {
    const delta::TableFeature* feature = delta::FindTableFeature(name);
    bool missing = feature != nullptr && !delta::IsFeatureListed(protocol, name);
    if (missing) protocol = delta::WithFeature(std::move(protocol), *feature);
  }
  return protocol;
}

// As delta-spark does: a table that is replaced by a clone of one without clustering loses the domain.
void RemoveClustering(const delta::Snapshot& before, const delta::Snapshot& source, delta::Transaction& transaction) {
  const std::string name(delta::kClusteringDomain);
  auto domain = before.state().domain_metadata.find(name);
  if (domain == before.state().domain_metadata.end() || source.state().domain_metadata.contains(name)) return;
  transaction.SetDomainMetadata({name, domain->second.configuration, true});
}

delta::Operation OperationOf(const CloneSource& source, bool shallow, const Counts& counts) {
  delta::Operation operation;
  operation.name = "CLONE";
  operation.parameters["source"] =
      source.relation.uuid.empty() ? "delta.`" + source.relation.location + "`" : source.relation.full_name;
  operation.parameters["sourceVersion"] = std::to_string(source.snapshot->version());
  // delta-spark, which copies nothing, does not say.
  if (!shallow) operation.parameters["isShallow"] = "false";
  operation.metrics = {{"sourceTableSize", std::to_string(counts.source_bytes)},
                       {"sourceNumOfFiles", std::to_string(counts.source_files)},
                       {"numRemovedFiles", std::to_string(counts.removed_files)},
                       {"numCopiedFiles", std::to_string(counts.copied_files)},
                       {"removedFilesSize", std::to_string(counts.removed_bytes)},
                       {"copiedFilesSize", std::to_string(counts.copied_bytes)}};
  return operation;
}

Rows Report(StatementRun& run, const Counts& counts) {
  return ReportCounts(run, {{"source_table_size", counts.source_bytes},
                            {"source_num_of_files", counts.source_files},
                            {"num_removed_files", counts.removed_files},
                            {"num_copied_files", counts.copied_files},
                            {"removed_files_size", counts.removed_bytes},
                            {"copied_files_size", counts.copied_bytes}});
}

Rows ReportNothing(StatementRun& run) {
  Schema schema;
  for (const char* name : {"source_table_size", "source_num_of_files", "num_removed_files", "num_copied_files",
                           "removed_files_size", "copied_files_size"}) {
    schema.fields.push_back({name, TypeId::kLong, true, "{}"});
  }
  return run.connection().ExecuteValues(schema, {});
}

Error TargetExists(const sql::NameParts& name) {
  std::vector<std::string> quoted;
  for (const std::string& part : name) quoted.push_back(QuoteIdentifier(part));
  std::string table = Join(quoted, ".");
  return MakeSqlError("DELTA_TABLE_ALREADY_EXISTS", "42P07", "The table " + table + " exists already.", {{"tableName", table}});
}

// A new table must not take over a log that lies at its location.
Error NonEmptyTarget() {
  return MakeSqlError("DELTA_UNSUPPORTED_NON_EMPTY_CLONE", "0AKDC",
                      "The clone destination table is non-empty. Please TRUNCATE or DELETE FROM the table before running CLONE.");
}

Rows WriteClone(StatementRun& run, const sql::CloneTableStatement& statement, const CloneSource& source,
                const delta::TableDefinition& definition, const sql::CatalogReply& reply) {
  if (reply.location == source.relation.location) {
    return MakeError(ErrorCode::kInvalidParameterValue, "A table cannot be replaced by a clone of itself.");
  }
  DeltaTarget target{reply.uuid, reply.location, nullptr};
  ASSIGN_OR_RETURN(delta::TableLocation location, LocationOf(run, reply));
  if (location.catalog) return NotImplemented("CLONE to a catalog-managed table");
  ASSIGN_OR_RETURN(bool exists, delta::IsDeltaTable(location));
  if (exists) {
    ASSIGN_OR_RETURN(target.snapshot, delta::Snapshot::Load(location));
  }
  DeltaWrite write(run, target, definition);
  if (exists) {
    RETURN_IF_ERROR(write.ReplaceDefinition(definition));
    delta::Protocol protocol = ProtocolFor(*target.snapshot, definition.protocol);
    if (!(protocol == target.snapshot->protocol())) write.SetProtocol(std::move(protocol));
    RemoveClustering(*target.snapshot, *source.snapshot, write.transaction());
  }
  // No clone is an append, as delta-spark has it.
  write.transaction().ReadWholeTable();
  Counts counts{source.snapshot->SizeInBytes(), static_cast<int64_t>(source.snapshot->files().size()), 0, 0, 0, 0};
  RETURN_IF_ERROR(statement.shallow ? ShareFiles(run, *source.snapshot, target.snapshot.get(), write, counts)
                                    : CopyFiles(run, *source.snapshot, target, write, counts));
  for (const auto& [domain, metadata] : source.snapshot->state().domain_metadata) {
    write.transaction().SetDomainMetadata(metadata);
  }
  RETURN_IF_ERROR(write.Commit(OperationOf(source, statement.shallow, counts)));
  return Report(run, counts);
}

}  // namespace

Rows RunCommand(StatementRun& run, const sql::CloneTableStatement& statement) {
  if (sql::NamesDeltaPath(statement.name)) {
    return NotImplemented("CLONE to a table that is named by its path");
  }
  ASSIGN_OR_RETURN(sql::NameParts name, run.Complete(statement.name, 3));
  ASSIGN_OR_RETURN(CloneSource source, OpenSource(run, statement.source));
  RETURN_IF_ERROR(CheckSource(run, statement, source));
  RETURN_IF_ERROR(CheckProperties(run, statement.properties));
  ASSIGN_OR_RETURN(delta::TableDefinition definition, DefinitionOf(run, *source.snapshot, statement.properties));
  Result<sql::CatalogReply> created = run.Execute(CreateCommand(statement, name, source, definition.metadata));
  if (!created.ok() && created.error().condition == "TABLE_OR_VIEW_ALREADY_EXISTS") return TargetExists(name);
  ASSIGN_OR_RETURN(sql::CatalogReply reply, std::move(created));
  if (reply.already_existed && !statement.or_replace) return ReportNothing(run);
  return CreateAtPlace(run, name, reply, [&](bool found_log) -> Rows {
    if (found_log && !statement.or_replace) return NonEmptyTarget();
    return WriteClone(run, statement, source, definition, reply);
  });
}

}  // namespace ashlar::session
