// FileFilter::Select: the logic of skipping.cc over whole columns. A block of rows at a time, each node of
// the predicate answers whether it may be true and whether it may be false (NULL makes nothing true).
// Bounds are compared as the machine's types where the literal is a value of the column's type, and as
// Values where it is not.
#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <variant>

#include "base/check.h"
#include "delta/skipping_bound.h"

namespace ashlar::delta {
namespace {

using Kind = Predicate::Kind;

constexpr size_t kBlock = 1024;
using Flags = std::array<uint8_t, kBlock>;  // 0 or 1
struct Truth {
  Flags yes, no;
};

// The literals of a leaf as values of its column; monostate: compare them as Values.
using Literals = std::variant<std::monostate, std::vector<int64_t>, std::vector<double>, std::vector<std::string_view>>;

std::optional<int64_t> IntLiteral(const DataType& column, const Value& literal) {
  if (column.IsIntegral() && literal.type.IsIntegral()) return std::get<int64_t>(literal.data);
  if (column.Is(TypeId::kBoolean) && literal.type.Is(TypeId::kBoolean)) return std::get<bool>(literal.data) ? 1 : 0;
  if (column.IsDatetime() && literal.type.id() == column.id()) return std::get<int64_t>(literal.data);
  bool decimal = column.Is(TypeId::kDecimal) && literal.type.Is(TypeId::kDecimal) &&
                 literal.type.scale() == column.scale() && literal.type.precision() <= 18;
  if (decimal) return static_cast<int64_t>(std::get<Int128>(literal.data));
  return std::nullopt;
}

std::optional<double> DoubleLiteral(const Value& literal) {
  const double* number = std::get_if<double>(&literal.data);
  if (number == nullptr || std::isnan(*number)) return std::nullopt;
  return *number;
}

template <typename T, typename Convert>
Literals AllOf(const std::vector<Value>& values, Convert convert) {
  std::vector<T> literals;
  for (const Value& value : values) {
    if (value.is_null()) continue;
    std::optional<T> literal = convert(value);
    if (!literal) return std::monostate();
    literals.push_back(*literal);
  }
  return literals;
}

Literals LiteralsFor(const StatColumn& column, const DataType& schema_type, const std::vector<Value>& values) {
  switch (StorageOf(column.column.type)) {
    case StatStorage::kInt:
      return AllOf<int64_t>(values, [&](const Value& v) { return IntLiteral(column.column.type, v); });
    case StatStorage::kDouble:
      return AllOf<double>(values, DoubleLiteral);
    case StatStorage::kText: {
      if (schema_type.is_char()) return std::monostate();  // padding
      return AllOf<std::string_view>(values, [](const Value& v) -> std::optional<std::string_view> {
        const auto* text = std::get_if<std::string>(&v.data);
        if (text == nullptr || v.type.is_char()) return std::nullopt;
        return *text;
      });
    }
    default:
      return std::monostate();
  }
}

// The bounds of a block of rows.
template <typename T>
struct BlockBounds {
  std::array<T, kBlock> min, max;
  Flags has_min, has_max;
};

void FillKnown(const StatBounds& bounds, size_t begin, size_t count, Flags& has) {
  for (size_t i = 0; i < count; ++i) has[i] = bounds.Has(begin + i) ? 1 : 0;
}

void Fill(const StatColumn& column, size_t begin, size_t count, BlockBounds<int64_t>& out) {
  const DataType& type = column.column.type;
  auto unpack = [&](const StatBounds& bounds, std::array<int64_t, kBlock>& values) {
    if (bounds.ints() == nullptr) return values.fill(0);
    bounds.ints()->Unpack(begin, std::span(values).first(count));
  };
  unpack(column.min, out.min);
  unpack(column.max, out.max);
  if (!type.Is(TypeId::kTimestamp) && !type.Is(TypeId::kTimestampNtz)) return;
  for (size_t i = 0; i < count; ++i) {
    out.min[i] = MinMicrosForSkipping(out.min[i], type);
    out.max[i] = MaxMicrosForSkipping(out.max[i], type);
  }
}

// Maxima of numbers leave NaN out, which is the greatest.
void Fill(const StatColumn& column, size_t begin, size_t count, BlockBounds<double>& out) {
  out.has_max.fill(0);
  const std::vector<double>* numbers = column.min.doubles();
  if (numbers == nullptr) return;
  for (size_t i = 0; i < count; ++i) {
    out.min[i] = (*numbers)[begin + i];
    if (std::isnan(out.min[i])) out.has_min[i] = 0;
  }
}

void Fill(const StatColumn& column, size_t begin, size_t count, BlockBounds<std::string_view>& out) {
  for (size_t i = 0; i < count; ++i) {
    if (out.has_min[i] != 0) out.min[i] = (*column.min.texts())[begin + i];
    if (out.has_max[i] != 0) out.max[i] = (*column.max.texts())[begin + i];
  }
}

// As ComparePossible of skipping.cc, for a block.
template <typename T, typename YesNo>
void ForEachOrder(const BlockBounds<T>& bounds, const T& literal, size_t count, Truth& out, YesNo yes_no) {
  for (size_t i = 0; i < count; ++i) {
    uint8_t low_above = bounds.has_min[i] & static_cast<uint8_t>(literal < bounds.min[i]);
    uint8_t low_same = bounds.has_min[i] & static_cast<uint8_t>(literal == bounds.min[i]);
    uint8_t high_below = bounds.has_max[i] & static_cast<uint8_t>(bounds.max[i] < literal);
    uint8_t high_same = bounds.has_max[i] & static_cast<uint8_t>(literal == bounds.max[i]);
    yes_no(low_above, low_same, high_below, high_same, out.yes[i], out.no[i]);
  }
}

template <typename T>
void CompareBlock(Kind kind, const BlockBounds<T>& bounds, const T& literal, size_t count, Truth& out) {
  using U = uint8_t;
  auto with = [&](auto yes_no) { ForEachOrder(bounds, literal, count, out, yes_no); };
  switch (kind) {
    case Kind::kEq:
    case Kind::kEqNullSafe:
      return with([](U above, U same_low, U below, U same_high, U& yes, U& no) {
        yes = (above | below) ^ 1;
        no = (same_low & same_high) ^ 1;
      });
    case Kind::kNe:
      return with([](U above, U same_low, U below, U same_high, U& yes, U& no) {
        yes = (same_low & same_high) ^ 1;
        no = (above | below) ^ 1;
      });
    case Kind::kLt:
      return with([](U above, U same_low, U below, U, U& yes, U& no) {
        yes = (above | same_low) ^ 1;
        no = below ^ 1;
      });
    case Kind::kLe:
      return with([](U above, U, U below, U same_high, U& yes, U& no) {
        yes = above ^ 1;
        no = (below | same_high) ^ 1;
      });
    case Kind::kGt:
      return with([](U above, U, U below, U same_high, U& yes, U& no) {
        yes = (below | same_high) ^ 1;
        no = above ^ 1;
      });
    case Kind::kGe:
      return with([](U above, U same_low, U below, U, U& yes, U& no) {
        yes = below ^ 1;
        no = (above | same_low) ^ 1;
      });
    default:
      CHECK(false) << "not a comparison";
  }
}

// Equal to one of the literals; one of them may be NULL besides.
template <typename T>
void InBlock(const BlockBounds<T>& bounds, const std::vector<T>& literals, size_t count, Truth& out) {
  Truth one;
  std::fill_n(out.yes.begin(), count, uint8_t{0});
  std::fill_n(out.no.begin(), count, uint8_t{1});
  for (const T& literal : literals) {
    CompareBlock(Kind::kEq, bounds, literal, count, one);
    for (size_t i = 0; i < count; ++i) {
      out.yes[i] |= one.yes[i];
      out.no[i] &= one.no[i];
    }
  }
}

// As PrefixPossible of skipping.cc.
void PrefixBlock(const BlockBounds<std::string_view>& bounds, std::string_view prefix, size_t count, Truth& out) {
  for (size_t i = 0; i < count; ++i) {
    bool has_min = bounds.has_min[i] != 0, has_max = bounds.has_max[i] != 0;
    bool below = has_max && bounds.max[i].substr(0, prefix.size()) < prefix;
    bool above = has_min && bounds.min[i].substr(0, prefix.size()) > prefix;
    bool all = has_min && has_max && bounds.min[i].starts_with(prefix) && bounds.max[i].starts_with(prefix);
    out.yes[i] = !below && !above ? 1 : 0;
    out.no[i] = all ? 0 : 1;
  }
}

bool IsComparison(Kind kind) {
  return kind == Kind::kEq || kind == Kind::kNe || kind == Kind::kLt || kind == Kind::kLe || kind == Kind::kGt ||
         kind == Kind::kGe || kind == Kind::kEqNullSafe;
}

// A node of the predicate prepared for one segment.
struct Step {
  Kind kind = Kind::kUnknown;
  const BoundPredicate::Node* node = nullptr;
  std::vector<Step> children;
  std::vector<Outcomes> by_partition;          // by code, for a partition column
  std::shared_ptr<const StatColumn> column;    // for a column with statistics
  DataType schema_type;
  Literals literals;
  bool has_null_literal = false;
};

class SegmentSelection {
 public:
  SegmentSelection(const BoundPredicate& predicate, const FileSegment& segment)
      : predicate_(predicate), segment_(segment) {
    if (!predicate.columns.empty()) columns_ = segment.Stats(predicate.columns);
    if (!predicate.partition_only) num_records_ = &segment.NumRecords();
    root_ = Prepare(predicate.root);
  }

  // Adds the numbers of the part's live rows that may match.
  void AddTo(const FileList::Part& part, std::vector<size_t>& selected) const {
    size_t number = part.first;
    Truth truth;
    for (size_t begin = 0; begin < segment_.size(); begin += kBlock) {
      size_t count = std::min(kBlock, segment_.size() - begin);
      Evaluate(root_, begin, count, truth);
      for (size_t i = 0; i < count; ++i) {
        if (!part.IsLive(begin + i)) continue;
        bool empty = num_records_ != nullptr && truth.yes[i] != 0 && (*num_records_)[begin + i] == 0;
        if (truth.yes[i] != 0 && !empty) selected.push_back(number);
        ++number;
      }
    }
    CHECK_EQ(number, part.first + part.live);
  }

 private:
  Step Prepare(const BoundPredicate::Node& node) const {
    Step step;
    step.kind = node.kind;
    step.node = &node;
    for (const BoundPredicate::Node& child : node.children) step.children.push_back(Prepare(child));
    if (!node.partition.empty()) {
      for (const PartitionValues& values : segment_.partitions()) {
        step.by_partition.push_back(predicate_.PartitionOutcomes(node, values));
      }
    } else if (node.statistic >= 0) {
      auto index = static_cast<size_t>(node.statistic);
      step.column = columns_[index];
      step.schema_type = predicate_.columns[index].type;
      if (step.column) step.literals = LiteralsFor(*step.column, step.schema_type, node.values);
    }
    step.has_null_literal = std::ranges::any_of(node.values, &Value::is_null);
    return step;
  }

  // `out` of the whole block.
  void Evaluate(const Step& step, size_t begin, size_t count, Truth& out) const {
    switch (step.kind) {
      case Kind::kAnd:
      case Kind::kOr:
        return EvaluateJunction(step, begin, count, out);
      case Kind::kNot:
        Evaluate(step.children.at(0), begin, count, out);
        return std::swap(out.yes, out.no);
      default:
        break;
    }
    if (!step.node->partition.empty()) {
      for (size_t i = 0; i < count; ++i) Set(out, i, step.by_partition[segment_.PartitionCode(begin + i)]);
    } else if (step.kind == Kind::kUnknown || !step.column) {
      bool nowhere = step.kind == Kind::kUnknown || step.node->statistic < 0;
      Outcomes outcomes = nowhere ? kAnything : LeafOutcomes(step.kind, Known(), step.node->values);
      for (size_t i = 0; i < count; ++i) Set(out, i, outcomes);
    } else {
      EvaluateLeaf(step, begin, count, out);
    }
  }

  void EvaluateJunction(const Step& step, size_t begin, size_t count, Truth& out) const {
    bool all = step.kind == Kind::kAnd;
    out.yes.fill(all ? 1 : 0);
    out.no.fill(all ? 0 : 1);
    Truth one;
    for (const Step& child : step.children) {
      Evaluate(child, begin, count, one);
      Flags &joined = all ? out.yes : out.no, &other = all ? out.no : out.yes;
      const Flags &one_joined = all ? one.yes : one.no, &one_other = all ? one.no : one.yes;
      uint8_t any = 0;
      for (size_t i = 0; i < count; ++i) {
        joined[i] &= one_joined[i];
        other[i] |= one_other[i];
        any |= joined[i];
      }
      // No row of the block can match: the rest says nothing more.
      if (all && any == 0 && &step == &root_) return;
    }
  }

  static void Set(Truth& out, size_t i, Outcomes outcomes) {
    out.yes[i] = (outcomes & kTrue) != 0 ? 1 : 0;
    out.no[i] = (outcomes & kFalse) != 0 ? 1 : 0;
  }

  void EvaluateLeaf(const Step& step, size_t begin, size_t count, Truth& out) const {
    if (step.kind == Kind::kIsNull) {
      out.yes.fill(0);
      out.no.fill(1);
      return AddNulls(step, begin, count, out);
    }
    bool prefix = step.kind == Kind::kStartsWith && std::holds_alternative<std::vector<std::string_view>>(step.literals);
    bool single = (IsComparison(step.kind) || prefix) && step.node->values.size() == 1 && !step.has_null_literal;
    bool list = step.kind == Kind::kIn && !step.node->values.empty();
    if (!single && !list) return EvaluateAsValues(step, begin, count, out);
    bool done = std::visit(
        [&](const auto& literals) {
          if constexpr (std::is_same_v<std::decay_t<decltype(literals)>, std::monostate>) {
            return false;
          } else {
            EvaluateTyped(step, literals, begin, count, out);
            return true;
          }
        },
        step.literals);
    if (!done) return EvaluateAsValues(step, begin, count, out);
    // A NULL among the literals: what equals none of the others is NULL, not false.
    if (step.has_null_literal) std::fill_n(out.no.begin(), count, uint8_t{0});
    AddNulls(step, begin, count, out);
  }

  template <typename T>
  void EvaluateTyped(const Step& step, const std::vector<T>& literals, size_t begin, size_t count, Truth& out) const {
    BlockBounds<T> bounds;
    FillKnown(step.column->min, begin, count, bounds.has_min);
    FillKnown(step.column->max, begin, count, bounds.has_max);
    Fill(*step.column, begin, count, bounds);
    if (step.kind == Kind::kIn) return InBlock(bounds, literals, count, out);
    if constexpr (std::is_same_v<T, std::string_view>) {
      if (step.kind == Kind::kStartsWith) return PrefixBlock(bounds, literals.at(0), count, out);
    }
    CompareBlock(step.kind, bounds, literals.at(0), count, out);
  }

  // What values can give, so far in `out`, only where there is one; what NULL gives where there may be one.
  void AddNulls(const Step& step, size_t begin, size_t count, Truth& out) const {
    uint8_t null_is_false = step.kind == Kind::kEqNullSafe ? 1 : 0;
    uint8_t null_is_true = step.kind == Kind::kIsNull ? 1 : 0;
    std::array<int64_t, kBlock> nulls, rows;
    step.column->null_counts.Unpack(begin, std::span(nulls).first(count));
    num_records_->Unpack(begin, std::span(rows).first(count));
    for (size_t i = 0; i < count; ++i) {
      uint8_t may_be_null = nulls[i] != 0 ? 1 : 0;
      uint8_t has_value = nulls[i] < 0 || rows[i] < 0 || nulls[i] < rows[i] ? 1 : 0;
      out.yes[i] = (out.yes[i] & has_value) | (may_be_null & null_is_true);
      out.no[i] = (out.no[i] & has_value) | (may_be_null & null_is_false);
    }
  }

  void EvaluateAsValues(const Step& step, size_t begin, size_t count, Truth& out) const {
    for (size_t i = 0; i < count; ++i) {
      ColumnBounds bounds = BoundsForSkipping(step.column->At(begin + i));
      for (std::optional<Value>* bound : {&bounds.min, &bounds.max}) {
        if (*bound && step.schema_type.Is((*bound)->type.id()) && step.schema_type.Is(TypeId::kString)) {
          (*bound)->type = step.schema_type;
        }
      }
      int64_t rows = (*num_records_)[begin + i];
      Known known;
      known.min = bounds.min ? &*bounds.min : nullptr;
      known.max = bounds.max ? &*bounds.max : nullptr;
      known.may_be_null = bounds.null_count != 0;
      known.may_have_value = !bounds.null_count || rows < 0 || *bounds.null_count < rows;
      Set(out, i, LeafOutcomes(step.kind, known, step.node->values));
    }
  }

  const BoundPredicate& predicate_;
  const FileSegment& segment_;
  StatColumns columns_;
  const PackedInts* num_records_ = nullptr;
  Step root_;
};

}  // namespace

std::vector<size_t> FileFilter::Select(const FileList& files) const {
  std::vector<size_t> selected;
  for (const FileList::Part& part : files.parts()) SegmentSelection(*bound_, *part.segment).AddTo(part, selected);
  return selected;
}

}  // namespace ashlar::delta
