// Columns of a file list in memory: as few bytes a value as its segment needs, read without unpacking
// the rest. Immutable once made.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ashlar::delta {

// One bit a row.
class Bitmap {
 public:
  // Collects bits.
  class Builder {
   public:
    void Add(bool bit) {
      if ((size_ & 63) == 0) words_.push_back(0);
      words_.back() |= static_cast<uint64_t>(bit) << (size_ & 63);
      set_ += bit ? 1 : 0;
      ++size_;
    }
    size_t size() const { return size_; }
    // How many are set.
    size_t set() const { return set_; }
    Bitmap Finish() &&;

   private:
    std::vector<uint64_t> words_;
    size_t size_ = 0, set_ = 0;
  };

  Bitmap() = default;
  explicit Bitmap(size_t size, bool value = false)
      : words_((size + 63) / 64, value ? ~uint64_t{0} : uint64_t{0}), size_(size) {}
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  bool Get(size_t i) const { return ((words_[i >> 6] >> (i & 63)) & 1) != 0; }
  void Set(size_t i) { words_[i >> 6] |= uint64_t{1} << (i & 63); }
  void Clear(size_t i) { words_[i >> 6] &= ~(uint64_t{1} << (i & 63)); }
  std::span<const uint64_t> words() const { return words_; }
  size_t bytes() const { return words_.capacity() * sizeof(uint64_t); }

 private:
  std::vector<uint64_t> words_;
  size_t size_ = 0;
};

// Integers as the distance from the least of them, in as many whole bytes as the greatest distance has.
class PackedInts {
 public:
  // Collects integers. As long as all of them are one, as many columns' are, they take no memory.
  class Builder {
   public:
    void Add(int64_t value) {
      if (values_.empty()) {
        if (size_ == 0) only_ = value;
        if (value == only_) {
          ++size_;
          return;
        }
        values_.assign(size_, only_);
      }
      values_.push_back(value);
      ++size_;
    }
    // Repeats `value` until there are `size`.
    void ExtendTo(size_t size, int64_t value) {
      while (size_ < size) Add(value);
    }
    size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    int64_t back() const { return values_.empty() ? only_ : values_.back(); }
    PackedInts Finish() &&;

   private:
    std::vector<int64_t> values_;  // empty: all are `only_`
    int64_t only_ = 0;
    size_t size_ = 0;
  };

  PackedInts() = default;
  explicit PackedInts(std::span<const int64_t> values);
  size_t size() const { return size_; }
  int64_t operator[](size_t i) const {
    if (width_ == 0) return base_;
    uint64_t distance;
    std::memcpy(&distance, bytes_.data() + i * width_, sizeof(distance));  // the end is padded
    return static_cast<int64_t>(static_cast<uint64_t>(base_) + (distance & mask_));
  }
  void Unpack(size_t begin, std::span<int64_t> out) const;
  size_t bytes() const { return bytes_.capacity(); }

 private:
  std::vector<unsigned char> bytes_;
  int64_t base_ = 0;
  uint64_t mask_ = 0;
  size_t size_ = 0;
  uint8_t width_ = 0;
};

// Texts end to end, without what all of them begin and end with.
class PackedTexts {
 public:
  // Collects texts.
  class Builder {
   public:
    void Add(std::string_view text) {
      bytes_ += text;
      ends_.push_back(static_cast<int64_t>(bytes_.size()));
    }
    size_t size() const { return ends_.size(); }
    size_t bytes() const { return bytes_.size(); }
    // `fold`: take the common beginning and end out; the texts are then read with Append alone. `slack`:
    // this many bytes behind the last text can be read.
    PackedTexts Finish(bool fold, size_t slack = 0) &&;

   private:
    friend class PackedTexts;
    std::string bytes_;
    std::vector<int64_t> ends_;
  };

  size_t size() const { return size_; }
  // Without what was folded away.
  std::string_view operator[](size_t i) const {
    size_t begin = Begin(i);
    return {bytes_.data() + begin, Begin(i + 1) - begin};
  }
  void AppendTo(size_t i, std::string* out) const {
    *out += prefix_;
    *out += (*this)[i];
    *out += suffix_;
  }
  size_t bytes() const { return bytes_.capacity() + ends_.bytes() + prefix_.capacity() + suffix_.capacity(); }

 private:
  size_t Begin(size_t i) const {
    if (fixed_length_) return i * length_;
    return i == 0 ? 0 : static_cast<size_t>(ends_[i - 1]);
  }

  std::string bytes_;
  std::string prefix_, suffix_;
  PackedInts ends_;  // none where all texts are of one length
  size_t length_ = 0;
  size_t size_ = 0;
  bool fixed_length_ = true;
};

}  // namespace ashlar::delta
