// One writer of the torture: a driver's session without a control plane. Statements come in as lines
// "COMMIT_UUID<tab>SQL"; each is answered by one line of JSON: {"rows": […]} or {"error": …}.
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <string>

#include "base/clock.h"
#include "base/json.h"
#include "delta/committer.h"
#include "engine/engine.h"
#include "engine/parquet_actions.h"
#include "functions/registry.h"
#include "objectstore/local_store.h"
#include "session/run_statement.h"

namespace ashlar {
namespace {

// Every path may be read and written, and the store creates versions.
class OpenControl final : public link::ControlApi {
 public:
  explicit OpenControl(objectstore::ObjectStore& store) : committer_(store) {}

  Result<std::vector<Result<sql::ResolvedRelation>>> Resolve(
      const std::string&, std::span<const std::string>,
      std::span<const sql::ResolveRequest> requests) override {
    std::vector<Result<sql::ResolvedRelation>> resolved;
    for (const sql::ResolveRequest& request : requests) {
      if (request.path.empty()) {
        resolved.emplace_back(NotImplemented("a table that is not named by its path"));
        continue;
      }
      sql::ResolvedRelation relation;
      relation.kind = sql::RelationKind::kPath;
      relation.full_name = relation.location = request.path;
      relation.format = request.format;
      resolved.emplace_back(std::move(relation));
    }
    return resolved;
  }
  Result<sql::CatalogReply> Execute(const std::string&, const sql::CatalogCommand&) override {
    return NotImplemented("a catalog");
  }
  Result<link::CommitOutcome> Commit(const std::string&, const link::CommitRequest& request) override {
    delta::CommitRequest commit{"", request.location, request.version, request.actions, request.commit_uuid};
    ASSIGN_OR_RETURN(delta::CommitOutcome outcome, committer_.Commit(commit));
    switch (outcome) {
      case delta::CommitOutcome::kWon: return link::CommitOutcome::kWon;
      case delta::CommitOutcome::kLost: return link::CommitOutcome::kLost;
      case delta::CommitOutcome::kUnknown: return link::CommitOutcome::kUnknown;
    }
    return link::CommitOutcome::kUnknown;
  }
  Result<std::optional<sql::RatifiedCommits>> Ratified(const std::string&, const std::string&) override {
    return std::optional<sql::RatifiedCommits>();
  }
  Status OnHeartbeat(const link::Heartbeat&) override { return OkStatus(); }

 private:
  delta::StoreCommitter committer_;
};

Json CellOf(const Value& value) {
  if (const auto* number = std::get_if<int64_t>(&value.data)) return *number;
  if (const auto* text = std::get_if<std::string>(&value.data)) return *text;
  return nullptr;
}

Result<Json> Answer(const std::shared_ptr<session::Session>& session, const std::string& line) {
  size_t tab = line.find('\t');
  CHECK(tab != std::string::npos) << "not a statement: " << line;
  session::Parameters parameters;
  parameters.commit_uuid = line.substr(0, tab);
  session::StatementRun run(session, std::move(parameters));
  ASSIGN_OR_RETURN(auto stream, run.RunText(line.substr(tab + 1)));
  Json rows = Json::array();
  if (stream == nullptr) return rows;
  ASSIGN_OR_RETURN(auto values, engine::CollectRows(*stream));
  for (const auto& row : values) {
    Json cells = Json::array();
    for (const Value& value : row) cells.push_back(CellOf(value));
    rows.push_back(std::move(cells));
  }
  return rows;
}

Status Serve(const std::string& scratch) {
  ASSIGN_OR_RETURN(auto engine, engine::Engine::Open({.memory_limit_bytes = 1u << 30, .threads = 1, .temp_directory = scratch}));
  objectstore::LocalObjectStore store;
  OpenControl control(store);
  engine::EngineParquetActions parquet(*engine);
  engine::SnapshotCache snapshots;
  session::RunningStatements running;
  session::Environment environment{*engine,   control,       functions::SparkFunctions(), store,   parquet,
                                   snapshots, SystemClock(), SystemRandom(),              scratch, running};
  link::SessionOptions options;
  options.session_id = options.handle = options.user_name = "torture";
  ASSIGN_OR_RETURN(auto session, session::Session::Open(environment, options));
  std::string line;
  while (std::getline(std::cin, line)) {
    Result<Json> rows = Answer(session, line);
    Json answer;
    if (rows.ok()) {
      answer["rows"] = *std::move(rows);
    } else {
      answer = {{"error", rows.error().condition}, {"code", ErrorCodeName(rows.error().code)}, {"message", rows.error().message}};
    }
    std::string text = WriteJson(answer) + "\n";
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
  }
  return OkStatus();
}

}  // namespace
}  // namespace ashlar

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: torture_worker SCRATCH_FOLDER\n");
    return 2;
  }
  ashlar::Status served = ashlar::Serve(argv[1]);
  if (!served.ok()) std::fprintf(stderr, "%s\n", ashlar::FullMessage(served.error()).c_str());
  return served.ok() ? 0 : 1;
}
