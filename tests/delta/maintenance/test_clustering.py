"""Liquid clustering: CLUSTER BY, OPTIMIZE by cubes, and what is refused."""

import json
import math
import pathlib
import threading

import replay


def metrics_of(table, rest=""):
    (_, metrics), = table.sql(f"OPTIMIZE {table.name} {rest}")
    return json.loads(metrics)


def clustering(metrics):
    stats = metrics["clusteringStats"]
    return {key: int(value) if not isinstance(value, dict) else int(value["numFiles"]) for key, value in stats.items()}


def detail(table):
    return json.loads(table.sql(f"DESCRIBE DETAIL {table.name}")[0][8])


def domain(actions):
    one, = actions["domainMetadata"]
    assert one["domain"] == "delta.clustering" and not one["removed"]
    return json.loads(one["configuration"])


def fill(table, rows=1000):
    table.sql(f"INSERT INTO {table.name} SELECT CAST(id AS INT), CAST(id * 7 % 10 AS STRING), "
              f"named_struct('x', CAST(id * 13 % 100 AS INT)) FROM range({rows})")


def test_a_clustered_table_says_so(make_table):
    table = make_table("(a INT, b STRING, s STRUCT<x: INT>)", "CLUSTER BY (a, s.x)")
    actions = table.log(0)
    assert domain(actions) == {"clusteringColumns": [["a"], ["s", "x"]], "domainName": "delta.clustering"}
    protocol, = actions["protocol"]
    assert (protocol["minReaderVersion"], protocol["minWriterVersion"]) == (3, 7)
    assert protocol["readerFeatures"] == ["deletionVectors"], "clustering binds no reader"
    assert {"clustering", "domainMetadata"} <= set(protocol["writerFeatures"])
    assert table.history()[1]["clusterBy"] == '["a","s.x"]' and table.history()[1]["partitionBy"] == "[]"
    assert detail(table) == ["a", "s.x"]
    fill(table)
    table.check()


def test_optimize_is_incremental(make_table):
    table = make_table("(a INT, b STRING, s STRUCT<x: INT>)", "CLUSTER BY (a, s.x)")
    fill(table), fill(table)
    before = table.rows()
    assert clustering(metrics_of(table)) == {
        "inputZCubeFiles": 0, "inputOtherFiles": 2, "inputNumZCubes": 0, "mergedFiles": 2, "numOutputZCubes": 1}
    assert table.rows() == before
    operation, parameters, _ = table.history()
    assert (operation, parameters["clusterBy"], parameters["zOrderBy"]) == ("OPTIMIZE", '["a","s.x"]', "[]")
    add, = table.log(table.version())["add"]
    assert add["clusteringProvider"] == "liquid" and not add["dataChange"]
    assert add["tags"]["ZCUBE_ZORDER_BY"] == '["a","s.x"]' and add["tags"]["ZCUBE_ID"]
    version = table.version()
    assert clustering(metrics_of(table)) == {
        "inputZCubeFiles": 1, "inputOtherFiles": 0, "inputNumZCubes": 1, "mergedFiles": 0, "numOutputZCubes": 0}
    assert table.version() == version, "one cube alone is as good as it can be"
    fill(table, 10)
    assert clustering(metrics_of(table)) == {
        "inputZCubeFiles": 1, "inputOtherFiles": 1, "inputNumZCubes": 1, "mergedFiles": 2, "numOutputZCubes": 1}
    assert len(table.files()) == 1
    table.check()


def file_stats(table):
    """Path and statistics of each file."""
    return [(add["path"], json.loads(add["stats"])) for add in replay.check(table.root, data=False).files.values()]


def may_hold(stats, column, value):
    return stats["minValues"][column] <= value <= stats["maxValues"][column]


def test_a_predicate_on_either_column_skips_files(make_table):
    """The Hilbert curve fills squares of side 1/2^k one after the other, so a file of F, F ≥ 4^k, lies in at most two of
    them, and a square's rows in at most F/4^k + 2 files. A value of one column lies in 2^k squares."""
    table = make_table("(x INT, y INT, z BIGINT)", "CLUSTER BY (x, y) TBLPROPERTIES ('delta.targetFileSize' = '100kb')")
    table.sql(f"INSERT INTO {table.name} SELECT pmod(hash(id), 100000), pmod(hash(id, 1), 100000), id FROM range(4000000)")
    digest = f"SELECT count(*), sum(x), sum(y), sum(z), count(DISTINCT z) FROM {table.name}"
    before, values = table.sql(digest), range(5000, 100000, 10000)
    assert all(may_hold(stats, column, value) for _, stats in file_stats(table) for column in "xy" for value in values)
    metrics_of(table)
    assert table.sql(digest) == before
    files = file_stats(table)
    k = int(math.log(len(files), 4))
    for column in "xy":
        counts = [sum(may_hold(stats, column, value) for _, stats in files) for value in values]
        assert len(files) >= 16 and max(counts) <= len(files) / 2**k + 2 * 2**k, (column, counts)
        print(f"{column}: {sum(counts) / len(counts):.1f} of {len(files)} files may hold a value, at most {max(counts)}")
        only_what_matches(table, column, 45000)
    version = table.version()
    assert clustering(metrics_of(table))["mergedFiles"] == 0 and table.version() == version, "a second OPTIMIZE rewrites nothing"


def only_what_matches(table, column, value):
    """The query opens no file whose statistics exclude the value: it answers while they are not there."""
    query = f"SELECT count(*), sum(z) FROM {table.name} WHERE {column} = {value}"
    before = table.sql(query)
    hidden = [pathlib.Path(table.root) / path for path, stats in file_stats(table) if not may_hold(stats, column, value)]
    try:
        for path in hidden:
            path.rename(path.with_suffix(".hidden"))
        assert table.sql(query) == before and int(before[0][0]) > 0 and hidden
    finally:
        for path in hidden:
            path.with_suffix(".hidden").rename(path)


def test_other_columns_are_for_optimize_full(make_table, fails):
    table = make_table("(a INT, b STRING, s STRUCT<x: INT>)", "CLUSTER BY (a)")
    fill(table)
    metrics_of(table)
    table.sql(f"ALTER TABLE {table.name} CLUSTER BY (b, s.x)")
    operation, parameters, _ = table.history()
    assert (operation, parameters) == ("CLUSTER BY", {"oldClusteringColumns": "a", "newClusteringColumns": "b,s.x"})
    assert domain(table.log(table.version()))["clusteringColumns"] == [["b"], ["s", "x"]] and detail(table) == ["b", "s.x"]
    version = table.version()
    metrics_of(table)
    assert table.version() == version, "laid out by other columns: FULL alone changes that"
    assert clustering(metrics_of(table, "FULL")) == {
        "inputZCubeFiles": 1, "inputOtherFiles": 0, "inputNumZCubes": 1, "mergedFiles": 1, "numOutputZCubes": 1}
    assert table.log(table.version())["add"][0]["tags"]["ZCUBE_ZORDER_BY"] == '["b","s.x"]'
    table.sql(f"ALTER TABLE {table.name} CLUSTER BY NONE")
    assert domain(table.log(table.version()))["clusteringColumns"] == [] and detail(table) == []
    fill(table, 5)
    assert metrics_of(table)["clusteringStats"] is None
    assert "DELTA_OPTIMIZE_FULL_NOT_SUPPORTED" in fails(f"OPTIMIZE {table.name} FULL")
    table.sql(f"OPTIMIZE {table.name} ZORDER BY (a)")
    table.check()


def test_tables_become_clustered_and_made_by_queries(make_table, sql):
    table = make_table("(a INT, b STRING)")
    table.sql(f"INSERT INTO {table.name} VALUES (1, 'x')")
    table.sql(f"ALTER TABLE {table.name} CLUSTER BY (a)")
    assert {"clustering", "domainMetadata"} <= set(table.log(table.version())["protocol"][0]["writerFeatures"])
    metrics_of(table)
    table.sql(f"ALTER TABLE {table.name} CLUSTER BY (b)")
    assert "protocol" not in table.log(table.version())
    table.check()
    sql("CREATE OR REPLACE TABLE main.default.clustered_query CLUSTER BY (k) AS SELECT CAST(id AS INT) AS k, id AS v FROM range(10)")
    made = type(table)(sql, "main.default.clustered_query")
    assert detail(made) == ["k"] and len(made.rows()) == 10
    sql("CREATE OR REPLACE TABLE main.default.clustered_query CLUSTER BY (v) AS SELECT CAST(id AS INT) AS k, id AS v FROM range(10)")
    assert detail(made) == ["v"]
    made.check()
    sql("CREATE OR REPLACE TABLE main.default.clustered_copy DEEP CLONE main.default.clustered_query")
    copy = type(table)(sql, "main.default.clustered_copy")
    assert detail(copy) == ["v"]
    copy.check()
    for name in (made.name, copy.name):
        sql(f"DROP TABLE {name}")


def test_renamed_columns_stay_clustering_columns(make_table, fails):
    table = make_table("(a INT, b STRING, s STRUCT<x: INT>)", "CLUSTER BY (a, s.x) TBLPROPERTIES ('delta.columnMapping.mode' = 'name')")
    fill(table)
    metrics_of(table)
    table.sql(f"ALTER TABLE {table.name} RENAME COLUMN a TO aa")
    assert detail(table) == ["aa", "s.x"]
    for column in ("aa", "s", "s.x"):
        assert "DELTA_UNSUPPORTED_DROP_CLUSTERING_COLUMN" in fails(f"ALTER TABLE {table.name} DROP COLUMN {column}")
    table.sql(f"ALTER TABLE {table.name} DROP COLUMN b")
    metrics_of(table, "FULL")
    replay.check(table.root)


def test_what_is_refused(make_table, fails, sql):
    table = make_table("(a INT, b STRING)", "CLUSTER BY (a)")
    fill_one = f"INSERT INTO {table.name} VALUES (1, 'x')"
    table.sql(fill_one)
    for statement, condition in (
            ("OPTIMIZE {} ZORDER BY (b)", "DELTA_CLUSTERING_WITH_ZORDER_BY"),
            ("OPTIMIZE {} WHERE a = 1", "DELTA_CLUSTERING_WITH_PARTITION_PREDICATE"),
            ("ALTER TABLE {} CLUSTER BY (nope)", "DELTA_COLUMN_NOT_FOUND_IN_SCHEMA"),
            ("ALTER TABLE {} SET TBLPROPERTIES ('delta.dataSkippingNumIndexedCols' = '0')", "DELTA_CLUSTERING_COLUMN_MISSING_STATS"),
            ("ALTER TABLE {} CLUSTER BY AUTO", "CLUSTER BY AUTO")):
        assert condition in fails(statement.format(table.name)), statement
    name = "main.default.never_made"
    for definition, condition in (
            ("(a INT, b INT, c INT, d INT, e INT) CLUSTER BY (a, b, c, d, e)", "DELTA_CLUSTER_BY_INVALID_NUM_COLUMNS"),
            ("(a INT, b INT) PARTITIONED BY (a) CLUSTER BY (b)", "Clustering and partitioning cannot both be specified"),
            ("(a INT, b INT) CLUSTER BY (a) TBLPROPERTIES ('delta.dataSkippingNumIndexedCols' = '0')", "DELTA_CLUSTERING_COLUMN_MISSING_STATS"),
            ("(a INT, b ARRAY<INT>) CLUSTER BY (b)", "DELTA_CLUSTERING_COLUMNS_DATATYPE_NOT_SUPPORTED"),
            ("(a INT) CLUSTER BY AUTO", "CLUSTER BY AUTO")):
        assert condition in fails(f"CREATE TABLE {name} {definition}"), definition
    assert sql("SHOW TABLES IN main.default LIKE 'never_made'") == []
    parts = make_table("(a INT, b STRING)", "PARTITIONED BY (b)")
    assert "DELTA_ALTER_TABLE_CLUSTER_BY_ON_PARTITIONED_TABLE_NOT_ALLOWED" in fails(f"ALTER TABLE {parts.name} CLUSTER BY (a)")


def test_optimize_does_not_conflict_with_appends(make_table):
    table = make_table("(a INT, b STRING)", "CLUSTER BY (a)")
    table.sql(f"INSERT INTO {table.name} SELECT CAST(id AS INT), CAST(id AS STRING) FROM range(100000)")
    failed, done = [], threading.Event()

    def append():
        while not done.is_set():
            try:
                table.sql(f"INSERT INTO {table.name} VALUES (-1, 'late')")
            except AssertionError as error:
                failed.append(error)

    thread = threading.Thread(target=append)
    thread.start()
    try:
        for _ in range(3):
            metrics_of(table, "FULL")
    finally:
        done.set()
        thread.join()
    assert failed == []
    late = sum(len(table.log(version).get("add", [])) for version in range(2, table.version() + 1)
               if table.log(version)["commitInfo"][0]["operation"] == "WRITE")
    assert table.sql(f"SELECT count(*), count_if(a = -1) FROM {table.name}") == [[str(100000 + late), str(late)]] and late > 0
    replay.check(table.root)


def test_a_location_keeps_its_clustering(sql, make_table, fails, tmp_path):
    at = f"LOCATION '{tmp_path}/t'"
    table = make_table("(a INT, b INT)", f"CLUSTER BY (a) {at}")
    sql(f"INSERT INTO {table.name} VALUES (1, 2)")
    sql(f"DROP TABLE {table.name}")
    assert "DELTA_CREATE_TABLE_WITH_DIFFERENT_CLUSTERING" in fails(f"CREATE TABLE {table.name} (a INT, b INT) CLUSTER BY (b) {at}")
    again = make_table("(a INT, b INT)", f"CLUSTER BY (a) {at}", table.name)
    assert detail(again) == ["a"] and again.rows() == [("1", "2")]
