#include "types/zone_file.h"

#include <gtest/gtest.h>

#include <string>

namespace ashlar {
namespace {

constexpr int64_t kJanuary2024 = 1705320000, kJuly2024 = 1721044800;
constexpr int64_t kDay = 86'400;

std::string Number(uint64_t value, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i));
  return out;
}

// A file with one kind of time, no changes, and `rule` (RFC 8536, section 3).
std::string FileOf(int32_t offset, const std::string& rule) {
  std::string header = "TZif2" + std::string(15, '\0');
  for (int count : {0, 0, 0, 0, 1, 4}) header += Number(static_cast<uint64_t>(count), 4);
  std::string data = Number(static_cast<uint32_t>(offset), 4) + std::string(2, '\0') + std::string("XYZ\0", 4);
  return header + data + header + data + "\n" + rule + "\n";
}

TEST(ZoneFile, ChangesByItsRule) {
  auto changes = ParseZoneFile(FileOf(3600, "CET-1CEST,M3.5.0,M10.5.0/3"));
  ASSERT_FALSE(changes.empty());
  EXPECT_EQ(OffsetAt(changes, -kDay), 3600);
  EXPECT_EQ(OffsetAt(changes, kJanuary2024), 3600);
  EXPECT_EQ(OffsetAt(changes, kJuly2024), 7200);
  // 2024-03-31 01:00:00 UTC and 2024-10-27 01:00:00 UTC.
  EXPECT_EQ(OffsetAt(changes, 1711846799), 3600);
  EXPECT_EQ(OffsetAt(changes, 1711846800), 7200);
  EXPECT_EQ(OffsetAt(changes, 1729990799), 7200);
  EXPECT_EQ(OffsetAt(changes, 1729990800), 3600);
}

TEST(ZoneFile, SouthernSummersSpanTheNewYear) {
  auto changes = ParseZoneFile(FileOf(36000, "<+10>-10<+11>,M10.1.0,M4.1.0/3"));
  EXPECT_EQ(OffsetAt(changes, kJanuary2024), 39600);
  EXPECT_EQ(OffsetAt(changes, kJuly2024), 36000);
}

TEST(ZoneFile, RefusesWhatIsNone) {
  EXPECT_TRUE(ParseZoneFile("").empty());
  EXPECT_TRUE(ParseZoneFile("TZif2").empty());
  EXPECT_TRUE(ParseZoneFile(FileOf(0, "").substr(0, 60)).empty());
  EXPECT_EQ(ParseZoneFile(FileOf(0, "nonsense,,")).size(), 1u);
  EXPECT_EQ(ZoneChanges("../../etc/passwd"), nullptr);
  EXPECT_EQ(ZoneChanges("Mars/Olympus"), nullptr);
}

}  // namespace
}  // namespace ashlar
