// S3's REST API: ListObjectsV2, conditional PUT, Signature Version 4 (AWS General Reference,
// "Create a signed AWS API request").
#include <pugixml.hpp>

#include <algorithm>

#include "base/id.h"
#include "base/text.h"
#include "objectstore/cloud_service.h"
#include "objectstore/http_date.h"
#include "objectstore/signing.h"
#include "objectstore/xml_text.h"

namespace ashlar::objectstore {
namespace {

std::string ToHex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (char byte : bytes) {
    auto value = static_cast<unsigned char>(byte);
    hex += kDigits[value >> 4];
    hex += kDigits[value & 15];
  }
  return hex;
}

bool IsBucketName(std::string_view name) {
  return name.size() >= 3 && name.size() <= 63 && std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
         });
}

class S3Service final : public CloudService {
 public:
  S3Service(S3Options options, const Clock& clock) : options_(std::move(options)), clock_(clock) {
    std::string host = "s3." + options_.region + ".amazonaws.com";
    // A dot in the bucket's name would not fit the certificate of the host's domain.
    bool as_path = !options_.endpoint.empty() || options_.bucket.find('.') != std::string::npos;
    origin_ = !options_.endpoint.empty() ? options_.endpoint
              : as_path                  ? "https://" + host
                                         : "https://" + options_.bucket + "." + host;
    base_path_ = as_path ? "/" + options_.bucket : "";
  }

  HttpRequest ForObject(std::string method, std::string_view key) const override {
    return {.method = std::move(method), .origin = origin_,
            .path = base_path_ + "/" + PercentEncode(key, "/")};
  }

  HttpRequest ForList(const std::string& prefix, const std::string& start,
                      const std::string& next) const override {
    HttpRequest request{.origin = origin_, .path = base_path_ + "/"};
    request.query = {{"list-type", "2"}, {"delimiter", "/"}, {"prefix", prefix}};
    if (!next.empty()) {
      request.query.emplace_back("continuation-token", next);
    } else if (!start.empty()) {
      // start-after leaves out the key it names, so it names one just below.
      request.query.emplace_back("start-after", prefix + start.substr(0, start.size() - 1));
    }
    return request;
  }

  HttpRequest ForTree(const std::string& prefix, const std::string& next) const override {
    HttpRequest request{.origin = origin_, .path = base_path_ + "/"};
    request.query = {{"list-type", "2"}, {"prefix", prefix}};
    if (!next.empty()) request.query.emplace_back("continuation-token", next);
    return request;
  }

  Result<ListPage> ParseList(const std::string& xml) const override {
    pugi::xml_document document;
    pugi::xml_node list;
    if (document.load_buffer(xml.data(), xml.size())) list = document.child("ListBucketResult");
    if (!list) return MakeError(ErrorCode::kIoError, "not a listing: " + xml.substr(0, 200));
    ListPage page;
    for (pugi::xml_node entry : list.children("Contents")) {
      std::optional<int64_t> size = ParseInt64(entry.child_value("Size"));
      std::optional<int64_t> modified = ParseIsoDate(entry.child_value("LastModified"));
      if (!size || !modified) {
        return MakeError(ErrorCode::kIoError, "a listing without sizes or times");
      }
      page.objects.push_back({entry.child_value("Key"), *size, *modified});
    }
    if (std::string_view(list.child_value("IsTruncated")) != "true") return page;
    page.next = list.child_value("NextContinuationToken");
    if (page.next.empty()) return MakeError(ErrorCode::kIoError, "a listing that does not go on");
    return page;
  }

  std::optional<HttpRequest> ForUploadStart(std::string_view key) const override {
    HttpRequest request = ForObject("POST", key);
    request.query = {{"uploads", ""}};
    return request;
  }

  Result<std::string> ParseUploadStart(const std::string& xml) const override {
    pugi::xml_document document;
    std::string id;
    if (document.load_buffer(xml.data(), xml.size())) {
      id = document.child("InitiateMultipartUploadResult").child_value("UploadId");
    }
    if (id.empty()) return MakeError(ErrorCode::kIoError, "not the start of an upload: " + xml.substr(0, 200));
    return id;
  }

  HttpRequest ForUploadPart(std::string_view key, const std::string& upload, int number) const override {
    HttpRequest request = ForObject("PUT", key);
    request.query = {{"partNumber", std::to_string(number)}, {"uploadId", upload}};
    return request;
  }

  std::string PartName(const HttpResponse& response, const std::string&, int) const override {
    return response.Header("etag");
  }

  HttpRequest ForUploadFinish(std::string_view key, const std::string& upload,
                              const std::vector<std::string>& parts) const override {
    HttpRequest request = ForObject("POST", key);
    request.query = {{"uploadId", upload}};
    pugi::xml_document document;
    pugi::xml_node list = document.append_child("CompleteMultipartUpload");
    for (size_t i = 0; i < parts.size(); ++i) {
      pugi::xml_node part = list.append_child("Part");
      part.append_child("PartNumber").text().set(std::to_string(i + 1).c_str());
      part.append_child("ETag").text().set(parts[i].c_str());
    }
    request.body = XmlText(document);
    return request;
  }

  std::optional<HttpRequest> ForUploadAbort(std::string_view key, const std::string& upload) const override {
    HttpRequest request = ForObject("DELETE", key);
    request.query = {{"uploadId", upload}};
    return request;
  }

  void Sign(HttpRequest& request) const override {
    std::string now = FormatBasicDate(clock_.NowMs());
    std::string day = now.substr(0, 8);
    std::string payload = Sha256Hex(request.body);
    request.headers["host"] = request.origin.substr(request.origin.find("://") + 3);
    request.headers["x-amz-date"] = now;
    request.headers["x-amz-content-sha256"] = payload;
    if (!options_.session_token.empty()) {
      request.headers["x-amz-security-token"] = options_.session_token;
    }
    std::string headers;
    std::vector<std::string> names;
    for (const auto& [name, value] : request.headers) {
      headers += name + ":" + value + "\n";
      names.push_back(name);
    }
    std::string signed_names = Join(names, ";");
    std::string canonical = Join({request.method, request.path, EncodeQuery(request.query), headers,
                                  signed_names, payload}, "\n");
    std::string scope = day + "/" + options_.region + "/s3/aws4_request";
    std::string to_sign = Join({"AWS4-HMAC-SHA256", now, scope, Sha256Hex(canonical)}, "\n");
    std::string key = "AWS4" + options_.secret_access_key;
    for (const std::string& part : {day, options_.region, std::string("s3"), std::string("aws4_request")}) {
      key = HmacSha256(key, part);
    }
    request.headers["authorization"] = "AWS4-HMAC-SHA256 Credential=" + options_.access_key_id + "/" +
                                       scope + ",SignedHeaders=" + signed_names +
                                       ",Signature=" + ToHex(HmacSha256(key, to_sign));
  }

  Refusal ReasonOf(const HttpResponse& response) const override {
    if (response.status == 412) return Refusal::kExists;
    bool conflict = response.body.find("ConditionalRequestConflict") != std::string::npos ||
                    response.body.find("OperationAborted") != std::string::npos;
    return response.status == 409 && conflict ? Refusal::kConflict : Refusal::kOther;
  }

 private:
  const S3Options options_;
  const Clock& clock_;
  std::string origin_;
  std::string base_path_;
};

}  // namespace

Result<std::unique_ptr<CloudService>> MakeS3Service(S3Options options, const Clock& clock) {
  while (options.endpoint.ends_with('/')) options.endpoint.pop_back();
  if (!IsBucketName(options.bucket)) {
    return MakeError(ErrorCode::kInvalidParameterValue, "not a bucket's name: " + options.bucket);
  }
  if (!options.endpoint.empty() && options.endpoint.find("://") == std::string::npos) {
    return MakeError(ErrorCode::kInvalidParameterValue, "not an endpoint: " + options.endpoint);
  }
  if (options.access_key_id.empty() || options.secret_access_key.empty()) {
    return MakeError(ErrorCode::kInvalidParameterValue,
                     "bucket " + options.bucket + ": an access key and its secret are needed");
  }
  return std::unique_ptr<CloudService>(std::make_unique<S3Service>(std::move(options), clock));
}

}  // namespace ashlar::objectstore
