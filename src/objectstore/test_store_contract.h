// What every ObjectStore must do, for the tests of each of them.
#pragma once

#include <gtest/gtest.h>

#include "objectstore/hints.h"

namespace ashlar::objectstore {

inline void ExpectStoreContract(ObjectStore& store, const std::string& root) {
  std::string path = root + "/a/b/1.json";
  EXPECT_EQ(store.Read(path).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store.Head(path).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store.ListFrom(root + "/a/b", "")->size(), 0u);
  EXPECT_EQ(*store.PutIfAbsent(path, "one"), PutOutcome::kWon);
  EXPECT_EQ(*store.PutIfAbsent(path, "two"), PutOutcome::kLost);
  EXPECT_EQ(*store.Read(path), "one");
  EXPECT_EQ(store.Head(path)->size, 3);
  EXPECT_EQ(*store.ReadRange(path, 1, 2), "ne");
  EXPECT_FALSE(store.ReadRange(path, 1, 3).ok());
  EXPECT_FALSE(store.ReadRange(path, 0, int64_t{1} << 60).ok());
  EXPECT_TRUE(store.PutOverwrite(path, "three").ok());
  EXPECT_EQ(*store.Read(path), "three");
  EXPECT_EQ(*PutHint(store, path, "four"), PutOutcome::kLost);
  EXPECT_EQ(*store.Read(path), "three");
  EXPECT_EQ(*PutHint(store, root + "/hints/2.crc", "hint"), PutOutcome::kWon);
  EXPECT_EQ(*store.Read(root + "/hints/2.crc"), "hint");
  EXPECT_TRUE(store.PutOverwrite(root + "/a/b/10.json", "x").ok());
  EXPECT_TRUE(store.PutOverwrite(root + "/a/b/c/2.json", "x").ok());
  auto listed = store.ListFrom(root + "/a/b", "10");
  ASSERT_EQ(listed->size(), 1u);  // "1.json" < "10" by bytes; the folder c is not an object
  EXPECT_EQ(listed->front().name, "10.json");
  EXPECT_EQ(store.ListFrom(root + "/a/b", "")->size(), 2u);
  EXPECT_TRUE(store.Delete(path).ok());
  EXPECT_TRUE(store.Delete(path).ok());
  EXPECT_EQ(store.Read(path).error().code, ErrorCode::kNotFound);
}

}  // namespace ashlar::objectstore
