"""The folders of the CONVERT cases, and what of a converted folder's log and rows two engines can be compared by."""
import decimal
import json
import pathlib
import re
import urllib.parse
import zipfile

import log_actions


def kept_folders(zip_path):
    if not zip_path.exists():
        return set()
    with zipfile.ZipFile(zip_path) as kept:
        return {name.split("/")[0] for name in kept.namelist()}


def keep(zip_path, name, folder):
    """Adds the folder; one that does not exist is kept as the note that there is none."""
    with zipfile.ZipFile(zip_path, "a", zipfile.ZIP_DEFLATED) as kept:
        files = sorted(path for path in folder.rglob("*") if path.is_file()) if folder.exists() else []
        files = [path for path in files if not path.name.endswith(".crc")]
        names = {f"{name}/{path.relative_to(folder)}": path.read_bytes() for path in files}
        if not names:
            names = {f"{name}/" if folder.exists() else f"{name}/.none": b""}
        for entry, content in names.items():
            info = zipfile.ZipInfo(entry, (2024, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            kept.writestr(info, content)


def unpack(zip_path, name, folder):
    folder = pathlib.Path(folder)
    with zipfile.ZipFile(zip_path) as kept:
        for entry in kept.namelist():
            if not entry.startswith(name + "/") or entry == f"{name}/.none":
                continue
            target = folder / entry[len(name) + 1:]
            if entry.endswith("/"):
                target.mkdir(parents=True, exist_ok=True)
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(kept.read(entry))


def stable(text, folder):
    """A message without the place of the folder."""
    text = re.sub(r"file:/*(?=" + re.escape(str(folder).lstrip("/")) + ")", "/", str(text))
    text = re.sub(r"FileStatus\{path=([^;]*);[^}]*\}", r"\1", text)
    return text.replace(str(folder), "{path}")


def commits(folder):
    log = pathlib.Path(folder) / "_delta_log"
    return [commit(path) for path in sorted(log.glob("*.json"))] if log.exists() else []


def commit(path):
    shown = {"files": []}
    for line in path.read_text(encoding="utf-8").splitlines():
        (kind, action), = json.loads(line).items()
        if kind == "commitInfo":
            shown["operation"] = action["operation"]
            shown["operationParameters"] = action.get("operationParameters")
            shown["operationMetrics"] = action.get("operationMetrics")
        elif kind == "protocol":
            shown["protocol"] = {key: sorted(value) if isinstance(value, list) else value for key, value in action.items()}
        elif kind == "metaData":
            shown["metaData"] = {"schema": json.loads(action["schemaString"]), "format": action["format"],
                                 "partitionColumns": action["partitionColumns"], "configuration": action["configuration"]}
            shown["metaData"].update({key: action[key] for key in ("name", "description") if key in action})
        elif kind == "add":
            stats = action.get("stats")
            file = {key: action[key] for key in ("path", "partitionValues", "dataChange")}
            shown["files"].append({**file, "stats": json.loads(stats, parse_float=str) if stats else None})
        else:
            shown.setdefault("other", []).append({kind: action})
    shown["files"].sort(key=lambda file: file["path"])
    return shown


def rows(session, table):
    return sorted(row[0] or "" for row in session.sql(f"SELECT to_json(struct(*)) FROM {table}").collect())


# ---- what two engines must agree on ----------------------------------------------------------------

# Spark's parser is asked again for what Delta's does not understand; any of the files may come first.
UNCOMPARED = {"PARSE_SYNTAX_ERROR": {"error", "hint"}, "TABLE_OR_VIEW_NOT_FOUND": {"relationName", "searchPath"},
              "DELTA_UNEXPECTED_NUM_PARTITION_COLUMNS_FROM_FILE_NAME": {"path"},
              "DELTA_UNEXPECTED_PARTITION_COLUMN_FROM_FILE_NAME": {"path"}, "PATH_NOT_FOUND": {"path"}}


def essence(answer):
    if not isinstance(answer, dict):
        return answer
    if "class" in answer:  # delta-spark throws Java's exception
        return {"condition": "PATH_NOT_FOUND", "sqlState": "42K03"}
    left_out = UNCOMPARED.get(answer["condition"], set())
    parameters = {key: value for key, value in answer["parameters"].items() if key not in left_out}
    return {"condition": answer["condition"], "sqlState": answer["sqlState"], **parameters}


def essentials(case):
    """A recorded case without what differs from run to run."""
    return {"steps": [(step["sql"], essence(step["answer"])) for step in case.get("steps", [])],
            "log": [comparable(commit, case.get("anyOrder", False)) for commit in case.get("log", [])],
            "rows": sorted(json.dumps(json.loads(row), sort_keys=True) for row in case.get("rows", []))}


def comparable(commit, any_order=False):
    """The commit without what each engine writes in a way of its own: bounds that are no numbers, which we leave out; numbers by
    value; the spelling of paths; versions of the protocol that follow from its features; names that are made up."""
    shown = {"operation": commit.get("operation"), "operationMetrics": commit.get("operationMetrics") or {}}
    shown["operationParameters"] = {key: value if isinstance(value, str) else json.dumps(value)
                                    for key, value in (commit.get("operationParameters") or {}).items()}
    if "catalogTable" in shown["operationParameters"]:
        shown["operationParameters"]["catalogTable"] = shown["operationParameters"]["catalogTable"].split(".")[-1]
    if "protocol" in commit:
        shown["protocol"] = log_actions.protocol(commit["protocol"])
    if "metaData" in commit:
        text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "made-up", json.dumps(commit["metaData"]))
        shown["metaData"] = json.loads(text)
        if any_order:
            fields = [{**field, "name": field["name"].lower()} for field in shown["metaData"]["schema"]["fields"]]
            shown["metaData"]["schema"]["fields"] = sorted(fields, key=lambda field: field["name"])
    for action in commit.get("other", []):
        (kind, value), = action.items()
        if "configuration" in value:
            value = {**value, "configuration": json.loads(value["configuration"])}
        shown.setdefault("other", []).append({kind: value})
    shown["files"] = [{**file, "path": urllib.parse.unquote(file["path"]), "partitionValues": {key: as_utf8(value) for key, value in file["partitionValues"].items()},
                       "stats": statistics(file["stats"], any_order)} for file in commit["files"]]
    shown["files"].sort(key=lambda file: file["path"])
    return shown


def as_utf8(value):
    """Escapes in names of folders are bytes of UTF-8 to us, and characters to Spark, which writes none beyond ASCII itself."""
    try:
        return value and value.encode("latin-1").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return value


def statistics(stats, any_order):
    if stats is None:
        return None
    leaves = {}

    def walk(kind, path, value):
        if isinstance(value, dict):
            for name, inner in value.items():
                walk(kind, (*path, name), inner)
        elif value not in ("NaN", "Infinity", "-Infinity"):
            leaves[".".join((kind, *path)).lower() if any_order else ".".join((kind, *path))] = number_text(value)

    for kind, value in stats.items():
        if kind != "tightBounds":
            walk(kind, (), value)
    return leaves


def number_text(value):
    try:
        number = decimal.Decimal(str(value))
    except decimal.InvalidOperation:
        # Java counts a character beyond U+FFFF as two where it cuts texts.
        return value[:16] if isinstance(value, str) and max(value, default="") > "\uffff" else value
    return "0" if number == 0 else str(number.normalize()) if number.is_finite() else value
