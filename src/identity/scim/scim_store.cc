#include "identity/scim/scim_store.h"

#include <algorithm>

#include "base/id.h"
#include "base/json.h"
#include "base/text.h"
#include "identity/directory.h"
#include "identity/migrations.h"
#include "identity/scim/scim_filter.h"
#include "identity/scim/scim_patch.h"
#include "identity/scim/scim_resource.h"
#include "identity/tables/group_members_table.h"

namespace ashlar::identity {
namespace {

constexpr int64_t kMaxPage = 10000;

const char* TitleOf(PrincipalKind kind) {
  if (kind == PrincipalKind::kUser) return "User";
  return kind == PrincipalKind::kGroup ? "Group" : "Service principal";
}

Result<PrincipalRow> FindExisting(metadb::Transaction& txn, PrincipalKind kind, const std::string& id) {
  std::optional<int64_t> number = ParseInt64(id);
  if (number) {
    ASSIGN_OR_RETURN(auto row, PrincipalsTable::Find(txn, *number));
    if (row && row->kind == kind) return *row;
  }
  return MakeError(ErrorCode::kResourceDoesNotExist,
                   std::string(TitleOf(kind)) + " with id " + id + " not found.");
}

bool IsBuiltIn(const PrincipalRow& row) { return row.id <= kAccountUsersGroup; }

Error Taken(const PrincipalRow& row) {
  return MakeError(ErrorCode::kAlreadyExists,
                   std::string(TitleOf(row.kind)) + " with name " + row.name + " already exists.");
}

// An admin that can sign in remains.
Status RequireAdmin(metadb::Transaction& txn) {
  for (PrincipalKind kind : {PrincipalKind::kUser, PrincipalKind::kServicePrincipal}) {
    ASSIGN_OR_RETURN(auto rows, PrincipalsTable::List(txn, kind));
    for (const PrincipalRow& row : rows) {
      if (!row.active) continue;
      ASSIGN_OR_RETURN(auto ids, GroupMembersTable::Closure(txn, row.id));
      if (std::find(ids.begin(), ids.end(), kAdminsGroup) != ids.end()) return OkStatus();
    }
  }
  return MakeError(ErrorCode::kInvalidParameterValue, "The workspace must keep an active admin");
}

Status SetMembers(metadb::Transaction& txn, int64_t group, const std::vector<int64_t>& members) {
  RETURN_IF_ERROR(GroupMembersTable::RemoveAll(txn, group));
  ASSIGN_OR_RETURN(auto above, GroupMembersTable::Closure(txn, group));
  for (int64_t member : members) {
    ASSIGN_OR_RETURN(auto row, PrincipalsTable::Find(txn, member));
    if (!row) {
      return MakeError(ErrorCode::kInvalidParameterValue,
                       "Member " + std::to_string(member) + " does not exist");
    }
    if (std::find(above.begin(), above.end(), member) != above.end()) {
      return MakeError(ErrorCode::kInvalidParameterValue, "A group cannot hold itself: " + row->name);
    }
    RETURN_IF_ERROR(GroupMembersTable::Add(txn, group, member));
  }
  return OkStatus();
}

Result<Json> FullResource(metadb::Transaction& txn, const PrincipalRow& row) {
  Json resource = ScimResourceOf(row);
  RETURN_IF_ERROR(AddMembership(txn, row, resource));
  return resource;
}

std::string SortKey(const Json& resource, const std::string& attribute) {
  const Json* value = FindAttribute(resource, attribute);
  if (value == nullptr) return "";
  return value->is_string() ? ToLowerAscii(value->get<std::string>()) : WriteJson(*value);
}

}  // namespace

Result<std::string> ScimStore::Create(PrincipalKind kind, const std::string& text) {
  ASSIGN_OR_RETURN(Json resource, ParseJson(text));
  std::string answer;
  RETURN_IF_ERROR(database_.Transact([&](metadb::Transaction& txn) -> Status {
    PrincipalRow row;
    row.id = NewNumericId(random_);
    row.kind = kind;
    if (kind == PrincipalKind::kServicePrincipal) row.name = NewUuid(random_);
    row.created_ms = row.updated_ms = clock_.NowMs();
    RETURN_IF_ERROR(ReadScimResource(resource, row));
    ASSIGN_OR_RETURN(auto existing, PrincipalsTable::FindByName(txn, kind, row.name));
    if (existing) return Taken(row);
    RETURN_IF_ERROR(PrincipalsTable::Insert(txn, row));
    ASSIGN_OR_RETURN(auto members, MemberIds(resource));
    if (kind == PrincipalKind::kGroup) RETURN_IF_ERROR(SetMembers(txn, row.id, members));
    RETURN_IF_ERROR(BumpEpoch(txn));
    ASSIGN_OR_RETURN(Json made, FullResource(txn, row));
    answer = WriteJson(made);
    return OkStatus();
  }));
  return answer;
}

Result<std::string> ScimStore::Get(PrincipalKind kind, const std::string& id,
                                   const ScimQuery& projection) {
  std::string answer;
  RETURN_IF_ERROR(database_.Read([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(PrincipalRow row, FindExisting(txn, kind, id));
    ASSIGN_OR_RETURN(Json resource, FullResource(txn, row));
    answer = WriteJson(Project(resource, projection.attributes, projection.excluded_attributes));
    return OkStatus();
  }));
  return answer;
}

Result<std::string> ScimStore::Me(int64_t principal_id, const ScimQuery& projection) {
  std::string answer;
  RETURN_IF_ERROR(database_.Read([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(auto row, PrincipalsTable::Find(txn, principal_id));
    if (!row) return MakeError(ErrorCode::kResourceDoesNotExist, "The caller does not exist any more");
    ASSIGN_OR_RETURN(Json resource, FullResource(txn, *row));
    resource["userName"] = row->name;
    answer = WriteJson(Project(resource, projection.attributes, projection.excluded_attributes));
    return OkStatus();
  }));
  return answer;
}

Result<std::string> ScimStore::ChangeResource(PrincipalKind kind, const std::string& id,
                                              const Change& change) {
  std::string answer;
  RETURN_IF_ERROR(database_.Transact([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(PrincipalRow row, FindExisting(txn, kind, id));
    ASSIGN_OR_RETURN(Json resource, FullResource(txn, row));
    ASSIGN_OR_RETURN(auto old_members, MemberIds(resource));
    RETURN_IF_ERROR(change(resource));
    PrincipalRow changed = row;
    changed.updated_ms = clock_.NowMs();
    RETURN_IF_ERROR(ReadScimResource(resource, changed));
    if (IsBuiltIn(row) && changed.name != row.name) {
      return MakeError(ErrorCode::kInvalidParameterValue, "Group " + row.name + " cannot be renamed");
    }
    ASSIGN_OR_RETURN(auto namesake, PrincipalsTable::FindByName(txn, kind, changed.name));
    if (namesake && namesake->id != row.id) return Taken(changed);
    RETURN_IF_ERROR(PrincipalsTable::Update(txn, changed));
    ASSIGN_OR_RETURN(auto members, MemberIds(resource));
    if (kind == PrincipalKind::kGroup && members != old_members) {
      RETURN_IF_ERROR(SetMembers(txn, row.id, members));
    }
    RETURN_IF_ERROR(RequireAdmin(txn));
    RETURN_IF_ERROR(BumpEpoch(txn));
    ASSIGN_OR_RETURN(Json now, FullResource(txn, changed));
    answer = WriteJson(now);
    return OkStatus();
  }));
  return answer;
}

Result<std::string> ScimStore::Replace(PrincipalKind kind, const std::string& id,
                                       const std::string& text) {
  ASSIGN_OR_RETURN(Json replacement, ParseJson(text));
  return ChangeResource(kind, id, [&](Json& resource) {
    resource = replacement;
    return OkStatus();
  });
}

Status ScimStore::Patch(PrincipalKind kind, const std::string& id,
                        std::span<const ScimPatchOperation> operations) {
  auto changed = ChangeResource(kind, id, [&](Json& resource) -> Status {
    for (const ScimPatchOperation& operation : operations) {
      Json value;
      if (!operation.value.empty()) {
        ASSIGN_OR_RETURN(value, ParseJson(operation.value));
      }
      RETURN_IF_ERROR(ApplyScimPatch(resource, operation.op, operation.path, value));
    }
    return OkStatus();
  });
  return changed.ok() ? OkStatus() : Status(changed.error());
}

Status ScimStore::Delete(PrincipalKind kind, const std::string& id) {
  return database_.Transact([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(PrincipalRow row, FindExisting(txn, kind, id));
    if (IsBuiltIn(row)) {
      return MakeError(ErrorCode::kInvalidParameterValue, "Group " + row.name + " cannot be deleted");
    }
    RETURN_IF_ERROR(PrincipalsTable::Delete(txn, row.id));
    RETURN_IF_ERROR(RequireAdmin(txn));
    return BumpEpoch(txn);
  });
}

Result<ScimPage> ScimStore::List(PrincipalKind kind, const ScimQuery& query) {
  std::optional<ScimFilter> filter;
  if (!Trim(query.filter).empty()) {
    ASSIGN_OR_RETURN(filter, ScimFilter::Parse(query.filter));
  }
  bool filter_needs_membership = filter && (filter->Mentions("members") || filter->Mentions("groups"));
  ScimPage page;
  RETURN_IF_ERROR(database_.Read([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(auto rows, PrincipalsTable::List(txn, kind));
    std::vector<std::pair<PrincipalRow, Json>> matching;
    for (PrincipalRow& row : rows) {
      Json resource = ScimResourceOf(row);
      if (filter_needs_membership) RETURN_IF_ERROR(AddMembership(txn, row, resource));
      if (!filter || filter->Matches(resource)) matching.emplace_back(std::move(row), std::move(resource));
    }
    if (!query.sort_by.empty()) {
      std::stable_sort(matching.begin(), matching.end(), [&](const auto& a, const auto& b) {
        std::string left = SortKey(a.second, query.sort_by);
        std::string right = SortKey(b.second, query.sort_by);
        return query.descending ? right < left : left < right;
      });
    }
    page.resources.clear();
    page.total = static_cast<int64_t>(matching.size());
    int64_t begin = std::clamp<int64_t>(query.start_index - 1, 0, page.total);
    int64_t end = begin + std::clamp<int64_t>(query.count, 0, std::min(kMaxPage, page.total - begin));
    for (int64_t i = begin; i < end; ++i) {
      auto& [row, resource] = matching[static_cast<size_t>(i)];
      RETURN_IF_ERROR(AddMembership(txn, row, resource));
      page.resources.push_back(
          WriteJson(Project(resource, query.attributes, query.excluded_attributes)));
    }
    return OkStatus();
  }));
  return page;
}

}  // namespace ashlar::identity
