// GENERATE symlink_format_manifest FOR TABLE t: lists of data files for readers that know no Delta log.
#include <map>
#include <set>

#include "base/text.h"
#include "delta/maintenance/table_objects.h"
#include "engine/table_writer.h"
#include "objectstore/store_url.h"
#include "session/commands.h"
#include "session/maintain.h"

namespace ashlar::session {
namespace {

constexpr const char* kMode = "symlink_format_manifest";
constexpr const char* kFolder = "_symlink_format_manifest";

// The manifest of a file, below the manifest folder: the partition's folder, and one name.
Result<std::string> ManifestOf(const delta::Snapshot& snapshot, const delta::AddFile& file) {
  std::string folder;
  for (const std::string& column : snapshot.partition_columns()) {
    auto found = file.partition_values.find(column);
    bool null = found == file.partition_values.end() || !found->second || found->second->empty();
    std::string value = null ? "__HIVE_DEFAULT_PARTITION__" : engine::EscapePartitionName(*found->second);
    folder += engine::EscapePartitionName(column) + "=" + value + "/";
  }
  std::string name = folder + "manifest";
  if (("/" + folder).find("/../") == std::string::npos && ("/" + folder).find("/./") == std::string::npos) return name;
  return MakeError(ErrorCode::kInvalidParameterValue, "A partition has no folder of its own: " + folder);
}

Status CheckManifests(const delta::Snapshot& snapshot) {
  for (size_t i = 0; i < snapshot.files().size(); ++i) {
    if (!snapshot.files().HasVector(i)) continue;
    return MakeSqlError("DELTA_UNSUPPORTED_GENERATE_WITH_DELETION_VECTORS", "0A000",
                        "The 'GENERATE symlink_format_manifest' command is not supported on table versions with "
                        "deletion vectors. To produce a version of the table without deletion vectors, run 'REORG "
                        "TABLE table APPLY (PURGE)'.");
  }
  if (snapshot.mapping_mode() == delta::ColumnMappingMode::kNone) return OkStatus();
  return NotImplemented("GENERATE symlink_format_manifest for a table with column mapping");
}

// Manifests of partitions that have no files any more.
Status RemoveStale(const delta::TableLocation& folder, const std::set<std::string>& current) {
  delta::FolderFilter filter;
  filter.is_hidden = [](const std::string&) { return false; };
  filter.is_needed = [&](const std::string& path) { return current.contains(path); };
  filter.older_than_ms = INT64_MAX;
  const bool local = !objectstore::IsStorePath(folder.root);
  ASSIGN_OR_RETURN(delta::FolderContents found, local ? delta::ListFolder(folder.root, filter) : delta::ListObjects(folder, filter));
  std::vector<std::string> stale;
  for (const delta::FolderFile& file : found.files) stale.push_back(file.path);
  auto cancelled = [] { return false; };
  RETURN_IF_ERROR(local ? delta::UnlinkFiles(folder.root, stale, cancelled) : delta::DeleteObjects(folder, stale, cancelled));
  return OkStatus();
}

}  // namespace

Rows RunCommand(StatementRun& run, const sql::GenerateStatement& statement) {
  if (!EqualsIgnoreCase(statement.mode, kMode)) {
    return MakeSqlError("DELTA_MODE_NOT_SUPPORTED", "0AKDC",
                        "Specified mode '" + statement.mode + "' is not supported. Supported modes are: " + kMode,
                        {{"mode", statement.mode}, {"supportedModes", kMode}});
  }
  ASSIGN_OR_RETURN(MaintainedTable table, OpenMaintained(run, statement.table, "GENERATE"));
  RETURN_IF_ERROR(CheckManifests(*table.snapshot));
  std::map<std::string, std::string> manifests;
  if (table.snapshot->partition_columns().empty()) manifests["manifest"];
  for (const delta::AddFile& file : table.snapshot->files()) {
    ASSIGN_OR_RETURN(std::string path, table.snapshot->DataPath(file));
    ASSIGN_OR_RETURN(std::string manifest, ManifestOf(*table.snapshot, file));
    manifests[manifest] += (objectstore::IsStorePath(path) ? "" : "file:") + path + "\n";
  }
  std::string folder = table.snapshot->root() + "/" + kFolder;
  std::set<std::string> current;
  for (const auto& [name, text] : manifests) {
    RETURN_IF_ERROR(run.environment().store.PutOverwrite(folder + "/" + name, text));
    current.insert(name);
  }
  Environment& env = run.environment();
  if (!manifests.empty()) RETURN_IF_ERROR(RemoveStale({&env.store, folder, &env.parquet_actions}, current));
  return NoRows();
}

}  // namespace ashlar::session
