#include "identity/scim/scim_patch.h"

#include <optional>

#include "base/json.h"
#include "base/text.h"
#include "identity/scim/scim_filter.h"

namespace ashlar::identity {
namespace {

enum class Op { kAdd, kRemove, kReplace };

// "attribute[filter].sub"
struct Path {
  std::string attribute;
  std::optional<ScimFilter> filter;
  std::string sub;
};

Error Wrong(const std::string& what) {
  return MakeError(ErrorCode::kInvalidParameterValue, "Invalid patch: " + what);
}

Result<Path> ParsePath(std::string_view text) {
  Path path;
  if (ToLowerAscii(text.substr(0, 4)) == "urn:") {
    size_t bracket = text.find('[');
    size_t colon = text.substr(0, bracket).rfind(':');
    text.remove_prefix(colon + 1);
  }
  size_t bracket = text.find('[');
  if (bracket != std::string_view::npos) {
    size_t end = text.rfind(']');
    if (end == std::string_view::npos || end < bracket) return Wrong("path " + std::string(text));
    ASSIGN_OR_RETURN(path.filter, ScimFilter::Parse(text.substr(bracket + 1, end - bracket - 1)));
    path.attribute = text.substr(0, bracket);
    std::string_view rest = text.substr(end + 1);
    if (rest.starts_with('.')) path.sub = rest.substr(1);
  } else {
    size_t dot = text.find('.');
    path.attribute = text.substr(0, dot);
    if (dot != std::string_view::npos) path.sub = text.substr(dot + 1);
  }
  if (path.attribute.empty()) return Wrong("path " + std::string(text));
  return path;
}

// The member as it is spelled already, or by this name.
Json& Member(Json& object, const std::string& name) {
  for (auto member = object.begin(); member != object.end(); ++member) {
    if (EqualsIgnoreCase(member.key(), name)) return member.value();
  }
  return object[name];
}

void EraseMember(Json& object, const std::string& name) {
  for (auto member = object.begin(); member != object.end(); ++member) {
    if (EqualsIgnoreCase(member.key(), name)) {
      object.erase(member);
      return;
    }
  }
}

bool SameValue(const Json& a, const Json& b) {
  const Json* left = FindAttribute(a, "value");
  const Json* right = FindAttribute(b, "value");
  return left != nullptr && right != nullptr ? *left == *right : a == b;
}

void AppendDistinct(Json& array, const Json& value) {
  if (!array.is_array()) array = Json::array();
  if (value.is_array()) {
    for (const Json& element : value) AppendDistinct(array, element);
    return;
  }
  for (const Json& element : array) {
    if (SameValue(element, value)) return;
  }
  array.push_back(value);
}

// Removes from an array what `remove` says.
template <typename Predicate>
void EraseElements(Json& array, Predicate remove) {
  Json kept = Json::array();
  for (const Json& element : array) {
    if (!remove(element)) kept.push_back(element);
  }
  array = std::move(kept);
}

Json Normalised(const std::string& attribute, const Json& value) {
  if (EqualsIgnoreCase(attribute, "active") && value.is_string()) {
    return Json(EqualsIgnoreCase(value.get<std::string>(), "true"));
  }
  return value;
}

void SetWhole(Json& resource, Op op, const std::string& attribute, const Json& value) {
  Json& member = Member(resource, attribute);
  if (op == Op::kAdd && (member.is_array() || value.is_array())) {
    AppendDistinct(member, value);
  } else {
    member = Normalised(attribute, value);
  }
}

Status ApplyToMatching(Json& resource, Op op, const Path& path, const Json& value) {
  Json& array = Member(resource, path.attribute);
  if (!array.is_array()) array = Json::array();
  if (op == Op::kRemove && path.sub.empty()) {
    EraseElements(array, [&](const Json& element) { return path.filter->Matches(element); });
    return OkStatus();
  }
  bool matched = false;
  for (Json& element : array) {
    if (!path.filter->Matches(element)) continue;
    matched = true;
    if (op == Op::kRemove) {
      EraseMember(element, path.sub);
    } else if (!path.sub.empty()) {
      Member(element, path.sub) = value;
    } else if (value.is_object()) {
      for (const auto& [key, member] : value.items()) Member(element, key) = member;
    } else {
      return Wrong("a value for " + path.attribute + " must be an object");
    }
  }
  if (!matched && op == Op::kReplace) return Wrong("no element of " + path.attribute + " matches");
  return OkStatus();
}

Status Remove(Json& resource, const Path& path, const Json& value) {
  if (!path.sub.empty()) {
    EraseMember(Member(resource, path.attribute), path.sub);
    return OkStatus();
  }
  Json& member = Member(resource, path.attribute);
  if (value.is_array() && member.is_array()) {
    EraseElements(member, [&](const Json& element) {
      for (const Json& unwanted : value) {
        if (SameValue(element, unwanted)) return true;
      }
      return false;
    });
    return OkStatus();
  }
  EraseMember(resource, path.attribute);
  return OkStatus();
}

Result<Op> ParseOp(const std::string& text) {
  std::string op = ToLowerAscii(text);
  if (op == "add") return Op::kAdd;
  if (op == "remove") return Op::kRemove;
  if (op == "replace") return Op::kReplace;
  return Wrong("operation '" + text + "'");
}

}  // namespace

Status ApplyScimPatch(Json& resource, const std::string& op_text, const std::string& path_text,
                      const Json& value) {
  ASSIGN_OR_RETURN(Op op, ParseOp(op_text));
  if (path_text.empty()) {
    if (op == Op::kRemove) return Wrong("remove needs a path");
    if (!value.is_object()) return Wrong("a value without a path must be an object");
    for (const auto& [key, member] : value.items()) {
      RETURN_IF_ERROR(ApplyScimPatch(resource, op_text, key, member));
    }
    return OkStatus();
  }
  ASSIGN_OR_RETURN(Path path, ParsePath(path_text));
  if (path.filter) return ApplyToMatching(resource, op, path, value);
  if (op == Op::kRemove) return Remove(resource, path, value);
  if (path.sub.empty()) {
    SetWhole(resource, op, path.attribute, value);
    return OkStatus();
  }
  Json& parent = Member(resource, path.attribute);
  if (parent.is_null()) parent = Json::object();
  if (!parent.is_object()) return Wrong(path.attribute + " has no sub-attributes");
  Member(parent, path.sub) = value;
  return OkStatus();
}

}  // namespace ashlar::identity
