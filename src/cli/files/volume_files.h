// VolumeFiles: the Files API, and streams of bytes in and out of it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/workspace_client.h"

namespace ashlar::cli {

enum class EntryKind { kNone, kFile, kFolder };

struct FileEntry {
  std::string name;
  bool is_folder = false;
  uint64_t size = 0;
  int64_t modified_ms = 0;
};

// Fills up to `capacity` bytes; 0 is the end.
using ByteReader = std::function<Result<size_t>(char* out, size_t capacity)>;
using ByteWriter = std::function<Status(std::string_view bytes)>;

// Paths begin with /Volumes/. Ctrl-C, once it is caught, ends a transfer with kCancelled. Not thread safe.
class VolumeFiles {
 public:
  explicit VolumeFiles(WorkspaceClient& client) : client_(client) {}

  Result<EntryKind> Kind(const std::string& path);
  // Sorted by name, as the server gives them.
  Result<std::vector<FileEntry>> List(const std::string& path);
  Status MakeFolder(const std::string& path);
  Status RemoveFile(const std::string& path);
  Status RemoveFolder(const std::string& path);
  Status Download(const std::string& path, const ByteWriter& write);
  // Nothing is left of an upload whose reader failed. Error: kAlreadyExists without `overwrite`.
  Status Upload(const std::string& path, const ByteReader& read, std::optional<uint64_t> size, bool overwrite);

 private:
  Status Call(const std::string& method, const std::string& target);

  WorkspaceClient& client_;
};

}  // namespace ashlar::cli
