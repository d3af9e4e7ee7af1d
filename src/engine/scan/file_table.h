// Tables that are plain files: a file or a folder of Parquet, CSV or JSON.
//
// Folders are walked without following links; names that start with "_" or "." are left out;
// folders called key=value make partition columns. The files are fixed when the table is opened.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"
#include "engine/scan/scan_binding.h"
#include "objectstore/object_store.h"
#include "types/data_type.h"

namespace ashlar::engine {

struct FileTableRequest {
  std::string format;  // parquet, csv, json
  std::string path;    // absolute; a file, a folder, or with *, ? and [] in its last part
  std::map<std::string, std::string> options;
  std::optional<Schema> schema;
};
Result<std::shared_ptr<const sql::TableHandle>> OpenFileTable(Engine& engine, objectstore::ObjectStore& store,
                                                              const FileTableRequest& request);

struct DataFile {
  std::string path;           // absolute
  std::string relative_path;  // below the folder asked for
  int64_t size = 0;
  int64_t modified_ms = 0;
  std::vector<std::pair<std::string, std::string>> partition;  // decoded key, value by folder
};
// The data files of a path, by name; `store` has those of object stores. Errors: PATH_NOT_FOUND (42K03).
Result<std::vector<DataFile>> ListDataFiles(objectstore::ObjectStore& store, const std::string& path);

}  // namespace ashlar::engine
