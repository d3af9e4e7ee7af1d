// `ashlar tls init`: a certificate for a server of one's own.
#pragma once

#include <string>
#include <vector>

namespace ashlar::cli {

struct TlsOptions {
  std::string folder;              // empty: ~/.ashlar/tls
  std::vector<std::string> hosts;  // besides localhost and this machine's name
  bool force = false;
};

// Writes ca.pem, server.pem and server-key.pem (0600). The process's exit status.
int RunTlsInit(const TlsOptions& options);

}  // namespace ashlar::cli
