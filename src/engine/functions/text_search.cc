// LIKE, regular expressions, splitting, URLs and formats of text.
#include <unicode/locid.h>
#include <unicode/unistr.h>

#include <algorithm>

#include "base/text.h"
#include "engine/functions/kernel_binding.h"
#include "engine/functions/regex.h"

namespace ashlar::engine {
namespace {

using Text = std::string_view;

// ---- LIKE ---------------------------------------------------------------------------------------

// One place of a pattern: a byte, any code point, or any text.
struct LikeItem {
  enum class Kind { kByte, kOne, kMany } kind;
  char byte = 0;
};

[[noreturn]] void FailEscape(const CallSite& site, const char* sub, Text pattern, Text character) {
  ErrorParameters parameters = {{"format", "'" + std::string(pattern) + "'"}};
  if (!character.empty()) parameters["char"] = "'" + std::string(character) + "'";
  Fail(std::string("INVALID_FORMAT.") + sub, "42601",
       "The format is invalid: '" + std::string(pattern) + "'. The escape character is not allowed to " +
           (character.empty() ? "end with." : "precede '" + std::string(character) + "'."),
       parameters, site.span);
}

std::vector<LikeItem> CompileLike(const CallSite& site, Text pattern, Text escape) {
  std::vector<LikeItem> items;
  for (size_t i = 0; i < pattern.size(); ++i) {
    char c = pattern[i];
    if (!escape.empty() && pattern.substr(i).starts_with(escape)) {
      i += escape.size();
      if (i >= pattern.size()) FailEscape(site, "ESC_AT_THE_END", pattern, "");
      bool escaped_itself = pattern.substr(i).starts_with(escape);
      if (pattern[i] != '_' && pattern[i] != '%' && !escaped_itself) {
        FailEscape(site, "ESC_IN_THE_MIDDLE", pattern, pattern.substr(i, 1));
      }
      size_t length = escaped_itself ? escape.size() : 1;
      for (size_t k = 0; k < length; ++k) items.push_back({LikeItem::Kind::kByte, pattern[i + k]});
      i += length - 1;
    } else if (c == '_') {
      items.push_back({LikeItem::Kind::kOne});
    } else if (c == '%') {
      items.push_back({LikeItem::Kind::kMany});
    } else {
      items.push_back({LikeItem::Kind::kByte, c});
    }
  }
  return items;
}

bool MatchLike(Text text, const std::vector<LikeItem>& items) {
  size_t t = 0, i = 0, star = items.size(), retry = 0;
  while (t < text.size()) {
    bool more = i < items.size();
    if (more && items[i].kind == LikeItem::Kind::kMany) {
      star = i++;
      retry = t;
    } else if (more && items[i].kind == LikeItem::Kind::kByte && items[i].byte == text[t]) {
      ++t;
      ++i;
    } else if (more && items[i].kind == LikeItem::Kind::kOne) {
      ++t;
      while (t < text.size() && (static_cast<unsigned char>(text[t]) & 0xC0) == 0x80) ++t;
      ++i;
    } else if (star < items.size()) {
      i = star + 1;
      t = ++retry;
    } else {
      return false;
    }
  }
  while (i < items.size() && items[i].kind == LikeItem::Kind::kMany) ++i;
  return i == items.size();
}

std::string Lowered(Text text) {
  bool ascii = std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (ascii) return ToLowerAscii(text);
  std::string out;
  icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<int32_t>(text.size())))
      .toLower(icu::Locale::getRoot())
      .toUTF8String(out);
  return out;
}

template <bool IgnoreCase>
bool Like(const CallSite& site, Text text, Text pattern, Text escape) {
  thread_local std::string compiled_for;
  thread_local std::vector<LikeItem> items;
  std::string key = std::string(escape) + '\0' + std::string(pattern);
  if (key != compiled_for) {
    items = CompileLike(site, IgnoreCase ? Lowered(pattern) : std::string(pattern), escape);
    compiled_for = std::move(key);
  }
  return MatchLike(IgnoreCase ? Text(Lowered(text)) : text, items);
}

// ---- regular expressions ------------------------------------------------------------------------

const Regex& Compile(Text pattern, const char* function) {
  std::string error;
  const Regex* regex = Regex::Find(pattern, error);
  if (regex == nullptr) {
    std::string name = "`" + std::string(function) + "`";
    Fail("INVALID_PARAMETER_VALUE.PATTERN", "22023",
         "The value of parameter(s) `regexp` in " + name + " is invalid: '" + std::string(pattern) + "'.",
         {{"functionName", name}, {"parameter", "`regexp`"}, {"value", "'" + std::string(pattern) + "'"}});
  }
  return *regex;
}

bool RLike(const CallSite&, Text text, Text pattern) { return Compile(pattern, "rlike").Search(text, 0).has_value(); }

std::string_view GroupText(Text text, const RegexMatch& match, size_t group) {
  auto [begin, end] = match.groups[group];
  return begin == std::string::npos || begin > text.size() ? Text() : text.substr(begin, end - begin);
}

// Java's replacement: $1, ${name}, \ before a character taken as it is.
// False when it names a group that is not there.
bool AppendReplacement(std::string& out, Text text, const RegexMatch& match, const Regex& regex, Text replacement) {
  for (size_t i = 0; i < replacement.size(); ++i) {
    char c = replacement[i];
    if (c == '\\') {
      if (++i < replacement.size()) out += replacement[i];
      continue;
    }
    bool digit = i + 1 < replacement.size() && std::isdigit(static_cast<unsigned char>(replacement[i + 1]));
    bool named = i + 1 < replacement.size() && replacement[i + 1] == '{';
    if (c != '$' || (!digit && !named)) {
      if (c == '$') return false;
      out += c;
      continue;
    }
    if (named) {
      size_t close = replacement.find('}', i);
      auto group = close == Text::npos ? std::nullopt : regex.GroupNamed(replacement.substr(i + 2, close - i - 2));
      if (!group) return false;
      out += GroupText(text, match, *group);
      i = close;
      continue;
    }
    size_t group = static_cast<size_t>(replacement[++i] - '0');
    if (group > regex.group_count()) return false;
    // More digits belong to the number as long as there are that many groups.
    while (i + 1 < replacement.size() && std::isdigit(static_cast<unsigned char>(replacement[i + 1]))) {
      size_t longer = group * 10 + static_cast<size_t>(replacement[i + 1] - '0');
      if (longer > regex.group_count()) break;
      group = longer;
      ++i;
    }
    out += GroupText(text, match, group);
  }
  return true;
}

size_t ByteOf(Text text, int64_t code_points) {
  size_t at = 0;
  for (; code_points > 0 && at < text.size(); --code_points) {
    ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
  }
  return at;
}

std::string RegexpReplace(const CallSite&, Text text, Text pattern, Text replacement, int32_t position) {
  const Regex& regex = Compile(pattern, "regexp_replace");
  size_t at = ByteOf(text, position - 1);
  if (position > 1 && at >= text.size()) return std::string(text);
  std::string out(text.substr(0, at));
  for (const RegexMatch& match : regex.SearchAll(text, at)) {
    out += text.substr(at, match.begin() - at);
    if (!AppendReplacement(out, text, match, regex, replacement)) {
      Fail("INVALID_REGEXP_REPLACE", "22023",
           "Could not perform regexp_replace for source = \"" + std::string(text) + "\", pattern = \"" + std::string(pattern) +
               "\", replacement = \"" + std::string(replacement) + "\" and position = " + std::to_string(position) + ".",
           {{"source", std::string(text)}, {"pattern", std::string(pattern)}, {"replacement", std::string(replacement)},
            {"position", std::to_string(position)}});
    }
    at = match.end();
  }
  return out.append(text.substr(at));
}

void CheckGroup(const Regex& regex, int32_t group, const char* function) {
  if (group >= 0 && static_cast<size_t>(group) <= regex.group_count()) return;
  std::string name = "`" + std::string(function) + "`", count = std::to_string(regex.group_count());
  Fail("INVALID_PARAMETER_VALUE.REGEX_GROUP_INDEX", "22023",
       "The value of parameter(s) `idx` in " + name + " is invalid: Expects group index between 0 and " + count +
           ", but got " + std::to_string(group) + ".",
       {{"functionName", name}, {"parameter", "`idx`"}, {"groupCount", count}, {"groupIndex", std::to_string(group)}});
}
std::string RegexpExtract(const CallSite&, Text text, Text pattern, int32_t group) {
  const Regex& regex = Compile(pattern, "regexp_extract");
  auto match = regex.Search(text, 0);
  if (!match) return "";
  CheckGroup(regex, group, "regexp_extract");
  return std::string(GroupText(text, *match, static_cast<size_t>(group)));
}
ListOf<std::string> RegexpExtractAll(const CallSite&, Text text, Text pattern, int32_t group) {
  const Regex& regex = Compile(pattern, "regexp_extract_all");
  ListOf<std::string> out;
  for (const RegexMatch& match : regex.SearchAll(text)) {
    CheckGroup(regex, group, "regexp_extract_all");
    out.push_back(std::string(GroupText(text, match, static_cast<size_t>(group))));
  }
  return out;
}
std::optional<std::string> RegexpSubstr(const CallSite&, Text text, Text pattern) {
  auto match = Compile(pattern, "regexp_substr").Search(text, 0);
  if (!match || match->begin() == match->end()) return std::nullopt;
  return std::string(GroupText(text, *match, 0));
}
int32_t RegexpCount(const CallSite&, Text text, Text pattern) {
  return static_cast<int32_t>(Compile(pattern, "regexp_count").SearchAll(text).size());
}
int32_t RegexpInstr(const CallSite&, Text text, Text pattern) {
  auto match = Compile(pattern, "regexp_instr").Search(text, 0);
  if (!match) return 0;
  Text before = text.substr(0, match->begin());
  return static_cast<int32_t>(std::ranges::count_if(before, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; })) + 1;
}

// Java's String.split: an empty first match makes no empty first piece; limit 0 and below keep all.
ListOf<std::string> Split(const CallSite&, Text text, Text pattern, int32_t limit) {
  ListOf<std::string> out;
  if (text.empty()) {
    out.push_back(std::string());
    return out;
  }
  const Regex& regex = Compile(pattern, "split");
  size_t begin = 0;
  for (const RegexMatch& match : regex.SearchAll(text)) {
    if (limit > 0 && out.size() + 1 >= static_cast<size_t>(limit)) break;
    bool empty = match.begin() == match.end();
    if (empty && (match.begin() == 0 || (pattern.empty() && match.begin() == text.size()))) continue;
    out.push_back(std::string(text.substr(begin, match.begin() - begin)));
    begin = match.end();
  }
  out.push_back(std::string(text.substr(begin)));
  return out;
}

ListOf<std::string> MapPart(Text text, Text pair_pattern, Text key_pattern, bool keys) {
  ListOf<std::string> out;
  for (const auto& pair : Split({}, text, pair_pattern, -1)) {
    ListOf<std::string> sides = Split({}, *pair, key_pattern, 2);
    if (keys) out.push_back(sides[0]);
    else out.push_back(sides.size() > 1 ? sides[1] : std::nullopt);
  }
  return out;
}
ListOf<std::string> StrToMapKeys(const CallSite&, Text text, Text pairs, Text keys) { return MapPart(text, pairs, keys, true); }
ListOf<std::string> StrToMapValues(const CallSite&, Text text, Text pairs, Text keys) { return MapPart(text, pairs, keys, false); }

// ---- URLs ---------------------------------------------------------------------------------------

std::string UrlEncode(const CallSite&, Text text) {
  std::string out;
  static constexpr char kHex[] = "0123456789ABCDEF";
  for (unsigned char c : text) {
    if (std::isalnum(c) || c == '-' || c == '_' || c == '.' || c == '*') {
      out += static_cast<char>(c);
    } else if (c == ' ') {
      out += '+';
    } else {
      out += '%';
      out += kHex[c >> 4];
      out += kHex[c & 15];
    }
  }
  return out;
}
std::optional<std::string> TryUrlDecode(const CallSite&, Text text) {
  std::string spaced(text);
  std::ranges::replace(spaced, '+', ' ');
  return PercentDecode(spaced);
}
std::string UrlDecode(const CallSite& site, Text text) {
  auto out = TryUrlDecode(site, text);
  if (!out) {
    Fail("CANNOT_DECODE_URL", "22546",
         "The provided URL cannot be decoded: " + std::string(text) +
             ". Please ensure that the URL is properly formatted and try again.",
         {{"url", std::string(text)}});
  }
  return *out;
}

struct UrlParts {
  std::optional<std::string> scheme, authority, user_info, host, path, query, ref;
};
// java.net.URI's view of the text; nullopt for what it refuses.
std::optional<UrlParts> ParseUri(Text text) {
  for (unsigned char c : text) {
    if (c <= ' ' || c == '<' || c == '>' || c == '"' || c == '{' || c == '}' || c == '|' || c == '\\' || c == '^' ||
        c == '`') {
      return std::nullopt;
    }
  }
  UrlParts out;
  if (size_t at = text.find('#'); at != Text::npos) {
    out.ref = std::string(text.substr(at + 1));
    text = text.substr(0, at);
  }
  size_t colon = text.find(':');
  if (colon != Text::npos && text.find('/') > colon && text.find('?') > colon) {
    if (colon == 0 || !std::isalpha(static_cast<unsigned char>(text[0]))) return std::nullopt;
    out.scheme = std::string(text.substr(0, colon));
    text = text.substr(colon + 1);
    if (text.empty()) return std::nullopt;
    if (text[0] != '/') return out;
  }
  if (size_t at = text.find('?'); at != Text::npos) {
    out.query = std::string(text.substr(at + 1));
    text = text.substr(0, at);
  }
  if (text.starts_with("//")) {
    size_t slash = text.find('/', 2);
    std::string authority(text.substr(2, slash == Text::npos ? Text::npos : slash - 2));
    text = slash == Text::npos ? Text() : text.substr(slash);
    if (!authority.empty()) {
      out.authority = authority;
      size_t at = authority.rfind('@');
      if (at != std::string::npos) out.user_info = authority.substr(0, at);
      std::string host = at == std::string::npos ? authority : authority.substr(at + 1);
      size_t port = host.find(':', host.starts_with('[') ? host.find(']') : 0);
      host = host.substr(0, port);
      bool plain = !host.empty() && host.find('_') == std::string::npos;
      if (plain) out.host = host;
    }
  }
  out.path = std::string(text);
  return out;
}

std::optional<std::string> UrlPart(const UrlParts& url, Text part) {
  if (part == "HOST") return url.host;
  if (part == "PATH") return url.path;
  if (part == "QUERY") return url.query;
  if (part == "REF") return url.ref;
  if (part == "PROTOCOL") return url.scheme;
  if (part == "FILE") {
    if (!url.path) return std::nullopt;
    return url.query ? *url.path + "?" + *url.query : *url.path;
  }
  if (part == "AUTHORITY") return url.authority;
  if (part == "USERINFO") return url.user_info;
  return std::nullopt;
}
std::optional<std::string> TryParseUrl(const CallSite&, Text text, Text part) {
  auto url = ParseUri(text);
  return url ? UrlPart(*url, part) : std::nullopt;
}
std::optional<std::string> ParseUrl(const CallSite&, Text text, Text part) {
  auto url = ParseUri(text);
  if (!url) {
    Fail("INVALID_URL", "22P02",
         "The url is invalid: " + std::string(text) +
             ". Use `try_parse_url` to tolerate invalid URL and return NULL instead.",
         {{"url", std::string(text)}});
  }
  return UrlPart(*url, part);
}
std::optional<std::string> QueryKey(std::optional<std::string> query, Text part, Text key) {
  if (!query || part != "QUERY") return std::nullopt;
  for (Text pair : SplitView(*query, '&')) {
    size_t equal = pair.find('=');
    if (equal != Text::npos && pair.substr(0, equal) == key) return std::string(pair.substr(equal + 1));
  }
  return std::nullopt;
}
std::optional<std::string> ParseUrlKey(const CallSite& site, Text text, Text part, Text key) {
  return QueryKey(ParseUrl(site, text, part), part, key);
}
std::optional<std::string> TryParseUrlKey(const CallSite& site, Text text, Text part, Text key) {
  return QueryKey(TryParseUrl(site, text, part), part, key);
}

// ---- to_binary ----------------------------------------------------------------------------------

std::optional<Bytes> TryToBinary(const CallSite&, Text text, Text format) {
  std::string name = ToLowerAscii(format);
  if (name == "utf-8" || name == "utf8") return Bytes{std::string(text)};
  if (name == "base64") {
    auto bytes = Base64Decode(text);
    return bytes ? std::optional(Bytes{*bytes}) : std::nullopt;
  }
  if (name != "hex") return std::nullopt;
  std::string digits = text.size() % 2 ? "0" + std::string(text) : std::string(text), out;
  auto value = [](char c) { return c >= '0' && c <= '9' ? c - '0' : std::isxdigit(static_cast<unsigned char>(c)) ? std::tolower(c) - 'a' + 10 : -1; };
  for (size_t i = 0; i < digits.size(); i += 2) {
    int high = value(digits[i]), low = value(digits[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
  }
  return Bytes{out};
}
Bytes ToBinary(const CallSite& site, Text text, Text format) {
  auto out = TryToBinary(site, text, format);
  if (!out) {
    std::string shown = "'" + ToUpperAscii(format) + "'", value = "'" + std::string(text) + "'";
    Fail("CONVERSION_INVALID_INPUT", "22018",
         "The value " + value + " (" + shown + ") cannot be converted to \"BINARY\" because it is malformed.",
         {{"str", value}, {"fmt", shown}, {"targetType", "\"BINARY\""}, {"suggestion", "`try_to_binary`"}});
  }
  return *out;
}

}  // namespace

void RegisterTextSearch(Registrar& registrar) {
  registrar.Add("spark_like", "sss|S:b", Bind<Like<false>>, Throws::kYes);
  registrar.Add("spark_ilike", "sss|S:b", Bind<Like<true>>, Throws::kYes);
  registrar.Add("spark_rlike", "ss:b", Bind<RLike>, Throws::kYes);
  registrar.Add("spark_regexp_replace", "sssi:s", Bind<RegexpReplace>, Throws::kYes);
  registrar.Add("spark_regexp_extract", "ssi:s", Bind<RegexpExtract>, Throws::kYes);
  registrar.Add("spark_regexp_extract_all", "ssi:Ls", Bind<RegexpExtractAll>, Throws::kYes);
  registrar.Add("spark_regexp_substr", "ss:s", Bind<RegexpSubstr>, Throws::kYes);
  registrar.Add("spark_regexp_count", "ss:i", Bind<RegexpCount>, Throws::kYes);
  registrar.Add("spark_regexp_instr", "ss:i", Bind<RegexpInstr>, Throws::kYes);
  registrar.Add("spark_split", "ssi:Ls", Bind<Split>, Throws::kYes);
  registrar.Add("spark_str_to_map_keys", "sss:Ls", Bind<StrToMapKeys>, Throws::kYes);
  registrar.Add("spark_str_to_map_values", "sss:Ls", Bind<StrToMapValues>, Throws::kYes);
  registrar.Add("spark_url_encode", "s:s", Bind<UrlEncode>);
  registrar.Add("spark_url_decode", "s:s", Bind<UrlDecode>, Throws::kYes);
  registrar.Add("spark_try_url_decode", "s:s", Bind<TryUrlDecode>);
  registrar.Add("spark_parse_url", "ss:s", Bind<ParseUrl>, Throws::kYes);
  registrar.Add("spark_parse_url", "sss:s", Bind<ParseUrlKey>, Throws::kYes);
  registrar.Add("spark_try_parse_url", "ss:s", Bind<TryParseUrl>);
  registrar.Add("spark_try_parse_url", "sss:s", Bind<TryParseUrlKey>);
  registrar.Add("spark_to_binary", "ss:B", Bind<ToBinary>, Throws::kYes);
  registrar.Add("spark_try_to_binary", "ss:B", Bind<TryToBinary>);
}

}  // namespace ashlar::engine
