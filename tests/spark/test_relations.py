"""Each relation and command a DataFrame can make of the Connect protocol. Expected values are Spark's documented semantics."""

import datetime
import decimal

import pytest
from pyspark.errors import AnalysisException, PySparkException, UnsupportedOperationException
from pyspark.sql import Row, Window
from pyspark.sql import functions as F


def rows(frame):
    return [tuple(row) for row in frame.collect()]


@pytest.fixture
def sales(spark):
    return spark.createDataFrame(
        [("a", "x", 1), ("a", "y", 2), ("b", "x", 3), ("b", "x", 4), ("c", None, 5)], "k string, p string, v int")


@pytest.fixture
def gaps(spark):
    return spark.createDataFrame([(1, "a", 1.0), (2, None, None), (None, None, None)], "i int, s string, d double")


JOINS = {
    "inner": [(2, 2)], "left": [(1, None), (2, 2)], "right": [(2, 2), (None, 3)], "full": [(1, None), (2, 2), (None, 3)],
    "cross": [(1, 2), (1, 3), (2, 2), (2, 3)],
}


@pytest.mark.parametrize("kind", JOINS)
def test_joins(spark, kind):
    left, right = spark.createDataFrame([(1,), (2,)], "l int"), spark.createDataFrame([(2,), (3,)], "r int")
    joined = left.crossJoin(right) if kind == "cross" else left.join(right, left["l"] == right["r"], kind)
    key = lambda row: tuple((value is None, value or 0) for value in row)  # noqa: E731
    assert sorted(rows(joined), key=key) == JOINS[kind]


def test_semi_and_anti_joins(spark):
    left, right = spark.range(4), spark.range(2, 6)
    assert rows(left.join(right, "id", "left_semi").orderBy("id")) == [(2,), (3,)]
    assert rows(left.join(right, "id", "left_anti").orderBy("id")) == [(0,), (1,)]
    assert left.join(right, "id", "left_semi").columns == ["id"]


def test_using_keeps_one_column(spark):
    left, right = spark.createDataFrame([(1, "l")], "id int, a string"), spark.createDataFrame([(1, "r")], "id int, b string")
    assert left.join(right, ["id"]).collect() == [Row(id=1, a="l", b="r")]
    assert left.join(right, ["id"], "full").columns == ["id", "a", "b"]


def test_set_operations(spark):
    one, two = spark.createDataFrame([(1,), (1,), (2,)], "n int"), spark.createDataFrame([(1,), (3,)], "n int")
    assert sorted(rows(one.union(two))) == [(1,), (1,), (1,), (2,), (3,)]
    assert sorted(rows(one.intersect(two))) == [(1,)]
    assert sorted(rows(one.intersectAll(two))) == [(1,)]
    assert sorted(rows(one.subtract(two))) == [(2,)]
    assert sorted(rows(one.exceptAll(two))) == [(1,), (2,)]
    assert sorted(rows(one.distinct())) == [(1,), (2,)]


def test_union_by_name(spark):
    one, two = spark.createDataFrame([(1, "a")], "n int, s string"), spark.createDataFrame([("b", 2)], "s string, n int")
    assert sorted(rows(one.unionByName(two))) == [(1, "a"), (2, "b")]
    more = spark.createDataFrame([(3, True)], "n int, extra boolean")
    assert one.unionByName(more, allowMissingColumns=True).columns == ["n", "s", "extra"]
    with pytest.raises(AnalysisException):
        one.unionByName(more).collect()


def test_sort_limit_offset_tail(spark):
    frame = spark.createDataFrame([(2,), (None,), (1,)], "n int")
    assert rows(frame.orderBy(F.asc("n"))) == [(None,), (1,), (2,)]
    assert rows(frame.orderBy(F.desc_nulls_first("n"))) == [(None,), (2,), (1,)]
    assert rows(frame.orderBy(F.asc_nulls_last("n")).limit(2)) == [(1,), (2,)]
    assert rows(frame.orderBy("n").offset(1).limit(1)) == [(1,)]
    assert spark.range(5).orderBy("id").tail(2) == [Row(id=3), Row(id=4)]
    assert (spark.range(5).orderBy("id").head(), spark.range(0).first(), spark.range(5).isEmpty()) == (Row(id=0), None, False)
    assert rows(frame.sortWithinPartitions("n").coalesce(1)) and rows(frame.repartition(3, "n"))


def test_aggregates(sales):
    total = sales.agg(F.sum("v"), F.avg("v"), F.min("v"), F.max("v"), F.count("p"), F.countDistinct("p"), F.collect_set("k"))
    (row,) = rows(total)
    assert row[:6] == (15, 3.0, 1, 5, 4, 2) and sorted(row[6]) == ["a", "b", "c"]
    assert rows(sales.groupBy("k").count().orderBy("k")) == [("a", 2), ("b", 2), ("c", 1)]
    assert rows(sales.groupBy("k").agg({"v": "max"}).orderBy("k")) == [("a", 2), ("b", 4), ("c", 5)]


def test_rollup_cube_and_grouping_sets(sales):
    assert rows(sales.rollup("k").agg(F.sum("v")).orderBy(F.asc_nulls_first("k"))) == [(None, 15), ("a", 3), ("b", 7), ("c", 5)]
    cube = rows(sales.cube("k", "p").agg(F.grouping_id().alias("g"), F.sum("v").alias("s")))
    assert len(cube) == 11 and (None, None, 3, 15) in cube and (None, "x", 2, 8) in cube


def test_pivot_with_values_and_aggregates(sales):
    pivoted = sales.groupBy("k").pivot("p", ["x", "y"]).agg(F.sum("v").alias("s"), F.count("v").alias("n")).orderBy("k")
    assert pivoted.columns == ["k", "x_s", "x_n", "y_s", "y_n"]
    assert rows(pivoted)[1] == ("b", 7, 2, None, None)


def test_windows(sales):
    by_key = Window.partitionBy("k").orderBy("v")
    frame = sales.select("k", "v", F.row_number().over(by_key), F.rank().over(by_key), F.lead("v").over(by_key),
                         F.sum("v").over(by_key.rowsBetween(Window.unboundedPreceding, Window.currentRow)))
    assert rows(frame.orderBy("k", "v"))[2:4] == [("b", 3, 1, 1, 4, 3), ("b", 4, 2, 2, None, 7)]


def test_na(gaps):
    assert rows(gaps.na.fill(0).orderBy("i"))[0] == (0, None, 0.0)
    assert sorted(rows(gaps.na.fill("?", subset=["s"]).select("s"))) == [("?",), ("?",), ("a",)]
    assert gaps.na.drop("all").count() == 2 and gaps.na.drop("any").count() == 1
    assert gaps.na.drop(thresh=1).count() == 2 and gaps.na.drop(subset=["i"]).count() == 2
    assert sorted(rows(gaps.na.replace({1: 10, 2: 20}, subset=["i"]).na.drop(subset=["i"]).select("i"))) == [(10,), (20,)]


def test_columns(spark):
    frame = spark.createDataFrame([(1, 2)], "a int, b int")
    assert frame.withColumns({"c": F.col("a") + 1, "a": F.lit("x")}).collect() == [Row(a="x", b=2, c=2)]
    assert frame.withColumnRenamed("a", "z").columns == ["z", "b"]
    assert frame.withColumnsRenamed({"a": "b2", "b": "a2", "none": "n"}).columns == ["b2", "a2"]
    assert frame.drop("a", "none").columns == ["b"] and frame.drop(frame["b"]).columns == ["a"]
    assert frame.toDF("x", "y").columns == ["x", "y"]
    assert frame.selectExpr("a + b AS s", "*").collect() == [Row(s=3, a=1, b=2)]
    assert frame.to(spark.createDataFrame([], "b bigint, a string").schema).collect() == [Row(b=2, a="1")]
    assert frame.alias("t").select("t.a").collect() == [Row(a=1)]


def test_struct_fields(spark):
    frame = spark.createDataFrame([Row(s=Row(a=1, b="x"))], "s struct<a:int,b:string>")
    changed = frame.select(F.col("s").withField("c", F.lit(True)).dropFields("b").alias("s"))
    assert changed.collect() == [Row(s=Row(a=1, c=True))]
    assert rows(frame.select("s.*", F.col("s")["a"], F.col("s").getField("b"))) == [(1, "x", 1, "x")]


def test_duplicates(spark):
    frame = spark.createDataFrame([(1, "a"), (1, "b"), (2, "a")], "n int, s string")
    assert frame.dropDuplicates(["n"]).count() == 2 and frame.dropDuplicates().count() == 3


def test_sampling(spark):
    frame = spark.range(10_000)
    part = frame.sample(False, 0.1, 7)
    assert 700 < part.count() < 1300 and rows(part) == rows(frame.sample(False, 0.1, 7)) != rows(frame.sample(False, 0.1, 8))
    assert frame.sample(0.0).count() == 0


def test_ranges(spark):
    assert rows(spark.range(5, 1, -2)) == [(5,), (3,)]
    assert spark.range(0, 10, 3, numPartitions=2).count() == 4
    assert spark.range(0).schema.simpleString() == "struct<id:bigint>"


def test_generators(spark):
    frame = spark.createDataFrame([(1, [10, 20], {"k": "v"}), (2, [], None)], "i int, a array<int>, m map<string,string>")
    assert rows(frame.select("i", F.explode("a")).orderBy("col")) == [(1, 10), (1, 20)]
    assert rows(frame.select("i", F.explode_outer("a").alias("e")).orderBy("i", "e")) == [(1, 10), (1, 20), (2, None)]
    assert rows(frame.select(F.posexplode("a")).orderBy("pos")) == [(0, 10), (1, 20)]
    assert rows(frame.select(F.explode("m"))) == [("k", "v")]


def test_statistics(spark):
    frame = spark.createDataFrame([(1, "a"), (2, "b"), (3, None)], "n int, s string")
    assert frame.summary("count", "max").collect() == [Row(summary="count", n="3", s="2"), Row(summary="max", n="3", s="b")]
    assert [row[0] for row in frame.describe().collect()] == ["count", "mean", "stddev", "min", "max"]


def test_explain_and_plans(spark, capsys):
    frame = spark.range(3).filter("id > 1")
    frame.explain()
    assert "Physical Plan" in capsys.readouterr().out
    for mode in ("simple", "extended", "formatted"):
        frame.explain(mode=mode)
        assert capsys.readouterr().out.strip()
    assert not frame.isStreaming and frame.schema.simpleString() == "struct<id:bigint>"


def test_nested_schema_is_printed(spark, capsys):
    spark.createDataFrame([([],)], "a array<struct<x:int,y:map<string,decimal(5,2)>>> not null").printSchema()
    assert capsys.readouterr().out == (
        "root\n |-- a: array (nullable = false)\n |    |-- element: struct (containsNull = true)\n |    |    |-- x: integer (nullable = true)\n"
        " |    |    |-- y: map (nullable = true)\n |    |    |    |-- key: string\n |    |    |    |-- value: decimal(5,2) (valueContainsNull = true)\n\n")


TYPES = {
    "boolean": [True, False], "tinyint": [-128, 127], "smallint": [-32768, 32767], "int": [-(2**31), 2**31 - 1], "bigint": [-(2**63), 2**63 - 1],
    "float": [0.5, float("inf")], "double": [-0.1, 1e308], "decimal(38,10)": [decimal.Decimal("1234567890123456789012345678.0123456789")],
    "string": ["", "ä€𝄞"], "binary": [b"", b"\x00\xff"], "date": [datetime.date(1, 1, 1), datetime.date(9999, 12, 31)],
    "timestamp": [datetime.datetime(1970, 1, 1, 0, 0, 0, 1)], "timestamp_ntz": [datetime.datetime(9999, 12, 31, 23, 59, 59, 999999)],
    "interval day to second": [datetime.timedelta(days=-1, microseconds=1)], "array<array<int>>": [[[1, None], [], None]],
    "map<int,struct<a:string>>": [{1: Row(a="x"), 2: None}], "struct<a:struct<b:array<date>>>": [Row(a=Row(b=[datetime.date(2024, 2, 29), None]))],
}


@pytest.mark.parametrize("kind", TYPES)
def test_local_relations(spark, kind):
    values = [*TYPES[kind], None]
    frame = spark.createDataFrame([(i, value) for i, value in enumerate(values)], f"i int, v {kind}")
    assert [row.v for row in frame.orderBy("i").collect()] == values
    assert frame.where("v IS NULL").count() == 1 and frame.schema["v"].dataType.simpleString() == kind


def test_nothing_but_null(spark):
    assert spark.createDataFrame([(None,)], "v void").collect() == [Row(v=None)]
    assert spark.sql("SELECT NULL AS v").schema.simpleString() == "struct<v:void>"


def test_pandas_and_arrow(spark):
    import pandas
    import pyarrow

    table = pyarrow.table({"a": [1, 2], "b": ["x", None], "c": [[1], []]})
    frame = spark.createDataFrame(table)
    assert rows(frame.orderBy("a")) == [(1, "x", [1]), (2, None, [])]
    assert frame.orderBy("a").toArrow().to_pydict() == table.to_pydict()
    pandas.testing.assert_frame_equal(frame.orderBy("a").select("a", "b").toPandas(), pandas.DataFrame({"a": [1, 2], "b": ["x", None]}))
    assert rows(spark.createDataFrame([{"a": 1, "b": "x"}])) == [(1, "x")]
    assert [row.id for row in spark.range(3).toLocalIterator()] == [0, 1, 2]


def test_sql_arguments(spark):
    assert rows(spark.sql("SELECT :d, :a[0], :n", args={"d": datetime.date(2024, 1, 2), "a": F.array(F.lit(7)), "n": None})) == [
        (datetime.date(2024, 1, 2), 7, None)]
    with pytest.raises(AnalysisException, match="UNBOUND_SQL_PARAMETER"):
        spark.sql("SELECT :missing", args={"other": 1}).collect()


def test_global_temporary_views_are_refused_by_name(spark):
    with pytest.raises(UnsupportedOperationException, match="(?i)global"):
        spark.range(1).createGlobalTempView("g")


@pytest.mark.parametrize("what, call", {
    "crosstab": lambda f: f.crosstab("id", "id").collect(), "freqItems": lambda f: f.freqItems(["id"]).collect(),
    "persist": lambda f: f.cache(), "checkpoint": lambda f: f.localCheckpoint(), "observe": lambda f: f.observe("o", F.count("*")).collect(),
    "colRegex": lambda f: f.select(f.colRegex("`i.`")).collect(), "randomSplit": lambda f: [one.collect() for one in f.randomSplit([0.5, 0.5])],
    "mapInPandas": lambda f: f.mapInPandas(lambda it: it, "id long").collect(), "watermark": lambda f: f.withWatermark("id", "1 second").collect(),
}.items(), ids=lambda value: value if isinstance(value, str) else "")
def test_what_is_not_built_names_itself(spark, what, call):
    try:
        call(spark.range(3))
    except UnsupportedOperationException as error:
        assert error.getCondition() and "UNSUPPORTED" in error.getCondition(), error
    except PySparkException as error:
        raise AssertionError(f"{what}: {type(error).__name__} {error}") from error


def test_chains_of_two_hundred(spark):
    frame = spark.range(2)
    for i in range(200):
        frame = frame.withColumn("id", F.col("id") + 1).filter(F.col("id") > i - 1)
    assert rows(frame) == [(200,), (201,)]
