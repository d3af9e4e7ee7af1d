// Azure Blob's REST API: List Blobs, conditional Put Blob, the Shared Key scheme ("Authorize with
// Shared Key" in Azure Storage's REST reference), shared access signatures and bearer tokens.
#include <pugixml.hpp>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "objectstore/cloud_service.h"
#include "objectstore/http_date.h"
#include "objectstore/signing.h"
#include "objectstore/xml_text.h"

namespace ashlar::objectstore {
namespace {

constexpr const char* kVersion = "2021-12-02";

bool IsName(std::string_view name, bool (*also)(char)) {
  return name.size() >= 3 && name.size() <= 63 && std::ranges::all_of(name, [also](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || also(c);
         });
}

class AzureBlobService final : public CloudService {
 public:
  AzureBlobService(AzureOptions options, const Clock& clock)
      : options_(std::move(options)), clock_(clock) {
    std::string endpoint = options_.endpoint;
    if (endpoint.empty()) endpoint = "https://" + options_.account + ".blob.core.windows.net";
    size_t host = endpoint.find("://") + 3;
    size_t path = std::min(endpoint.find('/', host), endpoint.size());
    origin_ = endpoint.substr(0, path);
    base_path_ = endpoint.substr(path) + "/" + options_.container;
    if (const auto* shared = std::get_if<AzureSharedKey>(&options_.credential)) {
      key_ = Base64Decode(shared->key_base64).value_or("");
    }
  }

  HttpRequest ForObject(std::string method, std::string_view key) const override {
    HttpRequest request{.method = std::move(method), .origin = origin_,
                        .path = base_path_ + "/" + PercentEncode(key, "/")};
    if (request.method == "PUT") request.headers["x-ms-blob-type"] = "BlockBlob";
    return request;
  }

  HttpRequest ForList(const std::string& prefix, const std::string&,
                      const std::string& next) const override {
    HttpRequest request{.origin = origin_, .path = base_path_};
    request.query = {{"restype", "container"}, {"comp", "list"}, {"delimiter", "/"}, {"prefix", prefix}};
    if (!next.empty()) request.query.emplace_back("marker", next);
    return request;
  }

  HttpRequest ForTree(const std::string& prefix, const std::string& next) const override {
    HttpRequest request{.origin = origin_, .path = base_path_};
    request.query = {{"restype", "container"}, {"comp", "list"}, {"prefix", prefix}};
    if (!next.empty()) request.query.emplace_back("marker", next);
    return request;
  }

  Result<ListPage> ParseList(const std::string& xml) const override {
    pugi::xml_document document;
    pugi::xml_node list;
    if (document.load_buffer(xml.data(), xml.size())) list = document.child("EnumerationResults");
    if (!list) return MakeError(ErrorCode::kIoError, "not a listing: " + xml.substr(0, 200));
    ListPage page;
    for (pugi::xml_node entry : list.child("Blobs").children("Blob")) {
      pugi::xml_node properties = entry.child("Properties");
      std::optional<int64_t> size = ParseInt64(properties.child_value("Content-Length"));
      std::optional<int64_t> modified = ParseHttpDate(properties.child_value("Last-Modified"));
      std::optional<std::string> name = entry.child_value("Name");
      if (entry.child("Name").attribute("Encoded").as_bool()) name = PercentDecode(*name);
      if (!size || !modified || !name) {
        return MakeError(ErrorCode::kIoError, "a listing without names, sizes or times");
      }
      page.objects.push_back({*std::move(name), *size, *modified});
    }
    page.next = list.child_value("NextMarker");
    return page;
  }

  std::optional<HttpRequest> ForUploadStart(std::string_view) const override { return std::nullopt; }
  Result<std::string> ParseUploadStart(const std::string& xml) const override {
    return MakeError(ErrorCode::kInternalError, "no upload was started: " + xml.substr(0, 200));
  }

  HttpRequest ForUploadPart(std::string_view key, const std::string& upload, int number) const override {
    HttpRequest request = ForObject("PUT", key);
    request.headers.erase("x-ms-blob-type");
    request.query = {{"comp", "block"}, {"blockid", PartName({}, upload, number)}};
    return request;
  }

  // The ids of one blob's blocks must be equally long.
  std::string PartName(const HttpResponse&, const std::string& upload, int number) const override {
    return Base64Encode(upload + "-" + std::to_string(100'000 + number));
  }

  HttpRequest ForUploadFinish(std::string_view key, const std::string&,
                              const std::vector<std::string>& parts) const override {
    HttpRequest request = ForObject("PUT", key);
    request.headers.erase("x-ms-blob-type");
    request.query = {{"comp", "blocklist"}};
    pugi::xml_document document;
    pugi::xml_node list = document.append_child("BlockList");
    for (const std::string& part : parts) list.append_child("Latest").text().set(part.c_str());
    request.body = XmlText(document);
    return request;
  }

  std::optional<HttpRequest> ForUploadAbort(std::string_view, const std::string&) const override {
    return std::nullopt;
  }

  void Sign(HttpRequest& request) const override {
    request.headers["x-ms-version"] = kVersion;
    request.headers["x-ms-date"] = FormatHttpDate(clock_.NowMs());
    if (const auto* bearer = std::get_if<AzureBearer>(&options_.credential)) {
      request.headers["authorization"] = "Bearer " + bearer->token;
    } else if (const auto* sas = std::get_if<AzureSas>(&options_.credential)) {
      AddSignature(request, sas->token);
    } else {
      request.headers["authorization"] =
          "SharedKey " + options_.account + ":" + Base64Encode(HmacSha256(key_, TextToSign(request)));
    }
  }

  Refusal ReasonOf(const HttpResponse& response) const override {
    bool exists = response.status == 409 && response.Header("x-ms-error-code") == "BlobAlreadyExists";
    return exists || response.status == 412 ? Refusal::kExists : Refusal::kOther;
  }

 private:
  static void AddSignature(HttpRequest& request, std::string_view token) {
    if (token.starts_with('?')) token.remove_prefix(1);
    for (std::string_view part : SplitView(token, '&')) {
      size_t equals = std::min(part.find('='), part.size());
      std::string_view value = part.substr(std::min(equals + 1, part.size()));
      request.query.emplace_back(part.substr(0, equals), PercentDecode(value).value_or(std::string(value)));
    }
  }

  std::string TextToSign(const HttpRequest& request) const {
    static constexpr std::array kAfterLength = {"content-md5", "content-type", "date",
                                                "if-modified-since", "if-match", "if-none-match",
                                                "if-unmodified-since", "range"};
    std::string text = request.method + "\n\n\n";  // no encoding, no language
    text += (request.body.empty() ? "" : std::to_string(request.body.size())) + "\n";
    for (const char* name : kAfterLength) {
      auto it = request.headers.find(name);
      text += (it == request.headers.end() ? "" : it->second) + "\n";
    }
    for (const auto& [name, value] : request.headers) {
      if (name.starts_with("x-ms-")) text += name + ":" + value + "\n";
    }
    text += "/" + options_.account + request.path;
    auto query = request.query;
    std::ranges::sort(query);
    for (const auto& [name, value] : query) text += "\n" + name + ":" + value;
    return text;
  }

  const AzureOptions options_;
  const Clock& clock_;
  std::string origin_;
  std::string base_path_;
  std::string key_;
};

}  // namespace

Result<std::unique_ptr<CloudService>> MakeAzureBlobService(AzureOptions options, const Clock& clock) {
  while (options.endpoint.ends_with('/')) options.endpoint.pop_back();
  if (!IsName(options.account, [](char) { return false; })) {
    return MakeError(ErrorCode::kInvalidParameterValue, "not a storage account's name: " + options.account);
  }
  if (!IsName(options.container, [](char c) { return c == '-'; })) {
    return MakeError(ErrorCode::kInvalidParameterValue, "not a container's name: " + options.container);
  }
  if (!options.endpoint.empty() && options.endpoint.find("://") == std::string::npos) {
    return MakeError(ErrorCode::kInvalidParameterValue, "not an endpoint: " + options.endpoint);
  }
  const auto* shared = std::get_if<AzureSharedKey>(&options.credential);
  if (shared != nullptr && Base64Decode(shared->key_base64).value_or("").empty()) {
    return MakeError(ErrorCode::kInvalidParameterValue,
                     "storage account " + options.account + ": its key is not base64");
  }
  return std::unique_ptr<CloudService>(std::make_unique<AzureBlobService>(std::move(options), clock));
}

}  // namespace ashlar::objectstore
