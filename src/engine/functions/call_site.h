// CallSite: what a kernel knows of the call it computes, besides its arguments. Kernels are plain
// functions `R Kernel(const CallSite&, A…)`; kernel_binding.h makes DuckDB functions of them.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "engine/spark_error.h"

namespace ashlar::engine {

using Int128 = __int128;
class TimeZone;

struct CallSite {
  std::optional<SourceSpan> span;
  // Constants given after the arguments.
  std::array<int64_t, 4> numbers{};
  std::array<std::string, 2> texts;
  // Scales of the decimal arguments.
  std::array<uint8_t, 4> scales{};
  const TimeZone* zone = nullptr;  // the session's; set for kernels that ask for it
};

using ErrorParameters = std::map<std::string, std::string>;

[[noreturn]] inline void Fail(std::string condition, std::string sqlstate, std::string message,
                              ErrorParameters parameters, std::optional<SourceSpan> span = std::nullopt) {
  ThrowSparkError(MakeSqlError(std::move(condition), std::move(sqlstate), std::move(message),
                               std::move(parameters), span));
}

inline const std::string kAnsiConfig = "\"spark.sql.ansi.enabled\"";

// ARITHMETIC_OVERFLOW; `alternative` names the try_ function when there is one ("try_add").
[[noreturn]] void FailOverflow(const CallSite& site, std::string_view message, std::string_view alternative);

// BLOB values, apart from strings.
struct Bytes {
  std::string value;
};

// A list argument whose elements may be NULL.
template <typename T>
using ListOf = std::vector<std::optional<T>>;

}  // namespace ashlar::engine
