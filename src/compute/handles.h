// Handles: the opaque names under which drivers act for a principal. A handle is bound to one driver
// process and ends with it, with its session, or at its expiry. Nothing of the principal can be read from it.
//
// The id of a driver process is its epoch: it is never used again. Once a driver or a handle is revoked,
// nothing is committed in its name any more: Revoke waits for the commits that began before it, and a
// handle made later for a revoked driver counts for nothing.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "http/principal.h"

namespace ashlar::compute {

// The purpose of sessions whose commits are asked for after a crash.
inline constexpr char kJobPurpose[] = "job";

struct HandleOwner {
  http::Principal principal;
  std::string driver_id;
  std::string purpose;  // "statement", "connect", kJobPurpose
};

// Thread safe.
class Handles {
 public:
  Handles(const Clock& clock, Random& random) : clock_(clock), random_(random) {}

  // While it lives, revoking the handle waits. Ends before the Handles do.
  class Hold {
   public:
    Hold(Handles& handles, std::string handle, HandleOwner owner);
    ~Hold();
    Hold(Hold&& other) noexcept;
    Hold& operator=(Hold&&) = delete;
    const HandleOwner& owner() const { return owner_; }

   private:
    Handles* handles_;
    std::string handle_;
    HandleOwner owner_;
  };

  std::string Mint(HandleOwner owner, int64_t lifetime_ms);
  // Errors: kUnauthenticated for a handle that is unknown, expired or revoked.
  Result<HandleOwner> Find(const std::string& handle) const;
  // As Find, and the handle stays good until the hold is given back.
  Result<Hold> Acquire(const std::string& handle);
  // Returns once nothing holds what was revoked.
  void Revoke(const std::string& handle);
  void RevokeDriver(const std::string& driver_id);

 private:
  struct Entry {
    HandleOwner owner;
    int64_t expires_ms = 0;
  };
  Result<HandleOwner> FindLocked(const std::string& handle) const;

  const Clock& clock_;
  Random& random_;
  mutable std::mutex mutex_;
  std::condition_variable released_;
  std::map<std::string, Entry> entries_;
  struct Held {
    std::string driver_id;
    int count = 0;
  };
  std::map<std::string, Held> held_;     // by handle
  std::set<std::string> ended_drivers_;  // every one that was revoked
};

}  // namespace ashlar::compute
