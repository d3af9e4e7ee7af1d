#include "metadb/cell.h"

#include "base/check.h"

namespace ashlar::metadb {

const Cell& Row::At(size_t column) const {
  CHECK_LT(column, cells_.size()) << "row has " << cells_.size() << " columns, asked for " << column;
  return cells_[column];
}

int64_t Row::Int(size_t column) const {
  const auto* value = std::get_if<int64_t>(&At(column).data());
  CHECK(value != nullptr) << "column " << column << " is not an integer";
  return *value;
}

const std::string& Row::Text(size_t column) const {
  const auto* value = std::get_if<std::string>(&At(column).data());
  CHECK(value != nullptr) << "column " << column << " is not text";
  return *value;
}

const std::string& Row::Bytes(size_t column) const {
  const auto* value = std::get_if<Blob>(&At(column).data());
  CHECK(value != nullptr) << "column " << column << " is not a blob";
  return value->bytes;
}

std::optional<int64_t> Row::OptionalInt(size_t column) const {
  if (IsNull(column)) return std::nullopt;
  return Int(column);
}

std::optional<std::string> Row::OptionalText(size_t column) const {
  if (IsNull(column)) return std::nullopt;
  return Text(column);
}

}  // namespace ashlar::metadb
