"""Table features that change how rows and types are kept: what SQL shows and what the plain replayer reads agree."""

import os
import pathlib

import deltalake
import pytest

import replay
from test_replay import in_order, location_of, read_by_deltalake


MODES = {"rewriting files": "false", "deletion vectors": "true"}


def tracked(sql, table):
    rows = sql(f"SELECT id, _metadata.row_id, _metadata.row_commit_version FROM {table}")
    return {row[0]: (int(row[1]), int(row[2])) for row in rows}


def check_row_ids(sql, table):
    """Every row's id by SQL and by the replayer; gives them by the table's id column."""
    root = location_of(sql, table)
    state = replay.check(root)
    shown = tracked(sql, table)
    assert sorted(replay.row_ids(root, state)) == sorted(shown.values())
    return shown


@pytest.mark.parametrize("vectors", MODES.values(), ids=MODES)
def test_rows_keep_their_ids(sql, vectors):
    table = f"tracked_{vectors}"
    sql(f"CREATE TABLE {table} (id INT, v STRING, p INT) PARTITIONED BY (p) TBLPROPERTIES ('delta.enableRowTracking' = 'true', "
        f"'delta.enableDeletionVectors' = '{vectors}', 'delta.checkpointInterval' = '3')")
    sql(f"INSERT INTO {table} SELECT CAST(id AS INT), 'a', CAST(id % 2 AS INT) FROM range(20)")
    first = check_row_ids(sql, table)
    assert sorted(row_id for row_id, _ in first.values()) == list(range(20))
    assert {version for _, version in first.values()} == {1}

    sql(f"UPDATE {table} SET v = 'b' WHERE id IN (3, 4)")
    updated = check_row_ids(sql, table)
    assert {i: row_id for i, (row_id, _) in updated.items()} == {i: row_id for i, (row_id, _) in first.items()}
    assert {i: version for i, (_, version) in updated.items()} == {i: 2 if i in ("3", "4") else 1 for i in first}

    sql(f"MERGE INTO {table} t USING (SELECT 5 AS id, 'm' AS v, 1 AS p UNION ALL SELECT 100, 'n', 1) s ON t.id = s.id "
        "WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT * WHEN NOT MATCHED BY SOURCE AND t.id = 7 THEN DELETE")
    merged = check_row_ids(sql, table)
    assert merged["5"] == (first["5"][0], 3)
    assert merged["100"][1] == 3 and merged["100"][0] > 19
    assert "7" not in merged and merged["3"] == updated["3"] and merged["8"] == first["8"]

    sql(f"DELETE FROM {table} WHERE id = 9")
    sql(f"OPTIMIZE {table}")
    compacted = check_row_ids(sql, table)
    assert compacted == {i: ids for i, ids in merged.items() if i != "9"}

    sql(f"RESTORE {table} TO VERSION AS OF 1")
    assert {i: row_id for i, (row_id, _) in check_row_ids(sql, table).items()} == {i: row_id for i, (row_id, _) in first.items()}
    sql(f"INSERT INTO {table} VALUES (200, 'z', 0)")
    assert check_row_ids(sql, table)["200"][0] > max(row_id for row_id, _ in compacted.values())


def test_an_old_table_gets_row_ids_and_loses_them(sql):
    sql("CREATE TABLE late_ids (id INT)")
    for i in range(3):
        sql(f"INSERT INTO late_ids VALUES ({i})")
    sql("ALTER TABLE late_ids SET TBLPROPERTIES ('delta.enableRowTracking' = 'true')")
    given = check_row_ids(sql, "late_ids")
    assert sorted(row_id for row_id, _ in given.values()) == [0, 1, 2]
    sql("UPDATE late_ids SET id = 10 WHERE id = 1")
    assert check_row_ids(sql, "late_ids")["10"][0] == given["1"][0]
    sql("ALTER TABLE late_ids DROP FEATURE rowTracking")
    state = replay.check(location_of(sql, "late_ids"))
    assert "rowTracking" not in state.protocol["writerFeatures"]
    assert not any("baseRowId" in f for f in state.files.values()) and "delta.rowTracking" not in state.domains
    assert in_order(replay.live_rows(location_of(sql, "late_ids"), state)) == [[0], [10], [2]]


def test_widened_columns(sql):
    sql("CREATE TABLE widened (a TINYINT, d DECIMAL(6,2), f FLOAT, day DATE, s STRUCT<x: INT>, p INT) PARTITIONED BY (p) "
        "TBLPROPERTIES ('delta.enableTypeWidening' = 'true', 'delta.checkpointInterval' = '2')")
    sql("INSERT INTO widened VALUES (1, 1.25, 1.1, DATE'2024-01-02', named_struct('x', 1), 1)")
    for column, kind in (("a", "BIGINT"), ("d", "DECIMAL(12,4)"), ("f", "DOUBLE"), ("day", "TIMESTAMP_NTZ"), ("s.x", "BIGINT"), ("p", "BIGINT")):
        sql(f"ALTER TABLE widened ALTER COLUMN {column} TYPE {kind}")
    sql("INSERT INTO widened VALUES (3000000000, 12345678.1234, 1.1D, TIMESTAMP_NTZ'2024-01-02 10:00:00', named_struct('x', 3000000000), 3000000000)")
    root = location_of(sql, "widened")
    state = replay.check(root)
    assert len(replay.live_rows(root, state)) == 2
    # Nothing is skipped that matches: files from before hold narrower values than their statistics' text.
    for condition, count in (("f > 1.1D", 1), ("f >= 1.1D", 2), ("f = CAST(1.1 AS FLOAT)", 1), ("a = 1", 1), ("p = 1", 1), ("s.x = 1", 1),
                             ("d = 1.25", 1), ("day = TIMESTAMP_NTZ'2024-01-02 00:00:00'", 1), ("p > 5 AND a > 5", 1)):
        assert sql(f"SELECT count(*) FROM widened WHERE {condition}") == [[str(count)]], condition
    sql("UPDATE widened SET d = d + 1 WHERE a = 1")
    replay.check(root)
    sql("OPTIMIZE widened")
    replay.check(root)
    sql("ALTER TABLE widened DROP FEATURE typeWidening")
    state = replay.check(root)
    assert "typeChanges" not in state.metadata["schemaString"]
    assert len(replay.live_rows(root, state)) == 2


def test_conditions_on_widened_columns_keep_their_values(sql):
    sql("CREATE TABLE compared (a INT, c INT, e INT, d DECIMAL(6,2), day DATE) TBLPROPERTIES ('delta.enableTypeWidening' = 'true')")
    sql("INSERT INTO compared VALUES (1, 2, 2, 1.25, DATE'2024-01-02'), (5, 3, 3, 2.25, DATE'2024-01-03')")
    for column, kind in (("a", "BIGINT"), ("c", "DOUBLE"), ("e", "DECIMAL(12,2)"), ("d", "DECIMAL(12,4)"), ("day", "TIMESTAMP_NTZ")):
        sql(f"ALTER TABLE compared ALTER COLUMN {column} TYPE {kind}")
    ten = "TIMESTAMP_NTZ'2024-01-02 10:00:00'"
    for condition, count in (("a > 3000000000", 0), ("a < 3000000000", 2), ("c > 2.5D", 1), ("c < 2.5D", 1), ("c = 2.5D", 0), ("e > 2.5", 1),
                             ("e < 2.5", 1), ("d > 1.254", 1), ("d < 1.254", 1), ("d = 1.254", 0), (f"day < {ten}", 1), (f"day >= {ten}", 1),
                             (f"day = {ten}", 0), ("c IN (2.4D, 3.0D)", 1)):
        assert sql(f"SELECT count(*) FROM compared WHERE {condition}") == [[str(count)]], condition


def test_a_table_without_a_dropped_feature_is_read_without_it(sql):
    sql("CREATE TABLE dropped (id INT, name STRING) TBLPROPERTIES ('delta.enableDeletionVectors' = 'true', 'delta.columnMapping.mode' = 'name')")
    sql("INSERT INTO dropped SELECT CAST(id AS INT), 'x' FROM range(10)")
    sql("DELETE FROM dropped WHERE id < 4")
    sql("ALTER TABLE dropped DROP FEATURE deletionVectors")
    sql("ALTER TABLE dropped DROP FEATURE columnMapping")
    root = location_of(sql, "dropped")
    state = replay.check(root)
    assert state.protocol["minReaderVersion"] == 1
    assert "checkpointProtection" in state.protocol["writerFeatures"]
    assert in_order(read_by_deltalake(root)) == in_order(replay.live_rows(root, state)) == [[i, "x"] for i in range(4, 10)]
    assert sql("SELECT count(*) FROM dropped VERSION AS OF 2") == [["6"]]
    assert deltalake.DeltaTable(root).version() == state.version


def age_log(root):
    """Everything in the log was written two days ago."""
    for file in pathlib.Path(root, "_delta_log").iterdir():
        before = file.stat().st_mtime - 2 * 24 * 3600
        os.utime(file, (before, before))


def test_history_with_a_dropped_feature_goes_when_it_is_old(sql):
    sql("CREATE TABLE truncated (id INT) TBLPROPERTIES ('delta.enableDeletionVectors' = 'true')")
    sql("INSERT INTO truncated SELECT CAST(id AS INT) FROM range(10)")
    sql("DELETE FROM truncated WHERE id < 4")
    root = location_of(sql, "truncated")
    drop = "ALTER TABLE truncated DROP FEATURE deletionVectors TRUNCATE HISTORY"
    with pytest.raises(AssertionError, match="DELTA_FEATURE_DROP_WAIT_FOR_RETENTION_PERIOD"):
        sql(drop)
    with pytest.raises(AssertionError, match="DELTA_FEATURE_DROP_HISTORICAL_VERSIONS_EXIST"):
        sql(drop)
    assert sql("SELECT count(*) FROM truncated VERSION AS OF 1") == [["10"]]
    age_log(root)
    sql(drop)
    state = replay.check(root)
    assert state.protocol == {"minReaderVersion": 1, "minWriterVersion": 2}
    assert in_order(read_by_deltalake(root)) == [[i] for i in range(4, 10)]
    with pytest.raises(AssertionError, match="DELTA_VERSION_NOT_FOUND"):
        sql("SELECT count(*) FROM truncated VERSION AS OF 1")


def test_a_protected_history_goes_as_a_whole(sql):
    sql("CREATE TABLE protected (id INT) TBLPROPERTIES ('delta.feature.vacuumProtocolCheck' = 'supported', 'delta.logRetentionDuration' = '0 days')")
    sql("INSERT INTO protected VALUES (1)")
    sql("ALTER TABLE protected DROP FEATURE vacuumProtocolCheck")
    root = location_of(sql, "protected")
    protected_before = int(replay.check(root).metadata["configuration"]["delta.requireCheckpointProtectionBeforeVersion"])
    drop = "ALTER TABLE protected DROP FEATURE checkpointProtection TRUNCATE HISTORY"
    with pytest.raises(AssertionError, match="DELTA_FEATURE_DROP_CHECKPOINT_PROTECTION_WAIT_FOR_RETENTION_PERIOD"):
        sql(drop)
    # Log clean-up would keep the checkpoint before; none of the history may go alone.
    pathlib.Path(root, "_delta_log", f"{protected_before:020}.checkpoint.parquet").unlink()
    age_log(root)
    for i in range(12):
        sql(f"INSERT INTO protected VALUES ({i})")
    assert pathlib.Path(root, "_delta_log", f"{0:020}.json").exists()
    age_log(root)
    sql(drop)
    state = replay.check(root)
    assert state.protocol == {"minReaderVersion": 1, "minWriterVersion": 2} and not pathlib.Path(root, "_delta_log", f"{0:020}.json").exists()
    assert "delta.requireCheckpointProtectionBeforeVersion" not in state.metadata["configuration"]
    assert len(replay.live_rows(root, state)) == 13


def test_variants_are_written_as_the_protocol_has_them(sql):
    sql("CREATE TABLE variants (id INT, v VARIANT)")
    sql("""INSERT INTO variants SELECT 1, parse_json('{"a": [1, "x"]}') UNION ALL SELECT 2, NULL""")
    root = location_of(sql, "variants")
    state = replay.check(root)
    assert state.protocol["readerFeatures"] == ["variantType"]
    rows = in_order(replay.live_rows(root, state))
    assert rows[1] == [2, None] and set(rows[0][1]) == {"value", "metadata"} and rows[0][1]["metadata"][0] & 15 == 1
    sql("UPDATE variants SET id = 3 WHERE v:a[1]::string = 'x'")
    assert in_order(sql("SELECT id, to_json(v) FROM variants")) == [["2", None], ["3", '{"a":[1,"x"]}']]


def test_small_files_are_compacted_after_writes(sql):
    sql("CREATE TABLE compacting (id INT) TBLPROPERTIES ('delta.autoOptimize.autoCompact' = 'true')")
    for i in range(50):
        sql(f"INSERT INTO compacting VALUES ({i})")
    state = replay.check(location_of(sql, "compacting"))
    assert len(state.files) == 1 and state.version == 51
    newest = sql("DESCRIBE HISTORY compacting")[0]
    assert newest[4] == "OPTIMIZE"
    assert sql("SELECT count(*), max(id) FROM compacting") == [["50", "49"]]
