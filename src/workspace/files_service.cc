#include "workspace/files_service.h"

#include "base/text.h"
#include "workspace/volume_path.h"

namespace ashlar::workspace {
namespace {

constexpr int64_t kMaxPageSize = 1000;

class UploadSink final : public http::BodySink {
 public:
  explicit UploadSink(std::unique_ptr<FileUnderWay> file) : file_(std::move(file)) {}

  Status Write(std::string_view bytes) override { return file_->Write(bytes); }
  Result<http::Response> Finish() override {
    RETURN_IF_ERROR(file_->Publish());
    http::Response response;
    response.status = 204;
    return response;
  }

 private:
  std::unique_ptr<FileUnderWay> file_;
};

class PartSink final : public http::BodySink {
 public:
  PartSink(UploadSessions& uploads, std::string token, int64_t number, std::shared_ptr<UploadSessions::Part> part)
      : uploads_(uploads), token_(std::move(token)), number_(number), part_(std::move(part)) {}

  Status Write(std::string_view bytes) override { return WriteTo(part_->file, bytes, "a part of an upload"); }
  Result<http::Response> Finish() override {
    http::Response response;
    response.headers.Set("ETag", part_->etag);
    RETURN_IF_ERROR(uploads_.KeepPart(token_, number_, std::move(part_)));
    return response;
  }

 private:
  UploadSessions& uploads_;
  const std::string token_;
  const int64_t number_;
  std::shared_ptr<UploadSessions::Part> part_;
};

std::string PartsUrl(const http::RequestContext& context, const std::string& token) {
  return context.base_url + "/api/2.0/fs/upload-parts/" + token;
}

void DescribeFile(const LocalEntry& entry, http::Response& response) {
  response.headers.Set("Content-Type", "application/octet-stream");
  response.headers.Set("Last-Modified", HttpDate(entry.modified_ms));
  response.headers.Set("Accept-Ranges", "bytes");
}

Status ExpectKind(const LocalEntry& entry, bool directory) {
  if (entry.is_directory == directory) return OkStatus();
  return MakeError(ErrorCode::kNotFound, directory ? "The path is a file" : "The path is a directory");
}

Error VolumeRootRefused(const std::string& path) {
  return MakeError(ErrorCode::kInvalidParameterValue, "The root of a volume cannot be deleted or written: " + path);
}

}  // namespace

Result<http::Response> FilesService::DownloadFile(const http::RequestContext& context,
                                                  const api::files::DownloadFileRequest& request,
                                                  const http::Request& raw) {
  ASSIGN_OR_RETURN(VolumePath path, ParseVolumePath(*request.file_path));
  ASSIGN_OR_RETURN(std::string place, paths_.Resolve(context.principal, path.path, false));
  ASSIGN_OR_RETURN(VolumeFiles::Readable file, files_.Open(place));
  http::Response response;
  DescribeFile(file.entry, response);
  const int64_t size = file.entry.size;
  auto range = ParseRange(raw.headers.Get("Range"), size);
  if (!range.ok()) {
    response.status = 416;
    response.headers.Set("Content-Range", "bytes */" + std::to_string(size));
    return response;
  }
  ByteRange sent = range->value_or(ByteRange{0, size});
  if (range->has_value()) {
    response.status = 206;
    response.headers.Set("Content-Range", "bytes " + std::to_string(sent.begin) + "-" + std::to_string(sent.end - 1) +
                                              "/" + std::to_string(size));
  }
  response.source = files_.Read(std::move(file), place, sent);
  return response;
}

Result<std::unique_ptr<http::BodySink>> FilesService::UploadFile(const http::RequestContext& context,
                                                                 const api::files::UploadFileRequest& request) {
  ASSIGN_OR_RETURN(VolumePath path, ParseVolumePath(*request.file_path));
  if (path.is_volume_root) return VolumeRootRefused(path.path);
  ASSIGN_OR_RETURN(std::string place, paths_.Resolve(context.principal, path.path, true));
  Existing existing = request.overwrite.value_or(false) ? Existing::kReplace : Existing::kRefuse;
  ASSIGN_OR_RETURN(auto file, files_.Begin(place, existing));
  return std::unique_ptr<http::BodySink>(std::make_unique<UploadSink>(std::move(file)));
}

Result<api::files::UploadInPartsResponse> FilesService::UploadInParts(
    const http::RequestContext& context, const api::files::UploadInPartsRequest& request) {
  ASSIGN_OR_RETURN(VolumePath path, ParseVolumePath(*request.file_path));
  if (path.is_volume_root) return VolumeRootRefused(path.path);
  UploadTarget target;
  ASSIGN_OR_RETURN(target.path, paths_.Resolve(context.principal, path.path, true));
  target.owner_id = context.principal.id;
  api::files::UploadInPartsResponse answer;
  if (*request.action == api::files::UploadAction::kInitiateUpload) {
    target.existing = request.overwrite.value_or(false) ? Existing::kReplace : Existing::kRefuse;
    api::files::MultipartUpload upload;
    ASSIGN_OR_RETURN(upload.session_token, uploads_.Start(std::move(target)));
    answer.multipart_upload = std::move(upload);
    return answer;
  }
  if (*request.action != api::files::UploadAction::kCompleteUpload) {
    return NotImplemented("uploads with the action " + request.action->value);
  }
  std::vector<SentPart> parts;
  for (const api::files::UploadedPart& part : request.parts.value_or({})) {
    parts.push_back({*part.part_number, *part.etag});
  }
  RETURN_IF_ERROR(uploads_.Complete(request.session_token.value_or(""), target, parts));
  return answer;
}

Result<api::files::CreateUploadPartUrlsResponse> FilesService::CreateUploadPartUrls(
    const http::RequestContext& context, const api::files::CreateUploadPartUrlsRequest& request) {
  RETURN_IF_ERROR(uploads_.Check(*request.session_token, context.principal.id));
  int64_t first = *request.start_part_number;
  int64_t count = request.count.value_or(1);
  if (first < 1 || count < 1 || first > UploadSessions::kMaxParts || count > UploadSessions::kMaxParts - first + 1) {
    return MakeError(ErrorCode::kInvalidParameterValue,
                     "start_part_number and count must stay between 1 and " + std::to_string(UploadSessions::kMaxParts));
  }
  api::files::CreateUploadPartUrlsResponse answer;
  for (int64_t number = first; number < first + count; ++number) {
    api::files::PresignedUrl& url = answer.upload_part_urls.Ensure().emplace_back();
    url.url = PartsUrl(context, *request.session_token) + "/" + std::to_string(number);
    url.part_number = number;
    url.headers.Ensure();
  }
  return answer;
}

Result<api::files::CreateAbortUploadUrlResponse> FilesService::CreateAbortUploadUrl(
    const http::RequestContext& context, const api::files::CreateAbortUploadUrlRequest& request) {
  RETURN_IF_ERROR(uploads_.Check(*request.session_token, context.principal.id));
  api::files::PresignedUrl url;
  url.url = PartsUrl(context, *request.session_token);
  url.headers.Ensure();
  api::files::CreateAbortUploadUrlResponse answer;
  answer.abort_upload_url = std::move(url);
  return answer;
}

Result<std::unique_ptr<http::BodySink>> FilesService::UploadPart(const http::RequestContext&,
                                                                 const api::files::UploadPartRequest& request) {
  ASSIGN_OR_RETURN(auto part, uploads_.OpenPart(*request.session_token, *request.part_number));
  return std::unique_ptr<http::BodySink>(
      std::make_unique<PartSink>(uploads_, *request.session_token, *request.part_number, std::move(part)));
}

Status FilesService::AbortUpload(const http::RequestContext&, const api::files::AbortUploadRequest& request) {
  return uploads_.Abort(*request.session_token);
}

Result<http::Response> FilesService::HeadFile(const http::RequestContext& context,
                                              const api::files::HeadFileRequest& request, const http::Request&) {
  ASSIGN_OR_RETURN(VolumePath path, ParseVolumePath(*request.file_path));
  ASSIGN_OR_RETURN(std::string place, paths_.Resolve(context.principal, path.path, false));
  ASSIGN_OR_RETURN(LocalEntry entry, files_.Stat(path, place));
  RETURN_IF_ERROR(ExpectKind(entry, false));
  http::Response response;
  DescribeFile(entry, response);
  response.headers.Set("Content-Length", std::to_string(entry.size));
  return response;
}

Status FilesService::DeleteFile(const http::RequestContext& context, const api::files::DeleteFileRequest& request) {
  ASSIGN_OR_RETURN(VolumePath path, ParseVolumePath(*request.file_path));
  ASSIGN_OR_RETURN(std::string place, paths_.Resolve(context.principal, path.path, true));
  return files_.Delete(place);
}

Result<api::files::ListDirectoryResponse> FilesService::ListDirectory(
    const http::RequestContext& context, const api::files::ListDirectoryRequest& request) {
  ASSIGN_OR_RETURN(VolumePath path, ParseVolumePath(*request.directory_path));
  ASSIGN_OR_RETURN(std::string place, paths_.Resolve(context.principal, path.path, false));
  std::optional<std::string> after = Base64Decode(request.page_token.value_or(""));
  if (!after) return MakeError(ErrorCode::kInvalidParameterValue, "page_token is not one of ours");
  int64_t limit = request.page_size.value_or(kMaxPageSize);
  if (limit < 0) return MakeError(ErrorCode::kInvalidParameterValue, "page_size is negative");
  if (limit == 0 || limit > kMaxPageSize) limit = kMaxPageSize;
  ASSIGN_OR_RETURN(std::vector<LocalEntry> entries, files_.List(path, place));
  api::files::ListDirectoryResponse answer;
  auto& contents = answer.contents.Ensure();
  for (const LocalEntry& entry : entries) {
    if (entry.name <= *after) continue;
    if (static_cast<int64_t>(contents.size()) == limit) {
      answer.next_page_token = Base64Encode(*contents.back().name);
      break;
    }
    api::files::DirectoryEntry& item = contents.emplace_back();
    item.name = entry.name;
    item.path = path.path + "/" + entry.name;
    item.is_directory = entry.is_directory;
    item.last_modified = entry.modified_ms;
    if (!entry.is_directory) item.file_size = entry.size;
  }
  return answer;
}

Status FilesService::CreateDirectory(const http::RequestContext& context,
                                     const api::files::CreateDirectoryRequest& request) {
  ASSIGN_OR_RETURN(VolumePath path, ParseVolumePath(*request.directory_path));
  ASSIGN_OR_RETURN(std::string place, paths_.Resolve(context.principal, path.path, true));
  return files_.CreateDirectory(path, place);
}

Result<http::Response> FilesService::HeadDirectory(const http::RequestContext& context,
                                                   const api::files::HeadDirectoryRequest& request,
                                                   const http::Request&) {
  ASSIGN_OR_RETURN(VolumePath path, ParseVolumePath(*request.directory_path));
  ASSIGN_OR_RETURN(std::string place, paths_.Resolve(context.principal, path.path, false));
  ASSIGN_OR_RETURN(LocalEntry entry, files_.Stat(path, place));
  RETURN_IF_ERROR(ExpectKind(entry, true));
  return http::Response{};
}

Status FilesService::DeleteDirectory(const http::RequestContext& context,
                                     const api::files::DeleteDirectoryRequest& request) {
  ASSIGN_OR_RETURN(VolumePath path, ParseVolumePath(*request.directory_path));
  if (path.is_volume_root) return VolumeRootRefused(path.path);
  ASSIGN_OR_RETURN(std::string place, paths_.Resolve(context.principal, path.path, true));
  return files_.DeleteEmptyDirectory(place);
}

}  // namespace ashlar::workspace
