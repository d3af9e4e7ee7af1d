#include <gtest/gtest.h>

#include "base/text.h"
#include "identity/migrations.h"
#include "identity/permission_levels.h"
#include "identity/permissions_service.h"
#include "identity/tables/group_members_table.h"
#include "identity/tables/principals_table.h"
#include "metadb/test_on_backends.h"

namespace ashlar::identity {
namespace {

using api::permissions::AccessControlRequest;
using metadb::Transaction;

// Notebook 7 stands in directory 2, which stands in directory 1.
class TestTree final : public ObjectAncestry {
 public:
  Result<std::vector<ObjectRef>> Ancestors(Transaction&, const ObjectRef& object) const override {
    if (object == ObjectRef{"notebooks", "7"}) {
      return std::vector<ObjectRef>{{"directories", "2"}, {"directories", "1"}};
    }
    return MakeError(ErrorCode::kResourceDoesNotExist, "no such notebook");
  }
};

class PermissionsTest : public testing::TestWithParam<metadb::TestBackend> {
 protected:
  void SetUp() override {
    metadb::TakeOrSkip(metadb::TestDatabase::Make(GetParam()), test_);
    if (!test_) return;
    std::vector<metadb::ModuleMigrations> all = {migrations()};
    ASSERT_TRUE(metadb::Migrate(db(), clock_, all).ok());
    Status done = db().Transact([](Transaction& txn) -> Status {
      RETURN_IF_ERROR(PrincipalsTable::Insert(txn, {.id = 10, .name = "admin@x"}));
      RETURN_IF_ERROR(PrincipalsTable::Insert(txn, {.id = 11, .name = "ann@x"}));
      RETURN_IF_ERROR(PrincipalsTable::Insert(txn, {.id = 12, .name = "bob@x"}));
      RETURN_IF_ERROR(PrincipalsTable::Insert(
          txn, {.id = 20, .kind = PrincipalKind::kGroup, .name = "team"}));
      RETURN_IF_ERROR(GroupMembersTable::Add(txn, kAdminsGroup, 10));
      return GroupMembersTable::Add(txn, 20, 12);
    });
    ASSERT_TRUE(done.ok()) << done.error().message;
    evaluator_ = std::make_unique<PermissionEvaluator>(db());
    evaluator_->Register("notebooks", tree_);
    service_ = std::make_unique<PermissionsService>(db(), *evaluator_);
  }

  metadb::Database& db() { return test_->database(); }
  void Give(const ObjectRef& object, int64_t principal, const std::string& level) {
    Status done = db().Transact([&](Transaction& txn) {
      return ObjectAclsTable::Put(txn, {object, principal, level});
    });
    ASSERT_TRUE(done.ok());
  }
  bool May(int64_t id, const ObjectRef& object, const std::string& level) {
    auto answer = evaluator_->Check(Principal(id), object, level);
    EXPECT_TRUE(answer.ok()) << answer.error().message;
    return answer.ok() && *answer;
  }
  static http::Principal Principal(int64_t id) {
    http::Principal principal;
    principal.id = id;
    principal.name = "p" + std::to_string(id);
    return principal;
  }
  // "ann@x:IS_OWNER team:CAN_VIEW", inherited ones marked with *.
  std::string Shown(const Result<api::permissions::ObjectPermissions>& answer) {
    if (!answer.ok()) return std::string(ErrorCodeName(answer.error().code));
    std::vector<std::string> parts;
    for (const auto& entry : *answer->access_control_list) {
      std::string who = entry.user_name.value_or("") + entry.group_name.value_or("");
      for (const auto& permission : *entry.all_permissions) {
        parts.push_back(who + ":" + permission.permission_level->value +
                        (*permission.inherited ? "*" : ""));
      }
    }
    return Join(parts, " ");
  }
  std::string Change(int64_t who, const char* type, const char* id,
                     std::vector<AccessControlRequest> list, bool replace) {
    http::RequestContext context;
    context.principal = Principal(who);
    if (replace) {
      api::permissions::SetPermissionsRequest request;
      request.request_object_type = type;
      request.request_object_id = id;
      request.access_control_list = std::move(list);
      return Shown(service_->SetPermissions(context, request));
    }
    api::permissions::UpdatePermissionsRequest request;
    request.request_object_type = type;
    request.request_object_id = id;
    request.access_control_list = std::move(list);
    return Shown(service_->UpdatePermissions(context, request));
  }
  static AccessControlRequest ForUser(const char* name, const char* level) {
    AccessControlRequest request;
    request.user_name = name;
    request.permission_level = api::permissions::PermissionLevel(level);
    return request;
  }
  static AccessControlRequest ForGroup(const char* name, const char* level) {
    AccessControlRequest request;
    request.group_name = name;
    request.permission_level = api::permissions::PermissionLevel(level);
    return request;
  }

  FakeClock clock_{1000};
  TestTree tree_;
  std::unique_ptr<metadb::TestDatabase> test_;
  std::unique_ptr<PermissionEvaluator> evaluator_;
  std::unique_ptr<PermissionsService> service_;
};

TEST_P(PermissionsTest, GreaterLevelsIncludeLesserOnes) {
  ObjectRef job{"jobs", "1"};
  Give(job, 11, "CAN_MANAGE_RUN");
  EXPECT_TRUE(May(11, job, "CAN_VIEW"));
  EXPECT_TRUE(May(11, job, "CAN_MANAGE_RUN"));
  EXPECT_FALSE(May(11, job, "CAN_MANAGE"));
  EXPECT_FALSE(May(12, job, "CAN_VIEW"));
  Give(job, 12, "IS_OWNER");
  EXPECT_TRUE(May(12, job, "CAN_MANAGE"));
  for (const char* level : {"CAN_VIEW", "CAN_MANAGE", "IS_OWNER"}) EXPECT_TRUE(May(10, job, level));
  EXPECT_FALSE(May(11, {"jobs", "2"}, "CAN_VIEW"));
  EXPECT_FALSE(May(11, {"clusters", "1"}, "CAN_ATTACH_TO"));
}

TEST_P(PermissionsTest, FoldersHandDown) {
  ObjectRef notebook{"notebooks", "7"};
  Give({"directories", "1"}, 20, "CAN_RUN");
  EXPECT_TRUE(May(12, notebook, "CAN_RUN")) << "by group, from two folders up";
  EXPECT_FALSE(May(12, notebook, "CAN_EDIT"));
  EXPECT_FALSE(May(11, notebook, "CAN_READ"));
  EXPECT_EQ(evaluator_->Check(Principal(12), {"notebooks", "8"}, "CAN_READ").error().code,
            ErrorCode::kResourceDoesNotExist);
}

TEST_P(PermissionsTest, RequireNamesWhatIsMissing) {
  Status refused = evaluator_->Require(Principal(11), "CAN_USE", "warehouses", "w");
  EXPECT_EQ(refused.error().code, ErrorCode::kPermissionDenied);
  EXPECT_TRUE(evaluator_->Require(Principal(10), "CAN_USE", "warehouses", "w").ok());
  EXPECT_EQ(evaluator_->Require(Principal(10), "CAN_FLY", "warehouses", "w").error().code,
            ErrorCode::kInvalidParameterValue);
  EXPECT_EQ(evaluator_->Require(Principal(10), "CAN_USE", "pipelines", "p").error().code,
            ErrorCode::kNotImplemented);
}

TEST_P(PermissionsTest, ServiceShowsAndChanges) {
  Status created = db().Transact([](Transaction& txn) {
    return PermissionEvaluator::GrantCreator(txn, {"jobs", "1"}, 11);
  });
  ASSERT_TRUE(created.ok());
  EXPECT_EQ(Change(11, "jobs", "1", {ForGroup("team", "CAN_VIEW")}, false),
            "ann@x:IS_OWNER team:CAN_VIEW admins:CAN_MANAGE*");
  EXPECT_EQ(Change(12, "jobs", "1", {ForUser("bob@x", "CAN_MANAGE")}, false), "PERMISSION_DENIED");
  EXPECT_EQ(Change(11, "jobs", "1", {ForUser("bob@x", "CAN_RESTART")}, false), "INVALID_PARAMETER_VALUE");
  EXPECT_EQ(Change(11, "jobs", "1", {ForUser("none@x", "CAN_VIEW")}, false), "RESOURCE_DOES_NOT_EXIST");
  // A job keeps exactly one owner, and no group is one.
  EXPECT_EQ(Change(11, "jobs", "1", {ForUser("bob@x", "CAN_VIEW")}, true), "INVALID_PARAMETER_VALUE");
  EXPECT_EQ(Change(11, "jobs", "1", {ForGroup("team", "IS_OWNER")}, false), "INVALID_PARAMETER_VALUE");
  EXPECT_EQ(Change(11, "jobs", "1", {ForUser("bob@x", "IS_OWNER")}, true),
            "bob@x:IS_OWNER admins:CAN_MANAGE*");
  EXPECT_EQ(Change(11, "jobs", "1", {}, false), "PERMISSION_DENIED") << "ann gave it away";
}

TEST_P(PermissionsTest, AnswersNameObjectsAsClientsKnowThem) {
  Give({"directories", "2"}, 11, "CAN_MANAGE");
  http::RequestContext context;
  context.principal = Principal(11);
  api::permissions::GetPermissionsRequest request;
  request.request_object_type = "notebooks";
  request.request_object_id = "7";
  auto answer = service_->GetPermissions(context, request);
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(*answer->object_id, "/notebooks/7");
  EXPECT_EQ(*answer->object_type, "notebook");
  const auto& ann = (*answer->access_control_list)[0];
  EXPECT_EQ((*(*ann.all_permissions)[0].inherited_from_object)[0], "/directories/2");
  context.principal = Principal(12);
  EXPECT_EQ(service_->GetPermissions(context, request).error().code, ErrorCode::kPermissionDenied);
  api::permissions::GetPermissionLevelsRequest levels;
  levels.request_object_type = "clusters";
  levels.request_object_id = "x";
  EXPECT_EQ(service_->GetPermissionLevels(context, levels)->permission_levels->size(), 3u);
}

INSTANTIATE_TEST_SUITE_P(Backends, PermissionsTest, metadb::EveryBackend(), metadb::BackendName);

}  // namespace
}  // namespace ashlar::identity
