// WorkspaceService: /api/2.0/workspace over the tree. Formats: SOURCE, AUTO and RAW.
#pragma once

#include "api/workspace.h"
#include "workspace/workspace_tree.h"

namespace ashlar::workspace {

class WorkspaceService final : public api::workspace::WorkspaceService {
 public:
  explicit WorkspaceService(WorkspaceTree& tree) : tree_(tree) {}

  Result<api::workspace::ListResponse> ListWorkspace(const http::RequestContext& context,
                                                     const api::workspace::ListWorkspaceRequest& request) override;
  Result<api::workspace::ObjectInfo> GetStatus(const http::RequestContext& context,
                                               const api::workspace::GetStatusRequest& request) override;
  Status ImportObject(const http::RequestContext& context,
                      const api::workspace::ImportObjectRequest& request) override;
  Result<http::Response> ExportObject(const http::RequestContext& context,
                                      const api::workspace::ExportObjectRequest& request,
                                      const http::Request& raw) override;
  Status MakeDirectories(const http::RequestContext& context,
                         const api::workspace::MakeDirectoriesRequest& request) override;
  Status DeleteObject(const http::RequestContext& context,
                      const api::workspace::DeleteObjectRequest& request) override;

 private:
  WorkspaceTree& tree_;
};

}  // namespace ashlar::workspace
