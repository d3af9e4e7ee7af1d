"""Tables with VARIANTs that Spark wrote shredded (tests/sql/delta/shredded): what SQL shows, and what is left after changes."""

import json
import pathlib
import zipfile

import pyarrow as pa
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
    version = sql(f"DESCRIBE HISTORY {table} LIMIT 1")[0][0]
    sql(f"ALTER TABLE {table} SET TBLPROPERTIES ('delta.enableDeletionVectors' = '{vectors}')")
    for change in ANSWERS[name]["changes"]:
        sql(change["sql"].replace("{t}", table))
        check(sql, table, change["queries"])
    check(sql, f"(SELECT * FROM {table} VERSION AS OF {version})", ANSWERS[name]["queries"])


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


@pytest.mark.parametrize("name", ("fields", "whole_values"))  # one file, and many that are shredded each in its own way
def test_files_become_a_table(sql, tmp_path, name):
    source = unpack(name, tmp_path)
    (tmp_path / "converted").mkdir()
    for file in active_files(source):
        (source / file).rename(tmp_path / "converted" / pathlib.Path(file).name)
    sql(f"CONVERT TO DELTA parquet.`{tmp_path / 'converted'}`")
    check(sql, f"delta.`{tmp_path / 'converted'}`", ANSWERS[name]["queries"])
    commit = (tmp_path / "converted" / "_delta_log" / f"{0:020}.json").read_text(encoding="utf-8")
    actions = [json.loads(line) for line in commit.splitlines()]
    (protocol,) = [action["protocol"] for action in actions if "protocol" in action]
    assert "variantType" in protocol["readerFeatures"]
    # The footers do not say which VARIANTs are NULL.
    assert not any("v" in json.loads(action["add"]["stats"])["nullCount"] for action in actions if "add" in action)


def test_structs_that_got_fields_since(sql, tmp_path):
    """Filters of such columns are computed before the reader looks at them, as the VARIANTs are."""
    table = registered(sql, "in_structs", tmp_path, "_grown")
    ((_, shown, *_), *_) = ANSWERS["in_structs"]["queries"][0]["rows"]
    sql(f"ALTER TABLE {table} ADD COLUMN s.late INT")
    assert sql(f"SELECT id, to_json(s.v), s.late FROM {table} WHERE s.n = 1") == [["1", shown, None]]
    assert sql(f"SELECT id, to_json(s.v) FROM {table} WHERE s.n >= 1 AND s.late IS NULL ORDER BY id") == [["1", shown], ["2", None]]
    assert sql(f"SELECT id, s.n FROM {table} WHERE s.v IS NULL AND s.n > 0") == [["2", "2"]]
    assert sql(f"SELECT s.late FROM {table} WHERE s IS NULL") == [[None]]


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


# A dictionary of the one name "a", and the whole number 7, by the format's specification ("Variant Binary Encoding").
NAMES, SEVEN = b"\x01\x01\x00\x01a", b"\x0c\x07"


def add_file(folder, columns):
    """Commits a file of these columns to the table in the folder."""
    pq.write_table(pa.table(columns), folder / "made.parquet")
    version = len(list((folder / "_delta_log").glob("0*.json")))
    add = {"path": "made.parquet", "partitionValues": {}, "size": (folder / "made.parquet").stat().st_size, "modificationTime": 0, "dataChange": True}
    (folder / "_delta_log" / f"{version:020}.json").write_text(json.dumps({"add": add}) + "\n", encoding="utf-8")


def group(typed):
    return pa.struct([("metadata", pa.binary()), ("value", pa.binary()), ("typed_value", typed)])


def test_parts_in_lists_and_maps(sql, tmp_path):
    """Which Spark fails to write."""
    sql(f"CREATE TABLE shredded_lists (l ARRAY<VARIANT>, m MAP<STRING, VARIANT>) USING DELTA LOCATION '{tmp_path}'")
    fields = group(pa.struct([("a", pa.struct([("value", pa.binary()), ("typed_value", pa.int64())]))]))
    whole = {"metadata": NAMES, "value": SEVEN, "typed_value": None}
    parts = [{"metadata": NAMES, "value": None, "typed_value": {"a": a}} for a in (
        {"value": None, "typed_value": 5}, {"value": SEVEN, "typed_value": None}, {"value": None, "typed_value": None})]
    add_file(tmp_path, {"l": pa.array([[whole, *parts, None], [], None], pa.list_(fields)),
                        "m": pa.array([[("x", parts[0]), ("y", None)], None, []], pa.map_(pa.string(), fields))})
    assert sql("SELECT CAST(transform(l, x -> to_json(x)) AS STRING), to_json(m['x']), to_json(m['y']), size(m) FROM shredded_lists") == [
        ['[7, {"a":5}, {"a":7}, {}, null]', '{"a":5}', None, "2"], ["[]", None, None, None], [None, None, None, "0"]]


@pytest.mark.parametrize("row, typed, message", [
    ({"metadata": NAMES, "value": None, "typed_value": None}, pa.int64(), "MALFORMED_VARIANT"),
    ({"metadata": NAMES, "value": b"\xfe", "typed_value": None}, pa.int64(), "MALFORMED_VARIANT"),
    ({"metadata": NAMES, "value": SEVEN, "typed_value": {"a": {"typed_value": 1}}}, pa.struct([("a", pa.struct([("typed_value", pa.int64())]))]), "MALFORMED_VARIANT"),
    ({"metadata": NAMES, "value": None, "typed_value": [{"typed_value": None}]}, pa.list_(pa.struct([("typed_value", pa.int64())])), "MALFORMED_VARIANT"),
    ({"metadata": NAMES, "value": None, "typed_value": 1}, pa.time64("us"), "reading a VARIANT shredded as TIME")])
def test_what_is_no_variant_is_refused(sql, tmp_path, row, typed, message):
    table = f"refused_{tmp_path.name}"
    sql(f"CREATE TABLE {table} (v VARIANT) USING DELTA LOCATION '{tmp_path}'")
    add_file(tmp_path, {"v": pa.array([row], group(typed))})
    with pytest.raises(AssertionError, match=message):
        sql(f"SELECT to_json(v) FROM {table}")
