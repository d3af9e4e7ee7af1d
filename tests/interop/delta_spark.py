"""delta-spark behind a pipe: delta_spark.py FOLDER [JARS], run by the oracle's Python (tools/oracle/setup). One JVM for everything.

A line of JSON asks, a line of JSON answers: {"sql": text} gives {"columns": …, "rows": …}; {"fields": table} the fields of its
schema; {"files": query} how many files the query reads; {"set": {key: value}} sets the session's configuration, null takes a key
back; {"version": true} who answers. What fails answers {"refused": condition, "message": …}.
"""

import json
import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "tools" / "oracle")]
from spark_oracle import Oracle, is_spark_error, root_throwable  # noqa: E402
from values import rows_of  # noqa: E402

# A statement writes one file, as a server of ours does with few rows.
SETTINGS = {"spark.sql.leafNodeDefaultParallelism": "1", "spark.sql.shuffle.partitions": "1"}


def sql(session, text):
    """What commands answer is nobody's question (and the metrics of OPTIMIZE are nothing that Arrow takes)."""
    frame = session.sql(text)
    rows = rows_of(frame.toArrow()) if text.startswith(("SELECT", "DESCRIBE")) else []
    return {"columns": frame.columns, "rows": rows}


def fields(session, table):
    return {"fields": session.table(table).schema.jsonValue()["fields"]}


def files(session, query):
    return {"files": len(session.sql(query).inputFiles())}


def configure(session, settings):
    for key, value in settings.items():
        session.conf.unset(key) if value is None else session.conf.set(key, value)
    return {}


def version(session, _):
    jar = next(jar for jar in session.conf.get("spark.jars").split(",") if "/delta-spark_" in jar)
    return {"version": f"delta-spark {pathlib.Path(jar).stem.split('-')[-1]} on Spark {session.version}"}


ANSWERS = {"sql": sql, "fields": fields, "files": files, "set": configure, "version": version}


def answer(session, question):
    (what, argument), = question.items()
    try:
        return ANSWERS[what](session, argument)
    except Exception as error:  # of Spark, py4j or Arrow: the process answers, whatever happens
        thrown = root_throwable(error)
        known = thrown is not None and is_spark_error(thrown)
        return {"refused": thrown.getCondition() if known else type(error).__name__, "message": str(error)[:2000]}


def main():
    # What the JVM prints must not come among the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    deps = pathlib.Path(os.environ.get("ASHLAR_DEPS_DIR", pathlib.Path.home() / ".cache/ashlar/deps"))
    jars = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else deps / "oracle-jars"
    oracle = Oracle(sys.argv[1], jars, checking=False)
    session = oracle.session(with_delta=True)
    configure(session, SETTINGS)
    for line in sys.stdin:
        answers.write(json.dumps(answer(session, json.loads(line)), ensure_ascii=False) + "\n")
        answers.flush()
    oracle.stop()


if __name__ == "__main__":
    main()
