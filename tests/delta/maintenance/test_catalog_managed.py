"""Catalog-managed tables: what is made, who may look at them, and what the second reader finds when all is published."""

import json
import pathlib
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest

import replay

MANAGED = "TBLPROPERTIES ('delta.feature.catalogManaged' = 'supported')"


def managed(*properties):
    """TBLPROPERTIES of a catalog-managed table, and more of them."""
    return MANAGED[:-1] + "".join(f", {one}" for one in properties) + ")"


BLOCKED = "DELTA_PATH_BASED_ACCESS_TO_CATALOG_MANAGED_TABLE_BLOCKED"
NOT_MADE = "DELTA_UNSUPPORTED_CATALOG_MANAGED_TABLE_CREATION"


def rows_by_replay(table):
    rows = replay.live_rows(table.root, replay.check(table.root))
    return sorted((tuple(None if cell is None else str(cell) for cell in row) for row in rows), key=str)


def versions(table):
    log = pathlib.Path(table.root) / "_delta_log"
    return sorted(int(file.stem) for file in log.glob("*.json") if file.stem.isdigit())


def test_a_table_through_its_life(make_table):
    table = make_table("(id INT, v STRING)", managed("'delta.enableChangeDataFeed' = 'true'", "'delta.checkpointInterval' = '3'"))
    sql, name = table.sql, table.name
    properties = dict(map(tuple, sql(f"SHOW TBLPROPERTIES {name}")))
    for feature in ("catalogManaged", "inCommitTimestamp", "vacuumProtocolCheck"):
        assert properties[f"delta.feature.{feature}"] == "supported"
    assert properties["delta.enableInCommitTimestamps"] == "true"
    sql(f"INSERT INTO {name} VALUES (1, 'a'), (2, 'b'), (3, 'c')")
    sql(f"UPDATE {name} SET v = 'z' WHERE id = 2")
    sql(f"DELETE FROM {name} WHERE id = 3")
    sql(f"MERGE INTO {name} t USING (SELECT 4 AS id, 'd' AS v) s ON t.id = s.id WHEN NOT MATCHED THEN INSERT *")
    sql(f"OPTIMIZE {name}")
    assert table.rows() == [("1", "a"), ("2", "z"), ("4", "d")] == rows_by_replay(table)
    assert sql(f"SELECT count(*) FROM {name} VERSION AS OF 1") == [["3"]]
    changes = sql(f"SELECT id, _change_type FROM table_changes('{name}', 2, 3) ORDER BY id, _change_type")
    assert changes == [["2", "update_postimage"], ["2", "update_preimage"], ["3", "delete"]]
    sql(f"RESTORE TABLE {name} TO VERSION AS OF 1")
    assert len(table.rows()) == 3
    sql(f"VACUUM {name}")
    sql(f"ALTER TABLE {name} ADD COLUMNS (w INT)")
    sql(f"INSERT OVERWRITE {name} VALUES (9, 'n', 1)")
    assert table.rows() == [("9", "n", "1")] == rows_by_replay(table)
    history = sql(f"DESCRIBE HISTORY {name}")
    assert versions(table) == sorted(int(row[0]) for row in history) == list(range(len(history)))
    times = []
    for version in versions(table):
        info, = table.log(version)["commitInfo"]
        assert info["txnId"]
        times.append(info["inCommitTimestamp"])
    assert times == sorted(set(times))
    log = pathlib.Path(table.root) / "_delta_log"
    assert list(log.glob("*.checkpoint.parquet"))
    for staged in (log / "_staged_commits").iterdir():
        version = int(staged.name.split(".")[0])
        assert staged.read_text() == (log / f"{version:020}.json").read_text()


def test_a_path_opens_none(make_table, fails, tmp_path):
    table = make_table("(id INT)", MANAGED)
    table.sql(f"INSERT INTO {table.name} VALUES (1)")
    assert BLOCKED in fails(f"SELECT * FROM delta.`{table.root}`")
    assert BLOCKED in fails(f"INSERT INTO delta.`{table.root}` VALUES (2)")
    assert BLOCKED in fails(f"DESCRIBE HISTORY delta.`{table.root}`")
    assert BLOCKED in fails(f"VACUUM delta.`{table.root}`")
    # Nor do its files, whatever they are read as: they are not the table's rows.
    part = next(name.name for name in pathlib.Path(table.root).glob("*.parquet"))
    for text in (f"parquet.`{table.root}`", f"parquet.`file:{table.root}/{part}`", f"json.`{table.root}/_delta_log/*.json`",
                 f"text.`{table.root}/_delta_log`", f"read_files('{table.root}', format => 'parquet')"):
        assert BLOCKED in fails(f"SELECT * FROM {text}"), text
    assert BLOCKED in fails(f"COPY INTO {table.name} FROM '{table.root}' FILEFORMAT = PARQUET")
    assert "own storage" in fails(f"CREATE TABLE main.default.stolen USING delta LOCATION '{table.root}'")
    # One that another catalog manages.
    foreign = tmp_path / "foreign"
    shutil.copytree(table.root, foreign)
    assert BLOCKED in fails(f"SELECT * FROM delta.`{foreign}`")
    assert BLOCKED in fails(f"INSERT INTO delta.`{foreign}` VALUES (2)")
    assert BLOCKED in fails(f"CREATE TABLE main.default.foreign_managed USING delta LOCATION '{foreign}'")
    assert "TABLE_OR_VIEW_NOT_FOUND" in fails("SELECT * FROM main.default.foreign_managed")
    assert NOT_MADE in fails(f"CREATE TABLE delta.`{tmp_path}/new` (id INT) {MANAGED}")
    assert table.rows() == [("1",)] == rows_by_replay(table)


def test_what_a_table_cannot_become_or_lose(make_table, fails, tmp_path):
    table = make_table("(id INT)", MANAGED)
    alter = f"ALTER TABLE {table.name} "
    for change in ("SET TBLPROPERTIES ('delta.enableInCommitTimestamps' = 'false')", "UNSET TBLPROPERTIES ('delta.enableInCommitTimestamps')"):
        assert "DELTA_CANNOT_MODIFY_CATALOG_MANAGED_DEPENDENCIES" in fails(alter + change)
    for needed in ("inCommitTimestamp", "vacuumProtocolCheck"):
        assert "DELTA_FEATURE_DROP_DEPENDENT_FEATURE" in fails(alter + f"DROP FEATURE {needed}")
    assert "dropping the feature catalogManaged" in fails(alter + "DROP FEATURE catalogManaged")
    assert NOT_MADE in fails(f"CREATE TABLE main.default.ext (id INT) USING delta LOCATION '{tmp_path}/e' {MANAGED}")
    plain = make_table("(id INT)")
    assert "making an existing table catalog-managed" in fails(f"ALTER TABLE {plain.name} SET {MANAGED}")
    assert NOT_MADE in fails(f"CREATE OR REPLACE TABLE {plain.name} (id INT) {MANAGED}")
    assert "CLONE to a catalog-managed table" in fails(f"CREATE OR REPLACE TABLE {table.name} DEEP CLONE {plain.name}")
    assert NOT_MADE in fails(f"CREATE TABLE main.default.c SHALLOW CLONE {plain.name} {MANAGED}")
    assert versions(table) == versions(plain) == [0]
    assert replay.check(table.root).version == 0


def test_it_stays_one_when_it_is_replaced(make_table):
    table = make_table("(id INT)", MANAGED)
    table.sql(f"INSERT INTO {table.name} VALUES (1)")
    table.sql(f"CREATE OR REPLACE TABLE {table.name} AS SELECT 2 AS other, 'x' AS text")
    assert table.rows() == [("2", "x")] == rows_by_replay(table)
    metadata, = table.log(2)["metaData"]
    assert metadata["configuration"]["delta.enableInCommitTimestamps"] == "true"
    table.sql(f"INSERT INTO {table.name} VALUES (3, 'y')")
    assert versions(table) == [0, 1, 2, 3] and len(rows_by_replay(table)) == 2


@pytest.mark.parametrize("kind", ["DEEP", "SHALLOW"])
def test_a_clone_of_one_is_a_plain_table(make_table, kind):
    source = make_table("(id INT)", MANAGED)
    source.sql(f"INSERT INTO {source.name} VALUES (1), (2)")
    name = source.name + "_clone"
    source.sql(f"CREATE TABLE {name} {kind} CLONE {source.name}")
    try:
        clone = type(source)(source.sql, name)
        assert "catalogManaged" not in json.dumps(clone.log(0)["protocol"])
        source.sql(f"INSERT INTO {name} VALUES (3)")
        assert clone.rows() == [("1",), ("2",), ("3",)] == rows_by_replay(clone)
        assert not (pathlib.Path(clone.root) / "_delta_log" / "_staged_commits").exists()
        source.sql(f"VACUUM {source.name}")
    finally:
        source.sql(f"DROP TABLE {name}")


def test_who_may_read_reads_and_a_view_is_enough(make_table, fails, reader):
    table = make_table("(id INT)", MANAGED)
    sql, name = table.sql, table.name
    sql(f"INSERT INTO {name} VALUES (1)")
    sql(f"CREATE OR REPLACE VIEW {name}_view AS SELECT id + 1 AS next FROM {name}")
    assert "INSUFFICIENT_PERMISSIONS" in fails(f"SELECT * FROM {name}", client=reader)
    sql(f"GRANT SELECT ON VIEW {name}_view TO `{reader.application_id}`")
    assert sql(f"SELECT * FROM {name}_view", client=reader) == [["2"]]
    assert "INSUFFICIENT_PERMISSIONS" in fails(f"SELECT * FROM delta.`{table.root}`", client=reader)
    sql(f"GRANT SELECT ON TABLE {name} TO `{reader.application_id}`")
    assert sql(f"SELECT * FROM {name}", client=reader) == [["1"]]
    for form in ("delta", "parquet", "binaryFile"):
        assert BLOCKED in fails(f"SELECT * FROM {form}.`{table.root}`", client=reader)
    assert "INSUFFICIENT_PERMISSIONS" in fails(f"INSERT INTO {name} VALUES (2)", client=reader)
    sql(f"DROP VIEW {name}_view")


def test_writers_at_once_lose_nothing(make_table):
    table = make_table("(id INT)", MANAGED)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda i: table.sql(f"INSERT INTO {table.name} VALUES ({i})"), range(16)))
    assert sorted(int(row[0]) for row in table.rows()) == list(range(16))
    assert versions(table) == list(range(17)) and len(rows_by_replay(table)) == 16


def test_what_is_not_published_is_read_and_published_later(make_server, tmp_path):
    from databricks.sdk import WorkspaceClient

    server = make_server("--data-dir", str(tmp_path / "data"))
    plain = dict(server.env)

    def start(env):
        server.stop()
        server.env = env
        server.start()
        client = WorkspaceClient(host=server.info["url"], token=server.info["token"])

        def run(text):
            answer = client.statement_execution.execute_statement(text, warehouse_id=server.info["warehouse_id"], wait_timeout="50s")
            assert answer.status.state.value == "SUCCEEDED", answer.status.error
            return (answer.result.data_array or []) if answer.result else []

        return run

    run = start({**plain, "ASHLAR_FAILPOINTS": "delta.publish.before_put=error@*"})
    more = managed("'delta.checkpointInterval' = '2'")
    run(f"CREATE TABLE t (id INT) {more}")
    for i in range(4):
        run(f"INSERT INTO t VALUES ({i})")
    run("DELETE FROM t WHERE id = 0")
    shown = [["1"], ["2"], ["3"]]
    assert run("SELECT * FROM t ORDER BY id") == shown
    assert run("SELECT count(*) FROM t VERSION AS OF 2") == [["2"]]
    assert [row[0] for row in run("DESCRIBE HISTORY t")] == ["5", "4", "3", "2", "1", "0"]
    root = pathlib.Path(next(row[1] for row in run("DESCRIBE EXTENDED t") if row[0] == "Location").removeprefix("file:"))
    assert not list((root / "_delta_log").glob("*.json")) and not list((root / "_delta_log").glob("*.parquet"))
    run = start(plain)
    assert run("SELECT * FROM t ORDER BY id") == shown
    assert replay.check(str(root)).version == 5
    run("INSERT INTO t VALUES (7)")
    assert sorted(row[0] for row in replay.live_rows(str(root), replay.check(str(root)))) == [1, 2, 3, 7]
