#include "objectstore/store_access.h"

#include "base/json.h"

namespace ashlar::objectstore {
namespace {

std::string TextOf(const Json& object, const char* key) {
  auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Json ToJson(const StoreCredential& credential) {
  Json json = {{"endpoint", credential.endpoint}};
  if (const auto* s3 = std::get_if<S3AccessKey>(&credential.key)) {
    json["access_key_id"] = s3->access_key_id;
    json["secret_access_key"] = s3->secret_access_key;
    json["session_token"] = s3->session_token;
    json["region"] = s3->region;
  } else if (const auto* shared = std::get_if<AzureSharedKey>(&credential.key)) {
    json["account_key"] = shared->key_base64;
  } else {
    json["sas_token"] = std::get<AzureSas>(credential.key).token;
  }
  return json;
}

Result<StoreCredential> FromJson(const Json& json) {
  StoreCredential credential;
  if (!json.is_object()) return MakeError(ErrorCode::kMalformedRequest, "not a credential of an object store");
  credential.endpoint = TextOf(json, "endpoint");
  if (json.contains("access_key_id")) {
    credential.key = S3AccessKey{TextOf(json, "access_key_id"), TextOf(json, "secret_access_key"),
                                 TextOf(json, "session_token"), TextOf(json, "region")};
  } else if (json.contains("account_key")) {
    credential.key = AzureSharedKey{TextOf(json, "account_key")};
  } else if (json.contains("sas_token")) {
    credential.key = AzureSas{TextOf(json, "sas_token")};
  } else {
    return MakeError(ErrorCode::kMalformedRequest, "a credential without a key");
  }
  return credential;
}

Result<std::unique_ptr<CloudService>> MakeService(const StoreUrl& url, const StoreCredential& credential,
                                                  const Clock& clock) {
  if (const auto* s3 = std::get_if<S3AccessKey>(&credential.key)) {
    return MakeS3Service({.bucket = url.bucket,
                          .region = s3->region,
                          .endpoint = credential.endpoint,
                          .access_key_id = s3->access_key_id,
                          .secret_access_key = s3->secret_access_key,
                          .session_token = s3->session_token},
                         clock);
  }
  AzureOptions options{.account = url.account, .container = url.bucket, .endpoint = credential.endpoint};
  if (const auto* shared = std::get_if<AzureSharedKey>(&credential.key)) options.credential = *shared;
  if (const auto* sas = std::get_if<AzureSas>(&credential.key)) options.credential = *sas;
  return MakeAzureBlobService(std::move(options), clock);
}

}  // namespace

std::string CredentialText(const StoreCredential& credential) { return WriteJson(ToJson(credential)); }

Result<StoreCredential> ParseCredential(std::string_view text) {
  ASSIGN_OR_RETURN(Json json, ParseJson(text));
  return FromJson(json);
}

std::string AccessText(const StoreAccess& access) {
  return WriteJson({{"root", access.root}, {"credential", ToJson(access.credential)}});
}

Result<StoreAccess> ParseAccess(std::string_view text) {
  ASSIGN_OR_RETURN(Json json, ParseJson(text));
  if (!json.is_object() || !json.contains("credential")) {
    return MakeError(ErrorCode::kMalformedRequest, "not an access to an object store");
  }
  StoreAccess access{.root = TextOf(json, "root")};
  ASSIGN_OR_RETURN(access.credential, FromJson(json["credential"]));
  return access;
}

Result<std::shared_ptr<CloudObjectStore>> OpenCloudStore(const StoreAccess& access, const Clock& clock,
                                                         std::shared_ptr<HttpTransport> transport) {
  ASSIGN_OR_RETURN(StoreUrl url, ParseStoreUrl(access.root));
  if (url.kind != access.credential.kind()) {
    return MakeError(ErrorCode::kInvalidParameterValue, "The storage credential is not one for " + url.Root());
  }
  ASSIGN_OR_RETURN(std::unique_ptr<CloudService> service, MakeService(url, access.credential, clock));
  CloudObjectStore::Place place{url.Text(), url.key};
  return std::make_shared<CloudObjectStore>(std::move(place), std::move(service), std::move(transport));
}

}  // namespace ashlar::objectstore
