"""The real `ashlar` against a real server of its own."""

import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "serving"))
from ashlar_server import BUILD_DIR, make_server, server, workspace  # noqa: E402, F401

ASHLAR = str(BUILD_DIR.resolve() / "ashlar")


def clean_environment(home: pathlib.Path) -> dict:
    """The environment without a word about any workspace."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DATABRICKS_", "ASHLAR_"))}
    kept.pop("REQUESTS_CA_BUNDLE", None)
    kept.pop("XDG_STATE_HOME", None)
    return {**kept, "HOME": str(home), "TERM": "xterm"}


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def run(home):
    """run("sql", "-e", …) without a workspace named; its output is text with the line ends it has, bytes with text=False."""

    def call(*arguments, env=None, text=True, input=""):
        done = subprocess.run([ASHLAR, *map(str, arguments)], capture_output=True, timeout=120, input=input.encode(),
                              env={**clean_environment(home), **(env or {})})
        if text:
            done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
        return done

    return call


@pytest.fixture
def ashlar(run, server):
    """run(…) with the workspace named in the environment."""
    named = {"DATABRICKS_HOST": server.info["url"], "DATABRICKS_TOKEN": server.info["token"]}

    def call(*arguments, env=None, **options):
        return run(*arguments, env={**named, **(env or {})}, **options)

    return call


@pytest.fixture
def interrupted(home, server):
    """Starts a command, sends Ctrl-C as soon as the command listens for it, gives its exit status."""

    def call(*arguments, before=lambda: None):
        env = {**clean_environment(home), "DATABRICKS_HOST": server.info["url"], "DATABRICKS_TOKEN": server.info["token"]}
        process = subprocess.Popen([ASHLAR, *map(str, arguments)], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, env=env)
        before()
        deadline = time.monotonic() + 30
        while not _catches_interrupt(process.pid):
            assert process.poll() is None and time.monotonic() < deadline, process.stderr.read()
            time.sleep(0.005)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        return process.returncode

    return call


def _catches_interrupt(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    caught = int(next(line for line in status.splitlines() if line.startswith("SigCgt")).split()[1], 16)
    return bool(caught >> (signal.SIGINT - 1) & 1)
