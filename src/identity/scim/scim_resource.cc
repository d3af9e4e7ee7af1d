#include "identity/scim/scim_resource.h"

#include "base/json.h"
#include "base/text.h"
#include "identity/directory.h"
#include "identity/scim/scim_filter.h"
#include "identity/tables/group_members_table.h"

namespace ashlar::identity {
namespace {

// What is kept as the client sent it.
constexpr const char* kKept[] = {"name", "emails", "roles", "entitlements"};

const char* SchemaOf(PrincipalKind kind) {
  switch (kind) {
    case PrincipalKind::kUser:
      return "urn:ietf:params:scim:schemas:core:2.0:User";
    case PrincipalKind::kServicePrincipal:
      return "urn:ietf:params:scim:schemas:core:2.0:ServicePrincipal";
    case PrincipalKind::kGroup:
      break;
  }
  return "urn:ietf:params:scim:schemas:core:2.0:Group";
}

std::string TextOf(const Json& resource, const char* name) {
  const Json* value = FindAttribute(resource, name);
  return value != nullptr && value->is_string() ? value->get<std::string>() : "";
}

Error Missing(const char* attribute) {
  return MakeError(ErrorCode::kInvalidParameterValue,
                   std::string(attribute) + " must be present and not empty");
}

const char* RefFolder(PrincipalKind kind) {
  if (kind == PrincipalKind::kUser) return "Users/";
  return kind == PrincipalKind::kGroup ? "Groups/" : "ServicePrincipals/";
}

Json Reference(const PrincipalRow& row) {
  std::string id = std::to_string(row.id);
  return Json{{"display", row.display_name.empty() ? row.name : row.display_name},
              {"value", id},
              {"$ref", RefFolder(row.kind) + id}};
}

std::string DisplayNameOf(const Json& resource, const std::string& fallback) {
  std::string display = TextOf(resource, "displayName");
  if (!display.empty()) return display;
  const Json* name = FindAttribute(resource, "name");
  if (name != nullptr) {
    std::string full = TextOf(*name, "givenName") + " " + TextOf(*name, "familyName");
    display = std::string(Trim(full));
  }
  return display.empty() ? fallback : display;
}

}  // namespace

Json ScimResourceOf(const PrincipalRow& row) {
  Json resource = {{"schemas", {SchemaOf(row.kind)}}, {"id", std::to_string(row.id)}};
  if (row.kind == PrincipalKind::kUser) resource["userName"] = row.name;
  if (row.kind == PrincipalKind::kServicePrincipal) resource["applicationId"] = row.name;
  resource["displayName"] = row.kind == PrincipalKind::kGroup ? row.name : row.display_name;
  if (row.kind == PrincipalKind::kGroup) {
    resource["meta"] = {{"resourceType", "Group"}};
  } else {
    resource["active"] = row.active;
  }
  if (!row.external_id.empty()) resource["externalId"] = row.external_id;
  Result<Json> kept = ParseJson(row.attributes);
  if (kept.ok() && kept->is_object()) {
    for (const auto& [key, value] : kept->items()) resource[key] = value;
  }
  if (row.kind == PrincipalKind::kUser && !resource.contains("emails")) {
    resource["emails"] = Json::array({{{"type", "work"}, {"value", row.name}, {"primary", true}}});
  }
  return resource;
}

Status AddMembership(metadb::Transaction& txn, const PrincipalRow& row, Json& resource) {
  Json groups = Json::array();
  ASSIGN_OR_RETURN(auto group_ids, GroupMembersTable::GroupsOf(txn, row.id));
  if (row.kind != PrincipalKind::kGroup) group_ids.push_back(kUsersGroup);
  for (int64_t id : group_ids) {
    ASSIGN_OR_RETURN(auto group, PrincipalsTable::Find(txn, id));
    if (!group) continue;
    Json reference = Reference(*group);
    reference["type"] = "direct";
    groups.push_back(std::move(reference));
  }
  resource["groups"] = std::move(groups);
  if (row.kind != PrincipalKind::kGroup) return OkStatus();
  Json members = Json::array();
  ASSIGN_OR_RETURN(auto member_ids, GroupMembersTable::Members(txn, row.id));
  for (int64_t id : member_ids) {
    ASSIGN_OR_RETURN(auto member, PrincipalsTable::Find(txn, id));
    if (member) members.push_back(Reference(*member));
  }
  resource["members"] = std::move(members);
  return OkStatus();
}

Status ReadScimResource(const Json& resource, PrincipalRow& row) {
  if (row.kind == PrincipalKind::kUser) {
    row.name = std::string(Trim(TextOf(resource, "userName")));
    if (row.name.empty()) return Missing("userName");
    row.display_name = DisplayNameOf(resource, row.name);
  } else if (row.kind == PrincipalKind::kServicePrincipal) {
    if (std::string id = TextOf(resource, "applicationId"); !id.empty()) row.name = id;
    row.display_name = DisplayNameOf(resource, row.name);
  } else {
    row.name = std::string(Trim(TextOf(resource, "displayName")));
    if (row.name.empty()) return Missing("displayName");
    row.display_name = row.name;
  }
  row.external_id = TextOf(resource, "externalId");
  const Json* active = FindAttribute(resource, "active");
  row.active = active == nullptr || !active->is_boolean() || active->get<bool>();
  Json kept = Json::object();
  for (const char* name : kKept) {
    const Json* value = FindAttribute(resource, name);
    if (value != nullptr && !value->is_null()) kept[name] = *value;
  }
  row.attributes = WriteJson(kept);
  return OkStatus();
}

Result<std::vector<int64_t>> MemberIds(const Json& resource) {
  std::vector<int64_t> ids;
  const Json* members = FindAttribute(resource, "members");
  if (members == nullptr || !members->is_array()) return ids;
  for (const Json& member : *members) {
    std::optional<int64_t> id = ParseInt64(TextOf(member, "value"));
    if (!id) {
      return MakeError(ErrorCode::kInvalidParameterValue,
                       "Not the id of a member: " + WriteJson(member));
    }
    ids.push_back(*id);
  }
  return ids;
}

Json Project(const Json& resource, const std::string& attributes, const std::string& excluded) {
  auto listed = [](const std::string& list, std::string_view name) {
    for (std::string_view item : SplitView(list, ',')) {
      std::string_view first = Trim(item).substr(0, Trim(item).find('.'));
      if (EqualsIgnoreCase(first, name)) return true;
    }
    return false;
  };
  Json projected = Json::object();
  for (const auto& [key, value] : resource.items()) {
    bool always = key == "id" || key == "schemas";
    bool wanted = attributes.empty() ? !listed(excluded, key) : listed(attributes, key);
    if (always || wanted) projected[key] = value;
  }
  return projected;
}

}  // namespace ashlar::identity
