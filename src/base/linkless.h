// Opening a canonical path without following a symbolic link anywhere on the way. Whoever resolved the links
// and decided on what came out opens exactly that: a folder that was swapped for a link since is refused.
#pragma once

#include <string>

#include "base/result.h"

namespace ashlar {

// A descriptor for an absolute path, which the caller closes. `flags` as for open(2), close-on-exec besides;
// `mode` counts with O_CREAT. Errors: kPermissionDenied when a link stands in the way; kNotFound, also when a
// file stands where a folder should; kIoError.
Result<int> OpenWithoutLinks(const std::string& path, int flags, unsigned mode = 0666);

}  // namespace ashlar
