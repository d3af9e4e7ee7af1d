#include "arrow_ipc/result_spool.h"

#include <unistd.h>

#include <chrono>
#include <cstdio>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/file.h"
#include "base/id.h"

namespace ashlar::arrow_ipc {
namespace {

// Not durable on purpose: a spool dies with its driver.
Status WriteSpoolFile(const std::string& path, const std::string& bytes) {
  RETURN_IF_ERROR(Failpoint("spool.write"));
  std::FILE* file = std::fopen(path.c_str(), "wbe");
  if (file == nullptr) return ErrnoError("create", path);
  bool written = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  if (std::fclose(file) != 0) written = false;
  if (written) return OkStatus();
  Error error = ErrnoError("write", path);
  unlink(path.c_str());
  return error;
}

}  // namespace

struct ResultSpool::Stored {
  SpoolChunk chunk;
  std::shared_ptr<const std::string> memory;  // null: on disk
  bool released = false;
};

Result<std::unique_ptr<ResultSpool>> ResultSpool::Make(OwnedArrowSchema schema, SpoolOptions options) {
  ASSIGN_OR_RETURN(auto encoder, IpcEncoder::Make(std::move(schema), options.compression));
  return std::unique_ptr<ResultSpool>(new ResultSpool(std::move(encoder), std::move(options)));
}

ResultSpool::ResultSpool(std::unique_ptr<IpcEncoder> encoder, SpoolOptions options)
    : options_(std::move(options)), name_(NewHex(SystemRandom(), 8)), encoder_(std::move(encoder)) {}

ResultSpool::~ResultSpool() {
  for (size_t i = 0; i < chunks_.size(); ++i) {
    if (!chunks_[i].memory && !chunks_[i].released) unlink(PathOf(static_cast<int64_t>(i)).c_str());
  }
}

std::string ResultSpool::PathOf(int64_t index) const {
  return options_.folder + "/result-" + name_ + "-" + std::to_string(index) + ".arrows";
}

Result<bool> ResultSpool::Append(ArrowBatch batch) {
  bool full = false;
  if (options_.row_limit > 0 && rows_ + batch.row_count >= options_.row_limit) {
    int64_t taken = options_.row_limit - rows_;
    {
      std::lock_guard lock(mutex_);
      truncated_ = truncated_ || taken < batch.row_count;
    }
    batch.row_count = taken;
    full = true;
  }
  rows_ += batch.row_count;
  RETURN_IF_ERROR(encoder_->Add(std::move(batch)));
  bool first = false;
  {
    std::lock_guard lock(mutex_);
    first = chunks_.empty();
    if (options_.byte_limit > 0 && total_bytes_ + encoder_->pending_bytes() >= options_.byte_limit) {
      truncated_ = true;
      full = true;
    }
  }
  if (encoder_->pending_rows() >= (first ? options_.first_chunk_rows : options_.chunk_rows) ||
      encoder_->pending_bytes() >= options_.chunk_bytes) {
    RETURN_IF_ERROR(CloseChunk());
  }
  return !full;
}

Status ResultSpool::CloseChunk() {
  int64_t rows = encoder_->pending_rows();
  ASSIGN_OR_RETURN(std::string bytes, encoder_->Finish());
  return Store(std::move(bytes), rows);
}

Status ResultSpool::Store(std::string bytes, int64_t rows) {
  auto size = static_cast<int64_t>(bytes.size());
  std::unique_lock lock(mutex_);
  bool in_memory = chunks_.empty();
  if (!in_memory) {
    bool room = changed_.wait_for(lock, std::chrono::milliseconds(options_.quota_wait_ms), [&] {
      return failure_.has_value() || disk_bytes_ == 0 || disk_bytes_ + size <= options_.quota_bytes;
    });
    if (failure_) return *failure_;
    if (!room) {
      return MakeError(ErrorCode::kResourceExhausted,
                       "RESULT_SPOOL_QUOTA_EXCEEDED: the result needs more than " +
                           std::to_string(options_.quota_bytes) + " bytes and nobody read it");
    }
  }
  Stored stored;
  stored.chunk = {rows_ - rows, rows, size};
  auto index = static_cast<int64_t>(chunks_.size());
  if (in_memory) {
    stored.memory = std::make_shared<const std::string>(std::move(bytes));
  } else {
    disk_bytes_ += size;
    lock.unlock();
    Status written = WriteSpoolFile(PathOf(index), bytes);
    lock.lock();
    if (!written.ok()) return written;
  }
  total_bytes_ += size;
  chunks_.push_back(std::move(stored));
  changed_.notify_all();
  return OkStatus();
}

Status ResultSpool::Finish() {
  bool empty = false;
  {
    std::lock_guard lock(mutex_);
    empty = chunks_.empty();
  }
  if (empty || encoder_->pending_rows() > 0) RETURN_IF_ERROR(CloseChunk());
  std::lock_guard lock(mutex_);
  finished_ = true;
  changed_.notify_all();
  return OkStatus();
}

void ResultSpool::Fail(Error error) {
  std::lock_guard lock(mutex_);
  if (!failure_ && !finished_) failure_ = std::move(error);
  changed_.notify_all();
}

std::vector<SpoolChunk> ResultSpool::Chunks() const {
  std::lock_guard lock(mutex_);
  std::vector<SpoolChunk> chunks;
  for (const Stored& stored : chunks_) chunks.push_back(stored.chunk);
  return chunks;
}

bool ResultSpool::finished() const {
  std::lock_guard lock(mutex_);
  return finished_;
}

bool ResultSpool::truncated() const {
  std::lock_guard lock(mutex_);
  return truncated_;
}

Result<std::shared_ptr<const std::string>> ResultSpool::WaitForChunk(int64_t index) {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] {
      return failure_.has_value() || finished_ || index < static_cast<int64_t>(chunks_.size());
    });
    if (index >= static_cast<int64_t>(chunks_.size())) {
      if (failure_) return *failure_;
      return std::shared_ptr<const std::string>();
    }
  }
  return Fetch(index);
}

Result<std::shared_ptr<const std::string>> ResultSpool::Fetch(int64_t index) const {
  {
    std::lock_guard lock(mutex_);
    if (index < 0 || index >= static_cast<int64_t>(chunks_.size())) {
      return MakeError(ErrorCode::kNotFound, "result chunk " + std::to_string(index) + " does not exist");
    }
    const Stored& stored = chunks_[static_cast<size_t>(index)];
    if (stored.released) {
      return MakeError(ErrorCode::kNotFound, "result chunk " + std::to_string(index) + " was released");
    }
    if (stored.memory) return stored.memory;
  }
  ASSIGN_OR_RETURN(std::string bytes, ReadFile(PathOf(index)));
  return std::make_shared<const std::string>(std::move(bytes));
}

void ResultSpool::ReleaseThrough(int64_t index) {
  std::lock_guard lock(mutex_);
  for (int64_t i = 0; i <= index && i < static_cast<int64_t>(chunks_.size()); ++i) {
    Stored& stored = chunks_[static_cast<size_t>(i)];
    if (stored.released) continue;
    stored.released = true;
    if (stored.memory) {
      stored.memory.reset();
    } else {
      unlink(PathOf(i).c_str());
      disk_bytes_ -= stored.chunk.byte_count;
    }
  }
  changed_.notify_all();
}

}  // namespace ashlar::arrow_ipc
