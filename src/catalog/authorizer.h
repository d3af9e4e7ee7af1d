// Authorizer: reads who asks and what is asked for inside one transaction, applies authorization.h, and
// words the refusal. The only door to decisions: DDL, resolution, commits and REST come through here.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "catalog/authorization.h"
#include "catalog/catalog_errors.h"
#include "http/principal.h"

namespace ashlar::catalog {

// For one transaction and one principal. Not thread safe.
class Authorizer {
 public:
  // Reads groups and activity afresh: only the id counts of what the principal carries. Errors:
  // INSUFFICIENT_PERMISSIONS for one that was deleted or deactivated.
  static Result<Authorizer> For(metadb::Transaction& txn, int64_t principal_id);

  const Subject& subject() const { return subject_; }
  metadb::Transaction& txn() const { return *txn_; }
  // The name shown for an owner or grantee.
  Result<std::string> PrincipalName(int64_t id) const;

  // ---- finding. Names are compared in lower case. Errors: NotFound of the first missing level, after
  // the USE privilege of the levels above it was checked, so that nobody learns what is inside a
  // schema that he may not use.
  Result<Chain> FindCatalog(const std::string& catalog);
  Result<Chain> FindSchema(const NameParts& name);
  // `kind` names the name space and, for kTable, also finds views.
  Result<Chain> FindInSchema(sql::Securable kind, const NameParts& name);
  // Of the kinds that stand directly under the metastore.
  Result<Chain> FindTopLevel(sql::Securable kind, const std::string& name);
  // The securable of a command: one of the above by kind. kMetastore and kAnyFile need no name.
  Result<Chain> Find(sql::Securable kind, const NameParts& name);
  // The chain of a child of `above`. Checks nothing.
  Result<Chain> Under(const Chain& above, SecurableRow row);
  // The chain above a row that was found otherwise. Checks nothing.
  Result<Chain> ChainOf(const SecurableRow& row);

  // ---- deciding. Errors: INSUFFICIENT_PERMISSIONS naming the first thing that is missing.
  Status Require(const Chain& chain, std::string_view privilege) const;
  Status RequireParents(const Chain& chain) const;
  Status RequireManage(const Chain& chain) const;
  // Administrative rights, or else this privilege.
  Status RequireManageOr(const Chain& chain, std::string_view privilege) const;
  bool CanSee(const Chain& chain) const { return IsVisible(subject_, chain); }
  bool CanManage(const Chain& chain) const { return !CheckManage(subject_, chain); }

 private:
  Authorizer(metadb::Transaction& txn, Subject subject) : txn_(&txn), subject_(std::move(subject)) {}
  Result<Guarded> Guard(SecurableRow row);
  Result<SecurableRow> Metastore();

  metadb::Transaction* txn_;
  Subject subject_;
  std::map<std::string, std::vector<GrantRow>> grants_;  // read once a transaction
};

// The parts of a chain's name from the top: {"main", "default", "t"}.
NameParts NameOf(const Chain& chain);

// The name in the case Unity Catalog keeps. Errors: kInvalidParameterValue for an empty one, one beyond
// 255 characters, or one with '.', '/', space or control characters.
Result<std::string> FoldName(const std::string& name);

}  // namespace ashlar::catalog
