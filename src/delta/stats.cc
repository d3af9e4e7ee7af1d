#include "delta/stats.h"

#include <simdjson.h>

#include <charconv>
#include <cmath>
#include <memory>

#include "base/json.h"
#include "base/saturating.h"
#include "base/text.h"
#include "delta/partition_values.h"

namespace ashlar::delta {
namespace {

namespace ondemand = simdjson::ondemand;

constexpr size_t kStringPrefixChars = 32;
constexpr int64_t kMicrosPerMilli = 1000;
// Zone offsets of whole minutes were written for times when zones had seconds.
constexpr int64_t kExactZonesFromMicros = -2208988800LL * 1000000;  // 1900-01-01
constexpr int64_t kZoneSkewMicros = 60LL * 1000000;

enum class Bound { kMin, kMax, kAsWritten };

// A bound that holds for what writers cut off.
int64_t WidenedMicros(int64_t micros, const DataType& type, Bound bound) {
  int64_t skew = type.Is(TypeId::kTimestamp) && micros < kExactZonesFromMicros ? kZoneSkewMicros : 0;
  if (bound == Bound::kAsWritten) return micros;
  return SaturatingAdd(micros, bound == Bound::kMin ? -skew : kMicrosPerMilli + skew);
}

std::optional<Value> TimestampBound(std::string_view text, const DataType& type, Bound bound) {
  std::optional<ParsedTimestamp> parsed = ParseTimestampText(text);
  if (!parsed.has_value()) return std::nullopt;
  bool instant = type.Is(TypeId::kTimestamp);
  bool usable = instant ? parsed->has_zone : !parsed->has_zone || text.ends_with('Z');
  if (!usable) return std::nullopt;
  return Value{type, WidenedMicros(parsed->micros, type, bound)};
}

std::optional<Value> BoundFromString(std::string_view text, const DataType& type, Bound bound) {
  switch (type.id()) {
    case TypeId::kString:
      return Value{type, std::string(text)};
    case TypeId::kDate:
      return DateOfText(text, type);
    case TypeId::kTimestamp:
    case TypeId::kTimestampNtz:
      return TimestampBound(text, type, bound);
    default:
      return std::nullopt;
  }
}

std::optional<Value> BoundFromToken(std::string_view token, const DataType& type, Bound bound) {
  switch (type.id()) {
    case TypeId::kByte:
    case TypeId::kShort:
    case TypeId::kInt:
    case TypeId::kLong: {
      std::optional<int64_t> value = ParseInt64(token);
      if (!value.has_value()) return std::nullopt;
      return Value{type, *value};
    }
    case TypeId::kFloat:
    case TypeId::kDouble: {
      if (bound == Bound::kMax) return std::nullopt;
      double value = 0;
      auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), value);
      if (error != std::errc() || end != token.data() + token.size()) return std::nullopt;
      // The shortest text of a float may be beyond the float itself.
      if (type.Is(TypeId::kFloat)) value = static_cast<double>(static_cast<float>(value));
      // The file may be from before the column was widened from float.
      bool float_before = type.Is(TypeId::kDouble) && bound == Bound::kMin &&
                          std::abs(value) < std::numeric_limits<float>::max();
      if (float_before) value = std::min(value, static_cast<double>(static_cast<float>(value)));
      return Value{type, value};
    }
    case TypeId::kDecimal: {
      Result<Value> value = DecimalFromText(token);
      if (!value.ok()) return std::nullopt;
      return *std::move(value);
    }
    default:
      return std::nullopt;
  }
}

class StatsParser {
 public:
  enum class Reading { kForSkipping, kAsWritten };
  StatsParser(const std::vector<LeafColumn>& columns, Reading reading, FileStats* stats)
      : columns_(columns), reading_(reading), stats_(stats) {}

  simdjson::error_code Parse(ondemand::object root) {
    std::vector<size_t> all(columns_.size());
    for (size_t i = 0; i < all.size(); ++i) all[i] = i;
    for (auto field : root) {
      std::string_view key;
      if (auto error = field.unescaped_key().get(key)) return error;
      ondemand::value value;
      if (auto error = field.value().get(value)) return error;
      simdjson::error_code failure = simdjson::SUCCESS;
      if (key == "numRecords") {
        int64_t count = 0;
        if (value.get_int64().get(count) == simdjson::SUCCESS) stats_->num_records = count;
      } else if (key == "tightBounds") {
        bool tight = true;
        if (value.get_bool().get(tight) == simdjson::SUCCESS) stats_->tight_bounds = tight;
      } else if (key == "minValues" || key == "maxValues") {
        bound_ = key == "minValues" ? Bound::kMin : Bound::kMax;
        failure = Walk(value, 0, all, &StatsParser::TakeBound);
      } else if (key == "nullCount") {
        failure = Walk(value, 0, all, &StatsParser::TakeNullCount);
      }
      if (failure != simdjson::SUCCESS) return failure;
    }
    return simdjson::SUCCESS;
  }

 private:
  using Leaf = simdjson::error_code (StatsParser::*)(size_t, ondemand::value);

  // Descends through nested structs along the paths of `candidates`.
  simdjson::error_code Walk(ondemand::value value, size_t depth,
                            const std::vector<size_t>& candidates, Leaf leaf) {
    ondemand::object object;
    // A null group, or a leaf where a struct is expected, tells nothing.
    if (value.get_object().get(object) != simdjson::SUCCESS) return simdjson::SUCCESS;
    for (auto field : object) {
      std::string_view key;
      if (auto error = field.unescaped_key().get(key)) return error;
      std::vector<size_t> matching;
      for (size_t index : candidates) {
        const std::vector<std::string>& path = columns_[index].path;
        if (path.size() > depth && path[depth] == key) matching.push_back(index);
      }
      if (matching.empty()) continue;
      ondemand::value held;
      if (auto error = field.value().get(held)) return error;
      bool is_leaf = columns_[matching[0]].path.size() == depth + 1;
      simdjson::error_code failure =
          is_leaf ? (this->*leaf)(matching[0], held) : Walk(held, depth + 1, matching, leaf);
      if (failure != simdjson::SUCCESS) return failure;
    }
    return simdjson::SUCCESS;
  }

  simdjson::error_code TakeBound(size_t index, ondemand::value value) {
    ondemand::json_type kind;
    if (auto error = value.type().get(kind)) return error;
    const DataType& type = columns_[index].type;
    Bound bound = reading_ == Reading::kAsWritten ? Bound::kAsWritten : bound_;
    std::optional<Value> parsed;
    if (kind == ondemand::json_type::string) {
      std::string_view text;
      if (auto error = value.get_string().get(text)) return error;
      parsed = BoundFromString(text, type, bound);
    } else if (kind == ondemand::json_type::number) {
      // The token, not the number: a double would lose digits of decimals.
      parsed = BoundFromToken(Trim(value.raw_json_token()), type, bound);
    } else if (kind == ondemand::json_type::boolean && type.Is(TypeId::kBoolean)) {
      bool flag = false;
      if (auto error = value.get_bool().get(flag)) return error;
      parsed = Value::Boolean(flag);
    }
    ColumnBounds& bounds = stats_->columns[index];
    (bound_ == Bound::kMin ? bounds.min : bounds.max) = std::move(parsed);
    return simdjson::SUCCESS;
  }

  simdjson::error_code TakeNullCount(size_t index, ondemand::value value) {
    int64_t count = 0;
    if (value.get_int64().get(count) == simdjson::SUCCESS) stats_->columns[index].null_count = count;
    return simdjson::SUCCESS;
  }

  const std::vector<LeafColumn>& columns_;
  const Reading reading_;
  FileStats* stats_;
  Bound bound_ = Bound::kMin;
};

// The byte length of the first `count` characters; the whole text when it has no more.
size_t PrefixBytes(std::string_view text, size_t count) {
  size_t at = 0;
  while (at < text.size() && count > 0) {
    ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
    --count;
  }
  return at;
}

// An upper bound of every string that begins as `text` does: a prefix and a character greater than
// the one it stands for.
std::string TruncatedMax(const std::string& text) {
  constexpr std::string_view kGreatest = "\xF4\x8F\xBF\xBF";  // U+10FFFF
  size_t cut = PrefixBytes(text, kStringPrefixChars);
  while (cut < text.size()) {
    std::string_view rest = std::string_view(text).substr(cut);
    if (static_cast<unsigned char>(rest[0]) < 0x7F) return text.substr(0, cut) + "\x7F";
    std::string_view next = rest.substr(0, PrefixBytes(rest, 1));
    if (next < kGreatest) return text.substr(0, cut) + std::string(kGreatest);
    cut += next.size();
  }
  return text;
}

std::optional<std::string> DoubleText(double value, const DataType& type) {
  if (!std::isfinite(value)) return std::nullopt;
  char buffer[64];
  auto written = type.Is(TypeId::kFloat)
                     ? std::to_chars(buffer, buffer + sizeof(buffer), static_cast<float>(value))
                     : std::to_chars(buffer, buffer + sizeof(buffer), value);
  std::string text(buffer, written.ptr);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

// The JSON text of a bound; nullopt when it has none that other readers could compare.
std::optional<std::string> BoundText(const Value& value, Bound bound) {
  if (value.is_null()) return std::nullopt;
  switch (value.type.id()) {
    case TypeId::kBoolean:
      // Writers give booleans no bounds, but read ones are kept.
      if (bound != Bound::kAsWritten) return std::nullopt;
      return std::get<bool>(value.data) ? "true" : "false";
    case TypeId::kByte:
    case TypeId::kShort:
    case TypeId::kInt:
    case TypeId::kLong:
      return std::to_string(std::get<int64_t>(value.data));
    case TypeId::kFloat:
    case TypeId::kDouble:
      return DoubleText(std::get<double>(value.data), value.type);
    case TypeId::kDecimal:
      return DecimalToText(std::get<Int128>(value.data), value.type.scale());
    case TypeId::kDate:
      return "\"" + DateText(std::get<int64_t>(value.data)) + "\"";
    case TypeId::kTimestamp:
    case TypeId::kTimestampNtz: {
      std::string text = TimestampText(std::get<int64_t>(value.data));
      text.resize(text.size() - 3);  // microseconds down to milliseconds
      if (value.type.Is(TypeId::kTimestamp)) text += "Z";
      return "\"" + text + "\"";
    }
    case TypeId::kString: {
      const std::string& text = std::get<std::string>(value.data);
      if (!IsValidUtf8(text)) return std::nullopt;
      if (bound == Bound::kAsWritten) return WriteJson(Json(text));
      return WriteJson(Json(bound == Bound::kMin
                                ? text.substr(0, PrefixBytes(text, kStringPrefixChars))
                                : TruncatedMax(text)));
    }
    default:
      return std::nullopt;
  }
}

// Members of a JSON object in order of first appearance; a member is text or an object.
struct Tree {
  std::vector<std::pair<std::string, std::unique_ptr<Tree>>> members;
  std::string text;

  void Set(const std::vector<std::string>& path, std::string value) {
    Tree* at = this;
    for (const std::string& name : path) {
      Tree* next = nullptr;
      for (auto& [key, child] : at->members) {
        if (key == name) next = child.get();
      }
      if (next == nullptr) {
        next = at->members.emplace_back(name, std::make_unique<Tree>()).second.get();
      }
      at = next;
    }
    at->text = std::move(value);
  }

  void Write(std::string* out) const {
    if (!text.empty()) {
      *out += text;
      return;
    }
    *out += '{';
    for (size_t i = 0; i < members.size(); ++i) {
      if (i > 0) *out += ',';
      *out += WriteJson(Json(members[i].first)) + ":";
      members[i].second->Write(out);
    }
    *out += '}';
  }
};

struct StatsTrees {
  Tree mins, maxes, nulls;

  void Set(const std::vector<std::string>& path, std::optional<std::string> min, std::optional<std::string> max,
           std::optional<int64_t> null_count) {
    if (min) mins.Set(path, *std::move(min));
    if (max) maxes.Set(path, *std::move(max));
    if (null_count) nulls.Set(path, std::to_string(*null_count));
  }
  std::string Write(std::optional<int64_t> num_records, bool tight) const {
    Tree root;
    if (num_records) root.Set({"numRecords"}, std::to_string(*num_records));
    auto attach = [&](const char* name, const Tree& tree) {
      std::string text;
      tree.Write(&text);
      root.Set({name}, std::move(text));
    };
    attach("minValues", mins);
    attach("maxValues", maxes);
    attach("nullCount", nulls);
    if (!tight) root.Set({"tightBounds"}, "false");
    std::string text;
    root.Write(&text);
    return text;
  }
};

// Appends `,"name":{…}` for each member that is an object, as it is written: numbers keep all of their
// digits. False for text that is not JSON.
bool CopyObjects(const std::string& json, std::string* out) {
  simdjson::padded_string padded(json);
  ondemand::parser parser;
  ondemand::document document;
  ondemand::object root;
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS) return false;
  if (document.get_object().get(root) != simdjson::SUCCESS) return false;
  for (auto member : root) {
    std::string_view name, raw;
    ondemand::value value;
    ondemand::object inner;
    if (member.unescaped_key().get(name) != simdjson::SUCCESS) return false;
    std::string key = WriteJson(Json(name));
    if (member.value().get(value) != simdjson::SUCCESS) return false;
    if (value.get_object().get(inner) != simdjson::SUCCESS) continue;
    // simdjson finds where the object ends without reading what is in it.
    if (inner.raw_json().get(raw) != simdjson::SUCCESS || !ParseJson(raw).ok()) return false;
    *out += "," + key + ":" + std::string(raw);
  }
  return true;
}

FileStats ParseInto(simdjson::padded_string_view padded, ondemand::parser& parser, const std::vector<LeafColumn>& columns,
                    StatsParser::Reading reading) {
  FileStats stats;
  stats.columns.resize(columns.size());
  ondemand::document document;
  ondemand::object root;
  simdjson::error_code failure = parser.iterate(padded).get(document);
  if (failure == simdjson::SUCCESS) failure = document.get_object().get(root);
  if (failure == simdjson::SUCCESS) failure = StatsParser(columns, reading, &stats).Parse(root);
  if (failure != simdjson::SUCCESS) {
    stats = FileStats();
    stats.columns.resize(columns.size());
  }
  return stats;
}

FileStats ParseOne(std::string_view json, const std::vector<LeafColumn>& columns, StatsParser::Reading reading) {
  simdjson::padded_string padded(json);
  ondemand::parser parser;
  return ParseInto(padded, parser, columns, reading);
}

}  // namespace

FileStats ParseStats(std::string_view json, const std::vector<LeafColumn>& columns) {
  return ParseOne(json, columns, StatsParser::Reading::kForSkipping);
}

FileStats ParseStatsAsWritten(std::string_view json, const std::vector<LeafColumn>& columns) {
  return ParseOne(json, columns, StatsParser::Reading::kAsWritten);
}

int64_t MinMicrosForSkipping(int64_t micros, const DataType& type) { return WidenedMicros(micros, type, Bound::kMin); }
int64_t MaxMicrosForSkipping(int64_t micros, const DataType& type) { return WidenedMicros(micros, type, Bound::kMax); }

ColumnBounds BoundsForSkipping(ColumnBounds written) {
  auto widen = [](std::optional<Value>& value, auto widened) {
    if (!value || !(value->type.Is(TypeId::kTimestamp) || value->type.Is(TypeId::kTimestampNtz))) return;
    value->data = widened(std::get<int64_t>(value->data), value->type);
  };
  widen(written.min, MinMicrosForSkipping);
  widen(written.max, MaxMicrosForSkipping);
  if (written.max && written.max->type.IsFractional()) written.max.reset();
  return written;
}

struct StatsReader::Buffers {
  ondemand::parser parser;
  FileStats stats;
};

StatsReader::StatsReader(std::vector<LeafColumn> columns)
    : columns_(std::move(columns)), buffers_(std::make_unique<Buffers>()) {
  static_assert(kPadding >= simdjson::SIMDJSON_PADDING);
}
StatsReader::~StatsReader() = default;

const FileStats& StatsReader::Read(std::string_view text) {
  simdjson::padded_string_view padded(text.data(), text.size(), text.size() + kPadding);
  buffers_->stats = ParseInto(padded, buffers_->parser, columns_, StatsParser::Reading::kAsWritten);
  return buffers_->stats;
}

std::optional<int64_t> NumRecords(const AddFile& file) {
  if (!file.stats.has_value()) return std::nullopt;
  return ParseStats(*file.stats, {}).num_records;
}

std::optional<int64_t> LiveRows(const AddFile& file) {
  std::optional<int64_t> physical = NumRecords(file);
  if (!physical.has_value() || !file.deletion_vector.has_value()) return physical;
  return SaturatingSubtract(*physical, file.deletion_vector->cardinality);
}

std::string WideStats(const std::optional<std::string>& stats, int64_t num_records) {
  std::string bounds;
  if (stats.has_value() && !CopyObjects(*stats, &bounds)) bounds.clear();
  return "{\"numRecords\":" + std::to_string(num_records) + bounds + ",\"tightBounds\":false}";
}

std::string BuildStats(int64_t num_records, const std::vector<ColumnStats>& columns) {
  StatsTrees trees;
  for (const ColumnStats& stats : columns) {
    std::optional<std::string> min = stats.min ? BoundText(*stats.min, Bound::kMin) : std::nullopt;
    std::optional<std::string> max = stats.max ? BoundText(*stats.max, Bound::kMax) : std::nullopt;
    trees.Set(stats.column.path, std::move(min), std::move(max), stats.null_count);
  }
  return trees.Write(num_records, /*tight=*/true);
}

std::string StatsText(const FileStats& stats, const std::vector<LeafColumn>& columns) {
  StatsTrees trees;
  for (size_t i = 0; i < columns.size(); ++i) {
    const ColumnBounds& bounds = stats.columns[i];
    std::optional<std::string> min = bounds.min ? BoundText(*bounds.min, Bound::kAsWritten) : std::nullopt;
    std::optional<std::string> max = bounds.max ? BoundText(*bounds.max, Bound::kAsWritten) : std::nullopt;
    trees.Set(columns[i].path, std::move(min), std::move(max), bounds.null_count);
  }
  return trees.Write(stats.num_records, stats.tight_bounds);
}

}  // namespace ashlar::delta
