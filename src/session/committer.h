// The session's delta::Committer: each version is created by the control plane, which checks the
// privilege again.
#pragma once

#include <string>

#include "delta/catalog_commits.h"
#include "delta/committer.h"
#include "link/control_api.h"

namespace ashlar::session {

class RemoteCommitter final : public delta::Committer {
 public:
  // `table_uuid`: the catalog's; empty for a table by path.
  RemoteCommitter(link::ControlApi& control, std::string handle, std::string table_uuid)
      : control_(control), handle_(std::move(handle)), table_uuid_(std::move(table_uuid)) {}

  Result<delta::CommitOutcome> Commit(const delta::CommitRequest& request) override;

 private:
  link::ControlApi& control_;
  const std::string handle_;
  const std::string table_uuid_;
};

// What is ratified of a catalog-managed table's commits, asked for each time.
class RemoteCommits final : public delta::CatalogCommits {
 public:
  RemoteCommits(link::ControlApi& control, std::string handle, std::string table_uuid)
      : control_(control), handle_(std::move(handle)), table_uuid_(std::move(table_uuid)) {}

  Result<delta::RatifiedCommits> Ratified() override;

 private:
  link::ControlApi& control_;
  const std::string handle_;
  const std::string table_uuid_;
};

}  // namespace ashlar::session
