#include "identity/token_issuer.h"

#include "base/id.h"
#include "identity/migrations.h"
#include "identity/tables/principals_table.h"

namespace ashlar::identity {
namespace {

Error NoSuchToken(const std::string& token_id) {
  return MakeError(ErrorCode::kResourceDoesNotExist, "Token with id " + token_id + " does not exist");
}

}  // namespace

std::string TokenHash(const std::string& token) { return Sha256Hex(token); }

Result<NewToken> TokenIssuer::Issue(const TokenRequest& request) {
  NewToken made;
  RETURN_IF_ERROR(database_.Transact([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(made, IssueWithin(txn, request));
    return OkStatus();
  }));
  return made;
}

Result<NewToken> TokenIssuer::IssueWithin(metadb::Transaction& txn, const TokenRequest& request) {
  constexpr int64_t kMaxLifetimeSeconds = int64_t{1000} * 365 * 86400;
  if (request.lifetime_seconds != -1 &&
      (request.lifetime_seconds <= 0 || request.lifetime_seconds > kMaxLifetimeSeconds)) {
    return MakeError(ErrorCode::kInvalidParameterValue,
                     "lifetime_seconds must be positive: " + std::to_string(request.lifetime_seconds));
  }
  ASSIGN_OR_RETURN(auto owner, PrincipalsTable::Find(txn, request.owner_id));
  if (!owner) {
    return MakeError(ErrorCode::kResourceDoesNotExist,
                     "Principal " + std::to_string(request.owner_id) + " does not exist");
  }
  NewToken made;
  made.value = "dapi" + NewHex(random_, 16);
  int64_t now_ms = clock_.NowMs();
  made.row = {.token_id = NewHex(random_, 32),
              .hash = TokenHash(made.value),
              .owner_id = request.owner_id,
              .created_by_id = request.created_by_id,
              .comment = request.comment,
              .created_ms = now_ms,
              .expiry_ms = request.lifetime_seconds == -1
                               ? -1
                               : now_ms + request.lifetime_seconds * 1000};
  RETURN_IF_ERROR(TokensTable::Insert(txn, made.row));
  RETURN_IF_ERROR(BumpEpoch(txn));
  return made;
}

Result<std::vector<TokenRow>> TokenIssuer::List(std::optional<int64_t> owner_id) {
  std::vector<TokenRow> tokens;
  RETURN_IF_ERROR(database_.Read([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(tokens, TokensTable::List(txn, owner_id));
    return OkStatus();
  }));
  return tokens;
}

Result<TokenRow> TokenIssuer::Get(const std::string& token_id) {
  std::optional<TokenRow> found;
  RETURN_IF_ERROR(database_.Read([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(found, TokensTable::Find(txn, token_id));
    return OkStatus();
  }));
  if (!found) return NoSuchToken(token_id);
  return *found;
}

Status TokenIssuer::Revoke(const std::string& token_id, std::optional<int64_t> owner_id) {
  return database_.Transact([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(auto found, TokensTable::Find(txn, token_id));
    if (!found || (owner_id && found->owner_id != *owner_id)) return NoSuchToken(token_id);
    ASSIGN_OR_RETURN([[maybe_unused]] bool deleted, TokensTable::Delete(txn, token_id));
    return BumpEpoch(txn);
  });
}

}  // namespace ashlar::identity
