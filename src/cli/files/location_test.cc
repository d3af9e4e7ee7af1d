#include "cli/files/location.h"

#include <gtest/gtest.h>

namespace ashlar::cli {
namespace {

TEST(ParseLocation, TellsRemoteFromLocal) {
  struct Case {
    std::string_view text;
    bool remote;
    std::string_view path;
    bool names_folder;
  };
  const Case cases[] = {
      {"/Volumes/c/s/v/a b.csv", true, "/Volumes/c/s/v/a b.csv", false},
      {"dbfs:/Volumes/c/s/v/", true, "/Volumes/c/s/v", true},
      {"dbfs:///Volumes/c/s/v", true, "/Volumes/c/s/v", false},
      {"file:/Volumes/x", false, "/Volumes/x", false},
      {"Volumes/x", false, "Volumes/x", false},
      {"/", false, "/", true},
  };
  for (const Case& c : cases) {
    Result<Location> location = ParseLocation(c.text);
    ASSERT_TRUE(location.ok()) << c.text;
    EXPECT_EQ(location->remote, c.remote) << c.text;
    EXPECT_EQ(location->path, c.path) << c.text;
    EXPECT_EQ(location->names_folder, c.names_folder) << c.text;
  }
  EXPECT_FALSE(ParseLocation("dbfs:/tmp/x").ok());
  EXPECT_FALSE(ParseLocation("").ok());
}

TEST(Location, Parts) {
  EXPECT_EQ(BaseName("/a/b c"), "b c");
  EXPECT_EQ(BaseName("b"), "b");
  EXPECT_EQ(Child({true, "/Volumes/c/s/v", false}, "x").path, "/Volumes/c/s/v/x");
  EXPECT_EQ(Child({false, "/", false}, "x").path, "/x");
}

}  // namespace
}  // namespace ashlar::cli
