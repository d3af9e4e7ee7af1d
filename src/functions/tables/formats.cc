// Functions that lay numbers out as text by a format, and read them back.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "functions/function_row.h"
#include "functions/signature.h"
#include "sql/analyze/errors.h"

namespace ashlar::functions {
namespace {

using sql::ResolvedFunction;

// The argument as text behind a letter that says what it is (engine's format_string.cc). Dates,
// timestamps and intervals are the numbers Spark has inside.
Result<std::string> TaggedText(const DataType& type, std::string arg) {
  std::string tag = "s";
  switch (type.id()) {
    case TypeId::kByte: tag = "1"; break;
    case TypeId::kShort: tag = "2"; break;
    case TypeId::kYearMonthInterval:
    case TypeId::kInt: tag = "4"; break;
    case TypeId::kDayTimeInterval:
    case TypeId::kLong: tag = "8"; break;
    case TypeId::kFloat:
    case TypeId::kDouble: tag = "f", arg = "spark_cast_to_string(" + arg + ")"; break;
    case TypeId::kDecimal: tag = "d"; break;
    case TypeId::kBoolean: tag = "b"; break;
    case TypeId::kDate: tag = "4", arg = "(" + arg + " - DATE '1970-01-01')"; break;
    case TypeId::kTimestamp:
    case TypeId::kTimestampNtz: tag = "8", arg = "epoch_us(" + arg + ")"; break;
    case TypeId::kNull:
    case TypeId::kString: break;
    default: return NotImplemented("format_string of " + type.SimpleString());
  }
  return "'" + tag + "' || CAST(" + arg + " AS VARCHAR)";
}

Result<ResolvedFunction> FormatString(const Call& call) {
  if (call.size() == 0) return call.WrongCount("> 0");
  if (!sql::CanImplicitlyCast(call.type(0), TypeId::kString, call.ansi())) return call.Unexpected(0, "\"STRING\"");
  std::string values;
  std::vector<DataType> types = {TypeId::kString};
  for (size_t i = 1; i < call.size(); ++i) {
    types.push_back(call.type(i));
    ASSIGN_OR_RETURN(std::string text, TaggedText(call.type(i), "{" + std::to_string(i) + "}"));
    values += (i > 1 ? ", " : "") + text;
  }
  std::string list = call.size() == 1 ? "CAST([] AS VARCHAR[])" : "[" + values + "]";
  auto out = call.Make(TypeId::kString, types, "spark_format_string({0}, " + list + ")");
  out.nullable = call.args[0].nullable;
  out.can_throw = true;
  return out;
}

// Integers and decimals keep all their digits.
Result<ResolvedFunction> FormatNumber(const Call& call) {
  const DataType& type = call.type(0);
  if (!type.IsNumeric() && !call.IsNull(0)) return call.Unexpected(0, "\"NUMERIC\"");
  auto format = CoerceTo(call.type(1), {"int", "string"}, call.ansi());
  if (!format) return call.Unexpected(1, R"(("INT" or "STRING"))");
  bool floating = type.IsFractional() || call.IsNull(0);
  DataType number = floating ? DataType(TypeId::kDouble) : type;
  auto out = call.Make(TypeId::kString, {number, *format},
                       floating ? "spark_format_number({0}, {1})" : "spark_format_number(CAST({0} AS VARCHAR), {1})");
  out.nullable = out.can_throw = true;
  return out;
}

// ---- pictures -----------------------------------------------------------------------------------

size_t Occurrences(std::string_view text, std::string_view word) {
  size_t count = 0;
  for (size_t at = 0; (at = text.find(word, at)) != std::string_view::npos; at += word.size()) ++count;
  return count;
}

// What is left of `text` behind a well-formed picture: [MI|S] [$] digits [. digits] [MI|PR|S].
std::string_view BehindPicture(std::string_view text) {
  auto take = [&](std::string_view word) {
    if (text.starts_with(word)) text.remove_prefix(word.size());
  };
  auto take_all = [&](std::string_view letters) {
    text.remove_prefix(std::min(text.find_first_not_of(letters), text.size()));
  };
  bool sign = text.starts_with("MI") || text.starts_with('S');
  take("MI");
  take("S");
  take("$");
  take_all("09,G");
  if (text.starts_with('.') || text.starts_with('D')) text.remove_prefix(1);
  take_all("09");
  if (sign) return text;
  size_t before = text.size();
  for (std::string_view word : {"MI", "PR", "S"}) {
    if (text.size() == before) take(word);
  }
  return text;
}

// A picture in upper case. Errors: INVALID_FORMAT with what is wrong first.
Status CheckPicture(const Call& call, const std::string& picture) {
  auto wrong = [&](const std::string& sub, const std::string& message, std::map<std::string, std::string> parameters = {}) {
    parameters["format"] = "'" + picture + "'";
    return MakeSqlError("INVALID_FORMAT." + sub, "42601", "The format is invalid: '" + picture + "'. " + message,
                        std::move(parameters), call.context.span);
  };
  auto repeated = [&](const std::string& token) {
    return wrong("WRONG_NUM_TOKEN", "The format string requires at most one " + token + ".", {{"token", token}});
  };
  if (picture.empty()) return wrong("EMPTY", "The number format string cannot be empty.");
  size_t digit = picture.find_first_of("09");
  if (digit == std::string::npos) return wrong("WRONG_NUM_DIGIT", "The format string requires at least one number digit.");
  if (std::ranges::count_if(picture, [](char c) { return c == '.' || c == 'D'; }) > 1) return repeated(". or D");
  for (const char* token : {"$", "S", "MI", "PR"}) {
    if (Occurrences(picture, token) > 1) return repeated(token);
  }
  size_t dollar = picture.find('$');
  if (dollar != std::string::npos && dollar > digit) {
    return wrong("CUR_MUST_BEFORE_DIGIT", "Currency characters must appear before digits in the number format.");
  }
  size_t point = std::min(picture.find_first_of(".D"), picture.size());
  size_t last_comma = picture.find_last_of(",G");
  if (last_comma != std::string::npos) {
    if (last_comma > point) {
      return wrong("THOUSANDS_SEPS_MUST_BEFORE_DEC", "Thousands separators (, or G) may not appear after the decimal point.");
    }
    bool bare = picture.find_first_of(",G") < digit || last_comma > picture.substr(0, point).find_last_of("09");
    for (size_t i = 0; i + 1 < point; ++i) {
      auto is_comma = [&](size_t at) { return picture[at] == ',' || picture[at] == 'G'; };
      bare |= is_comma(i) && is_comma(i + 1);
    }
    if (bare) {
      return wrong("CONT_THOUSANDS_SEPS", "Thousands separators (, or G) must have digits in between them in the number format.");
    }
  }
  std::string_view rest = BehindPicture(picture);
  if (rest.empty()) return {};
  bool known = rest[0] == '0' || rest[0] == '9' || rest.starts_with("PR") || rest.starts_with("S") || rest.starts_with("MI");
  std::string token = known ? "digit sequence" : "character '" + std::string(rest.substr(0, 1)) + "''";
  return wrong("UNEXPECTED_TOKEN", "Found the unexpected " + token + " in the format string.", {{"token", token}});
}

// to_char and to_varchar format numbers by a picture, dates by a pattern.
Result<ResolvedFunction> ToChar(const Call& call) {
  const DataType& type = call.type(0);
  if (type.IsDatetime()) {
    auto out = call.Make(TypeId::kString, {TypeId::kTimestamp, TypeId::kString}, "spark_date_format({0}, {1})");
    out.name = "date_format";
    out.can_throw = true;
    return out;
  }
  if (type.Is(TypeId::kBinary)) return NotImplemented("to_char of binary");
  auto format = call.ConstantText(1);
  if (!format) return call.NonFoldable(1, "format");
  RETURN_IF_ERROR(CheckPicture(call, ToUpperAscii(*format)));
  DataType number = type.Is(TypeId::kDecimal) ? type
                    : type.IsIntegral()       ? sql::DecimalForIntegral(type.id())
                                              : DataType::Decimal(38, 18);
  auto out = call.Make(TypeId::kString, {number, TypeId::kString},
                       "spark_to_char(CAST({0} AS VARCHAR), {1})");
  out.can_throw = true;
  if (call.name == "to_varchar") out.name = "to_char";
  return out;
}

Result<ResolvedFunction> ToNumber(const Call& call) {
  auto format = call.ConstantText(1);
  if (!format) return call.NonFoldable(1, "attributereference");
  std::string picture = ToUpperAscii(*format);
  RETURN_IF_ERROR(CheckPicture(call, picture));
  std::string_view text = picture;
  std::string_view behind = text.substr(std::min(text.find_first_of(".D"), text.size()));
  auto digits = [](std::string_view part) {
    return static_cast<int>(std::ranges::count_if(part, [](char c) { return c == '0' || c == '9'; }));
  };
  int total = digits(text), after = digits(behind);
  if (total > 38) {
    return MakeSqlError("DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION", "22003",
                        "Decimal precision " + std::to_string(total) + " exceeds max precision 38.",
                        {{"precision", std::to_string(total)}, {"maxPrecision", "38"}}, SourceSpan{});
  }
  DataType type = DataType::Decimal(total, after);
  bool is_try = call.name == "try_to_number";
  auto out = call.Make(type, {TypeId::kString, TypeId::kString},
                       std::string("CAST(spark_") + (is_try ? "try_" : "") + "to_number({0}, {1}) AS {type})");
  out.nullable = out.nullable || is_try;
  out.can_throw = !is_try;
  return out;
}

constexpr std::array kFormatsRows = {
    FunctionRow{"format_string printf", "any...", "", "", "", FormatString},
    FunctionRow{"format_number", "any, any", "", "", "", FormatNumber},
    FunctionRow{"to_char to_varchar", "any, string", "", "", "", ToChar},
    FunctionRow{"to_number try_to_number", "string, string", "", "", "", ToNumber},
};

}  // namespace

std::span<const FunctionRow> FormatFunctions() { return kFormatsRows; }

}  // namespace ashlar::functions
