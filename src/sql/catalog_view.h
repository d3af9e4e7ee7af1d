// What the analyzer asks of the world outside: names become authorised relations (CatalogView), and
// relations become schemas pinned at one snapshot (TableSource). Implemented by link and engine.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "types/data_type.h"
#include "types/value.h"

namespace ashlar::sql {

enum class Access { kRead, kWrite };

struct ResolveRequest {
  // Name parts as written, 1 to 3, already completed to 3 by the session; or empty when `path` is set.
  std::vector<std::string> name;
  // Format and path of delta.`…`, parquet.`…`, read_files(…), COPY INTO sources and LOCATION clauses.
  std::string format;
  std::string path;
  Access access = Access::kRead;
  // The path is a folder that the log of a table elsewhere names, whoever wrote that: it opens external tables, volumes
  // and locations to those who may read them, and no more. The answer's location is the folder to be read below.
  bool named_by_log = false;
};

enum class RelationKind { kTable, kView, kPath };

// Of a catalog-managed table: what its catalog ratified.
struct RatifiedCommits {
  int64_t latest_version = -1;
  // Staged files of versions that may not be published yet, names below _delta_log/_staged_commits.
  std::map<int64_t, std::string> staged = {};
};

// One relation this session may use. Minted by the control plane for (handle, via_view_ids).
struct ResolvedRelation {
  RelationKind kind = RelationKind::kTable;
  std::string full_name;  // "main.default.t", or the path
  std::vector<std::string> name_parts;
  std::string uuid;       // of the table or view; empty for paths outside any table
  std::string format;     // DELTA, PARQUET, CSV, JSON; empty for a view
  std::string location;   // canonical local path or object URL
  Schema schema;          // for views: names and comments; for tables not in Delta: the columns
  std::map<std::string, std::string> properties;
  std::string view_text;
  std::string view_catalog;
  std::string view_schema;
  std::string comment;
  std::string owner;
  bool managed = true;
  // Of a shallow clone: where the tables are whose files its log may name.
  std::vector<std::string> source_roots = {};
  // Asked for with kWrite: where the table's shallow clones are.
  std::vector<std::string> clone_roots = {};
  // Of a catalog-managed table: as of now.
  std::optional<RatifiedCommits> ratified = {};
};

// The property of a view that says in which time zone its text is read: that of the session it was made in. The name is
// Spark's. A view without it is read in UTC.
inline constexpr const char* kViewTimeZone = "view.sqlConfig.spark.sql.session.timeZone";
// A view's properties as SHOW and DESCRIBE tell them: without what it notes of how it was made.
inline std::map<std::string, std::string> ShownViewProperties(std::map<std::string, std::string> properties) {
  std::erase_if(properties, [](const auto& property) { return property.first.starts_with("view."); });
  return properties;
}

class CatalogView {
 public:
  virtual ~CatalogView() = default;
  // One result a request, in order. `via_view_ids`: uuids of the views being expanded, outermost
  // first; the control plane checks as the innermost view's owner. Errors of a single name (e.g.
  // TABLE_OR_VIEW_NOT_FOUND, INSUFFICIENT_PERMISSIONS) stand in its place.
  virtual std::vector<Result<ResolvedRelation>> Resolve(
      std::span<const std::string> via_view_ids, std::span<const ResolveRequest> requests) = 0;
};

// VERSION AS OF or TIMESTAMP AS OF.
struct TimeTravel {
  std::optional<int64_t> version;
  std::optional<int64_t> timestamp_micros;
};

// A relation opened for reading, pinned at one snapshot for the whole statement. Opaque to sql; the
// engine's lowering knows what is behind it.
class TableHandle {
 public:
  virtual ~TableHandle() = default;
  // Columns with partition columns in their place, and hidden ones left out.
  virtual const Schema& schema() const = 0;
  virtual std::vector<std::string> partition_columns() const { return {}; }
};

class TableSource {
 public:
  virtual ~TableSource() = default;
  // Same relation and version within one statement: the same handle. `user_schema`: given by the
  // reader (schema(...) option); otherwise it is the table's or is inferred from the files.
  // Errors: Delta's error classes, CANNOT_… for files, PATH_NOT_FOUND (42K03).
  virtual Result<std::shared_ptr<const TableHandle>> Open(
      const ResolvedRelation& relation, const TimeTravel& time_travel,
      const std::map<std::string, std::string>& options, const std::optional<Schema>& user_schema) = 0;
};

}  // namespace ashlar::sql
