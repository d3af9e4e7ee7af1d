#include "identity/scim/scim_filter.h"

#include "base/json.h"
#include "base/text.h"

namespace ashlar::identity {
namespace {

constexpr int kMaxDepth = 32;

// How a JSON scalar reads in a filter.
std::string LiteralOf(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  return WriteJson(value);
}

bool Compare(const std::string& value, const std::string& op, const std::string& literal) {
  std::string a = ToLowerAscii(value);
  std::string b = ToLowerAscii(literal);
  if (op == "eq" || op == "ne") return a == b;
  if (op == "co") return a.find(b) != std::string::npos;
  if (op == "sw") return a.starts_with(b);
  return a.ends_with(b);
}

// Every scalar that a dotted path reaches; arrays are looked into, and an element that is an object
// stands for its "value".
void Collect(const Json& at, std::string_view path, std::vector<std::string>& out) {
  if (at.is_array()) {
    for (const Json& element : at) Collect(element, path, out);
    return;
  }
  if (path.empty()) {
    if (at.is_object()) {
      const Json* value = FindAttribute(at, "value");
      if (value != nullptr) out.push_back(LiteralOf(*value));
    } else if (!at.is_null()) {
      out.push_back(LiteralOf(at));
    }
    return;
  }
  size_t dot = path.find('.');
  const Json* member = FindAttribute(at, path.substr(0, dot));
  if (member == nullptr) return;
  Collect(*member, dot == std::string_view::npos ? "" : path.substr(dot + 1), out);
}

// "urn:…:User:userName" is userName.
std::string WithoutUrn(std::string_view attribute) {
  if (ToLowerAscii(attribute.substr(0, 4)) == "urn:") {
    attribute.remove_prefix(attribute.rfind(':') + 1);
  }
  return std::string(attribute);
}

}  // namespace

const Json* FindAttribute(const Json& object, std::string_view name) {
  if (!object.is_object()) return nullptr;
  for (auto member = object.begin(); member != object.end(); ++member) {
    if (EqualsIgnoreCase(member.key(), name)) return &member.value();
  }
  return nullptr;
}

// or := and ("or" and)*; and := term ("and" term)*; term := "not" term | "(" or ")" | comparison
class ScimFilterParser {
 public:
  explicit ScimFilterParser(std::string_view text) : text_(text) {}
  using Node = ScimFilter::Node;
  using NodePtr = std::shared_ptr<const Node>;

  Result<NodePtr> ParseAll() {
    ASSIGN_OR_RETURN(NodePtr node, ParseChain(0, "or"));
    SkipSpaces();
    if (at_ < text_.size()) return Wrong("unexpected text");
    return node;
  }

 private:
  Result<NodePtr> ParseChain(int depth, std::string_view word) {
    bool is_or = word == "or";
    auto part = [&]() -> Result<NodePtr> {
      return is_or ? ParseChain(depth, "and") : ParseTerm(depth);
    };
    ASSIGN_OR_RETURN(NodePtr first, part());
    auto node = std::make_shared<Node>();
    node->kind = is_or ? ScimFilter::Kind::kOr : ScimFilter::Kind::kAnd;
    node->children.push_back(first);
    while (TakeWord(word)) {
      ASSIGN_OR_RETURN(NodePtr next, part());
      node->children.push_back(std::move(next));
    }
    if (node->children.size() == 1) return first;
    return NodePtr(std::move(node));
  }

  Result<NodePtr> ParseTerm(int depth) {
    if (depth > kMaxDepth) return Wrong("too deeply nested");
    if (TakeWord("not")) {
      ASSIGN_OR_RETURN(NodePtr inner, ParseTerm(depth + 1));
      auto node = std::make_shared<Node>();
      node->kind = ScimFilter::Kind::kNot;
      node->children.push_back(std::move(inner));
      return NodePtr(std::move(node));
    }
    if (TakeChar('(')) {
      ASSIGN_OR_RETURN(NodePtr inner, ParseChain(depth + 1, "or"));
      if (!TakeChar(')')) return Wrong("missing )");
      return inner;
    }
    return ParseComparison(depth);
  }

  Result<NodePtr> ParseComparison(int depth) {
    auto node = std::make_shared<Node>();
    node->attribute = WithoutUrn(TakeName());
    if (node->attribute.empty()) return Wrong("missing attribute");
    if (TakeChar('[')) {
      ASSIGN_OR_RETURN(NodePtr inner, ParseChain(depth + 1, "or"));
      if (!TakeChar(']')) return Wrong("missing ]");
      node->kind = ScimFilter::Kind::kValuePath;
      node->children.push_back(std::move(inner));
      return NodePtr(std::move(node));
    }
    node->op = ToLowerAscii(TakeName());
    if (node->op == "pr") return NodePtr(std::move(node));
    bool known = node->op == "eq" || node->op == "ne" || node->op == "co" || node->op == "sw" ||
                 node->op == "ew";
    if (!known) return Wrong("unknown operator '" + node->op + "'");
    ASSIGN_OR_RETURN(node->literal, TakeLiteral());
    return NodePtr(std::move(node));
  }

  Result<std::string> TakeLiteral() {
    SkipSpaces();
    if (at_ < text_.size() && text_[at_] == '"') {
      size_t end = at_ + 1;
      while (end < text_.size() && text_[end] != '"') end += text_[end] == '\\' ? 2 : 1;
      if (end >= text_.size()) return Wrong("unterminated text");
      ASSIGN_OR_RETURN(Json text, ParseJson(text_.substr(at_, end + 1 - at_)));
      at_ = end + 1;
      return text.get<std::string>();
    }
    std::string word = TakeName();
    if (word.empty()) return Wrong("missing value");
    return word;
  }

  std::string TakeName() {
    SkipSpaces();
    size_t begin = at_;
    while (at_ < text_.size() && std::string_view(" \t()[]\"").find(text_[at_]) == std::string::npos) {
      ++at_;
    }
    return std::string(text_.substr(begin, at_ - begin));
  }

  bool TakeWord(std::string_view word) {
    size_t before = at_;
    if (EqualsIgnoreCase(TakeName(), word)) return true;
    at_ = before;
    return false;
  }

  bool TakeChar(char c) {
    SkipSpaces();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  void SkipSpaces() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }

  Error Wrong(const std::string& what) const {
    return MakeError(ErrorCode::kInvalidParameterValue,
                     "Given filter operator is not supported. " + what + " at character " +
                         std::to_string(at_) + " of: " + std::string(text_));
  }

  std::string_view text_;
  size_t at_ = 0;
};

Result<ScimFilter> ScimFilter::Parse(std::string_view text) {
  ScimFilter filter;
  ASSIGN_OR_RETURN(filter.root_, ScimFilterParser(text).ParseAll());
  return filter;
}

bool ScimFilter::Matches(const Json& resource) const { return Evaluate(*root_, resource); }

bool ScimFilter::Evaluate(const Node& node, const Json& resource) {
  switch (node.kind) {
    case Kind::kAnd:
      for (const auto& child : node.children) {
        if (!Evaluate(*child, resource)) return false;
      }
      return true;
    case Kind::kOr:
      for (const auto& child : node.children) {
        if (Evaluate(*child, resource)) return true;
      }
      return false;
    case Kind::kNot:
      return !Evaluate(*node.children[0], resource);
    case Kind::kValuePath: {
      const Json* values = FindAttribute(resource, node.attribute);
      if (values == nullptr || !values->is_array()) return false;
      for (const Json& value : *values) {
        if (Evaluate(*node.children[0], value)) return true;
      }
      return false;
    }
    case Kind::kCompare:
      break;
  }
  std::vector<std::string> values;
  Collect(resource, node.attribute, values);
  if (node.op == "pr") return !values.empty();
  bool any = false;
  for (const std::string& value : values) any = any || Compare(value, node.op, node.literal);
  return node.op == "ne" ? !any : any;
}

bool ScimFilter::Mentions(std::string_view attribute) const { return MentionsIn(*root_, attribute); }

bool ScimFilter::MentionsIn(const Node& node, std::string_view attribute) {
  std::string_view first = std::string_view(node.attribute).substr(0, node.attribute.find('.'));
  if (EqualsIgnoreCase(first, attribute)) return true;
  if (node.kind == Kind::kValuePath) return false;
  for (const auto& child : node.children) {
    if (MentionsIn(*child, attribute)) return true;
  }
  return false;
}

}  // namespace ashlar::identity
