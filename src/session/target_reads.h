// What a row change reads of its own target.
#pragma once

#include "delta/transaction.h"
#include "engine/engine.h"
#include "sql/analyzer.h"

namespace ashlar::session {

// Tells the transaction what the change reads of its target, so that it conflicts with what others did
// to just that:
//   the rows of the condition (MERGE: what ON says of the target alone), where the target is read once, by no
//   subquery or source beside it, and by no WHEN NOT MATCHED BY SOURCE; else the whole table.
//   only rows to change, where moreover a row that stays as it is decides nothing. A MERGE that inserts what is
//   not matched depends on each row it matches, so there every matched row must be changed.
void NoteTargetReads(const sql::AnalyzedRowChange& change, const engine::Connection& connection,
                     delta::Transaction& transaction);
void NoteTargetReads(const sql::AnalyzedMerge& merge, const engine::Connection& connection,
                     delta::Transaction& transaction);

}  // namespace ashlar::session
