// What a row change reads of its own target.
#pragma once

#include "sql/analyzer.h"

namespace ashlar::session {

// Whether the target is read once, to find the rows to change, and by no subquery or source beside it.
bool ReadsTargetOnce(const sql::AnalyzedRowChange& change);
bool ReadsTargetOnce(const sql::AnalyzedMerge& merge);

}  // namespace ashlar::session
