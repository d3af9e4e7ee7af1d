// Durable file operations on the local file system. Errors are kIoError with the path and errno's
// text; a full disk says so.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace ashlar {

Result<std::string> ReadFile(const std::string& path);
// Writes `bytes` to a temporary file beside `path`, fsyncs it, renames it over `path` and fsyncs the
// directory: after a crash the file is the old or the new one, whole.
Status WriteFileDurably(const std::string& path, std::string_view bytes);
// Makes the file's bytes survive a power loss.
Status SyncFile(const std::string& path);
// Begins to write to the disk what the file has, so that a sync finds little left. Best effort.
void BeginSync(const std::string& path);
// Makes the names in a directory survive a power loss.
Status SyncDirectory(const std::string& path);
// Creates the directory and its parents; existing ones are fine. `mode` as for mkdir(2).
Status MakeDirectories(const std::string& path, unsigned mode = 0755);

// kIoError, "<operation> <path>: <text of errno>"; kResourceExhausted for a full disk.
Error ErrnoError(std::string_view operation, std::string_view path);

}  // namespace ashlar
