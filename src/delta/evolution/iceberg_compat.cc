#include "delta/evolution/iceberg_compat.h"

#include <algorithm>
#include <array>
#include <functional>

#include "base/json.h"
#include "base/text.h"
#include "delta/evolution/type_widening.h"
#include "delta/features.h"
#include "delta/schema.h"
#include "types/schema_tree.h"

namespace ashlar::delta {
namespace {

constexpr std::array<const char*, 2> kEnabling = {"delta.enableIcebergCompatV1", "delta.enableIcebergCompatV2"};
constexpr const char* kMappingMode = "delta.columnMapping.mode";
// delta-spark's note that the files of a table were such from its beginning.
constexpr const char* kFromTheBeginning = "delta.universalFormat.iceberg.atomicConversion.supported";

Error Violation(int version, const std::string& what, const std::string& message, std::map<std::string, std::string> parameters) {
  std::string number = std::to_string(version);
  parameters["version"] = number;
  return MakeSqlError("DELTA_ICEBERG_COMPAT_VIOLATION." + what, "KD00E",
                      "The validation of IcebergCompatV" + number + " has failed.\n" + message, std::move(parameters));
}

// The first type within, outer ones first, that satisfies the predicate; null for none.
const DataType* FindType(const DataType& type, const std::function<bool(const DataType&)>& wanted) {
  if (wanted(type)) return &type;
  if (type.Is(TypeId::kArray)) return FindType(type.element(), wanted);
  if (type.Is(TypeId::kMap)) {
    const DataType* found = FindType(type.key(), wanted);
    return found != nullptr ? found : FindType(type.map_value(), wanted);
  }
  if (!type.Is(TypeId::kStruct)) return nullptr;
  for (const Field& field : type.fields()) {
    if (const DataType* found = FindType(field.type, wanted)) return found;
  }
  return nullptr;
}

bool IsRefused(int version, const DataType& type) {
  if (version == 1) return type.Is(TypeId::kArray) || type.Is(TypeId::kMap) || type.Is(TypeId::kNull);
  return type.Is(TypeId::kNull) || type.Is(TypeId::kVariant) || type.IsInterval();
}

// "array", "decimal(10,2)"
std::string TypeName(const DataType& type) {
  if (type.Is(TypeId::kArray)) return "array";
  return type.Is(TypeId::kMap) ? "map" : type.SimpleString();
}

Status CheckTypes(int version, const Schema& schema) {
  const DataType whole = schema.ToStruct();
  const DataType* refused = FindType(whole, [&](const DataType& type) { return IsRefused(version, type); });
  if (refused == nullptr) return OkStatus();
  std::string tree = TreeText(schema, 0);
  return Violation(version, "UNSUPPORTED_DATA_TYPE",
                   "IcebergCompatV" + std::to_string(version) + " does not support the data type " + TypeName(*refused) +
                       " in your schema. Your schema:\n" + tree,
                   {{"dataType", TypeName(*refused)}, {"schema", tree}});
}

// What Iceberg's schema evolution allows (its specification, "Schema Evolution"); its int is every integer up to INT.
bool IcebergWidens(const DataType& from, const DataType& to) {
  if (from.IsIntegral() && to.IsIntegral()) return true;
  if (from.Is(TypeId::kFloat) && to.Is(TypeId::kDouble)) return true;
  bool text = from.Is(TypeId::kString) && to.Is(TypeId::kString);
  bool decimals = from.Is(TypeId::kDecimal) && to.Is(TypeId::kDecimal);
  return text || (decimals && from.scale() == to.scale());
}

Status CheckWidening(int version, const Schema& schema) {
  for (const TypeChange& change : TypeChangesOf(schema)) {
    if (IcebergWidens(change.from, change.to)) continue;
    std::string from = "\"" + change.from.Sql() + "\"", to = "\"" + change.to.Sql() + "\"";
    return Violation(version, "UNSUPPORTED_TYPE_WIDENING",
                     "IcebergCompatV" + std::to_string(version) + " is incompatible with a type change applied to this table:\nField " +
                         change.path + " was changed from " + from + " to " + to + ".",
                     {{"fieldPath", change.path}, {"prevType", from}, {"newType", to}});
  }
  return OkStatus();
}

std::string SpecText(const std::vector<std::string>& columns) { return "(" + Join(columns, ",") + ")"; }

Status CheckPartitions(int version, const Snapshot* before, const Metadata& after) {
  if (before == nullptr || before->partition_columns().empty()) return OkStatus();
  if (before->partition_columns() == after.partition_columns) return OkStatus();
  std::string was = SpecText(before->partition_columns()), is = SpecText(after.partition_columns);
  return Violation(version, "REPLACE_TABLE_CHANGE_PARTITION_NAMES",
                   "IcebergCompatV" + std::to_string(version) + " doesn't support replacing partitioned tables with a "
                   "differently-named partition spec, because Iceberg-Spark 1.1.0 doesn't.\nPrev Partition Spec: " + was +
                   "\nNew Partition Spec: " + is,
                   {{"prevPartitionSpec", was}, {"newPartitionSpec", is}});
}

Status CheckMapping(int version, const Metadata& metadata) {
  ASSIGN_OR_RETURN(ColumnMappingMode mode, MappingModeOf(metadata.configuration));
  if (mode != ColumnMappingMode::kNone) return OkStatus();
  return Violation(version, "WRONG_REQUIRED_TABLE_PROPERTY",
                   "IcebergCompatV" + std::to_string(version) + " requires table property '" + kMappingMode +
                       "' to be set to 'name'. Current value: 'NoMapping'.",
                   {{"key", kMappingMode}, {"requiredValue", "name"}, {"actualValue", "NoMapping"}});
}

bool MarksRows(const Protocol& protocol, const Metadata& metadata) {
  return IsFeatureListed(protocol, "deletionVectors") && BooleanProperty(metadata.configuration, "delta.enableDeletionVectors", false);
}

// They are switched off in a commit of its own: concurrent ones then make none.
Status CheckVectors(int version, const Snapshot* before, const Protocol& protocol, const Metadata& metadata) {
  bool did = before != nullptr && MarksRows(before->protocol(), before->metadata());
  if (!MarksRows(protocol, metadata) && !(did && IsFeatureListed(protocol, "deletionVectors"))) return OkStatus();
  return Violation(version, "DELETION_VECTORS_SHOULD_BE_DISABLED",
                   "IcebergCompatV" + std::to_string(version) + " requires Deletion Vectors to be disabled on the table first. "
                   "Then run REORG PURGE command to purge the Deletion Vectors on the table.", {});
}

// The places within a field's type that have an id of the field's.
void CollectParts(const DataType& type, const std::string& path, std::vector<std::string>& paths) {
  auto part = [&](const char* name, const DataType& of) {
    std::string at = path + "." + name;
    paths.push_back(at);
    CollectParts(of, at, paths);
  };
  if (type.Is(TypeId::kArray)) part("element", type.element());
  if (!type.Is(TypeId::kMap)) return;
  part("key", type.key());
  part("value", type.map_value());
}

}  // namespace

int IcebergCompatVersion(const StringMap& configuration) {
  for (size_t i = kEnabling.size(); i > 0; --i) {
    if (BooleanProperty(configuration, kEnabling[i - 1], false)) return static_cast<int>(i);
  }
  return 0;
}

void AddIcebergCompatNeeds(StringMap& configuration) {
  if (IcebergCompatVersion(configuration) == 0) return;
  configuration.emplace(kMappingMode, "name");
  configuration.emplace(kFromTheBeginning, "true");
}

void TagForIceberg(const StringMap& configuration, AddFile& file) {
  int version = IcebergCompatVersion(configuration);
  if (version >= 2) file.tags["ICEBERG_COMPAT_VERSION"] = std::to_string(version);
}

Status CheckIcebergCompat(const Snapshot* before, const Protocol& protocol, const Metadata& metadata, const Schema& schema) {
  int version = IcebergCompatVersion(metadata.configuration);
  if (version == 0) return OkStatus();
  bool all = std::ranges::all_of(kEnabling, [&](const char* key) { return BooleanProperty(metadata.configuration, key, false); });
  if (all) version = 1;
  RETURN_IF_ERROR(CheckMapping(version, metadata));
  if (all) {
    return Violation(version, "VERSION_MUTUAL_EXCLUSIVE",
                     "Only one IcebergCompat version can be enabled, please explicitly disable all other IcebergCompat versions "
                     "that are not needed.", {});
  }
  RETURN_IF_ERROR(CheckTypes(version, schema));
  RETURN_IF_ERROR(CheckPartitions(version, before, metadata));
  RETURN_IF_ERROR(CheckVectors(version, before, protocol, metadata));
  return CheckWidening(version, schema);
}

std::map<std::string, int32_t> NestedIdsOf(const Field& field) {
  std::map<std::string, int32_t> ids;
  std::optional<std::string> text = FieldMetadata(field, kNestedIds);
  if (!text) return ids;
  auto json = ParseJson(*text);
  if (!json.ok() || !json->is_object()) return ids;
  for (const auto& [path, id] : json->items()) {
    if (id.is_number_integer()) ids[path] = id.get<int32_t>();
  }
  return ids;
}

Schema WithNestedIds(const Schema& schema, int64_t& highest) {
  DataType whole = RewriteFields(schema.ToStruct(), [&](Field field) {
    std::vector<std::string> paths;
    CollectParts(field.type, PhysicalName(field, ColumnMappingMode::kName), paths);
    std::map<std::string, int32_t> known = NestedIdsOf(field), ids;
    for (const std::string& path : paths) {
      auto old = known.find(path);
      ids[path] = old != known.end() ? old->second : static_cast<int32_t>(++highest);
    }
    if (ids == known) return field;
    auto parsed = ParseJson(field.metadata);
    Json metadata = parsed.ok() && parsed->is_object() ? *std::move(parsed) : Json::object();
    metadata[kNestedIds] = ids;
    field.metadata = WriteJson(metadata);
    return field;
  });
  return Schema{whole.fields()};
}

}  // namespace ashlar::delta
