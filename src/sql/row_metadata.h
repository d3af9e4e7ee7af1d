// What can be asked of each row of a table beside its columns: the struct column `_metadata`.
#pragma once

#include <memory>

#include "sql/catalog_view.h"

namespace ashlar::sql {

inline constexpr const char* kRowMetadata = "_metadata";

// A TableHandle that is one, too, shows it as the last column of its schema. Opened so with the option
// kRowMetadata = "true".
class RowMetadataSource {
 public:
  virtual ~RowMetadataSource() = default;
  virtual std::shared_ptr<const TableHandle> WithoutMetadata() const = 0;
};

}  // namespace ashlar::sql
