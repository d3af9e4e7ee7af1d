// Liquid clustering (Delta protocol, "Clustered Table"): the columns that a table's files are laid out by. They
// stand in the domain "delta.clustering", by physical names.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "delta/actions.h"
#include "delta/schema.h"
#include "delta/snapshot.h"

namespace ashlar::delta {

constexpr std::string_view kClusteringDomain = "delta.clustering";
constexpr std::string_view kClusteringProvider = "liquid";
constexpr size_t kMaxClusteringColumns = 4;

using ColumnPath = std::vector<std::string>;  // from the top: {"a", "b"} of a.b

// The physical paths; nullopt for a table without clustering, {} for one that is CLUSTER BY NONE.
std::optional<std::vector<ColumnPath>> ClusteringColumns(const SnapshotState& state);
// nullopt where the text is none of the domain's.
std::optional<std::vector<ColumnPath>> ParseClusteringDomain(const DomainMetadata& domain);
DomainMetadata ClusteringDomain(const std::vector<ColumnPath>& physical);

// The protocol with what clustering needs.
Protocol WithClustering(const Protocol& protocol);

// The columns named in CLUSTER BY, as the schema spells them. Errors: DELTA_CLUSTER_BY_INVALID_NUM_COLUMNS
// (54000), DELTA_COLUMN_NOT_FOUND_IN_SCHEMA (42703), DELTA_DUPLICATE_COLUMNS_FOUND (42711),
// DELTA_CLUSTERING_COLUMNS_DATATYPE_NOT_SUPPORTED (0A000), DELTA_CLUSTERING_COLUMN_MISSING_STATS (22000).
Result<std::vector<ColumnPath>> FindClusteringColumns(const std::vector<ColumnPath>& names, const Schema& schema,
                                                      const Metadata& metadata);
// A path of the schema by physical names, and back; the path back is nullopt for a column that is gone.
ColumnPath PhysicalPath(const ColumnPath& logical, const Schema& schema, ColumnMappingMode mode);
std::optional<ColumnPath> LogicalPath(const ColumnPath& physical, const Schema& schema, ColumnMappingMode mode);
// "a.`b c`", as history and DESCRIBE DETAIL show it.
std::string PathText(const ColumnPath& path);
// The table's clustering columns as its schema names them, in their order; none without clustering. One
// that the schema has lost stands by its physical name.
std::vector<ColumnPath> ClusteringNames(const Snapshot& snapshot);
std::vector<std::string> ClusteringTexts(const Snapshot& snapshot);
// The field at a path, compared without regard to case, and in `spelled` the path as the schema spells it;
// nullptr where there is none.
const Field* FieldAt(const ColumnPath& name, const Schema& schema, ColumnPath* spelled = nullptr);

// Every clustering column (physical) has statistics. Errors: DELTA_CLUSTERING_COLUMN_MISSING_STATS.
Status CheckClusteringStatistics(const std::vector<ColumnPath>& physical, const Schema& schema, const Metadata& metadata);

}  // namespace ashlar::delta
