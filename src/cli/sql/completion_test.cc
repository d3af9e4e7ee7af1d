#include "cli/sql/completion.h"

#include <gtest/gtest.h>

namespace ashlar::cli {
namespace {

class FixedNames final : public NameSource {
 public:
  std::vector<std::string> Catalogs() override { return {"main", "other"}; }
  std::vector<std::string> Schemas(const std::string& catalog) override {
    return catalog == "main" ? std::vector<std::string>{"default", "sales"} : std::vector<std::string>{};
  }
  std::vector<std::string> Tables(const std::string& catalog, const std::string& schema) override {
    if (catalog == "main" && schema == "sales") return {"orders", "order lines"};
    if (catalog == "main" && schema == "default") return {"days"};
    return {};
  }
  std::vector<std::string> Columns(const std::string&, const std::string&, const std::string& table) override {
    if (table == "orders") return {"order_id", "amount"};
    if (table == "days") return {"day"};
    return {};
  }
};

// "…|" marks the word: what stands behind the last bar is completed.
std::vector<std::string> At(std::string text) {
  size_t bar = text.rfind('|');
  size_t length = text.size() - bar - 1;
  text.erase(bar, 1);
  FixedNames names;
  return Complete(text, length, {"main", "sales"}, names);
}

using Names = std::vector<std::string>;

TEST(Completion, Keywords) {
  EXPECT_EQ(At("|sel"), Names{"select"});
  EXPECT_EQ(At("|SELE"), Names{"SELECT"});
  EXPECT_EQ(At("|qqq"), Names{});
}

TEST(Completion, RelationsAfterFrom) {
  EXPECT_EQ(At("SELECT * FROM |or"), (Names{"`order lines`", "orders"}));
  EXPECT_EQ(At("SELECT * FROM |ma"), Names{"main."});
  EXPECT_EQ(At("SELECT * FROM |main."), (Names{"main.default.", "main.sales."}));
  EXPECT_EQ(At("SELECT * FROM |default.d"), Names{"default.days"});
  EXPECT_EQ(At("SELECT * FROM |main.default."), Names{"main.default.days"});
  EXPECT_EQ(At("SELECT * FROM a JOIN\n |ord"), (Names{"`order lines`", "orders"}));
}

TEST(Completion, ColumnsOfTheRelationsNamed) {
  EXPECT_EQ(At("SELECT * FROM orders WHERE |amo"), Names{"amount"});
  EXPECT_EQ(At("SELECT * FROM orders o JOIN main.default.days d ON o.|order_i"), (Names{"order_id"}));
  EXPECT_EQ(At("SELECT * FROM orders o JOIN main.default.days d ON |d."), Names{"d.day"});
  EXPECT_EQ(At("SELECT 1 FROM orders; SELECT |amo"), Names{});  // another statement's table
}

TEST(Completion, Places) {
  EXPECT_EQ(At("USE CATALOG |o"), Names{"other"});
  EXPECT_EQ(At("USE |main.s"), Names{"main.sales"});
  EXPECT_EQ(At("DROP SCHEMA |sa"), Names{"sales"});
}

}  // namespace
}  // namespace ashlar::cli
