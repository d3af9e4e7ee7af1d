#include "delta/skipping.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/text.h"
#include "delta/partition_values.h"
#include "delta/skipping_bound.h"
#include "delta/stats.h"

namespace ashlar::delta {
namespace {

Outcomes NotOf(Outcomes a) {
  return static_cast<Outcomes>((a & kNull) | ((a & kTrue) ? kFalse : 0) | ((a & kFalse) ? kTrue : 0));
}

Outcomes AndOf(Outcomes a, Outcomes b) {
  Outcomes result = 0;
  if ((a & kTrue) && (b & kTrue)) result |= kTrue;
  if ((a & kFalse) || (b & kFalse)) result |= kFalse;
  bool null_from_a = (a & kNull) && (b & (kTrue | kNull));
  bool null_from_b = (b & kNull) && (a & (kTrue | kNull));
  if (null_from_a || null_from_b) result |= kNull;
  return result;
}

Outcomes OrOf(Outcomes a, Outcomes b) { return NotOf(AndOf(NotOf(a), NotOf(b))); }

template <typename T>
int Sign(const T& a, const T& b) {
  return a < b ? -1 : (b < a ? 1 : 0);
}

// Unscaled and scale of an integral or decimal value.
std::optional<std::pair<Int128, int>> Exact(const Value& value) {
  if (value.type.IsIntegral()) return std::pair(Int128{std::get<int64_t>(value.data)}, 0);
  if (value.type.Is(TypeId::kDecimal)) {
    return std::pair(std::get<Int128>(value.data), value.type.scale());
  }
  return std::nullopt;
}

std::optional<int> CompareExact(std::pair<Int128, int> a, std::pair<Int128, int> b) {
  while (a.second < b.second) {
    if (__builtin_mul_overflow(a.first, Int128{10}, &a.first)) return std::nullopt;
    ++a.second;
  }
  while (b.second < a.second) {
    if (__builtin_mul_overflow(b.first, Int128{10}, &b.first)) return std::nullopt;
    ++b.second;
  }
  return Sign(a.first, b.first);
}

std::optional<double> AsDouble(const Value& value) {
  if (const double* number = std::get_if<double>(&value.data)) {
    return std::isnan(*number) ? std::nullopt : std::optional(*number);
  }
  if (!value.type.IsIntegral()) return std::nullopt;
  int64_t integer = std::get<int64_t>(value.data);
  constexpr int64_t kExactDouble = int64_t{1} << 53;
  if (integer > kExactDouble || integer < -kExactDouble) return std::nullopt;
  return static_cast<double>(integer);
}

// Negative, zero or positive; nullopt when the two do not compare for certain as Spark compares them.
std::optional<int> CompareValues(const Value& a, const Value& b) {
  if (a.is_null() || b.is_null()) return std::nullopt;
  std::optional<std::pair<Int128, int>> exact_a = Exact(a);
  std::optional<std::pair<Int128, int>> exact_b = Exact(b);
  if (exact_a && exact_b) return CompareExact(*exact_a, *exact_b);
  if (a.type.IsFractional() || b.type.IsFractional()) {
    std::optional<double> number_a = AsDouble(a);
    std::optional<double> number_b = AsDouble(b);
    if (!number_a || !number_b) return std::nullopt;
    return Sign(*number_a, *number_b);
  }
  if (a.type.id() != b.type.id()) return std::nullopt;
  switch (a.type.id()) {
    case TypeId::kBoolean:
      return Sign(std::get<bool>(a.data), std::get<bool>(b.data));
    case TypeId::kDate:
    case TypeId::kTimestamp:
    case TypeId::kTimestampNtz:
      return Sign(std::get<int64_t>(a.data), std::get<int64_t>(b.data));
    case TypeId::kString:
      if (a.type.is_char() || b.type.is_char()) return std::nullopt;  // padding
      return Sign(std::get<std::string>(a.data), std::get<std::string>(b.data));
    default:
      return std::nullopt;
  }
}

struct Possible {
  bool yes = true;
  bool no = true;
};

// A bound against the literal. Unknown answers false to every question.
struct Order {
  bool known = false;
  int sign = 0;
  bool Below() const { return known && sign < 0; }
  bool Above() const { return known && sign > 0; }
  bool Same() const { return known && sign == 0; }
};

Order OrderOf(const Value* bound, const Value& literal) {
  if (bound == nullptr) return {};
  std::optional<int> sign = CompareValues(*bound, literal);
  return {sign.has_value(), sign.value_or(0)};
}

Possible ComparePossible(Predicate::Kind op, const Known& known, const Value& literal) {
  Order low = OrderOf(known.min, literal);
  Order high = OrderOf(known.max, literal);
  switch (op) {
    case Predicate::Kind::kEq:
    case Predicate::Kind::kEqNullSafe:
      return {!low.Above() && !high.Below(), !(low.Same() && high.Same())};
    case Predicate::Kind::kNe: {
      Possible equal = ComparePossible(Predicate::Kind::kEq, known, literal);
      return {equal.no, equal.yes};
    }
    case Predicate::Kind::kLt:
      return {!low.Above() && !low.Same(), !high.Below()};
    case Predicate::Kind::kLe:
      return {!low.Above(), !high.Below() && !high.Same()};
    case Predicate::Kind::kGt:
      return {!high.Below() && !high.Same(), !low.Above()};
    case Predicate::Kind::kGe:
      return {!high.Below(), !low.Above() && !low.Same()};
    default:
      return {};
  }
}

Possible PrefixPossible(const Known& known, const Value& literal) {
  const auto* prefix = std::get_if<std::string>(&literal.data);
  const auto* min = known.min ? std::get_if<std::string>(&known.min->data) : nullptr;
  const auto* max = known.max ? std::get_if<std::string>(&known.max->data) : nullptr;
  if (prefix == nullptr) return {};
  bool below = max != nullptr && max->substr(0, prefix->size()) < *prefix;
  bool above = min != nullptr && min->substr(0, prefix->size()) > *prefix;
  bool all = min != nullptr && max != nullptr && min->starts_with(*prefix) && max->starts_with(*prefix);
  return {!below && !above, !all};
}

}  // namespace

Outcomes LeafOutcomes(Predicate::Kind kind, const Known& known, const std::vector<Value>& values) {
  Outcomes if_value = 0;
  Outcomes if_null = kNull;
  auto add = [&](Possible possible) {
    if (possible.yes) if_value |= kTrue;
    if (possible.no) if_value |= kFalse;
  };
  if (kind == Predicate::Kind::kIsNull) {
    if_null = kTrue;
    if_value = kFalse;
  } else if (kind == Predicate::Kind::kIn) {
    if_value = kFalse;
    for (const Value& value : values) {
      Outcomes equal = kNull;
      if (!value.is_null()) {
        Possible possible = ComparePossible(Predicate::Kind::kEq, known, value);
        equal = static_cast<Outcomes>((possible.yes ? kTrue : 0) | (possible.no ? kFalse : 0));
      }
      if_value = OrOf(if_value, equal);
    }
    if (values.empty()) if_null = kFalse;
  } else if (values.empty()) {
    return kAnything;
  } else if (kind == Predicate::Kind::kEqNullSafe && values[0].is_null()) {
    if_null = kTrue;
    if_value = kFalse;
  } else if (values[0].is_null()) {
    if_value = kNull;
  } else if (kind == Predicate::Kind::kStartsWith) {
    add(PrefixPossible(known, values[0]));
  } else {
    if (kind == Predicate::Kind::kEqNullSafe) if_null = kFalse;
    add(ComparePossible(kind, known, values[0]));
  }
  return static_cast<Outcomes>((known.may_be_null ? if_null : 0) |
                               (known.may_have_value ? if_value : 0));
}

Predicate And(std::vector<Predicate> children) {
  return {Predicate::Kind::kAnd, {}, {}, std::move(children)};
}
Predicate Or(std::vector<Predicate> children) {
  return {Predicate::Kind::kOr, {}, {}, std::move(children)};
}
Predicate Not(Predicate child) { return {Predicate::Kind::kNot, {}, {}, {std::move(child)}}; }
Predicate Compare(Predicate::Kind op, std::vector<std::string> column, Value value) {
  return {op, std::move(column), {std::move(value)}, {}};
}
Predicate In(std::vector<std::string> column, std::vector<Value> values) {
  return {Predicate::Kind::kIn, std::move(column), std::move(values), {}};
}
Predicate IsNull(std::vector<std::string> column) {
  return {Predicate::Kind::kIsNull, std::move(column), {}, {}};
}
Predicate UnknownPredicate() { return {}; }

namespace {

// Finds the column and gives its physical path and type; an empty path when there is none.
LeafColumn FindColumn(const Snapshot& snapshot, const std::vector<std::string>& column) {
  LeafColumn found;
  const std::vector<Field>* fields = &snapshot.schema().fields;
  for (size_t i = 0; i < column.size(); ++i) {
    auto field = std::ranges::find_if(*fields, [&](const Field& f) { return EqualsIgnoreCase(f.name, column[i]); });
    if (field == fields->end()) return {};
    found.path.push_back(PhysicalName(*field, snapshot.mapping_mode()));
    found.type = field->type;
    bool last = i + 1 == column.size();
    if (field->type.Is(TypeId::kStruct) == last) return {};
    if (!last) fields = &field->type.fields();
  }
  return found;
}

FileMatch ToMatch(Outcomes outcomes) {
  if ((outcomes & kTrue) == 0) return FileMatch::kNone;
  return outcomes == kTrue ? FileMatch::kAll : FileMatch::kSome;
}

}  // namespace

BoundPredicate::Node BoundPredicate::Bind(const Snapshot& snapshot, Predicate predicate) {
  Node node;
  node.kind = predicate.kind;
  node.values = std::move(predicate.values);
  for (Predicate& child : predicate.children) {
    node.children.push_back(Bind(snapshot, std::move(child)));
  }
  bool inner = node.kind == Predicate::Kind::kAnd || node.kind == Predicate::Kind::kOr ||
               node.kind == Predicate::Kind::kNot;
  if (inner) return node;
  LeafColumn column = FindColumn(snapshot, predicate.column);
  bool partition = column.path.size() == 1 &&
                   std::ranges::any_of(snapshot.partition_columns(), [&](const std::string& name) {
                     return EqualsIgnoreCase(name, predicate.column[0]);
                   });
  if (partition && node.kind != Predicate::Kind::kUnknown) {
    node.partition = column.path[0];
    node.partition_type = column.type;
    return node;
  }
  partition_only = false;
  if (column.path.empty()) return node;
  auto same = std::ranges::find(columns, column.path, &LeafColumn::path);
  node.statistic = static_cast<int>(same - columns.begin());
  if (same == columns.end()) columns.push_back(std::move(column));
  return node;
}

Outcomes BoundPredicate::PartitionOutcomes(const Node& node, const PartitionValues& partitions) const {
  auto held = partitions.find(node.partition);
  if (held == partitions.end()) return LeafOutcomes(node.kind, {.may_have_value = false}, node.values);
  bool zoneless = false;
  if (node.partition_type.Is(TypeId::kTimestamp) && held->second.has_value()) {
    std::optional<ParsedTimestamp> parsed = ParseTimestampText(*held->second);
    zoneless = !parsed.has_value() || !parsed->has_zone;
  }
  Result<Value> value = DecodePartitionValue(held->second, node.partition_type);
  Known known;
  if (value.ok()) {
    known.may_be_null = value->is_null();
    known.may_have_value = !value->is_null();
    if (!value->is_null() && !zoneless) known.min = known.max = &*value;
  }
  return LeafOutcomes(node.kind, known, node.values);
}

Outcomes BoundPredicate::Evaluate(const Node& node, const PartitionValues& partitions, const FileStats* stats) const {
  switch (node.kind) {
    case Predicate::Kind::kAnd: {
      Outcomes result = kTrue;
      for (const Node& child : node.children) {
        result = AndOf(result, Evaluate(child, partitions, stats));
      }
      return result;
    }
    case Predicate::Kind::kOr: {
      Outcomes result = kFalse;
      for (const Node& child : node.children) {
        result = OrOf(result, Evaluate(child, partitions, stats));
      }
      return result;
    }
    case Predicate::Kind::kNot:
      return NotOf(Evaluate(node.children.at(0), partitions, stats));
    case Predicate::Kind::kUnknown:
      return kAnything;
    default:
      break;
  }
  if (!node.partition.empty()) return PartitionOutcomes(node, partitions);
  if (node.statistic < 0) return kAnything;
  Known known;
  if (stats == nullptr) return LeafOutcomes(node.kind, known, node.values);
  const ColumnBounds& bounds = stats->columns[static_cast<size_t>(node.statistic)];
  known.min = bounds.min ? &*bounds.min : nullptr;
  known.max = bounds.max ? &*bounds.max : nullptr;
  known.may_be_null = bounds.null_count != 0;
  known.may_have_value = !bounds.null_count.has_value() || !stats->num_records.has_value() ||
                         *bounds.null_count < *stats->num_records;
  return LeafOutcomes(node.kind, known, node.values);
}

FileFilter::FileFilter(const Snapshot& snapshot, Predicate predicate) {
  auto bound = std::make_unique<BoundPredicate>();
  bound->root = bound->Bind(snapshot, std::move(predicate));
  bound_ = std::move(bound);
}
FileFilter::~FileFilter() = default;
FileFilter::FileFilter(FileFilter&&) noexcept = default;

FileMatch FileFilter::Match(const AddFile& file) const {
  if (bound_->partition_only || !file.stats.has_value()) return MatchPartition(file.partition_values);
  // Partition values are at hand; statistics must be parsed.
  if (MatchPartition(file.partition_values) == FileMatch::kNone) return FileMatch::kNone;
  FileStats stats = ParseStats(*file.stats, bound_->columns);
  if (stats.num_records == 0) return FileMatch::kNone;
  return ToMatch(bound_->Evaluate(bound_->root, file.partition_values, &stats));
}

FileMatch FileFilter::MatchPartition(const PartitionValues& values) const {
  return ToMatch(bound_->Evaluate(bound_->root, values, nullptr));
}

bool FileFilter::PartitionOnly() const { return bound_->partition_only; }

std::vector<size_t> SelectFiles(const Snapshot& snapshot, const Predicate& predicate) {
  return FileFilter(snapshot, predicate).Select(snapshot.files());
}

}  // namespace ashlar::delta
