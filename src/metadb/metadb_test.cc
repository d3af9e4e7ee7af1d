#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/failpoint.h"
#include "metadb/dialect.h"
#include "metadb/migrations.h"
#include "metadb/outbox_table.h"
#include "metadb/test_on_backends.h"

namespace ashlar::metadb {
namespace {

constexpr const char* kSchema = R"sql(
-- Accounts; a comment with a ; in it.
CREATE TABLE accounts (id BIGINT NOT NULL PRIMARY KEY, owner TEXT, secret BLOB, balance BIGINT NOT NULL);
CREATE UNIQUE INDEX accounts_by_owner ON accounts (owner);
CREATE TABLE entries (id BIGINT NOT NULL PRIMARY KEY, account_id BIGINT NOT NULL REFERENCES accounts (id));
)sql";

class DatabaseTest : public testing::TestWithParam<TestBackend> {
 protected:
  void SetUp() override {
    TakeOrSkip(TestDatabase::Make(GetParam()), test_);
    if (!test_) return;
    std::vector<ModuleMigrations> all = {{"accounts", {kSchema}}, migrations()};
    Status migrated = Migrate(db(), clock_, all);
    ASSERT_TRUE(migrated.ok()) << migrated.error().message;
  }
  void TearDown() override { SetFailpointsForTest(""); }

  Database& db() { return test_->database(); }
  Status Insert(int64_t id, const Cell& owner) {
    return db().Transact([&](Transaction& txn) {
      return txn.Run("INSERT INTO accounts (id, owner, balance) VALUES (?, ?, 0)", {id, owner});
    });
  }
  int64_t Count() {
    int64_t count = -1;
    Status read = db().Read([&](Transaction& txn) -> Status {
      ASSIGN_OR_RETURN(auto rows, txn.Query("SELECT COUNT(*) FROM accounts"));
      count = rows[0].Int(0);
      return OkStatus();
    });
    EXPECT_TRUE(read.ok());
    return count;
  }

  FakeClock clock_{1000};
  std::unique_ptr<TestDatabase> test_;
};

TEST_P(DatabaseTest, CellsComeBackAsTheyWereBound) {
  std::string bytes("\0\x01\xff'\\", 5);
  ASSERT_TRUE(db().Transact([&](Transaction& txn) {
                    return txn.Run("INSERT INTO accounts VALUES (?, ?, ?, ?)",
                                   {int64_t{1} << 52, "é?'$1", Blob{bytes}, -3});
                  }).ok());
  ASSERT_TRUE(Insert(2, std::nullopt).ok());
  Status read = db().Read([&](Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(auto rows, txn.Query("SELECT id, owner, secret, balance FROM accounts WHERE "
                                          "owner <> '?' AND balance = ?",
                                          {-3}));
    EXPECT_EQ(rows.size(), 1u);
    EXPECT_EQ(rows[0].Int(0), int64_t{1} << 52);
    EXPECT_EQ(rows[0].Text(1), "é?'$1");
    EXPECT_EQ(rows[0].Bytes(2), bytes);
    ASSIGN_OR_RETURN(auto nulls, txn.Query("SELECT owner, secret FROM accounts WHERE id = 2"));
    EXPECT_FALSE(nulls[0].OptionalText(0).has_value());
    EXPECT_TRUE(nulls[0].IsNull(1));
    return OkStatus();
  });
  EXPECT_TRUE(read.ok()) << read.error().message;
}

TEST_P(DatabaseTest, ErrorsRollBackAndNameTheirKind) {
  ASSERT_TRUE(Insert(1, "ann").ok());
  EXPECT_EQ(Insert(2, "ann").error().code, ErrorCode::kAlreadyExists);
  EXPECT_EQ(Insert(1, "bob").error().code, ErrorCode::kAlreadyExists);
  Status dangling = db().Transact(
      [](Transaction& txn) { return txn.Run("INSERT INTO entries VALUES (1, 99)"); });
  EXPECT_EQ(dangling.error().code, ErrorCode::kResourceConflict);
  Status refused = db().Transact([](Transaction& txn) -> Status {
    RETURN_IF_ERROR(txn.Run("INSERT INTO accounts (id, balance) VALUES (7, 0)"));
    return MakeError(ErrorCode::kPermissionDenied, "no");
  });
  EXPECT_EQ(refused.error().code, ErrorCode::kPermissionDenied);
  Status nonsense = db().Transact([](Transaction& txn) { return txn.Run("INSERT nonsense"); });
  EXPECT_EQ(nonsense.error().code, ErrorCode::kInternalError);
  EXPECT_EQ(Count(), 1);
}

TEST_P(DatabaseTest, ExecuteCountsRows) {
  ASSERT_TRUE(Insert(1, "a").ok() && Insert(2, "b").ok());
  Status done = db().Transact([](Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(int64_t both, txn.Execute("UPDATE accounts SET balance = ?", {5}));
    EXPECT_EQ(both, 2);
    ASSIGN_OR_RETURN(int64_t none, txn.Execute("DELETE FROM accounts WHERE id = ?", {9}));
    EXPECT_EQ(none, 0);
    return OkStatus();
  });
  EXPECT_TRUE(done.ok());
}

TEST_P(DatabaseTest, ConcurrentIncrementsAllCount) {
  constexpr int kThreads = 8;
  constexpr int kEach = 10;
  ASSERT_TRUE(Insert(1, "shared").ok());
  std::atomic<int> failed = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        for (int j = 0; j < kEach; ++j) {
          Status added = db().Transact([](Transaction& txn) -> Status {
            ASSIGN_OR_RETURN(auto rows, txn.Query("SELECT balance FROM accounts WHERE id = 1"));
            return txn.Run("UPDATE accounts SET balance = ? WHERE id = 1", {rows[0].Int(0) + 1});
          });
          if (!added.ok()) ++failed;
        }
      });
    }
  }
  int64_t balance = 0;
  ASSERT_TRUE(db().Read([&](Transaction& txn) -> Status {
                    ASSIGN_OR_RETURN(auto rows, txn.Query("SELECT balance FROM accounts"));
                    balance = rows[0].Int(0);
                    return OkStatus();
                  }).ok());
  EXPECT_EQ(balance, kThreads * kEach - failed);
  // PostgreSQL may give up on a transaction that keeps conflicting; it must say so, not lose it.
  EXPECT_TRUE(failed == 0 || GetParam() == TestBackend::kPostgres);
}

TEST_P(DatabaseTest, FailureBeforeCommitUndoesAndAfterCommitIsUnknown) {
  SetFailpointsForTest("metadb.commit.before=error");
  EXPECT_EQ(Insert(1, "before").error().code, ErrorCode::kIoError);
  EXPECT_EQ(Count(), 0);
  SetFailpointsForTest("metadb.commit.after=error");
  EXPECT_EQ(Insert(1, "after").error().code, ErrorCode::kAborted);
  EXPECT_EQ(Count(), 1);
}

TEST_P(DatabaseTest, WhatWasCommittedIsThereAfterReopening) {
  ASSERT_TRUE(Insert(1, "kept").ok());
  ASSERT_TRUE(test_->Reopen().ok());
  EXPECT_EQ(Count(), 1);
}

TEST_P(DatabaseTest, MigrationsApplyOnceAndNeverChange) {
  std::vector<ModuleMigrations> more = {
      {"accounts", {kSchema, "ALTER TABLE accounts ADD COLUMN note TEXT;"}}};
  ASSERT_TRUE(Migrate(db(), clock_, more).ok());
  ASSERT_TRUE(Migrate(db(), clock_, more).ok());
  std::vector<ModuleMigrations> older = {{"accounts", {kSchema}}};
  EXPECT_EQ(Migrate(db(), clock_, older).error().code, ErrorCode::kInvalidState);
  std::vector<ModuleMigrations> changed = {{"accounts", {kSchema, "DROP TABLE accounts;"}}};
  EXPECT_EQ(Migrate(db(), clock_, changed).error().code, ErrorCode::kInvalidState);
}

TEST_P(DatabaseTest, OutboxKeepsOrderWithinATopic) {
  Status done = db().Transact([&](Transaction& txn) -> Status {
    for (const char* payload : {"1", "2", "3"}) {
      RETURN_IF_ERROR(OutboxTable::Append(txn, clock_, "runs", payload));
    }
    RETURN_IF_ERROR(OutboxTable::Append(txn, clock_, "other", "x"));
    ASSIGN_OR_RETURN(auto oldest, OutboxTable::Oldest(txn, "runs", 2));
    EXPECT_EQ(oldest.size(), 2u);
    EXPECT_EQ(oldest[0].payload, "1");
    EXPECT_EQ(oldest[1].payload, "2");
    RETURN_IF_ERROR(OutboxTable::Delete(txn, oldest[0].sequence));
    ASSIGN_OR_RETURN(oldest, OutboxTable::Oldest(txn, "runs", 9));
    EXPECT_EQ(oldest[0].payload, "2");
    return OkStatus();
  });
  EXPECT_TRUE(done.ok()) << done.error().message;
}

INSTANTIATE_TEST_SUITE_P(Backends, DatabaseTest, EveryBackend(), BackendName);

TEST(DialectTest, Translates) {
  EXPECT_EQ(PostgresPlaceholders("a = ? AND b = '?' AND \"?\" = ?"), "a = $1 AND b = '?' AND \"?\" = $2");
  EXPECT_EQ(SqliteDdl("CREATE TABLE t (a BIGINT, b TEXT DEFAULT 'BIGINT')"),
            "CREATE TABLE t (a INTEGER, b TEXT DEFAULT 'BIGINT') STRICT");
  EXPECT_EQ(SqliteDdl("CREATE INDEX i ON t (a)"), "CREATE INDEX i ON t (a)");
  EXPECT_EQ(PostgresDdl("CREATE TABLE t (a BLOB)"), "CREATE TABLE t (a BYTEA)");
  EXPECT_EQ(SplitScript("a 'x;y' -- z;\n; b;\n").size(), 2u);
}

}  // namespace
}  // namespace ashlar::metadb
