#include <arrow/builder.h>
#include <arrow/c/bridge.h>
#include <arrow/record_batch.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "arrow_ipc/cell_text.h"
#include "arrow_ipc/result_spool.h"

namespace ashlar::arrow_ipc {
namespace {

std::shared_ptr<arrow::Schema> NumberSchema() { return arrow::schema({arrow::field("n", arrow::int64())}); }

ArrowBatch Numbers(int64_t begin, int64_t end) {
  arrow::Int64Builder builder;
  for (int64_t i = begin; i < end; ++i) EXPECT_TRUE((i % 3 == 2 ? builder.AppendNull() : builder.Append(i)).ok());
  auto batch = arrow::RecordBatch::Make(NumberSchema(), end - begin, {*builder.Finish()});
  ArrowBatch out;
  out.row_count = end - begin;
  EXPECT_TRUE(arrow::ExportRecordBatch(*batch, out.array.get()).ok());
  return out;
}

OwnedArrowSchema ExportedSchema() {
  OwnedArrowSchema schema;
  EXPECT_TRUE(arrow::ExportSchema(*NumberSchema(), schema.get()).ok());
  return schema;
}

class SpoolTest : public testing::Test {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/ashlar-spool-XXXXXX";
    ASSERT_NE(mkdtemp(folder), nullptr);
    options_.folder = folder;
    options_.first_chunk_rows = 10;
    options_.chunk_rows = 100;
  }
  void TearDown() override {
    EXPECT_TRUE(std::filesystem::is_empty(options_.folder)) << "a spool leaves no files";
    std::filesystem::remove_all(options_.folder);
  }
  std::unique_ptr<ResultSpool> Make() { return *ResultSpool::Make(ExportedSchema(), options_); }

  SpoolOptions options_;
  Schema schema_{{{"n", TypeId::kLong}}};
};

TEST_F(SpoolTest, ChunksCarryAllRowsInOrder) {
  auto spool = Make();
  for (int i = 0; i < 25; ++i) EXPECT_TRUE(*spool->Append(Numbers(i * 10, i * 10 + 10)));
  ASSERT_TRUE(spool->Finish().ok());
  int64_t expected = 0;
  for (const SpoolChunk& chunk : spool->Chunks()) EXPECT_EQ(chunk.row_offset, std::exchange(expected, expected + chunk.row_count));
  EXPECT_EQ(expected, 250);
  EXPECT_EQ(spool->Chunks().size(), 4u);
  auto rows = RowsAsText(**spool->Fetch(1), schema_);
  ASSERT_TRUE(rows.ok());
  EXPECT_EQ((*rows)[0][0], "10");
  EXPECT_EQ((*rows)[1][0], std::nullopt);
  EXPECT_EQ(*spool->WaitForChunk(4), nullptr);
}

TEST_F(SpoolTest, EmptyResultHasOneChunk) {
  auto spool = Make();
  ASSERT_TRUE(spool->Finish().ok());
  ASSERT_EQ(spool->Chunks().size(), 1u);
  EXPECT_TRUE(RowsAsText(**spool->Fetch(0), schema_)->empty());
}

TEST_F(SpoolTest, RowLimitCutsExactly) {
  options_.row_limit = 15;
  auto spool = Make();
  EXPECT_TRUE(*spool->Append(Numbers(0, 10)));
  EXPECT_FALSE(*spool->Append(Numbers(10, 20)));
  ASSERT_TRUE(spool->Finish().ok());
  EXPECT_TRUE(spool->truncated());
  EXPECT_EQ(RowsAsText(**spool->Fetch(1), schema_)->size(), 5u);
}

TEST_F(SpoolTest, QuotaFailsByNameUnlessReleased) {
  options_.quota_bytes = 1;
  options_.quota_wait_ms = 1;
  options_.chunk_rows = 10;
  auto spool = Make();
  EXPECT_TRUE(spool->Append(Numbers(0, 10)).ok());   // memory
  EXPECT_TRUE(spool->Append(Numbers(10, 20)).ok());  // the first on disk always fits
  auto refused = spool->Append(Numbers(20, 30));
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("RESULT_SPOOL_QUOTA_EXCEEDED"), std::string::npos);
  spool->ReleaseThrough(1);
  EXPECT_TRUE(spool->Append(Numbers(30, 40)).ok());
  EXPECT_EQ(spool->Fetch(1).error().code, ErrorCode::kNotFound);
}

TEST_F(SpoolTest, FailureReachesReaders) {
  auto spool = Make();
  spool->Fail(MakeError(ErrorCode::kCancelled, "cancelled"));
  EXPECT_EQ(spool->WaitForChunk(0).error().code, ErrorCode::kCancelled);
}

TEST(Ipc, DecodeRefusesGarbage) {
  EXPECT_EQ(DecodeIpcStream("garbage").error().code, ErrorCode::kInvalidParameterValue);
}

TEST(Ipc, SchemaFromArrowMapsZones) {
  auto schema = arrow::schema({arrow::field("a", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), false),
                               arrow::field("b", arrow::timestamp(arrow::TimeUnit::MICRO)),
                               arrow::field("c", arrow::list(arrow::int32()))});
  OwnedArrowSchema exported;
  ASSERT_TRUE(arrow::ExportSchema(*schema, exported.get()).ok());
  EXPECT_EQ(SchemaFromArrow(*exported.get())->ToDdl(), "a TIMESTAMP NOT NULL,b TIMESTAMP_NTZ,c ARRAY<INT>");
  EXPECT_FALSE(exported.empty());
}

}  // namespace
}  // namespace ashlar::arrow_ipc
