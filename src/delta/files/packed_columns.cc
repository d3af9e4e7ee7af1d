#include "delta/files/packed_columns.h"

#include <algorithm>

namespace ashlar::delta {

Bitmap Bitmap::Builder::Finish() && {
  Bitmap bits;
  bits.words_ = std::move(words_);
  bits.words_.shrink_to_fit();
  bits.size_ = size_;
  return bits;
}

PackedInts PackedInts::Builder::Finish() && {
  if (!values_.empty()) return PackedInts(values_);
  PackedInts packed;
  packed.base_ = only_;
  packed.size_ = size_;
  return packed;
}

PackedInts::PackedInts(std::span<const int64_t> values) : size_(values.size()) {
  if (values.empty()) return;
  auto [least, greatest] = std::ranges::minmax(values);
  base_ = least;
  uint64_t range = static_cast<uint64_t>(greatest) - static_cast<uint64_t>(least);
  for (; range > mask_; ++width_) mask_ = mask_ << 8 | 0xFF;
  if (width_ == 0) return;
  bytes_.resize(values.size() * width_ + sizeof(uint64_t));
  unsigned char* out = bytes_.data();
  for (int64_t value : values) {
    uint64_t distance = static_cast<uint64_t>(value) - static_cast<uint64_t>(base_);
    std::memcpy(out, &distance, sizeof(distance));  // what is beyond the width is written over
    out += width_;
  }
}

void PackedInts::Unpack(size_t begin, std::span<int64_t> out) const {
  if (width_ == 0) {
    std::ranges::fill(out, base_);
    return;
  }
  const unsigned char* from = bytes_.data() + begin * width_;
  for (int64_t& value : out) {
    uint64_t distance;
    std::memcpy(&distance, from, sizeof(distance));
    value = static_cast<int64_t>(static_cast<uint64_t>(base_) + (distance & mask_));
    from += width_;
  }
}

PackedTexts PackedTexts::Builder::Finish(bool fold, size_t slack) && {
  PackedTexts texts;
  texts.size_ = ends_.size();
  if (ends_.empty()) return texts;
  auto at = [&](size_t i) {
    size_t begin = i == 0 ? 0 : static_cast<size_t>(ends_[i - 1]);
    return std::string_view(bytes_).substr(begin, static_cast<size_t>(ends_[i]) - begin);
  };
  std::string_view first = at(0), last = first;
  size_t prefix = fold ? first.size() : 0, suffix = prefix;
  for (size_t i = 1; i < ends_.size() && prefix + suffix > 0; ++i) {
    std::string_view text = at(i);
    if (!text.starts_with(first.substr(0, prefix))) {
      prefix = static_cast<size_t>(std::ranges::mismatch(first.substr(0, prefix), text).in1 - first.begin());
    }
    if (text.ends_with(last.substr(last.size() - suffix))) continue;
    size_t common = 0;
    while (common < text.size() && text[text.size() - 1 - common] == last[last.size() - 1 - common]) ++common;
    suffix = common;
  }
  for (size_t i = 0; i < ends_.size(); ++i) suffix = std::min(suffix, at(i).size() - prefix);
  texts.prefix_ = first.substr(0, prefix);
  texts.suffix_ = first.substr(first.size() - suffix);
  std::vector<int64_t> ends;
  ends.reserve(ends_.size());
  texts.length_ = first.size() - prefix - suffix;
  texts.bytes_.reserve(bytes_.size() - (prefix + suffix) * ends_.size() + slack);
  for (size_t i = 0; i < ends_.size(); ++i) {
    std::string_view middle = at(i);
    middle = middle.substr(prefix, middle.size() - prefix - suffix);
    texts.fixed_length_ = texts.fixed_length_ && middle.size() == texts.length_;
    texts.bytes_ += middle;
    ends.push_back(static_cast<int64_t>(texts.bytes_.size()));
  }
  texts.bytes_.append(slack, '\0');
  if (!texts.fixed_length_) texts.ends_ = PackedInts(ends);
  return texts;
}

}  // namespace ashlar::delta
