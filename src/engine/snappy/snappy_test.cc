// Blocks by hand and by libduckdb's own compressor, whole, cut and damaged: the bytes and the verdict of a plain decoder,
// and no byte touched outside of the buffers, which lie against pages that must not be touched.
#include "engine/snappy/snappy.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <filesystem>
#include <numeric>
#include <random>

#include "engine/duck_connection.h"
#include "engine/snappy/fast_units.h"

// libduckdb.so's own.
namespace duckdb_snappy {
size_t MaxCompressedLength(size_t size);
void RawCompress(const char* bytes, size_t size, char* compressed, size_t* compressed_size);
}  // namespace duckdb_snappy

namespace ashlar::engine {
namespace {

constexpr size_t kLargest = size_t{1} << 20;  // of the buffers here
using Chance = std::mt19937_64;               // the same sequence in every run

std::string Compressed(const std::string& bytes) {
  std::string block(duckdb_snappy::MaxCompressedLength(bytes.size()), '\0');
  size_t size = 0;
  duckdb_snappy::RawCompress(bytes.data(), bytes.size(), block.data(), &size);
  block.resize(size);
  return block;
}

std::string Number(uint64_t value, size_t bytes) {
  std::string text;
  for (size_t i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i));
  return text;
}

// A block made element by element, and what it stands for.
class Builder {
 public:
  // `size_bytes`: of the length behind the tag; 0: in the tag.
  Builder& Literal(const std::string& bytes, size_t size_bytes = 0) {
    size_t length = bytes.size() - 1;
    elements_ += static_cast<char>((size_bytes == 0 ? length : 59 + size_bytes) << 2);
    if (size_bytes > 0) elements_ += Number(length, size_bytes);
    elements_ += bytes;
    bytes_ += bytes;
    return *this;
  }
  // `offset_bytes` 1: lengths 4 to 11, offsets below 2048.
  Builder& Copy(size_t offset, size_t length, size_t offset_bytes) {
    if (offset_bytes == 1) {
      elements_ += static_cast<char>(1 | (length - 4) << 2 | offset >> 8 << 5);
    } else {
      elements_ += static_cast<char>((offset_bytes == 2 ? 2 : 3) | (length - 1) << 2);
    }
    elements_ += Number(offset, offset_bytes);
    for (size_t i = 0; i < length; ++i) bytes_ += bytes_[bytes_.size() - offset];
    return *this;
  }
  // So that what is before it is not at the end, where wide loads and stores have no room.
  Builder& Tail() { return Literal(std::string(60, 't')).Literal(std::string(60, 'u')).Literal(std::string(60, 'v')); }

  const std::string& bytes() const { return bytes_; }
  std::string Block() const {
    std::string length;
    for (size_t rest = bytes_.size();; rest >>= 7) {
      length += static_cast<char>(rest < 128 ? rest : rest | 128);
      if (rest < 128) return length + elements_;
    }
  }

 private:
  std::string elements_, bytes_;
};

// The format's description once more, with nothing but its rules. nullopt: not valid.
std::optional<std::string> PlainlyUnpacked(const std::string& block) {
  auto byte = [&](size_t i) { return uint64_t{static_cast<unsigned char>(block[i])}; };
  uint64_t length = 0;
  size_t at = 0;
  for (;; ++at) {
    if (at == block.size() || at == 5) return std::nullopt;
    length |= (byte(at) & 127) << (7 * at);
    if (byte(at) < 128) break;
  }
  if (length > UINT32_MAX) return std::nullopt;
  std::string out;
  for (++at; at < block.size();) {
    uint64_t tag = byte(at++);
    size_t kind = tag & 3;
    size_t more = kind == 3 ? 4 : kind > 0 ? kind : tag >= 60 << 2 ? (tag >> 2) - 59 : 0;
    if (block.size() - at < more) return std::nullopt;
    uint64_t number = 0;
    for (size_t i = 0; i < more; ++i) number |= byte(at + i) << (8 * i);
    at += more;
    uint64_t size = kind == 1 ? 4 + ((tag >> 2) & 7) : (kind == 0 && more > 0 ? number : tag >> 2) + 1;
    if (size > length - out.size()) return std::nullopt;
    if (kind == 0) {
      if (size > block.size() - at) return std::nullopt;
      out += block.substr(at, size);
      at += size;
      continue;
    }
    uint64_t offset = kind == 1 ? number + ((tag >> 5) << 8) : number;
    if (offset == 0 || offset > out.size()) return std::nullopt;
    for (uint64_t i = 0; i < size; ++i) out += out[out.size() - offset];
  }
  return out.size() == length ? std::optional(out) : std::nullopt;
}

// Memory between two pages that must not be touched.
class Fenced {
 public:
  Fenced() {
    void* mapped = mmap(nullptr, kLargest + 2 * kPage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(mapped != MAP_FAILED);
    first_ = static_cast<char*>(mapped) + kPage;
    CHECK_EQ(mprotect(first_, kLargest, PROT_READ | PROT_WRITE), 0);
  }
  ~Fenced() { munmap(first_ - kPage, kLargest + 2 * kPage); }
  Fenced(const Fenced&) = delete;
  Fenced& operator=(const Fenced&) = delete;

  char* AtStart() { return first_; }
  char* AtEnd(size_t size) { return first_ + kLargest - size; }

 private:
  const size_t kPage = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  char* first_;
};

class Snappy : public testing::Test {
 protected:
  using Uncompress = bool (*)(const char*, size_t, char*);

  // nullopt: refused.
  std::optional<std::string> Unpack(Uncompress uncompress, const std::string& block, size_t length, bool at_end) {
    char* from = at_end ? in_.AtEnd(block.size()) : in_.AtStart();
    char* to = at_end ? out_.AtEnd(length) : out_.AtStart();
    memcpy(from, block.data(), block.size());
    memset(to, '#', length);
    if (!uncompress(from, block.size(), to)) return std::nullopt;
    return std::string(to, length);
  }
  // That every way to unpack `block` says what `expected` does. Its length must be that of the block.
  void Expect(const std::string& block, size_t length, const std::optional<std::string>& expected, const std::string& what) {
    for (bool at_end : {true, false}) {
      for (Uncompress uncompress : {UncompressSnappy, UncompressSnappyPortably}) {
        if (Unpack(uncompress, block, length, at_end) == expected) continue;
        ADD_FAILURE() << what << (expected.has_value() ? " is wrong" : " is not refused")
                      << (uncompress == UncompressSnappy ? "" : " by the portable one") << (at_end ? ", at the end" : "");
      }
    }
  }
  void ExpectBuilt(const Builder& builder, const std::string& what) {
    ASSERT_EQ(PlainlyUnpacked(builder.Block()), builder.bytes()) << what;
    Expect(builder.Block(), builder.bytes().size(), builder.bytes(), what);
  }
  void ExpectRoundTrip(const std::string& bytes, const std::string& what) {
    Expect(Compressed(bytes), bytes.size(), bytes, what);
  }
  // The verdict of the plain decoder, on a block that may be damaged.
  void ExpectSame(const std::string& block, const std::string& what) {
    uint64_t length = 0;
    size_t at = 0;
    for (; at < std::min<size_t>(block.size(), 5); ++at) {
      length |= uint64_t{block[at] & 127u} << (7 * at);
      if ((block[at] & 128) == 0) break;
    }
    if (length > kLargest) return;  // nobody has room for it
    Expect(block, length, PlainlyUnpacked(block), what);
  }

  Fenced in_, out_;
};

std::string Random(Chance& chance, size_t size, uint64_t values = 256) {
  std::string bytes;
  for (size_t i = 0; i < size; ++i) bytes += static_cast<char>(chance() % values);
  return bytes;
}

// What columns hold: numbers that count up, numbers from a range, texts, repeated values, runs.
std::vector<std::pair<std::string, std::string>> Columns(Chance& chance, size_t rows) {
  std::string ids, dates, longs, texts, words, runs;
  for (size_t i = 0; i < rows; ++i) {
    ids += Number(10'000'000 + i, 8);
    dates += Number(18'000 + chance() % 2000, 4);
    longs += Number(chance() % 20'000'000, 8);
    std::string text = "row " + std::to_string(chance() % 1'000'000);
    texts += Number(text.size(), 4) + text;
    const char* const names[] = {"delivered", "in transit", "returned", "cancelled by the customer who ordered it"};
    words += names[chance() % 4];
    runs += std::string(1 + chance() % 100, static_cast<char>(chance() % 3));
  }
  return {{"ids", ids}, {"dates", dates}, {"longs", longs}, {"texts", texts}, {"words", words}, {"runs", runs}};
}

TEST_F(Snappy, WhatDuckDbCompressesComesBack) {
  Chance chance;
  for (size_t size = 0; size <= 300; ++size) {
    ExpectRoundTrip(Random(chance, size), std::to_string(size) + " random bytes");
    ExpectRoundTrip(Random(chance, size, 2), std::to_string(size) + " bits");
    ExpectRoundTrip(std::string(size, 'x'), std::to_string(size) + " times x");
  }
  for (size_t rows : {10, 100, 1000, 10'000}) {
    for (const auto& [name, bytes] : Columns(chance, rows)) ExpectRoundTrip(bytes, std::to_string(rows) + " " + name);
  }
  ExpectRoundTrip(Random(chance, 500'000), "random bytes");
  ExpectRoundTrip(std::string(kLargest, '\0'), "zeros");
}

TEST_F(Snappy, CopiesOfEveryOffsetAndLength) {
  Chance chance;
  std::vector<size_t> offsets(40);
  std::iota(offsets.begin(), offsets.end(), size_t{1});
  offsets.insert(offsets.end(), {63, 64, 65, 255, 2047, 2048, 65'535, 65'536});
  for (size_t offset : offsets) {
    for (size_t length = 1; length <= 64; ++length) {
      for (size_t offset_bytes : {1, 2, 4}) {
        if (offset_bytes == 1 && (length < 4 || length > 11 || offset > 2047)) continue;
        if (offset_bytes == 2 && offset > 65'535) continue;
        // Right at the beginning of the output, and with bytes before the source.
        for (size_t before : {0, 40}) {
          Builder builder;
          builder.Literal(Random(chance, offset + before), 3).Copy(offset, length, offset_bytes);
          std::string what = std::to_string(offset) + ", " + std::to_string(length) + ", " + std::to_string(offset_bytes);
          ExpectBuilt(builder, what);
          ExpectBuilt(builder.Tail(), what + " with a tail");
        }
      }
    }
  }
}

TEST_F(Snappy, LiteralsOfEveryLengthCode) {
  Chance chance;
  for (size_t length : {1, 2, 59, 60, 61, 255, 256, 257, 65'535, 65'536, 65'537, 900'000}) {
    std::string bytes = Random(chance, length);
    for (size_t size_bytes = length <= 60 ? 0 : 1; size_bytes <= 4; ++size_bytes) {
      if (size_bytes > 0 && size_bytes < 4 && ((length - 1) >> (8 * size_bytes)) != 0) continue;
      Builder builder;
      std::string what = std::to_string(length) + " in " + std::to_string(size_bytes);
      ExpectBuilt(builder.Literal(bytes, size_bytes), what);
      ExpectBuilt(builder.Tail().Literal(bytes.substr(0, 50'000), 4).Copy(length, 7, 4).Tail(), what + " with a tail");
    }
  }
}

TEST_F(Snappy, ElementsInEveryOrder) {
  Chance chance;
  // Of ten elements so many are literals, and so many copies are near.
  for (size_t literals = 1; literals <= 9; ++literals) {
    for (size_t near : {0, 1, 5, 10}) {
      Builder builder;
      builder.Literal(Random(chance, 60));
      while (builder.bytes().size() < 20'000) {
        size_t made = builder.bytes().size();
        if (chance() % 10 < literals) builder.Literal(Random(chance, 1 + chance() % (chance() % 5 == 0 ? 60 : 5)));
        size_t offset = 1 + chance() % (chance() % 10 < near ? 20 : made);
        size_t length = 4 + chance() % (chance() % 5 == 0 ? 61 : 8);
        builder.Copy(offset, length, offset < 2048 && length < 12 ? 1 : chance() % 20 == 0 ? 4 : 2);
      }
      ExpectBuilt(builder, std::to_string(literals) + " of ten literals, " + std::to_string(near) + " near");
    }
  }
}

// Bigints that count up: each is the one before it with other first bytes. Runs of all lengths, each followed by what is
// nearly such a unit, or by the end.
TEST_F(Snappy, ValuesThatCountUp) {
  Chance chance;
  for (size_t changed = 1; changed <= 5; ++changed) {
    for (size_t offset_bytes : {1, 2}) {
      size_t kept = 8 - changed;
      if (offset_bytes == 1 && kept < 4) continue;
      Builder builder;
      builder.Literal(Random(chance, 60));
      auto count = [&](size_t values) {
        for (size_t i = 0; i < values; ++i) builder.Literal(Random(chance, changed)).Copy(8, kept, offset_bytes);
      };
      for (size_t values = 1; values <= 40; ++values) {
        count(values);
        switch (values % 5) {
          case 0: builder.Literal(Random(chance, changed)).Copy(9, kept, offset_bytes); break;
          case 1: builder.Literal(Random(chance, changed)).Copy(8, kept + 1, 2); break;
          case 2: builder.Literal(Random(chance, changed + 1)).Copy(8, kept, 2); break;
          case 3: builder.Copy(8, kept, 2); break;
          case 4: builder.Literal(Random(chance, changed)).Copy(8, kept, 3 - offset_bytes == 1 && kept < 4 ? 2 : 3 - offset_bytes); break;
        }
      }
      count(1000);
      std::string what = std::to_string(changed) + " bytes change, offsets of " + std::to_string(offset_bytes);
      ExpectBuilt(builder, what);
      for (size_t tail = 1; tail <= 140; ++tail) ExpectBuilt(builder.Literal(Random(chance, 1)), what + ", " + std::to_string(tail) + " behind");
    }
  }
}

TEST_F(Snappy, UnitsBeforeEveryEnd) {
  Chance chance;
  for (size_t literal : {1, 4, 5, 16, 17, 60}) {
    for (size_t length : {4, 16, 17, 64}) {
      for (size_t tail = 0; tail <= 140; ++tail) {
        Builder begun;
        begun.Literal(Random(chance, 60)).Literal(Random(chance, 60)).Literal(Random(chance, literal)).Copy(100, length, 2);
        std::string what = std::to_string(literal) + ", " + std::to_string(length) + ", ";
        // The output ends before the input, or the input before the output.
        Builder short_output = begun, short_input = begun;
        for (size_t i = 0; i < tail; ++i) short_output.Literal(Random(chance, 1));
        for (size_t i = 0; i < tail / 2; ++i) short_input.Copy(100, 64, 2);
        ExpectBuilt(short_output, what + std::to_string(tail) + " bytes before the end");
        ExpectBuilt(short_input, what + std::to_string(tail / 2) + " copies before the end");
      }
    }
  }
}

TEST_F(Snappy, CutBlocks) {
  Chance chance;
  for (const auto& [name, bytes] : Columns(chance, 150)) {
    std::string block = Compressed(bytes);
    for (size_t size = 0; size < block.size(); ++size) {
      ExpectSame(block.substr(0, size), name + " cut at " + std::to_string(size));
    }
    ExpectSame(block + std::string(1, '\0') + "x", name + " with a literal too many");
  }
}

TEST_F(Snappy, FlippedBits) {
  Chance chance;
  for (const auto& [name, bytes] : Columns(chance, 80)) {
    std::string block = Compressed(bytes);
    for (size_t bit = 0; bit < 8 * block.size(); ++bit) {
      std::string flipped = block;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
      ExpectSame(flipped, name + " without bit " + std::to_string(bit));
    }
  }
}

TEST_F(Snappy, RandomBytes) {
  Chance chance;
  for (int i = 0; i < 20'000; ++i) {
    // A length that often fits is more of a test than one that does not.
    Builder length;
    std::string head = length.Literal(std::string(1 + chance() % 2000, 'x'), 2).Block().substr(0, 2);
    ExpectSame(head + Random(chance, chance() % 400, 1 + chance() % 256), "random bytes " + std::to_string(i));
  }
}

TEST_F(Snappy, Lengths) {
  ExpectSame("", "nothing");
  ExpectSame(std::string(1, '\0'), "the empty block");
  ExpectSame(std::string("\x80\x00", 2), "the empty block in two bytes");
  ExpectSame(std::string("\x80\x80\x80\x80\x00", 5), "the empty block in five bytes");
  ExpectSame(std::string("\x80\x80\x80\x80\x80\x00", 6), "a length of six bytes");
  ExpectSame("\x80", "half a length");
  char none = '#';
  EXPECT_FALSE(UncompressSnappy("\x80\x80\x80\x80\x10", 5, &none)) << "2^32 bytes";
  EXPECT_FALSE(UncompressSnappy("\xff\xff\xff\xff\x0f", 5, &none)) << "2^32 - 1 bytes, none of which follow";
  EXPECT_EQ(none, '#');
}

// Where it is not, the tests above say nothing about it.
TEST_F(Snappy, IsTheFastOne) { EXPECT_TRUE(HaveFastSnappyUnits()); }

TEST(DuckSnappy, DuckDbReadsParquetThroughOurs) {
  char folder[] = "/tmp/ashlar-engine-XXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  std::string root = folder;
  auto engine = Engine::Open({.memory_limit_bytes = 1u << 28, .threads = 1, .temp_directory = root + "/spill"});
  ASSERT_TRUE(engine.ok()) << FullMessage(engine.error());
  auto connection = (*engine)->NewConnection();
  DuckConnection& duck = AsDuck(*connection);
  std::string rows = "SELECT i, i * 7919 % 100003 AS k, 'row ' || (i % 1000) AS s FROM range(200000) AS r(i)";
  std::string sums = "SELECT concat_ws(' ', sum(i), sum(k), min(s), max(s), sum(length(s))) FROM ";
  std::string file = "'" + root + "/rows.parquet'";
  ASSERT_TRUE(duck.RunForText("COPY (" + rows + ") TO " + file + " (FORMAT parquet, COMPRESSION snappy)").ok());
  uint64_t before = SnappyBlocksUncompressed();
  Result<std::string> read = duck.RunForText(sums + "read_parquet(" + file + ")");
  ASSERT_TRUE(read.ok()) << FullMessage(read.error());
  EXPECT_EQ(*read, *duck.RunForText(sums + "(" + rows + ")"));
  EXPECT_GE(SnappyBlocksUncompressed() - before, 3u) << "a block a column at least";
  std::filesystem::remove_all(root);
}

}  // namespace
}  // namespace ashlar::engine
