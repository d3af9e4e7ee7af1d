"""The server of the client tests."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "serving"))
from ashlar_server import Server  # noqa: E402


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    running = Server(tmp_path_factory.mktemp("server"), "--ephemeral").start()
    yield running
    running.stop()
