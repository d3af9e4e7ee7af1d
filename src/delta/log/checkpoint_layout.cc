#include "delta/log/checkpoint_layout.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/json.h"
#include "delta/partition_values.h"
#include "delta/stats.h"

namespace ashlar::delta {
namespace {

// Types with a minimum and a maximum.
bool HasBounds(const DataType& type) {
  switch (type.id()) {
    case TypeId::kByte:
    case TypeId::kShort:
    case TypeId::kInt:
    case TypeId::kLong:
    case TypeId::kFloat:
    case TypeId::kDouble:
    case TypeId::kDecimal:
    case TypeId::kString:
    case TypeId::kDate:
    case TypeId::kTimestamp:
    case TypeId::kTimestampNtz:
      return true;
    default:
      return false;
  }
}

// The struct that has these leaves, each with the type `type_of` gives it.
template <typename TypeOf>
DataType StructOf(const std::vector<LeafColumn>& leaves, size_t depth, const TypeOf& type_of) {
  std::vector<Field> fields;
  std::vector<bool> taken(leaves.size());
  for (size_t i = 0; i < leaves.size(); ++i) {
    if (taken[i]) continue;
    const std::string& name = leaves[i].path[depth];
    if (leaves[i].path.size() == depth + 1) {
      fields.push_back({name, type_of(leaves[i].type)});
      continue;
    }
    std::vector<LeafColumn> below;
    for (size_t j = i; j < leaves.size(); ++j) {
      if (leaves[j].path.size() <= depth + 1 || leaves[j].path[depth] != name) continue;
      below.push_back(leaves[j]);
      taken[j] = true;
    }
    fields.push_back({name, StructOf(below, depth + 1, type_of)});
  }
  return DataType::Struct(std::move(fields));
}

std::optional<Json> ValueJson(const Value& value) {
  if (value.is_null()) return std::nullopt;
  switch (value.type.id()) {
    case TypeId::kBoolean: return Json(std::get<bool>(value.data));
    case TypeId::kByte:
    case TypeId::kShort:
    case TypeId::kInt:
    case TypeId::kLong: return Json(std::get<int64_t>(value.data));
    case TypeId::kFloat:
    case TypeId::kDouble: {
      double number = std::get<double>(value.data);
      if (std::isfinite(number)) return Json(number);
      return Json(std::isnan(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity");
    }
    case TypeId::kDecimal: return Json(DecimalToText(std::get<Int128>(value.data), value.type.scale()));
    case TypeId::kString: return Json(std::get<std::string>(value.data));
    case TypeId::kDate: return Json(DateText(std::get<int64_t>(value.data)));
    case TypeId::kTimestamp: return Json(TimestampText(std::get<int64_t>(value.data)) + "Z");
    case TypeId::kTimestampNtz: return Json(TimestampText(std::get<int64_t>(value.data)));
    default: return std::nullopt;
  }
}

Json StatsJson(const std::string& text, const std::vector<LeafColumn>& columns) {
  FileStats stats = ParseStatsAsWritten(text, columns);
  Json json = Json::object();
  if (stats.num_records) json["numRecords"] = *stats.num_records;
  if (!stats.tight_bounds) json["tightBounds"] = false;
  for (size_t i = 0; i < columns.size(); ++i) {
    auto set = [&](const char* group, std::optional<Json> value) {
      if (!value) return;
      Json* at = &json[group];
      for (const std::string& name : columns[i].path) at = &(*at)[name];
      *at = *std::move(value);
    };
    const ColumnBounds& bounds = stats.columns[i];
    if (bounds.min) set("minValues", ValueJson(*bounds.min));
    if (bounds.max) set("maxValues", ValueJson(*bounds.max));
    if (bounds.null_count) set("nullCount", Json(*bounds.null_count));
  }
  return json;
}

Json PartitionJson(const AddFile& add, const DataType& type) {
  Json json = Json::object();
  for (const Field& field : type.fields()) {
    auto text = add.partition_values.find(field.name);
    if (text == add.partition_values.end()) continue;
    Result<Value> value = DecodePartitionValue(text->second, field.type);
    std::optional<Json> typed = value.ok() ? ValueJson(*value) : std::nullopt;
    if (typed) json[field.name] = *std::move(typed);
  }
  return json;
}

}  // namespace

Result<CheckpointLayout> LayoutOf(const Metadata& metadata, const Schema& schema) {
  CheckpointLayout layout;
  layout.stats_as_json = BooleanProperty(metadata.configuration, "delta.checkpoint.writeStatsAsJson", true);
  if (!BooleanProperty(metadata.configuration, "delta.checkpoint.writeStatsAsStruct", true)) return layout;
  ASSIGN_OR_RETURN(ColumnMappingMode mode, MappingModeOf(metadata.configuration));
  std::vector<Field> partition_fields;
  for (const std::string& name : metadata.partition_columns) {
    int index = schema.IndexOf(name);
    CHECK(index >= 0) << "partition column " << name;
    const Field& field = schema.fields[static_cast<size_t>(index)];
    if (field.type.Is(TypeId::kBinary)) continue;  // JSON has no form for bytes
    partition_fields.push_back({PhysicalName(field, mode), field.type});
  }
  if (!partition_fields.empty()) layout.partition_values_parsed = DataType::Struct(std::move(partition_fields));
  ASSIGN_OR_RETURN(layout.stats_columns, StatisticsColumns(schema, metadata));
  std::vector<LeafColumn> bounded;
  for (const LeafColumn& column : layout.stats_columns) {
    if (HasBounds(column.type)) bounded.push_back(column);
  }
  std::vector<Field> groups = {{"numRecords", TypeId::kLong}, {"tightBounds", TypeId::kBoolean}};
  auto same = [](const DataType& type) { return type; };
  if (!bounded.empty()) {
    groups.push_back({"minValues", StructOf(bounded, 0, same)});
    groups.push_back({"maxValues", StructOf(bounded, 0, same)});
  }
  if (!layout.stats_columns.empty()) {
    auto count = [](const DataType&) { return DataType(TypeId::kLong); };
    groups.push_back({"nullCount", StructOf(layout.stats_columns, 0, count)});
  }
  layout.stats_parsed = DataType::Struct(std::move(groups));
  return layout;
}

std::string CheckpointRowJson(const Action& action, const CheckpointLayout& layout) {
  const auto* add = std::get_if<AddFile>(&action);
  if (add == nullptr) return ActionToJson(action);
  std::string parsed;
  if (layout.stats_parsed && add->stats) {
    parsed += ",\"stats_parsed\":" + WriteJson(StatsJson(*add->stats, layout.stats_columns));
  }
  if (layout.partition_values_parsed) {
    parsed += ",\"partitionValues_parsed\":" + WriteJson(PartitionJson(*add, *layout.partition_values_parsed));
  }
  AddFile written = *add;
  if (!layout.stats_as_json) written.stats.reset();
  std::string row = ActionToJson(written);  // {"add":{…}}
  CHECK(row.ends_with("}}"));
  return row.insert(row.size() - 2, parsed);
}

}  // namespace ashlar::delta
