// Storage credentials: made and changed with their secrets, used by external locations.
#include "base/json.h"
#include "base/text.h"
#include "catalog/environment.h"
#include "catalog/sealed_text.h"
#include "catalog/tables/store_credentials_table.h"

namespace ashlar::catalog {
namespace {

using sql::CatalogReply;
using sql::Securable;

// What may be seen of it.
std::string PublicAttributes(const objectstore::StoreCredential& credential) {
  Json json = {{"endpoint", credential.endpoint}};
  if (const auto* s3 = std::get_if<objectstore::S3AccessKey>(&credential.key)) {
    json["kind"] = "aws_access_key";
    json["access_key_id"] = s3->access_key_id;
    json["region"] = s3->region;
  } else {
    json["kind"] = "azure_storage_key";
  }
  return WriteJson(json);
}

Status PutSecret(CommandRun& run, const std::string& uuid, const objectstore::StoreCredential& credential) {
  const std::string& key = run.environment.options.seal_key;
  return StoreCredentialsTable::Put(run.txn(), uuid, Seal(key, uuid, objectstore::CredentialText(credential)));
}

bool IsOfS3(const SecurableRow& credential) {
  Result<Json> attributes = ParseJson(credential.attributes);
  return attributes.ok() && attributes->value("kind", std::string()) == "aws_access_key";
}

std::string CredentialIdOf(const SecurableRow& location) {
  Result<Json> attributes = ParseJson(location.attributes);
  return attributes.ok() ? attributes->value("credential", std::string()) : std::string();
}

}  // namespace

Result<CatalogReply> CreateCredential(CommandRun& run, const objectstore::StoreCredential& credential) {
  if (run.command.name.size() != 1) return InvalidName(DottedName(run.command.name), "it must have 1 parts");
  ASSIGN_OR_RETURN(std::string name, FoldName(run.command.name[0]));
  ASSIGN_OR_RETURN(Chain metastore, run.authorizer.Find(Securable::kMetastore, {}));
  RETURN_IF_ERROR(run.authorizer.Require(metastore, "CREATE_STORAGE_CREDENTIAL"));
  ASSIGN_OR_RETURN(auto existing, SecurablesTable::FindChild(run.txn(), metastore[0].row.uuid,
                                                             NameSpace::kCredential, name));
  if (existing) return AlreadyExists(Securable::kStorageCredential, run.command.name);
  SecurableRow row;
  row.uuid = run.uuid;
  row.kind = Securable::kStorageCredential;
  row.parent_uuid = metastore[0].row.uuid;
  row.name = name;
  row.owner_id = row.created_by = row.updated_by = run.principal_id();
  row.comment = run.command.comment;
  row.created_ms = row.updated_ms = run.now_ms;
  row.attributes = PublicAttributes(credential);
  RETURN_IF_ERROR(SecurablesTable::Insert(run.txn(), row));
  RETURN_IF_ERROR(PutSecret(run, row.uuid, credential));
  return CatalogReply{{}, {}, row.uuid, "", false};
}

Result<CatalogReply> SetCredential(CommandRun& run, const objectstore::StoreCredential& credential) {
  ASSIGN_OR_RETURN(Chain chain, run.authorizer.Find(Securable::kStorageCredential, run.command.name));
  RETURN_IF_ERROR(run.authorizer.RequireManage(chain));
  SecurableRow row = chain[0].row;
  if (IsOfS3(row) != (credential.kind() == objectstore::StoreKind::kS3)) {
    return MakeError(ErrorCode::kInvalidParameterValue,
                     "Storage Credential '" + row.name + "' cannot become one for another kind of store");
  }
  row.updated_ms = run.now_ms;
  row.updated_by = run.principal_id();
  row.attributes = PublicAttributes(credential);
  RETURN_IF_ERROR(SecurablesTable::Update(run.txn(), row));
  RETURN_IF_ERROR(PutSecret(run, row.uuid, credential));
  return CatalogReply{{}, {}, row.uuid, "", true};
}

Status UseCredential(CommandRun& run, SecurableRow& location) {
  auto named = run.command.properties.find("credential");
  bool given = named != run.command.properties.end() && !named->second.empty();
  bool in_store = objectstore::IsStorePath(location.location);
  if (!given && !in_store) return OkStatus();
  if (!given) {
    return MakeError(ErrorCode::kInvalidParameterValue,
                     "External Location '" + location.name + "' needs a storage credential: " + location.location);
  }
  ASSIGN_OR_RETURN(Chain chain, run.authorizer.Find(Securable::kStorageCredential, {named->second}));
  RETURN_IF_ERROR(run.authorizer.RequireManageOr(chain, "CREATE_EXTERNAL_LOCATION"));
  if (!in_store) {
    return MakeError(ErrorCode::kInvalidParameterValue, "A local path needs no storage credential: " + location.location);
  }
  ASSIGN_OR_RETURN(objectstore::StoreUrl url, objectstore::ParseStoreUrl(location.location));
  if (IsOfS3(chain[0].row) != (url.kind == objectstore::StoreKind::kS3)) {
    return MakeError(ErrorCode::kInvalidParameterValue,
                     "Storage Credential '" + chain[0].row.name + "' does not open " + location.location);
  }
  ASSIGN_OR_RETURN(Json attributes, ParseJson(location.attributes));
  attributes["credential"] = chain[0].row.uuid;
  location.attributes = WriteJson(attributes);
  return OkStatus();
}

Status BuryCredential(CommandRun& run, const SecurableRow& credential) {
  ASSIGN_OR_RETURN(auto locations, SecurablesTable::Children(run.txn(), credential.parent_uuid, NameSpace::kLocation));
  for (const SecurableRow& location : locations) {
    if (run.command.cascade || CredentialIdOf(location) != credential.uuid) continue;
    return MakeError(ErrorCode::kInvalidState, "Storage Credential '" + credential.name +
                                                   "' is used by External Location '" + location.name + "'");
  }
  return Bury(run.txn(), credential, run.now_ms);
}

}  // namespace ashlar::catalog
