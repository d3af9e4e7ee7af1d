// BearerAuthenticator: "Authorization: Bearer <token>" to a principal. What it remembers counts only
// while the identity epoch, read each time, is the one it was learnt at: a revoked token, a removed
// member or a deactivated user stops at once.
#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "http/context.h"
#include "metadb/database.h"

namespace ashlar::identity {

// Thread safe.
class BearerAuthenticator final : public http::Authenticator {
 public:
  BearerAuthenticator(metadb::Database& database, const Clock& clock)
      : database_(database), clock_(clock) {}

  Result<http::Principal> Authenticate(const http::Request& request) override;
  // The same from the header's value; gRPC hands over only that. Errors: kUnauthenticated.
  Result<http::Principal> AuthenticateHeader(std::string_view authorization);

 private:
  struct Known {
    http::Principal principal;
    int64_t expiry_ms = -1;
  };
  Result<Known> Find(metadb::Transaction& txn, const std::string& hash);

  metadb::Database& database_;
  const Clock& clock_;
  std::mutex mutex_;
  int64_t epoch_ = 0;
  std::unordered_map<std::string, Known> known_;  // by hash, all learnt at epoch_
};

}  // namespace ashlar::identity
