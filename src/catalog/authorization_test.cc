// The privilege matrix: for a user without any other right, what he is granted or owns, what he tries,
// and what the rules of Unity Catalog answer. Expectations follow the public documentation of privileges
// and ownership.
#include "catalog/authorization.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "catalog/privileges.h"

namespace ashlar::catalog {
namespace {

using sql::Securable;

constexpr int64_t kMe = 7;
constexpr int64_t kMyGroup = 70;
constexpr int64_t kOther = 8;

struct Case {
  // What I have: "SELECT@table", "OWNER@schema", several by spaces; "ADMIN" for the metastore.
  const char* have;
  // SELECT, MODIFY, … on the table; CREATE_TABLE on the schema; CREATE_SCHEMA on the catalog; MANAGE or
  // SEE of the table.
  const char* want;
  const char* answer;  // "yes", or the missing privilege and where
};

constexpr Case kMatrix[] = {
    // Default deny; the way there comes first.
    {"", "SELECT", "USE_CATALOG@catalog"},
    {"SELECT@table", "SELECT", "USE_CATALOG@catalog"},
    {"SELECT@table USE_CATALOG@catalog", "SELECT", "USE_SCHEMA@schema"},
    {"SELECT@table USE_CATALOG@catalog USE_SCHEMA@schema", "SELECT", "yes"},
    {"USE_CATALOG@catalog USE_SCHEMA@schema", "SELECT", "SELECT@table"},
    {"SELECT@table USE_CATALOG@catalog USE_SCHEMA@schema", "MODIFY", "MODIFY@table"},
    {"MODIFY@table USE_CATALOG@catalog USE_SCHEMA@schema", "SELECT", "SELECT@table"},
    // Inheritance downwards, never upwards.
    {"SELECT@schema USE_CATALOG@catalog USE_SCHEMA@schema", "SELECT", "yes"},
    {"SELECT@catalog USE_CATALOG@catalog USE_SCHEMA@catalog", "SELECT", "yes"},
    {"USE_SCHEMA@catalog SELECT@catalog", "SELECT", "USE_CATALOG@catalog"},
    {"USE_CATALOG@catalog USE_SCHEMA@schema CREATE_TABLE@schema", "CREATE_TABLE", "yes"},
    {"USE_CATALOG@catalog USE_SCHEMA@catalog CREATE_TABLE@catalog", "CREATE_TABLE", "yes"},
    {"USE_CATALOG@catalog USE_SCHEMA@schema", "CREATE_TABLE", "CREATE_TABLE@schema"},
    {"USE_CATALOG@catalog CREATE_SCHEMA@catalog", "CREATE_SCHEMA", "yes"},
    // ALL PRIVILEGES covers what is there, but not MANAGE and EXTERNAL USE SCHEMA.
    {"ALL_PRIVILEGES@catalog", "SELECT", "yes"},
    {"ALL_PRIVILEGES@catalog", "CREATE_TABLE", "yes"},
    {"ALL_PRIVILEGES@catalog", "MANAGE", "MANAGE@table"},
    {"ALL_PRIVILEGES@catalog", "EXTERNAL_USE_SCHEMA", "EXTERNAL_USE_SCHEMA@schema"},
    {"ALL_PRIVILEGES@table USE_CATALOG@catalog USE_SCHEMA@schema", "MODIFY", "yes"},
    // Owners: everything on the object itself, administration of what is below, no data below.
    {"OWNER@table", "SELECT", "USE_CATALOG@catalog"},
    {"OWNER@table USE_CATALOG@catalog USE_SCHEMA@schema", "SELECT", "yes"},
    {"OWNER@table USE_CATALOG@catalog USE_SCHEMA@schema", "MANAGE", "yes"},
    {"OWNER@table USE_CATALOG@catalog", "MANAGE", "USE_SCHEMA@schema"},
    {"OWNER@schema USE_CATALOG@catalog", "SELECT", "SELECT@table"},
    {"OWNER@schema USE_CATALOG@catalog", "MANAGE", "yes"},
    {"OWNER@schema", "MANAGE", "USE_CATALOG@catalog"},
    {"OWNER@schema USE_CATALOG@catalog", "CREATE_TABLE", "yes"},
    {"OWNER@catalog", "MANAGE", "yes"},
    {"OWNER@catalog", "CREATE_SCHEMA", "yes"},
    {"OWNER@catalog", "SELECT", "USE_SCHEMA@schema"},
    // MANAGE administers without reading, and needs the way there.
    {"MANAGE@table", "MANAGE", "USE_CATALOG@catalog"},
    {"MANAGE@table USE_CATALOG@catalog USE_SCHEMA@schema", "MANAGE", "yes"},
    {"MANAGE@schema USE_CATALOG@catalog USE_SCHEMA@schema", "MANAGE", "yes"},
    {"MANAGE@table USE_CATALOG@catalog USE_SCHEMA@schema", "SELECT", "SELECT@table"},
    // The metastore admin administers everything and reads nothing.
    {"ADMIN", "MANAGE", "yes"},
    {"ADMIN", "SELECT", "USE_CATALOG@catalog"},
    {"ADMIN USE_CATALOG@catalog USE_SCHEMA@schema", "SELECT", "SELECT@table"},
    // Seeing.
    {"", "SEE", "no"},
    {"ADMIN", "SEE", "yes"},
    {"BROWSE@catalog", "SEE", "yes"},
    {"BROWSE@catalog", "SELECT", "USE_CATALOG@catalog"},
    {"SELECT@table", "SEE", "no"},
    {"SELECT@table USE_CATALOG@catalog USE_SCHEMA@schema", "SEE", "yes"},
    {"MODIFY@schema USE_CATALOG@catalog USE_SCHEMA@schema", "SEE", "yes"},
    {"CREATE_TABLE@schema USE_CATALOG@catalog USE_SCHEMA@schema", "SEE", "no"},
    {"OWNER@schema USE_CATALOG@catalog", "SEE", "yes"},
};

class Matrix {
 public:
  explicit Matrix(bool through_group) : grantee_(through_group ? kMyGroup : kMe) {
    const char* names[] = {"table", "schema", "catalog"};
    Securable kinds[] = {Securable::kTable, Securable::kSchema, Securable::kCatalog};
    for (int i = 0; i < 3; ++i) {
      Guarded link;
      link.row.name = names[i];
      link.row.uuid = names[i];
      link.row.kind = kinds[i];
      link.row.owner_id = kOther;
      chain_.push_back(link);
    }
    me_.id = kMe;
    me_.ids = {kMe, kMyGroup};
  }

  std::string Answer(const Case& c) {
    for (std::string_view item : SplitView(c.have, ' ')) Have(std::string(item));
    std::string want = c.want;
    if (want == "SEE") return IsVisible(me_, chain_) ? "yes" : "no";
    std::optional<Denial> denial;
    size_t from = 0;
    if (want == "MANAGE") {
      denial = CheckManage(me_, chain_);
    } else {
      from = AppliesTo(Securable::kTable, want) ? 0 : AppliesTo(Securable::kSchema, want) ? 1 : 2;
      denial = CheckUse(me_, Chain(chain_.begin() + static_cast<long>(from), chain_.end()), want);
    }
    return denial ? denial->privilege + "@" + chain_[from + denial->link].row.name : "yes";
  }

 private:
  void Have(const std::string& item) {
    if (item.empty()) return;
    if (item == "ADMIN") {
      me_.is_metastore_admin = true;
      return;
    }
    size_t at = item.find('@');
    for (Guarded& link : chain_) {
      if (link.row.name != item.substr(at + 1)) continue;
      if (item.starts_with("OWNER")) {
        link.row.owner_id = grantee_;
      } else {
        EXPECT_TRUE(IsGrantable(link.row.kind, item.substr(0, at))) << item;
        link.grants.push_back({link.row.uuid, grantee_, item.substr(0, at), 0, 0});
        link.grants.push_back({link.row.uuid, kOther, "ALL_PRIVILEGES", 0, 0});
      }
    }
  }

  int64_t grantee_;
  Chain chain_;
  Subject me_;
};

TEST(AuthorizationTest, Matrix) {
  for (const Case& c : kMatrix) {
    EXPECT_EQ(Matrix(false).Answer(c), c.answer) << "have [" << c.have << "] want " << c.want;
    EXPECT_EQ(Matrix(true).Answer(c), c.answer) << "by group: have [" << c.have << "] want " << c.want;
  }
}

TEST(PrivilegesTest, NamesAndPlaces) {
  EXPECT_EQ(*CanonicalPrivilege("use catalog"), "USE_CATALOG");
  EXPECT_EQ(*CanonicalPrivilege("ALL PRIVILEGES"), "ALL_PRIVILEGES");
  EXPECT_EQ(CanonicalPrivilege("FLY").error().code, ErrorCode::kInvalidParameterValue);
  EXPECT_EQ(SqlPrivilege("READ_VOLUME"), "READ VOLUME");
  EXPECT_TRUE(IsGrantable(Securable::kCatalog, "SELECT"));
  EXPECT_TRUE(IsGrantable(Securable::kCatalog, "CREATE_VOLUME"));
  EXPECT_FALSE(IsGrantable(Securable::kSchema, "USE_CATALOG"));
  EXPECT_FALSE(IsGrantable(Securable::kVolume, "SELECT"));
  EXPECT_FALSE(IsGrantable(Securable::kView, "MODIFY"));
  EXPECT_FALSE(IsGrantable(Securable::kMetastore, "SELECT"));
}

}  // namespace
}  // namespace ashlar::catalog
