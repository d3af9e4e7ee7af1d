#include "identity/tables/tokens_table.h"

namespace ashlar::identity {
namespace {

TokenRow ReadRow(const metadb::Row& row) {
  return {.token_id = row.Text(0),
          .hash = row.Text(1),
          .owner_id = row.Int(2),
          .created_by_id = row.Int(3),
          .comment = row.Text(4),
          .created_ms = row.Int(5),
          .expiry_ms = row.Int(6)};
}

std::optional<TokenRow> First(const std::vector<metadb::Row>& rows) {
  if (rows.empty()) return std::nullopt;
  return ReadRow(rows[0]);
}

}  // namespace

Status TokensTable::Insert(metadb::Transaction& txn, const TokenRow& row) {
  return txn.Run(
      "INSERT INTO tokens (token_id, hash, owner_id, created_by_id, comment, created_ms, expiry_ms) "
      "VALUES (?, ?, ?, ?, ?, ?, ?)",
      {row.token_id, row.hash, row.owner_id, row.created_by_id, row.comment, row.created_ms,
       row.expiry_ms});
}

Result<std::optional<TokenRow>> TokensTable::Find(metadb::Transaction& txn,
                                                  const std::string& token_id) {
  ASSIGN_OR_RETURN(auto rows,
                   txn.Query("SELECT token_id, hash, owner_id, created_by_id, comment, created_ms, "
                             "expiry_ms FROM tokens WHERE token_id = ?",
                             {token_id}));
  return First(rows);
}

Result<std::optional<TokenRow>> TokensTable::FindByHash(metadb::Transaction& txn,
                                                        const std::string& hash) {
  ASSIGN_OR_RETURN(auto rows,
                   txn.Query("SELECT token_id, hash, owner_id, created_by_id, comment, created_ms, "
                             "expiry_ms FROM tokens WHERE hash = ?",
                             {hash}));
  return First(rows);
}

Result<std::vector<TokenRow>> TokensTable::List(metadb::Transaction& txn,
                                                std::optional<int64_t> owner_id) {
  // A range over all ids stands for "of all".
  int64_t low = owner_id.value_or(INT64_MIN);
  int64_t high = owner_id.value_or(INT64_MAX);
  ASSIGN_OR_RETURN(auto rows,
                   txn.Query("SELECT token_id, hash, owner_id, created_by_id, comment, created_ms, "
                             "expiry_ms FROM tokens WHERE owner_id BETWEEN ? AND ? "
                             "ORDER BY created_ms, token_id",
                             {low, high}));
  std::vector<TokenRow> tokens;
  for (const metadb::Row& row : rows) tokens.push_back(ReadRow(row));
  return tokens;
}

Result<bool> TokensTable::Delete(metadb::Transaction& txn, const std::string& token_id) {
  ASSIGN_OR_RETURN(int64_t count,
                   txn.Execute("DELETE FROM tokens WHERE token_id = ?", {token_id}));
  return count > 0;
}

}  // namespace ashlar::identity
