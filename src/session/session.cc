#include "session/session.h"

namespace ashlar::session {

Session::Session(Environment& environment, const link::SessionOptions& options)
    : environment_(environment),
      id_(options.session_id),
      handle_(options.handle),
      user_name_(options.user_name) {
  state_.confs = environment.confs;
  if (!options.catalog.empty()) state_.catalog = options.catalog;
  if (!options.schema.empty()) state_.schema = options.schema;
}

Result<std::shared_ptr<Session>> Session::Open(Environment& environment, const link::SessionOptions& options) {
  std::shared_ptr<Session> session(new Session(environment, options));
  for (const auto& [key, value] : options.confs) RETURN_IF_ERROR(session->state_.confs.Set(key, value));
  return session;
}

SessionState Session::state() const {
  std::lock_guard lock(mutex_);
  return state_;
}

Status Session::Change(const std::function<Status(SessionState&)>& change) {
  std::lock_guard lock(mutex_);
  return change(state_);
}

}  // namespace ashlar::session
