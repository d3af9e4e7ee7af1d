"""A disk that is full: a clear error for whatever writes, nothing acknowledged is lost, and all goes on once there is room.

The data folder lies on a small disk of its own, which is filled to a chosen number of free pages.
"""

import base64
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import deltalake
import pyarrow
import pytest
import requests
from test_serve import until

MIB = 2**20
PAGE = 4096
SIZE = 128 * MIB


def refused(command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    return done.stderr.strip() or f"status {done.returncode}" if done.returncode else None


class Disk:
    """A small file system; `fill` leaves so many pages of it free."""

    def __init__(self, kind):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="full-"))
        self.root = self.folder / "d"
        self.root.mkdir()
        self.ballast = self.root / "ballast"
        self.why_not = self._mount(kind)

    def _mount(self, kind):
        if kind == "tmpfs":
            return refused(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", self.root])
        image = self.folder / "image"
        with open(image, "wb") as file:
            file.truncate(SIZE)
        return refused(["mkfs.ext4", "-q", "-m", "0", image]) or refused(["mount", "-o", "loop", image, self.root])

    def fill(self, pages=0):
        with open(self.ballast, "ab", buffering=0) as file:
            for step in (MIB, PAGE):
                try:
                    while file.write(b"\xa5" * step) == step:
                        pass
                except OSError:
                    pass
            try:
                os.fsync(file.fileno())
            except OSError:
                pass
        os.truncate(self.ballast, max(0, self.ballast.stat().st_size - pages * PAGE) // PAGE * PAGE)

    def free(self):
        self.ballast.unlink(missing_ok=True)

    def close(self):
        if self.why_not is None:
            subprocess.run(["umount", "-l", self.root], check=True)
        shutil.rmtree(self.folder)


@pytest.fixture(params=["tmpfs", "ext4"])
def disk(request):
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk to fill")
    if request.param == "ext4" and shutil.which("mkfs.ext4") is None:
        pytest.skip("there is no mkfs.ext4 here")
    made = Disk(request.param)
    if made.why_not:
        made.close()
        pytest.skip(f"this machine does not let us mount {request.param}: {made.why_not}")
    yield made
    made.close()


class Client:
    """REST without a client's retries."""

    def __init__(self, server):
        self.server = server
        self.session = requests.Session()
        self.session.trust_env = False

    def call(self, method, path, **more):
        headers = {"Authorization": "Bearer " + self.server.info["token"]}
        return self.session.request(method, self.server.info["url"] + path, headers=headers, timeout=60, **more)

    def statement(self, text, **more):
        body = {"statement": text, "warehouse_id": self.server.info["warehouse_id"], "wait_timeout": "50s", **more}
        return self.call("POST", "/api/2.0/sql/statements", json=body)

    def sql(self, text):
        answer = self.statement(text)
        assert answer.ok and answer.json()["status"]["state"] == "SUCCEEDED", answer.text[:2000]
        return answer.json()["result"].get("data_array", [])

    def import_object(self, path, content):
        body = {"path": path, "content": base64.b64encode(content).decode(), "format": "RAW", "overwrite": True}
        return self.call("POST", "/api/2.0/workspace/import", json=body)


def error_of(answer):
    """(code, message) of a refusal, (None, "") of a success; never an internal error, never one that clients repeat for minutes."""
    body = answer.json() if answer.text else {}
    if "status" in body and isinstance(body["status"], dict):
        assert answer.status_code == 200
        error = body["status"].get("error", {})
        return (error["error_code"], error["message"]) if body["status"]["state"] != "SUCCEEDED" else (None, "")
    if answer.ok:
        return None, ""
    assert answer.status_code not in (429, 500, 503), answer.text[:1000]
    return body["error_code"], body["message"]


def says_full(text):
    return "No space left" in text or re.search(r"\bdisk\b.* is full", text)


def is_clear(error):
    code, message = error
    return code == "RESOURCE_EXHAUSTED" and says_full(message)


FILES = "/api/2.0/fs/files/Volumes/main/default/box"

# What needs more room than a full disk has.
WRITES = {
    "INSERT": lambda client: client.statement("INSERT INTO kept SELECT id + 1000 FROM range(3000000)"),
    "CTAS": lambda client: client.statement("CREATE TABLE more AS SELECT id, uuid() AS u FROM range(300000)"),
    "UPDATE": lambda client: client.statement("UPDATE wide SET u = uuid()"),
    "OPTIMIZE": lambda client: client.statement("OPTIMIZE wide"),
    "an upload": lambda client: client.call("PUT", FILES + "/new.bin", data=os.urandom(6 * MIB)),
    "an upload in place of a file": lambda client: client.call("PUT", FILES + "/old.bin?overwrite=true", data=os.urandom(6 * MIB)),
    "an import": lambda client: client.import_object("/Shared/big.bin", os.urandom(6 * MIB)),
    "a job": lambda client: client.call("POST", "/api/2.2/jobs/create", json={"name": "big", "description": "d" * 6 * MIB}),
}


@pytest.fixture
def client(disk, make_server):
    server = make_server("--data-dir", str(disk.root / "data"))
    made = Client(server)
    made.sql("CREATE TABLE kept (n BIGINT)")
    made.sql("INSERT INTO kept VALUES (1), (2), (3)")
    made.sql("CREATE TABLE wide AS SELECT id, uuid() AS u FROM range(60000)")
    made.sql("INSERT INTO wide SELECT id, uuid() AS u FROM range(60000)")
    made.sql("CREATE VOLUME box")
    assert made.call("PUT", FILES + "/old.bin", data=b"old").ok
    return made


def table_folder(client, table):
    return pathlib.Path(next(row[1] for row in client.sql(f"DESCRIBE EXTENDED {table}") if row[0] == "Location"))


def stray_files(client, disk):
    """Files that neither a table's log nor a volume knows, of what a write may have left."""
    left = [path for path in disk.root.rglob("*") if ".tmp" in path.name or path.name.startswith(".ashlar-upload-")]
    for table in ("kept", "wide"):
        folder = table_folder(client, table)
        known = {action[kind]["path"] for log in (folder / "_delta_log").glob("*.json") for action in map(json.loads, log.read_text().splitlines())
                 for kind in ("add", "remove") if kind in action}
        left += [path for path in folder.rglob("*.parquet") if "_delta_log" not in path.parts and str(path.relative_to(folder)) not in known]
    return left


def test_every_write_is_refused_clearly_and_works_once_there_is_room(client, disk):
    disk.fill()
    for name, write in WRITES.items():
        error = error_of(write(client))
        assert is_clear(error), (name, error)
        assert client.sql("SELECT count(*), sum(n) FROM kept") == [["3", "6"]], name
    assert client.server.process.poll() is None
    assert client.call("GET", FILES + "/old.bin").content == b"old"
    assert client.call("GET", FILES + "/new.bin").status_code == 404
    listed = client.call("GET", "/api/2.0/fs/directories/Volumes/main/default/box").json()["contents"]
    assert [entry["name"] for entry in listed] == ["old.bin"]
    assert client.sql("SELECT count(*) FROM wide") == [["120000"]]
    assert not any("more" in row for row in client.sql("SHOW TABLES"))
    disk.free()
    assert stray_files(client, disk) == []
    for name, write in WRITES.items():
        assert error_of(write(client)) == (None, ""), name
    assert client.sql("SELECT count(*) FROM kept") == [["3000003"]] and client.sql("SELECT count(*) FROM more") == [["300000"]]
    assert len(client.call("GET", FILES + "/new.bin").content) == 6 * MIB
    client.server.kill()
    client.server.start()
    assert client.sql("SELECT count(*) FROM kept") == [["3000003"]] and client.sql("SELECT count(*) FROM wide") == [["120000"]]
    assert len(client.call("GET", FILES + "/old.bin").content) == 6 * MIB
    assert client.call("GET", "/api/2.0/workspace/get-status?path=/Shared/big.bin").json()["size"] == 6 * MIB


def test_a_large_result_on_a_full_disk(client, disk):
    """Chunks that nobody has read yet lie on the disk."""
    large = dict(disposition="EXTERNAL_LINKS", format="ARROW_STREAM")
    text = "SELECT id, uuid() AS u FROM range(600000)"
    disk.fill()
    assert is_clear(error_of(client.statement(text, **large)))
    disk.free()
    answer = client.statement(text, **large)
    assert error_of(answer) == (None, "") and answer.json()["manifest"]["total_row_count"] == 600_000


def read_by_deltalake(folder):
    query = deltalake.QueryBuilder().register("t", deltalake.DeltaTable(str(folder)))
    return pyarrow.table(query.execute("SELECT n FROM t").read_all())["n"].to_pylist()


@pytest.mark.parametrize("disk", ["tmpfs"], indirect=True)  # ext4 keeps some pages for itself
def test_a_disk_that_fills_up_at_any_point_of_a_commit(client, disk):
    """One page after the other is left free: the data file, the log's version, its checkpoint or the state no longer fits."""
    client.sql("CREATE TABLE points (n BIGINT) TBLPROPERTIES ('delta.checkpointInterval' = '2')")
    acknowledged, refusals = set(), 0
    for pages in range(40):
        disk.fill(pages)
        error = error_of(client.statement(f"INSERT INTO points VALUES ({pages})"))
        acknowledged |= {pages} if error[0] is None else set()
        refusals += error[0] is not None
        assert error[0] is None or is_clear(error), (pages, error)
        disk.free()
        assert client.sql(f"SELECT count(*) FROM points WHERE n = {pages}")[0][0] in (["1"] if error[0] is None else ["0", "1"])
    assert refusals >= 2 and len(acknowledged) >= 5, (refusals, acknowledged)
    client.sql("INSERT INTO points VALUES (1000)")
    for _ in range(2):
        rows = [int(row[0]) for row in client.sql("SELECT n FROM points ORDER BY n")]
        assert len(rows) == len(set(rows)) and acknowledged | {1000} <= set(rows)
        folder = table_folder(client, "points")
        versions = sorted(int(file.stem) for file in (folder / "_delta_log").glob("*.json"))
        assert versions == list(range(versions[0], versions[0] + len(versions)))
        assert sorted(read_by_deltalake(folder)) == rows
        client.server.kill()
        client.server.start()


def log_of(folder):
    """The table's log: its versions, its checkpoints' versions, what _last_checkpoint names, and other files."""
    versions, checkpoints, others, hint = [], [], [], None
    for path in (folder / "_delta_log").iterdir():
        if path.name == "_last_checkpoint":
            hint = json.loads(path.read_text())["version"]
        elif re.fullmatch(r"\d{20}\.json", path.name):
            versions.append(int(path.stem))
        elif re.fullmatch(r"\d{20}\.checkpoint\.parquet", path.name):
            checkpoints.append(int(path.name[:20]))
        elif not re.fullmatch(r"\d{20}\.crc", path.name):
            others.append(path.name)
    return sorted(versions), sorted(checkpoints), hint, others


def test_a_full_disk_that_only_the_checkpoint_does_not_fit_on(client, disk):
    """The commit is acknowledged and stands; of the checkpoint after it nothing stays, and the next one is written."""
    client.sql("CREATE TABLE points (n BIGINT, p INT) PARTITIONED BY (p) TBLPROPERTIES ('delta.checkpointInterval' = '2')")
    client.sql("INSERT INTO points SELECT id, CAST(id AS INT) FROM range(1500)")  # a file each: a checkpoint has them all
    for n in (2, 3):
        client.sql(f"INSERT INTO points VALUES ({-n}, 0)")
    folder = table_folder(client, "points")
    assert log_of(folder) == ([0, 1, 2, 3], [2], 2, [])
    room = 48 * PAGE  # for a row's file, its version and the state
    assert (folder / "_delta_log" / f"{1:020}.json").stat().st_size > 2 * room
    disk.fill(room // PAGE)
    assert error_of(client.statement("INSERT INTO points VALUES (-4, 0)")) == (None, "")
    assert log_of(folder) == ([0, 1, 2, 3, 4], [2], 2, [])

    def rows():
        ours = [int(row[0]) for row in client.sql("SELECT n FROM points ORDER BY n")]
        assert sorted(read_by_deltalake(folder)) == ours
        return ours

    assert rows() == [-4, -3, -2, *range(1500)]
    told = [entry for entry in map(json.loads, client.server.log_path.read_text().splitlines()) if entry["msg"].startswith("a checkpoint or checksum")]
    assert [(entry["table"], entry["version"]) for entry in told] == [(str(folder), "4")] and says_full(told[0]["reason"]), told
    disk.free()
    client.server.kill()
    client.server.start()
    assert rows() == [-4, -3, -2, *range(1500)]
    for n in (5, 6):
        client.sql(f"INSERT INTO points VALUES ({-n}, 0)")
    assert log_of(folder) == ([0, 1, 2, 3, 4, 5, 6], [2, 6], 6, [])
    assert rows() == [-6, -5, -4, -3, -2, *range(1500)]


def test_a_disk_that_fills_up_at_any_point_of_a_state_change(client, disk):
    acknowledged = {}
    for pages in range(24):
        disk.fill(pages)
        content = os.urandom(20_000)
        for path in (f"/Shared/{pages}.bin", "/Shared/same.bin"):
            error = error_of(client.import_object(path, content))
            assert error[0] is None or is_clear(error), (pages, error)
            if error[0] is None:
                acknowledged[path] = content
        if pages % 2:
            disk.free()
    disk.free()
    assert 2 <= len(acknowledged) <= 24, list(acknowledged)
    for _ in range(2):
        for path, content in acknowledged.items():
            exported = client.call("GET", "/api/2.0/workspace/export", params={"path": path, "format": "RAW"}).json()["content"]
            assert base64.b64decode(exported) == content, path
        client.server.kill()
        client.server.start()


def test_a_server_on_a_full_disk_says_so_and_starts_once_there_is_room(client, disk):
    client.server.stop()
    disk.fill()
    try:
        client.server.start()
    except RuntimeError as error:
        assert says_full(str(error)), error
    disk.free()
    if client.server.process.poll() is not None:
        client.server.start()
    assert client.sql("SELECT count(*) FROM kept") == [["3"]]


def test_a_run_that_ends_while_the_disk_is_full_is_told_of_later(client, disk):
    task = {"task_key": "slow", "notebook_task": {"notebook_path": "/Shared/slow", "warehouse_id": client.server.info["warehouse_id"]}}
    source = base64.b64encode(b"SELECT count(*) FROM range(20000000) WHERE hash(id, id + 1) % 7 = 3").decode()
    assert client.call("POST", "/api/2.0/workspace/import", json={"path": "/Shared/slow", "content": source, "language": "SQL", "format": "SOURCE"}).ok
    run = client.call("POST", "/api/2.2/jobs/runs/submit", json={"run_name": "slow", "tasks": [task]}).json()["run_id"]
    look = lambda: client.call("GET", f"/api/2.2/jobs/runs/get?run_id={run}").json()
    until(lambda: look()["tasks"][0]["state"]["life_cycle_state"] == "RUNNING")
    disk.fill()
    until(lambda: "jobs: " in client.server.log_path.read_text() or look().get("end_time"), seconds=90)
    disk.free()
    until(lambda: look().get("end_time"))
    assert look()["state"]["result_state"] == "SUCCESS", look()["state"]
