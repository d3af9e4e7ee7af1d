#include "jobs/attempt.h"

#include "base/error_position.h"
#include "base/id.h"
#include "base/text.h"
#include "workspace/notebook_source.h"

namespace ashlar::jobs {

Result<std::vector<std::string>> StatementsOf(workspace::WorkspaceTree& tree, const http::Principal& principal,
                                              const TaskWork& work) {
  if (work.kind == WorkKind::kSqlFile) {
    ASSIGN_OR_RETURN(workspace::ObjectContent read, tree.Read(principal, work.path));
    if (read.object.row.kind == workspace::ObjectKind::kDirectory) {
      return MakeError(ErrorCode::kInvalidParameterValue, "Path (" + read.object.path + ") is a folder.");
    }
    if (read.object.row.kind == workspace::ObjectKind::kFile) {
      std::vector<std::string> statements = workspace::SplitSqlScript(read.content);
      for (const std::string& sql : statements) {
        if (ToUpperAscii(sql.substr(0, 5)) == "BEGIN") return NotImplemented("compound statements (BEGIN) in SQL files");
      }
      return statements;
    }
  }
  ASSIGN_OR_RETURN(workspace::Notebook notebook, tree.ReadNotebook(principal, work.path));
  if (notebook.language != "SQL") return NotImplemented("jobs with notebooks in " + notebook.language);
  ASSIGN_OR_RETURN(std::vector<std::string> cells, workspace::SplitSqlNotebook(notebook.source));
  std::vector<std::string> statements;
  for (const std::string& cell : cells) {
    for (std::string& sql : workspace::SplitSqlScript(cell)) {
      if (ToUpperAscii(sql.substr(0, 5)) == "BEGIN") return NotImplemented("compound statements (BEGIN) in notebooks");
      statements.push_back(std::move(sql));
    }
  }
  return statements;
}

Attempt::Attempt(compute::Compute& compute, Random& random, std::vector<AttemptStep> steps,
                 std::vector<link::StatementParameter> parameters, Done done)
    : compute_(compute),
      random_(random),
      steps_(std::move(steps)),
      parameters_(std::move(parameters)),
      done_(std::move(done)) {}

void Attempt::Start(statements::SessionRequest request) {
  statements::SqlSession::Open(compute_, random_, std::move(request),
                               [self = shared_from_this()](Result<std::shared_ptr<statements::SqlSession>> session) {
                                 if (!session.ok()) {
                                   self->Fail(session.error());
                                   return;
                                 }
                                 {
                                   std::lock_guard lock(self->mutex_);
                                   self->session_ = *std::move(session);
                                 }
                                 self->Next();
                               });
}

void Attempt::Next() {
  std::shared_ptr<statements::SqlSession> session;
  statements::StatementSpec spec;
  std::optional<AttemptOutcome> over;
  {
    std::lock_guard lock(mutex_);
    session = session_;
    while (next_ < steps_.size() && steps_[next_].committed) ++next_;
    if (stopped_) {
      over = AttemptOutcome{*stopped_, ""};
    } else if (next_ == steps_.size()) {
      over = AttemptOutcome{};
    } else {
      spec.statement_id = current_ = NewUuid(random_);
      spec.commit_uuid = steps_[next_].commit_uuid;
      spec.sql = steps_[next_++].sql;
      spec.parameters = parameters_;
    }
  }
  if (over) return Finish(*std::move(over));
  Status started = session->Execute(spec);
  if (!started.ok()) return Fail(started.error());
  session->AwaitFinal(spec.statement_id, [self = shared_from_this(), session, id = spec.statement_id, sql = spec.sql](
                                             link::StatementStatus status) {
    // Its result is nobody's.
    (void)session->CloseStatement(id).ok();
    if (status.state == link::StatementState::kSucceeded) return self->Next();
    if (status.failure) return self->Fail(*status.failure, sql);
    self->Finish({TaskState::kFailed, "The statement was canceled."});
  });
}

void Attempt::Stop(TaskState state) {
  std::shared_ptr<statements::SqlSession> session;
  std::string current;
  {
    std::lock_guard lock(mutex_);
    if (!stopped_) stopped_ = state;
    session = session_;
    current = current_;
  }
  // A statement that is over, or not begun, is seen by Next.
  if (session && !current.empty()) (void)session->Cancel(current).ok();
}

void Attempt::Fail(const Error& error, const std::string& sql) {
  AttemptOutcome outcome{TaskState::kFailed, PositionedMessage(error, sql)};
  outcome.cut_off = error.code == ErrorCode::kTemporarilyUnavailable;
  Finish(std::move(outcome));
}

void Attempt::Finish(AttemptOutcome outcome) {
  Done done;
  std::shared_ptr<statements::SqlSession> session;
  {
    std::lock_guard lock(mutex_);
    if (stopped_) outcome.state = *stopped_;
    done = std::exchange(done_, nullptr);
    session = std::move(session_);
  }
  CHECK(done != nullptr) << "an attempt ends once";
  if (session) session->Fence();
  done(std::move(outcome));
}

}  // namespace ashlar::jobs
