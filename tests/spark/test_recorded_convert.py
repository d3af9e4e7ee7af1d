"""CONVERT TO DELTA over the folders of tests/sql/delta/convert, beside what delta-spark did (tools/oracle/record_convert)."""

import json
import pathlib
import sys

import pytest
from pyspark.errors import PySparkException

ROOT = pathlib.Path(__file__).resolve().parents[2]
RECORDED = ROOT / "tests" / "sql" / "delta" / "convert"
ANSWERS = json.loads((RECORDED / "answers.json").read_text(encoding="utf-8"))
sys.path.insert(0, str(ROOT / "tools" / "oracle"))
import convert_log  # noqa: E402
import spark_oracle  # noqa: E402

# NO STATISTICS: our commits have the number of rows all the same, so that row ids can be given.
ACCEPTED = {("default_row_tracking", "CONVERT TO DELTA parquet.`{path}` NO STATISTICS")}


def answer_of(spark, text, folder):
    try:
        rows = spark.sql(text).collect()
        return [[str(cell) for cell in row] for row in rows] or "ok"
    except PySparkException as error:
        parameters = {key: convert_log.stable(value, folder) for key, value in (error.getMessageParameters() or {}).items()}
        return {"condition": error.getCondition(), "sqlState": error.getSqlState(), "parameters": parameters,
                "message": str(error)}


def compared(ours, theirs):
    """Recorded files without statistics: of ours the number of rows alone may stand there."""
    for file in ours["files"]:
        same = [other for other in theirs["files"] if other["path"] == file["path"]]
        if same and same[0]["stats"] is None and set(file["stats"]) == {"numRecords"}:
            file["stats"] = None
    return ours


def runs(case):
    """The statements with what was recorded of them. What lies in a table of the catalog is converted by its name alone: a
    folder that is converted by its path becomes a table afterwards."""
    before = [(text, None) for text in case["before"] if not text.startswith("MSCK")]  # folders are found by themselves
    steps = [(step["sql"], step["answer"]) for step in case["steps"]]
    makes_table = any(text.startswith("CREATE TABLE") for text, _ in before)
    by_path = [step for step in steps if makes_table and "parquet.`" in step[0]]
    return by_path + before + [step for step in steps if step not in by_path]


@pytest.mark.parametrize("name", ANSWERS)
def test_recorded_convert(name, spark, needs_catalog, tmp_path):
    case, folder = ANSWERS[name], tmp_path / "table"
    convert_log.unpack(RECORDED / "folders.zip", name, folder)
    for key, value in spark_oracle.PLAYED_WITH.items():
        spark.conf.set(key, value)
    spark.sql(f"CREATE CATALOG convert_{name}")
    spark.sql(f"USE CATALOG convert_{name}")
    for text, recorded in runs(case):
        if (name, text) in ACCEPTED:
            continue
        answer = answer_of(spark, text.replace("{path}", str(folder)), folder)
        assert recorded is None or convert_log.essence(answer) == convert_log.essence(recorded), (text, answer)
    theirs = [convert_log.comparable(commit, case.get("anyOrder", False)) for commit in case["log"]]
    ours = [convert_log.comparable(commit, case.get("anyOrder", False)) for commit in convert_log.commits(folder)]
    assert len(ours) == len(theirs)
    for mine, other in zip(ours, theirs):
        assert compared(mine, other) == other
    if "rows" in case:
        table = case["table"].replace("{path}", str(folder))
        shown = [json.loads(row) for row in convert_log.rows(spark, table)]
        wanted = [json.loads(convert_log.as_utf8(row)) for row in case["rows"]]
        assert sorted(shown, key=str_of) == sorted(wanted, key=str_of)
    spark.sql("USE CATALOG main")
    spark.sql(f"DROP CATALOG convert_{name} CASCADE")


def str_of(row):
    return json.dumps(row, sort_keys=True)
