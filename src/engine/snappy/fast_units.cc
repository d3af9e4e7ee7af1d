// A unit is an optional literal and the copy behind it: columns of numbers are such pairs of a few bytes each. Two things
// bound the speed: the chain from where a unit begins to where the next one does, and branches that are guessed wrong.
// So units are read by tables and bit fields, and short literals and copies are written whole words at a time whatever
// their length: what is too much is overwritten by the next unit.
#include "engine/snappy/fast_units.h"

#include <immintrin.h>

#include <algorithm>
#include <array>

namespace ashlar::engine {
namespace {

constexpr size_t kShortLiteral = 4;     // behind it the copy's tag is still in the unit's first eight bytes
constexpr size_t kLongestLiteral = 60;  // of a unit: its length stands in its tag
constexpr size_t kLongestCopy = 64;
// A copy from nearer reads bytes that the processor is still writing, and waits for them.
constexpr size_t kNear = 16;
// A unit reads and writes less than this, all that is too much included.
constexpr size_t kUnitReach = 128;

// What a unit's first byte says.
struct Lead {
  uint16_t size_bit;  // OneBit of the first eight bytes: 1 where the copy takes three bytes, 0 where it takes two
  uint8_t skip;       // bytes before the copy's tag
  uint8_t literal;    // of them the literal; more than kLongestLiteral: no such unit
};

// What bextr calls one bit.
constexpr uint16_t OneBit(size_t bit) { return static_cast<uint16_t>(1 << 8 | bit); }

alignas(64) constexpr std::array<Lead, 256> kLeads = [] {
  std::array<Lead, 256> leads{};
  for (size_t tag = 0; tag < 256; ++tag) {
    size_t literal = (tag & 3) == 0 ? (tag >> 2) + 1 : 0;
    size_t skip = literal > 0 ? literal + 1 : 0;
    size_t size_bit = literal <= kShortLiteral ? 8 * skip + 1 : 0;
    leads[tag] = {OneBit(size_bit), static_cast<uint8_t>(skip), static_cast<uint8_t>(literal)};
  }
  return leads;
}();

// What a copy's tag says. Its offset: the masked bytes behind it and `offset_high`.
struct CopyTag {
  uint32_t offset_mask;
  uint16_t offset_high;
  uint8_t plain_from;  // offsets below it need a second look: the copy is near, or overlaps itself
  uint8_t length;
};

// Literals, and copies with offsets of four bytes, get the offset 0, which is none.
alignas(64) constexpr std::array<CopyTag, 256> kCopyTags = [] {
  std::array<CopyTag, 256> tags{};
  for (size_t tag = 0; tag < 256; ++tag) {
    size_t length = (tag >> 2) + 1;
    if ((tag & 3) == 1) {
      tags[tag] = {0xff, static_cast<uint16_t>(tag >> 5 << 8), kNear + 1, static_cast<uint8_t>(4 + (tag >> 2 & 7))};
    } else if ((tag & 3) == 2) {
      tags[tag] = {0xffff, 0, static_cast<uint8_t>(std::max(length, kNear + 1)), static_cast<uint8_t>(length)};
    } else {
      tags[tag] = {0, 0, 1, kLongestCopy};
    }
  }
  return tags;
}();

struct Unit {
  size_t literal;
  const uint8_t* copy;  // its tag
  const uint8_t* next;
  size_t offset, length, plain_from;  // of the copy
};

template <typename Number>
Number Load(const uint8_t* from) {
  Number number;
  memcpy(&number, from, sizeof(number));
  return number;
}

inline void Copy8(uint8_t* to, const uint8_t* from) { memcpy(to, from, 8); }
inline __m128i Load16(const uint8_t* from) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from)); }
inline void Store16(uint8_t* to, __m128i bytes) { _mm_storeu_si128(reinterpret_cast<__m128i*>(to), bytes); }
// The two may overlap: all is read before any is written.
inline void Copy16(uint8_t* to, const uint8_t* from) { Store16(to, Load16(from)); }
// The later ones of 64 bytes, the first 16 of which were copied.
inline void CopyRestOf64(uint8_t* to, const uint8_t* from) {
  for (size_t i = 16; i < 64; i += 16) Copy16(to + i, from + i);
}

// The sum, with `late` added last because it is known last. Left to itself the compiler adds it first, which lengthens the
// chain: a sixth of the speed.
inline const uint8_t* AddLast(const uint8_t* pointer, size_t late) {
  asm("" : "+r"(pointer));
  return pointer + late;
}

// Which way units are told apart.
enum class Mix {
  kSteady,  // by a branch: nearly all of them have a literal, or nearly none
  kRandom,  // by a table: slower than a branch that is guessed right, faster than one that is not
};

template <Mix mix>
[[gnu::target("avx,bmi"), gnu::always_inline]] inline Unit ReadUnit(const uint8_t* in) {
  Unit unit;
  size_t tag = *in;
  if (mix == Mix::kRandom) {
    const Lead& lead = kLeads[tag];
    unit.literal = lead.literal;
    unit.copy = in + lead.skip;
    unit.next = AddLast(in + 2 + __bextr_u64(Load<uint64_t>(in), lead.size_bit), lead.skip);
  } else if ((tag & 3) == 0) {
    // As in kLeads, without the wait for it: the tag is four for each byte of the literal but the first.
    unit.literal = (tag >> 2) + 1;
    unit.copy = in + 1 + unit.literal;
    unit.next = AddLast(in + 3 + unit.literal, __bextr_u64(Load<uint64_t>(in), OneBit(17) + 2 * tag));
  } else {
    unit.literal = 0;
    unit.copy = in;
    unit.next = in + 2 + (tag >> 1 & 1);
  }
  const CopyTag& copy = kCopyTags[*unit.copy];
  unit.offset = (Load<uint16_t>(unit.copy + 1) & copy.offset_mask) + copy.offset_high;
  unit.length = copy.length;
  unit.plain_from = copy.plain_from;
  return unit;
}

// How many units there is surely room for.
size_t Room(const SnappyBlock& block) {
  return std::min(block.InLeft(), block.OutLeft()) / kUnitReach;
}

struct Counts {
  size_t units = 0, literals = 0;
};

// Copies up to `room` units. Stops before what is no unit, or not valid, or overlaps itself, and before the second of two near
// copies: what comes next in this file is for those.
template <Mix mix>
[[gnu::target("avx,bmi")]] Counts CopyUnits(SnappyBlock& block, size_t room) {
  const uint8_t* in = block.in;
  uint8_t* out = block.out;
  size_t left = room, literals = 0, last_near = 0;
  for (; left > 0; --left) {
    Unit unit = ReadUnit<mix>(in);
    if (unit.literal > kShortLiteral) [[unlikely]] {
      if (unit.literal > kLongestLiteral) break;
      Copy16(out, in + 1);
      if (unit.literal > 16) CopyRestOf64(out, in + 1);
      unit.next = unit.copy + 2 + (*unit.copy >> 1 & 1);
    } else if (mix == Mix::kRandom || unit.literal > 0) {
      Copy8(out, in + 1);
    }
    uint8_t* to = out + unit.literal;
    // A near copy waits, which matters only where the next one waits for it in turn.
    if (unit.offset < unit.plain_from) [[unlikely]] {
      if (unit.offset < unit.length || last_near == left + 1) break;
      last_near = left;
    }
    if (unit.offset > static_cast<size_t>(to - block.out_begin)) [[unlikely]] break;
    Copy16(to, to - unit.offset);
    if (unit.length > 16) [[unlikely]] CopyRestOf64(to, to - unit.offset);
    literals += unit.literal > 0 ? 1 : 0;
    in = unit.next;
    out = to + unit.length;
  }
  block.in = in;
  block.out = out;
  return {room - left, literals};
}

// For pshufb: sixteen of them from [16 + n] move bytes down by n, from [n] up by 16 - n; zeros fill the rest. In one cache
// line, as a load across two is slow.
alignas(64) constexpr std::array<uint8_t, 48> kShifts = [] {
  std::array<uint8_t, 48> shifts{};
  shifts.fill(0x80);  // a zero
  for (size_t i = 0; i < 16; ++i) shifts[16 + i] = static_cast<uint8_t>(i);
  return shifts;
}();

// [offset] repeats the last `offset` of sixteen bytes.
alignas(64) constexpr auto kRepeats = [] {
  std::array<std::array<uint8_t, 16>, kNear + 1> repeats{};
  for (size_t offset = 1; offset <= kNear; ++offset) {
    for (size_t i = 0; i < 16; ++i) repeats[offset][i] = static_cast<uint8_t>(16 - offset + i % offset);
  }
  return repeats;
}();

// [offset]: the most bytes of sixteen that are a multiple of it.
constexpr auto kWholeRepeats = [] {
  std::array<uint8_t, kNear> bytes{};
  for (size_t offset = 1; offset < kNear; ++offset) bytes[offset] = static_cast<uint8_t>(16 - 16 % offset);
  return bytes;
}();

// The last sixteen bytes of `last` and the first `length` (up to 16) of `more`.
[[gnu::target("avx,bmi"), gnu::always_inline]] inline __m128i LastOf(__m128i last, __m128i more, size_t length) {
  return _mm_or_si128(_mm_shuffle_epi8(last, Load16(&kShifts[16 + length])), _mm_shuffle_epi8(more, Load16(&kShifts[length])));
}

// Copies units for as long as they are short and near: numbers that count up. The last sixteen bytes stay in a register,
// so that nothing waits for memory. False: there was none.
[[gnu::target("avx,bmi")]] bool CopyNearUnits(SnappyBlock& block) {
  if (block.Written() < kNear) return false;
  const uint8_t* in = block.in;
  uint8_t* out = block.out;
  __m128i last = Load16(out - 16);
  for (size_t left = Room(block); left > 0; --left) {
    Unit unit = ReadUnit<Mix::kSteady>(in);
    if (unit.literal > kShortLiteral || unit.offset - 1 >= kNear || unit.length > 16) break;
    __m128i literal = Load16(in + 1);
    Store16(out, literal);
    last = LastOf(last, literal, unit.literal);
    out += unit.literal;
    __m128i copied = _mm_shuffle_epi8(last, Load16(kRepeats[unit.offset].data()));
    Store16(out, copied);
    last = LastOf(last, copied, unit.length);
    out += unit.length;
    in = unit.next;
  }
  bool some = out != block.out;
  block.in = in;
  block.out = out;
  return some;
}

// Copies units for as long as they are what the first one is but for the literal, where each unit is the eight bytes before it
// with another beginning: bigints and timestamps that count up. No unit waits for the one before. False: there was none.
[[gnu::target("avx,bmi")]] bool CopyCountingUnits(SnappyBlock& block) {
  constexpr size_t kValue = sizeof(uint64_t);
  size_t left = Room(block);
  if (left == 0 || block.Written() < kValue) return false;
  const Unit unit = ReadUnit<Mix::kSteady>(block.in);
  if (unit.literal == 0 || unit.literal > kShortLiteral) return false;
  if (unit.offset != kValue || unit.literal + unit.length != kValue) return false;
  const auto size = static_cast<size_t>(unit.next - block.in);  // up to eight
  const uint64_t changed = (uint64_t{1} << 8 * unit.literal) - 1;
  const uint64_t fixed = ~uint64_t{0} >> 8 * (kValue - size) & ~(changed << 8);
  const uint64_t first = Load<uint64_t>(block.in) & fixed;
  uint64_t value = Load<uint64_t>(block.out - kValue);
  for (; left > 0; --left) {
    uint64_t bytes = Load<uint64_t>(block.in);
    if ((bytes & fixed) != first) break;
    value = (value & ~changed) | (bytes >> 8 & changed);
    memcpy(block.out, &value, kValue);
    block.in += size;
    block.out += kValue;
  }
  return true;
}

// Of any offset and length; there must be room for a unit.
[[gnu::target("avx,bmi")]] void CopyWidely(SnappyBlock& block, SnappyElement copy) {
  uint8_t* out = block.out;
  if (copy.offset >= 16) {
    for (size_t i = 0; i < copy.length; i += 16) Copy16(out + i, out + i - copy.offset);
  } else if (block.Written() >= 16) {
    __m128i repeated = _mm_shuffle_epi8(Load16(out - 16), Load16(kRepeats[copy.offset].data()));
    size_t step = kWholeRepeats[copy.offset];
    for (size_t i = 0; i < copy.length; i += step) Store16(out + i, repeated);
  } else {
    WriteSnappyCopy(block, copy);
    return;
  }
  block.out += copy.length;
}

// Any element; there must be room for a unit.
bool CopyElement(SnappyBlock& block) {
  std::optional<SnappyElement> element = ReadSnappyElement(block);
  if (!element.has_value()) return false;
  if (element->offset == 0) {
    WriteSnappyLiteral(block, element->length);
  } else {
    CopyWidely(block, *element);
  }
  return true;
}

// What the last units were like is what the next ones are taken for.
class MixGuess {
 public:
  Mix mix() const { return mix_; }
  size_t units_left() const { return kUnits - seen_.units; }

  void Saw(Counts counts) {
    seen_.units += counts.units;
    seen_.literals += counts.literals;
    if (seen_.units < kUnits) return;
    bool steady = seen_.literals <= kUnits / 8 || seen_.literals >= kUnits - kUnits / 8;
    mix_ = steady ? Mix::kSteady : Mix::kRandom;
    seen_ = {};
  }

 private:
  static constexpr size_t kUnits = 128;
  Mix mix_ = Mix::kSteady;
  Counts seen_;
};

}  // namespace

bool HaveFastSnappyUnits() { return __builtin_cpu_supports("avx") && __builtin_cpu_supports("bmi"); }

bool UnpackFastSnappyUnits(SnappyBlock& block) {
  MixGuess guess;
  while (size_t room = std::min(Room(block), guess.units_left())) {
    Counts copied =
        guess.mix() == Mix::kSteady ? CopyUnits<Mix::kSteady>(block, room) : CopyUnits<Mix::kRandom>(block, room);
    guess.Saw(copied);
    if (copied.units == room || CopyCountingUnits(block) || CopyNearUnits(block)) continue;
    if (!CopyElement(block)) return false;
  }
  return true;
}

}  // namespace ashlar::engine
