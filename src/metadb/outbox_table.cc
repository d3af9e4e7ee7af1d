#include "metadb/outbox_table.h"

namespace ashlar::metadb {

Status OutboxTable::Append(Transaction& txn, const Clock& clock, const std::string& topic,
                           const std::string& payload) {
  // Writers are serialised, so max + 1 is in order of commit.
  ASSIGN_OR_RETURN(auto rows, txn.Query("SELECT COALESCE(MAX(sequence), 0) FROM outbox"));
  return txn.Run("INSERT INTO outbox VALUES (?, ?, ?, ?)",
                 {rows[0].Int(0) + 1, topic, payload, clock.NowMs()});
}

Result<std::vector<OutboxMessage>> OutboxTable::Oldest(Transaction& txn, const std::string& topic,
                                                       int64_t limit) {
  ASSIGN_OR_RETURN(auto rows, txn.Query("SELECT sequence, topic, payload, created_ms FROM outbox "
                                        "WHERE topic = ? ORDER BY sequence LIMIT ?",
                                        {topic, limit}));
  std::vector<OutboxMessage> messages;
  for (const Row& row : rows) {
    messages.push_back({row.Int(0), row.Text(1), row.Text(2), row.Int(3)});
  }
  return messages;
}

Status OutboxTable::Delete(Transaction& txn, int64_t sequence) {
  return txn.Run("DELETE FROM outbox WHERE sequence = ?", {sequence});
}

}  // namespace ashlar::metadb
