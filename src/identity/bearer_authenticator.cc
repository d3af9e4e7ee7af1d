#include "identity/bearer_authenticator.h"

#include "base/text.h"
#include "http/message.h"
#include "identity/directory.h"
#include "identity/migrations.h"
#include "identity/token_issuer.h"

namespace ashlar::identity {
namespace {

constexpr size_t kMaxKnown = 10000;

// One text for every way to fail: it does not tell a wrong token from an expired one.
Error InvalidToken() { return MakeError(ErrorCode::kUnauthenticated, "Invalid access token."); }

}  // namespace

Result<http::Principal> BearerAuthenticator::Authenticate(const http::Request& request) {
  return AuthenticateHeader(request.headers.Get("Authorization"));
}

Result<http::Principal> BearerAuthenticator::AuthenticateHeader(std::string_view authorization) {
  std::string_view header = Trim(authorization);
  if (header.empty()) {
    return MakeError(ErrorCode::kUnauthenticated,
                     "Credential was not sent or was of an unsupported type for this API.");
  }
  if (!EqualsIgnoreCase(header.substr(0, 7), "bearer ")) return InvalidToken();
  std::string hash = TokenHash(std::string(Trim(header.substr(7))));
  std::optional<Known> known;
  RETURN_IF_ERROR(database_.Read([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(int64_t epoch, ReadEpoch(txn));
    {
      std::lock_guard lock(mutex_);
      if (epoch > epoch_ || known_.size() > kMaxKnown) known_.clear();
      epoch_ = std::max(epoch, epoch_);
      auto found = epoch == epoch_ ? known_.find(hash) : known_.end();
      if (found != known_.end()) known = found->second;
    }
    if (known) return OkStatus();
    ASSIGN_OR_RETURN(known, Find(txn, hash));
    std::lock_guard lock(mutex_);
    if (epoch == epoch_) known_.emplace(hash, *known);
    return OkStatus();
  }));
  if (known->expiry_ms >= 0 && known->expiry_ms <= clock_.NowMs()) return InvalidToken();
  return known->principal;
}

Result<BearerAuthenticator::Known> BearerAuthenticator::Find(metadb::Transaction& txn,
                                                             const std::string& hash) {
  ASSIGN_OR_RETURN(auto token, TokensTable::FindByHash(txn, hash));
  if (!token) return InvalidToken();
  Result<http::Principal> principal = Directory::Load(txn, token->owner_id);
  if (!principal.ok() && principal.error().code == ErrorCode::kPermissionDenied) {
    return InvalidToken();
  }
  if (!principal.ok()) return principal.error();
  return Known{*std::move(principal), token->expiry_ms};
}

}  // namespace ashlar::identity
