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

bool KeepsRowMetadata(const Relation& relation) {
  if (const auto* alias = std::get_if<AliasRelation>(&relation.node)) return alias->columns.empty();
  if (const auto* join = std::get_if<JoinRelation>(&relation.node)) return !join->natural && join->using_columns.empty();
  return std::visit(
      [](const auto& node) {
        using Node = std::decay_t<decltype(node)>;
        return std::is_same_v<Node, ProjectRelation> || std::is_same_v<Node, AggregateRelation> ||
               std::is_same_v<Node, WithColumnsRelation> || std::is_same_v<Node, GenerateRelation> ||
               std::is_same_v<Node, LimitRelation>;
      },
      relation.node);
}

Result<std::shared_ptr<const TableHandle>> TablesWithRowMetadata::Open(
    const ResolvedRelation& relation, const TimeTravel& time_travel,
    const std::map<std::string, std::string>& options, const std::optional<Schema>& user_schema) {
  if (!EqualsIgnoreCase(relation.format, "delta")) return tables_.Open(relation, time_travel, options, user_schema);
  std::map<std::string, std::string> showing = options;
  showing[kRowMetadata] = "true";
  return tables_.Open(relation, time_travel, showing, user_schema);
}

}  // namespace ashlar::sql
