#include "connect/config_operation.h"

namespace ashlar::connect {
namespace {

using session::Confs;

void Add(sc::ConfigResponse& response, const std::string& key, const std::optional<std::string>& value) {
  auto* pair = response.add_pairs();
  pair->set_key(key);
  if (value) pair->set_value(*value);
}

// As the SQL statement SET, which checks the value.
Status Set(ConnectSession& session, const std::string& key, const std::string& value) {
  sql::ConfigStatement set{sql::ConfigStatement::Action::kSet, key, value};
  session::StatementRun run(session.session());
  RETURN_IF_ERROR(run.Run(sql::Statement{{}, std::move(set)}));
  return OkStatus();
}

Error NotFound(const std::string& key) {
  return MakeSqlError("SQL_CONF_NOT_FOUND", "42K0I", "The SQL config \"" + key + "\" cannot be found. Please verify that the config exists.",
                      {{"sqlConf", "\"" + key + "\""}});
}

Status SetAll(ConnectSession& session, const sc::ConfigRequest::Set& set, sc::ConfigResponse& response) {
  for (const auto& pair : set.pairs()) {
    Status done = pair.has_value() ? Set(session, pair.key(), pair.value())
                                   : Status(MakeError(ErrorCode::kInvalidParameterValue, "The config " + pair.key() + " is set to no value."));
    // A client that sets what it can wants to be told, not stopped.
    if (!done.ok() && !set.silent()) return done;
    if (!done.ok()) response.add_warnings(FullMessage(done.error()));
  }
  return OkStatus();
}

void AddAll(const Confs& confs, const std::string& prefix, sc::ConfigResponse& response) {
  for (const auto& [key, value] : confs.All()) {
    if (key.starts_with(prefix)) Add(response, key.substr(prefix.size()), value);
  }
}

}  // namespace

Status RunConfig(ConnectSession& session, const sc::ConfigRequest::Operation& operation, sc::ConfigResponse& response) {
  using Operation = sc::ConfigRequest::Operation;
  const Confs confs = session.session()->state().confs;
  switch (operation.op_type_case()) {
    case Operation::kSet: return SetAll(session, operation.set(), response);
    case Operation::kGet:
      for (const std::string& key : operation.get().keys()) {
        std::optional<std::string> value = confs.Get(key);
        if (!value) return NotFound(key);
        Add(response, key, value);
      }
      return OkStatus();
    case Operation::kGetWithDefault:
      for (const auto& pair : operation.get_with_default().pairs()) {
        std::optional<std::string> value = confs.Get(pair.key());
        if (!value && pair.has_value()) value = pair.value();
        Add(response, pair.key(), value);
      }
      return OkStatus();
    case Operation::kGetOption:
      for (const std::string& key : operation.get_option().keys()) Add(response, key, confs.Get(key));
      return OkStatus();
    case Operation::kGetAll: AddAll(confs, operation.get_all().prefix(), response); return OkStatus();
    case Operation::kUnset:
      for (const std::string& key : operation.unset().keys()) {
        RETURN_IF_ERROR(session.session()->Change([&](session::SessionState& state) { return state.confs.Reset(key); }));
        Add(response, key, std::nullopt);
      }
      return OkStatus();
    case Operation::kIsModifiable:
      for (const std::string& key : operation.is_modifiable().keys()) {
        Add(response, key, Confs::IsKnown(key) && !Confs::IsStatic(key) ? "true" : "false");
      }
      return OkStatus();
    default: return InvalidPlan("a config request without an operation");
  }
}

}  // namespace ashlar::connect
