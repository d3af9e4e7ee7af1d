"""Clients from outside at catalog-managed tables, over Unity Catalog's REST: what Delta's own client sent (outside_commits.json, recorded
by tests/interop/test_outside_client.py) is sent again, and what makes no commit."""

import base64
import json
import pathlib
import re
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pyarrow
import pyarrow.parquet
import pytest
import requests

import replay

COMMITS = "/api/2.1/unity-catalog/delta/preview/commits"
RECORDING = json.loads((pathlib.Path(__file__).parent / "outside_commits.json").read_text())
MANAGED = "TBLPROPERTIES ('delta.feature.catalogManaged' = 'supported')"
BEHIND = {"commit_info": {"version": 1, "timestamp": 1, "file_name": "x", "file_size": 1, "file_modification_timestamp": 1}}


@pytest.fixture
def call(server):
    def run(method, path=COMMITS, token=None, **more):
        headers = {"Authorization": "Bearer " + (token or server.info["token"]), **more.pop("headers", {})}
        return requests.request(method, server.info["url"] + path, headers=headers, timeout=60, **more)

    return run


@pytest.fixture
def table(make_table, call):
    one = make_table("(id INT)", MANAGED)
    one.info = call("GET", "/api/2.1/unity-catalog/tables/" + one.name).json()
    one.ids = {"table_id": one.info["table_id"], "table_uri": one.info["storage_location"]}
    return one


def test_a_client_is_told_what_it_needs(table, make_table, call):
    assert table.info["properties"]["delta.feature.catalogManaged"] == "supported"
    assert table.info["properties"]["io.unitycatalog.tableId"] == table.info["table_id"]
    assert table.info["storage_location"] == "file://" + table.root and table.info["table_type"] == "MANAGED"
    assert table.log(0)["metaData"][0]["configuration"]["io.unitycatalog.tableId"] == table.info["table_id"]
    plain = call("GET", "/api/2.1/unity-catalog/tables/" + make_table("(id INT)").name).json()
    assert not {"delta.feature.catalogManaged", "io.unitycatalog.tableId"} & set(plain["properties"])


def test_the_table_keeps_its_id(table, make_table, fails):
    named = "DELTA_CANNOT_MODIFY_TABLE_PROPERTY"
    assert named in fails(f"ALTER TABLE {table.name} SET TBLPROPERTIES ('io.unitycatalog.tableId' = 'x')")
    assert named in fails(f"ALTER TABLE {table.name} UNSET TBLPROPERTIES ('io.unitycatalog.tableId')")
    assert named in fails(f"CREATE TABLE main.default.named (id INT) {MANAGED[:-1]}, 'io.unitycatalog.tableId' = 'x')")
    table.sql(f"ALTER TABLE {table.name} SET TBLPROPERTIES ('some' = 'thing')")
    table.sql(f"CREATE OR REPLACE TABLE {table.name} (other INT)")
    for version in (1, 2):
        assert table.log(version)["metaData"][0]["configuration"]["io.unitycatalog.tableId"] == table.info["table_id"]
    clone = make_table("DEEP CLONE", table.name)
    assert "io.unitycatalog.tableId" not in clone.log(0)["metaData"][0]["configuration"]


def test_what_a_real_client_sent_is_a_commit(table, call):
    """The requests one after another; the times move to an hour after the table's first version, for the server's own commit to lie between."""
    later = table.log(0)["commitInfo"][0]["inCommitTimestamp"] - RECORDING["created_at"] + 3_600_000

    def now(text):
        text = text.replace("{uri}", table.ids["table_uri"]).replace("{id}", table.ids["table_id"])
        return re.sub(r'"(inCommitTimestamp|timestamp)":(\d+)', lambda time: f'"{time[1]}":{int(time[2]) + later}', text)

    commits = 0
    for one in RECORDING["exchanges"]:
        body = json.loads(now(one["body"]))
        if "staged" in one:
            for path, data in one["files"].items():
                (pathlib.Path(table.root) / path).write_bytes(base64.b64decode(data))
            text = now(one["staged"])
            body["commit_info"]["file_size"] = len(text.encode())
            (pathlib.Path(table.root) / "_delta_log/_staged_commits" / body["commit_info"]["file_name"]).write_text(text)
        # Version 2 is the server's own, which the client did not know of.
        if body.get("commit_info", {}).get("version") == 2:
            table.sql(f"INSERT INTO {table.name} VALUES (4)")
        answer = call(one["method"], one["path"], headers=one["headers"], data=json.dumps(body))
        assert answer.status_code == one["status"], (one, answer.text)
        if one["status"] == 200:
            assert answer.json() == json.loads(now(one["answer"])), one
            commits += "staged" in one
    assert commits == 4 and {one["status"] for one in RECORDING["exchanges"]} == {200, 400, 404, 409}
    assert table.rows() == [(str(i),) for i in range(1, 7)]
    state = replay.check(table.root)
    assert state.version == 5 and sorted(row[0] for row in replay.live_rows(table.root, state)) == [1, 2, 3, 4, 5, 6]
    assert dict(map(tuple, table.sql(f"SHOW TBLPROPERTIES {table.name}")))["delta.appendOnly"] == "true"


def stage(table, version, lines, after=0):
    """The file of a commit, and what a client says of it. Its time is later than `after`, the last version's."""
    at = max(after + 1, int(time.time() * 1000))
    info = {"commitInfo": {"inCommitTimestamp": at, "timestamp": at, "operation": "WRITE", "operationParameters": {}, "txnId": str(uuid.uuid4())}}
    text = "".join(json.dumps(line) + "\n" for line in [info, *lines])
    name = f"{version:020}.{uuid.uuid4()}.json"
    (pathlib.Path(table.root) / "_delta_log/_staged_commits" / name).write_text(text)
    return {"version": version, "timestamp": at, "file_name": name, "file_size": len(text), "file_modification_timestamp": at}


def append(table, call, value):
    """One row, committed as the next version, whichever that is in the end."""
    path = pathlib.Path(table.root) / f"{uuid.uuid4()}.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"id": pyarrow.array([value], pyarrow.int32())}), path)
    add = {"add": {"path": path.name, "partitionValues": {}, "size": path.stat().st_size, "modificationTime": 1, "dataChange": True,
                   "stats": json.dumps({"numRecords": 1, "minValues": {"id": value}, "maxValues": {"id": value}, "nullCount": {"id": 0}})}}
    while True:
        answer = call("GET", params={**table.ids, "start_version": 0}).json()
        latest, unpublished = answer["latest_table_version"], answer["commits"]
        after = unpublished[0]["timestamp"] if unpublished else table.log(latest)["commitInfo"][0]["inCommitTimestamp"]
        answer = call("POST", json={**table.ids, "commit_info": stage(table, latest + 1, [add], after)})
        if answer.status_code != 409:
            assert answer.status_code == 200, answer.text
            return


def test_clients_and_statements_at_once_lose_nothing(table, call):
    with ThreadPoolExecutor(4) as threads:
        outside = [threads.submit(append, table, call, i) for i in range(8)]
        inside = [threads.submit(table.sql, f"INSERT INTO {table.name} VALUES ({i})") for i in range(8, 16)]
        for one in outside + inside:
            one.result()
    table.sql(f"DELETE FROM {table.name} WHERE id IN (0, 8)")
    table.sql(f"OPTIMIZE {table.name}")
    wanted = sorted(set(range(16)) - {0, 8})
    assert sorted(int(row[0]) for row in table.rows()) == wanted
    state = replay.check(table.root)
    assert state.version == 18 and sorted(row[0] for row in replay.live_rows(table.root, state)) == wanted


@pytest.mark.parametrize("point", ["delta.commit.ratified", "delta.publish.before_put", "delta.publish.before_note"])
def test_a_commit_whose_answer_a_crash_took_is_sent_again(make_server, tmp_path, point):
    server = make_server("--data-dir", str(tmp_path / "data"))
    plain = dict(server.env)

    def ask(method, path, body):
        return requests.request(method, server.info["url"] + path, json=body, headers={"Authorization": "Bearer " + server.info["token"]}, timeout=60)

    def sql(text):
        answer = ask("POST", "/api/2.0/sql/statements", {"statement": text, "warehouse_id": server.info["warehouse_id"], "wait_timeout": "50s"}).json()
        assert answer["status"]["state"] == "SUCCEEDED", answer
        return answer["result"].get("data_array", [])

    sql(f"CREATE TABLE t (id INT) {MANAGED}")
    info = ask("GET", "/api/2.1/unity-catalog/tables/main.default.t", None).json()
    ids = {"table_id": info["table_id"], "table_uri": info["storage_location"]}
    table = SimpleNamespace(root=info["storage_location"].removeprefix("file://"))
    server.stop()
    server.env = {**plain, "ASHLAR_FAILPOINTS": f"{point}=kill"}
    server.start()
    one = {**ids, "commit_info": stage(table, 1, [{"txn": {"appId": "outside", "version": 1}}], int(time.time() * 1000) + 60_000)}
    with pytest.raises(requests.ConnectionError):
        ask("POST", COMMITS, one)
    server.process.wait()
    server.env = plain
    server.start()
    assert ask("GET", COMMITS, {**ids, "start_version": 0}).json() == {"commits": [], "latest_table_version": 1}, "published at the start"
    assert ask("POST", COMMITS, one).status_code == 200
    rival = {**ids, "commit_info": stage(table, 1, [], one["commit_info"]["timestamp"])}
    assert ask("POST", COMMITS, rival).status_code == 409
    sql("INSERT INTO t VALUES (1)")
    assert sql("SELECT * FROM t") == [["1"]] and replay.check(table.root).version == 2


def test_a_file_that_is_no_commit_is_refused(table, call):
    """Each check has its case in OutsideCommitTest."""
    staged = pathlib.Path(table.root) / "_delta_log/_staged_commits"
    info = stage(table, 1, [{"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}}])
    answer = call("POST", json={**table.ids, "commit_info": info})
    assert answer.status_code == 400 and "lacks the feature catalogManaged" in answer.json()["message"]
    torn = stage(table, 1, [{"add": {"path": "x"}}])
    (staged / torn["file_name"]).write_text((staged / torn["file_name"]).read_text()[:-20])
    assert "file_size says" in call("POST", json={**table.ids, "commit_info": torn}).json()["message"]
    torn["file_size"] -= 20
    assert call("POST", json={**table.ids, "commit_info": torn}).status_code == 400
    assert table.sql(f"DESCRIBE HISTORY {table.name}")[0][0] == "0"


def test_who_may_not_read_or_write_may_not_here(table, call, reader):
    token = reader.config.token
    assert call("GET", token=token, params={**table.ids, "start_version": 0}).status_code == 403
    table.sql(f"GRANT SELECT ON TABLE {table.name} TO `{reader.application_id}`")
    answer = call("GET", token=token, params={**table.ids, "start_version": 0})
    assert answer.json() == {"commits": [], "latest_table_version": 0}
    assert call("POST", token=token, json={**table.ids, "latest_backfilled_version": 0}).status_code == 403
    table.sql(f"GRANT MODIFY ON TABLE {table.name} TO `{reader.application_id}`")
    assert call("POST", token=token, json={**table.ids, "latest_backfilled_version": 0}).json() == {}


@pytest.mark.parametrize("method, more, status, says", [
    ("GET", {}, 400, "start_version"),
    ("GET", {"start_version": -1}, 400, "start_version"),
    ("GET", {"start_version": 2, "end_version": 1}, 400, "end_version"),
    ("GET", {"start_version": 0, "table_uri": "file:///elsewhere"}, 400, "is not where the table"),
    ("GET", {"start_version": 0, "table_id": "00000000-0000-4000-8000-000000000000"}, 404, ""),
    ("POST", {}, 400, "latest_backfilled_version"),
    ("POST", {"latest_backfilled_version": 1}, 400, "beyond the latest version"),
    ("POST", {"latest_backfilled_version": 0, "metadata": {}}, 400, "no metadata"),
    ("POST", BEHIND, 400, "not named <version>.<uuid>.json"),
    ("POST", {"commit_info": {"version": 0}}, 400, "commit_info.version must be positive"),
    ("POST", {**BEHIND, "metadata": {"properties": {"properties": {"a": "b"}}}}, 400, "io.unitycatalog.tableId"),
    ("POST", {**BEHIND, "metadata": {"properties": {"properties": {"io.unitycatalog.tableId": "x"}}}}, 400, "io.unitycatalog.tableId"),
    ("POST", {**BEHIND, "uniform": {"iceberg": {}}}, 501, "UniForm"),
])
def test_what_is_no_request(table, call, method, more, status, says):
    answer = call(method, json={**table.ids, **more})
    assert answer.status_code == status and says in answer.json()["message"], answer.text
    assert table.sql(f"SELECT count(*) FROM {table.name}") == [["0"]]


def test_a_plain_table_has_no_such_commits(make_table, call):
    info = call("GET", "/api/2.1/unity-catalog/tables/" + make_table("(id INT)").name).json()
    ids = {"table_id": info["table_id"], "table_uri": info["storage_location"]}
    for answer in (call("GET", params={**ids, "start_version": 0}), call("POST", json={**ids, "latest_backfilled_version": 0})):
        assert answer.status_code == 400 and "not catalog-managed" in answer.json()["message"]
