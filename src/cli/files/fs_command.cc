#include "cli/files/fs_command.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "base/clock.h"
#include "base/file.h"
#include "cli/files/location.h"
#include "cli/files/transfer.h"
#include "cli/files/volume_files.h"
#include "cli/sql/text_width.h"
#include "cli/terminal.h"

namespace ashlar::cli {
namespace {

constexpr int kInterruptedExit = 130;

Error Bad(std::string message) { return MakeError(ErrorCode::kInvalidParameterValue, std::move(message)); }

Result<WorkspaceClient> Connect(const FsOptions& options) {
  ASSIGN_OR_RETURN(Connection connection, ResolveConnection(options.connection, ProcessEnvironment()));
  return WorkspaceClient(std::move(connection));
}

Result<Location> RemoteLocation(const std::string& text) {
  ASSIGN_OR_RETURN(Location location, ParseLocation(text));
  if (!location.remote) return Bad(text + " is not in the workspace: remote paths are /Volumes/CATALOG/SCHEMA/VOLUME/…");
  return location;
}

int ExitWith(const Status& status) {
  if (status.ok()) return 0;
  Complain(status.error().message);
  return status.error().code == ErrorCode::kCancelled ? kInterruptedExit : 1;
}

Result<EntryKind> KindOf(WorkspaceClient& client, const Location& location) {
  if (location.remote) return VolumeFiles(client).Kind(location.path);
  struct stat status {};
  if (stat(location.path.c_str(), &status) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return EntryKind::kNone;
    return ErrnoError("stat", location.path);
  }
  return S_ISDIR(status.st_mode) ? EntryKind::kFolder : EntryKind::kFile;
}

Result<std::vector<FileEntry>> ListLocal(const std::string& path) {
  std::vector<FileEntry> entries;
  std::error_code code;
  for (std::filesystem::directory_iterator it(path, code), end; !code && it != end; it.increment(code)) {
    FileEntry entry;
    entry.name = it->path().filename().string();
    std::error_code ignored;
    entry.is_folder = it->is_directory(ignored);
    entries.push_back(std::move(entry));
  }
  if (code) return MakeError(ErrorCode::kIoError, path + ": " + code.message());
  std::ranges::sort(entries, {}, &FileEntry::name);
  return entries;
}

// One run of cp: what was copied, and what went wrong on the way.
class CopyRun {
 public:
  CopyRun(WorkspaceClient& client, const FsOptions& options)
      : client_(client), options_(options), transfer_(client, options.overwrite, [this](size_t bytes) { Moved(bytes); }) {}

  // A file that fails is named, and the others are still copied.
  Status Copy(const Location& from, Location to) {
    ASSIGN_OR_RETURN(EntryKind kind, KindOf(client_, from));
    if (kind == EntryKind::kNone) return MakeError(ErrorCode::kNotFound, from.path + " does not exist");
    if (kind == EntryKind::kFolder) {
      if (!options_.recursive) return Bad(from.path + " is a folder; -r copies folders");
      if (from.remote == to.remote && (to.path + "/").starts_with(from.path + "/")) {
        return Bad("a folder cannot be copied into itself: " + to.path);
      }
      return CopyFolder(from, to);
    }
    ASSIGN_OR_RETURN(EntryKind target, KindOf(client_, to));
    if (target == EntryKind::kFolder || to.names_folder) to = Child(to, BaseName(from.path));
    return CopyFile(from, to);
  }

  int Finish() {
    progress_.Clear();
    return failed_ ? 1 : 0;
  }

 private:
  Status CopyFolder(const Location& from, const Location& to) {
    RETURN_IF_ERROR(to.remote ? VolumeFiles(client_).MakeFolder(to.path) : MakeDirectories(to.path));
    Result<std::vector<FileEntry>> entries = from.remote ? VolumeFiles(client_).List(from.path) : ListLocal(from.path);
    if (!entries.ok()) return entries.error();
    for (const FileEntry& entry : *entries) {
      if (from.remote && (entry.name.empty() || entry.name.find('/') != std::string::npos || entry.name == "..")) {
        return Bad("the server listed a name that is none: " + entry.name);
      }
      if (entry.is_folder) {
        RETURN_IF_ERROR(CopyFolder(Child(from, entry.name), Child(to, entry.name)));
      } else {
        RETURN_IF_ERROR(CopyFile(Child(from, entry.name), Child(to, entry.name)));
      }
    }
    return OkStatus();
  }

  // Only Ctrl-C is an error to the folder that is being copied.
  Status CopyFile(const Location& from, const Location& to) {
    name_ = Printable(BaseName(from.path));
    Status copied = transfer_.Copy(from, to);
    if (copied.ok()) return copied;
    progress_.Clear();
    if (copied.error().code == ErrorCode::kCancelled) return copied;
    Complain(from.path + " → " + to.path + ": " + copied.error().message);
    failed_ = true;
    return OkStatus();
  }

  void Moved(size_t bytes) {
    moved_ += bytes;
    progress_.Show(BytesText(moved_) + "  " + name_);
  }

  WorkspaceClient& client_;
  const FsOptions& options_;
  Transfer transfer_;
  ProgressLine progress_;
  std::string name_;
  uint64_t moved_ = 0;
  bool failed_ = false;
};

Status RemoveAll(VolumeFiles& files, const std::string& folder) {
  ASSIGN_OR_RETURN(std::vector<FileEntry> entries, files.List(folder));
  for (const FileEntry& entry : entries) {
    std::string path = folder + "/" + entry.name;
    RETURN_IF_ERROR(entry.is_folder ? RemoveAll(files, path) : files.RemoveFile(path));
  }
  // A volume's root stays; emptying it is what was asked for.
  bool root = std::ranges::count(folder, '/') <= 4;
  return root ? OkStatus() : files.RemoveFolder(folder);
}

Status List(const FsOptions& options) {
  ASSIGN_OR_RETURN(Location location, RemoteLocation(options.path));
  ASSIGN_OR_RETURN(WorkspaceClient client, Connect(options));
  ASSIGN_OR_RETURN(std::vector<FileEntry> entries, VolumeFiles(client).List(location.path));
  std::string text;
  for (const FileEntry& entry : entries) {
    if (options.details) {
      std::string size = entry.is_folder ? "-" : std::to_string(entry.size);
      text += std::string(size.size() < 14 ? 14 - size.size() : 0, ' ') + size + "  " + FormatUtcMs(entry.modified_ms) + "  ";
    }
    text += (IsTerminal(1) ? Printable(entry.name) : entry.name) + (entry.is_folder ? "/\n" : "\n");
  }
  return WriteOut(text);
}

Status Cat(const FsOptions& options) {
  ASSIGN_OR_RETURN(Location location, RemoteLocation(options.path));
  ASSIGN_OR_RETURN(WorkspaceClient client, Connect(options));
  return VolumeFiles(client).Download(location.path, WriteOut);
}

Status MakeFolder(const FsOptions& options) {
  ASSIGN_OR_RETURN(Location location, RemoteLocation(options.path));
  ASSIGN_OR_RETURN(WorkspaceClient client, Connect(options));
  return VolumeFiles(client).MakeFolder(location.path);
}

Status Remove(const FsOptions& options) {
  ASSIGN_OR_RETURN(Location location, RemoteLocation(options.path));
  ASSIGN_OR_RETURN(WorkspaceClient client, Connect(options));
  VolumeFiles files(client);
  ASSIGN_OR_RETURN(EntryKind kind, files.Kind(location.path));
  if (kind == EntryKind::kNone) return MakeError(ErrorCode::kNotFound, location.path + " does not exist");
  if (kind == EntryKind::kFile) return files.RemoveFile(location.path);
  return options.recursive ? RemoveAll(files, location.path) : files.RemoveFolder(location.path);
}

Result<int> Copy(const FsOptions& options) {
  ASSIGN_OR_RETURN(Location from, ParseLocation(options.path));
  ASSIGN_OR_RETURN(Location to, ParseLocation(options.target));
  if (!from.remote && !to.remote) {
    return Bad("both " + from.path + " and " + to.path + " are on this machine; remote paths are /Volumes/CATALOG/SCHEMA/VOLUME/…");
  }
  ASSIGN_OR_RETURN(WorkspaceClient client, Connect(options));
  CatchInterrupts();
  CopyRun run(client, options);
  RETURN_IF_ERROR(run.Copy(from, to));
  return run.Finish();
}

}  // namespace

int RunFsList(const FsOptions& options) { return ExitWith(List(options)); }
int RunFsCat(const FsOptions& options) { return ExitWith(Cat(options)); }
int RunFsMakeFolder(const FsOptions& options) { return ExitWith(MakeFolder(options)); }
int RunFsRemove(const FsOptions& options) { return ExitWith(Remove(options)); }

int RunFsCopy(const FsOptions& options) {
  Result<int> exit = Copy(options);
  return exit.ok() ? *exit : ExitWith(exit.error());
}

}  // namespace ashlar::cli
