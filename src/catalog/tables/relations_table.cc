#include "catalog/tables/relations_table.h"

#include "base/json.h"

namespace ashlar::catalog {

Status RelationsTable::Put(metadb::Transaction& txn, const RelationRow& row) {
  return txn.Run(
      "INSERT INTO relations (uuid, format, columns, partition_columns, view_text, view_catalog, "
      "view_schema) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (uuid) DO UPDATE SET "
      "format = excluded.format, columns = excluded.columns, "
      "partition_columns = excluded.partition_columns, view_text = excluded.view_text, "
      "view_catalog = excluded.view_catalog, view_schema = excluded.view_schema",
      {row.uuid, row.format, row.columns.ToJsonText(), WriteJson(Json(row.partition_columns)),
       row.view_text, row.view_catalog, row.view_schema});
}

Result<std::optional<RelationRow>> RelationsTable::Find(metadb::Transaction& txn,
                                                        const std::string& uuid) {
  ASSIGN_OR_RETURN(auto rows,
                   txn.Query("SELECT uuid, format, columns, partition_columns, view_text, "
                             "view_catalog, view_schema FROM relations WHERE uuid = ?",
                             {uuid}));
  if (rows.empty()) return std::optional<RelationRow>();
  const metadb::Row& row = rows[0];
  RelationRow out;
  out.uuid = row.Text(0);
  out.format = row.Text(1);
  ASSIGN_OR_RETURN(out.columns, Schema::FromJsonText(row.Text(2)));
  ASSIGN_OR_RETURN(Json partition_columns, ParseJson(row.Text(3)));
  for (const Json& name : partition_columns) out.partition_columns.push_back(name.get<std::string>());
  out.view_text = row.Text(4);
  out.view_catalog = row.Text(5);
  out.view_schema = row.Text(6);
  return std::optional<RelationRow>(std::move(out));
}

}  // namespace ashlar::catalog
