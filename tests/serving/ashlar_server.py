"""A real server for the client tests, `ashlar serve --ephemeral`, one for a whole run, and fixtures that their conftest.py take
from here."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

import pytest

BUILD_DIR = pathlib.Path(os.environ.get("ASHLAR_BUILD_DIR", "build/release"))


class Server:
    """One `ashlar serve`. `info` is the ready file: url, token, workspace_id, warehouse_id, cluster_id, pid."""

    def __init__(self, folder: pathlib.Path, *arguments: str, env: dict | None = None):
        self.folder = folder
        self.arguments = arguments
        self.env = {**os.environ, **(env or {})}
        self.log_path = folder / "serve.log"
        self.process = None
        self.info = None
        self.judged = None  # the process whose end a test has looked at

    def start(self, timeout_s: float = 30) -> "Server":
        ready = self.folder / "ready.json"
        ready.unlink(missing_ok=True)
        command = [str(BUILD_DIR / "ashlar"), "serve", "--listen", "localhost:0", "--ready-file", str(ready), *self.arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=open(self.log_path, "ab"), env=self.env)
        deadline = time.monotonic() + timeout_s
        while not ready.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the server did not start:\n{self.log_path.read_text()[-4000:]}")
            time.sleep(0.01)
        self.info = json.loads(ready.read_text())
        return self

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.ended()

    def ended(self, status: int = 0, timeout_s: float = 30) -> None:
        """Waits for the end of the process; one with another status fails with what the server said last."""
        try:
            found = self.process.wait(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            found = f"not after {timeout_s} s"
        self.judged = self.process
        self._record()
        assert found == status, f"the server's end: {found}, not {status}; its log ends with\n{self.last_words()}"

    def last_words(self, lines: int = 60) -> str:
        return "\n".join(self.log_path.read_text(errors="replace").splitlines()[-lines:])

    def judge(self) -> None:
        """For the end of a test: a server that crashed meanwhile fails it, unless the test has looked at that end."""
        status = self.process.poll()
        if self.process is not self.judged and status is not None and status < 0 and status != -signal.SIGKILL:
            self.ended()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self._record()

    def _record(self) -> None:
        """For tools/parity: what was asked of this server."""
        folder = os.environ.get("ASHLAR_PARITY_DIR")
        if folder:
            shutil.copy(self.log_path, pathlib.Path(folder) / f"{os.getpid()}-{self.process.pid}.log")


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    running = Server(tmp_path_factory.mktemp("server"), "--ephemeral").start()
    yield running
    running.stop()


@pytest.fixture
def make_server(tmp_path):
    """Servers of the test's own: make_server("--data-dir", d). Stopped at the end."""
    servers = []

    def make(*arguments, env=None):
        servers.append(Server(tmp_path, *arguments, env=env))
        return servers[-1].start()

    yield make
    running = [one for one in servers if one.process.poll() is None]
    for one in running:
        one.kill()
    for one in servers:
        one.judge()


@pytest.fixture(scope="session")
def workspace(server):
    from databricks.sdk import WorkspaceClient

    return WorkspaceClient(host=server.info["url"], token=server.info["token"])


@pytest.fixture
def sql(workspace, server):
    """Runs one statement and gives its rows as lists of text; raises with the error's message."""
    from databricks.sdk.service.sql import StatementState

    def run(text, client=workspace, **options):
        options.setdefault("wait_timeout", "50s")
        answer = client.statement_execution.execute_statement(text, warehouse_id=server.info["warehouse_id"], **options)
        assert answer.status.state == StatementState.SUCCEEDED, answer.status.error
        return (answer.result.data_array or []) if answer.result else []

    return run
