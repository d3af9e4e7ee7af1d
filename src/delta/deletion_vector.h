// DeletionVector: the deleted rows of one file as physical row positions (Delta protocol, "Deletion
// Vector Format": 64-bit Roaring bitmap in portable form, inline as Z85 or in a file with CRC-32).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
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

// The file that holds a vector kept in a file, absolute. `source_roots` as in ResolveLogPath (paths.h). Errors: as
// Parse and ResolveLogPath.
Result<std::string> DeletionVectorPath(const std::string& root, const DeletionVectorDescriptor& descriptor,
                                       std::span<const std::string> source_roots = {});

// Reads and verifies the vector of a file of the table at `root`. Errors: as Parse;
// DELTA_DELETION_VECTOR_CHECKSUM_MISMATCH; kPermissionDenied for a file outside of the table.
Result<DeletionVector> LoadDeletionVector(objectstore::ObjectStore& store, const std::string& root,
                                          const DeletionVectorDescriptor& descriptor,
                                          std::span<const std::string> source_roots = {});

// The rows of both.
DeletionVector UnionOf(const DeletionVector& a, const DeletionVector& b);
bool HaveCommonRows(const DeletionVector& a, const DeletionVector& b);

// Told a file's absolute path before the file is created.
using VectorFileCreated = std::function<void(const std::string&)>;
// Writes the vectors, several to a file of about 2 MiB in the table's root, and gives a descriptor for
// each, in their order. The files are durable.
Result<std::vector<DeletionVectorDescriptor>> WriteDeletionVectors(
    objectstore::ObjectStore& store, const std::string& root, Random& random,
    const std::vector<DeletionVector>& vectors, const VectorFileCreated& created);

// Z85 (ZeroMQ RFC 32). Encodes a multiple of 4 bytes; nullopt for text that is not Z85.
std::string Z85Encode(std::string_view bytes);
std::optional<std::string> Z85Decode(std::string_view text);

}  // namespace ashlar::delta
