#include "engine/scan/file_statistics.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "duckdb.hpp"
#include "engine/duck_connection.h"
#include "engine/duck_types.h"
#include "engine/scan/parquet_footers.h"
#include "engine/write/written_file.h"

namespace ashlar::engine {
namespace {

// Whose statistics are held at a time.
constexpr size_t kFilesAtATime = 512;
// No column of a file is called so.
constexpr const char* kFileColumn = "\x01 file";

bool HasBounds(const DataType& type) {
  return type.IsAtomic() && !type.Is(TypeId::kBoolean) && !type.Is(TypeId::kBinary) && !type.IsInterval();
}

// Of two values of a type with bounds.
bool IsLess(const Value& a, const Value& b) {
  if (auto* number = std::get_if<int64_t>(&a.data)) return *number < std::get<int64_t>(b.data);
  if (auto* fraction = std::get_if<double>(&a.data)) return *fraction < std::get<double>(b.data);
  if (auto* decimal = std::get_if<Int128>(&a.data)) return *decimal < std::get<Int128>(b.data);
  if (auto* text = std::get_if<std::string>(&a.data)) return *text < std::get<std::string>(b.data);
  return false;
}

// Texts that were no UTF-8 are shown with escapes.
bool IsAsWritten(const std::string& text, const DataType& type) {
  return !type.Is(TypeId::kString) || text.find("\\x") == std::string::npos;
}

std::optional<Value> FooterBound(const std::optional<std::string>& text, const DataType& type) {
  if (!text || !IsAsWritten(*text, type)) return std::nullopt;
  return WrittenValue(*text, type, TextForm::kStatistics);
}

// Puts the row groups of one column together. False: the footer does not say all there is to say.
bool TakeChunks(const std::vector<const ParquetChunk*>& chunks, delta::ColumnStats& stats) {
  int64_t nulls = 0;
  for (const ParquetChunk* chunk : chunks) {
    if (!chunk->null_count) return false;
    nulls += *chunk->null_count;
    if (*chunk->null_count == chunk->values || !HasBounds(stats.column.type)) continue;
    std::optional<Value> min = FooterBound(chunk->min, stats.column.type);
    std::optional<Value> max = FooterBound(chunk->max, stats.column.type);
    if (!min || !max) return false;
    if (!stats.min || IsLess(*min, *stats.min)) stats.min = std::move(min);
    if (!stats.max || IsLess(*stats.max, *max)) stats.max = std::move(max);
  }
  stats.null_count = nulls;
  return true;
}

// The columns of a file as text: equal of files that can be read as one.
std::string ShapeOf(const ParquetFooter& footer) {
  std::string shape;
  for (const ParquetNode& node : footer.nodes) {
    shape += node.name + '\0' + node.physical_type + '\0' + node.converted_type + '\0' + node.logical_type + '\0' +
             std::to_string(node.children) + ' ' + std::to_string(node.precision) + ' ' + std::to_string(node.scale) + '\n';
  }
  return shape;
}

// The statistics of one file, and which of its columns must be read for theirs (indexes).
struct Draft {
  FileStatistics statistics;
  std::vector<size_t> silent;
  std::string shape;  // where there are such columns
};

class FooterReading {
 public:
  explicit FooterReading(const std::vector<delta::LeafColumn>& columns) : columns_(columns) {}

  Draft Read(const ParquetFooter& footer) const {
    std::map<std::string, FooterColumn> places;
    for (FooterColumn& column : ColumnsOf(footer)) {
      std::string path = column.path;
      places.emplace(std::move(path), std::move(column));
    }
    std::map<size_t, std::vector<const ParquetChunk*>> chunks;
    for (const ParquetChunk& chunk : footer.chunks) chunks[chunk.leaf].push_back(&chunk);
    Draft draft{{footer.rows, {}}, {}, {}};
    for (const delta::LeafColumn& column : columns_) {
      delta::ColumnStats stats{.column = column, .min = {}, .max = {}, .null_count = {}};
      auto place = places.find(FooterPath(column.path));
      if (place == places.end()) {
        // A group the file has stands for one value (VARIANT), of which nothing is known: DuckDB takes the null of JSON for NULL.
        auto inside = places.lower_bound(FooterPath(column.path));
        bool is_group = inside != places.end() && inside->first.starts_with(FooterPath(column.path));
        if (!is_group) stats.null_count = footer.rows;
      } else if (!Fill(footer, place->second, chunks[place->second.first_leaf], stats)) {
        draft.silent.push_back(draft.statistics.columns.size());
      }
      draft.statistics.columns.push_back(std::move(stats));
    }
    if (!draft.silent.empty()) draft.shape = ShapeOf(footer);
    return draft;
  }

 private:
  // False: the column must be read.
  static bool Fill(const ParquetFooter& footer, const FooterColumn& place, const std::vector<const ParquetChunk*>& chunks,
                   delta::ColumnStats& stats) {
    if (place.repeated || !stats.column.type.IsAtomic()) {
      bool none = std::ranges::all_of(chunks, [](const ParquetChunk* chunk) { return chunk->null_count == 0; });
      if (none) stats.null_count = 0;
      return none;
    }
    // NaN is the greatest value, and only parquet-mr leaves bounds out because of it.
    bool may_hide_nan = stats.column.type.IsFractional() && !footer.created_by.starts_with("parquet-mr");
    if (!may_hide_nan && TakeChunks(chunks, stats)) return true;
    stats.min.reset();
    stats.max.reset();
    return footer.rows == 0 || !HasBounds(stats.column.type);
  }

  const std::vector<delta::LeafColumn>& columns_;
};

std::string LeafSql(const std::vector<std::string>& path) {
  std::string sql = QuoteSqlName(path[0]);
  for (size_t i = 1; i < path.size(); ++i) sql = "struct_extract(" + sql + ", " + QuoteSqlString(path[i]) + ")";
  return sql;
}

bool IsTime(const DataType& type) { return type.Is(TypeId::kTimestamp) || type.Is(TypeId::kTimestampNtz); }

// Reads columns of files of one shape that lack statistics of the same ones.
Status ReadColumns(Connection& connection, const std::vector<delta::LeafColumn>& columns, const std::vector<size_t>& silent,
                   const std::map<std::string, Draft*>& files) {
  std::vector<std::string> names;
  for (const auto& [file, draft] : files) names.push_back(file);
  std::string select;
  for (size_t i : silent) {
    std::string column = LeafSql(columns[i].path);
    const char* text = IsTime(columns[i].type) ? "epoch_us(" : "(";
    select += !HasBounds(columns[i].type) ? std::string(", NULL, NULL")
                                          : std::string(", CAST(") + text + "min(" + column + ")) AS VARCHAR), CAST(" + text + "max(" +
                                                column + ")) AS VARCHAR)";
    select += ", count(*) - count(" + column + ")";
  }
  std::string file_column = QuoteSqlName(kFileColumn);
  std::string sql = "SELECT " + file_column + select + " FROM read_parquet(" + FileListSql(names) + ", filename = " +
                    QuoteSqlString(kFileColumn) + ", hive_partitioning = false) GROUP BY ALL";
  return AsDuck(connection).RunStreamed(sql, [&](duckdb::DataChunk& chunk) {
    for (duckdb::idx_t row = 0; row < chunk.size(); ++row) {
      auto file = files.find(chunk.GetValue(0, row).ToString());
      if (file == files.end()) continue;
      for (size_t n = 0; n < silent.size(); ++n) {
        delta::ColumnStats& stats = file->second->statistics.columns[silent[n]];
        TextForm form = IsTime(stats.column.type) ? TextForm::kPartition : TextForm::kStatistics;
        auto bound = [&](duckdb::idx_t cell) {
          duckdb::Value value = chunk.GetValue(cell, row);
          return value.IsNull() ? std::nullopt : WrittenValue(value.ToString(), stats.column.type, form);
        };
        stats.min = bound(1 + 3 * n);
        stats.max = bound(2 + 3 * n);
        stats.null_count = chunk.GetValue(3 + 3 * n, row).GetValue<int64_t>();
      }
    }
  });
}

Status ReadSilentColumns(Connection& connection, std::span<const std::string> files,
                         const std::vector<delta::LeafColumn>& columns, std::vector<Draft>& drafts) {
  std::map<std::pair<std::string, std::vector<size_t>>, std::map<std::string, Draft*>> alike;
  for (size_t i = 0; i < drafts.size(); ++i) {
    if (!drafts[i].silent.empty()) alike[{drafts[i].shape, drafts[i].silent}].emplace(files[i], &drafts[i]);
  }
  for (const auto& [of_files, some] : alike) RETURN_IF_ERROR(ReadColumns(connection, columns, of_files.second, some));
  return OkStatus();
}

}  // namespace

Status ReadFileStatistics(Connection& connection, std::span<const std::string> files,
                          const std::vector<delta::LeafColumn>& columns,
                          const std::function<Status(size_t, const FileStatistics&)>& consume) {
  FooterReading reading(columns);
  FooterPart part = columns.empty() ? FooterPart::kSchema : FooterPart::kStatistics;
  for (size_t begin = 0; begin < files.size(); begin += kFilesAtATime) {
    std::span<const std::string> some = files.subspan(begin, std::min(kFilesAtATime, files.size() - begin));
    std::vector<Draft> drafts(some.size());
    RETURN_IF_ERROR(ReadFooters(connection, some, part, [&](size_t index, const ParquetFooter& footer) {
      drafts[index] = reading.Read(footer);
      return OkStatus();
    }));
    RETURN_IF_ERROR(ReadSilentColumns(connection, some, columns, drafts));
    for (size_t i = 0; i < drafts.size(); ++i) RETURN_IF_ERROR(consume(begin + i, drafts[i].statistics));
  }
  return OkStatus();
}

}  // namespace ashlar::engine
