"""`_metadata` of rows in files that are no Delta table. The types are what Spark 4.2 answers to typeof(_metadata)."""

import pathlib

import pytest

FILE = ("struct<file_path:string,file_name:string,file_size:bigint,file_block_start:bigint,file_block_length:bigint,"
        "file_modification_time:timestamp{}>")


@pytest.fixture(params=["parquet", "json", "csv"])
def files(request, spark, needs_catalog, tmp_path):
    """A folder of two files, and its format."""
    import pyarrow
    import pyarrow.parquet

    folder = tmp_path / "some files"
    folder.mkdir()
    for n in range(2):
        path = folder / f"{n}.{request.param}"
        rows = [{"id": 10 * n + i} for i in range(3)]
        if request.param == "parquet":
            pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path)
        elif request.param == "json":
            path.write_text("".join(f'{{"id": {row["id"]}}}\n' for row in rows))
        else:
            path.write_text("".join(f"{row['id']}\n" for row in rows))
    return folder, request.param


def test_rows_know_their_files(spark, files):
    folder, kind = files
    column = "_c0" if kind == "csv" else "id"
    frame = spark.read.format(kind).load(str(folder))
    assert frame.columns == [column]
    (shown,) = frame.selectExpr("typeof(_metadata)").distinct().collect()
    assert shown[0] == FILE.format(",row_index:bigint" if kind == "parquet" else "")
    rows = frame.selectExpr(f"CAST({column} AS INT) AS id", "_metadata.file_path", "_metadata.file_name", "_metadata.file_size",
                            "_metadata.file_block_length", "unix_millis(_metadata.file_modification_time) AS ms").orderBy("id").collect()
    assert [row.id for row in rows] == [0, 1, 2, 10, 11, 12]
    for row in rows:
        path = pathlib.Path(folder) / f"{row.id // 10}.{kind}"
        assert (row.file_name, row.file_size, row.file_block_length) == (path.name, path.stat().st_size, path.stat().st_size)
        assert row.file_path == path.as_uri() and row.ms == path.stat().st_mtime_ns // 1_000_000
    if kind == "parquet":
        assert [row[0] for row in frame.orderBy("id").selectExpr("_metadata.row_index").collect()] == [0, 1, 2, 0, 1, 2]


def test_frames_pass_it_on_until_they_group(spark, files):
    from pyspark.errors import AnalysisException

    folder, kind = files
    frame = spark.read.format(kind).load(str(folder)).selectExpr("1 AS one").limit(10)
    assert frame.where("_metadata.file_name LIKE '1.%'").count() == 3
    with pytest.raises(AnalysisException, match="UNRESOLVED_COLUMN"):
        frame.groupBy("one").count().select("_metadata.file_name").collect()
