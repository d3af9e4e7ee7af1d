// The files below a table's folder on the local file system, listed, copied and deleted without ever leaving it:
// each folder is opened from its parent, and links are neither followed nor touched.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace ashlar::delta {

struct FolderFilter {
  std::function<bool(const std::string& name)> is_hidden;  // not entered, not listed
  std::function<bool(const std::string& path)> is_needed;  // not listed; spares the stat
  int64_t older_than_ms = 0;
};
struct FolderFile {
  std::string path;  // below the root
  int64_t size = 0;
};
struct FolderContents {
  std::vector<FolderFile> files;
  std::vector<std::string> empty_folders;  // that old, too
  int64_t folder_count = 0;                // entered, the root included
};
Result<FolderContents> ListFolder(const std::string& root, const FolderFilter& filter);

// nullopt when there is no regular file of that name.
Result<std::optional<int64_t>> FileSize(const std::string& root, const std::string& path);

// Gives the number of files deleted; missing ones count as deleted by somebody else.
Result<int64_t> UnlinkFiles(const std::string& root, const std::vector<std::string>& paths,
                            const std::function<bool()>& cancelled);
// File descriptors for the caller to close: a regular file of the table, to read; a new one, to write. No link is followed.
Result<int> OpenTableFile(const std::string& root, const std::string& path);
Result<int> CreateTableFile(const std::string& path);
// Copies a regular file of one table into the folder of another, where no file has the name; durable when
// it returns, but for the target's folders. Gives the number of bytes.
Result<int64_t> CopyTableFile(const std::string& from_root, const std::string& from_path, const std::string& to_path);

// Those that are not empty any more stay.
void RemoveEmptyFolders(const std::string& root, const std::vector<std::string>& folders);

}  // namespace ashlar::delta
