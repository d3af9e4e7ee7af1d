// The driver's end of the Control service: StoreControlApi over the control plane's Unix socket.
#pragma once

#include <memory>
#include <string>

#include "link/store_control_api.h"

namespace ashlar::link {

// Connects lazily. Thread safe. Errors: kTemporarilyUnavailable when the control plane cannot be
// reached; a Commit whose answer was lost is CommitOutcome::kUnknown.
std::unique_ptr<StoreControlApi> MakeControlClient(const std::string& socket_path);

}  // namespace ashlar::link
