// Where a file of `ashlar fs` lies: on this machine, or in a volume of the workspace.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace ashlar::cli {

struct Location {
  bool remote = false;
  std::string path;            // "/Volumes/main/default/v/a.csv" or a local path; no slash at the end
  bool names_folder = false;   // it was written with a slash at the end
};

// "/Volumes/…" and "dbfs:/Volumes/…" are remote, "file:…" and all else is local. Error: a dbfs: path that
// is in no volume.
Result<Location> ParseLocation(std::string_view text);
// The last part of a path.
std::string BaseName(std::string_view path);
// `name` inside of the folder.
Location Child(const Location& folder, std::string_view name);

}  // namespace ashlar::cli
