#include "statements/result_rendering.h"

#include "arrow_ipc/cell_text.h"
#include "base/clock.h"
#include "base/error_position.h"
#include "base/json.h"

namespace ashlar::statements {
namespace {

namespace sea = api::statement_execution;

std::string_view StateName(link::StatementState state) {
  switch (state) {
    case link::StatementState::kPending: return sea::StatementState::kPending;
    case link::StatementState::kRunning: return sea::StatementState::kRunning;
    case link::StatementState::kSucceeded: return sea::StatementState::kSucceeded;
    case link::StatementState::kFailed: return sea::StatementState::kFailed;
    case link::StatementState::kCanceled: return sea::StatementState::kCanceled;
    case link::StatementState::kClosed: return sea::StatementState::kClosed;
  }
  return sea::StatementState::kFailed;
}

std::string_view TypeName(const DataType& type) {
  using Name = sea::ColumnInfoTypeName;
  switch (type.id()) {
    case TypeId::kNull: return Name::kNull;
    case TypeId::kBoolean: return Name::kBoolean;
    case TypeId::kByte: return Name::kByte;
    case TypeId::kShort: return Name::kShort;
    case TypeId::kInt: return Name::kInt;
    case TypeId::kLong: return Name::kLong;
    case TypeId::kFloat: return Name::kFloat;
    case TypeId::kDouble: return Name::kDouble;
    case TypeId::kDecimal: return Name::kDecimal;
    case TypeId::kString: return type.is_char() ? Name::kChar : Name::kString;
    case TypeId::kBinary: return Name::kBinary;
    case TypeId::kDate: return Name::kDate;
    case TypeId::kTimestamp: return Name::kTimestamp;
    case TypeId::kTimestampNtz: return "TIMESTAMP_NTZ";
    case TypeId::kYearMonthInterval:
    case TypeId::kDayTimeInterval:
    case TypeId::kCalendarInterval: return Name::kInterval;
    case TypeId::kArray: return Name::kArray;
    case TypeId::kMap: return Name::kMap;
    case TypeId::kStruct: return Name::kStruct;
    case TypeId::kVariant: return "VARIANT";
  }
  return Name::kString;
}

sea::ColumnInfo RenderColumn(const Field& field, int64_t position) {
  sea::ColumnInfo column;
  column.name = field.name;
  column.position = position;
  column.type_name = TypeName(field.type);
  column.type_text = field.type.Sql();
  if (field.type.Is(TypeId::kDecimal)) {
    column.type_precision = field.type.precision();
    column.type_scale = field.type.scale();
  }
  return column;
}

std::string ChunkPath(const std::string& statement_id, int64_t index) {
  return "/api/2.0/sql/statements/" + statement_id + "/result/chunks/" + std::to_string(index);
}

// What rows and links have in common: where the chunk lies and which comes next.
template <typename Part>
void PlaceChunk(const std::string& statement_id, const link::StatementStatus& status, int64_t index, Part* part) {
  const link::ResultChunk& chunk = status.chunks[static_cast<size_t>(index)];
  part->chunk_index = index;
  part->row_offset = chunk.row_offset;
  part->row_count = chunk.row_count;
  if (index + 1 < static_cast<int64_t>(status.chunks.size())) {
    part->next_chunk_index = index + 1;
    part->next_chunk_internal_link = ChunkPath(statement_id, index + 1);
  }
}

}  // namespace

sea::StatementStatus RenderStatus(const link::StatementStatus& status, std::string_view sql) {
  sea::StatementStatus out;
  out.state = StateName(status.state);
  if (status.state == link::StatementState::kFailed && status.failure) {
    sea::ServiceError error;
    error.error_code = ErrorCodeName(status.failure->code);
    error.message = PositionedMessage(*status.failure, sql);
    out.error = std::move(error);
    if (!status.failure->sqlstate.empty()) out.sql_state = status.failure->sqlstate;
  }
  return out;
}

sea::ResultManifest RenderManifest(const RegisteredStatement& statement, const link::StatementStatus& status) {
  sea::ResultManifest manifest;
  manifest.format = statement.format == ResultFormat::kArrowStream ? sea::Format::kArrowStream : sea::Format::kJsonArray;
  sea::ResultSchema schema;
  schema.column_count = static_cast<int64_t>(status.schema.fields.size());
  std::vector<sea::ColumnInfo> columns;
  for (const Field& field : status.schema.fields) columns.push_back(RenderColumn(field, static_cast<int64_t>(columns.size())));
  schema.columns = std::move(columns);
  manifest.schema = std::move(schema);
  int64_t rows = 0;
  int64_t bytes = 0;
  std::vector<sea::BaseChunkInfo> chunks;
  for (const link::ResultChunk& chunk : status.chunks) {
    sea::BaseChunkInfo info;
    info.chunk_index = static_cast<int64_t>(chunks.size());
    info.row_offset = chunk.row_offset;
    info.row_count = chunk.row_count;
    info.byte_count = chunk.byte_count;
    chunks.push_back(std::move(info));
    rows += chunk.row_count;
    bytes += chunk.byte_count;
  }
  manifest.total_chunk_count = static_cast<int64_t>(chunks.size());
  manifest.chunks = std::move(chunks);
  manifest.total_row_count = rows;
  manifest.total_byte_count = bytes;
  manifest.truncated = status.truncated;
  return manifest;
}

Result<sea::ResultData> RenderRows(const std::string& statement_id, const link::StatementStatus& status, int64_t index,
                                   const std::string& ipc) {
  sea::ResultData data;
  PlaceChunk(statement_id, status, index, &data);
  ASSIGN_OR_RETURN(std::vector<arrow_ipc::TextRow> rows, arrow_ipc::RowsAsText(ipc, status.schema));
  data.data_array = std::move(rows);
  return data;
}

sea::ResultData RenderLink(const RegisteredStatement& statement, const link::StatementStatus& status, int64_t index,
                           const std::string& base_url, int64_t expiry_ms) {
  sea::ExternalLink link;
  PlaceChunk(statement.id, status, index, &link);
  link.byte_count = status.chunks[static_cast<size_t>(index)].byte_count;
  link.external_link = base_url + "/api/2.0/sql/results/" + statement.link_token + "/" + std::to_string(index);
  link.expiration = FormatUtcMs(expiry_ms);
  sea::ResultData data;
  data.external_links = std::vector<sea::ExternalLink>{std::move(link)};
  return data;
}

Result<std::string> RowsAsJson(const std::string& ipc, const Schema& schema) {
  ASSIGN_OR_RETURN(std::vector<arrow_ipc::TextRow> rows, arrow_ipc::RowsAsText(ipc, schema));
  Json json = Json::array();
  for (arrow_ipc::TextRow& row : rows) {
    Json cells = Json::array();
    for (std::optional<std::string>& cell : row) cells.push_back(cell ? Json(std::move(*cell)) : Json(nullptr));
    json.push_back(std::move(cells));
  }
  return WriteJson(json);
}

}  // namespace ashlar::statements
