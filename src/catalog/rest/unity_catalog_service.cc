#include "catalog/rest/unity_catalog_service.h"

#include "base/text.h"
#include "catalog/catalog_errors.h"
#include "catalog/rest/info_messages.h"

namespace ashlar::catalog {
namespace {

using sql::CatalogAction;
using sql::CatalogCommand;
using sql::Securable;

// "main.default.t"; names hold no dots.
std::vector<std::string> SplitName(const std::string& full_name) {
  std::vector<std::string> parts;
  for (std::string_view part : SplitView(full_name, '.')) parts.emplace_back(part);
  return parts;
}

struct SecurableKindName {
  std::string_view type;
  Securable kind;
};
constexpr SecurableKindName kGrantable[] = {
    {"METASTORE", Securable::kMetastore},
    {"CATALOG", Securable::kCatalog},
    {"SCHEMA", Securable::kSchema},
    {"TABLE", Securable::kTable},
    {"VOLUME", Securable::kVolume},
    {"EXTERNAL_LOCATION", Securable::kExternalLocation},
    {"STORAGE_CREDENTIAL", Securable::kStorageCredential},
};

struct Target {
  Securable kind;
  std::vector<std::string> name;
};

Result<Target> TargetOf(const std::string& type, const std::string& full_name) {
  std::string folded = ReplaceAll(ToUpperAscii(type), "-", "_");
  for (const SecurableKindName& row : kGrantable) {
    if (row.type != folded) continue;
    if (row.kind == Securable::kMetastore) return Target{row.kind, {}};
    bool top = row.kind == Securable::kExternalLocation || row.kind == Securable::kStorageCredential;
    if (top) return Target{row.kind, {full_name}};
    return Target{row.kind, SplitName(full_name)};
  }
  return NotImplemented("permissions on securables of type " + folded);
}

std::vector<std::string> Privileges(const api::Field<std::vector<uc::Privilege>>& field) {
  std::vector<std::string> privileges;
  for (const uc::Privilege& privilege : field.value_or({})) privileges.push_back(privilege.value);
  return privileges;
}

Status RefusePredictiveOptimization(const api::Field<uc::EnablePredictiveOptimization>& field) {
  return Refuse(field.has() && *field == uc::EnablePredictiveOptimization::kEnable, "predictive optimization");
}

}  // namespace

Result<UnityCatalogService::Seen> UnityCatalogService::See(const Context& context, Securable kind,
                                                           const Name& name) {
  Seen seen;
  ASSIGN_OR_RETURN(seen.object, catalog_.Inspect(context.principal, kind, name));
  ASSIGN_OR_RETURN(ObjectInfo metastore, catalog_.Metastore());
  seen.metastore = metastore.uuid;
  return seen;
}

Result<UnityCatalogService::Seen> UnityCatalogService::Create(const Context& context, const CatalogCommand& command) {
  ASSIGN_OR_RETURN([[maybe_unused]] auto made, catalog_.Execute(context.principal, command));
  return See(context, command.securable, command.name);
}

Result<UnityCatalogService::Seen> UnityCatalogService::Update(const Context& context, Securable kind,
                                                              const Name& name,
                                                              const Changes& changes) {
  std::vector<CatalogCommand> commands;
  if (changes.comment.has()) {
    commands.push_back(Command(CatalogAction::kSetComment, kind, name));
    commands.back().comment = *changes.comment;
  }
  if (changes.properties != nullptr && changes.properties->has()) {
    // The map sent is the whole map.
    ASSIGN_OR_RETURN(ObjectInfo before, catalog_.Inspect(context.principal, kind, name));
    commands.push_back(Command(CatalogAction::kUnsetProperties, kind, name));
    commands.back().if_exists = true;
    commands.back().properties = before.properties;
    commands.push_back(Command(CatalogAction::kSetProperties, kind, name));
    commands.back().properties = **changes.properties;
  }
  Name now = name;
  if (Given(changes.new_name)) {
    commands.push_back(Command(CatalogAction::kRename, kind, name));
    commands.back().new_name = {*changes.new_name};
    now.back() = *changes.new_name;
  }
  if (Given(changes.owner)) {  // last: the caller may lose his rights by it
    commands.push_back(Command(CatalogAction::kSetOwner, kind, now));
    commands.back().principal = *changes.owner;
  }
  if (!commands.empty()) {
    ASSIGN_OR_RETURN([[maybe_unused]] auto reply, catalog_.ExecuteAll(context.principal, commands));
  }
  return See(context, kind, now);
}

Status UnityCatalogService::Drop(const Context& context, Securable kind, const Name& name,
                                 const api::Field<bool>& force) {
  CatalogCommand command = Command(CatalogAction::kDrop, kind, name);
  command.cascade = force.value_or(false);
  auto dropped = catalog_.Execute(context.principal, command);
  return dropped.ok() ? OkStatus() : Status(dropped.error());
}

// ---- catalogs

Result<uc::CatalogInfo> UnityCatalogService::CreateCatalog(const Context& context,
                                                           const uc::CreateCatalogRequest& request) {
  RETURN_IF_ERROR(Refuse(Given(request.connection_name), "catalogs over a connection"));
  RETURN_IF_ERROR(Refuse(Given(request.share_name), "catalogs over a share"));
  RETURN_IF_ERROR(Refuse(Given(request.provider_name), "catalogs of a provider"));
  RETURN_IF_ERROR(Refuse(request.options.has() && !request.options->empty(), "catalog options"));
  RETURN_IF_ERROR(Refuse(request.managed_encryption_settings.has(), "catalog encryption settings"));
  CatalogCommand command = Creation(Securable::kCatalog, {*request.name}, request.comment);
  command.properties = request.properties.value_or({});
  command.location = request.storage_root.value_or("");
  return Shown(Create(context, command), ToCatalogInfo);
}

Result<uc::ListCatalogsResponse> UnityCatalogService::ListCatalogs(
    const Context& context, const uc::ListCatalogsRequest& request) {
  return List(context, {Securable::kCatalog}, request, &uc::ListCatalogsResponse::catalogs, ToCatalogInfo);
}

Result<uc::CatalogInfo> UnityCatalogService::GetCatalog(const Context& context,
                                                        const uc::GetCatalogRequest& request) {
  return Shown(See(context, Securable::kCatalog, {*request.name}), ToCatalogInfo);
}

Result<uc::CatalogInfo> UnityCatalogService::UpdateCatalog(const Context& context,
                                                           const uc::UpdateCatalogRequest& request) {
  RETURN_IF_ERROR(Refuse(request.isolation_mode.has() &&
                             *request.isolation_mode != uc::CatalogIsolationMode::kOpen,
                         "isolated catalogs"));
  RETURN_IF_ERROR(Refuse(request.options.has() && !request.options->empty(), "catalog options"));
  RETURN_IF_ERROR(RefusePredictiveOptimization(request.enable_predictive_optimization));
  Changes changes{request.comment, request.new_name, request.owner, &request.properties};
  return Shown(Update(context, Securable::kCatalog, {*request.name}, changes), ToCatalogInfo);
}

Status UnityCatalogService::DeleteCatalog(const Context& context,
                                          const uc::DeleteCatalogRequest& request) {
  return Drop(context, Securable::kCatalog, {*request.name}, request.force);
}

// ---- schemas

Result<uc::SchemaInfo> UnityCatalogService::CreateSchema(const Context& context,
                                                         const uc::CreateSchemaRequest& request) {
  CatalogCommand command = Creation(Securable::kSchema, {*request.catalog_name, *request.name}, request.comment);
  command.properties = request.properties.value_or({});
  command.location = request.storage_root.value_or("");
  return Shown(Create(context, command), ToSchemaInfo);
}

Result<uc::ListSchemasResponse> UnityCatalogService::ListSchemas(
    const Context& context, const uc::ListSchemasRequest& request) {
  return List(context, {Securable::kSchema, {*request.catalog_name}}, request, &uc::ListSchemasResponse::schemas, ToSchemaInfo);
}

Result<uc::SchemaInfo> UnityCatalogService::GetSchema(const Context& context,
                                                      const uc::GetSchemaRequest& request) {
  return Shown(See(context, Securable::kSchema, SplitName(*request.full_name)), ToSchemaInfo);
}

Result<uc::SchemaInfo> UnityCatalogService::UpdateSchema(const Context& context,
                                                         const uc::UpdateSchemaRequest& request) {
  RETURN_IF_ERROR(RefusePredictiveOptimization(request.enable_predictive_optimization));
  Changes changes{request.comment, request.new_name, request.owner, &request.properties};
  return Shown(Update(context, Securable::kSchema, SplitName(*request.full_name), changes), ToSchemaInfo);
}

Status UnityCatalogService::DeleteSchema(const Context& context,
                                         const uc::DeleteSchemaRequest& request) {
  return Drop(context, Securable::kSchema, SplitName(*request.full_name), request.force);
}

// ---- external locations

Result<uc::ExternalLocationInfo> UnityCatalogService::CreateExternalLocation(
    const Context& context, const uc::CreateExternalLocationRequest& request) {
  RETURN_IF_ERROR(Refuse(request.read_only.value_or(false), "read-only external locations"));
  RETURN_IF_ERROR(Refuse(request.enable_file_events.value_or(false), "file events"));
  CatalogCommand command = Creation(Securable::kExternalLocation, {*request.name}, request.comment);
  command.location = *request.url;
  if (Given(request.credential_name)) {
    command.properties["credential"] = *request.credential_name;
    bool check = objectstore::HasStoreScheme(*request.url) && !request.skip_validation.value_or(false);
    if (check) RETURN_IF_ERROR(catalog_.CheckStore(context.principal, *request.url, *request.credential_name));
  }
  return Shown(Create(context, command), ToExternalLocationInfo);
}

Result<uc::ListExternalLocationsResponse> UnityCatalogService::ListExternalLocations(
    const Context& context, const uc::ListExternalLocationsRequest& request) {
  return List(context, {Securable::kExternalLocation}, request, &uc::ListExternalLocationsResponse::external_locations,
              ToExternalLocationInfo);
}

Result<uc::ExternalLocationInfo> UnityCatalogService::GetExternalLocation(
    const Context& context, const uc::GetExternalLocationRequest& request) {
  return Shown(See(context, Securable::kExternalLocation, {*request.name}), ToExternalLocationInfo);
}

Result<uc::ExternalLocationInfo> UnityCatalogService::UpdateExternalLocation(
    const Context& context, const uc::UpdateExternalLocationRequest& request) {
  ASSIGN_OR_RETURN(Seen before, See(context, Securable::kExternalLocation, {*request.name}));
  RETURN_IF_ERROR(Refuse(Given(request.url) && *request.url != before.object.url,
                         "moving an external location"));
  RETURN_IF_ERROR(Refuse(request.read_only.value_or(false), "read-only external locations"));
  if (Given(request.credential_name) && *request.credential_name != before.object.credential_name) {
    bool check = objectstore::HasStoreScheme(before.object.url) && !request.skip_validation.value_or(false);
    if (check) RETURN_IF_ERROR(catalog_.CheckStore(context.principal, before.object.url, *request.credential_name));
    CatalogCommand use = Command(CatalogAction::kSetProperties, Securable::kExternalLocation, {*request.name});
    use.properties["credential"] = *request.credential_name;
    ASSIGN_OR_RETURN([[maybe_unused]] auto used, catalog_.Execute(context.principal, use));
  }
  Changes changes{request.comment, request.new_name, request.owner};
  return Shown(Update(context, Securable::kExternalLocation, {*request.name}, changes), ToExternalLocationInfo);
}

Status UnityCatalogService::DeleteExternalLocation(const Context& context,
                                                   const uc::DeleteExternalLocationRequest& request) {
  return Drop(context, Securable::kExternalLocation, {*request.name}, request.force);
}

// ---- tables

Result<uc::ListTablesResponse> UnityCatalogService::ListTables(const Context& context,
                                                               const uc::ListTablesRequest& request) {
  ASSIGN_OR_RETURN(auto answer, List(context, {Securable::kTable, {*request.catalog_name, *request.schema_name}}, request,
                                     &uc::ListTablesResponse::tables, ToTableInfo));
  for (uc::TableInfo& table : *answer.tables) {
    if (request.omit_columns.value_or(false)) table.columns.Clear();
    if (request.omit_properties.value_or(false)) table.properties.Clear();
    if (request.omit_username.value_or(false)) {
      table.owner.Clear();
      table.created_by.Clear();
      table.updated_by.Clear();
    }
  }
  return answer;
}

Result<uc::TableInfo> UnityCatalogService::GetTable(const Context& context,
                                                    const uc::GetTableRequest& request) {
  return Shown(See(context, Securable::kTable, SplitName(*request.full_name)), ToTableInfo);
}

Status UnityCatalogService::DeleteTable(const Context& context,
                                        const uc::DeleteTableRequest& request) {
  Name name = SplitName(*request.full_name);
  ASSIGN_OR_RETURN(ObjectInfo info, catalog_.Inspect(context.principal, Securable::kTable, name));
  return Drop(context, info.kind, name, {});
}

Result<uc::TableExistsResponse> UnityCatalogService::TableExists(
    const Context& context, const uc::TableExistsRequest& request) {
  auto info = catalog_.Inspect(context.principal, Securable::kTable, SplitName(*request.full_name));
  bool missing = !info.ok() && info.error().code == ErrorCode::kResourceDoesNotExist;
  if (!info.ok() && !missing) return info.error();
  uc::TableExistsResponse answer;
  answer.table_exists = !missing;
  return answer;
}

// ---- volumes

Result<uc::VolumeInfo> UnityCatalogService::CreateVolume(const Context& context,
                                                         const uc::CreateVolumeRequest& request) {
  bool external = *request.volume_type == uc::VolumeType::kExternal;
  if (external != Given(request.storage_location)) {
    return MakeError(ErrorCode::kInvalidParameterValue,
                     "storage_location goes with external volumes, and only with those");
  }
  CatalogCommand command =
      Creation(Securable::kVolume, {*request.catalog_name, *request.schema_name, *request.name}, request.comment);
  command.location = request.storage_location.value_or("");
  return Shown(Create(context, command), ToVolumeInfo);
}

Result<uc::ListVolumesResponse> UnityCatalogService::ListVolumes(
    const Context& context, const uc::ListVolumesRequest& request) {
  return List(context, {Securable::kVolume, {*request.catalog_name, *request.schema_name}}, request,
              &uc::ListVolumesResponse::volumes, ToVolumeInfo);
}

Result<uc::VolumeInfo> UnityCatalogService::GetVolume(const Context& context,
                                                      const uc::GetVolumeRequest& request) {
  return Shown(See(context, Securable::kVolume, SplitName(*request.name)), ToVolumeInfo);
}

Result<uc::VolumeInfo> UnityCatalogService::UpdateVolume(const Context& context,
                                                         const uc::UpdateVolumeRequest& request) {
  Changes changes{request.comment, request.new_name, request.owner};
  return Shown(Update(context, Securable::kVolume, SplitName(*request.name), changes), ToVolumeInfo);
}

Status UnityCatalogService::DeleteVolume(const Context& context,
                                         const uc::DeleteVolumeRequest& request) {
  return Drop(context, Securable::kVolume, SplitName(*request.name), {});
}

// ---- grants and the metastore

Result<uc::GetPermissionsResponse> UnityCatalogService::GetPermissions(
    const Context& context, const uc::GetPermissionsRequest& request) {
  ASSIGN_OR_RETURN(Target target, TargetOf(*request.securable_type, *request.full_name));
  ASSIGN_OR_RETURN(auto grants, catalog_.Grants(context.principal, target.kind, target.name));
  uc::GetPermissionsResponse answer;
  answer.privilege_assignments = DirectAssignments(grants, request.principal.value_or(""));
  return answer;
}

Result<uc::UpdatePermissionsResponse> UnityCatalogService::UpdatePermissions(
    const Context& context, const uc::UpdatePermissionsRequest& request) {
  ASSIGN_OR_RETURN(Target target, TargetOf(*request.securable_type, *request.full_name));
  std::vector<CatalogCommand> commands;
  for (const uc::PermissionsChange& change : request.changes.value_or({})) {
    for (CatalogAction action : {CatalogAction::kGrant, CatalogAction::kRevoke}) {
      CatalogCommand command = Command(action, target.kind, target.name);
      command.principal = change.principal.value_or("");
      command.privileges =
          Privileges(action == CatalogAction::kGrant ? change.add : change.remove);
      if (!command.privileges.empty()) commands.push_back(std::move(command));
    }
  }
  if (!commands.empty()) {
    ASSIGN_OR_RETURN([[maybe_unused]] auto reply, catalog_.ExecuteAll(context.principal, commands));
  }
  uc::UpdatePermissionsResponse answer;
  if (request.omit_permissions_in_response.value_or(false)) return answer;
  ASSIGN_OR_RETURN(auto grants, catalog_.Grants(context.principal, target.kind, target.name));
  answer.privilege_assignments = DirectAssignments(grants, "");
  return answer;
}

Result<uc::EffectivePermissionsList> UnityCatalogService::GetEffectivePermissions(
    const Context& context, const uc::GetEffectivePermissionsRequest& request) {
  ASSIGN_OR_RETURN(Target target, TargetOf(*request.securable_type, *request.full_name));
  ASSIGN_OR_RETURN(auto grants, catalog_.Grants(context.principal, target.kind, target.name));
  uc::EffectivePermissionsList answer;
  answer.privilege_assignments = EffectiveAssignments(grants, request.principal.value_or(""));
  return answer;
}

Result<uc::MetastoreAssignment> UnityCatalogService::GetCurrentMetastoreAssignment(
    const Context&, const uc::GetCurrentMetastoreAssignmentRequest&) {
  ASSIGN_OR_RETURN(ObjectInfo metastore, catalog_.Metastore());
  uc::MetastoreAssignment answer;
  answer.metastore_id = metastore.uuid;
  answer.workspace_id = workspace_id_;
  answer.default_catalog_name = "main";
  return answer;
}

Result<uc::GetMetastoreSummaryResponse> UnityCatalogService::GetMetastoreSummary(
    const Context&, const uc::GetMetastoreSummaryRequest&) {
  ASSIGN_OR_RETURN(ObjectInfo metastore, catalog_.Metastore());
  uc::GetMetastoreSummaryResponse answer;
  answer.metastore_id = metastore.uuid;
  answer.name = metastore.name[0];
  answer.owner = metastore.owner;
  answer.created_at = metastore.created_ms;
  answer.created_by = metastore.created_by;
  answer.updated_at = metastore.updated_ms;
  answer.updated_by = metastore.updated_by;
  answer.external_access_enabled = false;
  answer.privilege_model_version = "1.0";
  return answer;
}

}  // namespace ashlar::catalog
