#include "identity/tables/principals_table.h"

#include "base/text.h"

namespace ashlar::identity {
namespace {

PrincipalRow ReadRow(const metadb::Row& row) {
  return {.id = row.Int(0),
          .kind = static_cast<PrincipalKind>(row.Int(1)),
          .name = row.Text(2),
          .display_name = row.Text(3),
          .external_id = row.Text(4),
          .active = row.Bool(5),
          .attributes = row.Text(6),
          .created_ms = row.Int(7),
          .updated_ms = row.Int(8)};
}

constexpr const char* kById =
    "SELECT id, kind, name, display_name, external_id, active, attributes, created_ms, updated_ms "
    "FROM principals WHERE id = ?";
constexpr const char* kByName =
    "SELECT id, kind, name, display_name, external_id, active, attributes, created_ms, updated_ms "
    "FROM principals WHERE kind = ? AND folded_name = ?";
constexpr const char* kByKind =
    "SELECT id, kind, name, display_name, external_id, active, attributes, created_ms, updated_ms "
    "FROM principals WHERE kind = ? ORDER BY id";

std::optional<PrincipalRow> First(const std::vector<metadb::Row>& rows) {
  if (rows.empty()) return std::nullopt;
  return ReadRow(rows[0]);
}

}  // namespace

Status PrincipalsTable::Insert(metadb::Transaction& txn, const PrincipalRow& row) {
  return txn.Run(
      "INSERT INTO principals (id, kind, name, folded_name, display_name, external_id, active, "
      "attributes, created_ms, updated_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {row.id, static_cast<int64_t>(row.kind), row.name, ToLowerAscii(row.name), row.display_name,
       row.external_id, row.active, row.attributes, row.created_ms, row.updated_ms});
}

Result<std::optional<PrincipalRow>> PrincipalsTable::Find(metadb::Transaction& txn, int64_t id) {
  ASSIGN_OR_RETURN(auto rows, txn.Query(kById, {id}));
  return First(rows);
}

Result<std::optional<PrincipalRow>> PrincipalsTable::FindByName(metadb::Transaction& txn,
                                                                PrincipalKind kind,
                                                                const std::string& name) {
  ASSIGN_OR_RETURN(auto rows, txn.Query(kByName, {static_cast<int64_t>(kind), ToLowerAscii(name)}));
  return First(rows);
}

Result<std::vector<PrincipalRow>> PrincipalsTable::List(metadb::Transaction& txn,
                                                        PrincipalKind kind) {
  ASSIGN_OR_RETURN(auto rows, txn.Query(kByKind, {static_cast<int64_t>(kind)}));
  std::vector<PrincipalRow> principals;
  for (const metadb::Row& row : rows) principals.push_back(ReadRow(row));
  return principals;
}

Status PrincipalsTable::Update(metadb::Transaction& txn, const PrincipalRow& row) {
  return txn.Run(
      "UPDATE principals SET name = ?, folded_name = ?, display_name = ?, external_id = ?, "
      "active = ?, attributes = ?, updated_ms = ? WHERE id = ?",
      {row.name, ToLowerAscii(row.name), row.display_name, row.external_id, row.active,
       row.attributes, row.updated_ms, row.id});
}

Status PrincipalsTable::Delete(metadb::Transaction& txn, int64_t id) {
  return txn.Run("DELETE FROM principals WHERE id = ?", {id});
}

}  // namespace ashlar::identity
