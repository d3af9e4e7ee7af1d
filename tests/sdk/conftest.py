"""One server for all services, driven by the unmodified databricks-sdk: as its admin, and as somebody with no rights."""

import pathlib
import sys
import uuid

import pytest
from databricks.sdk import WorkspaceClient

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "serving"))
from ashlar_server import server, sql, workspace  # noqa: E402, F401


def pytest_collection_modifyitems(items):
    """What looks back at all calls comes last."""
    items.sort(key=lambda item: item.path.name == "test_operations.py")


def client_with(server, token):
    return WorkspaceClient(host=server.info["url"], token=token)


@pytest.fixture(scope="session")
def make_principal(workspace, server):
    """Service principals with tokens of their own; each client knows its `name`."""

    def make():
        made = workspace.service_principals_v2.create(display_name=unique("principal"))
        token = workspace.token_management.create_obo_token(application_id=made.application_id, comment="tests")
        client = client_with(server, token.token_value)
        client.name, client.principal_id = made.application_id, made.id
        return client

    return make


@pytest.fixture(scope="session")
def stranger(make_principal):
    """Nobody grants him anything."""
    return make_principal()


def unique(prefix):
    return f"{prefix}_{uuid.uuid4().hex[:12]}"


@pytest.fixture
def name():
    """name("x"): a name that nobody has."""
    return unique
