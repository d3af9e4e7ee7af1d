"""A second principal is refused where he must be, on every door; nobody walks round governance by a path."""

import io
import os
import uuid

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import BadRequest, DatabricksError, NotFound, PermissionDenied
from databricks.sdk.service.catalog import VolumeType
from databricks.sdk.service.iam import AccessControlRequest, PermissionLevel
from databricks.sdk.service.sql import StatementState


@pytest.fixture(scope="module")
def stranger(workspace, server):
    """A service principal with a token of its own, and nothing else."""
    principal = workspace.service_principals.create(display_name=f"stranger-{uuid.uuid4()}")
    token = workspace.token_management.create_obo_token(application_id=principal.application_id, comment="test")
    client = WorkspaceClient(host=server.info["url"], token=token.token_value)
    client.application_id = principal.application_id
    return client


@pytest.fixture(scope="module")
def guest(stranger, workspace, server):
    """The same, once it may use the warehouse."""
    with pytest.raises(PermissionDenied):
        stranger.statement_execution.execute_statement("SELECT 1", warehouse_id=server.info["warehouse_id"])
    workspace.permissions.update(
        "sql/warehouses", server.info["warehouse_id"],
        access_control_list=[AccessControlRequest(service_principal_name=stranger.application_id,
                                                  permission_level=PermissionLevel.CAN_USE)])
    return stranger


def outcome(client, server, text):
    return client.statement_execution.execute_statement(text, warehouse_id=server.info["warehouse_id"], wait_timeout="50s")


def test_who_am_i(guest):
    me = guest.current_user.me()
    assert me.user_name == guest.application_id


def test_select_needs_grants_on_every_level(sql, guest, server):
    sql("CREATE OR REPLACE TABLE guarded AS SELECT 42 AS secret")
    refused = outcome(guest, server, "SELECT * FROM main.default.guarded")
    assert refused.status.state == StatementState.FAILED and refused.result is None
    assert "INSUFFICIENT_PERMISSIONS" in refused.status.error.message or "TABLE_OR_VIEW_NOT_FOUND" in refused.status.error.message
    for grant in ("USE CATALOG ON CATALOG main", "USE SCHEMA ON SCHEMA main.default", "SELECT ON TABLE main.default.guarded"):
        sql(f"GRANT {grant} TO `{guest.application_id}`")
    assert outcome(guest, server, "SELECT * FROM main.default.guarded").result.data_array == [["42"]]
    written = outcome(guest, server, "INSERT INTO main.default.guarded VALUES (1)")
    assert written.status.state == StatementState.FAILED
    assert sql("SELECT count(*) FROM guarded") == [["1"]]
    sql(f"REVOKE SELECT ON TABLE main.default.guarded FROM `{guest.application_id}`")
    assert outcome(guest, server, "SELECT * FROM main.default.guarded").status.state == StatementState.FAILED


def test_a_view_lends_its_owners_right(sql, guest, server):
    sql("CREATE OR REPLACE TABLE behind AS SELECT 1 AS a, 'hidden' AS b")
    sql("CREATE OR REPLACE VIEW window AS SELECT a FROM behind")
    sql(f"GRANT SELECT ON VIEW main.default.window TO `{guest.application_id}`")
    sql(f"GRANT USE CATALOG ON CATALOG main TO `{guest.application_id}`")
    sql(f"GRANT USE SCHEMA ON SCHEMA main.default TO `{guest.application_id}`")
    assert outcome(guest, server, "SELECT * FROM main.default.window").result.data_array == [["1"]]
    assert outcome(guest, server, "SELECT * FROM main.default.behind").status.state == StatementState.FAILED


def test_a_shallow_clone_lends_its_files_and_nothing_else(sql, guest, server):
    def refused(text):
        status = outcome(guest, server, text).status
        assert status.state == StatementState.FAILED, text
        assert any(word in status.error.message for word in ("INSUFFICIENT_PERMISSIONS", "TABLE_OR_VIEW_NOT_FOUND", "PERMISSION_DENIED")), text

    sql("CREATE OR REPLACE TABLE lender AS SELECT 42 AS secret")
    sql("CREATE TABLE main.default.lent SHALLOW CLONE main.default.lender")
    location = next(row[1] for row in sql("DESCRIBE EXTENDED main.default.lender") if row[0] == "Location")
    for grant in ("USE CATALOG ON CATALOG main", "USE SCHEMA, CREATE TABLE ON SCHEMA main.default"):
        sql(f"GRANT {grant} TO `{guest.application_id}`")
    refused("SELECT * FROM main.default.lent")
    refused("CREATE TABLE main.default.stolen SHALLOW CLONE main.default.lender")
    refused(f"CREATE TABLE main.default.stolen SHALLOW CLONE delta.`{location}`")
    sql(f"GRANT SELECT ON TABLE main.default.lent TO `{guest.application_id}`")
    assert outcome(guest, server, "SELECT * FROM main.default.lent").result.data_array == [["42"]]
    refused("SELECT * FROM main.default.lender")
    refused("DELETE FROM main.default.lent")
    refused("CREATE TABLE main.default.stolen SHALLOW CLONE main.default.lender")
    # A clone of the clone is the guest's own: the guest can read what it shares, and changes nobody's.
    assert outcome(guest, server, "CREATE TABLE main.default.sublet SHALLOW CLONE main.default.lent").status.state == StatementState.SUCCEEDED
    assert outcome(guest, server, "UPDATE main.default.sublet SET secret = 1").status.state == StatementState.SUCCEEDED
    assert outcome(guest, server, "SELECT * FROM main.default.sublet").result.data_array == [["1"]]
    assert sql("SELECT * FROM lender") == sql("SELECT * FROM lent") == [["42"]]
    for table in ("sublet", "lent", "lender"):
        sql(f"DROP TABLE main.default.{table}")


def test_another_ones_statement_is_not_found(workspace, guest, server):
    mine = outcome(workspace, server, "SELECT 'mine'")
    with pytest.raises(NotFound):
        guest.statement_execution.get_statement(mine.statement_id)
    with pytest.raises(NotFound):
        guest.statement_execution.cancel_execution(mine.statement_id)


def test_admin_routes_are_closed(guest, server):
    with pytest.raises(PermissionDenied):
        guest.token_management.list().__iter__().__next__()
    with pytest.raises(PermissionDenied):
        guest.warehouses.stop(server.info["warehouse_id"])
    with pytest.raises(DatabricksError):
        guest.catalogs.create(f"c{uuid.uuid4().hex}")


def test_paths_do_not_walk_round_governance(workspace, sql, guest, server, tmp_path):
    sql("CREATE OR REPLACE TABLE by_path AS SELECT 7 AS n")
    location = next(row[1] for row in sql("DESCRIBE EXTENDED by_path") if row[0] == "Location")
    data_dir = os.path.dirname(os.path.dirname(location))
    link = tmp_path / "link"
    link.symlink_to(data_dir)
    # Not even an admin reads the server's own state, straight, by .. or by a link.
    for path in (f"{data_dir}/metadb.sqlite", f"{location}/../../metadb.sqlite", f"{link}/metadb.sqlite"):
        assert outcome(workspace, server, f"SELECT * FROM parquet.`{path}`").status.state == StatementState.FAILED
    # A table's files by path are the table, with its grants.
    assert outcome(guest, server, f"SELECT * FROM delta.`{location}`").status.state == StatementState.FAILED
    assert outcome(workspace, server, f"SELECT * FROM delta.`{location}`").result.data_array == [["7"]]
    # Other local files need ANY FILE, which a guest has not.
    (tmp_path / "x.csv").write_text("a\n1\n")
    assert outcome(guest, server, f"SELECT * FROM csv.`{tmp_path}/x.csv`").status.state == StatementState.FAILED


def test_volumes_need_their_grants_and_have_no_way_out(workspace, sql, guest):
    sql("CREATE VOLUME IF NOT EXISTS main.default.box")
    workspace.files.upload("/Volumes/main/default/box/ä b.txt", io.BytesIO(b"content"), overwrite=True)
    assert workspace.files.download("/Volumes/main/default/box/ä b.txt").contents.read() == b"content"
    with pytest.raises(DatabricksError):
        guest.files.download("/Volumes/main/default/box/ä b.txt")
    for path in ("/Volumes/main/default/box/../../../metadb.sqlite", "/Volumes/main/default/box/%2e%2e/x"):
        with pytest.raises((BadRequest, NotFound, PermissionDenied, DatabricksError)):
            workspace.files.download(path)


def test_nothing_opens_the_servers_own_folder(workspace, sql, server, tmp_path):
    """Not a location, a volume, a table's place or a COPY: straight, by .. or by a link, for an admin either."""
    sql("CREATE OR REPLACE TABLE inside AS SELECT 7 AS n")
    location = next(row[1] for row in sql("DESCRIBE EXTENDED inside") if row[0] == "Location").removeprefix("file:")
    data_dir = os.path.dirname(os.path.dirname(location))
    assert os.path.exists(f"{data_dir}/metadb.sqlite")
    link = tmp_path / "link"
    link.symlink_to(data_dir)
    (tmp_path / "sub").mkdir()
    up = os.path.relpath(data_dir, tmp_path / "sub")
    for path in (data_dir, f"{data_dir}/managed", location, f"{location}/..", str(link), f"{link}/managed", f"{tmp_path}/sub/{up}"):
        with pytest.raises(DatabricksError):
            workspace.external_locations.create(f"l{uuid.uuid4().hex}", f"file://{path}", "")
        with pytest.raises(DatabricksError):
            workspace.volumes.create("main", "default", f"v{uuid.uuid4().hex}", VolumeType.EXTERNAL, storage_location=f"file://{path}")
        for text in (f"CREATE TABLE stolen (a INT) USING DELTA LOCATION '{path}/x'", f"CREATE TABLE stolen USING CSV LOCATION '{path}'",
                     f"COPY INTO inside FROM '{path}' FILEFORMAT = CSV", f"SELECT * FROM read_files('{path}', format => 'csv')"):
            assert outcome(workspace, server, text).status.state == StatementState.FAILED, (path, text)
    # A folder that covers the server's is no way in either.
    with pytest.raises(DatabricksError):
        workspace.external_locations.create(f"l{uuid.uuid4().hex}", "file:///", "")
    assert sql("SELECT n FROM inside") == [["7"]]
