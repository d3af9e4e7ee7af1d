#include "base/text.h"
#include "catalog/environment.h"
#include "catalog/path_access.h"
#include "catalog/tables/ratified_commits_table.h"

namespace ashlar::catalog {
namespace {

using sql::Access;
using sql::RelationKind;
using sql::ResolvedRelation;
using sql::Securable;

Result<ResolvedRelation> Describe(Authorizer& authorizer, const Chain& chain) {
  const SecurableRow& row = chain[0].row;
  ASSIGN_OR_RETURN(auto relation, RelationsTable::Find(authorizer.txn(), row.uuid));
  CHECK(relation.has_value()) << "relation without its details: " << row.uuid;
  ResolvedRelation resolved;
  resolved.kind = row.kind == Securable::kView ? RelationKind::kView : RelationKind::kTable;
  resolved.name_parts = NameOf(chain);
  resolved.full_name = DottedName(resolved.name_parts);
  resolved.uuid = row.uuid;
  resolved.format = relation->format;
  resolved.location = row.location;
  if (relation->format != "DELTA") resolved.schema = relation->columns;
  resolved.properties = row.properties;
  resolved.view_text = relation->view_text;
  resolved.view_catalog = relation->view_catalog;
  resolved.view_schema = relation->view_schema;
  resolved.comment = row.comment.value_or("");
  ASSIGN_OR_RETURN(resolved.owner, authorizer.PrincipalName(row.owner_id));
  resolved.managed = row.managed;
  return resolved;
}

// The tables it shares files with.
Result<ResolvedRelation> WithClones(Authorizer& authorizer, Access access, ResolvedRelation resolved) {
  if (resolved.uuid.empty() || resolved.format != "DELTA") return resolved;
  ASSIGN_OR_RETURN(resolved.source_roots, CloneSourcesTable::SourceLocations(authorizer.txn(), resolved.uuid));
  if (access == Access::kRead) return resolved;
  ASSIGN_OR_RETURN(resolved.clone_roots, CloneSourcesTable::CloneLocations(authorizer.txn(), resolved.uuid));
  return resolved;
}

Result<ResolvedRelation> ResolveName(Authorizer& authorizer, const sql::ResolveRequest& request) {
  if (request.name.size() != 3) return NotFound(Securable::kTable, request.name);
  if (EqualsIgnoreCase(request.name[1], "information_schema")) {
    return NotImplemented("information_schema");
  }
  ASSIGN_OR_RETURN(Chain chain, authorizer.FindInSchema(Securable::kTable, request.name));
  bool write = request.access == Access::kWrite;
  if (write && chain[0].row.kind == Securable::kView) {
    RETURN_IF_ERROR(authorizer.Require(chain, "SELECT"));
    return ExpectTableNotView("WRITE", NameOf(chain));
  }
  RETURN_IF_ERROR(authorizer.Require(chain, write ? "MODIFY" : "SELECT"));
  ASSIGN_OR_RETURN(ResolvedRelation resolved, Describe(authorizer, chain));
  if (resolved.format == "DELTA" && resolved.managed) {
    ASSIGN_OR_RETURN(resolved.ratified, RatifiedCommitsTable::Find(authorizer.txn(), resolved.uuid));
  }
  return WithClones(authorizer, request.access, std::move(resolved));
}

// Who could write the log is nobody to decide what it opens: what the reader himself may read, without the catalog's own
// storage, and without ANY FILE, whose holders have no folder of theirs in mind.
Result<ResolvedRelation> ResolveNamedByLog(Authorizer& authorizer, const Environment& environment,
                                           const sql::ResolveRequest& request) {
  auto refused = [&] { return InsufficientPermissions("The folder '" + request.path + "' is opened by its own table or location alone."); };
  if (request.access != Access::kRead) return refused();
  ASSIGN_OR_RETURN(ResolvedPath path, AuthorizePath(authorizer, environment.options, request.path, Access::kRead));
  if (path.securable == Securable::kAnyFile) return refused();
  ASSIGN_OR_RETURN(auto row, SecurablesTable::Find(authorizer.txn(), path.securable_uuid));
  if (!row || row->managed) return refused();
  ResolvedRelation resolved;
  resolved.kind = RelationKind::kPath;
  resolved.full_name = request.path;
  resolved.format = ToUpperAscii(request.format);
  // Of a location no more than the folder: others may lie beside it.
  resolved.location = path.securable == Securable::kExternalLocation ? path.canonical : path.root;
  resolved.managed = false;
  return resolved;
}

Result<ResolvedRelation> ResolveAsPath(Authorizer& authorizer, const Environment& environment,
                                       const sql::ResolveRequest& request) {
  ASSIGN_OR_RETURN(ResolvedPath path, AuthorizePath(authorizer, environment.options, request.path,
                                                    request.access));
  bool is_table = path.securable == Securable::kTable;
  bool is_delta = EqualsIgnoreCase(request.format, "delta");
  if (is_table && request.access == Access::kWrite && !(is_delta && path.canonical == path.root)) {
    return LocationOverlap(request.path, "WRITE");
  }
  ResolvedRelation resolved;
  resolved.kind = RelationKind::kPath;
  resolved.full_name = request.path;
  if (is_table && path.canonical == path.root) resolved.uuid = path.securable_uuid;
  resolved.format = ToUpperAscii(request.format);
  resolved.location = path.canonical;
  resolved.managed = false;
  return WithClones(authorizer, request.access, std::move(resolved));
}

}  // namespace

Result<ResolvedRelation> ResolveRequest(Authorizer& authorizer, const Environment& environment,
                                        const sql::ResolveRequest& request) {
  if (request.named_by_log) return ResolveNamedByLog(authorizer, environment, request);
  if (!request.path.empty()) return ResolveAsPath(authorizer, environment, request);
  return ResolveName(authorizer, request);
}

Result<ViewContext> EnterViews(metadb::Transaction& txn, int64_t principal_id,
                               std::span<const std::string> via_view_ids) {
  ViewContext context{principal_id, ""};
  for (const std::string& uuid : via_view_ids) {
    ASSIGN_OR_RETURN(Authorizer authorizer, Authorizer::For(txn, context.principal_id));
    ASSIGN_OR_RETURN(auto row, SecurablesTable::Find(txn, uuid));
    if (!row || row->kind != Securable::kView) return NotFound(Securable::kView, {uuid});
    ASSIGN_OR_RETURN(Chain chain, authorizer.ChainOf(*row));
    if (!context.text.empty() && !OccursIn({NameOf(chain), "", "", Access::kRead}, context.text)) {
      return InsufficientPermissions("The relation is not part of the view.");
    }
    RETURN_IF_ERROR(authorizer.Require(chain, "SELECT"));
    ASSIGN_OR_RETURN(auto relation, RelationsTable::Find(txn, uuid));
    CHECK(relation.has_value()) << "view without its text: " << uuid;
    context = {row->owner_id, relation->view_text};
  }
  return context;
}

bool OccursIn(const sql::ResolveRequest& request, const std::string& view_text) {
  if (!request.path.empty()) return view_text.find(request.path) != std::string::npos;
  if (request.name.empty()) return false;
  std::string text = ToLowerAscii(view_text);
  return text.find(ReplaceAll(ToLowerAscii(request.name.back()), "`", "``")) != std::string::npos;
}

}  // namespace ashlar::catalog
