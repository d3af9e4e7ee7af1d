// ResultSpool: the result of one statement as numbered chunks, each one complete Arrow IPC stream. One
// producer appends, any number of readers fetch by number (again, if they like) until a chunk is
// released. The first chunk stays in memory; the rest goes to files that live as long as the spool.
// Used by SEA, Thrift and Spark Connect alike.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "arrow_ipc/ipc.h"
#include "base/result.h"

namespace ashlar::arrow_ipc {

struct SpoolOptions {
  std::string folder;                          // for the files; must exist
  int64_t first_chunk_rows = 2048;             // the first chunk is cut early, so that it is there soon
  int64_t chunk_rows = 100'000;
  int64_t chunk_bytes = int64_t{8} << 20;      // a chunk is closed when it reaches either
  int64_t quota_bytes = int64_t{4} << 30;      // on disk; at the quota the producer waits for releases
  int64_t quota_wait_ms = 60'000;              //   this long, then fails with RESULT_SPOOL_QUOTA_EXCEEDED
  int64_t row_limit = 0;                       // 0: none; rows beyond it are dropped, truncated() tells
  int64_t byte_limit = 0;
  Compression compression = Compression::kNone;
};

struct SpoolChunk {
  int64_t row_offset = 0;
  int64_t row_count = 0;
  int64_t byte_count = 0;
};

// Thread safe.
class ResultSpool {
 public:
  static Result<std::unique_ptr<ResultSpool>> Make(OwnedArrowSchema schema, SpoolOptions options);
  ~ResultSpool();  // deletes the files
  ResultSpool(const ResultSpool&) = delete;
  ResultSpool& operator=(const ResultSpool&) = delete;

  // ---- producer ----
  // False: enough rows were taken (row_limit, byte_limit); stop producing.
  Result<bool> Append(ArrowBatch batch);
  // Closes the last chunk. A result without rows gets one empty chunk.
  Status Finish();
  // Wakes everybody who waits with `error`.
  void Fail(Error error);

  // ---- readers ----
  std::vector<SpoolChunk> Chunks() const;  // closed so far
  bool finished() const;
  bool truncated() const;
  // Waits until chunk `index` is closed, or the result ended before it (nullptr), or it failed.
  Result<std::shared_ptr<const std::string>> WaitForChunk(int64_t index);
  // Error: kNotFound for a chunk that does not exist (yet) or was released.
  Result<std::shared_ptr<const std::string>> Fetch(int64_t index) const;
  // Gives back the space of all chunks up to and including `index`.
  void ReleaseThrough(int64_t index);

 private:
  struct Stored;
  ResultSpool(std::unique_ptr<IpcEncoder> encoder, SpoolOptions options);
  Status CloseChunk();
  Status Store(std::string bytes, int64_t rows);
  std::string PathOf(int64_t index) const;

  const SpoolOptions options_;
  const std::string name_;
  std::unique_ptr<IpcEncoder> encoder_;  // producer only
  int64_t rows_ = 0;                     // producer only

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Stored> chunks_;
  int64_t disk_bytes_ = 0;
  int64_t total_bytes_ = 0;
  bool finished_ = false;
  bool truncated_ = false;
  std::optional<Error> failure_;
};

}  // namespace ashlar::arrow_ipc
