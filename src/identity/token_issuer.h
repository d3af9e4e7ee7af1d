// TokenIssuer: makes, lists and revokes personal access tokens. A token is "dapi" and 32 hexadecimal
// digits; it is shown once, when it is made.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "http/principal.h"
#include "identity/tables/tokens_table.h"

namespace ashlar::identity {

struct NewToken {
  std::string value;
  TokenRow row;
};

struct TokenRequest {
  int64_t owner_id = 0;
  int64_t created_by_id = 0;
  std::string comment = {};
  int64_t lifetime_seconds = -1;  // -1: never expires
};

// Thread safe.
class TokenIssuer {
 public:
  TokenIssuer(metadb::Database& database, const Clock& clock, Random& random)
      : database_(database), clock_(clock), random_(random) {}

  // Errors: kInvalidParameterValue for a lifetime of 0 or less; kResourceDoesNotExist for an owner
  // that does not exist.
  Result<NewToken> Issue(const TokenRequest& request);
  // The same inside a transaction of the caller.
  Result<NewToken> IssueWithin(metadb::Transaction& txn, const TokenRequest& request);

  // Of one owner, or all.
  Result<std::vector<TokenRow>> List(std::optional<int64_t> owner_id);
  Result<TokenRow> Get(const std::string& token_id);
  // `owner_id`: revoke only what this principal owns. Errors: kResourceDoesNotExist.
  Status Revoke(const std::string& token_id, std::optional<int64_t> owner_id);

 private:
  metadb::Database& database_;
  const Clock& clock_;
  Random& random_;
};

// The form in which tokens are stored and looked up.
std::string TokenHash(const std::string& token);

}  // namespace ashlar::identity
