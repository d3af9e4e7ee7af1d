// The rules of Unity Catalog, as pure functions over what was read: who may do what on a chain of
// securables. Nothing else in the code base decides this.
//
//   holds    owner of the object, or granted on it or above it; ALL PRIVILEGES is expanded here and
//            leaves out MANAGE and EXTERNAL USE …
//   may use  holds, and USE CATALOG and USE SCHEMA on the way
//   manage   metastore admin, owner of the catalog; owner of the schema with USE CATALOG; owner of the
//            object or holder of MANAGE with both USE privileges. Says nothing about data.
//   see      manage, BROWSE, or any privilege on it with both USE privileges
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "catalog/tables/grants_table.h"
#include "catalog/tables/securables_table.h"

namespace ashlar::catalog {

// Who asks: own id and those of all groups.
struct Subject {
  int64_t id = 0;
  std::set<int64_t> ids;
  bool is_metastore_admin = false;
  bool Is(int64_t principal_id) const { return ids.contains(principal_id); }
};

// One securable with the grants made on it.
struct Guarded {
  SecurableRow row;
  std::vector<GrantRow> grants;
};

// From the object upwards: {table, schema, catalog}, {schema, catalog}, {catalog}, or a single one that
// stands directly under the metastore.
using Chain = std::vector<Guarded>;

// What is missing: `privilege` on chain[link]. "MANAGE" stands for administrative rights.
struct Denial {
  std::string privilege;
  size_t link = 0;
};

bool Holds(const Subject& subject, const Chain& chain, std::string_view privilege);
// The first missing privilege, the catalog's first.
std::optional<Denial> CheckUse(const Subject& subject, const Chain& chain, std::string_view privilege);
// Only the USE privileges on what is above the object.
std::optional<Denial> CheckParents(const Subject& subject, const Chain& chain);
std::optional<Denial> CheckManage(const Subject& subject, const Chain& chain);
bool IsVisible(const Subject& subject, const Chain& chain);
// Visible, but by BROWSE alone.
bool IsBrowseOnly(const Subject& subject, const Chain& chain);

}  // namespace ashlar::catalog
