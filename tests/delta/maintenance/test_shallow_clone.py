"""SHALLOW CLONE: tables that share files, and what must never happen to the files."""

import json
import os
import pathlib
import shutil
import urllib.parse

import pytest

import replay

NO_RETENTION = "'delta.deletedFileRetentionDuration' = 'interval 0 hours'"


def data_files(root):
    """Data files and deletion vectors in a folder, with what is in them."""
    root = pathlib.Path(root)
    found = [path for path in root.rglob("*") if path.is_file() and "_delta_log" not in path.parts]
    return {str(path.relative_to(root)): path.read_bytes() for path in found}


def rows_by_replay(table):
    """The live rows as the second reader has them, which follows absolute paths."""
    rows = replay.live_rows(table.root, replay.check(table.root))
    return sorted((tuple(None if cell is None else str(cell) for cell in row) for row in rows), key=str)


@pytest.fixture
def clone_of(sql, make_table, request):
    """clone_of(source, …) makes a shallow clone, dropped before its source."""
    made = []

    def clone(source, version="", rest="", name=None, replace=False):
        name = name or f"main.default.{request.node.name.split('[')[0]}_clone_{len(made)}"
        sql(f"CREATE {'OR REPLACE ' if replace else ''}TABLE {name} SHALLOW CLONE {source.name} {version} {rest}")
        made.append(name)
        return type(source)(sql, name)

    yield clone
    for name in reversed(made):
        sql(f"DROP TABLE IF EXISTS {name}")


def test_a_clone_shares_files_and_each_side_writes_to_itself(make_table, clone_of):
    source = make_table("(id INT, p STRING)", "PARTITIONED BY (p)")
    source.sql(f"INSERT INTO {source.name} VALUES (1, 'a'), (2, 'ä/ %'), (3, NULL)")
    before = data_files(source.root)
    clone = clone_of(source)
    assert clone.rows() == source.rows() and data_files(clone.root) == {}
    paths = [add["path"] for add in clone.log(0)["add"]]
    assert {urllib.parse.unquote(path.removeprefix("file:")) for path in paths} == {f"{source.root}/{name}" for name in before}
    assert all(path.startswith("file:/") and not path.startswith("file://") for path in paths)
    operation, parameters, metrics = clone.history()
    assert operation == "CLONE" and parameters["source"] == source.name and parameters["sourceVersion"] == "1"
    assert (metrics["sourceNumOfFiles"], metrics["numCopiedFiles"], metrics["copiedFilesSize"]) == ("3", "0", "0")
    clone.sql(f"UPDATE {clone.name} SET id = id + 10 WHERE p = 'a'")
    clone.sql(f"INSERT INTO {clone.name} VALUES (4, 'b')")
    clone.sql(f"DELETE FROM {clone.name} WHERE p IS NULL")
    clone.sql(f"MERGE INTO {clone.name} t USING (SELECT 2 AS id, 'x' AS p) s ON t.id = s.id WHEN MATCHED THEN UPDATE SET p = s.p")
    assert clone.rows() == [("11", "a"), ("2", "x"), ("4", "b")]
    assert data_files(source.root) == before and source.rows() == [("1", "a"), ("2", "ä/ %"), ("3", None)]
    source.sql(f"INSERT OVERWRITE {source.name} VALUES (9, 'z')")
    assert clone.rows() == [("11", "a"), ("2", "x"), ("4", "b")] == rows_by_replay(clone)
    assert clone.sql(f"SELECT count(*) FROM {clone.name} VERSION AS OF 0") == [["3"]]
    path, = clone.sql(f"SELECT DISTINCT _metadata.file_path FROM {clone.name} VERSION AS OF 0 WHERE id = 1")[0]
    assert urllib.parse.unquote(path).startswith(f"file://{source.root}/")
    source.check()
    clone.check()


def test_deletion_vectors_stay_with_whom_they_are_of(make_table, clone_of):
    source = make_table("(id INT)", "TBLPROPERTIES ('delta.enableDeletionVectors' = 'true')")
    source.sql(f"INSERT INTO {source.name} SELECT id FROM range(100)")
    source.sql(f"DELETE FROM {source.name} WHERE id < 10")
    before = data_files(source.root)
    clone = clone_of(source)
    vector, = (add["deletionVector"] for add in clone.log(0)["add"])
    assert vector["storageType"] == "p" and vector["pathOrInlineDv"].startswith(f"file:{source.root}/deletion_vector_")
    clone.sql(f"DELETE FROM {clone.name} WHERE id < 20")
    added, = clone.log(1)["add"]
    assert added["path"].startswith(f"file:{source.root}/") and added["deletionVector"]["storageType"] == "u"
    assert data_files(source.root) == before
    assert len(clone.rows()) == 80 and len(source.rows()) == 90 == len(replay.live_rows(source.root, replay.check(source.root)))
    assert len(rows_by_replay(clone)) == 80
    clone.check()
    clone.sql(f"REORG TABLE {clone.name} APPLY (PURGE)")
    assert len(clone.rows()) == 80 and data_files(source.root) == before
    clone.sql(f"RESTORE {clone.name} TO VERSION AS OF 0")
    assert len(clone.rows()) == 90


def test_what_is_cloned_again_keeps_the_files_it_shares(make_table, clone_of):
    source = make_table("(id INT)", "TBLPROPERTIES ('delta.enableDeletionVectors' = 'true')")
    for first in (0, 10):
        source.sql(f"INSERT INTO {source.name} SELECT id FROM range({first}, {first + 10}, 1, 1)")
    clone = clone_of(source)
    clone_of(source, name=clone.name, replace=True)
    assert not {"add", "remove"} & clone.log(1).keys()
    clone.sql(f"DELETE FROM {clone.name} WHERE id IN (1, 2)")
    clone.sql(f"INSERT INTO {clone.name} VALUES (100)")
    source.sql(f"DELETE FROM {source.name} WHERE id = 11")
    source.sql(f"INSERT INTO {source.name} VALUES (50)")
    row, = clone.sql(f"CREATE OR REPLACE TABLE {clone.name} SHALLOW CLONE {source.name}")
    # Gone: the file with the clone's vector, the one that has the source's now, and the clone's own.
    assert [int(cell) for cell in row[1:4]] == [3, 3, 0] and len(clone.log(4)["add"]) == 3
    assert clone.rows() == source.rows() and len(clone.rows()) == 20
    assert clone.history()[2]["numRemovedFiles"] == "3"
    assert clone.sql(f"SELECT count(*) FROM {clone.name} VERSION AS OF 3") == [["19"]]
    clone.sql(f"RESTORE {clone.name} TO VERSION AS OF 3")
    assert clone.sql(f"SELECT count(*), max(id) FROM {clone.name}") == [["19", "100"]]
    clone.check()


def test_the_change_feed_of_a_clone(make_table, clone_of):
    source = make_table("(id INT)", "TBLPROPERTIES ('delta.enableDeletionVectors' = 'true', 'delta.enableChangeDataFeed' = 'true')")
    source.sql(f"INSERT INTO {source.name} SELECT id FROM range(5)")
    source.sql(f"DELETE FROM {source.name} WHERE id = 0")
    clone = clone_of(source)
    clone.sql(f"DELETE FROM {clone.name} WHERE id = 1")
    clone.sql(f"UPDATE {clone.name} SET id = 20 WHERE id = 2")
    feed = clone.sql(f"SELECT id, _change_type, _commit_version FROM table_changes('{clone.name}', 0)")
    assert sorted(feed, key=lambda row: (row[2], row[1], row[0])) == [
        ["1", "insert", "0"], ["2", "insert", "0"], ["3", "insert", "0"], ["4", "insert", "0"],
        ["1", "delete", "1"], ["20", "update_postimage", "2"], ["2", "update_preimage", "2"]]


def test_vacuum_of_the_source_keeps_what_clones_need(make_table, clone_of):
    source = make_table("(id INT)", f"TBLPROPERTIES ({NO_RETENTION}, 'delta.enableDeletionVectors' = 'true')")
    source.sql(f"INSERT INTO {source.name} SELECT id FROM range(10)")
    source.sql(f"DELETE FROM {source.name} WHERE id = 0")
    clone = clone_of(source)
    nested = clone_of(clone)
    shared = data_files(source.root)
    source.sql(f"INSERT OVERWRITE {source.name} VALUES (1)")
    source.sql(f"INSERT OVERWRITE {source.name} VALUES (2)")
    assert len(data_files(source.root)) == len(shared) + 2
    assert len(source.sql(f"VACUUM {source.name} DRY RUN")) == 1
    source.sql(f"VACUUM {source.name}")
    source.sql(f"VACUUM {source.name} LITE")
    assert len(data_files(source.root)) == len(shared) + 1 and shared.items() <= data_files(source.root).items()
    assert len(clone.rows()) == len(nested.rows()) == 9
    # What a clone has given up is kept as long as its own retention says: here not at all.
    clone.sql(f"INSERT OVERWRITE {clone.name} VALUES (3)")
    source.sql(f"VACUUM {source.name}")
    assert shared.items() <= data_files(source.root).items() and len(nested.rows()) == 9
    nested.sql(f"INSERT OVERWRITE {nested.name} SELECT id FROM {nested.name} WHERE id < 3")
    source.sql(f"VACUUM {source.name}")
    assert not shared.keys() & data_files(source.root).keys()
    assert (source.rows(), clone.rows(), nested.rows()) == ([("2",)], [("3",)], [("1",), ("2",)])
    assert rows_by_replay(nested) == [("1",), ("2",)]
    source.check()


def test_vacuum_does_not_guess_what_a_clone_needs(make_table, fails, sql, tmp_path):
    source = make_table("(id INT)", f"LOCATION '{tmp_path}/source' TBLPROPERTIES ({NO_RETENTION})")
    source.sql(f"INSERT INTO {source.name} VALUES (1)")
    sql(f"CREATE TABLE main.default.unreadable SHALLOW CLONE {source.name} LOCATION '{tmp_path}/clone'")
    source.sql(f"INSERT OVERWRITE {source.name} VALUES (2)")
    shutil.rmtree(tmp_path / "clone")
    before = data_files(source.root)
    assert "cannot tell which files a shallow clone" in fails(f"VACUUM {source.name}")
    assert data_files(source.root) == before
    sql("DROP TABLE main.default.unreadable")
    source.sql(f"VACUUM {source.name}")
    assert len(data_files(source.root)) == 1 and source.rows() == [("2",)]


def test_vacuum_of_a_clone_deletes_its_own_files_alone(make_table, clone_of):
    source = make_table("(id INT)", f"TBLPROPERTIES ({NO_RETENTION})")
    source.sql(f"INSERT INTO {source.name} SELECT id FROM range(10)")
    clone = clone_of(source)
    clone.sql(f"DELETE FROM {clone.name} WHERE id < 5")
    clone.sql(f"UPDATE {clone.name} SET id = id + 1")
    before = data_files(source.root)
    clone.sql(f"VACUUM {clone.name}")
    clone.sql(f"VACUUM {clone.name} LITE")
    assert data_files(source.root) == before and len(data_files(clone.root)) == 1
    assert clone.rows() == [(str(id),) for id in (10, 6, 7, 8, 9)] and len(source.rows()) == 10


def test_a_source_stays_while_clones_need_it(make_table, clone_of, fails, sql):
    source = make_table("(id INT)")
    source.sql(f"INSERT INTO {source.name} VALUES (1)")
    clone = clone_of(source)
    nested = clone_of(clone)
    for table in (source, clone):
        assert "shallow clones" in fails(f"DROP TABLE {table.name}")
    assert source.rows() == clone.rows() == nested.rows() == [("1",)]
    # A deep clone of a shallow one needs nobody.
    sql(f"CREATE OR REPLACE TABLE main.default.deep_of_shallow DEEP CLONE {nested.name}")
    sql(f"DROP TABLE {nested.name}")
    sql(f"DROP TABLE {clone.name}")
    sql(f"DROP TABLE {source.name}")
    assert sql("SELECT * FROM main.default.deep_of_shallow") == [["1"]]
    sql("DROP TABLE main.default.deep_of_shallow")
    # Together they may go.
    sql("CREATE SCHEMA main.cloned_together")
    sql("CREATE TABLE main.cloned_together.a AS SELECT 1 AS id")
    sql("CREATE TABLE main.cloned_together.b SHALLOW CLONE main.cloned_together.a")
    sql("CREATE TABLE main.default.c_of_another SHALLOW CLONE main.cloned_together.b")
    assert "shallow clones" in fails("DROP SCHEMA main.cloned_together CASCADE")
    assert sql("SELECT * FROM main.default.c_of_another") == [["1"]]
    sql("DROP TABLE main.default.c_of_another")
    sql("DROP SCHEMA main.cloned_together CASCADE")


def test_a_clone_of_a_version_that_vacuum_took_is_refused(make_table, fails, sql):
    source = make_table("(id INT)", f"TBLPROPERTIES ({NO_RETENTION})")
    source.sql(f"INSERT INTO {source.name} VALUES (1)")
    source.sql(f"INSERT OVERWRITE {source.name} VALUES (2)")
    source.sql(f"VACUUM {source.name}")
    assert "gone" in fails(f"CREATE TABLE main.default.of_gone SHALLOW CLONE {source.name} VERSION AS OF 1")
    assert sql("SHOW TABLES IN main.default LIKE 'of_gone'") == []


def test_a_hand_written_path_opens_nothing(make_table, fails, sql, tmp_path):
    secret = make_table("(id INT)")
    secret.sql(f"INSERT INTO {secret.name} VALUES (42)")
    source = make_table("(id INT)", f"LOCATION '{tmp_path}/source'")
    source.sql(f"INSERT INTO {source.name} VALUES (1)")
    sql(f"CREATE TABLE main.default.forged SHALLOW CLONE {source.name} LOCATION '{tmp_path}/forged'")
    forged = type(source)(sql, "main.default.forged")
    assert forged.rows() == [("1",)]
    log = pathlib.Path(forged.root) / "_delta_log"
    add = json.loads(json.dumps(forged.log(0)["add"][0]))
    for number, path in enumerate([next(iter(secret.files())).removeprefix("file://"), "/etc/passwd", f"{tmp_path}/source/../other"]):
        line = {"add": {**add, "path": "file://" + urllib.parse.quote(path)}}
        (log / f"{number + 1:020}.json").write_text(json.dumps({"commitInfo": {"operation": "WRITE"}}) + "\n" + json.dumps(line) + "\n")
        assert "outside of its table" in fails(f"SELECT * FROM {forged.name}"), path
        assert "outside of its table" in fails(f"SELECT * FROM delta.`{forged.root}`"), path
        remove = {"remove": {"path": line["add"]["path"], "dataChange": True, "deletionTimestamp": 0}}
        (log / f"{number + 1:020}.json").write_text(json.dumps({"commitInfo": {"operation": "WRITE"}}) + "\n" + json.dumps(remove) + "\n")
    # A link in the source's folder leads nowhere either.
    os.symlink(next(iter(secret.files())).removeprefix("file://"), f"{tmp_path}/source/link.parquet")
    line = {"add": {**add, "path": f"file://{tmp_path}/source/link.parquet"}}
    (log / f"{4:020}.json").write_text(json.dumps(line) + "\n")
    assert "leads out" in fails(f"SELECT * FROM {forged.name}")
    sql("DROP TABLE main.default.forged")
    assert "managed" in fails(f"CREATE TABLE main.default.forged SHALLOW CLONE {secret.name} LOCATION '{tmp_path}/forged2'")


def test_a_clone_that_the_catalog_did_not_make(make_table, clone_of, fails, sql, tmp_path, workspace, reader):
    """Another engine's, or one that was dropped and registered anew: its paths open what the reader himself may read."""
    def may(privilege, kind, name, client=reader):
        sql(f"GRANT {privilege} ON {kind} {name} TO `{client.application_id}`")

    source = make_table("(id INT, p STRING)", f"PARTITIONED BY (p) LOCATION '{tmp_path}/source of' TBLPROPERTIES "
                        "('delta.enableDeletionVectors' = 'true', 'delta.enableChangeDataFeed' = 'true')")
    source.sql(f"INSERT INTO {source.name} VALUES (1, 'a'), (2, 'a'), (3, 'ä/ %')")
    source.sql(f"DELETE FROM {source.name} WHERE id = 1")
    sql(f"CREATE TABLE main.default.made_anew SHALLOW CLONE {source.name} LOCATION '{tmp_path}/clone'")
    sql("DROP TABLE main.default.made_anew")
    sql(f"CREATE TABLE main.default.made_anew LOCATION '{tmp_path}/clone'")
    clone = type(source)(sql, "main.default.made_anew")
    before = data_files(source.root)
    assert clone.rows() == [("2", "a"), ("3", "ä/ %")] == sorted(map(tuple, sql(f"SELECT * FROM delta.`{clone.root}`")))
    # Who may read the clone needs the source, too: by its own grant, or the location's once it is no table.
    for privilege, kind, name in [("USE CATALOG", "CATALOG", "main"), ("USE SCHEMA", "SCHEMA", "main.default"), ("SELECT", "TABLE", clone.name)]:
        may(privilege, kind, name)
    assert "outside of its table" in fails(f"SELECT * FROM {clone.name}", reader)
    sql(f"CREATE VIEW main.default.over_made_anew AS SELECT id FROM {clone.name}")
    may("SELECT", "VIEW", "main.default.over_made_anew")
    assert "outside of its table" in fails("SELECT * FROM main.default.over_made_anew", reader)
    may("SELECT", "TABLE", source.name)
    assert len(sql(f"SELECT * FROM {clone.name}", client=reader)) == len(sql("SELECT * FROM main.default.over_made_anew", client=reader)) == 2
    # A right that is gone is gone for what was read before, too.
    sql(f"REVOKE SELECT ON TABLE {source.name} FROM `{reader.application_id}`")
    assert "outside of its table" in fails(f"SELECT * FROM {clone.name}", reader)
    assert len(clone.rows()) == 2
    # Written on as a clone of ours is.
    clone.sql(f"DELETE FROM {clone.name} WHERE id = 2")
    clone.sql(f"MERGE INTO {clone.name} t USING (SELECT 3 AS id, 'x' AS p) s ON t.id = s.id WHEN MATCHED THEN UPDATE SET p = s.p WHEN NOT MATCHED THEN INSERT *")
    assert clone.rows() == [("3", "x")] and sql(f"SELECT count(*) FROM {clone.name} VERSION AS OF 0") == [["2"]]
    feed = sql(f"SELECT id, _change_type, _commit_version FROM table_changes('{clone.name}', 0)")
    assert sorted(feed, key=lambda row: (row[2], row[1], row[0])) == [
        ["2", "insert", "0"], ["3", "insert", "0"], ["2", "delete", "1"], ["3", "update_postimage", "2"], ["3", "update_preimage", "2"]]
    clone.sql(f"RESTORE {clone.name} TO VERSION AS OF 0")
    clone.sql(f"VACUUM {clone.name}")
    assert len(clone.rows()) == 2 and data_files(source.root) == before
    assert "that another engine made" in fails(f"CREATE TABLE main.default.of_it SHALLOW CLONE {clone.name} LOCATION '{tmp_path}/of_it'")
    sql(f"CREATE TABLE main.default.deep_of_it DEEP CLONE {clone.name}")
    # A folder that is no table: the location says.
    sql(f"DROP TABLE {source.name}")
    assert "outside of its table" in fails(f"SELECT * FROM {clone.name}")
    workspace.external_locations.create("around_made_anew", f"file://{tmp_path}", "")
    assert clone.rows() == [("2", "a"), ("3", "ä/ %")] == sorted(map(tuple, sql("SELECT * FROM main.default.deep_of_it")))
    assert "outside of its table" in fails(f"SELECT * FROM {clone.name}", reader)
    may("READ FILES", "EXTERNAL LOCATION", "around_made_anew")
    assert len(sql(f"SELECT * FROM {clone.name}", client=reader)) == 2
    for text in ("VIEW main.default.over_made_anew", "TABLE main.default.deep_of_it", f"TABLE {clone.name}"):
        sql(f"DROP {text}")
    workspace.external_locations.delete("around_made_anew")


def test_a_log_opens_nothing_that_is_managed_nor_any_file(make_table, fails, sql, tmp_path):
    secret = make_table("(id INT)")
    secret.sql(f"INSERT INTO {secret.name} VALUES (42)")
    plain = make_table("(id INT)", f"LOCATION '{tmp_path}/plain'")
    plain.sql(f"INSERT INTO {plain.name} VALUES (1)")
    shutil.copytree(secret.root, tmp_path / "any file")
    add, = plain.log(1)["add"]
    for root in (secret.root, tmp_path / "any file"):
        file, = pathlib.Path(root).glob("*.parquet")
        path = urllib.parse.quote(str(file))
        for number, spelled in enumerate([f"file:{path}", path, f"file://{path}"]):
            commit = pathlib.Path(plain.root) / "_delta_log" / f"{2:020}.json"
            commit.write_text(json.dumps({"add": {**add, "path": spelled}}) + "\n")
            assert "outside of its table" in fails(f"SELECT * FROM {plain.name}"), spelled
            commit.unlink()
            (commit.parent / f"{2:020}.crc").unlink(missing_ok=True)


def test_an_external_clone_moves_and_is_a_clone_no_more(make_table, fails, sql, tmp_path):
    source = make_table("(id INT)", f"LOCATION '{tmp_path}/source'")
    source.sql(f"INSERT INTO {source.name} VALUES (1)")
    other = make_table("(id INT)", f"LOCATION '{tmp_path}/other'")
    sql(f"DROP TABLE {other.name}")
    sql(f"CREATE TABLE main.default.moving SHALLOW CLONE {source.name} LOCATION '{tmp_path}/moving'")
    assert "shallow clones" in fails(f"ALTER TABLE {source.name} SET LOCATION '{tmp_path}/other'")
    sql(f"ALTER TABLE main.default.moving SET LOCATION '{tmp_path}/other'")
    assert sql("SELECT * FROM main.default.moving") == []
    sql(f"DROP TABLE {source.name}")
    sql("DROP TABLE main.default.moving")


def test_replacing_a_table_by_a_clone_forgets_its_clustering(make_table, sql):
    source = make_table("(id INT, v STRING)")
    source.sql(f"INSERT INTO {source.name} VALUES (1, 'a')")
    for kind in ("DEEP", "SHALLOW"):
        target = make_table("(id INT, v STRING)", "CLUSTER BY (id)", name=f"main.default.was_clustered_{kind.lower()}")
        sql(f"CREATE OR REPLACE TABLE {target.name} {kind} CLONE {source.name}")
        detail, = sql(f"DESCRIBE DETAIL {target.name}")
        assert detail[8] == "[]" and target.rows() == [("1", "a")]
        sql(f"DROP TABLE {target.name}")


def test_a_table_that_is_replaced_gets_the_features_the_files_need(make_table, sql):
    source = make_table("(id INT)", "TBLPROPERTIES ('delta.enableDeletionVectors' = 'true')")
    source.sql(f"INSERT INTO {source.name} VALUES (1), (2)")
    source.sql(f"DELETE FROM {source.name} WHERE id = 1")
    source.sql(f"ALTER TABLE {source.name} SET TBLPROPERTIES ('delta.enableDeletionVectors' = 'false')")
    for kind in ("DEEP", "SHALLOW"):
        target = make_table("(id INT)", "TBLPROPERTIES ('delta.enableDeletionVectors' = 'false')",
                            name=f"main.default.without_vectors_{kind.lower()}")
        sql(f"CREATE OR REPLACE TABLE {target.name} {kind} CLONE {source.name}")
        assert "deletionVectors" in target.log(1)["protocol"][0]["writerFeatures"] and target.rows() == [("2",)]
        target.check()
        sql(f"DROP TABLE {target.name}")


def test_manifests_of_a_clone_name_the_sources_files(make_table, clone_of):
    source = make_table("(id INT)")
    source.sql(f"INSERT INTO {source.name} VALUES (1)")
    clone = clone_of(source)
    clone.sql(f"GENERATE symlink_format_manifest FOR TABLE {clone.name}")
    listed = (pathlib.Path(clone.root) / "_symlink_format_manifest" / "manifest").read_text().split()
    assert {line.removeprefix("file:") for line in listed} == {path.removeprefix("file://") for path in source.files()}


def test_rest_says_what_it_is(make_table, clone_of, workspace):
    source = make_table("(id INT)")
    clone = clone_of(source)
    assert workspace.tables.get(clone.name).table_type.value == "MANAGED_SHALLOW_CLONE"
    assert workspace.tables.get(source.name).table_type.value == "MANAGED"
