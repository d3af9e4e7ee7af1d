// One statement from text or plan to rows. A StatementRun belongs to one thread; Cancel() may be called
// from any.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "session/session.h"
#include "sql/statement.h"

namespace ashlar::session {

struct Parameters {
  std::map<std::string, sql::ExprPtr> named;
  std::vector<sql::ExprPtr> positional;
  std::string commit_uuid = {};  // of the statement's commit, when its caller chose it
};

class StatementRun {
 public:
  StatementRun(std::shared_ptr<Session> session, Parameters parameters = {});
  ~StatementRun();

  // Carries the statement out. Queries: the stream gives the rows and lives no longer than this run.
  // Commands: done when it returns; the stream gives the rows they report. nullptr: no rows at all.
  // Errors: whatever parsing, analysis, the catalog or the engine says.
  Result<std::unique_ptr<engine::ResultStream>> Run(const sql::Statement& statement);
  Result<std::unique_ptr<engine::ResultStream>> RunText(std::string_view sql);

  // Analysis alone, for schema(), explain() and friends. Valid while this run lives.
  Result<sql::AnalyzedQuery> Analyze(const sql::RelationPtr& query);

  // Stops what runs; what was not committed by then is not. Any thread.
  void Cancel();
  // As Cancel, for a reason of the driver's: that is the error instead of kCancelled. False when it was
  // stopped or cancelled before.
  bool Stop(const Error& reason);

  // ---- for the files of this module ----
  Session& session() { return *session_; }
  Environment& environment() { return session_->environment(); }
  const SessionState& state() const { return state_; }
  sql::AnalyzerContext& analyzer() { return *analyzer_; }
  engine::Connection& connection() { return *connection_; }
  // Name parts completed by the current catalog and schema: `parts` is how many the securable has.
  // Errors: more parts than that (REQUIRES_SINGLE_PART_NAMESPACE, 42K05).
  Result<sql::NameParts> Complete(const sql::NameParts& name, size_t parts) const;
  // The one relation, authorised. `access` is what will be done to it; `span` is its name's, where Spark tells it;
  // `operation` is what a view that is no table is told of.
  Result<sql::ResolvedRelation> Resolve(const sql::TableRelation& table, sql::Access access, SourceSpan span = {},
                                        const std::string& operation = "");
  Result<sql::CatalogReply> Execute(const sql::CatalogCommand& command);
  // The uuid that the caller chose for this statement's commit, to the first that asks; then empty.
  std::string TakeCommitUuid() { return std::exchange(commit_uuid_, {}); }
  // kCancelled once Cancel() was called, or why it was stopped.
  Status CheckCancelled() const;

 private:
  class HandleCatalogView;
  class StoppableStream;
  // kCancelled as the reason for which the run was stopped, if it was.
  Error Explained(Error error) const;

  std::shared_ptr<Session> session_;
  const SessionState state_;
  std::unique_ptr<sql::CatalogView> catalog_view_;
  std::unique_ptr<sql::TableSource> tables_;
  std::shared_ptr<engine::Connection> connection_;
  std::unique_ptr<sql::AnalyzerContext> analyzer_;
  std::string commit_uuid_;
  std::atomic<bool> cancelled_ = false;
  mutable std::mutex stop_mutex_;
  std::optional<Error> stop_reason_;
};

}  // namespace ashlar::session
