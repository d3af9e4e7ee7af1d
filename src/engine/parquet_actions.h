// Delta's checkpoints and sidecars through DuckDB's Parquet reader and writer.
#pragma once

#include <string>

#include "delta/parquet_actions.h"
#include "engine/engine.h"
#include "objectstore/object_store.h"

namespace ashlar::engine {

// Thread-safe. The engine and the store outlive it.
class EngineParquetActions final : public delta::ParquetActions {
 public:
  // `store`: has the paths that are URLs of object stores; the engine reads them (store_file_system.h).
  explicit EngineParquetActions(Engine& engine, objectstore::ObjectStore* store = nullptr)
      : engine_(engine), store_(store) {}
  Status Read(const std::string& absolute_path, const delta::ActionSink& sink) override;
  Status ReadFiles(const std::string& absolute_path, delta::FileListBuilder& files,
                   const delta::ActionSink& others) override;
  Status Write(const std::string& absolute_path, const delta::CheckpointLayout& layout,
               const delta::ActionSource& source) override;

 private:
  // Errors: kNotFound.
  Status CheckExists(const std::string& path) const;
  // Where a file is made before it gets its name.
  std::string TemporaryPath(const std::string& path) const;
  // Gives it the name, durably.
  Status Publish(const std::string& temporary, const std::string& path) const;
  Status ReadRows(const std::string& sql, const std::string& path, const delta::ActionSink& sink);

  Engine& engine_;
  objectstore::ObjectStore* const store_;
};

}  // namespace ashlar::engine
