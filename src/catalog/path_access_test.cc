#include "catalog/path_access.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "catalog/local_path.h"
#include "catalog/test_workspace.h"

namespace ashlar::catalog {
namespace {

using sql::Access;
using sql::Securable;

class PathAccessTest : public testing::Test {
 protected:
  void SetUp() override {
    auto made = TestWorkspace::Make(metadb::TestBackend::kSqlite);
    ASSERT_TRUE(made.ok()) << made.error().message;
    w_ = *std::move(made);
    ASSERT_TRUE(w_->Create(w_->ann, Securable::kVolume, "main.default.vol").ok());
    ASSERT_TRUE(w_->CreateTable(w_->ann, "main.default.t").ok());
    volume_ = Path(w_->ann, "/Volumes/main/default/vol")->canonical;
    table_ = w_->Resolve(w_->ann, "main.default.t")->location;
  }

  Result<ResolvedPath> Path(const http::Principal& who, const std::string& path,
                            Access access = Access::kRead) {
    return w_->catalog().ResolvePath(who, path, access);
  }
  Result<sql::ResolvedRelation> Relation(const http::Principal& who, const std::string& format,
                                         const std::string& path, Access access = Access::kRead) {
    sql::ResolveRequest request{{}, format, path, access};
    return std::move(w_->catalog().Resolve(who, {}, std::span(&request, 1))[0]);
  }

  std::unique_ptr<TestWorkspace> w_;
  std::string volume_;
  std::string table_;
};

TEST_F(PathAccessTest, VolumePathsLeadToTheVolume) {
  auto path = Path(w_->ann, "/Volumes/Main/DEFAULT/Vol/dir/File A.csv", Access::kWrite);
  ASSERT_TRUE(path.ok()) << path.error().message;
  EXPECT_EQ(path->canonical, volume_ + "/dir/File A.csv");
  EXPECT_EQ(path->root, volume_);
  EXPECT_EQ(path->securable, Securable::kVolume);
  EXPECT_EQ(path->securable_full_name, "main.default.vol");
  EXPECT_EQ(Path(w_->ann, "dbfs:/Volumes/main/default/vol/x")->canonical, volume_ + "/x");
  EXPECT_EQ(Path(w_->ann, "/Volumes/main/default/vol/*.csv")->canonical, volume_ + "/*.csv");
  EXPECT_EQ(Verdict(Path(w_->bob, "/Volumes/main/default/vol/x")), "INSUFFICIENT_PERMISSIONS");
  EXPECT_EQ(Verdict(Path(w_->ann, "/Volumes/main/default/none/x")), "VOLUME_NOT_FOUND");
  ASSERT_TRUE(w_->Grant("READ_VOLUME", Securable::kVolume, "main.default.vol", "bob@x").ok());
  EXPECT_EQ(Verdict(Path(w_->bob, "/Volumes/main/default/vol/x")), "OK");
  EXPECT_EQ(Verdict(Path(w_->bob, "/Volumes/main/default/vol/x", Access::kWrite)),
            "INSUFFICIENT_PERMISSIONS");
}

TEST_F(PathAccessTest, NoWayOutOfAVolume) {
  EXPECT_EQ(Verdict(Path(w_->ann, "/Volumes/main/default/vol/../../meta.db")), "INVALID_PARAMETER_VALUE");
  EXPECT_EQ(Verdict(Path(w_->ann, volume_ + "/../meta.db")), "INVALID_PARAMETER_VALUE");
  struct {
    const char* name;
    std::string target;
  } links[] = {{"absolute", w_->data_dir()},
               {"relative", "../.."},
               {"outside", w_->outside()},
               {"dangling", w_->data_dir() + "/not-yet"},
               {"other", table_}};
  for (const auto& link : links) {
    std::filesystem::create_symlink(link.target, volume_ + "/" + link.name);
    for (const http::Principal* who : {&w_->ann, &w_->admin}) {
      for (const char* tail : {"", "/meta.db"}) {
        std::string path = std::string("/Volumes/main/default/vol/") + link.name + tail;
        EXPECT_EQ(Verdict(Path(*who, path, Access::kWrite)), "INSUFFICIENT_PERMISSIONS") << path;
      }
    }
  }
  // The same link by its local path is what it leads to: ann's own table, with her grants on it.
  EXPECT_EQ(Path(w_->ann, volume_ + "/other/x")->securable, Securable::kTable);
  EXPECT_EQ(Verdict(Path(w_->admin, volume_ + "/absolute")), "INSUFFICIENT_PERMISSIONS");
  std::filesystem::create_symlink("loop", volume_ + "/loop");
  EXPECT_EQ(Verdict(Path(w_->ann, "/Volumes/main/default/vol/loop")), "INVALID_PARAMETER_VALUE");
}

TEST_F(PathAccessTest, TheDataDirIsNobodys) {
  for (const std::string& path :
       {w_->data_dir(), w_->data_dir() + "/meta.db", w_->data_dir() + "/managed",
        w_->data_dir() + "/managed/unknown/x", std::string("/"), "file:" + w_->data_dir() + "/meta.db"}) {
    for (Access access : {Access::kRead, Access::kWrite}) {
      EXPECT_EQ(Verdict(Path(w_->admin, path, access)), "INSUFFICIENT_PERMISSIONS") << path;
    }
  }
  EXPECT_EQ(Verdict(w_->Create(w_->admin, Securable::kExternalLocation, "sneaky", w_->data_dir())),
            "INSUFFICIENT_PERMISSIONS");
  EXPECT_EQ(Verdict(w_->Create(w_->admin, Securable::kTable, "main.default.s", w_->data_dir() + "/x")),
            "INSUFFICIENT_PERMISSIONS");
}

TEST_F(PathAccessTest, APathInATableIsTheTable) {
  EXPECT_EQ(Verdict(Relation(w_->bob, "delta", table_)), "INSUFFICIENT_PERMISSIONS");
  EXPECT_EQ(Verdict(Relation(w_->admin, "parquet", table_ + "/part-0.parquet")),
            "INSUFFICIENT_PERMISSIONS")
      << "an admin's ANY FILE does not reach into tables";
  auto own = Relation(w_->ann, "delta", table_, Access::kWrite);
  ASSERT_TRUE(own.ok()) << own.error().message;
  EXPECT_EQ(own->uuid, w_->Resolve(w_->ann, "main.default.t")->uuid);
  EXPECT_EQ(own->kind, sql::RelationKind::kPath);
  EXPECT_EQ(Verdict(Relation(w_->ann, "parquet", table_, Access::kWrite)),
            "INVALID_PARAMETER_VALUE.LOCATION_OVERLAP");
  // A commit by path is a commit to the table.
  TableCommit commit = VersionZero("", table_, "c1");
  commit.version = 1;
  EXPECT_EQ(Verdict(w_->catalog().Commit(w_->bob, commit)), "INSUFFICIENT_PERMISSIONS");
  EXPECT_EQ(Verdict(w_->catalog().Commit(w_->ann, commit)), "OK");
}

TEST_F(PathAccessTest, AnyFileIsForAdminsUnlessGranted) {
  std::string file = w_->outside() + "/a.csv";
  EXPECT_EQ(Verdict(Path(w_->ann, file)), "INSUFFICIENT_PERMISSIONS");
  EXPECT_EQ(Path(w_->admin, file)->securable, Securable::kAnyFile);
  ASSERT_TRUE(w_->Grant("SELECT", Securable::kAnyFile, "", "ann@x").ok());
  EXPECT_EQ(Verdict(Path(w_->ann, file)), "OK");
  EXPECT_EQ(Verdict(Path(w_->ann, file, Access::kWrite)), "INSUFFICIENT_PERMISSIONS");
}

TEST_F(PathAccessTest, ExternalLocationsCoverTheirFolderAndNoOther) {
  std::string lake = w_->outside() + "/lake";
  ASSERT_TRUE(MakeDirectories(lake).ok() && MakeDirectories(lake + "house").ok());
  ASSERT_TRUE(w_->Create(w_->admin, Securable::kExternalLocation, "lake", "file://" + lake + "/").ok());
  EXPECT_EQ(Verdict(w_->Create(w_->admin, Securable::kExternalLocation, "inner", lake + "/in")),
            "INVALID_PARAMETER_VALUE.LOCATION_OVERLAP");
  EXPECT_EQ(Verdict(Path(w_->bob, lake + "/x.csv")), "INSUFFICIENT_PERMISSIONS");
  ASSERT_TRUE(w_->Grant("READ_FILES", Securable::kExternalLocation, "lake", "bob@x").ok());
  EXPECT_EQ(Path(w_->bob, lake + "/x.csv")->securable_full_name, "lake");
  EXPECT_EQ(Verdict(Path(w_->bob, lake + "house/x.csv")), "INSUFFICIENT_PERMISSIONS");
  EXPECT_EQ(Verdict(Path(w_->bob, lake + "/x.csv", Access::kWrite)), "INSUFFICIENT_PERMISSIONS");
  EXPECT_EQ(Verdict(w_->Create(w_->bob, Securable::kTable, "main.default.b", lake + "/b")),
            "INSUFFICIENT_PERMISSIONS");
  ASSERT_TRUE(
      w_->Grant("CREATE_EXTERNAL_TABLE", Securable::kExternalLocation, "lake", "bob@x").ok());
  ASSERT_TRUE(w_->CreateTable(w_->bob, "main.default.b", lake + "/b").ok());
  EXPECT_EQ(Path(w_->bob, lake + "/b/part")->securable, Securable::kTable);
  EXPECT_EQ(Verdict(Path(w_->bob, lake)), "INVALID_PARAMETER_VALUE.LOCATION_OVERLAP");
  EXPECT_EQ(Verdict(w_->Drop(w_->admin, Securable::kExternalLocation, "lake")), "INVALID_STATE");
}

TEST_F(PathAccessTest, ACommitDoesNotFollowALinkedLog) {
  std::string folder = w_->outside() + "/ext";
  ASSERT_TRUE(MakeDirectories(folder).ok());
  auto made = w_->Create(w_->admin, Securable::kTable, "main.default.e", folder);
  ASSERT_TRUE(made.ok());
  std::filesystem::create_symlink(table_ + "/_delta_log", folder + "/_delta_log");
  EXPECT_EQ(Verdict(w_->catalog().Commit(w_->admin, VersionZero(made->uuid, folder, "c"))),
            "INSUFFICIENT_PERMISSIONS");
}

TEST(LocalPathTest, ReadsWhatUsersWrite) {
  EXPECT_EQ(ParsePath("file:///a//b/./c/")->plain, "/a/b/c");
  EXPECT_EQ(ParsePath("file:/Volumes/x")->plain, "/Volumes/x") << "a file URL is a local path";
  EXPECT_EQ(ParsePath("/Volumes/c/s/v")->volume.size(), 3u);
  EXPECT_EQ(ParsePath("a/b").error().code, ErrorCode::kInvalidParameterValue);
  EXPECT_EQ(ParsePath("/a/../b").error().code, ErrorCode::kInvalidParameterValue);
  EXPECT_EQ(ParsePath("file://host/a").error().code, ErrorCode::kInvalidParameterValue);
  EXPECT_EQ(ParsePath(std::string_view("/a\0b", 4)).error().code, ErrorCode::kInvalidParameterValue);
  EXPECT_EQ(ParsePath("/Volumes/c/s").error().code, ErrorCode::kInvalidParameterValue);
  EXPECT_EQ(ParsePath("s3a://bucket/x/")->plain, "s3://bucket/x");
  EXPECT_EQ(ParsePath("gs://bucket/x").error().code, ErrorCode::kNotImplemented);
  EXPECT_EQ(ParsePath("dbfs:/tmp/x").error().code, ErrorCode::kNotImplemented);
  EXPECT_TRUE(IsWithin("/a/b", "/a") && IsWithin("/a", "/a") && IsWithin("/a", "/"));
  EXPECT_FALSE(IsWithin("/ab", "/a") || IsWithin("/a", "/a/b"));
  EXPECT_EQ(SelfAndParents("/a/b"), (std::vector<std::string>{"/a/b", "/a"}));
  EXPECT_EQ(SplitGlob("/a/b*/c").folder, "/a");
  EXPECT_EQ(SplitGlob("/a/b*/c").pattern, "b*/c");
  EXPECT_EQ(SplitGlob("/*").folder, "/");
}

}  // namespace
}  // namespace ashlar::catalog
