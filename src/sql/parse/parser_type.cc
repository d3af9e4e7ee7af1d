#include <array>

#include "base/json.h"
#include "base/text.h"
#include "sql/parse/grammar.h"

namespace ashlar::sql {
namespace {

constexpr std::array<std::string_view, 2> kYearMonth = {"YEAR", "MONTH"};
constexpr std::array<std::string_view, 4> kDayTime = {"DAY", "HOUR", "MINUTE", "SECOND"};

template <size_t N>
int IndexOfWord(const std::array<std::string_view, N>& names, const Token& token) {
  for (size_t i = 0; i < N; ++i) {
    if (token.IsWord(names[i])) return static_cast<int>(i);
  }
  return -1;
}

Error IncompleteType(const std::string& word, SourceSpan span) {
  bool array = word == "ARRAY";
  bool map = word == "MAP";
  std::string example = array ? "\"ARRAY<elementType>\"" : map ? "\"MAP<keyType, valueType>\"" : "\"STRUCT<name1: type1, name2: type2>\"";
  return MakeSqlError("INCOMPLETE_TYPE_DEFINITION." + word, "42K01",
                      "Incomplete complex type: The definition of \"" + word + "\" type is incomplete. Provide it as " + example + ".",
                      array ? std::map<std::string, std::string>{{"elementType", "<INT>"}}
                            : std::map<std::string, std::string>{},
                      span);
}

}  // namespace

std::string CommentMetadata(const std::string& comment) { return WriteJson(Json{{"comment", comment}}); }

Result<DataType> Parser::Type() {
  Nesting nesting(*this);
  if (nesting.TooDeep()) return TooComplex();
  size_t begin = at_;
  if (Peek().kind != TokenKind::kWord) return SyntaxError();
  std::string word = ToUpperAscii(Advance().text);
  return TypeNamed(word, begin);
}

Result<DataType> Parser::TypeNamed(const std::string& word, size_t begin) {
  if (word == "DECIMAL" || word == "DEC" || word == "NUMERIC") return DecimalType();
  if (word == "CHAR" || word == "CHARACTER") return CharType(/*varying=*/false);
  if (word == "VARCHAR") return CharType(/*varying=*/true);
  if (word == "INTERVAL") return IntervalType();
  if (word == "ARRAY" || word == "MAP") {
    if (!Accept("<")) return IncompleteType(word, SpanFrom(begin));
    ASSIGN_OR_RETURN(DataType first, Type());
    DataType type = DataType::Array(first);
    if (word == "MAP") {
      RETURN_IF_ERROR(Expect(","));
      ASSIGN_OR_RETURN(DataType value, Type());
      type = DataType::Map(std::move(first), std::move(value));
    }
    RETURN_IF_ERROR(Expect(">"));
    return type;
  }
  if (word == "STRUCT") {
    if (Accept("<>")) return DataType::Struct({});
    if (!Accept("<")) return IncompleteType(word, SpanFrom(begin));
    return StructType();
  }
  if (auto id = TypeIdNamed(word)) {
    if (*id == TypeId::kString && AtWord("COLLATE") && !Peek(1).IsWord("UTF8_BINARY")) {
      return NotImplemented("COLLATE");
    }
    if (*id == TypeId::kString) AcceptWords({"COLLATE", "UTF8_BINARY"});
    if (word == "TIMESTAMP" && AcceptWords({"WITHOUT", "TIME", "ZONE"})) return DataType(TypeId::kTimestampNtz);
    if (word == "TIMESTAMP") AcceptWords({"WITH", "LOCAL", "TIME", "ZONE"});
    return DataType(*id);
  }
  if (word == "TIME") return NotImplemented("the type TIME");
  std::string shown = "\"" + word + "\"";
  return MakeSqlError("UNSUPPORTED_DATATYPE", "0A000", "Unsupported data type " + shown + ".",
                      {{"typeName", shown}}, SpanFrom(begin));
}

Result<int> Parser::TypeParameter() {
  if (Peek().kind != TokenKind::kInteger) return SyntaxError();
  std::optional<int64_t> value = ParseInt64(Peek().text);
  if (!value || *value > 1'000'000'000) return SyntaxError();
  Advance();
  return static_cast<int>(*value);
}

Result<DataType> Parser::DecimalType() {
  if (!Accept("(")) return DataType::Decimal(10, 0);
  ASSIGN_OR_RETURN(int precision, TypeParameter());
  int scale = 0;
  if (Accept(",")) {
    ASSIGN_OR_RETURN(scale, TypeParameter());
  }
  RETURN_IF_ERROR(Expect(")"));
  std::string p = std::to_string(precision);
  std::string s = std::to_string(scale);
  if (scale > precision) {
    return MakeSqlError("_LEGACY_ERROR_TEMP_1228", "",
                        "Decimal scale (" + s + ") cannot be greater than precision (" + p + ").",
                        {{"scale", s}, {"precision", p}});
  }
  if (precision > 38) {
    return MakeSqlError("DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION", "22003",
                        "Decimal precision " + p + " exceeds max precision 38.",
                        {{"precision", p}, {"maxPrecision", "38"}});
  }
  if (precision == 0) return NotImplemented("DECIMAL(0, 0)");
  return DataType::Decimal(precision, scale);
}

Result<DataType> Parser::CharType(bool varying) {
  size_t name = at_ - 1;
  if (!Accept("(")) {
    std::string shown = varying ? "\"VARCHAR\"" : "\"" + ToUpperAscii(tokens_[name].text) + "\"";
    return MakeSqlError("DATATYPE_MISSING_SIZE", "42K01",
                        "DataType " + shown + " requires a length parameter, for example " + shown +
                            "(10). Please specify the length.",
                        {{"type", shown}}, SpanFrom(name));
  }
  ASSIGN_OR_RETURN(int length, TypeParameter());
  RETURN_IF_ERROR(Expect(")"));
  if (length < 1) return SyntaxError();
  return varying ? DataType::Varchar(length) : DataType::Char(length);
}

// INTERVAL, INTERVAL DAY, INTERVAL YEAR TO MONTH
Result<DataType> Parser::IntervalType() {
  int year_month = IndexOfWord(kYearMonth, Peek());
  int day_time = IndexOfWord(kDayTime, Peek());
  if (year_month < 0 && day_time < 0) return DataType(TypeId::kCalendarInterval);
  Advance();
  int first = year_month >= 0 ? year_month : day_time;
  int last = first;
  if (AcceptWord("TO")) {
    last = year_month >= 0 ? IndexOfWord(kYearMonth, Peek()) : IndexOfWord(kDayTime, Peek());
    if (last <= first) return SyntaxError();
    Advance();
  }
  return year_month >= 0 ? DataType::YearMonthInterval(first, last) : DataType::DayTimeInterval(first, last);
}

// After "STRUCT<".
Result<DataType> Parser::StructType() {
  std::vector<Field> fields;
  if (Accept(">")) return DataType::Struct({});
  do {
    ASSIGN_OR_RETURN(Field field, ColumnType());
    fields.push_back(std::move(field));
  } while (Accept(","));
  RETURN_IF_ERROR(Expect(">"));
  return DataType::Struct(std::move(fields));
}

// "name [:] type [NOT NULL] [COMMENT '…']"
Result<Field> Parser::ColumnType() {
  Field field;
  ASSIGN_OR_RETURN(field.name, Identifier());
  Accept(":");
  ASSIGN_OR_RETURN(field.type, Type());
  if (AcceptWord("NOT")) {
    RETURN_IF_ERROR(ExpectWord("NULL"));
    field.nullable = false;
  }
  ASSIGN_OR_RETURN(std::optional<std::string> comment, OptionalComment());
  if (comment) field.metadata = CommentMetadata(*comment);
  return field;
}

}  // namespace ashlar::sql
