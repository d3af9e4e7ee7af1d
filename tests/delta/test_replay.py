"""Tables written through SQL, read again by the plain replayer and by the `deltalake` package."""

import datetime
import json
import shutil

import deltalake
import pytest

import replay


def location_of(sql, table):
    return next(row[1] for row in sql(f"DESCRIBE EXTENDED {table}") if row[0] == "Location").removeprefix("file:")


def in_order(rows):
    return sorted(rows, key=lambda row: [(v is not None, str(v)) for v in row])


def read_by_deltalake(root):
    table = deltalake.DeltaTable(root)
    batches = deltalake.QueryBuilder().register("t", table).execute("SELECT * FROM t").read_all()
    return [[row[name].as_py() for name in batches.column_names] for row in map(dict, zip_rows(batches))]


def zip_rows(batches):
    names = batches.column_names
    for i in range(batches.num_rows):
        yield {name: batches.column(name)[i] for name in names}


def check_everywhere(sql, table, columns):
    """The log is sound, and three readers agree on rows, schema and versions."""
    root = location_of(sql, table)
    state = replay.check(root)
    rows = replay.live_rows(root, state)
    assert len(rows) == int(sql(f"SELECT count(*) FROM {table}")[0][0])
    assert in_order(read_by_deltalake(root)) == in_order(rows)
    assert [field["name"] for field in state.schema()] == columns
    independent = deltalake.DeltaTable(root)
    assert independent.version() == state.version
    assert [field.name for field in independent.schema().fields] == columns
    described = sql(f"DESCRIBE HISTORY {table}")
    recorded = independent.history()
    assert [row[0] for row in described] == [str(entry["version"]) for entry in recorded]
    assert [row[4] for row in described] == [entry["operation"] for entry in recorded]
    return state, rows


def check_without_commits(sql, table, tmp_path, rows):
    """A copy that has lost what its newest checkpoint stands for is the same table to every reader."""
    root = tmp_path / "copy"
    shutil.copytree(location_of(sql, table), root)
    log = root / "_delta_log"
    assert list(log.glob("*.crc")), "no checksum files"
    checkpoint = json.loads((log / "_last_checkpoint").read_text())["version"]
    for commit in log.glob("*.json"):
        if replay.COMMIT.match(commit.name) and int(commit.name[:20]) < checkpoint:
            commit.unlink()
    assert in_order(replay.live_rows(root)) == in_order(rows)
    assert in_order(read_by_deltalake(str(root))) == in_order(rows)
    assert int(sql(f"SELECT count(*) FROM delta.`{root}`")[0][0]) == len(rows)
    assert int(sql(f"SELECT count(*) FROM delta.`{root}` WHERE id > 1999")[0][0]) == 4


def mixed_history(sql, table):
    sql(f"INSERT INTO {table} SELECT id, CAST(id % 7 AS STRING), id / 4.0D, DATE'2024-01-01' + CAST(id AS INT), 'a' FROM range(200)")
    sql(f"INSERT INTO {table} VALUES (1000, NULL, NULL, NULL, 'b'), (1001, 'ä' || repeat('z', 60), -0.5D, DATE'1969-12-31', 'b')")
    sql(f"DELETE FROM {table} WHERE id % 10 = 3")
    sql(f"UPDATE {table} SET name = 'changed', x = x + 1 WHERE id BETWEEN 50 AND 70")
    sql(f"MERGE INTO {table} t USING (SELECT id * 5 AS id FROM range(60)) s ON t.id = s.id "
        "WHEN MATCHED AND t.id < 50 THEN DELETE WHEN MATCHED THEN UPDATE SET t.name = 'merged' "
        "WHEN NOT MATCHED THEN INSERT (id, name, part) VALUES (s.id, 'new', 'c')")
    sql(f"DELETE FROM {table} WHERE part = 'b'")
    for n in range(6):
        sql(f"INSERT INTO {table} VALUES ({2000 + n}, 'tail', 1.0D, DATE'2024-02-02', 'd')")
    sql(f"DELETE FROM {table} WHERE id IN (2001, 2003, 52)")


def expected_rows():
    """The same history over a dictionary."""
    day = datetime.date(2024, 1, 1)
    rows = {i: [i, str(i % 7), i / 4.0, day + datetime.timedelta(i), "a"] for i in range(200) if i % 10 != 3}
    for i in range(50, 71):
        if i in rows:
            rows[i] = [i, "changed", rows[i][2] + 1, *rows[i][3:]]
    for i in range(0, 300, 5):
        if i in rows and i < 50:
            del rows[i]
        elif i in rows:
            rows[i][1] = "merged"
        else:
            rows[i] = [i, "new", None, None, "c"]
    for n in range(6):
        rows[2000 + n] = [2000 + n, "tail", 1.0, datetime.date(2024, 2, 2), "d"]
    return [row for i, row in rows.items() if i not in (2001, 2003, 52)]


COLUMNS = ["id", "name", "x", "d", "part"]
LAYOUTS = {  # with deletion vectors, as every new table, unless the name begins with "copied"
    "plain": "",
    "partitioned": "PARTITIONED BY (part) TBLPROPERTIES ('delta.checkpointInterval' = '3')",
    "copied": "TBLPROPERTIES ('delta.enableDeletionVectors' = 'false')",
    "copied_partitioned": "PARTITIONED BY (part) TBLPROPERTIES ('delta.enableDeletionVectors' = 'false')",
    "copied_v2_checkpoints": "TBLPROPERTIES ('delta.enableDeletionVectors' = 'false', 'delta.checkpointPolicy' = 'v2', 'delta.checkpointInterval' = '3')",
    "v2_checkpoints": "TBLPROPERTIES ('delta.checkpointPolicy' = 'v2', 'delta.checkpointInterval' = '3')",
    # A row a file: none is marked, the files go.
    "statistics_as_struct": "PARTITIONED BY (d) TBLPROPERTIES ('delta.checkpoint.writeStatsAsJson' = 'false', 'delta.checkpointInterval' = '3')",
    "in_commit_timestamps": "TBLPROPERTIES ('delta.enableInCommitTimestamps' = 'true')",
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_mixed_history(sql, tmp_path, layout):
    table = f"mixed_{layout}"
    sql(f"CREATE OR REPLACE TABLE {table} (id BIGINT, name STRING, x DOUBLE, d DATE, part STRING) {LAYOUTS[layout]}")
    mixed_history(sql, table)
    state, rows = check_everywhere(sql, table, COLUMNS)
    assert in_order(rows) == in_order(expected_rows())
    assert state.version == 13
    has_vectors = any(file.get("deletionVector") for file in state.files.values())
    assert has_vectors == (not layout.startswith("copied") and layout != "statistics_as_struct")
    check_without_commits(sql, table, tmp_path, rows)


def test_every_type_has_true_statistics(sql):
    sql("CREATE OR REPLACE TABLE typed (b BOOLEAN, i INT, de DECIMAL(20,3), f FLOAT, ts TIMESTAMP, n TIMESTAMP_NTZ, bi BINARY, "
        "s STRUCT<a: INT, t: STRUCT<u: STRING>>, l ARRAY<INT>, m MAP<STRING, INT>)")
    sql("INSERT INTO typed VALUES (true, 1, 12345678901234567.891, 1.5, TIMESTAMP'2024-01-01 00:00:00.123456', "
        "TIMESTAMP_NTZ'1999-12-31 23:59:59.999999', X'00ff', named_struct('a', 1, 't', named_struct('u', 'x')), array(1), map('k', 1)), "
        "(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)")
    sql("INSERT INTO typed SELECT * FROM typed")
    state = replay.check(location_of(sql, "typed"))
    stats = json.loads(next(iter(state.files.values()))["stats"])
    assert stats["numRecords"] == 2 and stats["minValues"]["s"]["t"]["u"] == "x"


def test_a_lie_is_found(sql, tmp_path):
    """The replayer is worth what it refuses."""
    sql("CREATE OR REPLACE TABLE honest (id BIGINT)")
    sql("INSERT INTO honest VALUES (1), (2)")
    root = tmp_path / "t"
    shutil.copytree(location_of(sql, "honest"), root)
    commit = root / "_delta_log" / f"{1:020}.json"
    text = commit.read_text()
    for old, new, complaint in ((r'\"numRecords\":2', r'\"numRecords\":3', "numRecords"),
                                (r'\"maxValues\":{\"id\":2}', r'\"maxValues\":{\"id\":1}', "maximum"),
                                ('"txnId"', '"other"', "txnId")):
        assert old in text
        commit.write_text(text.replace(old, new))
        with pytest.raises(AssertionError, match=complaint):
            replay.check(root)
