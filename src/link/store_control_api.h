// ControlApi with what opens the object stores that its answers lead to. Apart from it, since sessions have no use
// for that: the driver mounts stores before a session hears of them.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "link/control_api.h"

namespace ashlar::link {

// Thread safe.
class StoreControlApi : public ControlApi {
 public:
  // What opens the relation that Resolve gives for the request, its source_roots and its clone_roots, those that lie in
  // object stores: the texts of objectstore::StoreAccess, secrets, each for one of them alone. Errors: as Resolve.
  virtual Result<std::vector<std::string>> StoreAccess(const std::string& handle, std::span<const std::string> via_view_ids,
                                                       const sql::ResolveRequest& request) = 0;
};

}  // namespace ashlar::link
