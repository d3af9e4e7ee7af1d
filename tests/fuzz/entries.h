// What a fuzzer calls: functions that take any bytes and must come back. Besides crashes they look for
// answers that contradict each other: a log read whole and step by step, a checkpoint and the commits it
// stands for, rows and the statistics made of them. A contradiction is a failed CHECK.
#pragma once

#include <array>
#include <string_view>

namespace ashlar::fuzz {

// Files of _delta_log as one text: a line "-- NAME --" begins each.
void FuzzLog(std::string_view archive);
// The same, with checkpoints among them; a Parquet file is its rows as JSON lines.
void FuzzCheckpoint(std::string_view archive);
// An action's deletionVector as JSON, a line break, the file it may lie in.
void FuzzVector(std::string_view bytes);
// A schema as DDL, statistics as JSON, and bytes that choose predicates and rows: three lines.
void FuzzStats(std::string_view lines);
// The length of a Snappy block as two bytes, its elements.
void FuzzSnappy(std::string_view bytes);

struct Entry {
  std::string_view name;  // of the target and of its folder in corpus/
  void (*run)(std::string_view);
};
inline constexpr std::array kEntries = {
    Entry{"log", FuzzLog},
    Entry{"checkpoint", FuzzCheckpoint},
    Entry{"vector", FuzzVector},
    Entry{"stats", FuzzStats},
    Entry{"snappy", FuzzSnappy},
};

}  // namespace ashlar::fuzz
