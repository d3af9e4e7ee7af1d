#include "identity/scim/scim_service.h"

#include "base/text.h"

namespace ashlar::identity {
namespace {

using api::FromJson;
using api::ToJson;
using namespace api::scim;  // the generated messages; the service itself is qualified

template <typename Message>
Result<Message> Typed(Result<std::string> text) {
  if (!text.ok()) return std::move(text).error();
  return FromJson<Message>(*text);
}

template <typename Request>
ScimQuery Projection(const Request& request) {
  ScimQuery query;
  query.attributes = request.attributes.value_or("");
  query.excluded_attributes = request.excluded_attributes.value_or("");
  return query;
}

template <typename Response, typename Message, typename Request>
Result<Response> ListTyped(ScimStore& store, PrincipalKind kind, const Request& request) {
  ScimQuery query = Projection(request);
  query.filter = request.filter.value_or("");
  query.start_index = request.start_index.value_or(query.start_index);
  query.count = request.count.value_or(query.count);
  query.sort_by = request.sort_by.value_or("");
  query.descending = request.sort_order.has() && *request.sort_order == ListSortOrder::kDescending;
  ASSIGN_OR_RETURN(ScimPage page, store.List(kind, query));
  Response response;
  std::vector<Message>& resources = response.resources.Ensure();
  for (const std::string& text : page.resources) {
    ASSIGN_OR_RETURN(Message message, FromJson<Message>(text));
    resources.push_back(std::move(message));
  }
  response.items_per_page = static_cast<int64_t>(resources.size());
  response.start_index = query.start_index;
  response.total_results = page.total;
  response.schemas =
      std::vector<std::string>{"urn:ietf:params:scim:api:messages:2.0:ListResponse"};
  return response;
}

template <typename Request>
Status PatchTyped(ScimStore& store, PrincipalKind kind, const Request& request) {
  std::vector<ScimPatchOperation> operations;
  for (const Patch& patch : request.operations.value_or({})) {
    // Clients that leave a false value out would be told of a success that changed nothing.
    bool needs_value = !patch.op.has() || !EqualsIgnoreCase(patch.op->value, api::scim::PatchOp::kRemove);
    if (needs_value && patch.value.is_absent()) {
      return MakeError(ErrorCode::kInvalidParameterValue,
                       "Invalid patch: a " + (patch.op.has() ? patch.op->value : "change") + " of " +
                           patch.path.value_or("attributes") + " needs a value");
    }
    operations.push_back({patch.op.has() ? patch.op->value : "", patch.path.value_or(""),
                          patch.value.has() ? patch.value->text : ""});
  }
  return store.Patch(kind, *request.id, operations);
}

}  // namespace

Result<User> ScimService::Me(const Context& context, const MeRequest& request) {
  return Typed<User>(store_.Me(context.principal.id, Projection(request)));
}

Result<ListUsersResponse> ScimService::ListUsers(const Context&, const ListUsersRequest& request) {
  return ListTyped<ListUsersResponse, User>(store_, PrincipalKind::kUser, request);
}

Result<User> ScimService::CreateUser(const Context&, const User& request) {
  return Typed<User>(store_.Create(PrincipalKind::kUser, ToJson(request)));
}

Result<User> ScimService::GetUser(const Context&, const GetUserRequest& request) {
  return Typed<User>(store_.Get(PrincipalKind::kUser, *request.id, Projection(request)));
}

Result<User> ScimService::UpdateUser(const Context&, const User& request) {
  return Typed<User>(store_.Replace(PrincipalKind::kUser, *request.id, ToJson(request)));
}

Status ScimService::PatchUser(const Context&, const PatchUserRequest& request) {
  return PatchTyped(store_, PrincipalKind::kUser, request);
}

Status ScimService::DeleteUser(const Context&, const DeleteUserRequest& request) {
  return store_.Delete(PrincipalKind::kUser, *request.id);
}

Result<ListServicePrincipalsResponse> ScimService::ListServicePrincipals(
    const Context&, const ListServicePrincipalsRequest& request) {
  return ListTyped<ListServicePrincipalsResponse, ServicePrincipal>(
      store_, PrincipalKind::kServicePrincipal, request);
}

Result<ServicePrincipal> ScimService::CreateServicePrincipal(const Context&,
                                                             const ServicePrincipal& request) {
  return Typed<ServicePrincipal>(store_.Create(PrincipalKind::kServicePrincipal, ToJson(request)));
}

Result<ServicePrincipal> ScimService::GetServicePrincipal(
    const Context&, const GetServicePrincipalRequest& request) {
  return Typed<ServicePrincipal>(
      store_.Get(PrincipalKind::kServicePrincipal, *request.id, Projection(request)));
}

Result<ServicePrincipal> ScimService::UpdateServicePrincipal(const Context&,
                                                             const ServicePrincipal& request) {
  return Typed<ServicePrincipal>(
      store_.Replace(PrincipalKind::kServicePrincipal, *request.id, ToJson(request)));
}

Status ScimService::PatchServicePrincipal(const Context&,
                                          const PatchServicePrincipalRequest& request) {
  return PatchTyped(store_, PrincipalKind::kServicePrincipal, request);
}

Status ScimService::DeleteServicePrincipal(const Context&,
                                           const DeleteServicePrincipalRequest& request) {
  return store_.Delete(PrincipalKind::kServicePrincipal, *request.id);
}

Result<ListGroupsResponse> ScimService::ListGroups(const Context&, const ListGroupsRequest& request) {
  return ListTyped<ListGroupsResponse, Group>(store_, PrincipalKind::kGroup, request);
}

Result<Group> ScimService::CreateGroup(const Context&, const Group& request) {
  return Typed<Group>(store_.Create(PrincipalKind::kGroup, ToJson(request)));
}

Result<Group> ScimService::GetGroup(const Context&, const GetGroupRequest& request) {
  return Typed<Group>(store_.Get(PrincipalKind::kGroup, *request.id, Projection(request)));
}

Result<Group> ScimService::UpdateGroup(const Context&, const Group& request) {
  return Typed<Group>(store_.Replace(PrincipalKind::kGroup, *request.id, ToJson(request)));
}

Status ScimService::PatchGroup(const Context&, const PatchGroupRequest& request) {
  return PatchTyped(store_, PrincipalKind::kGroup, request);
}

Status ScimService::DeleteGroup(const Context&, const DeleteGroupRequest& request) {
  return store_.Delete(PrincipalKind::kGroup, *request.id);
}

}  // namespace ashlar::identity
