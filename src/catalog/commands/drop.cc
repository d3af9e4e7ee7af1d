#include <filesystem>

#include "base/failpoint.h"
#include "base/file.h"
#include "base/log.h"
#include "catalog/environment.h"
#include "catalog/managed_storage.h"
#include "catalog/path_access.h"

namespace ashlar::catalog {
namespace {

using sql::CatalogReply;
using sql::Securable;

constexpr NameSpace kInSchema[] = {NameSpace::kRelation, NameSpace::kVolume, NameSpace::kFunction};

Status BuryIntentsOf(metadb::Transaction& txn, const std::string& schema_uuid, int64_t now_ms) {
  ASSIGN_OR_RETURN(auto intents, SecurablesTable::InState(txn, SecurableState::kCreating));
  for (const SecurableRow& row : intents) {
    if (row.parent_uuid == schema_uuid) RETURN_IF_ERROR(Bury(txn, row, now_ms));
  }
  return OkStatus();
}

using Uuids = std::vector<std::string>;

// Adds the tables that go with it to `tables`.
Status BurySchema(CommandRun& run, const SecurableRow& schema, Uuids& tables) {
  for (NameSpace name_space : kInSchema) {
    ASSIGN_OR_RETURN(auto children, SecurablesTable::Children(run.txn(), schema.uuid, name_space));
    if (!children.empty() && !run.command.cascade) {
      ASSIGN_OR_RETURN(Chain chain, run.authorizer.ChainOf(schema));
      return SchemaNotEmpty(NameOf(chain));
    }
    for (const SecurableRow& child : children) {
      if (child.kind == Securable::kTable) tables.push_back(child.uuid);
      RETURN_IF_ERROR(Bury(run.txn(), child, run.now_ms));
    }
  }
  RETURN_IF_ERROR(BuryIntentsOf(run.txn(), schema.uuid, run.now_ms));
  return Bury(run.txn(), schema, run.now_ms);
}

Status BuryCatalog(CommandRun& run, const SecurableRow& catalog, Uuids& tables) {
  ASSIGN_OR_RETURN(auto schemas,
                   SecurablesTable::Children(run.txn(), catalog.uuid, NameSpace::kSchema));
  if (!schemas.empty() && !run.command.cascade) return CatalogNotEmpty(catalog.name);
  for (const SecurableRow& schema : schemas) RETURN_IF_ERROR(BurySchema(run, schema, tables));
  return Bury(run.txn(), catalog, run.now_ms);
}

// An external location that tables, volumes or managed ones rest on stays, unless forced.
Status BuryLocation(CommandRun& run, const SecurableRow& location) {
  ASSIGN_OR_RETURN(auto at, SecurablesTable::AtLocation(run.txn(), location.location));
  ASSIGN_OR_RETURN(auto below, SecurablesTable::BelowLocation(run.txn(), location.location, 1));
  bool in_use = at.size() > 1 || !below.empty();
  if (in_use && !run.command.cascade) {
    return MakeError(ErrorCode::kInvalidState,
                     "External Location '" + location.name + "' has dependent tables or volumes");
  }
  return Bury(run.txn(), location, run.now_ms);
}

Status CheckDropTarget(const CommandRun& run, const SecurableRow& row) {
  Securable wanted = run.command.securable;
  if (NameSpaceOf(wanted) != NameSpace::kRelation || wanted == row.kind) return OkStatus();
  std::string found = row.kind == Securable::kView ? "VIEW" : row.managed ? "MANAGED" : "EXTERNAL";
  return WrongDropTarget(wanted, run.command.name, found);
}

// The asker's own intent of a table, given up, unless its version 0 is there.
Result<CatalogReply> AbandonCreate(CommandRun& run) {
  ASSIGN_OR_RETURN(auto row, SecurablesTable::Find(run.txn(), run.command.name[0]));
  bool own = row && row->state == SecurableState::kCreating && row->created_by == run.principal_id();
  if (!own) return NotFound(Securable::kTable, run.command.name);
  // Its answer was lost: the table was made, and recovery gives it its name.
  ASSIGN_OR_RETURN(bool has_log, HasDeltaLog(run, row->location));
  if (has_log) return NotFound(Securable::kTable, run.command.name);
  RETURN_IF_ERROR(Bury(run.txn(), *row, run.now_ms));
  return CatalogReply{{}, {}, row->uuid, row->location, true};
}

Status DeleteManagedFiles(const Environment& environment, const SecurableRow& row) {
  CHECK(row.managed && row.location == environment.ManagedLocation(row.uuid)) << row.location;
  std::error_code error;
  std::filesystem::remove_all(row.location, error);
  if (!error) return OkStatus();
  return MakeError(ErrorCode::kIoError, "delete " + row.location + ": " + error.message());
}

}  // namespace

Result<CatalogReply> Drop(CommandRun& run) {
  Securable kind = run.command.securable;
  if (NameSpaceOf(kind) == NameSpace::kRoot) {
    return MakeError(ErrorCode::kInvalidParameterValue, "This kind of object cannot be dropped");
  }
  // No table is named by one part.
  if (kind == Securable::kTable && run.command.name.size() == 1) return AbandonCreate(run);
  Result<Chain> found = run.authorizer.Find(kind, run.command.name);
  if (!found.ok()) {
    bool tolerated =
        run.command.if_exists && found.error().code == ErrorCode::kResourceDoesNotExist;
    if (tolerated) return CatalogReply();
    return found.error();
  }
  const SecurableRow& row = (*found)[0].row;
  RETURN_IF_ERROR(CheckDropTarget(run, row));
  RETURN_IF_ERROR(run.authorizer.RequireManage(*found));
  Uuids tables;
  if (kind == Securable::kCatalog) {
    RETURN_IF_ERROR(BuryCatalog(run, row, tables));
  } else if (kind == Securable::kSchema) {
    RETURN_IF_ERROR(BurySchema(run, row, tables));
  } else if (kind == Securable::kExternalLocation) {
    RETURN_IF_ERROR(BuryLocation(run, row));
  } else if (kind == Securable::kStorageCredential) {
    RETURN_IF_ERROR(BuryCredential(run, row));
  } else {
    if (row.kind == Securable::kTable) tables.push_back(row.uuid);
    RETURN_IF_ERROR(Bury(run.txn(), row, run.now_ms));
  }
  // Clones that went with their source are no obstacle.
  for (const std::string& uuid : tables) {
    ASSIGN_OR_RETURN(auto clones, CloneSourcesTable::CloneLocations(run.txn(), uuid));
    if (!clones.empty()) return SourceOfClones(DottedName(NameOf(*found)));
  }
  return CatalogReply{{}, {}, row.uuid, row.location, true};
}

Status Bury(metadb::Transaction& txn, const SecurableRow& row, int64_t now_ms) {
  bool has_files = row.managed && HoldsData(row);
  if (!has_files) return SecurablesTable::Delete(txn, row.uuid);
  RETURN_IF_ERROR(GrantsTable::DeleteAll(txn, row.uuid));
  SecurableRow tombstone = row;
  tombstone.state = SecurableState::kDeleting;
  tombstone.updated_ms = now_ms;
  return SecurablesTable::Update(txn, tombstone);
}

Status FinishDrops(const Environment& environment) {
  std::vector<SecurableRow> tombstones;
  RETURN_IF_ERROR(environment.database.Read([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(tombstones, SecurablesTable::InState(txn, SecurableState::kDeleting));
    return OkStatus();
  }));
  bool store_is_away = false;
  for (const SecurableRow& row : tombstones) {
    const bool in_store = objectstore::IsStorePath(row.location);
    if (in_store && store_is_away) continue;
    RETURN_IF_ERROR(Failpoint("catalog.drop.before_files"));
    Status deleted = in_store ? DeleteManagedObjects(environment, row) : DeleteManagedFiles(environment, row);
    if (!deleted.ok() && in_store) {
      // It must neither keep the server from starting nor local files from going; the next sweep tries again.
      Log(LogLevel::kWarn, "what was dropped remains in its store", {{"location", row.location}, {"reason", deleted.error().message}});
      store_is_away = true;
      continue;
    }
    RETURN_IF_ERROR(deleted);
    RETURN_IF_ERROR(environment.database.Transact([&](metadb::Transaction& txn) {
      return SecurablesTable::Delete(txn, row.uuid);
    }));
  }
  return OkStatus();
}

void FinishDropsOrLog(const Environment& environment) {
  Status finished = FinishDrops(environment);
  if (finished.ok()) return;
  Log(LogLevel::kWarn, "files of dropped objects remain", {{"error", finished.error().message}});
}

}  // namespace ashlar::catalog
