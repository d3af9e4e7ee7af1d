// What can be asked of each row of a table beside its columns: the struct column `_metadata`.
#pragma once

namespace ashlar::sql {

inline constexpr const char* kRowMetadata = "_metadata";

// A TableHandle that is one, too, shows it as the last column of its schema. Opened so with the option
// kRowMetadata = "true".
class RowMetadataSource {
 public:
  virtual ~RowMetadataSource() = default;
};

}  // namespace ashlar::sql
