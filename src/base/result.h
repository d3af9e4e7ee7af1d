// Result<T>: a value or an Error. Status is Result<void>.
//
//   ASSIGN_OR_RETURN(auto table, catalog.Find(name));
//   RETURN_IF_ERROR(writer.Flush());
#pragma once

#include <optional>
#include <utility>
#include <variant>

#include "base/check.h"
#include "base/error.h"

namespace ashlar {

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & {
    CHECK(ok()) << "value() of an error: " << FullMessage(std::get<1>(state_));
    return std::get<0>(state_);
  }
  const T& value() const& {
    CHECK(ok()) << "value() of an error: " << FullMessage(std::get<1>(state_));
    return std::get<0>(state_);
  }
  T&& value() && {
    CHECK(ok()) << "value() of an error: " << FullMessage(std::get<1>(state_));
    return std::move(std::get<0>(state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const& {
    CHECK(!ok()) << "error() of a value";
    return std::get<1>(state_);
  }
  Error&& error() && {
    CHECK(!ok()) << "error() of a value";
    return std::move(std::get<1>(state_));
  }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT: implicit

  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  const Error& error() const& {
    CHECK(!ok()) << "error() of a value";
    return *error_;
  }
  Error&& error() && {
    CHECK(!ok()) << "error() of a value";
    return std::move(*error_);
  }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;
inline Status OkStatus() { return Status(); }

}  // namespace ashlar

#define ASHLAR_CONCAT_INNER(a, b) a##b
#define ASHLAR_CONCAT(a, b) ASHLAR_CONCAT_INNER(a, b)

#define ASSIGN_OR_RETURN_INNER(tmp, lhs, ...)        \
  auto tmp = (__VA_ARGS__);                          \
  if (!tmp.ok()) return std::move(tmp).error();      \
  lhs = *std::move(tmp)
#define ASSIGN_OR_RETURN(lhs, ...) \
  ASSIGN_OR_RETURN_INNER(ASHLAR_CONCAT(result_, __LINE__), lhs, __VA_ARGS__)

#define RETURN_IF_ERROR(...)                                   \
  do {                                                         \
    auto ashlar_status = (__VA_ARGS__);                        \
    if (!ashlar_status.ok()) return std::move(ashlar_status).error(); \
  } while (false)
