// What a driver may ask of the control plane. Every call carries the session's opaque handle; the
// control plane derives the principal from it and decides alone.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "sql/catalog_command.h"
#include "sql/catalog_view.h"

namespace ashlar::link {

enum class CommitOutcome { kWon, kLost, kUnknown };

// One version of a Delta table to create by put-if-absent.
struct CommitRequest {
  std::string table_uuid;  // empty for a table by path
  std::string location;
  int64_t version = 0;
  std::string actions;     // newline-delimited JSON
  std::string commit_uuid;
};

struct Heartbeat {
  std::string driver_id;
  std::string secret;      // given to the driver when it was started
  std::string socket;      // where it listens
  int64_t rss_bytes = 0;
  int running_statements = 0;
  int open_sessions = 0;
};

// Implemented by the control plane (compute) and reached by drivers through ControlClient. Thread safe.
class ControlApi {
 public:
  virtual ~ControlApi() = default;
  // Error of the whole: an unknown or expired handle. Otherwise one result a request, in order.
  virtual Result<std::vector<Result<sql::ResolvedRelation>>> Resolve(
      const std::string& handle, std::span<const std::string> via_view_ids,
      std::span<const sql::ResolveRequest> requests) = 0;
  virtual Result<sql::CatalogReply> Execute(const std::string& handle,
                                            const sql::CatalogCommand& command) = 0;
  virtual Result<CommitOutcome> Commit(const std::string& handle, const CommitRequest& request) = 0;
  // What the catalog ratified of a table's commits; nullopt for one that is not catalog-managed, or has no version yet.
  virtual Result<std::optional<sql::RatifiedCommits>> Ratified(const std::string& handle, const std::string& table_uuid) = 0;
  // Renews the driver's lease; an error tells the driver to end.
  virtual Status OnHeartbeat(const Heartbeat& heartbeat) = 0;
};

}  // namespace ashlar::link
