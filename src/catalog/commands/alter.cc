#include "base/text.h"
#include "catalog/environment.h"
#include "catalog/path_access.h"
#include "identity/directory.h"

namespace ashlar::catalog {
namespace {

using sql::CatalogAction;
using sql::CatalogReply;
using sql::Securable;

Status Rename(CommandRun& run, const Chain& chain, SecurableRow& row) {
  NameParts target = run.command.new_name;
  NameParts old_name = NameOf(chain);
  if (target.size() == 1 && old_name.size() > 1) {
    target = old_name;
    target.back() = run.command.new_name[0];
  }
  if (target.size() != old_name.size()) {
    return InvalidName(DottedName(target), "it must have " + std::to_string(old_name.size()) + " parts");
  }
  ASSIGN_OR_RETURN(row.name, FoldName(target.back()));
  if (target.size() > 1 && !EqualsIgnoreCase(target[0], old_name[0])) {
    return NotImplemented("moving an object to another catalog");
  }
  if (target.size() == 3 && !EqualsIgnoreCase(target[1], old_name[1])) {
    ASSIGN_OR_RETURN(Chain schema, run.authorizer.FindSchema({target[0], target[1]}));
    RETURN_IF_ERROR(run.authorizer.Require(
        schema, row.kind == Securable::kVolume ? "CREATE_VOLUME" : "CREATE_TABLE"));
    row.parent_uuid = schema[0].row.uuid;
  }
  if (row.name == "information_schema" && row.kind == Securable::kSchema) {
    return AlreadyExists(row.kind, target);
  }
  ASSIGN_OR_RETURN(auto taken, SecurablesTable::FindChild(run.txn(), row.parent_uuid,
                                                          NameSpaceOf(row.kind), row.name));
  if (taken && taken->uuid != row.uuid) return AlreadyExists(row.kind, target);
  return OkStatus();
}

Status SetOwner(CommandRun& run, SecurableRow& row) {
  ASSIGN_OR_RETURN(auto principal,
                   identity::Directory::FindByName(run.txn(), run.command.principal));
  if (!principal) return NoSuchPrincipal(run.command.principal);
  row.owner_id = principal->id;
  return OkStatus();
}

Status UnsetProperties(CommandRun& run, SecurableRow& row) {
  std::vector<std::string> missing;
  for (const auto& [key, unused] : run.command.properties) {
    if (row.properties.erase(key) == 0) missing.push_back(QuoteIdentifier(key));
  }
  if (missing.empty() || run.command.if_exists) return OkStatus();
  std::string keys = Join(missing, ", ");
  std::string name = QuotedName(run.command.name);
  return MakeSqlError("UNSET_NONEXISTENT_PROPERTIES", "42K0J",
                      "Attempted to unset non-existent properties [" + keys + "] in table " + name + ".",
                      {{"properties", keys}, {"table", name}});
}

Status SetLocation(CommandRun& run, SecurableRow& row) {
  if (row.kind != Securable::kTable || row.managed) {
    return NotImplemented("SET LOCATION of anything but an external table");
  }
  ASSIGN_OR_RETURN(std::vector<std::string> clones, CloneSourcesTable::CloneLocations(run.txn(), row.uuid));
  if (!clones.empty()) return SourceOfClones(DottedName(run.command.name));
  // Whatever lies there, it is not the clone that was made.
  RETURN_IF_ERROR(CloneSourcesTable::Forget(run.txn(), row.uuid));
  ASSIGN_OR_RETURN(row.location, AuthorizeNewLocation(run.authorizer, run.environment.options,
                                                      run.command.location, Securable::kTable,
                                                      "CREATE_EXTERNAL_TABLE"));
  ASSIGN_OR_RETURN(auto relation, RelationsTable::Find(run.txn(), row.uuid));
  if (!relation || relation->format != "DELTA") return OkStatus();
  ASSIGN_OR_RETURN(bool has_log, HasDeltaLog(run, row.location));
  if (has_log) return OkStatus();
  return MakeError(ErrorCode::kInvalidParameterValue,
                   "'" + run.command.location + "' is not a Delta table");
}

Status SetColumns(CommandRun& run, const SecurableRow& row) {
  ASSIGN_OR_RETURN(auto relation, RelationsTable::Find(run.txn(), row.uuid));
  if (!relation || relation->format == "DELTA") {
    return MakeError(ErrorCode::kInvalidParameterValue,
                     "The columns of a Delta table are changed by a commit to its log");
  }
  relation->columns.fields = run.command.columns;
  return RelationsTable::Put(run.txn(), *relation);
}

// After CONVERT TO DELTA: what lies at the table's location is a Delta table by now.
Status SetFormat(CommandRun& run, const SecurableRow& row) {
  ASSIGN_OR_RETURN(auto relation, RelationsTable::Find(run.txn(), row.uuid));
  bool convertible = relation && relation->format == "PARQUET" && run.command.format == "DELTA";
  if (!convertible) return MakeError(ErrorCode::kInvalidParameterValue, "Only a PARQUET table becomes a DELTA table");
  ASSIGN_OR_RETURN(bool has_log, HasDeltaLog(run, row.location));
  if (!has_log) return MakeError(ErrorCode::kInvalidState, "'" + row.location + "' has no Delta log");
  relation->format = run.command.format;
  relation->columns.fields = run.command.columns;
  relation->partition_columns = run.command.partition_columns;
  return RelationsTable::Put(run.txn(), *relation);
}

Status RequireRight(CommandRun& run, const Chain& chain) {
  bool modify_suffices = chain[0].row.kind == Securable::kTable &&
                         (run.command.action == CatalogAction::kSetComment ||
                          run.command.action == CatalogAction::kSetProperties ||
                          run.command.action == CatalogAction::kUnsetProperties ||
                          run.command.action == CatalogAction::kSetColumns ||
                          run.command.action == CatalogAction::kSetFormat);
  if (modify_suffices) return run.authorizer.RequireManageOr(chain, "MODIFY");
  return run.authorizer.RequireManage(chain);
}

}  // namespace

Result<CatalogReply> Alter(CommandRun& run) {
  Securable kind = run.command.securable;
  if (NameSpaceOf(kind) == NameSpace::kRoot && run.command.action != CatalogAction::kSetOwner) {
    return MakeError(ErrorCode::kInvalidParameterValue, "This kind of object cannot be altered");
  }
  ASSIGN_OR_RETURN(Chain chain, run.authorizer.Find(kind, run.command.name));
  RETURN_IF_ERROR(RequireRight(run, chain));
  SecurableRow row = chain[0].row;
  row.updated_ms = run.now_ms;
  row.updated_by = run.principal_id();
  switch (run.command.action) {
    case CatalogAction::kRename:
      RETURN_IF_ERROR(Rename(run, chain, row));
      break;
    case CatalogAction::kSetOwner:
      RETURN_IF_ERROR(SetOwner(run, row));
      break;
    case CatalogAction::kSetComment:
      row.comment = run.command.comment;
      if (row.comment && row.comment->empty()) row.comment.reset();
      break;
    case CatalogAction::kSetProperties:
      if (kind == Securable::kExternalLocation) {  // it has no other
        RETURN_IF_ERROR(UseCredential(run, row));
        break;
      }
      for (const auto& [key, value] : run.command.properties) row.properties[key] = value;
      break;
    case CatalogAction::kUnsetProperties:
      RETURN_IF_ERROR(UnsetProperties(run, row));
      break;
    case CatalogAction::kSetLocation:
      RETURN_IF_ERROR(SetLocation(run, row));
      break;
    case CatalogAction::kSetColumns:
      RETURN_IF_ERROR(SetColumns(run, row));
      break;
    case CatalogAction::kSetFormat:
      RETURN_IF_ERROR(SetFormat(run, row));
      break;
    default:
      CHECK(false) << "not an alteration";
  }
  RETURN_IF_ERROR(SecurablesTable::Update(run.txn(), row));
  return CatalogReply{{}, {}, row.uuid, row.location, true};
}

}  // namespace ashlar::catalog
