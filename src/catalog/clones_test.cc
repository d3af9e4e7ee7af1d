// Shallow clones: whose files a table may read, and what keeps those files.
#include <gtest/gtest.h>

#include <algorithm>

#include "catalog/test_workspace.h"
#include "metadb/test_on_backends.h"

namespace ashlar::catalog {
namespace {

using sql::Access;
using sql::CatalogAction;
using sql::CatalogCommand;
using sql::Securable;
using Roots = std::vector<std::string>;

class ClonesTest : public testing::TestWithParam<metadb::TestBackend> {
 protected:
  void SetUp() override {
    metadb::TakeOrSkip(TestWorkspace::Make(GetParam()), w_);
    if (!w_) return;
    source_ = *w_->CreateTable(w_->ann, "main.default.source");
  }

  // A table that is an intent, until version 0 is committed.
  Result<sql::CatalogReply> Begin(const http::Principal& who, const std::string& object, const std::string& source_uuid,
                                  const std::string& location = "", bool replaces = false) {
    CatalogCommand command;
    command.action = CatalogAction::kCreate;
    command.securable = Securable::kTable;
    command.name = Parts(object);
    command.format = "DELTA";
    command.location = location;
    command.or_replace = replaces;
    command.shallow_clone_of = source_uuid;
    return w_->catalog().Execute(who, command);
  }
  Result<sql::CatalogReply> Clone(const http::Principal& who, const std::string& object, const std::string& source_uuid) {
    ASSIGN_OR_RETURN(sql::CatalogReply reply, Begin(who, object, source_uuid));
    RETURN_IF_ERROR(w_->catalog().Commit(who, VersionZero(reply.uuid, reply.location, "commit-" + object)));
    return reply;
  }

  std::unique_ptr<TestWorkspace> w_;
  sql::CatalogReply source_;
};

TEST_P(ClonesTest, WhoMayReadTheSourceMakesOneAndWhoMayReadThatNeedsNoMore) {
  EXPECT_EQ(Verdict(Begin(w_->bob, "main.default.stolen", source_.uuid)), "INSUFFICIENT_PERMISSIONS");
  EXPECT_EQ(Verdict(Begin(w_->ann, "main.default.c", "no such table")), "TABLE_OR_VIEW_NOT_FOUND");
  auto clone = Clone(w_->ann, "main.default.c", source_.uuid);
  ASSERT_TRUE(clone.ok()) << clone.error().message;
  EXPECT_EQ(clone->source_roots, Roots{source_.location});
  EXPECT_EQ(Verdict(w_->Resolve(w_->bob, "main.default.c")), "INSUFFICIENT_PERMISSIONS");
  ASSERT_TRUE(w_->Grant("SELECT", Securable::kTable, "main.default.c", "bob@x").ok());
  auto read = w_->Resolve(w_->bob, "main.default.c");
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->source_roots, Roots{source_.location});
  EXPECT_EQ(Verdict(w_->Resolve(w_->bob, "main.default.source")), "INSUFFICIENT_PERMISSIONS");
  // A clone of a clone reads the files of both.
  auto nested = Clone(w_->bob, "main.default.n", clone->uuid);
  ASSERT_TRUE(nested.ok()) << nested.error().message;
  Roots both = {source_.location, clone->location};
  std::ranges::sort(both);
  EXPECT_EQ(nested->source_roots, both);
  EXPECT_EQ(w_->Resolve(w_->ann, "main.default.source")->source_roots, Roots{});
}

TEST_P(ClonesTest, TheSourceKnowsItsClonesThoseBeingMadeIncluded) {
  auto clone = Begin(w_->ann, "main.default.c", source_.uuid);
  ASSERT_TRUE(clone.ok()) << clone.error().message;
  EXPECT_EQ(w_->Resolve(w_->ann, "main.default.source", Access::kWrite)->clone_roots, Roots{clone->location});
  EXPECT_EQ(w_->Resolve(w_->ann, "main.default.source")->clone_roots, Roots{});
}

TEST_P(ClonesTest, NoDropLeavesACloneWithoutItsFiles) {
  auto clone = Clone(w_->ann, "main.default.c", source_.uuid);
  ASSERT_TRUE(clone.ok()) << clone.error().message;
  EXPECT_EQ(Verdict(w_->Drop(w_->ann, Securable::kTable, "main.default.source")), "INVALID_STATE");
  EXPECT_EQ(Verdict(w_->Resolve(w_->ann, "main.default.source")), "OK");
  EXPECT_EQ(Verdict(w_->Drop(w_->ann, Securable::kTable, "main.default.c")), "OK");
  EXPECT_EQ(w_->Resolve(w_->ann, "main.default.source", Access::kWrite)->clone_roots, Roots{});
  EXPECT_EQ(Verdict(w_->Drop(w_->ann, Securable::kTable, "main.default.source")), "OK");
}

TEST_P(ClonesTest, TablesThatGoTogetherMayGo) {
  ASSERT_TRUE(w_->Create(w_->admin, Securable::kCatalog, "sales").ok());
  auto source = w_->CreateTable(w_->admin, "sales.default.source");
  ASSERT_TRUE(source.ok()) << source.error().message;
  ASSERT_TRUE(Clone(w_->admin, "sales.default.c", source->uuid).ok());
  ASSERT_TRUE(Clone(w_->admin, "main.default.elsewhere", source->uuid).ok());
  CatalogCommand drop;
  drop.action = CatalogAction::kDrop;
  drop.securable = Securable::kCatalog;
  drop.name = {"sales"};
  drop.cascade = true;
  EXPECT_EQ(Verdict(w_->catalog().Execute(w_->admin, drop)), "INVALID_STATE");
  ASSERT_TRUE(w_->Drop(w_->admin, Securable::kTable, "main.default.elsewhere").ok());
  EXPECT_EQ(Verdict(w_->catalog().Execute(w_->admin, drop)), "OK");
}

TEST_P(ClonesTest, NoTableIsACloneOfItself) {
  auto clone = Clone(w_->ann, "main.default.c", source_.uuid);
  ASSERT_TRUE(clone.ok()) << clone.error().message;
  EXPECT_EQ(Verdict(Begin(w_->ann, "main.default.source", source_.uuid, "", true)), "INVALID_PARAMETER_VALUE");
  EXPECT_EQ(Verdict(Begin(w_->ann, "main.default.source", clone->uuid, "", true)), "INVALID_PARAMETER_VALUE");
  EXPECT_EQ(w_->Resolve(w_->ann, "main.default.source")->source_roots, Roots{});
}

TEST_P(ClonesTest, AManagedTableIsNotReadThroughAFolderOfOthers) {
  auto managed = w_->CreateTable(w_->admin, "main.default.managed");
  ASSERT_TRUE(managed.ok()) << managed.error().message;
  EXPECT_EQ(Verdict(Begin(w_->admin, "main.default.c", managed->uuid, w_->outside() + "/c")), "INVALID_PARAMETER_VALUE");
  auto external = w_->CreateTable(w_->admin, "main.default.external", w_->outside() + "/source");
  ASSERT_TRUE(external.ok()) << external.error().message;
  auto clone = Begin(w_->admin, "main.default.c", external->uuid, w_->outside() + "/c");
  ASSERT_TRUE(clone.ok()) << clone.error().message;
  EXPECT_EQ(clone->source_roots, Roots{external->location});
}

// The log of a clone that another engine made names folders, which nobody noted.
TEST_P(ClonesTest, AFolderThatALogNamesOpensWhatTheReaderMayReadOutsideOfTheWorkspace) {
  auto named = [&](const http::Principal& who, const std::string& path, Access access = Access::kRead) -> std::string {
    sql::ResolveRequest request{.name = {}, .format = "DELTA", .path = path, .access = access, .named_by_log = true};
    auto answers = w_->catalog().Resolve(who, {}, std::span(&request, 1));
    return answers[0].ok() ? answers[0]->location : Verdict(answers[0]);
  };
  const std::string root = w_->outside() + "/source";
  auto external = w_->CreateTable(w_->admin, "main.default.external", root);
  ASSERT_TRUE(external.ok()) << external.error().message;
  EXPECT_EQ(named(w_->admin, root), root);
  EXPECT_EQ(named(w_->admin, "file:" + root + "/p=1/deep"), root);
  EXPECT_EQ(named(w_->admin, root, Access::kWrite), "INSUFFICIENT_PERMISSIONS");
  EXPECT_EQ(named(w_->bob, root), "INSUFFICIENT_PERMISSIONS");
  ASSERT_TRUE(w_->Grant("SELECT", Securable::kTable, "main.default.external", "bob@x").ok());
  EXPECT_EQ(named(w_->bob, root), root);
  // What is managed, what ANY FILE alone opens, and what has tables below it, stay closed: to admins, too.
  for (const std::string& path : {source_.location, w_->data_dir(), w_->data_dir() + "/x", w_->outside(), w_->outside() + "/else"}) {
    EXPECT_NE(named(w_->admin, path), path);
    EXPECT_NE(named(w_->ann, path), path);
  }
  // Of a location no more than the folder.
  ASSERT_TRUE(w_->Create(w_->admin, Securable::kExternalLocation, "lake", w_->outside()).ok());
  EXPECT_EQ(named(w_->admin, w_->outside() + "/else"), w_->outside() + "/else");
  EXPECT_NE(named(w_->admin, w_->outside()), w_->outside());
  EXPECT_EQ(named(w_->bob, w_->outside() + "/else"), "INSUFFICIENT_PERMISSIONS");
  ASSERT_TRUE(w_->Grant("READ_FILES", Securable::kExternalLocation, "lake", "bob@x").ok());
  EXPECT_EQ(named(w_->bob, w_->outside() + "/else"), w_->outside() + "/else");
}

INSTANTIATE_TEST_SUITE_P(Backends, ClonesTest, metadb::EveryBackend(), metadb::BackendName);

}  // namespace
}  // namespace ashlar::catalog
