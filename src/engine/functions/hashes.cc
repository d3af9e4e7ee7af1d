// Hash functions. hash and xxhash64 fold their arguments: each one's hash seeds the next; NULL leaves
// the seed as it is.
#include <openssl/evp.h>

#include <array>
#include <bit>
#include <cstring>

#include "engine/functions/kernel_binding.h"

namespace ashlar::engine {
namespace {

using duckdb::Value;
using Text = std::string_view;

uint32_t Load32(const char* p) {
  uint32_t out;
  memcpy(&out, p, 4);
  return out;
}
uint64_t Load64(const char* p) {
  uint64_t out;
  memcpy(&out, p, 8);
  return out;
}

// Murmur3, 32 bits, as Spark has it: the bytes of a tail are blocks of their own.
struct Murmur3 {
  using Seed = uint32_t;
  static constexpr Seed kSeed = 42;

  static uint32_t Mix(uint32_t h, uint32_t k) {
    k = std::rotl(k * 0xcc9e2d51u, 15) * 0x1b873593u;
    return std::rotl(h ^ k, 13) * 5 + 0xe6546b64u;
  }
  static uint32_t Finish(uint32_t h, uint32_t length) {
    h ^= length;
    h = (h ^ (h >> 16)) * 0x85ebca6bu;
    h = (h ^ (h >> 13)) * 0xc2b2ae35u;
    return h ^ (h >> 16);
  }
  static Seed Int(uint32_t value, Seed seed) { return Finish(Mix(seed, value), 4); }
  static Seed Long(uint64_t value, Seed seed) {
    return Finish(Mix(Mix(seed, static_cast<uint32_t>(value)), static_cast<uint32_t>(value >> 32)), 8);
  }
  static Seed Bytes(Text bytes, Seed seed) {
    size_t whole = bytes.size() / 4 * 4;
    for (size_t i = 0; i < whole; i += 4) seed = Mix(seed, Load32(bytes.data() + i));
    for (size_t i = whole; i < bytes.size(); ++i) {
      seed = Mix(seed, static_cast<uint32_t>(static_cast<int32_t>(static_cast<signed char>(bytes[i]))));
    }
    return Finish(seed, static_cast<uint32_t>(bytes.size()));
  }
};

struct XxHash64 {
  using Seed = uint64_t;
  static constexpr Seed kSeed = 42;
  static constexpr uint64_t kP1 = 0x9E3779B185EBCA87ull, kP2 = 0xC2B2AE3D27D4EB4Full, kP3 = 0x165667B19E3779F9ull,
                            kP4 = 0x85EBCA77C2B2AE63ull, kP5 = 0x27D4EB2F165667C5ull;

  static uint64_t Avalanche(uint64_t h) {
    h = (h ^ (h >> 33)) * kP2;
    h = (h ^ (h >> 29)) * kP3;
    return h ^ (h >> 32);
  }
  static uint64_t Round(uint64_t h, uint64_t lane) { return std::rotl(h + lane * kP2, 31) * kP1; }
  static uint64_t Add8(uint64_t h, uint64_t lane) { return std::rotl(h ^ Round(0, lane), 27) * kP1 + kP4; }
  static uint64_t Add4(uint64_t h, uint32_t lane) { return std::rotl(h ^ (lane * kP1), 23) * kP2 + kP3; }

  static Seed Int(uint32_t value, Seed seed) { return Avalanche(Add4(seed + kP5 + 4, value)); }
  static Seed Long(uint64_t value, Seed seed) { return Avalanche(Add8(seed + kP5 + 8, value)); }
  static Seed Bytes(Text bytes, Seed seed) {
    const char* p = bytes.data();
    const char* end = p + bytes.size();
    uint64_t h = seed + kP5;
    if (bytes.size() >= 32) {
      std::array<uint64_t, 4> v = {seed + kP1 + kP2, seed + kP2, seed, seed - kP1};
      for (; p + 32 <= end; p += 32) {
        for (size_t i = 0; i < 4; ++i) v[i] = Round(v[i], Load64(p + 8 * i));
      }
      h = std::rotl(v[0], 1) + std::rotl(v[1], 7) + std::rotl(v[2], 12) + std::rotl(v[3], 18);
      for (uint64_t lane : v) h = (h ^ Round(0, lane)) * kP1 + kP4;
    }
    h += bytes.size();
    for (; p + 8 <= end; p += 8) h = Add8(h, Load64(p));
    if (p + 4 <= end) {
      h = Add4(h, Load32(p));
      p += 4;
    }
    for (; p < end; ++p) h = std::rotl(h ^ (static_cast<unsigned char>(*p) * kP5), 11) * kP1;
    return Avalanche(h);
  }
};

// The shortest two's complement form, most significant byte first, as BigInteger gives it.
std::string BigEndian(Int128 value) {
  std::string out;
  for (int shift = 120; shift >= 0; shift -= 8) out += static_cast<char>(static_cast<uint8_t>(value >> shift));
  size_t skip = 0;
  while (skip + 1 < out.size()) {
    auto byte = static_cast<uint8_t>(out[skip]), next = static_cast<uint8_t>(out[skip + 1]);
    bool redundant = (byte == 0 && next < 0x80) || (byte == 0xFF && next >= 0x80);
    if (!redundant) break;
    ++skip;
  }
  return out.substr(skip);
}

template <typename H>
typename H::Seed HashValue(const Value& value, typename H::Seed seed) {
  if (value.IsNull()) return seed;
  const duckdb::LogicalType& type = value.type();
  switch (type.id()) {
    case duckdb::LogicalTypeId::BOOLEAN: return H::Int(value.GetValue<bool>() ? 1 : 0, seed);
    case duckdb::LogicalTypeId::TINYINT:
    case duckdb::LogicalTypeId::SMALLINT:
    case duckdb::LogicalTypeId::INTEGER:
      return H::Int(static_cast<uint32_t>(value.GetValue<int32_t>()), seed);
    case duckdb::LogicalTypeId::DATE: return H::Int(static_cast<uint32_t>(duckdb::DateValue::Get(value).days), seed);
    case duckdb::LogicalTypeId::BIGINT: return H::Long(static_cast<uint64_t>(value.GetValue<int64_t>()), seed);
    case duckdb::LogicalTypeId::TIMESTAMP:
    case duckdb::LogicalTypeId::TIMESTAMP_TZ:
      return H::Long(static_cast<uint64_t>(value.GetValueUnsafe<int64_t>()), seed);
    case duckdb::LogicalTypeId::FLOAT: {
      auto number = value.GetValue<float>();
      return H::Int(std::bit_cast<uint32_t>(number == 0 ? 0.0f : number), seed);
    }
    case duckdb::LogicalTypeId::DOUBLE: {
      auto number = value.GetValue<double>();
      return H::Long(std::bit_cast<uint64_t>(number == 0 ? 0.0 : number), seed);
    }
    case duckdb::LogicalTypeId::DECIMAL: {
      bool small = duckdb::DecimalType::GetWidth(type) <= 18;
      Int128 unscaled = ToInt128(duckdb::IntegralValue::Get(value));
      return small ? H::Long(static_cast<uint64_t>(unscaled), seed) : H::Bytes(BigEndian(unscaled), seed);
    }
    case duckdb::LogicalTypeId::VARCHAR:
    case duckdb::LogicalTypeId::BLOB:
      return H::Bytes(duckdb::StringValue::Get(value), seed);
    case duckdb::LogicalTypeId::LIST:
      for (const Value& item : duckdb::ListValue::GetChildren(value)) seed = HashValue<H>(item, seed);
      return seed;
    case duckdb::LogicalTypeId::STRUCT:
      for (const Value& field : duckdb::StructValue::GetChildren(value)) seed = HashValue<H>(field, seed);
      return seed;
    case duckdb::LogicalTypeId::INTERVAL: {
      auto interval = value.GetValue<duckdb::interval_t>();
      seed = H::Long(static_cast<uint64_t>(interval.micros), seed);
      seed = H::Int(static_cast<uint32_t>(interval.days), seed);
      return H::Int(static_cast<uint32_t>(interval.months), seed);
    }
    default:
      ThrowSparkError(NotImplemented("hash of " + type.ToString()));
  }
}

template <typename H, typename R>
void RunHash(duckdb::DataChunk& args, duckdb::ExpressionState&, duckdb::Vector& result) {
  bool constant = args.AllConstant();
  duckdb::idx_t count = constant ? 1 : args.size();
  result.SetVectorType(duckdb::VectorType::FLAT_VECTOR);
  auto* out = duckdb::FlatVector::GetData<R>(result);
  for (duckdb::idx_t row = 0; row < count; ++row) {
    typename H::Seed seed = H::kSeed;
    for (auto& column : args.data) seed = HashValue<H>(column.GetValue(row), seed);
    out[row] = static_cast<R>(seed);
  }
  if (constant) result.SetVectorType(duckdb::VectorType::CONSTANT_VECTOR);
}

void AddHash(Registrar& registrar, const char* name, duckdb::LogicalType type, RunFunction run) {
  duckdb::ScalarFunction function(name, {}, std::move(type), run);
  function.varargs = duckdb::LogicalType::ANY;
  function.SetNullHandling(duckdb::FunctionNullHandling::SPECIAL_HANDLING);
  registrar.Add(std::move(function));
}

std::string Digest(const EVP_MD* kind, Text bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, kind, nullptr);
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (unsigned int i = 0; i < size; ++i) {
    out += kHex[digest[i] >> 4];
    out += kHex[digest[i] & 15];
  }
  return out;
}
std::string Md5(const CallSite&, Text bytes) { return Digest(EVP_md5(), bytes); }
std::string Sha1(const CallSite&, Text bytes) { return Digest(EVP_sha1(), bytes); }
std::optional<std::string> Sha2(const CallSite&, Text bytes, int32_t bits) {
  switch (bits) {
    case 224: return Digest(EVP_sha224(), bytes);
    case 0:
    case 256:
      return Digest(EVP_sha256(), bytes);
    case 384: return Digest(EVP_sha384(), bytes);
    case 512: return Digest(EVP_sha512(), bytes);
  }
  return std::nullopt;
}
int64_t Crc32(const CallSite&, Text bytes) {
  uint32_t crc = 0xFFFFFFFFu;
  for (unsigned char c : bytes) {
    crc ^= c;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (0xEDB88320u & (0u - (crc & 1u)));
  }
  return static_cast<int64_t>(crc ^ 0xFFFFFFFFu);
}

int64_t BitmapCount(const CallSite&, Text bytes) {
  int64_t count = 0;
  for (unsigned char c : bytes) count += std::popcount(c);
  return count;
}

// ---- raising ------------------------------------------------------------------------------------

[[noreturn]] void FailUser(std::string message) {
  Fail("USER_RAISED_EXCEPTION", "P0001", message, {{"errorMessage", message}});
}
std::optional<int32_t> RaiseError(const CallSite&, std::optional<Text> message) {
  FailUser(std::string(message.value_or("null")));
}
std::optional<int32_t> AssertTrue(const CallSite&, std::optional<bool> condition, std::optional<Text> message) {
  if (!condition || !*condition) FailUser(std::string(message.value_or("null")));
  return std::nullopt;
}

// A number that does not fit into the column it is written to: the column, the number's type, the column's.
[[noreturn]] void FailWrittenNumber(std::string condition, Text column, Text source, Text target, ErrorParameters parameters) {
  std::string from = "\"" + std::string(source) + "\"", to = "\"" + std::string(target) + "\"";
  parameters.insert({{"columnName", std::string(column)}, {"sourceType", from}, {"targetType", to}});
  Fail(std::move(condition), "22003",
       "A value of the type " + from + " is too large for the column " + std::string(column) + " of the type " + to +
           ". Use `try_cast` on the value to write NULL instead.",
       std::move(parameters));
}
std::optional<int32_t> RaiseInsertOverflow(const CallSite&, Text column, Text source, Text target) {
  FailWrittenNumber("CAST_OVERFLOW_IN_TABLE_INSERT", column, source, target, {});
}
std::optional<int32_t> RaiseWriteOverflow(const CallSite&, Text column, Text source, Text target) {
  FailWrittenNumber("DELTA_CAST_OVERFLOW_IN_TABLE_WRITE", column, source, target,
                    {{"ansiEnabledFlag", "spark.sql.ansi.enabled"},
                     {"storeAssignmentPolicyFlag", "spark.sql.storeAssignmentPolicy"},
                     {"updateAndMergeCastingFollowsAnsiEnabledFlag",
                      "spark.databricks.delta.updateAndMergeCastingFollowsAnsiEnabledFlag"}});
}

}  // namespace

void RegisterHashes(Registrar& registrar) {
  AddHash(registrar, "spark_hash", duckdb::LogicalType::INTEGER, RunHash<Murmur3, int32_t>);
  AddHash(registrar, "spark_xxhash64", duckdb::LogicalType::BIGINT, RunHash<XxHash64, int64_t>);
  registrar.Add("spark_md5", "B:s", Bind<Md5>);
  registrar.Add("spark_sha1", "B:s", Bind<Sha1>);
  registrar.Add("spark_sha2", "Bi:s", Bind<Sha2>);
  registrar.Add("spark_crc32", "B:l", Bind<Crc32>);
  registrar.Add("spark_bitmap_count", "B:l", Bind<BitmapCount>);
  registrar.Add("spark_raise_error", "s:i", Bind<RaiseError>, Throws::kYes);
  registrar.Add("spark_assert_true", "bs:i", Bind<AssertTrue>, Throws::kYes);
  registrar.Add("spark_raise_insert_overflow", "sss:i", Bind<RaiseInsertOverflow>, Throws::kYes);
  registrar.Add("spark_raise_write_overflow", "sss:i", Bind<RaiseWriteOverflow>, Throws::kYes);
}

}  // namespace ashlar::engine
