#include "delta/deletion_vector.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "delta/log/test_table.h"
#include "delta/row_bitmap.h"
#include "objectstore/fault_store.h"

namespace ashlar::delta {
namespace {

using Rows = std::vector<uint64_t>;

TEST(Z85, KnownTexts) {
  // The example of ZeroMQ RFC 32.
  EXPECT_EQ(Z85Encode("\x86\x4F\xD2\x6F\xB5\x59\xF7\x5B"), "HelloWorld");
  EXPECT_EQ(Z85Decode("HelloWorld"), "\x86\x4F\xD2\x6F\xB5\x59\xF7\x5B");
  EXPECT_EQ(Z85Decode(""), "");
  for (const char* text : {"Hello Worl", "Hell", "%nSc1x", "#####", "aaaa\""}) {
    EXPECT_EQ(Z85Decode(text), std::nullopt) << text;
  }
}

// The protocol's inline example has the magic number of an older format; these are its rows in the
// portable one, as other readers test them.
TEST(DeletionVector, AnInlineVector) {
  FakeClock clock(0);
  objectstore::MemoryObjectStore store(clock);
  DeletionVectorDescriptor descriptor{"i", "^Bg9^0rr910000000000iXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L", {}, 44, 6};
  auto vector = LoadDeletionVector(store, "/t", descriptor);
  ASSERT_TRUE(vector.ok()) << vector.error().message;
  EXPECT_EQ(vector->ToRows(), (Rows{3, 4, 7, 11, 18, 29}));
  descriptor.cardinality = 7;
  EXPECT_EQ(LoadDeletionVector(store, "/t", descriptor).error().condition,
            "DELTA_DELETION_VECTOR_SIZE_MISMATCH");
}

// Sparse, dense, runs, borders of containers and beyond 32 bits.
std::vector<Rows> Shapes() {
  std::vector<Rows> shapes = {{}, {0}, {65535, 65536}, {uint64_t{1} << 32, (uint64_t{1} << 33) + 5}};
  Rows dense;
  for (uint64_t i = 0; i < 200000; i += i % 70000 < 60000 ? 1 : 3) dense.push_back(i);
  shapes.push_back(dense);
  CountingRandom random;
  for (uint64_t bound : {uint64_t{100}, uint64_t{100000}, uint64_t{1} << 34}) {
    std::set<uint64_t> rows;
    for (int i = 0; i < 5000; ++i) rows.insert(random.Below(bound));
    shapes.emplace_back(rows.begin(), rows.end());
  }
  return shapes;
}

TEST(DeletionVector, KeepsItsRowsThroughBytesAndFiles) {
  FakeClock clock(0);
  CountingRandom random;
  objectstore::MemoryObjectStore store(clock);
  for (const Rows& rows : Shapes()) {
    DeletionVector vector = DeletionVector::FromRows(rows);
    EXPECT_EQ(vector.cardinality(), rows.size());
    EXPECT_EQ(vector.ToRows(), rows);
    auto parsed = DeletionVector::Parse(vector.Serialize());
    ASSERT_TRUE(parsed.ok()) << parsed.error().message;
    EXPECT_EQ(parsed->ToRows(), rows);
    std::vector<DeletionVector> one;
    one.push_back(DeletionVector::FromRows(rows));
    auto descriptors = WriteDeletionVectors(store, "/t", random, one, {});
    ASSERT_TRUE(descriptors.ok());
    EXPECT_EQ(LoadDeletionVector(store, "/t", descriptors->at(0))->ToRows(), rows);
  }
}

TEST(RowBitmap, RowsComeInAnyOrder) {
  CountingRandom random;
  for (const Rows& rows : Shapes()) {
    Rows shuffled = rows;
    for (size_t i = shuffled.size(); i > 1; --i) std::swap(shuffled[i - 1], shuffled[random.Below(i)]);
    RowBitmap all, even, odd;
    for (uint64_t row : shuffled) {
      ASSERT_TRUE(all.Add(row));
      (row % 2 == 0 ? even : odd).Add(row);
    }
    for (size_t i = 0; i < shuffled.size(); i += 7) ASSERT_FALSE(all.Add(shuffled[i]));
    DeletionVector vector = all.Build(), odd_rows = odd.Build();
    EXPECT_EQ(vector.cardinality(), rows.size());
    EXPECT_EQ(vector.ToRows(), rows);
    EXPECT_EQ(vector.Serialize(), DeletionVector::FromRows(rows).Serialize());
    EXPECT_EQ(UnionOf(even.Build(), odd_rows).ToRows(), rows);
    EXPECT_EQ(UnionOf(vector, odd_rows).ToRows(), rows);
    EXPECT_EQ(UnionOf(vector, odd_rows).cardinality(), rows.size());
  }
}

TEST(DeletionVector, RangesAndMembership) {
  CountingRandom random;
  for (const Rows& rows : Shapes()) {
    DeletionVector vector = DeletionVector::FromRows(rows);
    uint64_t top = rows.empty() ? 10 : rows.back() + 2;
    for (int i = 0; i < 20; ++i) {
      uint64_t begin = random.Below(top);
      uint64_t end = std::min(top, begin + random.Below(3000));
      auto first = std::ranges::lower_bound(rows, begin);
      Rows expected(first, std::ranges::lower_bound(rows, end));
      Rows visited;
      vector.ForEachInRange(begin, end, [&](uint64_t row) { visited.push_back(row); });
      ASSERT_EQ(visited, expected);
      std::vector<uint32_t> live;
      vector.AppendLive(begin, end, &live);
      ASSERT_EQ(live.size(), end - begin - expected.size());
      for (uint32_t offset : live) ASSERT_FALSE(vector.Contains(begin + offset));
    }
    for (uint64_t row : rows) {
      ASSERT_TRUE(row % 97 != 0 || vector.Contains(row));
    }
  }
}

TEST(DeletionVector, ReadsRunContainers) {
  // One bucket, one run container: rows 10 to 14 and 20.
  std::string bytes;
  auto put = [&](uint64_t value, int count) {
    for (int i = 0; i < count; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xFF);
  };
  put(1681511377, 4);
  put(1, 8);
  put(0, 4);
  put(12347, 4);   // cookie with runs, one container
  put(1, 1);       // it is a run container
  put(0, 2);       // key
  put(6 - 1, 2);   // cardinality less one
  put(2, 2);       // runs
  put(10, 2);
  put(5 - 1, 2);
  put(20, 2);
  put(1 - 1, 2);
  auto vector = DeletionVector::Parse(bytes);
  ASSERT_TRUE(vector.ok()) << vector.error().message;
  EXPECT_EQ(vector->ToRows(), (Rows{10, 11, 12, 13, 14, 20}));
}

TEST(DeletionVector, BrokenBytesAreErrors) {
  std::string good = DeletionVector::FromRows({1, 2, 3, 70000, uint64_t{1} << 40}).Serialize();
  for (size_t length = 0; length < good.size(); ++length) {
    EXPECT_FALSE(DeletionVector::Parse(good.substr(0, length)).ok()) << length;
  }
  EXPECT_FALSE(DeletionVector::Parse(good + "x").ok());
  CountingRandom random;
  for (int i = 0; i < 20000; ++i) {
    std::string bytes = good;
    for (uint64_t flips = 1 + random.Below(3); flips > 0; --flips) {
      bytes[random.Below(bytes.size())] = static_cast<char>(random.Below(256));
    }
    auto parsed = DeletionVector::Parse(bytes);  // an error or other rows, never a crash
    EXPECT_TRUE(!parsed.ok() || parsed->ToRows().size() == parsed->cardinality());
  }
}

TEST(DeletionVector, ALostAnswerIsNoFailedWrite) {
  FakeClock clock(0);
  CountingRandom random;
  objectstore::MemoryObjectStore plain(clock);
  objectstore::FaultInjectingStore store(plain);
  std::vector<DeletionVector> vectors;
  vectors.push_back(DeletionVector::FromRows(Rows{1, 5}));
  store.FailAt(objectstore::StoreCall::kPutIfAbsent, 1, objectstore::Fault::kUnknownDone);
  auto descriptors = WriteDeletionVectors(store, "/t", random, vectors, {});
  ASSERT_TRUE(descriptors.ok());
  EXPECT_EQ(LoadDeletionVector(store, "/t", descriptors->at(0))->ToRows(), (Rows{1, 5}));
  store.FailAt(objectstore::StoreCall::kPutIfAbsent, 1, objectstore::Fault::kUnknownNotDone);
  EXPECT_EQ(WriteDeletionVectors(store, "/t", random, vectors, {}).error().code, ErrorCode::kIoError);
}

TEST(DeletionVector, SmallOnesShareAFile) {
  FakeClock clock(0);
  CountingRandom random;
  objectstore::MemoryObjectStore store(clock);
  std::vector<DeletionVector> vectors;
  std::vector<Rows> expected;
  for (uint64_t i = 0; i < 20; ++i) {
    Rows rows;
    // Every second row of 16 containers: bitmaps of 128 KiB together, so 15 and a rest fit into 2 MiB.
    for (uint64_t row = i; row < 16 * 65536; row += 2) rows.push_back(row);
    expected.push_back(rows);
    vectors.push_back(DeletionVector::FromRows(rows));
  }
  std::vector<std::string> told;
  auto descriptors = WriteDeletionVectors(store, "/t", random, vectors,
                                          [&](const std::string& path) { told.push_back(path); });
  ASSERT_TRUE(descriptors.ok());
  ASSERT_EQ(descriptors->size(), 20u);
  auto listed = *store.ListFrom("/t", "");
  EXPECT_EQ(listed.size(), 2u);
  EXPECT_EQ(told.size(), 2u);
  for (const auto& object : listed) EXPECT_LE(object.size, int64_t{2} << 20);
  for (size_t i = 0; i < 20; ++i) {
    EXPECT_EQ(LoadDeletionVector(store, "/t", descriptors->at(i))->ToRows(), expected[i]) << i;
  }
  EXPECT_EQ(descriptors->at(0).offset, 1);
}

TEST(DeletionVector, UnionAndOverlap) {
  auto rows = [](Rows r) { return DeletionVector::FromRows(std::move(r)); };
  EXPECT_EQ(UnionOf(rows({1, 5}), rows({2, 5, 1ull << 40})).ToRows(), (Rows{1, 2, 5, 1ull << 40}));
  EXPECT_TRUE(HaveCommonRows(rows({1, 5}), rows({2, 5})));
  EXPECT_FALSE(HaveCommonRows(rows({1, 5}), rows({2, 6})));
  EXPECT_FALSE(HaveCommonRows(rows({}), rows({2})));
}

TEST(DeletionVector, FilesAreVerified) {
  FakeClock clock(0);
  CountingRandom random;
  objectstore::MemoryObjectStore store(clock);
  std::vector<DeletionVector> one;
  one.push_back(DeletionVector::FromRows({5, 6}));
  auto descriptor = WriteDeletionVectors(store, "/t", random, one, {})->at(0);
  auto listed = *store.ListFrom("/t", "");
  ASSERT_EQ(listed.size(), 1u);
  std::string path = "/t/" + listed[0].name;
  std::string bytes = *store.Read(path);
  auto load = [&](DeletionVectorDescriptor d) {
    auto vector = LoadDeletionVector(store, "/t", d);
    return vector.ok() ? std::string("ok") : vector.error().condition;
  };
  EXPECT_EQ(load(descriptor), "ok");
  std::string flipped = bytes;
  flipped[flipped.size() - 6] ^= 1;
  ASSERT_TRUE(store.PutOverwrite(path, flipped).ok());
  EXPECT_EQ(load(descriptor), "DELTA_DELETION_VECTOR_CHECKSUM_MISMATCH");
  ASSERT_TRUE(store.PutOverwrite(path, bytes).ok());
  DeletionVectorDescriptor other = descriptor;
  other.size_in_bytes += 1;
  EXPECT_NE(load(other), "ok");
  other = descriptor;
  other.offset = 0;
  EXPECT_NE(load(other), "ok");
  other = descriptor;
  other.storage_type = "x";
  EXPECT_NE(load(other), "ok");
  // By absolute path, inside of the table only.
  other = descriptor;
  other.storage_type = "p";
  other.path_or_inline_dv = path;
  EXPECT_EQ(load(other), "ok");
  other.path_or_inline_dv = "/elsewhere/x.bin";
  EXPECT_EQ(LoadDeletionVector(store, "/t", other).error().code, ErrorCode::kPermissionDenied);
}

TEST(DeletionVector, TheRelativeExampleOfTheProtocol) {
  FakeClock clock(0);
  objectstore::MemoryObjectStore store(clock);
  // Names ab/deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin.
  DeletionVectorDescriptor descriptor{"u", "ab^-aqEH.-t@S}K{vb[*k^", 4, 40, 6};
  Error missing = LoadDeletionVector(store, "/t", descriptor).error();
  EXPECT_EQ(missing.code, ErrorCode::kNotFound);
  EXPECT_NE(missing.message.find("/t/ab/deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin"),
            std::string::npos) << missing.message;
}

}  // namespace
}  // namespace ashlar::delta
