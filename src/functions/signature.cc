#include "functions/signature.h"

#include "base/check.h"
#include "base/text.h"
#include "sql/analyze/errors.h"

namespace ashlar::functions {
namespace {

// Splits at `separator` outside <>, () and quotes.
std::vector<std::string_view> SplitOutside(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  int depth = 0;
  size_t begin = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\'') quoted = !quoted;
    if (quoted) continue;
    if (text[i] == '<' || text[i] == '(') ++depth;
    if (text[i] == '>' || text[i] == ')') --depth;
    if (text[i] == separator && depth == 0) {
      parts.push_back(Trim(text.substr(begin, i - begin)));
      begin = i + 1;
    }
  }
  parts.push_back(Trim(text.substr(begin)));
  return parts;
}

Value ParseDefault(std::string_view text) {
  if (text == "null") return Value::Null(TypeId::kNull);
  if (text == "true" || text == "false") return Value::Boolean(text == "true");
  if (text.starts_with('\'')) return Value::String(std::string(text.substr(1, text.size() - 2)));
  auto number = ParseInt64(text);
  CHECK(number.has_value()) << "default " << text;
  return Value::Int(static_cast<int32_t>(*number));
}

bool IsClass(std::string_view type) {
  return type == "any" || type == "numeric" || type == "integral" || type == "array" || type == "map" ||
         type == "struct" || type == "interval" || type == "decimal";
}

bool InClass(const DataType& type, std::string_view name) {
  if (name == "any") return true;
  if (name == "numeric") return type.IsNumeric();
  if (name == "integral") return type.IsIntegral();
  if (name == "interval") return type.IsInterval();
  if (name == "decimal") return type.Is(TypeId::kDecimal);
  if (name == "array") return type.Is(TypeId::kArray);
  if (name == "map") return type.Is(TypeId::kMap);
  CHECK(name == "struct") << name;
  return type.Is(TypeId::kStruct);
}

DataType Concrete(std::string_view name) {
  auto type = DataType::Parse(name);
  CHECK(type.ok()) << "type " << name;
  return *type;
}

bool Accepts(const DataType& type, std::string_view name) {
  if (IsClass(name)) return InClass(type, name);
  DataType wanted = Concrete(name);
  if (wanted.Is(TypeId::kString)) return type.Is(TypeId::kString);
  if (wanted.Is(TypeId::kDayTimeInterval) || wanted.Is(TypeId::kYearMonthInterval)) {
    return type.id() == wanted.id();
  }
  return type == wanted;
}

// The type a class stands for when the argument is NULL or a string.
std::optional<DataType> ClassDefault(const DataType& from, std::string_view name) {
  bool null = from.Is(TypeId::kNull);
  if (!null && !from.Is(TypeId::kString)) return std::nullopt;
  if (name == "any") return from;
  if (name == "numeric") return DataType(TypeId::kDouble);
  if (name == "integral") return null ? DataType(TypeId::kInt) : DataType(TypeId::kLong);
  if (name == "decimal") return DataType::Decimal(38, 18);
  return std::nullopt;
}

std::string RequiredText(const std::vector<std::string>& types) {
  std::vector<std::string> shown;
  for (const std::string& type : types) {
    shown.push_back(IsClass(type) ? sql::QuoteSql(ToUpperAscii(type)) : sql::QuoteType(Concrete(type)));
  }
  return shown.size() == 1 ? shown[0] : "(" + Join(shown, " or ") + ")";
}

}  // namespace

Signature ParseSignature(std::string_view text) {
  Signature out;
  out.max_count = 0;
  if (Trim(text).empty()) return out;
  for (std::string_view part : SplitOutside(text, ',')) {
    Parameter parameter;
    if (part.ends_with("...")) {
      parameter.repeated = true;
      part.remove_suffix(3);
    } else if (part.ends_with('?')) {
      parameter.optional = true;
      part.remove_suffix(1);
    }
    if (size_t at = part.find('='); at != std::string_view::npos) {
      parameter.default_value = ParseDefault(part.substr(at + 1));
      part = part.substr(0, at);
    }
    for (std::string_view type : SplitOutside(part, '|')) parameter.types.emplace_back(type);
    if (parameter.repeated) {
      out.max_count.reset();
    } else {
      ++*out.max_count;
      if (!parameter.default_value && !parameter.optional) ++out.min_count;
    }
    out.parameters.push_back(std::move(parameter));
  }
  return out;
}

Status CheckCount(const Signature& signature, const Call& call) {
  size_t count = call.size();
  if (count >= signature.min_count && (!signature.max_count || count <= *signature.max_count)) return {};
  if (!signature.max_count) return call.WrongCount("> " + std::to_string(signature.min_count - 1));
  if (signature.min_count == *signature.max_count) return call.WrongCount(std::to_string(signature.min_count));
  std::vector<std::string> counts;
  for (size_t n = signature.min_count; n <= *signature.max_count; ++n) counts.push_back(std::to_string(n));
  return call.WrongCount("[" + Join(counts, ", ") + "]");
}

std::optional<DataType> CoerceTo(const DataType& from, const std::vector<std::string>& types, bool ansi) {
  for (const std::string& type : types) {
    if (Accepts(from, type)) return from.Is(TypeId::kString) ? DataType(TypeId::kString) : from;
  }
  for (const std::string& type : types) {
    if (IsClass(type)) {
      if (auto chosen = ClassDefault(from, type)) return chosen;
      continue;
    }
    DataType wanted = Concrete(type);
    if (types.size() > 1 && !from.Is(TypeId::kString) && !from.Is(TypeId::kNull) &&
        !sql::CanUpCast(from, wanted)) {
      continue;
    }
    if (sql::CanImplicitlyCast(from, wanted, ansi)) return wanted;
  }
  return std::nullopt;
}

Result<std::vector<DataType>> CoerceArguments(const Signature& signature, const Call& call) {
  std::vector<DataType> common_inputs;
  auto parameter_of = [&](size_t i) -> const Parameter& {
    return signature.parameters[std::min(i, signature.parameters.size() - 1)];
  };
  for (size_t i = 0; i < call.size(); ++i) {
    if (parameter_of(i).types[0] == "T") common_inputs.push_back(call.type(i));
  }
  std::optional<DataType> common = sql::CommonType(common_inputs, call.ansi());
  std::vector<DataType> types;
  for (size_t i = 0; i < call.size(); ++i) {
    const Parameter& parameter = parameter_of(i);
    if (parameter.types[0] == "T") {
      if (!common) return call.DiffTypes();
      types.push_back(*common);
      continue;
    }
    auto type = CoerceTo(call.type(i), parameter.types, call.ansi());
    if (!type) return call.Unexpected(i, RequiredText(parameter.types));
    types.push_back(*std::move(type));
  }
  return types;
}

DataType ResultType(std::string_view result, const std::vector<DataType>& argument_types) {
  if (result.starts_with("array<$")) {
    return DataType::Array(ResultType(result.substr(6, result.size() - 7), argument_types));
  }
  if (!result.starts_with('$')) return Concrete(result);
  size_t index = static_cast<size_t>(result[1] - '0');
  CHECK_LT(index, argument_types.size());
  const DataType& type = argument_types[index];
  if (result.size() == 2) return type;
  CHECK(result.substr(2) == ".element") << result;
  return type.Is(TypeId::kArray) ? type.element() : DataType(TypeId::kNull);
}

}  // namespace ashlar::functions
