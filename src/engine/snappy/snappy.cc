#include "engine/snappy/snappy.h"

#include <atomic>
#include <limits>

#include "engine/snappy/fast_units.h"

namespace ashlar::engine {
namespace {

std::atomic<uint64_t> blocks = 0;

// The length that a block begins with: seven bits a byte, the lowest first; a set top bit says that more follow.
std::optional<size_t> ReadLength(SnappyBlock& block) {
  size_t length = 0;
  for (int shift = 0; shift < 35 && block.in != block.in_end; shift += 7) {
    size_t byte = *block.in++;
    length |= (byte & 127) << shift;
    if (byte < 128) return length <= std::numeric_limits<uint32_t>::max() ? std::optional(length) : std::nullopt;
  }
  return std::nullopt;
}

std::optional<SnappyBlock> Begin(const char* compressed, size_t size, char* out) {
  auto* in = reinterpret_cast<const uint8_t*>(compressed);
  auto* to = reinterpret_cast<uint8_t*>(out);
  SnappyBlock block{in, in + size, to, to, to};
  std::optional<size_t> length = ReadLength(block);
  if (!length.has_value()) return std::nullopt;
  block.out_end = to + *length;
  return block;
}

bool UnpackRest(SnappyBlock& block) {
  while (block.in != block.in_end) {
    std::optional<SnappyElement> element = ReadSnappyElement(block);
    if (!element.has_value()) return false;
    if (element->offset == 0) {
      WriteSnappyLiteral(block, element->length);
    } else {
      WriteSnappyCopy(block, *element);
    }
  }
  return block.out == block.out_end;
}

}  // namespace

uint64_t SnappyBlocksUncompressed() { return blocks.load(std::memory_order_relaxed); }

bool UncompressSnappy(const char* compressed, size_t size, char* out) {
  blocks.fetch_add(1, std::memory_order_relaxed);
  if (!HaveFastSnappyUnits()) return UncompressSnappyPortably(compressed, size, out);
  std::optional<SnappyBlock> block = Begin(compressed, size, out);
  return block.has_value() && UnpackFastSnappyUnits(*block) && UnpackRest(*block);
}

bool UncompressSnappyPortably(const char* compressed, size_t size, char* out) {
  std::optional<SnappyBlock> block = Begin(compressed, size, out);
  return block.has_value() && UnpackRest(*block);
}

}  // namespace ashlar::engine
