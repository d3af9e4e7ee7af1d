#include "base/id.h"
#include "base/json.h"
#include "base/text.h"
#include "catalog/environment.h"
#include "catalog/managed_storage.h"
#include "catalog/path_access.h"

namespace ashlar::catalog {
namespace {

using sql::CatalogReply;
using sql::Securable;

constexpr const char* kReservedSchema = "information_schema";

// The row of a new object, without name and place.
SecurableRow NewRow(const CommandRun& run, Securable kind) {
  SecurableRow row;
  row.uuid = run.uuid;
  row.kind = kind;
  row.owner_id = run.principal_id();
  row.comment = run.command.comment;
  row.properties = run.command.properties;
  row.created_ms = row.updated_ms = run.now_ms;
  row.created_by = row.updated_by = run.principal_id();
  return row;
}

Status RequireNameParts(const CommandRun& run, size_t count) {
  if (run.command.name.size() == count) return OkStatus();
  return InvalidName(DottedName(run.command.name),
                     "it must have " + std::to_string(count) + " parts");
}

// An object of the name that is there already, if the command tolerates that.
Result<CatalogReply> Existing(const CommandRun& run, const SecurableRow& existing) {
  if (!run.command.if_exists) return AlreadyExists(run.command.securable, run.command.name);
  return CatalogReply{{}, {}, existing.uuid, existing.location, true};
}

CatalogReply Made(const SecurableRow& row) { return CatalogReply{{}, {}, row.uuid, row.location, false}; }

Result<std::optional<SecurableRow>> Sibling(const CommandRun& run, const std::string& parent_uuid,
                                            const std::string& name) {
  return SecurablesTable::FindChild(run.txn(), parent_uuid, NameSpaceOf(run.command.securable), name);
}

// Gives a new catalog or schema its MANAGED LOCATION, if the command names one.
Status PlaceManaged(const CommandRun& run, SecurableRow& row) {
  if (run.command.location.empty()) return OkStatus();
  ASSIGN_OR_RETURN(row.location, AuthorizeManagedLocation(run.authorizer, run.command.location));
  return OkStatus();
}

Result<CatalogReply> CreateCatalog(CommandRun& run) {
  RETURN_IF_ERROR(RequireNameParts(run, 1));
  ASSIGN_OR_RETURN(std::string name, FoldName(run.command.name[0]));
  ASSIGN_OR_RETURN(Chain metastore, run.authorizer.Find(Securable::kMetastore, {}));
  RETURN_IF_ERROR(run.authorizer.Require(metastore, "CREATE_CATALOG"));
  ASSIGN_OR_RETURN(auto existing, Sibling(run, metastore[0].row.uuid, name));
  if (existing) return Existing(run, *existing);
  SecurableRow catalog = NewRow(run, Securable::kCatalog);
  catalog.parent_uuid = metastore[0].row.uuid;
  catalog.name = name;
  RETURN_IF_ERROR(PlaceManaged(run, catalog));
  RETURN_IF_ERROR(SecurablesTable::Insert(run.txn(), catalog));
  SecurableRow schema = NewRow(run, Securable::kSchema);
  schema.uuid = NewUuid(run.environment.random);
  schema.parent_uuid = catalog.uuid;
  schema.name = "default";
  schema.comment.reset();
  schema.properties.clear();
  RETURN_IF_ERROR(SecurablesTable::Insert(run.txn(), schema));
  return Made(catalog);
}

Result<CatalogReply> CreateSchema(CommandRun& run) {
  RETURN_IF_ERROR(RequireNameParts(run, 2));
  ASSIGN_OR_RETURN(std::string name, FoldName(run.command.name[1]));
  ASSIGN_OR_RETURN(Chain catalog, run.authorizer.FindCatalog(run.command.name[0]));
  RETURN_IF_ERROR(run.authorizer.Require(catalog, "USE_CATALOG"));
  ASSIGN_OR_RETURN(auto existing, Sibling(run, catalog[0].row.uuid, name));
  if (existing && run.command.if_exists) return Existing(run, *existing);
  RETURN_IF_ERROR(run.authorizer.Require(catalog, "CREATE_SCHEMA"));
  if (existing || name == kReservedSchema) return AlreadyExists(Securable::kSchema, run.command.name);
  SecurableRow schema = NewRow(run, Securable::kSchema);
  schema.parent_uuid = catalog[0].row.uuid;
  schema.name = name;
  RETURN_IF_ERROR(PlaceManaged(run, schema));
  RETURN_IF_ERROR(SecurablesTable::Insert(run.txn(), schema));
  return Made(schema);
}

// The schema an object is made in, its use allowed.
Result<Chain> TargetSchema(CommandRun& run) {
  RETURN_IF_ERROR(RequireNameParts(run, 3));
  ASSIGN_OR_RETURN(Chain schema, run.authorizer.FindSchema({run.command.name[0], run.command.name[1]}));
  RETURN_IF_ERROR(run.authorizer.Require(schema, "USE_SCHEMA"));
  return schema;
}

Result<std::string> TableFormat(const CommandRun& run) {
  std::string format = run.command.format.empty() ? "DELTA" : ToUpperAscii(run.command.format);
  bool known = format == "DELTA" || format == "CSV" || format == "JSON" || format == "PARQUET";
  if (!known) return NotImplemented("tables of format " + format);
  if (format != "DELTA" && run.command.location.empty()) {
    return NotImplemented("managed tables of format " + format);
  }
  return format;
}

// What the driver is told of the table it goes on with. A shallow clone may read its source's files from here on: the
// asker can, and who may read the clone will by that alone. A clone's log in a folder of somebody's must not open the
// files of a managed table, so that a clone of one is managed, too.
Result<CatalogReply> WithSources(CommandRun& run, const SecurableRow& clone, CatalogReply reply) {
  const std::string& source_uuid = run.command.shallow_clone_of;
  if (source_uuid.empty()) return reply;
  ASSIGN_OR_RETURN(auto source, SecurablesTable::Find(run.txn(), source_uuid));
  if (!source || source->kind != Securable::kTable || source->state != SecurableState::kActive) {
    return NotFound(Securable::kTable, {source_uuid});
  }
  ASSIGN_OR_RETURN(Chain chain, run.authorizer.ChainOf(*source));
  RETURN_IF_ERROR(run.authorizer.Require(chain, "SELECT"));
  if (source->managed && !clone.managed) {
    return MakeError(ErrorCode::kInvalidParameterValue,
                     "A shallow clone of the managed table " + DottedName(NameOf(chain)) + " must be a managed table, too.");
  }
  ASSIGN_OR_RETURN(std::vector<std::string> sources, CloneSourcesTable::SourcesOf(run.txn(), source_uuid));
  sources.push_back(source_uuid);
  for (const std::string& uuid : sources) {
    if (uuid == clone.uuid) {
      return MakeError(ErrorCode::kInvalidParameterValue, "A table cannot be replaced by a clone of itself.");
    }
    RETURN_IF_ERROR(CloneSourcesTable::Add(run.txn(), clone.uuid, uuid));
  }
  ASSIGN_OR_RETURN(reply.source_roots, CloneSourcesTable::SourceLocations(run.txn(), clone.uuid));
  return reply;
}

// CREATE OR REPLACE of a table that is there: the driver replaces it by the next version of its log.
Result<CatalogReply> ReplaceTable(CommandRun& run, const SecurableRow& existing,
                                  const std::string& format) {
  if (existing.kind != Securable::kTable) {
    return ExpectTableNotView("CREATE OR REPLACE TABLE", run.command.name);
  }
  ASSIGN_OR_RETURN(Chain chain, run.authorizer.ChainOf(existing));
  RETURN_IF_ERROR(run.authorizer.RequireManage(chain));
  ASSIGN_OR_RETURN(auto relation, RelationsTable::Find(run.txn(), existing.uuid));
  CHECK(relation.has_value());
  if (format != "DELTA" || relation->format != "DELTA") {
    return NotImplemented("CREATE OR REPLACE TABLE of a table that is not in Delta");
  }
  if (!run.command.location.empty() && existing.managed) {
    return NotImplemented("CREATE OR REPLACE TABLE that moves a table");
  }
  SecurableRow row = existing;
  row.comment = run.command.comment;
  row.updated_ms = run.now_ms;
  row.updated_by = run.principal_id();
  RETURN_IF_ERROR(SecurablesTable::Update(run.txn(), row));
  return WithSources(run, row, CatalogReply{{}, {}, existing.uuid, existing.location, true});
}

Status PlaceTable(CommandRun& run, const Chain& schema, const std::string& format, SecurableRow& row) {
  row.managed = run.command.location.empty();
  if (row.managed) {
    row.state = SecurableState::kCreating;
    return PlaceManagedObject(run.environment, schema, row);
  }
  ASSIGN_OR_RETURN(row.location, AuthorizeNewLocation(run.authorizer, run.environment.options,
                                                      run.command.location, Securable::kTable,
                                                      "CREATE_EXTERNAL_TABLE"));
  if (format != "DELTA") return OkStatus();
  ASSIGN_OR_RETURN(bool has_log, HasDeltaLog(run, row.location));
  if (!has_log) row.state = SecurableState::kCreating;
  return OkStatus();
}

Result<CatalogReply> CreateTable(CommandRun& run) {
  ASSIGN_OR_RETURN(std::string format, TableFormat(run));
  ASSIGN_OR_RETURN(Chain schema, TargetSchema(run));
  ASSIGN_OR_RETURN(std::string name, FoldName(run.command.name[2]));
  ASSIGN_OR_RETURN(auto existing, Sibling(run, schema[0].row.uuid, name));
  if (existing && run.command.if_exists) return Existing(run, *existing);
  RETURN_IF_ERROR(run.authorizer.Require(schema, "CREATE_TABLE"));
  if (existing && run.command.or_replace) return ReplaceTable(run, *existing, format);
  if (existing) return AlreadyExists(Securable::kTable, run.command.name);
  SecurableRow row = NewRow(run, Securable::kTable);
  row.parent_uuid = schema[0].row.uuid;
  row.name = name;
  RETURN_IF_ERROR(PlaceTable(run, schema, format, row));
  RETURN_IF_ERROR(SecurablesTable::Insert(run.txn(), row));
  RelationRow relation;
  relation.uuid = row.uuid;
  relation.format = format;
  relation.columns.fields = run.command.columns;
  relation.partition_columns = run.command.partition_columns;
  RETURN_IF_ERROR(RelationsTable::Put(run.txn(), relation));
  return WithSources(run, row, Made(row));
}

Result<CatalogReply> CreateView(CommandRun& run) {
  ASSIGN_OR_RETURN(Chain schema, TargetSchema(run));
  ASSIGN_OR_RETURN(std::string name, FoldName(run.command.name[2]));
  ASSIGN_OR_RETURN(auto existing, Sibling(run, schema[0].row.uuid, name));
  if (existing && run.command.if_exists) return Existing(run, *existing);
  if (!Holds(run.authorizer.subject(), schema, "CREATE_VIEW")) {
    RETURN_IF_ERROR(run.authorizer.Require(schema, "CREATE_TABLE"));
  }
  bool replace = run.command.or_replace || run.command.action == sql::CatalogAction::kReplaceView;
  if (existing && (!replace || existing->kind != Securable::kView)) {
    return AlreadyExists(Securable::kView, run.command.name);
  }
  SecurableRow row = NewRow(run, Securable::kView);
  row.parent_uuid = schema[0].row.uuid;
  row.name = name;
  if (existing) {
    // The view stays the same securable: its grants and owner survive a new text.
    ASSIGN_OR_RETURN(Chain chain, run.authorizer.ChainOf(*existing));
    RETURN_IF_ERROR(run.authorizer.RequireManage(chain));
    row.uuid = existing->uuid;
    row.owner_id = existing->owner_id;
    RETURN_IF_ERROR(SecurablesTable::Update(run.txn(), row));
  } else {
    RETURN_IF_ERROR(SecurablesTable::Insert(run.txn(), row));
  }
  RelationRow relation;
  relation.uuid = row.uuid;
  relation.columns.fields = run.command.columns;
  relation.view_text = run.command.view_text;
  relation.view_catalog = ToLowerAscii(run.command.current_catalog);
  relation.view_schema = ToLowerAscii(run.command.current_schema);
  RETURN_IF_ERROR(RelationsTable::Put(run.txn(), relation));
  CatalogReply reply = Made(row);
  reply.already_existed = existing.has_value();
  return reply;
}

Result<CatalogReply> CreateVolume(CommandRun& run) {
  ASSIGN_OR_RETURN(Chain schema, TargetSchema(run));
  ASSIGN_OR_RETURN(std::string name, FoldName(run.command.name[2]));
  ASSIGN_OR_RETURN(auto existing, Sibling(run, schema[0].row.uuid, name));
  if (existing && run.command.if_exists) return Existing(run, *existing);
  RETURN_IF_ERROR(run.authorizer.Require(schema, "CREATE_VOLUME"));
  if (existing) return AlreadyExists(Securable::kVolume, run.command.name);
  SecurableRow row = NewRow(run, Securable::kVolume);
  row.parent_uuid = schema[0].row.uuid;
  row.name = name;
  row.managed = run.command.location.empty();
  if (row.managed) {
    RETURN_IF_ERROR(PlaceManagedObject(run.environment, schema, row));
  } else {
    ASSIGN_OR_RETURN(row.location, AuthorizeNewLocation(run.authorizer, run.environment.options,
                                                        run.command.location, Securable::kVolume,
                                                        "CREATE_EXTERNAL_VOLUME"));
  }
  RETURN_IF_ERROR(SecurablesTable::Insert(run.txn(), row));
  return Made(row);
}

Result<CatalogReply> CreateExternalLocation(CommandRun& run) {
  RETURN_IF_ERROR(RequireNameParts(run, 1));
  ASSIGN_OR_RETURN(std::string name, FoldName(run.command.name[0]));
  ASSIGN_OR_RETURN(Chain metastore, run.authorizer.Find(Securable::kMetastore, {}));
  RETURN_IF_ERROR(run.authorizer.Require(metastore, "CREATE_EXTERNAL_LOCATION"));
  ASSIGN_OR_RETURN(auto existing, Sibling(run, metastore[0].row.uuid, name));
  if (existing) return Existing(run, *existing);
  SecurableRow row = NewRow(run, Securable::kExternalLocation);
  row.parent_uuid = metastore[0].row.uuid;
  row.name = name;
  row.managed = false;
  if (auto named = run.command.properties.find("credential"); named != run.command.properties.end()) {
    RETURN_IF_ERROR(run.authorizer.Find(Securable::kStorageCredential, {named->second}));
  }
  ASSIGN_OR_RETURN(row.location, AuthorizeNewExternalLocation(
                                     run.authorizer, run.environment.options, run.command.location));
  Json attributes = {{"url", run.command.location}};
  row.attributes = WriteJson(attributes);
  row.properties.clear();  // the credential's name
  RETURN_IF_ERROR(UseCredential(run, row));
  RETURN_IF_ERROR(SecurablesTable::Insert(run.txn(), row));
  return Made(row);
}

}  // namespace

Result<CatalogReply> Create(CommandRun& run) {
  switch (run.command.securable) {
    case Securable::kCatalog:
      return CreateCatalog(run);
    case Securable::kSchema:
      return CreateSchema(run);
    case Securable::kTable:
      return CreateTable(run);
    case Securable::kView:
      return CreateView(run);
    case Securable::kVolume:
      return CreateVolume(run);
    case Securable::kExternalLocation:
      return CreateExternalLocation(run);
    case Securable::kStorageCredential:
      return NotImplemented("CREATE STORAGE CREDENTIAL in SQL");
    case Securable::kFunction:
      return NotImplemented("functions in Unity Catalog");
    case Securable::kMetastore:
    case Securable::kAnyFile:
      break;
  }
  return MakeError(ErrorCode::kInvalidParameterValue, "This kind of object cannot be created");
}

}  // namespace ashlar::catalog
