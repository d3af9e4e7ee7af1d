#include "identity/migrations.h"

namespace ashlar::identity {

metadb::ModuleMigrations migrations() {
  return {"identity",
          {R"sql(
CREATE TABLE principals (
  id BIGINT NOT NULL PRIMARY KEY,
  kind BIGINT NOT NULL,
  name TEXT NOT NULL,
  folded_name TEXT NOT NULL,
  display_name TEXT NOT NULL,
  external_id TEXT NOT NULL,
  active BIGINT NOT NULL,
  attributes TEXT NOT NULL,
  created_ms BIGINT NOT NULL,
  updated_ms BIGINT NOT NULL
);
CREATE UNIQUE INDEX principals_by_name ON principals (kind, folded_name);

CREATE TABLE group_members (
  group_id BIGINT NOT NULL REFERENCES principals (id) ON DELETE CASCADE,
  member_id BIGINT NOT NULL REFERENCES principals (id) ON DELETE CASCADE,
  PRIMARY KEY (group_id, member_id)
);
CREATE INDEX group_members_by_member ON group_members (member_id);

CREATE TABLE tokens (
  token_id TEXT NOT NULL PRIMARY KEY,
  hash TEXT NOT NULL,
  owner_id BIGINT NOT NULL REFERENCES principals (id) ON DELETE CASCADE,
  created_by_id BIGINT NOT NULL,
  comment TEXT NOT NULL,
  created_ms BIGINT NOT NULL,
  expiry_ms BIGINT NOT NULL
);
CREATE UNIQUE INDEX tokens_by_hash ON tokens (hash);
CREATE INDEX tokens_by_owner ON tokens (owner_id);

CREATE TABLE object_acls (
  object_type TEXT NOT NULL,
  object_id TEXT NOT NULL,
  principal_id BIGINT NOT NULL REFERENCES principals (id) ON DELETE CASCADE,
  level TEXT NOT NULL,
  PRIMARY KEY (object_type, object_id, principal_id)
);
CREATE INDEX object_acls_by_principal ON object_acls (principal_id);

CREATE TABLE identity_epoch (value BIGINT NOT NULL);
INSERT INTO identity_epoch VALUES (1);

INSERT INTO principals VALUES (1, 2, 'admins', 'admins', 'admins', '', 1, '{}', 0, 0);
INSERT INTO principals VALUES (2, 2, 'users', 'users', 'users', '', 1, '{}', 0, 0);
INSERT INTO principals VALUES (3, 2, 'account users', 'account users', 'account users', '', 1, '{}', 0, 0);
)sql"}};
}

Result<int64_t> ReadEpoch(metadb::Transaction& txn) {
  ASSIGN_OR_RETURN(auto rows, txn.Query("SELECT value FROM identity_epoch"));
  return rows[0].Int(0);
}

Status BumpEpoch(metadb::Transaction& txn) {
  return txn.Run("UPDATE identity_epoch SET value = value + 1");
}

}  // namespace ashlar::identity
