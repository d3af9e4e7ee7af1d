"""Small questions the maintenance tests ask of a table."""

import json
import pathlib
import uuid

import deltalake
import pytest

import replay


class Table:
    """A table of the server, seen through SQL and through its files."""

    def __init__(self, sql, name):
        self.sql = sql
        self.name = name
        self.root = next(row[1] for row in sql(f"DESCRIBE EXTENDED {name}") if row[0] == "Location").removeprefix("file:")

    def rows(self):
        return sorted(map(tuple, self.sql(f"SELECT * FROM {self.name}")), key=str)

    def log(self, version):
        """The actions of one commit, by type."""
        actions = {}
        for line in (pathlib.Path(self.root) / "_delta_log" / f"{version:020}.json").read_text().splitlines():
            (kind, action), = json.loads(line).items()
            actions.setdefault(kind, []).append(action)
        return actions

    def files(self):
        return set(deltalake.DeltaTable(self.root).file_uris())

    def version(self):
        return deltalake.DeltaTable(self.root).version()

    def history(self):
        """The newest commit: operation, parameters, metrics."""
        row = self.sql(f"DESCRIBE HISTORY {self.name} LIMIT 1")[0]
        return row[4], json.loads(row[5]), json.loads(row[9])

    def check(self):
        """The log is sound and three readers agree on the rows."""
        state = replay.check(self.root)
        rows = replay.live_rows(self.root, state)
        table = deltalake.QueryBuilder().register("t", deltalake.DeltaTable(self.root)).execute("SELECT * FROM t").read_all()
        assert len(rows) == table.num_rows == len(self.rows())
        return state


@pytest.fixture
def make_table(sql, request):
    """make_table("(id INT)", properties…) creates a table named after the test."""
    made = []

    def make(columns, rest="", name=None):
        name = name or f"main.default.{request.node.name.split('[')[0]}_{len(made)}"
        sql(f"CREATE TABLE {name} {columns} {rest}")
        made.append(name)
        return Table(sql, name)

    yield make
    for name in made:
        sql(f"DROP TABLE IF EXISTS {name}")


@pytest.fixture
def fails(sql):
    """The text of the error a statement ends with."""

    def run(text, client=None):
        with pytest.raises(AssertionError) as error:
            sql(text, **({"client": client} if client else {}))
        return str(error.value)

    return run


@pytest.fixture(scope="module")
def reader(workspace, server):
    """A service principal that may use the warehouse, and nothing else."""
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.service.iam import AccessControlRequest, PermissionLevel

    principal = workspace.service_principals.create(display_name=f"reader-{uuid.uuid4()}")
    token = workspace.token_management.create_obo_token(application_id=principal.application_id, comment="test")
    workspace.permissions.update(
        "sql/warehouses", server.info["warehouse_id"],
        access_control_list=[AccessControlRequest(service_principal_name=principal.application_id,
                                                  permission_level=PermissionLevel.CAN_USE)])
    client = WorkspaceClient(host=server.info["url"], token=token.token_value)
    client.application_id = principal.application_id
    return client
