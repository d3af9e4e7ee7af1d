// What works on every generated message, without a JSON header: each has a table behind it, found by
// Describe(const T*) in its own namespace.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ashlar::api {

struct MessageTable;

namespace internal {
std::string Encode(const MessageTable& table, const void* message);
Status Decode(const MessageTable& table, std::string_view json, void* message);
void Merge(const MessageTable& table, void* base, const void* patch);
Status MergeMasked(const MessageTable& table, void* base, const void* patch,
                   std::span<const std::string> mask);
Status RefuseFields(const MessageTable& table, const void* message,
                    std::initializer_list<std::string_view> names);
}  // namespace internal

// Compact JSON of what is present, in the order of the schema.
template <typename T>
std::string ToJson(const T& message) {
  return internal::Encode(Describe(&message), &message);
}

// Reads what ToJson wrote, or what a client would send; required fields may be missing. Errors:
// kMalformedRequest with the path of the field.
template <typename T>
Result<T> FromJson(std::string_view json) {
  T message;
  RETURN_IF_ERROR(internal::Decode(Describe(&message), json, &message));
  return message;
}

// Each field present in `patch`, null included, replaces that of `base` as a whole.
template <typename T>
void Merge(T& base, const T& patch) {
  internal::Merge(Describe(&base), &base, &patch);
}

// Only the fields named by `mask` (dotted paths into nested messages; "*" is all) are replaced, and a
// named field that is absent in `patch` is removed. Errors: kInvalidParameterValue for an unknown path.
template <typename T>
Status MergeMasked(T& base, const T& patch, std::span<const std::string> mask) {
  return internal::MergeMasked(Describe(&base), &base, &patch, mask);
}

// The options of a built endpoint that are not built: kNotImplemented naming the first of `names` that
// has a value.
template <typename T>
Status RefuseFields(const T& message, std::initializer_list<std::string_view> names) {
  return internal::RefuseFields(Describe(&message), &message, names);
}

}  // namespace ashlar::api
