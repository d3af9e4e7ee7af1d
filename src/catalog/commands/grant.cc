#include "catalog/environment.h"
#include "catalog/privileges.h"
#include "identity/directory.h"

namespace ashlar::catalog {
namespace {

using sql::CatalogReply;
using sql::Securable;

Error NotApplicable(const std::string& privilege, const Chain& chain) {
  return MakeError(ErrorCode::kInvalidParameterValue,
                   "Privilege " + SqlPrivilege(privilege) + " is not applicable to this entity [" +
                       DottedName(NameOf(chain)) + ":" +
                       std::string(SecurableTypeName(chain[0].row.kind)) + "].");
}

// Who is named by SHOW GRANTS <principal>, if anybody.
Result<std::optional<std::string>> NamedPrincipal(CommandRun& run) {
  if (run.command.principal.empty()) return std::optional<std::string>();
  ASSIGN_OR_RETURN(auto row, identity::Directory::FindByName(run.txn(), run.command.principal));
  if (!row) return NoSuchPrincipal(run.command.principal);
  return std::optional<std::string>(row->name);
}

}  // namespace

Result<CatalogReply> ChangeGrants(CommandRun& run) {
  ASSIGN_OR_RETURN(Chain chain, run.authorizer.Find(run.command.securable, run.command.name));
  RETURN_IF_ERROR(run.authorizer.RequireManage(chain));
  ASSIGN_OR_RETURN(auto principal,
                   identity::Directory::FindByName(run.txn(), run.command.principal));
  if (!principal) return NoSuchPrincipal(run.command.principal);
  bool grant = run.command.action == sql::CatalogAction::kGrant;
  for (const std::string& written : run.command.privileges) {
    ASSIGN_OR_RETURN(std::string privilege, CanonicalPrivilege(written));
    if (!IsGrantable(chain[0].row.kind, privilege)) return NotApplicable(privilege, chain);
    GrantRow row{chain[0].row.uuid, principal->id, privilege, run.now_ms, run.principal_id()};
    RETURN_IF_ERROR(grant ? GrantsTable::Insert(run.txn(), row)
                          : GrantsTable::Delete(run.txn(), row));
  }
  return CatalogReply();
}

Result<std::vector<GrantInfo>> VisibleGrants(Authorizer& authorizer, const Chain& chain) {
  bool sees_all = authorizer.CanManage(chain);
  if (!sees_all && !authorizer.CanSee(chain)) {
    RETURN_IF_ERROR(authorizer.RequireManage(chain));
  }
  std::vector<GrantInfo> grants;
  Securable kind = chain[0].row.kind;
  for (size_t link = 0; link < chain.size(); ++link) {
    std::string from = DottedName(NameOf(Chain(chain.begin() + static_cast<long>(link), chain.end())));
    for (const GrantRow& grant : chain[link].grants) {
      if (!sees_all && !authorizer.subject().Is(grant.principal_id)) continue;
      if (!IsGrantable(kind, grant.privilege)) continue;  // says nothing about this object
      ASSIGN_OR_RETURN(std::string name, authorizer.PrincipalName(grant.principal_id));
      grants.push_back({name, grant.privilege, link > 0, chain[link].row.kind, from});
    }
  }
  return grants;
}

Result<CatalogReply> ShowGrants(CommandRun& run) {
  ASSIGN_OR_RETURN(Chain chain, run.authorizer.Find(run.command.securable, run.command.name));
  ASSIGN_OR_RETURN(std::optional<std::string> named, NamedPrincipal(run));
  ASSIGN_OR_RETURN(auto grants, VisibleGrants(run.authorizer, chain));
  CatalogReply reply;
  for (const char* column : {"Principal", "ActionType", "ObjectType", "ObjectKey"}) {
    reply.schema.fields.push_back({column, TypeId::kString});
  }
  for (const GrantInfo& grant : grants) {
    if (named && grant.principal != *named) continue;
    reply.rows.push_back({grant.principal, SqlPrivilege(grant.privilege),
                          std::string(SecurableTypeName(grant.from_kind)), grant.from_name});
  }
  return reply;
}

}  // namespace ashlar::catalog
