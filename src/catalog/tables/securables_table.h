// The table of everything that can be owned and granted on: metastore, catalogs, schemas, tables, views,
// volumes, external locations, storage credentials, ANY FILE. A tree by parent_uuid; the metastore is
// the root.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "metadb/database.h"
#include "sql/catalog_command.h"

namespace ashlar::catalog {

enum class SecurableState {
  kActive = 0,
  kCreating = 1,  // an intent: has no name yet for anybody but its creator
  kDeleting = 2,  // a tombstone: has no name any more; its files are being deleted
};

struct SecurableRow {
  std::string uuid = {};
  sql::Securable kind = sql::Securable::kTable;
  std::string parent_uuid = {};  // empty for the metastore
  std::string name = {};         // lower case; unique among active siblings of its name space
  SecurableState state = SecurableState::kActive;
  int64_t owner_id = 0;
  std::optional<std::string> comment = {};
  std::map<std::string, std::string> properties = {};
  std::string location = {};  // canonical; empty when it has none
  bool managed = true;        // its data is ours to delete
  int64_t created_ms = 0;
  int64_t created_by = 0;
  int64_t updated_ms = 0;
  int64_t updated_by = 0;
  // What only the REST API knows of it (URL as written, credential name): a JSON object.
  std::string attributes = "{}";
  bool operator==(const SecurableRow&) const = default;
};

// Kinds that share one name space: a table and a view of one schema cannot have the same name.
enum class NameSpace { kRoot, kCatalog, kSchema, kRelation, kVolume, kFunction, kLocation, kCredential };
NameSpace NameSpaceOf(sql::Securable kind);

class SecurablesTable {
 public:
  // kAlreadyExists when an active sibling has the name.
  static Status Insert(metadb::Transaction& txn, const SecurableRow& row);
  // Everything but uuid, kind and what was set at creation. kAlreadyExists as above.
  static Status Update(metadb::Transaction& txn, const SecurableRow& row);
  // Its grants and relation go too.
  static Status Delete(metadb::Transaction& txn, const std::string& uuid);

  static Result<std::optional<SecurableRow>> Find(metadb::Transaction& txn, const std::string& uuid);
  static Result<std::optional<SecurableRow>> FindRoot(metadb::Transaction& txn, sql::Securable kind);
  // Active ones only.
  static Result<std::optional<SecurableRow>> FindChild(metadb::Transaction& txn,
                                                       const std::string& parent_uuid,
                                                       NameSpace name_space,
                                                       const std::string& name);
  // Active ones only, by name.
  static Result<std::vector<SecurableRow>> Children(metadb::Transaction& txn,
                                                    const std::string& parent_uuid,
                                                    NameSpace name_space);
  static Result<std::vector<SecurableRow>> InState(metadb::Transaction& txn, SecurableState state);

  // Active and creating ones exactly at a location.
  static Result<std::vector<SecurableRow>> AtLocation(metadb::Transaction& txn,
                                                      const std::string& location);
  // Active and creating ones strictly below a location, at most `limit`.
  static Result<std::vector<SecurableRow>> BelowLocation(metadb::Transaction& txn,
                                                         const std::string& location, int64_t limit);
};

}  // namespace ashlar::catalog
