// PermissionEvaluator: may this principal do that with this workspace object? Levels come from the
// object, from the folders above it, and from being an admin (CAN_MANAGE on everything).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "http/context.h"
#include "identity/tables/object_acls_table.h"

namespace ashlar::identity {

// Where objects of a type stand. Implemented by the module that owns them.
class ObjectAncestry {
 public:
  virtual ~ObjectAncestry() = default;
  // The objects it inherits from, nearest first; empty for what stands alone. Errors:
  // kResourceDoesNotExist when there is no such object.
  virtual Result<std::vector<ObjectRef>> Ancestors(metadb::Transaction& txn,
                                                   const ObjectRef& object) const = 0;
};

// One level of one principal, and the object that it was given on (its own, or a folder's). Admins'
// inherited CAN_MANAGE comes from the object type as a whole, whose id is empty.
struct EffectiveLevel {
  int64_t principal_id = 0;
  std::string level;
  ObjectRef from;
};

// Thread safe once every ancestry is registered.
class PermissionEvaluator final : public http::ObjectAccess {
 public:
  explicit PermissionEvaluator(metadb::Database& database) : database_(database) {}

  // `ancestry` outlives this. A type without one stands alone, and is not asked whether it exists.
  void Register(const std::string& type, const ObjectAncestry& ancestry);

  // Whether the principal holds `level` or a greater one. Errors: kInvalidParameterValue for a type or
  // level that does not exist; those of the ancestry.
  Result<bool> Check(const http::Principal& principal, const ObjectRef& object,
                     std::string_view level) const;
  Result<bool> CheckWithin(metadb::Transaction& txn, int64_t principal_id, const ObjectRef& object,
                           std::string_view level) const;
  // http::ObjectAccess: Check, with kPermissionDenied for no.
  Status Require(const http::Principal& principal, std::string_view level,
                 std::string_view object_type, std::string_view object_id) const override;

  // Every level that counts on the object, its own first.
  Result<std::vector<EffectiveLevel>> LevelsOn(metadb::Transaction& txn,
                                               const ObjectRef& object) const;

  // ---- for the modules that own objects, inside their transactions
  // A new object is its maker's: IS_OWNER, or CAN_MANAGE for types without owners.
  static Status GrantCreator(metadb::Transaction& txn, const ObjectRef& object, int64_t principal_id);
  // The object is gone.
  static Status Forget(metadb::Transaction& txn, const ObjectRef& object);

 private:
  Result<std::vector<ObjectRef>> AncestorsOf(metadb::Transaction& txn, const ObjectRef& object) const;

  metadb::Database& database_;
  std::map<std::string, const ObjectAncestry*> ancestries_;
};

}  // namespace ashlar::identity
