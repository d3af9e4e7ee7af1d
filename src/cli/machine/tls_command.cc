#include "cli/machine/tls_command.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/machine/certificate.h"
#include "cli/terminal.h"

namespace ashlar::cli {
namespace {

std::string DefaultFolder() {
  const char* home = std::getenv("HOME");
  return std::string(home == nullptr ? "." : home) + "/.ashlar/tls";
}

std::vector<std::string> Names(const std::vector<std::string>& hosts) {
  std::vector<std::string> names = {"localhost", "127.0.0.1", "::1"};
  char host[256] = {};
  if (gethostname(host, sizeof(host) - 1) == 0 && host[0] != 0) names.push_back(host);
  for (const std::string& given : hosts) {
    for (std::string_view host_name : SplitView(given, ',')) names.emplace_back(Trim(host_name));
  }
  std::vector<std::string> unique;
  for (const std::string& name : names) {
    if (!name.empty() && std::ranges::find(unique, name) == unique.end()) unique.push_back(name);
  }
  return unique;
}

// The file has its mode before it has its bytes.
Status WriteFileWithMode(const std::string& path, std::string_view bytes, mode_t mode) {
  std::string partial = path + ".part-" + std::to_string(getpid());
  unlink(partial.c_str());
  int fd = open(partial.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0) return ErrnoError("open", partial);
  Status written = WriteTo(fd, bytes);
  bool synced = fsync(fd) == 0 && fchmod(fd, mode) == 0;
  close(fd);
  if (written.ok() && synced && rename(partial.c_str(), path.c_str()) == 0) return OkStatus();
  Error error = written.ok() ? ErrnoError("write", path) : written.error();
  unlink(partial.c_str());
  return error;
}

Status Init(const TlsOptions& options) {
  std::string folder = options.folder.empty() ? DefaultFolder() : options.folder;
  std::error_code code;
  folder = std::filesystem::absolute(folder, code).lexically_normal().string();
  while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
  const std::string authority = folder + "/ca.pem";
  const std::string certificate = folder + "/server.pem";
  const std::string key = folder + "/server-key.pem";
  for (const std::string& path : {authority, certificate, key}) {
    if (!options.force && access(path.c_str(), F_OK) == 0) {
      return MakeError(ErrorCode::kAlreadyExists, path + " exists; --force replaces it, and clients must then trust the new ca.pem");
    }
  }
  std::vector<std::string> names = Names(options.hosts);
  ASSIGN_OR_RETURN(CertificateFiles files, MakeServerCertificate({.names = names, .now_ms = SystemClock().NowMs()}));
  RETURN_IF_ERROR(MakeDirectories(folder, 0700));
  RETURN_IF_ERROR(WriteFileWithMode(key, files.key, 0600));
  RETURN_IF_ERROR(WriteFileWithMode(certificate, files.certificate, 0644));
  RETURN_IF_ERROR(WriteFileWithMode(authority, files.authority, 0644));
  RETURN_IF_ERROR(SyncDirectory(folder));
  return WriteOut("A certificate for " + Join(names, ", ") + ", valid for 825 days.\n" +
                  "Start the server with it:\n" +
                  "  ashlar serve --tls-cert " + certificate + " --tls-key " + key + "\n" +
                  "Let clients trust it:\n" +
                  "  export ASHLAR_CA_CERT=" + authority + "                    # ashlar sql, fs, jobs (or --ca-cert)\n" +
                  "  export REQUESTS_CA_BUNDLE=" + authority + "                # databricks-sdk and other Python clients\n" +
                  "  export GRPC_DEFAULT_SSL_ROOTS_FILE_PATH=" + authority + "  # PySpark over Spark Connect\n");
}

}  // namespace

int RunTlsInit(const TlsOptions& options) {
  Status done = Init(options);
  if (done.ok()) return 0;
  Complain(done.error().message);
  return 1;
}

}  // namespace ashlar::cli
