#include "driver/mounting_control.h"

#include <algorithm>

namespace ashlar::driver {

namespace {

bool AnyInStore(std::span<const std::string> folders) {
  return std::ranges::any_of(folders, [](const std::string& folder) { return objectstore::IsStorePath(folder); });
}

bool LeadsToStore(const sql::ResolvedRelation& relation) {
  return objectstore::IsStorePath(relation.location) || AnyInStore(relation.source_roots) || AnyInStore(relation.clone_roots);
}

}  // namespace

Status MountingControl::Mount(const std::string& handle, std::span<const std::string> via_view_ids,
                              const sql::ResolveRequest& request) {
  // None, where it has moved to a local path since.
  ASSIGN_OR_RETURN(std::vector<std::string> texts, control_.StoreAccess(handle, via_view_ids, request));
  for (const std::string& text : texts) {
    ASSIGN_OR_RETURN(objectstore::StoreAccess access, objectstore::ParseAccess(text));
    RETURN_IF_ERROR(mounted_.Mount(access));
  }
  return OkStatus();
}

Result<std::vector<Result<sql::ResolvedRelation>>> MountingControl::Resolve(
    const std::string& handle, std::span<const std::string> via_view_ids,
    std::span<const sql::ResolveRequest> requests) {
  ASSIGN_OR_RETURN(auto answers, control_.Resolve(handle, via_view_ids, requests));
  CHECK(answers.size() == requests.size());
  for (size_t i = 0; i < answers.size(); ++i) {
    if (!answers[i].ok() || !LeadsToStore(*answers[i])) continue;
    Status mounted = Mount(handle, via_view_ids, requests[i]);
    if (!mounted.ok()) answers[i] = mounted.error();
  }
  return answers;
}

Result<sql::CatalogReply> MountingControl::Execute(const std::string& handle, const sql::CatalogCommand& command) {
  ASSIGN_OR_RETURN(sql::CatalogReply reply, control_.Execute(handle, command));
  // Only a Delta table is written by the statement that makes it.
  bool makes_table = command.action == sql::CatalogAction::kCreate && command.securable == sql::Securable::kTable &&
                     command.format == "DELTA";
  bool goes_on = makes_table && (!reply.already_existed || command.or_replace);
  if (!goes_on || !(objectstore::IsStorePath(reply.location) || AnyInStore(reply.source_roots))) return reply;
  // A new table has no name yet.
  sql::ResolveRequest request{{}, command.format, reply.location, sql::Access::kWrite};
  if (reply.already_existed) request = {command.name, "", "", sql::Access::kWrite};
  RETURN_IF_ERROR(Mount(handle, {}, request));
  return reply;
}

}  // namespace ashlar::driver
