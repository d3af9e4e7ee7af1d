#include "delta/stats.h"

#include <cmath>

#include "base/text.h"
#include "delta/log/test_table.h"
#include "delta/skipping.h"
#include "entries.h"

namespace ashlar::fuzz {
namespace {

using delta::Predicate;
using Kind = Predicate::Kind;

constexpr std::array kOperators = {Kind::kEq, Kind::kNe, Kind::kLt, Kind::kLe,
                                   Kind::kGt, Kind::kGe, Kind::kEqNullSafe, Kind::kStartsWith};

// Choices made by the input; zeros once it has ended.
class Choices {
 public:
  explicit Choices(std::string_view bytes) : rest_(bytes) {}
  uint8_t Byte() {
    if (rest_.empty()) return 0;
    auto byte = static_cast<uint8_t>(rest_[0]);
    rest_.remove_prefix(1);
    return byte;
  }
  uint64_t Number() {
    uint64_t value = 0;
    for (int count = Byte() % 9; count > 0; --count) value = value << 8 | Byte();
    return value;
  }
  std::string Text() {
    std::string text(rest_.substr(0, Byte() % 50));
    rest_.remove_prefix(std::min(rest_.size(), text.size()));
    return text;
  }
  bool done() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

Value ValueOf(const DataType& type, Choices* choices) {
  auto number = static_cast<int64_t>(choices->Number());
  switch (type.id()) {
    case TypeId::kBoolean:
      return Value::Boolean(number % 2 != 0);
    case TypeId::kByte:
      return {type, int64_t{static_cast<int8_t>(number)}};
    case TypeId::kShort:
      return {type, int64_t{static_cast<int16_t>(number)}};
    case TypeId::kInt:
    case TypeId::kDate:
      return {type, int64_t{static_cast<int32_t>(number)}};
    case TypeId::kLong:
    case TypeId::kTimestamp:
    case TypeId::kTimestampNtz:
      return {type, number};
    case TypeId::kFloat:
      return {type, double{static_cast<float>(number) / 7}};
    case TypeId::kDouble:
      return {type, number % 97 == 0 ? std::nan("") : static_cast<double>(number) / 7};
    case TypeId::kDecimal:
      return {type, Int128{number % 1000000007}};
    case TypeId::kString:
      return {type, choices->Text()};
    default:
      return Value::Null(type);
  }
}

// Of two values of one type, neither NULL nor NaN.
bool Less(const Value& a, const Value& b) {
  auto less = [&](auto of) { return std::get<decltype(of)>(a.data) < std::get<decltype(of)>(b.data); };
  switch (a.type.id()) {
    case TypeId::kBoolean:
      return less(bool());
    case TypeId::kFloat:
    case TypeId::kDouble:
      return less(double());
    case TypeId::kDecimal:
      return less(Int128());
    case TypeId::kString:
      return less(std::string());
    default:
      return less(int64_t());
  }
}

// Whether a row's value satisfies the comparison for certain; no certainty counts as false.
bool Holds(Kind op, const Value& value, const Value& literal) {
  if (value.is_null() || literal.is_null() || value.type != literal.type) return false;
  if (op == Kind::kStartsWith) {
    return value.type.Is(TypeId::kString) && std::get<std::string>(value.data).starts_with(std::get<std::string>(literal.data));
  }
  if (value.type.IsFractional() && std::isnan(std::get<double>(literal.data))) return false;
  bool nan = value.type.IsFractional() && std::isnan(std::get<double>(value.data));
  bool less = !nan && Less(value, literal);
  bool equal = !nan && value.data == literal.data;
  switch (op) {
    case Kind::kEq:
    case Kind::kEqNullSafe:
      return equal;
    case Kind::kNe:
      return !equal;
    case Kind::kLt:
      return less;
    case Kind::kLe:
      return less || equal;
    case Kind::kGt:
      return !less && !equal;
    case Kind::kGe:
      return !less;
    default:
      return false;
  }
}

bool IsValidStored(const Value& value) {
  return !value.type.Is(TypeId::kString) || IsValidUtf8(std::get<std::string>(value.data));
}

// Statistics as a writer makes them of some rows never rule out a file that holds a row that matches.
void CheckSound(const delta::Snapshot& snapshot, const delta::LeafColumn& column, Choices* choices) {
  delta::ColumnStats stats{column, {}, {}, 0};
  std::vector<Value> rows;
  for (int count = choices->Byte() % 6 + 1; count > 0; --count) {
    Value value = ValueOf(column.type, choices);
    if (!value.is_null() && IsValidStored(value)) rows.push_back(std::move(value));
  }
  for (const Value& value : rows) {
    bool nan = value.type.IsFractional() && std::isnan(std::get<double>(value.data));
    if (nan) continue;  // as a Parquet writer leaves it out
    if (!stats.min || Less(value, *stats.min)) stats.min = value;
    if (!stats.max || Less(*stats.max, value)) stats.max = value;
  }
  if (rows.empty()) return;
  delta::AddFile file = snapshot.files()[0];
  file.stats = delta::BuildStats(static_cast<int64_t>(rows.size()), {stats});
  Value literal = ValueOf(column.type, choices);
  Kind op = kOperators[choices->Byte() % kOperators.size()];
  bool matches = false;
  for (const Value& value : rows) matches = matches || Holds(op, value, literal);
  delta::FileFilter filter(snapshot, delta::Compare(op, column.path, literal));
  if (matches) CHECK(filter.Match(file) != delta::FileMatch::kNone) << *file.stats;
}

delta::Snapshot SnapshotOf(const Schema& schema, std::string_view stats) {
  delta::AddFile file;
  file.path = "f";
  file.stats = stats;
  delta::SnapshotState state;
  state.version = 0;
  state.metadata = delta::MetadataOf(schema);
  state.schema = schema;
  state.files = std::vector<delta::AddFile>{std::move(file)};
  return delta::Snapshot("/t", std::move(state));
}

}  // namespace

void FuzzStats(std::string_view lines) {
  size_t ddl_end = std::min(lines.find('\n'), lines.size());
  std::string_view after = lines.substr(std::min(ddl_end + 1, lines.size()));
  size_t stats_end = std::min(after.find('\n'), after.size());
  std::string_view stats = after.substr(0, stats_end);
  Choices choices(after.substr(std::min(stats_end + 1, after.size())));

  Result<Schema> schema = Schema::ParseDdl(std::string(lines.substr(0, ddl_end)));
  if (!schema.ok()) return;
  delta::Snapshot snapshot = SnapshotOf(*schema, stats);
  Result<std::vector<delta::LeafColumn>> columns = delta::StatisticsColumns(*schema, snapshot.metadata());
  if (!columns.ok()) return;
  (void)delta::ParseStats(stats, *columns);
  (void)delta::ParseStatsAsWritten(stats, *columns);
  const delta::AddFile& file = snapshot.files()[0];
  std::string wide = delta::WideStats(file.stats, delta::NumRecords(file).value_or(1));
  CHECK(delta::ParseStats(wide, {}).num_records == delta::NumRecords(file).value_or(1)) << wide;
  bool sound = delta::CheckTableSchema(*schema, {}, delta::ColumnMappingMode::kNone).ok();
  for (size_t i = 0; i < columns->size() && i < 8; ++i) {
    const delta::LeafColumn& column = (*columns)[i];
    Kind op = kOperators[choices.Byte() % kOperators.size()];
    Predicate predicate = delta::Compare(op, column.path, ValueOf(column.type, &choices));
    (void)delta::FileFilter(snapshot, delta::Not(delta::Or({predicate, delta::IsNull(column.path)}))).Match(file);
    if (sound) CheckSound(snapshot, column, &choices);
  }
}

}  // namespace ashlar::fuzz
