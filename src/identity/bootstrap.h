// Bootstrap: the first start of a workspace.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "http/principal.h"
#include "metadb/database.h"

namespace ashlar::identity {

struct FirstAdmin {
  http::Principal principal;
  std::string token;
};

// Makes the user `admin_name` in the group admins with a token that never expires, when there is no
// user or service principal yet; nullopt otherwise. The token cannot be shown again.
Result<std::optional<FirstAdmin>> CreateFirstAdmin(metadb::Database& database, const Clock& clock,
                                                   Random& random, const std::string& admin_name);

}  // namespace ashlar::identity
