// Names for completion, and the catalog's as they are asked for.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cli/workspace_client.h"

namespace ashlar::cli {

// Lists of names; empty when there are none or they cannot be had.
class NameSource {
 public:
  virtual ~NameSource() = default;
  virtual std::vector<std::string> Catalogs() = 0;
  virtual std::vector<std::string> Schemas(const std::string& catalog) = 0;
  virtual std::vector<std::string> Tables(const std::string& catalog, const std::string& schema) = 0;
  virtual std::vector<std::string> Columns(const std::string& catalog, const std::string& schema, const std::string& table) = 0;
};

// Asks Unity Catalog's REST API once for each list, and again after Forget. Not thread safe.
class RemoteNames final : public NameSource {
 public:
  explicit RemoteNames(WorkspaceClient& client) : client_(client) {}

  std::vector<std::string> Catalogs() override;
  std::vector<std::string> Schemas(const std::string& catalog) override;
  std::vector<std::string> Tables(const std::string& catalog, const std::string& schema) override;
  std::vector<std::string> Columns(const std::string& catalog, const std::string& schema, const std::string& table) override;
  void Forget() { lists_.clear(); }

 private:
  const std::vector<std::string>& List(const std::string& target, const std::string& field);

  WorkspaceClient& client_;
  std::map<std::string, std::vector<std::string>> lists_;  // by target
};

}  // namespace ashlar::cli
