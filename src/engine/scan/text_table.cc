#include "engine/scan/text_table.h"

#include <algorithm>
#include <array>

#include "base/file.h"
#include "base/text.h"
#include "engine/duck_connection.h"
#include "engine/duck_types.h"
#include "engine/scan/file_schema.h"
#include "engine/scan/row_details.h"
#include "engine/lowering/lowerer.h"

namespace ashlar::engine {
namespace {

using Options = std::map<std::string, std::string>;  // lower-case names

constexpr std::array kCsvOptions = {
    "header", "sep",  "delimiter", "quote",   "escape",   "nullvalue", "inferschema",
    "mode",   "multiline", "comment", "encoding", "charset", "ignoreleadingwhitespace",
    "ignoretrailingwhitespace", "path", "compression", "mergeschema", "emptyvalue"};
constexpr std::array kJsonOptions = {"multiline", "mode", "path", "encoding", "charset", "compression",
                                     "mergeschema", "inferschema"};

// Names that steer other parts (readers' paths, catalog bookkeeping), not the reading itself.
bool IsForeign(const std::string& name) {
  return name.find('.') != std::string::npos || name == "serialization.format" || name == "format" ||
         name == "pathglobfilter" || name == "recursivefilelookup";
}

template <size_t N>
Result<Options> CheckedOptions(const Options& given, const std::array<const char*, N>& known, const char* format) {
  Options options;
  for (const auto& [name, value] : given) {
    std::string lower = ToLowerAscii(name);
    if (std::ranges::find(known, lower) == known.end()) {
      if (IsForeign(lower)) continue;
      return NotImplemented(std::string("the option ") + name + " for reading " + format);
    }
    options[lower] = value;
  }
  for (const char* name : {"encoding", "charset"}) {
    if (options.contains(name) && !EqualsIgnoreCase(options[name], "utf-8") &&
        !EqualsIgnoreCase(options[name], "utf8")) {
      return NotImplemented("the encoding " + options[name]);
    }
  }
  return options;
}

std::string OptionOr(const Options& options, const std::string& name, std::string otherwise) {
  auto it = options.find(name);
  return it == options.end() ? otherwise : it->second;
}

bool Flag(const Options& options, const std::string& name) {
  return EqualsIgnoreCase(OptionOr(options, name, "false"), "true");
}

enum class Mode { kPermissive, kDropMalformed, kFailFast };
Mode ModeOf(const Options& options) {
  std::string mode = ToLowerAscii(OptionOr(options, "mode", "permissive"));
  if (mode == "dropmalformed") return Mode::kDropMalformed;
  return mode == "failfast" ? Mode::kFailFast : Mode::kPermissive;
}

std::string FileList(const std::vector<DataFile>& files) {
  std::string list;
  for (const DataFile& file : files) list += (list.empty() ? "[" : ", ") + QuoteSqlString(file.path);
  return list + "]";
}

// One record of CSV text, without quotes.
std::vector<std::string> SplitRecord(std::string_view line, char separator, char quote, char escape) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (size_t i = 0; i < line.size(); ++i) {
    char c = line[i];
    if (quoted && c == escape && i + 1 < line.size() && line[i + 1] == quote) {
      cells.back() += quote;
      ++i;
    } else if (quote != '\0' && c == quote) {
      quoted = !quoted;
    } else if (!quoted && c == separator) {
      cells.emplace_back();
    } else if (!quoted && (c == '\n' || c == '\r')) {
      break;
    } else {
      cells.back() += c;
    }
  }
  return cells;
}

// A table whose FROM item is plain SQL: text columns read by DuckDB, made Spark's by casts.
class TextTable : public EngineTable {
 public:
  TextTable(Schema schema, std::vector<std::string> partition, std::string from, std::vector<std::string> columns,
            std::string where, std::string metadata)
      : schema_(std::move(schema)),
        partition_(std::move(partition)),
        from_(std::move(from)),
        columns_(std::move(columns)),
        where_(std::move(where)),
        metadata_(std::move(metadata)) {}

  const Schema& schema() const override { return schema_; }
  std::vector<std::string> partition_columns() const override { return partition_; }
  Result<std::string> FromSql(const std::vector<int>& columns, bool with_row_position,
                              StatementBindings&) const override {
    if (with_row_position) return NotImplemented("changing rows of CSV or JSON files");
    std::string select;
    for (int i : columns) {
      const auto column = static_cast<size_t>(i);
      select += (select.empty() ? "" : ", ") + (column < columns_.size() ? columns_[column] : metadata_) + " AS k" + std::to_string(i);
    }
    if (select.empty()) select = "1 AS k_";
    return "(SELECT " + select + " FROM " + from_ + where_ + ")";
  }

 private:
  Schema schema_;
  std::vector<std::string> partition_;
  std::string from_;
  std::vector<std::string> columns_;  // SQL over from_, typed
  std::string where_;
  std::string metadata_;  // likewise, of the column after all of them: `_metadata`
};

// Shows `_metadata`, which is made like the table's own columns.
class TextTableWithMetadata : public EngineTable, public sql::RowMetadataSource {
 public:
  explicit TextTableWithMetadata(std::shared_ptr<const TextTable> table) : table_(std::move(table)), schema_(table_->schema()) {
    schema_.fields.push_back({sql::kRowMetadata, DataType::Struct(FileMetadataFields()), false});
  }
  const Schema& schema() const override { return schema_; }
  std::vector<std::string> partition_columns() const override { return table_->partition_columns(); }
  Result<std::string> FromSql(const std::vector<int>& columns, bool with_row_position, StatementBindings& bindings) const override {
    return table_->FromSql(columns, with_row_position, bindings);
  }
  std::shared_ptr<const sql::TableHandle> WithoutMetadata() const override { return table_; }

 private:
  std::shared_ptr<const TextTable> table_;
  Schema schema_;
};

// The value that a row has by its file, out of SQL for each file: a small join would do, a list is simpler to push.
template <typename ValueSql>
std::string ByFile(const std::vector<DataFile>& files, const char* type, ValueSql value_sql) {
  std::string values;
  for (const DataFile& file : files) values += (values.empty() ? "" : ", ") + value_sql(file);
  return "CAST([" + values + "] AS " + type + "[])[list_position(" + FileList(files) + ", filename)]";
}

std::string PartitionSql(const std::vector<DataFile>& files, const Field& field) {
  std::string texts = ByFile(files, "VARCHAR", [&](const DataFile& file) {
    std::string value = "NULL";
    for (const auto& [key, text] : file.partition) {
      if (key == field.name && text != "__HIVE_DEFAULT_PARTITION__") value = QuoteSqlString(text);
    }
    return value;
  });
  return "CAST(" + texts + " AS " + DuckTypeSql(field.type) + ")";
}

// The fields of FileMetadataFields.
std::string MetadataSql(const std::vector<DataFile>& files) {
  if (files.empty()) return LiteralSql(Value::Null(DataType::Struct(FileMetadataFields())));
  std::string path = ByFile(files, "VARCHAR", [](const DataFile& file) { return QuoteSqlString(FileUri(file.path)); });
  std::string name = ByFile(files, "VARCHAR", [](const DataFile& file) { return QuoteSqlString(file.path.substr(file.path.rfind('/') + 1)); });
  std::string size = ByFile(files, "BIGINT", [](const DataFile& file) { return std::to_string(file.size); });
  std::string time = ByFile(files, "TIMESTAMPTZ", [](const DataFile& file) {
    return LiteralSql(Value{TypeId::kTimestamp, file.modified_ms * 1000});
  });
  return "struct_pack(f0 := " + path + ", f1 := " + name + ", f2 := " + size + ", f3 := 0::BIGINT, f4 := " + size + ", f5 := " + time + ")";
}

std::string CastText(const std::string& column, const DataType& to, Mode mode) {
  if (to.Is(TypeId::kString)) return column;
  sql::TypedCastMode cast = mode == Mode::kFailFast ? sql::TypedCastMode::kAnsi : sql::TypedCastMode::kTry;
  return CastSql(column, TypeId::kString, to, cast);
}

struct CsvDialect {
  char separator = ',';
  char quote = '"';
  char escape = '\\';
  bool header = false;
};

Result<CsvDialect> DialectOf(const Options& options) {
  CsvDialect dialect;
  std::string separator = OptionOr(options, "sep", OptionOr(options, "delimiter", ","));
  if (separator == "\\t") separator = "\t";
  std::string quote = OptionOr(options, "quote", "\"");
  std::string escape = OptionOr(options, "escape", "\\");
  if (separator.size() != 1) return NotImplemented("CSV delimiters longer than one character");
  if (quote.size() > 1 || escape.size() > 1) return NotImplemented("CSV quotes longer than one character");
  dialect.separator = separator[0];
  dialect.quote = quote.empty() ? '\0' : quote[0];
  dialect.escape = escape.empty() ? dialect.quote : escape[0];
  dialect.header = Flag(options, "header");
  return dialect;
}

std::string Character(char c) { return c == '\0' ? "''" : QuoteSqlString(std::string(1, c)); }

std::string ReadCsvSql(const std::vector<DataFile>& files, const Options& options, const CsvDialect& dialect,
                       size_t columns) {
  std::string names;
  for (size_t i = 0; i < columns; ++i) {
    names += (names.empty() ? "" : ", ") + ("'k" + std::to_string(i)) + "': 'VARCHAR'";
  }
  Mode mode = ModeOf(options);
  std::string comment = OptionOr(options, "comment", "");
  return "read_csv(" + FileList(files) + ", auto_detect = false, columns = {" + names + "}, header = " +
         (dialect.header ? "true" : "false") + ", delim = " + Character(dialect.separator) +
         ", quote = " + Character(dialect.quote) + ", escape = " + Character(dialect.escape) + ", nullstr = " +
         QuoteSqlString(OptionOr(options, "nullvalue", "")) +
         ", allow_quoted_nulls = false, strict_mode = false, filename = true, max_line_size = 16777216" +
         (mode == Mode::kPermissive ? ", null_padding = true" : "") +
         (mode == Mode::kFailFast ? "" : ", ignore_errors = true") +
         (comment.empty() ? "" : ", comment = " + QuoteSqlString(comment)) + ")";
}

// Names of the columns: the first record of the first file, or _c0, _c1, …
Result<std::vector<std::string>> CsvColumns(Engine& engine, const std::vector<DataFile>& files,
                                            const CsvDialect& dialect) {
  if (files.empty()) return std::vector<std::string>{};
  auto connection = QuietConnection(engine);
  // One column that no separator splits: lines as they are, also of compressed files.
  ASSIGN_OR_RETURN(std::string line,
                   connection->RunForText("SELECT l FROM read_csv(" + QuoteSqlString(files.front().path) +
                                          ", auto_detect = false, header = false, columns = {'l': 'VARCHAR'}, delim = "
                                          "'\\x01', quote = '', escape = '', max_line_size = 16777216) LIMIT 1"));
  if (line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);
  auto cells = SplitRecord(line, dialect.separator, dialect.quote, dialect.escape);
  for (size_t i = 0; i < cells.size(); ++i) {
    if (!dialect.header || cells[i].empty()) cells[i] = "_c" + std::to_string(i);
  }
  // Twins get their position, as Spark does.
  std::vector<std::string> names = cells;
  for (size_t i = 0; i < cells.size(); ++i) {
    for (size_t j = 0; j < cells.size(); ++j) {
      if (i != j && EqualsIgnoreCase(cells[i], cells[j])) names[i] = cells[i] + std::to_string(i);
    }
  }
  return names;
}

Schema WithPartition(Schema schema, const std::vector<Field>& partition) {
  for (const Field& field : partition) {
    if (schema.IndexOf(field.name) < 0) schema.fields.push_back(field);
  }
  return schema;
}

bool IsPartition(const std::vector<Field>& partition, const std::string& name) {
  return std::ranges::any_of(partition, [&](const Field& f) { return EqualsIgnoreCase(f.name, name); });
}

Result<std::shared_ptr<const sql::TableHandle>> OpenCsv(Engine& engine, const FileTableRequest& request,
                                                        const std::vector<DataFile>& files,
                                                        const std::vector<Field>& partition) {
  ASSIGN_OR_RETURN(Options options, CheckedOptions(request.options, kCsvOptions, "CSV"));
  ASSIGN_OR_RETURN(CsvDialect dialect, DialectOf(options));
  ASSIGN_OR_RETURN(auto names, CsvColumns(engine, files, dialect));
  std::string from = ReadCsvSql(files, options, dialect, names.size());
  Schema schema;
  if (request.schema) {
    for (const Field& field : request.schema->fields) {
      if (!IsPartition(partition, field.name)) schema.fields.push_back(field);
    }
    from = ReadCsvSql(files, options, dialect, schema.fields.size());
  } else {
    std::vector<DataType> types(names.size(), TypeId::kString);
    if (Flag(options, "inferschema") && !names.empty()) {
      ASSIGN_OR_RETURN(types, InferTextTypes(engine, from, names.size()));
    }
    for (size_t i = 0; i < names.size(); ++i) schema.fields.push_back({names[i], types[i]});
  }
  Mode mode = ModeOf(options);
  std::vector<std::string> columns;
  std::string where;
  for (size_t i = 0; i < schema.fields.size(); ++i) {
    std::string raw = "k" + std::to_string(i);
    columns.push_back(CastText(raw, schema.fields[i].type, mode));
    if (mode == Mode::kDropMalformed && columns.back() != raw) {
      where += std::string(where.empty() ? " WHERE " : " AND ") + "(" + raw + " IS NULL OR " + columns.back() +
               " IS NOT NULL)";
    }
  }
  std::vector<std::string> partition_names;
  schema = WithPartition(std::move(schema), partition);
  for (const Field& field : partition) {
    columns.push_back(PartitionSql(files, field));
    partition_names.push_back(field.name);
  }
  if (files.empty() || schema.fields.empty()) {
    columns.clear();
    for (const Field& field : schema.fields) columns.push_back(LiteralSql(Value::Null(field.type)));
    from = "range(0)";
  }
  for (Field& field : schema.fields) field.nullable = true;
  return std::shared_ptr<const sql::TableHandle>(std::make_shared<TextTable>(
      std::move(schema), std::move(partition_names), from, std::move(columns), std::move(where), MetadataSql(files)));
}

Result<std::shared_ptr<const sql::TableHandle>> OpenJson(Engine& engine, const FileTableRequest& request,
                                                         const std::vector<DataFile>& files,
                                                         const std::vector<Field>& partition) {
  ASSIGN_OR_RETURN(Options options, CheckedOptions(request.options, kJsonOptions, "JSON"));
  bool lines = !Flag(options, "multiline");
  bool tolerant = lines && ModeOf(options) != Mode::kFailFast;
  std::string reading = std::string(", format = '") + (lines ? "newline_delimited" : "auto") +
                        "'" + (tolerant ? ", ignore_errors = true" : "");
  Schema schema;
  if (request.schema) {
    for (const Field& field : request.schema->fields) {
      if (!IsPartition(partition, field.name)) schema.fields.push_back(field);
    }
  } else if (!files.empty()) {
    std::vector<std::string> paths;
    for (const DataFile& file : files) paths.push_back(file.path);
    ASSIGN_OR_RETURN(schema, InferJsonSchema(engine, paths, reading));
  }
  std::string names;
  std::vector<std::string> columns;
  for (const Field& field : schema.fields) {
    names += (names.empty() ? "" : ", ") + QuoteSqlString(field.name) + ": " +
             QuoteSqlString(DuckFileTypeSql(field.type));
    std::string column = QuoteSqlName(field.name);
    columns.push_back(field.type.IsNested()
                          ? "ashlar_rename(" + column + ", CAST(NULL AS " + DuckTypeSql(field.type) + "))"
                          : column);
  }
  std::string from = "read_json(" + FileList(files) + ", columns = {" + names + "}, filename = true, "
                     "hive_partitioning = false" + reading + ")";
  std::vector<std::string> partition_names;
  schema = WithPartition(std::move(schema), partition);
  for (const Field& field : partition) {
    columns.push_back(PartitionSql(files, field));
    partition_names.push_back(field.name);
  }
  if (files.empty() || schema.fields.size() == partition.size()) {
    columns.clear();
    for (const Field& field : schema.fields) columns.push_back(LiteralSql(Value::Null(field.type)));
    from = "range(0)";
  }
  for (Field& field : schema.fields) field.nullable = true;
  return std::shared_ptr<const sql::TableHandle>(std::make_shared<TextTable>(
      std::move(schema), std::move(partition_names), from, std::move(columns), "", MetadataSql(files)));
}

}  // namespace

std::shared_ptr<const sql::TableHandle> WithFileMetadata(std::shared_ptr<const sql::TableHandle> handle) {
  auto table = std::dynamic_pointer_cast<const TextTable>(handle);
  if (table == nullptr) return handle;
  return std::make_shared<TextTableWithMetadata>(std::move(table));
}

Result<std::shared_ptr<const sql::TableHandle>> OpenTextTable(Engine& engine, const FileTableRequest& request,
                                                              const std::vector<DataFile>& files,
                                                              const std::vector<Field>& partition) {
  return request.format == "csv" ? OpenCsv(engine, request, files, partition)
                                 : OpenJson(engine, request, files, partition);
}

}  // namespace ashlar::engine
