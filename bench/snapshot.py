"""A table of a million files: load, memory, planning, following a commit; VACUUM of 100,000 files. No data is read.

The log is made here, its data files do not exist: checkpoints as our writer lays them out (statistics typed and as
text) and as writers do that know only text. Peer: deltalake (delta-rs) on the same tables, in a process of its own.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import time
import uuid

import pyarrow as pa
import pyarrow.parquet as pq

from report import Figure
from workspace import Workspace

FILES = int(os.environ.get("FILES", "1000000"))
VACUUM_FILES = 100_000
PARTITIONS = 1000
ROWS = 20_000  # a file
RUNS = 5
CACHE = pathlib.Path(os.environ.get("ASHLAR_BENCH_DATA", pathlib.Path.home() / ".cache/ashlar/bench"))
FIELDS = [("id", "long"), ("k", "long"), ("v", "double"), ("s", "string"), ("d", "date"), ("part", "integer")]
# A table as the peer opens it, in a process of its own: seconds to load it and bytes of memory a file.
PEER = """
import json, sys, time
from deltalake import DeltaTable
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096
before, best = resident(), 1e9
for _ in range(int(sys.argv[2])):
    begin = time.perf_counter()
    table = DeltaTable(sys.argv[1])
    files = len(table.file_uris()) if len(sys.argv) > 3 else 0
    best = min(best, time.perf_counter() - begin)
print(json.dumps({"load_ms": best * 1000, "bytes": resident() - before, "files": files}))
"""


def metadata(schema: list[tuple[str, str]], partitions: list[str]) -> dict:
    fields = [{"name": name, "type": kind, "nullable": True, "metadata": {}} for name, kind in schema]
    return {"id": str(uuid.UUID(int=7)), "name": None, "description": None,
            "format": {"provider": "parquet", "options": []},
            "schemaString": json.dumps({"type": "struct", "fields": fields}), "partitionColumns": partitions,
            "configuration": [], "createdTime": 1_700_000_000_000}


def statistics(i: int) -> dict:
    k = i * 7919 % 1_000_000
    return {"numRecords": ROWS,
            "minValues": {"id": i * ROWS, "k": k, "v": k / 1e6, "s": f"s{k:06d}", "d": i % 365},
            "maxValues": {"id": i * ROWS + ROWS - 1, "k": k + 50, "v": k / 1e6 + 0.5, "s": f"s{k:06d}z", "d": i % 365 + 3},
            "nullCount": {"id": 0, "k": 0, "v": 0, "s": 0, "d": 0}}


def day(number: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(number * 86400))


def as_text(stats: dict) -> str:
    shown = {**stats}
    for bound in ("minValues", "maxValues"):
        shown[bound] = {**stats[bound], "d": day(stats[bound]["d"])}
    return json.dumps(shown, separators=(",", ":"))


def add_type(typed: bool) -> pa.DataType:
    values = pa.struct([("id", pa.int64()), ("k", pa.int64()), ("v", pa.float64()), ("s", pa.string()), ("d", pa.date32())])
    counts = pa.struct([(name, pa.int64()) for name, _ in FIELDS[:5]])
    fields = [("path", pa.string()), ("partitionValues", pa.map_(pa.string(), pa.string())), ("size", pa.int64()),
              ("modificationTime", pa.int64()), ("dataChange", pa.bool_()), ("stats", pa.string())]
    if typed:
        fields += [("partitionValues_parsed", pa.struct([("part", pa.int32())])),
                   ("stats_parsed", pa.struct([("numRecords", pa.int64()), ("minValues", values),
                                               ("maxValues", values), ("nullCount", counts)]))]
    return pa.struct(fields)


def checkpoint_type(typed: bool) -> pa.Schema:
    texts = pa.map_(pa.string(), pa.string())
    return pa.schema([
        ("txn", pa.struct([("appId", pa.string()), ("version", pa.int64()), ("lastUpdated", pa.int64())])),
        ("add", add_type(typed)),
        ("remove", pa.struct([("path", pa.string()), ("deletionTimestamp", pa.int64()), ("dataChange", pa.bool_())])),
        ("metaData", pa.struct([("id", pa.string()), ("name", pa.string()), ("description", pa.string()),
                                ("format", pa.struct([("provider", pa.string()), ("options", texts)])),
                                ("schemaString", pa.string()), ("partitionColumns", pa.list_(pa.string())),
                                ("configuration", texts), ("createdTime", pa.int64())])),
        ("protocol", pa.struct([("minReaderVersion", pa.int32()), ("minWriterVersion", pa.int32())]))])


def add_row(i: int, typed: bool) -> dict:
    part = i * PARTITIONS // FILES
    stats = statistics(i)
    row = {"path": f"part={part}/part-{i % 1000:05d}-{uuid.UUID(int=i * 2654435761 * 40503 ** 6 % 2 ** 128)}.c000.snappy.parquet",
           "partitionValues": [("part", str(part))], "size": 1_000_000 + i * 7919 % 500_000,
           "modificationTime": 1_700_000_000_000 + i * 1000, "dataChange": False, "stats": as_text(stats)}
    if typed:
        row |= {"partitionValues_parsed": {"part": part}, "stats_parsed": stats}
    return row


def make_table(typed: bool) -> pathlib.Path:
    """The table of FILES files, its log one checkpoint and the commit of its version."""
    root = CACHE / f"snapshot-{FILES}-{'typed' if typed else 'text'}"
    if (root / "complete").exists():
        return root
    shutil.rmtree(root, ignore_errors=True)
    log = root / "_delta_log"
    log.mkdir(parents=True)
    schema = checkpoint_type(typed)
    with pq.ParquetWriter(log / f"{10:020d}.checkpoint.parquet", schema, compression="zstd") as writer:
        head = [{"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}}, {"metaData": metadata(FIELDS, ["part"])}]
        for begin in range(0, FILES, 122_880):
            rows = [{"add": add_row(i, typed)} for i in range(begin, min(begin + 122_880, FILES))]
            writer.write_table(pa.Table.from_pylist(head + rows, schema))
            head = []
    info = {"commitInfo": {"timestamp": 1_700_000_000_000, "operation": "WRITE", "operationParameters": {}}}
    (log / f"{10:020d}.json").write_text(json.dumps(info) + "\n")
    (log / "_last_checkpoint").write_text(json.dumps({"version": 10, "size": FILES + 2}))
    (root / "complete").touch()
    return root


def peer(root: pathlib.Path) -> dict:
    done = subprocess.run([sys.executable, "-c", PEER, str(root), str(RUNS), "files"], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def snapshots(build_dir: str, typed: bool) -> list[Figure]:
    root = make_table(typed)
    probe = subprocess.run([f"{build_dir}/bench/bench_snapshot", str(root), str(RUNS)], capture_output=True, text=True, check=True)
    ours = json.loads(probe.stdout)
    theirs = peer(root)
    assert ours["files"] == theirs["files"] == FILES, (ours, theirs)
    assert ours["plan_files"] == 1, ours
    name = f"{FILES // 1000} k files, " + ("typed statistics" if typed else "statistics as text")
    limit = (lambda value: value) if typed and FILES == 1_000_000 else (lambda value: None)
    said = f"deltalake {theirs['load_ms']:.0f} ms"
    figures = [Figure(f"{name}: load", ours["load_ms"], "ms", limit(300), peer=said),
               Figure("  memory a file", ours["bytes_a_file"], "B", limit(150), peer=f"deltalake {theirs['bytes'] / FILES:.0f} B"),
               Figure("  memory a file, once planned", ours["bytes_a_file_planned"], "B")]
    for key, what in {"first_plan_ms": "first plan", "plan_ms": "plan id = x", "plan_range_ms": "plan of two ranges",
                      "plan_text_ms": "plan s = x", "plan_partition_ms": "plan of a partition"}.items():
        figures.append(Figure("  " + what, ours[key], "ms", limit(20)))
    return figures + [Figure("  follow the first commit", ours["first_update_ms"], "ms"),
                      Figure("  follow another", ours["update_ms"], "ms", limit(5))]


def make_vacuum_table() -> pathlib.Path:
    """VACUUM_FILES files of the table and as many that nobody needs, all old and empty."""
    root = CACHE / f"vacuum-{VACUUM_FILES}"
    shutil.rmtree(root, ignore_errors=True)
    (root / "_delta_log").mkdir(parents=True)
    old = time.time() - 30 * 86400
    lines = [json.dumps({"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}}),
             json.dumps({"metaData": {**metadata([("id", "long")], []), "format": {"provider": "parquet", "options": {}},
                                      "configuration": {}}})]
    for i in range(VACUUM_FILES):
        folder = f"{i % 100:02d}"
        (root / folder).mkdir(exist_ok=True)
        for kind in ("kept", "gone"):
            path = root / folder / f"{kind}-{i}-{uuid.UUID(int=i)}.parquet"
            path.touch()
            os.utime(path, (old, old))
        lines.append(json.dumps({"add": {"path": f"{folder}/kept-{i}-{uuid.UUID(int=i)}.parquet", "partitionValues": {},
                                         "size": 0, "modificationTime": 1_600_000_000_000, "dataChange": True}}))
    (root / "_delta_log" / f"{0:020d}.json").write_text("\n".join(lines) + "\n")
    return root


def vacuum(build_dir: str) -> list[Figure]:
    from deltalake import DeltaTable

    root = make_vacuum_table()
    w = Workspace(build_dir)
    try:
        w.statement("SELECT 1")
        begin = time.perf_counter()
        w.statement(f"VACUUM delta.`{root}` DRY RUN")
        dry = time.perf_counter() - begin
        begin = time.perf_counter()
        planned = DeltaTable(str(root)).vacuum(dry_run=True, full=True)
        theirs = time.perf_counter() - begin
        assert len(planned) == VACUUM_FILES, len(planned)
        begin = time.perf_counter()
        w.statement(f"VACUUM delta.`{root}`")
        whole = time.perf_counter() - begin
        left = sum(1 for path in root.glob("*/*.parquet") if path.name.startswith("gone"))
        assert left == 0 and sum(1 for _ in root.glob("*/*.parquet")) == VACUUM_FILES, left
    finally:
        w.close()
        shutil.rmtree(root, ignore_errors=True)
    return [Figure("VACUUM of 100 k of 200 k files, DRY RUN", dry, "s", peer=f"deltalake {theirs:.2f} s"),
            Figure("  and deleting them", whole, "s")]


def run(build_dir: str) -> list[Figure]:
    return snapshots(build_dir, typed=True) + snapshots(build_dir, typed=False) + vacuum(build_dir)
