#include "connect/plan_runner.h"

#include "arrow_ipc/ipc.h"
#include "session/rows.h"

namespace ashlar::connect {
namespace {

// The field of a oneof that is set, for refusals.
std::string FieldName(const google::protobuf::Message& message, const char* oneof) {
  const auto* field = message.GetReflection()->GetOneofFieldDescriptor(
      message, message.GetDescriptor()->FindOneofByName(oneof));
  return field == nullptr ? "of unknown kind" : std::string(field->name());
}

Status StreamRows(ConnectSession& session, Execution& execution, engine::ResultStream& stream) {
  sc::ExecutePlanResponse response;
  EncodeType(stream.schema().ToStruct(), *response.mutable_schema());
  execution.AddResponse(std::move(response));
  arrow_ipc::SpoolOptions options;
  options.folder = session.session()->environment().spool_folder;
  ASSIGN_OR_RETURN(auto made, arrow_ipc::ResultSpool::Make(stream.ArrowSchemaOf(), options));
  std::shared_ptr<arrow_ipc::ResultSpool> spool = std::move(made);
  execution.SetSpool(spool);
  auto pump = [&]() -> Status {
    while (true) {
      ASSIGN_OR_RETURN(std::optional<ArrowBatch> batch, stream.Next());
      if (!batch) return spool->Finish();
      ASSIGN_OR_RETURN(bool more, spool->Append(*std::move(batch)));
      CHECK(more) << "no limit was set";
    }
  };
  Status pumped = pump();
  if (!pumped.ok()) spool->Fail(pumped.error());
  return pumped;
}

Result<sc::LocalRelation> CollectLocal(engine::ResultStream* stream) {
  sc::LocalRelation local;
  if (stream == nullptr) {
    local.set_schema(Schema{}.ToJsonText());
    return local;
  }
  local.set_schema(stream->schema().ToJsonText());
  ASSIGN_OR_RETURN(auto encoder, arrow_ipc::IpcEncoder::Make(stream->ArrowSchemaOf()));
  while (true) {
    ASSIGN_OR_RETURN(std::optional<ArrowBatch> batch, stream->Next());
    if (!batch) break;
    RETURN_IF_ERROR(encoder->Add(*std::move(batch)));
  }
  // Also without rows: the schema alone does not say that nothing in it is NULL.
  if (stream->schema().fields.empty()) return local;
  ASSIGN_OR_RETURN(*local.mutable_data(), encoder->Finish());
  return local;
}

Status RunRelation(ConnectSession& session, Execution& execution, const sc::Relation& root) {
  Decoder decoder = session.MakeDecoder();
  session::StatementRun run(session.session());
  ASSIGN_OR_RETURN(auto running, Execution::Running::Enter(execution, run));
  std::unique_ptr<engine::ResultStream> stream;
  if (root.has_show_string()) {
    ASSIGN_OR_RETURN(std::string text, ShowText(root.show_string(), decoder, run));
    ASSIGN_OR_RETURN(stream, session::StreamText(run.connection(), {{"show_string"}}, {{text}}));
  } else if (root.has_html_string()) {
    ASSIGN_OR_RETURN(std::string text, ShowHtml(root.html_string(), decoder, run));
    ASSIGN_OR_RETURN(stream, session::StreamText(run.connection(), {{"html_string"}}, {{text}}));
  } else if (root.has_catalog()) {
    ASSIGN_OR_RETURN(stream, RunCatalog(root.catalog(), run));
  } else {
    ASSIGN_OR_RETURN(sql::RelationPtr query, decoder.Relation(root));
    ASSIGN_OR_RETURN(stream, run.Run(sql::Statement{{}, sql::QueryStatement{std::move(query)}}));
  }
  if (stream) return StreamRows(session, execution, *stream);
  ASSIGN_OR_RETURN(stream, run.connection().ExecuteValues({}, {}));
  return StreamRows(session, execution, *stream);
}

// spark.sql(text): a query stays a relation that the client may build upon; anything else is done now.
Status RunSqlCommand(ConnectSession& session, Execution& execution, const sc::SqlCommand& command) {
  sc::Relation input = command.input();
  if (!command.has_input()) {
    auto& text = *input.mutable_sql();
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"  // clients before 4.0 fill only these
    text.set_query(command.sql());
    *text.mutable_args() = command.args();
    *text.mutable_pos_args() = command.pos_args();
    *text.mutable_named_arguments() = command.named_arguments();
    *text.mutable_pos_arguments() = command.pos_arguments();
#pragma GCC diagnostic pop
  }
  const sc::SQL& text = input.has_with_relations() ? input.with_relations().root().sql() : input.sql();
  Decoder decoder = session.MakeDecoder();
  sql::ParserOptions options;
  options.ansi = session.session()->state().confs.ansi();
  options.time_zone = session.session()->state().confs.time_zone();
  ASSIGN_OR_RETURN(sql::Statement statement, sql::ParseStatement(text.query(), options));
  sc::ExecutePlanResponse response;
  if (std::holds_alternative<sql::QueryStatement>(statement.node)) {
    // Analysed now, as Spark does, so that its errors are raised where it was written.
    ASSIGN_OR_RETURN(sql::RelationPtr query, decoder.Relation(input));
    session::StatementRun run(session.session());
    ASSIGN_OR_RETURN(auto running, Execution::Running::Enter(execution, run));
    RETURN_IF_ERROR(run.Analyze(query));
    RETURN_IF_ERROR(run.CheckCancelled());
    *response.mutable_sql_command_result()->mutable_relation() = std::move(input);
  } else {
    if (input.has_with_relations()) return NotImplemented("DataFrames as arguments of a statement that is not a query");
    ASSIGN_OR_RETURN(DecodedArguments arguments, decoder.Arguments(text));
    session::StatementRun run(session.session(), {std::move(arguments.named), std::move(arguments.positional)});
    ASSIGN_OR_RETURN(auto running, Execution::Running::Enter(execution, run));
    ASSIGN_OR_RETURN(auto stream, run.Run(statement));
    ASSIGN_OR_RETURN(*response.mutable_sql_command_result()->mutable_relation()->mutable_local_relation(),
                     CollectLocal(stream.get()));
  }
  execution.AddResponse(std::move(response));
  return OkStatus();
}

Result<sql::Statement> DecodeView(const sc::CreateDataFrameViewCommand& proto, Decoder& decoder) {
  sql::CreateViewStatement view;
  ASSIGN_OR_RETURN(view.name, sql::ParseMultipartIdentifier(proto.name()));
  ASSIGN_OR_RETURN(view.query, decoder.Relation(proto.input()));
  view.temporary = true;
  view.global_temporary = proto.is_global();
  view.or_replace = proto.replace();
  return sql::Statement{{}, std::move(view)};
}

Status RunCommand(ConnectSession& session, Execution& execution, const sc::Command& command) {
  if (command.has_sql_command()) return RunSqlCommand(session, execution, command.sql_command());
  if (command.has_get_resources_command()) {
    // A driver has processors and memory, no resources that Spark would list.
    sc::ExecutePlanResponse response;
    response.mutable_get_resources_command_result();
    execution.AddResponse(std::move(response));
    return OkStatus();
  }
  Decoder decoder = session.MakeDecoder();
  session::StatementRun run(session.session());
  ASSIGN_OR_RETURN(auto running, Execution::Running::Enter(execution, run));
  auto decode = [&]() -> Result<sql::Statement> {
    switch (command.command_type_case()) {
      case sc::Command::kWriteOperation: return DecodeWrite(command.write_operation(), decoder, run);
      case sc::Command::kWriteOperationV2: return DecodeWriteV2(command.write_operation_v2(), decoder, run);
      case sc::Command::kMergeIntoTableCommand: return DecodeMerge(command.merge_into_table_command(), decoder);
      case sc::Command::kCreateDataframeView: return DecodeView(command.create_dataframe_view(), decoder);
      case sc::Command::kExtension: return NotImplemented("Command.extension (" + command.extension().type_url() + ")");
      default: return NotImplemented("the Spark Connect command " + FieldName(command, "command_type"));
    }
  };
  ASSIGN_OR_RETURN(sql::Statement statement, decode());
  ASSIGN_OR_RETURN(auto stream, run.Run(statement));
  // The counts a write reports have no place in the answer; reading them out ends the statement.
  while (stream) {
    ASSIGN_OR_RETURN(std::optional<ArrowBatch> batch, stream->Next());
    if (!batch) break;
  }
  return OkStatus();
}

// The texts of all spark.sql() relations within.
void CollectSql(const google::protobuf::Message& message, std::set<std::string>& texts) {
  if (message.GetDescriptor() == sc::SQL::descriptor()) texts.insert(static_cast<const sc::SQL&>(message).query());
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const auto* field : fields) {
    if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      CollectSql(message.GetReflection()->GetMessage(message, field), texts);
      continue;
    }
    for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i) {
      CollectSql(message.GetReflection()->GetRepeatedMessage(message, field, i), texts);
    }
  }
}

}  // namespace

std::string SqlTextOf(const sc::Plan& plan) {
  std::set<std::string> texts;
  CollectSql(plan, texts);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"  // clients before 4.0 fill only this
  if (!plan.command().sql_command().sql().empty()) texts.insert(plan.command().sql_command().sql());
#pragma GCC diagnostic pop
  return texts.size() == 1 ? *texts.begin() : "";
}

Status RunPlan(ConnectSession& session, Execution& execution, const sc::Plan& plan) {
  switch (plan.op_type_case()) {
    case sc::Plan::kRoot: return RunRelation(session, execution, plan.root());
    case sc::Plan::kCommand: return RunCommand(session, execution, plan.command());
    case sc::Plan::kCompressedOperation: return NotImplemented("Plan.compressed_operation");
    default: return InvalidPlan("a plan without an operation");
  }
}

}  // namespace ashlar::connect
