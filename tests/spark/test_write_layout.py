"""How many data files a write makes, with optimized writes and without."""

import pytest

# Enough for several row groups, and so for several threads.
MANY = 1_500_000
BIN = "spark.databricks.delta.optimizeWrite.binSize"
ENABLED = "spark.databricks.delta.optimizeWrite.enabled"
PROPERTY = "delta.autoOptimize.optimizeWrite"


def number_of_files(spark, table):
    return spark.sql(f"DESCRIBE DETAIL {table}").collect()[0].numFiles


def files_by_partition(spark, table):
    rows = spark.sql(f"SELECT p, count(DISTINCT _metadata.file_path) FROM {table} GROUP BY p").collect()
    return {row[0]: row[1] for row in rows}


@pytest.mark.parametrize("optimized", ("true", "false"))
def test_a_partition_gets_one_file_a_statement(spark, schema, optimized):
    table = f"{schema}.parted_{optimized}"
    spark.sql(f"CREATE TABLE {table} PARTITIONED BY (p) TBLPROPERTIES ('{PROPERTY}' = '{optimized}') "
              f"AS SELECT id, id % 7 AS p FROM range({MANY})")
    assert files_by_partition(spark, table) == dict.fromkeys(range(7), 1)
    spark.sql(f"INSERT INTO {table} SELECT id, id % 2 FROM range({MANY})")
    assert files_by_partition(spark, table) == {p: 2 if p < 2 else 1 for p in range(7)}


def test_optimized_writes_decide_where_files_end(spark, schema):
    spark.conf.set(BIN, "1")
    fill = f"AS SELECT id FROM range({MANY})"
    table = f"{schema}.unsaid"
    spark.sql(f"CREATE TABLE {table} {fill}")
    assert number_of_files(spark, table) == 1

    spark.sql(f"CREATE TABLE {schema}.asked_for TBLPROPERTIES ('{PROPERTY}' = 'true') {fill}")
    assert number_of_files(spark, f"{schema}.asked_for") > 1
    spark.sql(f"CREATE TABLE {schema}.sized TBLPROPERTIES ('{PROPERTY}' = 'true', 'delta.targetFileSize' = '100mb') {fill}")
    assert number_of_files(spark, f"{schema}.sized") == 1

    # The session counts more than the table, and a writer's option more than both.
    rows = spark.range(MANY)
    spark.conf.set(ENABLED, "false")
    spark.sql(f"INSERT OVERWRITE {schema}.asked_for SELECT id FROM range({MANY})")
    assert number_of_files(spark, f"{schema}.asked_for") == 1
    rows.write.option("optimizeWrite", "true").mode("overwrite").saveAsTable(table)
    assert number_of_files(spark, table) > 1
    spark.conf.set(ENABLED, "true")
    rows.write.option("optimizeWrite", "false").mode("overwrite").saveAsTable(table)
    assert number_of_files(spark, table) == 1
    rows.write.mode("append").saveAsTable(table)
    assert number_of_files(spark, table) > 2

    with pytest.raises(Exception, match=ENABLED):
        spark.conf.set(ENABLED, "maybe")
    spark.conf.set(BIN, "many")
    with pytest.raises(Exception, match=BIN):
        rows.write.mode("append").saveAsTable(table)
    spark.conf.unset(BIN)
    with pytest.raises(Exception, match="DELTA_ILLEGAL_OPTION"):
        rows.write.option("optimizeWrite", "maybe").mode("append").saveAsTable(table)


COMPACT = "spark.databricks.delta.autoCompact."
ON = {"delta.autoOptimize.autoCompact": "true"}


@pytest.fixture
def eager(spark):
    """Partitions of four small files are enough."""
    spark.conf.set(COMPACT + "minNumFiles", "4")
    return spark


def parted(spark, table, properties):
    listed = ", ".join(f"'{key}' = '{value}'" for key, value in properties.items())
    spark.sql(f"CREATE TABLE {table} (id INT, p INT) PARTITIONED BY (p) TBLPROPERTIES ({listed})")


def files_after_inserts(spark, table, partitions=(1, 1, 1, 1, 2)):
    counts = []
    for number, p in enumerate(partitions):
        spark.sql(f"INSERT INTO {table} VALUES ({number}, {p})")
        counts.append(number_of_files(spark, table))
    return counts


# What delta-spark 4.4 does with the same statements.
@pytest.mark.parametrize("properties, confs, counts", [
    (ON, {}, [1, 2, 3, 1, 2]),
    ({"delta.autoOptimize": "true"}, {}, [1, 2, 3, 1, 2]),
    (ON, {"enabled": "false"}, [1, 2, 3, 4, 5]),
    ({"delta.appendOnly": "false"}, {"enabled": "true"}, [1, 2, 3, 1, 2]),
    ({"delta.autoOptimize": "true", "delta.autoOptimize.autoCompact": "false"}, {}, [1, 2, 3, 1, 2]),
    (ON, {"nonBlindAppend.enabled": "true"}, [1, 2, 3, 4, 5]),
    (ON, {"modifiedPartitionsOnly.enabled": "false"}, [1, 2, 3, 1, 2]),
    (ON, {"minFileSize": "100"}, [1, 2, 3, 4, 5]),  # none is so small; there it was 400
])
def test_small_files_of_a_partition_are_compacted(eager, schema, properties, confs, counts):
    for key, value in confs.items():
        eager.conf.set(COMPACT + key, value)
    table = f"{schema}.compacted_{len(confs)}_{len(properties)}"
    parted(eager, table, properties)
    assert files_after_inserts(eager, table) == counts


@pytest.mark.parametrize("confs, left", [
    ({}, [1, 1, 4]),
    ({"maxNumModifiedPartitions": "1"}, [1, 4, 5]),  # of which partition is the writer's to say
    ({"modifiedPartitionsOnly.enabled": "false"}, [1, 1, 1]),
])
def test_partitions_that_a_write_compacts(eager, schema, confs, left):
    table = f"{schema}.partly"
    parted(eager, table, {"delta.appendOnly": "false"})
    for i in range(4):
        eager.sql(f"INSERT INTO {table} VALUES ({i}, 1), ({i}, 2), ({i}, 3)")
    eager.sql(f"ALTER TABLE {table} SET TBLPROPERTIES ('delta.autoOptimize.autoCompact' = 'true')")
    for key, value in confs.items():
        eager.conf.set(COMPACT + key, value)
    eager.sql(f"INSERT INTO {table} VALUES (9, 1), (9, 2)")
    assert sorted(files_by_partition(eager, table).values()) == left


@pytest.mark.parametrize("key, value", [("minNumFiles", "many"), ("minNumFiles", "-1"), ("maxFileSize", "10mb"), ("maxNumModifiedPartitions", "0"),
                                        ("modifiedPartitionsOnly.enabled", "maybe"), ("nonBlindAppend.enabled", "1")])
def test_what_automatic_compaction_is_told_is_checked(spark, key, value):
    with pytest.raises(Exception, match="INVALID_CONF_VALUE"):
        spark.conf.set(COMPACT + key, value)
