#include "connect/artifact_upload.h"

namespace ashlar::connect {
namespace {

constexpr int64_t kMaxArtifactBytes = int64_t{1} << 30;

// The table of CRC-32 (IEEE 802.3, reflected).
constexpr std::array<uint32_t, 256> MakeCrcTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < table.size(); ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? 0xEDB88320u ^ crc >> 1 : crc >> 1;
    table[i] = crc;
  }
  return table;
}
constexpr std::array<uint32_t, 256> kCrcTable = MakeCrcTable();

uint32_t Crc32(const std::string& bytes) {
  uint32_t crc = ~0u;
  for (char c : bytes) crc = kCrcTable[(crc ^ static_cast<unsigned char>(c)) & 0xFF] ^ crc >> 8;
  return ~crc;
}

Error Broken(const std::string& what) { return MakeError(ErrorCode::kInvalidParameterValue, "The upload of artifacts is broken: " + what + "."); }

Status CheckCrc(const sc::AddArtifactsRequest::ArtifactChunk& chunk, const std::string& name) {
  if (static_cast<uint32_t>(chunk.crc()) == Crc32(chunk.data())) return OkStatus();
  return Broken("the checksum of " + name + " is wrong");
}

void Report(const std::string& name, sc::AddArtifactsResponse& response) {
  response.add_artifacts()->set_name(name);
  response.mutable_artifacts()->rbegin()->set_is_crc_successful(true);
}

}  // namespace

Status ArtifactUpload::Take(const sc::AddArtifactsRequest& request, Artifacts& artifacts, sc::AddArtifactsResponse& response) {
  if (request.has_chunk()) return TakeChunk(request.chunk(), artifacts, response);
  if (chunks_left_ > 0) return Broken("another artifact begins before " + name_ + " ended");
  if (request.has_begin_chunk()) {
    const auto& begin = request.begin_chunk();
    if (begin.num_chunks() < 1 || begin.total_bytes() < 0 || begin.total_bytes() > kMaxArtifactBytes) return Broken("the size of " + begin.name());
    name_ = begin.name();
    bytes_.clear();
    total_bytes_ = begin.total_bytes();
    chunks_left_ = begin.num_chunks();
    return TakeChunk(begin.initial_chunk(), artifacts, response);
  }
  for (const auto& artifact : request.batch().artifacts()) {
    RETURN_IF_ERROR(CheckCrc(artifact.data(), artifact.name()));
    RETURN_IF_ERROR(artifacts.Add(artifact.name(), artifact.data().data()));
    Report(artifact.name(), response);
  }
  return OkStatus();
}

Status ArtifactUpload::TakeChunk(const sc::AddArtifactsRequest::ArtifactChunk& chunk, Artifacts& artifacts,
                                 sc::AddArtifactsResponse& response) {
  if (chunks_left_ == 0) return Broken("a chunk of no artifact");
  RETURN_IF_ERROR(CheckCrc(chunk, name_));
  bytes_ += chunk.data();
  if (std::ssize(bytes_) > total_bytes_) return Broken(name_ + " is longer than announced");
  if (--chunks_left_ > 0) return OkStatus();
  if (std::ssize(bytes_) != total_bytes_) return Broken(name_ + " is shorter than announced");
  RETURN_IF_ERROR(artifacts.Add(name_, std::move(bytes_)));
  Report(name_, response);
  return OkStatus();
}

Status ArtifactUpload::CheckComplete() const {
  if (chunks_left_ > 0) return Broken(name_ + " is not complete");
  return OkStatus();
}

}  // namespace ashlar::connect
