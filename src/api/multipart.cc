#include "api/multipart.h"

#include "base/text.h"

namespace ashlar::api {
namespace {

Error Malformed(std::string what) {
  return MakeError(ErrorCode::kMalformedRequest, "Malformed multipart body: " + std::move(what));
}

// The value of `key` among "…; key=value; key=\"value\""; empty when missing.
std::string_view HeaderParameter(std::string_view header, std::string_view key) {
  for (std::string_view piece : SplitView(header, ';')) {
    piece = Trim(piece);
    size_t equals = piece.find('=');
    if (equals == std::string_view::npos || !EqualsIgnoreCase(piece.substr(0, equals), key)) continue;
    std::string_view value = piece.substr(equals + 1);
    bool quoted = value.size() >= 2 && value.front() == '"' && value.back() == '"';
    return quoted ? value.substr(1, value.size() - 2) : value;
  }
  return {};
}

std::string_view PartName(std::string_view head) {
  for (std::string_view line : SplitView(head, '\n')) {
    size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    if (EqualsIgnoreCase(Trim(line.substr(0, colon)), "content-disposition")) {
      return HeaderParameter(Trim(line.substr(colon + 1)), "name");
    }
  }
  return {};
}

}  // namespace

Result<std::vector<FormPart>> ParseMultipart(std::string_view content_type, std::string_view body) {
  std::string_view boundary = HeaderParameter(content_type, "boundary");
  if (boundary.empty()) return Malformed("no boundary in the content type");
  const std::string delimiter = "\r\n--" + std::string(boundary);
  std::vector<FormPart> parts;
  // The first delimiter may stand at the very start, without its line break.
  size_t at = body.starts_with(std::string_view(delimiter).substr(2)) ? delimiter.size() - 2
                                                                      : body.find(delimiter);
  if (at == std::string_view::npos) return Malformed("the boundary does not occur");
  if (!body.starts_with(std::string_view(delimiter).substr(2))) at += delimiter.size();
  while (!body.substr(at).starts_with("--")) {
    size_t head = body.find("\r\n", at);
    size_t blank = head == std::string_view::npos ? head : body.find("\r\n\r\n", head);
    if (blank == std::string_view::npos) return Malformed("a part has no headers");
    size_t start = blank + 4;
    size_t end = body.find(delimiter, start);
    if (end == std::string_view::npos) return Malformed("the last boundary is missing");
    std::string_view name = PartName(body.substr(head, blank - head));
    if (name.empty()) return Malformed("a part has no name");
    parts.push_back({std::string(name), std::string(body.substr(start, end - start))});
    at = end + delimiter.size();
  }
  return parts;
}

}  // namespace ashlar::api
