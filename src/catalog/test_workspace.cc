#include "catalog/test_workspace.h"

#include "base/file.h"
#include "base/text.h"
#include "identity/bootstrap.h"
#include "identity/directory.h"
#include "identity/tables/group_members_table.h"
#include "identity/migrations.h"

namespace ashlar::catalog {

using sql::CatalogAction;
using sql::Securable;

std::vector<std::string> Parts(const std::string& dotted) {
  std::vector<std::string> parts;
  if (dotted.empty()) return parts;
  for (std::string_view part : SplitView(dotted, '.')) parts.emplace_back(part);
  return parts;
}

TableCommit VersionZero(const std::string& table_uuid, const std::string& location,
                        const std::string& commit_uuid) {
  TableCommit commit;
  commit.table_uuid = table_uuid;
  commit.location = location;
  commit.commit_uuid = commit_uuid;
  commit.actions =
      "{\"commitInfo\":{\"txnId\":\"" + commit_uuid + "\"}}\n" +
      kPlainProtocol +
      R"({"metaData":{"id":"m","format":{"provider":"parquet","options":{}},"schemaString":"{\"type\":\"struct\",\"fields\":[{\"name\":\"a\",\"type\":\"integer\",\"nullable\":true,\"metadata\":{}},{\"name\":\"b\",\"type\":\"string\",\"nullable\":true,\"metadata\":{}}]}","partitionColumns":["b"],"configuration":{"delta.appendOnly":"false"}}})" +
      "\n";
  return commit;
}

TableCommit ManagedZero(const sql::CatalogReply& made, const std::string& commit_uuid) {
  TableCommit zero = VersionZero(made.uuid, made.location, commit_uuid);
  zero.actions = ReplaceAll(zero.actions, kPlainProtocol,
                            R"({"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["catalogManaged","vacuumProtocolCheck"],)"
                            R"("writerFeatures":["catalogManaged","inCommitTimestamp","vacuumProtocolCheck"]}})"
                            "\n");
  return zero;
}

Result<std::unique_ptr<TestWorkspace>> TestWorkspace::Make(metadb::TestBackend backend) {
  auto made = std::make_unique<TestWorkspace>();
  ASSIGN_OR_RETURN(made->database_, metadb::TestDatabase::Make(backend));
  made->data_dir_ = made->directory_.path() + "/data";
  made->outside_ = made->directory_.path() + "/outside";
  RETURN_IF_ERROR(MakeDirectories(made->data_dir_));
  RETURN_IF_ERROR(MakeDirectories(made->outside_));
  std::vector<metadb::ModuleMigrations> all = {metadb::migrations(), identity::migrations(),
                                               catalog::migrations()};
  RETURN_IF_ERROR(metadb::Migrate(made->database(), made->clock_, all));
  RETURN_IF_ERROR(made->AddPrincipals());
  RETURN_IF_ERROR(made->Restart());
  return made;
}

Status TestWorkspace::AddPrincipals() {
  ASSIGN_OR_RETURN(auto first, identity::CreateFirstAdmin(database(), clock_, SystemRandom(), "admin@x"));
  admin = first->principal;
  return database().Transact([&](metadb::Transaction& txn) -> Status {
    RETURN_IF_ERROR(identity::PrincipalsTable::Insert(txn, {.id = 101, .name = "ann@x"}));
    RETURN_IF_ERROR(identity::PrincipalsTable::Insert(txn, {.id = 102, .name = "bob@x"}));
    identity::PrincipalRow group{.id = 103, .kind = identity::PrincipalKind::kGroup, .name = "analysts"};
    RETURN_IF_ERROR(identity::PrincipalsTable::Insert(txn, group));
    RETURN_IF_ERROR(identity::GroupMembersTable::Add(txn, 103, 101));
    ASSIGN_OR_RETURN(ann, identity::Directory::Load(txn, 101));
    ASSIGN_OR_RETURN(bob, identity::Directory::Load(txn, 102));
    return OkStatus();
  });
}

Status TestWorkspace::Restart() {
  service_.reset();
  RETURN_IF_ERROR(database_->Reopen());
  service_ = std::make_unique<CatalogService>(database(), store_, clock_, SystemRandom(),
                                              CatalogOptions{data_dir_, std::string(32, 'k')});
  return service_->Recover();
}

Status TestWorkspace::Grant(const std::string& privilege, Securable kind, const std::string& object,
                            const std::string& principal) {
  return ChangeGrant(CatalogAction::kGrant, privilege, kind, object, principal);
}

Status TestWorkspace::Revoke(const std::string& privilege, Securable kind, const std::string& object,
                             const std::string& principal) {
  return ChangeGrant(CatalogAction::kRevoke, privilege, kind, object, principal);
}

Status TestWorkspace::ChangeGrant(CatalogAction action, const std::string& privilege, Securable kind, const std::string& object,
                                  const std::string& principal) {
  sql::CatalogCommand command;
  command.action = action;
  command.securable = kind;
  command.name = Parts(object);
  command.privileges = {privilege};
  command.principal = principal;
  auto reply = service_->Execute(admin, command);
  return reply.ok() ? OkStatus() : Status(reply.error());
}

Result<sql::CatalogReply> TestWorkspace::Create(const http::Principal& who, Securable kind,
                                                const std::string& object,
                                                const std::string& location) {
  sql::CatalogCommand command;
  command.action = CatalogAction::kCreate;
  command.securable = kind;
  command.name = Parts(object);
  command.location = location;
  return service_->Execute(who, command);
}

Result<sql::CatalogReply> TestWorkspace::Drop(const http::Principal& who, Securable kind,
                                              const std::string& object) {
  sql::CatalogCommand command;
  command.action = CatalogAction::kDrop;
  command.securable = kind;
  command.name = Parts(object);
  return service_->Execute(who, command);
}

Result<sql::CatalogReply> TestWorkspace::CreateView(const http::Principal& who,
                                                    const std::string& object,
                                                    const std::string& text) {
  sql::CatalogCommand command;
  command.action = CatalogAction::kCreate;
  command.securable = Securable::kView;
  command.name = Parts(object);
  command.view_text = text;
  command.current_catalog = "main";
  command.current_schema = "default";
  return service_->Execute(who, command);
}

Result<sql::CatalogReply> TestWorkspace::CreateTable(const http::Principal& who,
                                                     const std::string& object,
                                                     const std::string& location) {
  ASSIGN_OR_RETURN(sql::CatalogReply reply, Create(who, Securable::kTable, object, location));
  ASSIGN_OR_RETURN(auto outcome,
                   service_->Commit(who, VersionZero(reply.uuid, reply.location, "commit-0")));
  if (outcome != objectstore::PutOutcome::kWon) {
    return MakeError(ErrorCode::kAborted, "version 0 of " + object + " was not won");
  }
  return reply;
}

Result<sql::ResolvedRelation> TestWorkspace::Resolve(const http::Principal& who,
                                                     const std::string& object, sql::Access access,
                                                     std::vector<std::string> via) {
  sql::ResolveRequest request{Parts(object), "", "", access};
  auto answers = service_->Resolve(who, via, std::span(&request, 1));
  CHECK_EQ(answers.size(), 1u);
  return std::move(answers[0]);
}

}  // namespace ashlar::catalog
