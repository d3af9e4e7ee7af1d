#include "catalog/rest/info_messages.h"

#include <algorithm>

#include "base/json.h"
#include "base/text.h"
#include "catalog/managed_storage.h"
#include "catalog/privileges.h"
#include "delta/catalog_commits.h"

namespace ashlar::catalog {
namespace {

using namespace api::unity_catalog;
using sql::Securable;

// What all kinds have.
template <typename Message>
Message Common(const ObjectInfo& info, const std::string& metastore) {
  Message message;
  message.name = info.name.back();
  message.owner = info.owner;
  if (info.comment) message.comment = *info.comment;
  message.created_at = info.created_ms;
  message.created_by = info.created_by;
  message.updated_at = info.updated_ms;
  message.updated_by = info.updated_by;
  message.metastore_id = metastore;
  return message;
}

// Of a catalog or schema that has a MANAGED LOCATION.
template <typename Message>
void SetManagedLocation(const ObjectInfo& info, Message& message) {
  if (info.location.empty()) return;
  message.storage_root = info.location;
  message.storage_location = ManagedFolder(info.kind, info.location, info.uuid);
}

// Local paths are URLs to the API's clients too.
std::string LocationUrl(const std::string& location) {
  return location.starts_with('/') ? "file://" + location : location;
}

std::string_view TypeNameOf(const DataType& type) {
  switch (type.id()) {
    case TypeId::kNull:
      return ColumnTypeName::kNull;
    case TypeId::kBoolean:
      return ColumnTypeName::kBoolean;
    case TypeId::kByte:
      return ColumnTypeName::kByte;
    case TypeId::kShort:
      return ColumnTypeName::kShort;
    case TypeId::kInt:
      return ColumnTypeName::kInt;
    case TypeId::kLong:
      return ColumnTypeName::kLong;
    case TypeId::kFloat:
      return ColumnTypeName::kFloat;
    case TypeId::kDouble:
      return ColumnTypeName::kDouble;
    case TypeId::kDecimal:
      return ColumnTypeName::kDecimal;
    case TypeId::kString:
      return type.is_char() ? ColumnTypeName::kChar : ColumnTypeName::kString;
    case TypeId::kBinary:
      return ColumnTypeName::kBinary;
    case TypeId::kDate:
      return ColumnTypeName::kDate;
    case TypeId::kTimestamp:
      return ColumnTypeName::kTimestamp;
    case TypeId::kTimestampNtz:
      return ColumnTypeName::kTimestampNtz;
    case TypeId::kYearMonthInterval:
    case TypeId::kDayTimeInterval:
    case TypeId::kCalendarInterval:
      return ColumnTypeName::kInterval;
    case TypeId::kArray:
      return ColumnTypeName::kArray;
    case TypeId::kMap:
      return ColumnTypeName::kMap;
    case TypeId::kStruct:
      return ColumnTypeName::kStruct;
    case TypeId::kVariant:
      return ColumnTypeName::kVariant;
  }
  return ColumnTypeName::kUserDefinedType;
}

ColumnInfo ToColumnInfo(const Field& field, int64_t position) {
  ColumnInfo column;
  column.name = field.name;
  column.position = position;
  column.nullable = field.nullable;
  column.type_text = field.type.SimpleString();
  column.type_name = ColumnTypeName(TypeNameOf(field.type));
  column.type_precision = field.type.Is(TypeId::kDecimal) ? int64_t{field.type.precision()} : 0;
  column.type_scale = field.type.Is(TypeId::kDecimal) ? int64_t{field.type.scale()} : 0;
  Result<Json> parsed = ParseJson(field.metadata);
  Json metadata = parsed.ok() && parsed->is_object() ? *std::move(parsed) : Json::object();
  if (metadata.contains("comment") && metadata["comment"].is_string()) {
    column.comment = metadata["comment"].get<std::string>();
  }
  Json type_json = {{"name", field.name},
                    {"type", field.type.ToJson()},
                    {"nullable", field.nullable},
                    {"metadata", metadata}};
  column.type_json = WriteJson(type_json);
  return column;
}

std::vector<ColumnInfo> ToColumns(const ObjectInfo& info) {
  std::vector<ColumnInfo> columns;
  for (const Field& field : info.columns.fields) {
    columns.push_back(ToColumnInfo(field, static_cast<int64_t>(columns.size())));
    for (size_t i = 0; i < info.partition_columns.size(); ++i) {
      if (EqualsIgnoreCase(info.partition_columns[i], field.name)) {
        columns.back().partition_index = static_cast<int64_t>(i);
      }
    }
  }
  return columns;
}

// The entry of a principal, made when it is the first.
template <typename Assignment>
Assignment& EntryOf(std::vector<Assignment>& entries, const std::string& principal) {
  for (Assignment& entry : entries) {
    if (*entry.principal == principal) return entry;
  }
  entries.emplace_back();
  entries.back().principal = principal;
  entries.back().privileges.Ensure();
  return entries.back();
}

bool Wanted(const GrantInfo& grant, std::string_view principal) {
  return principal.empty() || EqualsIgnoreCase(grant.principal, principal);
}

TableType TableTypeOf(const ObjectInfo& info) {
  if (info.shallow_clone) return TableType(info.managed ? TableType::kManagedShallowClone : TableType::kExternalShallowClone);
  return TableType(info.managed ? TableType::kManaged : TableType::kExternal);
}

}  // namespace

CatalogInfo ToCatalogInfo(const ObjectInfo& info, const std::string& metastore) {
  auto message = Common<CatalogInfo>(info, metastore);
  message.browse_only = info.browse_only;
  message.full_name = info.name[0];
  message.catalog_type = CatalogType(CatalogType::kManagedCatalog);
  message.isolation_mode = CatalogIsolationMode(CatalogIsolationMode::kOpen);
  message.securable_type = SecurableType(SecurableType::kCatalog);
  if (!info.properties.empty()) message.properties = info.properties;
  SetManagedLocation(info, message);
  return message;
}

SchemaInfo ToSchemaInfo(const ObjectInfo& info, const std::string& metastore) {
  auto message = Common<SchemaInfo>(info, metastore);
  message.browse_only = info.browse_only;
  message.catalog_name = info.name[0];
  message.catalog_type = CatalogType(CatalogType::kManagedCatalog);
  message.full_name = Join(info.name, ".");
  message.schema_id = info.uuid;
  if (!info.properties.empty()) message.properties = info.properties;
  SetManagedLocation(info, message);
  return message;
}

TableInfo ToTableInfo(const ObjectInfo& info, const std::string& metastore) {
  auto message = Common<TableInfo>(info, metastore);
  message.browse_only = info.browse_only;
  message.catalog_name = info.name[0];
  message.schema_name = info.name[1];
  message.full_name = Join(info.name, ".");
  message.table_id = info.uuid;
  message.properties = info.properties;
  // By these two clients know whom to commit to, and as what.
  if (info.catalog_managed) {
    (*message.properties)["delta.feature." + std::string(delta::kCatalogManaged)] = "supported";
    (*message.properties)[delta::kUnityTableId] = info.uuid;
  }
  message.columns = ToColumns(info);
  if (info.kind == Securable::kView) {
    message.table_type = TableType(TableType::kView);
    message.view_definition = info.view_text;
    return message;
  }
  message.table_type = TableTypeOf(info);
  message.data_source_format = DataSourceFormat(info.format);
  message.storage_location = LocationUrl(info.location);
  return message;
}

VolumeInfo ToVolumeInfo(const ObjectInfo& info, const std::string& metastore) {
  auto message = Common<VolumeInfo>(info, metastore);
  message.browse_only = info.browse_only;
  message.catalog_name = info.name[0];
  message.schema_name = info.name[1];
  message.full_name = Join(info.name, ".");
  message.volume_id = info.uuid;
  message.volume_type = VolumeType(info.managed ? VolumeType::kManaged : VolumeType::kExternal);
  message.storage_location = LocationUrl(info.location);
  return message;
}

ExternalLocationInfo ToExternalLocationInfo(const ObjectInfo& info, const std::string& metastore) {
  auto message = Common<ExternalLocationInfo>(info, metastore);
  message.browse_only = info.browse_only;
  message.url = info.url;
  message.credential_name = info.credential_name;
  if (!info.credential_id.empty()) message.credential_id = info.credential_id;
  message.read_only = false;
  message.isolation_mode = IsolationMode(IsolationMode::kIsolationModeOpen);
  return message;
}

StorageCredentialInfo ToStorageCredentialInfo(const ObjectInfo& info, const std::string& metastore) {
  auto message = Common<StorageCredentialInfo>(info, metastore);
  message.id = info.uuid;
  message.full_name = info.name.back();
  message.read_only = false;
  message.used_for_managed_storage = false;
  message.isolation_mode = IsolationMode(IsolationMode::kIsolationModeOpen);
  Result<Json> attributes = ParseJson(info.attributes);
  if (!attributes.ok()) return message;
  std::string endpoint = attributes->value("endpoint", std::string());
  if (attributes->value("kind", std::string()) == "aws_access_key") {
    AwsAccessKey& key = message.aws_access_key.Ensure();
    key.access_key_id = attributes->value("access_key_id", std::string());
    key.region = attributes->value("region", std::string());
    if (!endpoint.empty()) key.endpoint = endpoint;
  } else {
    AzureStorageKey& key = message.azure_storage_key.Ensure();
    if (!endpoint.empty()) key.endpoint = endpoint;
  }
  return message;
}

std::vector<PrivilegeAssignment> DirectAssignments(const std::vector<GrantInfo>& grants,
                                                   std::string_view principal) {
  std::vector<PrivilegeAssignment> entries;
  for (const GrantInfo& grant : grants) {
    if (grant.inherited || !Wanted(grant, principal)) continue;
    EntryOf(entries, grant.principal).privileges->push_back(Privilege(grant.privilege));
  }
  return entries;
}

std::vector<EffectivePrivilegeAssignment> EffectiveAssignments(const std::vector<GrantInfo>& grants,
                                                               std::string_view principal) {
  std::vector<EffectivePrivilegeAssignment> entries;
  for (const GrantInfo& grant : grants) {
    if (!Wanted(grant, principal)) continue;
    EffectivePrivilege privilege;
    privilege.privilege = Privilege(grant.privilege);
    if (grant.inherited) {
      privilege.inherited_from_type = SecurableType(SecurableTypeName(grant.from_kind));
      privilege.inherited_from_name = grant.from_name;
    }
    EntryOf(entries, grant.principal).privileges->push_back(std::move(privilege));
  }
  return entries;
}

}  // namespace ashlar::catalog
