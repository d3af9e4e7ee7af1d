"""The golden Delta tables others made, read through SQL by path and compared with the rows they should have.

They lie at $ASHLAR_CONFORMANCE_DIR (../shared/conformance from the project's root by default) and are not part of
the repository; without them each case is skipped, and says so.
"""

import base64
import datetime
import json
import os
import pathlib
import subprocess
import time
import urllib.request

import pyarrow
import pyarrow.parquet
import pytest

ROOT = pathlib.Path(__file__).parent.parent.parent
FOLDER = pathlib.Path(os.environ.get("ASHLAR_CONFORMANCE_DIR", ROOT.parent / "shared" / "conformance")) / "delta"
ARCHIVES = sorted(FOLDER.glob("*.tar.zst"))
# Archives that are refused (with which error), or which are to be read in another time zone than UTC, and why.
KNOWN = json.loads((pathlib.Path(__file__).parent / "known.json").read_text())


def post(server, path, body):
    request = urllib.request.Request(server.info["url"] + path, json.dumps(body).encode() if body else None,
                                     {"Authorization": "Bearer " + server.info["token"], "Content-Type": "application/json"})
    return json.load(urllib.request.urlopen(request, timeout=60))


def copied(server, location, time_zone):
    """The name of a copy of the table, as a session in this time zone reads it: a job's statements share one."""
    name = f"read_in_{time_zone.replace('/', '_').lower()}"
    script = f"SET TIME ZONE '{time_zone}';\nCREATE TABLE {name} AS SELECT * FROM delta.`{location}`;\n"
    post(server, "/api/2.0/workspace/import", {"path": f"/Shared/{name}.sql", "format": "RAW", "overwrite": True,
                                               "content": base64.b64encode(script.encode()).decode()})
    task = {"task_key": "copy", "sql_task": {"warehouse_id": server.info["warehouse_id"], "file": {"path": f"/Shared/{name}.sql"}}}
    run_id = post(server, "/api/2.2/jobs/runs/submit", {"tasks": [task]})["run_id"]
    deadline = time.monotonic() + 60
    while not (run := post(server, f"/api/2.2/jobs/runs/get?run_id={run_id}", None)).get("end_time"):
        assert time.monotonic() < deadline, run
        time.sleep(0.05)
    assert run["state"]["result_state"] == "SUCCESS", run["state"]
    return name


def read(server, table):
    answer = post(server, "/api/2.0/sql/statements", {
        "statement": f"SELECT * FROM {table}", "warehouse_id": server.info["warehouse_id"], "wait_timeout": "50s",
        "disposition": "EXTERNAL_LINKS", "format": "ARROW_STREAM"})
    if answer["status"]["state"] != "SUCCEEDED":
        return None, answer["status"]["error"]["message"]
    tables = []
    for index in range(answer["manifest"]["total_chunk_count"]):
        part = post(server, f"/api/2.0/sql/statements/{answer['statement_id']}/result/chunks/{index}", None)
        with urllib.request.urlopen(part["external_links"][0]["external_link"]) as stream:
            tables.append(pyarrow.ipc.open_stream(stream.read()).read_all())
    return pyarrow.concat_tables(tables), None


def plain(value):
    if hasattr(value, "tzinfo") and value.tzinfo is not None:
        return value.astimezone(datetime.timezone.utc).replace(tzinfo=None).isoformat()
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return str(value)


def rows(table):
    return sorted(json.dumps({name: plain(value) for name, value in row.items()}, sort_keys=True) for row in table.to_pylist())


@pytest.mark.skipif(not ARCHIVES, reason=f"no conformance data at {FOLDER}")
@pytest.mark.parametrize("archive", ARCHIVES or [None], ids=lambda path: path.name.removesuffix(".tar.zst") if path else "absent")
def test_golden_table(server, tmp_path, archive):
    name = archive.name.removesuffix(".tar.zst")
    subprocess.run(["tar", "--zstd", "-xf", archive, "-C", tmp_path], check=True)
    location = tmp_path / name / "delta"
    known = KNOWN.get(name, {})
    table, error = read(server, copied(server, location, known["time_zone"]) if "time_zone" in known else f"delta.`{location}`")
    expected = tmp_path / name / "expected"
    files = sorted(expected.rglob("*.parquet")) if expected.exists() else []
    if "error" in known:
        assert error is not None and known["error"] in error, f"{known['why']}; got {error}"
        return
    assert error is None, error
    if files:
        wanted = pyarrow.concat_tables([pyarrow.parquet.read_table(file) for file in files], promote_options="permissive")
        assert rows(table) == rows(wanted)
