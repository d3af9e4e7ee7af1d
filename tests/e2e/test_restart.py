"""What was acknowledged survives kill -9; a driver that dies takes only its statement with it."""

import os
import signal

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.sql import StatementState


def client_of(server):
    return WorkspaceClient(host=server.info["url"], token=server.info["token"])


def run(client, server, text):
    return client.statement_execution.execute_statement(text, warehouse_id=server.info["warehouse_id"], wait_timeout="50s")


def test_acknowledged_writes_survive_kill_9(make_server, tmp_path):
    server = make_server("--data-dir", str(tmp_path / "data"))
    client = client_of(server)
    assert run(client, server, "CREATE TABLE kept (n BIGINT)").status.state == StatementState.SUCCEEDED
    for n in range(3):
        assert run(client, server, f"INSERT INTO kept VALUES ({n})").status.state == StatementState.SUCCEEDED
    user = client.users.create(user_name="kept@example.com")
    warehouse = server.info["warehouse_id"]
    server.kill()
    server.start()
    client = client_of(server)
    assert server.info["warehouse_id"] == warehouse
    assert run(client, server, "SELECT n FROM kept ORDER BY n").result.data_array == [["0"], ["1"], ["2"]]
    assert client.users.get(user.id).user_name == "kept@example.com"


def test_drivers_do_not_outlive_the_server(make_server, tmp_path):
    server = make_server("--data-dir", str(tmp_path / "data"))
    client = client_of(server)
    run(client, server, "SELECT 1")
    drivers = children(server.process.pid)
    assert drivers
    server.kill()
    for pid in drivers:
        with pytest.raises(ProcessLookupError):
            for _ in range(10_000_000):
                os.kill(pid, 0)


def test_the_next_statement_after_a_driver_died_works(make_server, tmp_path):
    server = make_server("--data-dir", str(tmp_path / "data"))
    client = client_of(server)
    assert run(client, server, "SELECT 1").result.data_array == [["1"]]
    slow = client.statement_execution.execute_statement("SELECT count(*) FROM range(100000000000) WHERE id % 7 = 3",
                                                        warehouse_id=server.info["warehouse_id"], wait_timeout="0s")
    for pid in children(server.process.pid):
        os.kill(pid, signal.SIGKILL)
    for _ in range(1000):
        status = client.statement_execution.get_statement(slow.statement_id).status
        if status.state == StatementState.FAILED:
            break
    assert status.state == StatementState.FAILED and "driver" in status.error.message
    assert run(client, server, "SELECT 2").result.data_array == [["2"]]


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as listing:
        main_thread = listing.read().split()
    every = []
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/children") as listing:
            every += listing.read().split()
    return [int(child) for child in set(every + main_thread)]
