"""How many NULLs nested columns have, in the log, in its checkpoints, and as what conditions find."""

import json

import pytest

import replay
from test_replay import location_of

ROWS = 1000
NUMBERS = range(ROWS)
COLUMNS = ("id BIGINT, l ARRAY<INT>, m MAP<STRING, INT>, v VARIANT, "
           "s STRUCT<l: ARRAY<INT>, m: MAP<STRING, INT>, v: VARIANT, t: STRUCT<l: ARRAY<STRUCT<x: INT>>>>, p INT")
# What is in a NULL is NULL; a NULL in a list, and the null of JSON, are none.
SELECT = f"""
    SELECT id, if(id % 2 = 0, NULL, array(1, NULL)), if(id % 3 = 0, NULL, map('k', NULL)), if(id % 7 = 0, NULL, parse_json('null')),
           if(id % 10 = 3, NULL, named_struct('l', if(id % 4 = 0, NULL, array()), 'm', if(id % 5 = 1, NULL, map()),
              'v', if(id % 6 = 0, NULL, parse_json('[null]')),
              't', if(id % 11 = 0, NULL, named_struct('l', if(id % 13 = 0, NULL, array(named_struct('x', NULL))))))), id % 2
    FROM range({ROWS})"""


def is_null(path, i):
    return {"id": False, "l": i % 2 == 0, "m": i % 3 == 0, "v": i % 7 == 0, "s.l": i % 10 == 3 or i % 4 == 0, "s.m": i % 10 == 3 or i % 5 == 1,
            "s.v": i % 10 == 3 or i % 6 == 0, "s.t.l": i % 10 == 3 or i % 11 == 0 or i % 13 == 0}[path]


PATHS = ("id", "l", "m", "v", "s.l", "s.m", "s.v", "s.t.l")


def counts_in_log(sql, table):
    """(partition, path) → NULLs, of all files."""
    state = replay.check(location_of(sql, table))
    counts = {}
    for add in state.files.values():
        for path, count in replay.leaves(json.loads(add["stats"])["nullCount"]):
            key = (add["partitionValues"].get("p"), ".".join(path))
            counts[key] = counts.get(key, 0) + count
    return counts


@pytest.mark.parametrize("partitioned", ("", "PARTITIONED BY (p)"), ids=("whole", "partitioned"))
def test_nulls_are_counted(sql, partitioned):
    table = f"null_counts_{bool(partitioned)}"
    sql(f"CREATE TABLE {table} ({COLUMNS}) {partitioned} TBLPROPERTIES ('delta.checkpointInterval' = '2')")
    sql(f"INSERT INTO {table} {SELECT}")
    parts = {"0": NUMBERS[::2], "1": NUMBERS[1::2]} if partitioned else {None: NUMBERS}
    counted = counts_in_log(sql, table)
    assert {key: count for key, count in counted.items() if key[1] != "p"} == {
        (part, path): sum(is_null(path, i) for i in numbers) for part, numbers in parts.items() for path in PATHS}

    # Rows of one file without a NULL, and of one with nothing else.
    sql(f"INSERT INTO {table} VALUES ({ROWS}, array(), map(), parse_json('1'), named_struct('l', array(), 'm', map(), 'v', parse_json('1'), "
        "'t', named_struct('l', array())), 0)")
    sql(f"INSERT INTO {table} (id, p) VALUES ({ROWS + 1}, 1)")
    for path in PATHS:
        nulls = [i for i in NUMBERS if is_null(path, i)] + ([ROWS + 1] if path != "id" else [])
        assert [int(row[0]) for row in sql(f"SELECT id FROM {table} WHERE {path} IS NULL ORDER BY id")] == nulls, path
        assert int(sql(f"SELECT count(*) FROM {table} WHERE {path} IS NOT NULL")[0][0]) == ROWS + 2 - len(nulls), path
    sql(f"DELETE FROM {table} WHERE s.l IS NULL")
    sql(f"UPDATE {table} SET l = NULL WHERE m IS NOT NULL")
    left = [i for i in NUMBERS if not is_null("s.l", i)]
    assert [int(row[0]) for row in sql(f"SELECT id FROM {table} WHERE l IS NULL AND id < {ROWS} ORDER BY id")] == [
        i for i in left if is_null("l", i) or not is_null("m", i)]
    sql(f"OPTIMIZE {table}")
    replay.check(location_of(sql, table))
