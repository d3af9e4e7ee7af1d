// ScimService: /api/2.0/preview/scim/v2 over the ScimStore.
#pragma once

#include "api/scim.h"
#include "identity/scim/scim_store.h"

namespace ashlar::identity {

class ScimService final : public api::scim::ScimService {
 public:
  explicit ScimService(ScimStore& store) : store_(store) {}

  using Context = http::RequestContext;
  Result<api::scim::User> Me(const Context& context, const api::scim::MeRequest& request) override;

  Result<api::scim::ListUsersResponse> ListUsers(const Context& context,
                                                 const api::scim::ListUsersRequest& request) override;
  Result<api::scim::User> CreateUser(const Context& context, const api::scim::User& request) override;
  Result<api::scim::User> GetUser(const Context& context,
                                  const api::scim::GetUserRequest& request) override;
  Result<api::scim::User> UpdateUser(const Context& context, const api::scim::User& request) override;
  Status PatchUser(const Context& context, const api::scim::PatchUserRequest& request) override;
  Status DeleteUser(const Context& context, const api::scim::DeleteUserRequest& request) override;

  Result<api::scim::ListServicePrincipalsResponse> ListServicePrincipals(
      const Context& context, const api::scim::ListServicePrincipalsRequest& request) override;
  Result<api::scim::ServicePrincipal> CreateServicePrincipal(
      const Context& context, const api::scim::ServicePrincipal& request) override;
  Result<api::scim::ServicePrincipal> GetServicePrincipal(
      const Context& context, const api::scim::GetServicePrincipalRequest& request) override;
  Result<api::scim::ServicePrincipal> UpdateServicePrincipal(
      const Context& context, const api::scim::ServicePrincipal& request) override;
  Status PatchServicePrincipal(const Context& context,
                               const api::scim::PatchServicePrincipalRequest& request) override;
  Status DeleteServicePrincipal(const Context& context,
                                const api::scim::DeleteServicePrincipalRequest& request) override;

  Result<api::scim::ListGroupsResponse> ListGroups(
      const Context& context, const api::scim::ListGroupsRequest& request) override;
  Result<api::scim::Group> CreateGroup(const Context& context, const api::scim::Group& request) override;
  Result<api::scim::Group> GetGroup(const Context& context,
                                    const api::scim::GetGroupRequest& request) override;
  Result<api::scim::Group> UpdateGroup(const Context& context, const api::scim::Group& request) override;
  Status PatchGroup(const Context& context, const api::scim::PatchGroupRequest& request) override;
  Status DeleteGroup(const Context& context, const api::scim::DeleteGroupRequest& request) override;

 private:
  ScimStore& store_;
};

}  // namespace ashlar::identity
