// Connection: which workspace a command talks to, with whose token, on which warehouse.
//
// Sources, the first that says so wins: options, --ready-file, --profile, DATABRICKS_* in the environment,
// ASHLAR_READY_FILE, the DEFAULT profile. A source that names a host of its own lends its token and its
// warehouse to no other host, so that a token is never sent where it does not belong.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ashlar::cli {

struct ConnectionOptions {
  std::string host{};
  std::string token{};
  std::string warehouse{};
  std::string ca_cert{};
  std::string profile{};
  std::string ready_file{};
};

struct Connection {
  std::string host;       // "https://localhost:8650", no slash at the end
  std::string token;
  std::string warehouse;  // empty: not named, the workspace is asked
  std::string ca_cert;    // empty: the system's authorities
};

// What resolving reads from outside; tests pass their own.
struct ConnectionEnvironment {
  std::function<std::string(const std::string& name)> variable;  // empty when it is not set
  std::function<Result<std::string>(const std::string& path)> read_file;
};
ConnectionEnvironment ProcessEnvironment();

// Error: kInvalidParameterValue that says what is missing and how to give it.
Result<Connection> ResolveConnection(const ConnectionOptions& options, const ConnectionEnvironment& environment);

using Profile = std::map<std::string, std::string>;
// The named section of a .databrickscfg; nullopt when there is none.
std::optional<Profile> FindProfile(std::string_view text, std::string_view name);

}  // namespace ashlar::cli
