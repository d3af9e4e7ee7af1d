#include <algorithm>
#include <array>

#include "base/json.h"
#include "base/text.h"
#include "types/data_type.h"

namespace ashlar {
namespace {

struct NameRow {
  const char* name;
  TypeId id;
};
constexpr std::array kNames = {
    NameRow{"boolean", TypeId::kBoolean}, NameRow{"tinyint", TypeId::kByte},
    NameRow{"byte", TypeId::kByte},       NameRow{"smallint", TypeId::kShort},
    NameRow{"short", TypeId::kShort},     NameRow{"int", TypeId::kInt},
    NameRow{"integer", TypeId::kInt},     NameRow{"bigint", TypeId::kLong},
    NameRow{"long", TypeId::kLong},       NameRow{"float", TypeId::kFloat},
    NameRow{"real", TypeId::kFloat},      NameRow{"double", TypeId::kDouble},
    NameRow{"string", TypeId::kString},   NameRow{"binary", TypeId::kBinary},
    NameRow{"date", TypeId::kDate},       NameRow{"timestamp", TypeId::kTimestamp},
    NameRow{"timestamp_ltz", TypeId::kTimestamp}, NameRow{"timestamp_ntz", TypeId::kTimestampNtz},
    NameRow{"void", TypeId::kNull},       NameRow{"variant", TypeId::kVariant},
};
constexpr std::array<std::string_view, 2> kYearMonth = {"year", "month"};
constexpr std::array<std::string_view, 4> kDayTime = {"day", "hour", "minute", "second"};
constexpr int kMaxDepth = 100;

bool IsWordChar(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

template <size_t N>
int IndexIn(const std::array<std::string_view, N>& names, std::string_view name) {
  for (size_t i = 0; i < N; ++i) {
    if (names[i] == name) return static_cast<int>(i);
  }
  return -1;
}

// Recursive descent over the DDL text of types and columns.
class TypeParser {
 public:
  explicit TypeParser(std::string_view text) : text_(text) {}

  Result<DataType> WholeType() {
    ASSIGN_OR_RETURN(DataType type, Type(0));
    RETURN_IF_ERROR(End());
    return type;
  }

  Result<Schema> WholeSchema() {
    Schema schema;
    SkipSpace();
    if (at_ == text_.size()) return schema;
    do {
      ASSIGN_OR_RETURN(Field field, Column(0, /*colon_allowed=*/true));
      schema.fields.push_back(std::move(field));
    } while (Accept(','));
    RETURN_IF_ERROR(End());
    return schema;
  }

 private:
  Error Fail() const {
    return MakeSqlError("PARSE_SYNTAX_ERROR", "42601",
                        "Syntax error at or near '" + std::string(text_.substr(at_, 20)) +
                            "' in data type \"" + std::string(text_) + "\".",
                        {{"error", "'" + std::string(text_.substr(at_, 20)) + "'"}, {"hint", ""}});
  }

  void SkipSpace() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) ++at_;
  }

  bool Accept(char c) {
    SkipSpace();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  Status Expect(char c) {
    if (Accept(c)) return OkStatus();
    return Fail();
  }

  Status End() {
    SkipSpace();
    if (at_ != text_.size()) return Fail();
    return OkStatus();
  }

  std::string_view PeekWord() {
    SkipSpace();
    size_t end = at_;
    while (end < text_.size() && IsWordChar(text_[end])) ++end;
    return text_.substr(at_, end - at_);
  }

  bool AcceptWord(std::string_view word) {
    if (!EqualsIgnoreCase(PeekWord(), word)) return false;
    at_ += word.size();
    return true;
  }

  Result<std::string> Identifier() {
    SkipSpace();
    if (at_ < text_.size() && text_[at_] == '`') {
      std::string name;
      for (size_t i = at_ + 1; i < text_.size(); ++i) {
        if (text_[i] != '`') {
          name += text_[i];
        } else if (i + 1 < text_.size() && text_[i + 1] == '`') {
          name += '`';
          ++i;
        } else {
          at_ = i + 1;
          return name;
        }
      }
      return Fail();
    }
    std::string_view word = PeekWord();
    if (word.empty()) return Fail();
    at_ += word.size();
    return std::string(word);
  }

  Result<std::string> QuotedText() {
    SkipSpace();
    if (at_ >= text_.size() || (text_[at_] != '\'' && text_[at_] != '"')) return Fail();
    char quote = text_[at_++];
    std::string value;
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) {
        value += text_[++at_];
      } else if (text_[at_] == quote) {
        ++at_;
        return value;
      } else {
        value += text_[at_];
      }
    }
    return Fail();
  }

  Result<int> Number() {
    std::string_view word = PeekWord();
    std::optional<int64_t> value = ParseInt64(word);
    if (!value || *value < 0 || *value > 1'000'000'000) return Fail();
    at_ += word.size();
    return static_cast<int>(*value);
  }

  Result<Field> Column(int depth, bool colon_allowed) {
    Field field;
    ASSIGN_OR_RETURN(field.name, Identifier());
    if (colon_allowed) Accept(':');
    ASSIGN_OR_RETURN(field.type, Type(depth + 1));
    if (AcceptWord("not")) {
      if (!AcceptWord("null")) return Fail();
      field.nullable = false;
    }
    if (AcceptWord("comment")) {
      ASSIGN_OR_RETURN(std::string comment, QuotedText());
      field.metadata = WriteJson(Json{{"comment", comment}});
    }
    return field;
  }

  Result<DataType> Type(int depth) {
    if (depth > kMaxDepth) return Fail();
    size_t begin = at_;
    std::string word = ToLowerAscii(PeekWord());
    at_ = text_.find_first_not_of(" \t\r\n", begin) == std::string_view::npos ? text_.size() : at_;
    at_ += word.size();
    if (word == "decimal" || word == "dec" || word == "numeric") return DecimalType();
    if (word == "char" || word == "character" || word == "varchar") return CharType(word == "varchar");
    if (word == "interval") return IntervalType();
    if (word == "array") {
      RETURN_IF_ERROR(Expect('<'));
      ASSIGN_OR_RETURN(DataType element, Type(depth + 1));
      RETURN_IF_ERROR(Expect('>'));
      return DataType::Array(std::move(element));
    }
    if (word == "map") {
      RETURN_IF_ERROR(Expect('<'));
      ASSIGN_OR_RETURN(DataType key, Type(depth + 1));
      RETURN_IF_ERROR(Expect(','));
      ASSIGN_OR_RETURN(DataType value, Type(depth + 1));
      RETURN_IF_ERROR(Expect('>'));
      return DataType::Map(std::move(key), std::move(value));
    }
    if (word == "struct") return StructType(depth);
    if (auto id = TypeIdNamed(word)) return DataType(*id);
    at_ = begin;
    return MakeSqlError("UNSUPPORTED_DATATYPE", "0A000",
                        "Unsupported data type \"" + ToUpperAscii(word) + "\".",
                        {{"typeName", "\"" + ToUpperAscii(word) + "\""}});
  }

  Result<DataType> DecimalType() {
    if (!Accept('(')) return DataType::Decimal(10, 0);
    ASSIGN_OR_RETURN(int precision, Number());
    int scale = 0;
    if (Accept(',')) {
      ASSIGN_OR_RETURN(scale, Number());
    }
    RETURN_IF_ERROR(Expect(')'));
    if (precision > 38) {
      return MakeSqlError("DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION", "22003",
                          "Decimal precision " + std::to_string(precision) + " exceeds max precision 38.",
                          {{"precision", std::to_string(precision)}, {"maxPrecision", "38"}});
    }
    if (precision < 1 || scale > precision) return Fail();
    return DataType::Decimal(precision, scale);
  }

  Result<DataType> CharType(bool varying) {
    RETURN_IF_ERROR(Expect('('));
    ASSIGN_OR_RETURN(int length, Number());
    RETURN_IF_ERROR(Expect(')'));
    if (length < 1) return Fail();
    return varying ? DataType::Varchar(length) : DataType::Char(length);
  }

  Result<DataType> IntervalType() {
    std::string first = ToLowerAscii(PeekWord());
    int year_month = IndexIn(kYearMonth, first);
    int day_time = IndexIn(kDayTime, first);
    if (year_month < 0 && day_time < 0) return DataType(TypeId::kCalendarInterval);
    at_ += first.size();
    std::string last = first;
    if (AcceptWord("to")) {
      last = ToLowerAscii(PeekWord());
      at_ += last.size();
    }
    int end = year_month >= 0 ? IndexIn(kYearMonth, last) : IndexIn(kDayTime, last);
    int begin = year_month >= 0 ? year_month : day_time;
    if (end < begin) return Fail();
    return year_month >= 0 ? DataType::YearMonthInterval(begin, end) : DataType::DayTimeInterval(begin, end);
  }

  Result<DataType> StructType(int depth) {
    std::vector<Field> fields;
    RETURN_IF_ERROR(Expect('<'));
    if (Accept('>')) return DataType::Struct({});
    do {
      ASSIGN_OR_RETURN(Field field, Column(depth, /*colon_allowed=*/true));
      fields.push_back(std::move(field));
    } while (Accept(','));
    RETURN_IF_ERROR(Expect('>'));
    return DataType::Struct(std::move(fields));
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

std::optional<TypeId> TypeIdNamed(std::string_view word) {
  auto row = std::ranges::find_if(kNames, [&](const NameRow& known) { return EqualsIgnoreCase(known.name, word); });
  return row == kNames.end() ? std::nullopt : std::optional(row->id);
}

Result<DataType> DataType::Parse(std::string_view text) { return TypeParser(text).WholeType(); }

Result<Schema> Schema::ParseDdl(std::string_view text) { return TypeParser(text).WholeSchema(); }

std::string Schema::ToDdl() const {
  std::vector<std::string> parts;
  for (const Field& field : fields) {
    std::string part = QuoteIfNeeded(field.name) + " " + field.type.Sql();
    if (!field.nullable) part += " NOT NULL";
    Result<Json> metadata = ParseJson(field.metadata);
    if (metadata.ok() && metadata->contains("comment") && (*metadata)["comment"].is_string()) {
      std::string comment = (*metadata)["comment"].get<std::string>();
      part += " COMMENT '" + ReplaceAll(ReplaceAll(comment, "\\", "\\\\"), "'", "\\'") + "'";
    }
    parts.push_back(std::move(part));
  }
  return Join(parts, ",");
}

}  // namespace ashlar
