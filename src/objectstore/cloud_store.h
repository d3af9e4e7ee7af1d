// CloudObjectStore: an ObjectStore over a CloudService. Paths are URLs below `root`
// ("s3://bucket/prefix"); others, and those with empty or dotted parts, are refused.
//
// Every request is tried again with growing pauses when the service throttles, fails or does not
// answer. A put-if-absent that meets an object after an attempt without an answer is kUnknown: the
// object may be its own.
#pragma once

#include <functional>
#include <memory>

#include "objectstore/cloud_service.h"

namespace ashlar::objectstore {

struct RetryPolicy {
  int attempts = 6;
  int64_t first_pause_ms = 100;  // doubled from one attempt to the next
  int64_t longest_pause_ms = 10'000;
};

// One object being written from front to back, in bounded memory. Readers see the old object, or none,
// until Finish has succeeded; an upload that is given up leaves nothing. Not thread safe; must not
// outlive its store.
class ObjectUpload {
 public:
  virtual ~ObjectUpload() = default;
  virtual Status Append(std::string_view bytes) = 0;
  // The object is durable when this succeeds. Called once, last.
  virtual Status Finish() = 0;
};

class CloudObjectStore final : public ObjectStore {
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
  // For a name that is written once: when the last answer is lost, an object of the right size is taken
  // for the upload's own. `first_part_bytes`: at least 5 MiB for S3. Later parts grow, so that ten thousand hold any object.
  Result<std::unique_ptr<ObjectUpload>> StartUpload(const std::string& path,
                                                    size_t first_part_bytes = kPartBytes);
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
