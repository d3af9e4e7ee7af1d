// from_csv, to_csv and schema_of_csv: one record of comma-separated values each, by Spark's options.
#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "engine/functions/kernel_binding.h"
#include "engine/functions/number_text.h"
#include "engine/functions/record_text.h"
#include "engine/functions/text_types.h"

namespace ashlar::engine {
namespace {

using Text = std::string_view;
using DuckValue = duckdb::Value;

struct Dialect {
  std::string separator;
  char quote;
  char escape;
  bool trims_left, trims_right;
};

bool Says(const RecordOptions& options, const char* name, bool otherwise) {
  return EqualsIgnoreCase(options.Get(name, otherwise ? "true" : "false"), "true");
}

Dialect DialectOf(const RecordOptions& options, bool writes) {
  std::string quote = options.Get("quote", "\""), escape = options.Get("escape", "\\");
  return {.separator = options.Get("sep", options.Get("delimiter", ",")),
          .quote = quote.empty() ? '\0' : quote[0],
          .escape = escape.empty() ? '\0' : escape[0],
          .trims_left = Says(options, "ignoreleadingwhitespace", writes),
          .trims_right = Says(options, "ignoretrailingwhitespace", writes)};
}

std::string Trimmed(Text text, const Dialect& dialect) {
  auto blank = [](char c) { return static_cast<unsigned char>(c) <= ' '; };
  while (dialect.trims_left && !text.empty() && blank(text.front())) text.remove_prefix(1);
  while (dialect.trims_right && !text.empty() && blank(text.back())) text.remove_suffix(1);
  return std::string(text);
}

// The value from an opening quote to its closing one; nullopt when no separator follows that: then the
// quotes are part of the text.
std::optional<std::string> Quoted(Text record, size_t& at, const Dialect& dialect) {
  std::string value;
  for (size_t i = at + 1; i < record.size(); ++i) {
    bool escaped = record[i] == dialect.escape && i + 1 < record.size() && record[i + 1] == dialect.quote;
    if (escaped) {
      value += record[++i];
    } else if (record[i] != dialect.quote) {
      value += record[i];
    } else if (i + 1 == record.size() || record.substr(i + 1).starts_with(dialect.separator)) {
      at = i + 1;
      return value;
    } else {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

std::vector<std::string> Values(Text record, const Dialect& dialect) {
  std::vector<std::string> values;
  for (size_t at = 0;; at += dialect.separator.size()) {
    bool quote = at < record.size() && record[at] == dialect.quote && dialect.quote != '\0';
    auto quoted = quote ? Quoted(record, at, dialect) : std::nullopt;
    if (quoted) {
      values.push_back(*quoted);
    } else {
      size_t end = std::min(record.find(dialect.separator, at), record.size());
      values.push_back(Trimmed(record.substr(at, end - at), dialect));
      at = end;
    }
    if (at >= record.size()) return values;
  }
}

// ---- from_csv -----------------------------------------------------------------------------------

struct FromCsv {
  const BoundRecord& bound;
  const RecordOptions& options;

  std::optional<double> Number(const std::string& text) {
    if (text == options.Get("nanvalue", "NaN")) return std::nan("");
    if (text == options.Get("positiveinf", "Inf")) return INFINITY;
    if (text == options.Get("negativeinf", "-Inf")) return -INFINITY;
    return ParseDouble(text);
  }

  // nullopt for a text that is no such value.
  std::optional<DuckValue> Value(const std::string& text, const DataType& type, const duckdb::LogicalType& duck) {
    DuckValue out;
    std::string error;
    switch (type.id()) {
      case TypeId::kString: return DuckValue(text);
      case TypeId::kBoolean:
        if (EqualsIgnoreCase(text, "true") || EqualsIgnoreCase(text, "false")) return DuckValue::BOOLEAN(EqualsIgnoreCase(text, "true"));
        return std::nullopt;
      case TypeId::kByte:
      case TypeId::kShort:
      case TypeId::kInt:
      case TypeId::kLong: {
        auto number = TrimForCast(text) == text ? ParseIntegral(text, false) : std::nullopt;
        if (!number || !DuckValue::BIGINT(*number).DefaultTryCastAs(duck, out, &error)) return std::nullopt;
        return out;
      }
      case TypeId::kFloat:
      case TypeId::kDouble: {
        auto number = Number(text);
        if (!number) return std::nullopt;
        return type.Is(TypeId::kFloat) ? DuckValue::FLOAT(static_cast<float>(*number)) : DuckValue::DOUBLE(*number);
      }
      case TypeId::kDecimal: {
        auto number = ParseDecimal(text);
        if (!number || number->too_large) return std::nullopt;
        if (!DuckValue(PlainText(number->unscaled, number->scale)).DefaultTryCastAs(duck, out, &error)) return std::nullopt;
        return out;
      }
      case TypeId::kDate:
      case TypeId::kTimestamp:
      case TypeId::kTimestampNtz:
        return DatetimeFromText(text, type, bound, options);
      default: return std::nullopt;
    }
  }

  // A record with too few or too many values, or one that cannot be read, is malformed.
  DuckValue Row(const std::string& record) {
    std::vector<std::string> values = Values(record, DialectOf(options, false));
    const auto& types = duckdb::StructType::GetChildTypes(bound.duck);
    const auto& fields = bound.type.fields();
    const std::string null = options.Get("nullvalue", ""), corrupt = options.Get("columnnameofcorruptrecord", "_corrupt_record");
    duckdb::child_list_t<DuckValue> row;
    bool complete = true;
    size_t next = 0;
    for (size_t i = 0; i < fields.size(); ++i) {
      DuckValue value(types[i].second);
      bool holds_corrupt = fields[i].name == corrupt;
      if (!holds_corrupt && next < values.size()) {
        const std::string& text = values[next++];
        auto read = text == null ? std::optional(value) : Value(text, fields[i].type, types[i].second);
        complete = complete && read;
        value = read.value_or(value);
      } else if (!holds_corrupt) {
        complete = false;
      }
      row.emplace_back(types[i].first, value);
    }
    complete = complete && next == values.size();
    if (!complete && EqualsIgnoreCase(options.Get("mode", "PERMISSIVE"), "FAILFAST")) FailRecord(bound.type);
    DuckValue out = DuckValue::STRUCT(std::move(row));
    return complete ? out : WithCorruptRecord(std::move(out), record, bound, options);
  }
};

// ---- to_csv -------------------------------------------------------------------------------------

struct ToCsv {
  const BoundRecord& bound;
  const RecordOptions& options;
  Dialect dialect;

  std::string Plain(const DuckValue& value, const DataType& type) {
    switch (type.id()) {
      case TypeId::kFloat: return FloatText(value.GetValue<float>());
      case TypeId::kDouble: return DoubleText(value.GetValue<double>());
      case TypeId::kDate:
      case TypeId::kTimestamp:
      case TypeId::kTimestampNtz:
        return DatetimeToText(value, type, bound, options);
      case TypeId::kString: return Trimmed(duckdb::StringValue::Get(value), dialect);
      default: return value.ToString();
    }
  }

  std::string Written(const std::string& text) {
    bool all = Says(options, "quoteall", false);
    bool quotes = text.find(dialect.quote) != std::string::npos;
    bool needs = all || quotes || text.find(dialect.separator) != std::string::npos ||
                 text.find_first_of("\r\n") != std::string::npos;
    if (!needs || dialect.quote == '\0') return text;
    std::string out(1, dialect.quote);
    for (char c : text) {
      if (c == dialect.quote) out += dialect.escape;
      out += c;
    }
    return out + dialect.quote;
  }

  std::string Row(const DuckValue& row) {
    const auto& fields = duckdb::StructValue::GetChildren(row);
    std::string out;
    for (size_t i = 0; i < bound.type.fields().size(); ++i) {
      if (i > 0) out += dialect.separator;
      if (fields[i].IsNull()) {
        out += options.Get("nullvalue", "");
        continue;
      }
      std::string text = Plain(fields[i], bound.type.fields()[i].type);
      out += text.empty() ? options.Get("emptyvalue", "\"\"") : Written(text);
    }
    return out;
  }
};

void RunFromCsv(duckdb::DataChunk& args, duckdb::ExpressionState& state, duckdb::Vector& result) {
  RunRecords(args, state, result, [](const BoundRecord& bound, const RecordOptions& options, const DuckValue& input) {
    return FromCsv{bound, options}.Row(duckdb::StringValue::Get(input));
  });
}
void RunToCsv(duckdb::DataChunk& args, duckdb::ExpressionState& state, duckdb::Vector& result) {
  RunRecords(args, state, result, [](const BoundRecord& bound, const RecordOptions& options, const DuckValue& input) {
    return DuckValue(ToCsv{bound, options, DialectOf(options, true)}.Row(input));
  });
}

// ---- schema_of_csv ------------------------------------------------------------------------------

const char* TypeName(Text value, const TimeZone* zone) {
  int32_t types = value.empty() ? 0 : TypesOfText(value, zone);
  if (types & kTextInt) return "INT";
  if (types & kTextLong) return "BIGINT";
  if (types & kTextDouble) return "DOUBLE";
  if (types & kTextDate) return "DATE";
  if (types & kTextTimestamp) return "TIMESTAMP";
  return types & kTextBoolean ? "BOOLEAN" : "STRING";
}

std::string SchemaOf(const CallSite& site, Text record, Text separator) {
  RecordOptions options;
  options.values["sep"] = std::string(separator);
  std::string out = "STRUCT<";
  std::vector<std::string> values = Values(record, DialectOf(options, false));
  for (size_t i = 0; i < values.size(); ++i) {
    out += (i > 0 ? ", _c" : "_c") + std::to_string(i) + ": " + TypeName(values[i], site.zone);
  }
  return out + ">";
}

}  // namespace

void RegisterCsv(Registrar& registrar) {
  for (size_t options : {0, 1}) {
    auto from = AnyFunction("spark_from_csv", 3 + options, RunFromCsv, BindRecord<RecordUse::kRead>);
    from.SetFallible();
    registrar.Add(std::move(from));
    registrar.Add(AnyFunction("spark_to_csv", 2 + options, RunToCsv, BindRecord<RecordUse::kWrite>));
  }
  registrar.Add("spark_schema_of_csv", "ss|Z:s", Bind<SchemaOf>);
}

}  // namespace ashlar::engine
