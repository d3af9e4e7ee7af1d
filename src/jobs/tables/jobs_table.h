// The tables of jobs, their runs, and the attempts of the tasks of each run.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "metadb/database.h"
#include "metadb/migrations.h"

namespace ashlar::jobs {

struct JobRow {
  int64_t id = 0;
  int64_t creator_id = 0;
  std::string creator_name;
  std::string name;
  std::string settings;  // JobSettings as JSON
  int64_t created_ms = 0;
};

class JobsTable {
 public:
  static Status Insert(metadb::Transaction& txn, const JobRow& row);
  // Name and settings.
  static Status Update(metadb::Transaction& txn, const JobRow& row);
  static Result<std::optional<JobRow>> Find(metadb::Transaction& txn, int64_t id);
  // Newest first.
  static Result<std::vector<JobRow>> List(metadb::Transaction& txn);
  static Status Delete(metadb::Transaction& txn, int64_t id);
};

enum class Stop { kNone = 0, kCanceled = 1, kTimedOut = 2 };

struct RunRow {
  int64_t id = 0;
  int64_t job_id = 0;  // 0: submitted once
  int64_t number = 0;
  int64_t creator_id = 0;  // who asked for the run
  std::string creator_name;
  int64_t run_as_id = 0;   // in whose name it runs
  std::string name;
  std::string settings;    // JobSettings as they were then
  std::string parameters;  // of the run: {"job": {…}, "task": {…}}, values by name
  std::optional<std::string> idempotency_key;
  std::string state;       // life_cycle_state as the API spells it
  std::string result;      // result_state; empty until the run is over
  std::string message;
  Stop stop = Stop::kNone;
  int64_t start_ms = 0;
  int64_t end_ms = 0;      // 0: not over
};

class RunsTable {
 public:
  static Status Insert(metadb::Transaction& txn, const RunRow& row);
  // State, result, message, stop and end_ms.
  static Status Update(metadb::Transaction& txn, const RunRow& row);
  static Result<std::optional<RunRow>> Find(metadb::Transaction& txn, int64_t id);
  static Result<std::optional<RunRow>> FindByKey(metadb::Transaction& txn, const std::string& idempotency_key);
  // Not over, oldest first.
  static Result<std::vector<RunRow>> Active(metadb::Transaction& txn);
  // Newest first; of one job, or of all.
  static Result<std::vector<RunRow>> List(metadb::Transaction& txn, std::optional<int64_t> job_id);
  // How many runs of the job are there.
  static Result<int64_t> LastNumber(metadb::Transaction& txn, int64_t job_id);
  // With its attempts.
  static Status Delete(metadb::Transaction& txn, int64_t id);
};

struct AttemptRow {
  int64_t id = 0;
  int64_t run_id = 0;
  std::string task_key;
  int64_t attempt = 0;  // from 0
  int state = 0;        // TaskState
  std::string message;
  int64_t not_before_ms = 0;  // of an attempt that waits
  int64_t start_ms = 0;
  int64_t end_ms = 0;
  std::string script;   // attempt_script.h; empty before its first statement may run
  int64_t resumes = 0;  // the attempt whose committed statements this one does not repeat; 0: none
};

class AttemptsTable {
 public:
  static Status Insert(metadb::Transaction& txn, const AttemptRow& row);
  // State, message, times and script.
  static Status Update(metadb::Transaction& txn, const AttemptRow& row);
  static Result<std::optional<AttemptRow>> Find(metadb::Transaction& txn, int64_t id);
  // By task key, then attempt.
  static Result<std::vector<AttemptRow>> OfRun(metadb::Transaction& txn, int64_t run_id);
};

// After identity's.
metadb::ModuleMigrations migrations();

}  // namespace ashlar::jobs
