// Commits of catalog-managed tables by clients from outside. They stage the file themselves, so it is looked at before
// it is ratified; then it is a commit like any other (managed_commit.h), and published here at once. So what there is
// left for them to publish is what this server could not.
#pragma once

#include "catalog/environment.h"

namespace ashlar::catalog {

// As CatalogService::CommitStaged.
Status CommitFromOutside(const Environment& environment, int64_t principal_id, const OutsideCommit& commit);
// As CatalogService::Unpublished.
Result<UnpublishedCommits> FindUnpublished(const Environment& environment, int64_t principal_id, const UnpublishedQuery& query);

}  // namespace ashlar::catalog
