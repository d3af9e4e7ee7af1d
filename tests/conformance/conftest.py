"""The server of the client tests."""

import importlib.util
import pathlib

import pytest

_path = pathlib.Path(__file__).parent.parent / "e2e" / "conftest.py"
_spec = importlib.util.spec_from_file_location("e2e_conftest", _path)
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    running = _module.Server(tmp_path_factory.mktemp("server"), "--ephemeral").start()
    yield running
    running.stop()
