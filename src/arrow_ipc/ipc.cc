#include "arrow_ipc/ipc.h"

#include <arrow/buffer.h>
#include <arrow/c/bridge.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/reader.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/util/byte_size.h>
#include <arrow/util/compression.h>

namespace ashlar::arrow_ipc {
namespace {

Error ArrowError(const arrow::Status& status, ErrorCode code = ErrorCode::kInternalError) {
  return MakeError(code, "Arrow: " + status.ToString());
}

class Encoder final : public IpcEncoder {
 public:
  Encoder(std::shared_ptr<arrow::Schema> schema, Compression compression)
      : schema_(std::move(schema)), compression_(compression) {}

  Status Add(ArrowBatch batch) override {
    auto imported = arrow::ImportRecordBatch(batch.array.get(), schema_);
    if (!imported.ok()) return ArrowError(imported.status());
    std::shared_ptr<arrow::RecordBatch> rows = *std::move(imported);
    if (batch.row_count < rows->num_rows()) rows = rows->Slice(0, batch.row_count);
    rows_ += rows->num_rows();
    bytes_ += arrow::util::TotalBufferSize(*rows);
    batches_.push_back(std::move(rows));
    return OkStatus();
  }

  int64_t pending_rows() const override { return rows_; }
  int64_t pending_bytes() const override { return bytes_; }

  Result<std::string> Finish() override {
    std::shared_ptr<arrow::RecordBatch> whole;
    if (batches_.size() == 1) {
      whole = batches_[0];
    } else {
      auto table = arrow::Table::FromRecordBatches(schema_, batches_);
      if (!table.ok()) return ArrowError(table.status());
      auto combined = (*table)->CombineChunksToBatch();
      if (!combined.ok()) return ArrowError(combined.status());
      whole = *combined;
    }
    batches_.clear();
    rows_ = 0;
    bytes_ = 0;
    return Encode(*whole);
  }

 private:
  Result<std::string> Encode(const arrow::RecordBatch& batch) {
    auto sink = arrow::io::BufferOutputStream::Create();
    if (!sink.ok()) return ArrowError(sink.status());
    arrow::ipc::IpcWriteOptions options = arrow::ipc::IpcWriteOptions::Defaults();
    options.use_threads = false;
    if (compression_ != Compression::kNone) {
      auto codec = arrow::util::Codec::Create(compression_ == Compression::kZstd ? arrow::Compression::ZSTD
                                                                               : arrow::Compression::LZ4_FRAME);
      if (!codec.ok()) return ArrowError(codec.status());
      options.codec = *std::move(codec);
    }
    auto writer = arrow::ipc::MakeStreamWriter(*sink, schema_, options);
    if (!writer.ok()) return ArrowError(writer.status());
    arrow::Status status = (*writer)->WriteRecordBatch(batch);
    if (status.ok()) status = (*writer)->Close();
    if (!status.ok()) return ArrowError(status);
    auto buffer = (*sink)->Finish();
    if (!buffer.ok()) return ArrowError(buffer.status());
    return (*buffer)->ToString();
  }

  std::shared_ptr<arrow::Schema> schema_;
  Compression compression_;
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches_;
  int64_t rows_ = 0;
  int64_t bytes_ = 0;
};

Result<DataType> TypeFromArrow(const arrow::DataType& type);

Result<std::vector<Field>> FieldsFromArrow(const arrow::FieldVector& fields) {
  std::vector<Field> out;
  for (const auto& field : fields) {
    ASSIGN_OR_RETURN(DataType type, TypeFromArrow(*field->type()));
    out.push_back({field->name(), std::move(type), field->nullable(), "{}"});
  }
  return out;
}

Result<DataType> NestedFromArrow(const arrow::DataType& type) {
  if (type.id() == arrow::Type::STRUCT) {
    ASSIGN_OR_RETURN(std::vector<Field> fields, FieldsFromArrow(type.fields()));
    return DataType::Struct(std::move(fields));
  }
  if (type.id() == arrow::Type::MAP) {
    const auto& map = static_cast<const arrow::MapType&>(type);
    ASSIGN_OR_RETURN(DataType key, TypeFromArrow(*map.key_type()));
    ASSIGN_OR_RETURN(DataType value, TypeFromArrow(*map.item_type()));
    return DataType::Map(std::move(key), std::move(value), map.item_field()->nullable());
  }
  ASSIGN_OR_RETURN(DataType element, TypeFromArrow(*type.field(0)->type()));
  return DataType::Array(std::move(element), type.field(0)->nullable());
}

Result<DataType> TypeFromArrow(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::NA: return DataType(TypeId::kNull);
    case arrow::Type::BOOL: return DataType(TypeId::kBoolean);
    case arrow::Type::INT8: return DataType(TypeId::kByte);
    case arrow::Type::INT16: return DataType(TypeId::kShort);
    case arrow::Type::INT32: return DataType(TypeId::kInt);
    case arrow::Type::INT64: return DataType(TypeId::kLong);
    case arrow::Type::FLOAT: return DataType(TypeId::kFloat);
    case arrow::Type::DOUBLE: return DataType(TypeId::kDouble);
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::STRING_VIEW: return DataType(TypeId::kString);
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::FIXED_SIZE_BINARY: return DataType(TypeId::kBinary);
    case arrow::Type::DATE32: return DataType(TypeId::kDate);
    case arrow::Type::TIMESTAMP:
      return DataType(static_cast<const arrow::TimestampType&>(type).timezone().empty() ? TypeId::kTimestampNtz
                                                                                      : TypeId::kTimestamp);
    case arrow::Type::DECIMAL128: {
      const auto& decimal = static_cast<const arrow::Decimal128Type&>(type);
      return DataType::Decimal(decimal.precision(), decimal.scale());
    }
    case arrow::Type::DURATION: return DataType::DayTimeInterval(0, 3);
    case arrow::Type::INTERVAL_MONTHS: return DataType::YearMonthInterval(0, 1);
    case arrow::Type::INTERVAL_MONTH_DAY_NANO: return DataType(TypeId::kCalendarInterval);
    case arrow::Type::LIST:
    case arrow::Type::LARGE_LIST:
    case arrow::Type::STRUCT:
    case arrow::Type::MAP: return NestedFromArrow(type);
    default:
      return MakeSqlError("UNSUPPORTED_ARROWTYPE", "0A000", "Unsupported arrow type " + type.ToString() + ".",
                          {{"typeName", type.ToString()}});
  }
}

}  // namespace

Result<std::unique_ptr<IpcEncoder>> IpcEncoder::Make(OwnedArrowSchema schema, Compression compression) {
  auto imported = arrow::ImportSchema(schema.get());
  if (!imported.ok()) return ArrowError(imported.status());
  return std::unique_ptr<IpcEncoder>(std::make_unique<Encoder>(*imported, compression));
}

Result<DecodedStream> DecodeIpcStream(std::string_view bytes) {
  auto source = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(std::string(bytes)));
  auto reader = arrow::ipc::RecordBatchStreamReader::Open(source);
  if (!reader.ok()) return ArrowError(reader.status(), ErrorCode::kInvalidParameterValue);
  DecodedStream decoded;
  arrow::Status status = arrow::ExportSchema(*(*reader)->schema(), decoded.schema.get());
  if (!status.ok()) return ArrowError(status);
  while (true) {
    std::shared_ptr<arrow::RecordBatch> batch;
    status = (*reader)->ReadNext(&batch);
    if (!status.ok()) return ArrowError(status, ErrorCode::kInvalidParameterValue);
    if (!batch) return decoded;
    status = batch->ValidateFull();
    if (!status.ok()) return ArrowError(status, ErrorCode::kInvalidParameterValue);
    ArrowBatch exported;
    exported.row_count = batch->num_rows();
    status = arrow::ExportRecordBatch(*batch, exported.array.get());
    if (!status.ok()) return ArrowError(status);
    decoded.batches.push_back(std::move(exported));
  }
}

Result<Schema> SchemaFromArrow(const ArrowSchema& schema) {
  // ImportSchema takes what it is given; hand it a shallow copy that does not release the caller's.
  ArrowSchema borrowed = schema;
  borrowed.release = [](ArrowSchema* self) { self->release = nullptr; };
  auto imported = arrow::ImportSchema(&borrowed);
  if (!imported.ok()) return ArrowError(imported.status(), ErrorCode::kInvalidParameterValue);
  Schema out;
  ASSIGN_OR_RETURN(out.fields, FieldsFromArrow((*imported)->fields()));
  return out;
}

}  // namespace ashlar::arrow_ipc
