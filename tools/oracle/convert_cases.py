"""What CONVERT TO DELTA is asked: folders of Parquet files that Spark makes, and the statements over them.

A case is a Case; {path} in its statements is its folder. Folders are made once and kept (record_convert); a file gets the
name the case gives it, so that what is recorded of it does not change."""
import dataclasses
import pathlib
import shutil
import tempfile
import typing


@dataclasses.dataclass
class Case:
    name: str
    make: typing.Callable        # (Folder) -> None
    statements: list
    rows: bool = False           # record the rows of the table that came out
    table: str = "delta.`{path}`"
    before: tuple = ()           # statements whose answer is not recorded
    any_order: bool = False      # Spark merges the files' columns in whatever order it reads them


class Folder:
    """Where a case's files are made."""

    def __init__(self, spark, root):
        self.spark, self.root = spark, pathlib.Path(root)

    def file(self, name, query, **options):
        """One Parquet file of the query's rows, as Spark writes it."""
        self.frame(name, self.spark.sql(query), **options)

    def frame(self, name, frame, **options):
        target = self.root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as scratch:
            out = pathlib.Path(scratch) / "out"
            frame.coalesce(1).write.options(**options).parquet(str(out))
            (written,) = out.glob("part-*.parquet")
            shutil.move(written, target)

    def arrow(self, name, table, **options):
        import pyarrow.parquet
        target = self.root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        pyarrow.parquet.write_table(table, target, **options)

    def text(self, name, text):
        target = self.root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)


CONVERT = "CONVERT TO DELTA parquet.`{path}`"
EVERY_TYPE = """SELECT CAST({i} AS TINYINT) AS by, CAST({i} AS SMALLINT) AS sh, CAST({i} AS INT) AS i, CAST({i} AS BIGINT) AS l,
CAST({i} + 0.5 AS FLOAT) AS f, CAST({i} + 0.25 AS DOUBLE) AS d, CAST({i} + 0.5 AS DECIMAL(5,2)) AS d5, CAST({i} AS DECIMAL(15,3)) AS d15,
CAST({i} + 0.125 AS DECIMAL(38,10)) AS d38, CAST('short {i}' AS STRING) AS s, repeat('long {i} ', 8) AS ls, CAST('b{i}' AS BINARY) AS b,
{i} > 1 AS t, DATE'2024-01-0{i}' AS day, TIMESTAMP'2024-01-0{i} 10:00:00.123456' AS ts, TIMESTAMP_NTZ'2024-01-0{i} 10:00:00.123456' AS ntz"""


def plain(folder):
    folder.file("a.parquet", "SELECT * FROM VALUES (1, 'x'), (2, NULL), (3, 'z') AS t(id, name)")
    folder.file("b.parquet", "SELECT * FROM VALUES (10, 'y'), (NULL, NULL) AS t(id, name)")


def every_type(folder):
    folder.file("a.parquet", " UNION ALL ".join(EVERY_TYPE.replace("{i}", i) for i in "123"))
    folder.file("b.parquet", EVERY_TYPE.replace("{i}", "4") + " UNION ALL SELECT " + ", ".join(["NULL"] * 16))


def micros(folder):
    folder.spark.conf.set("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")
    folder.file("micros.parquet", "SELECT TIMESTAMP'2024-01-02 03:04:05.678901' AS ts UNION ALL SELECT TIMESTAMP'1969-12-31 23:59:59.999999'")
    folder.spark.conf.set("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MILLIS")
    folder.file("millis.parquet", "SELECT TIMESTAMP'2023-01-02 03:04:05.678901' AS ts UNION ALL SELECT NULL")
    folder.spark.conf.unset("spark.sql.parquet.outputTimestampType")


def nested(folder):
    folder.file("a.parquet", """SELECT 1 AS id, named_struct('x', 1, 'in', named_struct('y', 'a', 'z', CAST(NULL AS DOUBLE))) AS s,
        array(1, NULL, 3) AS a, map('k', 1) AS m, array(named_struct('q', 1)) AS sa
        UNION ALL SELECT 2, NULL, NULL, NULL, NULL
        UNION ALL SELECT 3, named_struct('x', 5, 'in', NULL), array(), map(), array(NULL)""")


def partitions(folder):
    for p in ("1", "2", "__HIVE_DEFAULT_PARTITION__"):
        for q in ("a", "b%2Fc", "d e", "__HIVE_DEFAULT_PARTITION__", "%C3%A4%25"):
            folder.file(f"p={p}/q={q}/a.parquet", "SELECT 1 AS id, 'v' AS v")


def partition_types(folder):
    names = ("da=2024-01-05", "bo=true", "lo=5", "db=1.5")
    folder.file("/".join(names) + "/a.parquet", "SELECT 1 AS id")
    names = ("da=2024-1-6", "bo=FALSE", "lo=007", "db=2")
    folder.file("/".join(names) + "/a.parquet", "SELECT 2 AS id")


def decimal_partitions(folder):
    folder.file("p=1.50/a.parquet", "SELECT 1 AS id")
    folder.file("p=-2/a.parquet", "SELECT 2 AS id")


def one_partition(folder):
    folder.file("p=1/a.parquet", "SELECT 1 AS id")
    folder.file("p=2/a.parquet", "SELECT 2 AS id")


def not_a_number(folder):
    folder.file("p=1/a.parquet", "SELECT 1 AS id")
    folder.file("p=x/a.parquet", "SELECT 2 AS id")


def uneven_partitions(folder):
    folder.file("p=1/a.parquet", "SELECT 1 AS id")
    folder.file("a.parquet", "SELECT 2 AS id")


def folders_between(folder):
    folder.file("p=1/sub/a.parquet", "SELECT 1 AS id")
    folder.file("other/p=2/a.parquet", "SELECT 2 AS id")


def hidden(folder):
    folder.file("a.parquet", "SELECT 1 AS id")
    for name in ("_b.parquet", ".c.parquet", "_temporary/d.parquet", ".staging/e.parquet", "sub/_f.parquet", "sub/g.parquet"):
        folder.file(name, "SELECT 2 AS id")
    folder.text("_SUCCESS", "")
    folder.text("_metadata", "")


def hidden_partition(folder):
    folder.file("_p=1/a.parquet", "SELECT 1 AS id")


def other_names(folder):
    for name in ("a b.parquet", "c%20d.parquet", "e+f.parquet", "g#h.parquet", "no_suffix", "ä.parquet", "k.snappy.parquet"):
        folder.file(name, "SELECT 1 AS id")


def with_text(folder):
    folder.file("a.parquet", "SELECT 1 AS id")
    folder.text("readme.txt", "not Parquet, and long enough for a footer")


def with_empty_file(folder):
    folder.file("a.parquet", "SELECT 1 AS id")
    folder.text("empty.parquet", "")


def without_rows(folder):
    folder.file("a.parquet", "SELECT 1 AS id")
    folder.file("none.parquet", "SELECT 1 AS id WHERE FALSE")


def only_without_rows(folder):
    folder.file("none.parquet", "SELECT 1 AS id WHERE FALSE")


def missing_columns(folder):
    folder.file("a.parquet", "SELECT 1 AS id, 'a' AS a")
    folder.file("b.parquet", "SELECT 2 AS id, 'b' AS b, named_struct('x', 1) AS s")
    folder.file("c.parquet", "SELECT 3 AS id, named_struct('y', 2) AS s")


def conflicting_types(folder):
    folder.file("a.parquet", "SELECT 1 AS id")
    folder.file("b.parquet", "SELECT 'x' AS id")


def wider_types(folder):
    folder.file("a.parquet", "SELECT CAST(1 AS TINYINT) AS id")
    folder.file("b.parquet", "SELECT CAST(2 AS INT) AS id")


def int_and_long(folder):
    folder.file("a.parquet", "SELECT 1 AS id")
    folder.file("b.parquet", "SELECT 2L AS id")


def other_case(folder):
    folder.file("a.parquet", "SELECT 1 AS id, 'a' AS Name")
    folder.file("b.parquet", "SELECT 2 AS ID, 'b' AS name")


def partition_in_file(folder):
    folder.file("p=1/a.parquet", "SELECT 1 AS p, 1 AS id")
    folder.file("p=2/a.parquet", "SELECT 7 AS p, 2 AS id")


def partition_in_other_case(folder):
    folder.file("p=1/a.parquet", "SELECT 1 AS id")


def comment(folder):
    from pyspark.sql.types import IntegerType, StringType, StructField, StructType
    schema = StructType([StructField("id", IntegerType(), False, {"comment": "the key", "other": 1}), StructField("c", StringType())])
    folder.frame("a.parquet", folder.spark.createDataFrame([(1, "x")], schema))


def odd_names(folder):
    folder.file("a.parquet", "SELECT 1 AS `a b`, 2 AS `c=d`, 3 AS e")


def dotted_names(folder):
    folder.file("a.parquet", "SELECT 1 AS `a.b`, named_struct('c.d', 2, 'e, f', 3) AS `s.t`")


def forty_columns(folder):
    folder.file("a.parquet", "SELECT " + ", ".join(f"{i} AS c{i:02}" for i in range(40)))


def not_numbers(folder):
    folder.file("a.parquet", "SELECT CAST('NaN' AS DOUBLE) AS d, CAST('NaN' AS FLOAT) AS f UNION ALL SELECT 1.5D, CAST(-2.5 AS FLOAT)")
    folder.file("b.parquet", "SELECT CAST('Infinity' AS DOUBLE) AS d, CAST('-Infinity' AS FLOAT) AS f UNION ALL SELECT 0.0D, CAST(-0.0 AS FLOAT)")
    import pyarrow
    folder.arrow("c.parquet", pyarrow.table({"d": [1.0, float("nan"), 3.0], "f": pyarrow.array([1.0, 2.0, 3.0], pyarrow.float32())}))


def row_groups(folder):
    folder.spark.conf.set("parquet.block.size", "1024")
    folder.file("a.parquet", "SELECT id, CAST(id % 7 AS STRING) AS s, IF(id % 3 = 0, NULL, id) AS n FROM range(0, 300, 1, 1)",
                **{"parquet.block.size": "1024", "parquet.page.size.row.check.min": "10", "parquet.block.size.row.check.min": "10"})


def long_texts(folder):
    folder.file("a.parquet", "SELECT repeat('x', 6000) AS s, 1 AS id UNION ALL SELECT repeat('y', 6000), 2")
    folder.file("b.parquet", "SELECT repeat('ä', 40) AS s, 1 AS id UNION ALL SELECT repeat('\U0001F600', 40), 2")


def by_arrow(folder):
    import datetime
    import decimal
    import pyarrow as pa
    folder.arrow("a.parquet", pa.table({
        "u8": pa.array([1, 2], pa.uint8()), "u16": pa.array([1, 2], pa.uint16()), "u32": pa.array([1, 2], pa.uint32()),
        "u64": pa.array([1, 2], pa.uint64()), "i8": pa.array([-1, 2], pa.int8()), "dict": pa.array(["x", "y"]).dictionary_encode(),
        "large": pa.array(["l", None], pa.large_string()), "dec": pa.array([decimal.Decimal("1.50"), None], pa.decimal128(9, 2)),
        "day": pa.array([datetime.date(2024, 1, 2), None]), "us": pa.array([0, 1500000], pa.timestamp("us")),
        "usz": pa.array([0, 1500000], pa.timestamp("us", "UTC")), "ms": pa.array([0, 1500], pa.timestamp("ms", "UTC")),
        "list": pa.array([[1], None]), "map": pa.array([[("k", 1)], None], pa.map_(pa.string(), pa.int32())),
        "st": pa.array([{"x": 1}, {"x": None}]), "b": pa.array([b"\x00", None])}))


def fixed_binary(folder):
    import pyarrow as pa
    folder.arrow("a.parquet", pa.table({"fixed": pa.array([b"ab", None], pa.binary(2))}))


def void(folder):
    import pyarrow as pa
    folder.arrow("a.parquet", pa.table({"id": [1], "void": pa.nulls(1)}))


def nanoseconds(folder):
    import pyarrow as pa
    folder.arrow("a.parquet", pa.table({"ts": pa.array([0], pa.timestamp("ns"))}))


def times_of_day(folder):
    import pyarrow as pa
    folder.arrow("a.parquet", pa.table({"t": pa.array([0], pa.time64("us"))}))


def half_floats(folder):
    import numpy
    import pyarrow as pa
    folder.arrow("a.parquet", pa.table({"h": pa.array([numpy.float16(1)], pa.float16())}))


def nothing(folder):
    folder.root.mkdir(parents=True)


def no_folder(folder):
    pass


def delta_table(folder):
    folder.spark.sql("SELECT 1 AS id").write.format("delta").save(str(folder.root))


PARTITIONED = CONVERT + " PARTITIONED BY (p INT)"
CASES = [
    Case("plain", plain, [CONVERT, CONVERT, "CONVERT TO DELTA delta.`{path}`", CONVERT + " PARTITIONED BY (id INT)"], rows=True),
    Case("no_statistics", plain, [CONVERT + " NO STATISTICS"], rows=True),
    Case("every_type", every_type, [CONVERT], rows=True),
    Case("timestamps_of_micros_and_millis", micros, [CONVERT], rows=True),
    Case("nested", nested, [CONVERT], rows=True),
    Case("partitions", partitions, [CONVERT + " PARTITIONED BY (p INT, q STRING)"], rows=True),
    Case("partition_types", partition_types,
         [CONVERT + " PARTITIONED BY (da DATE, bo BOOLEAN, lo BIGINT, db DOUBLE)"], rows=True),
    Case("decimal_partitions", decimal_partitions, [CONVERT + " PARTITIONED BY (p DECIMAL(5,2))"], rows=True),
    Case("partition_comment", one_partition, [CONVERT + " NO STATISTICS PARTITIONED BY (p INT COMMENT 'its part')"]),
    Case("partitions_not_named", one_partition, [CONVERT]),
    Case("partitions_that_are_not", plain, [PARTITIONED]),
    Case("partition_of_other_name", one_partition, [CONVERT + " PARTITIONED BY (q INT)"]),
    Case("partition_without_type", one_partition, [CONVERT + " PARTITIONED BY (p)"]),
    Case("more_partitions_named", one_partition, [CONVERT + " PARTITIONED BY (p INT, q INT)"]),
    Case("partition_value_of_other_type", not_a_number, [PARTITIONED]),
    Case("uneven_partitions", uneven_partitions, [PARTITIONED, CONVERT]),
    Case("folders_between", folders_between, [PARTITIONED], rows=True),
    Case("hidden", hidden, [CONVERT], rows=True),
    Case("hidden_partition", hidden_partition, [CONVERT + " PARTITIONED BY (_p INT)"]),
    Case("other_names", other_names, [CONVERT], rows=True),
    Case("file_of_text", with_text, [CONVERT]),
    Case("file_of_nothing", with_empty_file, [CONVERT]),
    Case("file_without_rows", without_rows, [CONVERT], rows=True),
    Case("file_without_rows_nor_statistics", without_rows, [CONVERT + " NO STATISTICS"], rows=True),
    Case("only_a_file_without_rows", only_without_rows, [CONVERT]),
    Case("missing_columns", missing_columns, [CONVERT], rows=True, any_order=True),
    Case("conflicting_types", conflicting_types, [CONVERT]),
    Case("wider_types", wider_types, [CONVERT], rows=True),
    Case("int_and_long", int_and_long, [CONVERT]),
    Case("other_case", other_case, [CONVERT], any_order=True),
    Case("partition_in_file", partition_in_file, [CONVERT + " PARTITIONED BY (p STRING)"], rows=True),
    Case("partition_in_other_case", partition_in_other_case, [CONVERT + " PARTITIONED BY (P INT)"]),
    Case("comment", comment, [CONVERT]),
    Case("odd_names", odd_names, [CONVERT]),
    Case("dotted_names", dotted_names, [CONVERT]),
    Case("forty_columns", forty_columns, [CONVERT]),
    Case("not_numbers", not_numbers, [CONVERT]),
    Case("row_groups", row_groups, [CONVERT]),
    Case("long_texts", long_texts, [CONVERT]),
    Case("by_arrow", by_arrow, [CONVERT], rows=True),
    Case("nanoseconds", nanoseconds, [CONVERT]),
    Case("times_of_day", times_of_day, [CONVERT]),
    Case("fixed_binary", fixed_binary, [CONVERT]),
    Case("void", void, [CONVERT]),
    Case("half_floats", half_floats, [CONVERT]),
    Case("empty_folder", nothing, [CONVERT]),
    Case("no_folder", no_folder, [CONVERT]),
    Case("delta_table", delta_table, [CONVERT, "CONVERT TO DELTA delta.`{path}`"]),
    Case("other_formats", plain, ["CONVERT TO DELTA csv.`{path}`", "CONVERT TO DELTA `{path}`",
                                  "CONVERT TO DELTA nowhere", "CONVERT TO DELTA parquet.`{path}` PARTITIONED BY ()", "CONVERT TO DELTA parquet.`{path}` WITH STATISTICS"]),
    Case("default_properties", plain, [CONVERT],
         before=("SET spark.databricks.delta.properties.defaults.dataSkippingNumIndexedCols = 1",
                 "SET spark.databricks.delta.properties.defaults.enableDeletionVectors = true",
                 "SET spark.databricks.delta.properties.defaults.enableChangeDataFeed = true")),
    Case("default_column_mapping", plain, [CONVERT], before=("SET spark.databricks.delta.properties.defaults.columnMapping.mode = name",)),
    Case("default_row_tracking", plain, [CONVERT + " NO STATISTICS", CONVERT],
         before=("SET spark.databricks.delta.properties.defaults.enableRowTracking = true",)),
    Case("catalog_table", plain, ["CONVERT TO DELTA t", "CONVERT TO DELTA t", "SELECT count(*) FROM t"], table="t",
         before=("CREATE TABLE t USING PARQUET TBLPROPERTIES ('owner.note' = 'x') LOCATION '{path}'",)),
    Case("catalog_table_with_columns", plain, ["CONVERT TO DELTA t NO STATISTICS"], table="t",
         before=("CREATE TABLE t (id INT, name STRING) USING PARQUET LOCATION '{path}'",)),
    Case("catalog_table_with_other_columns", plain, ["CONVERT TO DELTA t"], table="t",
         before=("CREATE TABLE t (id BIGINT, extra STRING) USING PARQUET LOCATION '{path}'",)),
    Case("catalog_table_with_partitions", one_partition, ["CONVERT TO DELTA t PARTITIONED BY (p INT)"], table="t",
         before=("CREATE TABLE t USING PARQUET LOCATION '{path}'", "MSCK REPAIR TABLE t")),
    Case("catalog_table_of_a_converted_folder", plain, [CONVERT, "CONVERT TO DELTA t", "SELECT count(*) FROM t"], table="t",
         before=("CREATE TABLE t (id INT, name STRING) USING PARQUET TBLPROPERTIES ('owner.note' = 'x') LOCATION '{path}'",)),
    Case("catalog_table_of_csv", no_folder, ["CONVERT TO DELTA t"], before=("CREATE TABLE t (id INT) USING CSV LOCATION '{path}'",)),
    Case("catalog_view", no_folder, ["CONVERT TO DELTA v"], before=("CREATE VIEW v AS SELECT 1 AS id",)),
    Case("catalog_delta_table", no_folder, ["CONVERT TO DELTA t"], before=("CREATE TABLE t (id INT) USING DELTA",)),
]
