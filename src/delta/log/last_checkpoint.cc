#include "delta/log/last_checkpoint.h"

#include <algorithm>
#include <vector>

#include "base/json.h"
#include "base/text.h"
#include "delta/log/file_name.h"
#include "delta/log/md5.h"

namespace ashlar::delta {
namespace {

// A string as the canonical form has it: percent-encoded but for RFC 3986's unreserved characters, quoted.
std::string Quoted(std::string_view text) {
  constexpr std::string_view kUnreserved =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out = "\"";
  for (unsigned char c : text) {
    if (kUnreserved.find(static_cast<char>(c)) != std::string_view::npos) {
      out += static_cast<char>(c);
    } else {
      out += {'%', kDigits[c >> 4], kDigits[c & 15]};
    }
  }
  return out + "\"";
}

void Flatten(const Json& value, const std::string& path, std::vector<std::string>* out) {
  std::string prefix = path.empty() ? "" : path + "+";
  if (value.is_object()) {
    for (const auto& [key, member] : value.items()) Flatten(member, prefix + Quoted(key), out);
  } else if (value.is_array()) {
    for (size_t i = 0; i < value.size(); ++i) Flatten(value[i], prefix + std::to_string(i), out);
  } else {
    out->push_back(path + "=" + (value.is_string() ? Quoted(value.get<std::string>()) : WriteJson(value)));
  }
}

std::string HintPath(const TableLocation& table) {
  return objectstore::JoinPath(LogDirectory(table.root), kLastCheckpointName);
}

}  // namespace

std::optional<std::string> CanonicalJsonChecksum(std::string_view json) {
  Result<Json> parsed = ParseJson(json);
  if (!parsed.ok() || !parsed->is_object()) return std::nullopt;
  parsed->erase("checksum");
  std::vector<std::string> lines;
  Flatten(*parsed, "", &lines);
  std::ranges::sort(lines);
  return Md5Hex(Join(lines, ","));
}

std::string LastCheckpointText(const LastCheckpoint& checkpoint) {
  Json hint;
  hint["version"] = checkpoint.version;
  hint["size"] = checkpoint.size;
  hint["sizeInBytes"] = checkpoint.size_in_bytes;
  hint["numOfAddFiles"] = checkpoint.add_file_count;
  if (checkpoint.v2_name.has_value()) {
    Json& file = hint["v2Checkpoint"];
    file["path"] = *checkpoint.v2_name;
    file["sizeInBytes"] = checkpoint.v2_size_in_bytes;
    file["modificationTime"] = checkpoint.v2_modified_ms;
  }
  hint["checksum"] = *CanonicalJsonChecksum(WriteJson(hint));
  return WriteJson(hint);
}

std::optional<int64_t> ReadCheckpointHint(const TableLocation& table) {
  Result<std::string> text = table.store->Read(HintPath(table));
  if (!text.ok()) return std::nullopt;
  Result<Json> json = ParseJson(*text);
  if (!json.ok() || !json->is_object() || !json->contains("version")) return std::nullopt;
  if (json->contains("checksum") && (*json)["checksum"] != Json(*CanonicalJsonChecksum(*text))) {
    return std::nullopt;
  }
  const Json& version = (*json)["version"];
  if (!version.is_number_integer() || version.get<int64_t>() < 0) return std::nullopt;
  return version.get<int64_t>();
}

Status AdvanceCheckpointHint(const TableLocation& table, const LastCheckpoint& checkpoint) {
  if (ReadCheckpointHint(table).value_or(-1) >= checkpoint.version) return OkStatus();
  return table.store->PutOverwrite(HintPath(table), LastCheckpointText(checkpoint));
}

}  // namespace ashlar::delta
