// Field<T>: absent, null or a value. What is absent is never sent; an explicit zero or an empty list
// is. BoxField<T> is the same for a nested message, held on the heap so that messages may recurse.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
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

namespace internal {

// Both fields' behaviour over a Storage that is empty, or holds a T behind operator*.
template <typename T, typename Storage>
class BasicField {
 public:
  BasicField() = default;

  bool has() const { return static_cast<bool>(storage_); }
  bool is_null() const { return null_; }
  bool is_absent() const { return !has() && !null_; }

  const T& operator*() const {
    CHECK(has()) << "the field has no value";
    return *storage_;
  }
  T& operator*() {
    CHECK(has()) << "the field has no value";
    return *storage_;
  }
  const T* operator->() const { return &**this; }
  T* operator->() { return &**this; }
  T value_or(T fallback) const { return has() ? *storage_ : std::move(fallback); }

  // The value, made first when there is none.
  T& Ensure() {
    if (!has()) Set(T());
    return *storage_;
  }
  void SetNull() {
    storage_.reset();
    null_ = true;
  }
  void Clear() {
    storage_.reset();
    null_ = false;
  }

  bool operator==(const BasicField& other) const {
    if (null_ != other.null_ || has() != other.has()) return false;
    return !has() || *storage_ == *other.storage_;
  }

 protected:
  void Set(T value) {
    storage_.Put(std::move(value));
    null_ = false;
  }

  Storage storage_;
  bool null_ = false;
};

template <typename T>
struct InPlace : std::optional<T> {
  void Put(T value) { this->emplace(std::move(value)); }
};

template <typename T>
struct OnHeap : std::unique_ptr<T> {
  OnHeap() = default;
  OnHeap(OnHeap&&) noexcept = default;
  OnHeap& operator=(OnHeap&&) noexcept = default;
  OnHeap(const OnHeap& other) : std::unique_ptr<T>(other ? new T(*other) : nullptr) {}
  OnHeap& operator=(const OnHeap& other) {
    this->reset(other ? new T(*other) : nullptr);
    return *this;
  }
  void Put(T value) { this->reset(new T(std::move(value))); }
};

}  // namespace internal

template <typename T>
class Field : public internal::BasicField<T, internal::InPlace<T>> {
 public:
  Field() = default;
  template <typename U>
    requires(std::is_convertible_v<U &&, T> && !std::is_same_v<std::remove_cvref_t<U>, Field>)
  Field(U&& value) {  // NOLINT: implicit
    this->Set(T(std::forward<U>(value)));
  }
};

template <typename T>
class BoxField : public internal::BasicField<T, internal::OnHeap<T>> {
 public:
  BoxField() = default;
  BoxField(T value) { this->Set(std::move(value)); }  // NOLINT: implicit
};

}  // namespace ashlar::api
