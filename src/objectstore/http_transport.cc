#include "objectstore/http_transport.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <mutex>

#include "base/text.h"

namespace ashlar::objectstore {
namespace {

size_t OnBody(char* data, size_t, size_t size, void* user) {
  static_cast<HttpResponse*>(user)->body.append(data, size);
  return size;
}

size_t OnHeader(char* data, size_t, size_t size, void* user) {
  auto& response = *static_cast<HttpResponse*>(user);
  std::string_view line = Trim(std::string_view(data, size));
  size_t colon = line.find(':');
  if (line.starts_with("HTTP/")) {
    response.headers.clear();  // of a 100 Continue
  } else if (colon != std::string_view::npos) {
    response.headers[ToLowerAscii(line.substr(0, colon))] = Trim(line.substr(colon + 1));
  }
  return size;
}

// The codes after which the service cannot have seen the request.
bool NeverSent(CURLcode code) {
  static constexpr std::array kCodes = {CURLE_COULDNT_CONNECT, CURLE_COULDNT_RESOLVE_HOST,
                                        CURLE_COULDNT_RESOLVE_PROXY, CURLE_SSL_CONNECT_ERROR,
                                        CURLE_PEER_FAILED_VERIFICATION, CURLE_URL_MALFORMAT,
                                        CURLE_SSL_CACERT_BADFILE, CURLE_UNSUPPORTED_PROTOCOL};
  return std::ranges::find(kCodes, code) != kCodes.end();
}

class CurlTransport final : public HttpTransport {
 public:
  explicit CurlTransport(TransportOptions options) : options_(std::move(options)) {
    static const CURLcode done = curl_global_init(CURL_GLOBAL_DEFAULT);
    CHECK(done == CURLE_OK);
  }
  ~CurlTransport() override {
    for (CURL* handle : idle_) curl_easy_cleanup(handle);
  }

  Result<HttpResponse> Send(const HttpRequest& request) override {
    CURL* handle = Take();
    std::string url = request.origin + request.path;
    if (!request.query.empty()) url += "?" + EncodeQuery(request.query);
    HttpResponse response;
    SetConnection(handle, url);
    SetBody(handle, request);
    curl_slist* headers = HeaderList(request);
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, OnBody);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, &response);
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, OnHeader);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, &response);
    CURLcode code = curl_easy_perform(handle);
    long status = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    response.status = static_cast<int>(status);
    curl_slist_free_all(headers);
    GiveBack(handle);
    if (code == CURLE_OK) return response;
    // The query may hold a signature, so only the path is named.
    return MakeError(NeverSent(code) ? ErrorCode::kTemporarilyUnavailable : ErrorCode::kIoError,
                     request.method + " " + request.origin + request.path + ": " +
                         curl_easy_strerror(code));
  }

 private:
  CURL* Take() {
    std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      CURL* handle = idle_.back();
      idle_.pop_back();
      curl_easy_reset(handle);  // keeps its connections
      return handle;
    }
    CURL* handle = curl_easy_init();
    CHECK(handle != nullptr);
    return handle;
  }

  void GiveBack(CURL* handle) {
    std::lock_guard lock(mutex_);
    idle_.push_back(handle);
  }

  void SetConnection(CURL* handle, const std::string& url) {
    curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L);  // the signature is of these very bytes
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS,
                     static_cast<long>(options_.connect_timeout_ms));
    curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, static_cast<long>(options_.stall_timeout_s));
    if (!options_.ca_file.empty()) {
      curl_easy_setopt(handle, CURLOPT_CAINFO, options_.ca_file.c_str());
    }
  }

  static void SetBody(CURL* handle, const HttpRequest& request) {
    if (request.method == "HEAD") {
      curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
      return;
    }
    if (request.method != "GET") {
      curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE,
                       static_cast<curl_off_t>(request.body.size()));
      curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request.body.data());
    }
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }

  static curl_slist* HeaderList(const HttpRequest& request) {
    curl_slist* list = curl_slist_append(nullptr, "Expect:");
    // Without a value libcurl would add its own, which is not signed.
    if (!request.headers.contains("content-type")) list = curl_slist_append(list, "Content-Type:");
    for (const auto& [name, value] : request.headers) {
      list = curl_slist_append(list, (name + ": " + value).c_str());
    }
    return list;
  }

  const TransportOptions options_;
  std::mutex mutex_;
  std::vector<CURL*> idle_;
};

}  // namespace

std::string HttpResponse::Header(const std::string& name) const {
  auto it = headers.find(name);
  return it == headers.end() ? std::string() : it->second;
}

std::string EncodeQuery(const std::vector<std::pair<std::string, std::string>>& query) {
  std::vector<std::pair<std::string, std::string>> encoded;
  for (const auto& [name, value] : query) {
    encoded.emplace_back(PercentEncode(name), PercentEncode(value));
  }
  std::ranges::sort(encoded);
  std::vector<std::string> parts;
  for (const auto& [name, value] : encoded) parts.push_back(name + "=" + value);
  return Join(parts, "&");
}

std::unique_ptr<HttpTransport> MakeCurlTransport(TransportOptions options) {
  return std::make_unique<CurlTransport>(std::move(options));
}

}  // namespace ashlar::objectstore
