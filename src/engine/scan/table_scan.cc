#include "engine/scan/table_scan.h"

#include <algorithm>
#include <cstdlib>

#include "base/check.h"
#include "base/saturating.h"
#include "base/text.h"
#include "delta/schema.h"
#include "objectstore/store_url.h"
#include "sql/analyze/time_zone.h"

namespace ashlar::engine {
namespace {

// Of so few, looking at each is less work than looking at all of the snapshot.
constexpr size_t kFewFiles = 16;
constexpr int64_t kSecondMicros = 1'000'000;

bool Less(const Value& a, const Value& b) {
  CHECK(a.type == b.type);
  if (auto* decimal = std::get_if<Int128>(&a.data)) return *decimal < std::get<Int128>(b.data);
  return std::get<int64_t>(a.data) < std::get<int64_t>(b.data);
}

// A bound as a value of the column's type: the log's text of a decimal has no more digits than it needs.
std::optional<Value> AsColumnValue(const std::optional<Value>& bound, const DataType& type) {
  if (!bound || !type.Is(TypeId::kDecimal)) return bound;
  Int128 unscaled = std::get<Int128>(bound->data), limit = 1;
  if (bound->type.scale() > type.scale()) return std::nullopt;
  for (int i = bound->type.scale(); i < type.scale(); ++i) {
    if (__builtin_mul_overflow(unscaled, Int128{10}, &unscaled)) return std::nullopt;
  }
  for (int i = 0; i < type.precision(); ++i) limit *= 10;
  return unscaled < limit && unscaled > -limit ? std::optional(Value{type, unscaled}) : std::nullopt;
}

// Widens `all` by the bounds of one more file.
void Widen(delta::ColumnBounds& all, const delta::ColumnBounds& file, std::optional<int64_t> rows) {
  if (all.null_count && file.null_count) {
    *all.null_count += *file.null_count;
  } else {
    all.null_count.reset();
  }
  bool only_null = rows && file.null_count && *rows == *file.null_count;
  if (only_null) return;
  auto widen = [](std::optional<Value>& bound, const std::optional<Value>& other, bool outwards_is_less) {
    if (!bound || !other) {
      bound.reset();
    } else if (bound->is_null() || Less(outwards_is_less ? *other : *bound, outwards_is_less ? *bound : *other)) {
      bound = other;
    }
  };
  widen(all.min, file.min, true);
  widen(all.max, file.max, false);
}

// Whether values are integers, which DuckDB's optimizer can use bounds of.
bool HasIntegralBounds(const DataType& type) {
  return type.IsIntegral() || type.Is(TypeId::kDecimal) || type.IsDatetime();
}

}  // namespace

delta::WallClock WallClockOf(const std::string& time_zone) {
  if (time_zone == "UTC" || time_zone == "Z") return nullptr;
  return [time_zone](int64_t micros) {
    int64_t seconds = micros / kSecondMicros - (micros % kSecondMicros < 0 ? 1 : 0);
    int64_t offset = sql::ZoneOffsetSeconds(time_zone, seconds, sql::ClockKind::kWallClock).value_or(0);
    return SaturatingAdd(micros, -offset * kSecondMicros);
  };
}

std::string RealPath(const std::string& path) {
  if (objectstore::IsStorePath(path)) return path;
  char* real = realpath(path.c_str(), nullptr);
  if (real == nullptr) return path;
  std::string out = real;
  free(real);
  return out;
}

Result<std::shared_ptr<const TableScan>> TableScan::Make(std::shared_ptr<const delta::Snapshot> snapshot,
                                                         std::optional<std::map<size_t, RowSelection>> files,
                                                         ColumnMatch match, objectstore::ObjectStore& store,
                                                         const std::string& time_zone) {
  std::shared_ptr<TableScan> scan(new TableScan);
  scan->store_ = &store;
  scan->match_ = match;
  scan->clock_ = WallClockOf(time_zone);
  scan->real_roots_ = {RealPath(snapshot->root())};
  for (const std::string& root : snapshot->source_roots()) scan->real_roots_.push_back(RealPath(root));
  const auto& partition_columns = snapshot->partition_columns();
  for (const Field& field : snapshot->schema().fields) {
    int index = -1;
    for (size_t i = 0; i < partition_columns.size(); ++i) {
      if (EqualsIgnoreCase(partition_columns[i], field.name)) index = static_cast<int>(i);
    }
    scan->partition_index_.push_back(index);
  }
  if (files) {
    scan->chosen_.emplace(files->begin(), files->end());
    CHECK(files->empty() || files->rbegin()->first < snapshot->files().size());
  }
  scan->snapshot_ = std::move(snapshot);
  return std::shared_ptr<const TableScan>(std::move(scan));
}

Result<TableScan::File> TableScan::MakeFile(size_t number) const {
  File file{.add = snapshot_->files()[SnapshotIndex(number)], .path = {}, .partition = {}, .selection = {}};
  if (chosen_) file.selection = (*chosen_)[number].second;
  ASSIGN_OR_RETURN(file.path, snapshot_->DataPath(file.add));
  for (const std::string& column : snapshot_->partition_columns()) {
    ASSIGN_OR_RETURN(Value value, snapshot_->PartitionValue(file.add.partition_values, column, clock_));
    file.partition.push_back(std::move(value));
  }
  return file;
}

bool TableScan::MayOpen(const std::string& path) const {
  std::string real = RealPath(path);
  return std::ranges::any_of(real_roots_, [&](const std::string& root) { return real.starts_with(root + "/"); });
}

std::vector<size_t> TableScan::Select(delta::Predicate predicate, const std::vector<size_t>& files) const {
  delta::FileFilter filter(*snapshot_, std::move(predicate));
  std::vector<size_t> kept;
  if (files.size() <= kFewFiles) {
    for (size_t i : files) {
      if (filter.Match(snapshot_->files()[SnapshotIndex(i)]) != delta::FileMatch::kNone) kept.push_back(i);
    }
    return kept;
  }
  std::vector<size_t> matching = filter.Select(snapshot_->files());
  auto match = matching.begin();
  for (size_t i : files) {
    size_t index = SnapshotIndex(i);
    while (match != matching.end() && *match < index) ++match;
    if (match != matching.end() && *match == index) kept.push_back(i);
  }
  return kept;
}

std::optional<int64_t> TableScan::LiveRows(const std::vector<size_t>& files) const {
  if (files.size() == snapshot_->files().size()) return snapshot_->RowCount();
  int64_t total = 0;
  for (size_t i : files) {
    std::optional<int64_t> rows = snapshot_->files().LiveRowsOf(SnapshotIndex(i));
    if (!rows) return std::nullopt;
    total += *rows;
  }
  return total;
}

std::vector<delta::ColumnBounds> TableScan::BoundsOfAllColumns() const {
  const std::vector<Field>& fields = schema().fields;
  std::vector<delta::LeafColumn> leaves;
  std::vector<delta::ColumnBounds> all;
  for (const Field& field : fields) {
    leaves.push_back({{delta::PhysicalName(field, snapshot_->mapping_mode())}, field.type});
    // A NULL bound stands for "no value yet".
    std::optional<Value> none;
    if (HasIntegralBounds(field.type)) none = Value::Null(field.type);
    all.push_back({.min = none, .max = none, .null_count = 0});
  }
  for (size_t number = 0; number < file_count(); ++number) {
    delta::AddFile file = snapshot_->files()[SnapshotIndex(number)];
    delta::FileStats stats = delta::ParseStats(file.stats.value_or(""), leaves);
    for (size_t i = 0; i < fields.size(); ++i) {
      delta::ColumnBounds bounds = stats.columns[i];
      if (partition_index_[i] >= 0) {
        Result<Value> value = snapshot_->PartitionValue(file.partition_values, fields[i].name, clock_);
        // The scan fails when it comes to the file.
        bounds = {};
        if (value.ok()) bounds = {.min = *value, .max = *value, .null_count = 0};
        if (value.ok() && value->is_null()) bounds = {.min = {}, .max = {}, .null_count = stats.num_records};
      }
      bounds.min = AsColumnValue(bounds.min, fields[i].type);
      bounds.max = AsColumnValue(bounds.max, fields[i].type);
      Widen(all[i], bounds, stats.num_records);
    }
  }
  for (delta::ColumnBounds& bounds : all) {
    if (bounds.min && bounds.min->is_null()) bounds.min.reset();
    if (bounds.max && bounds.max->is_null()) bounds.max.reset();
  }
  return all;
}

delta::ColumnBounds TableScan::Bounds(size_t column) const {
  if (file_count() == 0 || file_count() > kMaxFilesForBounds) return {};
  std::call_once(bounds_made_, [&] { bounds_ = BoundsOfAllColumns(); });
  return bounds_[column];
}

Result<RowFilter> TableScan::Rows(const File& file) const {
  RowFilter filter;
  if (file.selection.rows && file.selection.use == RowSelection::Use::kOnly) filter.only = file.selection.rows;
  if (file.selection.rows && file.selection.use == RowSelection::Use::kWithout) {
    filter.without.push_back(file.selection.rows);
  }
  if (file.add.deletion_vector) {
    ASSIGN_OR_RETURN(auto vector,
                     delta::LoadDeletionVector(*store_, snapshot_->root(), *file.add.deletion_vector,
                                               snapshot_->source_roots()));
    filter.without.push_back(std::make_shared<const delta::DeletionVector>(std::move(vector)));
  }
  return filter;
}

}  // namespace ashlar::engine
