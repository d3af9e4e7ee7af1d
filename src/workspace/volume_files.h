// VolumeFiles: the files of volumes by their canonical paths, on disk (local_files.h) or in object stores
// (store_files.h). Thread safe.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "http/message.h"
#include "objectstore/object_store.h"
#include "workspace/local_files.h"
#include "workspace/volume_path.h"

namespace ashlar::workspace {

class VolumeFiles {
 public:
  // `stores` opens the objects of canonical URLs; `staging_folder` is a local one, for what is not in its place yet.
  VolumeFiles(objectstore::ObjectStore& stores, std::string staging_folder, Random& random)
      : stores_(stores), staging_folder_(std::move(staging_folder)), random_(random) {}

  Result<LocalEntry> Stat(const VolumePath& path, const std::string& place);
  // By name (bytes).
  Result<std::vector<LocalEntry>> List(const VolumePath& path, const std::string& place);
  Status CreateDirectory(const VolumePath& path, const std::string& place);
  Status Delete(const std::string& place);
  Status DeleteEmptyDirectory(const std::string& place);

  // A file that is there, to be read.
  struct Readable {
    LocalEntry entry;
    std::unique_ptr<FileHandle> file;  // null for an object
  };
  Result<Readable> Open(const std::string& place);
  std::unique_ptr<http::BodySource> Read(Readable file, const std::string& place, ByteRange range);

  // A file under way to its place.
  Result<std::unique_ptr<FileUnderWay>> Begin(const std::string& place, Existing existing);
  // Room for a part of it, which nobody sees.
  Result<FileHandle> OpenPart(const std::string& place);

 private:
  objectstore::ObjectStore& stores_;
  const std::string staging_folder_;
  Random& random_;
};

}  // namespace ashlar::workspace
