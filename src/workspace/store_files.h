// StoreFiles: what the Files API does to the objects of external volumes in object stores, by canonical URLs. A folder is
// there as long as an object lies below it: none is made or deleted alone. Stateless, thread safe.
//
// Errors: those of local_files.h as far as a store has them, and those of the store.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "http/message.h"
#include "objectstore/object_store.h"
#include "workspace/local_files.h"
#include "workspace/volume_path.h"

namespace ashlar::workspace {

Result<LocalEntry> StatObject(objectstore::ObjectStore& store, const std::string& path);
// What lies directly in the folder, by name (bytes). kNotFound for one without objects, unless it is a volume's root.
Result<std::vector<LocalEntry>> ListObjectFolder(objectstore::ObjectStore& store, const VolumePath& path,
                                                 const std::string& folder);
// OK for a folder that is there. kNotImplemented for any other: it would be empty.
Status CreateObjectFolder(objectstore::ObjectStore& store, const std::string& path);
Status DeleteObject(objectstore::ObjectStore& store, const std::string& path);
// None is empty: kDirectoryNotEmpty or kNotFound.
Status DeleteObjectFolder(objectstore::ObjectStore& store, const std::string& path);

// The bytes of the range, read in pieces.
std::unique_ptr<http::BodySource> ReadObjectRange(objectstore::ObjectStore& store, std::string path, ByteRange range);

// An object under way: sent in parts, and there, whole, once it is published. `store` is an UploadStore. Of kRefuse, who
// makes the object at the same time may win or lose: stores tell only when small ones are made.
Result<std::unique_ptr<FileUnderWay>> BeginObject(objectstore::ObjectStore& store, const std::string& path, Existing existing);

}  // namespace ashlar::workspace
