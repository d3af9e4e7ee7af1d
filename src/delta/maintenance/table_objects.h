// The objects below a table's root in an object store: what table_folder.h is for local files.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "delta/maintenance/table_folder.h"
#include "delta/snapshot.h"

namespace ashlar::delta {

// There are no folders: none is empty, and those counted are the ones that names of objects go through. The
// table's store is a TreeStore.
Result<FolderContents> ListObjects(const TableLocation& table, const FolderFilter& filter);

// nullopt when there is no object of that name.
Result<std::optional<int64_t>> ObjectSize(const TableLocation& table, const std::string& path);

// Gives the number of objects deleted, missing ones included: object stores do not tell them apart. Errors: the
// first that could not be deleted; the rest is still tried.
Result<int64_t> DeleteObjects(const TableLocation& table, const std::vector<std::string>& paths,
                              const std::function<bool()>& cancelled);

// CopyTableFile where `from_root`, or `to_path`, or both are in an object store. In pieces: a file may be large.
Result<int64_t> CopyTableObject(objectstore::ObjectStore& store, const std::string& from_root, const std::string& from_path,
                                const std::string& to_path);

}  // namespace ashlar::delta
