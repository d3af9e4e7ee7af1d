#include "workspace/upload_sessions.h"

#include "base/id.h"

namespace ashlar::workspace {
namespace {

constexpr int64_t kIdleMs = 6 * 3'600'000;
constexpr size_t kTokenBytes = 24;
constexpr size_t kEtagBytes = 16;

Error NoSession() { return MakeError(ErrorCode::kNotFound, "The upload session does not exist or is over"); }

}  // namespace

Result<UploadSessions::Session*> UploadSessions::Find(const std::string& token) {
  auto found = sessions_.find(token);
  if (found == sessions_.end()) return NoSession();
  found->second.used_ms = clock_.NowMs();
  return &found->second;
}

Result<std::string> UploadSessions::Start(UploadTarget target) {
  // What would be refused at the end is refused before gigabytes are sent.
  RETURN_IF_ERROR(files_.Begin(target.path, target.existing));
  std::string token = NewHex(random_, kTokenBytes);
  std::lock_guard lock(mutex_);
  int64_t now_ms = clock_.NowMs();
  std::erase_if(sessions_, [&](const auto& entry) { return now_ms - entry.second.used_ms > kIdleMs; });
  sessions_.emplace(token, Session{std::move(target), now_ms, {}});
  return token;
}

Status UploadSessions::Check(const std::string& token, int64_t owner_id) {
  std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(Session * session, Find(token));
  return session->target.owner_id == owner_id ? OkStatus() : Status(NoSession());
}

Result<std::shared_ptr<UploadSessions::Part>> UploadSessions::OpenPart(const std::string& token, int64_t number) {
  if (number < 1 || number > kMaxParts) {
    return MakeError(ErrorCode::kInvalidParameterValue,
                     "part_number must be between 1 and " + std::to_string(kMaxParts));
  }
  std::string path;
  {
    std::lock_guard lock(mutex_);
    ASSIGN_OR_RETURN(Session * session, Find(token));
    path = session->target.path;
  }
  ASSIGN_OR_RETURN(FileHandle file, files_.OpenPart(path));
  return std::make_shared<Part>(Part{NewHex(random_, kEtagBytes), std::move(file)});
}

Status UploadSessions::KeepPart(const std::string& token, int64_t number, std::shared_ptr<Part> part) {
  std::lock_guard lock(mutex_);
  ASSIGN_OR_RETURN(Session * session, Find(token));
  std::swap(session->parts[number], part);
  return OkStatus();
}

Status UploadSessions::Complete(const std::string& token, const UploadTarget& target,
                                const std::vector<SentPart>& parts) {
  std::vector<std::shared_ptr<Part>> kept;
  Existing existing = target.existing;
  {
    std::lock_guard lock(mutex_);
    ASSIGN_OR_RETURN(Session * session, Find(token));
    if (session->target.owner_id != target.owner_id || session->target.path != target.path) return NoSession();
    existing = session->target.existing;
    int64_t last = 0;
    for (const SentPart& sent : parts) {
      auto part = session->parts.find(sent.number);
      bool as_sent = part != session->parts.end() && part->second->etag == sent.etag && sent.number > last;
      if (!as_sent) {
        return MakeError(ErrorCode::kInvalidParameterValue,
                         "Part " + std::to_string(sent.number) + " was not sent, was sent again, or is out of order");
      }
      last = sent.number;
      kept.push_back(part->second);
    }
  }
  ASSIGN_OR_RETURN(auto file, files_.Begin(target.path, existing));
  for (const auto& part : kept) RETURN_IF_ERROR(file->Append(part->file));
  RETURN_IF_ERROR(file->Publish());
  return Abort(token);
}

Status UploadSessions::Abort(const std::string& token) {
  std::lock_guard lock(mutex_);
  return sessions_.erase(token) > 0 ? OkStatus() : Status(NoSession());
}

}  // namespace ashlar::workspace
