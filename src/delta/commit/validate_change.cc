#include <algorithm>

#include "base/text.h"
#include "delta/clustering.h"
#include "delta/evolution/drop_feature.h"
#include "delta/evolution/iceberg_compat.h"
#include "delta/features.h"
#include "delta/paths.h"
#include "delta/stats.h"
#include "delta/transaction.h"

namespace ashlar::delta {
namespace {

Status CheckUnique(const StagedChange& change) {
  std::map<std::string, std::string> seen;  // key → action type
  auto check = [&](const std::string& key, const std::string& path, const char* type) -> Status {
    auto [it, is_new] = seen.emplace(key, type);
    if (is_new) return OkStatus();
    return MakeSqlError("DELTA_DUPLICATE_ACTIONS_FOUND", "2D521",
                        "File operation '" + std::string(type) + "' for path " + path +
                            " was specified several times; it conflicts with '" + it->second + "'.",
                        {{"actionType", type}, {"path", path}, {"conflictingPath", path}});
  };
  for (const RemoveFile& file : change.removes) {
    RETURN_IF_ERROR(check(FileKey(file), file.path, "remove"));
  }
  for (const AddFile& file : change.adds) RETURN_IF_ERROR(check(FileKey(file), file.path, "add"));
  for (const DomainMetadata& domain : change.domains) {
    if (seen.emplace("domain\n" + domain.domain, "domain").second) continue;
    return MakeSqlError("DELTA_DUPLICATE_DOMAIN_METADATA_INTERNAL_ERROR", "42601",
                        "Two domainMetadata actions for the domain " + domain.domain + ".",
                        {{"domainName", domain.domain}});
  }
  return OkStatus();
}

// Whether the path names a file that the table may have. Without a snapshot its place is not known here.
Status CheckPath(const Snapshot* snapshot, const AddFile& add) {
  if (snapshot != nullptr) {
    RETURN_IF_ERROR(snapshot->DataPath(add));
    return OkStatus();
  }
  if (OtherTableFolder(add.path)) return OkStatus();
  RETURN_IF_ERROR(ResolveLogPath("/", add.path));
  return OkStatus();
}

// `snapshot` is null for a table that is being created.
Status CheckAdds(const Snapshot* snapshot, const Metadata& metadata, const Schema& schema,
                 const std::vector<AddFile>& adds) {
  ASSIGN_OR_RETURN(ColumnMappingMode mode, MappingModeOf(metadata.configuration));
  std::set<std::string> expected;
  for (const std::string& name : metadata.partition_columns) {
    int index = schema.IndexOf(name);
    CHECK(index >= 0) << "partition column " << name;
    expected.insert(PhysicalName(schema.fields[static_cast<size_t>(index)], mode));
  }
  for (const AddFile& add : adds) {
    RETURN_IF_ERROR(CheckPath(snapshot, add));
    std::set<std::string> actual;
    for (const auto& [name, value] : add.partition_values) actual.insert(name);
    if (actual != expected) {
      std::string needed = Join({expected.begin(), expected.end()}, ", ");
      std::string given = Join({actual.begin(), actual.end()}, ", ");
      return MakeSqlError("DELTA_INVALID_PARTITIONING_SCHEMA", "XXKDS",
                          "The file " + add.path + " has the partition columns [" + given +
                              "], the table has [" + needed + "].",
                          {{"neededPartitioning", needed}, {"specifiedPartitioning", given}});
    }
    if (NumRecords(add).has_value()) continue;
    if (add.deletion_vector.has_value()) {
      return MakeSqlError("DELTA_DELETION_VECTOR_MISSING_NUM_RECORDS", "2D521",
                          "The file " + add.path + " has a deletion vector but no numRecords.");
    }
    return MakeError(ErrorCode::kInvalidParameterValue,
                     "The file " + add.path + " has no numRecords statistic.");
  }
  return OkStatus();
}

Status CheckRemoves(const Snapshot& snapshot, const Metadata& metadata,
                    const std::vector<RemoveFile>& removes) {
  if (removes.empty()) return OkStatus();
  bool append_only = BooleanProperty(metadata.configuration, "delta.appendOnly", false);
  if (append_only && std::ranges::any_of(removes, &RemoveFile::data_change)) {
    return MakeSqlError("DELTA_CANNOT_MODIFY_APPEND_ONLY", "42809",
                        "The table " + snapshot.root() + " is configured to only allow appends (delta.appendOnly=true).",
                        {{"table_name", metadata.name.value_or("null")}, {"config", "delta.appendOnly"}});
  }
  for (const RemoveFile& remove : removes) {
    if (snapshot.files().Find(FileKey(remove)) || (!remove.data_change && IsVectorFile(remove.path))) continue;
    return MakeError(ErrorCode::kInvalidState, "A file to be removed is not active in version " +
                                                   std::to_string(snapshot.version()) + ": " + remove.path);
  }
  return OkStatus();
}

// Clustering columns always have statistics, in the files that are added and after a change of the schema.
Status CheckClustering(const Snapshot* snapshot, const StagedChange& change, const Metadata& metadata, const Schema& schema) {
  std::optional<std::vector<ColumnPath>> columns;
  if (snapshot != nullptr) columns = ClusteringColumns(snapshot->state());
  for (const DomainMetadata& domain : change.domains) {
    if (domain.domain == kClusteringDomain) columns = domain.removed ? std::nullopt : ParseClusteringDomain(domain);
  }
  bool matters = !change.adds.empty() || change.metadata.has_value() || !change.domains.empty();
  if (!columns || columns->empty() || !matters) return OkStatus();
  return CheckClusteringStatistics(*columns, schema, metadata);
}

// A commit that claims to only rearrange rows has as many after it as before.
Status CheckRowCount(const Snapshot& snapshot, const StagedChange& change) {
  if (!change.OnlyRearranges() || change.removes.empty()) return OkStatus();
  int64_t balance = 0;
  for (const RemoveFile& remove : change.removes) {
    std::optional<size_t> file = snapshot.files().Find(FileKey(remove));
    if (!file) continue;
    std::optional<int64_t> rows = snapshot.files().LiveRowsOf(*file);
    if (!rows.has_value()) return OkStatus();  // written by others without statistics
    balance -= *rows;
  }
  for (const AddFile& add : change.adds) balance += LiveRows(add).value_or(0);
  if (balance == 0) return OkStatus();
  return MakeSqlError("DELTA_NUM_RECORDS_MISMATCH", "XXKDS",
                      "A commit without data change adds and removes different numbers of rows: " +
                          std::to_string(balance) + " too many.");
}

Status CheckIdentity(const Snapshot& snapshot, const StagedChange& change) {
  if (change.metadata.has_value() && change.metadata->id != snapshot.metadata().id) {
    return MakeError(ErrorCode::kInvalidState, "A commit cannot change the id of a table");
  }
  const Protocol& before = snapshot.protocol();
  bool downgrade = change.protocol.has_value() &&
                   (change.protocol->min_reader_version < before.min_reader_version ||
                    change.protocol->min_writer_version < before.min_writer_version);
  // Dropping a feature lowers it, in a commit of its own.
  bool drops = downgrade && TakesFeaturesAway(before, *change.protocol) && change.adds.empty() &&
               change.removes.empty() && change.cdc_files.empty();
  if (downgrade && !drops) {
    return MakeSqlError("DELTA_INVALID_PROTOCOL_DOWNGRADE", "KD004",
                        "The protocol of a table cannot be downgraded.");
  }
  for (const SetTransaction& txn : change.application_versions) {
    if (snapshot.TransactionVersion(txn.app_id).value_or(INT64_MIN) < txn.version) continue;
    Error error = MakeSqlError("DELTA_CONCURRENT_TRANSACTION", "2D521",
                               "Version " + std::to_string(txn.version) + " of the application " +
                                   txn.app_id + " was committed already.");
    error.code = ErrorCode::kAborted;
    return error;
  }
  return OkStatus();
}

bool KeepsTableId(const StringMap& before, const StringMap& after) {
  auto id = before.find(kUnityTableId);
  if (id == before.end()) return true;
  auto kept = after.find(kUnityTableId);
  return kept != after.end() && kept->second == id->second;
}

// What a catalog-managed table must have, and that a table is one from its first version to its last.
Status CheckCatalogManaged(const Snapshot* snapshot, const Protocol& protocol, const Metadata& metadata) {
  bool managed = IsCatalogManaged(protocol);
  if (snapshot != nullptr && managed != IsCatalogManaged(snapshot->protocol())) {
    if (managed) return NotImplemented("making an existing table catalog-managed");
    return NotImplemented("making a catalog-managed table one of the file system");
  }
  if (!managed) return OkStatus();
  if (snapshot != nullptr && !KeepsTableId(snapshot->metadata().configuration, metadata.configuration)) return TableIdIsTheCatalogs();
  if (BooleanProperty(metadata.configuration, "delta.enableInCommitTimestamps", false)) return OkStatus();
  return MakeSqlError("DELTA_CANNOT_MODIFY_CATALOG_MANAGED_DEPENDENCIES", "42616",
                      "A catalog-managed table needs in-commit timestamps: delta.enableInCommitTimestamps stays true.");
}

}  // namespace

Status ValidateChange(const Snapshot* snapshot, const StagedChange& change) {
  CHECK(snapshot != nullptr || (change.metadata.has_value() && change.protocol.has_value()));
  const Metadata& metadata = change.metadata.has_value() ? *change.metadata : snapshot->metadata();
  const Protocol& protocol = change.protocol.has_value() ? *change.protocol : snapshot->protocol();
  Schema schema;
  if (change.metadata.has_value()) {
    ASSIGN_OR_RETURN(schema, Schema::FromJsonText(metadata.schema_string));
    ASSIGN_OR_RETURN(ColumnMappingMode mode, MappingModeOf(metadata.configuration));
    RETURN_IF_ERROR(CheckTableSchema(schema, metadata.partition_columns, mode));
  } else {
    schema = snapshot->schema();
  }
  RETURN_IF_ERROR(CheckWritable(protocol, metadata, schema));
  RETURN_IF_ERROR(CheckIcebergCompat(snapshot, protocol, metadata, schema));
  RETURN_IF_ERROR(CheckCatalogManaged(snapshot, protocol, metadata));
  if (!change.domains.empty() && !IsFeatureListed(protocol, "domainMetadata")) {
    return MakeSqlError("DELTA_DOMAIN_METADATA_NOT_SUPPORTED", "0A000",
                        "The table does not have the domainMetadata feature, needed for the domain " +
                            change.domains[0].domain + ".",
                        {{"domainNames", change.domains[0].domain}});
  }
  RETURN_IF_ERROR(CheckClustering(snapshot, change, metadata, schema));
  RETURN_IF_ERROR(CheckUnique(change));
  RETURN_IF_ERROR(CheckAdds(snapshot, metadata, schema, change.adds));
  if (snapshot == nullptr) {
    CHECK(change.removes.empty()) << "a table that does not exist has no files to remove";
    return OkStatus();
  }
  RETURN_IF_ERROR(CheckIdentity(*snapshot, change));
  RETURN_IF_ERROR(CheckRemoves(*snapshot, metadata, change.removes));
  return CheckRowCount(*snapshot, change);
}

}  // namespace ashlar::delta
