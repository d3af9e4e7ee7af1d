#include "engine/functions/variant/variant_node.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <map>
#include <numeric>

#include "base/text.h"
#include "engine/functions/datetime_text.h"
#include "engine/functions/number_text.h"
#include "engine/functions/time_zone.h"

namespace ashlar::engine {
namespace {

using Kind = VariantNode::Kind;
using Text = std::string_view;

// The type numbers of primitive values.
enum Primitive : uint8_t {
  kNullValue = 0, kTrue = 1, kFalse = 2, kInt8 = 3, kInt16 = 4, kInt32 = 5, kInt64 = 6, kDoubleValue = 7, kDecimal4 = 8,
  kDecimal8 = 9, kDecimal16 = 10, kDateValue = 11, kTimestampValue = 12, kTimestampNtzValue = 13, kFloatValue = 14,
  kBinaryValue = 15, kLongString = 16,
};
enum Basic : uint8_t { kPrimitive = 0, kShortString = 1, kObjectValue = 2, kArrayValue = 3 };

void AppendLittle(std::string& out, Int128 value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(static_cast<uint8_t>(value >> (8 * i)));
}
int BytesFor(size_t value) { return value <= 0xFF ? 1 : value <= 0xFFFF ? 2 : value <= 0xFFFFFF ? 3 : 4; }

class Encoder {
 public:
  VariantBytes Encode(const VariantNode& node) {
    CollectNames(node);
    VariantBytes out;
    out.value = Value(node);
    size_t total = 0;
    for (const auto& [name, id] : ids_) total += name.size();
    int width = BytesFor(std::max(total, ids_.size()));
    // Version 1, names in order.
    out.metadata += static_cast<char>(0x11 | ((width - 1) << 6));
    AppendLittle(out.metadata, static_cast<Int128>(ids_.size()), width);
    size_t offset = 0;
    for (const auto& [name, id] : ids_) {
      AppendLittle(out.metadata, static_cast<Int128>(offset), width);
      offset += name.size();
    }
    AppendLittle(out.metadata, static_cast<Int128>(offset), width);
    for (const auto& [name, id] : ids_) out.metadata += name;
    return out;
  }

 private:
  void CollectNames(const VariantNode& node) {
    AddNames(node);
    size_t id = 0;
    for (auto& [name, number] : ids_) number = id++;
  }
  void AddNames(const VariantNode& node) {
    for (const std::string& name : node.names) ids_.emplace(name, 0);
    for (const VariantNode& child : node.children) AddNames(child);
  }

  static std::string Header(uint8_t type) { return std::string(1, static_cast<char>(type << 2 | kPrimitive)); }

  static std::string Integer(int64_t value) {
    int bytes = value == static_cast<int8_t>(value) ? 1 : value == static_cast<int16_t>(value) ? 2 : value == static_cast<int32_t>(value) ? 4 : 8;
    std::string out = Header(bytes == 1 ? kInt8 : bytes == 2 ? kInt16 : bytes == 4 ? kInt32 : kInt64);
    AppendLittle(out, value, bytes);
    return out;
  }
  static std::string Decimal(const VariantNode& node) {
    WideInteger wide = WideInteger::From(node.unscaled);
    int bytes = wide.FitsDigits(9) ? 4 : wide.FitsDigits(18) ? 8 : 16;
    std::string out = Header(bytes == 4 ? kDecimal4 : bytes == 8 ? kDecimal8 : kDecimal16);
    out += static_cast<char>(node.scale);
    AppendLittle(out, node.unscaled, bytes);
    return out;
  }
  static std::string Fixed(uint8_t type, Int128 value, int bytes) {
    std::string out = Header(type);
    AppendLittle(out, value, bytes);
    return out;
  }
  static std::string Sized(uint8_t type, const std::string& bytes) {
    std::string out = Header(type);
    AppendLittle(out, static_cast<Int128>(bytes.size()), 4);
    return out + bytes;
  }

  std::string Value(const VariantNode& node) {
    switch (node.kind) {
      case Kind::kNull: return Header(kNullValue);
      case Kind::kBoolean: return Header(node.number ? kTrue : kFalse);
      case Kind::kLong: return Integer(node.number);
      case Kind::kDecimal: return Decimal(node);
      case Kind::kDate: return Fixed(kDateValue, node.number, 4);
      case Kind::kTimestamp: return Fixed(kTimestampValue, node.number, 8);
      case Kind::kTimestampNtz: return Fixed(kTimestampNtzValue, node.number, 8);
      case Kind::kDouble: {
        int64_t bits = 0;
        std::memcpy(&bits, &node.floating, sizeof(bits));
        return Fixed(kDoubleValue, bits, 8);
      }
      case Kind::kFloat: {
        auto narrow = static_cast<float>(node.floating);
        int32_t bits = 0;
        std::memcpy(&bits, &narrow, sizeof(bits));
        return Fixed(kFloatValue, bits, 4);
      }
      case Kind::kBinary: return Sized(kBinaryValue, node.text);
      case Kind::kString:
        if (node.text.size() >= 64) return Sized(kLongString, node.text);
        return std::string(1, static_cast<char>(node.text.size() << 2 | kShortString)) + node.text;
      case Kind::kArray:
      case Kind::kObject: return Container(node);
    }
    return {};
  }

  std::string Container(const VariantNode& node) {
    std::string values;
    std::vector<size_t> offsets = {0};
    for (const VariantNode& child : node.children) {
      values += Value(child);
      offsets.push_back(values.size());
    }
    size_t count = node.children.size();
    bool large = count > 0xFF, object = node.Is(Kind::kObject);
    int width = BytesFor(values.size()), id_width = BytesFor(ids_.empty() ? 0 : ids_.size() - 1);
    uint8_t header = static_cast<uint8_t>(width - 1);
    if (object) header |= static_cast<uint8_t>((id_width - 1) << 2 | (large ? 1 << 4 : 0));
    else header |= static_cast<uint8_t>(large ? 1 << 2 : 0);
    std::string out(1, static_cast<char>(header << 2 | (object ? kObjectValue : kArrayValue)));
    AppendLittle(out, static_cast<Int128>(count), large ? 4 : 1);
    if (object) {
      for (const std::string& name : node.names) AppendLittle(out, static_cast<Int128>(ids_.at(name)), id_width);
    }
    for (size_t offset : offsets) AppendLittle(out, static_cast<Int128>(offset), width);
    return out + values;
  }

  std::map<std::string, size_t> ids_;
};

class Decoder {
 public:
  explicit Decoder(Text metadata) : metadata_(metadata) {}

  bool Value(Text bytes, VariantNode& out, int depth) const {
    if (bytes.empty() || depth > 500) return false;
    uint8_t head = static_cast<uint8_t>(bytes[0]), header = head >> 2;
    switch (head & 3) {
      case kShortString:
        out.kind = Kind::kString;
        if (bytes.size() < 1u + header) return false;
        out.text = bytes.substr(1, header);
        return true;
      case kObjectValue: return Container(bytes, out, (header & 3) + 1, ((header >> 2) & 3) + 1, header >> 4 & 1, depth);
      case kArrayValue: return Container(bytes, out, (header & 3) + 1, 0, header >> 2 & 1, depth);
    }
    return PrimitiveValue(header, bytes.substr(1), out);
  }

 private:
  static std::optional<uint64_t> Little(Text bytes, size_t at, int width) {
    if (at + static_cast<size_t>(width) > bytes.size()) return std::nullopt;
    uint64_t value = 0;
    for (int i = 0; i < width; ++i) value |= static_cast<uint64_t>(static_cast<uint8_t>(bytes[at + static_cast<size_t>(i)])) << (8 * i);
    return value;
  }
  static std::optional<Int128> Signed(Text bytes, size_t at, int width) {
    if (at + static_cast<size_t>(width) > bytes.size()) return std::nullopt;
    UInt128 value = 0;
    for (int i = 0; i < width; ++i) value |= static_cast<UInt128>(static_cast<uint8_t>(bytes[at + static_cast<size_t>(i)])) << (8 * i);
    int spare = 128 - 8 * width;
    return static_cast<Int128>(value << spare) >> spare;
  }

  bool PrimitiveValue(uint8_t type, Text bytes, VariantNode& out) const {
    auto number = [&](Kind kind, int width) {
      auto value = Signed(bytes, 0, width);
      out.kind = kind;
      if (value) out.number = static_cast<int64_t>(*value);
      return value.has_value();
    };
    switch (type) {
      case kNullValue: return true;
      case kTrue:
      case kFalse:
        out.kind = Kind::kBoolean;
        out.number = type == kTrue;
        return true;
      case kInt8: return number(Kind::kLong, 1);
      case kInt16: return number(Kind::kLong, 2);
      case kInt32: return number(Kind::kLong, 4);
      case kInt64: return number(Kind::kLong, 8);
      case kDateValue: return number(Kind::kDate, 4);
      case kTimestampValue: return number(Kind::kTimestamp, 8);
      case kTimestampNtzValue: return number(Kind::kTimestampNtz, 8);
      case kDoubleValue:
        if (!number(Kind::kDouble, 8)) return false;
        std::memcpy(&out.floating, &out.number, sizeof(double));
        return true;
      case kFloatValue: {
        if (!number(Kind::kFloat, 4)) return false;
        auto bits = static_cast<int32_t>(out.number);
        float narrow = 0;
        std::memcpy(&narrow, &bits, sizeof(narrow));
        out.floating = narrow;
        return true;
      }
      case kDecimal4:
      case kDecimal8:
      case kDecimal16: {
        auto value = Signed(bytes, 1, type == kDecimal4 ? 4 : type == kDecimal8 ? 8 : 16);
        if (!value) return false;
        out.kind = Kind::kDecimal;
        out.scale = static_cast<uint8_t>(bytes[0]);
        out.unscaled = *value;
        return out.scale <= 38;
      }
      case kBinaryValue:
      case kLongString: {
        auto size = Little(bytes, 0, 4);
        if (!size || bytes.size() < 4 + *size) return false;
        out.kind = type == kBinaryValue ? Kind::kBinary : Kind::kString;
        out.text = bytes.substr(4, *size);
        return true;
      }
    }
    return false;
  }

  std::optional<std::string> Name(uint64_t id) const {
    if (metadata_.empty()) return std::nullopt;
    int width = (static_cast<uint8_t>(metadata_[0]) >> 6) + 1;
    auto count = Little(metadata_, 1, width);
    if (!count || id >= *count) return std::nullopt;
    size_t table = 1 + static_cast<size_t>(width), step = static_cast<size_t>(width);
    auto from = Little(metadata_, table + id * step, width), to = Little(metadata_, table + (id + 1) * step, width);
    size_t strings = table + (*count + 1) * step;
    if (!from || !to || *from > *to || strings + *to > metadata_.size()) return std::nullopt;
    return std::string(metadata_.substr(strings + *from, *to - *from));
  }

  // An object has ids of `id_width` bytes; an array none.
  bool Container(Text bytes, VariantNode& out, int width, int id_width, bool large, int depth) const {
    out.kind = id_width > 0 ? Kind::kObject : Kind::kArray;
    auto count = Little(bytes, 1, large ? 4 : 1);
    if (!count || *count > bytes.size()) return false;
    size_t ids = large ? 5 : 2, offsets = ids + *count * static_cast<size_t>(id_width);
    size_t values = offsets + (*count + 1) * static_cast<size_t>(width);
    if (values > bytes.size()) return false;
    for (uint64_t i = 0; i < *count; ++i) {
      auto offset = Little(bytes, offsets + i * static_cast<size_t>(width), width);
      if (!offset || values + *offset >= bytes.size()) return false;
      if (id_width > 0) {
        auto id = Little(bytes, ids + i * static_cast<size_t>(id_width), id_width);
        auto name = id ? Name(*id) : std::nullopt;
        if (!name) return false;
        out.names.push_back(*std::move(name));
      }
      if (!Value(bytes.substr(values + *offset), out.children.emplace_back(), depth + 1)) return false;
    }
    return true;
  }

  Text metadata_;
};

// Whole numbers that fit are integers; other plain ones decimals of up to 38 digits; the rest doubles.
VariantNode NumberFromJson(const std::string& text) {
  VariantNode out;
  bool plain = text.find_first_of("eE") == std::string::npos;
  if (plain && text.find('.') == std::string::npos) {
    if (auto value = ParseInt64(text)) {
      out.kind = Kind::kLong;
      out.number = *value;
      return out;
    }
  }
  auto decimal = plain ? ParseDecimal(text) : std::nullopt;
  if (decimal && !decimal->too_large && decimal->scale <= 38 && decimal->unscaled.FitsDigits(38)) {
    out.kind = Kind::kDecimal;
    out.unscaled = *decimal->unscaled.ToInt128();
    out.scale = decimal->scale;
    return out;
  }
  out.kind = Kind::kDouble;
  out.floating = ParseDouble(text).value_or(0);
  return out;
}

// JSON has no numbers for them.
std::string JsonFraction(std::string text, double value) { return std::isfinite(value) ? text : "\"" + text + "\""; }

// "+02:00"
std::string OffsetText(int64_t seconds) {
  int64_t minutes = std::abs(seconds) / 60;
  auto two = [](int64_t n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  return (seconds < 0 && minutes > 0 ? "-" : "+") + two(minutes / 60) + ":" + two(minutes % 60);
}

}  // namespace

VariantBytes EncodeVariant(const VariantNode& node) { return Encoder().Encode(node); }

std::optional<VariantNode> DecodeVariant(std::string_view value, std::string_view metadata) {
  VariantNode out;
  if (!Decoder(metadata).Value(value, out, 0)) return std::nullopt;
  return out;
}

bool SortFields(VariantNode& object) {
  std::vector<size_t> order(object.names.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::sort(order, [&](size_t a, size_t b) { return object.names[a] < object.names[b]; });
  VariantNode sorted;
  for (size_t at : order) {
    sorted.names.push_back(std::move(object.names[at]));
    sorted.children.push_back(std::move(object.children[at]));
  }
  object.names = std::move(sorted.names);
  object.children = std::move(sorted.children);
  return std::ranges::adjacent_find(object.names) == object.names.end();
}

std::optional<VariantNode> VariantFromJson(const JsonNode& json) {
  VariantNode out;
  switch (json.kind) {
    case JsonNode::Kind::kNull: return out;
    case JsonNode::Kind::kTrue:
    case JsonNode::Kind::kFalse:
      out.kind = Kind::kBoolean;
      out.number = json.Is(JsonNode::Kind::kTrue);
      return out;
    case JsonNode::Kind::kNumber: return NumberFromJson(json.text);
    case JsonNode::Kind::kString:
      out.kind = Kind::kString;
      out.text = json.text;
      return out;
    case JsonNode::Kind::kArray:
    case JsonNode::Kind::kObject: break;
  }
  out.kind = json.Is(JsonNode::Kind::kObject) ? Kind::kObject : Kind::kArray;
  out.names = json.names;
  for (const JsonNode& child : json.children) {
    auto made = VariantFromJson(child);
    if (!made) return std::nullopt;
    out.children.push_back(*std::move(made));
  }
  if (out.Is(Kind::kObject) && !SortFields(out)) return std::nullopt;
  return out;
}

std::string VariantJson(const VariantNode& node, const TimeZone& zone) {
  switch (node.kind) {
    case Kind::kNull: return "null";
    case Kind::kBoolean: return node.number ? "true" : "false";
    case Kind::kLong: return std::to_string(node.number);
    case Kind::kDouble: return JsonFraction(DoubleText(node.floating), node.floating);
    case Kind::kFloat: return JsonFraction(FloatText(static_cast<float>(node.floating)), node.floating);
    case Kind::kDecimal: return StrippedText(WideInteger::From(node.unscaled), node.scale);
    case Kind::kDate: return "\"" + DateText(node.number) + "\"";
    case Kind::kTimestamp:
      return "\"" + TimestampText(zone.ToLocal(node.number)) + OffsetText(zone.OffsetSeconds(node.number)) + "\"";
    case Kind::kTimestampNtz: return "\"" + TimestampText(node.number) + "\"";
    case Kind::kString: return QuoteJson(node.text);
    case Kind::kBinary: return QuoteJson(Base64Encode(node.text));
    case Kind::kArray:
    case Kind::kObject: break;
  }
  bool object = node.Is(Kind::kObject);
  std::string out(1, object ? '{' : '[');
  for (size_t i = 0; i < node.children.size(); ++i) {
    if (i > 0) out += ",";
    if (object) out += QuoteJson(node.names[i]) + ":";
    out += VariantJson(node.children[i], zone);
  }
  return out + (object ? '}' : ']');
}

}  // namespace ashlar::engine
