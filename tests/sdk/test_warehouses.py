"""SQL warehouses, and results fetched as the clients fetch them."""

import pytest
from databricks.sdk.errors import BadRequest, NotFound, NotImplemented, PermissionDenied
from databricks.sdk.service.iam import AccessControlRequest, PermissionLevel
from databricks.sdk.service.sql import State, StatementState


@pytest.fixture
def warehouse(workspace, name):
    made = workspace.warehouses.create(name=name("w"), cluster_size="2X-Small", max_num_clusters=1, auto_stop_mins=15)
    yield workspace.warehouses.get(made.id)
    workspace.warehouses.delete(made.id)


def test_the_life_of_a_warehouse(workspace, warehouse, name):
    assert warehouse.auto_stop_mins == 15 and warehouse.cluster_size == "2X-Small" and warehouse.creator_name == "admin@localhost"
    assert warehouse.odbc_params.path == f"/sql/1.0/warehouses/{warehouse.id}"
    assert warehouse.id in [one.id for one in workspace.warehouses.list()]
    assert workspace.warehouses.start_and_wait(warehouse.id).state == State.RUNNING
    renamed = name("renamed")
    workspace.warehouses.edit(warehouse.id, name=renamed, auto_stop_mins=0)
    edited = workspace.warehouses.get(warehouse.id)
    assert (edited.name, edited.auto_stop_mins, edited.cluster_size) == (renamed, 0, "2X-Small")
    answer = workspace.statement_execution.execute_statement("SELECT 6 * 7", warehouse_id=warehouse.id, wait_timeout="50s")
    assert answer.status.state == StatementState.SUCCEEDED and answer.result.data_array == [["42"]]
    stopped = workspace.warehouses.stop_and_wait(warehouse.id)
    assert stopped.state == State.STOPPED and stopped.num_clusters == 0


def test_the_list_comes_in_pages(workspace, name):
    made = {workspace.warehouses.create(name=name("w")).id for _ in range(3)}
    try:
        everything = [one.id for one in workspace.warehouses.list()]
        assert [one.id for one in workspace.warehouses.list(page_size=2)] == everything and made <= set(everything)
        first = workspace.api_client.do("GET", "/api/2.0/sql/warehouses", query={"page_size": 2})
        assert len(first["warehouses"]) == 2 and first["next_page_token"]
    finally:
        for one in made:
            workspace.warehouses.delete(one)


def test_errors_have_their_class(workspace, warehouse, name):
    for call in (workspace.warehouses.get, workspace.warehouses.delete, workspace.warehouses.start, workspace.warehouses.stop):
        with pytest.raises(NotFound):
            call("0123456789abcdef")
    with pytest.raises(BadRequest, match="already exists"):
        workspace.warehouses.create(name=warehouse.name)
    with pytest.raises(BadRequest, match="needs a name"):
        workspace.warehouses.create()
    with pytest.raises(NotImplemented, match="max_num_clusters"):
        workspace.warehouses.create(name=name("w"), max_num_clusters=4)
    with pytest.raises(BadRequest, match="auto_stop_mins"):
        workspace.warehouses.edit(warehouse.id, auto_stop_mins=-1)


def test_a_stranger_is_refused(workspace, stranger, make_principal, warehouse):
    assert list(stranger.warehouses.list()) == []
    calls = [lambda: stranger.warehouses.create(name="x"), lambda: stranger.warehouses.get(warehouse.id),
             lambda: stranger.warehouses.edit(warehouse.id, name="mine"), lambda: stranger.warehouses.start(warehouse.id),
             lambda: stranger.warehouses.stop(warehouse.id), lambda: stranger.warehouses.delete(warehouse.id),
             lambda: stranger.statement_execution.execute_statement("SELECT 1", warehouse_id=warehouse.id)]
    for call in calls:
        with pytest.raises(PermissionDenied):
            call()
    guest = make_principal()
    workspace.permissions.update("sql/warehouses", warehouse.id, access_control_list=[
        AccessControlRequest(service_principal_name=guest.name, permission_level=PermissionLevel.CAN_USE)])
    assert guest.statement_execution.execute_statement("SELECT 1", warehouse_id=warehouse.id).result.data_array == [["1"]]
    with pytest.raises(PermissionDenied):
        guest.warehouses.stop(warehouse.id)


def test_a_statement_is_cancelled(workspace, server):
    run = workspace.statement_execution
    answer = run.execute_statement("SELECT count(*) FROM range(100000000000) WHERE id % 7 = 3", warehouse_id=server.info["warehouse_id"], wait_timeout="0s")
    run.cancel_execution(answer.statement_id)
    while run.get_statement(answer.statement_id).status.state in (StatementState.PENDING, StatementState.RUNNING):
        pass
    assert run.get_statement(answer.statement_id).status.state == StatementState.CANCELED


def test_a_statement_is_its_makers(workspace, stranger, server):
    run = workspace.statement_execution
    answer = run.execute_statement("SELECT id FROM range(5)", warehouse_id=server.info["warehouse_id"], wait_timeout="50s")
    assert run.get_statement(answer.statement_id).status.state == StatementState.SUCCEEDED
    assert len(run.get_statement_result_chunk_n(answer.statement_id, 0).data_array) == 5
    for call in (stranger.statement_execution.get_statement, stranger.statement_execution.cancel_execution,
                 lambda one: stranger.statement_execution.get_statement_result_chunk_n(one, 0)):
        with pytest.raises(NotFound):
            call(answer.statement_id)
    with pytest.raises(BadRequest, match="chunk"):
        run.get_statement_result_chunk_n(answer.statement_id, 99)
