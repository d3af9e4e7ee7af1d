// RowBitmap: rows of one file as they are found, in any order; at most one bit for each row of the file.
#pragma once

#include <cstdint>
#include <memory>

#include "delta/deletion_vector.h"

namespace ashlar::delta {

// Not thread safe.
class RowBitmap {
 public:
  RowBitmap();
  ~RowBitmap();
  RowBitmap(RowBitmap&&) noexcept;
  RowBitmap& operator=(RowBitmap&&) noexcept;

  // False when the row was there.
  bool Add(uint64_t row);
  DeletionVector Build() const;

 private:
  struct Containers;
  std::unique_ptr<Containers> containers_;
};

}  // namespace ashlar::delta
