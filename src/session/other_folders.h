// delta::OtherFolders of a session: what its user may read himself, the control plane decides.
#pragma once

#include <string>
#include <vector>

#include "delta/snapshot.h"
#include "link/control_api.h"

namespace ashlar::session {

class AskedFolders final : public delta::OtherFolders {
 public:
  AskedFolders(link::ControlApi& control, std::string handle) : control_(control), handle_(std::move(handle)) {}

  // Also of a table below views: their owners lend what they granted on, not whatever a log names.
  Result<std::vector<std::string>> Readable(const std::vector<std::string>& folders) override;

 private:
  link::ControlApi& control_;
  const std::string handle_;
};

}  // namespace ashlar::session
