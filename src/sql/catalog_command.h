// CatalogCommand: one change of, or question about, Unity Catalog objects, as the SQL front end states
// it and the control plane carries it out. Flat on purpose: it crosses the link as it is. Which members
// count is said beside each kind. Names are as written (not yet completed by the current catalog and
// schema); the session completes them before sending, so `name` has 1 part for a catalog or location,
// 2 for a schema, 3 for a table, view or volume.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "types/data_type.h"

namespace ashlar::sql {

enum class Securable {
  kMetastore,
  kCatalog,
  kSchema,
  kTable,
  kView,
  kVolume,
  kExternalLocation,
  kStorageCredential,
  kFunction,
  kAnyFile,
};

enum class CatalogAction {
  kCreate,          // securable, name, comment, properties, owner?; table: format, location, columns,
                    //   partition_columns, managed when location is empty; view: view_text, columns
                    //   (names and comments), current_catalog, current_schema; volume: location;
                    //   external location: location
  kReplaceView,     // as kCreate for a view, or_replace
  kDrop,            // securable, name, if_exists, cascade
  kRename,          // securable, name, new_name
  kSetOwner,        // securable, name, principal
  kSetComment,      // securable, name, comment (empty clears)
  kSetProperties,   // securable, name, properties
  kUnsetProperties, // securable, name, keys of properties; if_exists
  kSetLocation,     // table, name, location
  kSetColumns,      // table not in Delta, or view: the whole new column list
  kShow,            // what to list: `securable` in the plural, `name` = where, `pattern`
  kDescribe,        // securable, name, extended
  kGrant,           // securable, name, privileges, principal
  kRevoke,          // securable, name, privileges, principal
  kShowGrants,      // securable, name, principal (optional)
  kSetFormat,       // external table in PARQUET whose location has a Delta log by now, name: format DELTA, columns,
                    //   partition_columns
  kUse,             // securable catalog or schema, name: checks existence and USE privilege
};

struct CatalogCommand {
  CatalogAction action = CatalogAction::kShow;
  Securable securable = Securable::kTable;
  std::vector<std::string> name;
  std::vector<std::string> new_name;
  bool if_exists = false;      // also IF NOT EXISTS
  bool or_replace = false;
  bool cascade = false;
  bool extended = false;
  std::optional<std::string> comment;
  std::map<std::string, std::string> properties;
  std::string format;          // upper case: DELTA, CSV, JSON, PARQUET
  std::string location;
  std::vector<Field> columns;
  std::vector<std::string> partition_columns;
  std::string view_text;
  std::string current_catalog;
  std::string current_schema;
  std::string pattern;         // SHOW … LIKE, with * and |
  std::string principal;
  std::vector<std::string> privileges;  // as in the catalog API: "SELECT", "USE_CATALOG"
  std::string shallow_clone_of = {};  // kCreate of a table: the uuid of the table whose files it will share
};

// Rows for SHOW and DESCRIBE (every cell text or absent), and what a CREATE made.
struct CatalogReply {
  Schema schema;
  std::vector<std::vector<std::optional<std::string>>> rows;
  std::string uuid;      // of the created or replaced object
  std::string location;  // where its data goes
  bool already_existed = false;
  std::vector<std::string> source_roots = {};  // of a shallow clone: as in ResolvedRelation
};

}  // namespace ashlar::sql
