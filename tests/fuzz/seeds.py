"""Seeds out of other people's tables: seeds.py FOLDER puts into FOLDER/{log,checkpoint,vector} what the golden
tables of $ASHLAR_CONFORMANCE_DIR (../shared/conformance by default) hold."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

import pyarrow.parquet as pq

ROOT = pathlib.Path(__file__).resolve().parents[2]
GOLDEN = pathlib.Path(os.environ.get("ASHLAR_CONFORMANCE_DIR", ROOT.parent / "shared" / "conformance")) / "delta"
LONGEST = 16384


def rows_of(parquet):
    """A checkpoint's rows as the JSON that the engine hands on."""
    rows = pq.read_table(parquet).to_pylist(maps_as_pydicts="lossy")
    return "".join(json.dumps(row, default=str) + "\n" for row in rows)


def archive_of(log, with_checkpoints):
    parts = []
    for file in sorted(log.rglob("*")):
        if not file.is_file() or file.name.startswith("."):
            continue
        name = str(file.relative_to(log))
        if file.suffix == ".parquet":
            if not with_checkpoints:
                continue
            text = rows_of(file)
        else:
            text = file.read_text(errors="replace")
        parts.append(f"-- {name} --\n{text.rstrip()}\n")
    return "".join(parts)


def vectors_of(log):
    for file in sorted(log.glob("*.json")):
        for line in file.read_text(errors="replace").splitlines():
            try:
                vector = json.loads(line).get("add", {}).get("deletionVector")
            except ValueError:
                continue
            if vector:
                yield vector


def put(folder, name, content):
    if 0 < len(content) <= LONGEST:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def take(table, name, out):
    log = table / "_delta_log"
    put(out / "log", name, archive_of(log, False).encode())
    if list(log.rglob("*.parquet")):
        put(out / "checkpoint", name, archive_of(log, True).encode())
    for number, vector in enumerate(vectors_of(log)):
        for file in table.glob("deletion_vector_*.bin"):
            put(out / "vector", f"{name}-{number}", json.dumps(vector).encode() + b"\n" + file.read_bytes())


def main():
    out = pathlib.Path(sys.argv[1])
    for kind in ("log", "checkpoint", "vector", "stats"):
        (out / kind).mkdir(parents=True, exist_ok=True)
    if (out / ".golden").exists():
        return
    for archive in sorted(GOLDEN.glob("*.tar.zst")):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["tar", "--zstd", "-xf", archive, "-C", folder], check=True)
            for log in pathlib.Path(folder).rglob("_delta_log"):
                take(log.parent, archive.name.removesuffix(".tar.zst"), out)
    (out / ".golden").touch()


main()
