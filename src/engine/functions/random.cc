// rand and randn with a seed, and monotonically_increasing_id: functions that go on from row to row. Each
// thread of a query is one partition, in the order in which they begin. A partition's numbers are those
// of Spark's partition of the same index: XORShift over a hashed seed, java.util.Random's fractions.
#include <atomic>
#include <bit>
#include <cmath>
#include <memory>
#include <utility>

#include "duckdb/execution/expression_executor.hpp"
#include "engine/functions/kernel_binding.h"

namespace ashlar::engine {
namespace {

// Spark leaves 33 bits for the rows of a partition.
constexpr int kRowBits = 33;
constexpr uint32_t kFirstHashSeed = 0x3c074a61;

// Murmur3 (32 bits) of the seed's eight bytes, most significant first.
uint32_t HashedSeed(uint64_t seed, uint32_t hash) {
  uint64_t bytes = __builtin_bswap64(seed);
  for (uint32_t block : {static_cast<uint32_t>(bytes), static_cast<uint32_t>(bytes >> 32)}) {
    hash ^= std::rotl(block * 0xcc9e2d51u, 15) * 0x1b873593u;
    hash = std::rotl(hash, 13) * 5 + 0xe6546b64u;
  }
  hash ^= 8;
  hash = (hash ^ (hash >> 16)) * 0x85ebca6bu;
  hash = (hash ^ (hash >> 13)) * 0xc2b2ae35u;
  return hash ^ (hash >> 16);
}

class RandomStream {
 public:
  explicit RandomStream(int64_t seed) {
    uint32_t low = HashedSeed(static_cast<uint64_t>(seed), kFirstHashSeed);
    state_ = static_cast<uint64_t>(HashedSeed(static_cast<uint64_t>(seed), low)) << 32 | low;
  }
  double Uniform() {
    uint64_t high = Next(26);
    return static_cast<double>((high << 27) + Next(27)) * 0x1p-53;
  }
  // Two at a time, by Marsaglia's polar method.
  double Normal() {
    if (spare_) return *std::exchange(spare_, std::nullopt);
    double x, y, square;
    do {
      x = 2 * Uniform() - 1;
      y = 2 * Uniform() - 1;
      square = x * x + y * y;
    } while (square >= 1 || square == 0);
    double scale = std::sqrt(-2 * std::log(square) / square);
    spare_ = y * scale;
    return x * scale;
  }

 private:
  uint64_t Next(int bits) {
    state_ ^= state_ << 21;
    state_ ^= state_ >> 35;
    state_ ^= state_ << 4;
    return state_ & ((uint64_t{1} << bits) - 1);
  }

  uint64_t state_;
  std::optional<double> spare_;
};

// Counts the partitions of one call in a query.
struct PartitionCounter : duckdb::FunctionData {
  std::shared_ptr<std::atomic<int64_t>> begun = std::make_shared<std::atomic<int64_t>>(0);
  int64_t seed = 0;

  duckdb::unique_ptr<duckdb::FunctionData> Copy() const override {
    auto copy = duckdb::make_uniq<PartitionCounter>();
    copy->begun = begun;
    copy->seed = seed;
    return copy;
  }
  bool Equals(const duckdb::FunctionData& other) const override {
    return seed == other.Cast<PartitionCounter>().seed && begun == other.Cast<PartitionCounter>().begun;
  }
};

struct Partition : duckdb::FunctionLocalState {
  Partition(int64_t index, int64_t seed) : next_id(index << kRowBits), random(seed + index) {}
  int64_t next_id;
  RandomStream random;
};

duckdb::unique_ptr<duckdb::FunctionData> BindCounter(duckdb::ClientContext& context, duckdb::ScalarFunction&,
                                                     duckdb::vector<duckdb::unique_ptr<duckdb::Expression>>& args) {
  auto counter = duckdb::make_uniq<PartitionCounter>();
  if (!args.empty()) {
    counter->seed = duckdb::ExpressionExecutor::EvaluateScalar(context, *args[0]).GetValue<int64_t>();
  }
  return counter;
}
duckdb::unique_ptr<duckdb::FunctionLocalState> BeginPartition(duckdb::ExpressionState&,
                                                              const duckdb::BoundFunctionExpression&,
                                                              duckdb::FunctionData* bound) {
  const auto& counter = bound->Cast<PartitionCounter>();
  return duckdb::make_uniq<Partition>(counter.begun->fetch_add(1), counter.seed);
}

template <typename R, R (*Next)(Partition&)>
void RunStream(duckdb::DataChunk& args, duckdb::ExpressionState& state, duckdb::Vector& result) {
  auto& partition = duckdb::ExecuteFunctionState::GetFunctionState(state)->Cast<Partition>();
  result.SetVectorType(duckdb::VectorType::FLAT_VECTOR);
  auto* out = duckdb::FlatVector::GetData<R>(result);
  for (duckdb::idx_t row = 0; row < args.size(); ++row) out[row] = Next(partition);
}

double NextUniform(Partition& partition) { return partition.random.Uniform(); }
double NextNormal(Partition& partition) { return partition.random.Normal(); }
int64_t NextId(Partition& partition) { return partition.next_id++; }

void AddStream(Registrar& registrar, const char* name, duckdb::vector<duckdb::LogicalType> arguments,
               duckdb::LogicalType type, RunFunction run) {
  duckdb::ScalarFunction function(name, std::move(arguments), std::move(type), run, BindCounter, nullptr, nullptr,
                                  BeginPartition, duckdb::LogicalType::INVALID, duckdb::FunctionStability::VOLATILE);
  registrar.Add(std::move(function));
}

}  // namespace

void RegisterRandom(Registrar& registrar) {
  using duckdb::LogicalType;
  AddStream(registrar, "spark_rand", {LogicalType::BIGINT}, LogicalType::DOUBLE, RunStream<double, NextUniform>);
  AddStream(registrar, "spark_randn_from", {LogicalType::BIGINT}, LogicalType::DOUBLE, RunStream<double, NextNormal>);
  AddStream(registrar, "spark_monotonically_increasing_id", {}, LogicalType::BIGINT, RunStream<int64_t, NextId>);
}

}  // namespace ashlar::engine
