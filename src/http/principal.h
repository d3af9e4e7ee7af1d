// Principal: who is asking. Made by the Authenticator, read by permission checks and handlers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ashlar::http {

struct Principal {
  int64_t id = 0;    // 0: anonymous, on public routes only
  std::string name;  // user name (an e-mail address) or application id
  bool is_service_principal = false;
  bool is_admin = false;
  std::vector<std::string> groups;  // names, nested ones included
  std::vector<std::string> entitlements = {};  // its own and its groups'; admins need none
  bool operator==(const Principal&) const = default;
};

}  // namespace ashlar::http
