"""The server itself: how soon it is there, what it weighs, how fast it answers REST, how soon a new cluster answers."""

import re
import subprocess
import time

from report import Figure, percentile
from workspace import Workspace, resident_mib

STARTS = 5
CLUSTERS = 10
START_TARGET_S = 1.0
SERVER_TARGET_MIB = 120
DRIVER_TARGET_MIB = 150
CLUSTER_TARGET_MS = 150
LOAD_SECONDS = 5


def start_times(build_dir: str) -> list[float]:
    times = []
    for _ in range(STARTS):
        w = Workspace(build_dir)
        times.append(w.started_s)
        w.close()
    return times


def idle_sizes(w: Workspace) -> list[Figure]:
    """Before the first statement: the server, and a driver that waits for work."""
    deadline = time.monotonic() + 10
    while not w.drivers() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1)  # the driver loads its libraries and settles
    drivers = w.drivers()
    assert drivers, "no warm driver"
    return [Figure("server, idle: resident", resident_mib(w.process.pid), "MiB", SERVER_TARGET_MIB),
            Figure("warm driver: resident", max(map(resident_mib, drivers)), "MiB", DRIVER_TARGET_MIB)]


def new_warehouse(w: Workspace, i: int) -> float:
    """Create, then the first result; in ms."""
    begin = time.perf_counter()
    made = w.request("POST", "/api/2.0/sql/warehouses", {"name": f"bench {i}", "cluster_size": "2X-Small"})
    answer = w.statement("SELECT 40 + 2", made["id"])
    took = (time.perf_counter() - begin) * 1000
    assert answer["result"]["data_array"] == [["42"]], answer
    w.request("DELETE", f"/api/2.0/sql/warehouses/{made['id']}")
    return took


def first_results(w: Workspace) -> list[Figure]:
    times = []
    for i in range(CLUSTERS):
        times.append(new_warehouse(w, i))
        time.sleep(0.5)  # the pool makes the next warm driver meanwhile, as it does between real creations
    return [Figure("warehouse: create to first result, p50", percentile(times, 0.5), "ms", CLUSTER_TARGET_MS),
            Figure("warehouse: create to first result, worst", max(times), "ms")]


def jobs_get(w: Workspace) -> list[Figure]:
    """wrk on jobs/get: 16 connections, a job of three tasks."""
    tasks = [{"task_key": key, "sql_task": {"warehouse_id": w.info["warehouse_id"], "file": {"path": f"/Shared/{key}.sql"}}}
             for key in ("bronze", "silver", "gold")]
    job = w.request("POST", "/api/2.2/jobs/create", {"name": "bench", "tasks": tasks})["job_id"]
    out = subprocess.run(
        ["wrk", "-t1", "-c16", f"-d{LOAD_SECONDS}s", "--latency", "-H", f"Authorization: Bearer {w.info['token']}",
         f"{w.info['url']}/api/2.2/jobs/get?job_id={job}"], capture_output=True, text=True, check=True).stdout
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    assert not wrong, out
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))
    return [Figure("jobs/get, wrk with 16 connections", rate, "1/s", peer="the load generator shares the machine")]


def run(build_dir: str) -> list[Figure]:
    starts = start_times(build_dir)
    figures = [Figure("serve: start to listening, best", min(starts), "s", START_TARGET_S)]
    w = Workspace(build_dir)
    try:
        figures += idle_sizes(w)
        figures += first_results(w)
        figures += jobs_get(w)
    finally:
        w.close()
    return figures
