"""Sessions: confs, temporary views, errors as PySpark raises them, cancellation."""

import threading

import pytest
from pyspark.errors import (
    AnalysisException,
    ArithmeticException,
    DateTimeException,
    NumberFormatException,
    ParseException,
    PySparkException,
    UnsupportedOperationException,
)
from pyspark.sql import functions as F


def test_confs_belong_to_a_session(make_session):
    one, two = make_session(), make_session()
    one.conf.set("spark.sql.session.timeZone", "Europe/Berlin")
    assert one.conf.get("spark.sql.session.timeZone") == "Europe/Berlin"
    assert two.conf.get("spark.sql.session.timeZone") == "UTC"
    one.conf.unset("spark.sql.session.timeZone")
    assert one.conf.get("spark.sql.session.timeZone") == "UTC"
    assert one.conf.get("no.such", "fallback") == "fallback"


def test_static_confs_are_refused(spark):
    assert not spark.conf.isModifiable("spark.sql.warehouse.dir")
    with pytest.raises(AnalysisException, match="CANNOT_MODIFY_CONFIG"):
        spark.conf.set("spark.sql.warehouse.dir", "/x")


def test_temporary_views_belong_to_a_session(make_session):
    one, two = make_session(), make_session()
    one.range(3).createOrReplaceTempView("v")
    assert one.sql("SELECT count(*) FROM v").collect()[0][0] == 3
    assert one.catalog.tableExists("v")
    with pytest.raises(AnalysisException, match="TABLE_OR_VIEW_NOT_FOUND"):
        two.table("v").collect()
    with pytest.raises(AnalysisException, match="TEMP_TABLE_OR_VIEW_ALREADY_EXISTS"):
        one.range(1).createTempView("v")
    assert one.catalog.dropTempView("v") and not one.catalog.dropTempView("v")


@pytest.mark.parametrize(
    "text, kind, condition, state",
    [
        ("SELEC 1", ParseException, "PARSE_SYNTAX_ERROR", "42601"),
        ("SELECT nope FROM range(1)", AnalysisException, "UNRESOLVED_COLUMN.WITH_SUGGESTION", "42703"),
        ("SELECT 1/0", ArithmeticException, "DIVIDE_BY_ZERO", "22012"),
        ("SELECT CAST('x' AS INT)", NumberFormatException, "CAST_INVALID_INPUT", "22018"),
        ("SELECT CAST('x' AS DATE)", DateTimeException, "CAST_INVALID_INPUT", "22018"),
    ],
)
def test_errors_have_their_class(spark, text, kind, condition, state):
    with pytest.raises(kind) as caught:
        spark.sql(text).collect()
    assert (caught.value.getCondition(), caught.value.getSqlState()) == (condition, state)


def test_errors_point_into_the_text(spark):
    with pytest.raises(ArithmeticException) as caught:
        spark.sql("SELECT id,\n  id/0 FROM range(1)").collect()
    (context,) = caught.value.getQueryContext()
    assert (context.fragment(), context.startIndex(), context.stopIndex()) == ("id/0", 13, 16)
    assert "== SQL (line 2, position 3) ==\n  id/0 FROM range(1)\n  ^^^^\n" in str(caught.value)


def test_what_is_not_built_says_so(spark):
    with pytest.raises(UnsupportedOperationException, match="persist"):
        spark.range(1).cache()
    with pytest.raises(UnsupportedOperationException, match="crosstab"):
        spark.range(1).crosstab("id", "id").collect()
    with pytest.raises(UnsupportedOperationException, match="Python UDF"):
        spark.range(1).select(F.udf(lambda x: x)("id")).collect()


def test_interrupt(spark):
    stopper = threading.Timer(0.5, spark.interruptAll)
    stopper.start()
    with pytest.raises(PySparkException, match="OPERATION_CANCELED"):
        spark.sql("SELECT count(*) FROM range(1000000000) a CROSS JOIN range(1000000) b").collect()
    stopper.join()
    assert spark.range(3).count() == 3


def test_a_stopped_session_is_gone(make_session):
    session = make_session()
    session.range(1).collect()
    session.stop()
    with pytest.raises(Exception):
        session.range(1).collect()


def test_timestamps_in_the_text_of_a_query_are_of_the_sessions_time_zone(spark):
    for zone, hours in (("UTC", 0), ("+02:00", -2), ("America/Los_Angeles", 8)):
        spark.conf.set("spark.sql.session.timeZone", zone)
        assert spark.sql("SELECT unix_micros(TIMESTAMP'1970-01-01 00:00:00') AS at").collect() == [(hours * 3_600_000_000,)]
        assert spark.range(1).filter("unix_micros(TIMESTAMP'1970-01-01 00:00:00') = " + str(hours * 3_600_000_000)).count() == 1
