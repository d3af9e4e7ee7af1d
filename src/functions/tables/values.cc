// Hashes, JSON, and what fits nowhere else; also the names of Spark's that are refused.
#include <array>

#include "functions/function_row.h"
#include "sql/analyze/errors.h"

namespace ashlar::functions {
namespace {

using sql::ResolvedFunction;

Result<ResolvedFunction> TypeOf(const Call& call) {
  auto out = call.Make(TypeId::kString, call.Types(), "'" + call.type(0).SimpleString() + "'");
  out.nullable = false;
  return out;
}

bool Hashable(const DataType& type) {
  if (type.Is(TypeId::kMap)) return false;
  if (type.Is(TypeId::kArray)) return Hashable(type.element());
  if (!type.Is(TypeId::kStruct)) return true;
  for (const Field& field : type.fields()) {
    if (!Hashable(field.type)) return false;
  }
  return true;
}

// hash and xxhash64: the hash of each argument is the seed of the next.
Result<ResolvedFunction> Hash(const Call& call) {
  if (call.size() == 0) return call.WrongCount("> 0");
  bool xx = call.name == "xxhash64";
  for (size_t i = 0; i < call.size(); ++i) {
    if (!Hashable(call.type(i))) {
      return call.Mismatch("HASH_MAP_TYPE",
                           "Input to the function " + QuoteIdentifier(call.name) +
                               " cannot contain elements of the \"MAP\" type. In Spark, same maps may have different "
                               "hashcode, thus hash expressions are prohibited on \"MAP\" elements. To restore "
                               "previous behavior set \"spark.sql.legacy.allowHashOnMapType\" to \"true\".",
                           {{"functionName", QuoteIdentifier(call.name)}});
    }
  }
  auto out = call.Make(xx ? TypeId::kLong : TypeId::kInt, call.Types(),
                       std::string(xx ? "spark_xxhash64" : "spark_hash") + "({*})");
  out.nullable = false;
  return out;
}

// Without a message of its own it shows the condition's text.
Result<ResolvedFunction> AssertTrue(const Call& call) {
  if (!call.type(0).Is(TypeId::kBoolean) && !call.IsNull(0)) return call.Unexpected(0, "\"BOOLEAN\"");
  std::vector<DataType> types = {TypeId::kBoolean, TypeId::kString};
  auto out = call.Make(TypeId::kNull, types, "spark_assert_true({0}, {1})");
  if (call.size() == 1) out.added_arguments.push_back(Value::String("'" + call.args[0].sql + "' is not true!"));
  out.nullable = out.can_throw = true;
  return out;
}

Result<ResolvedFunction> Refused(const Call& call) {
  return NotImplemented("function " + std::string(call.name));
}

constexpr std::array kValuesRows = {
    FunctionRow{"typeof", "any", "", "", "", TypeOf},
    FunctionRow{"hash", "any...", "", "", "", Hash},
    FunctionRow{"xxhash64", "any...", "", "", "", Hash},
    FunctionRow{"md5", "binary", "string", "spark_md5({0})"},
    FunctionRow{"sha sha1", "binary", "string", "spark_sha1({0})"},
    FunctionRow{"sha2", "binary, int", "string", "spark_sha2({0}, {1})", "n"},
    FunctionRow{"crc32", "binary", "bigint", "spark_crc32({0})"},
    FunctionRow{"aes_encrypt", "binary, binary, string='GCM', string='DEFAULT', binary='', binary=''", "binary",
                "spark_aes_encrypt({0}, {1}, {2}, {3}, CAST({4} AS BLOB), CAST({5} AS BLOB))", "nt"},
    FunctionRow{"aes_decrypt", "binary, binary, string='GCM', string='DEFAULT', binary=''", "binary",
                "spark_aes_decrypt({0}, {1}, {2}, {3}, CAST({4} AS BLOB))", "nt"},
    FunctionRow{"try_aes_decrypt", "binary, binary, string='GCM', string='DEFAULT', binary=''", "binary",
                "TRY(spark_aes_decrypt({0}, {1}, {2}, {3}, CAST({4} AS BLOB)))", "n"},
    // Bitmaps of 32768 numbers each.
    FunctionRow{"bitmap_bit_position", "bigint", "bigint",
                "CASE WHEN {0} > 0 THEN ({0} - 1) % 32768 ELSE -({0} % 32768) END"},
    FunctionRow{"bitmap_bucket_number", "bigint", "bigint",
                "CASE WHEN {0} > 0 THEN 1 + ({0} - 1) // 32768 ELSE {0} // 32768 END"},
    FunctionRow{"bitmap_count", "binary", "bigint", "spark_bitmap_count({0})"},
    FunctionRow{"monotonically_increasing_id", "", "bigint", "spark_monotonically_increasing_id()", "Nr"},
    // Results come out of one place: there is one partition.
    FunctionRow{"spark_partition_id=SPARK_PARTITION_ID", "", "int", "CAST(0 AS INTEGER)", "Nr"},
    FunctionRow{"uuid", "", "string", "CAST(uuid() AS VARCHAR)", "Nr"},
    FunctionRow{"version", "", "string", "'4.2.0'", "N"},
    FunctionRow{"raise_error", "string", "void", "spark_raise_error({0})", "nt"},
    FunctionRow{"assert_true", "boolean, string?", "", "", "", AssertTrue},
    FunctionRow{
        "input_file_name input_file_block_length input_file_block_start session_window window "
        "from_xml to_xml schema_of_xml sentences randstr uniform collate collation "
        "collations reflect java_method try_reflect xpath "
        "xpath_boolean xpath_double xpath_float xpath_int xpath_long xpath_number xpath_short xpath_string "
        "hll_sketch_estimate hll_union format_bytes",
        "any...", "", "", "", Refused},
};

}  // namespace

std::span<const FunctionRow> ValueFunctions() { return kValuesRows; }

}  // namespace ashlar::functions
