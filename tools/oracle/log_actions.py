"""The actions of a Delta log as lines that two writers can be compared by: no paths, sizes or times, and
names that are made up (cubes, physical columns) by number."""
import json
import pathlib
import re

import spark_oracle


def run(session, block, table, sql):
    """Runs a block, `statement TABLE` or `save TABLE MODE KEY=VALUE…`: the rows of its SQL, which df.write saves as the
    table or, delta.`path`, there. What is to be recorded of the run itself: the condition of an error."""
    from pyspark.errors import PySparkException
    if block.kind == "statement":
        session.sql(sql).collect()
        return []
    _, mode, *options = block.arguments.split()
    writer = session.sql(sql).write.format("delta").mode(mode)
    for option in options:
        key, value = option.split("=")
        writer = writer.partitionBy(value) if key == "partitionBy" else writer.option(key, value)
    try:
        if table.startswith("delta.`"):
            writer.save(table[len("delta.`"):-1])
        else:
            writer.saveAsTable(table)
    except PySparkException as error:
        return [f"error: {error.getCondition()}"]
    except Exception as error:  # what failed in a task: py4j's own, of Spark in this process
        return [f"error: {spark_oracle.root_throwable(error).getCondition()}"]
    return []


def lines_of(session, block, logs, folder):
    """Runs a block, and says what it did: its error, the commits, and after a save the columns of the table.
    {folder} stands for a folder that is empty at first."""
    table = block.arguments.split()[0].replace("{folder}", folder)
    lines = run(session, block, table, block.sql.replace("{folder}", folder))
    if table not in logs:
        logs[table] = Log(session.sql(f"DESCRIBE DETAIL {table}").collect()[0].location)
    lines += logs[table].new_lines()
    if block.kind == "save":
        lines.append(logs[table].columns)
    return [line.replace(folder, "{folder}") for line in lines] or ["nothing"]


class Log:
    """One table's log, read on from where it was left."""

    def __init__(self, location):
        self.folder = pathlib.Path(location.removeprefix("file:")) / "_delta_log"
        self.next = 0
        self.names = {}
        self.standing = {}
        self.columns = ""

    def new_lines(self):
        lines = []
        while (path := self.folder / f"{self.next:020}.json").exists():
            lines.append(f"version {self.next}")
            actions = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
            lines += sorted(filter(None, map(self.line, actions)))
            self.next += 1
        return lines

    def line(self, entry):
        (kind, action), = entry.items()
        shown = {"commitInfo": commit_info, "protocol": protocol, "metaData": metadata, "domainMetadata": domain,
                 "add": added, "remove": removed}.get(kind)
        if shown is None:
            return None
        if kind == "metaData":
            self.columns = "columns " + columns(action)
        text = json.dumps(shown(action), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        # An action that says again what stands already is none.
        if kind in ("protocol", "metaData") and self.standing.get(kind) == text:
            return None
        self.standing[kind] = text
        text = re.sub(r"(?<=\w)#\d+L?", "#x", text)
        return f"{kind} " + re.sub(r"(col-)?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", self.name, text)

    def name(self, match):
        return self.names.setdefault(match[0], f"{match[1] or 'id-'}{len(self.names) + 1}")


def commit_info(action):
    """Operation and parameters; delta-spark writes numbers and booleans among them without quotes."""
    parameters = {key: value if value is None or isinstance(value, str) else json.dumps(value)
                  for key, value in (action.get("operationParameters") or {}).items()}
    if "properties" in parameters:
        properties = json.loads(parameters["properties"])
        if isinstance(properties, dict):
            properties.pop("delta.columnMapping.maxColumnId", None)  # nobody asked for it
        parameters["properties"] = properties
    return {"operation": action["operation"], "operationParameters": parameters}


# Versions imply these; whether a protocol also names them is each writer's way of raising it.
IMPLIED = {"appendOnly", "invariants", "checkConstraints", "changeDataFeed", "generatedColumns", "columnMapping", "identityColumns"}


def protocol(action):
    return {"features": sorted(set(action.get("writerFeatures") or []) - IMPLIED)}


def metadata(action):
    shown = {key: action.get(key) for key in ("partitionColumns", "configuration")}
    if "delta.columnMapping.nested.ids" in action["schemaString"]:
        shown["ids"] = list(field_ids(json.loads(action["schemaString"])))
    return shown


def field_ids(kind):
    """(name, physical name, id, ids of elements, keys and values) of every field within a type."""
    if not isinstance(kind, dict):
        return
    for field in kind.get("fields", []):
        known = field["metadata"]
        yield [field["name"], known["delta.columnMapping.physicalName"], known["delta.columnMapping.id"],
               known.get("delta.columnMapping.nested.ids") or {}]
        yield from field_ids(field["type"])
    for part in ("elementType", "keyType", "valueType"):
        yield from field_ids(kind.get(part))


def columns(action):
    """The table's columns as DDL, and its description."""
    fields = [f"{field['name']} {field['type']}" + ("" if field["nullable"] else " NOT NULL") +
              "".join(f" {key} '{value}'" for key, value in sorted(field["metadata"].items()))
              for field in json.loads(action["schemaString"])["fields"]]
    return ", ".join(fields) + (f" -- {action['description']}" if action.get("description") else "")


def domain(action):
    return {**action, "configuration": json.loads(action["configuration"])}


def added(action):
    return {"dataChange": action["dataChange"], "rows": json.loads(action["stats"])["numRecords"],
            "clusteringProvider": action.get("clusteringProvider"), "tags": action.get("tags") or {},
            "deleted": (action.get("deletionVector") or {}).get("cardinality", 0)}


def removed(action):
    return {"dataChange": action["dataChange"], "tags": action.get("tags") or {}}
