"""Tables with VARIANTs that Spark wrote shredded (tests/sql/delta/shredded): what SQL shows, and what is left after changes."""

import json
import pathlib
import zipfile

import pyarrow.parquet as pq
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1] / "sql" / "delta" / "shredded"
ANSWERS = json.loads((ROOT / "answers.json").read_text(encoding="utf-8"))
MODES = {"rewriting files": "false", "deletion vectors": "true"}


def unpack(name, folder):
    with zipfile.ZipFile(ROOT / "tables.zip") as kept:
        entries = [entry for entry in kept.namelist() if entry.startswith(name + "/")]
        kept.extractall(folder, entries)
    return folder / name


def registered(sql, name, folder, suffix=""):
    table = f"shredded_{name}{suffix}"
    sql(f"CREATE TABLE {table} USING DELTA LOCATION '{unpack(name, folder)}'")
    return table


def check(sql, table, queries):
    for query in queries:
        assert sql(query["sql"].replace("{t}", table)) == query["rows"], query["sql"]


def active_files(folder):
    """The files of the table as its log names them; no checkpoint is looked at."""
    files = set()
    for log in sorted((folder / "_delta_log").glob("*.json")):
        for line in log.read_text(encoding="utf-8").splitlines():
            action = json.loads(line)
            files -= {action["remove"]["path"]} if "remove" in action else set()
            files |= {action["add"]["path"]} if "add" in action else set()
    return files


@pytest.mark.parametrize("vectors", MODES.values(), ids=MODES)
@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_read_and_changed_as_in_spark(sql, tmp_path, name, vectors):
    table = registered(sql, name, tmp_path, f"_{vectors}")
    check(sql, table, ANSWERS[name]["queries"])
    sql(f"ALTER TABLE {table} SET TBLPROPERTIES ('delta.enableDeletionVectors' = '{vectors}')")
    for change in ANSWERS[name]["changes"]:
        sql(change["sql"].replace("{t}", table))
        check(sql, table, change["queries"])
    version = len(list((tmp_path / name / "_delta_log").glob("0*.json"))) - len(ANSWERS[name]["changes"]) - 2
    check(sql, f"{table} VERSION AS OF {version}", ANSWERS[name]["queries"])


def test_what_is_written_is_not_shredded(sql, tmp_path):
    table = registered(sql, "fields", tmp_path)
    before = active_files(tmp_path / "fields")
    rows = sql(f"SELECT id, to_json(v) FROM {table} ORDER BY id")
    sql(f"INSERT INTO {table} VALUES (50, parse_json('{{\"a\": 1}}'))")
    sql(f"OPTIMIZE {table}")
    after = active_files(tmp_path / "fields")
    assert len(after) == 1 and not after & before
    columns = {column.path for column in pq.ParquetFile(tmp_path / "fields" / after.pop()).schema}
    assert columns == {"id", "v.value", "v.metadata"}
    assert sql(f"SELECT id, to_json(v) FROM {table} ORDER BY id") == [*rows, ["50", '{"a":1}']]


def test_files_without_a_log(sql, tmp_path):
    folder = unpack("fields", tmp_path)
    (file,) = active_files(folder)
    expected = ANSWERS["fields"]["queries"][0]
    assert sql(expected["sql"].replace("{t}", f"parquet.`{folder / file}`")) == expected["rows"]


def test_statistics_of_parts_skip_nothing(sql, tmp_path):
    """Writers may keep bounds of a VARIANT's parts, as text: they are no bounds of the column."""
    folder = unpack("fields", tmp_path)
    log = sorted((folder / "_delta_log").glob("*.json"))[-1]
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    for action in lines:
        if "add" in action:
            stats = json.loads(action["add"]["stats"])
            stats["minValues"]["v"] = stats["maxValues"]["v"] = "0rr910rr91"
            action["add"]["stats"] = json.dumps(stats)
    log.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    sql(f"CREATE TABLE shredded_bounds USING DELTA LOCATION '{folder}'")
    check(sql, "shredded_bounds", ANSWERS["fields"]["queries"])
    assert sql("SELECT count(*) FROM shredded_bounds WHERE v IS NOT NULL") == [["12"]]
