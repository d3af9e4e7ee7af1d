// The tables of identity, and the epoch that every change of theirs moves on.
#pragma once

#include "metadb/migrations.h"

namespace ashlar::identity {

metadb::ModuleMigrations migrations();

// Rises with every change of a principal, membership or token, in that change's transaction. What was
// derived at one epoch is not used at another.
Result<int64_t> ReadEpoch(metadb::Transaction& txn);
Status BumpEpoch(metadb::Transaction& txn);

}  // namespace ashlar::identity
