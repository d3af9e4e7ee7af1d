#include "workspace/volume_files.h"

#include <unistd.h>

#include <cerrno>

#include "base/file.h"
#include "objectstore/store_url.h"
#include "workspace/store_files.h"

namespace ashlar::workspace {
namespace {

using objectstore::IsStorePath;

// The bytes [begin, end) of an open file.
class FileSource final : public http::BodySource {
 public:
  FileSource(FileHandle file, ByteRange range) : file_(std::move(file)), range_(range), length_(range.end - range.begin) {}

  std::optional<uint64_t> size() const override { return static_cast<uint64_t>(length_); }

  Result<size_t> Read(char* out, size_t capacity) override {
    size_t wanted = std::min(capacity, static_cast<size_t>(range_.end - range_.begin));
    if (wanted == 0) return size_t{0};
    ssize_t count = 0;
    do {
      count = pread(file_.get(), out, wanted, range_.begin);
    } while (count < 0 && errno == EINTR);
    if (count < 0) return ErrnoError("read", "a file of a volume");
    if (count == 0) return MakeError(ErrorCode::kIoError, "the file became shorter while it was sent");
    range_.begin += count;
    return static_cast<size_t>(count);
  }

 private:
  FileHandle file_;
  ByteRange range_;
  const int64_t length_;
};

}  // namespace

Result<LocalEntry> VolumeFiles::Stat(const VolumePath& path, const std::string& place) {
  if (!IsStorePath(place)) return StatPath(place);
  // A volume is there before its first file.
  if (path.is_volume_root) return LocalEntry{"", true};
  return StatObject(stores_, place);
}

Result<std::vector<LocalEntry>> VolumeFiles::List(const VolumePath& path, const std::string& place) {
  return IsStorePath(place) ? ListObjectFolder(stores_, path, place) : workspace::ListDirectory(place);
}

Status VolumeFiles::CreateDirectory(const VolumePath& path, const std::string& place) {
  if (!IsStorePath(place)) return workspace::CreateDirectory(place);
  return path.is_volume_root ? OkStatus() : CreateObjectFolder(stores_, place);
}

Status VolumeFiles::Delete(const std::string& place) {
  return IsStorePath(place) ? DeleteObject(stores_, place) : workspace::DeleteFile(place);
}

Status VolumeFiles::DeleteEmptyDirectory(const std::string& place) {
  return IsStorePath(place) ? DeleteObjectFolder(stores_, place) : workspace::DeleteEmptyDirectory(place);
}

Result<VolumeFiles::Readable> VolumeFiles::Open(const std::string& place) {
  if (IsStorePath(place)) {
    ASSIGN_OR_RETURN(objectstore::ObjectInfo object, stores_.Head(place));
    return Readable{{"", false, object.size, object.modified_ms}, nullptr};
  }
  ASSIGN_OR_RETURN(OpenedFile opened, OpenFileForRead(place));
  return Readable{std::move(opened.entry), std::make_unique<FileHandle>(std::move(opened.handle))};
}

std::unique_ptr<http::BodySource> VolumeFiles::Read(Readable file, const std::string& place, ByteRange range) {
  if (!file.file) return ReadObjectRange(stores_, place, range);
  return std::make_unique<FileSource>(std::move(*file.file), range);
}

Result<std::unique_ptr<FileUnderWay>> VolumeFiles::Begin(const std::string& place, Existing existing) {
  if (IsStorePath(place)) return BeginObject(stores_, place, existing);
  ASSIGN_OR_RETURN(auto file, PendingFile::Create(place, existing, random_));
  return std::unique_ptr<FileUnderWay>(std::move(file));
}

Result<FileHandle> VolumeFiles::OpenPart(const std::string& place) {
  return OpenUnnamedBeside(IsStorePath(place) ? staging_folder_ + "/part" : place, random_);
}

}  // namespace ashlar::workspace
