"""CHAR(n) and VARCHAR(n) inside lists and maps, and behind names in backquotes. What Spark says of a text that is too long names
objects in its memory, so that a recording cannot hold it: `expr` is its own, as delta-spark 4.4 writes it. It cannot make tables with
such names (PARSE_SYNTAX_ERROR): there, the lengths are what SQL says of the types."""

import json

import pytest

LIST = "((l IS NULL) OR forall(l, lambdafunction(((namedlambdavariable() IS NULL) OR (length(namedlambdavariable()) <= 2)), namedlambdavariable())))"
MAP = ("(((map_keys(m) IS NULL) OR forall(map_keys(m), lambdafunction(((namedlambdavariable() IS NULL) OR (length(namedlambdavariable()) <= 2)), "
       "namedlambdavariable()))) AND ((map_values(m) IS NULL) OR forall(map_values(m), lambdafunction(((namedlambdavariable() IS NULL) OR "
       "(length(namedlambdavariable()) <= 3)), namedlambdavariable()))))")
STRUCTS = ("((n IS NULL) OR forall(n, lambdafunction((((namedlambdavariable().`b` IS NULL) OR (length(namedlambdavariable().`b`) <= 2)) AND "
           "((namedlambdavariable().`c`.`d` IS NULL) OR (length(namedlambdavariable().`c`.`d`) <= 2))), namedlambdavariable())))")


def refused(spark, text):
    from pyspark.errors import PySparkException

    with pytest.raises(PySparkException) as error:
        spark.sql(text).collect()
    assert error.value.getCondition() == "DELTA_EXCEED_CHAR_VARCHAR_LIMIT", error.value
    return error.value.getMessageParameters()["expr"]


def test_texts_in_lists_and_maps_are_checked(spark, table):
    spark.sql(f"CREATE TABLE {table} (l ARRAY<CHAR(2)>, m MAP<CHAR(2), VARCHAR(3)>, n ARRAY<STRUCT<b: CHAR(2), c: STRUCT<d: VARCHAR(2)>>>) USING delta")
    for values, expr in [("array('long'), map('k', 'v'), NULL", LIST), ("array('q'), map('long', 'v'), NULL", MAP),
                         ("NULL, map('k', 'long'), NULL", MAP),
                         ("NULL, NULL, array(named_struct('b', 'long', 'c', struct('w')))", STRUCTS),
                         ("NULL, NULL, array(named_struct('b', 'z', 'c', struct('w')), named_struct('b', 'z', 'c', struct('long')))", STRUCTS)]:
        assert refused(spark, f"INSERT INTO {table} VALUES ({values})") == expr
    assert spark.table(table).count() == 0


def test_names_in_backquotes_keep_their_lengths(spark, table):
    columns = "s STRUCT<`b c`: VARCHAR(4), `d.e`: STRUCT<`f``g,:`: CHAR(2)>>, `x y` ARRAY<STRUCT<`p<q`: CHAR(4)>>"
    spark.sql(f"CREATE TABLE {table} ({columns}) USING delta TBLPROPERTIES ('delta.columnMapping.mode' = 'name')")
    row = "named_struct('b c', '{}', 'd.e', named_struct('f`g,:', '{}')), array(named_struct('p<q', '{}'))"
    spark.sql(f"INSERT INTO {table} VALUES ({row.format('bbbb', 'f', 'p')})")
    for texts in [("bbbbb", "f", "p"), ("b", "fff", "p"), ("b", "f", "ppppp")]:
        refused(spark, f"INSERT INTO {table} VALUES ({row.format(*texts)})")
    (read,) = spark.sql(f"SELECT s.`b c`, s.`d.e`.`f``g,:`, `x y`[0].`p<q` FROM {table}").collect()
    assert list(read) == ["bbbb", "f ", "p   "]
    location = spark.sql(f"DESCRIBE DETAIL {table}").collect()[0].location.removeprefix("file:")
    with open(f"{location}/_delta_log/{0:020}.json") as log:
        schema = next(json.loads(line)["metaData"]["schemaString"] for line in log if "metaData" in line)
    assert [field["metadata"]["__CHAR_VARCHAR_TYPE_STRING"] for field in json.loads(schema)["fields"]] == [
        "struct<`b c`:varchar(4),`d.e`:struct<`f``g,:`:char(2)>>", "array<struct<`p<q`:char(4)>>"]
