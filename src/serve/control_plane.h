// ControlPlane: all services of a workspace over one data folder. Made once; its members are in the
// order they depend on each other and go in the reverse one.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "serve/data_dir.h"
#include "serve/serve.h"


namespace ashlar::serve {

// What the ready file and the greeting show.
struct WorkspaceInfo {
  std::string url;
  std::string token;          // of the first start, or made for the ready file; else empty
  bool first_start = false;
  std::string workspace_id;
  std::string warehouse_id;
  std::string cluster_id;
};

class ControlPlane {
 public:
  // Opens the state, finishes what a crash interrupted, starts warming drivers, and listens.
  static Result<std::unique_ptr<ControlPlane>> Start(const ServeOptions& options, DataDir& data_dir);
  virtual ~ControlPlane() = default;
  virtual const WorkspaceInfo& info() const = 0;
  // Takes no more requests and lets those in flight end, at most this long.
  virtual void Drain(int64_t deadline_ms) = 0;
};

}  // namespace ashlar::serve
