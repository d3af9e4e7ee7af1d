"""What is not built says so: an endpoint by 404 ENDPOINT_NOT_FOUND, an option of a built one by 501 and its name; never a success."""

import pytest
from databricks.sdk.errors import DatabricksError, NotFound, NotImplemented
from databricks.sdk.service.compute import ClusterLogConf, DbfsStorageInfo, DockerImage
from databricks.sdk.service.jobs import (Continuous, GitProvider, GitSource, JobEmailNotifications, JobSettings, PythonWheelTask, SparkPythonTask, Task,
                                         TriggerSettings)
from databricks.sdk.service.sql import Format

SERVICES = {
    "secrets": lambda w: next(iter(w.secrets.list_scopes())), "repos": lambda w: next(iter(w.repos.list())),
    "DBFS": lambda w: next(iter(w.dbfs.list("/"))), "pipelines": lambda w: next(iter(w.pipelines.list_pipelines())),
    "cluster policies": lambda w: next(iter(w.cluster_policies.list())), "instance pools": lambda w: next(iter(w.instance_pools.list())),
    "libraries": lambda w: next(iter(w.libraries.all_cluster_statuses())), "init scripts": lambda w: next(iter(w.global_init_scripts.list())),
    "experiments": lambda w: next(iter(w.experiments.list_experiments())), "registered models": lambda w: next(iter(w.registered_models.list())),
    "serving endpoints": lambda w: next(iter(w.serving_endpoints.list())), "query history": lambda w: w.query_history.list(),
    "alerts": lambda w: next(iter(w.alerts.list())), "dashboards": lambda w: next(iter(w.lakeview.list())),
    "shares": lambda w: next(iter(w.shares.list_shares())), "service credentials": lambda w: next(iter(w.credentials.list_credentials())),
    "functions": lambda w: next(iter(w.functions.list("main", "default"))), "IP access lists": lambda w: next(iter(w.ip_access_lists.list())),
    "workspace conf": lambda w: w.workspace_conf.get_status("enableIpAccessLists"), "Git credentials": lambda w: next(iter(w.git_credentials.list())),
    "export of a run": lambda w: w.jobs.export_run(1), "pins": lambda w: w.clusters.pin("x"), "repair": lambda w: w.jobs.repair_run(1),
}


@pytest.mark.parametrize("service", SERVICES)
def test_an_endpoint_that_is_not_built(workspace, service):
    with pytest.raises(NotFound) as caught:
        SERVICES[service](workspace)
    assert caught.value.error_code == "ENDPOINT_NOT_FOUND" and "No API found for" in str(caught.value)


def job(**settings):
    return lambda w: w.jobs.create(name="not built", **settings)


OPTIONS = {
    "continuous": job(continuous=Continuous()), "trigger": job(trigger=TriggerSettings()),
    "git_source": job(git_source=GitSource(git_url="https://example.com/x.git", git_provider=GitProvider.GIT_HUB)),
    "email_notifications": job(email_notifications=JobEmailNotifications(on_failure=["a@example.com"])),
    "python_wheel_task": job(tasks=[Task(task_key="t", python_wheel_task=PythonWheelTask("p", "e"))]),
    "spark_python_task": job(tasks=[Task(task_key="t", spark_python_task=SparkPythonTask("/x.py"))]),
    "docker_image": lambda w: w.clusters.create("4.2.x-ashlar", num_workers=0, docker_image=DockerImage(url="x")),
    "cluster_log_conf": lambda w: w.clusters.create("4.2.x-ashlar", num_workers=0, cluster_log_conf=ClusterLogConf(dbfs=DbfsStorageInfo("dbfs:/x"))),
    "policy_id": lambda w: w.clusters.create("4.2.x-ashlar", num_workers=0, policy_id="x"),
    "instance pools": lambda w: w.clusters.create("4.2.x-ashlar", num_workers=0, instance_pool_id="x"),
    "scopes": lambda w: w.tokens.create(scopes=["sql"]),
    "permissions on secrets": lambda w: w.permissions.get("secrets", "x"),
    "CSV": lambda w: w.statement_execution.execute_statement("SELECT 1", warehouse_id=next(iter(w.warehouses.list())).id, format=Format.CSV),
}


@pytest.mark.parametrize("option", OPTIONS)
def test_an_option_that_is_not_built_names_itself(workspace, option):
    before = [len(list(workspace.jobs.list())), len(list(workspace.clusters.list())), len(list(workspace.tokens.list()))]
    with pytest.raises(NotImplemented, match=f"(?i){option}"):
        OPTIONS[option](workspace)
    assert [len(list(workspace.jobs.list())), len(list(workspace.clusters.list())), len(list(workspace.tokens.list()))] == before


def test_an_update_with_what_is_not_built_changes_nothing(workspace):
    made = workspace.jobs.create(name="as it was").job_id
    with pytest.raises(DatabricksError, match="continuous"):
        workspace.jobs.update(made, new_settings=JobSettings(name="changed", continuous=Continuous()))
    assert workspace.jobs.get(made).settings.name == "as it was"
    workspace.jobs.delete(made)
