#include "catalog/catalog_service.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/failpoint.h"
#include "base/file.h"
#include "catalog/test_workspace.h"
#include "metadb/test_on_backends.h"

namespace ashlar::catalog {
namespace {

using objectstore::PutOutcome;
using sql::Access;
using sql::CatalogAction;
using sql::CatalogCommand;
using sql::Securable;

class CatalogServiceTest : public testing::TestWithParam<metadb::TestBackend> {
 protected:
  void SetUp() override { metadb::TakeOrSkip(TestWorkspace::Make(GetParam()), w_); }
  void TearDown() override { SetFailpointsForTest(""); }

  CatalogCommand Command(CatalogAction action, Securable kind, const std::string& object) {
    CatalogCommand command;
    command.action = action;
    command.securable = kind;
    command.name = Parts(object);
    return command;
  }
  // First cells of the rows, joined.
  std::string Shown(const http::Principal& who, Securable kind, const std::string& where,
                    size_t column, const std::string& pattern = "") {
    CatalogCommand command = Command(CatalogAction::kShow, kind, where);
    command.pattern = pattern;
    auto reply = w_->catalog().Execute(who, command);
    if (!reply.ok()) return Verdict(reply);
    std::string joined;
    for (const auto& row : reply->rows) joined += *row[column] + " ";
    return joined;
  }

  std::unique_ptr<TestWorkspace> w_;
};

TEST_P(CatalogServiceTest, FirstStartMakesMainAndDefaultOnce) {
  EXPECT_EQ(Shown(w_->admin, Securable::kCatalog, "", 0), "main ");
  EXPECT_EQ(Shown(w_->admin, Securable::kSchema, "main", 0), "default ");
  ASSERT_TRUE(w_->Restart().ok());
  EXPECT_EQ(Shown(w_->admin, Securable::kCatalog, "", 0), "main ");
}

TEST_P(CatalogServiceTest, DeltaTableAppearsWithItsVersionZero) {
  auto made = w_->Create(w_->ann, Securable::kTable, "main.default.Orders");
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_EQ(made->location, w_->data_dir() + "/managed/" + made->uuid);
  EXPECT_EQ(Verdict(w_->Resolve(w_->ann, "main.default.orders")), "TABLE_OR_VIEW_NOT_FOUND");
  // Only the creator may write version 0, and nothing but version 0.
  TableCommit zero = VersionZero(made->uuid, made->location, "c0");
  EXPECT_EQ(Verdict(w_->catalog().Commit(w_->bob, zero)), "TABLE_OR_VIEW_NOT_FOUND");
  TableCommit one = zero;
  one.version = 1;
  EXPECT_EQ(Verdict(w_->catalog().Commit(w_->ann, one)), "TABLE_OR_VIEW_NOT_FOUND");
  auto outcome = w_->catalog().Commit(w_->ann, zero);
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_EQ(*outcome, PutOutcome::kWon);
  auto table = w_->Resolve(w_->ann, "MAIN.Default.ORDERS");
  ASSERT_TRUE(table.ok()) << table.error().message;
  EXPECT_EQ(table->full_name, "main.default.orders");
  EXPECT_EQ(table->uuid, made->uuid);
  EXPECT_EQ(table->format, "DELTA");
  EXPECT_EQ(table->owner, "ann@x");
  EXPECT_TRUE(table->managed);
  EXPECT_EQ(table->properties.at("delta.appendOnly"), "false");
  EXPECT_EQ(*ReadFile(made->location + "/_delta_log/00000000000000000000.json"), zero.actions);
}

TEST_P(CatalogServiceTest, CommitsAreWonOnceAndFollowEachOther) {
  auto made = w_->CreateTable(w_->ann, "main.default.t");
  ASSERT_TRUE(made.ok()) << made.error().message;
  TableCommit one = VersionZero(made->uuid, made->location, "c1");
  one.version = 1;
  EXPECT_EQ(*w_->catalog().Commit(w_->ann, one), PutOutcome::kWon);
  EXPECT_EQ(*w_->catalog().Commit(w_->ann, one), PutOutcome::kWon) << "the answer was lost, not the race";
  TableCommit rival = VersionZero(made->uuid, made->location, "c2");
  rival.version = 1;
  EXPECT_EQ(*w_->catalog().Commit(w_->ann, rival), PutOutcome::kLost);
  rival.version = 3;
  EXPECT_EQ(Verdict(w_->catalog().Commit(w_->ann, rival)), "INVALID_STATE");
  rival.version = 2;
  rival.location = w_->data_dir() + "/managed";
  EXPECT_EQ(Verdict(w_->catalog().Commit(w_->ann, rival)), "INVALID_STATE");
  rival.location = made->location;
  EXPECT_EQ(Verdict(w_->catalog().Commit(w_->bob, rival)), "INSUFFICIENT_PERMISSIONS");
  rival.commit_uuid = "another";
  EXPECT_EQ(Verdict(w_->catalog().Commit(w_->ann, rival)), "INVALID_PARAMETER_VALUE");
}

TEST_P(CatalogServiceTest, OfTwoCreatesOneGetsTheName) {
  auto first = w_->Create(w_->ann, Securable::kTable, "main.default.t");
  auto second = w_->Create(w_->bob, Securable::kTable, "main.default.t");
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(*w_->catalog().Commit(w_->bob, VersionZero(second->uuid, second->location, "b")),
            PutOutcome::kWon);
  EXPECT_EQ(Verdict(w_->catalog().Commit(w_->ann, VersionZero(first->uuid, first->location, "a"))),
            "TABLE_OR_VIEW_ALREADY_EXISTS");
  EXPECT_FALSE(std::filesystem::exists(first->location));
  EXPECT_EQ(w_->Resolve(w_->bob, "main.default.t")->uuid, second->uuid);
  EXPECT_EQ(Verdict(w_->Create(w_->ann, Securable::kTable, "main.default.t")),
            "TABLE_OR_VIEW_ALREADY_EXISTS");
}

TEST_P(CatalogServiceTest, CrashBetweenVersionZeroAndItsNameLosesNothing) {
  auto made = w_->Create(w_->ann, Securable::kTable, "main.default.t");
  ASSERT_TRUE(made.ok());
  SetFailpointsForTest("catalog.commit.after_put=error");
  EXPECT_FALSE(w_->catalog().Commit(w_->ann, VersionZero(made->uuid, made->location, "c")).ok());
  EXPECT_EQ(Verdict(w_->Resolve(w_->ann, "main.default.t")), "TABLE_OR_VIEW_NOT_FOUND");
  ASSERT_TRUE(w_->Restart().ok());
  EXPECT_EQ(w_->Resolve(w_->ann, "main.default.t")->uuid, made->uuid);
}

TEST_P(CatalogServiceTest, ARecordedCommitIsFoundByItsUuidAfterACrash) {
  auto made = w_->CreateTable(w_->ann, "main.default.t");
  ASSERT_TRUE(made.ok());
  auto commit = [&](const std::string& uuid, int64_t version) {
    TableCommit next = VersionZero(made->uuid, made->location, uuid);
    next.version = version;
    next.recorded = true;
    return w_->catalog().Commit(w_->ann, next);
  };
  EXPECT_FALSE(*w_->catalog().WasCommitted("c1")) << "never tried";
  EXPECT_EQ(*commit("c1", 1), PutOutcome::kWon);
  EXPECT_EQ(*commit("c2", 1), PutOutcome::kLost);
  SetFailpointsForTest("catalog.commit.before_put=error");
  EXPECT_FALSE(commit("c3", 2).ok());
  SetFailpointsForTest("catalog.commit.after_put=error");
  EXPECT_FALSE(commit("c4", 2).ok());
  ASSERT_TRUE(w_->Restart().ok());
  EXPECT_TRUE(*w_->catalog().WasCommitted("c1"));
  EXPECT_FALSE(*w_->catalog().WasCommitted("c2")) << "another commit holds the version";
  EXPECT_FALSE(*w_->catalog().WasCommitted("c3")) << "nor is it the version's that came later";
  EXPECT_TRUE(*w_->catalog().WasCommitted("c4")) << "read back from the log";
  ASSERT_TRUE(w_->Drop(w_->ann, Securable::kTable, "main.default.t").ok());
  EXPECT_TRUE(*w_->catalog().WasCommitted("c1")) << "the table is gone, the commit was";
}

TEST_P(CatalogServiceTest, CrashBeforeVersionZeroLeavesNothing) {
  auto made = w_->Create(w_->ann, Securable::kTable, "main.default.t");
  ASSERT_TRUE(made.ok());
  ASSERT_TRUE(WriteFileDurably(made->location + "/part-0.parquet", "data").ok());
  ASSERT_TRUE(w_->catalog().Sweep().ok());
  EXPECT_TRUE(std::filesystem::exists(made->location)) << "a young intent is still being worked on";
  ASSERT_TRUE(w_->Restart().ok());
  EXPECT_FALSE(std::filesystem::exists(made->location));
  EXPECT_TRUE(w_->CreateTable(w_->ann, "main.default.t").ok());
}

TEST_P(CatalogServiceTest, AnAbandonedCreateLeavesNothing) {
  auto made = w_->Create(w_->ann, Securable::kTable, "main.default.t");
  ASSERT_TRUE(made.ok());
  ASSERT_TRUE(WriteFileDurably(made->location + "/part-0.parquet", "data").ok());
  CatalogCommand abandon;
  abandon.action = CatalogAction::kDrop;
  abandon.securable = Securable::kTable;
  abandon.name = {made->uuid};
  EXPECT_EQ(Verdict(w_->catalog().Execute(w_->bob, abandon)), "TABLE_OR_VIEW_NOT_FOUND") << "it is ann's";
  EXPECT_TRUE(std::filesystem::exists(made->location));
  EXPECT_TRUE(w_->catalog().Execute(w_->ann, abandon).ok());
  EXPECT_FALSE(std::filesystem::exists(made->location));
  EXPECT_EQ(Verdict(w_->catalog().Commit(w_->ann, VersionZero(made->uuid, made->location, "c"))), "TABLE_OR_VIEW_NOT_FOUND");

  auto table = w_->CreateTable(w_->ann, "main.default.t");
  ASSERT_TRUE(table.ok()) << "the name is free at once";
  abandon.name = {table->uuid};
  EXPECT_EQ(Verdict(w_->catalog().Execute(w_->ann, abandon)), "TABLE_OR_VIEW_NOT_FOUND") << "no intent any more";
  auto lost = w_->Create(w_->ann, Securable::kTable, "main.default.u");
  SetFailpointsForTest("catalog.commit.after_put=error");
  EXPECT_FALSE(w_->catalog().Commit(w_->ann, VersionZero(lost->uuid, lost->location, "d")).ok());
  abandon.name = {lost->uuid};
  EXPECT_EQ(Verdict(w_->catalog().Execute(w_->ann, abandon)), "TABLE_OR_VIEW_NOT_FOUND") << "its version 0 is there";
  ASSERT_TRUE(w_->Restart().ok());
  EXPECT_EQ(w_->Resolve(w_->ann, "main.default.u")->uuid, lost->uuid);
}

TEST_P(CatalogServiceTest, InterruptedDropIsFinishedAtRestart) {
  auto made = w_->CreateTable(w_->ann, "main.default.t");
  ASSERT_TRUE(made.ok());
  SetFailpointsForTest("catalog.drop.before_files=error");
  ASSERT_TRUE(w_->Drop(w_->ann, Securable::kTable, "main.default.t").ok());
  EXPECT_EQ(Verdict(w_->Resolve(w_->ann, "main.default.t")), "TABLE_OR_VIEW_NOT_FOUND");
  EXPECT_TRUE(std::filesystem::exists(made->location));
  ASSERT_TRUE(w_->CreateTable(w_->ann, "main.default.t").ok()) << "the name is free at once";
  ASSERT_TRUE(w_->Restart().ok());
  EXPECT_FALSE(std::filesystem::exists(made->location));
  EXPECT_TRUE(w_->Resolve(w_->ann, "main.default.t").ok());
}

TEST_P(CatalogServiceTest, ExternalDataOutlivesItsTable) {
  std::string folder = w_->outside() + "/ext";
  ASSERT_TRUE(w_->CreateTable(w_->admin, "main.default.ext", "file://" + folder).ok());
  EXPECT_FALSE(w_->Resolve(w_->admin, "main.default.ext")->managed);
  EXPECT_EQ(Verdict(w_->Create(w_->admin, Securable::kTable, "main.default.again", folder + "/sub")),
            "INVALID_PARAMETER_VALUE.LOCATION_OVERLAP");
  EXPECT_EQ(Verdict(w_->Create(w_->admin, Securable::kTable, "main.default.again", w_->outside())),
            "INVALID_PARAMETER_VALUE.LOCATION_OVERLAP");
  ASSERT_TRUE(w_->Drop(w_->admin, Securable::kTable, "main.default.ext").ok());
  EXPECT_TRUE(std::filesystem::exists(folder + "/_delta_log/00000000000000000000.json"));
  // Registering it again finds the log and needs no commit.
  ASSERT_TRUE(w_->Create(w_->admin, Securable::kTable, "main.default.back", folder).ok());
  EXPECT_EQ(w_->Resolve(w_->admin, "main.default.back")->location, folder);
}

TEST_P(CatalogServiceTest, ViewsReadAsTheirOwner) {
  ASSERT_TRUE(w_->CreateTable(w_->ann, "main.default.base").ok());
  ASSERT_TRUE(w_->CreateTable(w_->ann, "main.default.secret").ok());
  auto view = w_->CreateView(w_->ann, "main.default.v", "SELECT a FROM Base");
  ASSERT_TRUE(view.ok()) << view.error().message;
  auto read = [&](const std::string& table, std::vector<std::string> via) {
    return Verdict(w_->Resolve(w_->bob, table, Access::kRead, std::move(via)));
  };
  EXPECT_EQ(read("main.default.base", {view->uuid}), "INSUFFICIENT_PERMISSIONS");
  ASSERT_TRUE(w_->Grant("SELECT", Securable::kView, "main.default.v", "bob@x").ok());
  EXPECT_EQ(read("main.default.base", {}), "INSUFFICIENT_PERMISSIONS");
  EXPECT_EQ(read("main.default.base", {view->uuid}), "OK");
  EXPECT_EQ(read("main.default.secret", {view->uuid}), "INSUFFICIENT_PERMISSIONS") << "not in the view";
  auto resolved = w_->Resolve(w_->bob, "main.default.v");
  EXPECT_EQ(resolved->kind, sql::RelationKind::kView);
  EXPECT_EQ(resolved->view_text, "SELECT a FROM Base");
  EXPECT_EQ(resolved->view_schema, "default");
  // A view over the view, by bob: the admin reads it as himself, v as bob, base as ann.
  auto outer = w_->CreateView(w_->bob, "main.default.w", "SELECT * FROM v");
  EXPECT_EQ(Verdict(w_->Resolve(w_->admin, "main.default.base", Access::kRead,
                                {outer->uuid, view->uuid})),
            "INSUFFICIENT_PERMISSIONS");
  ASSERT_TRUE(w_->Grant("SELECT", Securable::kView, "main.default.w", "admins").ok());
  EXPECT_EQ(Verdict(w_->Resolve(w_->admin, "main.default.base", Access::kRead,
                                {outer->uuid, view->uuid})),
            "OK");
  EXPECT_EQ(Verdict(w_->Resolve(w_->admin, "main.default.v", Access::kWrite)),
            "INSUFFICIENT_PERMISSIONS");
  EXPECT_EQ(Verdict(w_->Resolve(w_->bob, "main.default.v", Access::kWrite)),
            "EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE");
}

TEST_P(CatalogServiceTest, AlterChangesWhatItNames) {
  auto made = w_->CreateTable(w_->ann, "main.default.t");
  ASSERT_TRUE(made.ok());
  CatalogCommand rename = Command(CatalogAction::kRename, Securable::kTable, "main.default.t");
  rename.new_name = {"main", "default", "Renamed"};
  EXPECT_EQ(Verdict(w_->catalog().Execute(w_->bob, rename)), "INSUFFICIENT_PERMISSIONS");
  ASSERT_TRUE(w_->catalog().Execute(w_->ann, rename).ok());
  EXPECT_EQ(w_->Resolve(w_->ann, "main.default.renamed")->uuid, made->uuid);
  CatalogCommand comment = Command(CatalogAction::kSetComment, Securable::kTable, "main.default.renamed");
  comment.comment = "about";
  ASSERT_TRUE(w_->catalog().Execute(w_->ann, comment).ok());
  CatalogCommand set = Command(CatalogAction::kSetProperties, Securable::kTable, "main.default.renamed");
  set.properties = {{"k", "1"}, {"l", "2"}};
  ASSERT_TRUE(w_->catalog().Execute(w_->ann, set).ok());
  CatalogCommand unset = Command(CatalogAction::kUnsetProperties, Securable::kTable, "main.default.renamed");
  unset.properties = {{"k", ""}, {"none", ""}};
  EXPECT_EQ(Verdict(w_->catalog().Execute(w_->ann, unset)), "UNSET_NONEXISTENT_PROPERTIES");
  unset.if_exists = true;
  ASSERT_TRUE(w_->catalog().Execute(w_->ann, unset).ok());
  auto table = w_->Resolve(w_->ann, "main.default.renamed");
  EXPECT_EQ(table->comment, "about");
  EXPECT_EQ(table->properties.count("k"), 0u);
  EXPECT_EQ(table->properties.at("l"), "2");
  CatalogCommand owner = Command(CatalogAction::kSetOwner, Securable::kTable, "main.default.renamed");
  owner.principal = "nobody";
  EXPECT_EQ(Verdict(w_->catalog().Execute(w_->ann, owner)), "RESOURCE_DOES_NOT_EXIST");
  owner.principal = "bob@x";
  ASSERT_TRUE(w_->catalog().Execute(w_->ann, owner).ok());
  EXPECT_EQ(Verdict(w_->Resolve(w_->ann, "main.default.renamed")), "INSUFFICIENT_PERMISSIONS");
  EXPECT_EQ(w_->Resolve(w_->bob, "main.default.renamed")->owner, "bob@x");
}

TEST_P(CatalogServiceTest, DropRespectsKindsAndContents) {
  ASSERT_TRUE(w_->CreateTable(w_->ann, "main.default.t").ok());
  ASSERT_TRUE(w_->CreateView(w_->ann, "main.default.v", "SELECT 1").ok());
  EXPECT_EQ(Verdict(w_->Drop(w_->ann, Securable::kView, "main.default.t")),
            "WRONG_COMMAND_FOR_OBJECT_TYPE");
  EXPECT_EQ(Verdict(w_->Drop(w_->ann, Securable::kTable, "main.default.v")),
            "WRONG_COMMAND_FOR_OBJECT_TYPE");
  EXPECT_EQ(Verdict(w_->Drop(w_->admin, Securable::kSchema, "main.default")), "SCHEMA_NOT_EMPTY");
  EXPECT_EQ(Verdict(w_->Drop(w_->admin, Securable::kCatalog, "main")), "INVALID_STATE");
  EXPECT_EQ(Verdict(w_->Drop(w_->ann, Securable::kTable, "main.default.none")),
            "TABLE_OR_VIEW_NOT_FOUND");
  CatalogCommand tolerant = Command(CatalogAction::kDrop, Securable::kTable, "main.nowhere.none");
  tolerant.if_exists = true;
  EXPECT_EQ(Verdict(w_->catalog().Execute(w_->ann, tolerant)), "OK");
  std::string location = w_->Resolve(w_->ann, "main.default.t")->location;
  CatalogCommand cascade = Command(CatalogAction::kDrop, Securable::kCatalog, "main");
  cascade.cascade = true;
  EXPECT_EQ(Verdict(w_->catalog().Execute(w_->ann, cascade)), "INSUFFICIENT_PERMISSIONS");
  ASSERT_TRUE(w_->catalog().Execute(w_->admin, cascade).ok());
  EXPECT_FALSE(std::filesystem::exists(location));
  EXPECT_EQ(Shown(w_->admin, Securable::kCatalog, "", 0), "");
}

TEST_P(CatalogServiceTest, ListingsShowOnlyWhatOneMaySee) {
  ASSERT_TRUE(w_->Create(w_->admin, Securable::kCatalog, "Sales").ok());
  ASSERT_TRUE(w_->Create(w_->admin, Securable::kSchema, "sales.q1").ok());
  ASSERT_TRUE(w_->CreateTable(w_->admin, "sales.q1.open").ok());
  ASSERT_TRUE(w_->CreateTable(w_->admin, "sales.q1.closed").ok());
  ASSERT_TRUE(w_->CreateView(w_->admin, "sales.q1.v", "SELECT 1").ok());
  EXPECT_EQ(Shown(w_->admin, Securable::kTable, "sales.q1", 1), "closed open v ");
  EXPECT_EQ(Shown(w_->admin, Securable::kTable, "sales.q1", 1, "*O*|x"), "closed open ");
  EXPECT_EQ(Shown(w_->admin, Securable::kView, "sales.q1", 1), "v ");
  EXPECT_EQ(Shown(w_->ann, Securable::kCatalog, "", 0), "main ");
  EXPECT_EQ(Shown(w_->ann, Securable::kTable, "sales.q1", 1), "INSUFFICIENT_PERMISSIONS");
  ASSERT_TRUE(w_->Grant("USE_CATALOG", Securable::kCatalog, "sales", "analysts").ok());
  ASSERT_TRUE(w_->Grant("USE SCHEMA", Securable::kSchema, "sales.q1", "ann@x").ok());
  EXPECT_EQ(Shown(w_->ann, Securable::kTable, "sales.q1", 1), "");
  ASSERT_TRUE(w_->Grant("SELECT", Securable::kTable, "sales.q1.open", "analysts").ok());
  EXPECT_EQ(Shown(w_->ann, Securable::kTable, "sales.q1", 1), "open ");
  EXPECT_EQ(Shown(w_->ann, Securable::kCatalog, "", 0), "main sales ");
  EXPECT_EQ(Shown(w_->bob, Securable::kCatalog, "", 0), "main ");
  ASSERT_TRUE(w_->Grant("BROWSE", Securable::kCatalog, "sales", "bob@x").ok());
  EXPECT_EQ(Shown(w_->bob, Securable::kTable, "sales.q1", 1), "closed open v ");
  EXPECT_EQ(Verdict(w_->Resolve(w_->bob, "sales.q1.open")), "INSUFFICIENT_PERMISSIONS");
}

TEST_P(CatalogServiceTest, EpochMovesWithEveryChangeAndNoOther) {
  int64_t before = *w_->catalog().Epoch();
  EXPECT_EQ(Shown(w_->admin, Securable::kCatalog, "", 0), "main ");
  EXPECT_EQ(*w_->catalog().Epoch(), before);
  ASSERT_TRUE(w_->Grant("USE_SCHEMA", Securable::kSchema, "main.default", "bob@x").ok());
  EXPECT_GT(*w_->catalog().Epoch(), before);
  before = *w_->catalog().Epoch();
  ASSERT_TRUE(w_->CreateTable(w_->ann, "main.default.t").ok());
  EXPECT_GT(*w_->catalog().Epoch(), before);
}

TEST_P(CatalogServiceTest, AParquetTableBecomesADeltaTableOnceItHasALog) {
  CatalogCommand create = Command(CatalogAction::kCreate, Securable::kTable, "main.default.p");
  create.format = "PARQUET";
  create.location = w_->outside() + "/p";
  auto made = w_->catalog().Execute(w_->admin, create);
  ASSERT_TRUE(made.ok()) << made.error().message;
  CatalogCommand convert = Command(CatalogAction::kSetFormat, Securable::kTable, "main.default.p");
  convert.format = "DELTA";
  convert.columns = {{"a", TypeId::kInt}, {"b", TypeId::kString}};
  convert.partition_columns = {"b"};
  EXPECT_EQ(Verdict(w_->catalog().Execute(w_->admin, convert)), "INVALID_STATE");
  ASSERT_EQ(*w_->catalog().Commit(w_->admin, VersionZero(made->uuid, made->location, "c0")), PutOutcome::kWon);
  EXPECT_EQ(w_->Resolve(w_->admin, "main.default.p")->format, "PARQUET");
  EXPECT_EQ(Verdict(w_->catalog().Execute(w_->bob, convert)), "INSUFFICIENT_PERMISSIONS");
  EXPECT_EQ(Verdict(w_->catalog().Execute(w_->admin, convert)), "OK");
  EXPECT_EQ(w_->Resolve(w_->admin, "main.default.p")->format, "DELTA");
  // It is one now.
  EXPECT_EQ(Verdict(w_->catalog().Execute(w_->admin, convert)), "INVALID_PARAMETER_VALUE");
}

TEST_P(CatalogServiceTest, WhatIsNotBuiltSaysSo) {
  CatalogCommand csv = Command(CatalogAction::kCreate, Securable::kTable, "main.default.c");
  csv.format = "CSV";
  EXPECT_EQ(w_->catalog().Execute(w_->ann, csv).error().code, ErrorCode::kNotImplemented);
  csv.format = "ICEBERG";
  EXPECT_EQ(w_->catalog().Execute(w_->ann, csv).error().code, ErrorCode::kNotImplemented);
  EXPECT_EQ(w_->Resolve(w_->ann, "main.information_schema.tables").error().code,
            ErrorCode::kNotImplemented);
  EXPECT_EQ(w_->Create(w_->admin, Securable::kFunction, "main.default.f").error().code,
            ErrorCode::kNotImplemented);
  EXPECT_EQ(Verdict(w_->Create(w_->admin, Securable::kSchema, "main.information_schema")),
            "SCHEMA_ALREADY_EXISTS");
  EXPECT_EQ(Verdict(w_->Create(w_->admin, Securable::kSchema, "main.a/b")), "INVALID_PARAMETER_VALUE");
}

INSTANTIATE_TEST_SUITE_P(Backends, CatalogServiceTest, metadb::EveryBackend(), metadb::BackendName);

}  // namespace
}  // namespace ashlar::catalog
