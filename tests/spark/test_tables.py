"""Tables through DataFrames: writers of both versions, the catalog, MERGE."""

import pytest
from pyspark.errors import AnalysisException
from pyspark.sql import functions as F


def ids(spark, table):
    return sorted(row[0] for row in spark.table(table).select("id").collect())


def test_save_as_table_modes(spark, table):
    spark.range(2).write.saveAsTable(table)
    assert ids(spark, table) == [0, 1]
    with pytest.raises(AnalysisException, match="TABLE_OR_VIEW_ALREADY_EXISTS"):
        spark.range(2).write.saveAsTable(table)
    spark.range(2, 3).write.mode("append").saveAsTable(table)
    assert ids(spark, table) == [0, 1, 2]
    spark.range(9).write.mode("ignore").saveAsTable(table)
    assert ids(spark, table) == [0, 1, 2]
    spark.range(5, 6).write.mode("overwrite").saveAsTable(table)
    assert ids(spark, table) == [5]


VECTORS = "spark.databricks.delta.properties.defaults.enableDeletionVectors"


def properties(spark, table):
    return dict(tuple(row) for row in spark.sql(f"SHOW TBLPROPERTIES {table}").collect())


def test_new_tables_have_deletion_vectors(spark, table):
    makers = [lambda: spark.range(2).write.mode("overwrite").saveAsTable(table),
              lambda: spark.range(2).writeTo(table).createOrReplace(),
              lambda: spark.sql(f"CREATE OR REPLACE TABLE {table} AS SELECT 1 AS id")]
    assert spark.conf.get(VECTORS) == "true"
    for make in makers:
        make()
        assert properties(spark, table)["delta.enableDeletionVectors"] == "true"
        assert properties(spark, table)["delta.feature.deletionVectors"] == "supported"
        spark.sql(f"DROP TABLE {table}")
    spark.conf.set(VECTORS, "false")
    for make in makers:
        make()
        assert properties(spark, table)["delta.enableDeletionVectors"] == "false"
        assert "delta.feature.deletionVectors" not in properties(spark, table)
        spark.sql(f"DROP TABLE {table}")
    spark.conf.set(VECTORS, "")
    makers[0]()
    assert properties(spark, table) == {"delta.minReaderVersion": "1", "delta.minWriterVersion": "2"}


def test_a_table_that_is_written_over_keeps_its_properties(spark, table):
    spark.sql(f"CREATE TABLE {table} (id BIGINT) COMMENT 'mine' TBLPROPERTIES ('a.b' = 'c', 'delta.enableDeletionVectors' = 'false')")
    before = properties(spark, table)
    spark.range(3).write.mode("overwrite").saveAsTable(table)
    assert properties(spark, table) == before and before["a.b"] == "c" and spark.table(table).count() == 3
    described = spark.sql(f"DESCRIBE DETAIL {table}").collect()[0]
    assert described.description == "mine"
    spark.range(2).writeTo(table).using("delta").createOrReplace()
    assert properties(spark, table)["delta.enableDeletionVectors"] == "true" and "a.b" not in properties(spark, table)


def test_a_path_that_is_written_over_keeps_its_properties(spark, tmp_path, needs_catalog):
    path = f"delta.`{tmp_path}/t`"
    spark.conf.set(VECTORS, "false")
    spark.sql(f"CREATE TABLE {path} (id BIGINT) COMMENT 'mine' TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true', 'a.b' = 'c')")
    before = properties(spark, path)
    spark.conf.unset(VECTORS)
    spark.range(3).write.format("delta").mode("overwrite").save(f"{tmp_path}/t")
    assert properties(spark, path) == before and spark.table(path).count() == 3
    assert spark.sql(f"DESCRIBE DETAIL {path}").collect()[0].description == "mine"
    spark.range(3).write.format("delta").save(f"{tmp_path}/new")
    assert properties(spark, f"delta.`{tmp_path}/new`")["delta.enableDeletionVectors"] == "true"


def test_insert_into(spark, table):
    spark.range(1).write.saveAsTable(table)
    spark.range(1, 2).write.insertInto(table)
    assert ids(spark, table) == [0, 1]
    spark.range(7, 8).write.insertInto(table, overwrite=True)
    assert ids(spark, table) == [7]


def test_write_to(spark, table):
    spark.range(2).writeTo(table).using("delta").create()
    spark.range(2, 3).writeTo(table).append()
    assert ids(spark, table) == [0, 1, 2]
    spark.range(9, 10).writeTo(table).createOrReplace()
    assert ids(spark, table) == [9]


def test_partitions_and_time_travel(spark, table):
    spark.range(4).withColumn("p", F.col("id") % 2).write.partitionBy("p").saveAsTable(table)
    spark.range(4, 5).withColumn("p", F.lit(0).cast("bigint")).write.mode("append").saveAsTable(table)
    assert spark.read.option("versionAsOf", 0).table(table).count() == 4
    partition = {column.name: column.isPartition for column in spark.catalog.listColumns(table)}
    assert partition == {"id": False, "p": True}


def test_structs_in_arrays_in_maps_gain_fields(spark, table):
    spark.sql(f"CREATE TABLE {table} (a ARRAY<STRUCT<x: INT>>, m MAP<STRING, ARRAY<STRUCT<x: INT>>>)")
    spark.sql(f"INSERT INTO {table} VALUES (array(struct(1)), map('k', array(struct(2))))")
    spark.sql(f"ALTER TABLE {table} ADD COLUMNS (a.element.y STRING, m.value.element.y STRING)")
    row = spark.table(table).first()
    assert row.a == [(1, None)] and row.m == {"k": [(2, None)]}


def test_map_columns_as_text(spark, table):
    spark.sql(f"CREATE TABLE {table} (m MAP<STRING, INT>, i INT)")
    spark.sql(f"INSERT INTO {table} VALUES (map('k', 1, 'n', NULL), 2)")
    assert spark.table(table).select(F.col("m").cast("string"), "i").first() == ("{k -> 1, n -> null}", 2)


def test_catalog(spark, table):
    spark.range(1).write.saveAsTable(table)
    assert spark.catalog.tableExists(table)
    found = spark.catalog.getTable(table)
    assert (found.catalog, found.namespace, found.isTemporary) == ("main", ["default"], False)
    assert table.split(".")[-1] in [one.name for one in spark.catalog.listTables("main.default")]
    assert spark.catalog.currentDatabase() == "default" and spark.catalog.databaseExists("default")
    assert not spark.catalog.databaseExists("no_such_schema")


def test_finished_cubes_of_a_clustered_table_stay(spark, table):
    rows = spark.range(1000).select("id", F.struct((F.col("id") % 7).alias("x")).alias("s"))
    rows.write.clusterBy("s.x", "id").saveAsTable(table)

    def optimize():
        return spark.sql(f"OPTIMIZE {table}").collect()[0]["metrics"]["clusteringStats"]

    assert optimize()["mergedFiles"]["numFiles"] >= 1
    rows.write.mode("append").saveAsTable(table)
    spark.conf.set("spark.databricks.delta.optimize.clustering.mergeStrategy.minCubeSize.threshold", "1000")
    spark.conf.set("spark.databricks.delta.optimize.clustering.mergeStrategy.minCubeSize.targetCubeSize", "1000")
    done = optimize()
    assert done["inputZCubeFiles"]["numFiles"] == 1 and done["mergedFiles"]["numFiles"] == done["inputOtherFiles"]["numFiles"]
    assert ids(spark, table) == sorted([*range(1000), *range(1000)])
    rows.write.clusterBy("s.x", "id").mode("append").saveAsTable(table)
    with pytest.raises(AnalysisException, match="DELTA_CLUSTERING_COLUMNS_MISMATCH"):
        rows.write.clusterBy("id").mode("append").saveAsTable(table)
    rows.writeTo(table).using("delta").clusterBy("id").createOrReplace()
    assert spark.sql(f"DESCRIBE DETAIL {table}").collect()[0].clusteringColumns == ["id"]


def test_a_value_that_changes_each_time_is_asked_for_once(spark, table):
    spark.sql(f"CREATE TABLE {table} AS SELECT id, 0 AS n FROM range(1000)")
    spark.sql(f"UPDATE {table} SET n = CASE WHEN rand() > 0.5 THEN NULL ELSE id END")
    assert spark.table(table).where("n <> id").count() == 0


def test_a_catalog_managed_table_has_a_name_and_no_path(spark, table):
    spark.range(2).writeTo(table).tableProperty("delta.feature.catalogManaged", "supported").create()
    spark.range(2, 4).write.mode("append").saveAsTable(table)
    spark.range(1).writeTo(table).overwrite(F.col("id") < 2)
    assert ids(spark, table) == [0, 2, 3]
    spark.range(5, 6).write.mode("overwrite").saveAsTable(table)
    assert ids(spark, table) == [5]
    assert properties(spark, table)["delta.feature.catalogManaged"] == "supported"
    root = next(row[1] for row in spark.sql(f"DESCRIBE EXTENDED {table}").collect() if row[0] == "Location")
    blocked = "DELTA_PATH_BASED_ACCESS_TO_CATALOG_MANAGED_TABLE_BLOCKED"
    with pytest.raises(AnalysisException, match=blocked):
        spark.read.format("delta").load(root).collect()
    with pytest.raises(AnalysisException, match=blocked):
        spark.range(1).write.format("delta").mode("append").save(root)
