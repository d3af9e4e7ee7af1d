#include "identity/permissions_service.h"

#include <algorithm>

#include "identity/directory.h"
#include "identity/permission_levels.h"

namespace ashlar::identity {
namespace {

using api::permissions::AccessControlRequest;
using api::permissions::AccessControlResponse;
using api::permissions::ObjectPermissions;
using api::permissions::Permission;

Result<PrincipalRow> FindGrantee(metadb::Transaction& txn, const AccessControlRequest& change) {
  struct {
    const api::Field<std::string>& name;
    PrincipalKind kind;
  } ways[] = {{change.user_name, PrincipalKind::kUser},
              {change.group_name, PrincipalKind::kGroup},
              {change.service_principal_name, PrincipalKind::kServicePrincipal}};
  for (const auto& way : ways) {
    if (!way.name.has() || way.name->empty()) continue;
    ASSIGN_OR_RETURN(auto row, PrincipalsTable::FindByName(txn, way.kind, *way.name));
    if (row) return *row;
    return MakeError(ErrorCode::kResourceDoesNotExist, "Principal: " + *way.name + " does not exist");
  }
  return MakeError(ErrorCode::kInvalidParameterValue,
                   "An access control must name a user, group or service principal");
}

// One owner at a time, who is not a group: the old one steps aside.
Status MakeOwner(metadb::Transaction& txn, const ObjectRef& object, const PrincipalRow& owner) {
  if (owner.kind == PrincipalKind::kGroup) {
    return MakeError(ErrorCode::kInvalidParameterValue, "A group cannot be IS_OWNER: " + owner.name);
  }
  ASSIGN_OR_RETURN(auto acls, ObjectAclsTable::On(txn, object));
  for (const ObjectAclRow& acl : acls) {
    if (acl.level != kIsOwner) continue;
    RETURN_IF_ERROR(ObjectAclsTable::Delete(txn, object, acl.principal_id));
  }
  return OkStatus();
}

Status Apply(metadb::Transaction& txn, const ObjectTypeRow& type, const ObjectRef& object,
             const AccessControlRequest& change) {
  std::string level = change.permission_level.has() ? change.permission_level->value : "";
  if (RankOf(type, level) == 0) {
    return MakeError(ErrorCode::kInvalidParameterValue,
                     "Permission level '" + level + "' does not exist on " + object.type);
  }
  ASSIGN_OR_RETURN(PrincipalRow grantee, FindGrantee(txn, change));
  if (level == kIsOwner) RETURN_IF_ERROR(MakeOwner(txn, object, grantee));
  return ObjectAclsTable::Put(txn, {object, grantee.id, level});
}

Status RequireOneOwner(metadb::Transaction& txn, const ObjectTypeRow& type, const ObjectRef& object) {
  if (!type.has_owner) return OkStatus();
  ASSIGN_OR_RETURN(auto acls, ObjectAclsTable::On(txn, object));
  for (const ObjectAclRow& acl : acls) {
    if (acl.level == kIsOwner) return OkStatus();
  }
  return MakeError(ErrorCode::kInvalidParameterValue,
                   "The " + std::string(type.object_type) + " must have exactly one owner");
}

Permission ToPermission(const EffectiveLevel& held, const ObjectRef& object) {
  Permission permission;
  permission.permission_level = api::permissions::PermissionLevel(held.level);
  permission.inherited = held.from != object;
  if (held.from != object) {
    const ObjectTypeRow* type = FindObjectType(held.from.type);
    CHECK(type != nullptr) << held.from.type;
    permission.inherited_from_object =
        std::vector<std::string>{std::string(type->id_prefix) + held.from.id};
  }
  return permission;
}

AccessControlResponse Entry(const PrincipalRow& row) {
  AccessControlResponse entry;
  if (row.kind == PrincipalKind::kUser) entry.user_name = row.name;
  if (row.kind == PrincipalKind::kGroup) entry.group_name = row.name;
  if (row.kind == PrincipalKind::kServicePrincipal) entry.service_principal_name = row.name;
  if (row.kind != PrincipalKind::kGroup && !row.display_name.empty()) {
    entry.display_name = row.display_name;
  }
  entry.all_permissions = std::vector<Permission>();
  return entry;
}

}  // namespace

Result<ObjectPermissions> PermissionsService::Describe(metadb::Transaction& txn,
                                                       const ObjectRef& object) const {
  ASSIGN_OR_RETURN(auto levels, evaluator_.LevelsOn(txn, object));
  const ObjectTypeRow* type = FindObjectType(object.type);
  CHECK(type != nullptr) << object.type;
  std::vector<int64_t> ids;
  std::vector<AccessControlResponse> entries;
  for (const EffectiveLevel& held : levels) {
    ASSIGN_OR_RETURN(auto row, PrincipalsTable::Find(txn, held.principal_id));
    if (!row) continue;
    size_t at = static_cast<size_t>(std::find(ids.begin(), ids.end(), row->id) - ids.begin());
    if (at == ids.size()) {
      ids.push_back(row->id);
      entries.push_back(Entry(*row));
    }
    entries[at].all_permissions->push_back(ToPermission(held, object));
  }
  ObjectPermissions answer;
  answer.object_id = std::string(type->id_prefix) + object.id;
  answer.object_type = std::string(type->object_type);
  answer.access_control_list = std::move(entries);
  return answer;
}

Result<ObjectPermissions> PermissionsService::GetPermissions(
    const http::RequestContext& context, const api::permissions::GetPermissionsRequest& request) {
  ObjectRef object{*request.request_object_type, *request.request_object_id};
  ObjectPermissions answer;
  RETURN_IF_ERROR(database_.Read([&](metadb::Transaction& txn) -> Status {
    const ObjectTypeRow* type = FindObjectType(object.type);
    if (type == nullptr) return NotImplemented("permissions on " + object.type);
    ASSIGN_OR_RETURN(bool allowed, evaluator_.CheckWithin(txn, context.principal.id, object,
                                                          type->levels.front().level));
    if (!allowed) {
      return MakeError(ErrorCode::kPermissionDenied,
                       context.principal.name + " does not have permission on " + object.type + " " +
                           object.id);
    }
    ASSIGN_OR_RETURN(answer, Describe(txn, object));
    return OkStatus();
  }));
  return answer;
}

Result<ObjectPermissions> PermissionsService::SetPermissions(
    const http::RequestContext& context, const api::permissions::SetPermissionsRequest& request) {
  return Change(context, {*request.request_object_type, *request.request_object_id},
                request.access_control_list.value_or({}), Mode::kReplace);
}

Result<ObjectPermissions> PermissionsService::UpdatePermissions(
    const http::RequestContext& context, const api::permissions::UpdatePermissionsRequest& request) {
  return Change(context, {*request.request_object_type, *request.request_object_id},
                request.access_control_list.value_or({}), Mode::kAdd);
}

Result<ObjectPermissions> PermissionsService::Change(const http::RequestContext& context,
                                                     const ObjectRef& object, const Changes& changes,
                                                     Mode mode) {
  ObjectPermissions answer;
  RETURN_IF_ERROR(database_.Transact([&](metadb::Transaction& txn) -> Status {
    const ObjectTypeRow* type = FindObjectType(object.type);
    if (type == nullptr) return NotImplemented("permissions on " + object.type);
    ASSIGN_OR_RETURN(bool allowed,
                     evaluator_.CheckWithin(txn, context.principal.id, object, kCanManage));
    if (!allowed) {
      return MakeError(ErrorCode::kPermissionDenied,
                       context.principal.name + " does not have CAN_MANAGE permission on " +
                           object.type + " " + object.id);
    }
    if (mode == Mode::kReplace) RETURN_IF_ERROR(ObjectAclsTable::DeleteAll(txn, object));
    for (const AccessControlRequest& change : changes) {
      RETURN_IF_ERROR(Apply(txn, *type, object, change));
    }
    RETURN_IF_ERROR(RequireOneOwner(txn, *type, object));
    ASSIGN_OR_RETURN(answer, Describe(txn, object));
    return OkStatus();
  }));
  return answer;
}

Result<api::permissions::GetPermissionLevelsResponse> PermissionsService::GetPermissionLevels(
    const http::RequestContext&, const api::permissions::GetPermissionLevelsRequest& request) {
  const ObjectTypeRow* type = FindObjectType(*request.request_object_type);
  if (type == nullptr) return NotImplemented("permissions on " + *request.request_object_type);
  api::permissions::GetPermissionLevelsResponse answer;
  for (const PermissionLevelRow& row : type->levels) {
    api::permissions::PermissionsDescription description;
    description.permission_level = api::permissions::PermissionLevel(row.level);
    description.description = std::string(row.description);
    answer.permission_levels.Ensure().push_back(std::move(description));
  }
  return answer;
}

}  // namespace ashlar::identity
