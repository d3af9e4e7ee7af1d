// Functions of JSON texts.
#include "base/json.h"
#include "base/text.h"
#include "engine/functions/kernel_binding.h"
#include "engine/functions/number_text.h"

namespace ashlar::engine {
namespace {

using Text = std::string_view;

// One step of a path: a field, an index, or all of either.
struct PathStep {
  enum class Kind { kField, kIndex, kAll } kind;
  std::string field;
  size_t index = 0;
};

// "$.a[0]['b'][*]"; nullopt for what is not a path.
std::optional<std::vector<PathStep>> ParsePath(Text path) {
  if (!path.starts_with('$')) return std::nullopt;
  std::vector<PathStep> steps;
  for (size_t i = 1; i < path.size();) {
    if (path[i] == '.') {
      size_t end = path.find_first_of(".[", i + 1);
      if (end == Text::npos) end = path.size();
      std::string name(path.substr(i + 1, end - i - 1));
      if (name.empty()) return std::nullopt;
      steps.push_back(name == "*" ? PathStep{PathStep::Kind::kAll, ""} : PathStep{PathStep::Kind::kField, name});
      i = end;
    } else if (path[i] == '[') {
      size_t end = path.find(']', i);
      if (end == Text::npos) return std::nullopt;
      Text inside = path.substr(i + 1, end - i - 1);
      if (inside == "*") {
        steps.push_back({PathStep::Kind::kAll, ""});
      } else if (inside.size() >= 2 && inside.front() == '\'' && inside.back() == '\'') {
        steps.push_back({PathStep::Kind::kField, std::string(inside.substr(1, inside.size() - 2))});
      } else {
        auto index = ParseInt64(inside);
        if (!index || *index < 0) return std::nullopt;
        steps.push_back({PathStep::Kind::kIndex, "", static_cast<size_t>(*index)});
      }
      i = end + 1;
    } else {
      return std::nullopt;
    }
  }
  return steps;
}

// What the steps from `at` on lead to.
void Walk(const Json& json, const std::vector<PathStep>& steps, size_t at, std::vector<const Json*>& found) {
  if (at == steps.size()) {
    found.push_back(&json);
    return;
  }
  const PathStep& step = steps[at];
  switch (step.kind) {
    case PathStep::Kind::kField:
      if (json.is_object()) {
        if (auto it = json.find(step.field); it != json.end()) Walk(*it, steps, at + 1, found);
      }
      break;
    case PathStep::Kind::kIndex:
      if (json.is_array() && step.index < json.size()) Walk(json[step.index], steps, at + 1, found);
      break;
    case PathStep::Kind::kAll:
      if (json.is_array()) {
        for (const Json& item : json) Walk(item, steps, at + 1, found);
      }
      break;
  }
}

std::string JsonText(const Json& json) {
  if (json.is_number_float()) return DoubleText(json.get<double>());
  return WriteJson(json);
}

std::optional<std::string> GetJsonObject(const CallSite&, Text text, Text path) {
  auto steps = ParsePath(path);
  if (!steps) return std::nullopt;
  auto json = ParseJson(text);
  if (!json.ok()) return std::nullopt;
  std::vector<const Json*> found;
  Walk(*json, *steps, 0, found);
  bool many = false;
  for (const PathStep& step : *steps) many |= step.kind == PathStep::Kind::kAll;
  if (found.empty()) return std::nullopt;
  if (found.size() == 1) {
    if (found[0]->is_null()) return std::nullopt;
    if (found[0]->is_string() && !many) return found[0]->get<std::string>();
    return JsonText(*found[0]);
  }
  std::string out = "[";
  for (size_t i = 0; i < found.size(); ++i) out += (i > 0 ? "," : "") + JsonText(*found[i]);
  return out + "]";
}

std::optional<int32_t> ArrayLength(const CallSite&, Text text) {
  auto json = ParseJson(text);
  if (!json.ok() || !json->is_array()) return std::nullopt;
  return static_cast<int32_t>(json->size());
}

std::optional<ListOf<std::string>> ObjectKeys(const CallSite&, Text text) {
  auto json = ParseJson(text);
  if (!json.ok() || !json->is_object()) return std::nullopt;
  ListOf<std::string> keys;
  for (const auto& item : json->items()) keys.push_back(item.key());
  return keys;
}

}  // namespace

void RegisterJson(Registrar& registrar) {
  registrar.Add("spark_get_json_object", "ss:s", Bind<GetJsonObject>);
  registrar.Add("spark_json_array_length", "s:i", Bind<ArrayLength>);
  registrar.Add("spark_json_object_keys", "s:Ls", Bind<ObjectKeys>);
}

}  // namespace ashlar::engine
