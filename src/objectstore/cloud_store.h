// CloudObjectStore: an ObjectStore over a CloudService. Paths are URLs below `root`
// ("s3://bucket/prefix"), or `root` itself as an object; others, and those with empty or dotted parts, are
// refused.
//
// Every request is tried again with growing pauses when the service throttles, fails or does not
// answer. A put-if-absent that meets an object after an attempt without an answer is kUnknown: the
// object may be its own.
#pragma once

#include <functional>
#include <memory>

#include "objectstore/cloud_service.h"
#include "objectstore/trees.h"
#include "objectstore/uploads.h"

namespace ashlar::objectstore {

struct RetryPolicy {
  int attempts = 6;
  int64_t first_pause_ms = 100;  // doubled from one attempt to the next
  int64_t longest_pause_ms = 10'000;
};

class CloudObjectStore final : public ObjectStore, public UploadStore, public TreeStore {
 public:
  using Pause = std::function<void(int64_t ms)>;
  // `key_prefix` is what `root` stands for inside of the bucket, without '/' at its ends.
  struct Place {
    std::string root{};
    std::string key_prefix{};
  };

  CloudObjectStore(Place place, std::unique_ptr<CloudService> service,
                   std::shared_ptr<HttpTransport> transport, RetryPolicy policy = {},
                   Pause pause = SleepFor);

  Result<std::vector<ObjectInfo>> ListFrom(const std::string& directory,
                                           const std::string& start_name) override;
  Result<std::string> Read(const std::string& path) override;
  Result<std::string> ReadRange(const std::string& path, int64_t offset, int64_t length) override;
  Result<ObjectInfo> Head(const std::string& path) override;
  Result<PutOutcome> PutIfAbsent(const std::string& path, std::string_view bytes) override;
  Status PutOverwrite(const std::string& path, std::string_view bytes) override;
  Status Delete(const std::string& path) override;
  Result<std::vector<ObjectInfo>> ListTree(const std::string& directory) override;
  Result<std::unique_ptr<ObjectUpload>> StartUpload(const std::string& path) override {
    return StartUpload(path, kPartBytes);
  }
  // `first_part_bytes`: at least 5 MiB for S3. Later parts grow, so that ten thousand hold any object.
  Result<std::unique_ptr<ObjectUpload>> StartUpload(const std::string& path, size_t first_part_bytes);
  static constexpr size_t kPartBytes = 8 << 20;

 private:
  class Upload;
  struct Exchange {
    HttpResponse response;
    // An earlier attempt, or the last, may have done its work without our hearing of it.
    bool unheard = false;
    Status failed = OkStatus();  // the last attempt had no answer
  };
  // The answer if it is 2xx, or the error that the exchange means for `path`.
  static Result<HttpResponse> Settle(Exchange exchange, const std::string& path);

  static void SleepFor(int64_t ms);
  Result<std::string> KeyOf(const std::string& path) const;
  // What the keys of all objects below the directory begin with.
  Result<std::string> PrefixOf(const std::string& directory) const;
  using ListRequest = std::function<HttpRequest(const std::string& next)>;
  // All pages, with names relative to `prefix`.
  Result<std::vector<ObjectInfo>> List(const std::string& directory, const std::string& prefix,
                                       const ListRequest& request) const;
  Exchange Send(const HttpRequest& request) const;
  // Send and Settle.
  Result<HttpResponse> Call(const HttpRequest& request, const std::string& path) const;
  bool AskAgain(const HttpResponse& response) const;
  int64_t PauseBefore(int attempt, const HttpResponse& response) const;

  const Place place_;
  const std::unique_ptr<CloudService> service_;
  const std::shared_ptr<HttpTransport> transport_;
  const RetryPolicy policy_;
  const Pause pause_;
};

}  // namespace ashlar::objectstore
