#include "cli/sql/name_source.h"

#include "base/json.h"
#include "base/text.h"

namespace ashlar::cli {
namespace {

constexpr char kRoot[] = "/api/2.1/unity-catalog/";

}  // namespace

const std::vector<std::string>& RemoteNames::List(const std::string& target, const std::string& field) {
  auto [found, missing] = lists_.try_emplace(target);
  if (!missing) return found->second;
  // Completion offers what it can get; a list that cannot be had is no error to anyone.
  (void)client_.ForEach(target, field, [&](const Json& item) {
    found->second.push_back(item.value("name", ""));
    return OkStatus();
  }).ok();
  return found->second;
}

std::vector<std::string> RemoteNames::Catalogs() { return List(std::string(kRoot) + "catalogs", "catalogs"); }

std::vector<std::string> RemoteNames::Schemas(const std::string& catalog) {
  return List(std::string(kRoot) + "schemas?catalog_name=" + PercentEncode(catalog), "schemas");
}

std::vector<std::string> RemoteNames::Tables(const std::string& catalog, const std::string& schema) {
  return List(std::string(kRoot) + "tables?catalog_name=" + PercentEncode(catalog) + "&schema_name=" + PercentEncode(schema), "tables");
}

std::vector<std::string> RemoteNames::Columns(const std::string& catalog, const std::string& schema, const std::string& table) {
  return List(std::string(kRoot) + "tables/" + PercentEncode(catalog + "." + schema + "." + table, "."), "columns");
}

}  // namespace ashlar::cli
