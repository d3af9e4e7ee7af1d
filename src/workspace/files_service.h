// FilesService: /api/2.0/fs over the files of volumes, streamed both ways.
#pragma once

#include "api/files.h"
#include "base/clock.h"
#include "http/principal.h"
#include "workspace/upload_sessions.h"
#include "workspace/volume_files.h"

namespace ashlar::workspace {

// Who may reach which path, and where it leads; implemented over the catalog.
class VolumePaths {
 public:
  virtual ~VolumePaths() = default;
  // The canonical path of a path of a volume: a local one (absolute, links resolved), or a URL of an object store. The
  // file need not exist.
  // `write` needs WRITE_VOLUME, reading READ_VOLUME.
  virtual Result<std::string> Resolve(const http::Principal& principal, const std::string& path, bool write) = 0;
};

class FilesService final : public api::files::FilesService {
 public:
  FilesService(VolumePaths& paths, VolumeFiles& files, const Clock& clock, Random& random)
      : paths_(paths), files_(files), uploads_(files, clock, random) {}

  Result<http::Response> DownloadFile(const http::RequestContext& context,
                                      const api::files::DownloadFileRequest& request,
                                      const http::Request& raw) override;
  Result<std::unique_ptr<http::BodySink>> UploadFile(const http::RequestContext& context,
                                                     const api::files::UploadFileRequest& request) override;
  Result<api::files::UploadInPartsResponse> UploadInParts(const http::RequestContext& context,
                                                          const api::files::UploadInPartsRequest& request) override;
  Result<api::files::CreateUploadPartUrlsResponse> CreateUploadPartUrls(
      const http::RequestContext& context, const api::files::CreateUploadPartUrlsRequest& request) override;
  Result<api::files::CreateAbortUploadUrlResponse> CreateAbortUploadUrl(
      const http::RequestContext& context, const api::files::CreateAbortUploadUrlRequest& request) override;
  Result<std::unique_ptr<http::BodySink>> UploadPart(const http::RequestContext& context,
                                                     const api::files::UploadPartRequest& request) override;
  Status AbortUpload(const http::RequestContext& context, const api::files::AbortUploadRequest& request) override;
  Result<http::Response> HeadFile(const http::RequestContext& context, const api::files::HeadFileRequest& request,
                                  const http::Request& raw) override;
  Status DeleteFile(const http::RequestContext& context, const api::files::DeleteFileRequest& request) override;
  Result<api::files::ListDirectoryResponse> ListDirectory(const http::RequestContext& context,
                                                          const api::files::ListDirectoryRequest& request) override;
  Status CreateDirectory(const http::RequestContext& context,
                         const api::files::CreateDirectoryRequest& request) override;
  Result<http::Response> HeadDirectory(const http::RequestContext& context,
                                       const api::files::HeadDirectoryRequest& request,
                                       const http::Request& raw) override;
  Status DeleteDirectory(const http::RequestContext& context,
                         const api::files::DeleteDirectoryRequest& request) override;

 private:
  VolumePaths& paths_;
  VolumeFiles& files_;
  UploadSessions uploads_;
};

}  // namespace ashlar::workspace
