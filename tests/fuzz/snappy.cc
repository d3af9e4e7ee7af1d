#include "engine/snappy/snappy.h"

#include <cstring>
#include <memory>
#include <optional>
#include <string>

#include "base/check.h"
#include "entries.h"

namespace ashlar::fuzz {
namespace {

// In memory of exactly these sizes, so that AddressSanitizer sees a byte too many. nullopt: refused.
std::optional<std::string> Unpacked(bool (*uncompress)(const char*, size_t, char*), const std::string& block, size_t length) {
  auto in = std::make_unique<char[]>(block.size());
  auto out = std::make_unique<char[]>(length);
  memcpy(in.get(), block.data(), block.size());
  if (!uncompress(in.get(), block.size(), out.get())) return std::nullopt;
  return std::string(out.get(), length);
}

}  // namespace

void FuzzSnappy(std::string_view bytes) {
  if (bytes.size() < 2) return;
  size_t length = static_cast<unsigned char>(bytes[0]) | static_cast<size_t>(static_cast<unsigned char>(bytes[1])) << 8;
  std::string block = {static_cast<char>(length | 128), static_cast<char>(length >> 7 | 128), static_cast<char>(length >> 14)};
  block += bytes.substr(2);
  CHECK(Unpacked(engine::UncompressSnappy, block, length) == Unpacked(engine::UncompressSnappyPortably, block, length));
}

}  // namespace ashlar::fuzz
