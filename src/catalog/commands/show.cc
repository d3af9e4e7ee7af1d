#include "base/json.h"
#include "base/text.h"
#include "catalog/environment.h"
#include "catalog/privileges.h"
#include "catalog/tables/ratified_commits_table.h"

namespace ashlar::catalog {
namespace {

using sql::CatalogAction;
using sql::CatalogReply;
using sql::Securable;
using Cells = std::vector<std::optional<std::string>>;

Schema Columns(std::initializer_list<const char*> names) {
  Schema schema;
  for (const char* name : names) {
    TypeId type = std::string_view(name).starts_with("is") ? TypeId::kBoolean : TypeId::kString;
    schema.fields.push_back({name, type, std::string_view(name) == "comment"});
  }
  return schema;
}

// Spark's patterns of SHOW … LIKE: '*' is any text, '|' separates alternatives, case does not count.
bool MatchesOne(std::string_view name, std::string_view pattern) {
  if (pattern.empty()) return name.empty();
  if (pattern[0] == '*') {
    for (size_t skip = 0; skip <= name.size(); ++skip) {
      if (MatchesOne(name.substr(skip), pattern.substr(1))) return true;
    }
    return false;
  }
  return !name.empty() && name[0] == pattern[0] && MatchesOne(name.substr(1), pattern.substr(1));
}

bool Matches(const std::string& name, const std::string& pattern) {
  if (pattern.empty()) return true;
  std::string folded_name = ToLowerAscii(name);
  std::string folded = ToLowerAscii(pattern);
  // "**" says no more than "*", and would only cost time.
  while (folded.find("**") != std::string::npos) folded = ReplaceAll(folded, "**", "*");
  for (std::string_view alternative : SplitView(folded, '|')) {
    if (MatchesOne(folded_name, Trim(alternative))) return true;
  }
  return false;
}

// A text among the row's attributes.
std::string AttributeOf(const SecurableRow& row, const char* key, const std::string& otherwise) {
  Result<Json> attributes = ParseJson(row.attributes);
  return attributes.ok() ? attributes->value(key, otherwise) : otherwise;
}

std::string UrlOf(const SecurableRow& row) { return AttributeOf(row, "url", row.location); }

// The storage credential of an external location; nullopt when it has none, or none any more.
Result<std::optional<SecurableRow>> CredentialOf(metadb::Transaction& txn, const SecurableRow& location) {
  std::string uuid = AttributeOf(location, "credential", "");
  if (uuid.empty()) return std::optional<SecurableRow>();
  return SecurablesTable::Find(txn, uuid);
}

Schema ShowColumns(Securable kind) {
  switch (kind) {
    case Securable::kCatalog:
      return Columns({"catalog"});
    case Securable::kSchema:
      return Columns({"databaseName"});
    case Securable::kView:
      return Columns({"namespace", "viewName", "isTemporary", "isMaterialized"});
    case Securable::kVolume:
      return Columns({"database", "volume_name"});
    case Securable::kExternalLocation:
      return Columns({"name", "url", "comment"});
    case Securable::kStorageCredential:
      return Columns({"name", "comment"});
    default:
      return Columns({"database", "tableName", "isTemporary"});
  }
}

Cells ShowRow(Securable kind, const Chain& chain) {
  const SecurableRow& row = chain[0].row;
  switch (kind) {
    case Securable::kCatalog:
    case Securable::kSchema:
      return {row.name};
    case Securable::kView:
      return {chain[1].row.name, row.name, "false", "false"};
    case Securable::kVolume:
      return {chain[1].row.name, row.name};
    case Securable::kExternalLocation:
      return {row.name, UrlOf(row), row.comment};
    case Securable::kStorageCredential:
      return {row.name, row.comment};
    default:
      return {chain[1].row.name, row.name, "false"};
  }
}

// ---- DESCRIBE: rows of item and value.

class Description {
 public:
  Description(const char* item, const char* value) { reply_.schema = Columns({item, value}); }
  void Add(const char* item, std::string value) { reply_.rows.push_back({item, std::move(value)}); }
  CatalogReply Take() { return std::move(reply_); }

 private:
  CatalogReply reply_;
};

Status AddHistory(CommandRun& run, const SecurableRow& row, Description& description) {
  ASSIGN_OR_RETURN(std::string created_by, run.authorizer.PrincipalName(row.created_by));
  ASSIGN_OR_RETURN(std::string updated_by, run.authorizer.PrincipalName(row.updated_by));
  description.Add("Created By", created_by);
  description.Add("Created At", FormatUtcMs(row.created_ms));
  description.Add("Updated By", updated_by);
  description.Add("Updated At", FormatUtcMs(row.updated_ms));
  return OkStatus();
}

std::string PropertiesText(const std::map<std::string, std::string>& properties) {
  std::vector<std::string> parts;
  for (const auto& [key, value] : properties) parts.push_back("(" + key + "," + value + ")");
  return properties.empty() ? "" : "(" + Join(parts, ", ") + ")";
}

Result<CatalogReply> DescribeCatalog(CommandRun& run, const Chain& chain) {
  const SecurableRow& row = chain[0].row;
  Description description("info_name", "info_value");
  ASSIGN_OR_RETURN(std::string owner, run.authorizer.PrincipalName(row.owner_id));
  description.Add("Catalog Name", row.name);
  description.Add("Comment", row.comment.value_or(""));
  description.Add("Owner", owner);
  if (run.command.extended) {
    description.Add("Catalog Type", "MANAGED");
    if (!row.location.empty()) description.Add("Storage Root", row.location);
    RETURN_IF_ERROR(AddHistory(run, row, description));
  }
  return description.Take();
}

Result<CatalogReply> DescribeSchema(CommandRun& run, const Chain& chain) {
  const SecurableRow& row = chain[0].row;
  Description description("database_description_item", "database_description_value");
  ASSIGN_OR_RETURN(std::string owner, run.authorizer.PrincipalName(row.owner_id));
  description.Add("Catalog Name", chain[1].row.name);
  description.Add("Namespace Name", row.name);
  description.Add("Comment", row.comment.value_or(""));
  description.Add("Location", row.location);
  description.Add("Owner", owner);
  if (run.command.extended) description.Add("Properties", PropertiesText(row.properties));
  return description.Take();
}

Result<CatalogReply> DescribeVolume(CommandRun& run, const Chain& chain) {
  const SecurableRow& row = chain[0].row;
  ASSIGN_OR_RETURN(std::string owner, run.authorizer.PrincipalName(row.owner_id));
  CatalogReply reply;
  reply.schema = Columns({"name", "catalog", "database", "owner", "storageLocation", "volumeType", "comment"});
  reply.rows.push_back({row.name, chain[2].row.name, chain[1].row.name, owner, row.location,
                        row.managed ? "MANAGED" : "EXTERNAL", row.comment});
  return reply;
}

Result<CatalogReply> DescribeLocation(CommandRun& run, const Chain& chain) {
  const SecurableRow& row = chain[0].row;
  ASSIGN_OR_RETURN(std::string owner, run.authorizer.PrincipalName(row.owner_id));
  CatalogReply reply;
  ASSIGN_OR_RETURN(auto credential, CredentialOf(run.txn(), row));
  reply.schema = Columns({"name", "url", "credential_name", "owner", "comment"});
  reply.rows.push_back({row.name, UrlOf(row), credential ? credential->name : "", owner, row.comment});
  return reply;
}

Result<CatalogReply> DescribeCredential(CommandRun& run, const Chain& chain) {
  const SecurableRow& row = chain[0].row;
  ASSIGN_OR_RETURN(std::string owner, run.authorizer.PrincipalName(row.owner_id));
  CatalogReply reply;
  reply.schema = Columns({"name", "owner", "comment"});
  reply.rows.push_back({row.name, owner, row.comment});
  return reply;
}

// What DESCRIBE TABLE EXTENDED adds to the columns, which the driver knows better.
Result<CatalogReply> DescribeRelation(CommandRun& run, const Chain& chain) {
  const SecurableRow& row = chain[0].row;
  ASSIGN_OR_RETURN(auto relation, RelationsTable::Find(run.txn(), row.uuid));
  CHECK(relation.has_value()) << "relation without its details: " << row.uuid;
  Description description("col_name", "data_type");
  ASSIGN_OR_RETURN(std::string owner, run.authorizer.PrincipalName(row.owner_id));
  description.Add("Catalog", chain[2].row.name);
  description.Add("Database", chain[1].row.name);
  description.Add("Table", row.name);
  description.Add("Owner", owner);
  RETURN_IF_ERROR(AddHistory(run, row, description));
  bool view = row.kind == Securable::kView;
  description.Add("Type", view ? "VIEW" : row.managed ? "MANAGED" : "EXTERNAL");
  if (row.comment) description.Add("Comment", *row.comment);
  if (view) {
    description.Add("View Text", relation->view_text);
    description.Add("View Catalog and Namespace",
                    QuotedName({relation->view_catalog, relation->view_schema}));
  } else {
    description.Add("Location", row.location);
    description.Add("Provider", ToLowerAscii(relation->format));
  }
  auto properties = view ? sql::ShownViewProperties(row.properties) : row.properties;
  if (!properties.empty()) description.Add(view ? "View Properties" : "Table Properties", PropertiesText(properties));
  CatalogReply reply = description.Take();
  reply.uuid = row.uuid;
  reply.location = row.location;
  return reply;
}

}  // namespace

Status RequireVisible(Authorizer& authorizer, const Chain& chain) {
  if (authorizer.CanSee(chain)) return OkStatus();
  RETURN_IF_ERROR(authorizer.RequireParents(chain));
  return InsufficientPermissions("BROWSE", chain[0].row.kind, DottedName(NameOf(chain)));
}

Result<Chain> PlaceToList(Authorizer& authorizer, Securable kind, const NameParts& where) {
  NameSpace name_space = NameSpaceOf(kind);
  bool in_schema = name_space == NameSpace::kRelation || name_space == NameSpace::kVolume;
  size_t parts = in_schema ? 2 : name_space == NameSpace::kSchema ? 1 : 0;
  if (where.size() != parts) return InvalidName(DottedName(where), "it does not say where to look");
  if (parts == 0) return Chain();
  ASSIGN_OR_RETURN(Chain above, in_schema ? authorizer.FindSchema(where)
                                          : authorizer.FindCatalog(where[0]));
  // Whoever may neither see nor use the place gets a refusal, not an empty list.
  if (!authorizer.CanSee(above)) {
    RETURN_IF_ERROR(authorizer.Require(above, in_schema ? "USE_SCHEMA" : "USE_CATALOG"));
  }
  return above;
}

Result<ObjectInfo> InfoOf(Authorizer& authorizer, const Chain& chain) {
  const SecurableRow& row = chain[0].row;
  ObjectInfo info;
  info.kind = row.kind;
  info.uuid = row.uuid;
  info.name = NameOf(chain);
  ASSIGN_OR_RETURN(info.owner, authorizer.PrincipalName(row.owner_id));
  info.comment = row.comment;
  info.properties = row.properties;
  info.location = row.location;
  if (row.kind == Securable::kStorageCredential) info.attributes = row.attributes;
  if (row.kind == Securable::kExternalLocation) {
    info.url = UrlOf(row);
    ASSIGN_OR_RETURN(auto credential, CredentialOf(authorizer.txn(), row));
    if (credential) {
      info.credential_name = credential->name;
      info.credential_id = credential->uuid;
    }
  }
  info.managed = row.managed;
  info.browse_only = IsBrowseOnly(authorizer.subject(), chain);
  info.created_ms = row.created_ms;
  ASSIGN_OR_RETURN(info.created_by, authorizer.PrincipalName(row.created_by));
  info.updated_ms = row.updated_ms;
  ASSIGN_OR_RETURN(info.updated_by, authorizer.PrincipalName(row.updated_by));
  if (NameSpaceOf(row.kind) != NameSpace::kRelation) return info;
  ASSIGN_OR_RETURN(auto relation, RelationsTable::Find(authorizer.txn(), row.uuid));
  CHECK(relation.has_value()) << "relation without its details: " << row.uuid;
  ASSIGN_OR_RETURN(std::vector<std::string> sources, CloneSourcesTable::SourcesOf(authorizer.txn(), row.uuid));
  info.shallow_clone = !sources.empty();
  ASSIGN_OR_RETURN(std::optional<int64_t> ratified, RatifiedCommitsTable::LatestVersion(authorizer.txn(), row.uuid));
  info.catalog_managed = ratified.has_value();
  info.format = relation->format;
  info.columns = std::move(relation->columns);
  info.partition_columns = std::move(relation->partition_columns);
  info.view_text = std::move(relation->view_text);
  return info;
}

Result<std::vector<Chain>> VisibleChildren(Authorizer& authorizer, const Chain& above,
                                           Securable kind) {
  std::string parent;
  if (above.empty()) {
    ASSIGN_OR_RETURN(Chain metastore, authorizer.Find(Securable::kMetastore, {}));
    parent = metastore[0].row.uuid;
  } else {
    parent = above[0].row.uuid;
  }
  ASSIGN_OR_RETURN(auto rows, SecurablesTable::Children(authorizer.txn(), parent, NameSpaceOf(kind)));
  std::vector<Chain> visible;
  for (SecurableRow& row : rows) {
    ASSIGN_OR_RETURN(Chain chain, authorizer.Under(above, std::move(row)));
    if (authorizer.CanSee(chain)) visible.push_back(std::move(chain));
  }
  return visible;
}

Result<CatalogReply> Show(CommandRun& run) {
  Securable kind = run.command.securable;
  if (kind == Securable::kFunction || NameSpaceOf(kind) == NameSpace::kRoot) {
    return NotImplemented("SHOW of this kind of object");
  }
  ASSIGN_OR_RETURN(Chain above, PlaceToList(run.authorizer, kind, run.command.name));
  ASSIGN_OR_RETURN(auto children, VisibleChildren(run.authorizer, above, kind));
  CatalogReply reply;
  reply.schema = ShowColumns(kind);
  for (const Chain& chain : children) {
    if (kind == Securable::kView && chain[0].row.kind != Securable::kView) continue;
    if (Matches(chain[0].row.name, run.command.pattern)) reply.rows.push_back(ShowRow(kind, chain));
  }
  return reply;
}

Result<CatalogReply> Describe(CommandRun& run) {
  ASSIGN_OR_RETURN(Chain chain, run.authorizer.Find(run.command.securable, run.command.name));
  const SecurableRow& row = chain[0].row;
  if (run.command.action == CatalogAction::kUse) {
    bool catalog = row.kind == Securable::kCatalog;
    RETURN_IF_ERROR(run.authorizer.RequireManageOr(chain, catalog ? "USE_CATALOG" : "USE_SCHEMA"));
    return CatalogReply();
  }
  RETURN_IF_ERROR(RequireVisible(run.authorizer, chain));
  switch (row.kind) {
    case Securable::kCatalog:
      return DescribeCatalog(run, chain);
    case Securable::kSchema:
      return DescribeSchema(run, chain);
    case Securable::kTable:
    case Securable::kView:
      return DescribeRelation(run, chain);
    case Securable::kVolume:
      return DescribeVolume(run, chain);
    case Securable::kExternalLocation:
      return DescribeLocation(run, chain);
    case Securable::kStorageCredential:
      return DescribeCredential(run, chain);
    default:
      return NotImplemented("DESCRIBE of this kind of object");
  }
}

}  // namespace ashlar::catalog
