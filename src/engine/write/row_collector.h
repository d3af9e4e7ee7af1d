// Rows of a table's files as statements find them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

#include "delta/deletion_vector.h"
#include "delta/row_bitmap.h"
#include "delta/snapshot.h"
#include "engine/scan/scan_binding.h"

namespace ashlar::engine {

// Physical positions of rows by index of the snapshot's file: a bitmap a file, none empty.
using RowsByFile = std::map<size_t, std::shared_ptr<const delta::DeletionVector>>;

// Rows as they come, best in runs of one file. Not thread-safe.
class RowCollector {
 public:
  explicit RowCollector(const delta::Snapshot& snapshot) : snapshot_(snapshot) {}
  // `file` is an index of the snapshot; false when the row was there.
  bool Add(int64_t file, int64_t row);
  RowsByFile Build() const;
  void Clear();

 private:
  const delta::Snapshot& snapshot_;
  std::map<size_t, delta::RowBitmap> rows_;
  int64_t file_ = -1;
  delta::RowBitmap* of_file_ = nullptr;
};

// The rows that a write (WriteSql) makes new forms of: it tells each one as it takes its new form. Thread-safe.
class ReplacedRows {
 public:
  explicit ReplacedRows(const delta::Snapshot& snapshot) : rows_(snapshot) {}
  // A write begins, or begins anew: what one told that failed is forgotten.
  void Begin();
  void Add(const int64_t* files, const int64_t* rows, size_t count);
  // Once the write has succeeded.
  RowsByFile Build() const;

 private:
  mutable std::mutex mutex_;
  RowCollector rows_;
};

// Where a COPY finds them by a number.
struct ReplacedRowsBinding : ScanTarget {
  explicit ReplacedRowsBinding(ReplacedRows& rows) : rows(rows) {}
  ReplacedRows& rows;
};

}  // namespace ashlar::engine
