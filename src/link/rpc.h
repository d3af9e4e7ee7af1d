// What both clients share: channels to Unix sockets and the meaning of a failed call.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "base/result.h"

namespace ashlar::link {

// Results are chunked below this; the gRPC default of 4 MiB would refuse them.
inline constexpr int kMaxMessageBytes = 256 << 20;

inline std::shared_ptr<grpc::Channel> UnixChannel(const std::string& socket_path) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetMaxSendMessageSize(kMaxMessageBytes);
  // Drivers come and go on the same path: never share a connection between channels.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel("unix:" + socket_path, grpc::InsecureChannelCredentials(), arguments);
}

inline Error RpcError(const grpc::Status& status, const char* peer) {
  ErrorCode code = status.error_code() == grpc::StatusCode::UNAVAILABLE ? ErrorCode::kTemporarilyUnavailable
                   : status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED ? ErrorCode::kDeadlineExceeded
                                                                               : ErrorCode::kInternalError;
  return MakeError(code, std::string(peer) + " did not answer: " + status.error_message());
}

}  // namespace ashlar::link
