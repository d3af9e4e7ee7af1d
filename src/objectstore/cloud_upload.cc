#include "base/id.h"
#include "objectstore/cloud_store.h"

namespace ashlar::objectstore {

class CloudObjectStore::Upload final : public ObjectUpload {
 public:
  Upload(CloudObjectStore& store, std::string path, std::string key, size_t first_part_bytes)
      : store_(store), path_(std::move(path)), key_(std::move(key)), first_part_bytes_(first_part_bytes) {}

  ~Upload() override {
    if (finished_ || id_.empty()) return;
    // What fails here is left to the bucket's own rule for unfinished uploads.
    if (auto abort = store_.service_->ForUploadAbort(key_, id_)) (void)store_.Send(*abort);
  }

  Status Append(std::string_view bytes) override {
    CHECK(!finished_);
    RETURN_IF_ERROR(sent_);
    while (!bytes.empty()) {
      size_t part_bytes = first_part_bytes_ << (parts_.size() / 1000);
      if (pending_.size() == part_bytes) {
        RETURN_IF_ERROR(sent_ = SendPart());
        continue;
      }
      std::string_view taken = bytes.substr(0, part_bytes - pending_.size());
      pending_ += taken;
      appended_bytes_ += static_cast<int64_t>(taken.size());
      bytes.remove_prefix(taken.size());
    }
    return OkStatus();
  }

  Status Finish() override {
    CHECK(!finished_);
    RETURN_IF_ERROR(sent_);
    if (parts_.empty()) {
      RETURN_IF_ERROR(store_.PutOverwrite(path_, pending_));
      finished_ = true;
      return OkStatus();
    }
    RETURN_IF_ERROR(SendPart());
    Exchange exchange = store_.Send(store_.service_->ForUploadFinish(key_, id_, parts_));
    // S3 forgets an upload that it has finished: the answer that was lost may have said so.
    if (exchange.failed.ok() && exchange.response.status == 404 && exchange.unheard) {
      RETURN_IF_ERROR(LookWhetherFinished());
    } else {
      ASSIGN_OR_RETURN(HttpResponse response, Settle(std::move(exchange), path_));
      // S3 begins its answer before it knows, and may go on with an error.
      if (response.body.find("<Error>") != std::string::npos) {
        return MakeError(ErrorCode::kIoError, path_ + ": " + response.body.substr(0, 500));
      }
    }
    finished_ = true;
    return OkStatus();
  }

 private:
  Status Start() {
    std::optional<HttpRequest> request = store_.service_->ForUploadStart(key_);
    if (!request) {
      id_ = NewHex(SystemRandom(), 8);
      return OkStatus();
    }
    ASSIGN_OR_RETURN(HttpResponse response, store_.Call(*request, path_));
    ASSIGN_OR_RETURN(id_, store_.service_->ParseUploadStart(response.body));
    return OkStatus();
  }

  Status SendPart() {
    if (id_.empty()) RETURN_IF_ERROR(Start());
    int number = static_cast<int>(parts_.size()) + 1;
    HttpRequest request = store_.service_->ForUploadPart(key_, id_, number);
    request.body = std::move(pending_);
    pending_.clear();
    ASSIGN_OR_RETURN(HttpResponse response, store_.Call(request, path_));
    parts_.push_back(store_.service_->PartName(response, id_, number));
    return OkStatus();
  }

  Status LookWhetherFinished() {
    ASSIGN_OR_RETURN(ObjectInfo info, store_.Head(path_));
    if (info.size == appended_bytes_) return OkStatus();
    return MakeError(ErrorCode::kIoError, path_ + ": the upload did not finish");
  }

  CloudObjectStore& store_;
  const std::string path_;
  const std::string key_;
  const size_t first_part_bytes_;
  std::string id_;
  std::string pending_;
  std::vector<std::string> parts_;
  int64_t appended_bytes_ = 0;
  Status sent_ = OkStatus();  // a part that failed is gone, and the object with it
  bool finished_ = false;
};

Result<std::unique_ptr<ObjectUpload>> CloudObjectStore::StartUpload(const std::string& path,
                                                                    size_t first_part_bytes) {
  CHECK(first_part_bytes > 0);
  ASSIGN_OR_RETURN(std::string key, KeyOf(path));
  return std::unique_ptr<ObjectUpload>(std::make_unique<Upload>(*this, path, std::move(key), first_part_bytes));
}

}  // namespace ashlar::objectstore
