#include "connect/analyze_plan.h"

#include "connect/show_table.h"
#include "engine/engine.h"
#include "types/schema_tree.h"

namespace ashlar::connect {
namespace {

using Request = sc::AnalyzePlanRequest;

Schema SchemaOf(const sql::Plan& plan) {
  Schema schema;
  for (const sql::Attribute& column : plan.output) schema.fields.push_back({column.name, column.type, column.nullable, column.metadata});
  return schema;
}

// These relations have one column of text, whatever is below them.
std::optional<Schema> SchemaOfText(const sc::Relation& root) {
  const char* name = root.has_show_string() ? "show_string" : root.has_html_string() ? "html_string" : nullptr;
  if (name == nullptr) return std::nullopt;
  return Schema{{Field{name, TypeId::kString, false, "{}"}}};
}

Result<Schema> AnalyzeSchema(ConnectSession& session, const sc::Plan& plan) {
  if (!plan.has_root()) return InvalidPlan("a schema is asked of a command");
  if (auto schema = SchemaOfText(plan.root())) return *std::move(schema);
  ASSIGN_OR_RETURN(sql::RelationPtr query, session.MakeDecoder().Relation(plan.root()));
  session::StatementRun run(session.session());
  ASSIGN_OR_RETURN(sql::AnalyzedQuery analyzed, run.Analyze(query));
  return SchemaOf(*analyzed.plan);
}

Result<std::string> Explain(ConnectSession& session, const Request::Explain& request) {
  if (!request.plan().has_root()) return InvalidPlan("explain() of a command");
  sql::QueryStatement query;
  ASSIGN_OR_RETURN(query.query, session.MakeDecoder().Relation(request.plan().root()));
  sql::ExplainStatement explain;
  bool simple = request.explain_mode() <= Request::Explain::EXPLAIN_MODE_SIMPLE;
  explain.mode = simple ? sql::ExplainMode::kSimple : sql::ExplainMode::kExtended;
  explain.statement = std::make_shared<const sql::Statement>(sql::Statement{{}, std::move(query)});
  session::StatementRun run(session.session());
  ASSIGN_OR_RETURN(auto stream, run.Run(sql::Statement{{}, std::move(explain)}));
  ASSIGN_OR_RETURN(auto rows, engine::CollectRows(*stream));
  CHECK(rows.size() == 1 && rows[0].size() == 1);
  return std::get<std::string>(rows[0][0].data);
}

// Plan ids are made anew for each DataFrame: two plans are alike when they differ in nothing else.
void RenumberPlanIds(google::protobuf::Message& message, std::map<int64_t, int64_t>& ids) {
  const auto* reflection = message.GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const auto* field : fields) {
    if (field->name() == "plan_id" && field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_INT64) {
      int64_t id = reflection->GetInt64(message, field);
      reflection->SetInt64(&message, field, ids.emplace(id, std::ssize(ids)).first->second);
    } else if (field->name() == "origin" || field->name() == "source_info") {
      reflection->ClearField(&message, field);
    } else if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) {
      continue;
    } else if (!field->is_repeated()) {
      RenumberPlanIds(*reflection->MutableMessage(&message, field), ids);
    } else {
      for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
        RenumberPlanIds(*reflection->MutableRepeatedMessage(&message, field, i), ids);
      }
    }
  }
}

std::string Canonical(sc::Plan plan) {
  std::map<int64_t, int64_t> ids;
  RenumberPlanIds(plan, ids);
  return plan.SerializeAsString();
}

// FNV-1a, folded to 32 bits.
int32_t HashOf(const std::string& bytes) {
  uint64_t hash = 14695981039346656037ull;
  for (char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  return static_cast<int32_t>(hash ^ hash >> 32);
}

Status AnalyzeTypes(const Request& request, sc::AnalyzePlanResponse& response) {
  if (request.has_ddl_parse()) {
    ASSIGN_OR_RETURN(DataType type, sql::ParseTypeOrSchema(request.ddl_parse().ddl_string()));
    EncodeType(type, *response.mutable_ddl_parse()->mutable_parsed());
    return OkStatus();
  }
  ASSIGN_OR_RETURN(Schema schema, Schema::FromJsonText(request.json_to_ddl().json_string()));
  response.mutable_json_to_ddl()->set_ddl_string(schema.ToDdl());
  return OkStatus();
}

}  // namespace

const sc::Plan* PlanOf(const Request& request) {
  switch (request.analyze_case()) {
    case Request::kSchema: return &request.schema().plan();
    case Request::kExplain: return &request.explain().plan();
    case Request::kTreeString: return &request.tree_string().plan();
    default: return nullptr;
  }
}

Status Analyze(ConnectSession& session, const Request& request, sc::AnalyzePlanResponse& response) {
  switch (request.analyze_case()) {
    case Request::kSparkVersion: response.mutable_spark_version()->set_version(kSparkVersion); return OkStatus();
    case Request::kSchema: {
      ASSIGN_OR_RETURN(Schema schema, AnalyzeSchema(session, request.schema().plan()));
      EncodeType(schema.ToStruct(), *response.mutable_schema()->mutable_schema());
      return OkStatus();
    }
    case Request::kTreeString: {
      ASSIGN_OR_RETURN(Schema schema, AnalyzeSchema(session, request.tree_string().plan()));
      response.mutable_tree_string()->set_tree_string(TreeText(schema, request.tree_string().level()));
      return OkStatus();
    }
    case Request::kExplain: {
      ASSIGN_OR_RETURN(*response.mutable_explain()->mutable_explain_string(), Explain(session, request.explain()));
      return OkStatus();
    }
    case Request::kIsLocal: response.mutable_is_local()->set_is_local(request.is_local().plan().root().has_local_relation()); return OkStatus();
    // Streaming reads are refused when they are decoded.
    case Request::kIsStreaming: response.mutable_is_streaming()->set_is_streaming(false); return OkStatus();
    case Request::kDdlParse:
    case Request::kJsonToDdl: return AnalyzeTypes(request, response);
    case Request::kSameSemantics: {
      const auto& plans = request.same_semantics();
      response.mutable_same_semantics()->set_result(Canonical(plans.target_plan()) == Canonical(plans.other_plan()));
      return OkStatus();
    }
    case Request::kSemanticHash: response.mutable_semantic_hash()->set_result(HashOf(Canonical(request.semantic_hash().plan()))); return OkStatus();
    // Nothing is ever persisted, so there is nothing to give back, and no storage is used.
    case Request::kUnpersist: response.mutable_unpersist(); return OkStatus();
    case Request::kGetStorageLevel: response.mutable_get_storage_level()->mutable_storage_level()->set_replication(1); return OkStatus();
    case Request::kPersist: return NotImplemented("DataFrame.persist() and cache()");
    case Request::kInputFiles: return NotImplemented("DataFrame.inputFiles()");
    default: return InvalidPlan("a question without a kind");
  }
}

}  // namespace ashlar::connect
