#include "session/run_statement.h"

#include "base/text.h"
#include "engine/delta_table_source.h"
#include "session/commands.h"
#include "session/other_folders.h"
#include "sql/analyze/scope.h"
#include "sql/table_path.h"

namespace ashlar::session {

// CatalogView over the control plane, bound to the session's handle.
class StatementRun::HandleCatalogView final : public sql::CatalogView {
 public:
  HandleCatalogView(link::ControlApi& control, std::string handle)
      : control_(control), handle_(std::move(handle)) {}

  std::vector<Result<sql::ResolvedRelation>> Resolve(std::span<const std::string> via_view_ids,
                                                     std::span<const sql::ResolveRequest> requests) override {
    auto results = control_.Resolve(handle_, via_view_ids, requests);
    if (results.ok()) return *std::move(results);
    return std::vector<Result<sql::ResolvedRelation>>(requests.size(), results.error());
  }

 private:
  link::ControlApi& control_;
  const std::string handle_;
};

// What the engine gives, with the reason in the place of kCancelled where the run was stopped.
class StatementRun::StoppableStream final : public engine::ResultStream {
 public:
  StoppableStream(const StatementRun& run, std::unique_ptr<engine::ResultStream> rows)
      : run_(run), rows_(std::move(rows)) {}

  const Schema& schema() const override { return rows_->schema(); }
  OwnedArrowSchema ArrowSchemaOf() const override { return rows_->ArrowSchemaOf(); }
  Result<std::optional<ArrowBatch>> Next() override {
    auto batch = rows_->Next();
    if (!batch.ok()) return run_.Explained(batch.error());
    return batch;
  }
  void Interrupt() override { rows_->Interrupt(); }
  double Progress() const override { return rows_->Progress(); }

 private:
  const StatementRun& run_;
  std::unique_ptr<engine::ResultStream> rows_;
};

namespace {

// The query of a view's text, or of a rule of a column.
Result<sql::RelationPtr> ParseQuery(const std::string& text, const std::string& time_zone) {
  ASSIGN_OR_RETURN(sql::Statement statement, sql::ParseStatement(text, {.time_zone = time_zone}));
  if (auto* query = std::get_if<sql::QueryStatement>(&statement.node)) return query->query;
  return NotImplemented("a statement that is not a query inside a relation");
}

}  // namespace

StatementRun::StatementRun(std::shared_ptr<Session> session, Parameters parameters)
    : session_(std::move(session)), state_(session_->state()), commit_uuid_(std::move(parameters.commit_uuid)) {
  Environment& env = environment();
  catalog_view_ = std::make_unique<HandleCatalogView>(env.control, session_->handle());
  connection_ = env.engine.NewConnection();
  tables_ = std::make_unique<engine::DeltaTableSource>(env.engine, env.store, env.parquet_actions, env.snapshots,
                                                       std::make_shared<AskedFolders>(env.control, session_->handle()));
  analyzer_ = std::make_unique<sql::AnalyzerContext>(
      sql::AnalyzerContext{.catalog = *catalog_view_, .tables = *tables_, .functions = env.functions});
  analyzer_->current_catalog = state_.catalog;
  analyzer_->current_schema = state_.schema;
  analyzer_->user = session_->user_name();
  analyzer_->ansi = state_.confs.ansi();
  analyzer_->last_map_key_wins = state_.confs.Get("spark.sql.mapKeyDedupPolicy") == "LAST_WIN";
  analyzer_->case_sensitive = state_.confs.case_sensitive();
  analyzer_->time_zone = state_.confs.time_zone();
  analyzer_->now_micros = env.clock.NowMicros();
  analyzer_->temporary_views = &state_.temporary_views;
  analyzer_->named_parameters = std::move(parameters.named);
  analyzer_->positional_parameters = std::move(parameters.positional);
  analyzer_->parse_query = ParseQuery;
  env.running.Enter(*this);
}

StatementRun::~StatementRun() { environment().running.Leave(*this); }

Result<std::unique_ptr<engine::ResultStream>> StatementRun::RunText(std::string_view sql) {
  sql::ParserOptions options;
  options.ansi = state_.confs.ansi();
  options.time_zone = state_.confs.time_zone();
  ASSIGN_OR_RETURN(sql::Statement statement, sql::ParseStatement(sql, options));
  return Run(statement);
}

Result<std::unique_ptr<engine::ResultStream>> StatementRun::Run(const sql::Statement& statement) {
  RETURN_IF_ERROR(CheckCancelled());
  Status zone = connection_->SetTimeZone(state_.confs.time_zone());
  if (!zone.ok()) {
    // An interruption ends this one as well.
    RETURN_IF_ERROR(CheckCancelled());
    return zone.error();
  }
  auto rows = std::visit([this](const auto& node) { return RunCommand(*this, node); }, statement.node);
  if (!rows.ok()) return Explained(rows.error());
  if (!*rows) return rows;
  return std::unique_ptr<engine::ResultStream>(new StoppableStream(*this, *std::move(rows)));
}

Result<sql::AnalyzedQuery> StatementRun::Analyze(const sql::RelationPtr& query) {
  return sql::AnalyzeQuery(query, *analyzer_);
}

void StatementRun::Cancel() {
  cancelled_ = true;
  connection_->Interrupt();
}

bool StatementRun::Stop(const Error& reason) {
  {
    std::lock_guard lock(stop_mutex_);
    if (stop_reason_ || cancelled_) return false;
    stop_reason_ = reason;
  }
  Cancel();
  return true;
}

Error StatementRun::Explained(Error error) const {
  std::lock_guard lock(stop_mutex_);
  return error.code == ErrorCode::kCancelled && stop_reason_ ? *stop_reason_ : error;
}

Status StatementRun::CheckCancelled() const {
  if (cancelled_) return Explained(MakeError(ErrorCode::kCancelled, "The statement was cancelled."));
  return OkStatus();
}

Result<sql::NameParts> StatementRun::Complete(const sql::NameParts& name, size_t parts) const {
  if (name.empty() || name.size() > parts) {
    return MakeSqlError("REQUIRES_SINGLE_PART_NAMESPACE", "42K05",
                        "The name " + Join(name, ".") + " has " + std::to_string(name.size()) +
                            " parts where at most " + std::to_string(parts) + " are expected.",
                        {{"namespace", Join(name, ".")}, {"sessionCatalog", state_.catalog}});
  }
  sql::NameParts full = {state_.catalog, state_.schema};
  full.resize(parts - name.size() < 2 ? parts - name.size() : 2);
  full.insert(full.end(), name.begin(), name.end());
  return full;
}

Result<sql::ResolvedRelation> StatementRun::Resolve(const sql::TableRelation& table, sql::Access access,
                                                    SourceSpan span, const std::string& operation) {
  sql::ResolveRequest request;
  request.access = access;
  if (table.identifier) return NotImplemented("IDENTIFIER() as the name of a table to change");
  if (sql::NamesDeltaPath(table.name)) {
    request.format = "DELTA";
    request.path = table.name[1];
  } else {
    ASSIGN_OR_RETURN(request.name, Complete(table.name, 3));
  }
  auto results = catalog_view_->Resolve({}, std::span(&request, 1));
  CHECK(results.size() == 1);
  if (!results[0].ok() && results[0].error().condition == "TABLE_OR_VIEW_NOT_FOUND" && request.path.empty()) {
    Error error = results[0].error();
    error.parameters["relationName"] = sql::QuoteName(table.name);
    error.parameters["searchPath"] = "[`system`.`session`, " + sql::QuoteName({state_.catalog, state_.schema}) + "]";
    if (!(span == SourceSpan{})) error.span = span;
    return error;
  }
  if (!operation.empty() && !results[0].ok() && results[0].error().condition == "EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE") {
    Error error = results[0].error();
    error.parameters["operation"] = operation;
    if (!(span == SourceSpan{})) error.span = span;
    return error;
  }
  return std::move(results[0]);
}

Result<sql::CatalogReply> StatementRun::Execute(const sql::CatalogCommand& command) {
  return environment().control.Execute(session_->handle(), command);
}

// ---- the short commands ---------------------------------------------------------------------------

Rows RunCommand(StatementRun& run, const sql::QueryStatement& statement) {
  ASSIGN_OR_RETURN(sql::AnalyzedQuery analyzed, run.Analyze(statement.query));
  RETURN_IF_ERROR(run.CheckCancelled());
  return run.connection().Execute(analyzed.plan, {});
}

Rows RunCommand(StatementRun& run, const sql::ExplainStatement& statement) {
  auto* query = std::get_if<sql::QueryStatement>(&statement.statement->node);
  if (query == nullptr) return NotImplemented("EXPLAIN of a statement that is not a query");
  ASSIGN_OR_RETURN(sql::AnalyzedQuery analyzed, run.Analyze(query->query));
  ASSIGN_OR_RETURN(std::string text, run.connection().Explain(analyzed.plan));
  if (statement.mode != sql::ExplainMode::kSimple) {
    ASSIGN_OR_RETURN(std::string lowered, run.connection().LowerToSql(analyzed.plan));
    text = "== Lowered Plan ==\n" + lowered + "\n\n" + text;
  }
  return StreamText(run.connection(), {{}, {"plan"}}, {{"== Physical Plan ==\n" + text}});
}

Rows RunCommand(StatementRun& run, const sql::ConfigStatement& statement) {
  using Action = sql::ConfigStatement::Action;
  switch (statement.action) {
    case Action::kSet:
      if (statement.key == "spark.sql.session.timeZone") RETURN_IF_ERROR(run.connection().SetTimeZone(statement.value));
      RETURN_IF_ERROR(run.session().Change(
          [&](SessionState& state) { return state.confs.Set(statement.key, statement.value); }));
      return StreamText(run.connection(), {{"key", "value"}}, {{statement.key, statement.value}});
    case Action::kGet:
      return StreamText(run.connection(), {{"key", "value"}},
                        {{statement.key, run.state().confs.GetOr(statement.key, "<undefined>")}});
    case Action::kGetAll: {
      TextRows rows;
      for (const auto& [key, value] : run.state().confs.All()) rows.push_back({key, value});
      return StreamText(run.connection(), {{"key", "value"}}, rows);
    }
    case Action::kReset:
      RETURN_IF_ERROR(run.session().Change([&](SessionState& state) { return state.confs.Reset(statement.key); }));
      return NoRows();
    case Action::kResetAll:
      RETURN_IF_ERROR(run.session().Change([](SessionState& state) {
        state.confs.ResetAll();
        return OkStatus();
      }));
      return NoRows();
  }
  return NoRows();
}

Rows RunCommand(StatementRun&, const sql::UnsupportedStatement& statement) {
  return NotImplemented("the statement " + statement.what);
}

}  // namespace ashlar::session
