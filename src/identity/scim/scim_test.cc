#include <gtest/gtest.h>

#include "base/json.h"
#include "base/text.h"
#include "identity/bootstrap.h"
#include "identity/migrations.h"
#include "identity/scim/scim_filter.h"
#include "identity/scim/scim_patch.h"
#include "identity/scim/scim_service.h"
#include "metadb/test_on_backends.h"

namespace ashlar::identity {
namespace {

const char* const kAnn = R"({"userName":"Ann@x","active":true,"name":{"givenName":"Ann"},)"
                         R"("emails":[{"value":"a@x","type":"work"},{"value":"b@y","type":"home"}]})";

TEST(ScimFilterTest, MatchesAsRfc7644Says) {
  struct {
    const char* filter;
    bool matches;
  } cases[] = {
      {R"(userName eq "ann@X")", true},
      {R"(USERNAME EQ "bob")", false},
      {R"(userName sw "an" and active eq true)", true},
      {R"(userName sw "an" and active eq false)", false},
      {R"(userName eq "x" or name.givenName co "NN")", true},
      {R"(not (userName eq "x"))", true},
      {R"(userName ne "ann@x")", false},
      {R"(userName ew "@x")", true},
      {R"(emails pr)", true},
      {R"(externalId pr)", false},
      {R"(externalId ne "1")", true},
      {R"(emails eq "b@y")", true},
      {R"(emails.value eq "b@y")", true},
      {R"(emails[type eq "home" and value sw "b"])", true},
      {R"(emails[type eq "home" and value sw "a"])", false},
      {R"(urn:ietf:params:scim:schemas:core:2.0:User:userName eq "ann@x")", true},
      {R"(userName eq "a" or userName eq "b" and active eq true)", false},
      {R"((userName eq "a" or active eq true) and emails pr)", true},
  };
  Json ann = *ParseJson(kAnn);
  for (const auto& c : cases) {
    auto filter = ScimFilter::Parse(c.filter);
    ASSERT_TRUE(filter.ok()) << c.filter << ": " << filter.error().message;
    EXPECT_EQ(filter->Matches(ann), c.matches) << c.filter;
  }
}

TEST(ScimFilterTest, RefusesWhatItCannotRead) {
  std::string deep(5000, '(');
  for (const char* text : {"", "userName", "userName eq", "userName gt \"a\"", "userName eq \"a",
                           "(userName pr", "userName pr)", "a eq \"b\" and", "[", "a[b", deep.c_str()}) {
    auto filter = ScimFilter::Parse(text);
    ASSERT_FALSE(filter.ok()) << text;
    EXPECT_EQ(filter.error().code, ErrorCode::kInvalidParameterValue);
  }
}

TEST(ScimPatchTest, ChangesAsRfc7644AndEntraSay) {
  struct {
    const char* before;
    const char* op;
    const char* path;
    const char* value;
    const char* after;
  } cases[] = {
      {R"({"a":1})", "replace", "a", "2", R"({"a":2})"},
      {R"({"a":1})", "Add", "b", R"("x")", R"({"a":1,"b":"x"})"},
      {R"({"active":true})", "Replace", "active", R"("False")", R"({"active":false})"},
      {R"({"active":true})", "replace", "", R"({"active":false,"c":1})", R"({"active":false,"c":1})"},
      {R"({"m":[{"value":"1"}]})", "add", "m", R"([{"value":"2"},{"value":"1"}])",
       R"({"m":[{"value":"1"},{"value":"2"}]})"},
      {R"({"m":[{"value":"1"}]})", "add", "", R"({"m":[{"value":"3"}]})",
       R"({"m":[{"value":"1"},{"value":"3"}]})"},
      {R"({"m":[{"value":"1"},{"value":"2"}]})", "remove", R"(m[value eq "1"])", "",
       R"({"m":[{"value":"2"}]})"},
      {R"({"m":[{"value":"1"},{"value":"2"}]})", "Remove", "m", R"([{"value":"2"}])",
       R"({"m":[{"value":"1"}]})"},
      {R"({"m":[{"value":"1"}],"n":1})", "remove", "m", "", R"({"n":1})"},
      {R"({"m":[{"value":"1"}]})", "replace", "m", "[]", R"({"m":[]})"},
      {R"({"e":[{"type":"work","value":"a"}]})", "replace", R"(e[type eq "work"].value)", R"("b")",
       R"({"e":[{"type":"work","value":"b"}]})"},
      {R"({"name":{"givenName":"A"}})", "replace", "name.familyName", R"("B")",
       R"({"name":{"givenName":"A","familyName":"B"}})"},
      {R"({})", "add", "name.givenName", R"("A")", R"({"name":{"givenName":"A"}})"},
      {R"({"name":{"givenName":"A"}})", "remove", "name.givenName", "", R"({"name":{}})"},
  };
  for (const auto& c : cases) {
    Json resource = *ParseJson(c.before);
    Json value = *c.value == '\0' ? Json() : *ParseJson(c.value);
    Status patched = ApplyScimPatch(resource, c.op, c.path, value);
    ASSERT_TRUE(patched.ok()) << patched.error().message;
    EXPECT_EQ(WriteJson(resource), c.after) << c.op << " " << c.path;
  }
}

TEST(ScimPatchTest, RefusesNonsense) {
  struct {
    const char* op;
    const char* path;
    const char* value;
  } cases[] = {{"move", "a", "1"}, {"remove", "", "null"}, {"add", "", "1"}, {"add", "a[", "1"},
               {"add", "a.b", "1"}, {"replace", R"(m[value eq "9"])", "{}"}};
  for (const auto& c : cases) {
    Json resource = *ParseJson(R"({"a":"text","m":[]})");
    EXPECT_FALSE(ApplyScimPatch(resource, c.op, c.path, *ParseJson(c.value)).ok()) << c.op << c.path;
  }
}

class ScimStoreTest : public testing::TestWithParam<metadb::TestBackend> {
 protected:
  void SetUp() override {
    metadb::TakeOrSkip(metadb::TestDatabase::Make(GetParam()), test_);
    if (!test_) return;
    std::vector<metadb::ModuleMigrations> all = {migrations()};
    ASSERT_TRUE(metadb::Migrate(test_->database(), clock_, all).ok());
    admin_ = (*CreateFirstAdmin(test_->database(), clock_, SystemRandom(), "admin@x"))->principal;
    store_ = std::make_unique<ScimStore>(test_->database(), clock_, SystemRandom());
    service_ = std::make_unique<ScimService>(*store_);
    context_.principal = admin_;
  }

  api::scim::User CreateUser(const std::string& name) {
    api::scim::User user;
    user.user_name = name;
    auto made = service_->CreateUser(context_, user);
    EXPECT_TRUE(made.ok()) << made.error().message;
    return made.ok() ? *made : user;
  }
  Status PatchGroup(const std::string& id, const char* op, const std::string& path,
                    const std::string& value) {
    api::scim::PatchGroupRequest request;
    request.id = id;
    api::scim::Patch patch;
    patch.op = api::scim::PatchOp(op);
    patch.path = path;
    if (!value.empty()) patch.value = api::JsonText{value};
    request.operations = std::vector<api::scim::Patch>{patch};
    return service_->PatchGroup(context_, request);
  }
  std::string MembersOf(const std::string& id) {
    api::scim::GetGroupRequest request;
    request.id = id;
    auto group = service_->GetGroup(context_, request);
    if (!group.ok()) return std::string(ErrorCodeName(group.error().code));
    std::vector<std::string> names;
    for (const auto& member : group->members.value_or({})) names.push_back(*member.display);
    return Join(names, " ");
  }
  int64_t CountUsers(const std::string& filter) {
    api::scim::ListUsersRequest request;
    request.filter = filter;
    auto page = service_->ListUsers(context_, request);
    return page.ok() ? *page->total_results : -1;
  }

  FakeClock clock_{1000};
  std::unique_ptr<metadb::TestDatabase> test_;
  http::Principal admin_;
  std::unique_ptr<ScimStore> store_;
  std::unique_ptr<ScimService> service_;
  http::RequestContext context_;
};

TEST_P(ScimStoreTest, UsersLiveAndDie) {
  api::scim::User ann = CreateUser("ann@x");
  EXPECT_TRUE(*ann.active);
  EXPECT_EQ(*ann.display_name, "ann@x");
  EXPECT_EQ(*(*ann.emails)[0].value, "ann@x");
  api::scim::User twin;
  twin.user_name = "ANN@x";
  EXPECT_EQ(service_->CreateUser(context_, twin).error().code, ErrorCode::kAlreadyExists);
  EXPECT_EQ(service_->CreateUser(context_, {}).error().code, ErrorCode::kInvalidParameterValue);
  EXPECT_EQ(CountUsers(R"(userName eq "ann@x")"), 1);
  EXPECT_EQ(CountUsers("displayName co \"ann\" and active eq true"), 1);
  EXPECT_EQ(CountUsers("broken"), -1);
  ann.display_name = "Ann";
  ann.entitlements = std::vector<api::scim::ComplexValue>(1);
  (*ann.entitlements)[0].value = "workspace-access";
  auto updated = service_->UpdateUser(context_, ann);
  ASSERT_TRUE(updated.ok()) << updated.error().message;
  EXPECT_EQ(*updated->display_name, "Ann");
  EXPECT_EQ(*(*updated->entitlements)[0].value, "workspace-access");
  api::scim::DeleteUserRequest request;
  request.id = *ann.id;
  ASSERT_TRUE(service_->DeleteUser(context_, request).ok());
  EXPECT_EQ(service_->DeleteUser(context_, request).error().code, ErrorCode::kResourceDoesNotExist);
  request.id = "not a number";
  EXPECT_EQ(service_->DeleteUser(context_, request).error().code, ErrorCode::kResourceDoesNotExist);
}

TEST_P(ScimStoreTest, MeIsTheCallerAlsoAsAServicePrincipal) {
  auto me = service_->Me(context_, {});
  ASSERT_TRUE(me.ok()) << me.error().message;
  EXPECT_EQ(*me->user_name, "admin@x");
  EXPECT_EQ(*(*me->groups)[0].display, "admins");
  api::scim::ServicePrincipal robot;
  robot.display_name = "robot";
  auto made = service_->CreateServicePrincipal(context_, robot);
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_EQ(made->application_id->size(), 36u);
  context_.principal.id = *ParseInt64(*made->id);
  EXPECT_EQ(*service_->Me(context_, {})->user_name, *made->application_id);
}

TEST_P(ScimStoreTest, GroupsHoldMembersByPatch) {
  api::scim::User ann = CreateUser("ann@x");
  api::scim::User bob = CreateUser("bob@x");
  api::scim::Group group;
  group.display_name = "team";
  group.members = std::vector<api::scim::ComplexValue>(1);
  (*group.members)[0].value = *ann.id;
  auto made = service_->CreateGroup(context_, group);
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_EQ(MembersOf(*made->id), "ann@x");
  ASSERT_TRUE(PatchGroup(*made->id, "add", "members", R"([{"value":")" + *bob.id + R"("}])").ok());
  EXPECT_EQ(PatchGroup(*made->id, "add", "members", R"([{"value":"5"}])").error().code,
            ErrorCode::kInvalidParameterValue);
  EXPECT_EQ(PatchGroup(*made->id, "add", "members", R"([{"value":")" + *made->id + R"("}])").error().code,
            ErrorCode::kInvalidParameterValue)
      << "a group in itself";
  ASSERT_TRUE(PatchGroup(*made->id, "remove", "members[value eq \"" + *ann.id + "\"]", "").ok());
  EXPECT_EQ(MembersOf(*made->id), "bob@x");
  api::scim::ListGroupsRequest list;
  list.filter = R"(members eq ")" + *bob.id + "\"";
  list.excluded_attributes = "members,roles";
  auto page = service_->ListGroups(context_, list);
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(*page->total_results, 1);
  EXPECT_TRUE((*page->resources)[0].members.is_absent());
}

TEST_P(ScimStoreTest, TheWorkspaceKeepsAnAdminAndItsOwnGroups) {
  std::string admin_id = std::to_string(admin_.id);
  api::scim::DeleteUserRequest request;
  request.id = admin_id;
  EXPECT_EQ(service_->DeleteUser(context_, request).error().code, ErrorCode::kInvalidParameterValue);
  EXPECT_EQ(PatchGroup("1", "remove", "members", "").error().code, ErrorCode::kInvalidParameterValue);
  EXPECT_EQ(PatchGroup("1", "replace", "displayName", "\"x\"").error().code,
            ErrorCode::kInvalidParameterValue);
  api::scim::DeleteGroupRequest group;
  group.id = "1";
  EXPECT_EQ(service_->DeleteGroup(context_, group).error().code, ErrorCode::kInvalidParameterValue);
  EXPECT_EQ(MembersOf("1"), "admin@x");
}

TEST_P(ScimStoreTest, ListsPageFromOneAndSort) {
  for (const char* name : {"c@x", "a@x", "b@x"}) CreateUser(name);
  api::scim::ListUsersRequest request;
  request.sort_by = "userName";
  request.start_index = 2;
  request.count = 2;
  request.attributes = "userName";
  auto page = service_->ListUsers(context_, request);
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(*page->total_results, 4);
  EXPECT_EQ(*page->items_per_page, 2);
  EXPECT_EQ(*(*page->resources)[0].user_name, "admin@x");
  EXPECT_EQ(*(*page->resources)[1].user_name, "b@x");
  EXPECT_TRUE((*page->resources)[0].emails.is_absent());
  request.start_index = 9;
  EXPECT_EQ(service_->ListUsers(context_, request)->resources->size(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Backends, ScimStoreTest, metadb::EveryBackend(), metadb::BackendName);

}  // namespace
}  // namespace ashlar::identity
