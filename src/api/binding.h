// Turns a row of a generated service and a method of its interface into a route. Included by generated
// .cc files.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/codec.h"
#include "http/router.h"

namespace ashlar::api {

struct OperationRow {
  std::string_view name;  // "warehouses.GetWarehouse"
  std::string_view method;
  std::span<const std::string_view> paths;  // the first is canonical, the rest are its older versions
  std::string_view permission;
  std::string_view audit;
  http::ErrorStyle error_style;
  int success_status;
  uint64_t max_body_bytes;  // 0: the server's default
  const MessageTable& (*request)();
};

// Body (JSON or multipart form), then query, then path parameters: the later win. Checks required
// fields, then the permission on the object that the row names.
Status DecodeRequest(const OperationRow& row, const http::RequestContext& context,
                     const http::Request& request, void* message);
http::Response EncodeResponse(const OperationRow& row, std::string json);
// One route for each path of the row.
void AddRoutes(http::Router& router, const OperationRow& row, http::Handler handler,
               http::SinkHandler sink);

template <typename Service, typename Req, typename Resp>
void Bind(http::Router& router, const OperationRow& row, Service& service,
          Result<Resp> (Service::*method)(const http::RequestContext&, const Req&)) {
  AddRoutes(router, row,
            [&row, &service, method](const http::RequestContext& context,
                                     http::Request& raw) -> http::Deferred<http::Response> {
              Req request;
              RETURN_IF_ERROR(DecodeRequest(row, context, raw, &request));
              if constexpr (std::is_void_v<Resp>) {
                RETURN_IF_ERROR((service.*method)(context, request));
                return EncodeResponse(row, "{}");
              } else {
                ASSIGN_OR_RETURN(Resp answer, (service.*method)(context, request));
                return EncodeResponse(row, ToJson(answer));
              }
            },
            nullptr);
}

template <typename Service, typename Req, typename Resp>
void Bind(http::Router& router, const OperationRow& row, Service& service,
          http::Deferred<Resp> (Service::*method)(const http::RequestContext&, const Req&)) {
  AddRoutes(router, row,
            [&row, &service, method](const http::RequestContext& context,
                                     http::Request& raw) -> http::Deferred<http::Response> {
              Req request;
              RETURN_IF_ERROR(DecodeRequest(row, context, raw, &request));
              return http::MapDeferred<http::Response>(
                  (service.*method)(context, request),
                  [&row](Result<Resp> answer) -> Result<http::Response> {
                    if (!answer.ok()) return answer.error();
                    if constexpr (std::is_void_v<Resp>) {
                      return EncodeResponse(row, "{}");
                    } else {
                      return EncodeResponse(row, ToJson(*answer));
                    }
                  });
            },
            nullptr);
}

// A response the service makes itself: streamed downloads, HEAD.
template <typename Service, typename Req>
void Bind(http::Router& router, const OperationRow& row, Service& service,
          Result<http::Response> (Service::*method)(const http::RequestContext&, const Req&,
                                                    const http::Request&)) {
  AddRoutes(router, row,
            [&row, &service, method](const http::RequestContext& context,
                                     http::Request& raw) -> http::Deferred<http::Response> {
              Req request;
              RETURN_IF_ERROR(DecodeRequest(row, context, raw, &request));
              return (service.*method)(context, request, raw);
            },
            nullptr);
}

// A streamed upload.
template <typename Service, typename Req>
void Bind(http::Router& router, const OperationRow& row, Service& service,
          Result<std::unique_ptr<http::BodySink>> (Service::*method)(const http::RequestContext&,
                                                                     const Req&)) {
  AddRoutes(router, row, nullptr,
            [&row, &service, method](const http::RequestContext& context,
                                     http::Request& raw) -> Result<std::unique_ptr<http::BodySink>> {
              Req request;
              RETURN_IF_ERROR(DecodeRequest(row, context, raw, &request));
              return (service.*method)(context, request);
            });
}

}  // namespace ashlar::api
