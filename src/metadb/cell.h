// Cell: one value bound to a statement or read from a row. Row: the cells of one result row.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ashlar::metadb {

struct Blob {
  std::string bytes;
  bool operator==(const Blob&) const = default;
};

class Cell {
 public:
  Cell() = default;  // NULL
  Cell(std::nullopt_t) {}  // NOLINT: implicit, so that calls read as SQL does
  template <std::integral T>
  Cell(T value) : data_(static_cast<int64_t>(value)) {}  // NOLINT; true is 1
  Cell(std::string value) : data_(std::move(value)) {}   // NOLINT
  Cell(std::string_view value) : data_(std::string(value)) {}  // NOLINT
  Cell(const char* value) : data_(std::string(value)) {}       // NOLINT
  Cell(Blob value) : data_(std::move(value)) {}                // NOLINT
  template <typename T>
  Cell(const std::optional<T>& value) {  // NOLINT
    if (value) *this = Cell(*value);
  }

  bool is_null() const { return data_.index() == 0; }
  const std::variant<std::monostate, int64_t, std::string, Blob>& data() const { return data_; }
  bool operator==(const Cell&) const = default;

 private:
  std::variant<std::monostate, int64_t, std::string, Blob> data_;
};

// Columns count from 0. Reading a column as what it is not is a bug, and stops the process.
class Row {
 public:
  explicit Row(std::vector<Cell> cells) : cells_(std::move(cells)) {}

  bool IsNull(size_t column) const { return At(column).is_null(); }
  int64_t Int(size_t column) const;
  bool Bool(size_t column) const { return Int(column) != 0; }
  const std::string& Text(size_t column) const;
  const std::string& Bytes(size_t column) const;
  std::optional<int64_t> OptionalInt(size_t column) const;
  std::optional<std::string> OptionalText(size_t column) const;
  size_t size() const { return cells_.size(); }

 private:
  const Cell& At(size_t column) const;

  std::vector<Cell> cells_;
};

}  // namespace ashlar::metadb
