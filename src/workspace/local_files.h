// LocalFiles: what the Files API does to canonical local paths. No component of a path may be a symbolic
// link when it is opened (openat2, RESOLVE_NO_SYMLINKS): who swaps a folder for a link after the path was
// authorised gets an error, never a file elsewhere. Stateless, thread safe.
//
// Errors: kNotFound; kDirectoryNotEmpty; kAlreadyExists; kInvalidParameterValue for a folder where a file
// is meant and the reverse; kResourceExhausted for a full disk; kIoError for the rest.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace ashlar::workspace {

struct LocalEntry {
  std::string name;
  bool is_directory = false;
  int64_t size = 0;
  int64_t modified_ms = 0;
};

// An open descriptor.
class FileHandle {
 public:
  explicit FileHandle(int fd) : fd_(fd) {}
  ~FileHandle();
  FileHandle(FileHandle&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileHandle& operator=(FileHandle&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

struct OpenedFile {
  FileHandle handle;
  LocalEntry entry;
};

Result<OpenedFile> OpenFileForRead(const std::string& path);
Result<LocalEntry> StatPath(const std::string& path);
// Without symbolic links, special files and uploads that are under way, by name (bytes).
Result<std::vector<LocalEntry>> ListDirectory(const std::string& path);
// With its parents; one that is there is fine.
Status CreateDirectory(const std::string& path);
Status DeleteFile(const std::string& path);
Status DeleteEmptyDirectory(const std::string& path);

// A new file without a name, on the disk of `path` and in its folder: gone once it is closed.
Result<FileHandle> OpenUnnamedBeside(const std::string& path, Random& random);

Status WriteTo(const FileHandle& file, std::string_view bytes, const std::string& path);

enum class Existing { kRefuse, kReplace };

// A file that is being written, and appears in its place, durably and whole, by Publish. Gone when destroyed before.
class FileUnderWay {
 public:
  virtual ~FileUnderWay() = default;
  virtual Status Write(std::string_view bytes) = 0;
  // The whole of an open file, whatever its position.
  virtual Status Append(const FileHandle& source);
  virtual Status Publish() = 0;
};

// Written beside its target.
class PendingFile final : public FileUnderWay {
 public:
  static Result<std::unique_ptr<PendingFile>> Create(const std::string& path, Existing existing, Random& random);
  ~PendingFile() override;
  PendingFile(const PendingFile&) = delete;
  PendingFile& operator=(const PendingFile&) = delete;

  Status Write(std::string_view bytes) override;
  Status Append(const FileHandle& source) override;
  Status Publish() override;

 private:
  PendingFile(FileHandle directory, FileHandle file, Existing existing)
      : directory_(std::move(directory)), file_(std::move(file)), existing_(existing) {}

  FileHandle directory_;
  FileHandle file_;
  Existing existing_;
  std::string path_;
  std::string name_;
  std::string temporary_;
};

}  // namespace ashlar::workspace
