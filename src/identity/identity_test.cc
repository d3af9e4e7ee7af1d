#include <gtest/gtest.h>

#include "http/message.h"
#include "identity/bearer_authenticator.h"
#include "identity/bootstrap.h"
#include "identity/directory.h"
#include "identity/migrations.h"
#include "identity/tables/group_members_table.h"
#include "identity/token_issuer.h"
#include "identity/tokens_service.h"
#include "metadb/test_on_backends.h"

namespace ashlar::identity {
namespace {

using metadb::Transaction;

class IdentityTest : public testing::TestWithParam<metadb::TestBackend> {
 protected:
  void SetUp() override {
    metadb::TakeOrSkip(metadb::TestDatabase::Make(GetParam()), test_);
    if (!test_) return;
    std::vector<metadb::ModuleMigrations> all = {migrations()};
    ASSERT_TRUE(metadb::Migrate(db(), clock_, all).ok());
    auto first = CreateFirstAdmin(db(), clock_, SystemRandom(), "admin@x");
    ASSERT_TRUE(first.ok()) << first.error().message;
    admin_ = **std::move(first);
    authenticator_ = std::make_unique<BearerAuthenticator>(db(), clock_);
    issuer_ = std::make_unique<TokenIssuer>(db(), clock_, SystemRandom());
  }

  metadb::Database& db() { return test_->database(); }
  void Write(const metadb::TransactionBody& body) {
    Status done = db().Transact([&](Transaction& txn) -> Status {
      RETURN_IF_ERROR(body(txn));
      return BumpEpoch(txn);
    });
    ASSERT_TRUE(done.ok()) << done.error().message;
  }
  http::Principal Load(int64_t id) {
    http::Principal principal;
    Status read = db().Read([&](Transaction& txn) -> Status {
      ASSIGN_OR_RETURN(principal, Directory::Load(txn, id));
      return OkStatus();
    });
    EXPECT_TRUE(read.ok()) << read.error().message;
    return principal;
  }
  // The name a token stands for, or "refused".
  std::string WhoIs(const std::string& token) {
    auto principal = authenticator_->AuthenticateHeader("Bearer " + token);
    if (principal.ok()) return principal->name;
    EXPECT_EQ(principal.error().code, ErrorCode::kUnauthenticated);
    return "refused";
  }

  FakeClock clock_{1'000'000};
  std::unique_ptr<metadb::TestDatabase> test_;
  FirstAdmin admin_;
  std::unique_ptr<BearerAuthenticator> authenticator_;
  std::unique_ptr<TokenIssuer> issuer_;
};

TEST_P(IdentityTest, FirstAdminIsMadeOnce) {
  EXPECT_TRUE(admin_.principal.is_admin);
  EXPECT_EQ(admin_.principal.groups, (std::vector<std::string>{"account users", "admins", "users"}));
  EXPECT_EQ(WhoIs(admin_.token), "admin@x");
  auto again = CreateFirstAdmin(db(), clock_, SystemRandom(), "other@x");
  ASSERT_TRUE(again.ok());
  EXPECT_FALSE(again->has_value());
}

TEST_P(IdentityTest, GroupsNestAndCyclesEnd) {
  Write([](Transaction& txn) -> Status {
    RETURN_IF_ERROR(PrincipalsTable::Insert(txn, {.id = 10, .name = "ann@x"}));
    for (int64_t id : {20, 21, 22}) {
      RETURN_IF_ERROR(PrincipalsTable::Insert(
          txn, {.id = id, .kind = PrincipalKind::kGroup, .name = "g" + std::to_string(id)}));
    }
    RETURN_IF_ERROR(GroupMembersTable::Add(txn, 20, 10));
    RETURN_IF_ERROR(GroupMembersTable::Add(txn, 21, 20));
    RETURN_IF_ERROR(GroupMembersTable::Add(txn, 22, 21));
    return GroupMembersTable::Add(txn, 20, 22);
  });
  http::Principal ann = Load(10);
  EXPECT_EQ(ann.groups, (std::vector<std::string>{"account users", "g20", "g21", "g22", "users"}));
  EXPECT_FALSE(ann.is_admin);
  Write([](Transaction& txn) { return GroupMembersTable::Add(txn, kAdminsGroup, 22); });
  EXPECT_TRUE(Load(10).is_admin) << "an admin through three groups";
}

TEST_P(IdentityTest, NamesAreUniqueWithoutCase) {
  Write([](Transaction& txn) { return PrincipalsTable::Insert(txn, {.id = 10, .name = "Ann@X"}); });
  Status twice = db().Transact([](Transaction& txn) {
    return PrincipalsTable::Insert(txn, {.id = 11, .name = "ann@x"});
  });
  EXPECT_EQ(twice.error().code, ErrorCode::kAlreadyExists);
  Write([](Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(auto found, Directory::FindByName(txn, "ANN@x"));
    EXPECT_EQ(found->id, 10);
    EXPECT_EQ(found->name, "Ann@X");
    ASSIGN_OR_RETURN(auto none, Directory::FindByName(txn, "bob"));
    EXPECT_FALSE(none.has_value());
    return OkStatus();
  });
}

TEST_P(IdentityTest, TokensAreStoredHashedAndStopAtOnce) {
  auto made = issuer_->Issue({.owner_id = admin_.principal.id, .created_by_id = admin_.principal.id});
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->value.size(), 36u);
  EXPECT_TRUE(made->value.starts_with("dapi"));
  EXPECT_EQ(made->row.hash.find(made->value.substr(4)), std::string::npos);
  EXPECT_EQ(WhoIs(made->value), "admin@x");
  EXPECT_EQ(WhoIs(made->value), "admin@x") << "from memory";
  EXPECT_EQ(issuer_->Revoke(made->row.token_id, int64_t{999}).error().code,
            ErrorCode::kResourceDoesNotExist)
      << "not his";
  ASSERT_TRUE(issuer_->Revoke(made->row.token_id, std::nullopt).ok());
  EXPECT_EQ(WhoIs(made->value), "refused");
  EXPECT_EQ(WhoIs("dapi0"), "refused");
  EXPECT_EQ(WhoIs(""), "refused");
  EXPECT_FALSE(authenticator_->AuthenticateHeader("").ok());
  EXPECT_FALSE(authenticator_->AuthenticateHeader("Basic " + admin_.token).ok());
  http::Request request;
  request.headers.Set("authorization", "bearer  " + admin_.token);
  EXPECT_TRUE(authenticator_->Authenticate(request).ok());
}

TEST_P(IdentityTest, TokensExpire) {
  auto made = issuer_->Issue({.owner_id = admin_.principal.id, .lifetime_seconds = 60});
  ASSERT_TRUE(made.ok());
  clock_.AdvanceMs(59'999);
  EXPECT_EQ(WhoIs(made->value), "admin@x");
  clock_.AdvanceMs(1);
  EXPECT_EQ(WhoIs(made->value), "refused");
  EXPECT_EQ(issuer_->Issue({.owner_id = admin_.principal.id, .lifetime_seconds = 0}).error().code,
            ErrorCode::kInvalidParameterValue);
}

TEST_P(IdentityTest, ADeactivatedOrDeletedUserStopsAtOnce) {
  Write([](Transaction& txn) { return PrincipalsTable::Insert(txn, {.id = 10, .name = "ann@x"}); });
  auto made = issuer_->Issue({.owner_id = 10});
  EXPECT_EQ(WhoIs(made->value), "ann@x");
  Write([](Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(auto row, PrincipalsTable::Find(txn, 10));
    row->active = false;
    return PrincipalsTable::Update(txn, *row);
  });
  EXPECT_EQ(WhoIs(made->value), "refused");
  Write([](Transaction& txn) { return PrincipalsTable::Delete(txn, 10); });
  EXPECT_EQ(WhoIs(made->value), "refused");
  EXPECT_EQ(issuer_->List(int64_t{10})->size(), 0u);
}

TEST_P(IdentityTest, AdminsMakeTokensForServicePrincipals) {
  Write([](Transaction& txn) {
    return PrincipalsTable::Insert(
        txn, {.id = 30, .kind = PrincipalKind::kServicePrincipal, .name = "app-1"});
  });
  TokensService service(db(), *issuer_);
  http::RequestContext context;
  context.principal = admin_.principal;
  api::tokens::CreateTokenOnBehalfOfRequest request;
  request.application_id = "app-1";
  request.comment = "for the robot";
  auto answer = service.CreateTokenOnBehalfOf(context, request);
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(WhoIs(*answer->token_value), "app-1");
  EXPECT_EQ(*answer->token_info->owner_id, 30);
  EXPECT_EQ(*answer->token_info->created_by_username, "admin@x");
  EXPECT_EQ(*answer->token_info->expiry_time, -1);
  request.application_id = "nobody";
  EXPECT_EQ(service.CreateTokenOnBehalfOf(context, request).error().code,
            ErrorCode::kResourceDoesNotExist);
  // What one sees of one's own tokens, and what only admins see.
  EXPECT_EQ(service.ListTokens(context, {})->token_infos->size(), 1u);
  EXPECT_EQ(service.ListAllTokens(context, {})->token_infos->size(), 2u);
  api::tokens::DeleteTokenRequest foreign;
  foreign.token_id = *answer->token_info->token_id;
  EXPECT_EQ(service.DeleteToken(context, foreign).error().code, ErrorCode::kResourceDoesNotExist);
  api::tokens::DeleteAnyTokenRequest any;
  any.token_id = *answer->token_info->token_id;
  ASSERT_TRUE(service.DeleteAnyToken(context, any).ok());
  EXPECT_EQ(WhoIs(*answer->token_value), "refused");
}

INSTANTIATE_TEST_SUITE_P(Backends, IdentityTest, metadb::EveryBackend(), metadb::BackendName);

}  // namespace
}  // namespace ashlar::identity
