#include "objectstore/cloud_store.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/text.h"
#include "objectstore/http_date.h"

namespace ashlar::objectstore {
namespace {

Error ErrorOf(const HttpResponse& response, const std::string& path) {
  ErrorCode code = ErrorCode::kIoError;
  if (response.status == 404) code = ErrorCode::kNotFound;
  if (response.status == 401 || response.status == 403) code = ErrorCode::kPermissionDenied;
  std::string message = path + ": the object store answered " + std::to_string(response.status);
  if (!response.body.empty()) message += ": " + response.body.substr(0, 500);
  return MakeError(code, std::move(message));
}

// An answer that ended before its Content-Length would pass for a smaller object.
bool IsWhole(const HttpRequest& request, const HttpResponse& response) {
  std::string length = response.Header("content-length");
  if (request.method == "HEAD" || length.empty()) return true;
  return ParseInt64(length) == static_cast<int64_t>(response.body.size());
}

HttpRequest WithBody(HttpRequest request, std::string_view bytes) {
  request.body = bytes;
  request.headers["content-type"] = "application/octet-stream";
  return request;
}

}  // namespace

CloudObjectStore::CloudObjectStore(Place place, std::unique_ptr<CloudService> service,
                                   std::shared_ptr<HttpTransport> transport, RetryPolicy policy,
                                   Pause pause)
    : place_(std::move(place)),
      service_(std::move(service)),
      transport_(std::move(transport)),
      policy_(policy),
      pause_(std::move(pause)) {
  CHECK(policy_.attempts >= 1);
  CHECK(!place_.root.ends_with('/') && !place_.key_prefix.ends_with('/'));
}

void CloudObjectStore::SleepFor(int64_t ms) {
  std::this_thread::sleep_for(std::chrono::milliseconds(ms));
}

Result<std::string> CloudObjectStore::KeyOf(const std::string& path) const {
  if (path == place_.root && !place_.key_prefix.empty()) return place_.key_prefix;
  if (!path.starts_with(place_.root + "/")) {
    return MakeError(ErrorCode::kPermissionDenied,
                     "path is outside of " + place_.root + ": " + path);
  }
  std::string below = path.substr(place_.root.size() + 1);
  for (std::string_view part : SplitView(below, '/')) {
    if (part.empty() || part == "." || part == "..") {
      return MakeError(ErrorCode::kInvalidParameterValue, "not the path of an object: " + path);
    }
  }
  return JoinPath(place_.key_prefix, below);
}

bool CloudObjectStore::AskAgain(const HttpResponse& response) const {
  int status = response.status;
  return status == 408 || status == 429 || status == 500 || status == 502 || status == 503 ||
         status == 504 || (status == 409 && service_->ReasonOf(response) == Refusal::kConflict);
}

int64_t CloudObjectStore::PauseBefore(int attempt, const HttpResponse& response) const {
  int64_t pause = policy_.first_pause_ms;
  for (int i = 1; i < attempt && pause < policy_.longest_pause_ms; ++i) pause *= 2;
  // Half of it by chance: those who were throttled together do not come back together.
  pause = pause / 2 + static_cast<int64_t>(SystemRandom().NextUint64() % static_cast<uint64_t>(pause / 2 + 1));
  int64_t asked_s = ParseInt64(response.Header("retry-after")).value_or(0);
  asked_s = std::clamp(asked_s, int64_t{0}, policy_.longest_pause_ms / 1000);
  return std::min(std::max(pause, asked_s * 1000), policy_.longest_pause_ms);
}

CloudObjectStore::Exchange CloudObjectStore::Send(const HttpRequest& request) const {
  Exchange exchange;
  for (int attempt = 1; attempt <= policy_.attempts; ++attempt) {
    if (attempt > 1) pause_(PauseBefore(attempt - 1, exchange.response));
    HttpRequest signed_request = request;
    service_->Sign(signed_request);
    Result<HttpResponse> answer = transport_->Send(signed_request);
    if (answer.ok() && !IsWhole(request, *answer)) {
      answer = MakeError(ErrorCode::kIoError, "the answer ended before its Content-Length");
    }
    if (!answer.ok()) {
      exchange.response = HttpResponse();
      exchange.failed = answer.error();
      if (answer.error().code != ErrorCode::kTemporarilyUnavailable) exchange.unheard = true;
      continue;
    }
    exchange.failed = OkStatus();
    exchange.response = *std::move(answer);
    if (!AskAgain(exchange.response)) return exchange;
    // A server's failure may come after its work; throttling and conflicts come before.
    if (exchange.response.status >= 500 || exchange.response.status == 408) exchange.unheard = true;
  }
  return exchange;
}

Result<HttpResponse> CloudObjectStore::Settle(Exchange exchange, const std::string& path) {
  if (!exchange.failed.ok()) {
    return MakeError(ErrorCode::kIoError, path + ": " + exchange.failed.error().message);
  }
  if (exchange.response.status / 100 != 2) return ErrorOf(exchange.response, path);
  return std::move(exchange.response);
}

Result<HttpResponse> CloudObjectStore::Call(const HttpRequest& request,
                                            const std::string& path) const {
  return Settle(Send(request), path);
}

Result<std::string> CloudObjectStore::PrefixOf(const std::string& directory) const {
  std::string folder = directory;
  while (folder.ends_with('/')) folder.pop_back();
  if (folder == place_.root) return place_.key_prefix.empty() ? "" : place_.key_prefix + "/";
  ASSIGN_OR_RETURN(std::string key, KeyOf(folder));
  return key + "/";
}

Result<std::vector<ObjectInfo>> CloudObjectStore::List(const std::string& directory, const std::string& prefix,
                                                       const ListRequest& request) const {
  std::vector<ObjectInfo> objects;
  std::string next;
  do {
    ASSIGN_OR_RETURN(HttpResponse response, Call(request(next), directory));
    ASSIGN_OR_RETURN(ListPage page, service_->ParseList(response.body));
    for (ObjectInfo& object : page.objects) {
      if (!object.name.starts_with(prefix)) continue;
      object.name.erase(0, prefix.size());
      // Some programs leave a marker for a folder: the name of the folder itself, with '/' at its end.
      if (object.name.empty() || object.name.ends_with('/')) continue;
      objects.push_back(std::move(object));
    }
    next = std::move(page.next);
  } while (!next.empty());
  std::ranges::sort(objects, {}, &ObjectInfo::name);
  return objects;
}

Result<std::vector<ObjectInfo>> CloudObjectStore::ListFrom(const std::string& directory,
                                                           const std::string& start_name) {
  ASSIGN_OR_RETURN(std::string prefix, PrefixOf(directory));
  ASSIGN_OR_RETURN(std::vector<ObjectInfo> objects, List(directory, prefix, [&](const std::string& next) {
                     return service_->ForList(prefix, start_name, next);
                   }));
  std::erase_if(objects, [&](const ObjectInfo& object) { return object.name < start_name; });
  return objects;
}

Result<std::vector<ObjectInfo>> CloudObjectStore::ListTree(const std::string& directory) {
  ASSIGN_OR_RETURN(std::string prefix, PrefixOf(directory));
  return List(directory, prefix, [&](const std::string& next) { return service_->ForTree(prefix, next); });
}

Result<std::string> CloudObjectStore::Read(const std::string& path) {
  ASSIGN_OR_RETURN(std::string key, KeyOf(path));
  ASSIGN_OR_RETURN(HttpResponse response, Call(service_->ForObject("GET", key), path));
  return std::move(response.body);
}

Result<std::string> CloudObjectStore::ReadRange(const std::string& path, int64_t offset,
                                                int64_t length) {
  if (offset < 0 || length < 0 || offset > INT64_MAX - length) {
    return MakeError(ErrorCode::kInvalidParameterValue, "bad byte range of " + path);
  }
  Error ends_early = MakeError(ErrorCode::kIoError, "read " + path + ": object ends early");
  if (length == 0) {  // no Range header says this
    ASSIGN_OR_RETURN(ObjectInfo info, Head(path));
    if (offset > info.size) return ends_early;
    return std::string();
  }
  ASSIGN_OR_RETURN(std::string key, KeyOf(path));
  HttpRequest request = service_->ForObject("GET", key);
  std::string range = std::to_string(offset) + "-" + std::to_string(offset + length - 1);
  request.headers["range"] = "bytes=" + range;
  Exchange exchange = Send(request);
  if (exchange.failed.ok() && exchange.response.status == 416) return ends_early;
  ASSIGN_OR_RETURN(HttpResponse response, Settle(std::move(exchange), path));
  bool asked_for = response.Header("content-range").starts_with("bytes " + range + "/");
  if (!asked_for || static_cast<int64_t>(response.body.size()) != length) return ends_early;
  return std::move(response.body);
}

Result<ObjectInfo> CloudObjectStore::Head(const std::string& path) {
  ASSIGN_OR_RETURN(std::string key, KeyOf(path));
  ASSIGN_OR_RETURN(HttpResponse response, Call(service_->ForObject("HEAD", key), path));
  std::optional<int64_t> size = ParseInt64(response.Header("content-length"));
  std::optional<int64_t> modified = ParseHttpDate(response.Header("last-modified"));
  if (!size || !modified) {
    return MakeError(ErrorCode::kIoError, path + ": the object store did not say its size and time");
  }
  return ObjectInfo{path.substr(path.rfind('/') + 1), *size, *modified};
}

Result<PutOutcome> CloudObjectStore::PutIfAbsent(const std::string& path, std::string_view bytes) {
  ASSIGN_OR_RETURN(std::string key, KeyOf(path));
  HttpRequest request = WithBody(service_->ForObject("PUT", key), bytes);
  request.headers["if-none-match"] = "*";
  Exchange exchange = Send(request);
  if (exchange.failed.ok()) {
    if (exchange.response.status / 100 == 2) return PutOutcome::kWon;
    if (service_->ReasonOf(exchange.response) == Refusal::kExists) {
      return exchange.unheard ? PutOutcome::kUnknown : PutOutcome::kLost;
    }
  }
  if (exchange.unheard) return PutOutcome::kUnknown;
  return Settle(std::move(exchange), path).error();
}

Status CloudObjectStore::PutOverwrite(const std::string& path, std::string_view bytes) {
  ASSIGN_OR_RETURN(std::string key, KeyOf(path));
  RETURN_IF_ERROR(Call(WithBody(service_->ForObject("PUT", key), bytes), path));
  return OkStatus();
}

Status CloudObjectStore::Delete(const std::string& path) {
  ASSIGN_OR_RETURN(std::string key, KeyOf(path));
  Result<HttpResponse> response = Call(service_->ForObject("DELETE", key), path);
  if (response.ok() || response.error().code == ErrorCode::kNotFound) return OkStatus();
  return std::move(response).error();
}

}  // namespace ashlar::objectstore
