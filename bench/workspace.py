"""A server of the benchmark's own, and a client that costs as little as possible: one kept connection, raw JSON."""

import http.client
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time


class StatementFailed(Exception):
    pass


class Workspace:
    """`ashlar serve` over a folder of its own; gone with the object. `started_s`: process start → ready to answer."""

    def __init__(self, build_dir: str, *arguments: str):
        self.folder = tempfile.TemporaryDirectory(prefix="ashlar-bench-", dir=os.environ.get("ASHLAR_BENCH_TMP"))
        root = pathlib.Path(self.folder.name)
        ready = root / "ready.json"
        begin = time.monotonic()
        self.log_path = root / "serve.log"
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [f"{build_dir}/ashlar", "serve", "--data-dir", str(root / "data"), "--listen", "localhost:0",
                 "--ready-file", str(ready), *arguments], stdout=log, stderr=log)
        while not ready.exists():
            if self.process.poll() is not None or time.monotonic() - begin > 30:
                raise SystemExit("the server did not start:\n" + self.log_path.read_text()[-3000:])
            time.sleep(0.001)
        self.started_s = time.monotonic() - begin
        self.info = json.loads(ready.read_text())
        self.host = self.info["url"].removeprefix("http://")
        self.names = {}  # the catalog and schema of every statement, when set
        self.connection = http.client.HTTPConnection(self.host)

    def request(self, method: str, path: str, body: dict | None = None) -> dict:
        headers = {"Authorization": "Bearer " + self.info["token"], "Content-Type": "application/json"}
        self.connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        response = self.connection.getresponse()
        text = response.read()
        if response.status != 200:
            raise StatementFailed(f"{method} {path}: {response.status} {text.decode()[:500]}")
        return json.loads(text) if text else {}

    def statement(self, text: str, warehouse_id: str | None = None) -> dict:
        """Runs one statement to its end and gives the API's answer."""
        answer = self.request("POST", "/api/2.0/sql/statements", {
            "statement": text, "warehouse_id": warehouse_id or self.info["warehouse_id"], "wait_timeout": "50s",
            **self.names})
        while answer["status"]["state"] in ("PENDING", "RUNNING"):
            time.sleep(0.05)
            answer = self.request("GET", "/api/2.0/sql/statements/" + answer["statement_id"])
        if answer["status"]["state"] != "SUCCEEDED":
            raise StatementFailed(f"{answer['status']['error']['message']}\nin: {text[:300]}")
        return answer

    def rows(self, text: str) -> list[list]:
        """All rows, as text; follows the chunks."""
        answer = self.statement(text)
        rows = list((answer.get("result") or {}).get("data_array") or [])
        for chunk in (answer.get("manifest", {}).get("chunks") or [])[1:]:
            part = self.request("GET", f"/api/2.0/sql/statements/{answer['statement_id']}/result/chunks/{chunk['chunk_index']}")
            rows += part.get("data_array") or []
        return rows

    def drivers(self) -> list[int]:
        """Process ids of the server's drivers."""
        pids = []
        for entry in pathlib.Path("/proc").iterdir():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            parent = int(stat.rpartition(")")[2].split()[1]) if entry.name.isdigit() else 0
            if parent == self.process.pid:
                pids.append(int(entry.name))
        return sorted(pids)

    def close(self) -> None:
        self.connection.close()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.folder.cleanup()


def resident_mib(pid: int) -> float:
    """What /proc says is resident, in MiB."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"process {pid} has no VmRSS")
