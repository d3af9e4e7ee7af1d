#include "base/id.h"

#include <openssl/sha.h>

#include <array>
#include <cctype>

namespace ashlar {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";

std::string ToHex(const uint8_t* bytes, size_t count) {
  std::string text;
  text.reserve(count * 2);
  for (size_t i = 0; i < count; ++i) {
    text += kHexDigits[bytes[i] >> 4];
    text += kHexDigits[bytes[i] & 15];
  }
  return text;
}

}  // namespace

std::string NewUuid(Random& random) {
  std::array<uint8_t, 16> bytes;
  random.Fill(bytes.data(), bytes.size());
  bytes[6] = static_cast<uint8_t>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<uint8_t>((bytes[8] & 0x3f) | 0x80);
  std::string hex = ToHex(bytes.data(), bytes.size());
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" +
         hex.substr(16, 4) + "-" + hex.substr(20);
}

bool IsUuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !std::isxdigit(static_cast<unsigned char>(text[i]))) return false;
  }
  return true;
}

int64_t NewNumericId(Random& random) {
  constexpr uint64_t kMask = (uint64_t{1} << 53) - 1;
  uint64_t id = 0;
  while (id == 0) id = random.NextUint64() & kMask;
  return static_cast<int64_t>(id);
}

std::string NewHex(Random& random, size_t byte_count) {
  std::string bytes(byte_count, '\0');
  random.Fill(bytes.data(), bytes.size());
  return ToHex(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
}

std::string Sha256Hex(std::string_view bytes) {
  std::array<uint8_t, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(), digest.data());
  return ToHex(digest.data(), digest.size());
}

}  // namespace ashlar
