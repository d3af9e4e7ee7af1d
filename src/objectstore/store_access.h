// What opens one place of an object store: where it is, and a credential that reaches it. Secret: it is
// never logged and never part of an answer. Its text goes over the link and, sealed, into the metadb.
#pragma once

#include <memory>
#include <string>
#include <variant>

#include "objectstore/cloud_store.h"
#include "objectstore/store_url.h"

namespace ashlar::objectstore {

struct S3AccessKey {
  std::string access_key_id{};
  std::string secret_access_key{};
  std::string session_token{};  // of temporary credentials; else empty
  std::string region = "us-east-1";
  bool operator==(const S3AccessKey&) const = default;
};

struct StoreCredential {
  std::variant<S3AccessKey, AzureSharedKey, AzureSas> key{};
  // As in S3Options and AzureOptions: of a service that is not the cloud's own.
  std::string endpoint{};
  // The stores that it can open.
  StoreKind kind() const { return std::holds_alternative<S3AccessKey>(key) ? StoreKind::kS3 : StoreKind::kAzureBlob; }
};

std::string CredentialText(const StoreCredential& credential);
// Errors: kMalformedRequest for what CredentialText did not write.
Result<StoreCredential> ParseCredential(std::string_view text);

struct StoreAccess {
  std::string root{};  // canonical URL: the object of this name, and all below it
  StoreCredential credential{};
};

std::string AccessText(const StoreAccess& access);
Result<StoreAccess> ParseAccess(std::string_view text);

// Errors: kInvalidParameterValue for a root or a key that cannot be, or that do not fit each other.
Result<std::shared_ptr<CloudObjectStore>> OpenCloudStore(const StoreAccess& access, const Clock& clock,
                                                         std::shared_ptr<HttpTransport> transport);

}  // namespace ashlar::objectstore
