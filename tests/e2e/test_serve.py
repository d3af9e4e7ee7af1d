"""`ashlar serve` from its start to its end: ready file, port 0, tokens, what an end leaves, draining, request ids, metrics, logs."""

import base64
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.parse

import pytest
import requests
from ashlar_server import BUILD_DIR
from test_restart import children

MIB = 2**20


def get(info, path, **more):
    headers = {"Authorization": "Bearer " + info["token"], **more.pop("headers", {})}
    return requests.get(info["url"] + path, headers=headers, timeout=60, **more)


def post(info, path, body, **more):
    return requests.post(info["url"] + path, json=body, headers={"Authorization": "Bearer " + info["token"], **more.pop("headers", {})}, timeout=90, **more)


def statement(info, text):
    return post(info, "/api/2.0/sql/statements", {"statement": text, "warehouse_id": info["warehouse_id"], "wait_timeout": "50s"})


def port_of(info):
    return urllib.parse.urlsplit(info["url"]).port


@pytest.fixture
def serve():
    """serve("--ephemeral", …): a process with its pipes, which ends with the test at the latest."""
    processes = []

    def start(*arguments, **more):
        command = [str(BUILD_DIR / "ashlar"), "serve", *map(str, arguments)]
        processes.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more))
        return processes[-1]

    yield start
    for one in processes:
        one.terminate()
        one.communicate(timeout=30)


def test_the_ready_file_is_whole_and_the_server_answers(serve, tmp_path):
    ready = tmp_path / "ready" / "ready.json"
    ready.parent.mkdir()
    process = serve("--ephemeral", "--listen", "localhost:0", "--ready-file", ready)
    deadline = time.monotonic() + 30
    while not ready.exists():
        assert process.poll() is None and time.monotonic() < deadline
    info = json.loads(ready.read_text())  # the moment it is there
    assert get(info, "/api/2.0/preview/scim/v2/Me").json()["userName"] == "admin@localhost"
    assert set(info) == {"url", "token", "workspace_id", "warehouse_id", "cluster_id", "pid"}
    assert info["pid"] == process.pid and port_of(info) > 0
    assert get(info, f"/api/2.0/sql/warehouses/{info['warehouse_id']}").ok
    assert get(info, f"/api/2.1/clusters/get?cluster_id={info['cluster_id']}").ok
    assert get(info, "/.well-known/databricks-config").json()["workspace_id"] == info["workspace_id"]
    assert os.listdir(ready.parent) == ["ready.json"]


def test_port_0_picks_a_free_one_each_time(make_server, tmp_path):
    ports = set()
    for n in range(3):
        ports.add(port_of(make_server("--data-dir", str(tmp_path / str(n))).info))
    assert len(ports) == 3


def test_a_token_is_printed_once(serve, tmp_path):
    printed = []
    for _ in range(2):
        process = serve("--data-dir", tmp_path / "data", "--listen", "localhost:0")
        lines = [process.stdout.readline()]
        while "Stop with Ctrl-C" not in lines[-1]:
            lines.append(process.stdout.readline())
            assert lines[-1], process.stderr.read()
        process.terminate()
        _, told = process.communicate(timeout=30)
        assert process.returncode == 0, told[-10_000:]
        printed.append([line.split()[-1] for line in lines if line.startswith("Your token")])
    assert len(printed[0]) == 1 and printed[0][0].startswith("dapi") and printed[1] == []


def test_two_servers_do_not_share_a_folder(make_server, serve, tmp_path):
    server = make_server("--data-dir", str(tmp_path / "data"))
    second = serve("--data-dir", tmp_path / "data", "--listen", "localhost:0")
    _, complaint = second.communicate(timeout=30)
    assert second.returncode == 1 and "another server uses the data folder" in complaint
    third = serve("--data-dir", tmp_path / "other", "--listen", f"localhost:{port_of(server.info)}")
    _, complaint = third.communicate(timeout=30)
    assert third.returncode == 1 and f":{port_of(server.info)}" in complaint and "Cannot listen" in complaint
    assert get(server.info, "/api/2.0/preview/scim/v2/Me").ok


@pytest.mark.parametrize("arguments, complaint", [
    (["--listen", "localhost"], "HOST:PORT"), (["--listen", "localhost:99999"], "HOST:PORT"), (["--tls-cert", "/nowhere/cert.pem"], "tls-key"),
    (["--tls-cert", "/nowhere/cert.pem", "--tls-key", "/nowhere/key.pem"], "/nowhere/cert.pem"), (["--ready-file", "/nowhere/ready.json"], "/nowhere/ready.json"),
    (["--data-dir", "/proc/ashlar"], "/proc/ashlar"),
], ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_what_cannot_be_served_says_why(arguments, complaint, serve, tmp_path):
    data = [] if "--data-dir" in arguments else ["--data-dir", tmp_path / "data"]
    listen = [] if "--listen" in arguments else ["--listen", "localhost:0"]
    process = serve(*data, *listen, *arguments)
    _, told = process.communicate(timeout=30)
    assert process.returncode != 0 and complaint in told, told


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_ephemeral_leaves_nothing(end, serve, tmp_path):
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    ready = tmp_path / "ready.json"
    process = serve("--ephemeral", "--listen", "localhost:0", "--ready-file", ready, env={**os.environ, "TMPDIR": str(temporary)})
    while not ready.exists():
        assert process.poll() is None
        time.sleep(0.01)
    info = json.loads(ready.read_text())
    assert statement(info, "CREATE TABLE t AS SELECT id FROM range(100000)").json()["status"]["state"] == "SUCCEEDED"
    drivers = children(process.pid)
    assert drivers and list(temporary.iterdir())
    process.send_signal(end)
    _, told = process.communicate(timeout=30)
    assert process.returncode == 0, told[-10_000:]
    assert list(temporary.rglob("*")) == []
    assert [pid for pid in drivers if pathlib.Path(f"/proc/{pid}").exists()] == []


# ---- compute that starts and stops by itself

@pytest.fixture(scope="module", autouse=True)
def idle(workspace, server):
    """A warehouse and a cluster that are used once, now, and then left alone for longer than they may idle."""
    assert workspace.clusters.get(server.info["cluster_id"]).state.value in ("TERMINATED", "PENDING", "RUNNING")
    warehouse = workspace.warehouses.create(name="idle", auto_stop_mins=1).id
    assert workspace.warehouses.get(warehouse).state.value == "STOPPED"
    used = post(server.info, "/api/2.0/sql/statements", {"statement": "SELECT 1", "warehouse_id": warehouse, "wait_timeout": "50s"})
    assert used.json()["status"]["state"] == "SUCCEEDED" and workspace.warehouses.get(warehouse).state.value == "RUNNING"
    cluster = workspace.clusters.create_and_wait("4.2.x-ashlar", num_workers=0, cluster_name="idle", autotermination_minutes=1).cluster_id
    return warehouse, cluster, time.monotonic()


# ---- graceful shutdown

def until(what, seconds=30):
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def sessions(info):
    """Those of statements that run, and of those whose results are kept."""
    return get(info, f"/api/2.0/sql/warehouses/{info['warehouse_id']}").json()["num_active_sessions"]


SECONDS_OF_WORK = "SELECT count(*) FROM range({}) WHERE hash(id, id + 1) % 7 = 3"


def slow_query(info):
    """A statement that takes half a second here: ten are granted, and others may come to load the machine."""
    rows = 2_000_000
    while True:
        begin = time.monotonic()
        assert statement(info, SECONDS_OF_WORK.format(rows)).ok
        took = time.monotonic() - begin
        if took > 0.4:
            return SECONDS_OF_WORK.format(rows)
        rows = int(rows * min(10, 0.6 / max(took, 0.05)))


def test_an_end_lets_what_runs_finish(make_server, tmp_path):
    server = make_server("--data-dir", str(tmp_path / "data"))
    info = server.info
    for text in ("CREATE VOLUME box", "CREATE TABLE kept (n BIGINT)"):
        assert statement(info, text).json()["status"]["state"] == "SUCCEEDED"
    text = f"INSERT INTO kept {slow_query(info)}"
    content, answers = os.urandom(2 * MIB), {}
    stopped = threading.Event()

    def insert():
        answers["insert"] = statement(info, text)

    def pieces():
        yield content[:MIB]
        stopped.wait(30)
        yield content[MIB:]

    def upload():
        answers["upload"] = requests.put(info["url"] + "/api/2.0/fs/files/Volumes/main/default/box/f", data=pieces(), timeout=60,
                                         headers={"Authorization": "Bearer " + info["token"]})

    idle = socket.create_connection(("localhost", port_of(info)))
    threads = [threading.Thread(target=one) for one in (insert, upload)]
    before = sessions(info)
    for thread in threads:
        thread.start()
    until(lambda: sessions(info) > before and list(tmp_path.rglob(".ashlar-upload-*")))
    server.process.send_signal(signal.SIGTERM)
    idle.settimeout(5)
    assert idle.recv(1) == b""  # the idle connection is closed at once
    with pytest.raises(OSError):
        socket.create_connection(("localhost", port_of(info)), timeout=5).close()
    assert server.process.poll() is None
    stopped.set()
    for thread in threads:
        thread.join()
    assert answers["upload"].status_code == 204 and answers["upload"].headers["Connection"] == "close"
    assert answers["insert"].json()["status"]["state"] == "SUCCEEDED", answers["insert"].text
    server.ended()
    server.start()
    assert statement(server.info, "SELECT count(*) FROM kept").json()["result"]["data_array"] == [["1"]]
    assert get(server.info, "/api/2.0/fs/files/Volumes/main/default/box/f").content == content


def test_an_end_does_not_wait_for_ever(make_server, tmp_path):
    server = make_server("--data-dir", str(tmp_path / "data"))
    info = server.info
    assert statement(info, "CREATE TABLE kept (n BIGINT)").json()["status"]["state"] == "SUCCEEDED"
    endless = "INSERT INTO kept SELECT count(*) FROM range(100000000000) WHERE id % 7 = 3"
    outcome = []

    def insert():
        try:
            outcome.append(statement(info, endless).json()["status"]["state"])
        except (requests.RequestException, ValueError) as error:
            outcome.append(type(error).__name__)

    thread = threading.Thread(target=insert)
    before = sessions(info)
    thread.start()
    until(lambda: sessions(info) > before)
    begin = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    server.ended(timeout_s=40)
    assert time.monotonic() - begin < 25
    thread.join()
    assert outcome and outcome[0] != "SUCCEEDED"
    server.start()
    assert statement(server.info, "SELECT count(*) FROM kept").json()["result"]["data_array"] == [["0"]]


# ---- an end nobody wants

def test_a_crash_says_where(make_server, tmp_path):
    """What a process says before it aborts is in the log, and in the text of the test that it spoils."""
    server = make_server("--data-dir", str(tmp_path / "data"))
    assert statement(server.info, "SELECT 1").json()["status"]["state"] == "SUCCEEDED"
    # The first: it has answered. Another may not have come to its main() yet.
    driver = int(re.search(r'"driver started".*?"pid":"(\d+)"', server.log_path.read_text())[1])
    os.kill(driver, signal.SIGABRT)
    until(lambda: re.search(r'"driver ended".*"signal 6"|"signal 6".*"driver ended"', server.log_path.read_text()))
    # A line of the server's may stand between.
    assert re.search(r"fatal signal 06; backtrace:\n(.*\n)?\S*ashlar-driver\(", server.log_path.read_text())
    assert statement(server.info, "SELECT 1").json()["status"]["state"] == "SUCCEEDED"
    server.process.send_signal(signal.SIGABRT)
    server.process.wait(timeout=30)
    with pytest.raises(AssertionError, match=r"the server's end: -6, not 0[\s\S]*fatal signal 06; backtrace:\n\s*\S*ashlar\("):
        server.judge()


# ---- slow clients

def test_slow_clients_are_cut_off(server, workspace, sql):
    """One that stops in its head, one in its body, one in an upload, and one that does not read what it asked for."""
    sql("CREATE VOLUME IF NOT EXISTS slow_box")
    info = server.info
    path = "/api/2.0/fs/files/Volumes/main/default/slow_box"
    auth = f"Host: x\r\nAuthorization: Bearer {info['token']}\r\n"
    assert requests.put(info["url"] + path + "/large?overwrite=true", data=bytes(64 * MIB), headers={"Authorization": "Bearer " + info["token"]}, timeout=60).ok
    sends = {
        "head": "POST /api/2.0/sql/statements HTTP/1.1\r\nHost: x\r\n",
        "body": f"POST /api/2.0/sql/statements HTTP/1.1\r\n{auth}Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{",
        "upload": f"PUT {path}/half HTTP/1.1\r\n{auth}Content-Length: 1000\r\n\r\nhalf",
        "download": f"GET {path}/large HTTP/1.1\r\n{auth}\r\n",
        "nothing": "",
    }
    peers = {}
    for name, text in sends.items():
        peers[name] = socket.socket()
        peers[name].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        peers[name].connect(("localhost", port_of(info)))
        peers[name].sendall(text.encode())
    begin = time.monotonic()
    open_for = {}
    while len(open_for) < len(peers) and time.monotonic() - begin < 60:
        for name, peer in peers.items():
            cut = given_up(server, path + "/large") if name == "download" else not established(peer)
            if name not in open_for and cut:
                open_for[name] = time.monotonic() - begin
        time.sleep(0.2)
    assert set(open_for) == set(peers), f"still connected: {set(peers) - set(open_for)}"
    assert all(seconds < 45 for seconds in open_for.values()), open_for
    received = 0
    while piece := peers["download"].recv(MIB):
        received += len(piece)
    assert received < 64 * MIB  # what was under way, no more
    for peer in peers.values():
        peer.close()
    assert [entry.name for entry in workspace.files.list_directory_contents("/Volumes/main/default/slow_box")] == ["large"]
    assert sql("SELECT 'alive'") == [["alive"]]


def established(peer):
    """Whether the other side still holds the connection: TCP_INFO's first byte is the state, 1 is ESTABLISHED."""
    return peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == 1


def given_up(server, path):
    """Whether the log says that the client of this path was too slow: no end can be seen behind bytes that are not read."""
    return any(entry.get("path") == path and entry.get("status") == "499" for entry in log_of(server))


def test_as_many_files_are_open_as_the_system_allows(server):
    """Each connection and each part of an upload is one; the usual 1024 would be reached by a few uploads."""
    soft, hard = re.search(r"Max open files\s+(\d+)\s+(\d+)", pathlib.Path(f"/proc/{server.process.pid}/limits").read_text()).groups()
    assert soft == hard


# ---- request ids, logs, metrics

def test_request_ids_are_echoed_and_logged(server):
    info = server.info
    assert get(info, "/api/2.0/token/list", headers={"X-Request-Id": "my-id_1.2"}).headers["X-Request-Id"] == "my-id_1.2"
    assert get(info, "/api/2.0/preview/scim/v2/Me").headers["X-Databricks-Org-Id"] == info["workspace_id"]
    made = {get(info, "/api/2.0/token/list").headers["X-Request-Id"] for _ in range(3)}
    assert len(made) == 3 and all(len(one) == 36 for one in made)
    for bad in ("a b", "x" * 129, "ä", '"};'):
        assert get(info, "/api/2.0/token/list", headers={"X-Request-Id": bad.encode()}).headers["X-Request-Id"] not in (bad, "")
    failed = get(info, "/api/2.0/no/such/thing", headers={"X-Request-Id": "the-failed-one"})
    assert failed.status_code == 404 and failed.headers["X-Request-Id"] == "the-failed-one"
    assert "the-failed-one" in [detail.get("request_id") for detail in failed.json()["details"]]
    assert failed.headers["X-Databricks-Org-Id"] == info["workspace_id"]
    deadline = time.monotonic() + 10
    while not {"my-id_1.2", "the-failed-one"} <= {entry.get("request_id") for entry in log_of(server)}:
        assert time.monotonic() < deadline
    (entry,) = [entry for entry in log_of(server) if entry.get("request_id") == "my-id_1.2"]
    assert (entry["method"], entry["path"], entry["operation"], entry["status"], entry["principal"]) == (
        "GET", "/api/2.0/token/list", "tokens.ListTokens", "200", "admin@localhost")


def log_of(server):
    text = server.log_path.read_text()
    return [json.loads(line) for line in text[: text.rfind("\n")].splitlines()]


def test_the_log_is_json_and_holds_no_token(server, workspace):
    token = workspace.tokens.create(comment="secret").token_value
    get({**server.info, "token": token}, "/api/2.0/token/list")
    get(server.info, f"/api/2.0/token/list?x={base64.b64encode(b'x').decode()}")
    for entry in log_of(server):
        assert entry["ts"] and entry["level"] in ("debug", "info", "warn", "error") and entry["msg"]
    text = server.log_path.read_text()
    assert token not in text and server.info["token"] not in text


NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\n"])*)"'
SUFFIXES = {"counter": ("",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}


def samples_of(text):
    """(name, (label, value)…) → number, of the Prometheus text format, version 0.0.4; anything else fails."""
    found, family, families = {}, None, {}
    assert text.endswith("\n")
    for line in text.splitlines():
        if line.startswith("# HELP "):
            family = re.fullmatch(rf"# HELP ({NAME}) (.+)", line)[1]
            assert family not in families, f"{family} comes in two groups"
        elif line.startswith("# TYPE "):
            assert re.fullmatch(rf"# TYPE {family} (counter|gauge|histogram)", line), line
            families[family] = line.split()[-1]
        else:
            name, labels, value = re.fullmatch(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)\}})? (\S+)", line).group(1, 2, 7)
            assert name in [family + suffix for suffix in SUFFIXES[families[family]]], line
            key = (name, *sorted(re.findall(LABEL, labels or "")))
            assert key not in found, line
            found[key] = float(value)
    return found


def test_metrics_are_prometheus_text_and_count(server, sql):
    def samples():
        answer = get(server.info, "/metrics")
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        return samples_of(answer.text)

    def counted(found, operation, status="2xx"):
        return found["ashlar_http_requests_total", ("operation", operation), ("status", status)]

    before = samples()
    for _ in range(5):
        get(server.info, "/api/2.0/token/list")
    requests.get(server.info["url"] + "/api/2.0/token/list", timeout=10)
    sql("SELECT 1")
    deadline = time.monotonic() + 10
    while counted(after := samples(), "tokens.ListTokens") < counted(before, "tokens.ListTokens") + 5:
        assert time.monotonic() < deadline
    assert counted(after, "tokens.ListTokens") == counted(before, "tokens.ListTokens") + 5
    assert counted(after, "tokens.ListTokens", "4xx") == counted(before, "tokens.ListTokens", "4xx") + 1
    assert counted(after, "statement_execution.ExecuteStatement") == counted(before, "statement_execution.ExecuteStatement") + 1
    assert after["ashlar_http_connections",] >= 1
    label = ("operation", "tokens.ListTokens")
    buckets = [(float(dict(key[1:])["le"]), value) for key, value in after.items() if key[0] == "ashlar_http_request_seconds_bucket" and label in key]
    values = [value for _, value in sorted(buckets)]
    assert values == sorted(values) and values[-1] == after["ashlar_http_request_seconds_count", label]
    assert after["ashlar_http_request_seconds_sum", label] > 0
    assert requests.get(server.info["url"] + "/metrics", timeout=10).status_code == 401


def test_compute_that_idles_stops(workspace, server, idle):
    """The last test of the file: the minute it takes has mostly passed."""
    warehouse, cluster, since = idle
    until(lambda: workspace.warehouses.get(warehouse).state.value == "STOPPED", seconds=120)
    until(lambda: workspace.clusters.get(cluster).state.value == "TERMINATED", seconds=120)
    assert time.monotonic() - since > 55, "before its minute"
    again = post(server.info, "/api/2.0/sql/statements", {"statement": "SELECT 2", "warehouse_id": warehouse, "wait_timeout": "50s"})
    assert again.json()["result"]["data_array"] == [["2"]]


def test_a_spark_configuration_for_every_session(make_server):
    key = "spark.databricks.delta.properties.defaults.enableDeletionVectors"
    info = make_server("--ephemeral", "--spark-conf", f"{key}=false", "--spark-conf", "my.key=a=b").info

    def rows(text):
        answer = statement(info, text).json()
        assert answer["status"]["state"] == "SUCCEEDED", answer
        return answer["result"].get("data_array", [])

    assert rows(f"SET {key}") == [[key, "false"]] and rows("SET my.key") == [["my.key", "a=b"]]
    statement(info, "CREATE TABLE without (id INT)")
    assert ["delta.enableDeletionVectors", "false"] in rows("SHOW TBLPROPERTIES without")


@pytest.mark.parametrize("conf", ["novalue", "=value"])
def test_a_spark_configuration_is_a_key_and_a_value(serve, conf):
    process = serve("--ephemeral", "--spark-conf", conf)
    assert "KEY=VALUE" in process.communicate(timeout=30)[1] and process.returncode == 2
