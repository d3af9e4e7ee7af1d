"""The golden Delta tables others made, read through SQL by path and compared with the rows they should have.

They lie at $ASHLAR_CONFORMANCE_DIR (../shared/conformance from the project's root by default) and are not part of
the repository; without them each case is skipped, and says so.
"""

import datetime
import json
import os
import pathlib
import subprocess
import urllib.request

import pyarrow
import pyarrow.parquet
import pytest

ROOT = pathlib.Path(__file__).parent.parent.parent
FOLDER = pathlib.Path(os.environ.get("ASHLAR_CONFORMANCE_DIR", ROOT.parent / "shared" / "conformance")) / "delta"
ARCHIVES = sorted(FOLDER.glob("*.tar.zst"))
# Archives that are refused (with which error), or of which some columns are left out, and why.
KNOWN = json.loads((pathlib.Path(__file__).parent / "known.json").read_text())


def post(server, path, body):
    request = urllib.request.Request(server.info["url"] + path, json.dumps(body).encode() if body else None,
                                     {"Authorization": "Bearer " + server.info["token"], "Content-Type": "application/json"})
    return json.load(urllib.request.urlopen(request, timeout=60))


def read(server, location):
    answer = post(server, "/api/2.0/sql/statements", {
        "statement": f"SELECT * FROM delta.`{location}`", "warehouse_id": server.info["warehouse_id"], "wait_timeout": "50s",
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
    table, error = read(server, tmp_path / name / "delta")
    expected = tmp_path / name / "expected"
    files = sorted(expected.rglob("*.parquet")) if expected.exists() else []
    known = KNOWN.get(name, {})
    if "error" in known:
        assert error is not None and known["error"] in error, f"{known['why']}; got {error}"
        return
    assert error is None, error
    if files:
        wanted = pyarrow.concat_tables([pyarrow.parquet.read_table(file) for file in files], promote_options="permissive")
        ignored = known.get("ignore", [])
        assert rows(table.drop_columns(ignored)) == rows(wanted.drop_columns(ignored))
