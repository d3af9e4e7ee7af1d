// The hashes that signatures of object stores are made of.
#pragma once

#include <string>
#include <string_view>

namespace ashlar::objectstore {

// The 32 bytes of HMAC-SHA-256 (RFC 2104).
std::string HmacSha256(std::string_view key, std::string_view text);

}  // namespace ashlar::objectstore
