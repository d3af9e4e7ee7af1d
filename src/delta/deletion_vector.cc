#include "delta/deletion_vector.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <map>

#include "base/id.h"
#include "delta/paths.h"
#include "delta/row_bitmap.h"

namespace ashlar::delta {
namespace {

// The Delta magic in front of the bitmap, then Roaring's own cookies (RoaringFormatSpec).
constexpr uint32_t kMagic = 1681511377;
constexpr uint32_t kCookieNoRuns = 12346;
constexpr uint32_t kCookieRuns = 12347;
constexpr uint32_t kNoOffsetThreshold = 4;
constexpr size_t kBitmapWords = 1024;
constexpr size_t kArrayMax = 4096;
// Small files share one object; a reader takes its range only.
constexpr size_t kPackedFileBytes = size_t{2} << 20;

Error SizeMismatch(const std::string& what) {
  Error error = MakeSqlError("DELTA_DELETION_VECTOR_SIZE_MISMATCH", "XXKDS",
                             "Deletion vector integrity check failed: " + what + ".");
  error.code = ErrorCode::kDataLoss;
  return error;
}

// Little-endian reads that never go beyond the bytes.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  template <typename T>
  bool Take(T* value) {
    if (rest_.size() < sizeof(T)) return false;
    std::memcpy(value, rest_.data(), sizeof(T));
    rest_.remove_prefix(sizeof(T));
    return true;
  }
  bool Skip(size_t count) {
    if (rest_.size() < count) return false;
    rest_.remove_prefix(count);
    return true;
  }
  size_t left() const { return rest_.size(); }

 private:
  std::string_view rest_;
};
static_assert(std::endian::native == std::endian::little);

template <typename T>
void Append(std::string* out, T value) {
  out->append(reinterpret_cast<const char*>(&value), sizeof(T));
}

uint32_t BigEndian(std::string_view bytes) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

std::string BigEndianText(uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xFF);
  return bytes;
}

// 65,536 consecutive rows: their low 16 bits as a sorted array while few, else as a bitmap.
struct Container {
  std::vector<uint16_t> array;
  std::vector<uint64_t> bitmap;  // empty or kBitmapWords
  uint32_t count = 0;

  bool Contains(uint16_t low) const {
    if (!bitmap.empty()) return bitmap[low >> 6] >> (low & 63) & 1;
    return std::ranges::binary_search(array, low);
  }

  void UseBitmap() {
    bitmap.assign(kBitmapWords, 0);
    for (uint16_t low : array) bitmap[low >> 6] |= uint64_t{1} << (low & 63);
    array = {};
  }

  // False when it was there.
  bool Add(uint16_t low) {
    if (!bitmap.empty()) {
      uint64_t bit = uint64_t{1} << (low & 63);
      if (bitmap[low >> 6] & bit) return false;
      bitmap[low >> 6] |= bit;
      ++count;
      return true;
    }
    auto at = array.empty() || array.back() < low ? array.end() : std::ranges::lower_bound(array, low);
    if (at != array.end() && *at == low) return false;
    array.insert(at, low);
    if (++count > kArrayMax) UseBitmap();
    return true;
  }

  // Calls visit(low) for the rows in [begin, end), 0 ≤ begin ≤ end ≤ 65536.
  template <typename F>
  void ForEach(uint32_t begin, uint32_t end, F visit) const {
    if (bitmap.empty()) {
      auto it = std::ranges::lower_bound(array, begin, {}, [](uint16_t v) { return uint32_t{v}; });
      for (; it != array.end() && *it < end; ++it) visit(*it);
      return;
    }
    for (uint32_t word = begin >> 6; word < kBitmapWords && word << 6 < end; ++word) {
      uint64_t bits = bitmap[word];
      while (bits != 0) {
        uint32_t low = (word << 6) + static_cast<uint32_t>(std::countr_zero(bits));
        bits &= bits - 1;
        if (low >= begin && low < end) visit(static_cast<uint16_t>(low));
      }
    }
  }
};

bool TakeArray(Reader* reader, uint32_t cardinality, Container* container) {
  if (reader->left() < size_t{cardinality} * 2) return false;
  container->array.resize(cardinality);
  for (uint32_t i = 0; i < cardinality; ++i) {
    reader->Take(&container->array[i]);
    if (i > 0 && container->array[i] <= container->array[i - 1]) return false;
  }
  container->count = cardinality;
  return true;
}

bool TakeBitmap(Reader* reader, uint32_t cardinality, Container* container) {
  container->bitmap.resize(kBitmapWords);
  uint32_t count = 0;
  for (uint64_t& word : container->bitmap) {
    if (!reader->Take(&word)) return false;
    count += static_cast<uint32_t>(std::popcount(word));
  }
  container->count = count;
  return count == cardinality;
}

bool TakeRuns(Reader* reader, uint32_t cardinality, Container* container) {
  uint16_t runs = 0;
  if (!reader->Take(&runs)) return false;
  container->bitmap.assign(kBitmapWords, 0);
  uint32_t next = 0;
  for (uint16_t i = 0; i < runs; ++i) {
    uint16_t start = 0;
    uint16_t length_less_one = 0;
    if (!reader->Take(&start) || !reader->Take(&length_less_one)) return false;
    uint32_t end = uint32_t{start} + length_less_one + 1;
    if (start < next || end > 65536) return false;
    for (uint32_t low = start; low < end; ++low) {
      container->bitmap[low >> 6] |= uint64_t{1} << (low & 63);
    }
    container->count += end - start;
    next = end;
  }
  return container->count == cardinality;
}

using Containers32 = std::map<uint64_t, Container>;  // by row >> 16

// One 32-bit Roaring bitmap in portable form; `high` is the upper half of its rows.
bool TakeRoaring32(Reader* reader, uint32_t high, Containers32* out) {
  uint32_t cookie = 0;
  if (!reader->Take(&cookie)) return false;
  uint32_t size = 0;
  std::vector<uint8_t> run_flags;
  bool has_runs = (cookie & 0xFFFF) == kCookieRuns;
  if (has_runs) {
    size = (cookie >> 16) + 1;
    run_flags.resize((size + 7) / 8);
    for (uint8_t& flags : run_flags) {
      if (!reader->Take(&flags)) return false;
    }
  } else if (cookie != kCookieNoRuns || !reader->Take(&size)) {
    return false;
  }
  if (size > 65536 || reader->left() < size_t{size} * 4) return false;
  std::vector<std::pair<uint16_t, uint32_t>> headers(size);
  for (auto& [key, cardinality] : headers) {
    uint16_t less_one = 0;
    reader->Take(&key);
    reader->Take(&less_one);
    cardinality = uint32_t{less_one} + 1;
  }
  bool has_offsets = !has_runs || size >= kNoOffsetThreshold;
  if (has_offsets && !reader->Skip(size_t{size} * 4)) return false;
  for (uint32_t i = 0; i < size; ++i) {
    auto [key, cardinality] = headers[i];
    if (i > 0 && key <= headers[i - 1].first) return false;
    Container container;
    bool is_run = has_runs && (run_flags[i / 8] >> (i % 8) & 1) != 0;
    bool taken = is_run                     ? TakeRuns(reader, cardinality, &container)
                 : cardinality <= kArrayMax ? TakeArray(reader, cardinality, &container)
                                            : TakeBitmap(reader, cardinality, &container);
    if (!taken) return false;
    (*out)[uint64_t{high} << 16 | key] = std::move(container);
  }
  return true;
}

// The magic number and the bitmap, in portable form.
std::string SerializeContainers(const Containers32& by_key) {
  std::map<uint32_t, std::vector<std::pair<uint16_t, const Container*>>> by_high;
  for (const auto& [key, container] : by_key) {
    by_high[static_cast<uint32_t>(key >> 16)].emplace_back(static_cast<uint16_t>(key), &container);
  }
  std::string out;
  Append(&out, kMagic);
  Append(&out, static_cast<uint64_t>(by_high.size()));
  for (const auto& [high, containers] : by_high) {
    Append(&out, high);
    Append(&out, kCookieNoRuns);
    Append(&out, static_cast<uint32_t>(containers.size()));
    for (const auto& [key, container] : containers) {
      Append(&out, key);
      Append(&out, static_cast<uint16_t>(container->count - 1));
    }
    auto offset = static_cast<uint32_t>(8 + containers.size() * 8);
    for (const auto& [key, container] : containers) {
      Append(&out, offset);
      offset += container->count > kArrayMax ? kBitmapWords * 8 : container->count * 2;
    }
    for (const auto& [key, container] : containers) {
      if (container->count > kArrayMax) {
        for (uint64_t word : container->bitmap) Append(&out, word);
      } else {
        container->ForEach(0, 65536, [&](uint16_t low) { Append(&out, low); });
      }
    }
  }
  return out;
}

constexpr std::string_view kZ85Alphabet =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

// The bytes of a UUID text.
std::string UuidBytes(std::string_view uuid) {
  std::string bytes;
  auto digit = [](char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; };
  for (size_t i = 0; i + 1 < uuid.size();) {
    if (uuid[i] == '-') {
      ++i;
      continue;
    }
    bytes += static_cast<char>(digit(uuid[i]) << 4 | digit(uuid[i + 1]));
    i += 2;
  }
  return bytes;
}

std::string UuidText(std::string_view bytes) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += kHex[static_cast<unsigned char>(bytes[i]) >> 4];
    text += kHex[static_cast<unsigned char>(bytes[i]) & 15];
  }
  return text;
}

// CRC-32 of ISO 3309: reflected, polynomial 0xEDB88320.
constexpr std::array<uint32_t, 256> MakeCrcTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ (value & 1 ? 0xEDB88320u : 0u);
    table[i] = value;
  }
  return table;
}
constexpr std::array<uint32_t, 256> kCrcTable = MakeCrcTable();

uint32_t Crc32(std::string_view bytes) {
  uint32_t crc = ~0u;
  for (char c : bytes) crc = crc >> 8 ^ kCrcTable[(crc ^ static_cast<unsigned char>(c)) & 0xFF];
  return ~crc;
}

// Whether what lies at a name that nobody else makes came of a try whose answer was lost.
bool IsOwnFile(objectstore::ObjectStore& store, const std::string& path, const std::string& bytes) {
  Result<std::string> there = store.Read(path);
  return there.ok() && *there == bytes;
}

}  // namespace

struct DeletionVector::Containers {
  Containers32 by_key;
  uint64_t cardinality = 0;
};

DeletionVector::DeletionVector() : containers_(std::make_unique<Containers>()) {}
DeletionVector::~DeletionVector() = default;
DeletionVector::DeletionVector(DeletionVector&&) noexcept = default;
DeletionVector& DeletionVector::operator=(DeletionVector&&) noexcept = default;

DeletionVector DeletionVector::FromRows(std::vector<uint64_t> rows) {
  std::ranges::sort(rows);
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  DeletionVector vector;
  for (uint64_t row : rows) {
    CHECK(row >> 63 == 0) << "row position " << row;
    Container& container = vector.containers_->by_key[row >> 16];
    container.array.push_back(static_cast<uint16_t>(row));
    ++container.count;
  }
  for (auto& [key, container] : vector.containers_->by_key) {
    if (container.count > kArrayMax) container.UseBitmap();
  }
  vector.containers_->cardinality = rows.size();
  return vector;
}

Result<DeletionVector> DeletionVector::Parse(std::string_view bytes) {
  Reader reader(bytes);
  uint32_t magic = 0;
  uint64_t bitmap_count = 0;
  if (!reader.Take(&magic) || magic != kMagic) return SizeMismatch("it does not begin with the magic number");
  if (!reader.Take(&bitmap_count)) return SizeMismatch("it ends early");
  DeletionVector vector;
  int64_t last_high = -1;
  for (uint64_t i = 0; i < bitmap_count; ++i) {
    uint32_t high = 0;
    if (!reader.Take(&high)) return SizeMismatch("it ends early");
    if (int64_t{high} <= last_high || high >> 31 != 0) {
      Error error = MakeSqlError("DELTA_DELETION_VECTOR_INVALID_ROW_INDEX", "XXKDS",
                                 "Deletion vector integrity check failed: invalid row index.");
      error.code = ErrorCode::kDataLoss;
      return error;
    }
    last_high = high;
    if (!TakeRoaring32(&reader, high, &vector.containers_->by_key)) {
      return SizeMismatch("a bitmap in it is broken");
    }
  }
  if (reader.left() != 0) return SizeMismatch("bytes follow its end");
  for (const auto& [key, container] : vector.containers_->by_key) {
    vector.containers_->cardinality += container.count;
  }
  return vector;
}

std::string DeletionVector::Serialize() const { return SerializeContainers(containers_->by_key); }

struct RowBitmap::Containers {
  Containers32 by_key;
  // Where the newest row went: rows come in runs.
  Container* newest = nullptr;
  uint64_t newest_key = 0;
};

RowBitmap::RowBitmap() : containers_(std::make_unique<Containers>()) {}
RowBitmap::~RowBitmap() = default;
RowBitmap::RowBitmap(RowBitmap&&) noexcept = default;
RowBitmap& RowBitmap::operator=(RowBitmap&&) noexcept = default;

bool RowBitmap::Add(uint64_t row) {
  CHECK(row >> 63 == 0) << "row position " << row;
  if (containers_->newest == nullptr || containers_->newest_key != row >> 16) {
    containers_->newest_key = row >> 16;
    containers_->newest = &containers_->by_key[row >> 16];
  }
  return containers_->newest->Add(static_cast<uint16_t>(row));
}

DeletionVector RowBitmap::Build() const {
  auto built = DeletionVector::Parse(SerializeContainers(containers_->by_key));
  CHECK(built.ok()) << built.error().message;
  return *std::move(built);
}

bool DeletionVector::Contains(uint64_t row) const {
  auto it = containers_->by_key.find(row >> 16);
  return it != containers_->by_key.end() && it->second.Contains(static_cast<uint16_t>(row));
}

uint64_t DeletionVector::cardinality() const { return containers_->cardinality; }

void DeletionVector::ForEachInRange(uint64_t begin, uint64_t end,
                                    const std::function<void(uint64_t)>& visit) const {
  if (begin >= end) return;
  auto it = containers_->by_key.lower_bound(begin >> 16);
  for (; it != containers_->by_key.end() && it->first << 16 < end; ++it) {
    uint64_t base = it->first << 16;
    auto low = static_cast<uint32_t>(begin > base ? begin - base : 0);
    auto high = static_cast<uint32_t>(std::min<uint64_t>(end - base, 65536));
    it->second.ForEach(low, high, [&](uint16_t offset) { visit(base + offset); });
  }
}

void DeletionVector::AppendLive(uint64_t begin, uint64_t end, std::vector<uint32_t>* live) const {
  CHECK(end - begin <= UINT32_MAX);
  uint64_t next = begin;
  auto keep_until = [&](uint64_t stop) {
    for (; next < stop; ++next) live->push_back(static_cast<uint32_t>(next - begin));
  };
  ForEachInRange(begin, end, [&](uint64_t deleted) {
    keep_until(deleted);
    next = deleted + 1;
  });
  keep_until(end);
}

std::vector<uint64_t> DeletionVector::ToRows() const {
  std::vector<uint64_t> rows;
  rows.reserve(cardinality());
  ForEachInRange(0, UINT64_MAX, [&](uint64_t row) { rows.push_back(row); });
  return rows;
}

Result<std::string> DeletionVectorPath(const std::string& root, const DeletionVectorDescriptor& descriptor,
                                       std::span<const std::string> source_roots) {
  const std::string& text = descriptor.path_or_inline_dv;
  if (descriptor.storage_type == "p") return ResolveLogPath(root, text, source_roots);
  // An optional random prefix names a folder; the last 20 characters are the UUID in Z85.
  if (text.size() < 20) return SizeMismatch("'" + text + "' is too short for a UUID");
  std::optional<std::string> bytes = Z85Decode(std::string_view(text).substr(text.size() - 20));
  if (!bytes.has_value()) return SizeMismatch("'" + text + "' is not Z85");
  std::string prefix = text.substr(0, text.size() - 20);
  std::string name = (prefix.empty() ? "" : prefix + "/") + "deletion_vector_" + UuidText(*bytes) + ".bin";
  return ResolveLogPath(root, EncodeLogPath(name));
}

Result<DeletionVector> LoadDeletionVector(objectstore::ObjectStore& store, const std::string& root,
                                          const DeletionVectorDescriptor& descriptor,
                                          std::span<const std::string> source_roots) {
  auto expect = [&](Result<DeletionVector> vector) -> Result<DeletionVector> {
    if (vector.ok() && static_cast<int64_t>(vector->cardinality()) != descriptor.cardinality) {
      return SizeMismatch("it deletes " + std::to_string(vector->cardinality()) + " rows, not " +
                          std::to_string(descriptor.cardinality));
    }
    return vector;
  };
  if (descriptor.storage_type == "i") {
    std::optional<std::string> bytes = Z85Decode(descriptor.path_or_inline_dv);
    if (!bytes.has_value() || descriptor.size_in_bytes < 0 ||
        bytes->size() < static_cast<size_t>(descriptor.size_in_bytes)) {
      return SizeMismatch("the inline text is not what its descriptor says");
    }
    bytes->resize(static_cast<size_t>(descriptor.size_in_bytes));  // Z85 pads to 4 bytes
    return expect(DeletionVector::Parse(*bytes));
  }
  if (descriptor.storage_type != "u" && descriptor.storage_type != "p") {
    return SizeMismatch("unknown storage type '" + descriptor.storage_type + "'");
  }
  ASSIGN_OR_RETURN(std::string path, DeletionVectorPath(root, descriptor, source_roots));
  if (descriptor.size_in_bytes < 0) return SizeMismatch("negative size");
  auto size = static_cast<size_t>(descriptor.size_in_bytes);
  ASSIGN_OR_RETURN(std::string bytes, store.ReadRange(path, descriptor.offset.value_or(1),
                                                      static_cast<int64_t>(size) + 8));
  std::string_view view = bytes;
  if (BigEndian(view) != size) return SizeMismatch("its size field differs from its descriptor");
  std::string_view data = view.substr(4, size);
  if (BigEndian(view.substr(4 + size)) != Crc32(data)) {
    Error error = MakeSqlError("DELTA_DELETION_VECTOR_CHECKSUM_MISMATCH", "XXKDS",
                               "The deletion vector in " + path + " failed its CRC check.");
    error.code = ErrorCode::kDataLoss;
    return error;
  }
  return expect(DeletionVector::Parse(data));
}

DeletionVector UnionOf(const DeletionVector& a, const DeletionVector& b) {
  RowBitmap both;
  for (const DeletionVector* vector : {&a, &b}) {
    vector->ForEachInRange(0, UINT64_MAX, [&](uint64_t row) { both.Add(row); });
  }
  return both.Build();
}

bool HaveCommonRows(const DeletionVector& a, const DeletionVector& b) {
  bool common = false;
  a.ForEachInRange(0, UINT64_MAX, [&](uint64_t row) { common = common || b.Contains(row); });
  return common;
}

Result<std::vector<DeletionVectorDescriptor>> WriteDeletionVectors(
    objectstore::ObjectStore& store, const std::string& root, Random& random,
    const std::vector<DeletionVector>& vectors, const VectorFileCreated& created) {
  std::vector<DeletionVectorDescriptor> descriptors;
  for (size_t next = 0; next < vectors.size();) {
    std::string uuid = NewUuid(random);
    std::string file(1, '\x01');
    for (bool first = true; next < vectors.size(); ++next, first = false) {
      std::string data = vectors[next].Serialize();
      if (!first && file.size() + data.size() > kPackedFileBytes) break;
      if (file.size() + data.size() > INT32_MAX) {
        return MakeError(ErrorCode::kResourceExhausted, "A deletion vector of more than 2 GiB");
      }
      descriptors.push_back({"u", Z85Encode(UuidBytes(uuid)), static_cast<int32_t>(file.size()),
                             static_cast<int32_t>(data.size()),
                             static_cast<int64_t>(vectors[next].cardinality())});
      file += BigEndianText(static_cast<uint32_t>(data.size())) + data + BigEndianText(Crc32(data));
    }
    std::string path = objectstore::JoinPath(root, "deletion_vector_" + uuid + ".bin");
    if (created) created(path);
    ASSIGN_OR_RETURN(objectstore::PutOutcome outcome, store.PutIfAbsent(path, file));
    if (outcome != objectstore::PutOutcome::kWon && !IsOwnFile(store, path, file)) {
      return MakeError(ErrorCode::kIoError, "could not write " + path);
    }
  }
  return descriptors;
}

std::string Z85Encode(std::string_view bytes) {
  CHECK(bytes.size() % 4 == 0) << bytes.size();
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 4) {
    uint32_t value = BigEndian(bytes.substr(i, 4));
    std::array<char, 5> digits;
    for (size_t d = 5; d-- > 0; value /= 85) digits[d] = kZ85Alphabet[value % 85];
    text.append(digits.data(), digits.size());
  }
  return text;
}

std::optional<std::string> Z85Decode(std::string_view text) {
  if (text.size() % 5 != 0) return std::nullopt;
  std::string bytes;
  for (size_t i = 0; i < text.size(); i += 5) {
    uint64_t value = 0;
    for (char c : text.substr(i, 5)) {
      size_t digit = kZ85Alphabet.find(c);
      if (digit == std::string_view::npos) return std::nullopt;
      value = value * 85 + digit;
    }
    if (value > UINT32_MAX) return std::nullopt;
    bytes += BigEndianText(static_cast<uint32_t>(value));
  }
  return bytes;
}

}  // namespace ashlar::delta
