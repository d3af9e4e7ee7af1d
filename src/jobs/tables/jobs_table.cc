#include "jobs/tables/jobs_table.h"

namespace ashlar::jobs {
namespace {

const std::string kJobColumns = "id, creator_id, creator_name, name, settings, created_ms";
const std::string kRunColumns =
    "id, job_id, number, creator_id, creator_name, run_as_id, name, settings, parameters, idempotency_key, state, "
    "result, message, stop, start_ms, end_ms";
const std::string kAttemptColumns =
    "id, run_id, task_key, attempt, state, message, not_before_ms, start_ms, end_ms, script, resumes";

JobRow ReadJob(const metadb::Row& row) {
  return {row.Int(0), row.Int(1), row.Text(2), row.Text(3), row.Text(4), row.Int(5)};
}

RunRow ReadRun(const metadb::Row& row) {
  return {.id = row.Int(0),
          .job_id = row.Int(1),
          .number = row.Int(2),
          .creator_id = row.Int(3),
          .creator_name = row.Text(4),
          .run_as_id = row.Int(5),
          .name = row.Text(6),
          .settings = row.Text(7),
          .parameters = row.Text(8),
          .idempotency_key = row.OptionalText(9),
          .state = row.Text(10),
          .result = row.Text(11),
          .message = row.Text(12),
          .stop = static_cast<Stop>(row.Int(13)),
          .start_ms = row.Int(14),
          .end_ms = row.Int(15)};
}

AttemptRow ReadAttempt(const metadb::Row& row) {
  return {row.Int(0), row.Int(1), row.Text(2), row.Int(3), static_cast<int>(row.Int(4)),
          row.Text(5), row.Int(6), row.Int(7), row.Int(8), row.Text(9), row.Int(10)};
}

template <typename T>
std::vector<T> ReadAll(const std::vector<metadb::Row>& rows, T (*read)(const metadb::Row&)) {
  std::vector<T> all;
  for (const metadb::Row& row : rows) all.push_back(read(row));
  return all;
}

template <typename T>
std::optional<T> ReadFirst(const std::vector<metadb::Row>& rows, T (*read)(const metadb::Row&)) {
  return rows.empty() ? std::nullopt : std::optional<T>(read(rows[0]));
}

}  // namespace

Status JobsTable::Insert(metadb::Transaction& txn, const JobRow& row) {
  return txn.Run("INSERT INTO jobs (" + kJobColumns + ") VALUES (?, ?, ?, ?, ?, ?)",
                 {row.id, row.creator_id, row.creator_name, row.name, row.settings, row.created_ms});
}

Status JobsTable::Update(metadb::Transaction& txn, const JobRow& row) {
  return txn.Run("UPDATE jobs SET name = ?, settings = ? WHERE id = ?", {row.name, row.settings, row.id});
}

Result<std::optional<JobRow>> JobsTable::Find(metadb::Transaction& txn, int64_t id) {
  ASSIGN_OR_RETURN(auto rows, txn.Query("SELECT " + kJobColumns + " FROM jobs WHERE id = ?", {id}));
  return ReadFirst(rows, ReadJob);
}

Result<std::vector<JobRow>> JobsTable::List(metadb::Transaction& txn) {
  ASSIGN_OR_RETURN(auto rows, txn.Query("SELECT " + kJobColumns + " FROM jobs ORDER BY created_ms DESC, id"));
  return ReadAll(rows, ReadJob);
}

Status JobsTable::Delete(metadb::Transaction& txn, int64_t id) {
  return txn.Run("DELETE FROM jobs WHERE id = ?", {id});
}

Status RunsTable::Insert(metadb::Transaction& txn, const RunRow& row) {
  return txn.Run("INSERT INTO job_runs (" + kRunColumns + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                 {row.id, row.job_id, row.number, row.creator_id, row.creator_name, row.run_as_id, row.name,
                  row.settings, row.parameters, row.idempotency_key, row.state, row.result, row.message,
                  static_cast<int>(row.stop), row.start_ms, row.end_ms});
}

Status RunsTable::Update(metadb::Transaction& txn, const RunRow& row) {
  return txn.Run("UPDATE job_runs SET state = ?, result = ?, message = ?, stop = ?, end_ms = ? WHERE id = ?",
                 {row.state, row.result, row.message, static_cast<int>(row.stop), row.end_ms, row.id});
}

Result<std::optional<RunRow>> RunsTable::Find(metadb::Transaction& txn, int64_t id) {
  ASSIGN_OR_RETURN(auto rows, txn.Query("SELECT " + kRunColumns + " FROM job_runs WHERE id = ?", {id}));
  return ReadFirst(rows, ReadRun);
}

Result<std::optional<RunRow>> RunsTable::FindByKey(metadb::Transaction& txn, const std::string& idempotency_key) {
  ASSIGN_OR_RETURN(auto rows, txn.Query("SELECT " + kRunColumns + " FROM job_runs WHERE idempotency_key = ?",
                                        {idempotency_key}));
  return ReadFirst(rows, ReadRun);
}

Result<std::vector<RunRow>> RunsTable::Active(metadb::Transaction& txn) {
  ASSIGN_OR_RETURN(auto rows,
                   txn.Query("SELECT " + kRunColumns + " FROM job_runs WHERE end_ms = 0 ORDER BY start_ms, number, id"));
  return ReadAll(rows, ReadRun);
}

Result<std::vector<RunRow>> RunsTable::List(metadb::Transaction& txn, std::optional<int64_t> job_id) {
  if (!job_id) {
    ASSIGN_OR_RETURN(auto rows, txn.Query("SELECT " + kRunColumns + " FROM job_runs ORDER BY start_ms DESC, id"));
    return ReadAll(rows, ReadRun);
  }
  ASSIGN_OR_RETURN(auto rows, txn.Query("SELECT " + kRunColumns + " FROM job_runs WHERE job_id = ? "
                                        "ORDER BY start_ms DESC, number DESC", {*job_id}));
  return ReadAll(rows, ReadRun);
}

Result<int64_t> RunsTable::LastNumber(metadb::Transaction& txn, int64_t job_id) {
  ASSIGN_OR_RETURN(auto rows, txn.Query("SELECT COALESCE(MAX(number), 0) FROM job_runs WHERE job_id = ?", {job_id}));
  return rows[0].Int(0);
}

Status RunsTable::Delete(metadb::Transaction& txn, int64_t id) {
  RETURN_IF_ERROR(txn.Run("DELETE FROM job_task_runs WHERE run_id = ?", {id}));
  return txn.Run("DELETE FROM job_runs WHERE id = ?", {id});
}

Status AttemptsTable::Insert(metadb::Transaction& txn, const AttemptRow& row) {
  return txn.Run("INSERT INTO job_task_runs (" + kAttemptColumns + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                 {row.id, row.run_id, row.task_key, row.attempt, row.state, row.message, row.not_before_ms,
                  row.start_ms, row.end_ms, row.script, row.resumes});
}

Status AttemptsTable::Update(metadb::Transaction& txn, const AttemptRow& row) {
  return txn.Run("UPDATE job_task_runs SET state = ?, message = ?, not_before_ms = ?, start_ms = ?, end_ms = ?, "
                 "script = ? WHERE id = ?",
                 {row.state, row.message, row.not_before_ms, row.start_ms, row.end_ms, row.script, row.id});
}

Result<std::optional<AttemptRow>> AttemptsTable::Find(metadb::Transaction& txn, int64_t id) {
  ASSIGN_OR_RETURN(auto rows, txn.Query("SELECT " + kAttemptColumns + " FROM job_task_runs WHERE id = ?", {id}));
  return ReadFirst(rows, ReadAttempt);
}

Result<std::vector<AttemptRow>> AttemptsTable::OfRun(metadb::Transaction& txn, int64_t run_id) {
  ASSIGN_OR_RETURN(auto rows, txn.Query("SELECT " + kAttemptColumns +
                                            " FROM job_task_runs WHERE run_id = ? ORDER BY task_key, attempt",
                                        {run_id}));
  return ReadAll(rows, ReadAttempt);
}

metadb::ModuleMigrations migrations() {
  return {"jobs",
          {R"sql(
CREATE TABLE jobs (
  id BIGINT NOT NULL PRIMARY KEY,
  creator_id BIGINT NOT NULL,
  creator_name TEXT NOT NULL,
  name TEXT NOT NULL,
  settings TEXT NOT NULL,
  created_ms BIGINT NOT NULL
);
CREATE TABLE job_runs (
  id BIGINT NOT NULL PRIMARY KEY,
  job_id BIGINT NOT NULL,
  number BIGINT NOT NULL,
  creator_id BIGINT NOT NULL,
  creator_name TEXT NOT NULL,
  run_as_id BIGINT NOT NULL,
  name TEXT NOT NULL,
  settings TEXT NOT NULL,
  parameters TEXT NOT NULL,
  idempotency_key TEXT,
  state TEXT NOT NULL,
  result TEXT NOT NULL,
  message TEXT NOT NULL,
  stop BIGINT NOT NULL,
  start_ms BIGINT NOT NULL,
  end_ms BIGINT NOT NULL
);
CREATE UNIQUE INDEX job_runs_by_key ON job_runs (idempotency_key);
CREATE INDEX job_runs_by_job ON job_runs (job_id, number);
CREATE INDEX job_runs_by_end ON job_runs (end_ms);
CREATE TABLE job_task_runs (
  id BIGINT NOT NULL PRIMARY KEY,
  run_id BIGINT NOT NULL,
  task_key TEXT NOT NULL,
  attempt BIGINT NOT NULL,
  state BIGINT NOT NULL,
  message TEXT NOT NULL,
  not_before_ms BIGINT NOT NULL,
  start_ms BIGINT NOT NULL,
  end_ms BIGINT NOT NULL
);
CREATE UNIQUE INDEX job_task_runs_by_attempt ON job_task_runs (run_id, task_key, attempt);
)sql",
           R"sql(
ALTER TABLE job_task_runs ADD COLUMN script TEXT NOT NULL DEFAULT '';
ALTER TABLE job_task_runs ADD COLUMN resumes BIGINT NOT NULL DEFAULT 0;
)sql"}};
}

}  // namespace ashlar::jobs
