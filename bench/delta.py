"""Delta tables written and changed: Ashlar through its server, beside `deltalake` (delta-rs) and DuckDB itself.

ROWS (1,000,000) rows of five columns: bigint id, bigint k, double v, string s, date d. Row changes start from a table
of `FILES` files, each peer's written by itself, and run on a fresh copy each round, turn by turn; best of `ROUNDS`.
Ours has deletion vectors, which deltalake reads but does not write. After every change both tables must be equal.
"""

import datetime
import math
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

import deltalake
import duckdb
import pyarrow.dataset
import pyarrow.parquet

from latency import milliseconds
from report import Figure, percentile
from workspace import Workspace

FILES = 8
ROUNDS = 3
APPENDS = 100
VERSIONS = 20_000
# v is a multiple of 1/4, so that its sum is the same in any order.
COLUMNS = ("i AS id, CAST(hash(i) % {rows} AS BIGINT) AS k, CAST(hash(i + 1) % 4000000 AS DOUBLE) / 4 AS v, "
           "'row ' || hash(i + 2) % 1000000 AS s, DATE '2020-01-01' + CAST(hash(i + 3) % 2000 AS INT) AS d")
DIGEST = ("SELECT count(*), sum(id), sum(k), CAST(sum(v) * 4 AS BIGINT), sum(length(s)), min(s), max(s), "
          "min(d), max(d) FROM {table}")


class Tables:
    """The folders of one run: the data as Parquet, each peer's base table, copies of it."""

    def __init__(self, w: Workspace, folder: pathlib.Path, rows: int):
        self.w, self.folder, self.rows = w, folder, rows
        self.duck = duckdb.connect(config={"threads": os.cpu_count() or 1})
        self.source = folder / "source.parquet"
        self.changes = folder / "changes.parquet"
        columns = COLUMNS.format(rows=rows)
        self.copy(f"SELECT {columns} FROM range({rows}) AS r(i)", self.source)
        # One row in a hundred of every file, and a few that are new.
        self.copy(f"SELECT {columns.replace('/ 4 AS v', '/ 4 + 1 AS v')} FROM range(7, {rows + rows // 100}, 100) AS r(i)",
                  self.changes)
        self.ours, self.theirs, self.unpacked = folder / "ours", folder / "theirs", folder / "unpacked"
        self.made = 0

    def copy(self, select: str, path: pathlib.Path) -> None:
        self.duck.execute(f"COPY ({select}) TO '{path}' (FORMAT parquet, COMPRESSION snappy)")

    def make_bases(self) -> None:
        for name, at, codec in (("base", self.ours, "snappy"), ("unpacked", self.unpacked, "none")):
            self.w.statement(f"CREATE TABLE bench.delta.{name} (id BIGINT, k BIGINT, v DOUBLE, s STRING, d DATE) LOCATION '{at}' TBLPROPERTIES "
                             f"('delta.enableDeletionVectors' = 'true', 'delta.parquet.compression.codec' = '{codec}')")
        whole = pyarrow.parquet.read_table(self.source)
        for i in range(FILES):
            low, high = i * self.rows // FILES, (i + 1) * self.rows // FILES
            for name in ("base", "unpacked"):
                self.w.statement(f"INSERT INTO bench.delta.{name} SELECT * FROM parquet.`{self.source}` WHERE id >= {low} AND id < {high}")
            deltalake.write_deltalake(self.theirs, whole.slice(low, high - low), mode="append", target_file_size=1 << 40)

    def fresh(self, base: pathlib.Path) -> pathlib.Path:
        self.made += 1
        copy = self.folder / f"copy-{self.made}"
        shutil.copytree(base, copy)
        subprocess.run(["sync", "-f", str(copy)], check=True)
        return copy

    def digest_of_ours(self, table: pathlib.Path) -> list:
        return [plain(cell) for cell in self.w.rows(DIGEST.format(table=f"delta.`{table}`"))[0]]

    def digest_of_files(self, files: list[str]) -> list:
        row = self.duck.execute(DIGEST.format(table=f"read_parquet({files})")).fetchone()
        return [plain(cell) for cell in row]


def plain(cell) -> str:
    return cell.isoformat() if isinstance(cell, datetime.date) else str(cell)


def seconds(run) -> float:
    begin = time.perf_counter()
    run()
    return time.perf_counter() - begin


def require_equal(what: str, ours: list, theirs: list) -> None:
    if ours != theirs:
        raise SystemExit(f"{what}: ours is {ours}, theirs {theirs}")


def in_turns(ours, theirs) -> tuple[float, float]:
    """The best time of each; who goes first changes."""
    best = [math.inf, math.inf]
    for turn in range(ROUNDS):
        for which in (0, 1) if turn % 2 == 0 else (1, 0):
            best[which] = min(best[which], (ours, theirs)[which](turn))
    return best[0], best[1]


def compared(name: str, times: tuple[float, float], limit: float | None, peer: str) -> list[Figure]:
    print(f"  {name:<28} {times[0]:>9.3f} s   {peer} {times[1]:>9.3f} s   {times[0] / times[1]:>6.2f}", flush=True)
    return [Figure(name, times[0] / times[1], "x", limit, peer=f"against {peer}")]


def write(t: Tables) -> list[Figure]:
    def ours(turn: int) -> float:
        t.w.statement("DROP TABLE IF EXISTS bench.delta.written")
        return seconds(lambda: t.w.statement(f"CREATE TABLE bench.delta.written AS SELECT * FROM parquet.`{t.source}`"))

    def theirs(turn: int) -> float:
        shutil.rmtree(t.folder / "written", ignore_errors=True)
        scanner = pyarrow.dataset.dataset(t.source).scanner()
        return seconds(lambda: deltalake.write_deltalake(t.folder / "written", scanner.to_reader()))

    times = in_turns(ours, theirs)
    answer = [plain(cell) for cell in t.w.rows(DIGEST.format(table="bench.delta.written"))[0]]
    require_equal("write", answer, t.digest_of_files(deltalake.DeltaTable(t.folder / "written").file_uris()))
    shutil.rmtree(t.folder / "written")
    return compared("write", times, 0.6, "deltalake")


def change(t: Tables, name: str, limit: float, sql: str, with_deltalake, bases=None) -> list[Figure]:
    """`sql` has {table}; `with_deltalake` takes a DeltaTable."""
    last = {}
    our_base, their_base = bases or (t.ours, t.theirs)

    def ours(turn: int) -> float:
        shutil.rmtree(last.pop("ours", t.folder / "none"), ignore_errors=True)
        last["ours"] = copy = t.fresh(our_base)
        return seconds(lambda: t.w.statement(sql.format(table=f"delta.`{copy}`")))

    def theirs(turn: int) -> float:
        shutil.rmtree(last.pop("theirs", t.folder / "none"), ignore_errors=True)
        last["theirs"] = copy = t.fresh(their_base)
        return seconds(lambda: with_deltalake(deltalake.DeltaTable(copy)))

    times = in_turns(ours, theirs)
    require_equal(name, t.digest_of_ours(last["ours"]), t.digest_of_files(deltalake.DeltaTable(last["theirs"]).file_uris()))
    for copy in last.values():
        shutil.rmtree(copy)
    return compared(name, times, limit, "deltalake")


def row_changes(t: Tables) -> list[Figure]:
    figures = change(
        t, "MERGE of 1 % in every file", 0.5,
        f"MERGE INTO {{table}} AS t USING parquet.`{t.changes}` AS s ON t.id = s.id WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *",
        lambda table: table.merge(pyarrow.parquet.read_table(t.changes), "t.id = s.id", source_alias="s", target_alias="t")
        .when_matched_update_all().when_not_matched_insert_all().execute())
    figures += change(t, "DELETE of 1 % in every file", 0.1, "DELETE FROM {table} WHERE k % 100 = 3",
                      lambda table: table.delete("k % 100 = 3"))
    update = "UPDATE {table} SET v = v + 1 WHERE k % 100 = 5"
    for name, base in (("UPDATE of 1 % in every file", t.ours), ("the same, ours uncompressed", t.unpacked)):
        figures += change(t, name, 0.1, update, lambda table: table.update(predicate="k % 100 = 5", updates={"v": "v + 1"}),
                          (base, t.theirs))
    low = t.rows // FILES + 7
    figures += change(t, "DELETE in one file", 0.1, f"DELETE FROM {{table}} WHERE id >= {low} AND id < {low + 100}",
                      lambda table: table.delete(f"id >= {low} AND id < {low + 100}"))
    return figures


def optimize(t: Tables) -> list[Figure]:
    out = t.folder / "copied.parquet"
    copy = {}

    def ours(turn: int) -> float:
        shutil.rmtree(copy.pop("ours", t.folder / "none"), ignore_errors=True)
        copy["ours"] = t.fresh(t.ours)
        return seconds(lambda: t.w.statement(f"OPTIMIZE delta.`{copy['ours']}`"))

    def engine(turn: int) -> float:
        files = deltalake_files(t.ours)

        def run():
            t.copy(f"SELECT * FROM read_parquet({files})", out)
            with open(out, "rb") as file:
                os.fsync(file.fileno())
        return seconds(run)

    times = in_turns(ours, engine)
    require_equal("OPTIMIZE", t.digest_of_ours(copy["ours"]), t.digest_of_files([str(out)]))
    shutil.rmtree(copy["ours"])
    out.unlink()
    return (compared("OPTIMIZE", times, 1.1, "COPY in duckdb, synced") +
            change(t, "OPTIMIZE ZORDER BY (k, d)", 0.7, "OPTIMIZE {table} ZORDER BY (k, d)",
                   lambda table: table.optimize.z_order(["k", "d"])))


def deltalake_files(table: pathlib.Path) -> list[str]:
    return [str(path) for path in sorted(table.glob("*.parquet"))]


def scans(t: Tables) -> list[Figure]:
    marked = t.fresh(t.ours)
    t.w.statement(f"DELETE FROM delta.`{marked}` WHERE k % 100 = 3")
    figures = []
    for name, table, where, limit in (("scan", t.ours, "", 1 / 0.95), ("scan with deletion vectors", marked, " WHERE k % 100 <> 3", 1 / 0.85)):
        files = deltalake_files(table)
        ours_sql, raw_sql = DIGEST.format(table=f"delta.`{table}`"), DIGEST.format(table=f"read_parquet({files})")
        require_equal(name, t.digest_of_ours(table), [plain(c) for c in t.duck.execute(raw_sql + where).fetchone()])
        times = in_turns(lambda turn: min(seconds(lambda: t.w.rows(ours_sql)) for _ in range(3)),
                         lambda turn: min(seconds(lambda: t.duck.execute(raw_sql).fetchall()) for _ in range(3)))
        figures += compared(name, times, limit, "duckdb on the same files")
    shutil.rmtree(marked)
    return figures


def appends(t: Tables, build_dir: str) -> list[Figure]:
    t.w.statement("CREATE TABLE bench.delta.appends (id BIGINT, k BIGINT, v DOUBLE, s STRING, d DATE)")
    text = "INSERT INTO bench.delta.appends VALUES ({}, 7, 0.5, 'row', DATE '2024-01-01')"
    for i in range(10):
        t.w.statement(text.format(i))
    sql = percentile(milliseconds(lambda i: t.w.statement(text.format(i)), APPENDS), 0.5)
    core = core_append(t, build_dir)
    theirs = t.folder / "appends"
    row = pyarrow.parquet.read_table(t.source).slice(0, 1)
    deltalake.write_deltalake(theirs, row)
    peer = percentile(milliseconds(lambda i: deltalake.write_deltalake(theirs, row, mode="append"), APPENDS), 0.5)
    return [Figure("one-row append in SQL, p50", sql, "ms", 5, peer=f"deltalake, unsynced: {peer:.1f} ms"), *core]


def old_versions(t: Tables) -> list[Figure]:
    """What a statement takes on a table of many versions against one of few; the versions are commits that change nothing."""
    figures = []
    times = {}
    for versions in (1, VERSIONS):
        place = t.folder / f"versions-{versions}"
        name = f"bench.delta.versions_{versions}"
        t.w.statement(f"CREATE TABLE {name} (id BIGINT) LOCATION '{place}'")
        t.w.statement(f"INSERT INTO {name} VALUES (1)")
        for v in range(2, versions):
            (place / "_delta_log" / f"{v:020}.json").write_text('{"commitInfo":{"timestamp":%d,"operation":"WRITE"}}\n' % v)
        for what, sql in (("SELECT", f"SELECT count(*) FROM {name}"), ("INSERT", f"INSERT INTO {name} VALUES (1)")):
            milliseconds(lambda i: t.w.statement(sql), 5)
            times[versions, what] = percentile(milliseconds(lambda i: t.w.statement(sql), APPENDS), 0.5)
    for what in ("SELECT", "INSERT"):
        figures.append(Figure(f"{what} of a table of {VERSIONS:,} versions", times[VERSIONS, what] / times[1, what], "x", 1.5,
                              peer=f"against one of few: {times[VERSIONS, what]:.1f} ms, {times[1, what]:.1f} ms"))
    return figures


def core_append(t: Tables, build_dir: str) -> list[Figure]:
    """The commit of one added file by module delta alone, and what its syncs cost alone."""
    out = subprocess.run([f"{build_dir}/bench/delta_append_bench", str(t.folder / "core"), str(APPENDS)], check=True,
                         capture_output=True, text=True).stdout
    commit, syncs, count = (float(re.search(rf"^{name} (\S+)$", out, re.M).group(1)) for name in ("commit_ms", "syncs_ms", "syncs"))
    return [Figure("append in the core beyond its syncs, p50", commit - syncs, "ms", 1,
                   peer=f"{commit:.2f} ms; its {count:.1f} syncs alone {syncs:.2f} ms")]


def peak_mib(w: Workspace) -> float:
    """The most any driver had resident."""
    peaks = [int(line.split()[1]) / 1024 for pid in w.drivers()
             for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM:")]
    return max(peaks)


def run(build_dir: str, rows: int) -> list[Figure]:
    threads = os.cpu_count() or 1
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 4
    w = Workspace(build_dir, "--driver-memory", str(memory), "--driver-threads", str(threads))
    with tempfile.TemporaryDirectory(prefix="ashlar-bench-delta-", dir=os.environ.get("ASHLAR_BENCH_TMP")) as folder:
        try:
            w.statement("CREATE CATALOG bench")
            w.statement("CREATE SCHEMA bench.delta")
            t = Tables(w, pathlib.Path(folder), rows)
            print(f"Delta tables of {rows:,} rows in {FILES} files, {threads} threads")
            # First, and with nothing left to be written: what follows keeps the disk busy for minutes.
            os.sync()
            figures = appends(t, build_dir)
            figures += write(t)
            t.make_bases()
            figures += row_changes(t)
            figures += optimize(t)
            figures += scans(t)
            figures += old_versions(t)
            return [*figures, Figure("driver after all of it: peak resident", peak_mib(w), "MiB")]
        finally:
            w.close()
