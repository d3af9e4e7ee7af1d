// Delta's checkpoints and sidecars through DuckDB's Parquet reader and writer.
#pragma once

#include <string>

#include "delta/parquet_actions.h"
#include "engine/engine.h"

namespace ashlar::engine {

// Thread-safe. The engine outlives it.
class EngineParquetActions final : public delta::ParquetActions {
 public:
  explicit EngineParquetActions(Engine& engine) : engine_(engine) {}
  Status Read(const std::string& absolute_path, const delta::ActionSink& sink) override;
  Status ReadFiles(const std::string& absolute_path, delta::FileListBuilder& files,
                   const delta::ActionSink& others) override;
  Status Write(const std::string& absolute_path, const delta::CheckpointLayout& layout,
               const delta::ActionSource& source) override;

 private:
  Status ReadRows(const std::string& sql, const std::string& path, const delta::ActionSink& sink);

  Engine& engine_;
};

}  // namespace ashlar::engine
