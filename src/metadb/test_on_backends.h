// Tests that run on each database: TestWithParam<TestBackend>, instantiated with EveryBackend() and BackendName.
#pragma once

#include <gtest/gtest.h>

#include "metadb/test_databases.h"

namespace ashlar::metadb {

inline auto EveryBackend() { return testing::Values(TestBackend::kSqlite, TestBackend::kPostgres); }
inline std::string BackendName(const testing::TestParamInfo<TestBackend>& info) {
  return info.param == TestBackend::kSqlite ? "Sqlite" : "Postgres";
}

// For SetUp: `out` is what was made; it stays null, and the test is skipped, without the backend's programs.
template <typename T>
void TakeOrSkip(Result<std::unique_ptr<T>> made, std::unique_ptr<T>& out) {
  if (!made.ok() && made.error().code == ErrorCode::kNotImplemented) GTEST_SKIP() << made.error().message;
  ASSERT_TRUE(made.ok()) << made.error().message;
  out = *std::move(made);
}

}  // namespace ashlar::metadb
