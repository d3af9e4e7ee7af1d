#include "catalog/sealed_text.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <memory>

#include "base/check.h"
#include "base/text.h"

namespace ashlar::catalog {
namespace {

constexpr size_t kNonceBytes = 12;
constexpr size_t kTagBytes = 16;

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

const unsigned char* Bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

}  // namespace

std::string Seal(std::string_view key, std::string_view purpose, std::string_view secret) {
  CHECK_EQ(key.size(), kSealKeyBytes);
  std::string nonce(kNonceBytes, '\0'), cipher(secret.size(), '\0'), tag(kTagBytes, '\0');
  CHECK(RAND_bytes(Bytes(nonce), static_cast<int>(nonce.size())) == 1);
  Context context(EVP_CIPHER_CTX_new());
  int length = 0;
  bool done = context != nullptr &&
              EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, Bytes(key), Bytes(nonce)) == 1 &&
              EVP_EncryptUpdate(context.get(), nullptr, &length, Bytes(purpose), static_cast<int>(purpose.size())) == 1 &&
              EVP_EncryptUpdate(context.get(), Bytes(cipher), &length, Bytes(secret), static_cast<int>(secret.size())) == 1 &&
              EVP_EncryptFinal_ex(context.get(), nullptr, &length) == 1 &&
              EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, Bytes(tag)) == 1;
  CHECK(done) << "AES-256-GCM";
  return Base64Encode(nonce + cipher + tag);
}

Result<std::string> Unseal(std::string_view key, std::string_view purpose, std::string_view sealed) {
  Error damaged = MakeError(ErrorCode::kDataLoss, "A stored secret cannot be read with this server's key");
  std::optional<std::string> bytes = Base64Decode(sealed);
  if (key.size() != kSealKeyBytes || !bytes || bytes->size() < kNonceBytes + kTagBytes) return damaged;
  std::string_view view = *bytes;
  std::string_view cipher = view.substr(kNonceBytes, view.size() - kNonceBytes - kTagBytes);
  std::string tag(view.substr(view.size() - kTagBytes));
  std::string secret(cipher.size(), '\0');
  Context context(EVP_CIPHER_CTX_new());
  int length = 0;
  bool done = context != nullptr &&
              EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, Bytes(key), Bytes(view)) == 1 &&
              EVP_DecryptUpdate(context.get(), nullptr, &length, Bytes(purpose), static_cast<int>(purpose.size())) == 1 &&
              EVP_DecryptUpdate(context.get(), Bytes(secret), &length, Bytes(cipher), static_cast<int>(cipher.size())) == 1 &&
              EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, Bytes(tag)) == 1 &&
              EVP_DecryptFinal_ex(context.get(), nullptr, &length) == 1;
  if (!done) return damaged;
  return secret;
}

}  // namespace ashlar::catalog
