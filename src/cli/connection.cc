#include "cli/connection.h"

#include <cstdlib>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"

namespace ashlar::cli {
namespace {

struct Source {
  std::string host;
  std::string token;
  std::string warehouse;
};

Error Missing(std::string message) { return MakeError(ErrorCode::kInvalidParameterValue, std::move(message)); }

std::string NormalHost(std::string_view host) {
  host = Trim(host);
  while (host.ends_with('/')) host.remove_suffix(1);
  if (host.empty() || host.find("://") != std::string_view::npos) return std::string(host);
  return "https://" + std::string(host);
}

Result<Source> FromReadyFile(const std::string& path, const ConnectionEnvironment& environment) {
  ASSIGN_OR_RETURN(std::string text, environment.read_file(path));
  Result<Json> json = ParseJson(text);
  if (!json.ok() || !json->is_object()) return Missing(path + " is not a ready file of `ashlar serve`");
  return Source{NormalHost(json->value("url", "")), json->value("token", ""), json->value("warehouse_id", "")};
}

std::string ConfigPath(const ConnectionEnvironment& environment) {
  std::string path = environment.variable("DATABRICKS_CONFIG_FILE");
  return path.empty() ? environment.variable("HOME") + "/.databrickscfg" : path;
}

// `required`: the user named the profile, so it must be there.
Result<Source> FromProfile(const std::string& name, bool required, const ConnectionEnvironment& environment) {
  std::string path = ConfigPath(environment);
  Result<std::string> text = environment.read_file(path);
  if (!text.ok()) return required ? Result<Source>(text.error()) : Result<Source>(Source());
  std::optional<Profile> profile = FindProfile(*text, name);
  if (!profile) return required ? Result<Source>(Missing(path + " has no profile [" + name + "]")) : Result<Source>(Source());
  return Source{NormalHost((*profile)["host"]), (*profile)["token"], (*profile)["warehouse_id"]};
}

Result<std::vector<Source>> Sources(const ConnectionOptions& options, const ConnectionEnvironment& environment) {
  std::vector<Source> sources = {{NormalHost(options.host), options.token, options.warehouse}};
  if (!options.ready_file.empty()) {
    ASSIGN_OR_RETURN(Source ready, FromReadyFile(options.ready_file, environment));
    sources.push_back(std::move(ready));
  }
  std::string profile = options.profile;
  if (!profile.empty()) {
    ASSIGN_OR_RETURN(Source named, FromProfile(profile, true, environment));
    sources.push_back(std::move(named));
  }
  sources.push_back({NormalHost(environment.variable("DATABRICKS_HOST")), environment.variable("DATABRICKS_TOKEN"),
                     environment.variable("DATABRICKS_WAREHOUSE_ID")});
  profile = environment.variable("DATABRICKS_CONFIG_PROFILE");
  if (options.profile.empty() && !profile.empty()) {
    ASSIGN_OR_RETURN(Source named, FromProfile(profile, true, environment));
    sources.push_back(std::move(named));
  }
  std::string ready_file = environment.variable("ASHLAR_READY_FILE");
  if (!ready_file.empty()) {
    ASSIGN_OR_RETURN(Source ready, FromReadyFile(ready_file, environment));
    sources.push_back(std::move(ready));
  }
  ASSIGN_OR_RETURN(Source fallback, FromProfile("DEFAULT", false, environment));
  sources.push_back(std::move(fallback));
  return sources;
}

std::string_view StripComment(std::string_view line) {
  line = Trim(line);
  return line.starts_with('#') || line.starts_with(';') ? std::string_view() : line;
}

}  // namespace

std::optional<Profile> FindProfile(std::string_view text, std::string_view name) {
  std::optional<Profile> found;
  bool inside = false;
  for (std::string_view raw : SplitView(text, '\n')) {
    std::string_view line = StripComment(raw);
    if (line.starts_with('[') && line.ends_with(']')) {
      inside = Trim(line.substr(1, line.size() - 2)) == name;
      if (inside && !found) found.emplace();
      continue;
    }
    size_t equals = line.find('=');
    if (!inside || equals == std::string_view::npos) continue;
    (*found)[ToLowerAscii(Trim(line.substr(0, equals)))] = std::string(Trim(line.substr(equals + 1)));
  }
  return found;
}

ConnectionEnvironment ProcessEnvironment() {
  return {[](const std::string& name) {
            const char* value = std::getenv(name.c_str());
            return std::string(value == nullptr ? "" : value);
          },
          [](const std::string& path) { return ReadFile(path); }};
}

Result<Connection> ResolveConnection(const ConnectionOptions& options, const ConnectionEnvironment& environment) {
  ASSIGN_OR_RETURN(std::vector<Source> sources, Sources(options, environment));
  Connection connection;
  for (const Source& source : sources) {
    if (connection.host.empty()) connection.host = source.host;
  }
  if (connection.host.empty()) {
    return Missing(
        "no workspace is named: give --host URL, set DATABRICKS_HOST, name a --profile of ~/.databrickscfg, or give the "
        "--ready-file that `ashlar serve` wrote");
  }
  for (const Source& source : sources) {
    if (!source.host.empty() && source.host != connection.host) continue;
    if (connection.token.empty()) connection.token = source.token;
    if (connection.warehouse.empty()) connection.warehouse = source.warehouse;
  }
  if (connection.token.empty()) {
    return Missing("no token for " + connection.host + ": give --token, set DATABRICKS_TOKEN, or name a --profile that has one");
  }
  connection.ca_cert = options.ca_cert;
  for (const char* name : {"ASHLAR_CA_CERT", "REQUESTS_CA_BUNDLE"}) {
    if (connection.ca_cert.empty()) connection.ca_cert = environment.variable(name);
  }
  return connection;
}

}  // namespace ashlar::cli
