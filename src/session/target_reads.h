// What a row change reads of its own target.
#pragma once

#include "sql/analyzer.h"

namespace ashlar::session {

// Whether the target is read once, by no subquery or source beside it, and only to find the rows that are
// changed: a row that stays as it is decides nothing. A MERGE that inserts what is not matched depends on
// each row it matches, so there every matched row must be changed.
bool ReadsOnlyRowsToChange(const sql::AnalyzedRowChange& change);
bool ReadsOnlyRowsToChange(const sql::AnalyzedMerge& merge);

}  // namespace ashlar::session
