#include "identity/permission_evaluator.h"

#include <algorithm>

#include "identity/directory.h"
#include "identity/permission_levels.h"

namespace ashlar::identity {
namespace {

Result<const ObjectTypeRow*> TypeOf(const ObjectRef& object) {
  const ObjectTypeRow* type = FindObjectType(object.type);
  if (type == nullptr) return NotImplemented("permissions on " + object.type);
  return type;
}

}  // namespace

void PermissionEvaluator::Register(const std::string& type, const ObjectAncestry& ancestry) {
  CHECK(FindObjectType(type) != nullptr) << type;
  ancestries_[type] = &ancestry;
}

Result<std::vector<ObjectRef>> PermissionEvaluator::AncestorsOf(metadb::Transaction& txn,
                                                                const ObjectRef& object) const {
  auto found = ancestries_.find(object.type);
  if (found == ancestries_.end()) return std::vector<ObjectRef>();
  return found->second->Ancestors(txn, object);
}

Result<std::vector<EffectiveLevel>> PermissionEvaluator::LevelsOn(metadb::Transaction& txn,
                                                                  const ObjectRef& object) const {
  RETURN_IF_ERROR(TypeOf(object));
  ASSIGN_OR_RETURN(std::vector<ObjectRef> sources, AncestorsOf(txn, object));
  sources.insert(sources.begin(), object);
  std::vector<EffectiveLevel> levels;
  for (const ObjectRef& source : sources) {
    ASSIGN_OR_RETURN(auto acls, ObjectAclsTable::On(txn, source));
    for (const ObjectAclRow& acl : acls) levels.push_back({acl.principal_id, acl.level, source});
  }
  levels.push_back({kAdminsGroup, std::string(kCanManage), {object.type, ""}});
  return levels;
}

Result<bool> PermissionEvaluator::CheckWithin(metadb::Transaction& txn, int64_t principal_id,
                                              const ObjectRef& object,
                                              std::string_view level) const {
  ASSIGN_OR_RETURN(const ObjectTypeRow* type, TypeOf(object));
  int wanted = RankOf(*type, level);
  if (wanted == 0) {
    return MakeError(ErrorCode::kInvalidParameterValue,
                     std::string(level) + " is not a permission level of " + object.type);
  }
  ASSIGN_OR_RETURN(auto ids, Directory::EffectiveIds(txn, principal_id));
  ASSIGN_OR_RETURN(auto levels, LevelsOn(txn, object));
  for (const EffectiveLevel& held : levels) {
    if (std::find(ids.begin(), ids.end(), held.principal_id) == ids.end()) continue;
    // A folder's level counts by its own name: the workspace types share their levels.
    if (RankOf(*type, held.level) >= wanted) return true;
    // Admins may do what owners may.
    if (held.principal_id == kAdminsGroup && held.level == kCanManage) return true;
  }
  return false;
}

Result<bool> PermissionEvaluator::Check(const http::Principal& principal, const ObjectRef& object,
                                        std::string_view level) const {
  bool allowed = false;
  RETURN_IF_ERROR(database_.Read([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(allowed, CheckWithin(txn, principal.id, object, level));
    return OkStatus();
  }));
  return allowed;
}

Status PermissionEvaluator::Require(const http::Principal& principal, std::string_view level,
                                    std::string_view object_type, std::string_view object_id) const {
  ObjectRef object{std::string(object_type), std::string(object_id)};
  ASSIGN_OR_RETURN(bool allowed, Check(principal, object, level));
  if (allowed) return OkStatus();
  return MakeError(ErrorCode::kPermissionDenied, principal.name + " does not have " +
                                                     std::string(level) + " permission on " +
                                                     object.type + " " + object.id);
}

Status PermissionEvaluator::GrantCreator(metadb::Transaction& txn, const ObjectRef& object,
                                         int64_t principal_id) {
  ASSIGN_OR_RETURN(const ObjectTypeRow* type, TypeOf(object));
  return ObjectAclsTable::Put(
      txn, {object, principal_id, std::string(type->has_owner ? kIsOwner : kCanManage)});
}

Status PermissionEvaluator::Forget(metadb::Transaction& txn, const ObjectRef& object) {
  return ObjectAclsTable::DeleteAll(txn, object);
}

}  // namespace ashlar::identity
