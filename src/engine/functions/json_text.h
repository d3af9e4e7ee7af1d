// JSON as Spark reads it (Jackson with its defaults): single quotes, NaN and infinities are taken, what
// follows the first value is ignored. Numbers keep their text.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ashlar::engine {

struct JsonNode {
  enum class Kind { kNull, kTrue, kFalse, kNumber, kString, kArray, kObject };
  Kind kind = Kind::kNull;
  std::string text;                // of a string, unescaped; of a number, as written
  std::vector<std::string> names;  // of an object's fields, in order
  std::vector<JsonNode> children;  // elements, or the fields' values

  // The last field of the name; nullptr when there is none.
  const JsonNode* Find(std::string_view name) const;
  bool Is(Kind k) const { return kind == k; }
};

struct JsonReading {
  bool unquoted_names = false;
};

// nullopt for what is not JSON, or is nested more than 1000 deep.
std::optional<JsonNode> ReadJson(std::string_view text, const JsonReading& reading = {});

// Compact; numbers as they were written.
std::string WriteJsonText(const JsonNode& node);
// "text" with its escapes.
std::string QuoteJson(std::string_view text);

}  // namespace ashlar::engine
