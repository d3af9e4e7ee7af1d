#include "http/router.h"

#include <gtest/gtest.h>

namespace ashlar::http {
namespace {

class RouterTest : public testing::Test {
 protected:
  RouterTest() {
    Add("GET", "/a/list");
    Add("GET", "/a/{id}");
    Add("POST", "/a/{id}/x");
    Add("GET", "/fs/files/{path...}");
    Add("PUT", "/fs/{kind}/{path...}");
  }

  void Add(std::string method, std::string path) {
    Route route;
    route.method = method;
    route.path = path;
    route.handler = [](const RequestContext&, Request&) -> Deferred<Response> { return Response(); };
    router_.Add(std::move(route));
  }

  // "template name=value …", or the error.
  std::string Find(std::string_view method, std::string_view path) {
    Result<RouteMatch> match = router_.Find(method, path);
    if (!match.ok()) return std::string(ErrorCodeName(match.error().code)) + " " + match.error().message;
    std::string out = match->route->path;
    for (const auto& [name, value] : match->params) out += " " + name + "=" + value;
    return out;
  }

  Router router_;
};

TEST_F(RouterTest, Matches) {
  const std::vector<std::array<std::string, 3>> rows = {
      {"GET", "/a/list", "/a/list"},
      {"GET", "/a/li%73t", "/a/list"},
      {"GET", "//a///7/", "/a/{id} id=7"},
      {"HEAD", "/a/7", "/a/{id} id=7"},
      {"GET", "/a/x%2Fy%20z", "/a/{id} id=x/y z"},
      {"POST", "/a/list/x", "/a/{id}/x id=list"},
      {"GET", "/fs/files/Volumes/c/s/v/f.txt", "/fs/files/{path...} path=/Volumes/c/s/v/f.txt"},
      {"GET", "/fs/files//Volumes//c", "/fs/files/{path...} path=/Volumes/c"},
      {"GET", "/fs/files/%2FVolumes%2Fc%2Fa%25b", "/fs/files/{path...} path=/Volumes/c/a%b"},
      {"GET", "/fs/files/%E2%82%AC", "/fs/files/{path...} path=/\xE2\x82\xAC"},
      {"GET", "/fs/files", "/fs/files/{path...} path=/"},
      {"PUT", "/fs/files/a", "/fs/{kind}/{path...} kind=files path=/a"},
      {"GET", "/a", "ENDPOINT_NOT_FOUND No API found for 'GET /a'"},
      {"DELETE", "/a/7", "ENDPOINT_NOT_FOUND No API found for 'DELETE /a/7'"},
      {"GET", "/api/2.0/repos", "ENDPOINT_NOT_FOUND No API found for 'GET /repos'"},
      {"GET", "/", "ENDPOINT_NOT_FOUND No API found for 'GET /'"},
  };
  for (const auto& [method, path, expected] : rows) EXPECT_EQ(Find(method, path), expected) << path;
}

TEST_F(RouterTest, RefusesPathsThatCouldEscape) {
  for (std::string path : {"/fs/files/a/../b", "/fs/files/a/%2e%2E/b", "/fs/files/a%2F..%2Fb", "/a/.", "/a/..",
                           "/a/%zz", "/a/%", "/a/%00", "/a/%ff", "/a/..%2Fb"}) {
    EXPECT_TRUE(Find("GET", path).starts_with("INVALID_PARAMETER_VALUE")) << path << ": " << Find("GET", path);
  }
}

TEST_F(RouterTest, ParsesQueries) {
  EXPECT_EQ(ParseQuery("a=1&b=x%20y+z&a=&c&=d&&e=%zz"),
            (Parameters{{"a", "1"}, {"b", "x y z"}, {"a", ""}, {"c", ""}, {"", "d"}, {"e", "%zz"}}));
}

TEST(RouterDeathTest, TwoRoutesForOnePathAreABug) {
  Router router;
  auto add = [&](std::string path) {
    Route route;
    route.method = "GET";
    route.path = path;
    route.handler = [](const RequestContext&, Request&) -> Deferred<Response> { return Response(); };
    router.Add(std::move(route));
  };
  add("/a/{x}");
  EXPECT_DEATH(add("/a/{y}"), "two routes for GET /a/");
  EXPECT_DEATH(add("/{rest...}/b"), "last segment");
}

}  // namespace
}  // namespace ashlar::http
