"""Servers that are killed while a version of a table in an object store comes to be."""

import pytest
from databricks.sdk.errors import DatabricksError

POINTS = [("catalog.commit.before_put", False), ("catalog.commit.after_put", True)]


def die_at(lake, point: str, text: str):
    lake.restart(f"{point}=kill")
    with pytest.raises((DatabricksError, OSError, TimeoutError)):
        lake.sql(text)
    lake.server.process.wait(timeout=30)


@pytest.mark.parametrize("point, happened", POINTS)
def test_an_insert_happened_or_did_not(mortal, point, happened):
    table = mortal.table()
    mortal.sql(f"CREATE TABLE {table.name} (id INT) LOCATION '{table.url}'")
    die_at(mortal, point, f"INSERT INTO {table.name} VALUES (1)")
    mortal.restart()
    rows = [["1"]] if happened else []
    assert mortal.sql(f"SELECT * FROM {table.name}") == rows
    mortal.sql(f"INSERT INTO {table.name} VALUES (2)")
    assert mortal.sql(f"SELECT * FROM {table.name} ORDER BY id") == [*rows, ["2"]]
    assert mortal.read(table).num_rows == len(rows) + 1


@pytest.mark.parametrize("point, happened", [*POINTS, ("catalog.commit.before_publish", True)])
def test_a_table_was_made_or_was_not(mortal, point, happened):
    table = mortal.table()
    create = f"CREATE TABLE {table.name} LOCATION '{table.url}' AS SELECT 1 AS id"
    die_at(mortal, point, create)
    mortal.restart()
    if not happened:
        with pytest.raises(AssertionError, match="TABLE_OR_VIEW_NOT_FOUND"):
            mortal.sql(f"SELECT * FROM {table.name}")
        mortal.sql(create)
    assert mortal.sql(f"SELECT * FROM {table.name}") == [["1"]]


def test_a_server_starts_while_the_store_is_away_and_finishes_later(mortal):
    table = mortal.table()
    die_at(mortal, "catalog.commit.before_publish", f"CREATE TABLE {table.name} LOCATION '{table.url}' AS SELECT 1 AS id")
    mortal.proxy.fail("throttled", "GET", "", times=1000)
    mortal.restart()
    assert mortal.sql("SELECT 1") == [["1"]]
    with pytest.raises(AssertionError, match="TABLE_OR_VIEW_NOT_FOUND"):
        mortal.sql(f"SELECT * FROM {table.name}")
    mortal.proxy.forget()
    mortal.restart()
    assert mortal.sql(f"SELECT * FROM {table.name}") == [["1"]]
