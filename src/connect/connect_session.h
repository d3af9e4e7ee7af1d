// ConnectSession: a Spark session as Spark Connect knows it. ConnectSessions: all of one driver, by the
// handle the gateway vouches for and the id the client chose: whoever comes with another handle finds
// another session, whatever user the request names.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "connect/connect_errors.h"
#include "connect/decode/decoder.h"
#include "connect/execution.h"
#include "session/session.h"

namespace ashlar::connect {

// Artifacts of one session, kept in memory: rows of local relations ("cache/<sha256>"). Thread safe.
class Artifacts {
 public:
  // Errors: other kinds of artifacts (files, archives, classes), too many bytes, a wrong hash.
  Status Add(const std::string& name, std::string bytes);
  bool Has(const std::string& name) const;
  Result<std::string> CachedRelation(const std::string& hash) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::string> bytes_;
  size_t total_ = 0;
};

// Thread safe.
class ConnectSession {
 public:
  ConnectSession(std::shared_ptr<session::Session> session, std::string server_side_id, Random& random)
      : session_(std::move(session)), server_side_id_(std::move(server_side_id)), errors_(random) {}

  const std::shared_ptr<session::Session>& session() const { return session_; }
  const std::string& server_side_id() const { return server_side_id_; }
  Artifacts& artifacts() { return artifacts_; }
  ErrorLog& errors() { return errors_; }
  Decoder MakeDecoder();

  // Errors: INVALID_HANDLE.OPERATION_ALREADY_EXISTS.
  Status Add(std::shared_ptr<Execution> execution);
  // Errors: INVALID_HANDLE.OPERATION_NOT_FOUND.
  Result<std::shared_ptr<Execution>> Find(const std::string& operation_id) const;
  // Forgets it, and cancels it if it still runs.
  void Remove(const std::string& operation_id);
  void CancelAll();
  std::vector<std::shared_ptr<Execution>> Executions() const;
  // Forgets executions that ended before this time and nobody released.
  void RemoveFinishedBefore(int64_t nanos);

 private:
  const std::shared_ptr<session::Session> session_;
  const std::string server_side_id_;
  Artifacts artifacts_;
  ErrorLog errors_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Execution>> executions_;
};
using ConnectSessionPtr = std::shared_ptr<ConnectSession>;

// Who calls and what session is meant.
struct SessionKey {
  std::string handle;
  std::string session_id;
  auto operator<=>(const SessionKey&) const = default;
};

// Thread safe.
class ConnectSessions {
 public:
  explicit ConnectSessions(session::Environment& environment) : environment_(environment) {}

  // The session, opened on first use. `observed`: the server-side id the client knows, or empty.
  // Errors: INVALID_HANDLE.FORMAT, .SESSION_CHANGED, .SESSION_CLOSED.
  Result<ConnectSessionPtr> FindOrOpen(const SessionKey& key, const std::string& user, const std::string& observed);
  // Errors: INVALID_HANDLE.SESSION_NOT_FOUND.
  Result<ConnectSessionPtr> Find(const SessionKey& key, const std::string& observed) const;
  // Ends the session; its id cannot be used again unless `allow_reconnect`. Nullptr: there was none.
  ConnectSessionPtr Release(const SessionKey& key, bool allow_reconnect);

 private:
  struct Entry {
    ConnectSessionPtr session;
    int64_t used_nanos = 0;
  };
  void Sweep(int64_t now_nanos);

  session::Environment& environment_;
  mutable std::mutex mutex_;
  std::map<SessionKey, Entry> sessions_;
  std::set<SessionKey> closed_;
};

}  // namespace ashlar::connect
