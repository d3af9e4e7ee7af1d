// format_string: Java's format strings (java.util.Formatter). Errors are Java's, by the name of their class.
#include <unicode/unistr.h>

#include <charconv>
#include <cmath>

#include "base/text.h"
#include "engine/functions/format/rounded_digits.h"
#include "engine/functions/kernel_binding.h"
#include "engine/functions/number_text.h"

namespace ashlar::engine {
namespace {

using Text = std::string_view;

// An argument: its kind and its value as text. Kinds: 1 2 4 8 integers of so many bytes, f floating
// point, d decimal, b boolean, s string.
struct Argument {
  char kind = 's';
  std::string text;
};

struct Directive {
  size_t index = 0;        // of the argument, from 1; 0: the next one
  bool previous = false;   // %<s
  std::string flags;
  int width = -1;
  int precision = -1;
  char conversion = 0;     // lower case
  bool upper = false;

  bool Has(char flag) const { return flags.find(flag) != std::string::npos; }
};

[[noreturn]] void FailFormat(const char* exception, const std::string& message) { Fail(exception, "", message, {}); }

int ReadNumber(Text format, size_t& at) {
  int value = 0;
  for (; at < format.size() && std::isdigit(static_cast<unsigned char>(format[at])) && value < 100'000'000; ++at) {
    value = value * 10 + (format[at] - '0');
  }
  return value;
}

// What stands behind a '%'; `at` is moved behind it.
Directive ReadDirective(Text format, size_t& at) {
  Directive out;
  size_t begin = at;
  size_t digits = at;
  while (digits < format.size() && std::isdigit(static_cast<unsigned char>(format[digits]))) ++digits;
  if (digits > at && digits < format.size() && format[digits] == '$') {
    out.index = static_cast<size_t>(ReadNumber(format, at));
    ++at;
  } else if (at < format.size() && format[at] == '<') {
    out.previous = true;
    ++at;
  }
  while (at < format.size() && Text("-#+ 0,(").find(format[at]) != Text::npos) {
    if (out.Has(format[at])) FailFormat("DuplicateFormatFlagsException", "Flags = '" + out.flags + "'");
    out.flags += format[at++];
  }
  if (at < format.size() && std::isdigit(static_cast<unsigned char>(format[at]))) out.width = ReadNumber(format, at);
  if (at + 1 < format.size() && format[at] == '.' && std::isdigit(static_cast<unsigned char>(format[at + 1]))) {
    ++at;
    out.precision = ReadNumber(format, at);
  }
  char letter = at < format.size() ? format[at++] : '\0';
  if (Text("bBhHsScCdoxXeEfgGaA%n").find(letter) == Text::npos || letter == '\0') {
    FailFormat("UnknownFormatConversionException",
               "Conversion = '" + std::string(letter == '\0' ? "%" : format.substr(begin, at - begin)) + "'");
  }
  out.conversion = ToLowerAscii(std::string(1, letter))[0];
  out.upper = letter != out.conversion;
  if ((out.Has('-') || out.Has('0')) && out.width < 0) {
    FailFormat("MissingFormatWidthException", "%" + std::string(format.substr(begin, at - begin)));
  }
  bool integral = Text("doxcn").find(out.conversion) != Text::npos;
  if (integral && out.precision >= 0) FailFormat("IllegalFormatPrecisionException", std::to_string(out.precision));
  if ((out.Has('-') && out.Has('0')) || (out.Has('+') && out.Has(' '))) {
    FailFormat("IllegalFormatFlagsException", "Flags = '" + out.flags + "'");
  }
  return out;
}

size_t CountCodePoints(Text text) {
  size_t count = 0;
  for (char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return count;
}

std::string Pad(const Directive& directive, std::string text) {
  size_t length = CountCodePoints(text);
  if (directive.width < 0 || length >= static_cast<size_t>(directive.width)) return text;
  std::string blanks(static_cast<size_t>(directive.width) - length, ' ');
  return directive.Has('-') ? text + blanks : blanks + text;
}

std::string Upper(const Directive& directive, std::string text) {
  return directive.upper ? ToUpperAscii(text) : text;
}

// Digits (with a fraction or exponent behind) with what the flags say: thousands, sign, zeros.
std::string Signed(const Directive& directive, bool negative, std::string digits) {
  if (directive.Has(',')) {
    size_t end = std::min(digits.find_first_not_of("0123456789"), digits.size());
    for (size_t at = end; at > 3; at -= 3) digits.insert(at - 3, ",");
  }
  std::string sign = negative ? (directive.Has('(') ? "(" : "-") : directive.Has('+') ? "+" : directive.Has(' ') ? " " : "";
  std::string close = negative && directive.Has('(') ? ")" : "";
  size_t length = sign.size() + digits.size() + close.size();
  if (directive.Has('0') && static_cast<size_t>(directive.width) > length) {
    digits.insert(0, static_cast<size_t>(directive.width) - length, '0');
  }
  return Pad(directive, Upper(directive, sign + digits + close));
}

[[noreturn]] void FailConversion(const Directive& directive, const Argument& argument) {
  std::string type = argument.kind == 'f' ? "java.lang.Double" : argument.kind == 'd' ? "org.apache.spark.sql.types.Decimal"
                     : argument.kind == 'b' ? "java.lang.Boolean" : argument.kind == 's' ? "org.apache.spark.unsafe.types.UTF8String"
                     : argument.kind == '8' ? "java.lang.Long" : "java.lang.Integer";
  FailFormat("IllegalFormatConversionException", std::string(1, directive.conversion) + " != " + type);
}

std::string FormatInteger(const Directive& directive, const Argument& argument) {
  if (argument.kind < '1' || argument.kind > '8') FailConversion(directive, argument);
  int64_t value = ParseInt64(argument.text).value_or(0);
  if (directive.conversion == 'd') {
    uint64_t magnitude = value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
    return Signed(directive, value < 0, std::to_string(magnitude));
  }
  int bytes = argument.kind - '0';
  uint64_t bits = static_cast<uint64_t>(value);
  if (bytes < 8) bits &= (uint64_t{1} << (bytes * 8)) - 1;
  char buffer[32];
  auto [end, error] = std::to_chars(buffer, buffer + sizeof(buffer), bits, directive.conversion == 'x' ? 16 : 8);
  std::string digits(buffer, end);
  if (directive.Has('#')) digits.insert(0, directive.conversion == 'x' ? "0x" : "0");
  return Signed(directive, false, digits);
}

std::string FormatFraction(const Directive& directive, const Argument& argument) {
  if (argument.kind != 'f') FailConversion(directive, argument);
  double value = ParseDouble(argument.text).value_or(0);
  bool negative = std::signbit(value);
  if (!std::isfinite(value)) {
    Directive plain = directive;
    std::erase(plain.flags, '0');
    std::erase(plain.flags, ',');
    return Signed(plain, negative && !std::isnan(value), std::isnan(value) ? "NaN" : "Infinity");
  }
  int precision = directive.precision < 0 ? 6 : directive.precision;
  RoundedDigits digits = RoundedDigits::Shortest(ToLowerAscii(argument.text));
  if (directive.conversion == 'f') return Signed(directive, negative, digits.Plain(precision, Rounding::kHalfUp));
  if (directive.conversion == 'e') return Signed(directive, negative, digits.Scientific(precision, Rounding::kHalfUp));
  // %g: precision counts the digits; plain between 10^-4 and 10^precision.
  precision = std::max(precision, 1);
  RoundedDigits rounded = digits;
  rounded.RoundToDigits(precision, Rounding::kHalfUp);
  bool plain = value == 0 || (rounded.exponent() >= -4 && rounded.exponent() < precision);
  return Signed(directive, negative,
                plain ? rounded.Plain(precision - 1 - (value == 0 ? 0 : rounded.exponent()), Rounding::kHalfUp)
                      : rounded.Scientific(precision - 1, Rounding::kHalfUp));
}

std::string FormatCharacter(const Directive& directive, const Argument& argument) {
  if (argument.kind < '1' || argument.kind > '4') FailConversion(directive, argument);
  int64_t point = ParseInt64(argument.text).value_or(0);
  if (point < 0 || point > 0x10FFFF) FailFormat("IllegalFormatCodePointException", "Code point = " + argument.text);
  std::string out;
  icu::UnicodeString(static_cast<UChar32>(point)).toUTF8String(out);
  return Pad(directive, Upper(directive, out));
}

std::string FormatText(const Directive& directive, std::string text) {
  if (directive.Has('#')) FailFormat("FormatFlagsConversionMismatchException", "Conversion = s, Flags = #");
  if (directive.precision >= 0) {
    size_t at = 0, left = static_cast<size_t>(directive.precision);
    for (; at < text.size(); ++at) {
      if ((static_cast<unsigned char>(text[at]) & 0xC0) != 0x80 && left-- == 0) break;
    }
    text.resize(at);
  }
  return Pad(directive, Upper(directive, std::move(text)));
}

std::string FormatArgument(const Directive& directive, const std::optional<Argument>& argument) {
  if (directive.conversion == 'b') {
    bool yes = argument && (argument->kind != 'b' || argument->text == "true");
    return FormatText(directive, yes ? "true" : "false");
  }
  if (!argument) return FormatText(directive, "null");
  switch (directive.conversion) {
    case 's': return FormatText(directive, argument->text);
    case 'c': return FormatCharacter(directive, *argument);
    case 'd':
    case 'o':
    case 'x':
      return FormatInteger(directive, *argument);
    case 'e':
    case 'f':
    case 'g':
      return FormatFraction(directive, *argument);
  }
  ThrowSparkError(NotImplemented(std::string("the conversion %") + directive.conversion + " of format_string"));
}

std::string FormatString(const CallSite&, Text format, ListOf<Text> values) {
  std::string out;
  size_t next = 0, last = 0;
  for (size_t at = 0; at < format.size();) {
    if (format[at] != '%') {
      out += format[at++];
      continue;
    }
    Directive directive = ReadDirective(format, ++at);
    if (directive.conversion == 'n') {
      out += '\n';
      continue;
    }
    if (directive.conversion == '%') {
      out += Pad(directive, "%");
      continue;
    }
    if (!directive.previous) last = directive.index > 0 ? directive.index : ++next;
    if (last == 0 || last > values.size()) {
      FailFormat("MissingFormatArgumentException", "Format specifier '%" + std::string(1, directive.conversion) + "'");
    }
    std::optional<Argument> argument;
    if (const auto& value = values[last - 1]) argument = Argument{(*value)[0], std::string(value->substr(1))};
    out += FormatArgument(directive, argument);
  }
  return out;
}

}  // namespace

void RegisterFormatString(Registrar& registrar) {
  registrar.Add("spark_format_string", "sLs:s", Bind<FormatString>, Throws::kYes);
}

}  // namespace ashlar::engine
