#include "connect/execution.h"

namespace ashlar::connect {

void Execution::AddResponse(sc::ExecutePlanResponse response) {
  std::lock_guard lock(mutex_);
  CHECK(!spool_) << "messages come before the rows";
  messages_.push_back(std::move(response));
  changed_.notify_all();
}

void Execution::SetSpool(std::shared_ptr<arrow_ipc::ResultSpool> spool) {
  std::lock_guard lock(mutex_);
  spool_ = std::move(spool);
  changed_.notify_all();
}

void Execution::Finish(grpc::Status status, int64_t now_nanos) {
  std::lock_guard lock(mutex_);
  CHECK(finished_nanos_ == 0) << "an execution ends once";
  status_ = std::move(status);
  finished_nanos_ = std::max<int64_t>(1, now_nanos);
  changed_.notify_all();
}

Result<std::unique_ptr<Execution::Running>> Execution::Running::Enter(Execution& execution, session::StatementRun& run) {
  std::lock_guard lock(execution.mutex_);
  if (execution.cancelled_) return MakeError(ErrorCode::kCancelled, "The operation was cancelled.");
  execution.running_ = &run;
  return std::unique_ptr<Running>(new Running(execution));
}

Execution::Running::~Running() {
  std::lock_guard lock(execution_.mutex_);
  execution_.running_ = nullptr;
}

bool Execution::WaitForResponse(int64_t number, sc::ExecutePlanResponse& response, grpc::Status& status) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return number < std::ssize(messages_) || spool_ || finished_nanos_ > 0; });
  if (number < std::ssize(messages_)) {
    response = messages_[static_cast<size_t>(number)];
    return true;
  }
  int64_t chunk = number - std::ssize(messages_);
  int64_t chunks = 0;
  if (std::shared_ptr<arrow_ipc::ResultSpool> spool = spool_) {
    lock.unlock();
    auto bytes = spool->WaitForChunk(chunk);
    if (bytes.ok() && *bytes) {
      arrow_ipc::SpoolChunk where = spool->Chunks()[static_cast<size_t>(chunk)];
      response.mutable_arrow_batch()->set_row_count(where.row_count);
      response.mutable_arrow_batch()->set_start_offset(where.row_offset);
      response.mutable_arrow_batch()->set_data(**bytes);
      return true;
    }
    lock.lock();
    chunks = std::ssize(spool->Chunks());
  }
  changed_.wait(lock, [&] { return finished_nanos_ > 0; });
  status = status_;
  if (!status_.ok() || !reattachable_ || chunk != chunks) return false;
  response.mutable_result_complete();
  return true;
}

void Execution::ReleaseThrough(int64_t number) {
  std::lock_guard lock(mutex_);
  // Messages are few and small; they stay until the whole execution goes.
  int64_t chunk = number - std::ssize(messages_);
  if (spool_ && chunk >= 0) spool_->ReleaseThrough(chunk);
}

bool Execution::Cancel() {
  std::lock_guard lock(mutex_);
  if (finished_nanos_ > 0) return false;
  cancelled_ = true;
  if (running_ != nullptr) running_->Cancel();
  return true;
}

int64_t Execution::finished_nanos() const {
  std::lock_guard lock(mutex_);
  return finished_nanos_;
}

}  // namespace ashlar::connect
