#include "http/router.h"

#include "base/check.h"
#include "base/text.h"

namespace ashlar::http {
namespace {

constexpr std::string_view kHidden[] = {"/api/2.0", "/api/2.1", "/api/2.2", "/api/1.2"};

// "No API found for 'GET /repos'": clients detect features by this code, and show the text.
Error NoApi(std::string_view method, std::string_view path) {
  for (std::string_view prefix : kHidden) {
    if (path.starts_with(prefix) && path.substr(prefix.size()).starts_with('/')) {
      path.remove_prefix(prefix.size());
      break;
    }
  }
  return MakeError(ErrorCode::kEndpointNotFound, "No API found for '" + std::string(method) + " " +
                                                     std::string(path.substr(0, 512)) + "'");
}

Result<std::vector<std::string>> DecodedSegments(std::string_view path) {
  std::vector<std::string> segments;
  for (std::string_view raw : SplitView(path, '/')) {
    if (raw.empty()) continue;
    std::optional<std::string> segment = PercentDecode(raw);
    if (!segment || !IsValidUtf8(*segment) || segment->find('\0') != std::string::npos) {
      return MakeError(ErrorCode::kInvalidParameterValue,
                       "The path has a broken escape or is not UTF-8: " +
                           PercentEncode(raw.substr(0, 256), "%"));
    }
    if (*segment == "." || *segment == "..") {
      return MakeError(ErrorCode::kInvalidParameterValue,
                       "The path has a '" + *segment + "' segment; send it resolved");
    }
    segments.push_back(std::move(*segment));
  }
  return segments;
}

// "/Volumes/a/b" out of segments, each of which may hold escaped slashes of its own.
std::string RestPath(std::span<const std::string> segments) {
  std::string out;
  for (const std::string& segment : segments) {
    for (std::string_view part : SplitView(segment, '/')) {
      if (!part.empty()) out += "/" + std::string(part);
    }
  }
  return out.empty() ? "/" : out;
}

// An escaped slash can smuggle a dot segment into a rest: "a%2F..%2Fb".
bool HasDotSegment(std::string_view rest) {
  for (std::string_view part : SplitView(rest, '/')) {
    if (part == "." || part == "..") return true;
  }
  return false;
}

}  // namespace

struct Router::Node {
  std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
  std::unique_ptr<Node> parameter;
  std::map<std::string, const Route*, std::less<>> here;  // by method
  std::map<std::string, const Route*, std::less<>> rest;  // by method
};

namespace {

const Route* ByMethod(const std::map<std::string, const Route*, std::less<>>& routes,
                      std::string_view method) {
  auto found = routes.find(method);
  if (found == routes.end() && method == "HEAD") found = routes.find("GET");
  return found == routes.end() ? nullptr : found->second;
}

// The walk of one request through the tree. Parameter names belong to the route, so only the places
// are kept on the way.
struct Walk {
  std::string_view method;
  std::span<const std::string> segments;
  std::vector<std::string> values;

  template <typename Node>
  const Route* From(const Node& node, size_t i) {
    if (i == segments.size()) {
      if (const Route* route = ByMethod(node.here, method)) return route;
    } else {
      auto literal = node.literals.find(segments[i]);
      if (literal != node.literals.end()) {
        if (const Route* route = From(*literal->second, i + 1)) return route;
      }
      if (node.parameter) {
        values.push_back(segments[i]);
        if (const Route* route = From(*node.parameter, i + 1)) return route;
        values.pop_back();
      }
    }
    const Route* route = ByMethod(node.rest, method);
    if (route) values.push_back(RestPath(segments.subspan(i)));
    return route;
  }
};

// The names in a template, in order, without braces and dots.
std::vector<std::string_view> ParameterNames(std::string_view path) {
  std::vector<std::string_view> names;
  for (std::string_view segment : SplitView(path, '/')) {
    if (!segment.starts_with('{')) continue;
    segment = segment.substr(1, segment.size() - 2);
    if (segment.ends_with("...")) segment.remove_suffix(3);
    names.push_back(segment);
  }
  return names;
}

}  // namespace

Router::Router() : root_(std::make_unique<Node>()) {}
Router::~Router() = default;

void Router::Add(Route route) {
  CHECK(!route.handler != !route.sink) << route.path << " needs a handler or a sink";
  const Route& added = routes_.emplace_back(std::move(route));
  Node* node = root_.get();
  bool is_rest = false;
  for (std::string_view segment : SplitView(added.path, '/')) {
    if (segment.empty()) continue;
    CHECK(!is_rest) << added.path << ": a rest parameter is the last segment";
    if (segment.starts_with('{')) {
      CHECK(segment.ends_with('}')) << added.path;
      is_rest = segment.ends_with("...}");
      if (is_rest) continue;
      if (!node->parameter) node->parameter = std::make_unique<Node>();
      node = node->parameter.get();
    } else {
      auto& child = node->literals[std::string(segment)];
      if (!child) child = std::make_unique<Node>();
      node = child.get();
    }
  }
  auto& slot = is_rest ? node->rest : node->here;
  CHECK(slot.emplace(added.method, &added).second)
      << "two routes for " << added.method << " " << added.path;
}

Result<RouteMatch> Router::Find(std::string_view method, std::string_view path) const {
  ASSIGN_OR_RETURN(std::vector<std::string> segments, DecodedSegments(path));
  Walk walk{method, segments, {}};
  const Route* route = walk.From(*root_, 0);
  if (!route) return NoApi(method, path);
  RouteMatch match{route, {}};
  std::vector<std::string_view> names = ParameterNames(route->path);
  CHECK(names.size() == walk.values.size()) << route->path;
  for (size_t i = 0; i < names.size(); ++i) {
    if (HasDotSegment(walk.values[i])) {
      return MakeError(ErrorCode::kInvalidParameterValue, "The path has a dot segment: send it resolved");
    }
    match.params.emplace_back(names[i], std::move(walk.values[i]));
  }
  return match;
}

Parameters ParseQuery(std::string_view query) {
  Parameters out;
  if (query.empty()) return out;
  auto decode = [](std::string_view text) {
    std::string spaced = ReplaceAll(std::string(text), "+", " ");
    return PercentDecode(spaced).value_or(std::string(text));
  };
  for (std::string_view pair : SplitView(query, '&')) {
    if (pair.empty()) continue;
    size_t equals = pair.find('=');
    std::string_view value = equals == std::string_view::npos ? "" : pair.substr(equals + 1);
    out.emplace_back(decode(pair.substr(0, equals)), decode(value));
  }
  return out;
}

}  // namespace ashlar::http
