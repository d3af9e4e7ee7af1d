// Ids we make ourselves: uuids for things on disk, and 53-bit numbers for the REST API's int64 ids.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace ashlar {

// A random (version 4) UUID in lower-case text form.
std::string NewUuid(Random& random);
bool IsUuid(std::string_view text);

// A positive number below 2^53, unlikely to repeat: JavaScript and JSON clients keep it exact.
int64_t NewNumericId(Random& random);

// `byte_count` random bytes as lower-case hex.
std::string NewHex(Random& random, size_t byte_count);

// SHA-256 of `bytes` as lower-case hex.
std::string Sha256Hex(std::string_view bytes);

}  // namespace ashlar
