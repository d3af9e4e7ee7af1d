// One AddArtifacts stream: artifacts in batches, or one in chunks, each chunk with its CRC-32.
#pragma once

#include <string>

#include "connect/connect_session.h"

namespace ashlar::connect {

class ArtifactUpload {
 public:
  // Errors: what Artifacts refuses, a wrong checksum, chunks out of order.
  Status Take(const sc::AddArtifactsRequest& request, Artifacts& artifacts, sc::AddArtifactsResponse& response);
  // Error when the stream ended in the middle of an artifact.
  Status CheckComplete() const;

 private:
  Status TakeChunk(const sc::AddArtifactsRequest::ArtifactChunk& chunk, Artifacts& artifacts, sc::AddArtifactsResponse& response);

  std::string name_;  // of the artifact whose chunks are coming
  std::string bytes_;
  int64_t total_bytes_ = 0;
  int64_t chunks_left_ = 0;
};

}  // namespace ashlar::connect
