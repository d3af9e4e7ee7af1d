#include <algorithm>

#include "archive.h"
#include "base/json.h"
#include "delta/log/checkpoint.h"
#include "delta/log/last_checkpoint.h"
#include "delta/log/log_segment.h"
#include "delta/log/version_checksum.h"
#include "entries.h"

namespace ashlar::fuzz {
namespace {

using delta::CheckpointForm;

// A checkpoint of ours alone is the same table as the log it was made of.
void CheckRewritten(ArchiveTable& made, const delta::Snapshot& snapshot, CheckpointForm form) {
  FakeClock clock(kNowMs);
  delta::TestTable alone(clock);
  delta::CheckpointRequest request{.now_ms = kNowMs, .random = made.random, .form = form, .sidecar_actions = 3};
  Status written = delta::WriteCheckpoint(alone.location(), snapshot, request);
  if (!written.ok()) return;
  auto loaded = alone.Load();
  CHECK(loaded.ok()) << FullMessage(loaded.error());
  Visit(**loaded);
  CHECK_EQ((*loaded)->version(), snapshot.version());
  CHECK((*loaded)->metadata() == snapshot.metadata());
  CHECK((*loaded)->protocol() == snapshot.protocol());
  CHECK_EQ((*loaded)->files().size(), snapshot.files().size());
}

}  // namespace

void FuzzCheckpoint(std::string_view archive) {
  for (const auto& [name, text] : FilesOf(archive)) {
    (void)delta::CanonicalJsonChecksum(text);
    Result<delta::VersionChecksum> sum = delta::ParseChecksum(text);
    if (sum.ok()) CHECK(delta::ParseChecksum(delta::ChecksumText(*sum)).ok());
  }
  ArchiveTable made(archive);
  auto snapshot = made.table.Load();
  if (!snapshot.ok()) return;
  Visit(**snapshot);
  delta::ChecksumText(delta::ChecksumOf(**snapshot));
  for (CheckpointForm form : {CheckpointForm::kClassic, CheckpointForm::kV2Json, CheckpointForm::kV2Parquet}) {
    CheckRewritten(made, **snapshot, form);
  }
}

}  // namespace ashlar::fuzz
