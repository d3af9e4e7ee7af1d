// Paths of workspace objects: "/Users/a@b/etl". "/Workspace/x" is "/x". Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ashlar::workspace {

// The names from the root down; empty for the root itself. Errors, kInvalidParameterValue: not absolute,
// "." or "..", control characters, text that is not UTF-8, a name of more than 255 bytes.
Result<std::vector<std::string>> ParseWorkspacePath(std::string_view path);
// "/" for the root.
std::string FormatWorkspacePath(std::span<const std::string> names);

}  // namespace ashlar::workspace
