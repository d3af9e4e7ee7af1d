// StatementRegistry: the statements clients started through the API, whose they are, and the signed
// links to their chunks. In memory: a statement's result dies with its driver anyway.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "statements/sql_session.h"

namespace ashlar::statements {

enum class ResultFormat { kJsonArray, kArrowStream };
enum class ResultDisposition { kInline, kExternalLinks };

struct RegisteredStatement {
  std::string id;
  int64_t owner_id = 0;
  ResultFormat format = ResultFormat::kJsonArray;
  ResultDisposition disposition = ResultDisposition::kInline;
  bool client_limited_bytes = false;  // byte_limit was the client's, not the inline limit
  int64_t created_ms = 0;
  std::string sql;                    // for the places errors point at; empty when it is very long
  std::string link_token;             // names the statement in external links
  std::shared_ptr<SqlSession> session;  // set once it is open
};
using RegisteredPtr = std::shared_ptr<const RegisteredStatement>;

// Thread safe.
class StatementRegistry {
 public:
  explicit StatementRegistry(const Clock& clock) : clock_(clock) {}

  void Add(RegisteredStatement statement);
  // Error: kResourceDoesNotExist, also for another principal's statement: its existence is nobody's
  // business.
  Result<RegisteredPtr> Find(const std::string& id, int64_t principal_id) const;
  // By the token of an external link. Error: kResourceDoesNotExist once the link has expired.
  Result<RegisteredPtr> FindByLink(const std::string& token) const;
  void Remove(const std::string& id);
  // Forgets statements older than the time results are kept.
  void Sweep();
  int64_t LinkExpiryMs(const RegisteredStatement& statement) const;

 private:
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::map<std::string, RegisteredPtr> statements_;
  std::map<std::string, std::string> ids_by_link_;
};

}  // namespace ashlar::statements
