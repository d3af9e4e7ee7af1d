#include "catalog/privileges.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.h"

namespace ashlar::catalog {
namespace {

using sql::Securable;
using Names = std::vector<std::string_view>;

struct KindRow {
  Securable kind;
  std::string_view title;
  std::string_view type_name;
  Names own;
};

const std::array<KindRow, 10>& Kinds() {
  static const std::array<KindRow, 10> kinds = {{
      {Securable::kMetastore, "Metastore", "METASTORE",
       {"CREATE_CATALOG", "CREATE_CLEAN_ROOM", "CREATE_CONNECTION", "CREATE_EXTERNAL_LOCATION",
        "CREATE_EXTERNAL_METADATA", "CREATE_PROVIDER", "CREATE_RECIPIENT", "CREATE_SHARE",
        "CREATE_SERVICE_CREDENTIAL", "CREATE_STORAGE_CREDENTIAL", "MANAGE_ALLOWLIST",
        "SET_SHARE_PERMISSION", "USE_MARKETPLACE_ASSETS", "USE_PROVIDER", "USE_RECIPIENT",
        "USE_SHARE"}},
      {Securable::kCatalog, "Catalog", "CATALOG",
       {"APPLY_TAG", "BROWSE", "CREATE_CONNECTION", "CREATE_SCHEMA", "MANAGE", "USE_CATALOG"}},
      {Securable::kSchema, "Schema", "SCHEMA",
       {"APPLY_TAG", "CREATE_FUNCTION", "CREATE_MATERIALIZED_VIEW", "CREATE_MODEL", "CREATE_TABLE",
        "CREATE_VIEW", "CREATE_VOLUME", "EXTERNAL_USE_SCHEMA", "MANAGE", "USE_SCHEMA"}},
      {Securable::kTable, "Table", "TABLE", {"APPLY_TAG", "MANAGE", "MODIFY", "SELECT"}},
      {Securable::kView, "Table", "TABLE", {"APPLY_TAG", "MANAGE", "REFRESH", "SELECT"}},
      {Securable::kVolume, "Volume", "VOLUME", {"APPLY_TAG", "MANAGE", "READ_VOLUME", "WRITE_VOLUME"}},
      {Securable::kExternalLocation, "External Location", "EXTERNAL_LOCATION",
       {"BROWSE", "CREATE_EXTERNAL_TABLE", "CREATE_EXTERNAL_VOLUME", "CREATE_FOREIGN_SECURABLE",
        "CREATE_MANAGED_STORAGE", "MANAGE", "READ_FILES", "WRITE_FILES"}},
      {Securable::kStorageCredential, "Storage Credential", "STORAGE_CREDENTIAL",
       {"CREATE_EXTERNAL_LOCATION", "CREATE_EXTERNAL_TABLE", "MANAGE", "READ_FILES", "WRITE_FILES"}},
      {Securable::kFunction, "Function", "FUNCTION", {"EXECUTE", "MANAGE"}},
      {Securable::kAnyFile, "Any File", "ANY_FILE", {"MODIFY", "SELECT"}},
  }};
  return kinds;
}

const KindRow& RowOf(Securable kind) {
  for (const KindRow& row : Kinds()) {
    if (row.kind == kind) return row;
  }
  CHECK(false) << "securable kind " << static_cast<int>(kind);
  return Kinds()[0];
}

bool Contains(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The kinds whose privileges a grant on `kind` hands down.
std::vector<Securable> Below(Securable kind) {
  std::vector<Securable> leaves = {Securable::kTable, Securable::kView, Securable::kVolume,
                                   Securable::kFunction};
  if (kind == Securable::kSchema) return leaves;
  if (kind == Securable::kCatalog) {
    leaves.push_back(Securable::kSchema);
    return leaves;
  }
  return {};
}

}  // namespace

Result<std::string> CanonicalPrivilege(std::string_view text) {
  std::string name = ReplaceAll(ToUpperAscii(Trim(text)), " ", "_");
  if (name == "ALL") name = "ALL_PRIVILEGES";
  bool known = name == "ALL_PRIVILEGES";
  for (const KindRow& row : Kinds()) known = known || Contains(row.own, name);
  if (!known) {
    return MakeError(ErrorCode::kInvalidParameterValue,
                     "Privilege " + std::string(text) + " does not exist");
  }
  return name;
}

std::string SqlPrivilege(std::string_view privilege) {
  return ReplaceAll(std::string(privilege), "_", " ");
}

bool AppliesTo(Securable kind, std::string_view privilege) {
  return Contains(RowOf(kind).own, privilege);
}

bool IsGrantable(Securable kind, std::string_view privilege) {
  if (privilege == "ALL_PRIVILEGES") return kind != Securable::kMetastore && kind != Securable::kAnyFile;
  if (AppliesTo(kind, privilege)) return true;
  for (Securable below : Below(kind)) {
    if (AppliesTo(below, privilege)) return true;
  }
  return false;
}

std::span<const std::string_view> OwnPrivileges(Securable kind) { return RowOf(kind).own; }

std::string_view KindTitle(Securable kind) { return RowOf(kind).title; }

std::string_view SecurableTypeName(Securable kind) { return RowOf(kind).type_name; }

}  // namespace ashlar::catalog
