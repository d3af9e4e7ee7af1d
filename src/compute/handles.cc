#include "compute/handles.h"

#include "base/id.h"

namespace ashlar::compute {

std::string Handles::Mint(HandleOwner owner, int64_t lifetime_ms) {
  std::string handle = "h-" + NewHex(random_, 24);
  std::lock_guard lock(mutex_);
  int64_t now = clock_.NowMs();
  std::erase_if(entries_, [now](const auto& item) { return item.second.expires_ms <= now; });
  entries_[handle] = {std::move(owner), now + lifetime_ms};
  return handle;
}

Result<HandleOwner> Handles::Find(const std::string& handle) const {
  std::lock_guard lock(mutex_);
  auto found = entries_.find(handle);
  if (found == entries_.end() || found->second.expires_ms <= clock_.NowMs()) {
    return MakeError(ErrorCode::kUnauthenticated, "The session has ended or its handle has expired.");
  }
  return found->second.owner;
}

void Handles::Revoke(const std::string& handle) {
  std::lock_guard lock(mutex_);
  entries_.erase(handle);
}

void Handles::RevokeDriver(const std::string& driver_id) {
  std::lock_guard lock(mutex_);
  std::erase_if(entries_, [&](const auto& item) { return item.second.owner.driver_id == driver_id; });
}

}  // namespace ashlar::compute
