// The path rules of a Delta log, in one place: one decode on read, one encode on write. Values of
// partition columns are never taken from paths.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ashlar::delta {

// The path a log entry names: percent-decoded, with "file:" taken off. nullopt for a broken escape.
std::optional<std::string> DecodeLogPath(std::string_view log_path);

// The log entry for a file of the table. `relative_path` is its real name below the table's root.
std::string EncodeLogPath(std::string_view relative_path);

// The path of a log entry of the table at `root` (absolute or the URL of an object store, no trailing slash),
// "." and ".." folded where there are folders. Errors: kPermissionDenied when the file lies outside of the table (shallow clones are not
// supported); DELTA_CANNOT_RECONSTRUCT_PATH_FROM_URI for a broken escape or a foreign scheme.
Result<std::string> ResolveLogPath(std::string_view root, std::string_view log_path);

}  // namespace ashlar::delta
