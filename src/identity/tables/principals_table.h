// The table of users, service principals and groups: one name space of ids, so that grants, owners and
// members refer to any of them alike.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "metadb/database.h"

namespace ashlar::identity {

enum class PrincipalKind { kUser = 0, kServicePrincipal = 1, kGroup = 2 };

struct PrincipalRow {
  int64_t id = 0;
  PrincipalKind kind = PrincipalKind::kUser;
  // User: the user name (an e-mail address); service principal: the application id; group: the
  // display name. Unique within its kind without regard to case.
  std::string name = {};
  std::string display_name = {};
  std::string external_id = {};
  bool active = true;
  // What SCIM clients sent beside the above (name, emails, roles, entitlements): a JSON object.
  std::string attributes = "{}";
  int64_t created_ms = 0;
  int64_t updated_ms = 0;
  bool operator==(const PrincipalRow&) const = default;
};

// Groups that exist from the beginning and cannot be deleted.
constexpr int64_t kAdminsGroup = 1;
constexpr int64_t kUsersGroup = 2;         // every user and service principal
constexpr int64_t kAccountUsersGroup = 3;  // the same, by the name that Unity Catalog uses

class PrincipalsTable {
 public:
  // kAlreadyExists when the kind has the name already.
  static Status Insert(metadb::Transaction& txn, const PrincipalRow& row);
  static Result<std::optional<PrincipalRow>> Find(metadb::Transaction& txn, int64_t id);
  static Result<std::optional<PrincipalRow>> FindByName(metadb::Transaction& txn, PrincipalKind kind,
                                                        const std::string& name);
  // By id, ascending.
  static Result<std::vector<PrincipalRow>> List(metadb::Transaction& txn, PrincipalKind kind);
  static Status Update(metadb::Transaction& txn, const PrincipalRow& row);
  // Members, tokens and levels that refer to it go too; the caller bumps the epoch.
  static Status Delete(metadb::Transaction& txn, int64_t id);
};

}  // namespace ashlar::identity
