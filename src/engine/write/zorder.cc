#include "engine/write/zorder.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/check.h"
#include "duckdb/common/types/vector.hpp"
#include "duckdb/function/scalar_function.hpp"
#include "duckdb/main/database.hpp"
#include "duckdb/main/extension/extension_loader.hpp"
#include "engine/write/curve.h"

namespace ashlar::engine {
namespace {

using duckdb::idx_t;

template <typename T>
void ExecuteRange(duckdb::DataChunk& args, duckdb::ExpressionState&, duckdb::Vector& result) {
  duckdb::UnifiedVectorFormat keys, lists, items;
  args.data[0].ToUnifiedFormat(args.size(), keys);
  args.data[1].ToUnifiedFormat(args.size(), lists);
  duckdb::Vector& child = duckdb::ListVector::GetEntry(args.data[1]);
  child.ToUnifiedFormat(duckdb::ListVector::GetListSize(args.data[1]), items);
  auto* key_data = duckdb::UnifiedVectorFormat::GetData<T>(keys);
  auto* list_data = duckdb::UnifiedVectorFormat::GetData<duckdb::list_entry_t>(lists);
  auto* item_data = duckdb::UnifiedVectorFormat::GetData<T>(items);
  auto* out = duckdb::FlatVector::GetData<uint16_t>(result);
  for (idx_t i = 0; i < args.size(); ++i) {
    const duckdb::list_entry_t& list = list_data[lists.sel->get_index(i)];
    const T& key = key_data[keys.sel->get_index(i)];
    idx_t low = 0, high = list.length;
    while (low < high) {
      idx_t middle = (low + high) / 2;
      bool above = item_data[items.sel->get_index(list.offset + middle)] > key;
      (above ? high : low) = above ? middle : middle + 1;
    }
    out[i] = static_cast<uint16_t>(low);
  }
}

template <bool kHilbert>
void ExecuteCurve(duckdb::DataChunk& args, duckdb::ExpressionState&, duckdb::Vector& result) {
  size_t columns = args.ColumnCount();
  std::vector<duckdb::UnifiedVectorFormat> formats(columns);
  for (size_t c = 0; c < columns; ++c) args.data[c].ToUnifiedFormat(args.size(), formats[c]);
  auto* out = duckdb::FlatVector::GetData<duckdb::string_t>(result);
  std::vector<uint16_t> numbers(columns);
  std::string key((columns * kRangeBits + 7) / 8, '\0');
  for (idx_t i = 0; i < args.size(); ++i) {
    for (size_t c = 0; c < columns; ++c) {
      numbers[c] = duckdb::UnifiedVectorFormat::GetData<uint16_t>(formats[c])[formats[c].sel->get_index(i)];
    }
    if constexpr (kHilbert) ToHilbert(numbers);
    InterleaveBits(numbers, key);
    out[i] = duckdb::StringVector::AddStringOrBlob(result, key);
  }
}

}  // namespace

void RegisterZOrder(duckdb::DatabaseInstance& database) {
  duckdb::ExtensionLoader loader(database, "ashlar");
  duckdb::ScalarFunctionSet range("ashlar_range");
  using duckdb::LogicalType;
  range.AddFunction(duckdb::ScalarFunction({LogicalType::BIGINT, LogicalType::LIST(LogicalType::BIGINT)},
                                           LogicalType::USMALLINT, ExecuteRange<int64_t>));
  range.AddFunction(duckdb::ScalarFunction({LogicalType::BLOB, LogicalType::LIST(LogicalType::BLOB)},
                                           LogicalType::USMALLINT, ExecuteRange<duckdb::string_t>));
  loader.RegisterFunction(std::move(range));
  auto add_curve = [&](const char* name, duckdb::scalar_function_t execute) {
    duckdb::ScalarFunction curve(name, {LogicalType::USMALLINT}, LogicalType::BLOB, std::move(execute));
    curve.varargs = LogicalType::USMALLINT;
    loader.RegisterFunction(std::move(curve));
  };
  add_curve("ashlar_interleave", ExecuteCurve<false>);
  add_curve("ashlar_hilbert", ExecuteCurve<true>);
}

}  // namespace ashlar::engine
