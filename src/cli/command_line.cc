#include "cli/command_line.h"

#include <CLI/CLI.hpp>
#include <functional>
#include <vector>

#include "cli/files/fs_command.h"
#include "cli/jobs/jobs_command.h"
#include "cli/machine/doctor_command.h"
#include "cli/machine/tls_command.h"
#include "cli/sql/sql_command.h"

namespace ashlar::cli {
namespace {

void AddConnection(CLI::App* command, ConnectionOptions* options) {
  command->add_option("--host", options->host, "URL of the workspace (DATABRICKS_HOST)")->group("Connection");
  command->add_option("--token", options->token, "Access token (DATABRICKS_TOKEN)")->group("Connection");
  command->add_option("--profile", options->profile, "Profile of ~/.databrickscfg (DATABRICKS_CONFIG_PROFILE)")->group("Connection");
  command->add_option("--ready-file", options->ready_file, "What `ashlar serve --ready-file` wrote (ASHLAR_READY_FILE)")
      ->group("Connection");
  command->add_option("--ca-cert", options->ca_cert, "PEM of the authority that signed the server's certificate (ASHLAR_CA_CERT)")
      ->group("Connection");
}

void AddWarehouse(CLI::App* command, ConnectionOptions* options) {
  command->add_option("--warehouse", options->warehouse, "Id of the SQL warehouse (DATABRICKS_WAREHOUSE_ID); the only one by default")
      ->group("Connection");
}

}  // namespace

class ClientCommands::Impl {
 public:
  explicit Impl(CLI::App& app) {
    AddSql(app);
    AddFs(app);
    AddJobs(app);
    AddDoctor(app);
    AddTls(app);
  }

  int RunParsed() {
    for (const auto& [command, run] : commands_) {
      if (command->parsed()) return run();
    }
    return -1;
  }

 private:
  void AddSql(CLI::App& app) {
    CLI::App* sql = app.add_subcommand("sql", "Run SQL: a shell on a terminal, else -e, -f or standard input");
    sql->footer("Several statements end with ';' each. The first error stops, with exit status 1.\n"
                "Each statement has a session of its own; USE is carried from one to the next.");
    sql->add_option("-e,--execute", sql_.statements, "Statements to run; repeatable")->allow_extra_args(false);
    sql->add_option("-f,--file", sql_.files, "Files of statements to run after those of -e; - is standard input")->allow_extra_args(false);
    sql->add_option("--format", sql_.format, "table, csv, tsv, json, jsonl or markdown")
        ->check(CLI::IsMember({"table", "csv", "tsv", "json", "jsonl", "markdown"}))
        ->capture_default_str();
    sql->add_option("--catalog", sql_.catalog, "Current catalog at the start");
    sql->add_option("--schema", sql_.schema, "Current schema at the start");
    sql->add_flag("-x,--expanded", sql_.expanded, "A line a value in place of a line a row");
    sql->add_flag("--timing", sql_.timing, "Say how long each statement took");
    AddConnection(sql, &sql_.connection);
    AddWarehouse(sql, &sql_.connection);
    commands_.emplace_back(sql, [this] { return RunSql(sql_); });
  }

  CLI::App* AddFsCommand(CLI::App* fs, const char* name, const char* about, int (*run)(const FsOptions&)) {
    CLI::App* command = fs->add_subcommand(name, about);
    AddConnection(command, &fs_.connection);
    commands_.emplace_back(command, [this, run] { return run(fs_); });
    return command;
  }

  void AddFs(CLI::App& app) {
    CLI::App* fs = app.add_subcommand("fs", "Files of volumes: ls, cp, cat, mkdir, rm");
    fs->require_subcommand(1);
    fs->footer("Remote paths are /Volumes/CATALOG/SCHEMA/VOLUME/… (dbfs: in front is fine); file: in front makes any path local.");
    CLI::App* list = AddFsCommand(fs, "ls", "List a folder", RunFsList);
    list->add_option("path", fs_.path, "Folder in a volume")->required();
    list->add_flag("-l", fs_.details, "With sizes and times");
    CLI::App* copy = AddFsCommand(fs, "cp", "Copy files to, from or between volumes", RunFsCopy);
    copy->add_option("from", fs_.path, "File or folder")->required();
    copy->add_option("to", fs_.target, "File or folder; what stands in a folder copied with -r goes into this one")->required();
    copy->add_flag("-r,--recursive", fs_.recursive, "Folders with all they hold");
    copy->add_flag("--overwrite", fs_.overwrite, "Replace files that exist");
    AddFsCommand(fs, "cat", "Write a file to standard output", RunFsCat)->add_option("path", fs_.path, "File in a volume")->required();
    AddFsCommand(fs, "mkdir", "Make a folder and its parents", RunFsMakeFolder)->add_option("path", fs_.path, "Folder in a volume")->required();
    CLI::App* remove = AddFsCommand(fs, "rm", "Delete a file or an empty folder", RunFsRemove);
    remove->add_option("path", fs_.path, "File or folder in a volume")->required();
    remove->add_flag("-r,--recursive", fs_.recursive, "Folders with all they hold; a volume's root is emptied");
  }

  CLI::App* AddJobsCommand(CLI::App* jobs, const char* name, const char* about, int (*run)(const JobsOptions&)) {
    CLI::App* command = jobs->add_subcommand(name, about);
    AddConnection(command, &jobs_.connection);
    commands_.emplace_back(command, [this, run] { return run(jobs_); });
    return command;
  }

  void AddJobs(CLI::App& app) {
    CLI::App* jobs = app.add_subcommand("jobs", "Jobs: list, run, cancel");
    jobs->require_subcommand(1);
    CLI::App* list = AddJobsCommand(jobs, "list", "List jobs", RunJobsList);
    list->add_option("--name", jobs_.name, "Only jobs of this name");
    list->add_option("--format", jobs_.format, "table, csv, tsv, json, jsonl or markdown")
        ->check(CLI::IsMember({"table", "csv", "tsv", "json", "jsonl", "markdown"}))
        ->capture_default_str();
    CLI::App* run = AddJobsCommand(jobs, "run", "Run a job now", RunJobsRun);
    run->add_option("job", jobs_.job, "Id or name of the job")->required();
    run->add_option("--param", jobs_.parameters, "KEY=VALUE of a job parameter; repeatable")->allow_extra_args(false);
    run->add_flag("--follow", jobs_.follow, "Show what its tasks do until it ends; exit status 1 unless it succeeds");
    AddJobsCommand(jobs, "cancel", "Cancel a run", RunJobsCancel)->add_option("run", jobs_.run_id, "Id of the run")->required();
  }

  void AddDoctor(CLI::App& app) {
    CLI::App* doctor = app.add_subcommand("doctor", "Check this machine, and the way to a server when one is named");
    doctor->add_option("--data-dir", doctor_.data_dir, "As for serve (~/.ashlar)");
    doctor->add_option("--listen", doctor_.listen, "As for serve")->capture_default_str();
    doctor->add_flag("--json", doctor_.json, "The checks as JSON");
    AddConnection(doctor, &doctor_.connection);
    commands_.emplace_back(doctor, [this] { return RunDoctor(doctor_); });
  }

  void AddTls(CLI::App& app) {
    CLI::App* tls = app.add_subcommand("tls", "Certificates: init");
    tls->require_subcommand(1);
    CLI::App* init = tls->add_subcommand("init", "Make an authority and a server certificate signed by it");
    init->add_option("--dir", tls_.folder, "Where the files go (~/.ashlar/tls)");
    init->add_option("--host", tls_.hosts, "Further names or addresses of the server; repeatable")->allow_extra_args(false);
    init->add_flag("--force", tls_.force, "Replace files that exist");
    commands_.emplace_back(init, [this] { return RunTlsInit(tls_); });
  }

  std::vector<std::pair<CLI::App*, std::function<int()>>> commands_;
  SqlOptions sql_;
  FsOptions fs_;
  JobsOptions jobs_;
  DoctorOptions doctor_;
  TlsOptions tls_;
};

ClientCommands::ClientCommands(CLI::App& app) : impl_(std::make_unique<Impl>(app)) {}
ClientCommands::~ClientCommands() = default;
int ClientCommands::RunParsed() { return impl_->RunParsed(); }

}  // namespace ashlar::cli
