// The data files of one write, on their way from where DuckDB makes them to their names in the table.
//
// A local table's files are made in a hidden folder of it and renamed. Those of a table in an object store, which
// cannot rename, are made in the engine's temporary folder and uploaded.
#pragma once

#include <memory>
#include <string>

#include "delta/snapshot.h"
#include "engine/parquet_codec.h"

namespace ashlar::engine {

class Staging {
 public:
  virtual ~Staging() = default;
  // The folder of many files, or all that one file needs.
  enum class Holds { kManyFiles, kOneFile };
  virtual Status Make(Holds holds) = 0;
  // Where DuckDB writes: the folder or the file. Gone, with what is in it, when the staging is.
  virtual std::string place() const = 0;
  // Gives a written file its name below the root. Whole there, and durable, once Finish has succeeded.
  virtual Status Publish(const std::string& from, const std::string& relative) = 0;
  virtual Status Finish() = 0;
  // The name of a write's `i`th file.
  std::string FileName(size_t i, const ParquetCodec& codec) const;

 protected:
  explicit Staging(std::string uuid) : uuid_(std::move(uuid)) {}
  const std::string uuid_;
};

std::unique_ptr<Staging> MakeStaging(const delta::TableLocation& table, const std::string& temporary_folder);

}  // namespace ashlar::engine
