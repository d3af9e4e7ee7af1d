"""CONVERT TO DELTA as users have it: files of pyarrow in a volume, tables of the catalog, and who may."""

import datetime
import decimal
import json
import uuid

import deltalake
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.iam import AccessControlRequest, PermissionLevel
from databricks.sdk.service.sql import StatementState

import replay


def trips(count, first=0):
    ids = list(range(first, first + count))
    return pa.table({"id": pa.array(ids, pa.int64()), "city": ["Köln" if i % 3 else None for i in ids],
                     "fare": pa.array([decimal.Decimal(i).scaleb(-2) for i in ids], pa.decimal128(9, 2)), "note": [f"trip {i}" for i in ids]})


def failure(client, server, text):
    answer = client.statement_execution.execute_statement(text, warehouse_id=server.info["warehouse_id"], wait_timeout="50s")
    assert answer.status.state == StatementState.FAILED, text
    return answer.status.error.message


def test_files_of_pyarrow_in_a_volume(sql, tmp_path):
    folder = tmp_path / "volume" / "trips"
    folder.parent.mkdir()
    pq.write_to_dataset(trips(100), folder, partition_cols=["city"])
    pq.write_to_dataset(trips(50, 100), folder, partition_cols=["city"])
    sql(f"CREATE EXTERNAL VOLUME landing LOCATION '{folder.parent}'")
    path = "/Volumes/main/default/landing/trips"
    table = f"delta.`{path}`"
    sql(f"CONVERT TO DELTA parquet.`{path}` PARTITIONED BY (city STRING)")

    # Every third of 0 … 149 has no city.
    assert sql(f"SELECT city, count(*), sum(fare) FROM {table} GROUP BY city ORDER BY city") == [[None, "50", "36.75"], ["Köln", "100", "75.00"]]
    (entry,) = sql(f"DESCRIBE HISTORY {table}")
    assert entry[0] == "0" and entry[4] == "CONVERT"
    assert json.loads(entry[5]) == {"numFiles": "4", "partitionedBy": '["city"]', "collectStats": "true", "sourceFormat": "parquet"}
    read = deltalake.DeltaTable(str(folder))
    batches = deltalake.QueryBuilder().register("t", read).execute("SELECT id FROM t").read_all()
    assert sorted(batches.column("id").to_pylist()) == list(range(150))
    assert read.metadata().partition_columns == ["city"]
    replay.check(folder)

    sql(f"MERGE INTO {table} t USING (SELECT 7L AS id, 'Bonn' AS city, 1.50 AS fare UNION ALL SELECT 1000, 'Bonn', 2) s ON t.id = s.id "
        "WHEN MATCHED THEN UPDATE SET note = 'merged', fare = s.fare WHEN NOT MATCHED THEN INSERT (id, city, fare) VALUES (s.id, s.city, s.fare)")
    assert sql(f"SELECT id, city, fare, note FROM {table} WHERE id IN (7, 1000) ORDER BY id") == [
        ["7", "Köln", "1.50", "merged"], ["1000", "Bonn", "2.00", None]]
    assert sql(f"SELECT count(*) FROM {table} VERSION AS OF 0") == [["150"]]
    assert deltalake.DeltaTable(str(folder)).version() == 1
    replay.check(folder)
    sql(f"CONVERT TO DELTA parquet.`{path}`")  # nothing is left to do
    assert deltalake.DeltaTable(str(folder)).version() == 1
    sql("DROP VOLUME landing")


def test_many_files_are_read_in_parts(sql, tmp_path):
    for i in range(1100):
        pq.write_table(pa.table({"id": [i, None], f"only_{i % 2}": [i, i]}), tmp_path / f"part-{i:05}.parquet")
    sql(f"CONVERT TO DELTA parquet.`{tmp_path}`")
    assert sql(f"SELECT count(*), count(id), sum(only_0), sum(only_1) FROM delta.`{tmp_path}`") == [
        ["2200", "1100", str(2 * sum(range(0, 1100, 2))), str(2 * sum(range(1, 1100, 2)))]]
    state = replay.check(tmp_path)
    assert len(state.files) == 1100


def test_names_that_look_like_patterns_and_columns_in_other_case(sql, tmp_path):
    folder = tmp_path / "odd"
    for name, column in (("a*.parquet", "id"), ("ab.parquet", "ID"), ("a[b].parquet", "Id")):
        folder.mkdir(exist_ok=True)
        # Floating-point columns are read, not only their footers.
        pq.write_table(pa.table({column: [len(name)], "f": [float(len(name))]}), folder / name)
    sql(f"CONVERT TO DELTA parquet.`{folder}`")
    rows = [["10", "10.0"], ["10", "10.0"], ["12", "12.0"]]
    assert sql(f"SELECT * FROM delta.`{folder}` ORDER BY 1") == rows
    sql(f"UPDATE delta.`{folder}` SET f = 1 WHERE ID = 12")
    assert sql(f"SELECT * FROM delta.`{folder}` ORDER BY 1") == rows[:2] + [["12", "1.0"]]
    assert sql(f"SELECT count(*) FROM delta.`{folder}` WHERE id > 10") == [["1"]]


def test_times_of_int96(sql, tmp_path):
    times = [datetime.datetime(2024, 1, day, 10, 0, 0, 123456) for day in (3, 1, 2)]
    pq.write_table(pa.table({"id": [3, 1, 2], "ts": times, "s": [{"at": at, "n": i} for i, at in enumerate(times)],
                             "l": [[at, None] for at in times], "m": pa.array([[("k", at)] for at in times], pa.map_(pa.string(), pa.timestamp("us")))}),
                   tmp_path / "a.parquet", use_deprecated_int96_timestamps=True)
    pq.write_table(pa.table({"id": [4]}), tmp_path / "b.parquet")
    table = f"delta.`{tmp_path}`"
    sql(f"CONVERT TO DELTA parquet.`{tmp_path}`")
    assert sql(f"SELECT id FROM {table} WHERE ts IS NOT NULL ORDER BY ts") == [["1"], ["2"], ["3"]]
    assert sql(f"SELECT id, date(ts) FROM {table} ORDER BY s.at DESC NULLS FIRST, l, m['k']") == [
        ["4", None], ["3", "2024-01-03"], ["2", "2024-01-02"], ["1", "2024-01-01"]]
    assert sql(f"SELECT count(*) FROM {table} WHERE ts = s.at AND ts = l[0] AND ts = m['k'] AND ts > TIMESTAMP'2024-01-01 12:00:00'") == [["2"]]
    assert sql(f"SELECT typeof(ts), typeof(s.at), max(ts) FROM {table} GROUP BY 1, 2") == [["timestamp", "timestamp", "2024-01-03T10:00:00.123456Z"]]
    sql(f"UPDATE {table} SET id = id + 10 WHERE ts < TIMESTAMP'2024-01-02 00:00:00'")
    assert sql(f"SELECT id, ts = s.at FROM {table} WHERE ts IS NOT NULL ORDER BY s.n, ts") == [["3", "true"], ["11", "true"], ["2", "true"]]


def external_table(sql, folder, name):
    folder.mkdir()
    pq.write_table(trips(10), folder / "a.parquet")
    sql(f"CREATE TABLE {name} USING PARQUET TBLPROPERTIES ('owner.note' = 'x') LOCATION '{folder}'")


def provider(sql, name):
    return next(row[1] for row in sql(f"DESCRIBE TABLE EXTENDED {name}") if row[0] == "Provider")


def test_a_table_of_the_catalog_becomes_a_delta_table(sql, workspace, tmp_path):
    external_table(sql, tmp_path / "t", "converted")
    assert provider(sql, "converted") == "parquet"
    sql("CONVERT TO DELTA converted")
    assert provider(sql, "converted") == "delta"
    assert workspace.tables.get("main.default.converted").data_source_format.value == "DELTA"
    sql("UPDATE converted SET note = 'changed' WHERE id = 3")
    assert sql("SELECT count(*), count_if(note = 'changed') FROM converted") == [["10", "1"]]
    assert sql("SHOW TBLPROPERTIES converted ('owner.note')") == [["owner.note", "x"]]
    sql("DROP TABLE converted")
    assert deltalake.DeltaTable(str(tmp_path / "t")).version() == 1  # external: its data stays


def test_a_folder_that_was_converted_by_its_path_before(sql, tmp_path):
    folder = tmp_path / "trips"
    folder.mkdir()
    pq.write_table(trips(10), folder / "part.parquet")
    sql(f"CONVERT TO DELTA parquet.`{folder}`")
    sql(f"CREATE TABLE convert_twice USING PARQUET LOCATION '{folder}' TBLPROPERTIES ('team.name' = 'us')")
    sql("CONVERT TO DELTA convert_twice")  # that new tables have deletion vectors is no difference
    properties = dict(sql("SHOW TBLPROPERTIES convert_twice"))
    assert properties["team.name"] == "us" and properties["delta.enableDeletionVectors"] == "true"
    sql("DROP TABLE convert_twice")
    # What someone has given the log is one.
    sql(f"ALTER TABLE delta.`{folder}` SET TBLPROPERTIES ('team.name' = 'them')")
    sql(f"CREATE TABLE convert_twice USING PARQUET LOCATION '{folder}' TBLPROPERTIES ('team.name' = 'us')")
    with pytest.raises(Exception, match="METASTORE_METADATA_MISMATCH|don't match"):
        sql("CONVERT TO DELTA convert_twice")
    sql("DROP TABLE convert_twice")


@pytest.mark.parametrize("statement", [
    "INSERT INTO kept_parquet SELECT * FROM kept_parquet", "INSERT OVERWRITE kept_parquet SELECT * FROM kept_parquet",
    "UPDATE kept_parquet SET note = 'x'", "DELETE FROM kept_parquet", "COPY INTO kept_parquet FROM '{folder}' FILEFORMAT = PARQUET",
    "MERGE INTO kept_parquet t USING (SELECT 1L AS id) s ON t.id = s.id WHEN MATCHED THEN DELETE"], ids=lambda text: text.split()[0] + text.split()[1])
def test_a_parquet_table_is_not_written_to(sql, tmp_path, statement):
    external_table(sql, tmp_path / "t", "kept_parquet")
    try:
        with pytest.raises(AssertionError, match="UNSUPPORTED_FEATURE"):
            sql(statement.replace("{folder}", str(tmp_path / "t")))
        assert [path.name for path in (tmp_path / "t").iterdir()] == ["a.parquet"]
    finally:
        sql("DROP TABLE kept_parquet")


def test_an_end_before_the_catalog_is_told_is_mended_by_a_repeat(make_server, tmp_path):
    data = tmp_path / "data"
    server = make_server("--data-dir", str(data), env={"ASHLAR_FAILPOINTS": "session.convert.before_catalog=error"})
    client = WorkspaceClient(host=server.info["url"], token=server.info["token"])

    def sql(text):
        answer = client.statement_execution.execute_statement(text, warehouse_id=server.info["warehouse_id"], wait_timeout="50s")
        assert answer.status.state == StatementState.SUCCEEDED, answer.status.error
        return (answer.result.data_array or []) if answer.result else []

    external_table(sql, tmp_path / "t", "mended")
    assert "session.convert.before_catalog" in failure(client, server, "CONVERT TO DELTA mended")
    assert provider(sql, "mended") == "parquet"
    assert sql("SELECT count(*) FROM mended") == [["10"]]
    sql("CONVERT TO DELTA mended")
    assert provider(sql, "mended") == "delta"
    assert deltalake.DeltaTable(str(tmp_path / "t")).version() == 0
    sql("DELETE FROM mended WHERE id < 5")
    assert sql("SELECT count(*) FROM mended") == [["5"]]


def test_it_takes_the_right_to_read_and_to_write(sql, workspace, server, tmp_path):
    principal = workspace.service_principals.create(display_name=f"converter-{uuid.uuid4()}")
    token = workspace.token_management.create_obo_token(application_id=principal.application_id, comment="test")
    guest = WorkspaceClient(host=server.info["url"], token=token.token_value)
    workspace.permissions.update("sql/warehouses", server.info["warehouse_id"], access_control_list=[
        AccessControlRequest(service_principal_name=principal.application_id, permission_level=PermissionLevel.CAN_USE)])
    (tmp_path / "volume" / "files").mkdir(parents=True)
    pq.write_table(trips(3), tmp_path / "volume" / "files" / "a.parquet")
    external_table(sql, tmp_path / "t", "theirs")
    sql(f"CREATE EXTERNAL VOLUME guarded_files LOCATION '{tmp_path / 'volume'}'")
    for grant in ("USE CATALOG ON CATALOG main", "USE SCHEMA ON SCHEMA main.default", "READ VOLUME ON VOLUME guarded_files", "SELECT ON TABLE theirs"):
        sql(f"GRANT {grant} TO `{principal.application_id}`")
    by_path = "CONVERT TO DELTA parquet.`/Volumes/main/default/guarded_files/files`"
    for text in (by_path, "CONVERT TO DELTA main.default.theirs", f"CONVERT TO DELTA parquet.`{tmp_path / 'volume' / 'files'}`"):
        assert "INSUFFICIENT_PERMISSIONS" in failure(guest, server, text)
    assert not (tmp_path / "volume" / "files" / "_delta_log").exists() and not (tmp_path / "t" / "_delta_log").exists()
    # A table of the catalog is converted by its name.
    with pytest.raises(AssertionError, match="LOCATION_OVERLAP"):
        sql(f"CONVERT TO DELTA parquet.`{tmp_path / 't'}`")
    sql(f"GRANT WRITE VOLUME ON VOLUME guarded_files TO `{principal.application_id}`")
    sql(f"GRANT MODIFY ON TABLE theirs TO `{principal.application_id}`")
    for text in (by_path, "CONVERT TO DELTA main.default.theirs"):
        answer = guest.statement_execution.execute_statement(text, warehouse_id=server.info["warehouse_id"], wait_timeout="50s")
        assert answer.status.state == StatementState.SUCCEEDED, answer.status.error
    assert provider(sql, "theirs") == "delta"
    sql("DROP TABLE theirs")
    sql("DROP VOLUME guarded_files")
