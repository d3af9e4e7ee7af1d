#include "engine/delta_table_source.h"

#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "delta/evolution/type_widening.h"
#include "delta/partition_values.h"
#include "delta/schema.h"
#include "engine/char_text.h"
#include "engine/duck_types.h"
#include "engine/scan/file_table.h"
#include "engine/scan/row_details.h"
#include "engine/scan/text_table.h"

namespace ashlar::engine {
namespace {

std::string OpenKey(const sql::ResolvedRelation& relation, const sql::TimeTravel& at,
                    const std::map<std::string, std::string>& options, const std::optional<Schema>& schema) {
  std::string key = relation.format + "\n" + relation.location;
  key += "\nv" + (at.version ? std::to_string(*at.version) : "");
  key += "\nt" + (at.timestamp_micros ? std::to_string(*at.timestamp_micros) : "");
  for (const auto& [name, value] : options) key += "\n" + name + "=" + value;
  if (schema) key += "\n" + schema->ToJsonText();
  return key;
}

// Struct fields whose names differ in case alone: DuckDB's reader could not tell them apart.
bool HasCaseTwins(const DataType& type) {
  switch (type.id()) {
    case TypeId::kArray: return HasCaseTwins(type.element());
    case TypeId::kMap: return HasCaseTwins(type.key()) || HasCaseTwins(type.map_value());
    case TypeId::kStruct:
      for (size_t i = 0; i < type.fields().size(); ++i) {
        if (HasCaseTwins(type.fields()[i].type)) return true;
        for (size_t j = 0; j < i; ++j) {
          if (EqualsIgnoreCase(type.fields()[i].name, type.fields()[j].name)) return true;
        }
      }
      return false;
    default: return false;
  }
}

// Whether files may have narrower types than the column that are not whole numbers of fewer bytes.
bool WasWidened(const Field& field) {
  return !field.type.IsIntegral() && delta::AnyField(Schema{{field}}, [](const Field& part) {
    return delta::FieldMetadata(part, delta::kTypeChanges).has_value();
  });
}

// The table with `_metadata`, where it has that and no column of that name.
std::shared_ptr<const sql::TableHandle> WithRowMetadata(std::shared_ptr<const sql::TableHandle> handle) {
  if (handle->schema().IndexOf(sql::kRowMetadata) >= 0) return handle;
  auto table = std::dynamic_pointer_cast<const DeltaTable>(handle);
  if (table == nullptr) return WithFileMetadata(std::move(handle));
  return std::make_shared<TableWithRowMetadata>(std::move(table));
}

// The column, of which no condition is pushed into the files: DuckDB would cast the condition's value to the
// type that a file has, and 2.5 is not 3.
std::string UnfilteredSql(const std::string& column) {
  return "CASE WHEN random() >= 0 THEN " + column + " END";
}

// What the file holds of a column, as its type is read. delta-spark stores CHAR(n) as it was given: it is filled
// with blanks when it is read.
std::string ReadSql(const Field& field, const std::string& column) {
  if (WasWidened(field)) return UnfilteredSql(column);
  return FilledSql(field.type, column);
}

}  // namespace

DeltaTable::DeltaTable(std::shared_ptr<const delta::Snapshot> snapshot, ColumnMatch match,
                       objectstore::ObjectStore& store)
    : snapshot_(std::move(snapshot)), match_(match), store_(store) {}

std::shared_ptr<const DeltaTable> DeltaTable::WithRows(std::map<size_t, RowSelection> files) const {
  auto part = std::make_shared<DeltaTable>(snapshot_, match_, store_);
  part->files_ = std::move(files);
  return part;
}

Result<std::string> DeltaTable::FromSql(const std::vector<int>& columns, bool with_row_position,
                                        StatementBindings& bindings) const {
  if (schema().fields.empty() && !with_row_position) {
    std::string name = "`delta`.`" + snapshot_->root() + "`";
    return MakeSqlError("DELTA_READ_TABLE_WITHOUT_COLUMNS", "428GU",
                        "The Delta table " + name +
                            " has no columns to read. Write data with the option mergeSchema = true first.",
                        {{"tableName", name}});
  }
  bool no_files = files_ ? files_->empty() : snapshot_->files().empty();
  std::string select;
  bool plain = true;
  const std::vector<Field> all = ScanColumns(*snapshot_);
  for (int i : columns) {
    const Field& field = all[static_cast<size_t>(i)];
    if (HasCaseTwins(field.type)) {
      return NotImplemented("reading the column " + field.name + ", whose fields differ in case alone");
    }
    if (no_files) {
      select += (select.empty() ? "" : ", ") + LiteralSql(Value::Null(field.type)) + " AS k" + std::to_string(i);
    } else {
      std::string name = "k" + std::to_string(i);
      std::string read = ReadSql(field, name);
      plain = plain && read == name;
      select += (select.empty() ? "" : ", ") + (read == name ? name : read + " AS " + name);
    }
  }
  if (no_files) {
    if (with_row_position || select.empty()) {
      select += std::string(select.empty() ? "" : ", ") +
                "CAST(NULL AS BIGINT) AS k_file, CAST(NULL AS BIGINT) AS k_row";
    }
    return "(SELECT " + select + " WHERE FALSE)";
  }
  ASSIGN_OR_RETURN(auto scan, TableScan::Make(snapshot_, files_, match_, store_, bindings.time_zone()));
  std::string function = "ashlar_scan(" + std::to_string(bindings.Bind(std::move(scan))) + ")";
  if (!with_row_position && plain) return function;
  if (with_row_position) {
    select += std::string(select.empty() ? "" : ", ") + "CAST(file_index AS BIGINT) AS k_file, file_row_number AS k_row";
  }
  return "(SELECT " + select + " FROM " + function + ")";
}

ChangesTable::ChangesTable(delta::TableChanges changes, ColumnMatch match, objectstore::ObjectStore& store)
    : schema_(std::move(changes.schema)), partition_columns_(std::move(changes.partition_columns)) {
  for (delta::ChangesPart& part : changes.parts) {
    std::map<size_t, RowSelection> files;
    for (size_t i = 0; i < part.rows.size(); ++i) {
      files[i] = part.rows[i] ? RowSelection{part.rows[i], RowSelection::Use::kOnly} : RowSelection{};
    }
    parts_.push_back(DeltaTable(part.files, match, store).WithRows(std::move(files)));
  }
}

Result<std::string> ChangesTable::FromSql(const std::vector<int>& columns, bool with_row_position,
                                          StatementBindings& bindings) const {
  CHECK(!with_row_position) << "the rows of a change data feed cannot be changed";
  std::string select;
  for (int i : columns) select += (select.empty() ? "k" : ", k") + std::to_string(i);
  if (select.empty()) select = "1 AS one";
  std::string out;
  for (const auto& part : parts_) {
    ASSIGN_OR_RETURN(std::string from, part->FromSql(columns, false, bindings));
    out += (out.empty() ? "SELECT " : " UNION ALL SELECT ") + select + " FROM " + from;
  }
  if (!out.empty()) return "(" + out + ")";
  for (int i : columns) {
    out += (out.empty() ? "" : ", ") + LiteralSql(Value::Null(schema_.fields[static_cast<size_t>(i)].type)) + " AS k" + std::to_string(i);
  }
  return "(SELECT " + (out.empty() ? "1 AS one" : out) + " WHERE FALSE)";
}

Result<std::shared_ptr<const delta::Snapshot>> SnapshotCache::Latest(const delta::TableLocation& table) {
  std::shared_ptr<const delta::Snapshot> older;
  {
    std::lock_guard lock(mutex_);
    auto it = snapshots_.find(table.root);
    if (it != snapshots_.end()) older = it->second;
  }
  auto latest = older ? delta::Snapshot::Update(table, older) : delta::Snapshot::Load(table);
  std::lock_guard lock(mutex_);
  if (!latest.ok()) {
    snapshots_.erase(table.root);
    return std::move(latest).error();
  }
  auto& kept = snapshots_[table.root];
  if (!kept || kept->version() <= (*latest)->version() || kept == older) kept = *latest;
  return latest;
}

void SnapshotCache::Forget(const std::string& root) {
  std::lock_guard lock(mutex_);
  snapshots_.erase(root);
}

std::string LocalPath(const std::string& location) {
  std::string path = location;
  if (path.starts_with("file://")) {
    path.erase(0, 7);
  } else if (path.starts_with("file:")) {
    path.erase(0, 5);
  }
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

Result<std::shared_ptr<const sql::TableHandle>> DeltaTableSource::OpenDelta(const delta::TableLocation& table,
                                                                            const sql::TimeTravel& at) {
  std::shared_ptr<const delta::Snapshot> snapshot;
  if (at.version || at.timestamp_micros) {
    delta::TimeTravel travel{.version = at.version, .timestamp_ms = std::nullopt};
    if (at.timestamp_micros) travel.timestamp_ms = *at.timestamp_micros / 1000;
    ASSIGN_OR_RETURN(snapshot, delta::Snapshot::Load(table, travel));
  } else {
    ASSIGN_OR_RETURN(snapshot, cache_.Latest(table));
  }
  ColumnMatch match = snapshot->mapping_mode() == delta::ColumnMappingMode::kId ? ColumnMatch::kFieldId
                                                                                : ColumnMatch::kName;
  return std::shared_ptr<const sql::TableHandle>(
      std::make_shared<DeltaTable>(std::move(snapshot), match, store_));
}

// The options of Spark's reader: startingVersion or startingTimestamp, endingVersion or endingTimestamp.
Result<std::shared_ptr<const sql::TableHandle>> DeltaTableSource::OpenChanges(
    const delta::TableLocation& table, const std::map<std::string, std::string>& options) {
  auto boundary = [&](const std::string& which) -> Result<std::optional<int64_t>> {
    auto find = [&](const std::string& name) {
      return std::ranges::find_if(options, [&](const auto& option) { return EqualsIgnoreCase(option.first, name); });
    };
    auto version = find(which + "Version");
    auto timestamp = find(which + "Timestamp");
    if (version != options.end() && timestamp != options.end()) {
      return MakeSqlError("DELTA_MULTIPLE_CDC_BOUNDARY", "42614",
                          "Multiple " + which + " arguments provided for CDC read. Please provide one of either " + which +
                              "Timestamp or " + which + "Version.",
                          {{"startingOrEnding", which}});
    }
    if (version != options.end()) {
      std::optional<int64_t> number = ParseInt64(version->second);
      if (number && *number >= 0) return number;
      return MakeError(ErrorCode::kInvalidParameterValue, which + "Version is not a version: " + version->second);
    }
    if (timestamp == options.end()) return std::optional<int64_t>();
    std::optional<delta::ParsedTimestamp> time = delta::ParseTimestampText(timestamp->second);
    if (!time) return MakeError(ErrorCode::kInvalidParameterValue, which + "Timestamp is not a time: " + timestamp->second);
    return delta::ChangesBoundary(table, time->micros / 1000, which == "starting");
  };
  ASSIGN_OR_RETURN(std::optional<int64_t> first, boundary("starting"));
  ASSIGN_OR_RETURN(std::optional<int64_t> last, boundary("ending"));
  if (!first) {
    return MakeSqlError("DELTA_NO_START_FOR_CDC_READ", "42601",
                        "No startingVersion or startingTimestamp provided for CDC read.");
  }
  ASSIGN_OR_RETURN(delta::TableChanges changes, delta::ReadChanges(table, *first, last));
  // Of no version in the range there are no files either: how columns match does not matter then.
  bool by_id = !changes.parts.empty() && changes.parts[0].files->mapping_mode() == delta::ColumnMappingMode::kId;
  return std::shared_ptr<const sql::TableHandle>(std::make_shared<ChangesTable>(
      std::move(changes), by_id ? ColumnMatch::kFieldId : ColumnMatch::kName, store_));
}

Result<std::shared_ptr<const sql::TableHandle>> DeltaTableSource::Open(
    const sql::ResolvedRelation& relation, const sql::TimeTravel& time_travel,
    const std::map<std::string, std::string>& options, const std::optional<Schema>& user_schema) {
  if (options.contains(sql::kRowMetadata)) {
    // Of the very version that the statement reads without it, too.
    std::map<std::string, std::string> plain = options;
    plain.erase(sql::kRowMetadata);
    ASSIGN_OR_RETURN(auto table, Open(relation, time_travel, plain, user_schema));
    return WithRowMetadata(std::move(table));
  }
  std::string key = OpenKey(relation, time_travel, options, user_schema);
  if (auto it = opened_.find(key); it != opened_.end()) return it->second;
  std::string path = LocalPath(relation.location);
  std::shared_ptr<const sql::TableHandle> handle;
  if (EqualsIgnoreCase(relation.format, "delta")) {
    delta::TableLocation table{.store = &store_, .root = path, .parquet = &parquet_, .source_roots = relation.source_roots,
                               .others = others_};
    if (relation.ratified) {
      table.catalog = std::make_shared<delta::KnownCommits>(
          delta::RatifiedCommits{relation.ratified->latest_version, relation.ratified->staged});
    }
    auto feed = std::ranges::find_if(options, [](const auto& option) {
      return EqualsIgnoreCase(option.first, "readChangeFeed") || EqualsIgnoreCase(option.first, "readChangeData");
    });
    if (feed != options.end() && EqualsIgnoreCase(feed->second, "true")) {
      ASSIGN_OR_RETURN(handle, OpenChanges(table, options));
    } else {
      ASSIGN_OR_RETURN(handle, OpenDelta(table, time_travel));
    }
  } else {
    if (time_travel.version || time_travel.timestamp_micros) {
      return NotImplemented("time travel on a table of the format " + relation.format);
    }
    // A catalogued table's own options and columns; what the query says comes first.
    std::map<std::string, std::string> merged = options;
    merged.insert(relation.properties.begin(), relation.properties.end());
    std::optional<Schema> schema = user_schema;
    if (!schema && relation.kind == sql::RelationKind::kTable && !relation.schema.fields.empty()) {
      schema = relation.schema;
    }
    ASSIGN_OR_RETURN(handle, OpenFileTable(engine_, store_, {.format = ToLowerAscii(relation.format),
                                                             .path = path,
                                                             .options = std::move(merged),
                                                             .schema = std::move(schema)}));
  }
  opened_.emplace(std::move(key), handle);
  return handle;
}

}  // namespace ashlar::engine
