// Storage credentials, external locations in object stores, and who gets at what lies there. Nothing here reaches a
// store: tests/objectstores goes on where the network begins.
#include <gtest/gtest.h>

#include "catalog/sealed_text.h"
#include "catalog/tables/clone_sources_table.h"
#include "catalog/test_workspace.h"

namespace ashlar::catalog {
namespace {

using sql::Access;
using sql::CatalogAction;
using sql::Securable;

constexpr const char* kSecret = "the-secret-of-the-key";

TEST(SealedText, ComesBackForItsPurposeAlone) {
  std::string key(kSealKeyBytes, 'a');
  std::string sealed = Seal(key, "one", kSecret);
  EXPECT_EQ(sealed.find(kSecret), std::string::npos);
  EXPECT_NE(sealed, Seal(key, "one", kSecret));
  EXPECT_EQ(*Unseal(key, "one", sealed), kSecret);
  EXPECT_FALSE(Unseal(key, "two", sealed).ok());
  EXPECT_FALSE(Unseal(std::string(kSealKeyBytes, 'b'), "one", sealed).ok());
  std::string changed = sealed;
  changed[20] = changed[20] == 'A' ? 'B' : 'A';
  EXPECT_FALSE(Unseal(key, "one", changed).ok());
  EXPECT_FALSE(Unseal(key, "one", "").ok());
}

class StoreLocationsTest : public testing::Test {
 protected:
  void SetUp() override {
    auto made = TestWorkspace::Make(metadb::TestBackend::kSqlite);
    ASSERT_TRUE(made.ok()) << made.error().message;
    w_ = *std::move(made);
  }

  static sql::CatalogCommand Command(CatalogAction action, Securable kind, const std::string& name) {
    sql::CatalogCommand command;
    command.action = action;
    command.securable = kind;
    command.name = {name};
    return command;
  }
  Result<sql::CatalogReply> MakeKey(const http::Principal& who, const std::string& name) {
    objectstore::StoreCredential credential{
        objectstore::S3AccessKey{.access_key_id = "id", .secret_access_key = kSecret}, "http://127.0.0.1:1"};
    return w_->catalog().CreateStorageCredential(
        who, Command(CatalogAction::kCreate, Securable::kStorageCredential, name), credential);
  }
  Result<sql::CatalogReply> MakeLocation(const http::Principal& who, const std::string& name, const std::string& url,
                                         const std::string& credential) {
    sql::CatalogCommand command = Command(CatalogAction::kCreate, Securable::kExternalLocation, name);
    command.location = url;
    if (!credential.empty()) command.properties["credential"] = credential;
    return w_->catalog().Execute(who, command);
  }
  std::string Path(const http::Principal& who, const std::string& path, Access access = Access::kRead) {
    return Verdict(w_->catalog().ResolvePath(who, path, access));
  }
  Result<std::vector<objectstore::StoreAccess>> Store(const http::Principal& who, const std::string& path,
                                                      Access access = Access::kRead) {
    return w_->catalog().StoresOf(who, {}, {{}, "PARQUET", path, access});
  }

  std::unique_ptr<TestWorkspace> w_;
};

TEST_F(StoreLocationsTest, SecretsAreSealedAndNeverShown) {
  EXPECT_EQ(Verdict(MakeKey(w_->ann, "key")), "INSUFFICIENT_PERMISSIONS");
  ASSERT_TRUE(w_->Grant("CREATE_STORAGE_CREDENTIAL", Securable::kMetastore, "", "ann@x").ok());
  ASSERT_TRUE(MakeKey(w_->ann, "key").ok());
  EXPECT_FALSE(MakeKey(w_->ann, "KEY").ok());
  auto seen = w_->catalog().Inspect(w_->ann, Securable::kStorageCredential, {"key"});
  ASSERT_TRUE(seen.ok());
  EXPECT_NE(seen->attributes.find("\"access_key_id\":\"id\""), std::string::npos);
  EXPECT_EQ(seen->attributes.find(kSecret), std::string::npos);
  EXPECT_EQ(Verdict(w_->catalog().Inspect(w_->bob, Securable::kStorageCredential, {"key"})), "INSUFFICIENT_PERMISSIONS");
  ASSERT_TRUE(w_->database().Read([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(auto found, txn.Query("SELECT sealed FROM store_credentials UNION ALL SELECT attributes FROM securables"));
    for (const metadb::Row& row : found) EXPECT_EQ(row.Text(0).find(kSecret), std::string::npos);
    EXPECT_GT(found.size(), 1u);
    return OkStatus();
  }).ok());
}

TEST_F(StoreLocationsTest, ALocationNeedsACredentialThatItsMakerMayUse) {
  ASSERT_TRUE(MakeKey(w_->admin, "key").ok());
  ASSERT_TRUE(w_->Grant("CREATE_EXTERNAL_LOCATION", Securable::kMetastore, "", "ann@x").ok());
  EXPECT_EQ(Verdict(MakeLocation(w_->ann, "here", "s3://bucket/a", "")), "INVALID_PARAMETER_VALUE");
  EXPECT_EQ(Verdict(MakeLocation(w_->ann, "here", "s3://bucket/a", "none")), "RESOURCE_DOES_NOT_EXIST");
  EXPECT_EQ(Verdict(MakeLocation(w_->ann, "here", "s3://bucket/a", "key")), "INSUFFICIENT_PERMISSIONS");
  ASSERT_TRUE(w_->Grant("CREATE_EXTERNAL_LOCATION", Securable::kStorageCredential, "key", "ann@x").ok());
  EXPECT_EQ(Verdict(MakeLocation(w_->ann, "here", "abfss://c@acc.dfs.core.windows.net/a", "key")),
            "INVALID_PARAMETER_VALUE");
  EXPECT_EQ(Verdict(MakeLocation(w_->ann, "here", "s3a://bucket/a/", "key")), "OK");
  auto seen = w_->catalog().Inspect(w_->ann, Securable::kExternalLocation, {"here"});
  EXPECT_EQ(seen->location, "s3://bucket/a");
  EXPECT_EQ(seen->url, "s3a://bucket/a/");
  EXPECT_EQ(seen->credential_name, "key");
  for (const char* url : {"s3://bucket/a", "s3://bucket/a/b", "s3://bucket"}) {
    EXPECT_EQ(Verdict(MakeLocation(w_->ann, "there", url, "key")), "INVALID_PARAMETER_VALUE.LOCATION_OVERLAP") << url;
  }
  EXPECT_EQ(Verdict(MakeLocation(w_->ann, "there", "s3://bucket/ab", "key")), "OK");
}

TEST_F(StoreLocationsTest, APathNeedsALocationAndAGrantOnIt) {
  ASSERT_TRUE(MakeKey(w_->admin, "key").ok());
  ASSERT_TRUE(MakeLocation(w_->admin, "here", "s3://bucket/a", "key").ok());
  ASSERT_TRUE(w_->Grant("SELECT", Securable::kAnyFile, "", "bob@x").ok());
  for (const char* path : {"s3://bucket/ab/x", "s3://bucket/x", "s3://other/a/x", "abfss://c@acc.dfs.core.windows.net/a"}) {
    EXPECT_EQ(Path(w_->admin, path), "INSUFFICIENT_PERMISSIONS") << path;
    EXPECT_EQ(Path(w_->bob, path), "INSUFFICIENT_PERMISSIONS") << path;
  }
  EXPECT_EQ(Path(w_->bob, "s3://bucket/a/x"), "INSUFFICIENT_PERMISSIONS");
  ASSERT_TRUE(w_->Grant("READ_FILES", Securable::kExternalLocation, "here", "bob@x").ok());
  EXPECT_EQ(Path(w_->bob, "s3://bucket/a/x"), "OK");
  EXPECT_EQ(Path(w_->bob, "s3a://bucket/a/x/*.parquet"), "OK");
  EXPECT_EQ(Path(w_->bob, "s3://bucket/a/x", Access::kWrite), "INSUFFICIENT_PERMISSIONS");
  EXPECT_EQ(Path(w_->bob, "s3://bucket/a/../ab/x"), "INVALID_PARAMETER_VALUE");
  EXPECT_EQ(Path(w_->bob, "gs://bucket/a/x"), "UNSUPPORTED_FEATURE");
}

TEST_F(StoreLocationsTest, AccessIsForWhatWasAskedAndNoMore) {
  ASSERT_TRUE(MakeKey(w_->admin, "key").ok());
  ASSERT_TRUE(MakeLocation(w_->admin, "here", "s3://bucket/a", "key").ok());
  EXPECT_EQ(Verdict(Store(w_->bob, "s3://bucket/a/x")), "INSUFFICIENT_PERMISSIONS");
  ASSERT_TRUE(w_->Grant("READ_FILES", Securable::kExternalLocation, "here", "bob@x").ok());
  auto access = Store(w_->bob, "s3a://bucket/a/x/*.parquet");
  ASSERT_TRUE(access.ok() && access->size() == 1);
  EXPECT_EQ((*access)[0].root, "s3://bucket/a/x");
  EXPECT_EQ(std::get<objectstore::S3AccessKey>((*access)[0].credential.key).secret_access_key, kSecret);
  EXPECT_EQ((*access)[0].credential.endpoint, "http://127.0.0.1:1");
  EXPECT_EQ(Verdict(Store(w_->bob, "s3://bucket/a/x", Access::kWrite)), "INSUFFICIENT_PERMISSIONS");
  auto local = w_->catalog().StoresOf(w_->admin, {}, {{}, "PARQUET", w_->outside(), Access::kRead});
  EXPECT_TRUE(local.ok() && local->empty());
}

TEST_F(StoreLocationsTest, AccessIsForACloneAndItsSources) {
  ASSERT_TRUE(MakeKey(w_->admin, "key").ok());
  ASSERT_TRUE(MakeLocation(w_->admin, "here", "s3://bucket/a", "key").ok());
  ASSERT_TRUE(MakeLocation(w_->admin, "there", "s3://other", "key").ok());
  auto source = w_->CreateTable(w_->admin, "main.default.source", w_->outside() + "/source");
  ASSERT_TRUE(source.ok()) << source.error().message;
  auto clone = w_->CreateTable(w_->admin, "main.default.clone", w_->outside() + "/clone");
  ASSERT_TRUE(clone.ok()) << clone.error().message;
  // As if they had been made in the stores, which nothing here reaches.
  ASSERT_TRUE(w_->database().Transact([&](metadb::Transaction& txn) -> Status {
    RETURN_IF_ERROR(txn.Run("UPDATE securables SET location = 's3://bucket/a/source' WHERE uuid = ?", {source->uuid}));
    RETURN_IF_ERROR(txn.Run("UPDATE securables SET location = 's3://other/clone' WHERE uuid = ?", {clone->uuid}));
    return CloneSourcesTable::Add(txn, clone->uuid, source->uuid);
  }).ok());
  auto roots = [&](const std::string& table, Access access) {
    std::vector<std::string> found;
    auto accesses = w_->catalog().StoresOf(w_->admin, {}, {{"main", "default", table}, "", "", access});
    EXPECT_TRUE(accesses.ok());
    for (const auto& access : *accesses) found.push_back(access.root);
    return found;
  };
  using Roots = std::vector<std::string>;
  EXPECT_EQ(roots("clone", Access::kRead), (Roots{"s3://other/clone", "s3://bucket/a/source"}));
  EXPECT_EQ(roots("source", Access::kRead), (Roots{"s3://bucket/a/source"}));
  EXPECT_EQ(roots("source", Access::kWrite), (Roots{"s3://bucket/a/source", "s3://other/clone"}));
  // A clone that nothing opens any more is no obstacle to writing; reading it is.
  sql::CatalogCommand drop = Command(CatalogAction::kDrop, Securable::kExternalLocation, "there");
  drop.cascade = true;
  ASSERT_TRUE(w_->catalog().Execute(w_->admin, drop).ok());
  EXPECT_EQ(roots("source", Access::kWrite), (Roots{"s3://bucket/a/source"}));
  EXPECT_EQ(Verdict(w_->catalog().StoresOf(w_->admin, {}, {{"main", "default", "clone"}, "", "", Access::kRead})),
            "INSUFFICIENT_PERMISSIONS");
}

TEST_F(StoreLocationsTest, AManagedLocationIsTheCatalogsOwn) {
  ASSERT_TRUE(MakeKey(w_->admin, "key").ok());
  ASSERT_TRUE(MakeLocation(w_->admin, "here", "s3://bucket/a", "key").ok());
  ASSERT_TRUE(w_->Grant("CREATE_CATALOG", Securable::kMetastore, "", "ann@x").ok());
  auto create = [&](const http::Principal& who, const std::string& name, const std::string& url) {
    return Verdict(w_->Create(who, Securable::kCatalog, name, url));
  };
  EXPECT_EQ(create(w_->ann, "sales", "s3://bucket/a/m"), "INSUFFICIENT_PERMISSIONS");
  EXPECT_EQ(create(w_->admin, "sales", "s3://bucket/ab"), "INSUFFICIENT_PERMISSIONS");  // no location there
  EXPECT_EQ(create(w_->admin, "sales", w_->outside() + "/m"), "UNSUPPORTED_FEATURE");
  ASSERT_TRUE(w_->Grant("CREATE_MANAGED_STORAGE", Securable::kExternalLocation, "here", "ann@x").ok());
  EXPECT_EQ(create(w_->ann, "sales", "s3a://bucket/a/m/"), "OK");
  auto seen = w_->catalog().Inspect(w_->ann, Securable::kCatalog, {"sales"});
  EXPECT_EQ(seen->location, "s3://bucket/a/m");
  // Of the schema where it has one, else of its catalog.
  ASSERT_TRUE(w_->Create(w_->ann, Securable::kSchema, "sales.own", "s3://bucket/a/m/s").ok());
  auto own = w_->catalog().Inspect(w_->ann, Securable::kSchema, {"sales", "own"});
  auto begin = [&](const std::string& name) {
    sql::CatalogCommand command = Command(CatalogAction::kCreate, Securable::kTable, "");
    command.name = Parts(name);
    command.format = "DELTA";
    return w_->catalog().Execute(w_->ann, command);
  };
  auto table = begin("sales.own.t");
  ASSERT_TRUE(table.ok()) << table.error().message;
  EXPECT_EQ(table->location, "s3://bucket/a/m/s/__unitystorage/schemas/" + own->uuid + "/tables/" + table->uuid);
  auto other = begin("sales.default.t");
  ASSERT_TRUE(other.ok()) << other.error().message;
  EXPECT_EQ(other->location, "s3://bucket/a/m/__unitystorage/catalogs/" + seen->uuid + "/tables/" + other->uuid);
  // Its maker alone writes there, until it has a name.
  EXPECT_EQ(Path(w_->ann, table->location, Access::kWrite), "OK");
  EXPECT_NE(Path(w_->admin, table->location, Access::kWrite), "OK");
  // No path leads to what no table is of any more, or not yet; READ FILES does not either.
  for (const char* path : {"s3://bucket/a/m/__unitystorage/catalogs/x/tables/gone/f.parquet", "s3://bucket/a/__unitystorage"}) {
    EXPECT_EQ(Path(w_->admin, path), "INSUFFICIENT_PERMISSIONS") << path;
  }
  EXPECT_EQ(Path(w_->admin, "s3://bucket/a/other"), "OK");
  auto volume = w_->Create(w_->ann, Securable::kVolume, "sales.own.v");
  ASSERT_TRUE(volume.ok()) << volume.error().message;
  EXPECT_EQ(volume->location, "s3://bucket/a/m/s/__unitystorage/schemas/" + own->uuid + "/volumes/" + volume->uuid);
  EXPECT_EQ(Path(w_->ann, "/Volumes/sales/own/v/f", Access::kWrite), "OK");
}

TEST_F(StoreLocationsTest, AManagedLocationOverlapsNothingThatIsExternal) {
  const std::string overlap = "INVALID_PARAMETER_VALUE.LOCATION_OVERLAP";
  ASSERT_TRUE(MakeKey(w_->admin, "key").ok());
  ASSERT_TRUE(MakeLocation(w_->admin, "here", "s3://bucket", "key").ok());
  auto table = w_->CreateTable(w_->admin, "main.default.t", w_->outside() + "/t");
  ASSERT_TRUE(table.ok()) << table.error().message;
  ASSERT_TRUE(w_->database().Transact([&](metadb::Transaction& txn) {
    return txn.Run("UPDATE securables SET location = 's3://bucket/x/t' WHERE uuid = ?", {table->uuid});
  }).ok());
  for (const char* url : {"s3://bucket/x/t", "s3://bucket/x/t/in", "s3://bucket/x", "s3://bucket", "s3://bucket/m/__unitystorage/x"}) {
    EXPECT_EQ(Verdict(w_->Create(w_->admin, Securable::kSchema, "main.s", url)), overlap) << url;
  }
  ASSERT_TRUE(w_->Create(w_->admin, Securable::kSchema, "main.s", "s3://bucket/m").ok());
  // Roots may share a place, since each has a folder of its own in it.
  ASSERT_TRUE(w_->Create(w_->admin, Securable::kSchema, "main.s2", "s3://bucket/m").ok());
  ASSERT_TRUE(w_->Create(w_->admin, Securable::kSchema, "main.s3", "s3://bucket/m/deeper").ok());
  for (const char* url : {"s3://bucket/m", "s3://bucket/m/t", "s3://bucket/y/__unitystorage/t"}) {
    sql::CatalogCommand command = Command(CatalogAction::kCreate, Securable::kTable, "");
    command.name = {"main", "default", "t2"};
    command.format = "PARQUET";
    command.location = url;
    EXPECT_EQ(Verdict(w_->catalog().Execute(w_->admin, command)), overlap) << url;
  }
  // A location stays while catalogs or schemas keep tables in it, one at its very root included.
  ASSERT_TRUE(MakeLocation(w_->admin, "root", "s3://other", "key").ok());
  ASSERT_TRUE(w_->Create(w_->admin, Securable::kCatalog, "c", "s3://other").ok());
  sql::CatalogCommand drop = Command(CatalogAction::kDrop, Securable::kExternalLocation, "root");
  EXPECT_EQ(Verdict(w_->catalog().Execute(w_->admin, drop)), "INVALID_STATE");
  ASSERT_TRUE(w_->Drop(w_->admin, Securable::kSchema, "c.default").ok());
  ASSERT_TRUE(w_->Drop(w_->admin, Securable::kCatalog, "c").ok());
  EXPECT_EQ(Verdict(w_->catalog().Execute(w_->admin, drop)), "OK");
}

TEST_F(StoreLocationsTest, ACredentialInUseStaysUnlessForced) {
  ASSERT_TRUE(MakeKey(w_->admin, "key").ok());
  ASSERT_TRUE(MakeLocation(w_->admin, "here", "s3://bucket/a", "key").ok());
  sql::CatalogCommand drop = Command(CatalogAction::kDrop, Securable::kStorageCredential, "key");
  EXPECT_EQ(Verdict(w_->catalog().Execute(w_->admin, drop)), "INVALID_STATE");
  EXPECT_TRUE(Store(w_->admin, "s3://bucket/a/x").ok());
  drop.cascade = true;
  EXPECT_TRUE(w_->catalog().Execute(w_->admin, drop).ok());
  EXPECT_EQ(Verdict(Store(w_->admin, "s3://bucket/a/x")), "INSUFFICIENT_PERMISSIONS");
  EXPECT_EQ(w_->catalog().Inspect(w_->admin, Securable::kExternalLocation, {"here"})->credential_name, "");
}

TEST_F(StoreLocationsTest, AVolumeOfALocationIsOpenedByItsOwnGrants) {
  ASSERT_TRUE(MakeKey(w_->admin, "key").ok());
  ASSERT_TRUE(MakeLocation(w_->admin, "here", "s3://bucket/a", "key").ok());
  EXPECT_EQ(Verdict(w_->Create(w_->ann, Securable::kVolume, "main.default.v", "s3://bucket/a/v")), "INSUFFICIENT_PERMISSIONS");
  ASSERT_TRUE(w_->Grant("CREATE_EXTERNAL_VOLUME", Securable::kExternalLocation, "here", "ann@x").ok());
  ASSERT_TRUE(w_->Create(w_->ann, Securable::kVolume, "main.default.v", "s3://bucket/a/v").ok());
  auto resolved = w_->catalog().ResolvePath(w_->ann, "/Volumes/main/default/v/x/ä b", Access::kWrite);
  ASSERT_TRUE(resolved.ok()) << resolved.error().message;
  EXPECT_EQ(resolved->canonical, "s3://bucket/a/v/x/ä b");
  ASSERT_TRUE(w_->Grant("READ_FILES", Securable::kExternalLocation, "here", "bob@x").ok());
  for (const char* path : {"/Volumes/main/default/v/x", "s3://bucket/a/v/x"}) {
    EXPECT_EQ(Path(w_->bob, path), "INSUFFICIENT_PERMISSIONS") << path;
  }
  ASSERT_TRUE(w_->Grant("READ_VOLUME", Securable::kVolume, "main.default.v", "bob@x").ok());
  for (const char* path : {"/Volumes/main/default/v/x", "s3://bucket/a/v/x"}) {
    EXPECT_EQ(Path(w_->bob, path), "OK") << path;
    EXPECT_EQ(Path(w_->bob, path, Access::kWrite), "INSUFFICIENT_PERMISSIONS") << path;
  }
  auto accesses = Store(w_->bob, "/Volumes/main/default/v/x/*.csv");
  ASSERT_TRUE(accesses.ok() && accesses->size() == 1);
  EXPECT_EQ((*accesses)[0].root, "s3://bucket/a/v/x");
  EXPECT_EQ(Verdict(w_->Create(w_->ann, Securable::kVolume, "main.default.w", "s3://bucket/a/v/w")), "INVALID_PARAMETER_VALUE.LOCATION_OVERLAP");
}

}  // namespace
}  // namespace ashlar::catalog
