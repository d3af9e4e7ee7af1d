// Unpacks Snappy blocks of columns with our decoder and with libduckdb.so's, in turns on one core: snappy_bench RUNS.
// JSON: for each column the best seconds of both and the bytes.
#include <dlfcn.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "engine/snappy/snappy.h"

namespace duckdb_snappy {
size_t MaxCompressedLength(size_t size);
void RawCompress(const char* bytes, size_t size, char* compressed, size_t* compressed_size);
}  // namespace duckdb_snappy

namespace ashlar {
namespace {

using Uncompress = bool (*)(const char*, size_t, char*);

constexpr size_t kRows = 1 << 17;  // a page of eight bytes a row is a megabyte, as DuckDB's writer makes them

template <typename Number>
void Append(std::string& bytes, Number number) {
  bytes.append(reinterpret_cast<const char*>(&number), sizeof(number));
}

std::vector<std::pair<std::string, std::string>> Columns() {
  std::mt19937_64 chance;
  std::string ids, longs, doubles, dates, texts, words, noise;
  for (uint64_t i = 0; i < kRows; ++i) {
    Append(ids, 10'000'000 + i);
    Append(longs, chance() % 20'000'000);
    Append(doubles, static_cast<double>(chance() % 4'000'000) / 4);
    Append(dates, static_cast<uint32_t>(18'000 + chance() % 2000));
    std::string text = "row " + std::to_string(chance() % 1'000'000);
    Append(texts, static_cast<uint32_t>(text.size()));
    texts += text;
    const char* const states[] = {"delivered", "in transit", "returned", "cancelled", "pending"};
    const char* word = states[chance() % 5];
    Append(words, static_cast<uint32_t>(strlen(word)));
    words += word;
    Append(noise, chance());
  }
  return {{"ids", ids},     {"longs", longs}, {"doubles", doubles}, {"dates", dates},
          {"texts", texts}, {"words", words}, {"noise", noise},     {"zeros", std::string(8 * kRows, '\0')}};
}

double SecondsOf(Uncompress uncompress, const std::string& block, std::string& out) {
  auto begin = std::chrono::steady_clock::now();
  CHECK(uncompress(block.data(), block.size(), out.data()));
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void Measure(const std::string& name, const std::string& bytes, Uncompress theirs, int runs) {
  std::string block(duckdb_snappy::MaxCompressedLength(bytes.size()), '\0'), out(bytes.size(), '\0');
  size_t size = 0;
  duckdb_snappy::RawCompress(bytes.data(), bytes.size(), block.data(), &size);
  block.resize(size);
  double best_ours = std::numeric_limits<double>::max(), best_theirs = best_ours;
  for (int i = 0; i < runs; ++i) {
    best_ours = std::min(best_ours, SecondsOf(engine::UncompressSnappy, block, out));
    best_theirs = std::min(best_theirs, SecondsOf(theirs, block, out));
  }
  out.assign(bytes.size(), '#');
  CHECK(engine::UncompressSnappy(block.data(), block.size(), out.data()) && out == bytes) << name;
  printf("{\"column\": \"%s\", \"bytes\": %zu, \"ours\": %.9f, \"theirs\": %.9f}\n", name.c_str(), bytes.size(), best_ours,
         best_theirs);
}

}  // namespace
}  // namespace ashlar

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  // The program has a definition of its own, behind which the library's is the next.
  void* theirs = dlsym(RTLD_NEXT, "_ZN13duckdb_snappy13RawUncompressEPKcmPc");
  CHECK(theirs != nullptr);
  for (const auto& [name, bytes] : ashlar::Columns()) {
    ashlar::Measure(name, bytes, reinterpret_cast<ashlar::Uncompress>(theirs), atoi(argv[1]));
  }
  return 0;
}
