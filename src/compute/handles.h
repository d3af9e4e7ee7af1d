// Handles: the opaque names under which drivers act for a principal. A handle is bound to one driver
// and ends with it, with its session, or at its expiry. Nothing of the principal can be read from it.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "http/principal.h"

namespace ashlar::compute {

struct HandleOwner {
  http::Principal principal;
  std::string driver_id;
  std::string purpose;  // "statement", "connect", "job:<run id>:<attempt>"
};

// Thread safe.
class Handles {
 public:
  Handles(const Clock& clock, Random& random) : clock_(clock), random_(random) {}

  std::string Mint(HandleOwner owner, int64_t lifetime_ms);
  // Errors: kUnauthenticated for a handle that is unknown, expired or revoked.
  Result<HandleOwner> Find(const std::string& handle) const;
  void Revoke(const std::string& handle);
  void RevokeDriver(const std::string& driver_id);


 private:
  struct Entry {
    HandleOwner owner;
    int64_t expires_ms = 0;
  };
  const Clock& clock_;
  Random& random_;
  mutable std::mutex mutex_;
  std::map<std::string, Entry> entries_;
};

}  // namespace ashlar::compute
