// PermissionsService: /api/2.0/permissions over the evaluator and the table of levels.
#pragma once

#include "api/permissions.h"
#include "identity/permission_evaluator.h"

namespace ashlar::identity {

class PermissionsService final : public api::permissions::PermissionsService {
 public:
  PermissionsService(metadb::Database& database, const PermissionEvaluator& evaluator)
      : database_(database), evaluator_(evaluator) {}

  Result<api::permissions::ObjectPermissions> GetPermissions(
      const http::RequestContext& context,
      const api::permissions::GetPermissionsRequest& request) override;
  Result<api::permissions::ObjectPermissions> SetPermissions(
      const http::RequestContext& context,
      const api::permissions::SetPermissionsRequest& request) override;
  Result<api::permissions::ObjectPermissions> UpdatePermissions(
      const http::RequestContext& context,
      const api::permissions::UpdatePermissionsRequest& request) override;
  Result<api::permissions::GetPermissionLevelsResponse> GetPermissionLevels(
      const http::RequestContext& context,
      const api::permissions::GetPermissionLevelsRequest& request) override;

 private:
  using Changes = std::vector<api::permissions::AccessControlRequest>;
  enum class Mode { kReplace, kAdd };
  Result<api::permissions::ObjectPermissions> Change(const http::RequestContext& context,
                                                     const ObjectRef& object, const Changes& changes,
                                                     Mode mode);
  Result<api::permissions::ObjectPermissions> Describe(metadb::Transaction& txn,
                                                       const ObjectRef& object) const;

  metadb::Database& database_;
  const PermissionEvaluator& evaluator_;
};

}  // namespace ashlar::identity
