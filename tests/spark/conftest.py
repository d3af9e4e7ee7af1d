"""Unmodified PySpark (Connect-only client) against `ashlar serve`, or against ASHLAR_SPARK_REMOTE when that is set."""

import json
import os
import pathlib
import sys
import urllib.parse
import urllib.request
import uuid

import pytest

_ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(_ROOT / "tools" / "parity"), str(_ROOT / "tests" / "serving")]
import connect_record  # noqa: E402
from ashlar_server import Server, make_server  # noqa: E402, F401

connect_record.install()

# Until PySpark 4.1 a session that is garbage closes itself wherever Python collects it, also in a thread
# that holds gRPC's lock: the client then waits for itself for ever. Sessions that are held on to do not.
_held_sessions = []


def remote_of(server):
    info = server.info
    port = urllib.parse.urlsplit(info["url"]).port
    # A token in the URL means TLS, unless the host is exactly localhost.
    return f"sc://localhost:{port}/;token={info['token']};x-databricks-cluster-id={info['cluster_id']}"


@pytest.fixture(scope="session")
def remote(tmp_path_factory):
    if "ASHLAR_SPARK_REMOTE" in os.environ:
        yield os.environ["ASHLAR_SPARK_REMOTE"]
        return
    server = Server(tmp_path_factory.mktemp("server"), "--ephemeral").start()
    yield remote_of(server)
    server.stop()


@pytest.fixture
def other_token(remote):
    """A token of somebody else who may attach to the cluster."""
    if "ASHLAR_SPARK_REMOTE" in os.environ:
        pytest.skip("nobody else at ASHLAR_SPARK_REMOTE")
    place, *parts = remote.removeprefix("sc://").split("/;")
    given = dict(part.split("=") for part in parts[0].split(";"))

    def call(method, path, body):
        request = urllib.request.Request(f"http://{place}/api/2.0/{path}", json.dumps(body).encode(), method=method,
                                         headers={"Authorization": "Bearer " + given["token"], "Content-Type": "application/json"})
        return json.load(urllib.request.urlopen(request))

    name = call("POST", "preview/scim/v2/ServicePrincipals", {"displayName": f"other-{uuid.uuid4()}"})["applicationId"]
    access = {"service_principal_name": name, "permission_level": "CAN_ATTACH_TO"}
    call("PATCH", f"permissions/clusters/{given['x-databricks-cluster-id']}", {"access_control_list": [access]})
    return call("POST", "token-management/on-behalf-of/tokens", {"application_id": name})["token_value"]


@pytest.fixture
def make_session(remote):
    """Sessions of the test's own; each has confs and temporary views of its own."""
    from pyspark.sql.connect.session import SparkSession

    sessions = []

    def make():
        sessions.append(SparkSession.builder.remote(remote).create())
        _held_sessions.append(sessions[-1])
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


@pytest.fixture
def schema(spark, needs_catalog):
    """The name of a schema that goes with what the test makes in it."""
    name = f"main.s_{uuid.uuid4().hex}"
    spark.sql(f"CREATE SCHEMA {name}")
    yield name
    spark.sql(f"DROP SCHEMA {name} CASCADE")


@pytest.fixture
def table(spark, needs_catalog):
    """The name of a table that the test makes."""
    name = f"main.default.t_{uuid.uuid4().hex}"
    yield name
    spark.sql(f"DROP TABLE IF EXISTS {name}")
