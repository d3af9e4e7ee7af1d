#include "cli/machine/certificate.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "cli/machine/check.h"

namespace ashlar::cli {
namespace {

constexpr int64_t kNowMs = 1'800'000'000'000;

X509* Parse(const std::string& pem) {
  BIO* memory = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  X509* certificate = PEM_read_bio_X509(memory, nullptr, nullptr, nullptr);
  BIO_free(memory);
  return certificate;
}

// OpenSSL's own verdict on the chain, at `at_s`.
int Verify(X509* authority, X509* server, time_t at_s) {
  X509_STORE* store = X509_STORE_new();
  X509_STORE_add_cert(store, authority);
  X509_STORE_CTX* context = X509_STORE_CTX_new();
  X509_STORE_CTX_init(context, store, server, nullptr);
  X509_VERIFY_PARAM_set_purpose(X509_STORE_CTX_get0_param(context), X509_PURPOSE_SSL_SERVER);
  X509_STORE_CTX_set_time(context, 0, at_s);
  X509_verify_cert(context);
  int error = X509_STORE_CTX_get_error(context);
  X509_STORE_CTX_free(context);
  X509_STORE_free(store);
  return error;
}

TEST(MakeServerCertificate, IsOneThatClientsAccept) {
  auto files = MakeServerCertificate({.names = {"localhost", "127.0.0.1", "::1", "data.example.com"}, .now_ms = kNowMs});
  ASSERT_TRUE(files.ok()) << files.error().message;
  X509* authority = Parse(files->authority);
  X509* server = Parse(files->certificate);
  ASSERT_NE(authority, nullptr);
  ASSERT_NE(server, nullptr);
  EXPECT_EQ(Verify(authority, server, kNowMs / 1000), X509_V_OK);
  EXPECT_EQ(Verify(authority, server, kNowMs / 1000 + 900 * 86400), X509_V_ERR_CERT_HAS_EXPIRED);
  for (const char* name : {"localhost", "data.example.com"}) EXPECT_EQ(X509_check_host(server, name, 0, 0, nullptr), 1) << name;
  for (const char* address : {"127.0.0.1", "::1"}) EXPECT_EQ(X509_check_ip_asc(server, address, 0), 1) << address;
  EXPECT_EQ(X509_check_host(server, "example.com", 0, 0, nullptr), 0);
  BIO* memory = BIO_new_mem_buf(files->key.data(), static_cast<int>(files->key.size()));
  EVP_PKEY* key = PEM_read_bio_PrivateKey(memory, nullptr, nullptr, nullptr);
  EXPECT_EQ(X509_check_private_key(server, key), 1);
  EVP_PKEY_free(key);
  BIO_free(memory);
  X509_free(server);
  X509_free(authority);
}

TEST(MakeServerCertificate, RefusesWhatIsNoName) {
  for (const char* name : {"", "a b", "a,DNS:b", "-a", "a..b", "ü"}) {
    auto files = MakeServerCertificate({.names = {name}, .now_ms = kNowMs});
    EXPECT_FALSE(files.ok()) << name;
  }
}

TEST(Check, AsTextAndJson) {
  const std::vector<Check> checks = {{"memory", CheckStatus::kOk, "8 GiB", ""}, {"port", CheckStatus::kFailure, "in use", "Stop it."}};
  EXPECT_EQ(ChecksAsText(checks),
            "ok    memory            8 GiB\n"
            "FAIL  port              in use\n"
            "                        Stop it.\n");
  EXPECT_EQ(ChecksAsJson(checks),
            R"({"ok":false,"checks":[{"name":"memory","status":"ok","detail":"8 GiB","advice":""},{"name":"port","status":"FAIL","detail":"in use","advice":"Stop it."}]})"
            "\n");
  EXPECT_TRUE(AnyFailed(checks));
}

}  // namespace
}  // namespace ashlar::cli
