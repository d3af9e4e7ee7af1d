// Values as text: partition values (Delta protocol, "Partition Value Serialization") and the dates
// and times in statistics.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "types/value.h"

namespace ashlar::delta {

// nullopt for NULL. Timestamps are written as ISO-8601 in UTC. Errors: kInvalidParameterValue for a
// type that cannot partition.
Result<std::optional<std::string>> EncodePartitionValue(const Value& value);

// The instant, in microseconds since 1970-01-01 UTC, at which the clocks of a time zone show these microseconds.
using WallClock = std::function<int64_t(int64_t micros)>;

// nullopt and "" are NULL of the type. A TIMESTAMP without a zone is what the reader's `clock` shows, as in Spark;
// without a clock it is taken as UTC. Errors: DELTA_FAILED_CAST_PARTITION_VALUE (22018).
Result<Value> DecodePartitionValue(const std::optional<std::string>& text, const DataType& type,
                                   const WallClock& clock = nullptr);

// "yyyy-MM-dd", with a sign and more digits where the year needs them; days since 1970-01-01.
std::optional<int64_t> ParseDateText(std::string_view text);
// The same as a value of the type, of a timestamp's text too: some writers put one where only the day counts.
std::optional<Value> DateOfText(std::string_view text, const DataType& type);
std::string DateText(int64_t days);

struct ParsedTimestamp {
  int64_t micros = 0;     // since 1970-01-01 UTC, or of the wall clock without a zone
  bool has_zone = false;  // ended in Z or ±hh:mm
};
// "yyyy-MM-dd[T| ]HH:mm[:ss[.f…]][Z|±hh:mm]" or a date alone; digits beyond microseconds are cut.
std::optional<ParsedTimestamp> ParseTimestampText(std::string_view text);
// "yyyy-MM-ddTHH:mm:ss.ffffff" without a zone.
std::string TimestampText(int64_t micros);

}  // namespace ashlar::delta
