"""Asks a real Spark in this process and turns its answers into recorded lines."""
import json
import logging
import os
import re
import uuid

import test_file

# delta-spark gives new tables no deletion vectors unless it is told to; Ashlar does, as Databricks. Who plays a recording
# there begins with this: an empty value is no default, as in delta-spark. deletion_vectors.test switches it on.
PLAYED_WITH = {"spark.databricks.delta.properties.defaults.enableDeletionVectors": ""}

DELTA = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.databricks.delta.snapshotPartitions": "1",
}


class Oracle:
    """One JVM. Every file runs in a session of its own and leaves nothing behind.

    A check runs with other partition counts than a recording does, so that an answer that depends
    on the order of rows within Spark shows up as a difference.
    """

    def __init__(self, scratch, jars, checking):
        self.scratch = scratch
        self.jars = ",".join(sorted(str(j) for j in jars.glob("*.jar"))) if jars.exists() else ""
        self.partitions = "3" if checking else "1"
        self.spark = None
        self.delta = None
        os.environ["TZ"] = "UTC"
        logging.disable(logging.CRITICAL)

    def stop(self):
        if self.spark:
            self.spark.stop()

    def session(self, with_delta):
        from pyspark.sql import SparkSession
        if self.spark and self.delta != with_delta:
            self.spark.stop()
            self.spark = None
        if not self.spark:
            self.warehouse = os.path.join(self.scratch, uuid.uuid4().hex)
            builder = SparkSession.builder.master("local[2]").appName("ashlar-oracle")
            settings = {
                "spark.ui.enabled": "false",
                "spark.ui.showConsoleProgress": "false",
                "spark.driver.memory": "2g",
                "spark.driver.extraJavaOptions":
                    "-Duser.timezone=UTC -Dderby.system.home=" + self.scratch,
                "spark.sql.session.timeZone": "UTC",
                "spark.sql.shuffle.partitions": self.partitions,
                "spark.sql.warehouse.dir": self.warehouse,
                "spark.log.level": "OFF",
            }
            if self.jars:
                settings["spark.jars"] = self.jars
            # What a session with Delta left behind in this process; the number cannot be empty.
            no_delta = {**dict.fromkeys(DELTA, ""), "spark.databricks.delta.snapshotPartitions": "1"}
            no_delta["spark.sql.catalog.spark_catalog"] = "builtin"
            settings.update(DELTA if with_delta else no_delta)
            for key, value in settings.items():
                builder = builder.config(key, value)
            self.spark, self.delta = builder.getOrCreate(), with_delta
        return self.spark.newSession()

    def answer(self, blocks, with_delta):
        """Fills `recorded` of every query and statement among the blocks of one file."""
        session = self.session(with_delta)
        for block in blocks:
            if block.kind == "config":
                key, _, value = block.arguments.partition(" ")
                session.conf.set(key, value.strip()) if value else session.conf.unset(key)
            elif block.kind == "statement":
                block.recorded = self.attempt(lambda: self.run_statement(session, block))
            elif block.kind == "query":
                block.recorded = self.attempt(lambda: self.run_query(session, block))
        self.drop_everything(session)

    def drop_everything(self, session):
        session.sql("USE default")
        for table in session.catalog.listTables():
            if not table.isTemporary:
                kind = "VIEW" if table.tableType == "VIEW" else "TABLE"
                session.sql(f"DROP {kind} IF EXISTS default.`{table.name}`")
        for database in session.catalog.listDatabases():
            if database.name != "default":
                session.sql(f"DROP SCHEMA `{database.name}` CASCADE")

    def attempt(self, run):
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException
        try:
            return run()
        except (PySparkException, Py4JError) as error:
            return [self.error_line(error)]

    def run_statement(self, session, block):
        session.sql(block.sql).collect()
        return ["ok"]

    def run_query(self, session, block):
        frame = session.sql(block.sql)
        some_columns = block.arguments.startswith("columns ")
        if some_columns:
            frame = frame.select(*block.arguments.split()[1].split(","))
        fields = frame.schema.fields
        columns = [f"c{i}" for i in range(len(fields))]
        texts = map(as_text, columns, fields)
        rows = frame.toDF(*columns).selectExpr(*texts).collect() if fields else []
        lines = [row_line(fields, row) for row in rows]
        if some_columns:
            lines = [self.stable(line) for line in lines]
        elif len(lines) > 1 and not test_file.has_top_level_order(block.sql):
            block.arguments = "sorted"
            lines.sort(key=lambda line: line.encode())
        else:
            block.arguments = ""
        return ["schema: " + type_text(frame.schema), *lines]

    def error_line(self, error):
        thrown = root_throwable(error)
        if thrown is None:
            raise error
        if not is_spark_error(thrown):
            return f"error: {thrown.getClass().getSimpleName()} - {{}}"
        parameters = {k: self.stable(v) for k, v in message_parameters(thrown).items()}
        text = json.dumps(parameters, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        line = f"error: {thrown.getCondition()} {thrown.getSqlState() or '-'} {text}"
        for context in query_contexts(thrown):
            if str(context.contextType()) == "SQL":
                return f"{line} {context.startIndex()}..{context.stopIndex()}"
        return line

    def stable(self, text):
        """Takes out of a message what differs from run to run: expression ids and paths."""
        text = re.sub(r"#\d+L?", "#x", str(text))
        for warehouse in ("file:" + self.warehouse, self.warehouse):
            text = text.replace(warehouse, "{warehouse}")
        return text


def as_text(column, field):
    """The expression that shows a column: hexadecimal digits for binary, else Spark's cast."""
    if field.dataType.simpleString() == "binary":
        return f"hex({column}) AS {column}"
    return f"CAST({column} AS STRING) AS {column}"


def row_line(fields, row):
    """A row of what as_text asked for: its cells between tabs."""
    return "\t".join(test_file.cell(metrics_text(text) if field.name == "operationMetrics" else text)
                     for field, text in zip(fields, row))


def metrics_text(text):
    """The metrics of DESCRIBE HISTORY in the order of their names; bytes and times, which no two
    runs share, are x."""
    if text in (None, "{}"):
        return text
    metrics = dict(entry.split(" -> ") for entry in text[1:-1].split(", "))
    shown = {name: "x" if re.search("(?i)bytes|timems|size", name) else value
             for name, value in metrics.items()}
    return "{" + ", ".join(f"{name} -> {shown[name]}" for name in sorted(shown)) + "}"


def root_throwable(error):
    """The first Java throwable in the chain of causes with an error condition, else the top one."""
    top = getattr(error, "_origin", None) or getattr(error, "java_exception", None)
    if top is None and error.__cause__ is not None:
        top = getattr(error.__cause__, "java_exception", None)
    thrown = top
    while thrown is not None:
        if is_spark_error(thrown):
            return thrown
        thrown = thrown.getCause()
    return top


def is_spark_error(thrown):
    from py4j.java_gateway import is_instance_of
    from pyspark import SparkContext
    kind = "org.apache.spark.SparkThrowable"
    return is_instance_of(SparkContext._gateway, thrown, kind) and thrown.getCondition() is not None


def message_parameters(thrown):
    """Some of Delta's own exceptions have a condition and no parameters."""
    from py4j.protocol import Py4JError
    try:
        return dict(thrown.getMessageParameters())
    except Py4JError:
        return {}


def query_contexts(thrown):
    """Where in the SQL the error is; Delta's own exceptions do not say."""
    from py4j.protocol import Py4JError
    try:
        return thrown.getQueryContext()
    except Py4JError:
        return []


def type_text(data_type):
    """Spark's simpleString, with NOT NULL after fields, elements and values that never are NULL."""
    from pyspark.sql.types import ArrayType, MapType, StructType
    if isinstance(data_type, StructType):
        return "struct<" + ",".join(f"{name_text(f.name)}:{member(f.dataType, f.nullable)}"
                                    for f in data_type.fields) + ">"
    if isinstance(data_type, ArrayType):
        return f"array<{member(data_type.elementType, data_type.containsNull)}>"
    if isinstance(data_type, MapType):
        value = member(data_type.valueType, data_type.valueContainsNull)
        return f"map<{type_text(data_type.keyType)},{value}>"
    return data_type.simpleString()


def member(data_type, nullable):
    return type_text(data_type) + ("" if nullable else " NOT NULL")


def name_text(name):
    if re.fullmatch(r"[A-Za-z_][A-Za-z_0-9]*", name):
        return name
    return "`" + test_file.escape(name.replace("`", "``")) + "`"
