// LocalObjectStore: files of this machine. PutIfAbsent writes a temporary file beside the target,
// fsyncs it, links it to the name (link(2) fails when the name exists), unlinks the temporary name
// and fsyncs the directory. PutHint does the same without the two fsyncs.
//
// With a root, every path is opened by the kernel below that folder (openat2, RESOLVE_BENEATH): ".."
// and symbolic links cannot lead out of it. Without one, any path the process may open works; with
// Links::kRefused only one that has no symbolic link on its way: whoever resolved the links and decided on what
// came out opens exactly that.
#pragma once

#include <memory>

#include "base/descriptor.h"
#include "objectstore/hints.h"
#include "objectstore/object_store.h"

namespace ashlar::objectstore {

class LocalObjectStore final : public ObjectStore, public HintStore {
 public:
  enum class Links { kFollowed, kRefused };
  LocalObjectStore() = default;
  explicit LocalObjectStore(Links links) : links_(links) {}
  // `root` must be an existing absolute folder.
  static Result<std::unique_ptr<LocalObjectStore>> Rooted(const std::string& root);
  ~LocalObjectStore() override;
  LocalObjectStore(const LocalObjectStore&) = delete;
  LocalObjectStore& operator=(const LocalObjectStore&) = delete;

  Result<std::vector<ObjectInfo>> ListFrom(const std::string& directory,
                                           const std::string& start_name) override;
  Result<std::string> Read(const std::string& path) override;
  Result<std::string> ReadRange(const std::string& path, int64_t offset, int64_t length) override;
  Result<ObjectInfo> Head(const std::string& path) override;
  Result<PutOutcome> PutIfAbsent(const std::string& path, std::string_view bytes) override;
  Result<PutOutcome> PutHint(const std::string& path, std::string_view bytes) override;
  Status PutOverwrite(const std::string& path, std::string_view bytes) override;
  Status Delete(const std::string& path) override;

 private:
  Result<Descriptor> Open(const std::string& path, int flags) const;
  // The folder that holds `path`; `create` makes it and its parents.
  Result<Descriptor> OpenParent(const std::string& path, std::string* name, int create) const;
  Status CreateFolders(const std::string& directory) const;
  enum class Durable { kYes, kNo };
  // Writes a temporary file beside the name and links it there.
  Result<PutOutcome> Create(const std::string& path, std::string_view bytes, Durable durable) const;
  Status WriteTemporary(const Descriptor& directory, const std::string& temporary, std::string_view bytes,
                        Durable durable) const;

  Links links_ = Links::kFollowed;
  std::string root_;
  int root_fd_ = -1;
};

}  // namespace ashlar::objectstore
