// ParquetActions: how checkpoints and sidecars are read and written. The interface is delta's; the
// engine implements it, because it owns the only Parquet reader and writer.
//
// Reading. Each row of the file has one non-null struct column named as the action is ("add",
// "metaData", …). Deliver the rows in file order; ActionFromCheckpointJson (actions.h) turns a row
// given as JSON text into an Action. The struct columns `stats_parsed` and `partitionValues_parsed`
// inside `add` may be left out of the projection when `add.stats` is there. A row whose action is
// unknown is skipped. A file that is missing, torn or not Parquet is an error of code kNotFound or
// kDataLoss: the log then falls back to an older checkpoint.
//
// Writing a checkpoint or, with layout.only_files, a sidecar of add and remove alone. One row per action, in the order given, zstd or snappy, these columns
// and no others; all of them nullable, int = INT32, long = INT64, map = Parquet MAP of string to
// string (values nullable), list = Parquet LIST of string:
//
//   txn      struct<appId: string, version: long, lastUpdated: long>
//   add      struct<path: string, partitionValues: map, size: long, modificationTime: long,
//                   dataChange: boolean, tags: map,
//                   deletionVector: struct<storageType: string, pathOrInlineDv: string, offset: int,
//                                          sizeInBytes: int, cardinality: long>,
//                   baseRowId: long, defaultRowCommitVersion: long, clusteringProvider: string,
//                   stats: string, partitionValues_parsed: struct, stats_parsed: struct>
//   remove   struct<path: string, deletionTimestamp: long, dataChange: boolean,
//                   extendedFileMetadata: boolean, partitionValues: map, size: long,
//                   deletionVector: as in add, baseRowId: long, defaultRowCommitVersion: long>
//   metaData struct<id: string, name: string, description: string,
//                   format: struct<provider: string, options: map>, schemaString: string,
//                   partitionColumns: list, configuration: map, createdTime: long>
//   protocol struct<minReaderVersion: int, minWriterVersion: int,
//                   readerFeatures: list, writerFeatures: list>
//   domainMetadata struct<domain: string, configuration: string, removed: boolean>
//   checkpointMetadata struct<version: long, tags: map>      only when a row has one
//   sidecar  struct<path: string, sizeInBytes: long, modificationTime: long, tags: map>    likewise
//
// readerFeatures and writerFeatures are null, not empty, where the protocol has none. An empty map is
// an empty map in partitionValues, options and configuration, and null in tags. The layout says which of
// the last three columns of `add` there are, and their types; CheckpointRowJson gives exactly these names.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "delta/actions.h"
#include "delta/files/file_list.h"
#include "delta/log/checkpoint_layout.h"

namespace ashlar::delta {

using ActionSink = std::function<Status(Action)>;
// Calls the sink with each action in turn and stops at its first error.
using ActionSource = std::function<Status(const std::function<Status(const Action&)>&)>;

// Thread safe.
class ParquetActions {
 public:
  virtual ~ParquetActions() = default;
  // Stops at the sink's first error and returns it.
  virtual Status Read(const std::string& absolute_path, const ActionSink& sink) = 0;
  // The same, with the adds as columns where the implementation has them: `stats` may then be what
  // `stats_parsed` says.
  virtual Status ReadFiles(const std::string& absolute_path, FileListBuilder& files, const ActionSink& others) {
    return Read(absolute_path, [&](Action action) -> Status {
      auto* add = std::get_if<AddFile>(&action);
      if (add == nullptr) return others(std::move(action));
      files.Add(*add);
      return OkStatus();
    });
  }
  // When it returns success the file is whole and fsynced, and its folder too; on an error and after a
  // crash there is no file of that name (write beside it, fsync, rename). An existing one is replaced.
  // Folders are made.
  virtual Status Write(const std::string& absolute_path, const CheckpointLayout& layout,
                       const ActionSource& source) = 0;
};

}  // namespace ashlar::delta
