#include "http/sniff.h"

#include <algorithm>
#include <optional>
#include <string_view>

namespace ashlar::http {
namespace {

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr unsigned char kHandshakeRecord = 0x16;
constexpr size_t kRecordHeader = 5;
constexpr unsigned kAlpnExtension = 16;

// Reads big-endian, length-prefixed TLS fields; every read checks what is left.
class FieldReader {
 public:
  explicit FieldReader(std::span<const unsigned char> bytes) : bytes_(bytes) {}

  bool empty() const { return bytes_.empty(); }

  std::optional<size_t> Number(size_t width) {
    if (bytes_.size() < width) return std::nullopt;
    size_t value = 0;
    for (size_t i = 0; i < width; ++i) value = value << 8 | bytes_[i];
    bytes_ = bytes_.subspan(width);
    return value;
  }

  // A field whose length is a number of `width` bytes in front of it.
  std::optional<std::span<const unsigned char>> Field(size_t width) {
    std::optional<size_t> length = Number(width);
    if (!length || bytes_.size() < *length) return std::nullopt;
    auto field = bytes_.first(*length);
    bytes_ = bytes_.subspan(*length);
    return field;
  }

 private:
  std::span<const unsigned char> bytes_;
};

// The extensions of a ClientHello (RFC 8446 §4.1.2); nullopt when malformed or without any.
std::optional<std::span<const unsigned char>> Extensions(std::span<const unsigned char> hello) {
  FieldReader reader(hello);
  constexpr size_t kTypeLengthVersionRandom = 1 + 3 + 2 + 32;
  for (size_t i = 0; i < kTypeLengthVersionRandom; ++i) {
    if (!reader.Number(1)) return std::nullopt;
  }
  if (!reader.Field(1) || !reader.Field(2) || !reader.Field(1)) return std::nullopt;
  return reader.Field(2);
}

bool OffersOnlyHttp2(std::span<const unsigned char> hello) {
  auto extensions = Extensions(hello);
  if (!extensions) return false;
  bool h2 = false, http1 = false;
  FieldReader reader(*extensions);
  while (!reader.empty()) {
    auto type = reader.Number(2);
    auto body = reader.Field(2);
    if (!type || !body) return false;
    if (*type != kAlpnExtension) continue;
    auto names = FieldReader(*body).Field(2);
    if (!names) return false;
    FieldReader list(*names);
    while (auto name = list.Field(1)) {
      std::string_view text(reinterpret_cast<const char*>(name->data()), name->size());
      h2 = h2 || text == "h2";
      http1 = http1 || text == "http/1.1";
    }
  }
  return h2 && !http1;
}

}  // namespace

Protocol Sniff(std::span<const unsigned char> bytes) {
  if (bytes.empty()) return Protocol::kUndecided;
  if (bytes[0] == kHandshakeRecord) {
    if (bytes.size() < kRecordHeader) return Protocol::kUndecided;
    size_t record = kRecordHeader + (size_t{bytes[3]} << 8 | bytes[4]);
    if (bytes.size() < std::min(record, kSniffBytes)) return Protocol::kUndecided;
    auto hello = bytes.first(std::min(record, bytes.size())).subspan(kRecordHeader);
    return OffersOnlyHttp2(hello) ? Protocol::kTlsHttp2 : Protocol::kTls;
  }
  size_t compared = std::min(bytes.size(), kPreface.size());
  std::string_view start(reinterpret_cast<const char*>(bytes.data()), compared);
  if (start != kPreface.substr(0, compared)) return Protocol::kHttp1;
  return compared == kPreface.size() ? Protocol::kHttp2 : Protocol::kUndecided;
}

}  // namespace ashlar::http
