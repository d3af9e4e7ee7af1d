// The path rules of a Delta log, in one place: one decode on read, one encode on write. Values of
// partition columns are never taken from paths.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ashlar::delta {

// The path a log entry names: percent-decoded, with "file:" taken off. nullopt for a broken escape.
std::optional<std::string> DecodeLogPath(std::string_view log_path);

// The log entry for a file of the table. `relative_path` is its real name below the table's root.
std::string EncodeLogPath(std::string_view relative_path);

// The log entry for a file of another table, as a shallow clone names it: the URL of an object, or of a local file an
// absolute URI without an authority, "file:/…". delta-spark compares the text with its own when it marks rows, and knows
// no "file:///…".
std::string EncodeAbsoluteLogPath(std::string_view path);

// The folder of the table that an absolute log entry is of, as far as the entry shows: without the file's name and the
// folders "key=value" above it; a canonical path or URL. nullopt for a relative entry, or one that names nothing.
std::optional<std::string> OtherTableFolder(std::string_view log_path);

// The path of a log entry of the table at `root` (absolute or the URL of an object store, no trailing slash),
// "." and ".." folded where there are folders; URLs of object stores in the form of objectstore/store_url.h.
// `source_roots`: of a shallow clone, the folders of the tables whose files it may name, by absolute paths; what a log
// alone says opens no folder but its table's own. Errors: kPermissionDenied when the file lies in none of them;
// DELTA_CANNOT_RECONSTRUCT_PATH_FROM_URI for a broken escape or a foreign scheme.
Result<std::string> ResolveLogPath(std::string_view root, std::string_view log_path,
                                   std::span<const std::string> source_roots = {});

}  // namespace ashlar::delta
