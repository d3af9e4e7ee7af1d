"""Jobs of several SQL tasks, driven by databricks-sdk."""

import base64
import time

import pytest
from databricks.sdk.errors import DatabricksError, NotFound
from databricks.sdk.service.jobs import NotebookTask, RunIf, RunResultState, SparkJarTask, Task, TaskDependency
from databricks.sdk.service.workspace import ImportFormat, Language


@pytest.fixture
def notebook(workspace):
    def make(name, *cells):
        path = f"/Shared/e2e/{name}"
        workspace.workspace.mkdirs("/Shared/e2e")
        source = "-- Databricks notebook source\n" + "\n\n-- COMMAND ----------\n\n".join(cells)
        workspace.workspace.import_(path, content=base64.b64encode(source.encode()).decode(),
                                    format=ImportFormat.SOURCE, language=Language.SQL, overwrite=True)
        return path

    return make


@pytest.fixture
def run(workspace):
    def wait(job_id):
        run_id = workspace.jobs.run_now(job_id).response.run_id
        for _ in range(600):
            state = workspace.jobs.get_run(run_id)
            if state.state.result_state:
                return state
            time.sleep(0.05)
        raise AssertionError(f"run {run_id} did not end: {state.state}")

    return wait


def test_tasks_run_in_order_and_share_tables(workspace, server, sql, notebook, run):
    sql("CREATE OR REPLACE TABLE job_log (step STRING)")
    warehouse = server.info["warehouse_id"]
    tasks = [
        Task(task_key="one", notebook_task=NotebookTask(
            notebook("one", "CREATE TEMPORARY VIEW v AS SELECT 'one' AS step", "INSERT INTO job_log SELECT * FROM v"), warehouse_id=warehouse)),
        Task(task_key="two", depends_on=[TaskDependency("one")], notebook_task=NotebookTask(
            notebook("two", "INSERT INTO job_log SELECT concat(max(step), '+two') FROM job_log"), warehouse_id=warehouse)),
    ]
    job = workspace.jobs.create(name="ordered", tasks=tasks)
    ended = run(job.job_id)
    assert ended.state.result_state == RunResultState.SUCCESS, ended.state
    assert sql("SELECT * FROM job_log ORDER BY step") == [["one"], ["one+two"]]
    assert [task.task_key for task in workspace.jobs.get(job.job_id).settings.tasks] == ["one", "two"]


def test_a_failure_is_retried_then_stops_what_depends_on_it(workspace, server, notebook, run):
    warehouse = server.info["warehouse_id"]
    tasks = [
        Task(task_key="bad", max_retries=1, notebook_task=NotebookTask(notebook("bad", "SELECT 1/0"), warehouse_id=warehouse)),
        Task(task_key="after", depends_on=[TaskDependency("bad")], notebook_task=NotebookTask(notebook("after", "SELECT 1"), warehouse_id=warehouse)),
        Task(task_key="cleanup", depends_on=[TaskDependency("bad")], run_if=RunIf.ALL_DONE,
             notebook_task=NotebookTask(notebook("cleanup", "SELECT 2"), warehouse_id=warehouse)),
    ]
    ended = run(workspace.jobs.create(name="failing", tasks=tasks).job_id)
    assert ended.state.result_state == RunResultState.FAILED
    by_key = {}
    for task in ended.tasks:
        by_key.setdefault(task.task_key, []).append(task)
    last = max(by_key["bad"], key=lambda task: task.attempt_number)
    assert last.attempt_number == 1
    assert "DIVIDE_BY_ZERO" in workspace.jobs.get_run_output(last.run_id).error
    assert by_key["after"][0].state.result_state == RunResultState.UPSTREAM_FAILED
    assert by_key["cleanup"][0].state.result_state == RunResultState.SUCCESS


def test_what_is_not_built_names_itself(workspace):
    with pytest.raises(DatabricksError, match="spark_jar_task"):
        workspace.jobs.create(name="jar", tasks=[Task(task_key="t", spark_jar_task=SparkJarTask(main_class_name="x"))])


def test_missing_jobs_and_runs(workspace):
    # Answered 400 as Databricks does; the SDK turns the text into its NotFound.
    with pytest.raises(NotFound):
        workspace.jobs.get(123456789)
    with pytest.raises(NotFound):
        workspace.jobs.get_run(123456789)
