#include "cli/machine/certificate.h"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>

#include "base/text.h"

namespace ashlar::cli {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Memory = std::unique_ptr<BIO, decltype(&BIO_free)>;

constexpr int kSerialBytes = 16;
constexpr int64_t kSecondsPerDay = 86400;
constexpr size_t kMaxCommonName = 64;

Error OpenSslError(const std::string& what) {
  char reason[256];
  ERR_error_string_n(ERR_get_error(), reason, sizeof(reason));
  return MakeError(ErrorCode::kInternalError, what + ": " + reason);
}

bool IsAddress(const std::string& name) {
  ASN1_OCTET_STRING* address = a2i_IPADDRESS(name.c_str());
  bool is = address != nullptr;
  ASN1_OCTET_STRING_free(address);
  ERR_clear_error();
  return is;
}

// What may stand in a DNS name, a wildcard in front included.
bool IsHostName(std::string_view name) {
  if (name.starts_with("*.")) name.remove_prefix(2);
  if (name.empty() || name.size() > 253) return false;
  for (std::string_view label : SplitView(name, '.')) {
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
    for (char c : label) {
      bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
      if (!fits) return false;
    }
  }
  return true;
}

// "DNS:localhost,IP:127.0.0.1"
Result<std::string> AlternativeNames(const std::vector<std::string>& names) {
  std::vector<std::string> parts;
  for (const std::string& name : names) {
    if (IsAddress(name)) {
      parts.push_back("IP:" + name);
    } else if (IsHostName(name)) {
      parts.push_back("DNS:" + name);
    } else {
      return MakeError(ErrorCode::kInvalidParameterValue, "'" + name + "' is neither a host name nor an IP address");
    }
  }
  return Join(parts, ",");
}

struct Extension {
  int nid;
  std::string value;
};

Status AddExtensions(X509* certificate, X509* issuer, const std::vector<Extension>& extensions) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  for (const Extension& extension : extensions) {
    X509_EXTENSION* made = X509V3_EXT_conf_nid(nullptr, &context, extension.nid, extension.value.c_str());
    if (made == nullptr) return OpenSslError("certificate extension " + extension.value);
    int added = X509_add_ext(certificate, made, -1);
    X509_EXTENSION_free(made);
    if (added != 1) return OpenSslError("certificate extension " + extension.value);
  }
  return OkStatus();
}

Status SetSerial(X509* certificate) {
  unsigned char bytes[kSerialBytes];
  if (RAND_bytes(bytes, sizeof(bytes)) != 1) return OpenSslError("serial number");
  bytes[0] &= 0x7f;
  BIGNUM* number = BN_bin2bn(bytes, sizeof(bytes), nullptr);
  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
  BN_free(number);
  return OkStatus();
}

// A certificate without extensions and signature.
Result<Certificate> Begin(EVP_PKEY* key, const std::string& common_name, const CertificateRequest& request) {
  Certificate certificate(X509_new(), X509_free);
  X509_set_version(certificate.get(), X509_VERSION_3);
  RETURN_IF_ERROR(SetSerial(certificate.get()));
  // A day back: clocks differ.
  time_t now = request.now_ms / 1000;
  X509_time_adj_ex(X509_getm_notBefore(certificate.get()), -1, 0, &now);
  X509_time_adj_ex(X509_getm_notAfter(certificate.get()), request.valid_days - 1, 0, &now);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME* name = X509_get_subject_name(certificate.get());
  auto add = [&](const char* field, const std::string& value) {
    X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(value.data()),
                               static_cast<int>(value.size()), -1, 0);
  };
  add("O", "Ashlar");
  add("CN", common_name.substr(0, kMaxCommonName));
  return certificate;
}

Status Sign(X509* certificate, EVP_PKEY* key) {
  return X509_sign(certificate, key, EVP_sha256()) > 0 ? OkStatus() : OpenSslError("signing a certificate");
}

template <typename Write>
Result<std::string> Pem(Write write) {
  Memory memory(BIO_new(BIO_s_mem()), BIO_free);
  if (write(memory.get()) != 1) return OpenSslError("writing PEM");
  char* data = nullptr;
  long size = BIO_get_mem_data(memory.get(), &data);
  return std::string(data, static_cast<size_t>(size));
}

Result<std::string> PemOf(X509* certificate) {
  return Pem([&](BIO* out) { return PEM_write_bio_X509(out, certificate); });
}

}  // namespace

Result<CertificateFiles> MakeServerCertificate(const CertificateRequest& request) {
  ASSIGN_OR_RETURN(std::string names, AlternativeNames(request.names));
  Key authority_key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  Key server_key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  if (!authority_key || !server_key) return OpenSslError("making a key");

  ASSIGN_OR_RETURN(Certificate authority, Begin(authority_key.get(), "Ashlar local authority", request));
  X509_set_issuer_name(authority.get(), X509_get_subject_name(authority.get()));
  RETURN_IF_ERROR(AddExtensions(authority.get(), authority.get(),
                                {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
                                 {NID_key_usage, "critical,keyCertSign,cRLSign"},
                                 {NID_subject_key_identifier, "hash"}}));
  RETURN_IF_ERROR(Sign(authority.get(), authority_key.get()));

  ASSIGN_OR_RETURN(Certificate server, Begin(server_key.get(), request.names[0], request));
  X509_set_issuer_name(server.get(), X509_get_subject_name(authority.get()));
  RETURN_IF_ERROR(AddExtensions(server.get(), authority.get(),
                                {{NID_basic_constraints, "critical,CA:FALSE"},
                                 {NID_key_usage, "critical,digitalSignature"},
                                 {NID_ext_key_usage, "serverAuth"},
                                 {NID_subject_key_identifier, "hash"},
                                 {NID_authority_key_identifier, "keyid:always"},
                                 {NID_subject_alt_name, names}}));
  RETURN_IF_ERROR(Sign(server.get(), authority_key.get()));

  CertificateFiles files;
  ASSIGN_OR_RETURN(files.authority, PemOf(authority.get()));
  ASSIGN_OR_RETURN(files.certificate, PemOf(server.get()));
  ASSIGN_OR_RETURN(files.key, Pem([&](BIO* out) {
    return PEM_write_bio_PKCS8PrivateKey(out, server_key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  }));
  return files;
}

}  // namespace ashlar::cli
