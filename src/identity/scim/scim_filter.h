// SCIM filters (RFC 7644 §3.4.2.2): `userName eq "ann@x" and active eq true`, as a predicate on a
// resource. Attribute names and text compare without regard to case.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_fwd.h"
#include "base/result.h"

namespace ashlar::identity {

class ScimFilter {
 public:
  // Operators eq, ne, co, sw, ew, pr, and/or/not, parentheses, attribute[filter]. Errors:
  // kInvalidParameterValue with the place.
  static Result<ScimFilter> Parse(std::string_view text);

  bool Matches(const Json& resource) const;
  // Whether the filter asks about this top-level attribute.
  bool Mentions(std::string_view attribute) const;

 private:
  friend class ScimFilterParser;
  enum class Kind { kCompare, kAnd, kOr, kNot, kValuePath };
  struct Node {
    Kind kind = Kind::kCompare;
    std::string attribute;  // dotted; of kCompare and kValuePath
    std::string op;         // of kCompare
    std::string literal;    // of kCompare: text, "true", "12", "null"
    std::vector<std::shared_ptr<const Node>> children;
  };
  static bool Evaluate(const Node& node, const Json& resource);
  static bool MentionsIn(const Node& node, std::string_view attribute);

  std::shared_ptr<const Node> root_;  // immutable, shared by copies
};

// The member of a JSON object by name without regard to case; nullptr when there is none.
const Json* FindAttribute(const Json& object, std::string_view name);

}  // namespace ashlar::identity
