// Functions of strings: positions and lengths are in code points, from 1.
#include <unicode/brkiter.h>
#include <unicode/unistr.h>
#include <unicode/ucnv.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/text.h"
#include "engine/functions/decimal_math.h"
#include "engine/functions/kernel_binding.h"
#include "engine/functions/number_text.h"

namespace ashlar::engine {
namespace {

using Text = std::string_view;

bool IsAscii(Text text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}
bool StartsCodePoint(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }
int64_t CountCodePoints(Text text) { return std::ranges::count_if(text, StartsCodePoint); }

// The byte at which code point `index` (from 0) begins; the size when there are fewer.
size_t ByteOf(Text text, int64_t index) {
  size_t at = 0;
  while (index > 0 && at < text.size()) {
    ++at;
    while (at < text.size() && !StartsCodePoint(text[at])) ++at;
    --index;
  }
  return at;
}
size_t NextCodePoint(Text text, size_t at) {
  do ++at;
  while (at < text.size() && !StartsCodePoint(text[at]));
  return at;
}
std::vector<Text> CodePoints(Text text) {
  std::vector<Text> out;
  for (size_t at = 0; at < text.size();) {
    size_t next = NextCodePoint(text, at);
    out.push_back(text.substr(at, next - at));
    at = next;
  }
  return out;
}

icu::UnicodeString ToIcu(Text text) {
  return icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<int32_t>(text.size())));
}
std::string FromIcu(const icu::UnicodeString& text) {
  std::string out;
  text.toUTF8String(out);
  return out;
}

std::string Upper(const CallSite&, Text text) {
  return IsAscii(text) ? ToUpperAscii(text) : FromIcu(ToIcu(text).toUpper(icu::Locale::getRoot()));
}
std::string Lower(const CallSite&, Text text) {
  return IsAscii(text) ? ToLowerAscii(text) : FromIcu(ToIcu(text).toLower(icu::Locale::getRoot()));
}
// Words are parted by spaces only.
std::string Initcap(const CallSite& site, Text text) {
  std::string lower = Lower(site, text), out;
  bool start = true;
  for (Text point : CodePoints(lower)) {
    if (start && point != " ") {
      icu::UnicodeString one = ToIcu(point);
      out += FromIcu(one.length() > 0 ? icu::UnicodeString(u_totitle(one.char32At(0))) : one);
    } else {
      out += point;
    }
    start = point == " ";
  }
  return out;
}

int32_t Length(const CallSite&, Text text) { return static_cast<int32_t>(CountCodePoints(text)); }
int32_t OctetLength(const CallSite&, Text text) { return static_cast<int32_t>(text.size()); }

// [begin, end) of SQL's substring in `count` units.
std::pair<int64_t, int64_t> SubstringRange(int64_t count, int32_t position, int32_t length) {
  int64_t begin = position > 0 ? position - 1 : position < 0 ? count + position : 0;
  int64_t end = length <= 0 ? begin : begin + length;
  begin = std::clamp<int64_t>(begin, 0, count);
  return {begin, std::clamp<int64_t>(end, begin, count)};
}
std::string Substring(const CallSite&, Text text, int32_t position, int32_t length) {
  if (IsAscii(text)) {
    auto [begin, end] = SubstringRange(static_cast<int64_t>(text.size()), position, length);
    return std::string(text.substr(static_cast<size_t>(begin), static_cast<size_t>(end - begin)));
  }
  auto [begin, end] = SubstringRange(CountCodePoints(text), position, length);
  size_t from = ByteOf(text, begin);
  return std::string(text.substr(from, ByteOf(text.substr(from), end - begin)));
}
Bytes SubstringBytes(const CallSite&, Text bytes, int32_t position, int32_t length) {
  auto [begin, end] = SubstringRange(static_cast<int64_t>(bytes.size()), position, length);
  return {std::string(bytes.substr(static_cast<size_t>(begin), static_cast<size_t>(end - begin)))};
}
std::string Left(const CallSite& site, Text text, int32_t n) { return Substring(site, text, 1, n); }
Bytes LeftBytes(const CallSite& site, Text text, int32_t n) { return SubstringBytes(site, text, 1, n); }
std::string Right(const CallSite& site, Text text, int32_t n) {
  return n <= 0 ? "" : Substring(site, text, -n, INT32_MAX);
}
Bytes RightBytes(const CallSite& site, Text text, int32_t n) {
  return n <= 0 ? Bytes{} : SubstringBytes(site, text, -n, INT32_MAX);
}

// The text without any of `set`'s code points at its ends.
std::string TrimEnds(Text text, Text set, bool left, bool right) {
  std::vector<Text> points = CodePoints(text), drop = CodePoints(set);
  auto dropped = [&](Text point) { return std::ranges::find(drop, point) != drop.end(); };
  size_t begin = 0, end = points.size();
  while (left && begin < end && dropped(points[begin])) ++begin;
  while (right && end > begin && dropped(points[end - 1])) --end;
  if (begin == end) return "";
  const char* from = points[begin].data();
  return std::string(from, static_cast<size_t>(points[end - 1].data() + points[end - 1].size() - from));
}
std::string TrimBoth(const CallSite&, Text text, Text set) { return TrimEnds(text, set, true, true); }
std::string TrimLeft(const CallSite&, Text text, Text set) { return TrimEnds(text, set, true, false); }
std::string TrimRight(const CallSite&, Text text, Text set) { return TrimEnds(text, set, false, true); }

// Enough of `pad`, repeated, for `missing` code points.
std::string Padding(Text pad, int64_t missing) {
  std::vector<Text> points = CodePoints(pad);
  std::string out;
  for (int64_t i = 0; i < missing && !points.empty(); ++i) out += points[static_cast<size_t>(i) % points.size()];
  return out;
}
std::string PadText(Text text, int32_t length, Text pad, bool left) {
  int64_t count = CountCodePoints(text);
  if (length <= 0) return "";
  if (count >= length) return std::string(text.substr(0, ByteOf(text, length)));
  std::string padding = Padding(pad, length - count);
  return left ? padding + std::string(text) : std::string(text) + padding;
}
std::string Lpad(const CallSite&, Text text, int32_t length, Text pad) { return PadText(text, length, pad, true); }
std::string Rpad(const CallSite&, Text text, int32_t length, Text pad) { return PadText(text, length, pad, false); }
Bytes PadBytes(Text bytes, int32_t length, Text pad, bool left) {
  if (length <= 0) return {};
  auto wanted = static_cast<size_t>(length);
  if (bytes.size() >= wanted) return {std::string(bytes.substr(0, wanted))};
  std::string padding;
  while (!pad.empty() && padding.size() < wanted - bytes.size()) padding += pad[padding.size() % pad.size()];
  return {left ? padding + std::string(bytes) : std::string(bytes) + padding};
}
Bytes LpadBytes(const CallSite&, Text text, int32_t length, Text pad) { return PadBytes(text, length, pad, true); }
Bytes RpadBytes(const CallSite&, Text text, int32_t length, Text pad) { return PadBytes(text, length, pad, false); }

std::string Repeat(const CallSite&, Text text, int32_t times) {
  std::string out;
  for (int32_t i = 0; i < times; ++i) out += text;
  return out;
}
std::string Replace(const CallSite&, Text text, Text from, Text to) {
  if (from.empty()) return std::string(text);
  return ReplaceAll(std::string(text), from, to);
}
std::string Reverse(const CallSite&, Text text) {
  std::string out;
  std::vector<Text> points = CodePoints(text);
  for (auto it = points.rbegin(); it != points.rend(); ++it) out += *it;
  return out;
}
std::string Translate(const CallSite&, Text text, Text from, Text to) {
  std::vector<Text> sources = CodePoints(from), targets = CodePoints(to);
  std::string out;
  for (Text point : CodePoints(text)) {
    auto it = std::ranges::find(sources, point);
    if (it == sources.end()) {
      out += point;
    } else if (auto i = static_cast<size_t>(it - sources.begin()); i < targets.size()) {
      out += targets[i];
    }
  }
  return out;
}
template <typename R, typename Cut>
R OverlayWith(Text text, Text with, int32_t position, int32_t length, int64_t with_length, Cut cut) {
  int64_t replaced = length >= 0 ? length : with_length;
  std::string out = cut(text, 1, position - 1);
  out += with;
  int64_t rest = int64_t{position} + replaced;
  out += cut(text, static_cast<int32_t>(std::clamp<int64_t>(rest, INT32_MIN, INT32_MAX)), INT32_MAX);
  return R{out};
}
std::string Overlay(const CallSite& site, Text text, Text with, int32_t position, int32_t length) {
  return OverlayWith<std::string>(text, with, position, length, CountCodePoints(with),
                                  [&](Text t, int32_t p, int32_t n) { return Substring(site, t, p, n); });
}
Bytes OverlayBytes(const CallSite& site, Text text, Text with, int32_t position, int32_t length) {
  return OverlayWith<Bytes>(text, with, position, length, static_cast<int64_t>(with.size()),
                            [&](Text t, int32_t p, int32_t n) { return SubstringBytes(site, t, p, n).value; });
}

// The first occurrence at or after code point `start`, 0 when there is none.
int32_t Locate(const CallSite&, Text part, Text text, int32_t start) {
  if (start < 1) return 0;
  if (part.empty()) return 1;
  size_t from = ByteOf(text, start - 1);
  if (start - 1 > CountCodePoints(text)) return 0;
  size_t at = text.find(part, from);
  return at == Text::npos ? 0 : static_cast<int32_t>(CountCodePoints(text.substr(0, at))) + 1;
}
bool Contains(const CallSite&, Text text, Text part) { return text.find(part) != Text::npos; }
bool StartsWith(const CallSite&, Text text, Text part) { return text.starts_with(part); }
bool EndsWith(const CallSite&, Text text, Text part) { return text.ends_with(part); }

int32_t Ascii(const CallSite&, Text text) {
  if (text.empty()) return 0;
  return ToIcu(CodePoints(text)[0]).char32At(0);
}
std::string Chr(const CallSite&, int64_t code) {
  if (code < 0) return "";
  auto low = static_cast<unsigned char>(code & 0xFF);
  if (low < 0x80) return std::string(1, static_cast<char>(low));
  return {static_cast<char>(0xC0 | (low >> 6)), static_cast<char>(0x80 | (low & 0x3F))};
}

std::string Soundex(const CallSite&, Text text) {
  static constexpr char kCodes[] = "01230120022455012623010202";
  auto letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
  if (text.empty() || !letter(text[0])) return std::string(text);
  auto upper = [](char c) { return static_cast<char>(c >= 'a' ? c - 32 : c); };
  auto code = [&](char c) { return kCodes[upper(c) - 'A']; };
  std::string out(1, upper(text[0]));
  char last = code(text[0]);
  for (size_t i = 1; i < text.size() && out.size() < 4; ++i) {
    char c = text[i];
    if (!letter(c)) {
      last = '0';
      continue;
    }
    char digit = code(c);
    if (upper(c) == 'H' || upper(c) == 'W') continue;
    if (digit != '0' && digit != last) out += digit;
    last = digit;
  }
  out.resize(4, '0');
  return out;
}

int32_t Levenshtein(const CallSite&, Text a, Text b, int32_t threshold) {
  std::vector<Text> left = CodePoints(a), right = CodePoints(b);
  std::vector<int32_t> row(right.size() + 1);
  for (size_t j = 0; j <= right.size(); ++j) row[j] = static_cast<int32_t>(j);
  for (size_t i = 1; i <= left.size(); ++i) {
    int32_t diagonal = row[0];
    row[0] = static_cast<int32_t>(i);
    for (size_t j = 1; j <= right.size(); ++j) {
      int32_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (left[i - 1] == right[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  int32_t distance = row.back();
  return threshold >= 0 && distance > threshold ? -1 : distance;
}

int32_t FindInSet(const CallSite&, Text word, Text set) {
  if (word.find(',') != Text::npos) return 0;
  int32_t index = 1;
  for (Text piece : SplitView(set, ',')) {
    if (piece == word) return index;
    ++index;
  }
  return 0;
}

std::string SubstringIndex(const CallSite&, Text text, Text delimiter, int32_t count) {
  if (delimiter.empty() || count == 0) return "";
  if (count > 0) {
    size_t at = 0;
    for (int32_t i = 0; i < count; ++i) {
      size_t next = text.find(delimiter, i == 0 ? 0 : at + 1);
      if (next == Text::npos) return std::string(text);
      at = next;
    }
    return std::string(text.substr(0, at));
  }
  size_t at = text.size();
  for (int32_t i = 0; i < -static_cast<int64_t>(count); ++i) {
    if (at == 0) return std::string(text);
    size_t previous = text.rfind(delimiter, i == 0 ? Text::npos : at - 1);
    if (previous == Text::npos) return std::string(text);
    at = previous;
  }
  return std::string(text.substr(at + delimiter.size()));
}

std::optional<std::string> SplitPart(const CallSite& site, Text text, Text delimiter, int32_t index) {
  if (index == 0) {
    Fail("INVALID_INDEX_OF_ZERO", "22003",
         "The index 0 is invalid. An index shall be either < 0 or > 0 (the first element has index 1).", {}, site.span);
  }
  std::vector<Text> parts;
  if (delimiter.empty()) {
    parts.push_back(text);
  } else {
    size_t begin = 0;
    for (size_t at; (at = text.find(delimiter, begin)) != Text::npos; begin = at + delimiter.size()) {
      parts.push_back(text.substr(begin, at - begin));
    }
    parts.push_back(text.substr(begin));
  }
  int64_t count = static_cast<int64_t>(parts.size());
  int64_t at = index > 0 ? index - 1 : count + index;
  if (at < 0 || at >= count) return "";
  return std::string(parts[static_cast<size_t>(at)]);
}

std::optional<std::string> Elt(const CallSite& site, int32_t index, ListOf<Text> items) {
  if (index < 1 || static_cast<size_t>(index) > items.size()) {
    std::string size = std::to_string(items.size()), value = std::to_string(index);
    Fail("INVALID_ARRAY_INDEX", "22003",
         "The index " + value + " is out of bounds. The array has " + size +
             " elements. Use the SQL function `get()` to tolerate accessing element at invalid index and return NULL instead.",
         {{"indexValue", value}, {"arraySize", size}}, site.span);
  }
  const auto& item = items[static_cast<size_t>(index) - 1];
  return item ? std::optional<std::string>(*item) : std::nullopt;
}

std::string ConcatWs(const CallSite&, Text separator, ListOf<Text> items) {
  std::string out;
  bool first = true;
  for (const auto& item : items) {
    if (!item) continue;
    if (!first) out += separator;
    out += *item;
    first = false;
  }
  return out;
}
std::string ArrayJoin(const CallSite& site, ListOf<Text> items, Text separator) { return ConcatWs(site, separator, items); }
std::string ArrayJoinNull(const CallSite& site, ListOf<Text> items, Text separator, Text null) {
  for (auto& item : items) {
    if (!item) item = null;
  }
  return ConcatWs(site, separator, items);
}

std::string Base64(const CallSite&, Text bytes) {
  std::string plain = Base64Encode(bytes), out;
  for (size_t i = 0; i < plain.size(); i += 76) {
    if (i > 0) out += "\r\n";
    out += plain.substr(i, 76);
  }
  return out;
}
// Characters outside the alphabet are skipped, as MIME decoders do.
Bytes Unbase64(const CallSite&, Text text) {
  std::string clean;
  for (char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) || c == '+' || c == '/') clean += c;
  }
  if (clean.size() % 4 == 1) clean.pop_back();
  while (clean.size() % 4 != 0) clean += '=';
  return {Base64Decode(clean).value_or("")};
}

std::optional<std::string> Mask(const CallSite&, std::optional<Text> text, std::optional<Text> upper,
                                std::optional<Text> lower, std::optional<Text> digit, std::optional<Text> other) {
  if (!text) return std::nullopt;
  std::string out;
  for (Text point : CodePoints(*text)) {
    icu::UnicodeString one = ToIcu(point);
    UChar32 c = one.char32At(0);
    const auto& with = u_isupper(c) ? upper : u_islower(c) ? lower : u_isdigit(c) ? digit : other;
    out += with ? *with : point;
  }
  return out;
}
bool LuhnCheck(const CallSite&, Text text) {
  if (text.empty()) return false;
  int sum = 0;
  bool twice = false;
  for (auto it = text.rbegin(); it != text.rend(); ++it) {
    if (*it < '0' || *it > '9') return false;
    int digit = *it - '0';
    if (twice) digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
    sum += digit;
    twice = !twice;
  }
  return sum % 10 == 0;
}
std::string Quote(const CallSite&, Text text) { return "'" + ReplaceAll(std::string(text), "'", "\\'") + "'"; }
bool IsValid(const CallSite&, Text text) { return IsValidUtf8(text); }
// Each maximal run of bytes that is no character becomes U+FFFD.
std::string MakeValid(const CallSite&, Text text) {
  if (IsValidUtf8(text)) return std::string(text);
  std::string out;
  ToIcu(text).toUTF8String(out);
  return out;
}
std::optional<std::string> TryValidate(const CallSite&, Text text) {
  return IsValidUtf8(text) ? std::optional(std::string(text)) : std::nullopt;
}
std::string Validate(const CallSite&, Text text) {
  if (IsValidUtf8(text)) return std::string(text);
  std::string shown;
  for (char c : text) {
    char buffer[8];
    snprintf(buffer, sizeof(buffer), "\\x%02X", static_cast<unsigned char>(c));
    shown += buffer;
  }
  Fail("INVALID_UTF8_STRING", "22029", "Invalid UTF8 byte sequence found in string: " + shown + ".", {{"str", shown}});
}

// ---- character sets -----------------------------------------------------------------------------

const char* IcuCharset(Text charset) {
  std::string name = ToUpperAscii(charset);
  if (name == "UTF-8" || name == "UTF8") return "UTF-8";
  if (name == "US-ASCII") return "US-ASCII";
  if (name == "ISO-8859-1") return "ISO-8859-1";
  if (name == "UTF-16BE") return "UTF-16BE";
  if (name == "UTF-16LE") return "UTF-16LE";
  if (name == "UTF-16") return "UTF-16";
  if (name == "UTF-32") return "UTF-32BE";
  return nullptr;
}
UConverter* OpenCharset(Text charset, const char* function) {
  const char* name = IcuCharset(charset);
  if (name == nullptr) {
    std::string list = "iso-8859-1, us-ascii, utf-16, utf-16be, utf-16le, utf-32, utf-8";
    std::string quoted = "`" + std::string(function) + "`";
    Fail("INVALID_PARAMETER_VALUE.CHARSET", "22023",
         "The value of parameter(s) `charset` in " + quoted + " is invalid: expects one of the " + list + ", but got " +
             std::string(charset) + ".",
         {{"functionName", quoted}, {"parameter", "`charset`"}, {"charset", std::string(charset)}, {"charsets", list}});
  }
  UErrorCode status = U_ZERO_ERROR;
  return ucnv_open(name, &status);
}
[[noreturn]] void FailCoding(Text charset, const char* function) {
  std::string quoted = "`" + std::string(function) + "`";
  Fail("MALFORMED_CHARACTER_CODING", "22000",
       "Invalid value found when performing " + quoted + " with " + std::string(charset),
       {{"function", quoted}, {"charset", std::string(charset)}});
}
Bytes Encode(const CallSite&, Text text, Text charset) {
  UConverter* converter = OpenCharset(charset, "encode");
  UErrorCode status = U_ZERO_ERROR;
  ucnv_setFromUCallBack(converter, UCNV_FROM_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &status);
  icu::UnicodeString unicode = ToIcu(text);
  std::string out(static_cast<size_t>(unicode.length()) * 4 + 8, '\0');
  int32_t size = ucnv_fromUChars(converter, out.data(), static_cast<int32_t>(out.size()), unicode.getBuffer(),
                                 unicode.length(), &status);
  ucnv_close(converter);
  if (U_FAILURE(status)) FailCoding(charset, "encode");
  out.resize(static_cast<size_t>(size));
  // Java writes big endian with a mark; ICU takes the machine's order.
  if (ToUpperAscii(charset) == "UTF-16" && out.size() >= 2 && out[0] == '\xFF') {
    for (size_t i = 0; i + 1 < out.size(); i += 2) std::swap(out[i], out[i + 1]);
  }
  return {out};
}
std::string Decode(const CallSite&, Text bytes, Text charset) {
  UConverter* converter = OpenCharset(charset, "decode");
  UErrorCode status = U_ZERO_ERROR;
  ucnv_setToUCallBack(converter, UCNV_TO_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &status);
  icu::UnicodeString unicode;
  auto capacity = static_cast<int32_t>(bytes.size()) + 8;
  int32_t size = ucnv_toUChars(converter, unicode.getBuffer(capacity), capacity, bytes.data(),
                               static_cast<int32_t>(bytes.size()), &status);
  unicode.releaseBuffer(U_SUCCESS(status) ? size : 0);
  ucnv_close(converter);
  if (U_FAILURE(status)) FailCoding(charset, "decode");
  return FromIcu(unicode);
}

template <RunFunction Strings, RunFunction Blobs>
void AddBoth(Registrar& registrar, const std::string& name, const std::string& rest) {
  registrar.Add(name, "s" + rest + ":s", Strings);
  registrar.Add(name, "B" + rest + ":B", Blobs);
}

}  // namespace

void RegisterStrings(Registrar& registrar) {
  registrar.Add("spark_upper", "s:s", Bind<Upper>);
  registrar.Add("spark_lower", "s:s", Bind<Lower>);
  registrar.Add("spark_initcap", "s:s", Bind<Initcap>);
  registrar.Add("spark_length", "s:i", Bind<Length>);
  registrar.Add("spark_length", "B:i", Bind<OctetLength>);
  registrar.Add("spark_octet_length", "s:i", Bind<OctetLength>);
  registrar.Add("spark_octet_length", "B:i", Bind<OctetLength>);
  AddBoth<Bind<Substring>, Bind<SubstringBytes>>(registrar, "spark_substring", "ii");
  AddBoth<Bind<Left>, Bind<LeftBytes>>(registrar, "spark_left", "i");
  AddBoth<Bind<Right>, Bind<RightBytes>>(registrar, "spark_right", "i");
  registrar.Add("spark_trim", "ss:s", Bind<TrimBoth>);
  registrar.Add("spark_ltrim", "ss:s", Bind<TrimLeft>);
  registrar.Add("spark_rtrim", "ss:s", Bind<TrimRight>);
  registrar.Add("spark_lpad", "sis:s", Bind<Lpad>);
  registrar.Add("spark_rpad", "sis:s", Bind<Rpad>);
  registrar.Add("spark_lpad", "BiB:B", Bind<LpadBytes>);
  registrar.Add("spark_rpad", "BiB:B", Bind<RpadBytes>);
  registrar.Add("spark_repeat", "si:s", Bind<Repeat>);
  registrar.Add("spark_replace", "sss:s", Bind<Replace>);
  registrar.Add("spark_reverse", "s:s", Bind<Reverse>);
  registrar.Add("spark_translate", "sss:s", Bind<Translate>);
  registrar.Add("spark_overlay", "ssii:s", Bind<Overlay>);
  registrar.Add("spark_overlay", "BBii:B", Bind<OverlayBytes>);
  registrar.Add("spark_locate", "ssi:i", Bind<Locate>);
  for (const char* two : {"ss:b", "BB:b"}) {
    registrar.Add("spark_contains", two, Bind<Contains>);
    registrar.Add("spark_startswith", two, Bind<StartsWith>);
    registrar.Add("spark_endswith", two, Bind<EndsWith>);
  }
  registrar.Add("spark_ascii", "s:i", Bind<Ascii>);
  registrar.Add("spark_chr", "l:s", Bind<Chr>);
  registrar.Add("spark_soundex", "s:s", Bind<Soundex>);
  registrar.Add("spark_levenshtein", "ssi:i", Bind<Levenshtein>);
  registrar.Add("spark_find_in_set", "ss:i", Bind<FindInSet>);
  registrar.Add("spark_substring_index", "ssi:s", Bind<SubstringIndex>);
  registrar.Add("spark_split_part", "ssi|S:s", Bind<SplitPart>, Throws::kYes);
  registrar.Add("spark_elt", "iLs|S:s", Bind<Elt>, Throws::kYes);
  registrar.Add("spark_concat_ws", "sLs:s", Bind<ConcatWs>);
  registrar.Add("spark_array_join", "Lss:s", Bind<ArrayJoin>);
  registrar.Add("spark_array_join", "Lsss:s", Bind<ArrayJoinNull>);
  registrar.Add("spark_base64", "B:s", Bind<Base64>);
  registrar.Add("spark_unbase64", "s:B", Bind<Unbase64>);
  registrar.Add("spark_mask", "sssss:s", Bind<Mask>);
  registrar.Add("spark_luhn_check", "s:b", Bind<LuhnCheck>);
  registrar.Add("spark_quote", "s:s", Bind<Quote>);
  for (const char* argument : {"s", "B"}) {
    std::string from(argument);
    registrar.Add("spark_is_valid_utf8", from + ":b", Bind<IsValid>);
    registrar.Add("spark_make_valid_utf8", from + ":s", Bind<MakeValid>);
    registrar.Add("spark_try_validate_utf8", from + ":s", Bind<TryValidate>);
    registrar.Add("spark_validate_utf8", from + ":s", Bind<Validate>, Throws::kYes);
  }
  registrar.Add("spark_encode", "ss:B", Bind<Encode>, Throws::kYes);
  registrar.Add("spark_decode", "Bs:s", Bind<Decode>, Throws::kYes);
}

}  // namespace ashlar::engine
