// The file system of the embedded engine: local files, opened without following symbolic links. Every path
// the engine is given is canonical, so a link on the way was put there after the path had been authorised.
#pragma once

#include "duckdb/common/local_file_system.hpp"

namespace ashlar::engine {

// Thread safe.
class LinklessFileSystem final : public duckdb::LocalFileSystem {
 public:
  // Throws duckdb::PermissionException when a link stands in the way.
  duckdb::unique_ptr<duckdb::FileHandle> OpenFile(const duckdb::string& path, duckdb::FileOpenFlags flags,
                                                  duckdb::optional_ptr<duckdb::FileOpener> opener = nullptr) override;
};

}  // namespace ashlar::engine
