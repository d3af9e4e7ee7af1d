// What Spark's analysis says of the columns of CREATE and ALTER TABLE before Delta is asked: whether the table is one, whether
// names of columns lead somewhere, and which types a column may have at all. Its errors have places in the text, Delta's own
// have none.
#pragma once

#include "session/run_statement.h"
#include "sql/statement.h"

namespace ashlar::session {

// The table, authorised for writing. Errors: TABLE_OR_VIEW_NOT_FOUND, and EXPECT_TABLE_NOT_VIEW for the operation.
Result<sql::ResolvedRelation> ResolveAltered(StatementRun& run, const sql::AlterTableStatement& statement);

// Errors: UNRESOLVED_COLUMN (42703), FIELD_ALREADY_EXISTS (42710), INVALID_FIELD_NAME (42000), COLUMN_ALREADY_EXISTS (42711).
Status CheckNames(const sql::AlterTableStatement& statement, const Schema& schema);

// ALTER COLUMN … TYPE of `table`, whatever Delta then says of it.
// Errors: CANNOT_UPDATE_FIELD and NOT_SUPPORTED_CHANGE_COLUMN (0A000).
Status CheckNewType(const sql::AlterTableStatement& statement, const sql::ResolvedRelation& table, const DataType& type);

// No two columns, and no two fields of a struct, have one name. Errors: COLUMN_ALREADY_EXISTS.
Status CheckDistinctNames(const Schema& schema);

// Nothing inside of arrays and maps is NOT NULL: nobody would check it. Errors: DELTA_NESTED_NOT_NULL_CONSTRAINT.
Status CheckNestedNotNull(const StatementRun& run, const Schema& schema);

}  // namespace ashlar::session
