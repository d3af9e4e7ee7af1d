// ControlApi with what opens the object stores that its answers lead to. Apart from it, since sessions have no use
// for that: the driver mounts stores before a session hears of them.
#pragma once

#include <span>
#include <string>

#include "link/control_api.h"

namespace ashlar::link {

// Thread safe.
class StoreControlApi : public ControlApi {
 public:
  // What opens the relation that Resolve gives for the request, when it lies in an object store: the text of an
  // objectstore::StoreAccess, a secret, for that relation alone. Empty for a local one. Errors: as Resolve.
  virtual Result<std::string> StoreAccess(const std::string& handle, std::span<const std::string> via_view_ids,
                                          const sql::ResolveRequest& request) = 0;
};

}  // namespace ashlar::link
