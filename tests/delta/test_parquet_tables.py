"""Parquet tables of the catalog: partitioned by the names of their folders, and made out of a query."""

import datetime
import pathlib

import pyarrow.dataset
import pyarrow.parquet as pq
import pytest

from test_convert import trips


def test_folders_give_the_partition_columns_that_are_declared(sql, tmp_path):
    folder = tmp_path / "t"
    folder.mkdir()
    sql(f"CREATE TABLE by_folder (day DATE COMMENT 'when', id BIGINT, city STRING) USING PARQUET PARTITIONED BY (day, city) LOCATION '{folder}'")
    assert sql("SELECT count(*) FROM by_folder") == [["0"]]
    assert [row[0] for row in sql("DESCRIBE by_folder")] == ["id", "day", "city"]  # those of PARTITIONED BY stand last
    for name, first in (("day=2024-01-01/city=K%C3%B6ln", 0), ("DAY=2024-01-02/city=__HIVE_DEFAULT_PARTITION__", 10), ("unsorted", 20)):
        (folder / name).mkdir(parents=True)
        pq.write_table(trips(3, first).select(["id"]), folder / name / "a.parquet")
    assert [row[0] for row in sql("DESCRIBE by_folder")][3:] == ["# Partition Information", "# col_name", "day", "city"]
    assert "PARTITIONED BY (day, city)" in sql("SHOW CREATE TABLE by_folder")[0][0]
    assert sql("SELECT DISTINCT day, city, min(id) OVER (PARTITION BY day) FROM by_folder ORDER BY day") == [
        [None, None, "20"], ["2024-01-01", "Köln", "0"], ["2024-01-02", None, "10"]]
    assert sql("SELECT count(*) FROM by_folder WHERE day > DATE'2024-01-01'") == [["3"]]
    sql("DROP TABLE by_folder")


def test_a_query_makes_files_that_others_read(sql, tmp_path):
    folder = tmp_path / "made"
    sql(f"CREATE TABLE made USING PARQUET PARTITIONED BY (even) LOCATION '{folder}' COMMENT 'of a query' AS "
        "SELECT id % 2 = 0 AS even, id, DATE'2024-01-01' + CAST(id AS INT) AS day, named_struct('x', id) AS s FROM range(10)")
    assert sql("SELECT even, count(*), max(day), sum(s.x) FROM made GROUP BY even ORDER BY even") == [
        ["false", "5", "2024-01-10", "25"], ["true", "5", "2024-01-09", "20"]]
    assert [row[0] for row in sql("DESCRIBE made")][:4] == ["id", "day", "s", "even"]
    read = pyarrow.dataset.dataset(folder, partitioning="hive").to_table()
    assert sorted(read["id"].to_pylist()) == list(range(10))
    assert dict(zip(read["id"].to_pylist(), read["even"].to_pylist())) == {i: str(i % 2 == 0).lower() for i in range(10)}
    assert min(read["day"].to_pylist()) == datetime.date(2024, 1, 1)
    sql(f"CREATE TABLE IF NOT EXISTS made USING PARQUET LOCATION '{tmp_path / 'other'}' AS SELECT 1 AS a")
    assert not (tmp_path / "other").exists()
    sql("CONVERT TO DELTA made")
    assert sql("SELECT count(*) FROM made WHERE even") == [["5"]]
    sql("DROP TABLE made")


def parquet_files(folder):
    return sorted(pathlib.Path(folder).rglob("*.parquet"))


def test_what_cannot_become_a_table_leaves_no_files(sql, tmp_path):
    folder = tmp_path / "taken"
    sql(f"CREATE TABLE taken USING PARQUET LOCATION '{folder}' AS SELECT 1 AS a")
    files = parquet_files(folder)
    assert len(files) == 1
    others = tmp_path / "others"
    for text, reason in ((f"CREATE TABLE again USING PARQUET LOCATION '{others}' AS SELECT CAST(raise_error('not this') AS INT) AS a", "not this"),
                         (f"CREATE TABLE taken USING PARQUET LOCATION '{others}' AS SELECT 1 AS a", "TABLE_OR_VIEW_ALREADY_EXISTS"),
                         ("CREATE TABLE again USING PARQUET AS SELECT 1 AS a", "managed tables of format PARQUET"),
                         (f"CREATE OR REPLACE TABLE taken USING PARQUET LOCATION '{folder}' AS SELECT 2 AS a", "CREATE OR REPLACE"),
                         (f"CREATE TABLE again USING PARQUET PARTITIONED BY (a) LOCATION '{others}' AS SELECT 1 AS a", "ALL_PARTITION_COLUMNS"),
                         (f"CREATE TABLE again USING CSV LOCATION '{others}' AS SELECT 1 AS a", "AS SELECT in the format CSV")):
        with pytest.raises(AssertionError, match=reason):
            sql(text)
    assert parquet_files(folder) == files and not parquet_files(others)
    sql("DROP TABLE taken")
    # Its files stay where they were, so nothing else is made there.
    with pytest.raises(AssertionError, match="non-empty directory"):
        sql(f"CREATE TABLE again USING PARQUET LOCATION '{folder}' AS SELECT 1 AS a")
    assert parquet_files(folder) == files
