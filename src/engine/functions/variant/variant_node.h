// A VARIANT taken apart: the tree of its value, and the two binaries it is stored as (Parquet's variant
// encoding, version 1: a dictionary of field names, and the value that points into it).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/functions/decimal_math.h"
#include "engine/functions/json_text.h"

namespace ashlar::engine {

class TimeZone;

struct VariantNode {
  enum class Kind { kNull, kBoolean, kLong, kDouble, kFloat, kDecimal, kDate, kTimestamp, kTimestampNtz, kString, kBinary, kArray, kObject };
  Kind kind = Kind::kNull;
  int64_t number = 0;  // boolean, long, days, microseconds
  double floating = 0;
  Int128 unscaled = 0;
  int scale = 0;
  std::string text;                // string, binary
  std::vector<std::string> names;  // of an object's fields, sorted by their bytes
  std::vector<VariantNode> children;

  bool Is(Kind k) const { return kind == k; }
};

struct VariantBytes {
  std::string value;
  std::string metadata;
};

VariantBytes EncodeVariant(const VariantNode& node);
// nullopt for bytes that are no variant.
std::optional<VariantNode> DecodeVariant(std::string_view value, std::string_view metadata);

// nullopt when a name stands twice in one object.
std::optional<VariantNode> VariantFromJson(const JsonNode& json);
// Sorts the fields; false when a name stands twice.
bool SortFields(VariantNode& object);

// Compact JSON; times in `zone`.
std::string VariantJson(const VariantNode& node, const TimeZone& zone);

}  // namespace ashlar::engine
