#include "catalog/path_access.h"

#include <algorithm>

#include "catalog/local_path.h"
#include "catalog/managed_storage.h"
#include "catalog/tables/ratified_commits_table.h"
#include "delta/catalog_commits.h"
#include "objectstore/store_url.h"

namespace ashlar::catalog {
namespace {

using sql::Access;
using sql::Securable;

bool IsManagedRoot(const SecurableRow& row) {
  return row.kind == Securable::kCatalog || row.kind == Securable::kSchema;
}

Result<bool> HasBelow(metadb::Transaction& txn, const std::string& path, bool (*wanted)(const SecurableRow&)) {
  ASSIGN_OR_RETURN(auto rows, SecurablesTable::BelowLocation(txn, path, INT32_MAX));
  return std::ranges::any_of(rows, wanted);
}

// Deeper than what is asked for are tables and volumes, which have grants of their own.
Result<bool> HasDataBelow(metadb::Transaction& txn, const std::string& path) { return HasBelow(txn, path, HoldsData); }

Error InsideDataDir(const std::string& path) {
  return InsufficientPermissions("Path '" + path + "' belongs to the workspace's own storage.");
}

std::string_view PrivilegeFor(Securable kind, Access access) {
  bool read = access == Access::kRead;
  switch (kind) {
    case Securable::kVolume:
      return read ? "READ_VOLUME" : "WRITE_VOLUME";
    case Securable::kExternalLocation:
      return read ? "READ_FILES" : "WRITE_FILES";
    default:
      return read ? "SELECT" : "MODIFY";
  }
}

Status RequireOn(Authorizer& authorizer, const Chain& chain, Access access) {
  const SecurableRow& row = chain[0].row;
  if (row.state == SecurableState::kCreating) {
    // A table that has no name yet is its creator's alone.
    if (row.created_by == authorizer.subject().id) return OkStatus();
    return NotManager(row.kind, DottedName(NameOf(chain)));
  }
  return authorizer.Require(chain, PrivilegeFor(row.kind, access));
}

// The files of a catalog-managed table say nothing: which of them are its rows is the catalog's word.
Status RefuseManaged(metadb::Transaction& txn, const SecurableRow& row) {
  ASSIGN_OR_RETURN(std::optional<int64_t> latest, RatifiedCommitsTable::LatestVersion(txn, row.uuid));
  return latest ? Status(delta::PathAccessBlocked(row.location)) : OkStatus();
}

Result<ResolvedPath> InVolume(Authorizer& authorizer, const WrittenPath& written, Access access) {
  ASSIGN_OR_RETURN(Chain chain, authorizer.FindInSchema(Securable::kVolume, written.volume));
  RETURN_IF_ERROR(RequireOn(authorizer, chain, access));
  const SecurableRow& row = chain[0].row;
  std::string path = written.rest.empty() ? row.location : row.location + "/" + written.rest;
  GlobSplit split = SplitGlob(path);
  ASSIGN_OR_RETURN(std::string canonical, CanonicalPath(split.folder));
  if (!IsWithin(canonical, row.location)) {
    return InsufficientPermissions("Path '/Volumes/" + DottedName(NameOf(chain)) + "/" +
                                   written.rest + "' leads out of its volume.");
  }
  if (!split.pattern.empty()) canonical += "/" + split.pattern;
  return ResolvedPath{canonical, row.location, row.kind, row.uuid, DottedName(NameOf(chain))};
}

// A path that nothing covers. Only an external location has the credential for one in an object store.
Result<ResolvedPath> AnyFile(Authorizer& authorizer, const std::string& canonical, Access access) {
  if (objectstore::IsStorePath(canonical)) {
    return InsufficientPermissions("No external location covers the path '" + canonical + "'.");
  }
  ASSIGN_OR_RETURN(Chain chain, authorizer.Find(Securable::kAnyFile, {}));
  RETURN_IF_ERROR(authorizer.Require(chain, access == Access::kRead ? "SELECT" : "MODIFY"));
  return ResolvedPath{canonical, canonical, Securable::kAnyFile, "", ""};
}

// The checks every new location shares.
Result<std::string> NewLocation(Authorizer& authorizer, const CatalogOptions& options,
                                const std::string& path) {
  ASSIGN_OR_RETURN(WrittenPath written, ParsePath(path));
  if (!written.volume.empty()) {
    return MakeError(ErrorCode::kInvalidParameterValue,
                     "Location '" + path + "' lies in a volume: external objects cannot");
  }
  ASSIGN_OR_RETURN(std::string canonical, CanonicalPath(written.plain));
  if (IsWithin(canonical, options.data_dir) || IsWithin(options.data_dir, canonical)) {
    return InsideDataDir(path);
  }
  ASSIGN_OR_RETURN(Covering around, FindCovering(authorizer.txn(), canonical));
  ASSIGN_OR_RETURN(bool has_data, HasDataBelow(authorizer.txn(), canonical));
  ASSIGN_OR_RETURN(bool has_root, HasBelow(authorizer.txn(), canonical, IsManagedRoot));
  bool overlaps = around.data || around.managed_root || has_data || has_root || IsManagedStorage(canonical);
  if (overlaps) return LocationOverlap(path, "CREATE");
  return canonical;
}

}  // namespace

bool HoldsData(const SecurableRow& row) {
  return row.kind == Securable::kTable || row.kind == Securable::kVolume;
}

Result<Covering> FindCovering(metadb::Transaction& txn, const std::string& path) {
  Covering around;
  for (const std::string& folder : SelfAndParents(path)) {
    ASSIGN_OR_RETURN(auto rows, SecurablesTable::AtLocation(txn, folder));
    for (SecurableRow& row : rows) {
      around.managed_root = around.managed_root || IsManagedRoot(row);
      if (HoldsData(row) && !around.data) {
        around.data = std::move(row);
      } else if (row.kind == Securable::kExternalLocation && !around.location) {
        around.location = std::move(row);
      }
    }
  }
  return around;
}

Result<ResolvedPath> AuthorizePath(Authorizer& authorizer, const CatalogOptions& options,
                                   const std::string& path, Access access) {
  ASSIGN_OR_RETURN(WrittenPath written, ParsePath(path));
  if (!written.volume.empty()) return InVolume(authorizer, written, access);
  GlobSplit split = SplitGlob(written.plain);
  ASSIGN_OR_RETURN(std::string folder, CanonicalPath(split.folder));
  std::string canonical = split.pattern.empty() ? folder
                          : folder == "/"       ? "/" + split.pattern
                                                : folder + "/" + split.pattern;
  ASSIGN_OR_RETURN(Covering around, FindCovering(authorizer.txn(), folder));
  if (around.data) {
    ASSIGN_OR_RETURN(Chain chain, authorizer.ChainOf(*around.data));
    RETURN_IF_ERROR(RequireOn(authorizer, chain, access));
    RETURN_IF_ERROR(RefuseManaged(authorizer.txn(), *around.data));
    return ResolvedPath{canonical, around.data->location, around.data->kind, around.data->uuid,
                        DottedName(NameOf(chain))};
  }
  bool ours = IsWithin(folder, options.data_dir) || IsWithin(options.data_dir, folder) || IsManagedStorage(folder);
  if (ours) return InsideDataDir(path);
  ResolvedPath resolved;
  if (around.location) {
    ASSIGN_OR_RETURN(Chain chain, authorizer.ChainOf(*around.location));
    RETURN_IF_ERROR(RequireOn(authorizer, chain, access));
    resolved = {canonical, around.location->location, around.location->kind, around.location->uuid, around.location->name};
  } else {
    ASSIGN_OR_RETURN(resolved, AnyFile(authorizer, canonical, access));
    resolved.root = folder;
  }
  ASSIGN_OR_RETURN(bool has_below, HasDataBelow(authorizer.txn(), folder));
  if (has_below) return LocationOverlap(path, "LIST");
  return resolved;
}

Result<std::string> AuthorizeNewLocation(Authorizer& authorizer, const CatalogOptions& options,
                                         const std::string& path, Securable kind,
                                         std::string_view privilege) {
  CHECK(kind == Securable::kTable || kind == Securable::kVolume);
  ASSIGN_OR_RETURN(std::string canonical, NewLocation(authorizer, options, path));
  ASSIGN_OR_RETURN(Covering around, FindCovering(authorizer.txn(), canonical));
  if (!around.location) {
    ASSIGN_OR_RETURN([[maybe_unused]] auto any, AnyFile(authorizer, canonical, Access::kWrite));
    return canonical;
  }
  ASSIGN_OR_RETURN(Chain chain, authorizer.ChainOf(*around.location));
  RETURN_IF_ERROR(authorizer.Require(chain, privilege));
  return canonical;
}

Result<std::string> AuthorizeNewExternalLocation(Authorizer& authorizer,
                                                 const CatalogOptions& options,
                                                 const std::string& path) {
  ASSIGN_OR_RETURN(WrittenPath written, ParsePath(path));
  if (!written.volume.empty()) {
    return MakeError(ErrorCode::kInvalidParameterValue, "Location '" + path + "' lies in a volume");
  }
  ASSIGN_OR_RETURN(std::string canonical, CanonicalPath(written.plain));
  if (IsWithin(canonical, options.data_dir) || IsWithin(options.data_dir, canonical)) {
    return InsideDataDir(path);
  }
  ASSIGN_OR_RETURN(Covering around, FindCovering(authorizer.txn(), canonical));
  ASSIGN_OR_RETURN(auto below, SecurablesTable::BelowLocation(authorizer.txn(), canonical, INT32_MAX));
  bool overlaps = (!around.data && around.location) || IsManagedStorage(canonical);
  for (const SecurableRow& row : below) overlaps = overlaps || row.kind == Securable::kExternalLocation;
  if (overlaps) return LocationOverlap(path, "CREATE EXTERNAL LOCATION");
  if (objectstore::IsStorePath(canonical)) return canonical;
  ASSIGN_OR_RETURN([[maybe_unused]] auto any, AnyFile(authorizer, canonical, Access::kWrite));
  return canonical;
}

}  // namespace ashlar::catalog
