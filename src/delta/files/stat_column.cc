#include "delta/files/stat_column.h"

namespace ashlar::delta {
namespace {

constexpr int kMaxIntDigits = 18;

// The unscaled value at the scale of `type`; nullopt when it has more digits than that.
std::optional<Int128> Rescaled(Int128 unscaled, int scale, const DataType& type) {
  Int128 limit = 1;
  for (int i = 0; i < type.precision(); ++i) limit *= 10;
  if (scale > type.scale()) return std::nullopt;
  for (; scale < type.scale(); ++scale) {
    if (__builtin_mul_overflow(unscaled, Int128{10}, &unscaled)) return std::nullopt;
  }
  return unscaled < limit && unscaled > -limit ? std::optional(unscaled) : std::nullopt;
}

}  // namespace

StatStorage StorageOf(const DataType& type) {
  if (type.IsIntegral() || type.IsDatetime() || type.Is(TypeId::kBoolean)) return StatStorage::kInt;
  if (type.IsFractional()) return StatStorage::kDouble;
  if (type.Is(TypeId::kString)) return StatStorage::kText;
  if (!type.Is(TypeId::kDecimal)) return StatStorage::kNone;
  return type.precision() <= kMaxIntDigits ? StatStorage::kInt : StatStorage::kWide;
}

void StatBounds::Builder::AppendNone() { known_.Add(false); }

void StatBounds::Builder::AppendInt(int64_t value) {
  // Rows without a bound repeat one that is there: that packs best.
  ints_.ExtendTo(known_.size(), ints_.empty() ? value : ints_.back());
  ints_.Add(value);
  known_.Add(true);
}

void StatBounds::Builder::AppendDouble(double value) {
  doubles_.resize(known_.size());
  doubles_.push_back(value);
  known_.Add(true);
}

void StatBounds::Builder::AppendText(std::string_view value) {
  while (texts_.size() < known_.size()) texts_.Add("");
  texts_.Add(value);
  known_.Add(true);
}

void StatBounds::Builder::AppendWide(Int128 value) {
  wides_.resize(known_.size());
  wides_.push_back(value);
  known_.Add(true);
}

void StatBounds::Builder::Append(const std::optional<Value>& value, const DataType& type) {
  if (!value || value->is_null()) return AppendNone();
  StatStorage storage = StorageOf(type);
  const auto* integer = std::get_if<int64_t>(&value->data);
  const auto* flag = std::get_if<bool>(&value->data);
  const auto* number = std::get_if<double>(&value->data);
  const auto* text = std::get_if<std::string>(&value->data);
  if (integer != nullptr && storage == StatStorage::kInt) return AppendInt(*integer);
  if (flag != nullptr && storage == StatStorage::kInt) return AppendInt(*flag ? 1 : 0);
  if (number != nullptr && storage == StatStorage::kDouble) return AppendDouble(*number);
  if (text != nullptr && storage == StatStorage::kText) return AppendText(*text);
  const auto* decimal = std::get_if<Int128>(&value->data);
  std::optional<Int128> unscaled;
  if (decimal != nullptr && type.Is(TypeId::kDecimal)) unscaled = Rescaled(*decimal, value->type.scale(), type);
  if (!unscaled) return AppendNone();
  if (storage == StatStorage::kWide) return AppendWide(*unscaled);
  AppendInt(static_cast<int64_t>(*unscaled));
}

StatBounds StatBounds::Builder::Finish(StatStorage storage) && {
  StatBounds bounds;
  size_t rows = known_.size();
  bounds.any_ = known_.set() > 0 && storage != StatStorage::kNone;
  if (!bounds.any_) return bounds;
  if (known_.set() < rows) bounds.known_ = std::move(known_).Finish();
  switch (storage) {
    case StatStorage::kInt:
      ints_.ExtendTo(rows, ints_.back());
      bounds.values_ = std::move(ints_).Finish();
      break;
    case StatStorage::kDouble:
      doubles_.resize(rows);
      doubles_.shrink_to_fit();
      bounds.values_ = std::move(doubles_);
      break;
    case StatStorage::kText:
      while (texts_.size() < rows) texts_.Add("");
      bounds.values_ = std::move(texts_).Finish(/*fold=*/false);
      break;
    case StatStorage::kWide:
      wides_.resize(rows);
      wides_.shrink_to_fit();
      bounds.values_ = std::move(wides_);
      break;
    case StatStorage::kNone:
      break;
  }
  return bounds;
}

std::optional<Value> StatBounds::At(size_t row, const DataType& type) const {
  if (!Has(row)) return std::nullopt;
  if (const PackedInts* packed = ints()) {
    int64_t value = (*packed)[row];
    if (type.Is(TypeId::kBoolean)) return Value{type, value != 0};
    return type.Is(TypeId::kDecimal) ? Value{type, Int128{value}} : Value{type, value};
  }
  if (const auto* numbers = doubles()) return Value{type, (*numbers)[row]};
  if (const PackedTexts* packed = texts()) return Value{type, std::string((*packed)[row])};
  if (const auto* decimals = wides()) return Value{type, (*decimals)[row]};
  return std::nullopt;
}

size_t StatBounds::bytes() const {
  size_t total = known_.bytes();
  if (const PackedInts* packed = ints()) total += packed->bytes();
  if (const auto* numbers = doubles()) total += numbers->capacity() * sizeof(double);
  if (const PackedTexts* packed = texts()) total += packed->bytes();
  if (const auto* decimals = wides()) total += decimals->capacity() * sizeof(Int128);
  return total;
}

ColumnBounds StatColumn::At(size_t row) const {
  ColumnBounds bounds{min.At(row, column.type), max.At(row, column.type), std::nullopt};
  if (int64_t nulls = null_counts[row]; nulls >= 0) bounds.null_count = nulls;
  return bounds;
}

StatColumn StatColumnBuilder::Finish() && {
  StatStorage storage = StorageOf(column.type);
  return {std::move(column), std::move(min).Finish(storage), std::move(max).Finish(storage),
          std::move(null_counts).Finish()};
}

}  // namespace ashlar::delta
