"""Jobs and runs."""

import base64
import time

import pytest
from databricks.sdk.errors import BadRequest, NotFound, NotImplemented, PermissionDenied, ResourceDoesNotExist
from databricks.sdk.service.iam import AccessControlRequest, PermissionLevel
from databricks.sdk.service.jobs import (CronSchedule, JobParameterDefinition, JobSettings, NotebookTask, PauseStatus, RunLifeCycleState,
                                         RunResultState, RunType, SqlTask, SqlTaskFile, SubmitTask, Task, TaskDependency)
from databricks.sdk.service.workspace import ImportFormat, Language

SLOW = "SELECT count(*) FROM range(100000000000) WHERE id % 7 = 3"


@pytest.fixture(scope="module")
def file(workspace):
    """file("SELECT 1"): the path of a SQL file."""
    folder, made = "/Shared/sdk_jobs", []
    workspace.workspace.mkdirs(folder)

    def make(text):
        made.append(f"{folder}/{len(made)}.sql")
        workspace.workspace.import_(made[-1], content=base64.b64encode(text.encode()).decode(), format=ImportFormat.RAW, overwrite=True)
        return made[-1]

    return make


@pytest.fixture
def task(server, file):
    def make(key="t", text="SELECT 1", **options):
        return Task(task_key=key, sql_task=SqlTask(warehouse_id=server.info["warehouse_id"], file=SqlTaskFile(path=file(text))), **options)

    return make


@pytest.fixture
def job(workspace, task, name):
    made = workspace.jobs.create(name=name("job"), tasks=[task()], tags={"team": "blue"}, max_concurrent_runs=3)
    yield made.job_id
    try:
        workspace.jobs.delete(made.job_id)
    except (BadRequest, NotFound):
        pass


def submitted(task):
    return SubmitTask.from_dict(task.as_dict())


def running(workspace, run_id):
    deadline = time.monotonic() + 30
    while workspace.jobs.get_run(run_id).state.life_cycle_state != RunLifeCycleState.RUNNING:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_settings_are_kept_changed_and_replaced(workspace, job, task, name):
    got = workspace.jobs.get(job)
    assert (got.settings.tags, got.settings.max_concurrent_runs, got.creator_user_name) == ({"team": "blue"}, 3, "admin@localhost")
    renamed = name("renamed")
    workspace.jobs.update(job, new_settings=JobSettings(name=renamed, tags={"team": "red"}, tasks=[task("u", depends_on=[TaskDependency("t")])]))
    got = workspace.jobs.get(job)
    assert got.settings.name == renamed and got.settings.tags == {"team": "red"} and [one.task_key for one in got.settings.tasks] == ["t", "u"]
    workspace.jobs.update(job, fields_to_remove=["tasks/u", "tags"])
    got = workspace.jobs.get(job)
    assert [one.task_key for one in got.settings.tasks] == ["t"] and not got.settings.tags and got.settings.max_concurrent_runs == 3
    workspace.jobs.reset(job, JobSettings(name=renamed, tasks=[task("only")]))
    got = workspace.jobs.get(job)
    assert [one.task_key for one in got.settings.tasks] == ["only"] and got.settings.max_concurrent_runs in (None, 1)
    workspace.jobs.delete(job)
    with pytest.raises(ResourceDoesNotExist):
        workspace.jobs.get(job)


def test_lists_come_in_pages(workspace, task, name):
    shared = name("many")
    jobs = [workspace.jobs.create(name=shared, tasks=[task()]).job_id for _ in range(5)]
    assert {one.job_id for one in workspace.jobs.list(name=shared)} == set(jobs)
    pages = [one.job_id for one in workspace.jobs.list(name=shared, limit=2)]
    assert len(pages) == 5 and set(pages) == set(jobs)
    (expanded,) = [one for one in workspace.jobs.list(name=shared, expand_tasks=True) if one.job_id == jobs[0]]
    assert [one.task_key for one in expanded.settings.tasks] == ["t"]
    runs = [workspace.jobs.run_now(jobs[0]).run_id for _ in range(5)]
    listed = [one.run_id for one in workspace.jobs.list_runs(job_id=jobs[0], limit=2)]
    assert listed == runs[::-1]
    for one in jobs:
        workspace.jobs.delete(one)


def test_a_run_and_its_output(workspace, job):
    ended = workspace.jobs.run_now_and_wait(job, idempotency_token="once-and-no-more")
    assert ended.state.result_state == RunResultState.SUCCESS and ended.run_type == RunType.JOB_RUN and ended.number_in_job == 1
    assert ended.start_time <= ended.end_time and ended.run_page_url
    again = workspace.jobs.run_now(job, idempotency_token="once-and-no-more")
    assert again.run_id == ended.run_id
    (part,) = ended.tasks
    output = workspace.jobs.get_run_output(part.run_id)
    assert output.metadata.run_id == part.run_id
    assert output.sql_output.query_output.warehouse_id and not output.error
    assert [one.run_id for one in workspace.jobs.list_runs(job_id=job, completed_only=True)] == [ended.run_id]
    assert list(workspace.jobs.list_runs(job_id=job, active_only=True)) == []
    workspace.jobs.delete_run(ended.run_id)
    with pytest.raises(ResourceDoesNotExist):
        workspace.jobs.get_run(ended.run_id)


def test_parameters_reach_the_statement(workspace, server, sql, name):
    table = name("params")
    sql(f"CREATE TABLE {table} (a STRING, b STRING)")
    path = f"/Shared/sdk_jobs/{name('n')}"
    workspace.workspace.mkdirs("/Shared/sdk_jobs")
    workspace.workspace.import_(path, content=base64.b64encode(f"INSERT INTO {table} VALUES (:a, :b)".encode()).decode(),
                                format=ImportFormat.SOURCE, language=Language.SQL)
    job = workspace.jobs.create(name=name("job"), parameters=[JobParameterDefinition(name="a", default="default")], tasks=[
        Task(task_key="t", notebook_task=NotebookTask(path, warehouse_id=server.info["warehouse_id"], base_parameters={"b": "from the task"}))]).job_id
    assert workspace.jobs.run_now_and_wait(job).state.result_state == RunResultState.SUCCESS
    assert workspace.jobs.run_now_and_wait(job, job_parameters={"a": "given"}).state.result_state == RunResultState.SUCCESS
    assert sql(f"SELECT a, b FROM {table} ORDER BY a") == [["default", "from the task"], ["given", "from the task"]]
    with pytest.raises(BadRequest, match="no parameter 'c'"):
        workspace.jobs.run_now(job, job_parameters={"c": "?"})
    workspace.jobs.delete(job)


def test_a_submitted_run(workspace, task):
    ended = workspace.jobs.submit_and_wait(run_name="one time", tasks=[submitted(task("a")), submitted(task("b", depends_on=[TaskDependency("a")]))])
    assert ended.state.result_state == RunResultState.SUCCESS and ended.run_type == RunType.SUBMIT_RUN
    assert {part.task_key: part.state.result_state for part in ended.tasks} == {"a": RunResultState.SUCCESS, "b": RunResultState.SUCCESS}
    assert ended.run_id in [one.run_id for one in workspace.jobs.list_runs(run_type=RunType.SUBMIT_RUN)]
    with pytest.raises(BadRequest, match="multiple tasks"):
        workspace.jobs.get_run_output(ended.run_id)


def test_runs_are_cancelled(workspace, task, name):
    job = workspace.jobs.create(name=name("slow"), tasks=[task("slow", SLOW)], max_concurrent_runs=3).job_id
    first = workspace.jobs.run_now(job).run_id
    running(workspace, first)
    with pytest.raises(BadRequest, match="active"):
        workspace.jobs.delete_run(first)
    assert [one.run_id for one in workspace.jobs.list_runs(job_id=job, active_only=True)] == [first]
    assert workspace.jobs.cancel_run_and_wait(first).state.result_state == RunResultState.CANCELED
    more = [workspace.jobs.run_now(job).run_id for _ in range(2)]
    workspace.jobs.cancel_all_runs(job_id=job)
    for one in more:
        ended = workspace.jobs.wait_get_run_job_terminated_or_skipped(one)
        assert ended.state.result_state == RunResultState.CANCELED
    workspace.jobs.delete(job)


def test_a_failed_run_tells_why(workspace, task, name):
    ended = workspace.jobs.submit_and_wait(run_name="fails", tasks=[submitted(task("bad", "SELECT 1 / 0"))])
    assert ended.state.result_state == RunResultState.FAILED
    assert "DIVIDE_BY_ZERO" in workspace.jobs.get_run_output(ended.tasks[0].run_id).error


def test_timeouts_stop_a_task_and_a_run(workspace, task):
    ended = workspace.jobs.submit_and_wait(run_name="task too slow", tasks=[submitted(task("slow", SLOW, timeout_seconds=1))])
    assert ended.tasks[0].state.result_state == RunResultState.TIMEDOUT and ended.state.result_state != RunResultState.SUCCESS
    ended = workspace.jobs.submit_and_wait(run_name="run too slow", timeout_seconds=1, tasks=[
        submitted(task("slow", SLOW)), submitted(task("next", depends_on=[TaskDependency("slow")]))])
    assert ended.state.result_state == RunResultState.TIMEDOUT
    assert {part.task_key: part.state.result_state for part in ended.tasks}["next"] != RunResultState.SUCCESS


def test_no_more_runs_than_may_be(workspace, task, name):
    job = workspace.jobs.create(name=name("one"), tasks=[task("slow", SLOW)], max_concurrent_runs=1).job_id
    first = workspace.jobs.run_now(job).run_id
    running(workspace, first)
    second = workspace.jobs.wait_get_run_job_terminated_or_skipped(workspace.jobs.run_now(job).run_id)
    assert second.state.life_cycle_state == RunLifeCycleState.SKIPPED
    assert second.state.result_state == RunResultState.MAXIMUM_CONCURRENT_RUNS_REACHED
    workspace.jobs.cancel_run_and_wait(first)
    workspace.jobs.delete(job)


def test_a_notebook_on_a_cluster(workspace, server, sql, name):
    table, path = name("made"), f"/Shared/sdk_jobs/{name('n')}"
    workspace.workspace.mkdirs("/Shared/sdk_jobs")
    source = f"CREATE TABLE {table} AS SELECT 1 AS a\n\n-- COMMAND ----------\n\nINSERT INTO {table} VALUES (2)"
    workspace.workspace.import_(path, content=base64.b64encode(source.encode()).decode(), format=ImportFormat.SOURCE, language=Language.SQL)
    task = SubmitTask(task_key="t", existing_cluster_id=server.info["cluster_id"], notebook_task=NotebookTask(path))
    assert workspace.jobs.submit_and_wait(run_name="cluster", tasks=[task]).state.result_state == RunResultState.SUCCESS
    assert sql(f"SELECT a FROM {table} ORDER BY a") == [["1"], ["2"]]


def test_errors_have_their_class(workspace, task, job):
    for call in (lambda: workspace.jobs.get(1), lambda: workspace.jobs.get_run(1), lambda: workspace.jobs.get_run_output(1)):
        with pytest.raises(ResourceDoesNotExist):
            call()
    for call in (lambda: workspace.jobs.update(1, new_settings=JobSettings(name="x")), lambda: workspace.jobs.reset(1, JobSettings(name="x")),
                 lambda: workspace.jobs.delete(1), lambda: workspace.jobs.run_now(1), lambda: workspace.jobs.cancel_run(1),
                 lambda: workspace.jobs.cancel_all_runs(job_id=1), lambda: workspace.jobs.delete_run(1)):
        with pytest.raises(BadRequest, match="does not exist"):
            call()
    circle = [task("a", depends_on=[TaskDependency("b")]), task("b", depends_on=[TaskDependency("a")])]
    with pytest.raises(BadRequest, match="(?i)cycle|circ"):
        workspace.jobs.create(name="circle", tasks=circle)
    with pytest.raises(BadRequest):
        workspace.jobs.create(name="twice", tasks=[task("a"), task("a")])
    with pytest.raises(BadRequest, match="limit"):
        list(workspace.jobs.list(limit=1000))
    with pytest.raises(BadRequest, match="page_token"):
        list(workspace.jobs.list(page_token="nonsense"))
    with pytest.raises(NotImplemented, match="schedule"):
        workspace.jobs.update(job, new_settings=JobSettings(schedule=CronSchedule("0 0 0 * * ?", "UTC", pause_status=PauseStatus.PAUSED)))


def test_a_stranger_is_refused(workspace, stranger, make_principal, job):
    run = workspace.jobs.run_now_and_wait(job)
    assert job not in [one.job_id for one in stranger.jobs.list()] and run.run_id not in [one.run_id for one in stranger.jobs.list_runs()]
    calls = [lambda: stranger.jobs.get(job), lambda: stranger.jobs.update(job, new_settings=JobSettings(name="mine")),
             lambda: stranger.jobs.reset(job, JobSettings(name="mine")), lambda: stranger.jobs.delete(job), lambda: stranger.jobs.run_now(job),
             lambda: stranger.jobs.cancel_all_runs(job_id=job)]
    for call in calls:
        with pytest.raises(PermissionDenied):
            call()
    for call in (stranger.jobs.get_run, stranger.jobs.get_run_output):
        with pytest.raises(NotFound):
            call(run.run_id)
    for call in (stranger.jobs.cancel_run, stranger.jobs.delete_run):
        with pytest.raises(BadRequest, match="does not exist"):
            call(run.run_id)
    viewer = make_principal()
    workspace.permissions.update("jobs", str(job), access_control_list=[
        AccessControlRequest(service_principal_name=viewer.name, permission_level=PermissionLevel.CAN_VIEW)])
    assert viewer.jobs.get(job).job_id == job and viewer.jobs.get_run(run.run_id).run_id == run.run_id
    for call in (lambda: viewer.jobs.run_now(job), lambda: viewer.jobs.delete_run(run.run_id)):
        with pytest.raises(PermissionDenied):
            call()
