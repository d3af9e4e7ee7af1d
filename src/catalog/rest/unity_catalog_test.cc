#include <gtest/gtest.h>

#include "base/text.h"
#include "catalog/rest/unity_catalog_service.h"
#include "catalog/test_workspace.h"

namespace ashlar::catalog {
namespace {

using sql::Securable;

class UnityCatalogTest : public testing::Test {
 protected:
  void SetUp() override {
    auto made = TestWorkspace::Make(metadb::TestBackend::kSqlite);
    ASSERT_TRUE(made.ok()) << made.error().message;
    w_ = *std::move(made);
    service_ = std::make_unique<UnityCatalogService>(w_->catalog(), 42);
    admin_.principal = w_->admin;
    ann_.principal = w_->ann;
    bob_.principal = w_->bob;
  }

  Result<uc::CatalogInfo> MakeCatalog(const char* name) {
    uc::CreateCatalogRequest request;
    request.name = name;
    request.comment = "about " + std::string(name);
    request.properties = std::map<std::string, std::string>{{"team", "a"}};
    return service_->CreateCatalog(admin_, request);
  }
  std::string Catalogs(const http::RequestContext& context, int64_t max_results,
                       const std::string& token, std::string* next) {
    uc::ListCatalogsRequest request;
    request.max_results = max_results;
    request.page_token = token;
    auto page = service_->ListCatalogs(context, request);
    if (!page.ok()) return page.error().message;
    *next = page->next_page_token.value_or("");
    std::string names;
    for (const auto& info : *page->catalogs) names += *info.name + " ";
    return names;
  }
  static uc::PermissionsChange Change(const char* principal, std::vector<std::string_view> add,
                                      std::vector<std::string_view> remove = {}) {
    uc::PermissionsChange change;
    change.principal = principal;
    for (auto privilege : add) change.add.Ensure().push_back(uc::Privilege(privilege));
    for (auto privilege : remove) change.remove.Ensure().push_back(uc::Privilege(privilege));
    return change;
  }
  std::string Patch(const http::RequestContext& context, const char* type, const char* name,
                    std::vector<uc::PermissionsChange> changes) {
    uc::UpdatePermissionsRequest request;
    request.securable_type = type;
    request.full_name = name;
    request.changes = std::move(changes);
    auto answer = service_->UpdatePermissions(context, request);
    if (!answer.ok()) return Verdict(answer);
    return Shown(*answer->privilege_assignments);
  }
  static std::string Shown(const std::vector<uc::PrivilegeAssignment>& assignments) {
    std::vector<std::string> parts;
    for (const auto& assignment : assignments) {
      for (const auto& privilege : *assignment.privileges) {
        parts.push_back(*assignment.principal + ":" + privilege.value);
      }
    }
    return Join(parts, " ");
  }

  std::unique_ptr<TestWorkspace> w_;
  std::unique_ptr<UnityCatalogService> service_;
  http::RequestContext admin_;
  http::RequestContext ann_;
  http::RequestContext bob_;
};

TEST_F(UnityCatalogTest, ANewCatalogHasADefaultSchemaThatMayGo) {
  auto made = MakeCatalog("Sales");
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_EQ(*made->name, "sales");
  EXPECT_EQ(*made->comment, "about Sales");
  EXPECT_EQ(made->properties->at("team"), "a");
  EXPECT_EQ(*made->owner, "admin@x");
  EXPECT_EQ(*made->created_by, "admin@x");
  EXPECT_EQ(MakeCatalog("SALES").error().code, ErrorCode::kResourceAlreadyExists);
  uc::DeleteCatalogRequest catalog;
  catalog.name = "sales";
  EXPECT_EQ(service_->DeleteCatalog(admin_, catalog).error().code, ErrorCode::kInvalidState);
  uc::DeleteSchemaRequest schema;
  schema.full_name = "sales.default";
  ASSERT_TRUE(service_->DeleteSchema(admin_, schema).ok());
  ASSERT_TRUE(service_->DeleteCatalog(admin_, catalog).ok());
  uc::GetCatalogRequest get;
  get.name = "sales";
  EXPECT_EQ(service_->GetCatalog(admin_, get).error().code, ErrorCode::kResourceDoesNotExist);
}

TEST_F(UnityCatalogTest, ListsPageByName) {
  for (const char* name : {"b", "a", "c"}) ASSERT_TRUE(MakeCatalog(name).ok());
  std::string next;
  EXPECT_EQ(Catalogs(admin_, 2, "", &next), "a b ");
  ASSERT_FALSE(next.empty());
  EXPECT_EQ(Catalogs(admin_, 2, next, &next), "c main ");
  EXPECT_EQ(next, "");
  EXPECT_EQ(Catalogs(admin_, 0, "", &next), "a b c main ");
  EXPECT_EQ(Catalogs(ann_, 0, "", &next), "main ");
}

TEST_F(UnityCatalogTest, PatchChangesNameOwnerAndPropertiesAtOnce) {
  ASSERT_TRUE(MakeCatalog("sales").ok());
  uc::UpdateCatalogRequest request;
  request.name = "sales";
  request.new_name = "revenue";
  request.comment = "new";
  request.properties = std::map<std::string, std::string>{{"k", "v"}};
  request.owner = "nobody@x";
  EXPECT_EQ(service_->UpdateCatalog(admin_, request).error().code, ErrorCode::kResourceDoesNotExist);
  uc::GetCatalogRequest get;
  get.name = "sales";
  EXPECT_EQ(*service_->GetCatalog(admin_, get)->comment, "about sales") << "all or nothing";
  request.owner = "ann@x";
  auto updated = service_->UpdateCatalog(admin_, request);
  ASSERT_TRUE(updated.ok()) << updated.error().message;
  EXPECT_EQ(*updated->name, "revenue");
  EXPECT_EQ(*updated->owner, "ann@x");
  EXPECT_EQ(updated->properties->size(), 1u);
  request = {};
  request.name = "revenue";
  request.isolation_mode = uc::CatalogIsolationMode("ISOLATED");
  EXPECT_EQ(service_->UpdateCatalog(ann_, request).error().code, ErrorCode::kNotImplemented);
}

TEST_F(UnityCatalogTest, GrantsAreChangedTogetherAndShownToThoseWhoMay) {
  EXPECT_EQ(Patch(ann_, "catalog", "main", {Change("bob@x", {"USE_SCHEMA"})}),
            "INSUFFICIENT_PERMISSIONS");
  EXPECT_EQ(Patch(admin_, "CATALOG", "main",
                  {Change("bob@x", {"USE_SCHEMA", "SELECT"}), Change("account users", {}, {"USE_CATALOG"})}),
            "bob@x:SELECT bob@x:USE_SCHEMA");
  EXPECT_EQ(Patch(admin_, "catalog", "main", {Change("bob@x", {"READ_VOLUME"}), Change("none", {"SELECT"})}),
            "RESOURCE_DOES_NOT_EXIST");
  EXPECT_EQ(Patch(admin_, "catalog", "main", {Change("bob@x", {"READ_FILES"})}), "INVALID_PARAMETER_VALUE");
  EXPECT_EQ(Patch(admin_, "catalog", "main", {}), "bob@x:SELECT bob@x:USE_SCHEMA") << "none of it";
  EXPECT_EQ(Patch(admin_, "metastore", "any", {Change("ann@x", {"CREATE_CATALOG"})}),
            "ann@x:CREATE_CATALOG");
  EXPECT_EQ(Patch(admin_, "function", "main.default.f", {}), "UNSUPPORTED_FEATURE");
  uc::GetEffectivePermissionsRequest effective;
  effective.securable_type = "schema";
  effective.full_name = "main.default";
  effective.principal = "bob@x";
  auto answer = service_->GetEffectivePermissions(admin_, effective);
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  const auto& privileges = *(*answer->privilege_assignments)[0].privileges;
  EXPECT_EQ(privileges[0].privilege->value, "SELECT");
  EXPECT_EQ(*privileges[0].inherited_from_name, "main");
  EXPECT_EQ(privileges[0].inherited_from_type->value, "CATALOG");
}

TEST_F(UnityCatalogTest, TablesShowTheirColumns) {
  ASSERT_TRUE(w_->CreateTable(w_->ann, "main.default.t").ok());
  ASSERT_TRUE(w_->CreateView(w_->ann, "main.default.v", "SELECT 1 AS one").ok());
  uc::GetTableRequest get;
  get.full_name = "main.default.T";
  auto table = service_->GetTable(ann_, get);
  ASSERT_TRUE(table.ok()) << table.error().message;
  EXPECT_EQ(table->table_type->value, "MANAGED");
  EXPECT_EQ(table->data_source_format->value, "DELTA");
  EXPECT_EQ(table->columns->size(), 2u);
  const uc::ColumnInfo& a = (*table->columns)[0];
  EXPECT_EQ(*a.name, "a");
  EXPECT_EQ(*a.type_text, "int");
  EXPECT_EQ(a.type_name->value, "INT");
  EXPECT_EQ(*a.type_json, R"({"name":"a","type":"integer","nullable":true,"metadata":{}})");
  EXPECT_EQ(*(*table->columns)[1].partition_index, 0);
  EXPECT_EQ(service_->GetTable(bob_, get).error().code, ErrorCode::kPermissionDenied);
  get.full_name = "main.default.v";
  EXPECT_EQ(*service_->GetTable(ann_, get)->view_definition, "SELECT 1 AS one");
  uc::ListTablesRequest list;
  list.catalog_name = "main";
  list.schema_name = "default";
  list.omit_columns = true;
  auto tables = service_->ListTables(ann_, list);
  ASSERT_EQ(tables->tables->size(), 2u);
  EXPECT_TRUE((*tables->tables)[0].columns.is_absent());
  EXPECT_EQ(service_->ListTables(bob_, list)->tables->size(), 0u);
  uc::TableExistsRequest exists;
  exists.full_name = "main.default.none";
  EXPECT_FALSE(*service_->TableExists(ann_, exists)->table_exists);
  uc::DeleteTableRequest drop;
  drop.full_name = "main.default.v";
  ASSERT_TRUE(service_->DeleteTable(ann_, drop).ok());
}

TEST_F(UnityCatalogTest, VolumesAndLocations) {
  uc::CreateVolumeRequest volume;
  volume.catalog_name = "main";
  volume.schema_name = "default";
  volume.name = "files";
  volume.volume_type = uc::VolumeType("EXTERNAL");
  EXPECT_EQ(service_->CreateVolume(ann_, volume).error().code, ErrorCode::kInvalidParameterValue);
  volume.volume_type = uc::VolumeType("MANAGED");
  auto made = service_->CreateVolume(ann_, volume);
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_EQ(*made->full_name, "main.default.files");
  EXPECT_EQ(*made->storage_location, "file://" + w_->data_dir() + "/managed/" + *made->volume_id);
  uc::CreateExternalLocationRequest location;
  location.name = "lake";
  location.url = "file://" + w_->outside();
  location.credential_name = "";
  EXPECT_EQ(service_->CreateExternalLocation(ann_, location).error().code, ErrorCode::kPermissionDenied);
  EXPECT_EQ(*service_->CreateExternalLocation(admin_, location)->url, "file://" + w_->outside());
  location.name = "other";
  location.credential_name = "none";
  EXPECT_EQ(service_->CreateExternalLocation(admin_, location).error().code,
            ErrorCode::kResourceDoesNotExist);
}

TEST_F(UnityCatalogTest, EverybodyKnowsTheMetastore) {
  auto assignment = service_->GetCurrentMetastoreAssignment(bob_, {});
  ASSERT_TRUE(assignment.ok()) << assignment.error().message;
  EXPECT_EQ(*assignment->workspace_id, 42);
  EXPECT_EQ(*assignment->metastore_id, *service_->GetMetastoreSummary(bob_, {})->metastore_id);
}

}  // namespace
}  // namespace ashlar::catalog
