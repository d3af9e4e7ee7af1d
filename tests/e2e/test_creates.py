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


def test_a_schema_may_be_called_delta(sql, tmp_path):
    sql("CREATE SCHEMA delta")
    sql("CREATE TABLE delta.orders AS SELECT 1 AS n")
    sql("INSERT INTO delta.orders VALUES (2)")
    sql("OPTIMIZE delta.orders")
    assert sql("SELECT n FROM delta.orders ORDER BY n") == [["1"], ["2"]]
    with pytest.raises(Exception, match="not absolute"):
        sql("OPTIMIZE 'orders'")
    sql("DROP SCHEMA delta CASCADE")
