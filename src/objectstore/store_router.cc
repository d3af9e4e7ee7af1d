#include "objectstore/store_router.h"

namespace ashlar::objectstore {
namespace {

// An upload that keeps its store.
class KeptUpload final : public ObjectUpload {
 public:
  KeptUpload(std::shared_ptr<CloudObjectStore> store, std::unique_ptr<ObjectUpload> upload)
      : store_(std::move(store)), upload_(std::move(upload)) {}
  Status Append(std::string_view bytes) override { return upload_->Append(bytes); }
  Status Finish() override { return upload_->Finish(); }

 private:
  const std::shared_ptr<CloudObjectStore> store_;
  const std::unique_ptr<ObjectUpload> upload_;
};

Error OfStoresAlone(const std::string& path) { return NotImplemented("this for a local path: " + path); }

}  // namespace

const MountedStores::Mounted* MountedStores::Around(std::string path) const {
  while (true) {
    if (auto mounted = by_root_.find(path); mounted != by_root_.end()) return &mounted->second;
    size_t slash = path.rfind('/');
    if (slash == std::string::npos || slash == 0) return nullptr;
    path.erase(slash);
  }
}

Result<std::shared_ptr<CloudObjectStore>> MountedStores::Mount(const StoreAccess& access) {
  std::string credential = CredentialText(access.credential);
  std::lock_guard lock(mutex_);
  const Mounted* around = Around(access.root);
  if (around != nullptr && around->credential == credential) return around->store;
  ASSIGN_OR_RETURN(std::shared_ptr<CloudObjectStore> store, OpenCloudStore(access, clock_, transport_));
  // '0' follows '/' in byte order: the roots below this one.
  by_root_.erase(by_root_.lower_bound(access.root + "/"), by_root_.lower_bound(access.root + "0"));
  by_root_[access.root] = {std::move(credential), store};
  return store;
}

Result<std::shared_ptr<CloudObjectStore>> MountedStores::Find(const std::string& path) const {
  std::lock_guard lock(mutex_);
  if (const Mounted* mounted = Around(path)) return mounted->store;
  return MakeError(ErrorCode::kPermissionDenied, "No access was given to " + path);
}

template <typename What>
auto StoreRouter::With(const std::string& path, What what) -> decltype(what(std::declval<ObjectStore&>())) {
  if (!IsStorePath(path)) return what(local_);
  ASSIGN_OR_RETURN(std::shared_ptr<CloudObjectStore> store, opener_(path));
  return what(*store);
}

Result<std::vector<ObjectInfo>> StoreRouter::ListFrom(const std::string& directory, const std::string& start_name) {
  return With(directory, [&](ObjectStore& store) { return store.ListFrom(directory, start_name); });
}

Result<std::string> StoreRouter::Read(const std::string& path) {
  return With(path, [&](ObjectStore& store) { return store.Read(path); });
}

Result<std::string> StoreRouter::ReadRange(const std::string& path, int64_t offset, int64_t length) {
  return With(path, [&](ObjectStore& store) { return store.ReadRange(path, offset, length); });
}

Result<ObjectInfo> StoreRouter::Head(const std::string& path) {
  return With(path, [&](ObjectStore& store) { return store.Head(path); });
}

Result<PutOutcome> StoreRouter::PutIfAbsent(const std::string& path, std::string_view bytes) {
  return With(path, [&](ObjectStore& store) { return store.PutIfAbsent(path, bytes); });
}

Result<PutOutcome> StoreRouter::PutHint(const std::string& path, std::string_view bytes) {
  return With(path, [&](ObjectStore& store) { return objectstore::PutHint(store, path, bytes); });
}

Status StoreRouter::PutOverwrite(const std::string& path, std::string_view bytes) {
  return With(path, [&](ObjectStore& store) { return store.PutOverwrite(path, bytes); });
}

Status StoreRouter::Delete(const std::string& path) {
  return With(path, [&](ObjectStore& store) { return store.Delete(path); });
}

Result<std::unique_ptr<ObjectUpload>> StoreRouter::StartUpload(const std::string& path) {
  if (!IsStorePath(path)) return OfStoresAlone(path);
  ASSIGN_OR_RETURN(std::shared_ptr<CloudObjectStore> store, opener_(path));
  ASSIGN_OR_RETURN(std::unique_ptr<ObjectUpload> upload, store->StartUpload(path));
  return std::unique_ptr<ObjectUpload>(std::make_unique<KeptUpload>(std::move(store), std::move(upload)));
}

Result<std::vector<ObjectInfo>> StoreRouter::ListTree(const std::string& directory) {
  if (!IsStorePath(directory)) return OfStoresAlone(directory);
  ASSIGN_OR_RETURN(std::shared_ptr<CloudObjectStore> store, opener_(directory));
  return store->ListTree(directory);
}

}  // namespace ashlar::objectstore
