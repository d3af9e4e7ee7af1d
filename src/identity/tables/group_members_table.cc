#include "identity/tables/group_members_table.h"

namespace ashlar::identity {
namespace {

std::vector<int64_t> Ids(const std::vector<metadb::Row>& rows) {
  std::vector<int64_t> ids;
  for (const metadb::Row& row : rows) ids.push_back(row.Int(0));
  return ids;
}

}  // namespace

Status GroupMembersTable::Add(metadb::Transaction& txn, int64_t group, int64_t member) {
  return txn.Run(
      "INSERT INTO group_members (group_id, member_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
      {group, member});
}

Status GroupMembersTable::Remove(metadb::Transaction& txn, int64_t group, int64_t member) {
  return txn.Run("DELETE FROM group_members WHERE group_id = ? AND member_id = ?", {group, member});
}

Status GroupMembersTable::RemoveAll(metadb::Transaction& txn, int64_t group) {
  return txn.Run("DELETE FROM group_members WHERE group_id = ?", {group});
}

Result<std::vector<int64_t>> GroupMembersTable::Members(metadb::Transaction& txn, int64_t group) {
  ASSIGN_OR_RETURN(
      auto rows,
      txn.Query("SELECT member_id FROM group_members WHERE group_id = ? ORDER BY member_id", {group}));
  return Ids(rows);
}

Result<std::vector<int64_t>> GroupMembersTable::GroupsOf(metadb::Transaction& txn, int64_t member) {
  ASSIGN_OR_RETURN(
      auto rows,
      txn.Query("SELECT group_id FROM group_members WHERE member_id = ? ORDER BY group_id", {member}));
  return Ids(rows);
}

Result<std::vector<int64_t>> GroupMembersTable::Closure(metadb::Transaction& txn, int64_t member) {
  ASSIGN_OR_RETURN(auto rows,
                   txn.Query("WITH RECURSIVE reached (id) AS (SELECT CAST(? AS BIGINT) UNION "
                             "SELECT m.group_id FROM group_members m JOIN reached r "
                             "ON m.member_id = r.id) SELECT id FROM reached",
                             {member}));
  return Ids(rows);
}

}  // namespace ashlar::identity
