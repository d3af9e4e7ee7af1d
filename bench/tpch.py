"""TPC-H: the 22 queries through the server over Delta tables, against DuckDB itself over the same rows as Parquet.

Both run in one go, query by query and turn by turn, with equal threads and memory; each keeps its best of `ROUNDS`.
Every answer is compared with DuckDB's.
"""

import datetime
import decimal
import itertools
import math
import os
import pathlib
import subprocess
import sys
import time

import duckdb

from report import Figure, geometric_mean
from workspace import Workspace

ROUNDS = 3
TABLES = ("region", "nation", "supplier", "customer", "part", "partsupp", "orders", "lineitem")
QUERIES = pathlib.Path(__file__).parent.parent / "tests/sql/tpch"
TARGET = 1.25
# Queries with rows of equal sort keys, and the columns of these keys.
TIES = {11: (1,)}


def data_folder(scale: str) -> pathlib.Path:
    """The Parquet files of a scale factor, generated once."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "ashlar/bench"
    folder = cache / f"tpch-sf{scale}"
    if not folder.exists():
        print(f"generating TPC-H data at scale {scale}", flush=True)
        made = cache / f".tpch-sf{scale}-{os.getpid()}"
        generator = pathlib.Path(sys.executable).parent / "tpchgen-cli"
        subprocess.run([generator, "parquet", "-s", scale, f"--output-dir={made}"], check=True, stdout=subprocess.DEVNULL)
        made.rename(folder)
    return folder


def query_text(number: int, scale: str) -> str:
    lines = (QUERIES / f"q{number:02}.sql").read_text().splitlines()
    text = "\n".join(line for line in lines if not line.startswith("--"))
    # The only parameter that depends on the scale: the fraction of query 11.
    return text.replace("* 0.0001\n", f"* {decimal.Decimal('0.0001') / decimal.Decimal(scale):f}\n") if number == 11 else text


def load(w: Workspace, folder: pathlib.Path) -> float:
    begin = time.monotonic()
    w.statement("CREATE CATALOG bench")
    w.statement("CREATE SCHEMA bench.tpch")
    for table in TABLES:
        w.statement(f"CREATE TABLE bench.tpch.{table} AS SELECT * FROM parquet.`{folder}/{table}.parquet`")
    return time.monotonic() - begin


def open_peer(folder: pathlib.Path, threads: int, memory_bytes: int) -> duckdb.DuckDBPyConnection:
    peer = duckdb.connect(config={"threads": threads, "memory_limit": f"{memory_bytes}B"})
    for table in TABLES:
        peer.execute(f"CREATE VIEW {table} AS FROM read_parquet('{folder}/{table}.parquet')")
    return peer


def same_value(ours: str | None, theirs) -> bool:
    """Exact, save where DuckDB computes in doubles what Spark computes in decimals (avg, /)."""
    if ours is None or theirs is None:
        return ours is None and theirs is None
    if isinstance(theirs, float):
        number = decimal.Decimal(ours)
        last_digit = 10.0 ** number.as_tuple().exponent
        return math.isclose(float(number), theirs, rel_tol=1e-9, abs_tol=0.51 * last_digit)
    if isinstance(theirs, (int, decimal.Decimal)):
        return decimal.Decimal(ours) == theirs
    if isinstance(theirs, datetime.date):
        return ours == theirs.isoformat()
    return ours == theirs


def settled(number: int, rows: list) -> list:
    """Rows that the query's ORDER BY leaves in any order, in one order."""
    keys = TIES.get(number)
    if keys is None:
        return rows
    by_key = itertools.groupby(rows, key=lambda row: [decimal.Decimal(row[key]) for key in keys])
    return [row for _, tied in by_key for row in sorted(tied, key=lambda row: [str(cell) for cell in row])]


def difference(ours: list, theirs: list) -> str | None:
    """What differs, row by row in order; None when nothing does."""
    if len(ours) != len(theirs):
        return f"{len(ours)} rows, DuckDB has {len(theirs)}"
    for i, (a, b) in enumerate(zip(ours, theirs)):
        if len(a) != len(b) or not all(map(same_value, a, b)):
            return f"row {i + 1}: {a}, DuckDB has {b}"
    return None


def timed(run) -> tuple[float, list]:
    begin = time.perf_counter()
    rows = run()
    return time.perf_counter() - begin, rows


def measure_query(w: Workspace, peer: duckdb.DuckDBPyConnection, number: int, scale: str) -> tuple[float, float]:
    text = query_text(number, scale)
    best_ours = best_theirs = math.inf
    for turn in range(ROUNDS):
        runs = [lambda: timed(lambda: w.rows(text)), lambda: timed(lambda: peer.execute(text).fetchall())]
        # Who goes first changes, so that neither always finds the caches the other left.
        first, second = runs if turn % 2 == 0 else reversed(runs)
        a, b = first(), second()
        (ours, our_rows), (theirs, their_rows) = (a, b) if turn % 2 == 0 else (b, a)
        best_ours, best_theirs = min(best_ours, ours), min(best_theirs, theirs)
    wrong = difference(settled(number, our_rows), settled(number, their_rows))
    if wrong:
        raise SystemExit(f"TPC-H query {number} answers wrongly: {wrong}")
    return best_ours, best_theirs


def run(build_dir: str, scale: str) -> list[Figure]:
    folder = data_folder(scale)
    threads = os.cpu_count() or 1
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    w = Workspace(build_dir, "--driver-memory", str(memory), "--driver-threads", str(threads))
    try:
        loaded = load(w, folder)
        print(f"TPC-H at scale {scale}, {threads} threads, {memory >> 20} MiB (the engine's share of it is 70 %); "
              f"loaded into Delta tables in {loaded:.1f} s\n  query    ashlar s   duckdb s   ratio")
        peer = open_peer(folder, threads, memory // 10 * 7)
        w.names = {"catalog": "bench", "schema": "tpch"}
        ratios, sums = [], [0.0, 0.0]
        for number in range(1, 23):
            ours, theirs = measure_query(w, peer, number, scale)
            ratios.append(ours / theirs)
            sums = [sums[0] + ours, sums[1] + theirs]
            print(f"  q{number:02}    {ours:>9.3f}  {theirs:>9.3f}   {ours / theirs:>5.2f}", flush=True)
        print(f"  sum    {sums[0]:>9.3f}  {sums[1]:>9.3f}   {sums[0] / sums[1]:>5.2f}\n  all 22 answers are equal")
        return [Figure(f"TPC-H SF{scale}, geometric mean of 22 ratios", geometric_mean(ratios), "x", TARGET,
                       peer="against duckdb 1.5.6 on Parquet"),
                Figure(f"TPC-H SF{scale}, worst ratio", max(ratios), "x", peer="against duckdb 1.5.6 on Parquet")]
    finally:
        w.close()
