"""How many rows a data file has at most: the option maxRecordsPerFile of a writer, and the session's conf."""

import pathlib

import pyarrow.parquet
import pytest
from pyspark.errors import IllegalArgumentException

CONF = "spark.sql.files.maxRecordsPerFile"
MANY = 700_000  # enough for several row groups, and so for several threads


def rows_by_file(spark, table):
    files = spark.sql(f"SELECT file, count(*) FROM (SELECT _metadata.file_path AS file FROM {table}) GROUP BY file").collect()
    return sorted((row[1] for row in files), reverse=True)


# What Spark 4.2 with delta-spark 4.4 makes of ten rows in one task.
@pytest.mark.parametrize("conf, key, value, files", [
    ("0", "maxRecordsPerFile", "3", [3, 3, 3, 1]),
    ("0", "MAXRECORDSPERFILE", "4", [4, 4, 2]),
    ("0", "maxrecordsperfile", "9223372036854775807", [10]),
    ("2", "maxRecordsPerFile", "5", [5, 5]),
    ("2", "maxRecordsPerFile", "0", [10]),
    ("2", "maxRecordsPerFile", "-1", [10]),
])
def test_an_option_is_before_the_session(spark, schema, conf, key, value, files):
    spark.conf.set(CONF, conf)
    rows = spark.range(0, 10, 1, 1)
    table = f"{schema}.t"
    rows.write.option(key, value).saveAsTable(table)
    assert rows_by_file(spark, table) == files
    rows.write.mode("overwrite").option(key, value).insertInto(table)
    assert rows_by_file(spark, table) == files
    rows.writeTo(table).option(key, value).overwritePartitions()
    assert rows_by_file(spark, table) == files
    spark.sql(f"INSERT OVERWRITE {table} WITH ('{key}' = '{value}') SELECT * FROM range(10)")
    assert rows_by_file(spark, table) == files
    rows.writeTo(table).using("delta").option(key, value).createOrReplace()
    assert rows_by_file(spark, table) == files
    assert [row.id for row in spark.table(table).sort("id").collect()] == list(range(10))


def test_the_session_says_it_for_every_write(spark, schema):
    spark.conf.set(CONF, "3")
    table = f"{schema}.t"
    spark.sql(f"CREATE TABLE {table} TBLPROPERTIES ('delta.enableDeletionVectors' = 'false') AS SELECT id, 0 AS n FROM range(10)")
    assert rows_by_file(spark, table) == [3, 3, 3, 1]
    spark.sql(f"INSERT OVERWRITE {table} VALUES {', '.join(f'({i}, 0)' for i in range(10))}")
    assert rows_by_file(spark, table) == [3, 3, 3, 1]
    spark.sql(f"UPDATE {table} SET n = n + 1")
    assert rows_by_file(spark, table) == [3, 3, 3, 1]
    spark.sql(f"MERGE INTO {table} t USING (SELECT id + 5 AS id FROM range(10)) s ON t.id = s.id "
              "WHEN MATCHED THEN UPDATE SET n = 9 WHEN NOT MATCHED THEN INSERT (id, n) VALUES (s.id, 7)")
    files = rows_by_file(spark, table)
    assert sum(files) == 15 and max(files) == 3
    spark.sql(f"DELETE FROM {table} WHERE id = 0")
    spark.sql(f"OPTIMIZE {table}")
    assert rows_by_file(spark, table) == [3, 3, 3, 3, 2]
    assert [tuple(row) for row in spark.table(table).sort("id").collect()] == [(i, 1 if i < 5 else 9 if i < 10 else 7) for i in range(1, 15)]
    spark.conf.unset(CONF)
    spark.sql(f"OPTIMIZE {table}")
    assert rows_by_file(spark, table) == [14]


@pytest.mark.parametrize("vectors", ["true", "false"])
def test_changed_rows_and_their_feed(spark, schema, vectors):
    table = f"{schema}.fed"
    spark.sql(f"CREATE TABLE {table} (id BIGINT, p INT) PARTITIONED BY (p) "
              f"TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true', 'delta.enableDeletionVectors' = '{vectors}')")
    spark.sql(f"INSERT INTO {table} SELECT id, CAST(id % 2 AS INT) FROM range(2000)")
    assert rows_by_file(spark, table) == [1000, 1000]
    spark.conf.set(CONF, "300")
    spark.sql(f"UPDATE {table} SET id = -id")
    assert rows_by_file(spark, table) == [300, 300, 300, 300, 300, 300, 100, 100]
    location = spark.sql(f"DESCRIBE DETAIL {table}").collect()[0].location.removeprefix("file:")
    feed = [pyarrow.parquet.read_metadata(path).num_rows for path in pathlib.Path(location).glob("_change_data/**/*.parquet")]
    assert sorted(feed) == [200, 200] + [300] * 12
    spark.sql(f"OPTIMIZE {table} ZORDER BY (id)")
    assert rows_by_file(spark, table) == [300, 300, 300, 300, 300, 300, 100, 100]
    assert spark.sql(f"SELECT count(DISTINCT id), min(id), max(id) FROM {table}").collect()[0] == (2000, -1999, 0)


@pytest.mark.parametrize("limit", [100_000, 150_000])
def test_many_rows(spark, schema, limit):
    table = f"{schema}.many"
    spark.range(MANY).write.option("maxRecordsPerFile", limit).saveAsTable(table)
    whole, rest = divmod(MANY, limit)
    assert rows_by_file(spark, table) == [limit] * whole + [rest] * (rest > 0)
    assert spark.sql(f"SELECT count(DISTINCT id), sum(id) FROM {table}").collect()[0] == (MANY, MANY * (MANY - 1) // 2)


@pytest.mark.parametrize("value", ["x", "", "3.0", " 3", "9223372036854775808"])
def test_what_is_no_number_is_refused(spark, schema, value):
    with pytest.raises(IllegalArgumentException, match=f'For input string: "{value}"'):
        spark.range(10).write.option("maxRecordsPerFile", value).saveAsTable(f"{schema}.t")
    assert spark.sql(f"SHOW TABLES IN {schema}").collect() == []
