// The rules a table's rows obey, out of its metadata: CHECK constraints, invariants and generated
// columns as conditions, IDENTITY columns as numbers to take.
#pragma once

#include <map>
#include <vector>

#include "delta/actions.h"
#include "engine/table_writer.h"
#include "session/run_statement.h"
#include "sql/statement.h"

namespace ashlar::session {

struct TableRules {
  std::vector<engine::RowConstraint> constraints;
  std::vector<engine::IdentityColumn> identities;
};

// Errors: what analysis says of a rule that cannot be understood; the table cannot be written then.
Result<TableRules> RulesOf(StatementRun& run, const delta::Metadata& metadata, const Schema& schema);

// The column a definition means, its rules in its metadata. Errors: DELTA_IDENTITY_COLUMNS_* for what no
// IDENTITY column can be.
Result<Field> DefinedField(const sql::ColumnDefinition& definition);

// The schema with the numbers taken last noted at its IDENTITY columns.
Schema WithIdentityNumbers(Schema schema, const std::map<size_t, int64_t>& last);

// Names of the CHECK constraints and generated columns that speak of a column, as "name -> text".
Result<std::vector<std::string>> RulesThatName(StatementRun& run, const delta::Metadata& metadata, const Schema& schema,
                                               size_t column);

}  // namespace ashlar::session
