"""Kills the server or a driver at named points of a commit, a state change or a checkpoint, and checks what is left.

Each case writes numbered rows, one INSERT a row, while a failpoint waits for its n-th pass; then the server starts
again without it. Every acknowledged row must be there once; a row that was not acknowledged may be there, once; the
log must have no gap; and the next write must work. A fixed sample runs in `make test`; `make crash` runs many more.
"""

import base64
import json
import os
import pathlib
import random
import sys
import time
import urllib.error
import urllib.request

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "delta"))
import replay  # noqa: E402

POINTS = [
    "catalog.commit.before_put",
    "catalog.commit.after_put",
    "catalog.commit.before_publish",
    "delta.commit.before_put",
    "delta.commit.after_put",
    "delta.checkpoint.before_write",
    "delta.checkpoint.after_write",
    "metadb.commit.before",
    "metadb.commit.after",
]
# Of a catalog-managed table, whose commits are staged, ratified and published.
MANAGED_POINTS = [
    "delta.commit.staged",
    "delta.commit.ratified",
    "delta.publish.before_put",
    "delta.publish.before_note",
    "delta.commit.after_put",
    "delta.checkpoint.before_write",
    "metadb.commit.before",
    "metadb.commit.after",
]
MANAGED = "TBLPROPERTIES ('delta.feature.catalogManaged' = 'supported')"
ROWS = 14  # more than a checkpoint interval of ten


def cases(points, seed, runs):
    if runs == 0:
        return [(point, at) for point in points for at in (1, 4)]
    chance = random.Random(seed)
    return [(chance.choice(points), chance.randint(1, 16)) for _ in range(runs)]


RUNS = int(os.environ.get("ASHLAR_CRASH_RUNS", "0"))


def run(server, text):
    """The statement's answer; None when the server was gone before it came."""
    body = {"statement": text, "warehouse_id": server.info["warehouse_id"], "wait_timeout": "30s"}
    request = urllib.request.Request(server.info["url"] + "/api/2.0/sql/statements", json.dumps(body).encode(),
                                     {"Authorization": "Bearer " + server.info["token"], "Content-Type": "application/json"})
    try:
        return json.load(urllib.request.urlopen(request, timeout=40))
    except (urllib.error.URLError, ConnectionError, TimeoutError, json.JSONDecodeError):
        return None


def succeeded(answer):
    return answer is not None and answer["status"]["state"] == "SUCCEEDED"


def restart(server, without_failpoints):
    """After the failpoint struck: it would strike each new driver again."""
    if server.process.poll() is None:
        server.kill()
    server.env = without_failpoints
    server.start()


def write_while_it_strikes(make_server, tmp_path, point, at, properties=""):
    """The folder of the table that is left, once everything that must hold of it was found to hold."""
    data = str(tmp_path / "data")
    server = make_server("--data-dir", data)
    plain = dict(server.env)
    server.stop()
    # The failpoint counts from here: first starts, migrations and starters are behind us.
    server.env = {**plain, "ASHLAR_FAILPOINTS": f"{point}=kill@{at}"}
    try:
        server.start()
    except RuntimeError:
        restart(server, plain)  # it struck while the server started
    if not succeeded(run(server, f"CREATE TABLE numbers (n BIGINT) {properties}")):
        restart(server, plain)
        assert succeeded(run(server, f"CREATE TABLE IF NOT EXISTS numbers (n BIGINT) {properties}"))
    acknowledged = set()
    for n in range(ROWS):
        if succeeded(run(server, f"INSERT INTO numbers VALUES ({n})")):
            acknowledged.add(n)
        else:
            restart(server, plain)
    restart(server, plain)
    answer = run(server, "SELECT n FROM numbers ORDER BY n")
    assert succeeded(answer), answer
    rows = [int(row[0]) for row in answer["result"].get("data_array", [])]
    assert len(rows) == len(set(rows)), f"doubled: {rows}"
    assert acknowledged <= set(rows), f"lost: {acknowledged - set(rows)}"
    assert len(acknowledged) >= ROWS - 1, "one statement may be struck, no more"
    assert succeeded(run(server, "INSERT INTO numbers VALUES (1000)"))
    details = run(server, "DESCRIBE EXTENDED numbers")["result"]["data_array"]
    log = pathlib.Path(next(row[1] for row in details if row[0] == "Location")) / "_delta_log"
    versions = sorted(int(file.stem) for file in log.glob("*.json") if file.stem.isdigit())
    assert versions == list(range(len(versions))), f"gaps: {versions}"
    for file in log.glob("*.json"):
        for line in file.read_text().splitlines():
            json.loads(line)
    return log.parent


@pytest.mark.parametrize("point,at", cases(POINTS, 7, RUNS))
def test_nothing_acknowledged_is_lost_doubled_or_torn(make_server, tmp_path, point, at):
    write_while_it_strikes(make_server, tmp_path, point, at)


@pytest.mark.parametrize("point,at", cases(MANAGED_POINTS, 13, RUNS // 2))
def test_a_catalog_managed_table_neither(make_server, tmp_path, point, at):
    root = write_while_it_strikes(make_server, tmp_path, point, at, MANAGED)
    state = replay.check(str(root))
    assert state.version == len(list((root / "_delta_log").glob("*.json"))) - 1, "all is published"


JOB_POINTS = [
    "jobs.run.execute",
    "catalog.commit.before_put",
    "catalog.commit.after_put",
    "delta.commit.before_put",
    "delta.commit.after_put",
    "jobs.run.settle",
    "jobs.run.settled",
]


def job_cases():
    if RUNS == 0:
        return [(point, 1) for point in JOB_POINTS] + [("catalog.commit.after_put", 2), ("metadb.commit.after", 9)]
    chance = random.Random(11)
    return [(chance.choice(JOB_POINTS + ["metadb.commit.before", "metadb.commit.after"]), chance.randint(1, 12)) for _ in range(RUNS // 4)]


def call(server, method, path, body=None):
    request = urllib.request.Request(server.info["url"] + path, json.dumps(body or {}).encode() if method == "POST" else None,
                                     {"Authorization": "Bearer " + server.info["token"], "Content-Type": "application/json"}, method=method)
    try:
        return json.load(urllib.request.urlopen(request, timeout=40))
    except (urllib.error.URLError, ConnectionError, TimeoutError, json.JSONDecodeError):
        return None


def ended(server, run_id, plain):
    """The run once it is over, and how often the server died meanwhile: then it is started without the failpoint."""
    deaths = 0
    for _ in range(1200):
        answer = call(server, "GET", f"/api/2.2/jobs/runs/get?run_id={run_id}")
        if answer is None:
            deaths += 1
            restart(server, plain)
        elif answer.get("end_time"):
            return answer, deaths
        elif server.env != plain and any(task["attempt_number"] > 0 for task in answer["tasks"]):
            restart(server, plain)  # the failpoint took a driver, and would take the next
        else:
            time.sleep(0.05)
    raise AssertionError(f"run {run_id} did not end: {answer}")


@pytest.mark.parametrize("point,at", job_cases())
def test_a_job_that_is_cut_off_does_nothing_twice(make_server, tmp_path, point, at):
    data = str(tmp_path / "data")
    server = make_server("--data-dir", data)
    plain = dict(server.env)
    assert succeeded(run(server, "CREATE TABLE one (n BIGINT)")) and succeeded(run(server, "CREATE TABLE two (n BIGINT)"))
    script = "SET spark.sql.ansi.enabled = true;\nINSERT INTO one VALUES (1);\nINSERT INTO two SELECT n + 1 FROM one;\n"
    assert call(server, "POST", "/api/2.0/workspace/import",
                {"path": "/Shared/both.sql", "format": "RAW", "content": base64.b64encode(script.encode()).decode()}) is not None
    # Between two attempts there is time to start the server without the failpoint.
    task = {"task_key": "both", "max_retries": 3, "min_retry_interval_millis": 1000, "sql_task": {"warehouse_id": server.info["warehouse_id"], "file": {"path": "/Shared/both.sql"}}}
    job = {"idempotency_token": "once", "tasks": [task]}
    server.stop()
    server.env = {**plain, "ASHLAR_FAILPOINTS": f"{point}=kill@{at}"}
    try:
        server.start()
    except RuntimeError:
        restart(server, plain)
    submitted = call(server, "POST", "/api/2.2/jobs/runs/submit", job)
    if submitted is None:
        restart(server, plain)
        submitted = call(server, "POST", "/api/2.2/jobs/runs/submit", job)
    result, deaths = ended(server, submitted["run_id"], plain)
    assert deaths or at > 1 or point.startswith("delta."), "the failpoint did not strike the server"
    assert result["state"]["result_state"] == "SUCCESS", result
    restart(server, plain)
    for table, row in (("one", "1"), ("two", "2")):
        answer = run(server, f"SELECT n FROM {table}")
        assert succeeded(answer) and answer["result"].get("data_array") == [[row]], answer
