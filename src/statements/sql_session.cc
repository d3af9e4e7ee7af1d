#include "statements/sql_session.h"

#include "base/check.h"
#include "base/id.h"

namespace ashlar::statements {
namespace {

constexpr int64_t kPollMs = 10'000;

link::StatementStatus DriverLost() {
  link::StatementStatus status;
  status.state = link::StatementState::kFailed;
  status.failure = MakeError(ErrorCode::kTemporarilyUnavailable,
                             "The driver of the cluster or warehouse ended while the statement ran. Nothing it had not "
                             "committed counts; the next statement gets a new driver.");
  return status;
}

}  // namespace

SqlSession::SqlSession(compute::Compute& compute, SessionRequest request, compute::Attachment attachment, std::string id)
    : compute_(compute), request_(std::move(request)), attachment_(std::move(attachment)), id_(std::move(id)) {}

SqlSession::~SqlSession() {
  // A driver that is gone has closed it already.
  if (opened_) (void)attachment_.driver->client->CloseSession(id_).ok();
  compute_.Detach(attachment_);
}

void SqlSession::Open(compute::Compute& compute, Random& random, SessionRequest request, Opened done) {
  std::string id = NewUuid(random);
  compute.Attach(request.kind, request.resource_id, request.principal, request.purpose,
                 [&compute, request, id, done = std::move(done)](Result<compute::Attachment> attachment) {
                   if (!attachment.ok()) {
                     done(attachment.error());
                     return;
                   }
                   std::shared_ptr<SqlSession> session(new SqlSession(compute, request, *attachment, id));
                   session->self_ = session;
                   done(std::move(session));
                 });
}

link::StatementRequest SqlSession::RequestOf(const StatementSpec& statement) const {
  return {id_, statement.statement_id, statement.sql, statement.parameters,
          statement.row_limit, statement.byte_limit, statement.commit_uuid, std::nullopt};
}

link::SessionOptions SqlSession::Options() const {
  return {attachment_.handle, id_, request_.principal.name, request_.catalog, request_.schema, request_.confs};
}

SqlSession::Answered SqlSession::Explaining(Answered done) const {
  return [self = self_.lock(), done = std::move(done)](Result<link::StatementStatus> status) {
    self->compute_.Touch(self->request_.kind, self->request_.resource_id);
    if (!status.ok() && status.error().code == ErrorCode::kTemporarilyUnavailable) {
      done(DriverLost());
    } else {
      done(std::move(status));
    }
  };
}

Status SqlSession::Execute(const StatementSpec& statement) {
  compute_.Touch(request_.kind, request_.resource_id);
  link::StatementRequest request = RequestOf(statement);
  std::unique_lock lock(mutex_);
  if (opened_) {
    lock.unlock();
    return attachment_.driver->client->Execute(request);
  }
  request.open = Options();
  RETURN_IF_ERROR(attachment_.driver->client->Execute(request));
  opened_ = true;
  return OkStatus();
}

Status SqlSession::Run(const StatementSpec& statement, int64_t wait_ms, bool with_first_chunk, Answered done) {
  compute_.Touch(request_.kind, request_.resource_id);
  link::StatementRequest request = RequestOf(statement);
  {
    std::lock_guard lock(mutex_);
    CHECK(!opened_) << "a session's only statement opens it";
    opened_ = true;
  }
  request.open = Options();
  return attachment_.driver->client->Run(request, wait_ms, with_first_chunk, Explaining(std::move(done)));
}

void SqlSession::Await(const std::string& statement_id, int64_t wait_ms, bool with_first_chunk, Answered done) {
  attachment_.driver->client->GetStatement(statement_id, wait_ms, with_first_chunk, Explaining(std::move(done)));
}

void SqlSession::AwaitFinal(const std::string& statement_id, std::function<void(link::StatementStatus)> done) {
  Await(statement_id, kPollMs, true, [self = self_.lock(), statement_id, done](Result<link::StatementStatus> status) {
    if (!status.ok()) {
      link::StatementStatus failed;
      failed.state = link::StatementState::kFailed;
      failed.failure = status.error();
      done(std::move(failed));
    } else if (link::IsFinal(status->state)) {
      done(*std::move(status));
    } else {
      self->AwaitFinal(statement_id, done);
    }
  });
}

Result<std::string> SqlSession::FetchChunk(const std::string& statement_id, int64_t index) {
  compute_.Touch(request_.kind, request_.resource_id);
  return attachment_.driver->client->FetchChunk(statement_id, index);
}

Status SqlSession::Cancel(const std::string& statement_id) {
  return attachment_.driver->client->CancelStatement(statement_id);
}

Status SqlSession::CloseStatement(const std::string& statement_id) {
  return attachment_.driver->client->CloseStatement(statement_id);
}

void SqlSession::Fence() { compute_.Detach(attachment_); }

}  // namespace ashlar::statements
