// What a shell must know of a statement before and after it has run.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ashlar::cli {

// What unqualified names stand for. Empty: the workspace's own.
struct Namespace {
  std::string catalog;
  std::string schema;
  bool operator==(const Namespace&) const = default;
};

// Where USE and SET CATALOG lead from `current`; nullopt for other statements.
std::optional<Namespace> NamespaceAfter(std::string_view statement, const Namespace& current);

// A note for statements whose effect ends with their session, which is one statement long: temporary
// views, variables, SET. Empty for others.
std::string SessionNote(std::string_view statement);

// "line 2 pos 7", "(line 2, pos 7)" and "(line 2, position 8)" in an error's message, as the byte offset
// of that place in the statement; nullopt when the message names no place inside of it.
std::optional<size_t> ErrorOffset(std::string_view message, std::string_view statement);
// The line that holds the offset, and a caret under the place.
std::string CaretLines(std::string_view statement, size_t offset);

}  // namespace ashlar::cli
