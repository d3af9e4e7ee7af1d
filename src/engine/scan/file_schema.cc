#include "engine/scan/file_schema.h"

#include <algorithm>
#include <functional>

#include "duckdb.hpp"
#include "engine/duck_connection.h"
#include "engine/duck_types.h"
#include "engine/functions/text_types.h"
#include "engine/scan/parquet_footers.h"

namespace ashlar::engine {
namespace {

using duckdb::LogicalTypeId;

// Spark's type for one of DuckDB's, as its Parquet and JSON readers give them. `text_times`: dates and
// times are strings (JSON).
Result<DataType> SparkTypeOf(const duckdb::LogicalType& type, bool text_times) {
  switch (type.id()) {
    case LogicalTypeId::BOOLEAN: return DataType(TypeId::kBoolean);
    case LogicalTypeId::TINYINT: return DataType(TypeId::kByte);
    case LogicalTypeId::UTINYINT:
    case LogicalTypeId::SMALLINT: return DataType(TypeId::kShort);
    case LogicalTypeId::USMALLINT:
    case LogicalTypeId::INTEGER: return DataType(TypeId::kInt);
    case LogicalTypeId::UINTEGER:
    case LogicalTypeId::BIGINT: return DataType(TypeId::kLong);
    case LogicalTypeId::UBIGINT: return DataType::Decimal(20, 0);
    case LogicalTypeId::HUGEINT: return DataType::Decimal(38, 0);
    case LogicalTypeId::FLOAT: return DataType(TypeId::kFloat);
    case LogicalTypeId::DOUBLE: return DataType(TypeId::kDouble);
    case LogicalTypeId::DECIMAL:
      return DataType::Decimal(duckdb::DecimalType::GetWidth(type), duckdb::DecimalType::GetScale(type));
    case LogicalTypeId::BLOB: return DataType(TypeId::kBinary);
    case LogicalTypeId::DATE: return DataType(text_times ? TypeId::kString : TypeId::kDate);
    case LogicalTypeId::TIMESTAMP_TZ: return DataType(text_times ? TypeId::kString : TypeId::kTimestamp);
    case LogicalTypeId::TIMESTAMP:
    case LogicalTypeId::TIMESTAMP_MS:
    case LogicalTypeId::TIMESTAMP_SEC:
    case LogicalTypeId::TIMESTAMP_NS:
      return DataType(text_times ? TypeId::kString : TypeId::kTimestampNtz);
    case LogicalTypeId::VARCHAR:
    case LogicalTypeId::UUID:
    case LogicalTypeId::ENUM:
    case LogicalTypeId::TIME:
    case LogicalTypeId::SQLNULL: return DataType(TypeId::kString);
    case LogicalTypeId::LIST: {
      ASSIGN_OR_RETURN(DataType element, SparkTypeOf(duckdb::ListType::GetChildType(type), text_times));
      return DataType::Array(std::move(element));
    }
    case LogicalTypeId::MAP: {
      ASSIGN_OR_RETURN(DataType key, SparkTypeOf(duckdb::MapType::KeyType(type), text_times));
      ASSIGN_OR_RETURN(DataType value, SparkTypeOf(duckdb::MapType::ValueType(type), text_times));
      return DataType::Map(std::move(key), std::move(value));
    }
    case LogicalTypeId::STRUCT: {
      std::vector<Field> fields;
      for (const auto& [name, child] : duckdb::StructType::GetChildTypes(type)) {
        ASSIGN_OR_RETURN(DataType field, SparkTypeOf(child, text_times));
        fields.push_back({name, std::move(field)});
      }
      if (text_times) std::ranges::sort(fields, {}, &Field::name);
      return DataType::Struct(std::move(fields));
    }
    default: return NotImplemented("reading files with the type " + type.ToString());
  }
}

Result<Schema> DescribeFiles(Engine& engine, const std::string& from, bool text_times) {
  auto connection = QuietConnection(engine);
  Result<Schema> schema = Schema{};
  RETURN_IF_ERROR(connection->Run("SELECT * FROM " + from + " LIMIT 0", [&](duckdb::QueryResult& result) {
    for (size_t i = 0; i < result.names.size(); ++i) {
      auto type = SparkTypeOf(result.types[i], text_times);
      if (!type.ok()) {
        schema = std::move(type).error();
        return;
      }
      schema->fields.push_back({result.names[i], *std::move(type)});
    }
  }));
  if (schema.ok() && text_times) std::ranges::sort(schema->fields, {}, &Field::name);
  return schema;
}

// The candidate types of a CSV column, narrowest first.
constexpr std::pair<int32_t, TypeId> kTextTypes[] = {
    {kTextInt, TypeId::kInt},   {kTextLong, TypeId::kLong},           {kTextDouble, TypeId::kDouble},
    {kTextDate, TypeId::kDate}, {kTextTimestamp, TypeId::kTimestamp}, {kTextBoolean, TypeId::kBoolean}};

}  // namespace

Result<Schema> InferParquetSchema(Engine& engine, const std::string& file) {
  auto connection = QuietConnection(engine);
  std::string path = QuoteSqlString(file);
  ASSIGN_OR_RETURN(std::string spark,
                   connection->RunForText("SELECT decode(value) FROM parquet_kv_metadata(" + path +
                                                  ") WHERE decode(key) = "
                                                  "'org.apache.spark.sql.parquet.row.metadata'"));
  if (!spark.empty()) return Schema::FromJsonText(spark);
  Result<Schema> schema = Schema{};
  RETURN_IF_ERROR(ReadFooters(*connection, std::span(&file, 1), FooterPart::kSchema, [&](size_t, const ParquetFooter& footer) {
    schema = SparkSchemaOf(footer);
    return OkStatus();
  }));
  // Types that Spark does not read are read as DuckDB has them.
  if (schema.ok() || schema.error().condition != "PARQUET_TYPE_ILLEGAL") return schema;
  return DescribeFiles(engine, "read_parquet(" + path + ", hive_partitioning = false)", false);
}

Result<Schema> InferJsonSchema(Engine& engine, const std::vector<std::string>& files,
                               const std::string& options_sql) {
  std::string list;
  for (const std::string& file : files) list += (list.empty() ? "" : ", ") + QuoteSqlString(file);
  return DescribeFiles(engine,
                       "read_json([" + list +
                           "], auto_detect = true, sample_size = -1, union_by_name = true, "
                           "map_inference_threshold = -1, hive_partitioning = false, convert_strings_to_integers = "
                           "false" + options_sql + ")",
                       true);
}

Result<std::vector<DataType>> InferTextTypes(Engine& engine, const std::string& from_sql, size_t columns) {
  // All rows are read, as Spark does: the types that every value could be of, in one pass.
  std::string select;
  for (size_t i = 0; i < columns; ++i) {
    select += (select.empty() ? "" : ", ") + ("coalesce(bit_and(spark_text_types(k" + std::to_string(i) + ")), 0)");
  }
  auto connection = QuietConnection(engine);
  std::vector<DataType> types;
  RETURN_IF_ERROR(connection->Run("SELECT " + select + " FROM " + from_sql, [&](duckdb::QueryResult& result) {
    auto chunk = result.Fetch();
    for (size_t i = 0; i < columns; ++i) {
      int32_t possible = chunk->GetValue(i, 0).GetValue<int32_t>();
      auto narrowest = std::ranges::find_if(kTextTypes, [&](const auto& type) { return (possible & type.first) != 0; });
      types.push_back(narrowest == std::end(kTextTypes) ? TypeId::kString : narrowest->second);
    }
  }));
  return types;
}

}  // namespace ashlar::engine
