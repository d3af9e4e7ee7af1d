// Relations without an input: tables, files, rows that came with the plan, SQL text.
#include "arrow_ipc/ipc.h"
#include "base/text.h"
#include "connect/decode/decoder.h"
#include "spark/connect/relations.pb.h"
#include "sql/table_path.h"

namespace ashlar::connect {
namespace {

using Proto = sc::Relation;

// versionAsOf and timestampAsOf of a reader.
void TakeTimeTravel(sql::TableRelation& table) {
  for (auto it = table.options.begin(); it != table.options.end();) {
    bool version = EqualsIgnoreCase(it->first, "versionAsOf");
    bool timestamp = EqualsIgnoreCase(it->first, "timestampAsOf");
    if (!version && !timestamp) {
      ++it;
      continue;
    }
    std::optional<int64_t> number = version ? ParseInt64(it->second) : std::nullopt;
    sql::ExprPtr value = sql::MakeExpr(sql::LiteralExpr{number ? Value::Long(*number) : Value::String(it->second)});
    (version ? table.version_as_of : table.timestamp_as_of) = std::move(value);
    it = table.options.erase(it);
  }
}

Error Refuse(const Proto& proto) {
  const auto* field = Proto::descriptor()->FindFieldByNumber(proto.rel_type_case());
  if (field == nullptr) return InvalidPlan("a relation of unknown kind");
  if (proto.has_extension()) return NotImplemented("Relation.extension (" + proto.extension().type_url() + ")");
  return NotImplemented("the Spark Connect relation " + std::string(field->name()));
}

}  // namespace

Result<Decoder::RelationNode> Decoder::Source(const Proto& proto) {
  switch (proto.rel_type_case()) {
    case Proto::kRead: return ReadNode(proto.read());
    case Proto::kSql: return SqlNode(proto.sql());
    case Proto::kLocalRelation: return LocalNode(proto.local_relation());
    case Proto::kCachedLocalRelation: {
      ASSIGN_OR_RETURN(std::string bytes, context_.cached_artifact(proto.cached_local_relation().hash()));
      sc::LocalRelation local;
      if (!local.ParseFromString(bytes)) return InvalidPlan("a cached local relation that is no LocalRelation");
      return LocalNode(local);
    }
    case Proto::kChunkedCachedLocalRelation: return ChunkedNode(proto.chunked_cached_local_relation());
    case Proto::kRange: {
      if (proto.range().step() == 0) return InvalidPlan("a range with step 0");
      return RelationNode(sql::RangeRelation{proto.range().start(), proto.range().end(), proto.range().step()});
    }
    case Proto::kUnresolvedTableValuedFunction: {
      const auto& function = proto.unresolved_table_valued_function();
      sql::TableFunctionRelation node;
      node.call.name = {function.function_name()};
      ASSIGN_OR_RETURN(node.call.args, Expressions(function.arguments()));
      return RelationNode(std::move(node));
    }
    default: return Refuse(proto);
  }
}

Result<Decoder::RelationNode> Decoder::ReadNode(const sc::Read& proto) {
  if (proto.is_streaming()) return NotImplemented("Read.is_streaming (readStream)");
  if (proto.has_named_table()) {
    sql::TableRelation table;
    ASSIGN_OR_RETURN(table.name, sql::ParseMultipartIdentifier(proto.named_table().unparsed_identifier()));
    for (const auto& [key, value] : proto.named_table().options()) table.options[key] = value;
    TakeTimeTravel(table);
    return RelationNode(std::move(table));
  }
  if (!proto.has_data_source()) return InvalidPlan("a read without a source");
  const auto& source = proto.data_source();
  if (source.predicates_size() > 0) return NotImplemented("Read.DataSource.predicates (spark.read.jdbc)");
  sql::FileRelation files;
  files.format = source.has_format() && !source.format().empty() ? source.format() : "delta";
  for (const auto& [key, value] : source.options()) {
    if (EqualsIgnoreCase(key, "path")) {
      files.paths.push_back(value);
    } else {
      files.options[key] = value;
    }
  }
  files.paths.insert(files.paths.end(), source.paths().begin(), source.paths().end());
  if (source.has_schema() && !source.schema().empty()) {
    ASSIGN_OR_RETURN(files.schema, DecodeSchemaText(source.schema()));
  }
  if (EqualsIgnoreCase(files.format, "delta") && files.paths.size() == 1) {
    sql::TableRelation table;
    table.name = sql::DeltaPathName(files.paths[0]);
    table.options = std::move(files.options);
    TakeTimeTravel(table);
    return RelationNode(std::move(table));
  }
  return RelationNode(std::move(files));
}

Result<Decoder::RelationNode> Decoder::SqlNode(const sc::SQL& proto) {
  ASSIGN_OR_RETURN(DecodedArguments arguments, Arguments(proto));
  return RelationNode(sql::SqlTextRelation{proto.query(), std::move(arguments.named), std::move(arguments.positional)});
}

Result<Decoder::RelationNode> Decoder::LocalNode(const sc::LocalRelation& proto) {
  sql::LocalDataRelation local;
  if (proto.has_schema() && !proto.schema().empty()) {
    ASSIGN_OR_RETURN(local.schema, DecodeSchemaText(proto.schema()));
  }
  if (!proto.data().empty()) {
    local.arrow_ipc = proto.data();
    if (!local.schema) {
      ASSIGN_OR_RETURN(arrow_ipc::DecodedStream stream, arrow_ipc::DecodeIpcStream(local.arrow_ipc));
      ASSIGN_OR_RETURN(local.schema, arrow_ipc::SchemaFromArrow(*stream.schema.get()));
    }
    return RelationNode(std::move(local));
  }
  if (!local.schema) return InvalidPlan("a local relation without data and schema");
  // No rows: a projection of typed nulls over nothing.
  sql::ProjectRelation nothing;
  nothing.input = sql::MakeRelation(sql::OneRowRelation{});
  for (const Field& field : local.schema->fields) {
    sql::ExprPtr null = sql::MakeExpr(sql::LiteralExpr{Value::Null(field.type)});
    std::string metadata = field.metadata == "{}" ? "" : field.metadata;
    nothing.exprs.push_back(sql::MakeExpr(sql::AliasExpr{std::move(null), {field.name}, std::move(metadata)}));
  }
  sql::ExprPtr never = sql::MakeExpr(sql::LiteralExpr{Value::Boolean(false)});
  sql::RelationPtr one_row = sql::MakeRelation(std::move(nothing));
  return RelationNode(sql::FilterRelation{std::move(one_row), std::move(never)});
}

Result<Decoder::RelationNode> Decoder::ChunkedNode(const sc::ChunkedCachedLocalRelation& proto) {
  sc::LocalRelation local;
  if (proto.has_schemahash() && !proto.schemahash().empty()) {
    ASSIGN_OR_RETURN(std::string schema, context_.cached_artifact(proto.schemahash()));
    local.set_schema(std::move(schema));
  }
  std::vector<sql::RelationPtr> parts;
  for (const std::string& hash : proto.datahashes()) {
    ASSIGN_OR_RETURN(*local.mutable_data(), context_.cached_artifact(hash));
    ASSIGN_OR_RETURN(RelationNode part, LocalNode(local));
    parts.push_back(std::make_shared<const sql::Relation>(sql::Relation{{}, std::nullopt, std::move(part)}));
  }
  if (parts.empty()) return LocalNode(local);
  // A balanced tree keeps the plan shallow however many chunks there are.
  while (parts.size() > 1) {
    std::vector<sql::RelationPtr> halved;
    for (size_t i = 0; i + 1 < parts.size(); i += 2) {
      sql::SetOpRelation both;
      both.left = parts[i];
      both.right = parts[i + 1];
      both.all = true;
      halved.push_back(sql::MakeRelation(std::move(both)));
    }
    if (parts.size() % 2 == 1) halved.push_back(parts.back());
    parts = std::move(halved);
  }
  return RelationNode(parts[0]->node);
}

}  // namespace ashlar::connect
