// The times that object stores write and want: RFC 9110's dates, and ISO 8601.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace ashlar::objectstore {

// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7)
std::string FormatHttpDate(int64_t ms);
// Milliseconds; nullopt for anything else.
std::optional<int64_t> ParseHttpDate(const std::string& text);
// "2013-05-24T00:00:00.000Z", of S3's listings, to milliseconds.
std::optional<int64_t> ParseIsoDate(const std::string& text);
// "20130524T000000Z", of S3's signatures.
std::string FormatBasicDate(int64_t ms);

}  // namespace ashlar::objectstore
