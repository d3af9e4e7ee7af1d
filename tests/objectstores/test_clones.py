"""Clones of tables in object stores: files that are copied, and files that are shared."""

import dataclasses
import json
import urllib.parse

import pyarrow
import pytest
from deltalake import write_deltalake


def test_deep_clones_from_and_to_the_store(lake):
    sql, source, clone = lake.sql, lake.table(), lake.table()
    local, back = lake.table(), lake.table()
    sql(f"CREATE TABLE {source.name} (id INT, part STRING) PARTITIONED BY (part) LOCATION '{source.url}'")
    sql(f"INSERT INTO {source.name} SELECT CAST(id AS INT), concat('p ', id % 2, '/ä') FROM range(20)")
    sql(f"DELETE FROM {source.name} WHERE id IN (3, 4)")
    rows = sql(f"SELECT * FROM {source.name} ORDER BY id")
    assert len(rows) == 18
    # Within the store, out of it, and back into it.
    for target, origin, where in [(clone, source, f" LOCATION '{clone.url}'"), (local, clone, ""), (back, local, f" LOCATION '{back.url}'")]:
        counts = sql(f"CREATE TABLE {target.name} DEEP CLONE {origin.name}{where}")[0]
        assert counts[1] == counts[3] and counts[0] == counts[5], counts
        assert sql(f"SELECT * FROM {target.name} ORDER BY id") == rows
    assert [[str(row["id"]), row["part"]] for row in sorted(lake.read(back).to_pylist(), key=lambda row: row["id"])] == rows
    # Nothing is shared.
    sql(f"DELETE FROM {source.name}")
    sql(f"INSERT INTO {clone.name} VALUES (100, 'x')")
    assert sql(f"SELECT count(*) FROM {back.name}") == [["18"]] and lake.read(clone).num_rows == 19
    sql(f"CREATE OR REPLACE TABLE {back.name} DEEP CLONE {clone.name} VERSION AS OF 0 LOCATION '{back.url}'")
    assert sql(f"SELECT * FROM {back.name} ORDER BY id") == rows
    lake.proxy.fail("lost", "PUT", ".parquet")
    lake.proxy.fail("throttled", "GET", ".parquet")
    again = lake.table()
    sql(f"CREATE TABLE {again.name} DEEP CLONE {clone.name} LOCATION '{again.url}'")
    assert lake.read(again).num_rows == 19 and not lake.proxy.faults


def added_paths(lake, table, version):
    """What a commit's add actions name, and their deletion vectors."""
    commit = lake.get(f"{table.key}/_delta_log/{version:020}.json").decode()
    adds = [action["add"] for action in map(json.loads, commit.splitlines()) if "add" in action]
    return [add["path"] for add in adds], [add["deletionVector"] for add in adds if "deletionVector" in add]


def test_shallow_clones_share_the_files_of_a_store(lake):
    sql, source, clone, nested = lake.sql, lake.table(), lake.table(), lake.table()
    source = dataclasses.replace(source, url=source.url + " of/ä", key=source.key + " of/ä")
    sql(f"CREATE TABLE {source.name} (id INT, part STRING) PARTITIONED BY (part) LOCATION '{source.url}' "
        "TBLPROPERTIES ('delta.deletedFileRetentionDuration' = 'interval 0 hours')")
    sql(f"INSERT INTO {source.name} SELECT CAST(id AS INT), concat('p ', id % 2, '/ä') FROM range(20)")
    sql(f"DELETE FROM {source.name} WHERE id IN (3, 4)")
    shared = {key for key in lake.keys(source) if not key.startswith("_delta_log")}
    rows = sql(f"SELECT * FROM {source.name} ORDER BY id")
    counts = sql(f"CREATE TABLE {clone.name} SHALLOW CLONE {source.name} LOCATION '{clone.url}'")[0]
    assert counts[1] == "2" and counts[3] == counts[5] == "0"
    assert {key for key in lake.keys(clone)} == {"_delta_log/00000000000000000000.json", "_delta_log/00000000000000000000.crc"}
    paths, vectors = added_paths(lake, clone, 0)
    absolute = [*paths, *(vector["pathOrInlineDv"] for vector in vectors)]
    assert {urllib.parse.unquote(path) for path in absolute} == {f"{source.url}/{key}" for key in shared}
    assert (len(shared), len(paths), len(vectors)) == (3, 2, 2)  # two files, and one of both vectors
    assert all(" " not in path for path in absolute) and {vector["storageType"] for vector in vectors} == {"p"}
    assert sql(f"SELECT * FROM {clone.name} ORDER BY id") == rows == sql(f"SELECT * FROM delta.`{clone.url}` ORDER BY id")
    # Each side writes to itself.
    sql(f"CREATE TABLE {nested.name} SHALLOW CLONE {clone.name} LOCATION '{nested.url}'")
    sql(f"UPDATE {clone.name} SET part = 'x' WHERE id = 0")
    sql(f"DELETE FROM {clone.name} WHERE id = 1")
    sql(f"INSERT OVERWRITE {source.name} VALUES (100, 'z')")
    assert shared < lake.keys(source) and sql(f"SELECT * FROM {nested.name} ORDER BY id") == rows
    assert sql(f"SELECT * FROM {clone.name} ORDER BY id") == [["0", "x"], *rows[2:]]
    assert sql(f"SELECT count(*) FROM {clone.name} VERSION AS OF 0") == [["18"]]
    # VACUUM keeps what clones need, and looks at its own folder alone.
    sql(f"VACUUM {source.name}")
    sql(f"VACUUM {clone.name}")
    assert shared < lake.keys(source) and sql(f"SELECT * FROM {nested.name} ORDER BY id") == rows
    with pytest.raises(AssertionError, match="shallow clones"):
        sql(f"DROP TABLE {source.name}")
    sql(f"DROP TABLE {nested.name}")
    sql(f"DROP TABLE {clone.name}")
    sql(f"VACUUM {source.name}")
    assert not shared & lake.keys(source) and sql(f"SELECT id FROM {source.name}") == [["100"]]


def test_a_clone_in_a_store_is_read_by_who_may_read_the_clone_alone(lake, make_client):
    sql, source, clone = lake.sql, lake.table(), lake.table()
    bob = make_client(lake)
    sql(f"CREATE TABLE {source.name} (id INT) LOCATION '{source.url}'")
    sql(f"INSERT INTO {source.name} VALUES (1), (2)")
    with pytest.raises(AssertionError, match="SELECT"):
        sql(f"CREATE TABLE {clone.name} SHALLOW CLONE {source.name}", client=bob)
    sql(f"CREATE TABLE {clone.name} SHALLOW CLONE {source.name} LOCATION '{clone.url}'")
    sql(f"GRANT SELECT ON TABLE {clone.name} TO `{bob.name}`")
    assert sql(f"SELECT count(*) FROM {clone.name}", client=bob) == [["2"]]
    with pytest.raises(AssertionError, match="SELECT"):
        sql(f"SELECT * FROM {source.name}", client=bob)
    # A path that somebody wrote into the log opens nothing, not even for an admin.
    secret = lake.table()
    sql(f"CREATE TABLE {secret.name} (id INT) LOCATION '{secret.url}'")
    sql(f"INSERT INTO {secret.name} VALUES (42)")
    file, = (key for key in lake.keys(secret) if key.endswith(".parquet"))
    line = json.loads(lake.get(f"{clone.key}/_delta_log/{0:020}.json").decode().splitlines()[-1])
    line["add"]["path"] = f"{secret.url}/{file}"
    lake.put(f"{clone.url.rpartition('/')[2]}/_delta_log/{1:020}.json", (json.dumps({"commitInfo": {}}) + "\n" + json.dumps(line)).encode())
    with pytest.raises(AssertionError, match="outside of its table"):
        sql(f"SELECT * FROM {clone.name}")


def test_vacuum_does_not_guess_what_a_clone_in_a_store_needs(lake):
    sql, source, clone = lake.sql, lake.table(), lake.table()
    sql(f"CREATE TABLE {source.name} (id INT) LOCATION '{source.url}' "
        "TBLPROPERTIES ('delta.deletedFileRetentionDuration' = 'interval 0 hours')")
    sql(f"INSERT INTO {source.name} VALUES (1)")
    sql(f"CREATE TABLE {clone.name} SHALLOW CLONE {source.name} LOCATION '{clone.url}'")
    sql(f"INSERT OVERWRITE {source.name} VALUES (2)")
    before = lake.keys(source)
    lake.put(f"{clone.url.rpartition('/')[2]}/_delta_log/{1:020}.json", b"torn")
    with pytest.raises(AssertionError, match="cannot tell which files a shallow clone"):
        sql(f"VACUUM {source.name}")
    assert lake.keys(source) == before


def test_shallow_clones_between_a_store_and_local_tables(lake, tmp_path):
    sql, there, local, back = lake.sql, lake.table(), lake.table(), lake.table()
    sql(f"CREATE TABLE {there.name} (id INT) LOCATION '{there.url}'")
    sql(f"INSERT INTO {there.name} VALUES (1), (2)")
    sql(f"DELETE FROM {there.name} WHERE id = 2")
    sql(f"CREATE TABLE {local.name} SHALLOW CLONE {there.name} LOCATION '{tmp_path}/local'")
    sql(f"INSERT INTO {local.name} VALUES (3)")
    sql(f"CREATE TABLE {back.name} SHALLOW CLONE {local.name} LOCATION '{back.url}'")
    sql(f"DELETE FROM {back.name} WHERE id = 1")
    assert sql(f"SELECT * FROM {local.name} ORDER BY id") == [["1"], ["3"]] and sql(f"SELECT * FROM {back.name}") == [["3"]]
    sql(f"CREATE OR REPLACE TABLE {local.name} SHALLOW CLONE {there.name} VERSION AS OF 1 LOCATION '{tmp_path}/local'")
    assert sql(f"SELECT * FROM {local.name} ORDER BY id") == [["1"], ["2"]] and sql(f"SELECT * FROM {back.name}") == [["3"]]
    for table in (back, local):
        sql(f"DROP TABLE {table.name}")


def test_a_shallow_clone_that_another_engine_made(lake, make_client):
    """Its log names s3a:, as Hadoop does, or abfss: URLs; the catalog knows nothing of its source."""
    sql, source, clone = lake.sql, lake.table(), lake.table()
    bob = make_client(lake)
    write_deltalake(lake.reader_url(source), pyarrow.table({"id": [1, 2]}), storage_options=lake.reader_options)
    commit = [json.loads(line) for line in lake.get(f"{source.key}/_delta_log/{0:020}.json").decode().splitlines()]
    for action in commit:
        if "add" in action:
            action["add"]["path"] = f"{source.url}/{action['add']['path']}".replace("s3:", "s3a:")
    lake.put(f"{clone.url.rpartition('/')[2]}/_delta_log/{0:020}.json", "\n".join(map(json.dumps, commit)).encode())
    sql(f"CREATE TABLE {clone.name} LOCATION '{clone.url}'")
    assert sql(f"SELECT * FROM {clone.name} ORDER BY id") == [["1"], ["2"]]
    sql(f"GRANT SELECT ON TABLE {clone.name} TO `{bob.name}`")
    with pytest.raises(AssertionError, match="outside of its table"):
        sql(f"SELECT * FROM {clone.name}", client=bob)
    sql(f"GRANT READ FILES ON EXTERNAL LOCATION {lake.location} TO `{bob.name}`")
    assert len(sql(f"SELECT * FROM {clone.name}", client=bob)) == 2
    sql(f"INSERT INTO {clone.name} VALUES (3)")
    with pytest.raises(AssertionError, match="a shallow clone that another engine made"):
        sql(f"CREATE TABLE {lake.table().name} SHALLOW CLONE {clone.name} LOCATION '{lake.root_url}/again'")
    sql(f"DELETE FROM {clone.name} WHERE id = 1")
    assert sql(f"SELECT * FROM {clone.name} ORDER BY id") == [["2"], ["3"]] and lake.read(source).num_rows == 2
