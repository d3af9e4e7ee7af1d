// Arrow IPC streams (format/Columnar, "IPC Streaming Format") to and from the Arrow C interface.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "types/arrow_c.h"
#include "types/data_type.h"

namespace ashlar::arrow_ipc {

enum class Compression { kNone, kLz4Frame, kZstd };

// Collects batches of one schema and writes them as one record batch in one complete IPC stream
// (schema, record batch, end of stream). Not thread safe.
class IpcEncoder {
 public:
  // Takes over `schema`. Error: kInternalError when Arrow refuses it.
  static Result<std::unique_ptr<IpcEncoder>> Make(OwnedArrowSchema schema,
                                                  Compression compression = Compression::kNone);
  virtual ~IpcEncoder() = default;
  // Takes the first batch.row_count rows of the array.
  virtual Status Add(ArrowBatch batch) = 0;
  virtual int64_t pending_rows() const = 0;
  // Bytes of the collected batches in memory, about.
  virtual int64_t pending_bytes() const = 0;
  // The stream of what was added since the last call; a stream with an empty batch when nothing was.
  virtual Result<std::string> Finish() = 0;
};

struct DecodedStream {
  OwnedArrowSchema schema;
  std::vector<ArrowBatch> batches;
};
// Errors: kInvalidParameterValue for bytes that are not an IPC stream.
Result<DecodedStream> DecodeIpcStream(std::string_view bytes);

// Spark's types for Arrow's: timestamp with a zone is TIMESTAMP, without is TIMESTAMP_NTZ, unsigned
// types and large lists are refused by name.
Result<Schema> SchemaFromArrow(const ArrowSchema& schema);

}  // namespace ashlar::arrow_ipc
