// Objects and grants of the catalog as messages of the REST API. Conversions only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/unity_catalog.h"
#include "catalog/object_info.h"

namespace ashlar::catalog {

api::unity_catalog::CatalogInfo ToCatalogInfo(const ObjectInfo& info, const std::string& metastore);
api::unity_catalog::SchemaInfo ToSchemaInfo(const ObjectInfo& info, const std::string& metastore);
api::unity_catalog::TableInfo ToTableInfo(const ObjectInfo& info, const std::string& metastore);
api::unity_catalog::VolumeInfo ToVolumeInfo(const ObjectInfo& info, const std::string& metastore);
api::unity_catalog::ExternalLocationInfo ToExternalLocationInfo(const ObjectInfo& info,
                                                                const std::string& metastore);
api::unity_catalog::StorageCredentialInfo ToStorageCredentialInfo(const ObjectInfo& info, const std::string& metastore);

// Grouped by principal, in the order of first appearance. Only those of `principal` when it is given.
std::vector<api::unity_catalog::PrivilegeAssignment> DirectAssignments(
    const std::vector<GrantInfo>& grants, std::string_view principal);
std::vector<api::unity_catalog::EffectivePrivilegeAssignment> EffectiveAssignments(
    const std::vector<GrantInfo>& grants, std::string_view principal);

}  // namespace ashlar::catalog
