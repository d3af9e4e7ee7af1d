#include "driver/mounting_control.h"

namespace ashlar::driver {

Status MountingControl::Mount(const std::string& handle, std::span<const std::string> via_view_ids,
                              const sql::ResolveRequest& request) {
  ASSIGN_OR_RETURN(std::string text, control_.StoreAccess(handle, via_view_ids, request));
  if (text.empty()) return OkStatus();  // it has moved to a local path since
  ASSIGN_OR_RETURN(objectstore::StoreAccess access, objectstore::ParseAccess(text));
  RETURN_IF_ERROR(mounted_.Mount(access));
  return OkStatus();
}

Result<std::vector<Result<sql::ResolvedRelation>>> MountingControl::Resolve(
    const std::string& handle, std::span<const std::string> via_view_ids,
    std::span<const sql::ResolveRequest> requests) {
  ASSIGN_OR_RETURN(auto answers, control_.Resolve(handle, via_view_ids, requests));
  CHECK(answers.size() == requests.size());
  for (size_t i = 0; i < answers.size(); ++i) {
    if (!answers[i].ok() || !objectstore::IsStorePath(answers[i]->location)) continue;
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
  if (!goes_on || !objectstore::IsStorePath(reply.location)) return reply;
  sql::ResolveRequest request{{}, command.format, reply.location, sql::Access::kWrite};
  RETURN_IF_ERROR(Mount(handle, {}, request));
  return reply;
}

}  // namespace ashlar::driver
