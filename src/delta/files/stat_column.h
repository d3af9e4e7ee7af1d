// What is known of one column in each file of a segment: bounds as they are written and counts of NULL,
// typed and packed. Immutable once made.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "delta/files/packed_columns.h"
#include "delta/schema.h"
#include "delta/stats.h"
#include "types/value.h"

namespace ashlar::delta {

// How values of a type are kept.
enum class StatStorage : uint8_t {
  kNone,    // they have no bounds
  kInt,     // integers, booleans, days, microseconds, unscaled decimals of up to 18 digits
  kDouble,
  kText,
  kWide,    // unscaled decimals of more digits
};
StatStorage StorageOf(const DataType& type);

// The minima or maxima of a column.
class StatBounds {
 public:
  // Row by row, in order. Of the Appends only the one of the column's storage.
  class Builder {
   public:
    void AppendNone();
    void AppendInt(int64_t value);
    void AppendDouble(double value);
    void AppendText(std::string_view value);
    void AppendWide(Int128 value);
    // Any value; one that is not exactly a value of `type` is none.
    void Append(const std::optional<Value>& value, const DataType& type);
    StatBounds Finish(StatStorage storage) &&;

   private:
    PackedInts::Builder ints_;
    std::vector<double> doubles_;
    PackedTexts::Builder texts_;
    std::vector<Int128> wides_;
    Bitmap::Builder known_;
  };

  bool Has(size_t row) const { return any_ && (known_.empty() || known_.Get(row)); }
  std::optional<Value> At(size_t row, const DataType& type) const;
  // Of the column's storage; null for a column nothing is known of.
  const PackedInts* ints() const { return std::get_if<PackedInts>(&values_); }
  const std::vector<double>* doubles() const { return std::get_if<std::vector<double>>(&values_); }
  const PackedTexts* texts() const { return std::get_if<PackedTexts>(&values_); }
  const std::vector<Int128>* wides() const { return std::get_if<std::vector<Int128>>(&values_); }
  size_t bytes() const;

 private:
  bool any_ = false;
  Bitmap known_;  // empty: all are known when any is
  std::variant<std::monostate, PackedInts, std::vector<double>, PackedTexts, std::vector<Int128>> values_;
};

struct StatColumn {
  LeafColumn column;  // with the type of these values
  StatBounds min, max;
  PackedInts null_counts;  // -1: not known

  ColumnBounds At(size_t row) const;
  size_t bytes() const { return min.bytes() + max.bytes() + null_counts.bytes(); }
};

struct StatColumnBuilder {
  LeafColumn column;
  StatBounds::Builder min, max;
  PackedInts::Builder null_counts;

  StatColumn Finish() &&;
};

}  // namespace ashlar::delta
