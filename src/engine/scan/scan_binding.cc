#include "engine/scan/scan_binding.h"

namespace ashlar::engine {

int64_t ScanRegistry::Add(std::shared_ptr<const ScanTarget> target) {
  std::lock_guard lock(mutex_);
  targets_.emplace(next_id_, std::move(target));
  return next_id_++;
}

void ScanRegistry::Remove(int64_t id) {
  std::shared_ptr<const ScanTarget> removed;  // released outside the lock
  std::lock_guard lock(mutex_);
  auto it = targets_.find(id);
  if (it == targets_.end()) return;
  removed = std::move(it->second);
  targets_.erase(it);
}

std::shared_ptr<const ScanTarget> ScanRegistry::Find(int64_t id) const {
  std::lock_guard lock(mutex_);
  auto it = targets_.find(id);
  return it == targets_.end() ? nullptr : it->second;
}

StatementBindings::~StatementBindings() {
  for (int64_t id : ids_) registry_->Remove(id);
}

int64_t StatementBindings::Bind(std::shared_ptr<const ScanTarget> target) {
  ids_.push_back(registry_->Add(std::move(target)));
  return ids_.back();
}

}  // namespace ashlar::engine
