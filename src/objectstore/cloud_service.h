// CloudService: what S3 and Azure Blob say differently about the same objects: addresses, signatures,
// listings. Pure but for the clock in signatures; CloudObjectStore sends what it makes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "objectstore/http_transport.h"
#include "objectstore/object_store.h"

namespace ashlar::objectstore {

struct ListPage {
  std::vector<ObjectInfo> objects;  // names are whole keys
  std::string next;                 // what to ask the following page with; empty: this is the last
};

// What an answer to a conditional put that is not a success means.
enum class Refusal {
  kExists,    // somebody has the name
  kConflict,  // another conditional put is under way; nothing happened, ask again
  kOther,
};

// Thread safe.
class CloudService {
 public:
  virtual ~CloudService() = default;
  virtual HttpRequest ForObject(std::string method, std::string_view key) const = 0;
  // The objects whose key begins with `prefix` and has no '/' after it, from `start` on where the
  // service can begin there.
  virtual HttpRequest ForList(const std::string& prefix, const std::string& start,
                              const std::string& next) const = 0;
  // All objects whose key begins with `prefix`.
  virtual HttpRequest ForTree(const std::string& prefix, const std::string& next) const = 0;
  virtual Result<ListPage> ParseList(const std::string& xml) const = 0;
  // An object sent in parts appears when it is finished, whole. `upload` names the attempt to send it:
  // what ParseUploadStart found, or, where nothing starts one, random hex of the caller.
  virtual std::optional<HttpRequest> ForUploadStart(std::string_view key) const = 0;
  virtual Result<std::string> ParseUploadStart(const std::string& xml) const = 0;
  // `number` counts from 1.
  virtual HttpRequest ForUploadPart(std::string_view key, const std::string& upload, int number) const = 0;
  // What ForUploadFinish calls the part that was answered so.
  virtual std::string PartName(const HttpResponse& response, const std::string& upload, int number) const = 0;
  virtual HttpRequest ForUploadFinish(std::string_view key, const std::string& upload,
                                      const std::vector<std::string>& parts) const = 0;
  // Nothing where parts without an object vanish by themselves.
  virtual std::optional<HttpRequest> ForUploadAbort(std::string_view key, const std::string& upload) const = 0;
  // Adds the signature; the last step, again for every attempt.
  virtual void Sign(HttpRequest& request) const = 0;
  virtual Refusal ReasonOf(const HttpResponse& response) const = 0;
};

struct S3Options {
  std::string bucket{};
  std::string region = "us-east-1";
  std::string endpoint{};  // "http://host:port", the bucket is then the path's first part; empty: AWS
  std::string access_key_id{};
  std::string secret_access_key{};
  std::string session_token{};  // of temporary credentials; else empty
};

// Errors: kInvalidParameterValue for what cannot be a bucket, or for keys without a secret.
Result<std::unique_ptr<CloudService>> MakeS3Service(S3Options options, const Clock& clock);

struct AzureSharedKey {
  std::string key_base64{};
};
struct AzureSas {
  std::string token{};  // "sv=…&sig=…", with or without '?'
};
struct AzureBearer {
  std::string token{};
};

struct AzureOptions {
  std::string account{};
  std::string container{};
  // "http://host:port/account" of an emulator; empty: the account's host in the public cloud.
  std::string endpoint{};
  std::variant<AzureSharedKey, AzureSas, AzureBearer> credential{};
};

// Blob storage, and ADLS Gen2 through the Blob endpoint of its account.
// Errors: kInvalidParameterValue for what cannot be an account, a container or a key.
Result<std::unique_ptr<CloudService>> MakeAzureBlobService(AzureOptions options, const Clock& clock);

}  // namespace ashlar::objectstore
