"""The SQL Statement Execution API, driven by databricks-sdk."""

import pyarrow
import pytest
import requests
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound, PermissionDenied, Unauthenticated
from databricks.sdk.service.sql import Disposition, Format, StatementParameterListItem, StatementState


def test_the_first_cut(workspace, sql):
    assert workspace.current_user.me().user_name == "admin@localhost"
    assert sql("SELECT 1 + 1 AS two, 'x' AS t") == [["2", "x"]]


def test_a_delta_table_on_disk(sql):
    sql("CREATE OR REPLACE TABLE first_cut (id BIGINT, name STRING)")
    sql("INSERT INTO first_cut VALUES (1, 'one'), (2, NULL)")
    assert sql("SELECT * FROM first_cut ORDER BY id") == [["1", "one"], ["2", None]]
    location = next(row[1] for row in sql("DESCRIBE EXTENDED first_cut") if row[0] == "Location")
    import deltalake

    table = deltalake.DeltaTable(location)
    rows = deltalake.QueryBuilder().register("t", table).execute("SELECT id FROM t").read_all()
    assert sorted(pyarrow.table(rows).to_pydict()["id"]) == [1, 2]
    assert table.version() == 1


def test_types_in_json_array(sql):
    rows = sql(
        "SELECT true, 1Y, 12345678901L, CAST(1.5 AS DOUBLE), 12.30, DATE'2024-02-29', "
        "TIMESTAMP'2024-01-02 03:04:05.678', X'00FF', array(1, 2), named_struct('a', 1), NULL"
    )
    assert rows == [["true", "1", "12345678901", "1.5", "12.30", "2024-02-29", "2024-01-02T03:04:05.678Z", "AP8=",
                     '["1","2"]', '{"a":"1"}', None]]


def test_typed_parameters(sql):
    parameters = [
        StatementParameterListItem(name="n", value="41", type="INT"),
        StatementParameterListItem(name="d", value="2024-01-31", type="DATE"),
        StatementParameterListItem(name="nothing", type="STRING"),
    ]
    assert sql("SELECT :n + 1, date_add(:d, 1), :nothing IS NULL", parameters=parameters) == [["42", "2024-02-01", "true"]]


def test_errors_carry_condition_and_position(workspace, server):
    answer = workspace.statement_execution.execute_statement("SELECT nope FROM (SELECT 1 AS a)", warehouse_id=server.info["warehouse_id"])
    assert answer.status.state == StatementState.FAILED
    assert "[UNRESOLVED_COLUMN.WITH_SUGGESTION]" in answer.status.error.message
    assert "SQLSTATE: 42703" in answer.status.error.message
    answer = workspace.statement_execution.execute_statement("SELECT 1/0", warehouse_id=server.info["warehouse_id"])
    assert "[DIVIDE_BY_ZERO]" in answer.status.error.message


def test_chunks_inline(workspace, server):
    answer = workspace.statement_execution.execute_statement("SELECT id FROM range(300000) ORDER BY id", warehouse_id=server.info["warehouse_id"], wait_timeout="50s")
    assert answer.manifest.total_row_count == 300000
    values = [int(row[0]) for row in answer.result.data_array]
    chunk = answer.result
    while chunk.next_chunk_index is not None:
        chunk = workspace.statement_execution.get_statement_result_chunk_n(answer.statement_id, chunk.next_chunk_index)
        values += [int(row[0]) for row in chunk.data_array]
    assert values == list(range(300000))


def test_arrow_by_external_links(workspace, server):
    answer = workspace.statement_execution.execute_statement(
        "SELECT id, id * 2 AS twice FROM range(200000)", warehouse_id=server.info["warehouse_id"],
        disposition=Disposition.EXTERNAL_LINKS, format=Format.ARROW_STREAM, wait_timeout="50s")
    assert answer.status.state == StatementState.SUCCEEDED
    total = 0
    index = 0
    while index is not None:
        part = workspace.statement_execution.get_statement_result_chunk_n(answer.statement_id, index)
        link = part.external_links[0]
        # A plain GET without our token, as the clients do it.
        body = requests.get(link.external_link)
        assert body.status_code == 200
        total += sum(pyarrow.ipc.open_stream(body.content).read_all().column("twice").to_pylist())
        index = link.next_chunk_index
    assert total == 2 * sum(range(200000))


def test_row_limit_truncates(workspace, server):
    answer = workspace.statement_execution.execute_statement("SELECT * FROM range(100)", warehouse_id=server.info["warehouse_id"], row_limit=7)
    assert len(answer.result.data_array) == 7
    assert answer.manifest.truncated


def test_asynchronous_and_cancel(workspace, server):
    slow = "SELECT count(*) FROM range(100000000000) a WHERE a.id % 7 = 3"
    answer = workspace.statement_execution.execute_statement(slow, warehouse_id=server.info["warehouse_id"], wait_timeout="0s")
    assert answer.status.state in (StatementState.PENDING, StatementState.RUNNING)
    workspace.statement_execution.cancel_execution(answer.statement_id)
    for _ in range(200):
        state = workspace.statement_execution.get_statement(answer.statement_id).status.state
        if state == StatementState.CANCELED:
            break
    assert state == StatementState.CANCELED


def test_unknown_statement_and_bad_token(workspace, server):
    with pytest.raises(NotFound):
        workspace.statement_execution.get_statement("00000000-0000-0000-0000-000000000000")
    stranger = WorkspaceClient(host=server.info["url"], token="dapi-not-a-token")
    with pytest.raises((Unauthenticated, PermissionDenied)):
        stranger.current_user.me()


def test_unknown_endpoint(server):
    answer = requests.get(server.info["url"] + "/api/2.0/no/such/thing", headers={"Authorization": f"Bearer {server.info['token']}"})
    assert answer.status_code == 404
    assert answer.json()["error_code"] == "ENDPOINT_NOT_FOUND"
