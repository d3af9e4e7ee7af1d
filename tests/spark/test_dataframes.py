"""DataFrames: built, combined, shown and collected. Expected values are Spark's documented semantics."""

import datetime
import decimal

import pytest
from pyspark.sql import Row, Window
from pyspark.sql import functions as F

PEOPLE = [(1, "a", 1.5), (2, "b", None), (3, None, 2.5)]


@pytest.fixture
def people(spark):
    return spark.createDataFrame(PEOPLE, ["id", "name", "v"])


def rows(frame):
    return [tuple(row) for row in frame.collect()]


def test_version(spark):
    assert spark.version == "4.2.0"


def test_sql_is_a_dataframe(spark):
    assert spark.sql("SELECT 1 AS a, 'x' AS b").filter("a = 1").collect() == [Row(a=1, b="x")]


def test_parameters(spark):
    assert rows(spark.sql("SELECT :a + 1, :b", args={"a": 5, "b": "z"})) == [(6, "z")]
    assert rows(spark.sql("SELECT ? + 1", args=[5])) == [(6,)]


def test_a_dataframe_in_sql(spark, people):
    assert rows(spark.sql("SELECT id FROM {p} WHERE id > 1 ORDER BY id", p=people)) == [(2,), (3,)]


def test_group_and_aggregate(spark):
    frame = spark.range(10).groupBy((F.col("id") % 3).alias("k")).agg(F.count("*").alias("n"), F.sum("id").alias("s"))
    assert rows(frame.orderBy("k")) == [(0, 4, 18), (1, 3, 12), (2, 3, 15)]


def test_columns_are_bound_to_their_dataframe(spark):
    left, right = spark.range(3), spark.range(1, 4)
    joined = left.join(right, left["id"] == right["id"], "left").select(left["id"], right["id"].alias("r"))
    assert rows(joined.orderBy(left["id"])) == [(0, None), (1, 1), (2, 2)]


def test_hints_keep_the_binding(spark):
    left, right = spark.range(3), spark.range(3).hint("broadcast")
    assert rows(left.join(right, left["id"] == right["id"]).select(right["id"]).orderBy(right["id"])) == [(0,), (1,), (2,)]


def test_window(spark, people):
    by_id = Window.orderBy("id")
    frame = people.select("id", F.sum("id").over(by_id.rowsBetween(-1, 0)).alias("s"), F.lag("id").over(by_id).alias("l"))
    assert rows(frame.orderBy("id")) == [(1, 1, None), (2, 3, 1), (3, 5, 2)]


def test_long_chains(spark):
    frame = spark.range(1)
    for i in range(200):
        frame = frame.withColumn(f"c{i}", F.lit(i))
    assert len(frame.collect()[0]) == 201


@pytest.mark.parametrize("values", [["x", "y"], None])
def test_pivot(spark, values):
    frame = spark.createDataFrame([("a", "x", 1), ("a", "y", 2), ("b", "x", 3)], ["k", "p", "v"])
    assert frame.groupBy("k").pivot("p", values).sum("v").orderBy("k").collect() == [Row(k="a", x=1, y=2), Row(k="b", x=3, y=None)]


def test_unpivot(spark):
    frame = spark.createDataFrame([(1, 2, None)], "i int, a int, b int").unpivot("i", ["a", "b"], "k", "v")
    assert sorted(rows(frame)) == [(1, "a", 2), (1, "b", None)]


def test_nulls(people):
    assert rows(people.na.fill({"v": 0.0, "name": "?"}).orderBy("id")) == [(1, "a", 1.5), (2, "b", 0.0), (3, "?", 2.5)]
    assert rows(people.na.drop()) == [(1, "a", 1.5)]
    assert rows(people.na.replace("a", "A", "name").select("name").where("id = 1")) == [("A",)]


def test_describe(people):
    assert rows(people.describe("id")) == [("count", "3"), ("mean", "2.0"), ("stddev", "1.0"), ("min", "1"), ("max", "3")]


def test_higher_order_functions(spark):
    frame = spark.sql("SELECT array(1, 2, 3) AS a")
    assert rows(frame.select(F.transform("a", lambda x: x + 1), F.filter("a", lambda x: x > 1))) == [([2, 3, 4], [2, 3])]


def test_every_type_goes_there_and_back(spark):
    row = (True, decimal.Decimal("1.20"), datetime.date(2024, 1, 2), datetime.datetime(2024, 1, 2, 3, 4, 5), b"ab", [1, None],
           {"k": 1}, Row(x=1, y="z"), 1, 2, 3, 0.5, datetime.timedelta(days=1, seconds=2))
    schema = ("a boolean, b decimal(10,2), c date, d timestamp_ntz, e binary, f array<int>, g map<string,int>, h struct<x:int,y:string>, "
              "i tinyint, j smallint, k int, l float, m interval day to second")
    frame = spark.createDataFrame([row], schema)
    assert frame.collect()[0] == row
    assert frame.select(F.lit(decimal.Decimal("1.20")), F.lit(datetime.date(2024, 1, 2)), F.lit([1, 2])).collect()[0] == (
        decimal.Decimal("1.20"), datetime.date(2024, 1, 2), [1, 2])


def test_a_large_local_relation_is_uploaded(spark):
    frame = spark.createDataFrame([(i, "x" * 100) for i in range(30_000)], ["a", "b"])
    assert rows(frame.agg(F.sum("a"), F.count("b"))) == [(449_985_000, 30_000)]


def test_many_rows_come_in_order(spark):
    assert [row[0] for row in spark.range(300_000).collect()] == list(range(300_000))


def test_empty(spark):
    frame = spark.createDataFrame([], "a int, b string")
    assert frame.collect() == [] and frame.columns == ["a", "b"]


def test_pandas(spark, people):
    import pandas

    assert people.toPandas()["id"].tolist() == [1, 2, 3]
    assert rows(spark.createDataFrame(pandas.DataFrame({"a": [1, 2], "b": ["x", "y"]}))) == [(1, "x"), (2, "y")]


def test_show(people, capsys):
    people.show(2, truncate=False)
    assert capsys.readouterr().out == (
        "+---+----+----+\n|id |name|v   |\n+---+----+----+\n|1  |a   |1.5 |\n|2  |b   |NULL|\n+---+----+----+\nonly showing top 2 rows\n\n")


def test_show_nested(spark, capsys):
    spark.sql("SELECT array(1, NULL) AS a, map('k', 1) AS m, named_struct('x', 1, 'y', NULL) AS s, X'6162' AS b").show()
    assert capsys.readouterr().out == (
        "+---------+--------+---------+-------+\n|        a|       m|        s|      b|\n+---------+--------+---------+-------+\n"
        "|[1, NULL]|{k -> 1}|{1, NULL}|[61 62]|\n+---------+--------+---------+-------+\n\n")


def test_print_schema(people, capsys):
    people.printSchema()
    assert capsys.readouterr().out == (
        "root\n |-- id: long (nullable = true)\n |-- name: string (nullable = true)\n |-- v: double (nullable = true)\n\n")


def test_same_semantics(spark):
    assert spark.range(5).sameSemantics(spark.range(5))
    assert not spark.range(5).sameSemantics(spark.range(6))


def test_scalar_subquery(spark):
    assert rows(spark.range(3).where(F.col("id") == spark.range(3).select(F.max("id")).scalar())) == [(2,)]
