#include "cli/files/transfer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <thread>

#include "base/file.h"
#include "cli/terminal.h"

namespace ashlar::cli {
namespace {

class OpenFile {
 public:
  explicit OpenFile(int fd) : fd_(fd) {}
  ~OpenFile() { Close(); }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int get() const { return fd_; }
  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

Result<size_t> ReadSome(int fd, char* out, size_t capacity) {
  while (true) {
    ssize_t count = read(fd, out, capacity);
    if (count >= 0) return static_cast<size_t>(count);
    if (errno != EINTR) return ErrnoError("read", "the file to copy");
    if (PendingInterrupts() > 0) return MakeError(ErrorCode::kCancelled, "interrupted");
  }
}

// A file that appears under its name only when it is whole.
class PartialFile {
 public:
  static Result<std::unique_ptr<PartialFile>> Create(const std::string& path) {
    std::string partial = path + ".part-" + std::to_string(getpid());
    int fd = open(partial.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) return ErrnoError("open", partial);
    return std::unique_ptr<PartialFile>(new PartialFile(path, partial, fd));
  }
  ~PartialFile() {
    if (!partial_.empty()) unlink(partial_.c_str());
  }

  Status Write(std::string_view bytes) { return WriteTo(file_.get(), bytes); }

  Status Publish(bool overwrite) {
    if (fsync(file_.get()) != 0) return ErrnoError("fsync", partial_);
    file_.Close();
    int done = overwrite ? rename(partial_.c_str(), path_.c_str()) : link(partial_.c_str(), path_.c_str());
    if (done != 0 && errno == EEXIST) return MakeError(ErrorCode::kAlreadyExists, path_ + " exists; --overwrite replaces it");
    if (done != 0) return ErrnoError(overwrite ? "rename" : "link", path_);
    if (!overwrite) unlink(partial_.c_str());
    partial_.clear();
    size_t slash = path_.rfind('/');
    return SyncDirectory(slash == std::string::npos ? "." : path_.substr(0, std::max<size_t>(slash, 1)));
  }

 private:
  PartialFile(std::string path, std::string partial, int fd) : path_(std::move(path)), partial_(std::move(partial)), file_(fd) {}

  const std::string path_;
  std::string partial_;
  OpenFile file_;
};

}  // namespace

Status Transfer::Upload(const std::string& from, const std::string& to) {
  OpenFile file(open(from.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return ErrnoError("open", from);
  struct stat status {};
  if (fstat(file.get(), &status) != 0) return ErrnoError("stat", from);
  if (S_ISDIR(status.st_mode)) return MakeError(ErrorCode::kInvalidParameterValue, from + " is a folder; -r copies folders");
  std::optional<uint64_t> size;  // a pipe has none
  if (S_ISREG(status.st_mode)) size = static_cast<uint64_t>(status.st_size);
  auto read = [&](char* out, size_t capacity) -> Result<size_t> {
    ASSIGN_OR_RETURN(size_t count, ReadSome(file.get(), out, capacity));
    moved_(count);
    return count;
  };
  return VolumeFiles(client_).Upload(to, read, size, overwrite_);
}

Status Transfer::Download(const std::string& from, const std::string& to) {
  struct stat status {};
  if (!overwrite_ && lstat(to.c_str(), &status) == 0) {
    return MakeError(ErrorCode::kAlreadyExists, to + " exists; --overwrite replaces it");
  }
  ASSIGN_OR_RETURN(std::unique_ptr<PartialFile> file, PartialFile::Create(to));
  RETURN_IF_ERROR(VolumeFiles(client_).Download(from, [&](std::string_view bytes) {
    moved_(bytes.size());
    return file->Write(bytes);
  }));
  return file->Publish(overwrite_);
}

// The bytes come down on one connection and go up on another, through a pipe between two threads.
Status Transfer::CopyRemote(const std::string& from, const std::string& to) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return ErrnoError("pipe", from);
  OpenFile source(ends[0]);
  OpenFile sink(ends[1]);
  std::signal(SIGPIPE, SIG_IGN);  // an upload that ends early shows as an error of the download's write
  Status downloaded;
  WorkspaceClient second = client_.Another();
  std::thread download([&] {
    downloaded = VolumeFiles(second).Download(from, [&](std::string_view bytes) { return WriteTo(sink.get(), bytes); });
    sink.Close();
  });
  bool joined = false;
  auto join = [&] {
    if (!joined) download.join();
    joined = true;
  };
  auto read = [&](char* out, size_t capacity) -> Result<size_t> {
    ASSIGN_OR_RETURN(size_t count, ReadSome(source.get(), out, capacity));
    moved_(count);
    if (count > 0) return count;
    // The end of the pipe is the end of the file only when the download was whole.
    join();
    RETURN_IF_ERROR(downloaded);
    return count;
  };
  Status uploaded = VolumeFiles(client_).Upload(to, read, std::nullopt, overwrite_);
  source.Close();
  join();
  return uploaded;
}

Status Transfer::Copy(const Location& from, const Location& to) {
  if (from.remote && to.remote) return CopyRemote(from.path, to.path);
  if (from.remote) return Download(from.path, to.path);
  if (to.remote) return Upload(from.path, to.path);
  return MakeError(ErrorCode::kInvalidParameterValue, "both " + from.path + " and " + to.path + " are on this machine; cp(1) copies those");
}

}  // namespace ashlar::cli
