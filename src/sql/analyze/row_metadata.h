// `_metadata`, the column that tables show to who names it. Few queries do: the others are analysed without it.
#pragma once

#include "sql/analyze/scope.h"
#include "sql/analyzer.h"

namespace ashlar::sql {

// Whether analysis failed for want of it.
bool MissesRowMetadata(const Error& error);
bool IsRowMetadata(const ScopeColumn& column);
// What is over a table and can still ask for the table's; other relations are about all columns.
bool KeepsRowMetadata(const Relation& relation);
bool KeepsRowMetadata(const JoinRelation& join);

// Opens tables so that they show it, where they can.
class TablesWithRowMetadata final : public TableSource {
 public:
  explicit TablesWithRowMetadata(TableSource& tables) : tables_(tables) {}
  Result<std::shared_ptr<const TableHandle>> Open(const ResolvedRelation& relation, const TimeTravel& time_travel,
                                                  const std::map<std::string, std::string>& options,
                                                  const std::optional<Schema>& user_schema) override;

 private:
  TableSource& tables_;
};

// The same, reading other tables.
AnalyzerContext Over(const AnalyzerContext& context, TableSource& tables);

// What analyse(context) answers, over tables that show `_metadata` when it fails for want of it.
template <typename Analyse>
auto AnalyzeWithRowMetadata(AnalyzerContext& context, Analyse analyse) -> decltype(analyse(context)) {
  auto analyzed = analyse(context);
  if (analyzed.ok() || !MissesRowMetadata(analyzed.error())) return analyzed;
  TablesWithRowMetadata tables(context.tables);
  AnalyzerContext showing = Over(context, tables);
  return analyse(showing);
}

}  // namespace ashlar::sql
