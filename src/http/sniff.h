// What the first bytes of a connection say about its protocol. Pure.
#pragma once

#include <cstddef>
#include <span>

namespace ashlar::http {

enum class Protocol { kUndecided, kHttp1, kHttp2, kTls, kTlsHttp2 };

// Enough for the largest TLS record, which a hello does not exceed in practice.
inline constexpr size_t kSniffBytes = (size_t{16} << 10) + 5;

// kUndecided asks for more than `bytes`. kTlsHttp2: a hello whose ALPN list has h2 and not http/1.1.
// A malformed hello is kTls: the TLS library then says what is wrong with it.
Protocol Sniff(std::span<const unsigned char> bytes);

}  // namespace ashlar::http
