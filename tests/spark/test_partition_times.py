"""Partition values that are timestamps, in each form that logs have: with a zone they are instants, without one they are
the wall clock of the session (Delta protocol, "Partition Value Serialization"; Spark casts them so)."""

import json
import shutil
import uuid

import pytest

FORMS = {
    1: "2021-09-08 11:11:11",
    2: "2021-09-08 11:11:11.5",
    3: "2021-09-08T18:11:11.000000Z",
    4: "2021-09-08T20:11:11+02:00",
    5: None,
}
ZONE = "America/Los_Angeles"  # seven hours behind UTC on that day
NOON = 1_631_124_671_000_000  # 2021-09-08 18:11:11 UTC, 11:11:11 there
HOUR = 3_600_000_000


@pytest.fixture
def times(spark, needs_catalog, tmp_path):
    """A table by path with one file a form; nothing has read it yet."""
    made = tmp_path / f"made_{uuid.uuid4().hex}"
    for n in FORMS:
        spark.sql(f"SELECT {n} AS id, TIMESTAMP'2000-01-0{n} 00:00:00' AS t").write.format("delta").partitionBy("t").mode("append").save(str(made))
    folder = tmp_path / f"times_{uuid.uuid4().hex}"
    shutil.copytree(made, folder, ignore=shutil.ignore_patterns("*.crc"))
    for n, log in zip(FORMS, sorted((folder / "_delta_log").glob("*.json"))):
        actions = [json.loads(line) for line in log.read_text().splitlines()]
        for action in actions:
            if "add" in action:
                action["add"]["partitionValues"]["t"] = FORMS[n]
        log.write_text("".join(json.dumps(action) + "\n" for action in actions))
    yield f"delta.`{folder}`"


def instants(spark, table, zone):
    spark.conf.set("spark.sql.session.timeZone", zone)
    return {row.id: row.at for row in spark.sql(f"SELECT id, unix_micros(t) AS at FROM {table}").collect()}


def ids(spark, table, condition):
    return sorted(row.id for row in spark.sql(f"SELECT id FROM {table} WHERE {condition}").collect())


def test_scans(spark, times):
    assert instants(spark, times, ZONE) == {1: NOON, 2: NOON + 500_000, 3: NOON, 4: NOON, 5: None}
    assert instants(spark, times, "UTC") == {1: NOON - 7 * HOUR, 2: NOON - 7 * HOUR + 500_000, 3: NOON, 4: NOON, 5: None}
    assert instants(spark, times, "+02:00") == {1: NOON - 9 * HOUR, 2: NOON - 9 * HOUR + 500_000, 3: NOON, 4: NOON, 5: None}


def test_pruning(spark, times):
    spark.conf.set("spark.sql.session.timeZone", ZONE)
    assert ids(spark, times, "t = TIMESTAMP'2021-09-08 11:11:11'") == [1, 3, 4]
    assert ids(spark, times, "t > TIMESTAMP'2021-09-08 11:11:11'") == [2]
    assert ids(spark, times, "t < TIMESTAMP'2021-09-08 11:11:11'") == []
    assert ids(spark, times, "t IS NULL") == [5]
    assert spark.sql(f"SELECT unix_micros(min(t)), unix_micros(max(t)), count(DISTINCT t) FROM {times}").collect() == [(NOON, NOON + 500_000, 2)]
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    assert ids(spark, times, "t = TIMESTAMP'2021-09-08 11:11:11'") == [1]
    assert ids(spark, times, "t = TIMESTAMP'2021-09-08 18:11:11'") == [3, 4]
    assert ids(spark, times, "t IN (TIMESTAMP'2021-09-08 11:11:11.5', TIMESTAMP'2021-09-08 18:11:11')") == [2, 3, 4]
    assert spark.sql(f"SELECT unix_micros(min(t)), unix_micros(max(t)) FROM {times}").collect() == [(NOON - 7 * HOUR, NOON)]


def test_rows_that_are_changed_stay_at_their_instants(spark, times):
    spark.conf.set("spark.sql.session.timeZone", ZONE)
    spark.sql(f"UPDATE {times} SET id = id + 10 WHERE t = TIMESTAMP'2021-09-08 11:11:11'")
    spark.sql(f"DELETE FROM {times} WHERE t > TIMESTAMP'2021-09-08 11:11:11'")
    assert instants(spark, times, ZONE) == {11: NOON, 13: NOON, 14: NOON, 5: None}
    assert instants(spark, times, "UTC") == {11: NOON, 13: NOON, 14: NOON, 5: None}


def test_optimize_keeps_them_apart_or_together_as_the_log_does(spark, times):
    spark.conf.set("spark.sql.session.timeZone", ZONE)
    spark.sql(f"OPTIMIZE {times} WHERE t = TIMESTAMP'2021-09-08 11:11:11'")
    assert instants(spark, times, ZONE) == {1: NOON, 2: NOON + 500_000, 3: NOON, 4: NOON, 5: None}


def test_an_overwrite_by_partition_knows_every_form(spark, times):
    spark.conf.set("spark.sql.session.timeZone", ZONE)
    spark.conf.set("spark.sql.sources.partitionOverwriteMode", "dynamic")
    spark.sql(f"INSERT OVERWRITE {times} VALUES (100, TIMESTAMP'2021-09-08 11:11:11')")
    assert instants(spark, times, ZONE) == {100: NOON, 2: NOON + 500_000, 5: None}
