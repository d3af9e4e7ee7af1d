// Storage credentials of the REST API. Databricks' own kinds name roles and identities of its clouds; ours hold the keys
// themselves, since there is nobody else to ask for them.
#include "catalog/catalog_errors.h"
#include "catalog/rest/info_messages.h"
#include "catalog/rest/unity_catalog_service.h"

namespace ashlar::catalog {
namespace {

using sql::CatalogAction;
using sql::CatalogCommand;
using sql::Securable;

template <typename Request>
Status RefuseUnbuilt(const Request& request) {
  RETURN_IF_ERROR(Refuse(request.aws_iam_role.has(), "storage credentials of the kind aws_iam_role"));
  RETURN_IF_ERROR(Refuse(request.azure_managed_identity.has(), "storage credentials of the kind azure_managed_identity"));
  RETURN_IF_ERROR(Refuse(request.azure_service_principal.has(), "storage credentials of the kind azure_service_principal"));
  RETURN_IF_ERROR(Refuse(request.cloudflare_api_token.has(), "storage credentials of the kind cloudflare_api_token"));
  RETURN_IF_ERROR(Refuse(request.databricks_gcp_service_account.has(),
                         "storage credentials of the kind databricks_gcp_service_account"));
  return Refuse(request.read_only.value_or(false), "read-only storage credentials");
}

Error Invalid(const char* what) { return MakeError(ErrorCode::kInvalidParameterValue, what); }

// Errors: kInvalidParameterValue for keys that cannot be, or of two kinds at once.
template <typename Request>
Result<objectstore::StoreCredential> CredentialOf(const Request& request) {
  if (request.aws_access_key.has() == request.azure_storage_key.has()) {
    return Invalid("A storage credential needs one of aws_access_key and azure_storage_key");
  }
  objectstore::StoreCredential credential;
  if (request.aws_access_key.has()) {
    const uc::AwsAccessKey& key = *request.aws_access_key;
    objectstore::S3AccessKey s3{key.access_key_id.value_or(""), key.secret_access_key.value_or(""),
                                key.session_token.value_or("")};
    if (Given(key.region)) s3.region = *key.region;
    if (s3.access_key_id.empty() || s3.secret_access_key.empty()) {
      return Invalid("aws_access_key needs access_key_id and secret_access_key");
    }
    credential.key = std::move(s3);
    credential.endpoint = key.endpoint.value_or("");
  } else {
    const uc::AzureStorageKey& key = *request.azure_storage_key;
    if (Given(key.account_key) == Given(key.sas_token)) return Invalid("azure_storage_key needs one of account_key and sas_token");
    if (Given(key.account_key)) credential.key = objectstore::AzureSharedKey{*key.account_key};
    if (Given(key.sas_token)) credential.key = objectstore::AzureSas{*key.sas_token};
    credential.endpoint = key.endpoint.value_or("");
  }
  bool is_http = credential.endpoint.starts_with("http://") || credential.endpoint.starts_with("https://");
  if (!credential.endpoint.empty() && !is_http) return Invalid("endpoint must begin with https:// or http://");
  return credential;
}

}  // namespace

Result<uc::StorageCredentialInfo> UnityCatalogService::CreateStorageCredential(
    const Context& context, const uc::CreateStorageCredentialRequest& request) {
  RETURN_IF_ERROR(RefuseUnbuilt(request));
  ASSIGN_OR_RETURN(objectstore::StoreCredential credential, CredentialOf(request));
  CatalogCommand command = Creation(Securable::kStorageCredential, {*request.name}, request.comment);
  ASSIGN_OR_RETURN([[maybe_unused]] auto made, catalog_.CreateStorageCredential(context.principal, command, credential));
  return Shown(See(context, Securable::kStorageCredential, {*request.name}), ToStorageCredentialInfo);
}

Result<uc::ListStorageCredentialsResponse> UnityCatalogService::ListStorageCredentials(
    const Context& context, const uc::ListStorageCredentialsRequest& request) {
  return List(context, {Securable::kStorageCredential}, request, &uc::ListStorageCredentialsResponse::storage_credentials,
              ToStorageCredentialInfo);
}

Result<uc::StorageCredentialInfo> UnityCatalogService::GetStorageCredential(
    const Context& context, const uc::GetStorageCredentialRequest& request) {
  return Shown(See(context, Securable::kStorageCredential, {*request.name}), ToStorageCredentialInfo);
}

Result<uc::StorageCredentialInfo> UnityCatalogService::UpdateStorageCredential(
    const Context& context, const uc::UpdateStorageCredentialRequest& request) {
  RETURN_IF_ERROR(RefuseUnbuilt(request));
  if (request.aws_access_key.has() || request.azure_storage_key.has()) {
    ASSIGN_OR_RETURN(objectstore::StoreCredential credential, CredentialOf(request));
    CatalogCommand command = Command(CatalogAction::kSetProperties, Securable::kStorageCredential, {*request.name});
    ASSIGN_OR_RETURN([[maybe_unused]] auto set, catalog_.SetStorageCredential(context.principal, command, credential));
  }
  Changes changes{request.comment, request.new_name, request.owner};
  return Shown(Update(context, Securable::kStorageCredential, {*request.name}, changes), ToStorageCredentialInfo);
}

Status UnityCatalogService::DeleteStorageCredential(const Context& context,
                                                    const uc::DeleteStorageCredentialRequest& request) {
  return Drop(context, Securable::kStorageCredential, {*request.name}, request.force);
}

}  // namespace ashlar::catalog
