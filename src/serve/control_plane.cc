#include "serve/control_plane.h"

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <thread>

#include "api/clusters.h"
#include "api/files.h"
#include "api/jobs.h"
#include "api/permissions.h"
#include "api/scim.h"
#include "api/statement_execution.h"
#include "api/tokens.h"
#include "api/unity_catalog.h"
#include "api/warehouses.h"
#include "api/well_known.h"
#include "api/workspace.h"
#include "base/file.h"
#include "base/id.h"
#include "base/log.h"
#include "base/text.h"
#include "catalog/catalog_service.h"
#include "catalog/rest/unity_catalog_service.h"
#include "compute/clusters_service.h"
#include "compute/compute.h"
#include "compute/control_service.h"
#include "compute/warehouses_service.h"
#include "gateway/connect_proxy.h"
#include "http/server.h"
#include "identity/bearer_authenticator.h"
#include "identity/bootstrap.h"
#include "identity/directory.h"
#include "identity/migrations.h"
#include "identity/permission_evaluator.h"
#include "identity/permissions_service.h"
#include "identity/tokens_service.h"
#include "identity/scim/scim_service.h"
#include "identity/token_issuer.h"
#include "jobs/jobs_service.h"
#include "jobs/runner.h"
#include "jobs/tables/jobs_table.h"
#include "link/control_server.h"
#include "metadb/migrations.h"
#include "metadb/sqlite_database.h"
#include "objectstore/local_store.h"
#include "observe/metrics.h"
#include "serve/connect_routes.h"
#include "serve/discovery_service.h"
#include "serve/workspace_settings.h"
#include "statements/statement_execution.h"
#include "workspace/files_service.h"
#include "workspace/tables/objects_table.h"
#include "workspace/workspace_service.h"

namespace ashlar::serve {
namespace {

constexpr auto kSweepInterval = std::chrono::seconds(5);
constexpr int64_t kStarterIdleStopMs = 120 * 60'000;

struct Address {
  std::string host;
  uint16_t port = 0;
};

Result<Address> ParseAddress(const std::string& listen) {
  size_t colon = listen.rfind(':');
  std::optional<int64_t> port = colon == std::string::npos ? std::nullopt : ParseInt64(listen.substr(colon + 1));
  if (!port || *port < 0 || *port > 65535) {
    return MakeError(ErrorCode::kInvalidParameterValue, "--listen wants HOST:PORT; got '" + listen + "'");
  }
  return Address{listen.substr(0, colon), static_cast<uint16_t>(*port)};
}

// Tokens are stored as hashes: who reads the ready file of a later start needs one of that start's own.
// The ones of earlier starts end with it.
Result<std::string> IssueReadyToken(metadb::Database& database, const std::string& admin_name) {
  constexpr char kComment[] = "made for the ready file";
  identity::TokenIssuer issuer(database, SystemClock(), SystemRandom());
  std::optional<identity::PrincipalRow> admin;
  RETURN_IF_ERROR(database.Read([&](metadb::Transaction& txn) -> Status {
    ASSIGN_OR_RETURN(admin, identity::Directory::FindByName(txn, admin_name));
    return OkStatus();
  }));
  if (!admin) {
    return MakeError(ErrorCode::kInvalidParameterValue,
                     "the ready file needs a token for " + admin_name + ", who does not exist; name another by --admin");
  }
  ASSIGN_OR_RETURN(std::vector<identity::TokenRow> tokens, issuer.List(admin->id));
  for (const identity::TokenRow& token : tokens) {
    if (token.comment == kComment) RETURN_IF_ERROR(issuer.Revoke(token.token_id, admin->id));
  }
  identity::TokenRequest request;
  request.owner_id = admin->id;
  request.created_by_id = admin->id;
  request.comment = kComment;
  ASSIGN_OR_RETURN(identity::NewToken token, issuer.Issue(request));
  return token.value;
}

// Volumes are the catalog's: it decides on every path.
class CatalogVolumePaths final : public workspace::VolumePaths {
 public:
  explicit CatalogVolumePaths(catalog::CatalogService& catalog) : catalog_(catalog) {}

  Result<std::string> Resolve(const http::Principal& principal, const std::string& path, bool write) override {
    ASSIGN_OR_RETURN(catalog::ResolvedPath resolved,
                     catalog_.ResolvePath(principal, path, write ? sql::Access::kWrite : sql::Access::kRead));
    return resolved.canonical;
  }

 private:
  catalog::CatalogService& catalog_;
};

class RunningControlPlane final : public ControlPlane {
 public:
  ~RunningControlPlane() override {
    Drain(0);
    sweeper_.request_stop();
    if (sweeper_.joinable()) sweeper_.join();
    server_.reset();
    proxy_.reset();
    if (job_runner_) job_runner_->Stop();
    // The callbacks of calls to drivers use what is destroyed next: none runs after this.
    if (pool_) pool_->Stop();
    control_server_.reset();
  }

  const WorkspaceInfo& info() const override { return info_; }

  void Drain(int64_t deadline_ms) override {
    // Side by side: neither door takes anything new while the other one empties.
    std::jthread connect([&] {
      if (proxy_) proxy_->Stop(deadline_ms);
    });
    if (server_) server_->Stop(deadline_ms);
  }

  Status Open(const ServeOptions& options, DataDir& data_dir);
  Status StartCompute(const ServeOptions& options, DataDir& data_dir);
  Status MakeStarters(const ServeOptions& options);
  Status Listen(const ServeOptions& options);

 private:
  Result<std::string> MakeStarter(compute::ResourceKind kind, const std::string& name, const std::string& owner_name);
  void RegisterRoutes();
  void Sweep(std::stop_token stop);

  WorkspaceInfo info_;
  int64_t admin_id_ = 0;  // at the first start
  observe::Registry metrics_;
  std::unique_ptr<metadb::Database> database_;
  objectstore::LocalObjectStore store_{objectstore::LocalObjectStore::Links::kRefused};
  std::unique_ptr<identity::BearerAuthenticator> authenticator_;
  std::unique_ptr<identity::PermissionEvaluator> permissions_;
  std::unique_ptr<catalog::CatalogService> catalog_;
  std::unique_ptr<compute::Handles> handles_;
  std::unique_ptr<compute::ControlService> control_;
  std::unique_ptr<link::ControlServer> control_server_;
  std::unique_ptr<compute::DriverPool> pool_;
  std::unique_ptr<compute::Compute> compute_;
  std::unique_ptr<statements::StatementRegistry> statement_registry_;
  std::unique_ptr<statements::StatementExecution> statement_execution_;
  std::unique_ptr<compute::WarehousesService> warehouses_;
  std::unique_ptr<compute::ClustersService> clusters_;
  std::unique_ptr<identity::TokenIssuer> token_issuer_;
  std::unique_ptr<identity::TokensService> tokens_;
  std::unique_ptr<identity::PermissionsService> permissions_service_;
  std::unique_ptr<identity::ScimStore> scim_store_;
  std::unique_ptr<identity::ScimService> scim_;
  std::unique_ptr<DiscoveryService> discovery_;
  std::unique_ptr<catalog::UnityCatalogService> unity_catalog_;
  std::unique_ptr<CatalogVolumePaths> volume_paths_;
  std::string uploads_folder_;
  std::unique_ptr<workspace::VolumeFiles> volume_files_;
  std::unique_ptr<workspace::FilesService> files_;
  workspace::WorkspaceAncestry workspace_ancestry_;
  std::unique_ptr<workspace::WorkspaceTree> workspace_tree_;
  std::unique_ptr<workspace::WorkspaceService> workspace_;
  jobs::JobAncestry job_ancestry_;
  compute::ResourceAncestry cluster_ancestry_{compute::ResourceKind::kCluster};
  compute::ResourceAncestry warehouse_ancestry_{compute::ResourceKind::kWarehouse};
  std::shared_ptr<jobs::Runner> job_runner_;
  std::unique_ptr<jobs::JobsService> jobs_;
  std::unique_ptr<ConnectRoutes> connect_routes_;
  http::Router router_;
  std::unique_ptr<gateway::ConnectProxy> proxy_;
  std::unique_ptr<http::Server> server_;
  std::jthread sweeper_;
};

Status RunningControlPlane::Open(const ServeOptions& options, DataDir& data_dir) {
  ASSIGN_OR_RETURN(database_, metadb::OpenSqlite(data_dir.database_path()));
  std::vector<metadb::ModuleMigrations> migrations = {metadb::migrations(), identity::migrations(),
                                                      catalog::migrations(), compute::migrations(),
                                                      workspace::migrations(), jobs::migrations(),
                                                      serve::migrations()};
  RETURN_IF_ERROR(metadb::Migrate(*database_, SystemClock(), migrations));
  ASSIGN_OR_RETURN(info_.workspace_id, SettingOr(*database_, "workspace_id", []() -> Result<std::string> {
                     return std::to_string(NewNumericId(SystemRandom()));
                   }));
  ASSIGN_OR_RETURN(auto admin,
                   identity::CreateFirstAdmin(*database_, SystemClock(), SystemRandom(), options.admin_name));
  info_.first_start = admin.has_value();
  if (admin) {
    info_.token = admin->token;
    admin_id_ = admin->principal.id;
  }
  if (info_.token.empty() && !options.ready_file.empty()) {
    ASSIGN_OR_RETURN(info_.token, IssueReadyToken(*database_, options.admin_name));
  }
  authenticator_ = std::make_unique<identity::BearerAuthenticator>(*database_, SystemClock());
  permissions_ = std::make_unique<identity::PermissionEvaluator>(*database_);
  ASSIGN_OR_RETURN(std::string seal_key, data_dir.SealKey());
  catalog_ = std::make_unique<catalog::CatalogService>(*database_, store_, SystemClock(), SystemRandom(),
                                                       catalog::CatalogOptions{data_dir.path(), std::move(seal_key)});
  return catalog_->Recover();
}

Status RunningControlPlane::StartCompute(const ServeOptions& options, DataDir& data_dir) {
  handles_ = std::make_unique<compute::Handles>(SystemClock(), SystemRandom());
  control_ = std::make_unique<compute::ControlService>(*catalog_, *handles_);
  compute::DriverPoolOptions pool_options;
  pool_options.driver_binary = options.driver_binary;
  pool_options.run_folder = data_dir.run_folder();
  // Opened without following links.
  std::error_code unresolved;
  uploads_folder_ = std::filesystem::canonical(data_dir.run_folder(), unresolved).string() + "/uploads";
  if (unresolved) return MakeError(ErrorCode::kIoError, data_dir.run_folder() + ": " + unresolved.message());
  pool_options.control_socket = data_dir.run_folder() + "/control.sock";
  pool_options.log_level = options.log_level;
  pool_options.memory_bytes = options.driver_memory_bytes;
  pool_options.threads = options.driver_threads;
  pool_options.spark_confs = options.spark_confs;
  pool_options.warm = options.warm_drivers;
  ASSIGN_OR_RETURN(control_server_, link::ControlServer::Start(pool_options.control_socket, *control_));
  pool_ = std::make_unique<compute::DriverPool>(pool_options, SystemClock(), SystemRandom(),
                                                [this](const std::string& id) { compute_->OnDriverExit(id); });
  compute_ = std::make_unique<compute::Compute>(*database_, *pool_, *handles_, SystemClock(), SystemRandom());
  control_->SetPool(pool_.get());
  statement_registry_ = std::make_unique<statements::StatementRegistry>(SystemClock());
  sweeper_ = std::jthread([this](std::stop_token stop) { Sweep(stop); });
  return OkStatus();
}

Result<std::string> RunningControlPlane::MakeStarter(compute::ResourceKind kind, const std::string& name,
                                                     const std::string& owner_name) {
  compute::ResourceRow row;
  row.kind = kind;
  row.name = name;
  row.spec = "{}";
  row.idle_stop_ms = kStarterIdleStopMs;
  row.creator_id = admin_id_;
  row.creator_name = owner_name;
  ASSIGN_OR_RETURN(row, compute_->Create(std::move(row)));
  return row.id;
}

Status RunningControlPlane::MakeStarters(const ServeOptions& options) {
  ASSIGN_OR_RETURN(info_.warehouse_id, SettingOr(*database_, "starter_warehouse_id", [&] {
                     return MakeStarter(compute::ResourceKind::kWarehouse, "Starter Warehouse", options.admin_name);
                   }));
  ASSIGN_OR_RETURN(info_.cluster_id, SettingOr(*database_, "starter_cluster_id", [&] {
                     return MakeStarter(compute::ResourceKind::kCluster, "Starter Cluster", options.admin_name);
                   }));
  return OkStatus();
}

void RunningControlPlane::RegisterRoutes() {
  statement_execution_ = std::make_unique<statements::StatementExecution>(*compute_, *statement_registry_,
                                                                          SystemClock(), SystemRandom());
  warehouses_ = std::make_unique<compute::WarehousesService>(*compute_);
  clusters_ = std::make_unique<compute::ClustersService>(*compute_);
  token_issuer_ = std::make_unique<identity::TokenIssuer>(*database_, SystemClock(), SystemRandom());
  tokens_ = std::make_unique<identity::TokensService>(*database_, *token_issuer_);
  permissions_service_ = std::make_unique<identity::PermissionsService>(*database_, *permissions_);
  discovery_ = std::make_unique<DiscoveryService>(info_.workspace_id);
  scim_store_ = std::make_unique<identity::ScimStore>(*database_, SystemClock(), SystemRandom());
  scim_ = std::make_unique<identity::ScimService>(*scim_store_);
  unity_catalog_ = std::make_unique<catalog::UnityCatalogService>(
      *catalog_, ParseInt64(info_.workspace_id).value_or(0));
  volume_paths_ = std::make_unique<CatalogVolumePaths>(*catalog_);
  volume_files_ = std::make_unique<workspace::VolumeFiles>(catalog_->stores(), uploads_folder_, SystemRandom());
  files_ = std::make_unique<workspace::FilesService>(*volume_paths_, *volume_files_, SystemClock(), SystemRandom());
  for (const char* type : {"notebooks", "directories", "files"}) permissions_->Register(type, workspace_ancestry_);
  workspace_tree_ = std::make_unique<workspace::WorkspaceTree>(*database_, *permissions_, SystemClock(), SystemRandom());
  workspace_ = std::make_unique<workspace::WorkspaceService>(*workspace_tree_);
  permissions_->Register("jobs", job_ancestry_);
  permissions_->Register("clusters", cluster_ancestry_);
  permissions_->Register("warehouses", warehouse_ancestry_);
  job_runner_ = jobs::Runner::Make(
      {*database_, *compute_, *catalog_, *workspace_tree_, *permissions_, SystemClock(), SystemRandom()});
  jobs_ = std::make_unique<jobs::JobsService>(*database_, *job_runner_, *permissions_, SystemClock(), SystemRandom());
  router_.Add(http::MetricsRoute(metrics_));
  api::well_known::Register(router_, *discovery_);
  api::scim::Register(router_, *scim_);
  api::unity_catalog::Register(router_, *unity_catalog_);
  api::files::Register(router_, *files_);
  api::workspace::Register(router_, *workspace_);
  api::jobs::Register(router_, *jobs_);
  api::statement_execution::Register(router_, *statement_execution_);
  api::warehouses::Register(router_, *warehouses_);
  api::clusters::Register(router_, *clusters_);
  api::tokens::Register(router_, *tokens_);
  api::permissions::Register(router_, *permissions_service_);
}

Status RunningControlPlane::Listen(const ServeOptions& options) {
  RegisterRoutes();
  connect_routes_ = std::make_unique<ConnectRoutes>(*compute_, *authenticator_, *permissions_);
  gateway::ConnectProxyOptions proxy_options;
  bool tls = !options.tls_cert_file.empty();
  if (tls) {
    ASSIGN_OR_RETURN(proxy_options.tls_cert, ReadFile(options.tls_cert_file));
    ASSIGN_OR_RETURN(proxy_options.tls_key, ReadFile(options.tls_key_file));
  }
  ASSIGN_OR_RETURN(proxy_, gateway::ConnectProxy::Start(
                               proxy_options, [this](const gateway::CallMetadata& metadata, auto done) {
                                 connect_routes_->Route(metadata, std::move(done));
                               }));
  http::PipelineOptions pipeline;
  pipeline.authenticator = authenticator_.get();
  pipeline.access = permissions_.get();
  pipeline.default_headers.Set("X-Databricks-Org-Id", info_.workspace_id);
  http::ServerOptions server;
  ASSIGN_OR_RETURN(Address address, ParseAddress(options.listen));
  server.host = address.host;
  server.port = address.port;
  server.tls_cert_file = options.tls_cert_file;
  server.tls_key_file = options.tls_key_file;
  server.on_http2 = [this](int fd, bool over_tls) { proxy_->TakeConnection(fd, over_tls); };
  ASSIGN_OR_RETURN(server_, http::Server::Start(server, std::make_unique<http::Pipeline>(router_, pipeline, metrics_),
                                                metrics_));
  RETURN_IF_ERROR(job_runner_->Recover());
  info_.url = std::string(tls ? "https" : "http") + "://" + address.host + ":" + std::to_string(server_->port());
  return OkStatus();
}

void RunningControlPlane::Sweep(std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex);
      wake.wait_for(lock, stop, kSweepInterval, [] { return false; });
    }
    if (stop.stop_requested()) return;
    compute_->StopIdle();
    statement_registry_->Sweep();
    Status swept = catalog_->Sweep();
    if (!swept.ok()) Log(LogLevel::kWarn, "catalog sweep failed", {{"reason", swept.error().message}});
  }
}

}  // namespace

Result<std::unique_ptr<ControlPlane>> ControlPlane::Start(const ServeOptions& options, DataDir& data_dir) {
  auto plane = std::make_unique<RunningControlPlane>();
  RETURN_IF_ERROR(plane->Open(options, data_dir));
  RETURN_IF_ERROR(plane->StartCompute(options, data_dir));
  RETURN_IF_ERROR(plane->MakeStarters(options));
  RETURN_IF_ERROR(plane->Listen(options));
  return std::unique_ptr<ControlPlane>(std::move(plane));
}

}  // namespace ashlar::serve
