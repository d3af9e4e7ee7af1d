#include "sql/analyze/row_metadata.h"

#include <type_traits>

#include "base/text.h"
#include "sql/row_metadata.h"

namespace ashlar::sql {

bool MissesRowMetadata(const Error& error) {
  if (!error.condition.starts_with("UNRESOLVED_COLUMN")) return false;
  auto name = error.parameters.find("objectName");
  return name != error.parameters.end() && ToLowerAscii(name->second).find("`" + std::string(kRowMetadata) + "`") != std::string::npos;
}

bool IsRowMetadata(const ScopeColumn& column) {
  return column.unlisted && column.attribute.name == kRowMetadata;
}

bool KeepsRowMetadata(const JoinRelation& join) { return !join.natural && join.using_columns.empty(); }

bool KeepsRowMetadata(const Relation& relation) {
  if (const auto* join = std::get_if<JoinRelation>(&relation.node)) return KeepsRowMetadata(*join);
  return std::visit(
      [](const auto& node) {
        using Node = std::decay_t<decltype(node)>;
        return std::is_same_v<Node, ProjectRelation> || std::is_same_v<Node, AggregateRelation> ||
               std::is_same_v<Node, WithColumnsRelation> || std::is_same_v<Node, GenerateRelation> ||
               std::is_same_v<Node, LimitRelation> || std::is_same_v<Node, AliasRelation> ||
               std::is_same_v<Node, SampleRelation> || std::is_same_v<Node, DropColumnsRelation> ||
               std::is_same_v<Node, RenameColumnsRelation>;
      },
      relation.node);
}

Result<std::shared_ptr<const TableHandle>> TablesWithRowMetadata::Open(
    const ResolvedRelation& relation, const TimeTravel& time_travel,
    const std::map<std::string, std::string>& options, const std::optional<Schema>& user_schema) {
  std::map<std::string, std::string> showing = options;
  showing[kRowMetadata] = "true";
  return tables_.Open(relation, time_travel, showing, user_schema);
}

AnalyzerContext Over(const AnalyzerContext& context, TableSource& tables) {
  return {context.catalog,         tables,          context.functions,       context.current_catalog,
          context.current_schema,  context.user,    context.ansi,            context.case_sensitive,
          context.time_zone,       context.now_micros, context.temporary_views, context.named_parameters,
          context.positional_parameters, context.parse_query, context.last_map_key_wins};
}

}  // namespace ashlar::sql
