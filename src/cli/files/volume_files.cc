#include "cli/files/volume_files.h"

#include "base/json.h"
#include "base/text.h"
#include "cli/terminal.h"

namespace ashlar::cli {
namespace {

std::string FileTarget(const std::string& path) { return "/api/2.0/fs/files" + PercentEncode(path, "/"); }
std::string FolderTarget(const std::string& path) { return "/api/2.0/fs/directories" + PercentEncode(path, "/"); }

bool NoInterrupt() { return PendingInterrupts() == 0; }

}  // namespace

Status VolumeFiles::Call(const std::string& method, const std::string& target) {
  ASSIGN_OR_RETURN(http::ClientResponse response, client_.http().Call({.method = method, .target = target}));
  return OkStatus();
}

Result<EntryKind> VolumeFiles::Kind(const std::string& path) {
  for (const auto& [target, kind] : {std::pair(FileTarget(path), EntryKind::kFile), std::pair(FolderTarget(path), EntryKind::kFolder)}) {
    ASSIGN_OR_RETURN(http::ClientResponse response, client_.http().Send({.method = "HEAD", .target = target}));
    if (response.status / 100 == 2) return kind;
    if (response.status == 401 || response.status == 403 || response.status >= 500) {
      // A HEAD has no body to say why: the listing does.
      ASSIGN_OR_RETURN(std::vector<FileEntry> entries, List(path));
      return EntryKind::kFolder;
    }
  }
  return EntryKind::kNone;
}

Result<std::vector<FileEntry>> VolumeFiles::List(const std::string& path) {
  std::vector<FileEntry> entries;
  RETURN_IF_ERROR(client_.ForEach(FolderTarget(path), "contents", [&](const Json& item) {
    entries.push_back({item.value("name", ""), item.value("is_directory", false), item.value("file_size", uint64_t{0}),
                       item.value("last_modified", int64_t{0})});
    return OkStatus();
  }));
  return entries;
}

Status VolumeFiles::MakeFolder(const std::string& path) { return Call("PUT", FolderTarget(path)); }
Status VolumeFiles::RemoveFile(const std::string& path) { return Call("DELETE", FileTarget(path)); }
Status VolumeFiles::RemoveFolder(const std::string& path) { return Call("DELETE", FolderTarget(path)); }

Status VolumeFiles::Download(const std::string& path, const ByteWriter& write) {
  ASSIGN_OR_RETURN(http::ClientResponse response, client_.http().Call({.target = FileTarget(path), .download = write, .keep_going = NoInterrupt}));
  return OkStatus();
}

Status VolumeFiles::Upload(const std::string& path, const ByteReader& read, std::optional<uint64_t> size, bool overwrite) {
  http::ClientRequest request{.method = "PUT", .target = FileTarget(path)};
  if (overwrite) request.target += "?overwrite=true";
  request.headers.Set("Content-Type", "application/octet-stream");
  request.upload = read;
  request.upload_size = size;
  request.keep_going = NoInterrupt;
  ASSIGN_OR_RETURN(http::ClientResponse response, client_.http().Call(std::move(request)));
  return OkStatus();
}

}  // namespace ashlar::cli
