#include "workspace/store_files.h"

#include <algorithm>
#include <cstring>
#include <map>

#include "base/check.h"
#include "objectstore/trees.h"
#include "objectstore/uploads.h"

namespace ashlar::workspace {
namespace {

constexpr int64_t kPieceBytes = 4 << 20;

Result<std::vector<objectstore::ObjectInfo>> TreeOf(objectstore::ObjectStore& store, const std::string& folder) {
  auto* trees = dynamic_cast<objectstore::TreeStore*>(&store);
  CHECK(trees != nullptr) << "no object store behind " << folder;
  return trees->ListTree(folder);
}

Error NoSuchObject() { return MakeError(ErrorCode::kNotFound, "The path does not exist"); }

class ObjectSource final : public http::BodySource {
 public:
  ObjectSource(objectstore::ObjectStore& store, std::string path, ByteRange range)
      : store_(store), path_(std::move(path)), range_(range), length_(range.end - range.begin) {}

  std::optional<uint64_t> size() const override { return static_cast<uint64_t>(length_); }

  Result<size_t> Read(char* out, size_t capacity) override {
    if (taken_ == piece_.size()) RETURN_IF_ERROR(Fetch());
    size_t count = std::min(capacity, piece_.size() - taken_);
    std::memcpy(out, piece_.data() + taken_, count);
    taken_ += count;
    return count;
  }

 private:
  // An empty piece at the end.
  Status Fetch() {
    piece_.clear();
    taken_ = 0;
    int64_t wanted = std::min(kPieceBytes, range_.end - range_.begin);
    if (wanted == 0) return OkStatus();
    ASSIGN_OR_RETURN(piece_, store_.ReadRange(path_, range_.begin, wanted));
    range_.begin += static_cast<int64_t>(piece_.size());
    return OkStatus();
  }

  objectstore::ObjectStore& store_;
  const std::string path_;
  ByteRange range_;
  const int64_t length_;
  std::string piece_;
  size_t taken_ = 0;
};

Status RefuseExisting(objectstore::ObjectStore& store, const std::string& path, Existing existing) {
  if (existing == Existing::kReplace) return OkStatus();
  Result<objectstore::ObjectInfo> there = store.Head(path);
  if (there.ok()) return MakeError(ErrorCode::kAlreadyExists, "The file exists already");
  return there.error().code == ErrorCode::kNotFound ? OkStatus() : Status(there.error());
}

class PendingObject final : public FileUnderWay {
 public:
  PendingObject(objectstore::ObjectStore& store, std::string path, Existing existing,
                std::unique_ptr<objectstore::ObjectUpload> upload)
      : store_(store), path_(std::move(path)), existing_(existing), upload_(std::move(upload)) {}

  Status Write(std::string_view bytes) override { return upload_->Append(bytes); }
  Status Publish() override {
    RETURN_IF_ERROR(RefuseExisting(store_, path_, existing_));
    return upload_->Finish();
  }

 private:
  objectstore::ObjectStore& store_;
  const std::string path_;
  const Existing existing_;
  const std::unique_ptr<objectstore::ObjectUpload> upload_;
};

}  // namespace

Result<LocalEntry> StatObject(objectstore::ObjectStore& store, const std::string& path) {
  std::string name = path.substr(path.rfind('/') + 1);
  Result<objectstore::ObjectInfo> object = store.Head(path);
  if (object.ok()) return LocalEntry{std::move(name), false, object->size, object->modified_ms};
  if (object.error().code != ErrorCode::kNotFound) return object.error();
  ASSIGN_OR_RETURN(auto below, TreeOf(store, path));
  if (below.empty()) return NoSuchObject();
  return LocalEntry{std::move(name), true, 0, below[0].modified_ms};
}

Result<std::vector<LocalEntry>> ListObjectFolder(objectstore::ObjectStore& store, const VolumePath& path,
                                                 const std::string& folder) {
  ASSIGN_OR_RETURN(auto objects, TreeOf(store, folder));
  if (objects.empty() && !path.is_volume_root) return NoSuchObject();
  std::map<std::string, LocalEntry> entries;
  for (const objectstore::ObjectInfo& object : objects) {
    size_t slash = object.name.find('/');
    const bool is_file = slash == std::string::npos;
    LocalEntry& entry = entries[object.name.substr(0, slash)];
    entry.name = object.name.substr(0, slash);
    entry.modified_ms = std::max(entry.modified_ms, object.modified_ms);
    // An object and objects below its name: stores allow it, and the object is what is read.
    if (is_file) entry.size = object.size;
    entry.is_directory = !is_file && (entry.is_directory || entry.size == 0);
  }
  std::vector<LocalEntry> listed;
  for (auto& [name, entry] : entries) listed.push_back(std::move(entry));
  return listed;
}

Status CreateObjectFolder(objectstore::ObjectStore& store, const std::string& path) {
  Result<LocalEntry> there = StatObject(store, path);
  if (there.ok() && there->is_directory) return OkStatus();
  if (there.ok()) return MakeError(ErrorCode::kAlreadyExists, "A file is in the place of the directory");
  if (there.error().code != ErrorCode::kNotFound) return there.error();
  return NotImplemented("empty directories in an object store: a directory is there once a file lies in it");
}

Status DeleteObject(objectstore::ObjectStore& store, const std::string& path) {
  // Stores call the deletion of nothing a success.
  RETURN_IF_ERROR(store.Head(path));
  return store.Delete(path);
}

Status DeleteObjectFolder(objectstore::ObjectStore& store, const std::string& path) {
  ASSIGN_OR_RETURN(auto below, TreeOf(store, path));
  if (below.empty()) return NoSuchObject();
  return MakeError(ErrorCode::kDirectoryNotEmpty, "The directory is not empty");
}

std::unique_ptr<http::BodySource> ReadObjectRange(objectstore::ObjectStore& store, std::string path, ByteRange range) {
  return std::make_unique<ObjectSource>(store, std::move(path), range);
}

Result<std::unique_ptr<FileUnderWay>> BeginObject(objectstore::ObjectStore& store, const std::string& path, Existing existing) {
  // What would be refused at the end is refused before gigabytes are sent.
  RETURN_IF_ERROR(RefuseExisting(store, path, existing));
  auto* uploads = dynamic_cast<objectstore::UploadStore*>(&store);
  CHECK(uploads != nullptr) << "no object store behind " << path;
  ASSIGN_OR_RETURN(auto upload, uploads->StartUpload(path));
  return std::unique_ptr<FileUnderWay>(std::make_unique<PendingObject>(store, path, existing, std::move(upload)));
}

}  // namespace ashlar::workspace
