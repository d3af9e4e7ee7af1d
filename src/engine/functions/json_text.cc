#include "engine/functions/json_text.h"

#include <array>

#include "base/text.h"

namespace ashlar::engine {
namespace {

constexpr int kMaxDepth = 1000;

void AppendUtf8(std::string& out, uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (c >> 18));
    out += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

class Reader {
 public:
  Reader(std::string_view text, const JsonReading& reading) : text_(text), reading_(reading) {}

  bool Value(JsonNode& out, int depth) {
    SkipBlanks();
    if (at_ >= text_.size() || depth > kMaxDepth) return false;
    char c = text_[at_];
    if (c == '{') return Object(out, depth);
    if (c == '[') return Array(out, depth);
    if (c == '"' || c == '\'') {
      out.kind = JsonNode::Kind::kString;
      return String(out.text);
    }
    if (c == '-' || c == '+' || IsDigit(c)) return Number(out);
    return Word(out);
  }

 private:
  void SkipBlanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) ++at_;
  }
  bool Accept(char c) {
    SkipBlanks();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool Object(JsonNode& out, int depth) {
    out.kind = JsonNode::Kind::kObject;
    ++at_;
    if (Accept('}')) return true;
    while (true) {
      SkipBlanks();
      std::string name;
      if (!Name(name) || !Accept(':')) return false;
      out.names.push_back(std::move(name));
      if (!Value(out.children.emplace_back(), depth + 1)) return false;
      if (Accept('}')) return true;
      if (!Accept(',')) return false;
    }
  }

  bool Name(std::string& out) {
    if (at_ < text_.size() && (text_[at_] == '"' || text_[at_] == '\'')) return String(out);
    if (!reading_.unquoted_names) return false;
    while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) || text_[at_] == '_' || text_[at_] == '$')) {
      out += text_[at_++];
    }
    return !out.empty();
  }

  bool Array(JsonNode& out, int depth) {
    out.kind = JsonNode::Kind::kArray;
    ++at_;
    if (Accept(']')) return true;
    while (true) {
      if (!Value(out.children.emplace_back(), depth + 1)) return false;
      if (Accept(']')) return true;
      if (!Accept(',')) return false;
    }
  }

  std::optional<uint32_t> Hex4() {
    if (at_ + 4 > text_.size()) return std::nullopt;
    uint32_t value = 0;
    for (int i = 0; i < 4; ++i) {
      char c = text_[at_++];
      if (!std::isxdigit(static_cast<unsigned char>(c))) return std::nullopt;
      value = value * 16 + static_cast<uint32_t>(IsDigit(c) ? c - '0' : (c | 32) - 'a' + 10);
    }
    return value;
  }

  bool Escape(std::string& out) {
    static constexpr std::string_view kFrom = "bfnrt", kTo = "\b\f\n\r\t";
    if (at_ >= text_.size()) return false;
    char c = text_[at_++];
    if (size_t i = kFrom.find(c); i != std::string_view::npos) {
      out += kTo[i];
    } else if (c == 'u') {
      auto code = Hex4();
      if (!code) return false;
      if (*code >= 0xD800 && *code < 0xDC00 && text_.substr(at_).starts_with("\\u")) {
        at_ += 2;
        auto low = Hex4();
        if (!low) return false;
        code = 0x10000 + ((*code - 0xD800) << 10) + (*low - 0xDC00);
      }
      AppendUtf8(out, *code);
    } else if (c == '"' || c == '\\' || c == '/' || c == '\'') {
      out += c;
    } else {
      return false;
    }
    return true;
  }

  bool String(std::string& out) {
    char quote = text_[at_++];
    while (at_ < text_.size()) {
      char c = text_[at_++];
      if (c == quote) return true;
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c != '\\') out += c;
      else if (!Escape(out)) return false;
    }
    return false;
  }

  bool Number(JsonNode& out) {
    size_t begin = at_;
    if (text_[at_] == '-' || text_[at_] == '+') ++at_;
    if (text_.substr(at_).starts_with("Inf")) {
      at_ = begin;
      return Word(out);
    }
    size_t digits = at_;
    while (at_ < text_.size() && IsDigit(text_[at_])) ++at_;
    bool leading_zero = at_ - digits > 1 && text_[digits] == '0';
    if (at_ == digits || leading_zero || text_[begin] == '+') return false;
    if (at_ < text_.size() && text_[at_] == '.') {
      size_t fraction = ++at_;
      while (at_ < text_.size() && IsDigit(text_[at_])) ++at_;
      if (at_ == fraction) return false;
    }
    if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      ++at_;
      if (at_ < text_.size() && (text_[at_] == '-' || text_[at_] == '+')) ++at_;
      size_t exponent = at_;
      while (at_ < text_.size() && IsDigit(text_[at_])) ++at_;
      if (at_ == exponent) return false;
    }
    out.kind = JsonNode::Kind::kNumber;
    out.text = std::string(text_.substr(begin, at_ - begin));
    return true;
  }

  bool Word(JsonNode& out) {
    struct Known {
      std::string_view word;
      JsonNode::Kind kind;
    };
    static constexpr std::array<Known, 10> kWords = {{{"null", JsonNode::Kind::kNull},
                                                      {"true", JsonNode::Kind::kTrue},
                                                      {"false", JsonNode::Kind::kFalse},
                                                      {"NaN", JsonNode::Kind::kNumber},
                                                      {"Infinity", JsonNode::Kind::kNumber},
                                                      {"+Infinity", JsonNode::Kind::kNumber},
                                                      {"-Infinity", JsonNode::Kind::kNumber},
                                                      {"INF", JsonNode::Kind::kNumber},
                                                      {"+INF", JsonNode::Kind::kNumber},
                                                      {"-INF", JsonNode::Kind::kNumber}}};
    for (const Known& known : kWords) {
      if (!text_.substr(at_).starts_with(known.word)) continue;
      size_t end = at_ + known.word.size();
      if (end < text_.size() && std::isalnum(static_cast<unsigned char>(text_[end]))) continue;
      out.kind = known.kind;
      if (known.kind == JsonNode::Kind::kNumber) out.text = std::string(known.word);
      at_ = end;
      return true;
    }
    return false;
  }

  std::string_view text_;
  const JsonReading& reading_;
  size_t at_ = 0;
};

}  // namespace

const JsonNode* JsonNode::Find(std::string_view name) const {
  for (size_t i = names.size(); i-- > 0;) {
    if (names[i] == name) return &children[i];
  }
  return nullptr;
}

std::optional<JsonNode> ReadJson(std::string_view text, const JsonReading& reading) {
  JsonNode node;
  if (!Reader(text, reading).Value(node, 0)) return std::nullopt;
  return node;
}

std::string QuoteJson(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out = "\"";
  for (char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += std::string("\\u00") + kHex[c >> 4] + kHex[c & 15];
        } else {
          out += c;
        }
    }
  }
  return out + "\"";
}

std::string WriteJsonText(const JsonNode& node) {
  switch (node.kind) {
    case JsonNode::Kind::kNull: return "null";
    case JsonNode::Kind::kTrue: return "true";
    case JsonNode::Kind::kFalse: return "false";
    case JsonNode::Kind::kNumber: return node.text;
    case JsonNode::Kind::kString: return QuoteJson(node.text);
    case JsonNode::Kind::kArray:
    case JsonNode::Kind::kObject:
      break;
  }
  bool object = node.Is(JsonNode::Kind::kObject);
  std::string out = object ? "{" : "[";
  for (size_t i = 0; i < node.children.size(); ++i) {
    if (i > 0) out += ",";
    if (object) out += QuoteJson(node.names[i]) + ":";
    out += WriteJsonText(node.children[i]);
  }
  return out + (object ? "}" : "]");
}

}  // namespace ashlar::engine
