// Functions of strings and binaries.
#include <array>

#include "functions/function_row.h"
#include "sql/analyze/errors.h"

namespace ashlar::functions {
namespace {

using sql::ResolvedFunction;

std::string Joined(size_t count, std::string_view separator) {
  std::string out;
  for (size_t i = 0; i < count; ++i) {
    out += (i > 0 ? std::string(separator) : "") + "{" + std::to_string(i) + "}";
  }
  return out;
}

// Strings, or only binaries, or arrays of a common type.
Result<ResolvedFunction> Concat(const Call& call) {
  if (call.size() == 0) return call.Make(TypeId::kString, {}, "''");
  bool arrays = false, binaries = true;
  for (size_t i = 0; i < call.size(); ++i) {
    arrays |= call.type(i).Is(TypeId::kArray);
    binaries &= call.type(i).Is(TypeId::kBinary);
  }
  if (arrays) {
    // What is no array is text, NULL too.
    std::vector<DataType> types = call.Types();
    for (DataType& type : types) {
      if (!type.Is(TypeId::kArray)) type = TypeId::kString;
    }
    auto common = sql::CommonType(types, call.ansi());
    if (!common) return sql::DataDiffTypes(call.context.call_sql, "concat", types, call.context.span);
    return call.Make(*common, std::vector<DataType>(call.size(), *common),
                     call.size() == 1 ? "{0}" : Joined(call.size(), " || "));
  }
  DataType type = binaries ? TypeId::kBinary : TypeId::kString;
  for (size_t i = 0; i < call.size(); ++i) {
    if (!sql::CanImplicitlyCast(call.type(i), type, call.ansi()) || call.type(i).IsNested()) {
      return call.Unexpected(i, R"(("STRING" or "BINARY" or "ARRAY"))");
    }
  }
  return call.Make(type, std::vector<DataType>(call.size(), type),
                   call.size() == 1 ? "{0}" : Joined(call.size(), " || "));
}

Result<ResolvedFunction> ConcatWs(const Call& call) {
  std::vector<DataType> types = {TypeId::kString};
  DataType strings = DataType::Array(TypeId::kString);
  std::string pieces;
  for (size_t i = 1; i < call.size(); ++i) {
    bool is_array = call.type(i).Is(TypeId::kArray);
    if (!sql::CanImplicitlyCast(call.type(i), is_array ? strings : DataType(TypeId::kString), call.ansi())) {
      return call.Unexpected(i, R"(("ARRAY<STRING>" or "STRING"))");
    }
    types.push_back(is_array ? strings : DataType(TypeId::kString));
    std::string arg = "{" + std::to_string(i) + "}";
    pieces += (pieces.empty() ? "" : ", ") + (is_array ? "coalesce(" + arg + ", [])" : "[" + arg + "]");
  }
  std::string list = call.size() == 1 ? "CAST([] AS VARCHAR[])" : call.size() == 2 ? pieces : "list_concat(" + pieces + ")";
  auto out = call.Make(TypeId::kString, types, "spark_concat_ws({0}, " + list + ")");
  out.nullable = call.args[0].nullable;
  return out;
}

Result<ResolvedFunction> Elt(const Call& call) {
  if (call.size() < 2) return call.WrongCount("> 1");
  std::vector<DataType> types(call.size(), TypeId::kString);
  types[0] = TypeId::kInt;
  auto out = call.Make(TypeId::kString, types, "spark_elt({0}, [{1*}], {span})");
  out.nullable = out.can_throw = true;
  return out;
}

Result<ResolvedFunction> ToBinary(const Call& call) {
  auto format = call.size() == 1 ? std::optional<std::string>("hex") : call.ConstantText(1);
  std::vector<DataType> types(call.size(), TypeId::kString);
  if (!format) return call.Make(TypeId::kBinary, types, "CAST(NULL AS BLOB)");
  bool is_try = call.name == "try_to_binary";
  std::string lowering = std::string("spark_") + (is_try ? "try_" : "") + "to_binary({0}, " +
                         (call.size() == 1 ? "'hex'" : "{1}") + ")";
  auto out = call.Make(TypeId::kBinary, types, lowering);
  bool base64 = *format == "base64" || *format == "BASE64";
  out.nullable = !base64 || is_try || out.nullable;
  out.can_throw = !is_try;
  return out;
}

Result<ResolvedFunction> RegexpReplace(const Call& call) {
  std::vector<DataType> types = {TypeId::kString, TypeId::kString, TypeId::kString, TypeId::kInt};
  for (size_t i = 0; i < call.size(); ++i) {
    if (!sql::CanImplicitlyCast(call.type(i), types[i], call.ansi())) return call.Unexpected(i, sql::QuoteType(types[i]));
  }
  if (call.size() == 4) {
    auto position = call.ConstantInt(3);
    if (!position) return call.NonFoldable(3, "position");
    if (*position < 1) {
      return call.Mismatch("VALUE_OUT_OF_RANGE",
                           "The position must be between (0, 2147483647] (current value = " + std::to_string(*position) + ").",
                           {{"exprName", "position"}, {"valueRange", "(0, 2147483647]"}, {"currentValue", std::to_string(*position)}});
    }
  }
  auto out = call.Make(TypeId::kString, types, "spark_regexp_replace({0}, {1}, {2}, {3})");
  if (call.size() == 3) out.added_arguments.push_back(Value::Int(1));
  out.can_throw = true;
  return out;
}

// A place that is NULL is found nowhere.
Result<ResolvedFunction> Locate(const Call& call) {
  std::vector<DataType> types = {TypeId::kString, TypeId::kString, TypeId::kInt};
  for (size_t i = 0; i < call.size(); ++i) {
    if (!sql::CanImplicitlyCast(call.type(i), types[i], call.ansi())) return call.Unexpected(i, sql::QuoteType(types[i]));
  }
  auto out = call.Make(TypeId::kInt, types, "spark_locate({0}, {1}, coalesce({2}, 0))");
  out.nullable = call.Nullable(0, types) || call.Nullable(1, types);
  if (call.size() == 2) out.added_arguments.push_back(Value::Int(1));
  return out;
}

// Without a pad, blanks; zero bytes for binary.
Result<ResolvedFunction> Pad(const Call& call) {
  bool binary = call.type(0).Is(TypeId::kBinary) && (call.size() < 3 || call.type(2).Is(TypeId::kBinary));
  DataType type = binary ? TypeId::kBinary : TypeId::kString;
  std::vector<DataType> types = {type, TypeId::kInt, type};
  for (size_t i = 0; i < call.size(); ++i) {
    if (!sql::CanImplicitlyCast(call.type(i), types[i], call.ansi())) {
      return call.Unexpected(i, i == 1 ? sql::QuoteType(types[i]) : R"(("STRING" or "BINARY"))");
    }
  }
  auto out = call.Make(type, types, "spark_" + std::string(call.name) + "({0}, {1}, {2})");
  if (call.size() == 2) out.added_arguments.push_back(binary ? Value{TypeId::kBinary, std::string(1, '\0')} : Value::String(" "));
  return out;
}

// left, right, substring, lpad … take a length and give binary for binary.
Result<ResolvedFunction> Split(const Call& call) {
  for (size_t i = 0; i < call.size(); ++i) {
    DataType wanted = i < 2 ? TypeId::kString : TypeId::kInt;
    if (!sql::CanImplicitlyCast(call.type(i), wanted, call.ansi())) return call.Unexpected(i, sql::QuoteType(wanted));
  }
  auto out = call.Make(DataType::Array(TypeId::kString, false), {TypeId::kString, TypeId::kString, TypeId::kInt},
                       "spark_split({0}, {1}, {2})");
  out.can_throw = true;
  if (call.size() == 2) out.added_arguments.push_back(Value::Int(-1));
  return out;
}

constexpr std::array kStringsRows = {
    FunctionRow{"concat ||=concat", "any...", "", "", "", Concat},
    FunctionRow{"concat_ws", "string, any...", "", "", "", ConcatWs},
    FunctionRow{"elt", "any...", "", "", "", Elt},
    FunctionRow{"to_binary try_to_binary", "string, string?", "", "", "", ToBinary},
    FunctionRow{"upper ucase", "string", "string", "spark_upper({0})"},
    FunctionRow{"lower lcase", "string", "string", "spark_lower({0})"},
    FunctionRow{"initcap", "string", "string", "spark_initcap({0})"},
    FunctionRow{"length char_length character_length len", "string|binary", "int", "spark_length({0})"},
    FunctionRow{"octet_length", "string|binary", "int", "spark_octet_length({0})"},
    FunctionRow{"bit_length", "string|binary", "int", "spark_octet_length({0}) * 8"},
    FunctionRow{"substring substr", "string|binary, int, int=2147483647", "$0",
                "spark_substring({0}, {1}, {2})"},
    FunctionRow{"left", "string|binary, int", "$0", "spark_left({0}, {1})"},
    FunctionRow{"right", "string|binary, int", "$0", "spark_right({0}, {1})", "n"},
    FunctionRow{"trim", "string, string?", "string", "spark_trim({0}, ' ') ;; spark_trim({1}, {0})"},
    FunctionRow{"btrim", "string, string?", "string", "spark_trim({0}, ' ') ;; spark_trim({0}, {1})"},
    FunctionRow{"ltrim", "string, string?", "string", "spark_ltrim({0}, ' ') ;; spark_ltrim({1}, {0})"},
    FunctionRow{"rtrim", "string, string?", "string", "spark_rtrim({0}, ' ') ;; spark_rtrim({1}, {0})"},
    FunctionRow{"lpad rpad", "any, any, any?", "", "", "", Pad},
    FunctionRow{"repeat", "string, int", "string", "spark_repeat({0}, {1})"},
    FunctionRow{"replace", "string, string, string=''", "string", "spark_replace({0}, {1}, {2})"},
    FunctionRow{"translate", "string, string, string", "string", "spark_translate({0}, {1}, {2})"},
    FunctionRow{"overlay", "string|binary, string|binary, int, int=-1", "$0",
                "spark_overlay({0}, {1}, {2}, {3})"},
    FunctionRow{"instr", "string, string", "int", "spark_locate({1}, {0}, 1)"},
    FunctionRow{"locate position", "any, any, any?", "", "", "", Locate},
    FunctionRow{"contains", "string|binary, string|binary", "boolean", "spark_contains({0}, {1})", ""},
    FunctionRow{"startswith", "string|binary, string|binary", "boolean", "spark_startswith({0}, {1})"},
    FunctionRow{"endswith", "string|binary, string|binary", "boolean", "spark_endswith({0}, {1})"},
    FunctionRow{"ascii", "string", "int", "spark_ascii({0})"},
    FunctionRow{"chr char", "bigint", "string", "spark_chr({0})"},
    FunctionRow{"space", "int", "string", "spark_repeat(' ', {0})"},
    FunctionRow{"soundex", "string", "string", "spark_soundex({0})"},
    FunctionRow{"levenshtein", "string, string, int?", "int",
                "spark_levenshtein({0}, {1}, -1) ;; spark_levenshtein({0}, {1}, {2})"},
    FunctionRow{"find_in_set", "string, string", "int", "spark_find_in_set({0}, {1})"},
    FunctionRow{"substring_index", "string, string, int", "string", "spark_substring_index({0}, {1}, {2})"},
    FunctionRow{"split_part", "string, string, int", "string", "spark_split_part({0}, {1}, {2}, {span})", "nt"},
    FunctionRow{"base64", "binary", "string", "spark_base64({0})"},
    FunctionRow{"unbase64", "string", "binary", "spark_unbase64({0})"},
    FunctionRow{"encode", "string, string", "binary", "spark_encode({0}, {1})", "nt"},
    FunctionRow{"mask", "string, string='X', string='x', string='n', string=null", "string",
                "spark_mask({0}, {1}, {2}, {3}, {4})", "n"},
    FunctionRow{"luhn_check", "string", "boolean", "spark_luhn_check({0})", "n"},
    FunctionRow{"quote", "string", "string", "spark_quote({0})", "n"},
    FunctionRow{"is_valid_utf8", "string|binary", "boolean", "spark_is_valid_utf8({0})", "n"},
    FunctionRow{"make_valid_utf8", "string|binary", "string", "spark_make_valid_utf8({0})", "n"},
    FunctionRow{"try_validate_utf8", "string|binary", "string", "spark_try_validate_utf8({0})", "n"},
    FunctionRow{"validate_utf8", "string|binary", "string", "spark_validate_utf8({0})", "nt"},
    FunctionRow{"url_encode", "string", "string", "spark_url_encode({0})", "n"},
    FunctionRow{"url_decode", "string", "string", "spark_url_decode({0})", "nt"},
    FunctionRow{"try_url_decode", "string", "string", "spark_try_url_decode({0})", "n"},
    FunctionRow{"parse_url", "string, string, string?", "string",
                "spark_parse_url({0}, {1}) ;; spark_parse_url({0}, {1}, {2})", "nt"},
    FunctionRow{"try_parse_url", "string, string, string?", "string",
                "spark_try_parse_url({0}, {1}) ;; spark_try_parse_url({0}, {1}, {2})", "n"},
    FunctionRow{"regexp_replace", "string, string, string, int?", "", "", "", RegexpReplace},
    FunctionRow{"regexp_extract", "string, string, int=1", "string", "spark_regexp_extract({0}, {1}, {2})", "t"},
    FunctionRow{"regexp_extract_all", "string, string, int=1", "array<string>",
                "spark_regexp_extract_all({0}, {1}, {2})", "t"},
    FunctionRow{"regexp_substr", "string, string", "string", "spark_regexp_substr({0}, {1})", "nt"},
    FunctionRow{"regexp_count", "string, string", "int", "spark_regexp_count({0}, {1})", "t"},
    FunctionRow{"regexp_instr", "string, string, int=0", "int", "spark_regexp_instr({0}, {1})", "t"},
    FunctionRow{"split", "any, any, any?", "", "", "", Split},
};

}  // namespace

std::span<const FunctionRow> StringFunctions() { return kStringsRows; }

}  // namespace ashlar::functions
