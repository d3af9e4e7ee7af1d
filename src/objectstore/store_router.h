// StoreRouter: one ObjectStore over local files and any number of object stores; the path says which.
// MountedStores: the object stores that have been opened, by the place that each one serves.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "objectstore/hints.h"
#include "objectstore/store_access.h"
#include "objectstore/trees.h"
#include "objectstore/uploads.h"

namespace ashlar::objectstore {

// Thread safe.
class MountedStores {
 public:
  MountedStores(const Clock& clock, std::shared_ptr<HttpTransport> transport)
      : clock_(clock), transport_(std::move(transport)) {}

  // A store that serves the place with this credential: one that is mounted there or above already, or else a new
  // one, which takes the place of all that were mounted at or below it; what is under way with those goes on. So
  // none is left below with a credential of before. Errors: as OpenCloudStore.
  Result<std::shared_ptr<CloudObjectStore>> Mount(const StoreAccess& access);
  // The mounted store whose root is the path or lies deepest above it. Errors: kPermissionDenied for none.
  Result<std::shared_ptr<CloudObjectStore>> Find(const std::string& path) const;

 private:
  struct Mounted {
    std::string credential;
    std::shared_ptr<CloudObjectStore> store;
  };
  // The deepest at or above the path; null for none. Under the lock.
  const Mounted* Around(std::string path) const;

  const Clock& clock_;
  const std::shared_ptr<HttpTransport> transport_;
  mutable std::mutex mutex_;
  std::map<std::string, Mounted> by_root_;
};

// Thread safe.
class StoreRouter final : public ObjectStore, public HintStore, public UploadStore, public TreeStore {
 public:
  // Opens the object store that has a canonical URL.
  using Opener = std::function<Result<std::shared_ptr<CloudObjectStore>>(const std::string& path)>;
  // `local` has all paths that begin with '/'; it outlives the router.
  StoreRouter(ObjectStore& local, Opener opener) : local_(local), opener_(std::move(opener)) {}

  Result<std::vector<ObjectInfo>> ListFrom(const std::string& directory,
                                           const std::string& start_name) override;
  Result<std::string> Read(const std::string& path) override;
  Result<std::string> ReadRange(const std::string& path, int64_t offset, int64_t length) override;
  Result<ObjectInfo> Head(const std::string& path) override;
  Result<PutOutcome> PutIfAbsent(const std::string& path, std::string_view bytes) override;
  Result<PutOutcome> PutHint(const std::string& path, std::string_view bytes) override;
  Status PutOverwrite(const std::string& path, std::string_view bytes) override;
  Status Delete(const std::string& path) override;
  // Of object stores alone. Errors: kNotImplemented for a local path.
  Result<std::unique_ptr<ObjectUpload>> StartUpload(const std::string& path) override;
  Result<std::vector<ObjectInfo>> ListTree(const std::string& directory) override;

 private:
  // Calls `what(store)` with the store that has the path.
  template <typename What>
  auto With(const std::string& path, What what) -> decltype(what(std::declval<ObjectStore&>()));

  ObjectStore& local_;
  const Opener opener_;
};

}  // namespace ashlar::objectstore
