#include "catalog/migrations.h"

#include "catalog/catalog_service.h"

namespace ashlar::catalog {
namespace {

constexpr const char* kCloneSources = R"sql(
CREATE TABLE clone_sources (
  clone_uuid TEXT NOT NULL REFERENCES securables (uuid) ON DELETE CASCADE,
  source_uuid TEXT NOT NULL,
  PRIMARY KEY (clone_uuid, source_uuid)
);
CREATE INDEX clone_sources_by_source ON clone_sources (source_uuid);
)sql";

constexpr const char* kManagedTables = R"sql(
CREATE TABLE managed_tables (
  table_uuid TEXT NOT NULL PRIMARY KEY REFERENCES securables (uuid) ON DELETE CASCADE,
  latest_version BIGINT NOT NULL
);
CREATE TABLE ratified_commits (
  table_uuid TEXT NOT NULL REFERENCES managed_tables (table_uuid) ON DELETE CASCADE,
  version BIGINT NOT NULL,
  staged TEXT NOT NULL,
  commit_uuid TEXT NOT NULL,
  PRIMARY KEY (table_uuid, version)
);
)sql";

}  // namespace

metadb::ModuleMigrations migrations() {
  return {"catalog",
          {R"sql(
CREATE TABLE securables (
  uuid TEXT NOT NULL PRIMARY KEY,
  kind BIGINT NOT NULL,
  name_space BIGINT NOT NULL,
  parent_uuid TEXT NOT NULL,
  name TEXT NOT NULL,
  state BIGINT NOT NULL,
  owner_id BIGINT NOT NULL,
  comment TEXT,
  properties TEXT NOT NULL,
  location TEXT NOT NULL,
  managed BIGINT NOT NULL,
  created_ms BIGINT NOT NULL,
  created_by BIGINT NOT NULL,
  updated_ms BIGINT NOT NULL,
  updated_by BIGINT NOT NULL,
  attributes TEXT NOT NULL
);
CREATE UNIQUE INDEX securables_by_name ON securables (parent_uuid, name_space, name) WHERE state = 0;
CREATE INDEX securables_by_location ON securables (location);
CREATE INDEX securables_unfinished ON securables (state) WHERE state <> 0;

CREATE TABLE relations (
  uuid TEXT NOT NULL PRIMARY KEY REFERENCES securables (uuid) ON DELETE CASCADE,
  format TEXT NOT NULL,
  columns TEXT NOT NULL,
  partition_columns TEXT NOT NULL,
  view_text TEXT NOT NULL,
  view_catalog TEXT NOT NULL,
  view_schema TEXT NOT NULL
);

CREATE TABLE grants (
  securable_uuid TEXT NOT NULL REFERENCES securables (uuid) ON DELETE CASCADE,
  principal_id BIGINT NOT NULL REFERENCES principals (id) ON DELETE CASCADE,
  privilege TEXT NOT NULL,
  granted_ms BIGINT NOT NULL,
  granted_by BIGINT NOT NULL,
  PRIMARY KEY (securable_uuid, principal_id, privilege)
);
CREATE INDEX grants_by_principal ON grants (principal_id);

CREATE TABLE catalog_epoch (value BIGINT NOT NULL);
INSERT INTO catalog_epoch VALUES (1);
)sql",
           R"sql(
CREATE TABLE commits (
  commit_uuid TEXT NOT NULL PRIMARY KEY,
  location TEXT NOT NULL,
  version BIGINT NOT NULL,
  won BIGINT NOT NULL,
  recorded_ms BIGINT NOT NULL
);
CREATE INDEX commits_by_time ON commits (recorded_ms);
)sql",
           R"sql(
CREATE TABLE store_credentials (
  uuid TEXT NOT NULL PRIMARY KEY REFERENCES securables (uuid) ON DELETE CASCADE,
  sealed TEXT NOT NULL
);
)sql",
           kCloneSources, kManagedTables}};
}

Result<int64_t> ReadEpoch(metadb::Transaction& txn) {
  ASSIGN_OR_RETURN(auto rows, txn.Query("SELECT value FROM catalog_epoch"));
  return rows[0].Int(0);
}

Status BumpEpoch(metadb::Transaction& txn) {
  return txn.Run("UPDATE catalog_epoch SET value = value + 1");
}

}  // namespace ashlar::catalog
