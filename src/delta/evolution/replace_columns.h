// ALTER TABLE REPLACE COLUMNS: a table's columns in another order, with more of them, other comments, wider types and,
// where columns are mapped, fewer of them. Pure: schemas go in and one comes out. As delta-spark does it.
#pragma once

#include "base/result.h"
#include "types/data_type.h"

namespace ashlar::delta {

struct ReplaceRules {
  bool drops = false;   // the table maps its columns: files may have some that the schema lacks
  bool widens = false;  // delta.enableTypeWidening
};

// The columns of `wanted`, each with the name, the metadata and, where `wanted` has none, the comment that the column of
// this name has in `before`; names are compared without regard to case. Nothing becomes NOT NULL.
// Errors: DELTA_UNSUPPORTED_ALTER_TABLE_REPLACE_COL_OP (0AKDC), which says why and shows both schemas.
Result<Schema> ReplaceColumns(const Schema& before, const Schema& wanted, const ReplaceRules& rules);

}  // namespace ashlar::delta
