"""Kills the server or a driver at named points of a commit, a state change or a checkpoint, and checks what is left.

Each case writes numbered rows, one INSERT a row, while a failpoint waits for its n-th pass; then the server starts
again without it. Every acknowledged row must be there once; a row that was not acknowledged may be there, once; the
log must have no gap; and the next write must work. A fixed sample runs in `make test`; `make crash` runs many more.
"""

import json
import os
import pathlib
import random
import urllib.error
import urllib.request

import pytest

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
ROWS = 14  # more than a checkpoint interval of ten


def cases():
    runs = int(os.environ.get("ASHLAR_CRASH_RUNS", "0"))
    if runs == 0:
        return [(point, at) for point in POINTS for at in (1, 4)]
    chance = random.Random(7)
    return [(chance.choice(POINTS), chance.randint(1, 16)) for _ in range(runs)]


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


@pytest.mark.parametrize("point,at", cases())
def test_nothing_acknowledged_is_lost_doubled_or_torn(make_server, tmp_path, point, at):
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
    if not succeeded(run(server, "CREATE TABLE numbers (n BIGINT)")):
        restart(server, plain)
        assert succeeded(run(server, "CREATE TABLE IF NOT EXISTS numbers (n BIGINT)"))
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
