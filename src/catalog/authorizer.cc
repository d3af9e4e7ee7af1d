#include "catalog/authorizer.h"

#include <algorithm>

#include "base/text.h"
#include "catalog/privileges.h"
#include "identity/directory.h"

namespace ashlar::catalog {
namespace {

using sql::Securable;

Error Refusal(const Chain& chain, const Denial& denial) {
  const SecurableRow& row = chain[denial.link].row;
  std::string full_name = DottedName(NameOf(Chain(chain.begin() + denial.link, chain.end())));
  if (denial.privilege == "MANAGE") return NotManager(row.kind, full_name);
  return InsufficientPermissions(denial.privilege, row.kind, full_name);
}

}  // namespace

NameParts NameOf(const Chain& chain) {
  NameParts name;
  for (size_t i = chain.size(); i-- > 0;) name.push_back(chain[i].row.name);
  return name;
}

Result<std::string> FoldName(const std::string& name) {
  constexpr size_t kMaxLength = 255;
  if (name.empty()) return InvalidName(name, "it is empty");
  if (name.size() > kMaxLength) return InvalidName(name, "it is longer than 255 characters");
  for (unsigned char c : name) {
    if (c < 0x20 || c == 0x7f || c == ' ' || c == '.' || c == '/') {
      return InvalidName(name, "it contains a space, a dot, a slash or a control character");
    }
  }
  return ToLowerAscii(name);
}

Result<Authorizer> Authorizer::For(metadb::Transaction& txn, int64_t principal_id) {
  ASSIGN_OR_RETURN(auto row, identity::PrincipalsTable::Find(txn, principal_id));
  if (!row || !row->active) {
    return InsufficientPermissions("Principal does not exist or is deactivated.");
  }
  ASSIGN_OR_RETURN(auto ids, identity::Directory::EffectiveIds(txn, principal_id));
  Subject subject;
  subject.id = principal_id;
  subject.ids.insert(ids.begin(), ids.end());
  subject.is_metastore_admin = subject.Is(identity::kAdminsGroup);
  return Authorizer(txn, std::move(subject));
}

Result<std::string> Authorizer::PrincipalName(int64_t id) const {
  return identity::Directory::NameOf(*txn_, id);
}

Result<Guarded> Authorizer::Guard(SecurableRow row) {
  auto known = grants_.find(row.uuid);
  if (known == grants_.end()) {
    ASSIGN_OR_RETURN(auto grants, GrantsTable::On(*txn_, row.uuid));
    known = grants_.emplace(row.uuid, std::move(grants)).first;
  }
  return Guarded{std::move(row), known->second};
}

Result<SecurableRow> Authorizer::Metastore() {
  ASSIGN_OR_RETURN(auto row, SecurablesTable::FindRoot(*txn_, Securable::kMetastore));
  CHECK(row.has_value()) << "CatalogService::Recover was not called";
  return *row;
}

Result<Chain> Authorizer::FindTopLevel(Securable kind, const std::string& name) {
  ASSIGN_OR_RETURN(SecurableRow metastore, Metastore());
  ASSIGN_OR_RETURN(auto row, SecurablesTable::FindChild(*txn_, metastore.uuid, NameSpaceOf(kind),
                                                        ToLowerAscii(name)));
  if (!row) return NotFound(kind, {name});
  ASSIGN_OR_RETURN(Guarded guarded, Guard(*std::move(row)));
  return Chain{std::move(guarded)};
}

Result<Chain> Authorizer::FindCatalog(const std::string& catalog) {
  return FindTopLevel(Securable::kCatalog, catalog);
}

Result<Chain> Authorizer::FindSchema(const NameParts& name) {
  CHECK_EQ(name.size(), 2u);
  ASSIGN_OR_RETURN(Chain above, FindCatalog(name[0]));
  ASSIGN_OR_RETURN(auto row, SecurablesTable::FindChild(*txn_, above[0].row.uuid,
                                                        NameSpace::kSchema, ToLowerAscii(name[1])));
  if (!row) {
    if (!CanManage(above)) RETURN_IF_ERROR(Require(above, "USE_CATALOG"));
    return NotFound(Securable::kSchema, name);
  }
  return Under(above, *std::move(row));
}

Result<Chain> Authorizer::FindInSchema(Securable kind, const NameParts& name) {
  CHECK_EQ(name.size(), 3u);
  ASSIGN_OR_RETURN(Chain above, FindSchema({name[0], name[1]}));
  ASSIGN_OR_RETURN(auto row, SecurablesTable::FindChild(*txn_, above[0].row.uuid, NameSpaceOf(kind),
                                                        ToLowerAscii(name[2])));
  if (!row) {
    if (!CanManage(above)) RETURN_IF_ERROR(Require(above, "USE_SCHEMA"));
    return NotFound(kind, name);
  }
  return Under(above, *std::move(row));
}

Result<Chain> Authorizer::Find(Securable kind, const NameParts& name) {
  auto want = [&](size_t parts) -> Status {
    if (name.size() == parts) return OkStatus();
    return MakeError(ErrorCode::kInvalidParameterValue,
                     "'" + DottedName(name) + "' is not a full name of a " +
                         ToLowerAscii(KindTitle(kind)) + ": it must have " +
                         std::to_string(parts) + " parts");
  };
  switch (kind) {
    case Securable::kMetastore:
    case Securable::kAnyFile: {
      ASSIGN_OR_RETURN(auto row, SecurablesTable::FindRoot(*txn_, kind));
      CHECK(row.has_value());
      ASSIGN_OR_RETURN(Guarded guarded, Guard(*std::move(row)));
      return Chain{std::move(guarded)};
    }
    case Securable::kCatalog:
      RETURN_IF_ERROR(want(1));
      return FindCatalog(name[0]);
    case Securable::kSchema:
      RETURN_IF_ERROR(want(2));
      return FindSchema(name);
    case Securable::kTable:
    case Securable::kView:
    case Securable::kVolume:
    case Securable::kFunction:
      RETURN_IF_ERROR(want(3));
      return FindInSchema(kind, name);
    case Securable::kExternalLocation:
    case Securable::kStorageCredential:
      RETURN_IF_ERROR(want(1));
      return FindTopLevel(kind, name[0]);
  }
  CHECK(false) << "securable kind " << static_cast<int>(kind);
  return Chain();
}

Result<Chain> Authorizer::Under(const Chain& above, SecurableRow row) {
  ASSIGN_OR_RETURN(Guarded guarded, Guard(std::move(row)));
  Chain chain{std::move(guarded)};
  chain.insert(chain.end(), above.begin(), above.end());
  return chain;
}

Result<Chain> Authorizer::ChainOf(const SecurableRow& row) {
  Chain chain;
  SecurableRow current = row;
  while (true) {
    bool under_metastore = current.kind != Securable::kSchema && NameSpaceOf(current.kind) !=
                               NameSpace::kRelation && current.kind != Securable::kVolume &&
                           current.kind != Securable::kFunction;
    std::string parent = current.parent_uuid;
    ASSIGN_OR_RETURN(Guarded guarded, Guard(std::move(current)));
    chain.push_back(std::move(guarded));
    if (under_metastore) return chain;
    ASSIGN_OR_RETURN(auto above, SecurablesTable::Find(*txn_, parent));
    CHECK(above.has_value()) << "securable without its parent " << parent;
    current = *std::move(above);
  }
}

Status Authorizer::Require(const Chain& chain, std::string_view privilege) const {
  auto denial = CheckUse(subject_, chain, privilege);
  return denial ? Status(Refusal(chain, *denial)) : OkStatus();
}

Status Authorizer::RequireParents(const Chain& chain) const {
  auto denial = CheckParents(subject_, chain);
  return denial ? Status(Refusal(chain, *denial)) : OkStatus();
}

Status Authorizer::RequireManage(const Chain& chain) const {
  auto denial = CheckManage(subject_, chain);
  return denial ? Status(Refusal(chain, *denial)) : OkStatus();
}

Status Authorizer::RequireManageOr(const Chain& chain, std::string_view privilege) const {
  if (CanManage(chain)) return OkStatus();
  return Require(chain, privilege);
}

}  // namespace ashlar::catalog
