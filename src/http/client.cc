#include "http/client.h"

#include <curl/curl.h>

#include "base/json.h"
#include "base/text.h"

namespace ashlar::http {
namespace {

// libcurl's global state, made once before the first handle.
void InitializeCurl() {
  static const CURLcode done = curl_global_init(CURL_GLOBAL_DEFAULT);
  CHECK(done == CURLE_OK);
}

struct Transfer {
  ClientRequest request;
  ClientResponse response;
  Status failed;  // of upload or download
};

size_t OnBody(char* data, size_t, size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  std::string_view bytes(data, size);
  bool streamed = transfer.request.download && transfer.response.status / 100 == 2;
  if (!streamed) {
    transfer.response.body += bytes;
    return size;
  }
  transfer.failed = transfer.request.download(bytes);
  return transfer.failed.ok() ? size : 0;
}

size_t OnHeader(char* data, size_t, size_t size, void* user) {
  auto& response = static_cast<Transfer*>(user)->response;
  std::string_view line = Trim(std::string_view(data, size));
  if (line.starts_with("HTTP/")) {  // of a 100 Continue first, then of the answer
    response.headers = Headers();
    size_t space = line.find(' ');
    std::string_view code = space == std::string_view::npos ? "" : line.substr(space + 1, 3);
    response.status = static_cast<int>(ParseInt64(code).value_or(0));
    return size;
  }
  size_t colon = line.find(':');
  if (colon != std::string_view::npos) {
    response.headers.Add(line.substr(0, colon), Trim(line.substr(colon + 1)));
  }
  return size;
}

size_t OnUpload(char* out, size_t, size_t capacity, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  Result<size_t> size = transfer.request.upload(out, capacity);
  if (size.ok()) return *size;
  transfer.failed = size.error();
  return CURL_READFUNC_ABORT;
}

int OnProgress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto& transfer = *static_cast<Transfer*>(user);
  if (transfer.request.keep_going()) return 0;
  transfer.failed = MakeError(ErrorCode::kCancelled, "The request was cancelled");
  return 1;
}

Error ErrorOf(const ClientResponse& response) {
  Result<Json> body = ParseJson(response.body);
  if (!body.ok() || !body->is_object()) {
    return MakeError(ErrorCode::kInternalError, "The server answered " + std::to_string(response.status) +
                                                    ": " + response.body.substr(0, 500));
  }
  Error error;
  error.code = ErrorCodeFromName(body->value("error_code", ""));
  error.message = body->value("message", body->value("detail", ""));
  return error;
}

}  // namespace

class Client::Impl {
 public:
  explicit Impl(ClientOptions options) : options_(std::move(options)) {
    InitializeCurl();
    curl_ = curl_easy_init();
    CHECK(curl_ != nullptr);
  }
  ~Impl() { curl_easy_cleanup(curl_); }

  Result<ClientResponse> Send(ClientRequest request) {
    Transfer transfer{std::move(request), {}, {}};
    curl_easy_reset(curl_);
    std::string url = options_.base_url + transfer.request.target;
    curl_slist* headers = HeaderList(transfer.request);
    SetConnection(url);
    SetBody(transfer);
    curl_easy_setopt(curl_, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl_, CURLOPT_WRITEFUNCTION, OnBody);
    curl_easy_setopt(curl_, CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt(curl_, CURLOPT_HEADERFUNCTION, OnHeader);
    curl_easy_setopt(curl_, CURLOPT_HEADERDATA, &transfer);
    if (transfer.request.keep_going) {
      curl_easy_setopt(curl_, CURLOPT_NOPROGRESS, 0L);
      curl_easy_setopt(curl_, CURLOPT_XFERINFOFUNCTION, OnProgress);
      curl_easy_setopt(curl_, CURLOPT_XFERINFODATA, &transfer);
    }
    std::array<char, CURL_ERROR_SIZE> reason{};
    curl_easy_setopt(curl_, CURLOPT_ERRORBUFFER, reason.data());
    CURLcode code = curl_easy_perform(curl_);
    curl_slist_free_all(headers);
    if (!transfer.failed.ok()) return transfer.failed.error();
    // A server that refuses an upload may answer, and stop reading.
    bool answered = code == CURLE_SEND_ERROR && transfer.response.status >= 400;
    if (code != CURLE_OK && !answered) {
      return MakeError(ErrorCode::kTemporarilyUnavailable,
                       "Cannot reach " + url + ": " +
                           (reason[0] ? std::string(reason.data()) : curl_easy_strerror(code)));
    }
    return std::move(transfer.response);
  }

 private:
  void SetConnection(const std::string& url) {
    curl_easy_setopt(curl_, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl_, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl_, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl_, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl_, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout_ms));
    curl_easy_setopt(curl_, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl_, CURLOPT_LOW_SPEED_TIME, static_cast<long>(options_.stall_timeout_ms / 1000));
    curl_easy_setopt(curl_, CURLOPT_USERAGENT, options_.user_agent.c_str());
    if (!options_.ca_file.empty()) curl_easy_setopt(curl_, CURLOPT_CAINFO, options_.ca_file.c_str());
  }

  void SetBody(Transfer& transfer) {
    ClientRequest& request = transfer.request;
    if (request.upload) {
      curl_easy_setopt(curl_, CURLOPT_UPLOAD, 1L);
      curl_easy_setopt(curl_, CURLOPT_READFUNCTION, OnUpload);
      curl_easy_setopt(curl_, CURLOPT_READDATA, &transfer);
      curl_off_t size = request.upload_size ? static_cast<curl_off_t>(*request.upload_size) : -1;
      curl_easy_setopt(curl_, CURLOPT_INFILESIZE_LARGE, size);
    } else if (request.method == "HEAD") {
      curl_easy_setopt(curl_, CURLOPT_NOBODY, 1L);
    } else if (request.method != "GET" || !request.body.empty()) {
      curl_easy_setopt(curl_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
      curl_easy_setopt(curl_, CURLOPT_POSTFIELDS, request.body.data());
    }
    if (request.method != "HEAD") {
      curl_easy_setopt(curl_, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    }
  }

  curl_slist* HeaderList(const ClientRequest& request) {
    curl_slist* list = nullptr;
    auto add = [&](std::string_view name, std::string_view value) {
      list = curl_slist_append(list, (std::string(name) + ": " + std::string(value)).c_str());
    };
    if (!options_.token.empty()) add("Authorization", "Bearer " + options_.token);
    if (!request.body.empty() && !request.headers.Has("content-type")) add("Content-Type", "application/json");
    for (const auto& [name, value] : request.headers.all()) add(name, value);
    return list;
  }

  const ClientOptions options_;
  CURL* curl_ = nullptr;
};

Client::Client(ClientOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

Result<ClientResponse> Client::Send(ClientRequest request) { return impl_->Send(std::move(request)); }

Result<ClientResponse> Client::Call(ClientRequest request) {
  ASSIGN_OR_RETURN(ClientResponse response, Send(std::move(request)));
  if (response.status >= 400) return ErrorOf(response);
  return response;
}

}  // namespace ashlar::http
