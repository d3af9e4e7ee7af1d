// How each kind of statement is carried out: one overload a kind. Implemented in the .cc files named
// in the README.
#pragma once

#include <memory>

#include "session/rows.h"
#include "session/run_statement.h"

namespace ashlar::session {

// nullptr: the statement gives no rows.
using Rows = Result<std::unique_ptr<engine::ResultStream>>;
inline Rows NoRows() { return std::unique_ptr<engine::ResultStream>(); }

Rows RunCommand(StatementRun& run, const sql::QueryStatement& statement);
Rows RunCommand(StatementRun& run, const sql::ExplainStatement& statement);
Rows RunCommand(StatementRun& run, const sql::CreateTableStatement& statement);
Rows RunCommand(StatementRun& run, const sql::CreateViewStatement& statement);
Rows RunCommand(StatementRun& run, const sql::InsertStatement& statement);
Rows RunCommand(StatementRun& run, const sql::UpdateStatement& statement);
Rows RunCommand(StatementRun& run, const sql::DeleteStatement& statement);
Rows RunCommand(StatementRun& run, const sql::MergeStatement& statement);
Rows RunCommand(StatementRun& run, const sql::CopyIntoStatement& statement);
Rows RunCommand(StatementRun& run, const sql::TruncateStatement& statement);
Rows RunCommand(StatementRun& run, const sql::AlterTableStatement& statement);
Rows RunCommand(StatementRun& run, const sql::OptimizeStatement& statement);
Rows RunCommand(StatementRun& run, const sql::VacuumStatement& statement);
Rows RunCommand(StatementRun& run, const sql::RestoreStatement& statement);
Rows RunCommand(StatementRun& run, const sql::CloneTableStatement& statement);
Rows RunCommand(StatementRun& run, const sql::ConvertStatement& statement);
Rows RunCommand(StatementRun& run, const sql::GenerateStatement& statement);
Rows RunCommand(StatementRun& run, const sql::DescribeDeltaStatement& statement);
Rows RunCommand(StatementRun& run, const sql::DescribeTableStatement& statement);
Rows RunCommand(StatementRun& run, const sql::DescribeQueryStatement& statement);
Rows RunCommand(StatementRun& run, const sql::ShowColumnsStatement& statement);
Rows RunCommand(StatementRun& run, const sql::ShowCreateTableStatement& statement);
Rows RunCommand(StatementRun& run, const sql::ShowTablePropertiesStatement& statement);
Rows RunCommand(StatementRun& run, const sql::ShowPartitionsStatement& statement);
Rows RunCommand(StatementRun& run, const sql::ShowFunctionsStatement& statement);
Rows RunCommand(StatementRun& run, const sql::ConfigStatement& statement);
Rows RunCommand(StatementRun& run, const sql::CatalogStatement& statement);
Rows RunCommand(StatementRun& run, const sql::UnsupportedStatement& statement);

}  // namespace ashlar::session
