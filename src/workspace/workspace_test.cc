#include <gtest/gtest.h>
#include <unistd.h>

#include "base/file.h"
#include "identity/bootstrap.h"
#include "identity/directory.h"
#include "identity/migrations.h"
#include "metadb/test_databases.h"
#include "objectstore/memory_store.h"
#include "workspace/files_service.h"
#include "workspace/notebook_source.h"
#include "workspace/volume_path.h"
#include "workspace/workspace_path.h"
#include "workspace/workspace_service.h"

namespace ashlar::workspace {
namespace {

std::string PathOrError(std::string_view text) {
  auto path = ParseVolumePath(text);
  return path.ok() ? path->path : std::string(ErrorCodeName(path.error().code));
}

TEST(VolumePath, TakesAnyNameAndNoEscape) {
  EXPECT_EQ(PathOrError("/Volumes/main/default/v/a b/Ünï 数.csv"), "/Volumes/main/default/v/a b/Ünï 数.csv");
  EXPECT_EQ(PathOrError("//Volumes/main/default/v//x/"), "/Volumes/main/default/v/x");
  EXPECT_EQ(PathOrError("/Volumes/main/default/v/..."), "/Volumes/main/default/v/...");
  for (const char* bad : {"/Volumes/main/default/v/../w/x", "/Volumes/main/default/v/./x", "/Volumes/main/default",
                          "/etc/passwd", "/dbfs/Volumes/main/default/v", "/Volumes/main/default/v/\xFF"}) {
    EXPECT_EQ(PathOrError(bad), "INVALID_PARAMETER_VALUE") << bad;
  }
  EXPECT_EQ(PathOrError(std::string("/Volumes/main/default/v/a\0b", 27)), "INVALID_PARAMETER_VALUE");
  EXPECT_EQ(PathOrError("/Volumes/main/default/v/" + std::string(256, 'x')), "INVALID_PARAMETER_VALUE");
  EXPECT_TRUE(ParseVolumePath("/Volumes/main/default/v/")->is_volume_root);
  EXPECT_FALSE(ParseVolumePath("/Volumes/main/default/v/x")->is_volume_root);
}

TEST(ByteRange, FollowsRfc9110) {
  auto range = [](std::string_view header) { return ParseRange(header, 10).value().value_or(ByteRange{-1, -1}); };
  EXPECT_EQ(range("bytes=2-4"), (ByteRange{2, 5}));
  EXPECT_EQ(range("bytes=2-"), (ByteRange{2, 10}));
  EXPECT_EQ(range("bytes=-3"), (ByteRange{7, 10}));
  EXPECT_EQ(range("bytes=0-99"), (ByteRange{0, 10}));
  for (const char* ignored : {"", "bytes=", "bytes=-", "bytes=4-2", "bytes=0-1,3-4", "lines=1-2", "bytes=a-b"}) {
    EXPECT_EQ(range(ignored), (ByteRange{-1, -1})) << ignored;
  }
  EXPECT_FALSE(ParseRange("bytes=10-", 10).ok());
  EXPECT_EQ(HttpDate(784111777000), "Sun, 06 Nov 1994 08:49:37 GMT");
}

// Maps /Volumes/main/default/v to a folder.
class OneVolume final : public VolumePaths {
 public:
  explicit OneVolume(std::string folder) : folder_(std::move(folder)) {}
  Result<std::string> Resolve(const http::Principal& principal, const std::string& path, bool write) override {
    constexpr std::string_view kRoot = "/Volumes/main/default/v";
    CHECK(path.starts_with(kRoot));
    if (write && principal.id != 1) return MakeError(ErrorCode::kPermissionDenied, "no WRITE_VOLUME");
    return folder_ + path.substr(kRoot.size());
  }

 private:
  std::string folder_;
};

class FilesTest : public testing::Test {
 protected:
  FilesTest() : root_(std::filesystem::canonical(directory_.path())), paths_(root_), files_(stores_, root_, SystemRandom()), service_(paths_, files_, SystemClock(), SystemRandom()) {
    context_.principal.id = 1;
  }

  std::string Put(const std::string& name, std::string_view bytes, bool overwrite) {
    api::files::UploadFileRequest request;
    request.file_path = "/Volumes/main/default/v/" + name;
    request.overwrite = overwrite;
    auto sink = service_.UploadFile(context_, request);
    if (!sink.ok()) return std::string(ErrorCodeName(sink.error().code));
    EXPECT_TRUE((*sink)->Write(bytes).ok());
    auto response = (*sink)->Finish();
    return response.ok() ? std::to_string(response->status) : std::string(ErrorCodeName(response.error().code));
  }
  std::string Get(const std::string& name, std::string_view range = "") {
    api::files::DownloadFileRequest request;
    request.file_path = "/Volumes/main/default/v/" + name;
    http::Request raw;
    if (!range.empty()) raw.headers.Set("Range", range);
    auto response = service_.DownloadFile(context_, request, raw);
    if (!response.ok()) return std::string(ErrorCodeName(response.error().code));
    std::string text = std::to_string(response->status) + " ";
    char chunk[4];
    while (response->source) {
      auto count = response->source->Read(chunk, sizeof(chunk));
      if (!count.ok() || *count == 0) break;
      text.append(chunk, *count);
    }
    return text;
  }
  std::string List(int64_t page_size, std::string token, std::string* next) {
    api::files::ListDirectoryRequest request;
    request.directory_path = "/Volumes/main/default/v";
    request.page_size = page_size;
    request.page_token = std::move(token);
    auto listed = service_.ListDirectory(context_, request);
    EXPECT_TRUE(listed.ok());
    std::string names;
    for (const auto& entry : *listed->contents) names += *entry.name + (*entry.is_directory ? "/ " : " ");
    *next = listed->next_page_token.value_or("");
    return names;
  }

  metadb::TemporaryDirectory directory_;
  std::string root_;
  OneVolume paths_;
  objectstore::MemoryObjectStore stores_{SystemClock()};
  VolumeFiles files_;
  FilesService service_;
  http::RequestContext context_;
};

TEST_F(FilesTest, UploadsAppearWholeOrNotAtAll) {
  EXPECT_EQ(Put("a/Ü.txt", "hello", false), "204");
  EXPECT_EQ(Get("a/Ü.txt"), "200 hello");
  EXPECT_EQ(Get("a/Ü.txt", "bytes=1-3"), "206 ell");
  EXPECT_EQ(Get("a/Ü.txt", "bytes=5-"), "416 ");
  EXPECT_EQ(Put("a/Ü.txt", "other", false), "ALREADY_EXISTS");
  EXPECT_EQ(Put("a/Ü.txt", "other", true), "204");
  EXPECT_EQ(Get("a/Ü.txt"), "200 other");
  EXPECT_EQ(Put("a", "x", true), "INVALID_PARAMETER_VALUE");
  EXPECT_EQ(Get("nothing"), "NOT_FOUND");
  context_.principal.id = 2;
  EXPECT_EQ(Put("b", "x", true), "PERMISSION_DENIED");
}

TEST_F(FilesTest, AnAbandonedUploadLeavesNothing) {
  api::files::UploadFileRequest request;
  request.file_path = "/Volumes/main/default/v/x";
  {
    auto sink = service_.UploadFile(context_, request);
    ASSERT_TRUE(sink.ok() && (*sink)->Write("half").ok());
    EXPECT_EQ(Put("x", "whole", false), "204");
    auto late = (*sink)->Finish();
    ASSERT_FALSE(late.ok());
    EXPECT_EQ(late.error().code, ErrorCode::kAlreadyExists);
  }
  EXPECT_EQ(Get("x"), "200 whole");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(root_), {}), 1);
}

TEST_F(FilesTest, PartsArePutTogetherByNumber) {
  auto start = [&](bool overwrite) {
    api::files::UploadInPartsRequest request;
    request.file_path = "/Volumes/main/default/v/whole";
    request.action = api::files::UploadAction(api::files::UploadAction::kInitiateUpload);
    request.overwrite = overwrite;
    auto started = service_.UploadInParts(context_, request);
    return started.ok() ? *started->multipart_upload->session_token : std::string(ErrorCodeName(started.error().code));
  };
  auto send = [&](const std::string& token, int64_t number, const std::string& bytes) {
    api::files::UploadPartRequest request;
    request.session_token = token;
    request.part_number = number;
    auto sink = service_.UploadPart(context_, request);
    if (!sink.ok() || !(*sink)->Write(bytes).ok()) return std::string(ErrorCodeName(sink.error().code));
    auto response = (*sink)->Finish();
    return response.ok() ? std::string(response->headers.Get("ETag")) : std::string(ErrorCodeName(response.error().code));
  };
  using Sent = std::vector<std::pair<int64_t, std::string>>;
  auto complete = [&](const std::string& token, const Sent& parts) {
    api::files::UploadInPartsRequest request;
    request.file_path = "/Volumes/main/default/v/whole";
    request.action = api::files::UploadAction(api::files::UploadAction::kCompleteUpload);
    request.session_token = token;
    for (const auto& [number, etag] : parts) {
      api::files::UploadedPart& part = request.parts.Ensure().emplace_back();
      part.part_number = number;
      part.etag = etag;
    }
    auto done = service_.UploadInParts(context_, request);
    return done.ok() ? "ok" : std::string(ErrorCodeName(done.error().code));
  };

  std::string token = start(false);
  std::string third = send(token, 3, "c"), old = send(token, 1, "old"), first = send(token, 1, "a");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(root_), {}), 0) << "parts have no names";
  EXPECT_EQ(complete(token, {{1, old}, {3, third}}), "INVALID_PARAMETER_VALUE");
  EXPECT_EQ(complete(token, {{3, third}, {1, first}}), "INVALID_PARAMETER_VALUE");
  EXPECT_EQ(complete(token, {{1, first}, {2, third}}), "INVALID_PARAMETER_VALUE");
  context_.principal.id = 2;
  EXPECT_EQ(complete(token, {{1, first}, {3, third}}), "PERMISSION_DENIED");
  context_.principal.id = 1;
  EXPECT_EQ(complete(token, {{1, first}, {3, third}}), "ok");
  EXPECT_EQ(Get("whole"), "200 ac");
  EXPECT_EQ(complete(token, {{1, first}, {3, third}}), "NOT_FOUND") << "a session ends with its file";
  EXPECT_EQ(send(token, 4, "d"), "NOT_FOUND");

  EXPECT_EQ(start(false), "ALREADY_EXISTS");
  token = start(true);
  EXPECT_EQ(send(token, 0, "x"), "INVALID_PARAMETER_VALUE");
  EXPECT_EQ(send(token, UploadSessions::kMaxParts + 1, "x"), "INVALID_PARAMETER_VALUE");
  api::files::AbortUploadRequest abort;
  abort.session_token = token;
  EXPECT_TRUE(service_.AbortUpload(context_, abort).ok());
  EXPECT_EQ(complete(token, {}), "NOT_FOUND");
  EXPECT_EQ(Get("whole"), "200 ac");
}

TEST_F(FilesTest, LinksLeadNowhere) {
  ASSERT_EQ(symlink("/etc", (root_ + "/out").c_str()), 0);
  EXPECT_EQ(Get("out/hostname"), "PERMISSION_DENIED");
  EXPECT_EQ(Get("out"), "PERMISSION_DENIED");
  EXPECT_EQ(Put("out/evil", "x", true), "PERMISSION_DENIED");
  std::string next;
  EXPECT_EQ(List(0, "", &next), "");
}

TEST_F(FilesTest, DirectoriesArePaged) {
  for (const char* name : {"c", "a", "d/x"}) ASSERT_EQ(Put(name, "1", false), "204");
  std::string next;
  EXPECT_EQ(List(2, "", &next), "a c ");
  EXPECT_EQ(List(2, next, &next), "d/ ");
  EXPECT_EQ(next, "");
  api::files::DeleteDirectoryRequest request;
  request.directory_path = "/Volumes/main/default/v/d";
  EXPECT_EQ(service_.DeleteDirectory(context_, request).error().code, ErrorCode::kDirectoryNotEmpty);
  api::files::DeleteFileRequest file;
  file.file_path = "/Volumes/main/default/v/d/x";
  EXPECT_TRUE(service_.DeleteFile(context_, file).ok());
  EXPECT_TRUE(service_.DeleteDirectory(context_, request).ok());
  request.directory_path = "/Volumes/main/default/v";
  EXPECT_EQ(service_.DeleteDirectory(context_, request).error().code, ErrorCode::kInvalidParameterValue);
}

TEST(WorkspacePath, WorkspaceIsTheRoot) {
  auto shown = [](std::string_view path) { return FormatWorkspacePath(ParseWorkspacePath(path).value()); };
  EXPECT_EQ(shown("/Workspace/Users/a@b/x"), "/Users/a@b/x");
  EXPECT_EQ(shown("/Users/a@b//x/"), "/Users/a@b/x");
  EXPECT_EQ(shown("/Workspace"), "/");
  EXPECT_EQ(shown("/Shared/Workspace"), "/Shared/Workspace");
  for (const char* bad : {"", "x", "/a/../b", "/a/./b", "/a\nb", "/\xC3"}) {
    EXPECT_FALSE(ParseWorkspacePath(bad).ok()) << bad;
  }
}

TEST(NotebookSource, CellsOfSqlNotebooks) {
  auto cells = SplitSqlNotebook(
      "-- Databricks notebook source\nSELECT 1\n\n-- COMMAND ----------\n\n-- MAGIC %md\n-- MAGIC # words\n\n"
      "-- COMMAND ----------\n-- only a comment\n-- COMMAND ----------\nSELECT '-- COMMAND ----------'\n");
  ASSERT_TRUE(cells.ok());
  EXPECT_EQ(*cells, (std::vector<std::string>{"SELECT 1", "SELECT '-- COMMAND ----------'"}));
  auto python = SplitSqlNotebook("SELECT 1\n-- COMMAND ----------\n-- MAGIC %python\n-- MAGIC print(1)\n");
  ASSERT_FALSE(python.ok());
  EXPECT_EQ(python.error().code, ErrorCode::kNotImplemented);
  EXPECT_NE(python.error().message.find("%python"), std::string::npos);
}

TEST(NotebookSource, ScriptsAreCutOutsideOfQuotesAndComments) {
  EXPECT_EQ(SplitSqlScript("SELECT ';'; -- a;b\nSELECT `a;b` /* ; /* ; */ ; */ FROM t;;  \n"),
            (std::vector<std::string>{"SELECT ';'", "-- a;b\nSELECT `a;b` /* ; /* ; */ ; */ FROM t"}));
  EXPECT_EQ(SplitSqlScript("SELECT 'it\\'s; fine'"), (std::vector<std::string>{"SELECT 'it\\'s; fine'"}));
  EXPECT_TRUE(SplitSqlScript(" ; -- nothing\n").empty());
}

TEST(NotebookSource, LanguagesAndHeaders) {
  EXPECT_EQ(LanguageFromHeader("-- Databricks notebook source\r\nx", "/a"), "SQL");
  EXPECT_EQ(LanguageFromHeader("# Databricks notebook source", "/a"), "PYTHON");
  EXPECT_EQ(LanguageFromHeader("# Databricks notebook source", "/a.R"), "R");
  EXPECT_EQ(LanguageFromHeader("SELECT 1", "/a.sql"), std::nullopt);
  EXPECT_EQ(LanguageFromExtension("/a.PY"), "PYTHON");
  EXPECT_EQ(WithHeader("SQL", WithoutHeader("-- Databricks notebook source\nSELECT 1")),
            "-- Databricks notebook source\nSELECT 1");
}

class TreeTest : public testing::Test {
 protected:
  void SetUp() override {
    test_ = *metadb::TestDatabase::Make(metadb::TestBackend::kSqlite);
    std::vector<metadb::ModuleMigrations> all = {identity::migrations(), migrations()};
    ASSERT_TRUE(metadb::Migrate(test_->database(), clock_, all).ok());
    admin_ = Person("admin@x");
    ASSERT_TRUE(identity::CreateFirstAdmin(test_->database(), clock_, SystemRandom(), "admin@x").ok());
    permissions_ = std::make_unique<identity::PermissionEvaluator>(test_->database());
    for (const char* type : {"notebooks", "directories", "files"}) permissions_->Register(type, ancestry_);
    tree_ = std::make_unique<WorkspaceTree>(test_->database(), *permissions_, clock_, SystemRandom());
    service_ = std::make_unique<WorkspaceService>(*tree_);
    Status added = test_->database().Transact([&](metadb::Transaction& txn) -> Status {
      ASSIGN_OR_RETURN(auto admin, identity::Directory::FindByName(txn, "admin@x"));
      admin_.id = admin->id;
      identity::PrincipalRow other = *admin;
      other.id = 77;
      other.name = "eve@x";
      return identity::PrincipalsTable::Insert(txn, other);
    });
    ASSERT_TRUE(added.ok()) << added.error().message;
    eve_ = Person("eve@x");
    eve_.id = 77;
  }
  static http::Principal Person(const std::string& name) {
    http::Principal person;
    person.name = name;
    return person;
  }
  std::string Import(const http::Principal& who, const std::string& path, const std::string& content,
                     std::string_view format, bool overwrite = false) {
    http::RequestContext context;
    context.principal = who;
    api::workspace::ImportObjectRequest request;
    request.path = path;
    request.content = content;
    request.format = format;
    request.overwrite = overwrite;
    return Name(service_->ImportObject(context, request));
  }
  std::string Paths(const http::Principal& who, const std::string& path) {
    auto listed = tree_->List(who, path);
    if (!listed.ok()) return std::string(ErrorCodeName(listed.error().code));
    std::string paths;
    for (const PlacedObject& object : *listed) paths += object.path + " ";
    return paths;
  }
  static std::string Name(const Status& status) {
    return status.ok() ? "ok" : std::string(ErrorCodeName(status.error().code));
  }

  FakeClock clock_{1'700'000'000'000};
  std::unique_ptr<metadb::TestDatabase> test_;
  std::unique_ptr<identity::PermissionEvaluator> permissions_;
  WorkspaceAncestry ancestry_;
  std::unique_ptr<WorkspaceTree> tree_;
  std::unique_ptr<WorkspaceService> service_;
  http::Principal admin_;
  http::Principal eve_;
};

TEST_F(TreeTest, HomesAreTheirOwners) {
  EXPECT_EQ(Paths(eve_, "/Users"), "/Users/eve@x ");
  EXPECT_EQ(Paths(admin_, "/Workspace/Users"), "/Users/admin@x /Users/eve@x ");
  EXPECT_EQ(Import(eve_, "/Users/eve@x/etl", "-- Databricks notebook source\nSELECT 1", "SOURCE"), "ok");
  EXPECT_EQ(Import(eve_, "/Users/eve@x/etl", "-- Databricks notebook source\nSELECT 1", "SOURCE"),
            "RESOURCE_ALREADY_EXISTS");
  EXPECT_EQ(Import(eve_, "/Users/admin@x/etl", "x", "RAW"), "RESOURCE_DOES_NOT_EXIST");
  EXPECT_EQ(Import(eve_, "/top", "x", "RAW"), "PERMISSION_DENIED");
  EXPECT_EQ(Import(eve_, "/Shared/x", "x", "RAW"), "ok");
  EXPECT_EQ(Paths(eve_, "/Users/admin@x"), "RESOURCE_DOES_NOT_EXIST");
  auto notebook = tree_->ReadNotebook(eve_, "/Workspace/Users/eve@x/etl");
  ASSERT_TRUE(notebook.ok());
  EXPECT_EQ(notebook->language, "SQL");
  EXPECT_EQ(notebook->source, "SELECT 1");
}

TEST_F(TreeTest, ImportsDecideWhatAnObjectIs) {
  EXPECT_EQ(Import(admin_, "/a.sql", "-- Databricks notebook source\nSELECT 1", "AUTO"), "ok");
  EXPECT_EQ(Import(admin_, "/b.sql", "SELECT 1", "AUTO"), "ok");
  EXPECT_EQ(Import(admin_, "/c", "SELECT 1", "SOURCE"), "INVALID_PARAMETER_VALUE");
  EXPECT_EQ(Import(admin_, "/c", "{}", "JUPYTER"), "NOT_IMPLEMENTED");
  EXPECT_EQ(Import(admin_, "/b.sql", "SELECT 2", "SOURCE", true), "INVALID_PARAMETER_VALUE");
  EXPECT_EQ(Import(admin_, "/d", std::string(kMaxContentBytes + 1, 'x'), "RAW"), "MAX_NOTEBOOK_SIZE_EXCEEDED");
  EXPECT_EQ(Paths(admin_, "/"), "/Shared /Users /a /b.sql ");
  EXPECT_EQ(tree_->Find(admin_, "/a")->row.kind, ObjectKind::kNotebook);
  EXPECT_EQ(tree_->Find(admin_, "/b.sql")->row.kind, ObjectKind::kFile);
  EXPECT_EQ(Import(admin_, "/b.sql", "SELECT 22", "AUTO", true), "ok");
  EXPECT_EQ(tree_->Read(admin_, "/b.sql")->content, "SELECT 22");
}

TEST_F(TreeTest, FoldersAreDeletedWithWhatTheyHold) {
  EXPECT_EQ(Name(tree_->MakeDirectories(admin_, "/p/q/r")), "ok");
  EXPECT_EQ(Name(tree_->MakeDirectories(admin_, "/p/q/r")), "ok");
  EXPECT_EQ(Import(admin_, "/p/q/f", "x", "RAW"), "ok");
  EXPECT_EQ(Name(tree_->MakeDirectories(admin_, "/p/q/f/g")), "RESOURCE_ALREADY_EXISTS");
  EXPECT_EQ(Name(tree_->Delete(admin_, "/p", WorkspaceTree::Depth::kOne)), "DIRECTORY_NOT_EMPTY");
  EXPECT_EQ(Name(tree_->Delete(eve_, "/p", WorkspaceTree::Depth::kAll)), "RESOURCE_DOES_NOT_EXIST");
  EXPECT_EQ(Name(tree_->Delete(admin_, "/Shared", WorkspaceTree::Depth::kAll)), "BAD_REQUEST");
  EXPECT_EQ(Name(tree_->Delete(admin_, "/p", WorkspaceTree::Depth::kAll)), "ok");
  EXPECT_EQ(Paths(admin_, "/p/q"), "RESOURCE_DOES_NOT_EXIST");
  EXPECT_EQ(Paths(admin_, "/"), "/Shared /Users ");
}

}  // namespace
}  // namespace ashlar::workspace
