#include "engine/scan/parquet_footers.h"

#include <algorithm>
#include <unordered_map>

#include "base/json.h"
#include "base/text.h"
#include "duckdb.hpp"
#include "engine/duck_connection.h"
#include "engine/duck_types.h"

namespace ashlar::engine {
namespace {

// Their paths stand in one statement.
constexpr size_t kFilesOfAStatement = 1024;
constexpr const char* kSparkKey = "org.apache.spark.sql.parquet.row.metadata";

std::string FootersSql(std::span<const std::string> files, FooterPart part) {
  std::string chunks = part == FooterPart::kSchema
                           ? "NULL"
                           : "list_transform(parquet_metadata, lambda e: row(e.column_id, e.num_values, coalesce(e.stats_min_value, e.stats_min), "
                             "coalesce(e.stats_max_value, e.stats_max), e.stats_null_count, e.stats_min_value IS NULL AND e.stats_max_value IS NULL))";
  return "SELECT parquet_file_metadata[1].file_name, parquet_file_metadata[1].num_rows, parquet_file_metadata[1].created_by, "
         "decode(list_filter(parquet_kv_metadata, lambda e: e.key = '" + std::string(kSparkKey) + "'::BLOB)[1].value), "
         "list_transform(parquet_schema, lambda e: row(e.name, e.type, e.repetition_type, e.converted_type, e.logical_type, "
         "e.num_children, e.precision, e.scale)), " + chunks + " FROM parquet_full_metadata(" + FileListSql(files) + ")";
}

std::string TextOr(const duckdb::Value& value, std::string otherwise = "") {
  return value.IsNull() ? std::move(otherwise) : value.ToString();
}

int64_t NumberOf(const duckdb::Value& value) { return value.IsNull() ? 0 : value.GetValue<int64_t>(); }

ParquetNode NodeOf(const duckdb::Value& row) {
  const auto& cells = duckdb::StructValue::GetChildren(row);
  ParquetNode node;
  node.name = TextOr(cells[0]);
  node.children = NumberOf(cells[5]);
  if (node.children == 0) node.physical_type = TextOr(cells[1]);
  node.repetition = TextOr(cells[2]);
  node.converted_type = TextOr(cells[3]);
  node.logical_type = TextOr(cells[4]);
  node.precision = static_cast<int>(NumberOf(cells[6]));
  node.scale = static_cast<int>(NumberOf(cells[7]));
  return node;
}

// Bounds of the kind that old writers made are right for what compares as signed numbers alone.
bool ComparesSigned(const ParquetNode& node) {
  bool number = node.physical_type == "INT32" || node.physical_type == "INT64" || node.physical_type == "FLOAT" ||
                node.physical_type == "DOUBLE";
  return number && !node.converted_type.starts_with("UINT");
}

ParquetChunk ChunkOf(const duckdb::Value& row, const std::vector<const ParquetNode*>& leaves) {
  const auto& cells = duckdb::StructValue::GetChildren(row);
  ParquetChunk chunk;
  chunk.leaf = static_cast<size_t>(NumberOf(cells[0]));
  chunk.values = NumberOf(cells[1]);
  if (!cells[4].IsNull()) chunk.null_count = cells[4].GetValue<int64_t>();
  bool old = cells[5].GetValue<bool>();
  if (old && (chunk.leaf >= leaves.size() || !ComparesSigned(*leaves[chunk.leaf]))) return chunk;
  if (!cells[2].IsNull()) chunk.min = cells[2].ToString();
  if (!cells[3].IsNull()) chunk.max = cells[3].ToString();
  return chunk;
}

std::vector<const ParquetNode*> LeavesOf(const std::vector<ParquetNode>& nodes) {
  std::vector<const ParquetNode*> leaves;
  for (size_t i = 1; i < nodes.size(); ++i) {
    if (nodes[i].children == 0) leaves.push_back(&nodes[i]);
  }
  return leaves;
}

ParquetFooter FooterOf(duckdb::DataChunk& chunk, duckdb::idx_t row) {
  ParquetFooter footer;
  footer.rows = NumberOf(chunk.GetValue(1, row));
  footer.created_by = TextOr(chunk.GetValue(2, row));
  footer.spark_schema = TextOr(chunk.GetValue(3, row));
  duckdb::Value nodes = chunk.GetValue(4, row);
  for (const duckdb::Value& node : duckdb::ListValue::GetChildren(nodes)) footer.nodes.push_back(NodeOf(node));
  duckdb::Value chunks = chunk.GetValue(5, row);
  if (chunks.IsNull()) return footer;
  std::vector<const ParquetNode*> leaves = LeavesOf(footer.nodes);
  for (const duckdb::Value& one : duckdb::ListValue::GetChildren(chunks)) {
    footer.chunks.push_back(ChunkOf(one, leaves));
  }
  return footer;
}

Error Unreadable(const std::string& file, const Error& cause) {
  if (cause.condition != "FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER") return cause;
  Error error = MakeSqlError("DELTA_FAILED_READ_FILE_FOOTER", "KD001", "Could not read footer for file: " + file,
                             {{"currentFile", file}});
  error.code = cause.code;
  return error;
}

// The error of the first file that cannot be read by itself; `cause` when each can.
Error FirstUnreadable(Connection& connection, std::span<const std::string> files, const Error& cause) {
  if (cause.condition != "FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER") return cause;
  for (const std::string& file : files) {
    Status read = AsDuck(connection).RunStreamed(FootersSql(std::span(&file, 1), FooterPart::kSchema), [](duckdb::DataChunk&) {});
    if (!read.ok()) return Unreadable(file, read.error());
  }
  return cause;
}

Status ReadSome(Connection& connection, std::span<const std::string> files, FooterPart part,
                const std::function<Status(size_t, const ParquetFooter&)>& consume) {
  std::unordered_map<std::string_view, size_t> indexes;
  for (size_t i = 0; i < files.size(); ++i) indexes.emplace(files[i], i);
  Status consumed = OkStatus();
  std::vector<bool> seen(files.size());
  Status read = AsDuck(connection).RunStreamed(FootersSql(files, part), [&](duckdb::DataChunk& chunk) {
    for (duckdb::idx_t row = 0; row < chunk.size() && consumed.ok(); ++row) {
      auto found = indexes.find(chunk.GetValue(0, row).ToString());
      if (found == indexes.end()) {
        consumed = MakeError(ErrorCode::kInvalidParameterValue, "No name of one file: " + chunk.GetValue(0, row).ToString());
        return;
      }
      seen[found->second] = true;
      consumed = consume(found->second, FooterOf(chunk, row));
    }
  });
  if (!read.ok()) return FirstUnreadable(connection, files, read.error());
  RETURN_IF_ERROR(consumed);
  auto unread = std::ranges::find(seen, false);
  if (unread == seen.end()) return OkStatus();
  return MakeError(ErrorCode::kIoError, "The footer was not read: " + files[static_cast<size_t>(unread - seen.begin())]);
}

// ---- types ----------------------------------------------------------------------------------------

bool Holds(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

// The node as Parquet's own text names it: "INT64 (TIMESTAMP(NANOS,true))".
std::string NodeText(const ParquetNode& node) {
  bool utc = Holds(node.logical_type, "isAdjustedToUTC=1") || node.logical_type.empty();
  std::string unit = Holds(node.logical_type, "NANOS=Nano")    ? "NANOS"
                     : Holds(node.logical_type, "MICROS=Micro") ? "MICROS"
                                                               : "MILLIS";
  std::string annotation;
  if (node.logical_type.starts_with("TimestampType")) {
    annotation = "TIMESTAMP(" + unit + "," + (utc ? "true)" : "false)");
  } else if (node.logical_type.starts_with("TimeType")) {
    annotation = "TIME(" + unit + "," + (utc ? "true)" : "false)");
  } else if (node.logical_type.starts_with("UUIDType")) {
    annotation = "UUID";
  } else if (node.logical_type.starts_with("Float16Type")) {
    annotation = "FLOAT16";
  } else {
    annotation = node.converted_type;
  }
  return node.physical_type + (annotation.empty() ? "" : " (" + annotation + ")");
}

Error IllegalType(const ParquetNode& node) {
  std::string type = NodeText(node);
  return MakeSqlError("PARQUET_TYPE_ILLEGAL", "42846", "Illegal Parquet type: " + type + ".", {{"parquetType", type}});
}

Result<DataType> IntegerType(const ParquetNode& node) {
  bool wide = node.physical_type == "INT64";
  const std::string& converted = node.converted_type;
  if (converted == "DECIMAL") return DataType::Decimal(node.precision, node.scale);
  if (wide && converted == "UINT_64") return DataType::Decimal(20, 0);
  // What is no instant may have no converted type.
  bool timestamp = converted.starts_with("TIMESTAMP_") || node.logical_type.starts_with("TimestampType");
  if (wide && timestamp && !Holds(node.logical_type, "NANOS=Nano")) {
    return DataType(Holds(node.logical_type, "isAdjustedToUTC=0") ? TypeId::kTimestampNtz : TypeId::kTimestamp);
  }
  if (!wide && converted == "INT_8") return DataType(TypeId::kByte);
  if (!wide && (converted == "INT_16" || converted == "UINT_8")) return DataType(TypeId::kShort);
  if (!wide && converted == "UINT_32") return DataType(TypeId::kLong);
  if (!wide && converted == "DATE") return DataType(TypeId::kDate);
  if (!wide && converted == "UINT_16") return DataType(TypeId::kInt);
  // A column of NULLs alone ("NullType()") says no more than its physical type.
  bool unnamed = converted.empty() && (node.logical_type.empty() || node.logical_type.starts_with("NullType"));
  bool plain = unnamed || converted == (wide ? "INT_64" : "INT_32");
  if (!plain) return IllegalType(node);
  return DataType(wide ? TypeId::kLong : TypeId::kInt);
}

Result<DataType> LeafType(const ParquetNode& node) {
  const std::string& physical = node.physical_type;
  if (physical == "INT32" || physical == "INT64") return IntegerType(node);
  if (physical == "BOOLEAN") return DataType(TypeId::kBoolean);
  if (physical == "FLOAT") return DataType(TypeId::kFloat);
  if (physical == "DOUBLE") return DataType(TypeId::kDouble);
  if (physical == "INT96") return DataType(TypeId::kTimestamp);
  if (node.converted_type == "DECIMAL") return DataType::Decimal(node.precision, node.scale);
  bool text = node.converted_type == "UTF8" || node.converted_type == "ENUM" || node.converted_type == "JSON" ||
              node.logical_type.starts_with("StringType");
  if (physical == "BYTE_ARRAY" && text) return DataType(TypeId::kString);
  bool bytes = (node.converted_type.empty() && node.logical_type.empty()) || node.converted_type == "BSON";
  if (bytes) return DataType(TypeId::kBinary);
  return IllegalType(node);
}

// Reads the nodes of a footer in their order.
class SchemaReader {
 public:
  explicit SchemaReader(const std::vector<ParquetNode>& nodes) : nodes_(nodes) {}

  Result<std::vector<Field>> Fields(int64_t count, int depth) {
    std::vector<Field> fields;
    for (int64_t i = 0; i < count; ++i) {
      if (at_ >= nodes_.size() || depth > kMaxDepth) return MakeError(ErrorCode::kDataLoss, "Not a Parquet schema.");
      const ParquetNode& node = nodes_[at_];
      ASSIGN_OR_RETURN(DataType type, Type(depth));
      // What repeats outside of a list or map is a list by itself.
      if (node.repetition == "REPEATED") type = DataType::Array(std::move(type));
      fields.push_back({node.name, std::move(type)});
    }
    return fields;
  }
  const ParquetNode& Root() { return nodes_[at_++]; }

 private:
  static constexpr int kMaxDepth = 100;

  // Of the node here and what is in it, whether it repeats or not.
  Result<DataType> Type(int depth) {
    const ParquetNode& node = nodes_[at_++];
    if (node.children == 0) return LeafType(node);
    bool lone_repeated = node.children == 1 && at_ < nodes_.size() && nodes_[at_].repetition == "REPEATED";
    if (lone_repeated && node.converted_type == "LIST") return ListType(node, depth);
    bool map = node.converted_type == "MAP" || node.converted_type == "MAP_KEY_VALUE";
    if (lone_repeated && map && nodes_[at_].children == 2) {
      ++at_;
      ASSIGN_OR_RETURN(std::vector<Field> entry, Fields(2, depth + 1));
      return DataType::Map(std::move(entry[0].type), std::move(entry[1].type));
    }
    ASSIGN_OR_RETURN(std::vector<Field> fields, Fields(node.children, depth + 1));
    return DataType::Struct(std::move(fields));
  }

  // Parquet's rules of backward compatibility: the repeated node is the element, or the group around it.
  Result<DataType> ListType(const ParquetNode& list, int depth) {
    const ParquetNode& repeated = nodes_[at_];
    bool element = repeated.children != 1 || repeated.name == "array" || repeated.name == list.name + "_tuple";
    if (element) {
      ASSIGN_OR_RETURN(DataType type, Type(depth + 1));
      return DataType::Array(std::move(type));
    }
    ++at_;
    ASSIGN_OR_RETURN(std::vector<Field> inner, Fields(1, depth + 1));
    return DataType::Array(std::move(inner[0].type));
  }

  const std::vector<ParquetNode>& nodes_;
  size_t at_ = 0;
};

// Comments are kept, all else of a field's metadata is its writer's.
std::string CommentAlone(const std::string& metadata) {
  if (metadata.find("\"comment\"") == std::string::npos) return "{}";
  Result<Json> json = ParseJson(metadata);
  if (!json.ok() || !json->is_object() || !json->contains("comment")) return "{}";
  Json comment = Json::object();
  comment["comment"] = (*json)["comment"];
  return WriteJson(comment);
}

std::vector<Field> NullableFields(const std::vector<Field>& fields);

DataType NullableType(const DataType& type) {
  switch (type.id()) {
    case TypeId::kArray: return DataType::Array(NullableType(type.element()));
    case TypeId::kMap: return DataType::Map(NullableType(type.key()), NullableType(type.map_value()));
    case TypeId::kStruct: return DataType::Struct(NullableFields(type.fields()));
    case TypeId::kString: return type.char_length() > 0 ? DataType(TypeId::kString) : type;
    default: return type;
  }
}

std::vector<Field> NullableFields(const std::vector<Field>& fields) {
  std::vector<Field> out;
  for (const Field& field : fields) out.push_back({field.name, NullableType(field.type), true, CommentAlone(field.metadata)});
  return out;
}

// Walks the nodes for the columns outside of lists and maps.
class ColumnWalk {
 public:
  explicit ColumnWalk(const std::vector<ParquetNode>& nodes) : nodes_(nodes) {}

  void Group(int64_t count, const std::vector<std::string>& path) {
    for (int64_t i = 0; i < count && at_ < nodes_.size(); ++i) {
      const ParquetNode& node = nodes_[at_];
      std::vector<std::string> here = path;
      here.push_back(node.name);
      bool map = node.converted_type == "MAP" || node.converted_type == "MAP_KEY_VALUE";
      bool repeated = node.repetition == "REPEATED" || node.converted_type == "LIST" || map;
      if (node.children > 0 && !repeated) {
        ++at_;
        Group(node.children, here);
        continue;
      }
      columns_.push_back({FooterPath(here), leaf_, repeated});
      Skip();
    }
  }
  void Start() { at_ = 1; }
  std::vector<FooterColumn> Take() { return std::move(columns_); }

 private:
  // Passes over the node here and all that is in it.
  void Skip() {
    for (int64_t open = 1; open > 0 && at_ < nodes_.size(); ++at_) {
      open += nodes_[at_].children - 1;
      if (nodes_[at_].children == 0) ++leaf_;
    }
  }

  const std::vector<ParquetNode>& nodes_;
  size_t at_ = 0;
  size_t leaf_ = 0;
  std::vector<FooterColumn> columns_;
};

}  // namespace

Status ReadFooters(Connection& connection, std::span<const std::string> files, FooterPart part,
                   const std::function<Status(size_t, const ParquetFooter&)>& consume) {
  for (size_t begin = 0; begin < files.size(); begin += kFilesOfAStatement) {
    std::span<const std::string> some = files.subspan(begin, std::min(kFilesOfAStatement, files.size() - begin));
    RETURN_IF_ERROR(ReadSome(connection, some, part, [&](size_t index, const ParquetFooter& footer) {
      return consume(begin + index, footer);
    }));
  }
  return OkStatus();
}

Result<Schema> SparkSchemaOf(const ParquetFooter& footer) {
  if (!footer.spark_schema.empty()) {
    ASSIGN_OR_RETURN(Schema schema, Schema::FromJsonText(footer.spark_schema));
    return Schema{NullableFields(schema.fields)};
  }
  if (footer.nodes.empty()) return MakeError(ErrorCode::kDataLoss, "Not a Parquet schema.");
  SchemaReader reader(footer.nodes);
  int64_t columns = reader.Root().children;
  ASSIGN_OR_RETURN(std::vector<Field> fields, reader.Fields(columns, 0));
  return Schema{std::move(fields)};
}

std::string FileListSql(std::span<const std::string> files) {
  std::string list;
  for (const std::string& file : files) {
    std::string escaped;
    for (char c : file) {
      bool pattern = c == '*' || c == '?' || c == '[';
      escaped += pattern ? std::string("[") + c + "]" : std::string(1, c);
    }
    list += (list.empty() ? "" : ", ") + QuoteSqlString(escaped);
  }
  return "[" + list + "]";
}

std::string FooterPath(const std::vector<std::string>& names) {
  std::string path;
  for (const std::string& name : names) path += ToLowerAscii(name) + '\0';
  return path;
}

std::vector<FooterColumn> ColumnsOf(const ParquetFooter& footer) {
  if (footer.nodes.empty()) return {};
  ColumnWalk walk(footer.nodes);
  walk.Start();
  walk.Group(footer.nodes[0].children, {});
  return walk.Take();
}

}  // namespace ashlar::engine
