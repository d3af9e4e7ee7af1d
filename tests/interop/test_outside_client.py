"""Delta's kernel and delta-spark at catalog-managed tables of a server of ours, over Unity Catalog's REST by their own client. It needs a
JVM: `make interop` runs it.

With ASHLAR_INTEROP_RECORD=1 what the client sends and the files it writes go to tests/delta/maintenance/outside_commits.json, which
tests/delta/maintenance/test_outside_commits.py repeats without it.
"""

import base64
import http.client
import http.server
import json
import os
import pathlib
import subprocess
import sys
import threading
import urllib.parse
import zipfile

import pytest

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "delta")]
import replay  # noqa: E402
from peers import DeltaSpark, Ours, Refused  # noqa: E402

RECORDING = HERE.parent / "delta" / "maintenance" / "outside_commits.json"
MANAGED = "TBLPROPERTIES ('delta.feature.catalogManaged' = 'supported')"
COMMITS = "/api/2.1/unity-catalog/delta/preview/commits"


class Listener(http.server.BaseHTTPRequestHandler):
    """Passes requests on to the server, and keeps those of the commits."""

    def pass_on(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        connection = http.client.HTTPConnection(self.server.target, timeout=60)
        headers = {key: value for key, value in self.headers.items() if key.lower() not in ("host", "connection", "upgrade", "http2-settings")}
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        if self.path.startswith(COMMITS):
            kept = {name: self.headers[name] for name in ("Accept", "Content-Type") if name in self.headers}
            self.server.heard.append({"method": self.command, "path": self.path, "headers": kept, "body": body.decode(),
                                      "status": answer.status, "answer": text.decode() if answer.status == 200 else ""})
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.getheader("Content-Type", "application/json"))
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = pass_on

    def log_message(self, *_):
        pass


@pytest.fixture
def listener(ours):
    server = http.server.ThreadingHTTPServer(("localhost", 0), Listener)
    server.target = urllib.parse.urlparse(ours.server.info["url"]).netloc
    server.heard = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


DELTA_JARS = DeltaSpark.python().parents[2] / "oracle-jars"


def class_path():
    spark = DeltaSpark.python().parents[1].glob("lib/python*/site-packages/pyspark/jars/*.jar")
    return ":".join(map(str, [*DELTA_JARS.glob("*.jar"), *spark]))


class Client:
    """The JVM with OutsideClient in it."""

    def __init__(self, url, token, table):
        command = ["java", "-Xmx512m", "-cp", class_path(), str(HERE / "OutsideClient.java"), url, token, table["table_id"], table["storage_location"],
                   table["catalog_name"], table["schema_name"], table["name"]]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def __call__(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if line.startswith("> "):
                return json.loads(line[2:])
        raise AssertionError("the client is gone")

    def stop(self):
        self.process.stdin.close()
        self.process.wait(timeout=60)


@pytest.fixture
def ours(tmp_path):
    if not DeltaSpark.python().exists():
        pytest.skip("no JVM with Delta's jars here: tools/oracle/setup installs one where there is Java")
    build = pathlib.Path(os.environ.get("ASHLAR_BUILD_DIR", "build/release")).resolve()
    one = Ours(build, tmp_path, "--data-dir", str(tmp_path / "data"))
    yield one
    one.stop()


@pytest.fixture
def table(ours):
    ours.sql(f"CREATE TABLE main.default.outside (id INT) {MANAGED}")
    info = ours.ask("/api/2.1/unity-catalog/tables/main.default.outside")
    info["root"] = pathlib.Path(info["storage_location"].removeprefix("file://"))
    return info


def rows_of(ours):
    return sorted(int(row[0]) for row in ours.sql("SELECT id FROM main.default.outside").rows)


def published(table):
    return sorted(int(file.stem) for file in (table["root"] / "_delta_log").glob("*.json"))


def record(table, heard):
    """The requests, and before each commit the files that it needs."""
    names = {table["storage_location"]: "{uri}", table["storage_location"].replace("file:///", "file:/"): "{uri}", table["table_id"]: "{id}"}

    def unnamed(text):
        for name, placeholder in names.items():
            text = text.replace(name, placeholder)
        return text

    log = table["root"] / "_delta_log"
    exchanges = []
    for one in heard:
        one = {key: unnamed(value) if isinstance(value, str) else value for key, value in one.items()}
        info = json.loads(one["body"]).get("commit_info")
        staged = log / "_staged_commits" / info["file_name"] if info else None
        if staged and staged.exists() and staged.stat().st_size == info["file_size"]:
            one["staged"] = unnamed(staged.read_text())
            adds = [json.loads(line)["add"]["path"] for line in staged.read_text().splitlines() if '"add"' in line]
            one["files"] = {path: base64.b64encode((table["root"] / path).read_bytes()).decode() for path in adds}
        exchanges.append(one)
    first = json.loads((log / f"{0:020}.json").read_text().splitlines()[0])["commitInfo"]["inCommitTimestamp"]
    RECORDING.write_text(json.dumps({"client": "delta-kernel-unitycatalog 4.4.0, unitycatalog-client 0.6.0", "created_at": first,
                                     "exchanges": exchanges}, indent=1) + "\n")


@pytest.mark.parametrize("between", ["nothing", "listener"])
def test_the_kernel_reads_and_commits(ours, table, listener, between):
    recording = between == "listener" and os.environ.get("ASHLAR_INTEROP_RECORD")
    url = f"http://localhost:{listener.server_port}" if between == "listener" else ours.server.info["url"]
    client = Client(url, ours.server.info["token"], table)
    try:
        assert client("metastore") == {"metastore": ours.ask("/api/2.1/unity-catalog/metastore_summary")["metastore_id"]}
        loaded = client("load")
        assert loaded["version"] == 0 and loaded["properties"]["io.unitycatalog.tableId"] == table["table_id"]
        assert client("append", 1, 2, 3) == {"version": 1}
        assert rows_of(ours) == [1, 2, 3] and client("commits", 0) == {"commits": [], "latest": 1}
        ours.sql("INSERT INTO main.default.outside VALUES (4)")
        # It knows version 1 alone: the answer 409 makes it look again, and commit version 3.
        assert client("append", 5) == {"version": 3}
        assert client("publish") == {"published": 3}
        assert rows_of(ours) == [1, 2, 3, 4, 5]
        assert client("set", "delta.appendOnly", "true") == {"version": 4}
        assert ours.ask("/api/2.1/unity-catalog/tables/main.default.outside")["properties"]["delta.appendOnly"] == "true"
        assert client("load", 1)["version"] == 1
        assert client("load")["version"] == 4
        assert client("append", 6) == {"version": 5}
        assert published(table) == [0, 1, 2, 3, 4, 5] and rows_of(ours) == [1, 2, 3, 4, 5, 6]
        refused(client, table)
        assert client("backfilled", 5) == {"backfilled": 5}
        state = replay.check(str(table["root"]))
        assert state.version == 5 and sorted(row[0] for row in replay.live_rows(str(table["root"]), state)) == [1, 2, 3, 4, 5, 6]
        if recording:
            record(table, listener.heard)
    finally:
        client.stop()


def test_what_is_not_published_is_the_clients_to_publish(ours, table):
    restart(ours, "delta.publish.before_put=error@*")
    client = Client(ours.server.info["url"], ours.server.info["token"], table)
    try:
        assert client("load")["version"] == 0 and client("append", 1) == {"version": 1}
        assert published(table) == [0] and client("commits", 0) == {"commits": [1], "latest": 1}
        assert client("load")["version"] == 1 and client("append", 2) == {"version": 2}
        assert rows_of(ours) == [1, 2] and client("commits", 2) == {"commits": [2], "latest": 2}
        assert client("publish") == {"published": 2} and published(table) == [0, 1, 2]
    finally:
        client.stop()
    restart(ours, "")
    ours.sql("INSERT INTO main.default.outside VALUES (3)")
    assert rows_of(ours) == [1, 2, 3] and published(table) == [0, 1, 2, 3]
    assert replay.check(str(table["root"])).version == 3


@pytest.fixture
def spark(ours, tmp_path):
    """delta-spark with the stand-in (StandIn.scala) as its catalog `main`."""
    classes, jars = tmp_path / "classes", tmp_path / "jars"
    classes.mkdir()
    jars.mkdir()
    compiler = ["java", "-Xmx900m", "-cp", class_path(), "scala.tools.nsc.Main", "-nowarn", "-d", str(classes), "-cp", class_path(), str(HERE / "StandIn.scala")]
    subprocess.run(compiler, check=True, timeout=120)
    with zipfile.ZipFile(jars / "stand-in.jar", "w") as jar:
        for file in classes.rglob("*.class"):
            jar.write(file, file.relative_to(classes))
    for file in DELTA_JARS.glob("*.jar"):
        (jars / file.name).symlink_to(file)
    one = DeltaSpark(tmp_path, jars)
    one.set({"spark.sql.catalog.main": "io.unitycatalog.spark.UCSingleCatalog", "spark.sql.catalog.main.uri": ours.server.info["url"],
             "spark.sql.catalog.main.token": ours.server.info["token"], "spark.sql.catalog.main.deltaRestApi.enabled": "false"})
    yield one
    one.stop()


def test_delta_spark_and_the_server_take_turns(ours, spark):
    name = "main.default.turns"
    ours.sql(f"CREATE TABLE {name} (id INT, v STRING) TBLPROPERTIES ('delta.feature.catalogManaged' = 'supported', 'delta.enableChangeDataFeed' = 'true')")
    statements = ["INSERT INTO {} VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd')", "DELETE FROM {} WHERE id = 2", "UPDATE {} SET v = 'z' WHERE id = 3",
                  "MERGE INTO {} t USING (SELECT 5 AS id, 'e' AS v) s ON t.id = s.id WHEN NOT MATCHED THEN INSERT *",
                  "ALTER TABLE {} SET TBLPROPERTIES ('some' = 'thing')", "INSERT INTO {} SELECT id + 10, v FROM {}", "DELETE FROM {} WHERE id % 2 = 1",
                  "INSERT OVERWRITE {} SELECT id * 2, v FROM {}", "INSERT INTO {} VALUES (9, 'i')"]
    rows, query = [], f"SELECT * FROM {name} ORDER BY id"
    for turn, statement in enumerate(statements * 2):
        (spark if turn % 2 == 0 else ours).sql(statement.format(name, name))
        rows = ours.sql(query).rows
        assert spark.sql(query).rows == rows, statement
    history = ours.sql(f"DESCRIBE HISTORY {name}")
    assert len(history.rows) == len(statements) * 2 + 1 and sorted({row["engineInfo"].split("/")[0] for row in history.dicts()}) == ["Apache-Spark", "Ashlar"]
    changes = f"SELECT id, v, _change_type, _commit_version FROM table_changes('{name}', 1) ORDER BY ALL"
    assert spark.sql(changes).rows == ours.sql(changes).rows
    with pytest.raises(Refused, match="OPTIMIZE is blocked by the catalog"):
        spark.sql(f"OPTIMIZE {name}")
    root = ours.ask(f"/api/2.1/unity-catalog/tables/{name}")["storage_location"].removeprefix("file://")
    state = replay.check(root)
    assert state.version == len(statements) * 2 and sorted(map(list, replay.live_rows(root, state))) == sorted(map(list, rows))


def restart(ours, failpoints):
    ours.server.stop()
    ours.server.env["ASHLAR_FAILPOINTS"] = failpoints
    ours.server.start()


def refused(client, table):
    """What the client makes of each refusal."""
    staged = next((table["root"] / "_delta_log" / "_staged_commits").glob(f"{5:020}.*")).name
    none = client("claim", "00000000-0000-4000-8000-000000000000", 6, staged)
    assert none["error"] == "InvalidTargetTableException", none
    for version in (6, 8):  # of another version, and with a gap
        wrong = client("claim", "-", version, staged)
        assert wrong["error"] == "CommitFailedException" and not wrong["retryable"] and not wrong["conflict"], wrong
    beyond = client("backfilled", 9)
    assert beyond["error"] == "CommitFailedException" and not beyond["conflict"], beyond
