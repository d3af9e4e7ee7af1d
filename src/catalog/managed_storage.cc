#include "catalog/managed_storage.h"

#include "base/file.h"
#include "catalog/local_path.h"
#include "catalog/path_access.h"
#include "delta/maintenance/table_objects.h"
#include "objectstore/store_url.h"

namespace ashlar::catalog {
namespace {

using sql::Securable;

constexpr const char* kOwnFolder = "__unitystorage";

// The nearest MANAGED LOCATION; null for none.
const SecurableRow* NearestRoot(const Chain& schema) {
  for (const Guarded& link : schema) {
    bool holds = link.row.kind == Securable::kSchema || link.row.kind == Securable::kCatalog;
    if (holds && !link.row.location.empty()) return &link.row;
  }
  return nullptr;
}

// Below that of its schema or catalog.
std::string FolderOf(const SecurableRow& object) {
  CHECK(HoldsData(object)) << object.uuid;
  return (object.kind == Securable::kTable ? "/tables/" : "/volumes/") + object.uuid;
}

}  // namespace

std::string ManagedFolder(Securable kind, const std::string& root, const std::string& uuid) {
  CHECK(kind == Securable::kCatalog || kind == Securable::kSchema);
  return root + "/" + kOwnFolder + (kind == Securable::kCatalog ? "/catalogs/" : "/schemas/") + uuid;
}

bool IsManagedStorage(std::string_view path) {
  const std::string own = std::string("/") + kOwnFolder;
  return objectstore::IsStorePath(path) && (std::string(path) + "/").find(own + "/") != std::string::npos;
}

Status PlaceManagedObject(const Environment& environment, const Chain& schema, SecurableRow& object) {
  if (const SecurableRow* root = NearestRoot(schema)) {
    object.location = ManagedFolder(root->kind, root->location, root->uuid) + FolderOf(object);
    return OkStatus();
  }
  object.location = environment.ManagedLocation(object.uuid);
  return MakeDirectories(object.location, 0700);
}

Result<std::string> AuthorizeManagedLocation(Authorizer& authorizer, const std::string& path) {
  ASSIGN_OR_RETURN(WrittenPath written, ParsePath(path));
  if (!objectstore::IsStorePath(written.plain)) return NotImplemented("a MANAGED LOCATION that is not in an object store: '" + path + "'");
  const std::string& root = written.plain;
  ASSIGN_OR_RETURN(Covering around, FindCovering(authorizer.txn(), root));
  ASSIGN_OR_RETURN(auto below, SecurablesTable::BelowLocation(authorizer.txn(), root, INT32_MAX));
  bool overlaps = IsManagedStorage(root) || around.data.has_value();
  for (const SecurableRow& row : below) overlaps = overlaps || (HoldsData(row) && !row.managed);
  if (overlaps) return LocationOverlap(path, "CREATE");
  if (!around.location) return InsufficientPermissions("No external location covers the path '" + path + "'.");
  ASSIGN_OR_RETURN(Chain chain, authorizer.ChainOf(*around.location));
  RETURN_IF_ERROR(authorizer.Require(chain, "CREATE_MANAGED_STORAGE"));
  return root;
}

Status DeleteManagedObjects(const Environment& environment, const SecurableRow& dropped) {
  const std::string& root = dropped.location;
  CHECK(dropped.managed && IsManagedStorage(root) && root.ends_with(FolderOf(dropped))) << root;
  delta::TableLocation folder{&environment.store, root};
  delta::FolderFilter all;
  all.is_hidden = [](const std::string&) { return false; };
  all.is_needed = [](const std::string&) { return false; };
  all.older_than_ms = INT64_MAX;
  ASSIGN_OR_RETURN(delta::FolderContents found, delta::ListObjects(folder, all));
  std::vector<std::string> paths;
  for (const delta::FolderFile& file : found.files) paths.push_back(file.path);
  RETURN_IF_ERROR(delta::DeleteObjects(folder, paths, [] { return false; }));
  return OkStatus();
}

}  // namespace ashlar::catalog
