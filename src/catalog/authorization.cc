#include "catalog/authorization.h"

#include <algorithm>
#include <span>

#include "catalog/privileges.h"

namespace ashlar::catalog {
namespace {

using sql::Securable;

bool AllPrivilegesCovers(std::string_view privilege) {
  return privilege != "MANAGE" && !privilege.starts_with("EXTERNAL_USE_");
}

bool HoldsFrom(const Subject& subject, const Chain& chain, size_t link, std::string_view privilege) {
  if (subject.Is(chain[link].row.owner_id)) return true;
  for (size_t i = link; i < chain.size(); ++i) {
    for (const GrantRow& grant : chain[i].grants) {
      if (!subject.Is(grant.principal_id)) continue;
      if (grant.privilege == privilege) return true;
      if (grant.privilege == "ALL_PRIVILEGES" && AllPrivilegesCovers(privilege)) return true;
    }
  }
  return false;
}

bool HoldsAnyPrivilege(const Subject& subject, const Chain& chain) {
  if (subject.Is(chain[0].row.owner_id)) return true;
  for (const Guarded& link : chain) {
    for (const GrantRow& grant : link.grants) {
      if (!subject.Is(grant.principal_id) || grant.privilege == "BROWSE") continue;
      if (&link == &chain[0] || grant.privilege == "ALL_PRIVILEGES" ||
          AppliesTo(chain[0].row.kind, grant.privilege)) {
        return true;
      }
    }
  }
  return false;
}

}  // namespace

bool Holds(const Subject& subject, const Chain& chain, std::string_view privilege) {
  CHECK(!chain.empty());
  return HoldsFrom(subject, chain, 0, privilege);
}

std::optional<Denial> CheckParents(const Subject& subject, const Chain& chain) {
  for (size_t link = chain.size(); link-- > 1;) {
    const char* use = chain[link].row.kind == Securable::kCatalog ? "USE_CATALOG" : "USE_SCHEMA";
    if (!HoldsFrom(subject, chain, link, use)) return Denial{use, link};
  }
  return std::nullopt;
}

std::optional<Denial> CheckUse(const Subject& subject, const Chain& chain,
                               std::string_view privilege) {
  if (auto denial = CheckParents(subject, chain)) return denial;
  if (!Holds(subject, chain, privilege)) return Denial{std::string(privilege), 0};
  return std::nullopt;
}

std::optional<Denial> CheckManage(const Subject& subject, const Chain& chain) {
  CHECK(!chain.empty());
  if (subject.is_metastore_admin || subject.Is(chain.back().row.owner_id)) return std::nullopt;
  bool owns_schema = chain.size() == 3 && subject.Is(chain[1].row.owner_id);
  if (owns_schema) {
    if (HoldsFrom(subject, chain, 2, "USE_CATALOG")) return std::nullopt;
    return Denial{"USE_CATALOG", 2};
  }
  if (auto denial = CheckParents(subject, chain)) return denial;
  if (Holds(subject, chain, "MANAGE")) return std::nullopt;
  return Denial{"MANAGE", 0};
}

namespace {

bool IsVisibleWithoutBrowse(const Subject& subject, const Chain& chain) {
  if (!CheckManage(subject, chain)) return true;
  return HoldsAnyPrivilege(subject, chain) && !CheckParents(subject, chain);
}

}  // namespace

bool IsVisible(const Subject& subject, const Chain& chain) {
  CHECK(!chain.empty());
  return Holds(subject, chain, "BROWSE") || IsVisibleWithoutBrowse(subject, chain);
}

bool IsBrowseOnly(const Subject& subject, const Chain& chain) {
  return Holds(subject, chain, "BROWSE") && !IsVisibleWithoutBrowse(subject, chain);
}

}  // namespace ashlar::catalog
