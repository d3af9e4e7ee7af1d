"""Unmodified PySpark (Connect-only client) against `ashlar serve`, or against ASHLAR_SPARK_REMOTE when that is set."""

import importlib.util
import os
import pathlib
import urllib.parse

import pytest

_e2e = importlib.util.spec_from_file_location("e2e_server", pathlib.Path(__file__).parent.parent / "e2e" / "conftest.py")


@pytest.fixture(scope="session")
def remote(tmp_path_factory):
    if "ASHLAR_SPARK_REMOTE" in os.environ:
        yield os.environ["ASHLAR_SPARK_REMOTE"]
        return
    module = importlib.util.module_from_spec(_e2e)
    _e2e.loader.exec_module(module)
    server = module.Server(tmp_path_factory.mktemp("server"), "--ephemeral").start()
    info = server.info
    port = urllib.parse.urlsplit(info["url"]).port
    # A token in the URL means TLS, unless the host is exactly localhost.
    yield f"sc://localhost:{port}/;token={info['token']};x-databricks-cluster-id={info['cluster_id']}"
    server.stop()


@pytest.fixture
def make_session(remote):
    """Sessions of the test's own; each has confs and temporary views of its own."""
    from pyspark.sql.connect.session import SparkSession

    sessions = []

    def make():
        sessions.append(SparkSession.builder.remote(remote).create())
        return sessions[-1]

    yield make
    for session in sessions:
        session.stop()


@pytest.fixture
def spark(make_session):
    return make_session()


@pytest.fixture
def needs_catalog():
    """Tests of tables cannot run against a bare driver."""
    if "ASHLAR_SPARK_REMOTE" in os.environ:
        pytest.skip("no catalog behind ASHLAR_SPARK_REMOTE")
