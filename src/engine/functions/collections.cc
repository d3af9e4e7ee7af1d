// Functions of arrays of any type: rows go by way of duckdb::Value.
#include <algorithm>
#include <numeric>

#include "duckdb/common/types/value_map.hpp"
#include "engine/functions/kernel_binding.h"
#include "engine/functions/time_zone.h"
#include "types/value.h"

namespace ashlar::engine {
namespace {

using duckdb::LogicalType;
using duckdb::Value;
using Values = duckdb::vector<Value>;

// ---- checks of indexes and keys -----------------------------------------------------------------

[[noreturn]] void FailIndex(const CallSite& site, const char* condition, int64_t index, int64_t size, const char* hint) {
  std::string value = std::to_string(index), count = std::to_string(size);
  Fail(condition, "22003",
       "The index " + value + " is out of bounds. The array has " + count + " elements. Use " + hint +
           " to tolerate accessing element at invalid index and return NULL instead.",
       {{"indexValue", value}, {"arraySize", count}}, site.span);
}
[[noreturn]] void FailZero(const CallSite& site) {
  Fail("INVALID_INDEX_OF_ZERO", "22003",
       "The index 0 is invalid. An index shall be either < 0 or > 0 (the first element has index 1).", {}, site.span);
}

// The place for list_extract, which counts from 1; 0 there is NULL.
int64_t CheckArrayItem(const CallSite& site, int64_t index, int64_t size) {
  if (index < 0 || index >= size) FailIndex(site, "INVALID_ARRAY_INDEX", index, size, "the SQL function `get()`");
  return index + 1;
}
int64_t TryCheckArrayItem(const CallSite&, int64_t index, int64_t size) {
  return index < 0 || index >= size ? 0 : index + 1;
}
int64_t TryCheckElementAt(const CallSite& site, int32_t index, int64_t size) {
  if (index == 0) FailZero(site);
  return index < -size || index > size ? 0 : index;
}
int64_t CheckElementAt(const CallSite& site, int32_t index, int64_t size) {
  int64_t at = TryCheckElementAt(site, index, size);
  if (at == 0) FailIndex(site, "INVALID_ARRAY_INDEX_IN_ELEMENT_AT", index, size, "`try_element_at`");
  return at;
}

std::string KeyText(const Value& key) { return key.ToString(); }

[[noreturn]] void FailDuplicate(const Value& key) {
  std::string policy = "\"spark.sql.mapKeyDedupPolicy\"";
  Fail("DUPLICATED_MAP_KEY", "23505",
       "Duplicate map key " + KeyText(key) + " was found, please check the input data. If you want to remove the "
       "duplicated keys, you can set " + policy + " to \"LAST_WIN\" so that the key inserted at last takes precedence.",
       {{"key", KeyText(key)}, {"mapKeyDedupPolicy", policy}});
}

constexpr int64_t kMaxElements = 2147483632;

void CheckCount(const char* function, Int128 count) {
  if (count <= kMaxElements) return;
  std::string shown = count > INT64_MAX ? std::to_string(INT64_MAX) : std::to_string(static_cast<int64_t>(count));
  std::string name = "`" + std::string(function) + "`", limit = std::to_string(kMaxElements);
  Fail("COLLECTION_SIZE_LIMIT_EXCEEDED.PARAMETER", "54000",
       "Can't create array with " + shown + " elements which exceeding the array size limit " + limit +
           ", the value of parameter(s) `count` in the function " + name + " is invalid.",
       {{"numberOfElements", shown}, {"maxRoundedArrayLength", limit}, {"functionName", name}, {"parameter", "`count`"}});
}

// ---- rows of values -----------------------------------------------------------------------------

using RowKernel = Value (*)(const CallSite& site, const Values& args, const LogicalType& type);

template <RowKernel Kernel, bool NullGivesNull = true>
void RunRows(duckdb::DataChunk& args, duckdb::ExpressionState& state, duckdb::Vector& result) {
  const auto& function = state.expr.Cast<duckdb::BoundFunctionExpression>();
  const CallSite& site = function.bind_info->Cast<BoundSite>().site;
  bool constant = args.AllConstant();
  duckdb::idx_t count = constant ? 1 : args.size();
  result.SetVectorType(duckdb::VectorType::FLAT_VECTOR);
  for (duckdb::idx_t row = 0; row < count; ++row) {
    Values values;
    bool null = false;
    for (auto& column : args.data) {
      values.push_back(column.GetValue(row));
      null |= values.back().IsNull();
    }
    result.SetValue(row, null && NullGivesNull ? Value(result.GetType()) : Kernel(site, values, result.GetType()));
  }
  if (constant) result.SetVectorType(duckdb::VectorType::CONSTANT_VECTOR);
}

const Values& Items(const Value& list) { return duckdb::ListValue::GetChildren(list); }
Value MakeList(const LogicalType& type, Values items) {
  return Value::LIST(duckdb::ListType::GetChildType(type), std::move(items));
}

// A key that comes again keeps its first place; its last value counts, where the session lets it come.
enum class DuplicateKey { kFails, kLastWins };
template <DuplicateKey Policy>
Value MakeMap(const CallSite&, const Values& args, const LogicalType& type) {
  const Values &keys = Items(args[0]), &values = Items(args[1]);
  duckdb::value_map_t<size_t> places;
  Values kept_keys, kept_values;
  for (size_t i = 0; i < keys.size(); ++i) {
    if (keys[i].IsNull()) Fail("NULL_MAP_KEY", "2200E", "Cannot use null as map key.", {});
    auto [place, fresh] = places.emplace(keys[i], kept_keys.size());
    if (fresh) {
      kept_keys.push_back(keys[i]);
      kept_values.push_back(values[i]);
    } else if (Policy == DuplicateKey::kFails) {
      FailDuplicate(keys[i]);
    } else {
      kept_values[place->second] = values[i];
    }
  }
  return Value::MAP(duckdb::MapType::KeyType(type), duckdb::MapType::ValueType(type), std::move(kept_keys), std::move(kept_values));
}
duckdb::unique_ptr<duckdb::FunctionData> BindMap(duckdb::ClientContext&, duckdb::ScalarFunction& function,
                                                 duckdb::vector<duckdb::unique_ptr<duckdb::Expression>>& args) {
  for (size_t i = 0; i < 2; ++i) function.arguments[i] = args[i]->return_type;
  function.SetReturnType(LogicalType::MAP(duckdb::ListType::GetChildType(args[0]->return_type),
                                          duckdb::ListType::GetChildType(args[1]->return_type)));
  return duckdb::make_uniq<BoundSite>();
}
Value CheckSameLength(const CallSite&, const Values& args, const LogicalType&) {
  if (static_cast<int64_t>(Items(args[0]).size()) == args[1].GetValue<int64_t>()) return args[0];
  Fail("_LEGACY_ERROR_TEMP_2128", "", "The key array and value array of MapData must have the same length.", {});
}
Value Distinct(const CallSite&, const Values& args, const LogicalType& type) {
  duckdb::value_set_t seen;
  Values out;
  for (const Value& item : Items(args[0])) {
    if (seen.insert(item).second) out.push_back(item);
  }
  return MakeList(type, std::move(out));
}
Value Union(const CallSite&, const Values& args, const LogicalType& type) {
  duckdb::value_set_t seen;
  Values out;
  for (const Value& list : args) {
    for (const Value& item : Items(list)) {
      if (seen.insert(item).second) out.push_back(item);
    }
  }
  return MakeList(type, std::move(out));
}
template <bool Keep>
Value Select(const CallSite&, const Values& args, const LogicalType& type) {
  duckdb::value_set_t other, seen;
  for (const Value& item : Items(args[1])) other.insert(item);
  Values out;
  for (const Value& item : Items(args[0])) {
    if ((other.count(item) > 0) == Keep && seen.insert(item).second) out.push_back(item);
  }
  return MakeList(type, std::move(out));
}
Value Overlap(const CallSite&, const Values& args, const LogicalType& type) {
  duckdb::value_set_t left;
  bool null = false;
  for (const Value& item : Items(args[0])) {
    null |= item.IsNull();
    if (!item.IsNull()) left.insert(item);
  }
  for (const Value& item : Items(args[1])) {
    null |= item.IsNull();
    if (!item.IsNull() && left.count(item) > 0) return Value::BOOLEAN(true);
  }
  bool both = !Items(args[0]).empty() && !Items(args[1]).empty();
  return null && both ? Value(type) : Value::BOOLEAN(false);
}
Value Contains(const CallSite&, const Values& args, const LogicalType& type) {
  bool null = false;
  for (const Value& item : Items(args[0])) {
    null |= item.IsNull();
    if (!item.IsNull() && Value::NotDistinctFrom(item, args[1])) return Value::BOOLEAN(true);
  }
  return null ? Value(type) : Value::BOOLEAN(false);
}
Value Position(const CallSite&, const Values& args, const LogicalType&) {
  int64_t index = 1;
  for (const Value& item : Items(args[0])) {
    if (!item.IsNull() && Value::NotDistinctFrom(item, args[1])) return Value::BIGINT(index);
    ++index;
  }
  return Value::BIGINT(0);
}
Value Insert(const CallSite& site, const Values& args, const LogicalType& type) {
  if (args[0].IsNull() || args[1].IsNull()) return Value(type);
  Values items = Items(args[0]);
  int64_t position = args[1].GetValue<int32_t>(), size = static_cast<int64_t>(items.size());
  if (position == 0) FailZero(site);
  Value null(duckdb::ListType::GetChildType(type));
  if (position > 0) {
    while (static_cast<int64_t>(items.size()) < position - 1) items.push_back(null);
    items.insert(items.begin() + (position - 1), args[2]);
  } else if (position >= -size - 1) {
    items.insert(items.begin() + (size + position + 1), args[2]);
  } else {
    Values front = {args[2]};
    for (int64_t i = position + 1; i < -size; ++i) front.push_back(null);
    items.insert(items.begin(), front.begin(), front.end());
  }
  return MakeList(type, std::move(items));
}
Value Repeat(const CallSite&, const Values& args, const LogicalType& type) {
  int64_t times = std::max<int64_t>(0, args[1].GetValue<int32_t>());
  CheckCount("array_repeat", times);
  return MakeList(type, Values(static_cast<size_t>(times), args[0]));
}
[[noreturn]] void FailSlice(const char* sub, const char* parameter, const std::string& message, int64_t value) {
  ErrorParameters parameters = {{"functionName", "`slice`"}, {"parameter", parameter}};
  if (std::string_view(sub) == "LENGTH") parameters["length"] = std::to_string(value);
  Fail(std::string("INVALID_PARAMETER_VALUE.") + sub, "22023",
       std::string("The value of parameter(s) ") + parameter + " in `slice` is invalid: " + message, parameters);
}
Value Slice(const CallSite&, const Values& args, const LogicalType& type) {
  const Values& items = Items(args[0]);
  int64_t start = args[1].GetValue<int32_t>(), length = args[2].GetValue<int32_t>();
  int64_t size = static_cast<int64_t>(items.size());
  if (start == 0) {
    FailSlice("START", "`start`", "Expects a positive or a negative value for `start`, but got 0.", 0);
  }
  if (length < 0) {
    FailSlice("LENGTH", "`length`", "Expects `length` greater than or equal to 0, but got " + std::to_string(length) + ".", length);
  }
  int64_t begin = start > 0 ? start - 1 : size + start;
  if (begin < 0 || begin >= size) return MakeList(type, {});
  int64_t end = std::min(size, begin + length);
  return MakeList(type, Values(items.begin() + begin, items.begin() + end));
}

// ---- sorting by a comparator --------------------------------------------------------------------

// The pairs (later, earlier) of a list, row by row of the triangle below its diagonal.
Value SortPairs(const CallSite&, const Values& args, const LogicalType& type) {
  const Values& items = Items(args[0]);
  const LogicalType& pair = duckdb::ListType::GetChildType(type);
  Values out;
  out.reserve(items.size() * items.size() / 2);
  for (size_t later = 1; later < items.size(); ++later) {
    for (size_t earlier = 0; earlier < later; ++earlier) {
      out.push_back(Value::STRUCT(pair, {items[later], items[earlier]}));
    }
  }
  return MakeList(type, std::move(out));
}
duckdb::unique_ptr<duckdb::FunctionData> BindSortPairs(duckdb::ClientContext&, duckdb::ScalarFunction& function,
                                                       duckdb::vector<duckdb::unique_ptr<duckdb::Expression>>& args) {
  function.arguments[0] = args[0]->return_type;
  const LogicalType& item = duckdb::ListType::GetChildType(args[0]->return_type);
  function.SetReturnType(LogicalType::LIST(LogicalType::STRUCT({{"p0", item}, {"p1", item}})));
  return duckdb::make_uniq<BoundSite>();
}
// Stable; args[1] has what the comparator says of each of SortPairs.
Value SortByComparisons(const CallSite&, const Values& args, const LogicalType& type) {
  const Values &items = Items(args[0]), &answers = Items(args[1]);
  std::vector<size_t> order(items.size());
  std::iota(order.begin(), order.end(), size_t{0});
  auto less = [&](size_t a, size_t b) {
    size_t later = std::max(a, b), earlier = std::min(a, b);
    const Value& answer = answers[later * (later - 1) / 2 + earlier];
    if (answer.IsNull()) {
      Fail("SparkException", "",
           "The comparator has returned a NULL for a comparison between two elements of the array.", {});
    }
    int32_t sign = answer.GetValue<int32_t>();
    return a == later ? sign < 0 : sign > 0;
  };
  std::stable_sort(order.begin(), order.end(), less);
  Values out;
  out.reserve(items.size());
  for (size_t at : order) out.push_back(items[at]);
  return MakeList(type, std::move(out));
}

// Three-valued any and all.
std::optional<bool> Any(const CallSite&, ListOf<bool> items) {
  bool null = false;
  for (const auto& item : items) {
    if (item && *item) return true;
    null |= !item;
  }
  return null ? std::nullopt : std::optional(false);
}
std::optional<bool> All(const CallSite&, ListOf<bool> items) {
  bool null = false;
  for (const auto& item : items) {
    if (item && !*item) return false;
    null |= !item;
  }
  return null ? std::nullopt : std::optional(true);
}

// ---- sequences ----------------------------------------------------------------------------------

[[noreturn]] void FailSequence(const std::string& start, const std::string& stop, const std::string& step) {
  Fail("IllegalArgumentException", "",
       "requirement failed: Illegal sequence boundaries: " + start + " to " + stop + " by " + step, {});
}
ListOf<int64_t> SequenceBy(const CallSite&, int64_t start, int64_t stop, int64_t step) {
  if ((step == 0 && start != stop) || (step > 0 && start > stop) || (step < 0 && start < stop)) {
    FailSequence(std::to_string(start), std::to_string(stop), std::to_string(step));
  }
  Int128 count = step == 0 ? 1 : (static_cast<Int128>(stop) - start) / step + 1;
  CheckCount("sequence", count);
  ListOf<int64_t> out;
  out.reserve(static_cast<size_t>(count));
  for (Int128 i = 0; i < count; ++i) out.push_back(static_cast<int64_t>(start + i * step));
  return out;
}
ListOf<int64_t> Sequence(const CallSite& site, int64_t start, int64_t stop) {
  return SequenceBy(site, start, stop, start <= stop ? 1 : -1);
}

int64_t PlusMonths(int64_t days, int64_t months) {
  CivilDate date = CivilFromDays(days);
  int64_t total = date.year * 12 + date.month - 1 + months;
  int64_t year = FloorDiv(total, 12);
  int month = static_cast<int>(FloorMod(total, 12)) + 1;
  int64_t first = DaysFromCivil(year, month, 1);
  int64_t next = month == 12 ? DaysFromCivil(year + 1, 1, 1) : DaysFromCivil(year, month + 1, 1);
  return first + std::min<int64_t>(date.day, next - first) - 1;
}
// The times of `zone`'s clock that are `step` months apart, as instants.
ListOf<int64_t> StepTimes(int64_t start, int64_t stop, int64_t months, int64_t micros, const TimeZone& zone) {
  int64_t size = months != 0 ? months : micros;
  if ((size == 0 && start != stop) || (size > 0 && start > stop) || (size < 0 && start < stop)) {
    FailSequence(std::to_string(start), std::to_string(stop), std::to_string(size));
  }
  ListOf<int64_t> out;
  int64_t local = zone.ToLocal(start);
  int64_t days = FloorDiv(local, kMicrosPerDay), time = local - days * kMicrosPerDay;
  bool whole_days = months == 0 && micros % kMicrosPerDay == 0;
  for (int64_t i = 0; i < kMaxElements; ++i) {
    int64_t value = start;
    if (months != 0) value = zone.ToUtc(PlusMonths(days, months * i) * kMicrosPerDay + time);
    else if (whole_days) value = zone.ToUtc(local + micros * i);
    else value = start + micros * i;
    if (size > 0 ? value > stop : size < 0 ? value < stop : i > 0) break;
    out.push_back(value);
  }
  return out;
}
template <bool Months>
ListOf<int64_t> SequenceTimes(const CallSite& site, int64_t start, int64_t stop, int64_t step) {
  return StepTimes(start, stop, Months ? step : 0, Months ? 0 : step, site.zone ? *site.zone : TimeZone::Utc());
}
template <bool Months>
ListOf<int64_t> SequenceTimesByInt(const CallSite& site, int64_t start, int64_t stop, int32_t step) {
  return SequenceTimes<Months>(site, start, stop, step);
}
// A step of months, or of days and time.
void SplitStep(duckdb::interval_t step, int64_t& months, int64_t& micros) {
  months = step.months;
  micros = step.days * kMicrosPerDay + step.micros;
  if (months != 0 && micros != 0) ThrowSparkError(NotImplemented("sequence with a step of months and days"));
}
ListOf<int64_t> SequenceTimesByInterval(const CallSite& site, int64_t start, int64_t stop, duckdb::interval_t step) {
  int64_t months = 0, micros = 0;
  SplitStep(step, months, micros);
  return StepTimes(start, stop, months, micros, site.zone ? *site.zone : TimeZone::Utc());
}
ListOf<int32_t> SequenceDatesByInterval(const CallSite&, int32_t start, int32_t stop, duckdb::interval_t step) {
  int64_t months = 0, micros = 0;
  SplitStep(step, months, micros);
  ListOf<int32_t> out;
  for (const auto& at : StepTimes(start * kMicrosPerDay, stop * kMicrosPerDay, months, micros, TimeZone::Utc())) {
    out.push_back(static_cast<int32_t>(FloorDiv(*at, kMicrosPerDay)));
  }
  return out;
}
template <bool Months, typename Step>
ListOf<int32_t> SequenceDates(const CallSite& site, int32_t start, int32_t stop, Step step) {
  int64_t amount = step;
  // Without a step a sequence runs down when it has to.
  if (!Months && amount == kMicrosPerDay && start > stop) amount = -amount;
  ListOf<int32_t> out;
  CallSite utc = site;
  utc.zone = nullptr;
  for (const auto& micros : SequenceTimes<Months>(utc, start * kMicrosPerDay, stop * kMicrosPerDay, amount)) {
    out.push_back(static_cast<int32_t>(FloorDiv(*micros, kMicrosPerDay)));
  }
  return out;
}

enum class ResultOf { kFirstArgument, kBoolean, kBigint, kListOfFirst };

template <ResultOf Kind>
duckdb::unique_ptr<duckdb::FunctionData> BindRows(duckdb::ClientContext& context, duckdb::ScalarFunction& function,
                                                  duckdb::vector<duckdb::unique_ptr<duckdb::Expression>>& args) {
  (void)context;
  auto bound = duckdb::make_uniq<BoundSite>();
  for (size_t i = 0; i < args.size(); ++i) function.arguments[i] = args[i]->return_type;
  const LogicalType& first = args[0]->return_type;
  switch (Kind) {
    case ResultOf::kFirstArgument: function.SetReturnType(first); break;
    case ResultOf::kBoolean: function.SetReturnType(LogicalType::BOOLEAN); break;
    case ResultOf::kBigint: function.SetReturnType(LogicalType::BIGINT); break;
    case ResultOf::kListOfFirst: function.SetReturnType(LogicalType::LIST(first)); break;
  }
  return bound;
}

}  // namespace

void RegisterCollections(Registrar& registrar) {
  using enum ResultOf;
  auto rows = [&](const char* name, size_t arguments, RunFunction run, duckdb::bind_scalar_function_t bind) {
    registrar.Add(AnyFunction(name, arguments, run, bind));
  };
  auto add_map = [&](const char* name, RunFunction run) {
    auto map = AnyFunction(name, 2, run, BindMap);
    map.SetFallible();
    registrar.Add(std::move(map));
  };
  add_map("spark_map", RunRows<MakeMap<DuplicateKey::kFails>>);
  add_map("spark_last_win_map", RunRows<MakeMap<DuplicateKey::kLastWins>>);
  auto same_length = AnyFunction("spark_check_same_length", 2, RunRows<CheckSameLength>, BindRows<kFirstArgument>);
  same_length.SetFallible();
  registrar.Add(std::move(same_length));
  rows("spark_array_distinct", 1, RunRows<Distinct>, BindRows<kFirstArgument>);
  rows("spark_array_union", 2, RunRows<Union>, BindRows<kFirstArgument>);
  rows("spark_array_intersect", 2, RunRows<Select<true>>, BindRows<kFirstArgument>);
  rows("spark_array_except", 2, RunRows<Select<false>>, BindRows<kFirstArgument>);
  rows("spark_arrays_overlap", 2, RunRows<Overlap>, BindRows<kBoolean>);
  rows("spark_array_contains", 2, RunRows<Contains>, BindRows<kBoolean>);
  rows("spark_array_position", 2, RunRows<Position>, BindRows<kBigint>);
  rows("spark_array_repeat", 2, RunRows<Repeat, false>, BindRows<kListOfFirst>);
  auto slice = AnyFunction("spark_slice", 3, RunRows<Slice>, BindRows<kFirstArgument>);
  slice.SetFallible();
  registrar.Add(std::move(slice));
  auto insert = AnyFunction("spark_array_insert", 5, RunRows<Insert, false>, BindRows<kFirstArgument>);
  insert.SetFallible();
  registrar.Add(std::move(insert));
  rows("spark_sort_pairs", 1, RunRows<SortPairs>, BindSortPairs);
  auto by_comparisons = AnyFunction("spark_sort_by_comparisons", 2, RunRows<SortByComparisons>, BindRows<kFirstArgument>);
  by_comparisons.SetFallible();
  registrar.Add(std::move(by_comparisons));
  registrar.Add("spark_check_array_item", "ll|S:l", Bind<CheckArrayItem>, Throws::kYes);
  registrar.Add("spark_try_check_array_item", "ll|S:l", Bind<TryCheckArrayItem>);
  registrar.Add("spark_check_element_at", "il|S:l", Bind<CheckElementAt>, Throws::kYes);
  registrar.Add("spark_try_check_element_at", "il|S:l", Bind<TryCheckElementAt>, Throws::kYes);
  registrar.Add("spark_any", "Lb:b", Bind<Any>);
  registrar.Add("spark_all", "Lb:b", Bind<All>);
  registrar.Add("spark_sequence", "ll:Ll", Bind<Sequence>, Throws::kYes);
  registrar.Add("spark_sequence", "lll:Ll", Bind<SequenceBy>, Throws::kYes);
  registrar.Add("spark_sequence_micros", "TTl|Z:LT", Bind<SequenceTimes<false>>, Throws::kYes);
  registrar.Add("spark_sequence_micros", "NNl:LN", Bind<SequenceTimes<false>>, Throws::kYes);
  registrar.Add("spark_sequence_micros", "DDl:LD", Bind<SequenceDates<false, int64_t>>, Throws::kYes);
  registrar.Add("spark_sequence_interval", "TTY|Z:LT", Bind<SequenceTimesByInterval>, Throws::kYes);
  registrar.Add("spark_sequence_interval", "NNY:LN", Bind<SequenceTimesByInterval>, Throws::kYes);
  registrar.Add("spark_sequence_interval", "DDY:LD", Bind<SequenceDatesByInterval>, Throws::kYes);
  registrar.Add("spark_sequence_months", "TTi|Z:LT", Bind<SequenceTimesByInt<true>>, Throws::kYes);
  registrar.Add("spark_sequence_months", "NNi:LN", Bind<SequenceTimesByInt<true>>, Throws::kYes);
  registrar.Add("spark_sequence_months", "DDi:LD", Bind<SequenceDates<true, int32_t>>, Throws::kYes);
}

}  // namespace ashlar::engine
