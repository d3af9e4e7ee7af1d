// A table whose log is what a fuzzer made up.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "delta/log/test_table.h"

namespace ashlar::fuzz {

using NamedTexts = std::vector<std::pair<std::string, std::string>>;

// What stands below each line "-- NAME --".
NamedTexts FilesOf(std::string_view archive);

inline constexpr int64_t kNowMs = 1700000000000;

struct ArchiveTable {
  explicit ArchiveTable(std::string_view archive);

  FakeClock clock{kNowMs};
  delta::CountingRandom random;
  delta::TestTable table{clock};
  // Nothing but commits: no file that may say something else than they do.
  bool only_commits = true;
};

// Reads everything there is to read of a snapshot.
void Visit(const delta::Snapshot& snapshot);
// CHECKs that two snapshots are the same version of the same table.
void CheckSame(const delta::Snapshot& a, const delta::Snapshot& b);

}  // namespace ashlar::fuzz
