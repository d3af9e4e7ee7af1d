// A Snappy block that is being unpacked: a length, then elements, each of them a literal (bytes that follow) or a copy
// of bytes that were written before. Numbers are little-endian.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>

namespace ashlar::engine {

// What is left of it: [in, in_end) to read, [out, out_end) to write. Both ends bind whoever reads or writes.
struct SnappyBlock {
  const uint8_t* in;
  const uint8_t* in_end;
  const uint8_t* out_begin;
  uint8_t* out;
  uint8_t* out_end;

  size_t InLeft() const { return static_cast<size_t>(in_end - in); }
  size_t OutLeft() const { return static_cast<size_t>(out_end - out); }
  size_t Written() const { return static_cast<size_t>(out - out_begin); }
};

struct SnappyElement {
  size_t length;  // bytes that it becomes
  size_t offset;  // of a copy: how far before its place in the output its source begins; 0: a literal
};

// The next one to four bytes as a number. nullopt: there are fewer.
inline std::optional<size_t> ReadSnappyNumber(SnappyBlock& block, size_t bytes) {
  uint32_t number = 0;
  if (block.InLeft() >= sizeof(number)) {
    memcpy(&number, block.in, sizeof(number));
    number &= ~uint32_t{0} >> (32 - 8 * bytes);
  } else {
    if (block.InLeft() < bytes) return std::nullopt;
    for (size_t i = 0; i < bytes; ++i) number |= uint32_t{block.in[i]} << (8 * i);
  }
  block.in += bytes;
  return number;
}

// Reads the head of the next element; there must be a byte. nullopt: no element, or one that reaches outside of what was
// written or is left.
inline std::optional<SnappyElement> ReadSnappyElement(SnappyBlock& block) {
  constexpr size_t kLongestInTag = 60;  // literals that are longer say so in one to four bytes of their own
  size_t tag = *block.in++;
  size_t kind = tag & 3;
  SnappyElement element{(tag >> 2) + 1, 0};
  if (kind == 0) {
    if (element.length > kLongestInTag) {
      std::optional<size_t> length = ReadSnappyNumber(block, element.length - kLongestInTag);
      if (!length.has_value()) return std::nullopt;
      element.length = *length + 1;
    }
    if (element.length > block.InLeft()) return std::nullopt;
  } else {
    std::optional<size_t> offset = ReadSnappyNumber(block, kind == 3 ? 4 : kind);
    if (!offset.has_value()) return std::nullopt;
    element.offset = *offset;
    if (kind == 1) element = {4 + (tag >> 2 & 7), *offset | (tag >> 5) << 8};
    if (element.offset == 0 || element.offset > block.Written()) return std::nullopt;
  }
  if (element.length > block.OutLeft()) return std::nullopt;
  return element;
}

inline void WriteSnappyLiteral(SnappyBlock& block, size_t length) {
  memcpy(block.out, block.in, length);
  block.in += length;
  block.out += length;
}

inline void WriteSnappyCopy(SnappyBlock& block, SnappyElement copy) {
  const uint8_t* from = block.out - copy.offset;
  if (copy.offset >= copy.length) {
    memcpy(block.out, from, copy.length);
  } else {
    // Byte by byte: it reads what it wrote itself.
    for (size_t i = 0; i < copy.length; ++i) block.out[i] = from[i];
  }
  block.out += copy.length;
}

}  // namespace ashlar::engine
