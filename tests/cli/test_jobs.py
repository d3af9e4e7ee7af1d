"""`ashlar jobs`: a run that succeeds, one that fails, one that is cancelled."""

import base64
import re
import time

import pytest
from databricks.sdk.service.jobs import JobParameterDefinition, NotebookTask, RunResultState, Task, TaskDependency
from databricks.sdk.service.workspace import ImportFormat, Language


@pytest.fixture
def make_job(workspace, server):
    def make(name, **cells):
        """A job of one task a cell, each after the one before."""
        workspace.workspace.mkdirs("/Shared/cli")
        tasks = []
        for key, cell in cells.items():
            path = f"/Shared/cli/{name}_{key}"
            workspace.workspace.import_(path, content=base64.b64encode(f"-- Databricks notebook source\n{cell}".encode()).decode(),
                                        format=ImportFormat.SOURCE, language=Language.SQL, overwrite=True)
            tasks.append(Task(task_key=key, notebook_task=NotebookTask(path, warehouse_id=server.info["warehouse_id"]),
                              depends_on=[TaskDependency(tasks[-1].task_key)] if tasks else None))
        return workspace.jobs.create(name=name, tasks=tasks, parameters=[JobParameterDefinition(name="word", default="unset")]).job_id

    return make


def test_a_run_that_succeeds(ashlar, make_job, workspace):
    job = make_job("cli good", first="SELECT 1", second="SELECT 2")
    done = ashlar("jobs", "run", "cli good", "--follow", "--param", "word=given")
    assert done.returncode == 0, done.stderr
    assert re.search(r"first: SUCCESS", done.stdout) and re.search(r"second: SUCCESS", done.stdout)
    run = int(re.match(r"run (\d+) of job (\d+)", done.stdout)[1])
    assert done.stdout.splitlines()[-1].endswith(f"run {run}: SUCCESS")
    parameters = {parameter.name: parameter.value for parameter in workspace.jobs.get_run(run).job_parameters}
    assert parameters == {"word": "given"}
    assert f"{job}\tcli good\t" in ashlar("jobs", "list", "--format", "tsv").stdout


def test_a_run_that_fails(ashlar, make_job):
    job = make_job("cli bad", broken="SELECT 1/0", after="SELECT 1")
    done = ashlar("jobs", "run", job, "--follow")
    assert done.returncode == 1
    assert "broken: FAILED" in done.stdout and "after: UPSTREAM_FAILED" in done.stdout
    assert "DIVIDE_BY_ZERO" in done.stderr and "task broken" in done.stderr


def test_cancel(ashlar, make_job, workspace):
    job = make_job("cli slow", slow="SELECT count(*) FROM range(1000000000000) WHERE id % 7 = 3")
    run = re.match(r"run (\d+)", ashlar("jobs", "run", job).stdout)[1]
    assert ashlar("jobs", "cancel", run).returncode == 0
    for _ in range(600):
        state = workspace.jobs.get_run(int(run)).state
        if state.result_state:
            break
        time.sleep(0.05)
    assert state.result_state == RunResultState.CANCELED


def test_names_that_are_none_or_many(ashlar, make_job):
    assert "no job is called" in ashlar("jobs", "run", "nobody").stderr
    make_job("cli twice", a="SELECT 1")
    make_job("cli twice", a="SELECT 1")
    done = ashlar("jobs", "run", "cli twice")
    assert done.returncode == 1 and "several jobs" in done.stderr
    assert "KEY=VALUE" in ashlar("jobs", "run", "cli twice", "--param", "nonsense").stderr
    assert ashlar("jobs", "cancel", "123456789").returncode == 1
