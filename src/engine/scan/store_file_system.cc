#include "engine/store_file_system.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "duckdb.hpp"
#include "duckdb/common/exception.hpp"
#include "duckdb/common/file_system.hpp"
#include "engine/duck_connection.h"
#include "objectstore/store_url.h"

namespace ashlar::engine {
namespace {

[[noreturn]] void Refuse(const Error& error) {
  if (error.code == ErrorCode::kPermissionDenied) throw duckdb::PermissionException("%s", error.message);
  throw duckdb::IOException("%s", error.message);
}

struct StoreFile final : duckdb::FileHandle {
  StoreFile(duckdb::FileSystem& files, const std::string& path, duckdb::FileOpenFlags flags, int64_t size,
            int64_t modified_ms)
      : FileHandle(files, path, flags), size(size), modified_ms(modified_ms) {}
  void Close() override {}

  const int64_t size;
  const int64_t modified_ms;
  duckdb::idx_t position = 0;
};

class StoreFileSystem final : public duckdb::FileSystem {
 public:
  explicit StoreFileSystem(objectstore::ObjectStore& store) : store_(store) {}

  std::string GetName() const override { return "ashlar_object_store"; }
  bool CanHandleFile(const duckdb::string& path) override { return objectstore::HasStoreScheme(path); }

  duckdb::unique_ptr<duckdb::FileHandle> OpenFile(const duckdb::string& path, duckdb::FileOpenFlags flags,
                                                  duckdb::optional_ptr<duckdb::FileOpener>) override {
    return Open(path, flags, nullptr);
  }

  void Read(duckdb::FileHandle& handle, void* buffer, int64_t length, duckdb::idx_t offset) override {
    auto bytes = store_.ReadRange(handle.path, static_cast<int64_t>(offset), length);
    if (!bytes.ok()) Refuse(bytes.error());
    std::memcpy(buffer, bytes->data(), bytes->size());
  }
  int64_t Read(duckdb::FileHandle& handle, void* buffer, int64_t length) override {
    auto& file = handle.Cast<StoreFile>();
    int64_t rest = std::max<int64_t>(file.size - static_cast<int64_t>(file.position), 0);
    int64_t taken = std::min(length, rest);
    if (taken == 0) return 0;
    Read(handle, buffer, taken, file.position);
    file.position += static_cast<duckdb::idx_t>(taken);
    return taken;
  }

  int64_t GetFileSize(duckdb::FileHandle& handle) override { return handle.Cast<StoreFile>().size; }
  duckdb::timestamp_t GetLastModifiedTime(duckdb::FileHandle& handle) override {
    return duckdb::timestamp_t(handle.Cast<StoreFile>().modified_ms * 1000);
  }
  duckdb::string GetVersionTag(duckdb::FileHandle& handle) override {
    auto& file = handle.Cast<StoreFile>();
    return std::to_string(file.modified_ms) + "-" + std::to_string(file.size);
  }
  duckdb::FileType GetFileType(duckdb::FileHandle&) override { return duckdb::FileType::FILE_TYPE_REGULAR; }

  void Seek(duckdb::FileHandle& handle, duckdb::idx_t position) override { handle.Cast<StoreFile>().position = position; }
  duckdb::idx_t SeekPosition(duckdb::FileHandle& handle) override { return handle.Cast<StoreFile>().position; }
  bool CanSeek() override { return true; }
  bool OnDiskFile(duckdb::FileHandle&) override { return false; }
  bool IsPipe(const duckdb::string&, duckdb::optional_ptr<duckdb::FileOpener>) override { return false; }

  bool FileExists(const duckdb::string& path, duckdb::optional_ptr<duckdb::FileOpener>) override {
    auto info = store_.Head(path);
    if (!info.ok() && info.error().code != ErrorCode::kNotFound) Refuse(info.error());
    return info.ok();
  }
  // Whoever gives the engine a path has listed what is there.
  duckdb::vector<duckdb::OpenFileInfo> Glob(const duckdb::string& path, duckdb::FileOpener*) override { return {path}; }

 protected:
  bool SupportsOpenFileExtended() const override { return true; }
  duckdb::unique_ptr<duckdb::FileHandle> OpenFileExtended(const duckdb::OpenFileInfo& file, duckdb::FileOpenFlags flags,
                                                          duckdb::optional_ptr<duckdb::FileOpener>) override {
    return Open(file.path, flags, file.extended_info.get());
  }

 private:
  // What is known of the file already spares the question (scan_reader.cc).
  static std::optional<objectstore::ObjectInfo> Known(const duckdb::ExtendedOpenFileInfo* info) {
    if (info == nullptr) return std::nullopt;
    auto size = info->options.find("file_size");
    auto modified = info->options.find("last_modified");
    if (size == info->options.end() || modified == info->options.end()) return std::nullopt;
    return objectstore::ObjectInfo{"", static_cast<int64_t>(size->second.GetValue<uint64_t>()),
                                   modified->second.GetValue<duckdb::timestamp_t>().value / 1000};
  }

  duckdb::unique_ptr<duckdb::FileHandle> Open(const std::string& path, duckdb::FileOpenFlags flags,
                                              const duckdb::ExtendedOpenFileInfo* info) {
    if (flags.OpenForWriting()) throw duckdb::NotImplementedException("writing %s from within the engine", path);
    std::optional<objectstore::ObjectInfo> known = Known(info);
    if (!known) {
      auto head = store_.Head(path);
      if (!head.ok() && head.error().code == ErrorCode::kNotFound && flags.ReturnNullIfNotExists()) return nullptr;
      if (!head.ok()) Refuse(head.error());
      known = *std::move(head);
    }
    return duckdb::make_uniq<StoreFile>(*this, path, flags, known->size, known->modified_ms);
  }

  objectstore::ObjectStore& store_;
};

}  // namespace

void ServeStorePaths(Engine& engine, objectstore::ObjectStore& store) {
  duckdb::FileSystem& files = engine.state().database->instance->GetFileSystem();
  files.RegisterSubSystem(duckdb::make_uniq<StoreFileSystem>(store));
}

}  // namespace ashlar::engine
