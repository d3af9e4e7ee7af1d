#include "statements/result_rendering.h"

#include <gtest/gtest.h>

namespace ashlar::statements {
namespace {

link::StatementStatus TwoChunks() {
  link::StatementStatus status;
  status.state = link::StatementState::kSucceeded;
  status.has_result = true;
  status.schema.fields = {{"d", DataType::Decimal(10, 2)}, {"a", DataType::Array(TypeId::kInt)}};
  status.chunks = {{0, 10, 100}, {10, 5, 60}};
  return status;
}

TEST(Rendering, ManifestAddsUp) {
  RegisteredStatement statement;
  auto manifest = RenderManifest(statement, TwoChunks());
  EXPECT_EQ(*manifest.total_row_count, 15);
  EXPECT_EQ(*manifest.total_byte_count, 160);
  EXPECT_EQ(*manifest.total_chunk_count, 2);
  EXPECT_EQ((*manifest.schema->columns)[0].type_precision.value_or(0), 10);
  EXPECT_EQ(*(*manifest.schema->columns)[1].type_text, "ARRAY<INT>");
}

TEST(Rendering, LinksChainToTheNextChunk) {
  RegisteredStatement statement;
  statement.id = "s";
  statement.link_token = "t";
  auto first = RenderLink(statement, TwoChunks(), 0, "http://h", 0);
  EXPECT_EQ(*(*first.external_links)[0].external_link, "http://h/api/2.0/sql/results/t/0");
  EXPECT_EQ(*(*first.external_links)[0].next_chunk_index, 1);
  auto last = RenderLink(statement, TwoChunks(), 1, "http://h", 0);
  EXPECT_TRUE((*last.external_links)[0].next_chunk_index.is_absent());
}

TEST(Rendering, FailureCarriesSqlstate) {
  link::StatementStatus status;
  status.state = link::StatementState::kFailed;
  status.failure = MakeSqlError("DIVIDE_BY_ZERO", "22012", "Division by zero.", {}, SourceSpan{7, 10});
  auto rendered = RenderStatus(status, "SELECT 1/0");
  EXPECT_EQ(*rendered.sql_state, "22012");
  EXPECT_EQ(*rendered.error->message, "[DIVIDE_BY_ZERO] Division by zero. SQLSTATE: 22012\n== SQL (line 1, position 8) ==\nSELECT 1/0\n       ^^^\n");
  EXPECT_EQ(rendered.error->error_code->value, "BAD_REQUEST");
}

}  // namespace
}  // namespace ashlar::statements
