// The tables behind generated messages and the machine that runs them. Included by generated .cc files.
//
// A message's table has one row per field: its wire name, where it lies, how presence works there
// (FieldOps) and what its value looks like in JSON (TypeCodec).
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/field.h"
#include "api/message.h"
#include "base/json.h"

namespace ashlar::api {

// Where in a document we are, for messages: "tasks[0].name". Lives on the stack.
struct JsonPath {
  const JsonPath* parent = nullptr;
  std::string_view name;
  size_t index = 0;  // used when the name is empty
  std::string Text() const;
};

struct DecodeMode {
  bool require = false;    // nested messages must have their required fields
  bool from_text = false;  // scalars come as text: query, path, form
};

struct TypeCodec {
  using DecodeFunction = Status (*)(const TypeCodec&, const Json&, const JsonPath&, DecodeMode, void*);
  // Appends JSON text: answers can be large, and no tree is made of them.
  using EncodeFunction = void (*)(const TypeCodec&, const void*, std::string&);
  DecodeFunction decode;
  EncodeFunction encode;
  const TypeCodec* element = nullptr;    // of arrays and maps
  const MessageTable* table = nullptr;   // of messages
  bool is_array = false;
};

// What needs the type of a field's value; the rest is FieldPresence.
struct FieldOps {
  const void* (*get)(const void* field);
  void* (*ensure)(void* field);
  void (*set_null)(void* field);
  void (*clear)(void* field);
  void (*assign)(void* to, const void* from);
};

struct FieldRow {
  std::string_view name;
  size_t offset;
  const FieldOps* ops;
  const TypeCodec* codec;
  bool required = false;

  const FieldPresence& In(const void* message) const {
    return *reinterpret_cast<const FieldPresence*>(static_cast<const char*>(message) + offset);
  }
};

inline constexpr size_t kNoUnknownFields = static_cast<size_t>(-1);

struct MessageTable {
  std::string_view name;
  std::span<const FieldRow> rows;
  size_t unknown_offset = kNoUnknownFields;  // of the std::string unknown_fields

  const FieldRow* Find(std::string_view field) const;
};

// Scalars.
extern const TypeCodec kStringCodec;
extern const TypeCodec kBytesCodec;  // base64 in JSON, raw in the struct and in forms
extern const TypeCodec kInt64Codec;
extern const TypeCodec kDoubleCodec;
extern const TypeCodec kBoolCodec;
extern const TypeCodec kJsonCodec;
extern const TypeCodec kEnumCodec;  // any struct derived from OpenEnum, without members of its own

Status DecodeMessage(const MessageTable& table, const Json& json, const JsonPath& path,
                     DecodeMode mode, void* message);
// kInvalidParameterValue for the first required field without a value.
Status CheckRequired(const MessageTable& table, const JsonPath& path, const void* message);
void EncodeMessage(const MessageTable& table, const void* message, std::string& out);
// With quotes; invalid UTF-8 becomes U+FFFD.
void AppendJsonString(std::string_view text, std::string& out);
// kMalformedRequest: "field 'a.b' expects an integer, not a string".
Error WrongType(const JsonPath& path, std::string_view expected, const Json& found);

TypeCodec MessageCodec(const MessageTable& table);

template <typename T>
TypeCodec ArrayCodec(const TypeCodec& element) {
  TypeCodec codec;
  codec.element = &element;
  codec.is_array = true;
  codec.decode = [](const TypeCodec& self, const Json& json, const JsonPath& path, DecodeMode mode,
                    void* out) -> Status {
    if (!json.is_array()) return WrongType(path, "an array", json);
    auto& values = *static_cast<std::vector<T>*>(out);
    values.clear();
    for (size_t i = 0; i < json.size(); ++i) {
      T value{};
      RETURN_IF_ERROR(
          self.element->decode(*self.element, json[i], JsonPath{&path, {}, i}, mode, &value));
      values.push_back(std::move(value));
    }
    return OkStatus();
  };
  codec.encode = [](const TypeCodec& self, const void* in, std::string& out) {
    char before = '[';
    for (const T& value : *static_cast<const std::vector<T>*>(in)) {
      out += before;
      self.element->encode(*self.element, &value, out);
      before = ',';
    }
    out += before == '[' ? "[]" : "]";
  };
  return codec;
}

template <typename T>
TypeCodec MapCodec(const TypeCodec& element) {
  TypeCodec codec;
  codec.element = &element;
  codec.decode = [](const TypeCodec& self, const Json& json, const JsonPath& path, DecodeMode mode,
                    void* out) -> Status {
    if (!json.is_object()) return WrongType(path, "an object", json);
    auto& values = *static_cast<std::map<std::string, T>*>(out);
    values.clear();
    for (const auto& [key, item] : json.items()) {
      RETURN_IF_ERROR(self.element->decode(*self.element, item, JsonPath{&path, key}, mode, &values[key]));
    }
    return OkStatus();
  };
  codec.encode = [](const TypeCodec& self, const void* in, std::string& out) {
    char before = '{';
    for (const auto& [key, value] : *static_cast<const std::map<std::string, T>*>(in)) {
      out += before;
      AppendJsonString(key, out);
      out += ':';
      self.element->encode(*self.element, &value, out);
      before = ',';
    }
    out += before == '{' ? "{}" : "}";
  };
  return codec;
}

// std::optional<T>: an element that may be null.
template <typename T>
TypeCodec NullableCodec(const TypeCodec& element) {
  TypeCodec codec;
  codec.element = &element;
  codec.decode = [](const TypeCodec& self, const Json& json, const JsonPath& path, DecodeMode mode,
                    void* out) -> Status {
    auto& value = *static_cast<std::optional<T>*>(out);
    value.reset();
    if (json.is_null()) return OkStatus();
    return self.element->decode(*self.element, json, path, mode, &value.emplace());
  };
  codec.encode = [](const TypeCodec& self, const void* in, std::string& out) {
    const auto& value = *static_cast<const std::optional<T>*>(in);
    value ? self.element->encode(*self.element, &*value, out) : void(out += "null");
  };
  return codec;
}

// F is a Field or a BoxField.
template <typename F>
inline constexpr FieldOps kFieldOps = {
    .get = [](const void* f) -> const void* { return &**static_cast<const F*>(f); },
    .ensure = [](void* f) -> void* { return &static_cast<F*>(f)->Ensure(); },
    .set_null = [](void* f) { static_cast<F*>(f)->SetNull(); },
    .clear = [](void* f) { static_cast<F*>(f)->Clear(); },
    .assign = [](void* to, const void* from) { *static_cast<F*>(to) = *static_cast<const F*>(from); },
};

}  // namespace ashlar::api
