#include "engine/write/row_counts.h"

#include "delta/stats.h"
#include "engine/duck_connection.h"
#include "engine/duck_types.h"

namespace ashlar::engine {

Result<int64_t> PhysicalRows(Connection& connection, const delta::Snapshot& snapshot, const delta::AddFile& file) {
  if (std::optional<int64_t> known = delta::NumRecords(file)) return *known;
  ASSIGN_OR_RETURN(std::string path, snapshot.DataPath(file));
  ASSIGN_OR_RETURN(std::string text,
                   AsDuck(connection).RunForText("SELECT num_rows FROM parquet_file_metadata(" + QuoteSqlString(path) + ")"));
  return std::stoll(text);
}

Status FillRowCounts(Connection& connection, const delta::Snapshot& snapshot, std::vector<delta::AddFile>& files) {
  for (delta::AddFile& file : files) {
    if (delta::NumRecords(file)) continue;
    ASSIGN_OR_RETURN(int64_t rows, PhysicalRows(connection, snapshot, file));
    file.stats = file.stats ? delta::WideStats(file.stats, rows) : delta::BuildStats(rows, {});
  }
  return OkStatus();
}

}  // namespace ashlar::engine
