"""Who reads and writes Delta tables: a server of ours, the deltalake package, delta-spark on a Spark."""

import json
import os
import pathlib
import re
import subprocess
import sys
import urllib.request

import deltalake
import pyarrow

from values import rows_of

HERE = pathlib.Path(__file__).parent


class Refused(Exception):
    """A statement that failed: its error condition and the message."""

    def __init__(self, condition, message):
        super().__init__(f"{condition}: {message}")
        self.condition = condition


class Answer:
    def __init__(self, columns, rows):
        self.columns, self.rows = columns, rows

    def dicts(self):
        return [dict(zip(self.columns, row)) for row in self.rows]


class Ours:
    name = "ashlar"

    def __init__(self, build, folder, *storage):
        os.environ["ASHLAR_BUILD_DIR"] = str(build)
        sys.path.insert(0, str(HERE.parent / "serving"))
        from ashlar_server import Server  # which looks for the build when it is imported

        self.server = Server(folder, *(storage or ["--ephemeral"])).start()

    def stop(self):
        self.server.stop()

    def ask(self, path, body=None):
        info = self.server.info
        request = urllib.request.Request(info["url"] + path, json.dumps(body).encode() if body else None,
                                         {"Authorization": "Bearer " + info["token"], "Content-Type": "application/json"})
        return json.load(urllib.request.urlopen(request, timeout=60))

    def sql(self, text):
        answer = self.ask("/api/2.0/sql/statements", {
            "statement": text, "warehouse_id": self.server.info["warehouse_id"], "wait_timeout": "50s",
            "disposition": "EXTERNAL_LINKS", "format": "ARROW_STREAM"})
        if answer["status"]["state"] != "SUCCEEDED":
            error = answer["status"]["error"]
            found = re.match(r"\[([A-Z0-9_.]+)\]", error["message"])
            raise Refused(found[1] if found else error["error_code"], error["message"])
        tables = []
        for index in range(answer["manifest"].get("total_chunk_count", 0)):
            part = self.ask(f"/api/2.0/sql/statements/{answer['statement_id']}/result/chunks/{index}")
            with urllib.request.urlopen(part["external_links"][0]["external_link"]) as stream:
                tables.append(pyarrow.ipc.open_stream(stream.read()).read_all())
        columns = [column["name"] for column in answer["manifest"]["schema"].get("columns", [])]
        return Answer(columns, [row for table in tables for row in rows_of(table)])


class Deltalake:
    """The package reads a folder; what it does not do raises Refused with the first line of what it says."""

    name = "deltalake"

    def version(self):
        return f"deltalake {deltalake.__version__}"

    def attempt(self, root, do, version=None):
        try:
            return do(deltalake.DeltaTable(str(root), version=version))
        # A panic of the Rust library is no Exception.
        except BaseException as error:
            if isinstance(error, (AssertionError, KeyboardInterrupt)):
                raise
            raise Refused(type(error).__name__, str(error).replace(str(root), "TABLE").replace("\n", " ")[:300]) from error

    def query(self, root, version=None):
        def read(table):
            batches = deltalake.QueryBuilder().register("t", table).execute("SELECT * FROM t").read_all()
            return rows_of(pyarrow.table(batches))

        return self.attempt(root, read, version)

    def changes(self, root, first):
        """In the order of table_changes: the columns, then what happened, in which version. When is left out: deltalake
        says when the commit was begun, delta-spark and we when its file was written."""
        def read(table):
            changes = pyarrow.table(table.load_cdf(starting_version=first).read_all())
            columns = [name for name in changes.column_names if not name.startswith("_")]
            return rows_of(changes.select([*columns, "_change_type", "_commit_version"]))

        return self.attempt(root, read)

    def history(self, root):
        """(version, operation), the newest first."""
        return self.attempt(root, lambda table: [[entry["version"], entry["operation"]] for entry in table.history()])

    def fields(self, root):
        return self.attempt(root, lambda table: json.loads(table.schema().to_json())["fields"])

    def statistics(self, root):
        """column → values of all files, for num_records, null_count.C, min.C and max.C"""
        def read(table):
            actions = pyarrow.table(table.get_add_actions(flatten=True))
            return {name: actions[name].to_pylist() for name in actions.column_names
                    if name.split(".")[0] in ("num_records", "null_count", "min", "max")}

        return self.attempt(root, read)


class DeltaSpark:
    """A process of its own (delta_spark.py), whose JVM answers one statement after another."""

    name = "delta-spark"

    def __init__(self, folder, *jars):
        self.log_path = folder / "delta_spark.log"
        self.process = subprocess.Popen([str(self.python()), "-B", str(HERE / "delta_spark.py"), str(folder), *map(str, jars)], text=True, encoding="utf-8",
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=open(self.log_path, "w"))

    @staticmethod
    def python():
        deps = pathlib.Path(os.environ.get("ASHLAR_DEPS_DIR", pathlib.Path.home() / ".cache/ashlar/deps"))
        return deps / "oracle-env" / "bin" / "python"

    def stop(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            self.process.wait(timeout=60)

    def ask(self, what, argument):
        self.process.stdin.write(json.dumps({what: argument}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the Spark ended:\n{self.log_path.read_text()[-3000:]}")
        answer = json.loads(line)
        if "refused" in answer:
            raise Refused(answer["refused"], answer["message"])
        return answer

    def version(self):
        return self.ask("version", True)["version"]

    def set(self, settings):
        self.ask("set", settings)

    def sql(self, text):
        answer = self.ask("sql", text)
        return Answer(answer["columns"], answer["rows"])

    def fields(self, table):
        return self.ask("fields", table)["fields"]

    def files(self, query):
        """How many files it reads for that."""
        return self.ask("files", query)["files"]
