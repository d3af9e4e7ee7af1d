"""VACUUM and RESTORE."""

import json
import os
import pathlib
import shutil

NO_RETENTION = "TBLPROPERTIES ('delta.deletedFileRetentionDuration' = 'interval 0 hours')"


def parquet(root):
    return {str(path.relative_to(root)) for path in pathlib.Path(root).rglob("*.parquet") if "_delta_log" not in path.parts}


def test_vacuum_deletes_what_no_version_in_the_window_needs(make_table):
    table = make_table("(id INT, p STRING)", f"PARTITIONED BY (p) {NO_RETENTION}")
    for n in range(3):
        table.sql(f"INSERT INTO {table.name} VALUES ({n}, 'a'), ({n}, 'b')")
    table.sql(f"OPTIMIZE {table.name}")
    root = pathlib.Path(table.root)
    (root / "stray.parquet").write_text("x")
    (root / "_hidden").mkdir()
    (root / "_hidden" / "kept.parquet").write_text("x")
    os.symlink("/etc/hostname", root / "link.parquet")
    before, live = table.rows(), table.files()
    planned = {row[0] for row in table.sql(f"VACUUM {table.name} DRY RUN")}
    assert len(planned) == 7 and str(root / "stray.parquet") in planned
    assert table.version() == 4
    assert table.sql(f"VACUUM {table.name}") == [[table.root]]
    assert {str(root / path) for path in parquet(root)} - {str(root / "link.parquet"), str(root / "_hidden/kept.parquet")} == live
    assert (root / "link.parquet").is_symlink() and (root / "_hidden" / "kept.parquet").exists()
    assert table.rows() == before
    operation, parameters, metrics = table.history()
    assert (operation, parameters, metrics["numDeletedFiles"]) == ("VACUUM END", {"status": "COMPLETED"}, "7")
    start = table.log(5)["commitInfo"][0]
    assert start["operation"] == "VACUUM START" and start["operationMetrics"]["numFilesToDelete"] == "7"
    assert int(start["operationMetrics"]["sizeOfDataToDelete"]) > 0
    assert table.sql(f"VACUUM {table.name} DRY RUN") == []
    table.check()


def test_vacuum_lite_reads_the_log_alone(make_table, fails):
    table = make_table("(id INT)", NO_RETENTION)
    for n in range(3):
        table.sql(f"INSERT INTO {table.name} VALUES ({n})")
    table.sql(f"OPTIMIZE {table.name}")
    (pathlib.Path(table.root) / "stray.parquet").write_text("x")
    assert len(table.sql(f"VACUUM {table.name} LITE DRY RUN")) == 3
    table.sql(f"VACUUM {table.name} LITE")
    assert len(parquet(table.root)) == 2
    assert table.sql(f"VACUUM {table.name} LITE DRY RUN") == []
    table.check()


def test_vacuum_checks_the_retention(make_table, fails):
    table = make_table("(id INT)")
    table.sql(f"INSERT INTO {table.name} VALUES (1)")
    table.sql(f"INSERT OVERWRITE {table.name} VALUES (2)")
    error = fails(f"VACUUM {table.name} RETAIN 0 HOURS")
    assert "DELTA_VACUUM_RETENTION_PERIOD_TOO_SHORT" in error and "at least 168 hours" in error
    # Other windows than 0 hours give way to the table's own.
    table.sql(f"VACUUM {table.name} RETAIN 1 HOURS")
    assert len(parquet(table.root)) == 2


def test_restore_brings_back_rows_and_schema(make_table, fails):
    table = make_table("(id INT)")
    table.sql(f"INSERT INTO {table.name} VALUES (1)")
    table.sql(f"INSERT INTO {table.name} VALUES (2)")
    table.sql(f"ALTER TABLE {table.name} ADD COLUMN v STRING")
    table.sql(f"INSERT INTO {table.name} VALUES (3, 'x')")
    result, = table.sql(f"RESTORE TABLE {table.name} TO VERSION AS OF 2")
    assert [int(cell) for cell in result[1:4]] == [2, 1, 0]
    assert table.rows() == [("1",), ("2",)]
    operation, parameters, metrics = table.history()
    assert operation == "RESTORE" and parameters == {"version": "2", "timestamp": None}
    assert set(metrics) == {"numRestoredFiles", "restoredFilesSize", "numRemovedFiles", "removedFilesSize", "numOfFilesAfterRestore",
                            "tableSizeAfterRestore"}
    table.sql(f"RESTORE {table.name} VERSION AS OF 4")
    assert table.rows() == [("1", None), ("2", None), ("3", "x")]
    table.check()
    assert "DELTA_CANNOT_RESTORE_TABLE_VERSION" in fails(f"RESTORE {table.name} TO VERSION AS OF 99")
    assert "DELTA_CANNOT_RESTORE_TIMESTAMP_EARLIER" in fails(f"RESTORE {table.name} TO TIMESTAMP AS OF '1999-01-01'")
    assert "DELTA_CANNOT_RESTORE_TIMESTAMP_GREATER" in fails(f"RESTORE {table.name} TO TIMESTAMP AS OF '2099-01-01'")


def test_restore_refuses_versions_whose_files_are_gone(make_table, fails):
    table = make_table("(id INT)", NO_RETENTION)
    table.sql(f"INSERT INTO {table.name} VALUES (1)")
    table.sql(f"INSERT OVERWRITE {table.name} VALUES (2)")
    table.sql(f"VACUUM {table.name}")
    error = fails(f"RESTORE {table.name} TO VERSION AS OF 1")
    assert "Not all files from version 1 are available in file system" in error
    assert table.rows() == [("2",)]


def test_deletion_vectors_are_kept_restored_and_cloned(make_table, sql):
    table = make_table("(id INT)", NO_RETENTION.replace(")", ", 'delta.enableDeletionVectors' = 'true')"))
    table.sql(f"INSERT INTO {table.name} SELECT CAST(id AS INT) FROM range(100)")
    table.sql(f"DELETE FROM {table.name} WHERE id < 10")
    table.sql(f"VACUUM {table.name}")
    assert len(table.rows()) == 90
    table.sql(f"RESTORE {table.name} TO VERSION AS OF 1")
    assert len(table.rows()) == 100
    table.sql(f"RESTORE {table.name} TO VERSION AS OF 2")
    assert len(table.rows()) == 90
    table.check()
    sql(f"CREATE OR REPLACE TABLE main.default.cloned_rows DEEP CLONE {table.name}")
    sql(f"DROP TABLE {table.name}")
    clone = type(table)(sql, "main.default.cloned_rows")
    assert len(clone.rows()) == 90
    clone.check()
    sql("DROP TABLE main.default.cloned_rows")


def add_without_statistics(table):
    """Commits the rows of version 1 once more, as a writer that keeps no statistics would."""
    add, = table.log(1)["add"]
    root = pathlib.Path(table.root)
    shutil.copy(root / add["path"], root / "bare.parquet")
    bare = {**add, "path": "bare.parquet"}
    del bare["stats"]
    info = {"timestamp": 0, "operation": "WRITE", "operationParameters": {}, "txnId": "a-foreign-writer"}
    lines = "".join(json.dumps(action) + "\n" for action in ({"commitInfo": info}, {"add": bare}))
    (root / "_delta_log" / f"{table.version() + 1:020}.json").write_text(lines)


def test_files_without_a_row_count_are_deleted_restored_and_cloned(make_table, sql):
    table = make_table("(id INT)")
    table.sql(f"INSERT INTO {table.name} VALUES (1), (2)")
    add_without_statistics(table)
    rows = [("1",), ("1",), ("2",), ("2",)]
    assert table.rows() == rows
    sql(f"CREATE TABLE main.default.cloned_bare DEEP CLONE {table.name}")
    assert table.sql(f"DELETE FROM {table.name}") == [["4"]]
    assert table.history()[2]["numDeletedRows"] == "4"
    table.sql(f"RESTORE TABLE {table.name} TO VERSION AS OF 2")
    restored = {add["path"]: json.loads(add["stats"]) for add in table.log(4)["add"]}
    assert restored["bare.parquet"]["numRecords"] == 2 and not restored["bare.parquet"]["minValues"]
    clone = type(table)(sql, "main.default.cloned_bare")
    for one in (table, clone):
        assert one.rows() == rows
        one.check()
    sql("DROP TABLE main.default.cloned_bare")


def test_maintenance_needs_modify(make_table, fails, reader):
    table = make_table("(id INT)", NO_RETENTION)
    table.sql(f"INSERT INTO {table.name} VALUES (1)")
    table.sql(f"INSERT OVERWRITE {table.name} VALUES (2)")
    for grant in ("USE CATALOG ON CATALOG main", "USE SCHEMA ON SCHEMA main.default", f"SELECT ON TABLE {table.name}"):
        table.sql(f"GRANT {grant} TO `{reader.application_id}`")
    version, files = table.version(), parquet(table.root)
    assert table.sql(f"SELECT * FROM {table.name}", client=reader) == [["2"]]
    for statement in ("OPTIMIZE {}", "OPTIMIZE {} ZORDER BY (id)", "REORG TABLE {} APPLY (PURGE)", "VACUUM {}", "VACUUM {} DRY RUN",
                      "RESTORE {} TO VERSION AS OF 1", "GENERATE symlink_format_manifest FOR TABLE {}"):
        for name in (table.name, f"delta.`{table.root}`"):
            error = fails(statement.format(name), client=reader)
            assert "INSUFFICIENT_PERMISSIONS" in error or "PERMISSION_DENIED" in error, (statement, error)
    assert (table.version(), parquet(table.root)) == (version, files)
    table.sql("CREATE SCHEMA main.not_for_clones")
    table.sql(f"GRANT USE SCHEMA ON SCHEMA main.not_for_clones TO `{reader.application_id}`")
    assert "INSUFFICIENT_PERMISSIONS" in fails(f"CREATE TABLE main.not_for_clones.copied DEEP CLONE {table.name}", client=reader)
    hidden = make_table("(id INT)")
    error = fails(f"CREATE TABLE main.default.copied DEEP CLONE {hidden.name}", client=reader)
    assert "INSUFFICIENT_PERMISSIONS" in error or "TABLE_OR_VIEW_NOT_FOUND" in error
    table.sql("DROP SCHEMA main.not_for_clones CASCADE")
    table.sql(f"GRANT MODIFY ON TABLE {table.name} TO `{reader.application_id}`")
    table.sql(f"OPTIMIZE {table.name} ZORDER BY (id)", client=reader)
    assert table.version() == version + 1


def test_deep_clone_is_a_table_of_its_own(make_table, sql):
    source = make_table("(id INT, p STRING)", "PARTITIONED BY (p)")
    source.sql(f"INSERT INTO {source.name} VALUES (1, 'a'), (2, 'ä/ %')")
    source.sql(f"INSERT INTO {source.name} VALUES (3, NULL)")
    before = source.rows()
    row, = sql(f"CREATE TABLE main.default.cloned DEEP CLONE {source.name} VERSION AS OF 1")
    assert [int(row[i]) for i in (1, 2, 3)] == [2, 0, 2] and row[5] == row[0]
    from_clone = type(source)(sql, "main.default.cloned")
    assert from_clone.rows() == [("1", "a"), ("2", "ä/ %")]
    operation, parameters, metrics = from_clone.history()
    assert (operation, parameters) == ("CLONE", {"source": source.name, "sourceVersion": "1", "isShallow": "false"})
    assert metrics["numCopiedFiles"] == "2" and metrics["copiedFilesSize"] == metrics["sourceTableSize"]
    from_clone.check()
    sql(f"CREATE OR REPLACE TABLE main.default.cloned CLONE {source.name}")
    sql(f"DELETE FROM {source.name}")
    assert from_clone.rows() == before
    from_clone.check()
    sql("DROP TABLE main.default.cloned")


def test_a_clone_does_not_take_over_a_table_that_is_there(make_table, sql, fails, tmp_path):
    source = make_table("(id INT)")
    source.sql(f"INSERT INTO {source.name} VALUES (1)")
    other = make_table("(id INT)", f"LOCATION '{tmp_path}/other'")
    other.sql(f"INSERT INTO {other.name} VALUES (2)")
    sql(f"DROP TABLE {other.name}")
    error = fails(f"CREATE TABLE main.default.taken DEEP CLONE {source.name} LOCATION '{tmp_path}/other'")
    assert "DELTA_UNSUPPORTED_NON_EMPTY_CLONE" in error
    assert sql("SHOW TABLES IN main.default LIKE 'taken'") == []
    assert sql(f"SELECT * FROM delta.`{tmp_path}/other`") == [["2"]]


def test_manifests_list_the_files_of_each_partition(make_table, fails):
    table = make_table("(id INT, p STRING)", "PARTITIONED BY (p)")
    table.sql(f"INSERT INTO {table.name} VALUES (1, 'a'), (2, 'b'), (3, NULL)")
    table.sql(f"GENERATE symlink_format_manifest FOR TABLE {table.name}")
    folder = pathlib.Path(table.root) / "_symlink_format_manifest"
    listed = {path.parent.name: path.read_text().split() for path in folder.rglob("manifest")}
    assert set(listed) == {"p=a", "p=b", "p=__HIVE_DEFAULT_PARTITION__"}
    assert {line.removeprefix("file:") for lines in listed.values() for line in lines} == table.files()
    table.sql(f"DELETE FROM {table.name} WHERE p = 'b'")
    table.sql(f"GENERATE symlink_format_manifest FOR TABLE {table.name}")
    assert {path.parent.name for path in folder.rglob("manifest")} == {"p=a", "p=__HIVE_DEFAULT_PARTITION__"}
    assert "DELTA_MODE_NOT_SUPPORTED" in fails(f"GENERATE other FOR TABLE {table.name}")
