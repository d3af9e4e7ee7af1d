#include "workspace/workspace_service.h"

#include "base/text.h"
#include "workspace/notebook_source.h"

namespace ashlar::workspace {
namespace {

using api::workspace::ExportFormat;
using api::workspace::ImportFormat;
using api::workspace::ObjectInfo;
using api::workspace::ObjectType;

std::string_view TypeName(ObjectKind kind) {
  if (kind == ObjectKind::kDirectory) return ObjectType::kDirectory;
  return kind == ObjectKind::kNotebook ? ObjectType::kNotebook : ObjectType::kFile;
}

ObjectInfo Describe(const PlacedObject& object) {
  const ObjectRow& row = object.row;
  ObjectInfo info;
  info.object_id = row.id;
  info.resource_id = std::to_string(row.id);
  info.object_type = TypeName(row.kind);
  info.path = object.path;
  if (row.kind == ObjectKind::kDirectory) return info;
  info.created_at = row.created_ms;
  info.modified_at = row.modified_ms;
  if (row.kind == ObjectKind::kNotebook) info.language = std::string_view(row.language);
  if (row.kind == ObjectKind::kFile) info.size = row.size;
  return info;
}

// What an import makes of what was sent.
Result<NewObject> Interpret(const api::workspace::ImportObjectRequest& request) {
  NewObject object;
  object.path = *request.path;
  object.content = request.content.value_or("");
  object.overwrite = request.overwrite.value_or(false);
  std::string format = request.format.has() ? request.format->value : std::string(ImportFormat::kSource);
  if (format == ImportFormat::kRaw) return object;
  if (format != ImportFormat::kSource && format != ImportFormat::kAuto) {
    return NotImplemented("workspace imports of the format " + format);
  }
  std::optional<std::string> header = LanguageFromHeader(object.content, object.path);
  std::optional<std::string> by_name = LanguageFromExtension(object.path);
  if (format == ImportFormat::kAuto) {
    if (!header || !by_name) return object;
    object.path.resize(object.path.size() - ExtensionOf(*by_name).size());
    object.language = *header;
  } else {
    std::optional<std::string> language = header ? header : by_name;
    if (request.language.has()) language = request.language->value;
    if (!language || ExtensionOf(*language).empty()) {
      return MakeError(ErrorCode::kInvalidParameterValue,
                       "The language of the notebook is not known: set `language` to SQL, PYTHON, SCALA or R.");
    }
    object.language = *language;
  }
  object.kind = ObjectKind::kNotebook;
  object.content = WithoutHeader(object.content);
  return object;
}

std::string FileType(const ObjectContent& read) {
  if (read.object.row.kind == ObjectKind::kNotebook) {
    return std::string(ExtensionOf(read.object.row.language).substr(1));
  }
  size_t dot = read.object.row.name.rfind('.');
  return dot == std::string::npos ? "" : read.object.row.name.substr(dot + 1);
}

}  // namespace

Result<api::workspace::ListResponse> WorkspaceService::ListWorkspace(
    const http::RequestContext& context, const api::workspace::ListWorkspaceRequest& request) {
  ASSIGN_OR_RETURN(auto objects, tree_.List(context.principal, *request.path));
  int64_t after = request.notebooks_modified_after.value_or(0);
  api::workspace::ListResponse answer;
  for (const PlacedObject& object : objects) {
    bool old = object.row.kind == ObjectKind::kNotebook && object.row.modified_ms < after;
    if (!old) answer.objects.Ensure().push_back(Describe(object));
  }
  return answer;
}

Result<ObjectInfo> WorkspaceService::GetStatus(const http::RequestContext& context,
                                               const api::workspace::GetStatusRequest& request) {
  ASSIGN_OR_RETURN(PlacedObject object, tree_.Find(context.principal, *request.path));
  return Describe(object);
}

Status WorkspaceService::ImportObject(const http::RequestContext& context,
                                      const api::workspace::ImportObjectRequest& request) {
  ASSIGN_OR_RETURN(NewObject object, Interpret(request));
  return tree_.Write(context.principal, object);
}

Result<http::Response> WorkspaceService::ExportObject(const http::RequestContext& context,
                                                      const api::workspace::ExportObjectRequest& request,
                                                      const http::Request&) {
  std::string format = request.format.has() ? request.format->value : std::string(ExportFormat::kSource);
  bool built = format == ExportFormat::kSource || format == ExportFormat::kAuto || format == ExportFormat::kRaw;
  if (!built) return NotImplemented("workspace exports of the format " + format);
  ASSIGN_OR_RETURN(ObjectContent read, tree_.Read(context.principal, *request.path));
  const ObjectRow& row = read.object.row;
  if (row.kind == ObjectKind::kDirectory) return NotImplemented("workspace exports of folders");
  std::string bytes = row.kind == ObjectKind::kNotebook ? WithHeader(row.language, read.content) : read.content;
  if (request.direct_download.value_or(false)) {
    http::Response response;
    response.headers.Set("Content-Type", "application/octet-stream");
    response.body = std::move(bytes);
    return response;
  }
  api::workspace::ExportResponse answer;
  answer.content = std::move(bytes);
  answer.file_type = FileType(read);
  return http::JsonResponse(200, api::ToJson(answer));
}

Status WorkspaceService::MakeDirectories(const http::RequestContext& context,
                                         const api::workspace::MakeDirectoriesRequest& request) {
  return tree_.MakeDirectories(context.principal, *request.path);
}

Status WorkspaceService::DeleteObject(const http::RequestContext& context,
                                      const api::workspace::DeleteObjectRequest& request) {
  auto depth = request.recursive.value_or(false) ? WorkspaceTree::Depth::kAll : WorkspaceTree::Depth::kOne;
  return tree_.Delete(context.principal, *request.path, depth);
}

}  // namespace ashlar::workspace
