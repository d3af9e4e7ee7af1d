// Personal access tokens. Only the SHA-256 of a token is kept: 128 random bits need no slow hash.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "metadb/database.h"

namespace ashlar::identity {

struct TokenRow {
  std::string token_id;  // 64 hexadecimal digits, says nothing about the token
  std::string hash;
  int64_t owner_id = 0;
  int64_t created_by_id = 0;
  std::string comment;
  int64_t created_ms = 0;
  int64_t expiry_ms = -1;  // -1: never
  bool operator==(const TokenRow&) const = default;
};

class TokensTable {
 public:
  static Status Insert(metadb::Transaction& txn, const TokenRow& row);
  static Result<std::optional<TokenRow>> Find(metadb::Transaction& txn, const std::string& token_id);
  static Result<std::optional<TokenRow>> FindByHash(metadb::Transaction& txn, const std::string& hash);
  // Oldest first; of one owner, or of all.
  static Result<std::vector<TokenRow>> List(metadb::Transaction& txn, std::optional<int64_t> owner_id);
  // Whether there was one.
  static Result<bool> Delete(metadb::Transaction& txn, const std::string& token_id);
};

}  // namespace ashlar::identity
