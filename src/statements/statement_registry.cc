#include "statements/statement_registry.h"

namespace ashlar::statements {
namespace {

constexpr int64_t kKeptMs = 3'600'000;

Error NotFound(const std::string& id) {
  return MakeError(ErrorCode::kResourceDoesNotExist, "The statement " + id + " was not found.");
}

}  // namespace

void StatementRegistry::Add(RegisteredStatement statement) {
  std::lock_guard lock(mutex_);
  ids_by_link_[statement.link_token] = statement.id;
  std::string id = statement.id;
  statements_[id] = std::make_shared<const RegisteredStatement>(std::move(statement));
}

Result<RegisteredPtr> StatementRegistry::Find(const std::string& id, int64_t principal_id) const {
  std::lock_guard lock(mutex_);
  auto found = statements_.find(id);
  if (found == statements_.end() || found->second->owner_id != principal_id) return NotFound(id);
  return found->second;
}

Result<RegisteredPtr> StatementRegistry::FindByLink(const std::string& token) const {
  std::lock_guard lock(mutex_);
  auto id = ids_by_link_.find(token);
  if (id == ids_by_link_.end()) return NotFound("of this link");
  RegisteredPtr statement = statements_.at(id->second);
  if (clock_.NowMs() > LinkExpiryMs(*statement)) return NotFound("of this link");
  return statement;
}

void StatementRegistry::Remove(const std::string& id) {
  RegisteredPtr dropped;  // declared before the lock: its session closes after it
  std::lock_guard lock(mutex_);
  auto found = statements_.find(id);
  if (found == statements_.end()) return;
  dropped = found->second;
  ids_by_link_.erase(dropped->link_token);
  statements_.erase(found);
}

void StatementRegistry::Sweep() {
  std::vector<RegisteredPtr> dropped;
  std::lock_guard lock(mutex_);
  for (auto it = statements_.begin(); it != statements_.end();) {
    if (clock_.NowMs() - it->second->created_ms <= kKeptMs) {
      ++it;
      continue;
    }
    ids_by_link_.erase(it->second->link_token);
    dropped.push_back(it->second);
    it = statements_.erase(it);
  }
}

int64_t StatementRegistry::LinkExpiryMs(const RegisteredStatement& statement) const {
  return statement.created_ms + kKeptMs;
}

}  // namespace ashlar::statements
