// The Arrow C data interface (format/CDataInterface) and owners that release what they hold.
// The structs are guarded by the interface's own macro, so that other headers that define them agree.
#pragma once

#include <cstdint>
#include <utility>

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE
#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4
extern "C" {
struct ArrowSchema {
  const char* format;
  const char* name;
  const char* metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema** children;
  struct ArrowSchema* dictionary;
  void (*release)(struct ArrowSchema*);
  void* private_data;
};
struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void** buffers;
  struct ArrowArray** children;
  struct ArrowArray* dictionary;
  void (*release)(struct ArrowArray*);
  void* private_data;
};
}
#endif

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE
extern "C" {
struct ArrowArrayStream {
  int (*get_schema)(struct ArrowArrayStream*, struct ArrowSchema* out);
  int (*get_next)(struct ArrowArrayStream*, struct ArrowArray* out);
  const char* (*get_last_error)(struct ArrowArrayStream*);
  void (*release)(struct ArrowArrayStream*);
  void* private_data;
};
}
#endif

namespace ashlar {

// Owns one Arrow C struct: moves it, releases it once. T is ArrowSchema, ArrowArray or
// ArrowArrayStream.
template <typename T>
class ArrowOwned {
 public:
  ArrowOwned() = default;
  ~ArrowOwned() { Reset(); }
  ArrowOwned(ArrowOwned&& other) noexcept : raw_(std::exchange(other.raw_, T{})) {}
  ArrowOwned& operator=(ArrowOwned&& other) noexcept {
    if (this != &other) {
      Reset();
      raw_ = std::exchange(other.raw_, T{});
    }
    return *this;
  }
  T* get() { return &raw_; }
  const T* get() const { return &raw_; }
  T* operator->() { return &raw_; }
  const T* operator->() const { return &raw_; }
  bool empty() const { return raw_.release == nullptr; }
  void Reset() {
    if (raw_.release != nullptr) raw_.release(&raw_);
    raw_ = T{};
  }

 private:
  T raw_{};
};

using OwnedArrowSchema = ArrowOwned<ArrowSchema>;
using OwnedArrowArray = ArrowOwned<ArrowArray>;
using OwnedArrowStream = ArrowOwned<ArrowArrayStream>;

// One batch of rows as a struct array, with the schema it has.
struct ArrowBatch {
  OwnedArrowArray array;
  int64_t row_count = 0;
};

}  // namespace ashlar
