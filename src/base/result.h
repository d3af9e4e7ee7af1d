// Result<T>: a value or an Error. Status is Result<void>.
//
//   ASSIGN_OR_RETURN(auto table, catalog.Find(name));
//   RETURN_IF_ERROR(writer.Flush());
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/error.h"

namespace ashlar {

// An Error on its way up, one pointer wide. Every function that can fail moves one and destroys one, so
// what that takes stands here once and is compiled once. Only Result sees an empty one.
class Failure {
 public:
  Failure() = default;
  explicit Failure(Error error);
  Failure(const Failure& other);
  Failure(Failure&&) noexcept = default;
  Failure& operator=(const Failure& other);
  Failure& operator=(Failure&&) noexcept = default;

  bool empty() const { return error_ == nullptr; }
  Error& error() const { return *error_; }
  operator Error() && { return std::move(*error_); }  // NOLINT: implicit

 private:
  struct Delete {
    void operator()(Error* error) const;
  };
  std::unique_ptr<Error, Delete> error_;
};

// A CHECK that failed in Result: out of the way of the code that holds.
[[noreturn, gnu::cold]] void DieOfError(const Error& error);
[[noreturn, gnu::cold]] void DieOfValue();

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}              // NOLINT: implicit
  Result(Error error) : failure_(std::move(error)) {}        // NOLINT: implicit
  Result(Failure failure) : failure_(std::move(failure)) {}  // NOLINT: implicit

  bool ok() const { return failure_.empty(); }
  explicit operator bool() const { return ok(); }

  T& value() & {
    if (!ok()) [[unlikely]] DieOfError(failure_.error());
    return *value_;
  }
  const T& value() const& {
    if (!ok()) [[unlikely]] DieOfError(failure_.error());
    return *value_;
  }
  T&& value() && {
    if (!ok()) [[unlikely]] DieOfError(failure_.error());
    return *std::move(value_);
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const& {
    if (ok()) [[unlikely]] DieOfValue();
    return failure_.error();
  }
  Error&& error() && {
    if (ok()) [[unlikely]] DieOfValue();
    return std::move(failure_.error());
  }
  // The error as the macros below hand it on.
  Failure&& failure() && { return std::move(failure_); }

 private:
  std::optional<T> value_;
  Failure failure_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : failure_(std::move(error)) {}        // NOLINT: implicit
  Result(Failure failure) : failure_(std::move(failure)) {}  // NOLINT: implicit

  bool ok() const { return failure_.empty(); }
  explicit operator bool() const { return ok(); }
  const Error& error() const& {
    if (ok()) [[unlikely]] DieOfValue();
    return failure_.error();
  }
  Error&& error() && {
    if (ok()) [[unlikely]] DieOfValue();
    return std::move(failure_.error());
  }
  Failure&& failure() && { return std::move(failure_); }

 private:
  Failure failure_;
};

using Status = Result<void>;
inline Status OkStatus() { return Status(); }

}  // namespace ashlar

#define ASHLAR_CONCAT_INNER(a, b) a##b
#define ASHLAR_CONCAT(a, b) ASHLAR_CONCAT_INNER(a, b)

#define ASSIGN_OR_RETURN_INNER(tmp, lhs, ...)        \
  auto tmp = (__VA_ARGS__);                          \
  if (!tmp.ok()) return std::move(tmp).failure();      \
  lhs = *std::move(tmp)
#define ASSIGN_OR_RETURN(lhs, ...) \
  ASSIGN_OR_RETURN_INNER(ASHLAR_CONCAT(result_, __LINE__), lhs, __VA_ARGS__)

#define RETURN_IF_ERROR(...)                                   \
  do {                                                         \
    auto ashlar_status = (__VA_ARGS__);                        \
    if (!ashlar_status.ok()) return std::move(ashlar_status).failure(); \
  } while (false)
