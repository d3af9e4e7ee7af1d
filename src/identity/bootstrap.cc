#include "identity/bootstrap.h"

#include "base/id.h"
#include "identity/directory.h"
#include "identity/tables/group_members_table.h"
#include "identity/migrations.h"
#include "identity/token_issuer.h"

namespace ashlar::identity {

Result<std::optional<FirstAdmin>> CreateFirstAdmin(metadb::Database& database, const Clock& clock,
                                                   Random& random, const std::string& admin_name) {
  std::optional<FirstAdmin> made;
  TokenIssuer issuer(database, clock, random);
  RETURN_IF_ERROR(database.Transact([&](metadb::Transaction& txn) -> Status {
    made.reset();
    for (PrincipalKind kind : {PrincipalKind::kUser, PrincipalKind::kServicePrincipal}) {
      ASSIGN_OR_RETURN(auto existing, PrincipalsTable::List(txn, kind));
      if (!existing.empty()) return OkStatus();
    }
    int64_t now_ms = clock.NowMs();
    PrincipalRow admin{.id = NewNumericId(random),
                       .name = admin_name,
                       .display_name = admin_name,
                       .created_ms = now_ms,
                       .updated_ms = now_ms};
    RETURN_IF_ERROR(PrincipalsTable::Insert(txn, admin));
    RETURN_IF_ERROR(GroupMembersTable::Add(txn, kAdminsGroup, admin.id));
    RETURN_IF_ERROR(BumpEpoch(txn));
    ASSIGN_OR_RETURN(NewToken token,
                     issuer.IssueWithin(txn, {.owner_id = admin.id,
                                              .created_by_id = admin.id,
                                              .comment = "made at the first start"}));
    ASSIGN_OR_RETURN(http::Principal principal, Directory::Load(txn, admin.id));
    made = FirstAdmin{std::move(principal), std::move(token.value)};
    return OkStatus();
  }));
  return made;
}

}  // namespace ashlar::identity
