// Writing rows as data files of a Delta table: Parquet with the table's physical names and field ids, statistics of every
// file, one folder per partition (key=value, escaped as Spark does). Files are made elsewhere (write/staging.h), get their
// names when they are whole, and are made durable with their folders: what WriteRows returns survives a power loss. What it
// does not return no log names: VACUUM finds it.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "delta/actions.h"
#include "delta/snapshot.h"
#include "engine/engine.h"
#include "engine/parquet_codec.h"
#include "sql/plan.h"
#include "types/data_type.h"

namespace ashlar::engine {

class ReplacedRows;

// A CHECK constraint, an invariant, what REPLACE WHERE replaces, or what a generated column is: must be true for every
// row. Columns are ids = indexes of the schema. Of several broken rules a row is told of a constraint before a NULL or a
// text that is too long, and of those before a generated column's value, as delta-spark does.
struct RowConstraint {
  std::string name;
  std::string sql;  // as declared, for the message
  sql::TypedExprPtr condition;
  enum class Kind { kConstraint, kReplaceWhere, kGenerated } kind = Kind::kConstraint;
};

// An IDENTITY column: where a row has NULL it gets the next number.
struct IdentityColumn {
  size_t column = 0;
  int64_t next = 1;
  int64_t step = 1;
};

struct WriteTarget {
  delta::TableLocation table;
  Schema schema;  // logical; row i of the plan's output is column i
  std::vector<std::string> partition_columns;
  delta::Metadata metadata;  // column mapping mode, statistics columns
  std::vector<RowConstraint> constraints;
  std::vector<IdentityColumn> identities;
  // All rows are of this partition.
  std::optional<delta::PartitionValues> partition;
  std::string folder;  // below the table's root, with a slash at its end: "_change_data/"
  ParquetCodec codec;
  int64_t target_file_bytes = int64_t{128} << 20;  // about: of all files of a partition but the last
  int64_t file_rows = 0;                           // a file has no more; 0: any number
};

struct WrittenFiles {
  std::vector<delta::AddFile> files;
  int64_t row_count = 0;
  int64_t byte_count = 0;
  std::map<size_t, int64_t> identity_last;  // by column: the last number taken, where one was
};

// Told each file's absolute path before the file gets that name.
using FileCreated = std::function<void(const std::string&)>;

// Errors: DELTA_NOT_NULL_CONSTRAINT_VIOLATED, DELTA_VIOLATE_CONSTRAINT_WITH_VALUES (23001),
// EXCEED_LIMIT_LENGTH (54006) for CHAR and VARCHAR; what the plan raises; kResourceExhausted for a full
// disk. After an error nothing is left but files FileCreated was told of.
Result<WrittenFiles> WriteRows(Connection& connection, const sql::PlanPtr& rows, const WriteTarget& target,
                               const FileCreated& created);

// The same for a SELECT in DuckDB's SQL whose columns are k0, k1, … (one a column of the schema, typed as
// DuckTypeSql). Bindings in it are the caller's. `replaced` (write/row_collector.h): is told exactly the rows written, by the
// SELECT's columns k_file and k_row, which are not written themselves.
Result<WrittenFiles> WriteSql(Connection& connection, const std::string& select, const WriteTarget& target,
                              const FileCreated& created, ReplacedRows* replaced = nullptr);

// A partition folder's name: characters that paths cannot have as %XX, as Spark does.
std::string EscapePartitionName(std::string_view text);

}  // namespace ashlar::engine
