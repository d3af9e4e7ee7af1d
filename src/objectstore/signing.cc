#include "objectstore/signing.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/check.h"

namespace ashlar::objectstore {

std::string HmacSha256(std::string_view key, std::string_view text) {
  std::string digest(32, '\0');
  unsigned size = 0;
  const auto* done = HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                          reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                          reinterpret_cast<unsigned char*>(digest.data()), &size);
  CHECK(done != nullptr && size == digest.size());
  return digest;
}

}  // namespace ashlar::objectstore
