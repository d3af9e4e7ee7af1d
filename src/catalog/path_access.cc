#include "catalog/path_access.h"

#include "catalog/local_path.h"
#include "catalog/tables/ratified_commits_table.h"
#include "delta/catalog_commits.h"
#include "objectstore/store_url.h"

namespace ashlar::catalog {
namespace {

using sql::Access;
using sql::Securable;

bool HoldsData(const SecurableRow& row) {
  return row.kind == Securable::kTable || row.kind == Securable::kVolume;
}

// The deepest table or volume around the path, else the deepest external location.
Result<std::optional<SecurableRow>> FindCovering(metadb::Transaction& txn, const std::string& path) {
  std::optional<SecurableRow> location;
  for (const std::string& folder : SelfAndParents(path)) {
    ASSIGN_OR_RETURN(auto rows, SecurablesTable::AtLocation(txn, folder));
    for (SecurableRow& row : rows) {
      if (HoldsData(row)) return std::optional<SecurableRow>(std::move(row));
      if (!location) location = std::move(row);
    }
  }
  return location;
}

Result<bool> HasDataBelow(metadb::Transaction& txn, const std::string& path) {
  constexpr int64_t kAll = INT32_MAX;
  ASSIGN_OR_RETURN(auto rows, SecurablesTable::BelowLocation(txn, path, kAll));
  for (const SecurableRow& row : rows) {
    if (HoldsData(row)) return true;
  }
  return false;
}

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
  ASSIGN_OR_RETURN(auto covering, FindCovering(authorizer.txn(), canonical));
  ASSIGN_OR_RETURN(bool has_below, HasDataBelow(authorizer.txn(), canonical));
  if ((covering && HoldsData(*covering)) || has_below) return LocationOverlap(path, "CREATE");
  return canonical;
}

}  // namespace

Result<ResolvedPath> AuthorizePath(Authorizer& authorizer, const CatalogOptions& options,
                                   const std::string& path, Access access) {
  ASSIGN_OR_RETURN(WrittenPath written, ParsePath(path));
  if (!written.volume.empty()) return InVolume(authorizer, written, access);
  GlobSplit split = SplitGlob(written.plain);
  ASSIGN_OR_RETURN(std::string folder, CanonicalPath(split.folder));
  std::string canonical = split.pattern.empty() ? folder
                          : folder == "/"       ? "/" + split.pattern
                                                : folder + "/" + split.pattern;
  ASSIGN_OR_RETURN(auto covering, FindCovering(authorizer.txn(), folder));
  if (covering && HoldsData(*covering)) {
    ASSIGN_OR_RETURN(Chain chain, authorizer.ChainOf(*covering));
    RETURN_IF_ERROR(RequireOn(authorizer, chain, access));
    RETURN_IF_ERROR(RefuseManaged(authorizer.txn(), *covering));
    return ResolvedPath{canonical, covering->location, covering->kind, covering->uuid,
                        DottedName(NameOf(chain))};
  }
  if (IsWithin(folder, options.data_dir) || IsWithin(options.data_dir, folder)) {
    return InsideDataDir(path);
  }
  ResolvedPath resolved;
  if (covering) {
    ASSIGN_OR_RETURN(Chain chain, authorizer.ChainOf(*covering));
    RETURN_IF_ERROR(RequireOn(authorizer, chain, access));
    resolved = {canonical, covering->location, covering->kind, covering->uuid, covering->name};
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
  ASSIGN_OR_RETURN(auto covering, FindCovering(authorizer.txn(), canonical));
  if (!covering) {
    ASSIGN_OR_RETURN([[maybe_unused]] auto any, AnyFile(authorizer, canonical, Access::kWrite));
    return canonical;
  }
  ASSIGN_OR_RETURN(Chain chain, authorizer.ChainOf(*covering));
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
  ASSIGN_OR_RETURN(auto covering, FindCovering(authorizer.txn(), canonical));
  ASSIGN_OR_RETURN(auto below, SecurablesTable::BelowLocation(authorizer.txn(), canonical, INT32_MAX));
  bool overlaps = covering && covering->kind == Securable::kExternalLocation;
  for (const SecurableRow& row : below) overlaps = overlaps || row.kind == Securable::kExternalLocation;
  if (overlaps) return LocationOverlap(path, "CREATE EXTERNAL LOCATION");
  if (objectstore::IsStorePath(canonical)) return canonical;
  ASSIGN_OR_RETURN([[maybe_unused]] auto any, AnyFile(authorizer, canonical, Access::kWrite));
  return canonical;
}

}  // namespace ashlar::catalog
