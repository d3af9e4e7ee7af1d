// aes_encrypt and aes_decrypt: the initialisation vector stands before the encrypted bytes, GCM's tag of
// 16 bytes behind them.
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>
#include <memory>

#include "base/check.h"
#include "base/text.h"
#include "engine/functions/kernel_binding.h"

namespace ashlar::engine {
namespace {

using Text = std::string_view;

constexpr const char* kFunctions = "`aes_encrypt`/`aes_decrypt`";
constexpr size_t kTagBytes = 16;

enum class AesMode { kGcm, kCbc, kEcb };

struct AesKind {
  AesMode mode;
  std::string name;
  size_t iv_bytes;
};

// The arguments of a call besides its input.
struct AesCall {
  Text key, mode, padding, iv, aad;
};

[[noreturn]] void FailUnsupportedMode(const AesCall& call) {
  Fail("UNSUPPORTED_FEATURE.AES_MODE", "0A000",
       "The feature is not supported: AES-" + std::string(call.mode) + " with the padding " + std::string(call.padding) +
           " by the " + kFunctions + " function.",
       {{"mode", std::string(call.mode)}, {"padding", std::string(call.padding)}, {"functionName", kFunctions}});
}
[[noreturn]] void FailModeWith(const char* what, Text mode) {
  Fail(std::string("UNSUPPORTED_FEATURE.AES_MODE_") + what, "0A000",
       "The feature is not supported: " + std::string(kFunctions) + " with AES-" + std::string(mode) +
           " does not support it.",
       {{"mode", std::string(mode)}, {"functionName", kFunctions}});
}
[[noreturn]] void FailCrypto(const std::string& detail) {
  Fail("INVALID_PARAMETER_VALUE.AES_CRYPTO_ERROR", "22023",
       "The value of parameter(s) `expr`, `key` in " + std::string(kFunctions) + " is invalid: detail message: " + detail,
       {{"parameter", "`expr`, `key`"}, {"functionName", kFunctions}, {"detailMessage", detail}});
}

AesKind KindOf(const AesCall& call) {
  std::string mode = ToUpperAscii(call.mode), padding = ToUpperAscii(call.padding);
  bool usual = padding == "DEFAULT";
  if (mode == "GCM" && (usual || padding == "NONE")) return {AesMode::kGcm, mode, 12};
  if (mode == "CBC" && (usual || padding == "PKCS")) return {AesMode::kCbc, mode, 16};
  if (mode == "ECB" && (usual || padding == "PKCS")) return {AesMode::kEcb, mode, 0};
  FailUnsupportedMode(call);
}

const EVP_CIPHER* CipherOf(AesMode mode, size_t key_bytes) {
  bool gcm = mode == AesMode::kGcm, cbc = mode == AesMode::kCbc;
  switch (key_bytes) {
    case 16: return gcm ? EVP_aes_128_gcm() : cbc ? EVP_aes_128_cbc() : EVP_aes_128_ecb();
    case 24: return gcm ? EVP_aes_192_gcm() : cbc ? EVP_aes_192_cbc() : EVP_aes_192_ecb();
    case 32: return gcm ? EVP_aes_256_gcm() : cbc ? EVP_aes_256_cbc() : EVP_aes_256_ecb();
  }
  std::string length = std::to_string(key_bytes);
  Fail("INVALID_PARAMETER_VALUE.AES_KEY_LENGTH", "22023",
       "The value of parameter(s) `key` in " + std::string(kFunctions) +
           " is invalid: expects a binary value with 16, 24 or 32 bytes, but got " + length + " bytes.",
       {{"parameter", "`key`"}, {"functionName", kFunctions}, {"actualLength", length}});
}

// One run of a cipher; every step must succeed, or the last of a decryption says what is wrong.
class Cipher {
 public:
  Cipher(const EVP_CIPHER* kind, Text key, Text iv, bool encrypts) : context_(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free) {
    int ready = EVP_CipherInit_ex(context_.get(), kind, nullptr, Bytes(key), Bytes(iv), encrypts ? 1 : 0);
    CHECK(ready == 1) << "AES is not to be had";
  }
  void Authenticate(Text aad) {
    int length = 0;
    if (!aad.empty()) CHECK(EVP_CipherUpdate(context_.get(), nullptr, &length, Bytes(aad), Size(aad)) == 1);
  }
  void SetTag(Text tag) {
    std::string copy(tag);
    CHECK(EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_GCM_SET_TAG, Size(tag), copy.data()) == 1);
  }
  std::string Tag() {
    std::string tag(kTagBytes, '\0');
    CHECK(EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_GCM_GET_TAG, static_cast<int>(kTagBytes), tag.data()) == 1);
    return tag;
  }
  // nullopt: the padding or the tag is not right.
  std::optional<std::string> Run(Text input) {
    std::string out(input.size() + EVP_MAX_BLOCK_LENGTH, '\0');
    auto* at = reinterpret_cast<unsigned char*>(out.data());
    int written = 0, last = 0;
    if (EVP_CipherUpdate(context_.get(), at, &written, Bytes(input), Size(input)) != 1) return std::nullopt;
    if (EVP_CipherFinal_ex(context_.get(), at + written, &last) != 1) return std::nullopt;
    out.resize(static_cast<size_t>(written + last));
    return out;
  }

 private:
  static const unsigned char* Bytes(Text text) { return reinterpret_cast<const unsigned char*>(text.data()); }
  static int Size(Text text) { return static_cast<int>(text.size()); }

  std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context_;
};

std::string Encrypt(Text input, const AesCall& call) {
  AesKind kind = KindOf(call);
  const EVP_CIPHER* cipher = CipherOf(kind.mode, call.key.size());
  if (!call.iv.empty() && kind.iv_bytes == 0) FailModeWith("IV", kind.name);
  if (!call.aad.empty() && kind.mode != AesMode::kGcm) FailModeWith("AAD", kind.name);
  if (!call.iv.empty() && call.iv.size() != kind.iv_bytes) {
    std::string length = std::to_string(call.iv.size());
    Fail("INVALID_PARAMETER_VALUE.AES_IV_LENGTH", "22023",
         "The value of parameter(s) `iv` in " + std::string(kFunctions) + " is invalid: supports " +
             std::to_string(kind.iv_bytes) + "-byte IVs in the mode " + kind.name + ", but got " + length + " bytes.",
         {{"mode", kind.name}, {"functionName", kFunctions}, {"actualLength", length}});
  }
  std::string iv(call.iv);
  if (iv.empty() && kind.iv_bytes > 0) {
    iv.resize(kind.iv_bytes);
    CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(iv.data()), static_cast<int>(iv.size())) == 1);
  }
  Cipher run(cipher, call.key, iv, true);
  run.Authenticate(call.aad);
  auto out = run.Run(input);
  CHECK(out.has_value()) << "encryption of " << input.size() << " bytes";
  return iv + *out + (kind.mode == AesMode::kGcm ? run.Tag() : "");
}

std::string Decrypt(Text input, const AesCall& call) {
  AesKind kind = KindOf(call);
  const EVP_CIPHER* cipher = CipherOf(kind.mode, call.key.size());
  if (!call.aad.empty() && kind.mode != AesMode::kGcm) FailModeWith("AAD", kind.name);
  if (input.size() < kind.iv_bytes) FailCrypto("Invalid buffer arguments");
  Text iv = input.substr(0, kind.iv_bytes), rest = input.substr(kind.iv_bytes), tag;
  bool gcm = kind.mode == AesMode::kGcm;
  if (gcm && rest.size() < kTagBytes) FailCrypto("Input data too short to contain an expected tag length of 16bytes");
  if (!gcm && rest.size() % 16 != 0) FailCrypto("Input length must be multiple of 16 when decrypting with padded cipher");
  if (!gcm && rest.empty()) return "";
  if (gcm) {
    tag = rest.substr(rest.size() - kTagBytes);
    rest.remove_suffix(kTagBytes);
  }
  Cipher run(cipher, call.key, iv, false);
  run.Authenticate(call.aad);
  if (gcm) run.SetTag(tag);
  auto out = run.Run(rest);
  if (!out) {
    FailCrypto(gcm ? "Tag mismatch"
                   : "Given final block not properly padded. Such issues can arise if a bad key is used during decryption.");
  }
  return *std::move(out);
}

Bytes AesEncrypt(const CallSite&, Text input, Text key, Text mode, Text padding, Text iv, Text aad) {
  return {Encrypt(input, {key, mode, padding, iv, aad})};
}
Bytes AesDecrypt(const CallSite&, Text input, Text key, Text mode, Text padding, Text aad) {
  return {Decrypt(input, {key, mode, padding, "", aad})};
}

}  // namespace

void RegisterEncryption(Registrar& registrar) {
  registrar.Add("spark_aes_encrypt", "BBssBB:B", Bind<AesEncrypt>, Throws::kYes);
  registrar.Add("spark_aes_decrypt", "BBssB:B", Bind<AesDecrypt>, Throws::kYes);
}

}  // namespace ashlar::engine
