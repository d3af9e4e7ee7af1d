#include "sql/table_path.h"

#include <algorithm>

#include "base/text.h"

namespace ashlar::sql {
namespace {

constexpr const char* kPathFormats[] = {"delta", "parquet", "csv", "json", "text", "orc", "avro", "binaryfile"};

bool LooksLikePath(const std::string& text) { return text.find_first_of("/:") != std::string::npos; }

}  // namespace

bool NamesPath(const NameParts& name) {
  if (name.size() != 2 || !LooksLikePath(name[1])) return false;
  return std::ranges::any_of(kPathFormats, [&](const char* format) { return EqualsIgnoreCase(format, name[0]); });
}

bool NamesDeltaPath(const NameParts& name) { return NamesPath(name) && EqualsIgnoreCase(name[0], "delta"); }

NameParts DeltaPathName(std::string path) {
  return {"delta", LooksLikePath(path) ? std::move(path) : "./" + path};
}

}  // namespace ashlar::sql
