#include "engine/scan/arrow_input.h"

#include <cstring>

#include "arrow_ipc/ipc.h"
#include "engine/arrow_schema.h"

namespace ashlar::engine {
namespace {

// One scan's position. Batches are lent: their owner is the statement's binding.
struct Cursor {
  const ArrowInput* input;
  size_t next = 0;
};

void ReleaseBorrowed(ArrowArray* array) { array->release = nullptr; }
void ReleaseBorrowedSchema(ArrowSchema* schema) { schema->release = nullptr; }

int GetSchema(ArrowArrayStream* stream, ArrowSchema* out) {
  *out = *static_cast<Cursor*>(stream->private_data)->input->schema.get();
  out->release = ReleaseBorrowedSchema;
  return 0;
}

int GetNext(ArrowArrayStream* stream, ArrowArray* out) {
  auto* cursor = static_cast<Cursor*>(stream->private_data);
  std::memset(out, 0, sizeof(*out));
  if (cursor->next == cursor->input->batches.size()) return 0;
  *out = *cursor->input->batches[cursor->next++].array.get();
  out->release = ReleaseBorrowed;
  return 0;
}

const char* GetLastError(ArrowArrayStream*) { return nullptr; }

void ReleaseStream(ArrowArrayStream* stream) {
  delete static_cast<Cursor*>(stream->private_data);
  stream->release = nullptr;
}

}  // namespace

Result<std::shared_ptr<const ArrowInput>> OpenArrowInput(const std::shared_ptr<const std::string>& ipc,
                                                         const std::vector<sql::Attribute>& columns) {
  ASSIGN_OR_RETURN(auto decoded, arrow_ipc::DecodeIpcStream(*ipc));
  if (decoded.schema->n_children != static_cast<int64_t>(columns.size())) {
    return MakeError(ErrorCode::kInvalidParameterValue,
                     "Local data has " + std::to_string(decoded.schema->n_children) +
                         " columns, its plan " + std::to_string(columns.size()) + ".");
  }
  auto input = std::make_shared<ArrowInput>();
  ASSIGN_OR_RETURN(input->schema, ScanArrowSchema(*decoded.schema.get()));
  for (ArrowBatch& batch : decoded.batches) {
    if (batch.row_count > 0) input->batches.push_back(std::move(batch));
  }
  return std::shared_ptr<const ArrowInput>(std::move(input));
}

void ExportArrowInput(const ArrowInput& input, ArrowArrayStream* out) {
  out->get_schema = GetSchema;
  out->get_next = GetNext;
  out->get_last_error = GetLastError;
  out->release = ReleaseStream;
  out->private_data = new Cursor{&input, 0};
}

}  // namespace ashlar::engine
