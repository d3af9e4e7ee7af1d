"""Unity Catalog: catalogs, schemas, tables, volumes, external locations, grants."""

import pytest
from databricks.sdk.errors import BadRequest, NotFound, NotImplemented, PermissionDenied, ResourceConflict
from databricks.sdk.service.catalog import (CatalogType, ColumnTypeName, DataSourceFormat, EnablePredictiveOptimization, PermissionsChange,
                                            Privilege, TableType, VolumeType)


@pytest.fixture
def catalog(workspace, name):
    made = workspace.catalogs.create(name("c"), comment="made by a test", properties={"team": "blue"})
    yield made
    workspace.catalogs.delete(made.name, force=True)


@pytest.fixture
def schema(workspace, catalog):
    return workspace.schemas.create("s", catalog.name)


def test_the_life_of_a_catalog(workspace, catalog, name):
    got = workspace.catalogs.get(catalog.name)
    assert got == catalog
    assert (got.comment, got.properties, got.owner, got.catalog_type) == ("made by a test", {"team": "blue"}, "admin@localhost", CatalogType.MANAGED_CATALOG)
    assert {one.name for one in workspace.schemas.list(catalog.name)} >= {"default"}
    renamed = name("renamed")
    other = workspace.catalogs.create(name("other"))
    changed = workspace.catalogs.update(other.name, new_name=renamed, comment="changed", properties={"team": "red"})
    assert (changed.name, changed.comment, changed.properties) == (renamed, "changed", {"team": "red"})
    assert changed.updated_at >= changed.created_at
    with pytest.raises(NotFound):
        workspace.catalogs.get(other.name)
    workspace.catalogs.delete(renamed, force=True)
    with pytest.raises(NotFound):
        workspace.catalogs.get(renamed)


def test_a_catalog_with_something_in_it_is_not_deleted_unasked(workspace, catalog, schema):
    with pytest.raises(BadRequest, match="(?i)not empty"):
        workspace.catalogs.delete(catalog.name)
    assert workspace.schemas.get(schema.full_name).name == "s"


def test_lists_come_in_pages(workspace, catalog, sql):
    names = [f"s{n}" for n in range(5)]
    for one in names:
        workspace.schemas.create(one, catalog.name)
    for size in (1, 2, 100, 0):
        assert [one.name for one in workspace.schemas.list(catalog.name, max_results=size) if one.name in names] == names
    assert catalog.name in [one.name for one in workspace.catalogs.list(max_results=1)]
    for n in range(3):
        sql(f"CREATE TABLE {catalog.name}.s0.t{n} (a INT)")
        workspace.volumes.create(catalog.name, "s0", f"v{n}", VolumeType.MANAGED)
    assert [one.name for one in workspace.tables.list(catalog.name, "s0", max_results=2)] == ["t0", "t1", "t2"]
    assert [one.name for one in workspace.volumes.list(catalog.name, "s0", max_results=2)] == ["v0", "v1", "v2"]


def test_the_life_of_a_schema(workspace, catalog, schema):
    assert workspace.schemas.get(schema.full_name) == schema and schema.full_name == f"{catalog.name}.s"
    changed = workspace.schemas.update(schema.full_name, new_name="t", comment="changed", properties={"a": "b"})
    assert (changed.full_name, changed.comment, changed.properties) == (f"{catalog.name}.t", "changed", {"a": "b"})
    workspace.schemas.delete(changed.full_name)
    with pytest.raises(NotFound):
        workspace.schemas.get(changed.full_name)


def test_a_table_is_described(workspace, catalog, schema, sql):
    full_name = f"{schema.full_name}.t"
    sql(f"CREATE TABLE {full_name} (id BIGINT NOT NULL COMMENT 'the key', price DECIMAL(12,2), tags ARRAY<STRING>, day DATE) "
        "PARTITIONED BY (day) COMMENT 'goods' TBLPROPERTIES ('owner.team' = 'blue')")
    table = workspace.tables.get(full_name)
    assert (table.table_type, table.data_source_format, table.comment) == (TableType.MANAGED, DataSourceFormat.DELTA, "goods")
    assert table.properties["owner.team"] == "blue" and table.storage_location.startswith("file://")
    columns = {column.name: column for column in table.columns}
    assert [column.position for column in table.columns] == [0, 1, 2, 3]
    assert (columns["id"].type_name, columns["id"].nullable, columns["id"].comment) == (ColumnTypeName.LONG, False, "the key")
    assert (columns["price"].type_text, columns["price"].type_precision, columns["price"].type_scale) == ("decimal(12,2)", 12, 2)
    assert columns["tags"].type_text == "array<string>" and columns["day"].partition_index == 0
    assert workspace.tables.exists(full_name).table_exists
    assert not workspace.tables.exists(f"{schema.full_name}.nothing").table_exists
    listed = list(workspace.tables.list(catalog.name, "s", omit_columns=True))
    assert [one.full_name for one in listed] == [full_name] and not listed[0].columns
    sql(f"CREATE VIEW {schema.full_name}.v AS SELECT id FROM {full_name}")
    assert workspace.tables.get(f"{schema.full_name}.v").view_definition == f"SELECT id FROM {full_name}"
    workspace.tables.delete(f"{schema.full_name}.v")
    workspace.tables.delete(full_name)
    with pytest.raises(NotFound):
        workspace.tables.get(full_name)


def test_the_life_of_a_volume(workspace, catalog, schema, tmp_path):
    volume = workspace.volumes.create(catalog.name, "s", "v", VolumeType.MANAGED, comment="files")
    assert workspace.volumes.read(volume.full_name) == volume and volume.comment == "files"
    changed = workspace.volumes.update(volume.full_name, new_name="w", comment="changed")
    assert (changed.full_name, changed.comment, changed.volume_id) == (f"{catalog.name}.s.w", "changed", volume.volume_id)
    workspace.volumes.delete(changed.full_name)
    with pytest.raises(NotFound):
        workspace.volumes.read(changed.full_name)
    with pytest.raises(BadRequest, match="storage_location"):
        workspace.volumes.create(catalog.name, "s", "v", VolumeType.EXTERNAL)


def test_the_life_of_a_storage_credential(workspace, name):
    key = name("key")
    # The SDK's own create() knows only the kinds of credential that Databricks' clouds have.
    body = {"name": key, "comment": "ours", "aws_access_key": {"access_key_id": "AKIA", "secret_access_key": "sesame", "region": "eu-west-1"}}
    made = workspace.api_client.do("POST", "/api/2.1/unity-catalog/storage-credentials", body=body)
    assert made["aws_access_key"] == {"access_key_id": "AKIA", "region": "eu-west-1"} and made["name"] == key
    read = workspace.storage_credentials.get(key)
    assert (read.id, read.comment, read.read_only) == (made["id"], "ours", False)
    assert key in [one.name for one in workspace.storage_credentials.list(max_results=1)]
    changed = workspace.storage_credentials.update(key, new_name=key + "2", comment="yours")
    assert (changed.name, changed.comment, changed.id) == (key + "2", "yours", read.id)
    for wrong in ({}, {"aws_access_key": {"access_key_id": "a"}}, {"azure_storage_key": {}},
                  {"azure_storage_key": {"account_key": "a2V5", "sas_token": "s"}},
                  {"azure_storage_key": {"account_key": "a2V5", "endpoint": "file:///etc"}}):
        with pytest.raises(BadRequest):
            workspace.api_client.do("POST", "/api/2.1/unity-catalog/storage-credentials", body={"name": name("no"), **wrong})
    workspace.storage_credentials.delete(key + "2")
    with pytest.raises(NotFound):
        workspace.storage_credentials.get(key + "2")


def test_the_life_of_an_external_location(workspace, catalog, schema, name, tmp_path):
    place = name("place")
    location = workspace.external_locations.create(place, f"file://{tmp_path}", "", comment="here")
    assert workspace.external_locations.get(place) == location and location.url == f"file://{tmp_path}"
    assert place in [one.name for one in workspace.external_locations.list(max_results=1)]
    (tmp_path / "x.txt").write_text("text")
    volume = workspace.volumes.create(catalog.name, "s", "ext", VolumeType.EXTERNAL, storage_location=f"file://{tmp_path}")
    assert workspace.files.download(f"/Volumes/{catalog.name}/s/ext/x.txt").contents.read() == b"text"
    workspace.volumes.delete(volume.full_name)
    assert (tmp_path / "x.txt").read_text() == "text"
    changed = workspace.external_locations.update(place, new_name=place + "2", comment="there")
    assert (changed.name, changed.comment) == (place + "2", "there")
    workspace.external_locations.delete(changed.name)
    with pytest.raises(NotFound):
        workspace.external_locations.get(changed.name)


def test_grants(workspace, catalog, schema, make_principal, sql):
    reader = make_principal()
    sql(f"CREATE TABLE {schema.full_name}.t AS SELECT 1 AS a")
    with pytest.raises(PermissionDenied):
        reader.tables.get(f"{schema.full_name}.t")
    for kind, of, privilege in (("catalog", catalog.name, Privilege.USE_CATALOG), ("schema", schema.full_name, Privilege.USE_SCHEMA),
                                ("schema", schema.full_name, Privilege.SELECT)):
        answer = workspace.grants.update(kind, of, changes=[PermissionsChange(add=[privilege], principal=reader.name)])
        assert privilege in [held for one in answer.privilege_assignments if one.principal == reader.name for held in one.privileges]
    assert reader.tables.get(f"{schema.full_name}.t").name == "t"
    assert workspace.grants.get("table", f"{schema.full_name}.t").privilege_assignments in (None, [])
    effective = workspace.grants.get_effective("table", f"{schema.full_name}.t", principal=reader.name)
    (mine,) = effective.privilege_assignments
    inherited = {held.privilege: held.inherited_from_name for held in mine.privileges}
    assert inherited[Privilege.SELECT] == schema.full_name
    workspace.grants.update("schema", schema.full_name, changes=[PermissionsChange(remove=[Privilege.SELECT], principal=reader.name)])
    with pytest.raises(PermissionDenied):
        reader.tables.get(f"{schema.full_name}.t")
    with pytest.raises(PermissionDenied):
        reader.grants.update("schema", schema.full_name, changes=[PermissionsChange(add=[Privilege.SELECT], principal=reader.name)])
    with pytest.raises(NotFound):
        workspace.grants.update("schema", schema.full_name, changes=[PermissionsChange(add=[Privilege.SELECT], principal="nobody@example.com")])
    with pytest.raises(BadRequest):
        workspace.grants.update("schema", schema.full_name, changes=[PermissionsChange(add=[Privilege.READ_PRIVATE_FILES], principal=reader.name)])


def test_a_new_owner_owns(workspace, catalog, make_principal):
    owner = make_principal()
    assert workspace.catalogs.update(catalog.name, owner=owner.name).owner == owner.name
    assert owner.catalogs.update(catalog.name, comment="mine").comment == "mine"


def test_the_metastore(workspace, server):
    summary, assignment = workspace.metastores.summary(), workspace.metastores.current()
    assert summary.metastore_id == assignment.metastore_id and str(assignment.workspace_id) == server.info["workspace_id"]
    assert assignment.default_catalog_name == "main"


def test_errors_have_their_class(workspace, catalog, schema, name):
    with pytest.raises((BadRequest, ResourceConflict), match="already exists"):
        workspace.catalogs.create(catalog.name)
    with pytest.raises((BadRequest, ResourceConflict), match="already exists"):
        workspace.schemas.create("s", catalog.name)
    for call in (lambda: workspace.schemas.create("s", "no_such_catalog"), lambda: workspace.catalogs.delete("no_such_catalog"),
                 lambda: workspace.schemas.get("main.no_such_schema"), lambda: workspace.schemas.delete("main.no_such_schema"),
                 lambda: list(workspace.schemas.list("no_such_catalog")), lambda: list(workspace.tables.list("main", "no_such_schema")),
                 lambda: workspace.tables.get("main.default.no_such_table"), lambda: workspace.tables.delete("main.default.no_such_table"),
                 lambda: workspace.volumes.read("main.default.no_such_volume"), lambda: workspace.volumes.delete("main.default.no_such_volume"),
                 lambda: list(workspace.volumes.list("main", "no_such_schema")), lambda: workspace.external_locations.get("no_such_place"),
                 lambda: workspace.external_locations.delete("no_such_place"), lambda: workspace.grants.get("table", "main.default.no_such_table"),
                 lambda: workspace.external_locations.create(name("l"), "file:///srv", "no_such_credential")):
        with pytest.raises(NotFound):
            call()
    for call in (lambda: workspace.tables.get("one_part"), lambda: workspace.volumes.read("a.b"), lambda: workspace.schemas.get("a.b.c"),
                 lambda: workspace.catalogs.create("with.dot"), lambda: workspace.schemas.create("", catalog.name)):
        with pytest.raises(BadRequest):
            call()
    for call, what in ((lambda: workspace.catalogs.create(name("c"), share_name="s"), "share"),
                       (lambda: workspace.catalogs.update(catalog.name, enable_predictive_optimization=EnablePredictiveOptimization.ENABLE), "predictive"),
                       (lambda: workspace.grants.get("function", "main.default.f"), "FUNCTION")):
        with pytest.raises(NotImplemented, match=what):
            call()


def test_a_stranger_is_refused(workspace, stranger, catalog, schema, sql, tmp_path, name):
    sql(f"CREATE TABLE {schema.full_name}.t (a INT)")
    workspace.volumes.create(catalog.name, "s", "v", VolumeType.MANAGED)
    place = name("place")
    workspace.external_locations.create(place, f"file://{tmp_path}", "")
    table, volume = f"{schema.full_name}.t", f"{schema.full_name}.v"
    assert catalog.name not in [one.name for one in stranger.catalogs.list()]
    assert place not in [one.name for one in stranger.external_locations.list()]
    w = stranger
    calls = [lambda: w.catalogs.create(name("c")), lambda: w.catalogs.get(catalog.name), lambda: w.catalogs.update(catalog.name, comment="x"),
             lambda: w.catalogs.delete(catalog.name, force=True), lambda: w.schemas.create("mine", catalog.name), lambda: w.schemas.get(schema.full_name),
             lambda: w.schemas.update(schema.full_name, comment="x"), lambda: w.schemas.delete(schema.full_name),
             lambda: w.tables.get(table), lambda: w.tables.delete(table), lambda: w.tables.exists(table), lambda: list(w.tables.list(catalog.name, "s")),
             lambda: w.volumes.create(catalog.name, "s", "mine", VolumeType.MANAGED), lambda: w.volumes.read(volume),
             lambda: w.volumes.update(volume, comment="x"), lambda: w.volumes.delete(volume), lambda: list(w.volumes.list(catalog.name, "s")),
             lambda: w.external_locations.create(name("l"), f"file://{tmp_path}/x", ""), lambda: w.external_locations.get(place),
             lambda: w.external_locations.update(place, comment="x"), lambda: w.external_locations.delete(place),
             lambda: w.grants.get("table", table), lambda: w.grants.get_effective("table", table),
             lambda: w.grants.update("table", table, changes=[PermissionsChange(add=[Privilege.SELECT], principal=w.name)])]
    for number, call in enumerate(calls):
        with pytest.raises(PermissionDenied):
            call()
            pytest.fail(f"call {number} got through")
    workspace.external_locations.delete(place)
