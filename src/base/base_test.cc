#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include "base/check.h"
#include "base/clock.h"
#include "base/failpoint.h"
#include "base/error_position.h"
#include "base/file.h"
#include "base/id.h"
#include "base/json.h"
#include "base/result.h"
#include "base/text.h"
#include "base/thread_pool.h"

namespace ashlar {
namespace {

Result<int> Half(int value) {
  if (value % 2 != 0) return MakeError(ErrorCode::kInvalidParameterValue, "odd: " + std::to_string(value));
  return value / 2;
}

Result<int> Quarter(int value) {
  ASSIGN_OR_RETURN(int half, Half(value));
  return Half(half);
}

TEST(Result, CarriesTheErrorUp) {
  EXPECT_EQ(*Quarter(8), 2);
  EXPECT_EQ(Quarter(6).error().message, "odd: 3");
  EXPECT_EQ(ErrorCodeName(Quarter(6).error().code), "INVALID_PARAMETER_VALUE");
}

TEST(Error, SqlMessageNamesConditionAndSqlstate) {
  Error error = MakeSqlError("DIVIDE_BY_ZERO", "22012", "Division by zero.");
  EXPECT_EQ(FullMessage(error), "[DIVIDE_BY_ZERO] Division by zero. SQLSTATE: 22012");
  EXPECT_EQ(HttpStatus(NotImplemented("ZORDER").code), 501);
}

TEST(ErrorPosition, IsWordedByTheKindOfError) {
  Error data = MakeSqlError("DIVIDE_BY_ZERO", "22012", "Zero.", {}, SourceSpan{13, 16});
  EXPECT_EQ(PositionedMessage(data, "SELECT 'ä',\n1/0"),
            "[DIVIDE_BY_ZERO] Zero. SQLSTATE: 22012\n== SQL (line 2, position 1) ==\n1/0\n^^^\n");
  Error analysis = MakeSqlError("UNRESOLVED_COLUMN", "42703", "No.", {}, SourceSpan{12, 13});
  EXPECT_EQ(PositionedMessage(analysis, "SELECT 'ä', b"), "[UNRESOLVED_COLUMN] No. SQLSTATE: 42703; line 1 pos 11");
  Error syntax = MakeSqlError("PARSE_SYNTAX_ERROR", "42601", "Near end.", {}, SourceSpan{10, 10});
  EXPECT_EQ(PositionedMessage(syntax, "SELECT 1 +"),
            "[PARSE_SYNTAX_ERROR] Near end. SQLSTATE: 42601 (line 1, pos 10)\n\n== SQL ==\nSELECT 1 +\n----------^^^\n");
}

TEST(ErrorPosition, LongTextsAreCutAndStrangePlacesLeftOut) {
  std::string sql = std::string(50'000, 'x') + " y " + std::string(50'000, 'z');
  Error error = MakeSqlError("CAST_INVALID_INPUT", "22018", "Bad.", {}, SourceSpan{50'001, 50'002});
  std::string message = PositionedMessage(error, sql);
  EXPECT_LT(message.size(), 1500u);
  EXPECT_NE(message.find("(line 1, position 50002)"), std::string::npos);
  EXPECT_NE(message.find("x y z"), std::string::npos);
  EXPECT_EQ(PositionedMessage(error, "short"), FullMessage(error));
}

TEST(Json, KeepsOrderAndRefusesDepth) {
  EXPECT_EQ(WriteJson(*ParseJson(R"({"b":1,"a":[null,"x"]})")), R"({"b":1,"a":[null,"x"]})");
  std::string deep(200, '[');
  EXPECT_EQ(ParseJson(deep).error().code, ErrorCode::kMalformedRequest);
  EXPECT_FALSE(ParseJson("{").ok());
  EXPECT_TRUE(ParseJson(R"("[[[[")", {.max_depth = 2, .max_bytes = 100}).ok());
}

TEST(Text, PercentAndBase64RoundTrip) {
  std::string bytes = "a b/\xc3\xa9%";
  EXPECT_EQ(PercentEncode(bytes), "a%20b%2F%C3%A9%25");
  EXPECT_EQ(PercentDecode(PercentEncode(bytes)), bytes);
  EXPECT_EQ(PercentDecode("%4"), std::nullopt);
  for (std::string text : {"", "f", "fo", "foo", "foob"}) EXPECT_EQ(Base64Decode(Base64Encode(text)), text);
  EXPECT_EQ(Base64Decode("Zg="), std::nullopt);
}

TEST(Text, Utf8) {
  EXPECT_TRUE(IsValidUtf8("h\xc3\xa9"));
  EXPECT_FALSE(IsValidUtf8("\xc0\x80"));
  EXPECT_FALSE(IsValidUtf8("\xed\xa0\x80"));
}

TEST(Id, HasTheDocumentedShape) {
  EXPECT_TRUE(IsUuid(NewUuid(SystemRandom())));
  EXPECT_LT(NewNumericId(SystemRandom()), int64_t{1} << 53);
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Clock, FormatsUtc) { EXPECT_EQ(FormatUtcMs(1700000000123), "2023-11-14T22:13:20.123Z"); }

TEST(Failpoint, ActsAtTheNamedTime) {
  EXPECT_TRUE(Failpoint("x").ok());
  SetFailpointsForTest("x=error@2");
  EXPECT_TRUE(Failpoint("x").ok());
  EXPECT_FALSE(Failpoint("x").ok());
  EXPECT_TRUE(Failpoint("x").ok());
  SetFailpointsForTest("");
}

TEST(File, DurableWriteReplacesWhole) {
  std::string folder = std::filesystem::temp_directory_path() / ("base_test-" + NewHex(SystemRandom(), 6));
  ASSERT_TRUE(MakeDirectories(folder + "/a/b").ok());
  std::string path = folder + "/a/b/f";
  ASSERT_TRUE(WriteFileDurably(path, "one").ok());
  SetFailpointsForTest("file.write=error");
  EXPECT_FALSE(WriteFileDurably(path, "two").ok());
  SetFailpointsForTest("");
  EXPECT_EQ(*ReadFile(path), "one");
  EXPECT_EQ(ReadFile(folder + "/none").error().code, ErrorCode::kNotFound);
  std::filesystem::remove_all(folder);
}

TEST(ThreadPool, RunsEverythingBeforeItEnds) {
  std::atomic<int> count = 0;
  {
    ThreadPool pool(3);
    for (int i = 0; i < 100; ++i) pool.Submit([&] { ++count; });
  }
  EXPECT_EQ(count, 100);
}

TEST(ReportCrashesDeathTest, SaysWhatWasThrownAndWhere) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  auto die = [](auto how) {
    ReportCrashes();
    std::thread(how).join();
  };
  EXPECT_EXIT(die([] { throw std::runtime_error("what it was"); }), testing::KilledBySignal(SIGABRT),
              "std::terminate: what it was\nfatal signal 06; backtrace:\n.*base_test");
  EXPECT_EXIT(die([] { CHECK(1 + 1 == 3) << "context"; }), testing::KilledBySignal(SIGABRT),
              "1 == 3 context\nfatal signal 06; backtrace:\n.*base_test");
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // theirs is the report of a bad access then
  EXPECT_EXIT(die([] { raise(SIGSEGV); }), testing::KilledBySignal(SIGSEGV), "fatal signal 11; backtrace:\n.*base_test");
#endif
}

}  // namespace
}  // namespace ashlar
