"""What a CREATE leaves behind that did not succeed."""

import pathlib

import pytest


def managed_folders(sql):
    details = sql("DESCRIBE EXTENDED create_witness")
    location = pathlib.Path(next(row[1] for row in details if row[0] == "Location"))
    return {folder.name for folder in location.parent.iterdir()}


@pytest.mark.parametrize("statement", [
    "CREATE TABLE create_boom AS SELECT 1 / (id - 5000) AS x FROM range(10000)",
    "CREATE OR REPLACE TABLE create_boom AS SELECT raise_error('no') AS x",
    "CREATE TABLE create_boom (n INT, CONSTRAINT positive CHECK (nowhere > 0))",
])
def test_a_create_that_fails_leaves_neither_name_nor_files(sql, statement):
    sql("CREATE OR REPLACE TABLE create_witness (n INT)")
    before = managed_folders(sql)
    with pytest.raises(Exception):
        sql(statement)
    assert managed_folders(sql) == before
    assert not any("create_boom" in row for row in sql("SHOW TABLES"))
    sql("CREATE TABLE create_boom (n INT)")
    sql("DROP TABLE create_boom")


@pytest.mark.parametrize("statement", [
    "CREATE OR REPLACE TABLE create_over USING delta LOCATION '{place}' AS SELECT 1 / (id - 5000) AS n FROM range(10000)",
    "CREATE TABLE create_over (n BIGINT) USING delta CLUSTER BY (n) LOCATION '{place}'",
    "CREATE TABLE create_over DEEP CLONE create_source LOCATION '{place}'",
    "CREATE OR REPLACE TABLE create_over SHALLOW CLONE create_source LOCATION '{place}'",
])
def test_over_an_older_log_it_leaves_no_name_and_the_log(sql, tmp_path, statement):
    place = tmp_path / "older"
    sql(f"CREATE OR REPLACE TABLE delta.`{place}` AS SELECT 7L AS n")
    sql("CREATE OR REPLACE TABLE create_source AS SELECT 8L AS n")  # managed: what is a shallow clone of it must be, too
    with pytest.raises(Exception):
        sql(statement.format(place=place))
    assert not any("create_over" in row for row in sql("SHOW TABLES"))
    assert sql(f"SELECT * FROM delta.`{place}`") == [["7"]]


def test_over_a_log_that_cannot_be_read_it_leaves_no_name(sql, tmp_path):
    log = tmp_path / "broken" / "_delta_log"
    log.mkdir(parents=True)
    (log / f"{0:020}.json").write_text("{")
    with pytest.raises(Exception):
        sql(f"CREATE TABLE create_over USING delta LOCATION '{log.parent}'")
    assert not any("create_over" in row for row in sql("SHOW TABLES"))


def test_a_schema_may_be_called_delta(sql, tmp_path):
    sql("CREATE SCHEMA delta")
    sql("CREATE TABLE delta.orders AS SELECT 1 AS n")
    sql("INSERT INTO delta.orders VALUES (2)")
    sql("OPTIMIZE delta.orders")
    assert sql("SELECT n FROM delta.orders ORDER BY n") == [["1"], ["2"]]
    with pytest.raises(Exception, match="not absolute"):
        sql("OPTIMIZE 'orders'")
    sql("DROP SCHEMA delta CASCADE")
