// Field<T>: absent, null or a value. What is absent is never sent; an explicit zero or an empty list
// is. BoxField<T> is the same for a nested message, held on the heap so that messages may recurse.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/check.h"

namespace ashlar::api {

// JSON of no fixed shape, as text that is valid JSON. Empty text stands for null.
struct JsonText {
  std::string text;
  bool operator==(const JsonText&) const = default;
};

// The base of enumerations: a value that is not among the constants is kept as it came.
struct OpenEnum {
  std::string value;

  OpenEnum() = default;
  OpenEnum(std::string_view v) : value(v) {}  // NOLINT: implicit
  bool operator==(const OpenEnum&) const = default;
  bool operator==(std::string_view other) const { return value == other; }
};

// What every field begins with: tables of fields read it without knowing T.
class FieldPresence {
 public:
  bool has() const { return state_ == State::kValue; }
  bool is_null() const { return state_ == State::kNull; }
  bool is_absent() const { return state_ == State::kAbsent; }

 protected:
  enum class State : uint8_t { kAbsent, kNull, kValue };
  void CheckHas() const { CHECK(has()) << "the field has no value"; }

  State state_ = State::kAbsent;
};

// The value is always there, empty unless has(): a message of a hundred std::optionals is slow to compile.
template <typename T>
class Field : public FieldPresence {
 public:
  Field() = default;
  template <typename U>
    requires(std::is_convertible_v<U &&, T> && !std::is_same_v<std::remove_cvref_t<U>, Field>)
  Field(U&& value) : value_(std::forward<U>(value)) {  // NOLINT: implicit
    state_ = State::kValue;
  }

  const T& operator*() const {
    CheckHas();
    return value_;
  }
  T& operator*() {
    CheckHas();
    return value_;
  }
  const T* operator->() const { return &**this; }
  T* operator->() { return &**this; }
  T value_or(T fallback) const { return has() ? value_ : std::move(fallback); }

  // The value, made first when there is none.
  T& Ensure() {
    state_ = State::kValue;
    return value_;
  }
  void SetNull() {
    Clear();
    state_ = State::kNull;
  }
  void Clear() {
    value_ = T();
    state_ = State::kAbsent;
  }

  bool operator==(const Field& other) const {
    return state_ == other.state_ && (!has() || value_ == other.value_);
  }

 private:
  T value_{};
};

template <typename T>
class BoxField : public FieldPresence {
 public:
  BoxField() = default;
  BoxField(T value) : value_(new T(std::move(value))) { state_ = State::kValue; }  // NOLINT: implicit
  BoxField(const BoxField& other)
      : FieldPresence(other), value_(other.value_ ? new T(*other.value_) : nullptr) {}
  BoxField(BoxField&& other) noexcept
      : FieldPresence(other), value_(std::exchange(other.value_, nullptr)) {
    other.state_ = State::kAbsent;
  }
  BoxField& operator=(BoxField other) noexcept {
    std::swap(value_, other.value_);
    std::swap(state_, other.state_);
    return *this;
  }
  ~BoxField() { delete value_; }

  const T& operator*() const {
    CheckHas();
    return *value_;
  }
  T& operator*() {
    CheckHas();
    return *value_;
  }
  const T* operator->() const { return &**this; }
  T* operator->() { return &**this; }
  T value_or(T fallback) const { return has() ? *value_ : std::move(fallback); }

  // The value, made first when there is none.
  T& Ensure() {
    if (!value_) value_ = new T();
    state_ = State::kValue;
    return *value_;
  }
  void SetNull() {
    Clear();
    state_ = State::kNull;
  }
  void Clear() {
    delete std::exchange(value_, nullptr);
    state_ = State::kAbsent;
  }

  bool operator==(const BoxField& other) const {
    return state_ == other.state_ && (!has() || *value_ == *other.value_);
  }

 private:
  T* value_ = nullptr;  // owned; set exactly when has()
};

}  // namespace ashlar::api
