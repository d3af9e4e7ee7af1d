#include "cli/workspace_client.h"

#include "base/json.h"
#include "base/text.h"

namespace ashlar::cli {

WorkspaceClient::WorkspaceClient(Connection connection)
    : connection_(std::move(connection)),
      client_({.base_url = connection_.host, .token = connection_.token, .ca_file = connection_.ca_cert}) {}

Result<Json> WorkspaceClient::Call(http::ClientRequest request) {
  request.keep_going = keep_going_;
  ASSIGN_OR_RETURN(http::ClientResponse response, client_.Call(std::move(request)));
  if (response.body.empty()) return Json::object();
  return ParseJson(response.body);
}

Result<Json> WorkspaceClient::Get(const std::string& target) { return Call({.method = "GET", .target = target}); }

Result<Json> WorkspaceClient::Post(const std::string& target, const Json& body) {
  return Call({.method = "POST", .target = target, .body = WriteJson(body)});
}

Status WorkspaceClient::ForEach(const std::string& target, const std::string& field,
                                const std::function<Status(const Json&)>& visit) {
  std::string token;
  do {
    std::string page = target;
    if (!token.empty()) {
      page += (target.find('?') == std::string::npos ? "?" : "&") + std::string("page_token=") + PercentEncode(token);
    }
    ASSIGN_OR_RETURN(Json answer, Get(page));
    if (answer.contains(field)) {
      for (const Json& item : answer[field]) RETURN_IF_ERROR(visit(item));
    }
    token = answer.value("next_page_token", "");
  } while (!token.empty());
  return OkStatus();
}

Result<std::string> WorkspaceClient::Warehouse() {
  if (!connection_.warehouse.empty()) return connection_.warehouse;
  std::vector<std::string> ids;
  std::string known;
  RETURN_IF_ERROR(ForEach("/api/2.0/sql/warehouses", "warehouses", [&](const Json& warehouse) {
    ids.push_back(warehouse.value("id", ""));
    known += "\n  " + ids.back() + "  " + warehouse.value("name", "");
    return OkStatus();
  }));
  if (ids.empty()) return MakeError(ErrorCode::kNotFound, "the workspace has no SQL warehouse you may use");
  if (ids.size() > 1) {
    return MakeError(ErrorCode::kInvalidParameterValue,
                     "the workspace has several warehouses: give --warehouse or set DATABRICKS_WAREHOUSE_ID to one of" + known);
  }
  connection_.warehouse = ids[0];
  return ids[0];
}

}  // namespace ashlar::cli
