"""Tables of icebergCompatV1 and icebergCompatV2: what their logs and data files have that Iceberg's readers need."""

import glob

import pyarrow.parquet
import pytest

import replay
from test_replay import in_order, location_of

VERSIONS = ("V1", "V2")


def parquet_schemas(root):
    paths = sorted(p for p in glob.glob(f"{root}/**/*.parquet", recursive=True) if "_delta_log" not in p)
    assert paths
    return [pyarrow.parquet.ParquetFile(path).schema_arrow for path in paths]


def field_id(field):
    return int(field.metadata[b"PARQUET:field_id"])


def parts_of(kind, path):
    """(path, field) of elements, keys, values and fields within an Arrow type."""
    import pyarrow
    if pyarrow.types.is_struct(kind):
        inner = [(f"{path}.{field.name}", field) for field in kind]
    elif pyarrow.types.is_list(kind):
        inner = [(f"{path}.element", kind.value_field)]
    elif pyarrow.types.is_map(kind):
        inner = [(f"{path}.key", kind.key_field), (f"{path}.value", kind.item_field)]
    else:
        inner = []
    for at, field in inner:
        yield at, field
        yield from parts_of(field.type, at)


def ids_in_file(schema):
    ids = {}
    for field in schema:
        ids[field.name] = field_id(field)
        ids.update({path: field_id(part) for path, part in parts_of(field.type, field.name)})
    return ids


def ids_in_log(fields, above=""):
    ids = {}
    for field in fields:
        known = field["metadata"]
        name = above + known["delta.columnMapping.physicalName"]
        ids[name] = known["delta.columnMapping.id"]
        ids.update({above + path: number for path, number in known.get("delta.columnMapping.nested.ids", {}).items()})
        ids.update(ids_within(field["type"], name))
    return ids


def ids_within(kind, path):
    if not isinstance(kind, dict):
        return {}
    if kind["type"] == "struct":
        return ids_in_log(kind["fields"], path + ".")
    if kind["type"] == "array":
        return ids_within(kind["elementType"], path + ".element")
    return {**ids_within(kind["keyType"], path + ".key"), **ids_within(kind["valueType"], path + ".value")}


@pytest.mark.parametrize("version", VERSIONS)
def test_partition_columns_are_in_the_files(sql, version):
    table = f"parts_{version}"
    sql(f"CREATE TABLE {table} (q INT, id INT, p STRING, t TIMESTAMP) PARTITIONED BY (p, q) TBLPROPERTIES ("
        f"'delta.enableIcebergCompat{version}' = 'true')")
    sql(f"INSERT INTO {table} VALUES (1, 1, 'a', TIMESTAMP'2024-01-02 03:04:05'), (1, 2, NULL, NULL), (2, 3, 'ä/b', NULL)")
    sql(f"UPDATE {table} SET id = id + 10 WHERE id = 1")
    sql(f"INSERT INTO {table} VALUES (1, 4, 'a', NULL)")
    sql(f"OPTIMIZE {table}")
    root = location_of(sql, table)
    state = replay.check(root)
    assert "deletionVectors" not in state.protocol["writerFeatures"]
    physical = {f["name"]: f["metadata"]["delta.columnMapping.physicalName"] for f in state.schema()}
    ids = {f["metadata"]["delta.columnMapping.physicalName"]: f["metadata"]["delta.columnMapping.id"] for f in state.schema()}
    for schema in parquet_schemas(root):
        assert schema.names == [physical[name] for name in ("id", "t", "p", "q")]
        assert ids_in_file(schema) == ids
        assert str(schema.field(physical["t"]).type) == "timestamp[us, tz=UTC]"
    for action in state.files.values():
        rows = pyarrow.parquet.ParquetFile(replay.data_path(root, action["path"])).read()
        for name in ("p", "q"):
            value = action["partitionValues"][physical[name]]
            assert {None if v is None else str(v) for v in rows[physical[name]].to_pylist()} == {value}
    assert in_order(sql(f"SELECT id, p, q FROM {table}")) == [["11", "a", "1"], ["2", None, "1"], ["3", "ä/b", "2"], ["4", "a", "1"]]
    assert sql(f"SELECT id FROM {table} WHERE p = 'ä/b'") == [["3"]]


def test_elements_keys_and_values_have_ids(sql):
    sql("CREATE TABLE nested (id INT, a ARRAY<ARRAY<INT>>, m MAP<STRING, ARRAY<STRUCT<y: INT>>>, s STRUCT<x: ARRAY<INT>>) "
        "TBLPROPERTIES ('delta.enableIcebergCompatV2' = 'true')")
    sql("INSERT INTO nested SELECT 1, array(array(1)), map('k', array(named_struct('y', 2))), named_struct('x', array(3))")
    sql("ALTER TABLE nested RENAME COLUMN a TO b")
    sql("INSERT INTO nested SELECT 2, array(array(4)), map('l', array(named_struct('y', 5))), named_struct('x', array(6))")
    root = location_of(sql, "nested")
    state = replay.check(root)
    ids = ids_in_log(state.schema())
    assert len(ids) == 12 and len(set(ids.values())) == 12
    assert state.metadata["configuration"]["delta.columnMapping.maxColumnId"] == str(max(ids.values()))
    for schema in parquet_schemas(root):
        assert ids_in_file(schema) == ids
    sql("ALTER TABLE nested ADD COLUMN (more ARRAY<MAP<INT, STRING>>)")
    later = ids_in_log(replay.check(root).schema())
    assert ids.items() <= later.items() and len(later) == 16 and len(set(later.values())) == 16
    assert in_order(sql("SELECT id, b[0][0], m['l'][0].y, s.x[0], more FROM nested")) == [["1", "1", None, "3", None], ["2", "4", "5", "6", None]]


def test_iceberg_metadata_of_its_own_is_refused_by_name(sql):
    with pytest.raises(Exception, match="delta.universalFormat.enabledFormats"):
        sql("CREATE TABLE uniform (id INT) TBLPROPERTIES ('delta.universalFormat.enabledFormats' = 'iceberg')")
    sql("CREATE TABLE no_uniform (id INT)")
    with pytest.raises(Exception, match="delta.universalFormat.enabledFormats"):
        sql("ALTER TABLE no_uniform SET TBLPROPERTIES ('delta.universalFormat.enabledFormats' = 'iceberg')")
    with pytest.raises(Exception, match="UPGRADE UNIFORM"):
        sql("REORG TABLE no_uniform APPLY (UPGRADE UNIFORM (ICEBERG_COMPAT_VERSION = 2))")
