// UnityCatalogService: /api/2.1/unity-catalog over the CatalogService. Permission is the catalog's to
// decide on every call.
#pragma once

#include "api/unity_catalog.h"
#include "catalog/catalog_service.h"
#include "catalog/rest/requests.h"

namespace ashlar::catalog {

namespace uc = api::unity_catalog;

class UnityCatalogService final : public uc::UnityCatalogService {
 public:
  UnityCatalogService(CatalogService& catalog, int64_t workspace_id)
      : catalog_(catalog), workspace_id_(workspace_id) {}

  using Context = http::RequestContext;
  Result<uc::CatalogInfo> CreateCatalog(const Context& context,
                                        const uc::CreateCatalogRequest& request) override;
  Result<uc::ListCatalogsResponse> ListCatalogs(const Context& context,
                                                const uc::ListCatalogsRequest& request) override;
  Result<uc::CatalogInfo> GetCatalog(const Context& context,
                                     const uc::GetCatalogRequest& request) override;
  Result<uc::CatalogInfo> UpdateCatalog(const Context& context,
                                        const uc::UpdateCatalogRequest& request) override;
  Status DeleteCatalog(const Context& context, const uc::DeleteCatalogRequest& request) override;

  Result<uc::SchemaInfo> CreateSchema(const Context& context,
                                      const uc::CreateSchemaRequest& request) override;
  Result<uc::ListSchemasResponse> ListSchemas(const Context& context,
                                              const uc::ListSchemasRequest& request) override;
  Result<uc::SchemaInfo> GetSchema(const Context& context,
                                   const uc::GetSchemaRequest& request) override;
  Result<uc::SchemaInfo> UpdateSchema(const Context& context,
                                      const uc::UpdateSchemaRequest& request) override;
  Status DeleteSchema(const Context& context, const uc::DeleteSchemaRequest& request) override;

  Result<uc::ExternalLocationInfo> CreateExternalLocation(
      const Context& context, const uc::CreateExternalLocationRequest& request) override;
  Result<uc::ListExternalLocationsResponse> ListExternalLocations(
      const Context& context, const uc::ListExternalLocationsRequest& request) override;
  Result<uc::ExternalLocationInfo> GetExternalLocation(
      const Context& context, const uc::GetExternalLocationRequest& request) override;
  Result<uc::ExternalLocationInfo> UpdateExternalLocation(
      const Context& context, const uc::UpdateExternalLocationRequest& request) override;
  Status DeleteExternalLocation(const Context& context,
                                const uc::DeleteExternalLocationRequest& request) override;

  // ---- storage_credentials.cc
  Result<uc::StorageCredentialInfo> CreateStorageCredential(
      const Context& context, const uc::CreateStorageCredentialRequest& request) override;
  Result<uc::ListStorageCredentialsResponse> ListStorageCredentials(
      const Context& context, const uc::ListStorageCredentialsRequest& request) override;
  Result<uc::StorageCredentialInfo> GetStorageCredential(
      const Context& context, const uc::GetStorageCredentialRequest& request) override;
  Result<uc::StorageCredentialInfo> UpdateStorageCredential(
      const Context& context, const uc::UpdateStorageCredentialRequest& request) override;
  Status DeleteStorageCredential(const Context& context, const uc::DeleteStorageCredentialRequest& request) override;

  Result<uc::ListTablesResponse> ListTables(const Context& context,
                                            const uc::ListTablesRequest& request) override;
  Result<uc::TableInfo> GetTable(const Context& context, const uc::GetTableRequest& request) override;
  Status DeleteTable(const Context& context, const uc::DeleteTableRequest& request) override;
  Result<uc::TableExistsResponse> TableExists(const Context& context,
                                              const uc::TableExistsRequest& request) override;

  // ---- delta_commits.cc
  Status CommitDeltaTable(const Context& context, const uc::CommitDeltaTableRequest& request) override;
  Result<uc::GetDeltaCommitsResponse> GetDeltaCommits(const Context& context,
                                                      const uc::GetDeltaCommitsRequest& request) override;

  Result<uc::VolumeInfo> CreateVolume(const Context& context,
                                      const uc::CreateVolumeRequest& request) override;
  Result<uc::ListVolumesResponse> ListVolumes(const Context& context,
                                              const uc::ListVolumesRequest& request) override;
  Result<uc::VolumeInfo> GetVolume(const Context& context,
                                   const uc::GetVolumeRequest& request) override;
  Result<uc::VolumeInfo> UpdateVolume(const Context& context,
                                      const uc::UpdateVolumeRequest& request) override;
  Status DeleteVolume(const Context& context, const uc::DeleteVolumeRequest& request) override;

  Result<uc::GetPermissionsResponse> GetPermissions(const Context& context,
                                                    const uc::GetPermissionsRequest& request) override;
  Result<uc::UpdatePermissionsResponse> UpdatePermissions(
      const Context& context, const uc::UpdatePermissionsRequest& request) override;
  Result<uc::EffectivePermissionsList> GetEffectivePermissions(
      const Context& context, const uc::GetEffectivePermissionsRequest& request) override;

  Result<uc::MetastoreAssignment> GetCurrentMetastoreAssignment(
      const Context& context, const uc::GetCurrentMetastoreAssignmentRequest& request) override;
  Result<uc::GetMetastoreSummaryResponse> GetMetastoreSummary(
      const Context& context, const uc::GetMetastoreSummaryRequest& request) override;

 private:
  using Name = std::vector<std::string>;
  // An object and the metastore's id, as every answer needs both.
  struct Seen {
    ObjectInfo object;
    std::string metastore;
  };
  Result<Seen> See(const Context& context, sql::Securable kind, const Name& name);
  // Its message; errors go through.
  template <typename Info>
  using ToInfo = Info (*)(const ObjectInfo& object, const std::string& metastore);
  template <typename Info>
  static Result<Info> Shown(const Result<Seen>& seen, ToInfo<Info> to_info) {
    if (!seen.ok()) return seen.error();
    return to_info(seen->object, seen->metastore);
  }

  struct Listed {
    sql::Securable kind;
    Name parent = {};
  };
  // The page that the request asks for, in the response's field `infos`.
  template <typename Response, typename Request, typename Info>
  Result<Response> List(const Context& context, const Listed& listed, const Request& request,
                        api::Field<std::vector<Info>> Response::*infos, ToInfo<Info> to_info);

  Result<Seen> Create(const Context& context, const sql::CatalogCommand& command);
  // What PATCH does to catalogs, schemas, volumes and external locations; all or nothing.
  struct Changes {
    const api::Field<std::string>& comment;
    const api::Field<std::string>& new_name;
    const api::Field<std::string>& owner;
    const api::Field<std::map<std::string, std::string>>* properties = nullptr;
  };
  Result<Seen> Update(const Context& context, sql::Securable kind, const Name& name,
                      const Changes& changes);
  Status Drop(const Context& context, sql::Securable kind, const Name& name,
              const api::Field<bool>& force);

  CatalogService& catalog_;
  const int64_t workspace_id_;
};

template <typename Response, typename Request, typename Info>
Result<Response> UnityCatalogService::List(const Context& context, const Listed& listed, const Request& request,
                                           api::Field<std::vector<Info>> Response::*infos, ToInfo<Info> to_info) {
  ASSIGN_OR_RETURN(auto all, catalog_.List(context.principal, listed.kind, listed.parent));
  ASSIGN_OR_RETURN(ObjectInfo metastore, catalog_.Metastore());
  if constexpr (requires { request.include_browse; }) {
    bool with_browse = request.include_browse.value_or(false);
    std::erase_if(all, [&](const ObjectInfo& info) { return info.browse_only && !with_browse; });
  }
  Response answer;
  std::vector<Info>& page = (answer.*infos).Ensure();
  for (const ObjectInfo& info : PageAfter(std::move(all), request.page_token.value_or(""),
                                          request.max_results.value_or(INT64_MAX), answer.next_page_token)) {
    page.push_back(to_info(info, metastore.uuid));
  }
  return answer;
}

}  // namespace ashlar::catalog
