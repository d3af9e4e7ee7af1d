// Certificates for a server of one's own: an authority, and what it signs.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace ashlar::cli {

struct CertificateFiles {
  std::string authority;    // PEM
  std::string certificate;  // PEM
  std::string key;          // PEM, PKCS #8
};

struct CertificateRequest {
  std::vector<std::string> names;  // DNS names and IP addresses; the first is the subject's
  int64_t now_ms = 0;
  int valid_days = 825;  // the longest that all clients take
};

// A new authority and a server certificate signed by it. The authority's key is dropped, so that nothing
// more can be signed with it. Error: kInvalidParameterValue for a name that is none.
Result<CertificateFiles> MakeServerCertificate(const CertificateRequest& request);

}  // namespace ashlar::cli
