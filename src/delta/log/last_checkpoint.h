// _last_checkpoint: the hint that saves readers a listing (Delta protocol, "Last Checkpoint File"). Never
// trusted: what it names is looked for, and a corrupt one is no hint.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "delta/snapshot.h"

namespace ashlar::delta {

struct LastCheckpoint {
  int64_t version = 0;
  int64_t size = 0;  // actions, those in sidecars included
  int64_t size_in_bytes = 0;
  int64_t add_file_count = 0;
  // The top file of a checkpoint named by a UUID.
  std::optional<std::string> v2_name;
  int64_t v2_size_in_bytes = 0;
  int64_t v2_modified_ms = 0;
};

std::string LastCheckpointText(const LastCheckpoint& checkpoint);
// The MD5 over the canonical form of a JSON object without its member "checksum"; nullopt for other text.
std::optional<std::string> CanonicalJsonChecksum(std::string_view json);

// The version the hint names; nullopt when it is absent, torn, or its checksum is wrong.
std::optional<int64_t> ReadCheckpointHint(const TableLocation& table);
// Points to the checkpoint unless the hint names a newer one already: a slow writer must not send
// everybody to the past.
Status AdvanceCheckpointHint(const TableLocation& table, const LastCheckpoint& checkpoint);

}  // namespace ashlar::delta
