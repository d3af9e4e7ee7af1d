"""The recordings of Delta tables (tests/sql/delta), statement by statement through a server.

tests/sql/delta_differences.txt lists what is not as recorded yet; it may only get shorter.
ASHLAR_DELTA_REPORT=FILE writes what differs and how to FILE, and the new list to FILE.list.
"""

import json
import os
import pathlib
import re
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
RECORDINGS = ROOT / "tests" / "sql" / "delta"
DIFFERENCES = ROOT / "tests" / "sql" / "delta_differences.txt"
sys.path.insert(0, str(ROOT / "tools" / "oracle"))
import spark_oracle  # noqa: E402
import test_file  # noqa: E402


class Asker:
    """Asks a Spark Connect session as tools/oracle asks Spark."""

    def __init__(self, session):
        self.session = session

    def answer(self, block):
        from pyspark.errors import PySparkException

        try:
            if block.kind == "statement":
                self.session.sql(block.sql).collect()
                return ["ok"]
            return self.rows(block)
        except PySparkException as error:
            return [self.error_line(error)]

    def rows(self, block):
        frame = self.session.sql(block.sql)
        some_columns = block.arguments.startswith("columns ")
        if some_columns:
            frame = frame.select(*block.arguments.split()[1].split(","))
        fields = frame.schema.fields
        columns = [f"c{i}" for i in range(len(fields))]
        texts = map(spark_oracle.as_text, columns, fields)
        rows = frame.toDF(*columns).selectExpr(*texts).collect() if fields else []
        lines = [spark_oracle.row_line(fields, row) for row in rows]
        if block.arguments == "sorted":
            lines.sort(key=lambda line: line.encode())
        return ["schema: " + spark_oracle.type_text(frame.schema), *lines]

    def error_line(self, error):
        text = json.dumps(dict(error.getMessageParameters() or {}), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        # An exception of Java without a condition is recorded by its class.
        line = f"error: {error.getCondition() or type(error).__name__} {error.getSqlState() or '-'} {text}"
        for context in error.getQueryContext():
            return f"{line} {context.startIndex()}..{context.stopIndex()}"
        return line


def comparable(lines):
    """What is the same on Spark and here: tables have other folders, columns other numbers in a plan."""
    lines = [re.sub(r"(?<=\w)#\d+L?", "#x", line) for line in lines]
    # Properties, and what the metadata of a column says, stand in a history in no order.
    entry = r'"[^"{}]*":(?:"[^"{}]*"|\w+)'
    lines = [re.sub(rf"{{{entry}(,{entry})*}}", lambda m: "{" + ",".join(sorted(re.findall(entry, m[0]))) + "}", line) for line in lines]
    # delta-spark 4.4 raises errors of MERGE whose texts it lacks: what they are called is all that is known of them.
    lacks = r'error: INTERNAL_ERROR XX000 {"message":"Cannot find main error class \'(\w+)\'"}'
    lines = [re.sub(lacks, r"error: \1", line) for line in lines]
    lines = [re.sub(r"error: (DELTA_MERGE_(?:UNRESOLVED_EXPRESSION|RESOLVED_ATTRIBUTE_MISSING_FROM_INPUT))\b.*", r"error: \1", line)
             for line in lines]
    # Those of a table in its details neither.
    entry = r"delta\.[\w.]+ -> [\w.]+"
    lines = [re.sub(rf"{{{entry}(, {entry})*}}", lambda m: "{" + ", ".join(sorted(m[0][1:-1].split(", "))) + "}", line) for line in lines]
    return re.sub(r"(file:)?(/[\w.-]+)+/managed/[\w-]+|\{warehouse\}(/[\w-]+)*", "{table}", "\n".join(lines))


def test_recorded_statements_and_queries(make_session, needs_catalog):
    different, report, asked = [], [], 0
    for path in sorted(RECORDINGS.glob("*.test")):
        session = make_session()
        for key, value in spark_oracle.PLAYED_WITH.items():
            session.conf.set(key, value)
        asker = Asker(session)
        catalog = f"recorded_{path.stem}"
        session.sql(f"CREATE CATALOG {catalog}")
        session.sql(f"USE CATALOG {catalog}")
        for block in test_file.parse(path.read_text(encoding="utf-8"), path.name):
            if block.kind == "config":
                key, _, value = block.arguments.partition(" ")
                session.conf.set(key, value.strip()) if value else session.conf.unset(key)
            if block.kind not in ("query", "statement"):
                continue
            asked += 1
            block.sql = block.sql.replace("spark_catalog", catalog)
            ours = [line.replace(catalog, "spark_catalog") for line in asker.answer(block)]
            if comparable(ours) == comparable(block.recorded):
                continue
            name = f"{path.name}: " + " ".join(block.sql.split())
            different.append(name)
            report += [name, *("  spark: " + line for line in block.recorded), *("  ours:  " + line for line in ours)]
        session.sql("USE CATALOG main")
        session.sql(f"DROP CATALOG {catalog} CASCADE")
    if "ASHLAR_DELTA_REPORT" in os.environ:
        target = os.environ["ASHLAR_DELTA_REPORT"]
        pathlib.Path(target).write_text("\n".join(report) + "\n", encoding="utf-8")
        pathlib.Path(target + ".list").write_text("\n".join(different) + "\n", encoding="utf-8")
    known = [line for line in DIFFERENCES.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert asked > 100
    assert not sorted(set(different) - set(known)), "not as Spark answers"
    assert not sorted(set(known) - set(different)), "as Spark answers now: take these off tests/sql/delta_differences.txt"
