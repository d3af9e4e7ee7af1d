#include "archive.h"
#include "delta/changes.h"
#include "delta/history.h"
#include "delta/transaction.h"
#include "entries.h"

namespace ashlar::fuzz {
namespace {

using SnapshotPtr = std::shared_ptr<const delta::Snapshot>;

// From each earlier version forward gives what reading the log from its beginning gave.
void CheckUpdates(ArchiveTable& made, const SnapshotPtr& newest) {
  for (int64_t version = newest->version() - 1; version >= 0 && version > newest->version() - 4; --version) {
    Result<SnapshotPtr> older = made.table.Load({.version = version});
    if (!older.ok()) continue;
    Result<SnapshotPtr> updated = delta::Snapshot::Update(made.table.location(), *older);
    if (!made.only_commits) continue;
    CHECK(updated.ok()) << FullMessage(updated.error());
    CheckSame(**updated, *newest);
  }
}

// A commit on top of whatever this is either is refused or is there afterwards.
void CheckAppend(ArchiveTable& made, const SnapshotPtr& newest) {
  delta::StoreCommitter committer(made.table.store);
  delta::Transaction txn(made.table.location(), committer, newest, {.clock = made.clock, .random = made.random});
  delta::AddFile file = delta::FileOf("fuzz-added", 1, 2);
  for (const std::string& column : newest->partition_columns()) {
    int index = newest->schema().IndexOf(column);
    if (index < 0) return;
    file.partition_values[delta::PhysicalName(newest->schema().fields[static_cast<size_t>(index)],
                                              newest->mapping_mode())] = std::nullopt;
  }
  txn.Add(file);
  delta::Operation write;
  write.name = "WRITE";
  txn.SetOperation(std::move(write));
  made.clock.AdvanceMs(1);
  Result<delta::CommitResult> done = txn.Commit();
  if (!done.ok()) return;
  Result<SnapshotPtr> after = made.table.Load();
  CHECK(after.ok()) << FullMessage(after.error());
  CHECK_EQ((*after)->version(), done->version);
  bool there = false;
  for (const delta::AddFile& one : (*after)->files()) there = there || delta::FileKey(one) == delta::FileKey(file);
  CHECK(there);
}

}  // namespace

void FuzzLog(std::string_view archive) {
  ArchiveTable made(archive);
  (void)delta::ReadHistory(made.table.location());
  (void)delta::VersionAtTimestamp(made.table.location(), kNowMs);
  (void)delta::ReadChanges(made.table.location(), 0, std::nullopt);
  Result<SnapshotPtr> newest = made.table.Load();
  if (!newest.ok()) return;
  Visit(**newest);
  CheckUpdates(made, *newest);
  CheckAppend(made, *newest);
}

}  // namespace ashlar::fuzz
