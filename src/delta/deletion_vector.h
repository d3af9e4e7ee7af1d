// DeletionVector: the deleted rows of one file as physical row positions (Delta protocol, "Deletion
// Vector Format": 64-bit Roaring bitmap in portable form, inline as Z85 or in a file with CRC-32).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "delta/actions.h"
#include "objectstore/object_store.h"

namespace ashlar::delta {

// Immutable once built; then thread safe.
class DeletionVector {
 public:
  DeletionVector();
  ~DeletionVector();
  DeletionVector(DeletionVector&&) noexcept;
  DeletionVector& operator=(DeletionVector&&) noexcept;

  static DeletionVector FromRows(std::vector<uint64_t> rows);
  // The bytes after the size field: magic and bitmap. Errors: DELTA_DELETION_VECTOR_SIZE_MISMATCH,
  // DELTA_DELETION_VECTOR_INVALID_ROW_INDEX; never reads beyond `bytes`.
  static Result<DeletionVector> Parse(std::string_view bytes);
  std::string Serialize() const;

  bool Contains(uint64_t row) const;
  uint64_t cardinality() const;
  // Calls `visit` with each deleted row in [begin, end), ascending.
  void ForEachInRange(uint64_t begin, uint64_t end, const std::function<void(uint64_t)>& visit) const;
  // Appends the live rows of [begin, end), as offsets from `begin`.
  void AppendLive(uint64_t begin, uint64_t end, std::vector<uint32_t>* live) const;
  std::vector<uint64_t> ToRows() const;

 private:
  struct Containers;
  std::unique_ptr<Containers> containers_;
};

// Reads and verifies the vector of a file of the table at `root`. Errors: as Parse;
// DELTA_DELETION_VECTOR_CHECKSUM_MISMATCH; kPermissionDenied for a file outside of the table.
Result<DeletionVector> LoadDeletionVector(objectstore::ObjectStore& store, const std::string& root,
                                          const DeletionVectorDescriptor& descriptor);

// Writes the vector as a new file in the table's root and gives the descriptor for it.
Result<DeletionVectorDescriptor> WriteDeletionVector(objectstore::ObjectStore& store,
                                                     const std::string& root, Random& random,
                                                     const DeletionVector& vector);

// Z85 (ZeroMQ RFC 32). Encodes a multiple of 4 bytes; nullopt for text that is not Z85.
std::string Z85Encode(std::string_view bytes);
std::optional<std::string> Z85Decode(std::string_view text);

}  // namespace ashlar::delta
