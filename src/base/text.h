// Small operations on text that the standard library lacks. ASCII unless the name says otherwise.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ashlar {

// Views into `text`; an empty text gives one empty piece.
std::vector<std::string_view> SplitView(std::string_view text, char separator);
std::string Join(const std::vector<std::string>& parts, std::string_view separator);
std::string_view Trim(std::string_view text);
std::string ToLowerAscii(std::string_view text);
std::string ToUpperAscii(std::string_view text);
bool EqualsIgnoreCase(std::string_view a, std::string_view b);
constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }
// Whole-string base-10 integer, no spaces; nullopt when it is not one or does not fit.
std::optional<int64_t> ParseInt64(std::string_view text);
std::string ReplaceAll(std::string text, std::string_view from, std::string_view to);
bool IsValidUtf8(std::string_view text);

// RFC 3986 percent-encoding of everything but unreserved characters and those in `also_keep`.
std::string PercentEncode(std::string_view text, std::string_view also_keep = "");
// nullopt for a broken escape.
std::optional<std::string> PercentDecode(std::string_view text);

std::string Base64Encode(std::string_view bytes);
// Standard alphabet, padding required; nullopt for anything else.
std::optional<std::string> Base64Decode(std::string_view text);

}  // namespace ashlar
