// ObjectInfo: one object of Unity Catalog as its visitors see it, with names in place of ids.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sql/catalog_command.h"
#include "types/data_type.h"

namespace ashlar::catalog {

struct ObjectInfo {
  sql::Securable kind = sql::Securable::kTable;
  std::string uuid;
  std::vector<std::string> name;  // from the top: {"main", "default", "t"}
  std::string owner;
  std::optional<std::string> comment;
  std::map<std::string, std::string> properties;
  std::string location;  // canonical; empty when it has none
  std::string url;       // of an external location, as it was given
  std::string credential_name;  // of an external location in an object store; empty when it is gone
  std::string credential_id;
  std::string attributes;       // of a storage credential, without its secret: a JSON object
  bool managed = true;
  bool shallow_clone = false;
  bool catalog_managed = false;  // the catalog says what the table's versions are
  bool browse_only = false;  // seen by BROWSE alone
  int64_t created_ms = 0;
  std::string created_by;
  int64_t updated_ms = 0;
  std::string updated_by;
  // Of tables and views.
  std::string format;
  Schema columns;
  std::vector<std::string> partition_columns;
  std::string view_text;
};

// A privilege that counts on an object, and where it was granted.
struct GrantInfo {
  std::string principal;
  std::string privilege;  // "USE_CATALOG"
  bool inherited = false;
  sql::Securable from_kind = sql::Securable::kTable;
  std::string from_name;
};

}  // namespace ashlar::catalog
