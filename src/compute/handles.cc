#include "compute/handles.h"

#include <algorithm>

#include "base/id.h"

namespace ashlar::compute {

Handles::Hold::Hold(Handles& handles, std::string handle, HandleOwner owner)
    : handles_(&handles), handle_(std::move(handle)), owner_(std::move(owner)) {}

Handles::Hold::Hold(Hold&& other) noexcept
    : handles_(std::exchange(other.handles_, nullptr)),
      handle_(std::move(other.handle_)),
      owner_(std::move(other.owner_)) {}

Handles::Hold::~Hold() {
  if (handles_ == nullptr) return;
  std::lock_guard lock(handles_->mutex_);
  auto held = handles_->held_.find(handle_);
  CHECK(held != handles_->held_.end() && held->second.count > 0) << "a hold is given back once";
  if (--held->second.count == 0) handles_->held_.erase(held);
  handles_->released_.notify_all();
}

std::string Handles::Mint(HandleOwner owner, int64_t lifetime_ms) {
  std::string handle = "h-" + NewHex(random_, 24);
  std::lock_guard lock(mutex_);
  int64_t now = clock_.NowMs();
  std::erase_if(entries_, [now](const auto& item) { return item.second.expires_ms <= now; });
  // Whoever asks for it learnt of the driver before it was replaced.
  if (!ended_drivers_.contains(owner.driver_id)) entries_[handle] = {std::move(owner), now + lifetime_ms};
  return handle;
}

Result<HandleOwner> Handles::FindLocked(const std::string& handle) const {
  auto found = entries_.find(handle);
  if (found == entries_.end() || found->second.expires_ms <= clock_.NowMs()) {
    return MakeError(ErrorCode::kUnauthenticated, "The session has ended or its handle has expired.");
  }
  return found->second.owner;
}

Result<HandleOwner> Handles::Find(const std::string& handle) const {
  std::lock_guard lock(mutex_);
  return FindLocked(handle);
}

Result<Handles::Hold> Handles::Acquire(const std::string& handle) {
  std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(HandleOwner owner, FindLocked(handle));
  Held& held = held_[handle];
  held.driver_id = owner.driver_id;
  ++held.count;
  return Hold(*this, handle, std::move(owner));
}

void Handles::Revoke(const std::string& handle) {
  std::unique_lock lock(mutex_);
  entries_.erase(handle);
  released_.wait(lock, [&] { return !held_.contains(handle); });
}

void Handles::RevokeDriver(const std::string& driver_id) {
  std::unique_lock lock(mutex_);
  ended_drivers_.insert(driver_id);
  std::erase_if(entries_, [&](const auto& item) { return item.second.owner.driver_id == driver_id; });
  released_.wait(lock, [&] {
    return std::ranges::none_of(held_, [&](const auto& item) { return item.second.driver_id == driver_id; });
  });
}

}  // namespace ashlar::compute
