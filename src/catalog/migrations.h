// The epoch of the catalog's tables. (migrations() stands in catalog_service.h, the module's door.)
#pragma once

#include "metadb/database.h"

namespace ashlar::catalog {

Result<int64_t> ReadEpoch(metadb::Transaction& txn);
// In the transaction of every change of an object or grant.
Status BumpEpoch(metadb::Transaction& txn);

}  // namespace ashlar::catalog
