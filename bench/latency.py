"""Point queries and one-row appends through the SQL Statement Execution API."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

from databricks.sdk import WorkspaceClient

from report import Figure, percentile
from workspace import Workspace

POINT_ROWS = 1_000_000
POINT_RUNS = 300
APPEND_RUNS = 100
POINT_TARGET_MS = 10
TRACED_APPENDS = 20


def milliseconds(run, times: int) -> list[float]:
    out = []
    for i in range(times):
        begin = time.perf_counter()
        run(i)
        out.append((time.perf_counter() - begin) * 1000)
    return out


def point_queries(w: Workspace) -> list[Figure]:
    """One row by key out of a million: over a kept connection, then by databricks-sdk, then what a query costs at least."""
    w.statement("CREATE TABLE bench.latency.points AS SELECT id, id * 7 AS value, concat('name ', id) AS name "
                f"FROM range({POINT_ROWS})")

    def text(i: int) -> str:
        return f"SELECT value, name FROM bench.latency.points WHERE id = {i * 7919 % POINT_ROWS}"

    for i in range(20):
        assert w.rows(text(i)) == [[str(i * 7919 % POINT_ROWS * 7), f"name {i * 7919 % POINT_ROWS}"]]
    raw = milliseconds(lambda i: w.statement(text(i)), POINT_RUNS)
    least = milliseconds(lambda i: w.statement("SELECT 1"), POINT_RUNS)
    client = WorkspaceClient(host=w.info["url"], token=w.info["token"])
    sdk = milliseconds(lambda i: client.statement_execution.execute_statement(
        text(i), warehouse_id=w.info["warehouse_id"]), POINT_RUNS)
    overhead = percentile(sdk, 0.5) - percentile(raw, 0.5)
    return [Figure("point query of 1 M rows, p50", percentile(raw, 0.5), "ms", POINT_TARGET_MS, peer="raw HTTP, SEA"),
            Figure("point query of 1 M rows, p99", percentile(raw, 0.99), "ms"),
            Figure("SELECT 1, p50", percentile(least, 0.5), "ms", peer="the floor of a statement"),
            Figure("databricks-sdk on top of a point query, p50", overhead, "ms", peer="the client library's own time")]


def sync_cost_ms(folder: str, count: int) -> float:
    """What a write and fsync of a new small file costs here, at p50, `count` of them one after another."""
    times = []
    with tempfile.TemporaryDirectory(dir=folder) as place:
        for i in range(APPEND_RUNS):
            begin = time.perf_counter()
            for j in range(count):
                with open(f"{place}/{i}-{j}", "wb") as file:
                    file.write(b"x" * 2000)
                    os.fsync(file.fileno())
            times.append((time.perf_counter() - begin) * 1000)
    return percentile(times, 0.5)


def count_syncs(w: Workspace) -> float | None:
    """Syncs (fsync, fdatasync) of the server and its drivers for one append, as strace counts them."""
    if shutil.which("strace") is None:
        return None
    with tempfile.TemporaryDirectory() as place:
        log = pathlib.Path(place) / "strace"
        pids = [argument for pid in [w.process.pid, *w.drivers()] for argument in ("-p", str(pid))]
        tracer = subprocess.Popen(["strace", "-f", "-qq", "-e", "trace=fsync,fdatasync", "-o", str(log), *pids],
                                  stderr=subprocess.PIPE)
        time.sleep(1)  # attaching is not announced
        if tracer.poll() is not None:
            return None
        for i in range(TRACED_APPENDS):
            w.statement(f"INSERT INTO bench.latency.appends VALUES ({i}, 'traced')")
        tracer.terminate()
        tracer.wait(timeout=10)
        return len(re.findall(r"f(?:data)?sync\(", log.read_text())) / TRACED_APPENDS


def appends(w: Workspace) -> list[Figure]:
    w.statement("CREATE TABLE bench.latency.appends (id BIGINT, name STRING)")
    for i in range(10):
        w.statement(f"INSERT INTO bench.latency.appends VALUES ({i}, 'warm')")
    times = milliseconds(lambda i: w.statement(f"INSERT INTO bench.latency.appends VALUES ({i}, 'row')"), APPEND_RUNS)
    assert w.rows("SELECT count(*) FROM bench.latency.appends") == [[str(APPEND_RUNS + 10)]]
    p50 = percentile(times, 0.5)
    figures = [Figure("append of one row, p50", p50, "ms")]
    syncs = count_syncs(w)
    if syncs is None:
        return [*figures, Figure("syncs of one append", float("nan"), "", peer="strace cannot attach here")]
    cost = sync_cost_ms(w.folder.name, round(syncs))
    return [*figures, Figure("syncs of one append", syncs, "", peer="counted by strace"),
            Figure("their cost alone, p50", cost, "ms", peer=f"{round(syncs)} new files, one after another"),
            Figure("append against its syncs", p50 / cost, "x")]


def run(build_dir: str) -> list[Figure]:
    w = Workspace(build_dir)
    try:
        w.statement("CREATE CATALOG bench")
        w.statement("CREATE SCHEMA bench.latency")
        return point_queries(w) + appends(w)
    finally:
        w.close()
