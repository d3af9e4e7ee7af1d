#include "link/convert.h"

#include "base/json.h"

namespace ashlar::link {
namespace {

template <typename Repeated>
void AddAll(const std::vector<std::string>& values, Repeated* out) {
  for (const std::string& value : values) *out->Add() = value;
}

template <typename Repeated>
std::vector<std::string> Strings(const Repeated& values) {
  return {values.begin(), values.end()};
}

template <typename Map>
void PutAll(const std::map<std::string, std::string>& values, Map* out) {
  for (const auto& [key, value] : values) (*out)[key] = value;
}

template <typename Map>
std::map<std::string, std::string> StringMap(const Map& values) {
  return {values.begin(), values.end()};
}

}  // namespace

bool IsFinal(StatementState state) { return state >= StatementState::kSucceeded; }

void ToWire(const Error& error, wire::Error* out) {
  out->set_code(std::string(ErrorCodeName(error.code)));
  out->set_message(error.message);
  out->set_condition(error.condition);
  out->set_sqlstate(error.sqlstate);
  PutAll(error.parameters, out->mutable_parameters());
  if (error.span) {
    out->set_span_begin(error.span->begin);
    out->set_span_end(error.span->end);
  }
}

Error FromWire(const wire::Error& error) {
  Error out = MakeError(ErrorCodeFromName(error.code()), error.message());
  out.condition = error.condition();
  out.sqlstate = error.sqlstate();
  out.parameters = StringMap(error.parameters());
  if (error.has_span_begin()) out.span = SourceSpan{error.span_begin(), error.span_end()};
  return out;
}

void FieldsToWire(const std::vector<Field>& fields, google::protobuf::RepeatedPtrField<wire::Column>* out) {
  for (const Field& field : fields) {
    wire::Column* column = out->Add();
    column->set_name(field.name);
    column->set_type_json(WriteJson(field.type.ToJson()));
    column->set_nullable(field.nullable);
    column->set_metadata(field.metadata);
  }
}

Result<std::vector<Field>> FieldsFromWire(const google::protobuf::RepeatedPtrField<wire::Column>& columns) {
  std::vector<Field> fields;
  for (const wire::Column& column : columns) {
    ASSIGN_OR_RETURN(Json json, ParseJson(column.type_json()));
    ASSIGN_OR_RETURN(DataType type, DataType::FromJson(json));
    fields.push_back({column.name(), std::move(type), column.nullable(), column.metadata()});
  }
  return fields;
}

void ToWire(const sql::ResolveRequest& request, wire::ResolveRequest::Item* out) {
  AddAll(request.name, out->mutable_name());
  out->set_format(request.format);
  out->set_path(request.path);
  out->set_write(request.access == sql::Access::kWrite);
  out->set_named_by_log(request.named_by_log);
}

sql::ResolveRequest FromWire(const wire::ResolveRequest::Item& item) {
  sql::ResolveRequest request;
  request.name = Strings(item.name());
  request.format = item.format();
  request.path = item.path();
  request.access = item.write() ? sql::Access::kWrite : sql::Access::kRead;
  request.named_by_log = item.named_by_log();
  return request;
}

void ToWire(const sql::RatifiedCommits& commits, wire::RatifiedCommits* out) {
  out->set_latest_version(commits.latest_version);
  for (const auto& [version, staged] : commits.staged) (*out->mutable_staged())[version] = staged;
}

sql::RatifiedCommits FromWire(const wire::RatifiedCommits& commits) {
  sql::RatifiedCommits out{commits.latest_version(), {}};
  for (const auto& [version, staged] : commits.staged()) out.staged[version] = staged;
  return out;
}

void ToWire(const sql::ResolvedRelation& relation, wire::Relation* out) {
  out->set_kind(static_cast<int>(relation.kind));
  out->set_full_name(relation.full_name);
  AddAll(relation.name_parts, out->mutable_name_parts());
  out->set_uuid(relation.uuid);
  out->set_format(relation.format);
  out->set_location(relation.location);
  FieldsToWire(relation.schema.fields, out->mutable_columns());
  PutAll(relation.properties, out->mutable_properties());
  out->set_view_text(relation.view_text);
  out->set_view_catalog(relation.view_catalog);
  out->set_view_schema(relation.view_schema);
  out->set_comment(relation.comment);
  out->set_owner(relation.owner);
  out->set_managed(relation.managed);
  AddAll(relation.source_roots, out->mutable_source_roots());
  AddAll(relation.clone_roots, out->mutable_clone_roots());
  if (relation.ratified) ToWire(*relation.ratified, out->mutable_ratified());
}

Result<sql::ResolvedRelation> FromWire(const wire::Relation& relation) {
  sql::ResolvedRelation out;
  out.kind = static_cast<sql::RelationKind>(relation.kind());
  out.full_name = relation.full_name();
  out.name_parts = Strings(relation.name_parts());
  out.uuid = relation.uuid();
  out.format = relation.format();
  out.location = relation.location();
  ASSIGN_OR_RETURN(out.schema.fields, FieldsFromWire(relation.columns()));
  out.properties = StringMap(relation.properties());
  out.view_text = relation.view_text();
  out.view_catalog = relation.view_catalog();
  out.view_schema = relation.view_schema();
  out.comment = relation.comment();
  out.owner = relation.owner();
  out.managed = relation.managed();
  out.source_roots = Strings(relation.source_roots());
  out.clone_roots = Strings(relation.clone_roots());
  if (relation.has_ratified()) out.ratified = FromWire(relation.ratified());
  return out;
}

void ToWire(const sql::CatalogCommand& command, wire::CatalogRequest* out) {
  out->set_action(static_cast<int>(command.action));
  out->set_securable(static_cast<int>(command.securable));
  AddAll(command.name, out->mutable_name());
  AddAll(command.new_name, out->mutable_new_name());
  out->set_if_exists(command.if_exists);
  out->set_or_replace(command.or_replace);
  out->set_cascade(command.cascade);
  out->set_extended(command.extended);
  if (command.comment) out->set_comment(*command.comment);
  PutAll(command.properties, out->mutable_properties());
  out->set_format(command.format);
  out->set_location(command.location);
  FieldsToWire(command.columns, out->mutable_columns());
  AddAll(command.partition_columns, out->mutable_partition_columns());
  out->set_view_text(command.view_text);
  out->set_current_catalog(command.current_catalog);
  out->set_current_schema(command.current_schema);
  out->set_pattern(command.pattern);
  out->set_principal(command.principal);
  AddAll(command.privileges, out->mutable_privileges());
  out->set_shallow_clone_of(command.shallow_clone_of);
}

Result<sql::CatalogCommand> FromWire(const wire::CatalogRequest& request) {
  sql::CatalogCommand command;
  command.action = static_cast<sql::CatalogAction>(request.action());
  command.securable = static_cast<sql::Securable>(request.securable());
  command.name = Strings(request.name());
  command.new_name = Strings(request.new_name());
  command.if_exists = request.if_exists();
  command.or_replace = request.or_replace();
  command.cascade = request.cascade();
  command.extended = request.extended();
  if (request.has_comment()) command.comment = request.comment();
  command.properties = StringMap(request.properties());
  command.format = request.format();
  command.location = request.location();
  ASSIGN_OR_RETURN(command.columns, FieldsFromWire(request.columns()));
  command.partition_columns = Strings(request.partition_columns());
  command.view_text = request.view_text();
  command.current_catalog = request.current_catalog();
  command.current_schema = request.current_schema();
  command.pattern = request.pattern();
  command.principal = request.principal();
  command.privileges = Strings(request.privileges());
  command.shallow_clone_of = request.shallow_clone_of();
  return command;
}

void ToWire(const sql::CatalogReply& reply, wire::CatalogReply* out) {
  FieldsToWire(reply.schema.fields, out->mutable_columns());
  for (const auto& row : reply.rows) {
    wire::CatalogReply::Row* cells = out->add_rows();
    for (const auto& cell : row) {
      cells->add_cells(cell.value_or(""));
      cells->add_present(cell.has_value());
    }
  }
  out->set_uuid(reply.uuid);
  out->set_location(reply.location);
  out->set_already_existed(reply.already_existed);
  AddAll(reply.source_roots, out->mutable_source_roots());
}

Result<sql::CatalogReply> FromWire(const wire::CatalogReply& reply) {
  sql::CatalogReply out;
  ASSIGN_OR_RETURN(out.schema.fields, FieldsFromWire(reply.columns()));
  for (const wire::CatalogReply::Row& cells : reply.rows()) {
    std::vector<std::optional<std::string>> row;
    for (int i = 0; i < cells.cells_size(); ++i) {
      row.push_back(cells.present(i) ? std::optional(cells.cells(i)) : std::nullopt);
    }
    out.rows.push_back(std::move(row));
  }
  out.uuid = reply.uuid();
  out.location = reply.location();
  out.already_existed = reply.already_existed();
  out.source_roots = Strings(reply.source_roots());
  return out;
}

void ToWire(const StatementRequest& request, wire::ExecuteRequest* out) {
  out->set_session_id(request.session_id);
  out->set_statement_id(request.statement_id);
  out->set_sql(request.sql);
  for (const StatementParameter& parameter : request.parameters) {
    wire::Parameter* item = out->add_parameters();
    item->set_name(parameter.name);
    item->set_type(parameter.type);
    if (parameter.value) item->set_value(*parameter.value);
  }
  out->set_row_limit(request.row_limit);
  out->set_byte_limit(request.byte_limit);
  out->set_commit_uuid(request.commit_uuid);
  if (!request.open) return;
  wire::Session* session = out->mutable_open();
  session->set_handle(request.open->handle);
  session->set_session_id(request.open->session_id);
  session->set_user_name(request.open->user_name);
  session->set_catalog(request.open->catalog);
  session->set_schema(request.open->schema);
  for (const auto& [key, value] : request.open->confs) (*session->mutable_confs())[key] = value;
}

StatementRequest FromWire(const wire::ExecuteRequest& request) {
  StatementRequest out;
  out.session_id = request.session_id();
  out.statement_id = request.statement_id();
  out.sql = request.sql();
  for (const wire::Parameter& item : request.parameters()) {
    StatementParameter parameter{item.name(), item.type(), std::nullopt};
    if (item.has_value()) parameter.value = item.value();
    out.parameters.push_back(std::move(parameter));
  }
  out.row_limit = request.row_limit();
  out.byte_limit = request.byte_limit();
  out.commit_uuid = request.commit_uuid();
  if (request.has_open()) {
    const wire::Session& session = request.open();
    out.open = SessionOptions{session.handle(), session.session_id(), session.user_name(), session.catalog(), session.schema(),
                              {session.confs().begin(), session.confs().end()}};
  }
  return out;
}

void ToWire(const StatementStatus& status, wire::StatementReply* out) {
  out->set_state(static_cast<int>(status.state));
  if (status.failure) ToWire(*status.failure, out->mutable_failure());
  out->set_has_result(status.has_result);
  FieldsToWire(status.schema.fields, out->mutable_columns());
  for (const ResultChunk& chunk : status.chunks) {
    wire::StatementReply::Chunk* item = out->add_chunks();
    item->set_row_offset(chunk.row_offset);
    item->set_row_count(chunk.row_count);
    item->set_byte_count(chunk.byte_count);
  }
  out->set_truncated(status.truncated);
  out->set_first_chunk(status.first_chunk);
}

Result<StatementStatus> FromWire(const wire::StatementReply& reply) {
  StatementStatus status;
  status.state = static_cast<StatementState>(reply.state());
  if (reply.has_failure()) status.failure = FromWire(reply.failure());
  status.has_result = reply.has_result();
  ASSIGN_OR_RETURN(status.schema.fields, FieldsFromWire(reply.columns()));
  for (const wire::StatementReply::Chunk& item : reply.chunks()) {
    status.chunks.push_back({item.row_offset(), item.row_count(), item.byte_count()});
  }
  status.truncated = reply.truncated();
  status.first_chunk = reply.first_chunk();
  return status;
}

}  // namespace ashlar::link
