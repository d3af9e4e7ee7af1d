#include "delta/clustering.h"

#include <algorithm>

#include "base/check.h"
#include "base/json.h"
#include "base/text.h"
#include "delta/features.h"
#include "types/schema_tree.h"

namespace ashlar::delta {
namespace {

std::vector<std::string> Texts(const std::vector<ColumnPath>& paths) {
  std::vector<std::string> texts;
  for (const ColumnPath& path : paths) texts.push_back(PathText(path));
  return texts;
}

// What minima and maxima are kept of.
bool HasBounds(const DataType& type) {
  return type.IsNumeric() || type.IsDatetime() || type.Is(TypeId::kString);
}

// The fields that lead to a column with statistics.
std::vector<Field> WithStatistics(const std::vector<Field>& fields, const ColumnPath& above, ColumnMappingMode mode,
                                  const std::vector<LeafColumn>& leaves) {
  std::vector<Field> kept;
  for (const Field& field : fields) {
    ColumnPath path = above;
    path.push_back(PhysicalName(field, mode));
    if (std::ranges::find(leaves, path, &LeafColumn::path) != leaves.end()) kept.push_back(field);
    if (!field.type.Is(TypeId::kStruct)) continue;
    Field within = field;
    within.type = DataType::Struct(WithStatistics(field.type.fields(), path, mode, leaves));
    if (!within.type.fields().empty()) kept.push_back(std::move(within));
  }
  return kept;
}

Error MissingStatistics(const std::vector<std::string>& columns, const Schema& with_stats) {
  std::string list = Join(columns, ", "), schema = TreeText(with_stats);
  return MakeSqlError("DELTA_CLUSTERING_COLUMN_MISSING_STATS", "22000",
                      "Clustering requires clustering columns to have stats. Couldn't find clustering column(s) '" + list +
                          "' in stats schema:\n" + schema,
                      {{"columns", list}, {"schema", schema}});
}

Status CheckCount(size_t count) {
  if (count <= kMaxClusteringColumns) return OkStatus();
  std::string limit = std::to_string(kMaxClusteringColumns), actual = std::to_string(count);
  return MakeSqlError("DELTA_CLUSTER_BY_INVALID_NUM_COLUMNS", "54000",
                      "CLUSTER BY supports up to " + limit + " clustering columns, but the table has " + actual +
                          " clustering columns. Please remove the extra clustering columns.",
                      {{"numColumnsLimit", limit}, {"actualNumColumns", actual}});
}

Error NotFound(const ColumnPath& name, const Schema& schema) {
  std::vector<std::string> columns;
  for (const Field& field : schema.fields) columns.push_back(field.name);
  return MakeSqlError("DELTA_COLUMN_NOT_FOUND_IN_SCHEMA", "42703",
                      "Unable to find the column '" + PathText(name) + "' in the schema [" + Join(columns, ", ") + "].",
                      {{"columnName", PathText(name)}, {"tableSchema", "[" + Join(columns, ", ") + "]"}});
}

}  // namespace

std::optional<std::vector<ColumnPath>> ParseClusteringDomain(const DomainMetadata& domain) {
  Result<Json> json = ParseJson(domain.configuration);
  if (!json.ok() || !json->is_object() || !json->contains("clusteringColumns")) return std::nullopt;
  std::vector<ColumnPath> columns;
  for (const Json& path : (*json)["clusteringColumns"]) {
    ColumnPath& column = columns.emplace_back();
    for (const Json& part : path) {
      if (!part.is_string()) return std::nullopt;
      column.push_back(part.get<std::string>());
    }
  }
  return columns;
}

std::optional<std::vector<ColumnPath>> ClusteringColumns(const SnapshotState& state) {
  auto domain = state.domain_metadata.find(std::string(kClusteringDomain));
  if (domain == state.domain_metadata.end()) return std::nullopt;
  return ParseClusteringDomain(domain->second);
}

DomainMetadata ClusteringDomain(const std::vector<ColumnPath>& physical) {
  Json columns = Json::array();
  for (const ColumnPath& path : physical) columns.push_back(path);
  Json json;
  json["clusteringColumns"] = std::move(columns);
  json["domainName"] = kClusteringDomain;
  return {std::string(kClusteringDomain), WriteJson(json), false};
}

Protocol WithClustering(const Protocol& protocol) {
  Protocol with = protocol;
  for (const char* name : {"domainMetadata", "clustering"}) {
    const TableFeature* feature = FindTableFeature(name);
    CHECK(feature != nullptr) << name;
    with = WithFeature(std::move(with), *feature);
  }
  return with;
}

std::string PathText(const ColumnPath& path) {
  std::vector<std::string> parts;
  for (const std::string& part : path) parts.push_back(QuoteIfNeeded(part));
  return Join(parts, ".");
}

const Field* FieldAt(const ColumnPath& name, const Schema& schema, ColumnPath* spelled) {
  const std::vector<Field>* fields = &schema.fields;
  const Field* field = nullptr;
  for (const std::string& part : name) {
    if (fields == nullptr) return nullptr;
    auto found = std::ranges::find_if(*fields, [&](const Field& f) { return EqualsIgnoreCase(f.name, part); });
    if (found == fields->end()) return nullptr;
    field = &*found;
    if (spelled != nullptr) spelled->push_back(field->name);
    fields = field->type.Is(TypeId::kStruct) ? &field->type.fields() : nullptr;
  }
  return field;
}

std::vector<ColumnPath> ClusteringNames(const Snapshot& snapshot) {
  std::vector<ColumnPath> names;
  for (const ColumnPath& physical : ClusteringColumns(snapshot.state()).value_or(std::vector<ColumnPath>())) {
    names.push_back(LogicalPath(physical, snapshot.schema(), snapshot.mapping_mode()).value_or(physical));
  }
  return names;
}

std::vector<std::string> ClusteringTexts(const Snapshot& snapshot) { return Texts(ClusteringNames(snapshot)); }

ColumnPath PhysicalPath(const ColumnPath& logical, const Schema& schema, ColumnMappingMode mode) {
  ColumnPath physical;
  const std::vector<Field>* fields = &schema.fields;
  for (const std::string& part : logical) {
    auto field = std::ranges::find(*fields, part, &Field::name);
    CHECK(field != fields->end()) << PathText(logical);
    physical.push_back(PhysicalName(*field, mode));
    if (field->type.Is(TypeId::kStruct)) fields = &field->type.fields();
  }
  return physical;
}

std::optional<ColumnPath> LogicalPath(const ColumnPath& physical, const Schema& schema, ColumnMappingMode mode) {
  ColumnPath logical;
  const std::vector<Field>* fields = &schema.fields;
  for (const std::string& part : physical) {
    if (fields == nullptr) return std::nullopt;
    auto field = std::ranges::find_if(*fields, [&](const Field& f) { return PhysicalName(f, mode) == part; });
    if (field == fields->end()) return std::nullopt;
    logical.push_back(field->name);
    fields = field->type.Is(TypeId::kStruct) ? &field->type.fields() : nullptr;
  }
  return logical;
}

Status CheckClusteringStatistics(const std::vector<ColumnPath>& physical, const Schema& schema, const Metadata& metadata) {
  ASSIGN_OR_RETURN(ColumnMappingMode mode, MappingModeOf(metadata.configuration));
  ASSIGN_OR_RETURN(std::vector<LeafColumn> leaves, StatisticsColumns(schema, metadata));
  std::vector<std::string> missing;
  for (const ColumnPath& path : physical) {
    auto leaf = std::ranges::find(leaves, path, &LeafColumn::path);
    if (leaf != leaves.end() && HasBounds(leaf->type)) continue;
    missing.push_back(PathText(LogicalPath(path, schema, mode).value_or(path)));
  }
  if (missing.empty()) return OkStatus();
  return MissingStatistics(missing, Schema{WithStatistics(schema.fields, {}, mode, leaves)});
}

Result<std::vector<ColumnPath>> FindClusteringColumns(const std::vector<ColumnPath>& names, const Schema& schema,
                                                      const Metadata& metadata) {
  RETURN_IF_ERROR(CheckCount(names.size()));
  ASSIGN_OR_RETURN(ColumnMappingMode mode, MappingModeOf(metadata.configuration));
  std::vector<ColumnPath> columns, physical;
  std::vector<std::string> unordered;
  for (const ColumnPath& name : names) {
    ColumnPath spelled;
    const Field* field = FieldAt(name, schema, &spelled);
    if (field == nullptr) return NotFound(name, schema);
    if (std::ranges::find(columns, spelled) != columns.end()) {
      return MakeSqlError("DELTA_DUPLICATE_COLUMNS_FOUND", "42711",
                          "Found duplicate column(s) in CLUSTER BY: " + QuoteIdentifier(PathText(spelled)) + ".",
                          {{"coltype", "in CLUSTER BY"}, {"duplicateCols", QuoteIdentifier(PathText(spelled))}});
    }
    if (!HasBounds(field->type)) unordered.push_back(PathText(spelled) + " : " + field->type.Sql());
    physical.push_back(PhysicalPath(spelled, schema, mode));
    columns.push_back(std::move(spelled));
  }
  if (!unordered.empty()) {
    std::string list = Join(unordered, ", ");
    return MakeSqlError("DELTA_CLUSTERING_COLUMNS_DATATYPE_NOT_SUPPORTED", "0A000",
                        "CLUSTER BY is not supported because the following column(s): " + list + " don't support data skipping.",
                        {{"columnsWithDataTypes", list}});
  }
  RETURN_IF_ERROR(CheckClusteringStatistics(physical, schema, metadata));
  return columns;
}

}  // namespace ashlar::delta
