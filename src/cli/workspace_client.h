// WorkspaceClient: calls of a workspace's REST API with JSON in and out.
#pragma once

#include <functional>
#include <string>

#include "base/json_fwd.h"
#include "base/result.h"
#include "cli/connection.h"
#include "http/client.h"

namespace ashlar::cli {

// Not thread safe.
class WorkspaceClient {
 public:
  explicit WorkspaceClient(Connection connection);

  const Connection& connection() const { return connection_; }
  http::Client& http() { return client_; }
  // A further connection to the same workspace.
  WorkspaceClient Another() const { return WorkspaceClient(connection_); }
  // Asked at least once a second while a request is under way; false ends it with kCancelled.
  void set_keep_going(std::function<bool()> keep_going) { keep_going_ = std::move(keep_going); }

  Result<Json> Get(const std::string& target);
  Result<Json> Post(const std::string& target, const Json& body);
  // GETs every page of a list; `visit` takes each item of `field`.
  Status ForEach(const std::string& target, const std::string& field, const std::function<Status(const Json&)>& visit);
  // The named warehouse, else the only one there is. Error: which there are.
  Result<std::string> Warehouse();

 private:
  Result<Json> Call(http::ClientRequest request);

  Connection connection_;
  http::Client client_;
  std::function<bool()> keep_going_;
};

}  // namespace ashlar::cli
