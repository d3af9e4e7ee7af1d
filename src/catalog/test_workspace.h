// A workspace for tests: metadb, an admin, the users ann and bob, the group analysts, and a catalog over
// local files.
#pragma once

#include <memory>
#include <string>

#include "catalog/catalog_service.h"
#include "metadb/test_databases.h"
#include "objectstore/local_store.h"

namespace ashlar::catalog {

class TestWorkspace {
 public:
  static Result<std::unique_ptr<TestWorkspace>> Make(metadb::TestBackend backend);

  CatalogService& catalog() { return *service_; }
  metadb::Database& database() { return database_->database(); }
  const std::string& data_dir() const { return data_dir_; }
  // A folder outside the data dir.
  const std::string& outside() const { return outside_; }

  http::Principal admin;
  http::Principal ann;
  http::Principal bob;

  // As after a crash of the server: a new service on what is stored.
  Status Restart();

  // `object` is "main.default.t" and the like; ANY FILE and the metastore have none.
  Status Grant(const std::string& privilege, sql::Securable kind, const std::string& object,
               const std::string& principal);
  Status Revoke(const std::string& privilege, sql::Securable kind, const std::string& object,
                const std::string& principal);
  Result<sql::CatalogReply> Create(const http::Principal& who, sql::Securable kind,
                                   const std::string& object, const std::string& location = "");
  Result<sql::CatalogReply> Drop(const http::Principal& who, sql::Securable kind,
                                 const std::string& object);
  Result<sql::CatalogReply> CreateView(const http::Principal& who, const std::string& object,
                                       const std::string& text);
  // Creates a Delta table with its version 0.
  Result<sql::CatalogReply> CreateTable(const http::Principal& who, const std::string& object,
                                        const std::string& location = "");
  Result<sql::ResolvedRelation> Resolve(const http::Principal& who, const std::string& object,
                                        sql::Access access = sql::Access::kRead,
                                        std::vector<std::string> via = {});

 private:
  Status AddPrincipals();
  Status ChangeGrant(sql::CatalogAction action, const std::string& privilege, sql::Securable kind, const std::string& object,
                     const std::string& principal);

  FakeClock clock_{1'700'000'000'000};
  metadb::TemporaryDirectory directory_;
  std::string data_dir_;
  std::string outside_;
  std::unique_ptr<metadb::TestDatabase> database_;
  objectstore::LocalObjectStore store_;
  std::unique_ptr<CatalogService> service_;
};

// {"main", "default", "t"} of "main.default.t"; nothing of "".
std::vector<std::string> Parts(const std::string& dotted);
// A version file that carries `commit_uuid` and the columns a INT, b STRING.
TableCommit VersionZero(const std::string& table_uuid, const std::string& location,
                        const std::string& commit_uuid);
// The protocol's line in it.
inline constexpr const char* kPlainProtocol = "{\"protocol\":{\"minReaderVersion\":1,\"minWriterVersion\":2}}\n";
// The same of a catalog-managed table.
TableCommit ManagedZero(const sql::CatalogReply& made, const std::string& commit_uuid);
// The condition of an error, its code where it has none, "OK" for a value.
template <typename T>
std::string Verdict(const Result<T>& result) {
  if (result.ok()) return "OK";
  const Error& error = result.error();
  return error.condition.empty() ? std::string(ErrorCodeName(error.code)) : error.condition;
}

}  // namespace ashlar::catalog
