#include "identity/directory.h"

#include <algorithm>

#include "base/json.h"
#include "identity/tables/group_members_table.h"

namespace ashlar::identity {
namespace {

// SCIM keeps them as [{"value": name}, …].
Result<std::vector<std::string>> EntitlementsOf(const PrincipalRow& row) {
  std::vector<std::string> names;
  ASSIGN_OR_RETURN(Json attributes, ParseJson(row.attributes));
  auto listed = attributes.find("entitlements");
  if (listed == attributes.end() || !listed->is_array()) return names;
  for (const Json& one : *listed) {
    if (one.is_object() && one.contains("value") && one["value"].is_string()) {
      names.push_back(one["value"].get<std::string>());
    }
  }
  return names;
}

}  // namespace

Result<std::optional<PrincipalRow>> Directory::FindByName(metadb::Transaction& txn,
                                                          const std::string& name) {
  for (PrincipalKind kind :
       {PrincipalKind::kUser, PrincipalKind::kServicePrincipal, PrincipalKind::kGroup}) {
    ASSIGN_OR_RETURN(auto row, PrincipalsTable::FindByName(txn, kind, name));
    if (row) return row;
  }
  return std::optional<PrincipalRow>();
}

Result<std::vector<int64_t>> Directory::EffectiveIds(metadb::Transaction& txn, int64_t id) {
  ASSIGN_OR_RETURN(auto row, PrincipalsTable::Find(txn, id));
  if (!row) return std::vector<int64_t>();
  ASSIGN_OR_RETURN(std::vector<int64_t> ids, GroupMembersTable::Closure(txn, id));
  if (row->kind == PrincipalKind::kGroup) return ids;
  for (int64_t implied : {kUsersGroup, kAccountUsersGroup}) {
    ASSIGN_OR_RETURN(auto groups, GroupMembersTable::Closure(txn, implied));
    for (int64_t group : groups) {
      if (std::find(ids.begin(), ids.end(), group) == ids.end()) ids.push_back(group);
    }
  }
  return ids;
}

Result<http::Principal> Directory::Load(metadb::Transaction& txn, int64_t id) {
  ASSIGN_OR_RETURN(auto row, PrincipalsTable::Find(txn, id));
  if (!row || !row->active) {
    return MakeError(ErrorCode::kPermissionDenied,
                     "Principal " + std::to_string(id) + " does not exist or is deactivated");
  }
  http::Principal principal;
  principal.id = row->id;
  principal.name = row->name;
  principal.is_service_principal = row->kind == PrincipalKind::kServicePrincipal;
  ASSIGN_OR_RETURN(auto ids, EffectiveIds(txn, id));
  for (int64_t held : ids) {
    ASSIGN_OR_RETURN(auto source, PrincipalsTable::Find(txn, held));
    if (!source) continue;
    ASSIGN_OR_RETURN(auto entitlements, EntitlementsOf(*source));
    principal.entitlements.insert(principal.entitlements.end(), entitlements.begin(), entitlements.end());
    if (held == id && row->kind != PrincipalKind::kGroup) continue;
    principal.groups.push_back(source->name);
    principal.is_admin = principal.is_admin || held == kAdminsGroup;
  }
  std::sort(principal.groups.begin(), principal.groups.end());
  return principal;
}

Result<std::string> Directory::NameOf(metadb::Transaction& txn, int64_t id) {
  ASSIGN_OR_RETURN(auto row, PrincipalsTable::Find(txn, id));
  return row ? row->name : "unknown(" + std::to_string(id) + ")";
}

}  // namespace ashlar::identity
