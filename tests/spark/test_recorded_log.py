"""What statements write to the logs of Delta tables, beside what delta-spark wrote (tests/sql/delta/log)."""

import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
RECORDINGS = sorted((ROOT / "tests" / "sql" / "delta" / "log").glob("*.actions"))
sys.path.insert(0, str(ROOT / "tools" / "oracle"))
import log_actions  # noqa: E402
import spark_oracle  # noqa: E402
import test_file  # noqa: E402


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_recorded_log(path, spark, needs_catalog, tmp_path):
    for key, value in spark_oracle.PLAYED_WITH.items():
        spark.conf.set(key, value)
    catalog = f"recorded_log_{path.stem}"
    spark.sql(f"CREATE CATALOG {catalog}")
    spark.sql(f"USE CATALOG {catalog}")
    logs, different = {}, []
    for block in test_file.parse(path.read_text(encoding="utf-8"), path.name):
        if not block.kind:
            continue
        ours = [line.replace(catalog, "spark_catalog") for line in log_actions.lines_of(spark, block, logs, str(tmp_path))]
        if ours != block.recorded:
            different += [block.sql, *("  delta-spark: " + line for line in block.recorded if line not in ours),
                          *("  ours:        " + line for line in ours if line not in block.recorded)]
    spark.sql("USE CATALOG main")
    spark.sql(f"DROP CATALOG {catalog} CASCADE")
    assert not different, "\n".join(different)
