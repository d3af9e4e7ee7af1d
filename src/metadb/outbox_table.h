// The outbox: a message written in the transaction that caused it and taken out by whoever delivers it.
// At least once: a deliverer that dies between the two sees the message again.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "metadb/database.h"

namespace ashlar::metadb {

struct OutboxMessage {
  int64_t sequence = 0;  // ascending in order of commit
  std::string topic;
  std::string payload;   // JSON
  int64_t created_ms = 0;
};

class OutboxTable {
 public:
  static Status Append(Transaction& txn, const Clock& clock, const std::string& topic,
                       const std::string& payload);
  // The oldest messages of a topic.
  static Result<std::vector<OutboxMessage>> Oldest(Transaction& txn, const std::string& topic,
                                                   int64_t limit);
  static Status Delete(Transaction& txn, int64_t sequence);
};

}  // namespace ashlar::metadb
