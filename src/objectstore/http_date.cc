#include "objectstore/http_date.h"

#include <array>
#include <cstdlib>
#include <ctime>

namespace ashlar::objectstore {
namespace {

// %a and %b are English: the server never leaves the C locale.
std::string Format(int64_t ms, const char* format) {
  auto seconds = static_cast<time_t>(ms / 1000);
  tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 64> text{};
  return {text.data(), strftime(text.data(), text.size(), format, &parts)};
}

}  // namespace

std::string FormatHttpDate(int64_t ms) { return Format(ms, "%a, %d %b %Y %H:%M:%S GMT"); }
std::string FormatBasicDate(int64_t ms) { return Format(ms, "%Y%m%dT%H%M%SZ"); }

std::optional<int64_t> ParseHttpDate(const std::string& text) {
  tm parts{};
  const char* end = strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return int64_t{timegm(&parts)} * 1000;
}

std::optional<int64_t> ParseIsoDate(const std::string& text) {
  tm parts{};
  const char* end = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (end == nullptr) return std::nullopt;
  int64_t ms = 0;
  if (*end == '.') {
    char* rest = nullptr;
    ms = static_cast<int64_t>(strtod(end, &rest) * 1000 + 0.5);
    end = rest;
  }
  if (std::string_view(end) != "Z") return std::nullopt;
  return int64_t{timegm(&parts)} * 1000 + ms;
}

}  // namespace ashlar::objectstore
