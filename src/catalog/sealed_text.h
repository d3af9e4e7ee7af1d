// Secrets as they lie in the metadb: AES-256-GCM under a key that is kept elsewhere. What is sealed for one purpose
// cannot be unsealed for another.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace ashlar::catalog {

constexpr size_t kSealKeyBytes = 32;

// Base64 of nonce, ciphertext and tag. `purpose` is not secret: what the secret belongs to.
std::string Seal(std::string_view key, std::string_view purpose, std::string_view secret);
// Errors: kDataLoss for another key or purpose, or a text that was changed.
Result<std::string> Unseal(std::string_view key, std::string_view purpose, std::string_view sealed);

}  // namespace ashlar::catalog
