"""Clusters."""

import pytest
from databricks.sdk.errors import InvalidState, NotImplemented, PermissionDenied, ResourceDoesNotExist
from databricks.sdk.service.compute import RuntimeEngine, State
from databricks.sdk.service.iam import AccessControlRequest, PermissionLevel

VERSION = "4.2.x-ashlar"


@pytest.fixture
def cluster(workspace, name):
    made = workspace.clusters.create_and_wait(spark_version=VERSION, cluster_name=name("c"), num_workers=0, autotermination_minutes=30)
    yield made
    workspace.clusters.permanent_delete(made.cluster_id)


def test_what_a_cluster_may_be_made_of(workspace):
    assert VERSION in [version.key for version in workspace.clusters.spark_versions().versions]
    nodes = workspace.clusters.list_node_types().node_types
    assert len(nodes) == 1 and nodes[0].num_cores >= 1 and nodes[0].memory_mb > 0
    assert workspace.clusters.select_node_type(min_cores=1) == nodes[0].node_type_id


def test_the_life_of_a_cluster(workspace, cluster, name):
    cluster_id = cluster.cluster_id
    assert cluster.state == State.RUNNING and cluster.autotermination_minutes == 30 and cluster.num_workers == 0
    assert cluster.creator_user_name == "admin@localhost" and cluster.spark_version == VERSION
    assert cluster_id in [one.cluster_id for one in workspace.clusters.list()]
    renamed = name("renamed")
    edited = workspace.clusters.edit_and_wait(cluster_id, VERSION, cluster_name=renamed, num_workers=0, spark_conf={"spark.sql.ansi.enabled": "true"})
    assert edited.state == State.RUNNING and edited.cluster_name == renamed
    assert edited.spark_conf == {"spark.sql.ansi.enabled": "true"}
    assert workspace.clusters.restart_and_wait(cluster_id).state == State.RUNNING
    assert workspace.clusters.delete_and_wait(cluster_id).state == State.TERMINATED
    with pytest.raises(InvalidState):
        workspace.clusters.restart(cluster_id)
    assert workspace.clusters.start_and_wait(cluster_id).state == State.RUNNING
    with pytest.raises(InvalidState):
        workspace.clusters.start(cluster_id)
    workspace.clusters.ensure_cluster_is_running(cluster_id)


def test_events_come_in_pages(workspace, cluster):
    for _ in range(3):
        workspace.clusters.delete_and_wait(cluster.cluster_id)
        workspace.clusters.start_and_wait(cluster.cluster_id)
    everything = list(workspace.clusters.events(cluster.cluster_id))
    by_pages = list(workspace.clusters.events(cluster.cluster_id, limit=2))
    assert by_pages == everything and len(everything) >= 7
    kinds = [event.type.value for event in everything]
    assert kinds.count("TERMINATING") == 3 and kinds.count("STARTING") == 3 and kinds[-1] == "CREATING"
    times = [event.timestamp for event in everything]
    assert times == sorted(times, reverse=True)


def test_the_list_comes_in_pages(workspace, name):
    made = {workspace.clusters.create(spark_version=VERSION, cluster_name=name("c"), num_workers=0).cluster_id for _ in range(3)}
    try:
        everything = [one.cluster_id for one in workspace.clusters.list()]
        by_pages = [one.cluster_id for one in workspace.clusters.list(page_size=2)]
        assert by_pages == everything and made <= set(everything)
        first = workspace.api_client.do("GET", "/api/2.1/clusters/list", query={"page_size": 2})
        assert len(first["clusters"]) == 2 and first["next_page_token"]
    finally:
        for one in made:
            workspace.clusters.permanent_delete(one)


def test_what_is_not_there(workspace):
    with pytest.raises(ResourceDoesNotExist):
        workspace.clusters.get("0000-000000-nothere0")


def test_what_is_not_built_names_itself(workspace, name):
    with pytest.raises(NotImplemented, match="runtime_engine STANDARD"):
        workspace.clusters.create(spark_version=VERSION, cluster_name=name("c"), num_workers=0, runtime_engine=RuntimeEngine.STANDARD)


def test_a_stranger_is_refused(workspace, stranger, make_principal, cluster):
    cluster_id = cluster.cluster_id
    assert list(stranger.clusters.list()) == []
    calls = [lambda: stranger.clusters.create(spark_version=VERSION, cluster_name="x", num_workers=0),
             lambda: stranger.clusters.get(cluster_id), lambda: stranger.clusters.edit(cluster_id, VERSION, num_workers=0),
             lambda: stranger.clusters.start(cluster_id), lambda: stranger.clusters.restart(cluster_id),
             lambda: stranger.clusters.delete(cluster_id), lambda: stranger.clusters.permanent_delete(cluster_id),
             lambda: next(iter(stranger.clusters.events(cluster_id)))]
    for call in calls:
        with pytest.raises(PermissionDenied):
            call()
    guest = make_principal()
    workspace.permissions.update("clusters", cluster_id, access_control_list=[
        AccessControlRequest(service_principal_name=guest.name, permission_level=PermissionLevel.CAN_ATTACH_TO)])
    assert guest.clusters.get(cluster_id).state == State.RUNNING
    with pytest.raises(PermissionDenied):
        guest.clusters.delete(cluster_id)
