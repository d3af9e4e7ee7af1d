"""Delta tables in object stores, end to end: a real server, databricks-sdk, and deltalake as an independent reader."""

import io
import threading
import uuid

import pyarrow
import pyarrow.parquet
import pytest
from databricks.sdk.errors import DatabricksError
from deltalake import DeltaTable, write_deltalake

from conftest import SECRETS


def test_a_table_of_an_external_location(lake):
    sql, table = lake.sql, lake.table()
    sql(f"CREATE TABLE {table.name} (id INT, name STRING) LOCATION '{table.url}'")
    sql(f"INSERT INTO {table.name} VALUES (1, 'one'), (2, 'two'), (3, 'three')")
    sql(f"DELETE FROM {table.name} WHERE id = 2")
    sql(f"UPDATE {table.name} SET name = 'ONE' WHERE id = 1")
    sql(f"MERGE INTO {table.name} t USING (SELECT 3 id, 'THREE' name UNION ALL SELECT 4, 'four') s ON t.id = s.id "
        "WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *")
    rows = [["1", "ONE"], ["3", "THREE"], ["4", "four"]]
    assert sql(f"SELECT * FROM {table.name} ORDER BY id") == rows
    assert sql(f"SELECT * FROM delta.`{table.url}` ORDER BY id") == rows
    assert sql(f"SELECT count(*) FROM {table.name} VERSION AS OF 1") == [["3"]]
    history = [row[4] for row in sql(f"DESCRIBE HISTORY {table.name}")]
    assert history == ["MERGE", "UPDATE", "DELETE", "WRITE", "CREATE TABLE"]
    assert sorted(lake.read(table).to_pylist(), key=lambda row: row["id"]) == [{"id": int(i), "name": n} for i, n in rows]
    assert sql(f"DESCRIBE DETAIL {table.name}")[0][4] == table.url


def test_ctas_partitions_optimize_and_vacuum(lake):
    sql, table = lake.sql, lake.table()
    sql(f"CREATE TABLE {table.name} PARTITIONED BY (part) LOCATION '{table.url}' AS "
        "SELECT id, if(id % 3 = 0, NULL, concat('p ', id % 3, '/ä')) part FROM range(30)")
    for start in (30, 40):
        sql(f"INSERT INTO {table.name} SELECT id, 'p 1/ä' FROM range({start}, {start + 10})")
    expected = sql(f"SELECT sum(id), count(*), count(part) FROM {table.name}")
    assert expected == [[str(sum(range(50))), "50", "40"]]
    before = lake.keys(table)
    sql(f"OPTIMIZE {table.name}")
    assert sql(f"SELECT sum(id), count(*), count(part) FROM {table.name}") == expected
    sql(f"ALTER TABLE {table.name} SET TBLPROPERTIES ('delta.deletedFileRetentionDuration' = 'interval 0 hours')")
    planned = sql(f"VACUUM {table.name} RETAIN 0 HOURS DRY RUN")
    sql(f"VACUUM {table.name} RETAIN 0 HOURS")
    gone = before - lake.keys(table)
    assert gone and {f"{table.url}/{key}" for key in gone} == {row[0] for row in planned}
    assert sql(f"SELECT sum(id), count(*), count(part) FROM {table.name}") == expected
    read = lake.read(table)
    assert sum(read["id"].to_pylist()) == sum(range(50)) and read["part"].null_count == 10


def test_a_partition_of_several_files(lake):
    sql, table = lake.sql, lake.table()
    sql(f"CREATE TABLE {table.name} PARTITIONED BY (part) LOCATION '{table.url}' TBLPROPERTIES ('delta.targetFileSize' = '512kb') AS "
        "SELECT id, sha2(CAST(id AS STRING), 256) AS t, if(id % 2 = 0, NULL, 'p 1/ä') AS part FROM range(50000)")
    folders = [key.split("/part-")[0].split("/")[-1] for key in lake.keys(table) if "_delta_log" not in key]
    assert len(set(folders)) == 2 and min(folders.count(folder) for folder in folders) > 2
    read = lake.read(table)
    assert sum(read["id"].to_pylist()) == sum(range(50000)) and read["part"].null_count == 25000
    assert sql(f"SELECT count(DISTINCT id), count(part) FROM {table.name}") == [["50000", "25000"]]


def test_checkpoints_are_written_and_read(lake):
    sql, table = lake.sql, lake.table()
    sql(f"CREATE TABLE {table.name} (id INT) LOCATION '{table.url}' TBLPROPERTIES ('delta.checkpointInterval' = '3')")
    for i in range(7):
        sql(f"INSERT INTO {table.name} VALUES ({i})")
    checkpoints = {key for key in lake.keys(table) if key.endswith(".checkpoint.parquet")}
    assert {key.split("/")[1][:20].lstrip("0") for key in checkpoints} >= {"3", "6"}
    other = lake.another_server()
    other.sql(f"CREATE TABLE {table.name} LOCATION '{table.url}'")
    assert other.sql(f"SELECT sum(id), count(*) FROM {table.name}") == [["21", "7"]]
    assert lake.read(table).num_rows == 7


def test_a_table_that_deltalake_wrote(lake):
    sql, table = lake.sql, lake.table()
    write_deltalake(lake.reader_url(table), pyarrow.table({"id": [1, 2, 3]}), storage_options=lake.reader_options)
    sql(f"CREATE TABLE {table.name} LOCATION '{table.url}'")
    sql(f"INSERT INTO {table.name} VALUES (4)")
    assert sql(f"SELECT sum(id) FROM {table.name}") == [["10"]]
    assert sorted(lake.read(table)["id"].to_pylist()) == [1, 2, 3, 4]


def test_a_shared_access_signature_opens_a_container(make_lake):
    lake = make_lake("azure")
    lake.set_credential(sas=True)
    table = lake.table()
    lake.sql(f"CREATE TABLE {table.name} (id INT) LOCATION '{table.url}'")
    lake.sql(f"INSERT INTO {table.name} VALUES (1)")
    assert lake.sql(f"SELECT * FROM {table.name}") == [["1"]]


def test_files_are_read_by_ranges(lake):
    sql, table = lake.sql, lake.table()
    sql(f"CREATE TABLE {table.name} LOCATION '{table.url}' AS "
        "SELECT id, sha2(cast(id AS STRING), 512) a, sha2(cast(-id AS STRING), 512) b FROM range(200000)")
    size = sum(row for row in [int(sql(f"DESCRIBE DETAIL {table.name}")[0][10])])
    assert size > 20_000_000
    lake.proxy.forget()
    assert sql(f"SELECT sum(id) FROM {table.name}") == [[str(sum(range(200000)))]]
    fetched = sum(length for _, path, length in lake.proxy.seen if ".parquet" in path)
    assert 0 < fetched < size / 10, (fetched, size)


def test_files_larger_than_a_part_are_uploaded_in_parts(lake):
    sql, table = lake.sql, lake.table()
    lake.proxy.forget()
    sql(f"CREATE TABLE {table.name} LOCATION '{table.url}' AS "
        "SELECT id, sha2(cast(id AS STRING), 512) a, sha2(cast(-id AS STRING), 512) b FROM range(100000)")
    part = "partNumber=" if lake.kind == "s3" else "blockid="
    assert len([path for method, path, _ in lake.proxy.seen if method == "PUT" and part in path]) >= 2
    assert sql(f"SELECT count(DISTINCT a), count(DISTINCT b) FROM {table.name}") == [["100000", "100000"]]


@pytest.mark.parametrize("kind", ["throttled", "busy", "lost", "torn"])
def test_faults_of_the_store_lose_nothing(lake, kind):
    sql, table, proxy = lake.sql, lake.table(), lake.proxy
    sql(f"CREATE TABLE {table.name} (id INT) LOCATION '{table.url}'")
    proxy.forget()
    if kind == "torn":
        sql(f"INSERT INTO {table.name} VALUES (0), (1), (2), (3), (4), (5)")
        proxy.fail("torn", "GET", ".json")
        proxy.fail("torn", "GET", ".parquet", times=2)
    else:
        # Data files, log entries, and what is read of them.
        proxy.fail(kind, "PUT", ".parquet")
        proxy.fail(kind, "PUT", "00000000000000000001.json")
        proxy.fail(kind, "PUT", "00000000000000000003.json")
        proxy.fail(kind, "GET", ".json")
        proxy.fail(kind, "GET", ".parquet")
        for i in range(6):
            sql(f"INSERT INTO {table.name} VALUES ({i})")
    assert sql(f"SELECT count(*), sum(id) FROM {table.name}") == [["6", "15"]]
    assert sql(f"SELECT id FROM {table.name} ORDER BY id") == [[str(i)] for i in range(6)]
    assert not proxy.faults, "the store was never asked for these"
    assert sorted(lake.read(table)["id"].to_pylist()) == list(range(6))
    versions = 1 if kind == "torn" else 6
    assert DeltaTable(lake.reader_url(table), storage_options=lake.reader_options).version() == versions


@pytest.mark.parametrize("kind", ["throttled", "busy", "lost", "torn"])
def test_faults_at_checkpoints_and_vectors_lose_nothing(lake, kind):
    sql, table, proxy = lake.sql, lake.table(), lake.proxy
    sql(f"CREATE TABLE {table.name} (id INT) LOCATION '{table.url}' TBLPROPERTIES ('delta.checkpointInterval' = '3')")
    proxy.forget()
    if kind != "torn":
        for part in (".checkpoint.parquet", "_last_checkpoint", "deletion_vector_", ".crc"):
            proxy.fail(kind, "PUT", part)
    sql(f"INSERT INTO {table.name} SELECT CAST(id AS INT) FROM range(10)")
    sql(f"DELETE FROM {table.name} WHERE id = 3")
    for i in range(10, 15):
        sql(f"INSERT INTO {table.name} VALUES ({i})")
    assert not [fault for fault in proxy.faults if ".crc" not in fault[2]], "the store was never asked for these"
    checkpoints = {key for key in lake.keys(table) if key.endswith(".checkpoint.parquet")}
    assert {key.split("/")[1][:20].lstrip("0") for key in checkpoints} >= {"3", "6"}
    proxy.forget()
    other = lake.another_server()
    for part in ("_last_checkpoint", ".checkpoint.parquet", "deletion_vector_"):
        proxy.fail(kind, "GET", part)
    other.sql(f"CREATE TABLE {table.name} LOCATION '{table.url}'")
    expected = sum(range(15)) - 3
    assert other.sql(f"SELECT count(*), sum(id) FROM {table.name}") == [["14", str(expected)]]
    assert not proxy.faults, "the store was never asked for these"
    assert sql(f"SELECT count(*), sum(id) FROM {table.name}") == [["14", str(expected)]]
    assert sum(lake.read(table)["id"].to_pylist()) == expected


@pytest.mark.parametrize("kind", ["throttled", "busy", "lost"])
def test_faults_while_a_file_goes_up_in_parts_lose_nothing(lake, kind):
    sql, table, proxy = lake.sql, lake.table(), lake.proxy
    part, end = ("partNumber=", "uploadId=") if lake.kind == "s3" else ("blockid=", "comp=blocklist")
    proxy.forget()
    proxy.fail(kind, "PUT", part, times=2)
    proxy.fail(kind, "POST" if lake.kind == "s3" else "PUT", end)
    sql(f"CREATE TABLE {table.name} LOCATION '{table.url}' AS "
        "SELECT id, sha2(cast(id AS STRING), 512) a, sha2(cast(-id AS STRING), 512) b FROM range(100000)")
    assert not proxy.faults, "the store was never asked for these"
    assert sql(f"SELECT count(DISTINCT a), count(DISTINCT b) FROM {table.name}") == [["100000", "100000"]]
    assert sql(f"SELECT count(*) FROM {table.name}") == [["100000"]]


def test_a_store_that_stays_away_fails_by_name_and_comes_back(lake):
    sql, table, proxy = lake.sql, lake.table(), lake.proxy
    sql(f"CREATE TABLE {table.name} (id INT) LOCATION '{table.url}'")
    proxy.fail("throttled", "PUT", ".parquet", times=50)
    with pytest.raises(AssertionError, match="503"):
        sql(f"INSERT INTO {table.name} VALUES (1)")
    proxy.forget()
    assert sql(f"SELECT * FROM {table.name}") == []
    sql(f"INSERT INTO {table.name} VALUES (2)")
    assert sql(f"SELECT * FROM {table.name}") == [["2"]]


def test_two_servers_write_one_table_and_nothing_is_lost(lake):
    one, other, table = lake, lake.another_server(), lake.table()
    one.sql(f"CREATE TABLE {table.name} (writer INT, n INT) LOCATION '{table.url}'")
    other.sql(f"CREATE TABLE {table.name} LOCATION '{table.url}'")
    errors = []

    def write(server, writer):
        try:
            for n in range(8):
                server.sql(f"INSERT INTO {table.name} VALUES ({writer}, {n})")
        except BaseException as error:  # noqa: BLE001: shown by the main thread
            errors.append(error)

    threads = [threading.Thread(target=write, args=(server, i)) for i, server in enumerate([one, other])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors, errors
    expected = [[str(w), str(n)] for w in range(2) for n in range(8)]
    for server in (one, other):
        assert server.sql(f"SELECT * FROM {table.name} ORDER BY writer, n") == expected
    assert lake.read(table).num_rows == 16
    assert DeltaTable(lake.reader_url(table), storage_options=lake.reader_options).version() == 16


def test_paths_need_a_location_and_a_grant_on_it(lake, make_client):
    sql, table = lake.sql, lake.table()
    bob = make_client(lake)
    outside = lake.root_url.rsplit("/", 1)[0] + "/elsewhere"
    for path in (outside, lake.root_url + "x/t"):
        with pytest.raises(AssertionError, match="No external location covers"):
            sql(f"CREATE TABLE {table.name} (id INT) LOCATION '{path}'")
    sql(f"CREATE TABLE {table.name} (id INT) LOCATION '{table.url}'")
    sql(f"INSERT INTO {table.name} VALUES (1)")
    mine = lake.table()
    as_bob = lambda text: sql(text, client=bob)  # noqa: E731
    for text, missing in [(f"SELECT * FROM {table.name}", "SELECT"),
                          (f"SELECT * FROM delta.`{table.url}`", "SELECT"),
                          (f"CREATE TABLE {mine.name} (id INT) LOCATION '{mine.url}'", "CREATE EXTERNAL TABLE"),
                          (f"SELECT * FROM parquet.`{lake.root_url}/files`", "READ FILES")]:
        with pytest.raises(AssertionError, match=missing):
            as_bob(text)
    sql(f"GRANT CREATE EXTERNAL TABLE ON EXTERNAL LOCATION {lake.location} TO `{bob.name}`")
    as_bob(f"CREATE TABLE {mine.name} (id INT) LOCATION '{mine.url}'")
    as_bob(f"INSERT INTO {mine.name} VALUES (7)")
    assert as_bob(f"SELECT * FROM {mine.name}") == [["7"]]
    with pytest.raises(AssertionError, match="SELECT"):
        as_bob(f"SELECT * FROM delta.`{table.url}`")
    # A location's files are not its tables': READ FILES opens no table.
    sql(f"GRANT READ FILES ON EXTERNAL LOCATION {lake.location} TO `{bob.name}`")
    with pytest.raises(AssertionError, match="SELECT"):
        as_bob(f"SELECT * FROM delta.`{table.url}`")
    with pytest.raises(AssertionError, match="LOCATION_OVERLAP"):
        as_bob(f"CREATE TABLE {lake.table().name} (id INT) LOCATION '{table.url}/inside'")
    sql(f"GRANT SELECT ON TABLE {table.name} TO `{bob.name}`")
    assert as_bob(f"SELECT * FROM {table.name}") == [["1"]]
    with pytest.raises(AssertionError, match="MODIFY"):
        as_bob(f"INSERT INTO {table.name} VALUES (2)")
    # Through a view of somebody who may.
    view = f"main.default.v_{uuid.uuid4().hex[:8]}"
    sql(f"REVOKE SELECT ON TABLE {table.name} FROM `{bob.name}`")
    sql(f"CREATE VIEW {view} AS SELECT id + 1 AS id FROM {table.name}")
    sql(f"GRANT SELECT ON VIEW {view} TO `{bob.name}`")
    assert as_bob(f"SELECT * FROM {view}") == [["2"]]


def test_files_of_a_location(lake):
    sql, table = lake.sql, lake.table()
    contents = {"x": b"id,name\n1,one\n2,two\n", "y": b"id,name\n3,three\n"}
    lake.put("files/a=1/x.csv", contents["x"])
    lake.put("files/a=2/y.csv", contents["y"])
    lake.put("files/_hidden/z.csv", b"id,name\n9,nine\n")
    read = f"SELECT * FROM read_files('{lake.root_url}/files', format => 'csv', header => true) ORDER BY id"
    assert sql(read) == [["1", "one", "1"], ["2", "two", "1"], ["3", "three", "2"]]
    told = sql(f"SELECT id, _metadata.file_path, _metadata.file_name, _metadata.file_size {read.removeprefix('SELECT *')}")
    assert told == [[i, f"{lake.root_url}/files/a={a}/{name}.csv", f"{name}.csv", str(len(contents[name]))]
                    for i, a, name in [("1", 1, "x"), ("2", 1, "x"), ("3", 2, "y")]]
    sql(f"CREATE TABLE {table.name} (id INT, name STRING) LOCATION '{table.url}'")
    copy = f"COPY INTO {table.name} FROM '{lake.root_url}/files/a=1' FILEFORMAT = CSV FORMAT_OPTIONS ('header' = 'true', 'inferSchema' = 'true')"
    sql(copy)
    sql(copy)
    assert sql(f"SELECT * FROM {table.name} ORDER BY id") == [["1", "one"], ["2", "two"]]
    sql(f"COPY INTO {table.name} FROM (SELECT CAST(id AS INT) AS id, _metadata.file_name AS name FROM '{lake.root_url}/files/a=2') "
        "FILEFORMAT = CSV FORMAT_OPTIONS ('header' = 'true')")
    assert sql(f"SELECT * FROM {table.name} WHERE id = 3") == [["3", "y.csv"]]
    (path,) = sql(f"SELECT DISTINCT _metadata.file_path FROM {table.name} WHERE id = 3")[0]
    assert path.startswith(table.url + "/") and path.removeprefix(table.url + "/") in lake.keys(table)


def test_a_folder_of_parquet_files_becomes_a_table(lake):
    sql, table = lake.sql, lake.table()
    for i in range(3):
        content = io.BytesIO()
        pyarrow.parquet.write_table(pyarrow.table({"id": [i, i + 10], "score": [0.5 * i, None]}), content)
        lake.put(f"{table.url.rpartition('/')[2]}/part={i % 2}/file {i}.parquet", content.getvalue())
    sql(f"CONVERT TO DELTA parquet.`{table.url}` PARTITIONED BY (part INT)")
    assert sql(f"SELECT part, count(*), sum(id), max(score) FROM delta.`{table.url}` GROUP BY part ORDER BY part") == [
        ["0", "4", "24", "1.0"], ["1", "2", "12", "0.5"]]
    sql(f"CREATE TABLE {table.name} LOCATION '{table.url}'")
    sql(f"DELETE FROM {table.name} WHERE id = 12")
    assert lake.read(table).num_rows == 5
    files = lake.table()
    lake.put(f"{files.url.rpartition('/')[2]}/a.parquet", content.getvalue())
    sql(f"CREATE TABLE {files.name} USING PARQUET LOCATION '{files.url}'")
    sql(f"CONVERT TO DELTA {files.name}")
    sql(f"INSERT INTO {files.name} VALUES (99, 1)")
    assert lake.read(files).num_rows == 3


def test_manifests_of_a_table(lake):
    sql, table = lake.sql, lake.table()
    sql(f"CREATE TABLE {table.name} (id INT, part STRING) PARTITIONED BY (part) LOCATION '{table.url}' "
        "TBLPROPERTIES ('delta.enableDeletionVectors' = 'false')")
    sql(f"INSERT INTO {table.name} VALUES (1, 'a'), (2, 'b')")
    sql(f"GENERATE symlink_format_manifest FOR TABLE {table.name}")
    manifests = {key for key in lake.keys(table) if key.startswith("_symlink_format_manifest/")}
    assert manifests == {f"_symlink_format_manifest/part={p}/manifest" for p in "ab"}
    for key in manifests:
        (line,) = lake.get(f"{table.key}/{key}").decode().splitlines()
        assert line.startswith(table.url + "/") and line.removeprefix(table.url + "/") in lake.keys(table)
    # A partition without files has no manifest any more.
    sql(f"DELETE FROM {table.name} WHERE part = 'a'")
    sql(f"GENERATE symlink_format_manifest FOR TABLE {table.name}")
    assert {key for key in lake.keys(table) if key.startswith("_symlink_")} == {"_symlink_format_manifest/part=b/manifest"}
    assert lake.read(table).num_rows == 1


def test_credentials_and_locations_by_rest_and_sql(lake):
    workspace, sql = lake.workspace, lake.sql
    made = workspace.storage_credentials.get(lake.credential)
    assert made.owner and made.id and not made.read_only
    assert lake.credential in [one.name for one in workspace.storage_credentials.list(max_results=1)]
    raw = workspace.api_client.do("GET", f"/api/2.1/unity-catalog/storage-credentials/{lake.credential}")
    assert not [secret for secret in SECRETS if secret in str(raw)]
    location = workspace.external_locations.get(lake.location)
    assert (location.url, location.credential_name, location.credential_id) == (lake.root_url, lake.credential, made.id)
    assert [lake.location, lake.root_url] in [row[:2] for row in sql("SHOW EXTERNAL LOCATIONS")]
    assert sql(f"DESCRIBE EXTERNAL LOCATION {lake.location}")[0][:3] == [lake.location, lake.root_url, lake.credential]
    assert [lake.credential] in [row[:1] for row in sql("SHOW STORAGE CREDENTIALS")]
    with pytest.raises(DatabricksError, match="is used by External Location"):
        workspace.storage_credentials.delete(lake.credential)

    name = f"more_{uuid.uuid4().hex[:8]}"
    url = lake.root_url.rsplit("/", 1)[0] + f"/{name}"
    sql(f"CREATE EXTERNAL LOCATION {name} URL '{url}' WITH (STORAGE CREDENTIAL {lake.credential}) COMMENT 'more'")
    changed = workspace.storage_credentials.update(lake.credential, comment="keys", new_name=lake.credential + "2")
    assert changed.comment == "keys" and workspace.external_locations.get(name).credential_name == lake.credential + "2"
    workspace.storage_credentials.update(lake.credential + "2", new_name=lake.credential)
    sql(f"DROP EXTERNAL LOCATION {name}")
    assert name not in [one.name for one in workspace.external_locations.list()]


def test_a_credential_that_does_not_open_its_location_is_refused(lake):
    name = f"no_{uuid.uuid4().hex[:8]}"
    nowhere = lake.root_url.replace("lake", "nowhere", 1)
    with pytest.raises(DatabricksError, match="does not open the location"):
        lake.workspace.external_locations.create(name, nowhere, lake.credential)
    lake.workspace.external_locations.create(name, nowhere, lake.credential, skip_validation=True)
    lake.workspace.external_locations.delete(name)


def test_a_new_key_counts_from_the_next_statement_on(lake):
    sql, table = lake.sql, lake.table()
    sql(f"CREATE TABLE {table.name} (id INT) LOCATION '{table.url}'")
    sql(f"INSERT INTO {table.name} VALUES (1)")
    # A file by its own path: nothing of that path stays with the key of now.
    file = next(key for key in lake.keys(table) if key.endswith(".parquet"))
    assert sql(f"SELECT * FROM parquet.`{table.url}/{file}`") == [["1"]]
    lake.set_credential(endpoint="http://127.0.0.1:9" + ("/devstoreaccount1" if lake.kind == "azure" else ""))
    with pytest.raises(AssertionError, match="127.0.0.1:9"):
        sql(f"SELECT * FROM {table.name}")
    lake.set_credential()
    assert sql(f"SELECT * FROM {table.name}") == [["1"]]


def test_what_is_not_built_is_refused_by_name(lake):
    from databricks.sdk.service.catalog import AwsIamRoleRequest

    sql, table = lake.sql, lake.table()
    with pytest.raises(DatabricksError, match="aws_iam_role"):
        lake.workspace.storage_credentials.create("x", aws_iam_role=AwsIamRoleRequest("arn:aws:iam::1:role/x"))
    sql(f"CREATE TABLE {table.name} (id INT) LOCATION '{table.url}'")
    for text, what in [(f"CREATE SCHEMA main.s_{uuid.uuid4().hex[:8]} MANAGED LOCATION '/tmp/m'", "MANAGED LOCATION that is not in an object store"),
                       ("SELECT * FROM parquet.`gs://bucket/x`", "gs")]:
        with pytest.raises(AssertionError, match=what):
            sql(text)


def test_secrets_are_nowhere_on_disk_or_in_logs(lake):
    table = lake.table()
    lake.sql(f"CREATE TABLE {table.name} (id INT) LOCATION '{table.url}'")
    lake.sql(f"INSERT INTO {table.name} VALUES (1)")
    read = 0
    for path in [lake.server.log_path, *lake.data_dir.rglob("*")]:
        if path.is_file():
            content = path.read_bytes()
            read += len(content)
            assert not [secret for secret in SECRETS if secret.encode() in content], path
    assert read > 10_000
