#include "delta/log/after_commit.h"

#include "base/text.h"
#include "delta/log/checkpoint.h"
#include "delta/log/cleanup.h"
#include "delta/log/file_name.h"
#include "delta/log/version_checksum.h"
#include "objectstore/hints.h"

namespace ashlar::delta {
namespace {

constexpr int64_t kDefaultCheckpointInterval = 10;

// The checksum of the version before; nullopt when neither the snapshot nor a file knows it.
std::optional<VersionChecksum> ChecksumBefore(const TableLocation& table, const NewVersion& commit) {
  if (commit.version == 0) {
    VersionChecksum nothing;
    nothing.transactions.emplace();
    nothing.domains.emplace();
    nothing.num_deletion_vectors = 0;
    nothing.num_deleted_records = 0;
    nothing.deleted_record_counts.emplace().fill(0);
    return nothing;
  }
  if (commit.base != nullptr && commit.base->version() == commit.version - 1) return ChecksumOf(*commit.base);
  Result<std::string> text = table.store->Read(
      objectstore::JoinPath(LogDirectory(table.root), ChecksumFileName(commit.version - 1)));
  if (!text.ok()) return std::nullopt;
  Result<VersionChecksum> parsed = ParseChecksum(*text);
  return parsed.ok() ? std::optional(*std::move(parsed)) : std::nullopt;
}

Status WriteChecksum(const TableLocation& table, const NewVersion& commit) {
  std::optional<VersionChecksum> before = ChecksumBefore(table, commit);
  if (!before) return OkStatus();
  std::optional<VersionChecksum> after = ChecksumAfter(*std::move(before), commit.actions);
  if (!after) return OkStatus();
  std::string path = objectstore::JoinPath(LogDirectory(table.root), ChecksumFileName(commit.version));
  // Worth no sync: a version without a checksum is whole, and a torn one is no JSON object (ParseChecksum).
  ASSIGN_OR_RETURN(objectstore::PutOutcome outcome, objectstore::PutHint(*table.store, path, ChecksumText(*after)));
  (void)outcome;  // whoever wrote it first, it says the same
  return OkStatus();
}

int64_t CheckpointInterval(const NewVersion& commit) {
  const StringMap* configuration = commit.base == nullptr ? nullptr : &commit.base->metadata().configuration;
  for (const Action& action : commit.actions) {
    if (const auto* metadata = std::get_if<Metadata>(&action)) configuration = &metadata->configuration;
  }
  if (configuration == nullptr) return kDefaultCheckpointInterval;
  auto it = configuration->find("delta.checkpointInterval");
  if (it == configuration->end()) return kDefaultCheckpointInterval;
  return ParseInt64(it->second).value_or(kDefaultCheckpointInterval);
}

}  // namespace

std::optional<Error> AfterCommit(const TableLocation& table, const NewVersion& commit, const Clock& clock,
                                 Random& random) {
  Status checksum = WriteChecksum(table, commit);
  int64_t interval = CheckpointInterval(commit);
  bool due = commit.version > 0 && interval > 0 && commit.version % interval == 0;
  if (due) {
    Result<std::shared_ptr<const Snapshot>> snapshot =
        commit.base == nullptr ? Snapshot::Load(table) : Snapshot::Update(table, commit.base);
    if (!snapshot.ok()) return std::move(snapshot).error();
    Status written = WriteCheckpoint(table, **snapshot, {.now_ms = clock.NowMs(), .random = random});
    if (!written.ok()) return std::move(written).error();
    Status cleaned = CleanUpLog(table, **snapshot, clock.NowMs());
    if (!cleaned.ok()) return std::move(cleaned).error();
  }
  if (!checksum.ok()) return std::move(checksum).error();
  return std::nullopt;
}

}  // namespace ashlar::delta
