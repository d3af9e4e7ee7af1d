"""A new file about every `delta.targetFileSize`, in each partition that a statement writes to, or after as many rows as it may have."""

import json
import pathlib

import pyarrow.parquet as pq
import pytest

import replay
from test_replay import location_of

TARGET = 1 << 19
ODD = "ä b/c:d%e=f'g"
PARTS = ("plain", ODD, None)
# 64 characters that do not compress, of as many rows in each partition, and one partition of few.
ROWS = "SELECT id, sha2(CAST(id AS STRING), 256) AS t, named_struct('n', if(id % 5 = 0, NULL, array(id))) AS s, "
EACH = 25_000
PART = ROWS + "CASE id % 3 WHEN 0 THEN 'plain' WHEN 1 THEN '{}' END AS p".format(ODD.replace("'", "\\'"))
MANY = f"{PART} FROM range({3 * EACH}) UNION ALL {ROWS} 'few' FROM range(-9, 0)"
PROPERTIES = "PARTITIONED BY (p) TBLPROPERTIES ('delta.targetFileSize' = '512kb')"


def check(sql, table):
    """The files by partition. The log is sound, what is counted and bounded there is so in each file, and no folder is left over."""
    root = location_of(sql, table)
    state = replay.check(root)
    files = {}
    for add in state.files.values():
        assert add["stats"]
        files.setdefault(add["partitionValues"]["p"], []).append(add)
    assert {path.name for path in pathlib.Path(root).glob("_*")} <= {"_delta_log", "_change_data"}
    return files


def assert_sized(adds):
    sizes = sorted(add["size"] for add in adds)
    assert len(sizes) > 2
    # The last one, and what several threads were writing at its end, is what is left.
    assert sizes[-1] < 2 * TARGET and sum(sizes) / len(sizes) > TARGET / 2
    folders = {add["path"].rsplit("/", 1)[0] for add in adds}
    assert len(folders) == 1


def contents(sql, table):
    return sql(f"SELECT p, count(*), count(DISTINCT id), sum(id), sum(length(t)), count(s.n) FROM {table} GROUP BY p ORDER BY p")


@pytest.fixture
def table(sql, request):
    name = request.node.name.strip("]").replace("[", "_")
    sql(f"CREATE TABLE {name} (id BIGINT, t STRING, s STRUCT<n: ARRAY<BIGINT>>, p STRING) {PROPERTIES}")
    return name


def test_an_insert(sql, table):
    sql(f"INSERT INTO {table} {MANY}")
    files = check(sql, table)
    assert set(files) == {*PARTS, "few"} and len(files["few"]) == 1
    for part in PARTS:
        assert_sized(files[part])
    rows = contents(sql, table)
    assert [[row[0], row[1], row[2], row[4]] for row in rows] == [
        [part, str(n), str(n), str(64 * n)] for part, n in ((None, EACH), ("few", 9), ("plain", EACH), (ODD, EACH))]
    assert sum(int(row[3]) for row in rows) == sum(range(-9, 3 * EACH))
    # One file is enough to find a row.
    assert sql(f"SELECT count(*) FROM {table} WHERE id = 7")[0][0] == "1"
    sql(f"INSERT INTO {table} {ROWS} 'plain' FROM range(100)")
    assert len(check(sql, table)["plain"]) == len(files["plain"]) + 1


def test_files_that_have_their_size_already(sql, table):
    sql(f"INSERT INTO {table} {MANY}")
    before = {part: len(adds) for part, adds in check(sql, table).items()}
    rows = contents(sql, table)
    sql(f"INSERT OVERWRITE {table} {MANY}")
    assert contents(sql, table) == rows
    overwritten = check(sql, table)
    for part in PARTS:
        assert_sized(overwritten[part])
        assert abs(len(overwritten[part]) - before[part]) <= 2

    sql(f"CREATE TABLE {table}_as {PROPERTIES} AS SELECT * FROM {table}")
    assert contents(sql, f"{table}_as") == rows
    for part in PARTS:
        assert_sized(check(sql, f"{table}_as")[part])


@pytest.mark.parametrize("vectors", ("true", "false"))
def test_changed_rows(sql, table, vectors):
    sql(f"ALTER TABLE {table} SET TBLPROPERTIES ('delta.enableDeletionVectors' = '{vectors}', 'delta.enableChangeDataFeed' = 'true')")
    sql(f"INSERT INTO {table} {MANY}")
    rows = contents(sql, table)
    sql(f"UPDATE {table} SET t = reverse(t)")
    assert contents(sql, table) == rows
    for part in PARTS:
        assert_sized(check(sql, table)[part])
    sql(f"MERGE INTO {table} USING ({PART} FROM range({3 * EACH}, {6 * EACH})) AS n ON {table}.id = n.id WHEN NOT MATCHED THEN INSERT *")
    merged = check(sql, table)
    for part in PARTS:
        assert_sized(merged[part])
    assert [int(row[1]) for row in contents(sql, table)] == [2 * EACH, 9, 2 * EACH, 2 * EACH]
    changes = sql(f"SELECT _change_type, count(*), count(DISTINCT id) FROM table_changes('{table}', 3, 3) GROUP BY 1 ORDER BY 1")
    assert changes == [[kind, str(3 * EACH + 9), str(3 * EACH + 9)] for kind in ("update_postimage", "update_preimage")]


@pytest.mark.parametrize("properties", ("'delta.enableIcebergCompatV2' = 'true'", "'delta.enableRowTracking' = 'true', 'delta.columnMapping.mode' = 'id'"),
                         ids=("iceberg", "row_ids"))
def test_files_with_more_columns_than_the_table(sql, properties, request):
    name = f"more_{request.node.callspec.id}"
    sql(f"CREATE TABLE {name} (id BIGINT, t STRING, s STRUCT<n: ARRAY<BIGINT>>, p STRING) {PROPERTIES[:-1]}, {properties})")
    sql(f"INSERT INTO {name} {MANY}")
    state = replay.check(location_of(sql, name))
    assert len(state.files) > 3 * len(PARTS)
    assert [int(row[1]) for row in contents(sql, name)] == [EACH, 9, EACH, EACH]


def test_rows_of_many_bytes(sql):
    """A row group of them ends early: by rows alone it would be one of 40 MB."""
    sql("CREATE TABLE wide TBLPROPERTIES ('delta.targetFileSize' = '1mb') AS SELECT id, repeat(sha2(CAST(id AS STRING), 256), 80) AS t FROM range(8000)")
    root = location_of(sql, "wide")
    row_groups = [metadata.row_group(i).num_rows for metadata in map(pq.read_metadata, pathlib.Path(root).glob("*.parquet"))
                  for i in range(metadata.num_row_groups)]
    assert sum(row_groups) == 8000 and max(row_groups) <= 4096
    replay.check(root)


LIMIT = 400


@pytest.mark.parametrize("properties", ("", ", 'delta.enableRowTracking' = 'true'"), ids=("plain", "row_ids"))
def test_rows_of_a_file(sql, properties, request):
    name = f"counted_{request.node.callspec.id}"
    sql(f"CREATE TABLE {name} (number BIGINT GENERATED ALWAYS AS IDENTITY, id BIGINT, t STRING, s STRUCT<n: ARRAY<BIGINT>>, p STRING) "
        f"{PROPERTIES[:-1]}{properties})".replace("512kb", "128mb"))
    sql(f"INSERT INTO {name} WITH ('maxRecordsPerFile' = {LIMIT}) (id, t, s, p) {MANY}")
    files = check(sql, name)
    assert len(files["few"]) == 1
    full, last = divmod(EACH, LIMIT)
    for part in PARTS:
        rows = sorted(json.loads(add["stats"])["numRecords"] for add in files[part])
        assert rows == [last] + [LIMIT] * full
    assert [[row[0], row[1], row[4]] for row in contents(sql, name)] == [
        [part, str(n), str(64 * n)] for part, n in ((None, EACH), ("few", 9), ("plain", EACH), (ODD, EACH))]
    count = str(3 * EACH + 9)
    assert sql(f"SELECT count(DISTINCT number), min(number), max(number), count(DISTINCT id) FROM {name}") == [[count, "1", count, count]]
    if properties:
        assert sql(f"SELECT count(DISTINCT _metadata.row_id), min(_metadata.row_id) FROM {name}") == [[count, "0"]]
