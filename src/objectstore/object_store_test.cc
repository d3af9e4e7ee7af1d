#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "base/clock.h"
#include "base/file.h"
#include "base/id.h"
#include "objectstore/fault_store.h"
#include "objectstore/local_store.h"
#include "objectstore/memory_store.h"
#include "objectstore/test_store_contract.h"

namespace ashlar::objectstore {
namespace {

namespace fs = std::filesystem;

class TemporaryFolder {
 public:
  TemporaryFolder() : path_(testing::TempDir() + "objectstore-" + NewHex(SystemRandom(), 6)) {
    fs::create_directories(path_);
  }
  ~TemporaryFolder() { fs::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST(ObjectStore, MemoryKeepsTheContract) {
  MemoryObjectStore store(SystemClock());
  ExpectStoreContract(store, "/t");
}

TEST(ObjectStore, LocalKeepsTheContract) {
  TemporaryFolder folder;
  LocalObjectStore store;
  ExpectStoreContract(store, folder.path());
  auto rooted = LocalObjectStore::Rooted(folder.path());
  ExpectStoreContract(**rooted, folder.path() + "/deeper");
}

TEST(LocalObjectStore, LeavesNoTemporaryFiles) {
  TemporaryFolder folder;
  LocalObjectStore store;
  ASSERT_EQ(*store.PutIfAbsent(folder.path() + "/x", "1"), PutOutcome::kWon);
  ASSERT_EQ(*store.PutIfAbsent(folder.path() + "/x", "2"), PutOutcome::kLost);
  ASSERT_TRUE(store.PutOverwrite(folder.path() + "/x", "3").ok());
  EXPECT_EQ(store.ListFrom(folder.path(), "")->size(), 1u);
}

TEST(LocalObjectStore, NothingLeadsOutOfTheRoot) {
  TemporaryFolder folder;
  std::string root = folder.path() + "/root";
  std::string outside = folder.path() + "/outside";
  fs::create_directories(root);
  fs::create_directories(outside);
  ASSERT_TRUE(WriteFileDurably(outside + "/secret", "s").ok());
  fs::create_symlink(outside, root + "/link");
  fs::create_symlink(outside + "/secret", root + "/file");
  auto store = LocalObjectStore::Rooted(root);
  for (const std::string& path : {root + "/link/secret", root + "/file", root + "/../outside/secret",
                                  outside + "/secret", root + "x/secret"}) {
    EXPECT_EQ((*store)->Read(path).error().code, ErrorCode::kPermissionDenied) << path;
  }
  EXPECT_FALSE((*store)->PutIfAbsent(root + "/link/new", "x").ok());
  EXPECT_FALSE((*store)->PutOverwrite(root + "/link/secret", "x").ok());
  EXPECT_FALSE((*store)->Delete(root + "/link/secret").ok());
  EXPECT_FALSE((*store)->ListFrom(root + "/link", "").ok());
  EXPECT_EQ(*ReadFile(outside + "/secret"), "s");
  EXPECT_FALSE(fs::exists(outside + "/new"));
}

TEST(LocalObjectStore, WhereLinksAreRefusedNoneIsFollowedAtAnyLevel) {
  TemporaryFolder folder;
  LocalObjectStore plain;
  LocalObjectStore store(LocalObjectStore::Links::kRefused);
  ExpectStoreContract(store, folder.path() + "/contract");
  std::string secret = folder.path() + "/secret";
  ASSERT_TRUE(plain.PutOverwrite(secret + "/deep/file", "theirs").ok());
  ASSERT_TRUE(plain.PutOverwrite(folder.path() + "/own/x", "own").ok());
  std::filesystem::create_directory_symlink(secret, folder.path() + "/own/folder");
  std::filesystem::create_symlink(secret + "/deep/file", folder.path() + "/own/file");
  std::filesystem::create_directory_symlink(secret + "/deep", folder.path() + "/link");
  for (const std::string& path : {folder.path() + "/own/folder/deep/file", folder.path() + "/own/file", folder.path() + "/link/file"}) {
    ASSERT_EQ(*plain.Read(path), "theirs");
    EXPECT_EQ(store.Read(path).error().code, ErrorCode::kPermissionDenied) << path;
    EXPECT_EQ(store.ReadRange(path, 0, 1).error().code, ErrorCode::kPermissionDenied) << path;
    EXPECT_EQ(store.Head(path).error().code, ErrorCode::kPermissionDenied) << path;
  }
  EXPECT_EQ(store.ListFrom(folder.path() + "/link", "").error().code, ErrorCode::kPermissionDenied);
  EXPECT_EQ(store.PutIfAbsent(folder.path() + "/link/new", "x").error().code, ErrorCode::kPermissionDenied);
  EXPECT_EQ(store.PutOverwrite(folder.path() + "/own/folder/deep/file", "x").error().code, ErrorCode::kPermissionDenied);
  EXPECT_FALSE(store.Delete(folder.path() + "/link/file").ok());
  EXPECT_EQ(*plain.Read(secret + "/deep/file"), "theirs");
  // Writing to the name of a link takes the name, not what it leads to.
  ASSERT_TRUE(store.PutOverwrite(folder.path() + "/own/file", "mine").ok());
  EXPECT_EQ(*store.Read(folder.path() + "/own/file"), "mine");
  EXPECT_EQ(*plain.Read(secret + "/deep/file"), "theirs");
}

TEST(LocalObjectStore, OneOfManyConcurrentCreatorsWins) {
  TemporaryFolder folder;
  LocalObjectStore store;
  for (int round = 0; round < 20; ++round) {
    std::string path = folder.path() + "/" + std::to_string(round);
    std::atomic<int> won{0};
    std::string winner;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&, i] {
        auto outcome = store.PutIfAbsent(path, std::to_string(i));
        if (outcome.ok() && *outcome == PutOutcome::kWon) {
          ++won;
          winner = std::to_string(i);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    ASSERT_EQ(won, 1);
    EXPECT_EQ(*store.Read(path), winner);
  }
}

TEST(FaultInjectingStore, MeetsTheFaultsAskedFor) {
  MemoryObjectStore memory(SystemClock());
  FaultInjectingStore store(memory);
  store.FailAt(StoreCall::kPutIfAbsent, 1, Fault::kError);
  store.FailAt(StoreCall::kPutIfAbsent, 2, Fault::kUnknownNotDone);
  store.FailAt(StoreCall::kPutIfAbsent, 3, Fault::kUnknownDone);
  EXPECT_EQ(store.PutIfAbsent("/x", "1").error().code, ErrorCode::kIoError);
  EXPECT_EQ(*store.PutIfAbsent("/x", "1"), PutOutcome::kUnknown);
  EXPECT_FALSE(memory.Read("/x").ok());
  EXPECT_EQ(*store.PutIfAbsent("/x", "1"), PutOutcome::kUnknown);
  EXPECT_EQ(*memory.Read("/x"), "1");
  EXPECT_EQ(*store.PutIfAbsent("/x", "2"), PutOutcome::kLost);
  EXPECT_EQ(store.CountOf(StoreCall::kPutIfAbsent), 4);
}

TEST(FaultInjectingStore, CrashForgetsWhatWasNotSynced) {
  MemoryObjectStore memory(SystemClock());
  FaultInjectingStore store(memory);
  ASSERT_TRUE(store.PutOverwrite("/old", "durable").ok());
  ASSERT_TRUE(store.WriteUnsynced("/old", "lost").ok());
  ASSERT_TRUE(store.WriteUnsynced("/new", "lost").ok());
  ASSERT_TRUE(store.WriteUnsynced("/kept", "kept").ok());
  store.Sync("/kept");
  EXPECT_EQ(*store.Read("/old"), "lost");
  store.FailAt(StoreCall::kPutHint, 2, Fault::kTorn);
  EXPECT_EQ(*store.PutHint("/hint", "lost"), PutOutcome::kWon);
  EXPECT_EQ(*store.PutHint("/torn", "half"), PutOutcome::kWon);
  EXPECT_EQ(*store.Read("/torn"), "half");
  ASSERT_TRUE(store.Crash().ok());
  EXPECT_EQ(*store.Read("/old"), "durable");
  EXPECT_EQ(store.Read("/new").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store.Read("/hint").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(*store.Read("/torn"), "ha");
  EXPECT_EQ(*store.Read("/kept"), "kept");
}

}  // namespace
}  // namespace ashlar::objectstore
