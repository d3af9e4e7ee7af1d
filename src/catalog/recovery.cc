#include "base/failpoint.h"
#include "base/id.h"
#include "base/log.h"
#include "catalog/environment.h"
#include "catalog/migrations.h"
#include "identity/tables/principals_table.h"

namespace ashlar::catalog {
namespace {

using sql::Securable;

SecurableRow FirstRow(const Environment& environment, Securable kind, const std::string& parent,
                      const std::string& name) {
  SecurableRow row;
  row.uuid = NewUuid(environment.random);
  row.kind = kind;
  row.parent_uuid = parent;
  row.name = name;
  row.owner_id = identity::kAdminsGroup;
  row.created_by = row.updated_by = identity::kAdminsGroup;
  row.created_ms = row.updated_ms = environment.clock.NowMs();
  return row;
}

// What every user of a new workspace may do in `main`.
Status GrantFirst(metadb::Transaction& txn, const Environment& environment,
                  const SecurableRow& catalog, const SecurableRow& schema) {
  auto grant = [&](const SecurableRow& on, const char* privilege) {
    return GrantsTable::Insert(txn, {on.uuid, identity::kAccountUsersGroup, privilege,
                                     environment.clock.NowMs(), identity::kAdminsGroup});
  };
  RETURN_IF_ERROR(grant(catalog, "USE_CATALOG"));
  for (const char* privilege : {"USE_SCHEMA", "CREATE_TABLE", "CREATE_VOLUME", "CREATE_MODEL",
                                "CREATE_FUNCTION", "CREATE_MATERIALIZED_VIEW"}) {
    RETURN_IF_ERROR(grant(schema, privilege));
  }
  return OkStatus();
}

}  // namespace

Status MakeFirstObjects(const Environment& environment) {
  return environment.database.Transact([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(auto existing, SecurablesTable::FindRoot(txn, Securable::kMetastore));
    if (existing) return OkStatus();
    SecurableRow metastore = FirstRow(environment, Securable::kMetastore, "", "metastore");
    SecurableRow any_file = FirstRow(environment, Securable::kAnyFile, metastore.uuid, "any file");
    SecurableRow catalog = FirstRow(environment, Securable::kCatalog, metastore.uuid, "main");
    SecurableRow schema = FirstRow(environment, Securable::kSchema, catalog.uuid, "default");
    for (const SecurableRow* row : {&metastore, &any_file, &catalog, &schema}) {
      RETURN_IF_ERROR(SecurablesTable::Insert(txn, *row));
    }
    RETURN_IF_ERROR(GrantFirst(txn, environment, catalog, schema));
    return BumpEpoch(txn);
  });
}

Status SettleIntents(const Environment& environment, int64_t created_before_ms) {
  std::vector<SecurableRow> intents;
  RETURN_IF_ERROR(environment.database.Read([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(intents, SecurablesTable::InState(txn, SecurableState::kCreating));
    return OkStatus();
  }));
  for (const SecurableRow& intent : intents) {
    if (intent.created_ms >= created_before_ms) continue;
    // Its version 0 may be there without our having said so: then the table was made.
    Result<bool> has_log = HasDeltaLog(environment, intent.location);
    if (!has_log.ok() && objectstore::IsStorePath(intent.location)) {
      // A store that does not answer must not keep the server from starting.
      Log(LogLevel::kWarn, "an unfinished CREATE is left as it is", {{"reason", has_log.error().message}});
      continue;
    }
    if (!has_log.ok()) return has_log.error();
    Status published = *has_log ? environment.database.Transact([&](metadb::Transaction& txn) {
      return Publish(txn, intent.uuid, environment.clock.NowMs());
    })
                               : Status(MakeError(ErrorCode::kNotFound, "no version 0"));
    if (published.ok()) continue;
    bool hopeless = published.error().code == ErrorCode::kNotFound ||
                    published.error().code == ErrorCode::kAlreadyExists ||
                    published.error().code == ErrorCode::kResourceDoesNotExist;
    if (!hopeless) return published;
    RETURN_IF_ERROR(environment.database.Transact([&](metadb::Transaction& txn) {
      return Bury(txn, intent, environment.clock.NowMs());
    }));
  }
  return OkStatus();
}

}  // namespace ashlar::catalog
