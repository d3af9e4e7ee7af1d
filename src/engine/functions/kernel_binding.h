// Binds kernels (call_site.h) to DuckDB. Include only in the .cc files that register functions.
//
//   registrar.Add("spark_add", "ll|S:l", Bind<AddLong>, Throws::kYes);
//
// The text is arguments | constants : result, a letter each:
//   b BOOLEAN  t h i l TINYINT … BIGINT  g HUGEINT  f FLOAT  d DOUBLE  s VARCHAR  B BLOB  D DATE
//   T TIMESTAMPTZ  N TIMESTAMP  Y INTERVAL  m DECIMAL (as its unscaled Int128)  L followed by a letter: a list
//   constants: k a number  x a text  S the span (two numbers)  Z the session's time zone (no argument)
//   a result m is DECIMAL(38, s): the first two numbers are its precision and scale
// A kernel sees NULL only in parameters of type std::optional and in lists; otherwise NULL gives NULL.
#pragma once

#include <map>
#include <type_traits>

#include "duckdb/common/types/interval.hpp"
#include "duckdb/common/types/vector.hpp"
#include "duckdb/execution/expression_executor_state.hpp"
#include "duckdb/function/function_set.hpp"
#include "duckdb/function/scalar_function.hpp"
#include "duckdb/main/extension/extension_loader.hpp"
#include "duckdb/planner/expression/bound_function_expression.hpp"
#include "engine/functions/call_site.h"

namespace ashlar::engine {

// The session's, by kZoneSetting.
const TimeZone* SessionZone(duckdb::ClientContext& context);

using RunFunction = void (*)(duckdb::DataChunk&, duckdb::ExpressionState&, duckdb::Vector&);

struct BoundSite : duckdb::FunctionData {
  CallSite site;
  duckdb::unique_ptr<duckdb::FunctionData> Copy() const override {
    auto copy = duckdb::make_uniq<BoundSite>();
    copy->site = site;
    return copy;
  }
  bool Equals(const duckdb::FunctionData& other) const override {
    const CallSite& o = other.Cast<BoundSite>().site;
    return site.span == o.span && site.numbers == o.numbers && site.texts == o.texts && site.zone == o.zone &&
           site.scales == o.scales;
  }
};

inline Int128 ToInt128(duckdb::hugeint_t value) {
  return (static_cast<Int128>(value.upper) << 64) | value.lower;
}
inline duckdb::hugeint_t FromInt128(Int128 value) {
  duckdb::hugeint_t out;
  out.lower = static_cast<uint64_t>(value);
  out.upper = static_cast<int64_t>(value >> 64);
  return out;
}

// How a kernel's type is stored in a vector.
template <typename T>
struct Stored {
  using Type = T;
  static T Load(const T& value) { return value; }
  static void Save(duckdb::Vector&, T& slot, T value) { slot = value; }
};
template <>
struct Stored<Int128> {
  using Type = duckdb::hugeint_t;
  static Int128 Load(const duckdb::hugeint_t& value) { return ToInt128(value); }
  static void Save(duckdb::Vector&, duckdb::hugeint_t& slot, Int128 value) { slot = FromInt128(value); }
};
template <>
struct Stored<std::string_view> {
  using Type = duckdb::string_t;
  static std::string_view Load(const duckdb::string_t& value) { return {value.GetData(), value.GetSize()}; }
};
template <>
struct Stored<std::string> {
  using Type = duckdb::string_t;
  static void Save(duckdb::Vector& vector, duckdb::string_t& slot, const std::string& value) {
    slot = duckdb::StringVector::AddStringOrBlob(vector, value);
  }
};
template <>
struct Stored<Bytes> {
  using Type = duckdb::string_t;
  static void Save(duckdb::Vector& vector, duckdb::string_t& slot, const Bytes& value) {
    slot = duckdb::StringVector::AddStringOrBlob(vector, value.value);
  }
};

template <typename T>
struct Optional : std::false_type {
  using Inner = T;
};
template <typename T>
struct Optional<std::optional<T>> : std::true_type {
  using Inner = T;
};

// Reads one argument row by row.
template <typename A>
class Reader {
  using Inner = typename Optional<A>::Inner;

 public:
  Reader(duckdb::Vector& vector, duckdb::idx_t count) {
    vector.ToUnifiedFormat(count, format_);
    data_ = duckdb::UnifiedVectorFormat::GetData<typename Stored<Inner>::Type>(format_);
  }
  bool IsNull(duckdb::idx_t row) const {
    if constexpr (Optional<A>::value) return false;
    return !format_.validity.RowIsValid(format_.sel->get_index(row));
  }
  A Get(duckdb::idx_t row) const {
    duckdb::idx_t i = format_.sel->get_index(row);
    if constexpr (Optional<A>::value) {
      if (!format_.validity.RowIsValid(i)) return std::nullopt;
    }
    return Stored<Inner>::Load(data_[i]);
  }

 private:
  duckdb::UnifiedVectorFormat format_;
  const typename Stored<Inner>::Type* data_;
};

template <typename T>
class Reader<ListOf<T>> {
 public:
  Reader(duckdb::Vector& vector, duckdb::idx_t count)
      : entries_(vector, count),
        child_(duckdb::ListVector::GetEntry(vector), duckdb::ListVector::GetListSize(vector)) {}
  bool IsNull(duckdb::idx_t row) const { return entries_.IsNull(row); }
  ListOf<T> Get(duckdb::idx_t row) const {
    duckdb::list_entry_t entry = entries_.Get(row);
    ListOf<T> out;
    out.reserve(entry.length);
    for (duckdb::idx_t i = 0; i < entry.length; ++i) out.push_back(child_.Get(entry.offset + i));
    return out;
  }

 private:
  Reader<duckdb::list_entry_t> entries_;
  Reader<std::optional<T>> child_;
};

template <typename R>
struct Writer {
  static void Save(duckdb::Vector& result, duckdb::idx_t row, R value) {
    using Inner = typename Optional<R>::Inner;
    auto* data = duckdb::FlatVector::GetData<typename Stored<Inner>::Type>(result);
    if constexpr (Optional<R>::value) {
      if (!value) {
        duckdb::FlatVector::SetNull(result, row, true);
        return;
      }
      Stored<Inner>::Save(result, data[row], *value);
    } else {
      Stored<Inner>::Save(result, data[row], value);
    }
  }
};
template <typename T>
struct Writer<ListOf<T>> {
  static void Save(duckdb::Vector& result, duckdb::idx_t row, const ListOf<T>& value) {
    duckdb::idx_t offset = duckdb::ListVector::GetListSize(result);
    duckdb::ListVector::Reserve(result, offset + value.size());
    duckdb::ListVector::SetListSize(result, offset + value.size());
    duckdb::Vector& child = duckdb::ListVector::GetEntry(result);
    for (size_t i = 0; i < value.size(); ++i) Writer<std::optional<T>>::Save(child, offset + i, value[i]);
    duckdb::FlatVector::GetData<duckdb::list_entry_t>(result)[row] = {offset, value.size()};
  }
};
template <typename T>
struct Writer<std::optional<ListOf<T>>> {
  static void Save(duckdb::Vector& result, duckdb::idx_t row, const std::optional<ListOf<T>>& value) {
    if (value) return Writer<ListOf<T>>::Save(result, row, *value);
    duckdb::FlatVector::SetNull(result, row, true);
  }
};

template <typename R, typename... A, size_t... I>
void RunKernel(R (*kernel)(const CallSite&, A...), duckdb::DataChunk& args, duckdb::ExpressionState& state,
               duckdb::Vector& result, std::index_sequence<I...>) {
  const auto& function = state.expr.Cast<duckdb::BoundFunctionExpression>();
  const CallSite& site = function.bind_info->Cast<BoundSite>().site;
  bool constant = args.ColumnCount() > 0 && args.AllConstant();
  duckdb::idx_t count = constant ? 1 : args.size();
  std::tuple<Reader<std::decay_t<A>>...> readers{Reader<std::decay_t<A>>(args.data[I], args.size())...};
  result.SetVectorType(duckdb::VectorType::FLAT_VECTOR);
  for (duckdb::idx_t row = 0; row < count; ++row) {
    if ((std::get<I>(readers).IsNull(row) || ...)) {
      duckdb::FlatVector::SetNull(result, row, true);
      continue;
    }
    Writer<R>::Save(result, row, kernel(site, std::get<I>(readers).Get(row)...));
  }
  if (constant) result.SetVectorType(duckdb::VectorType::CONSTANT_VECTOR);
}

template <auto Kernel, typename F>
struct Binding;
template <auto Kernel, typename R, typename... A>
struct Binding<Kernel, R (*)(const CallSite&, A...)> {
  static void Run(duckdb::DataChunk& args, duckdb::ExpressionState& state, duckdb::Vector& result) {
    RunKernel<R, A...>(Kernel, args, state, result, std::index_sequence_for<A...>{});
  }
};
template <auto Kernel>
inline constexpr RunFunction Bind = &Binding<Kernel, decltype(Kernel)>::Run;

// kByZero: only where its last argument is 0. A call with another constant there cannot, so that DuckDB's readers may run it.
enum class Throws { kNo, kYes, kByZero };

// Collects the overloads of each name; registers them at the end.
class Registrar {
 public:
  void Add(const std::string& name, std::string_view shape, RunFunction run,
           Throws throws = Throws::kNo);
  void Add(duckdb::ScalarFunction function);
  void Add(duckdb::AggregateFunction function);
  void Register(duckdb::ExtensionLoader& loader);

 private:
  std::map<std::string, duckdb::ScalarFunctionSet> scalars_;
  std::map<std::string, duckdb::AggregateFunctionSet> aggregates_;
};

// A function of arguments of any type: `bind` decides. SPECIAL_HANDLING of NULL.
duckdb::ScalarFunction AnyFunction(const std::string& name, size_t arguments, RunFunction run,
                                   duckdb::bind_scalar_function_t bind);

// The groups; each in the file of its name.
void RegisterArithmetic(Registrar& registrar);
void RegisterCasts(Registrar& registrar);
void RegisterStrings(Registrar& registrar);
void RegisterTextSearch(Registrar& registrar);
void RegisterMath(Registrar& registrar);
void RegisterDatetime(Registrar& registrar);
void RegisterCollections(Registrar& registrar);
void RegisterHashes(Registrar& registrar);
void RegisterJson(Registrar& registrar);
void RegisterAggregates(Registrar& registrar);
void RegisterFormatString(Registrar& registrar);
void RegisterDecimalPattern(Registrar& registrar);
void RegisterNumberPicture(Registrar& registrar);
void RegisterCsv(Registrar& registrar);
void RegisterEncryption(Registrar& registrar);
void RegisterRandom(Registrar& registrar);

}  // namespace ashlar::engine
