"""Managed tables and volumes in object stores: MANAGED LOCATION of schemas and catalogs."""

import io
import uuid

import pytest
from databricks.sdk.errors import DatabricksError

from conftest import Table


@pytest.fixture
def managed(lake):
    """A schema whose managed tables lie in the store: (its name, table(suffix) of it)."""
    name = f"main.s_{uuid.uuid4().hex[:8]}"
    lake.sql(f"CREATE SCHEMA {name} MANAGED LOCATION '{lake.root_url}/managed'")
    info = lake.workspace.schemas.get(name)
    assert (info.storage_root, info.storage_location) == (
        f"{lake.root_url}/managed", f"{lake.root_url}/managed/__unitystorage/schemas/{info.schema_id}")

    def table(suffix):
        full = f"{name}.{suffix}"
        url = lake.workspace.tables.get(full).storage_location
        assert url.startswith(info.storage_location + "/tables/")
        return Table(full, url, lake.prefix + url.removeprefix(lake.root_url))

    yield name, table
    lake.sql(f"DROP SCHEMA IF EXISTS {name} CASCADE")


def test_managed_tables_in_a_store(lake, managed, make_client):
    sql, (schema, table) = lake.sql, managed
    sql(f"CREATE TABLE {schema}.t (id INT, part STRING) PARTITIONED BY (part)")
    t = table("t")
    sql(f"INSERT INTO {t.name} SELECT CAST(id AS INT), concat('p', id % 2) FROM range(10)")
    sql(f"DELETE FROM {t.name} WHERE id = 3")
    sql(f"CREATE TABLE {schema}.copied AS SELECT * FROM {t.name} WHERE id > 4")
    assert sql(f"SELECT count(*), sum(id) FROM {t.name}") == [["9", "42"]] == sql(f"SELECT count(*), sum(id) FROM delta.`{t.url}`")
    assert lake.read(table("copied")).num_rows == 5
    assert lake.workspace.tables.get(t.name).table_type.value == "MANAGED"
    # A shallow clone of a managed table is managed, too, here or in the data folder.
    sql(f"CREATE TABLE {schema}.shared SHALLOW CLONE {t.name}")
    local = lake.table()
    sql(f"CREATE TABLE {local.name} SHALLOW CLONE {t.name}")
    with pytest.raises(AssertionError, match="must be a managed table"):
        sql(f"CREATE TABLE {lake.table().name} SHALLOW CLONE {t.name} LOCATION '{lake.root_url}/c'")
    for clone in (f"{schema}.shared", local.name):
        sql(f"INSERT INTO {clone} VALUES (100, 'p1')")
        assert sql(f"SELECT count(*), sum(id) FROM {clone}") == [["10", "142"]]
        sql(f"DROP TABLE {clone}")
    # Catalog-managed ones, too.
    sql(f"CREATE TABLE {schema}.ratified (id INT) TBLPROPERTIES ('delta.feature.catalogManaged' = 'supported')")
    for i in range(3):
        sql(f"INSERT INTO {schema}.ratified VALUES ({i})")
    sql(f"CREATE OR REPLACE TABLE {schema}.ratified AS SELECT id + 10 AS id FROM {schema}.ratified")
    assert sql(f"SELECT sum(id), count(*) FROM {schema}.ratified") == [["33", "3"]]
    # By grants on tables alone.
    bob = make_client(lake)
    sql(f"GRANT USE SCHEMA, CREATE TABLE ON SCHEMA {schema} TO `{bob.name}`")
    sql(f"CREATE TABLE {schema}.of_bob AS SELECT 7 AS id", client=bob)
    assert sql(f"SELECT * FROM {schema}.of_bob", client=bob) == [["7"]]
    sql(f"GRANT READ FILES, WRITE FILES ON EXTERNAL LOCATION {lake.location} TO `{bob.name}`")
    for path in (t.url, f"{t.url}/_delta_log"):
        with pytest.raises(AssertionError, match="SELECT"):
            sql(f"SELECT * FROM delta.`{path}`", client=bob)
    storage = t.url.rpartition("/tables/")[0]
    with pytest.raises(AssertionError, match="own storage"):
        sql(f"SELECT * FROM parquet.`{storage}/tables`", client=bob)


def test_what_is_dropped_is_deleted_in_the_store(lake, managed):
    sql, (schema, table) = lake.sql, managed
    for name in ("gone", "stays", "later"):
        sql(f"CREATE TABLE {schema}.{name} AS SELECT id FROM range(5)")
    gone, stays, later = table("gone"), table("stays"), table("later")
    assert lake.keys(gone)
    sql(f"DROP TABLE {gone.name}")
    assert lake.keys(gone) == set() and lake.read(stays).num_rows == 5
    # A store that is away keeps no name, and the objects go with a later sweep.
    lake.proxy.fail("throttled", "GET", later.key.rpartition("/")[2], times=50)
    sql(f"DROP TABLE {later.name}")
    lake.proxy.forget()
    with pytest.raises(AssertionError, match="TABLE_OR_VIEW_NOT_FOUND"):
        sql(f"SELECT * FROM {later.name}")
    assert lake.keys(later)
    # A statement that fails leaves nothing behind either.
    with pytest.raises(AssertionError, match="DIVIDE_BY_ZERO"):
        sql(f"CREATE TABLE {schema}.failed AS SELECT 1 / (id - 3) AS x FROM range(5)")
    assert lake.keys(later) == set()
    sql(f"DROP SCHEMA {schema} CASCADE")
    assert lake.keys(stays) == set()
    root = Table("", "", f"{lake.prefix}/managed")
    assert lake.keys(root) == set()


def test_managed_volumes_in_a_store(lake, managed):
    schema, _ = managed
    lake.sql(f"CREATE VOLUME {schema}.v")
    info = lake.workspace.volumes.read(f"{schema}.v")
    assert info.storage_location.startswith(f"{lake.root_url}/managed/__unitystorage/schemas/") and info.volume_type.value == "MANAGED"
    folder = Table("", info.storage_location, lake.prefix + info.storage_location.removeprefix(lake.root_url))
    path = f"/Volumes/{schema.replace('.', '/')}/v/in/a.csv"
    lake.workspace.files.upload(path, io.BytesIO(b"id\n7\n"))
    assert lake.keys(folder) == {"in/a.csv"}
    assert lake.sql(f"SELECT id FROM read_files('{path}', format => 'csv', header => true)") == [["7"]]
    lake.sql(f"DROP VOLUME {schema}.v")
    assert lake.keys(folder) == set()


def test_a_drop_that_a_crash_interrupts_is_finished_at_the_next_start(mortal):
    sql, schema = mortal.sql, f"main.s_{uuid.uuid4().hex[:8]}"
    sql(f"CREATE SCHEMA {schema} MANAGED LOCATION '{mortal.root_url}/managed'")
    sql(f"CREATE TABLE {schema}.t AS SELECT 1 AS id")
    everything = Table("", "", f"{mortal.prefix}/managed")
    mortal.restart("catalog.drop.before_files=kill")
    with pytest.raises((DatabricksError, OSError, TimeoutError)):
        sql(f"DROP TABLE {schema}.t")
    mortal.server.process.wait(timeout=30)
    assert mortal.keys(everything)
    # The store may be away then: the server starts, and the name is gone.
    mortal.proxy.fail("throttled", "GET", "__unitystorage", times=6)
    mortal.restart()
    assert sql(f"SHOW TABLES IN {schema}") == [] and mortal.keys(everything)
    mortal.restart()
    assert mortal.keys(everything) == set()
    sql(f"DROP SCHEMA {schema}")


def test_managed_locations_of_catalogs_need_the_grant(lake, make_client):
    sql, name = lake.sql, f"c_{uuid.uuid4().hex[:8]}"
    bob = make_client(lake)
    sql(f"GRANT CREATE CATALOG ON METASTORE TO `{bob.name}`")
    with pytest.raises(DatabricksError, match="CREATE MANAGED STORAGE"):
        bob.catalogs.create(name, storage_root=f"{lake.root_url}/c")
    sql(f"GRANT CREATE MANAGED STORAGE ON EXTERNAL LOCATION {lake.location} TO `{bob.name}`")
    made = bob.catalogs.create(name, storage_root=f"{lake.root_url}/c")
    assert (made.storage_root, made.storage_location.rpartition("/")[0]) == (f"{lake.root_url}/c", f"{lake.root_url}/c/__unitystorage/catalogs")
    sql(f"CREATE TABLE {name}.default.t AS SELECT 1 AS id", client=bob)
    assert bob.tables.get(f"{name}.default.t").storage_location.startswith(made.storage_location + "/tables/")
    with pytest.raises(AssertionError, match="LOCATION_OVERLAP"):
        sql(f"CREATE TABLE {lake.table().name} (id INT) LOCATION '{lake.root_url}/c/t'")
    with pytest.raises(DatabricksError, match="has dependent"):
        lake.workspace.external_locations.delete(lake.location)
    sql(f"DROP CATALOG {name} CASCADE", client=bob)
    assert lake.keys(Table("", "", f"{lake.prefix}/c")) == set()
