// TLS on the one port: the certificate, what ALPN decides, and plain text that is turned away.
#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/file.h"
#include "http/sniff.h"
#include "http/test_server.h"

namespace ashlar::http {
namespace {

// A self-signed certificate for localhost and 127.0.0.1, as PEM files.
void WriteCertificate(const std::string& cert_file, const std::string& key_file) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* cert = X509_new();
  X509_set_version(cert, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
  X509_gmtime_adj(X509_getm_notBefore(cert), -60);
  X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
  X509_set_pubkey(cert, key);
  X509_NAME* name = X509_get_subject_name(cert);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
  X509_set_issuer_name(cert, name);
  X509_EXTENSION* names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
  X509_add_ext(cert, names, -1);
  X509_EXTENSION_free(names);
  X509_sign(cert, key, EVP_sha256());
  FILE* out = fopen(cert_file.c_str(), "w");
  PEM_write_X509(out, cert);
  fclose(out);
  out = fopen(key_file.c_str(), "w");
  PEM_write_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
  fclose(out);
  X509_free(cert);
  EVP_PKEY_free(key);
}

class TlsTest : public ServerTest {
 protected:
  TlsTest() {
    options_.tls_cert_file = testing::TempDir() + "ashlar_http_cert.pem";
    options_.tls_key_file = testing::TempDir() + "ashlar_http_key.pem";
    WriteCertificate(options_.tls_cert_file, options_.tls_key_file);
  }

  // What ALPN chose for a client that offers `protocols` in wire form.
  std::string Negotiate(std::string_view protocols) {
    RawClient raw(server_->port());
    SSL_CTX* context = SSL_CTX_new(TLS_client_method());
    SSL* ssl = SSL_new(context);
    SSL_set_alpn_protos(ssl, reinterpret_cast<const unsigned char*>(protocols.data()),
                        static_cast<unsigned>(protocols.size()));
    SSL_set_fd(ssl, raw.fd());
    std::string chosen = "handshake failed";
    if (SSL_connect(ssl) == 1) {
      const unsigned char* data = nullptr;
      unsigned size = 0;
      SSL_get0_alpn_selected(ssl, &data, &size);
      chosen.assign(reinterpret_cast<const char*>(data), size);
    }
    SSL_free(ssl);
    SSL_CTX_free(context);
    return chosen;
  }
};

TEST_F(TlsTest, SpeaksHttps) {
  Start();
  Client client({.base_url = "https://localhost:" + std::to_string(server_->port()),
                 .ca_file = options_.tls_cert_file});
  for (int i = 0; i < 2; ++i) {
    ClientRequest request;
    request.method = "POST";
    request.target = "/echo";
    request.body = "over TLS";
    Result<ClientResponse> response = client.Send(request);
    ASSERT_TRUE(response.ok()) << response.error().message;
    EXPECT_EQ(response->body, "over TLS");
  }
}

TEST_F(TlsTest, AnUnknownAuthorityIsAnError) {
  Start();
  Client client({.base_url = "https://localhost:" + std::to_string(server_->port())});
  Result<ClientResponse> response = client.Send({.target = "/hello"});
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error().code, ErrorCode::kTemporarilyUnavailable);
}

TEST_F(TlsTest, PlainTextIsTurnedAway) {
  Start();
  RawClient client(server_->port());
  client.Send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  std::string answer = client.ReadAll();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 Bad Request\r\n")) << answer;
  EXPECT_TRUE(answer.ends_with("use https://\"}")) << answer;
}

TEST_F(TlsTest, AlpnDecidesWhoAnswers) {
  Awaited<std::pair<int, bool>> handed;
  options_.on_http2 = [&](int fd, bool tls) { handed.Set({fd, tls}); };
  Start();
  EXPECT_EQ(Negotiate("\x08http/1.1"), "http/1.1");
  EXPECT_EQ(Negotiate(std::string_view("\x02h2\x08http/1.1", 12)), "http/1.1");

  RawClient raw(server_->port());
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL* ssl = SSL_new(context);
  SSL_set_alpn_protos(ssl, reinterpret_cast<const unsigned char*>("\x02h2"), 3);
  SSL_set_fd(ssl, raw.fd());
  fcntl(raw.fd(), F_SETFL, O_NONBLOCK);
  SSL_connect(ssl);  // sends the hello; nobody answers it here
  auto socket = handed.Wait();
  ASSERT_TRUE(socket.has_value());
  EXPECT_TRUE(socket->second);
  std::vector<unsigned char> hello(4096);
  ssize_t size = recv(socket->first, hello.data(), hello.size(), 0);
  ASSERT_GT(size, 0);
  EXPECT_EQ(Sniff(std::span(hello.data(), static_cast<size_t>(size))), Protocol::kTlsHttp2);
  // Of every shorter part nothing may be said yet; of every damaged one nothing but "let TLS see it".
  for (size_t i = 0; i < static_cast<size_t>(size); ++i) {
    EXPECT_EQ(Sniff(std::span(hello.data(), i)), Protocol::kUndecided) << i;
    std::vector<unsigned char> damaged(hello.begin(), hello.begin() + size);
    damaged[i] ^= 0xff;
    Sniff(damaged);
  }
  close(socket->first);
  SSL_free(ssl);
  SSL_CTX_free(context);
}

TEST_F(TlsTest, ABadCertificateSaysWhichFile) {
  options_.tls_key_file = testing::TempDir() + "no such file";
  auto server = Server::Start(options_, std::make_unique<Pipeline>(router_, pipeline_options_, metrics_), metrics_);
  ASSERT_FALSE(server.ok());
  EXPECT_NE(server.error().message.find(options_.tls_key_file), std::string::npos) << server.error().message;
}

}  // namespace
}  // namespace ashlar::http
