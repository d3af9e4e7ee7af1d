"""Delta tables with damaged files: each damage is refused by name, and the table is as before once it is mended."""

import json
import shutil

import deltalake
import pytest
from databricks.sdk.service.sql import StatementState

ROWS = [["1"], ["2"], ["3"]]


@pytest.fixture(scope="module")
def original(workspace, server, tmp_path_factory):
    """A table of a version for its making and three for its rows, with a checkpoint of version 2."""
    def run(text):
        answer = workspace.statement_execution.execute_statement(text, warehouse_id=server.info["warehouse_id"], wait_timeout="50s")
        assert answer.status.state == StatementState.SUCCEEDED, answer.status.error
        return (answer.result.data_array or []) if answer.result else []

    run("CREATE OR REPLACE TABLE to_damage (n INT)")
    for n in range(1, 4):
        run(f"INSERT INTO to_damage VALUES ({n})")
    location = next(row[1] for row in run("DESCRIBE EXTENDED to_damage") if row[0] == "Location")
    folder = tmp_path_factory.mktemp("tables") / "original"
    shutil.copytree(location, folder)
    return folder


@pytest.fixture
def table(original, tmp_path):
    folder = tmp_path / "table"
    shutil.copytree(original, folder)
    return folder


@pytest.fixture
def read(workspace, server, table):
    """The rows, or the error's message."""
    def run(text=None):
        text = text or f"SELECT n FROM delta.`{table}` ORDER BY n"
        answer = workspace.statement_execution.execute_statement(text, warehouse_id=server.info["warehouse_id"], wait_timeout="50s")
        return answer.result.data_array if answer.status.state == StatementState.SUCCEEDED else answer.status.error.message

    return run


def commit(table, version):
    return table / "_delta_log" / f"{version:020}.json"


def data_file(table, version):
    adds = [json.loads(line)["add"] for line in commit(table, version).read_text().splitlines() if '"add"' in line]
    return table / adds[0]["path"]


def edit_add(table, version, **changes):
    lines = [json.loads(line) for line in commit(table, version).read_text().splitlines()]
    for line in lines:
        if "add" in line:
            line["add"].update(changes)
    commit(table, version).write_text("\n".join(json.dumps(line) for line in lines) + "\n")


def damage_middle(path):
    content = bytearray(path.read_bytes())
    content[4:24] = b"\xff" * 20  # the header of the first page
    path.write_bytes(content)


DAMAGES = {
    "a torn commit": (2, lambda t: commit(t, 2).write_bytes(commit(t, 2).read_bytes()[:-40]), "DELTA_TXN_LOG_FAILED_INTEGRITY"),
    "an empty commit of garbage": (2, lambda t: commit(t, 2).write_bytes(b"\x00" * 100), "DELTA_TXN_LOG_FAILED_INTEGRITY"),
    "not an object": (2, lambda t: commit(t, 2).write_text("[1]\n"), "DELTA_TXN_LOG_FAILED_INTEGRITY"),
    "an action of the wrong type": (2, lambda t: commit(t, 2).write_text('{"add": 7}\n'), "DELTA_TXN_LOG_FAILED_INTEGRITY"),
    "an action without its path": (2, lambda t: commit(t, 2).write_text('{"add": {"size": 1}}\n'), "DELTA_TXN_LOG_FAILED_INTEGRITY"),
    "a missing version": (2, lambda t: commit(t, 2).unlink(), "DELTA_VERSIONS_NOT_CONTIGUOUS"),
    "a missing first version": (0, lambda t: commit(t, 0).unlink(), "DELTA_TRUNCATED_TRANSACTION_LOG"),
    "a missing data file": (2, lambda t: data_file(t, 2).unlink(), "FAILED_READ_FILE"),
    "a truncated data file": (2, lambda t: data_file(t, 2).write_bytes(data_file(t, 2).read_bytes()[:50]), "FAILED_READ_FILE"),
    "an empty data file": (2, lambda t: data_file(t, 2).write_bytes(b""), "FAILED_READ_FILE"),
    "a data file of garbage": (2, lambda t: data_file(t, 2).write_bytes(b"garbage" * 200), "FAILED_READ_FILE"),
    "a data file with a damaged middle": (2, lambda t: damage_middle(data_file(t, 2)), "FAILED_READ_FILE"),
    "a schema that is none": (
        0, lambda t: commit(t, 0).write_text(commit(t, 0).read_text().replace('\\"type\\":\\"struct\\"', '\\"type\\":\\"sundry\\"')), "INVALID_JSON_DATA_TYPE"),
    "a reader from the future": (
        2, lambda t: commit(t, 2).write_text('{"protocol": {"minReaderVersion": 99, "minWriterVersion": 99}}\n'), "DELTA_INVALID_PROTOCOL_VERSION"),
}


LOG_DAMAGES = [name for name, (_, _, condition) in DAMAGES.items() if condition.startswith(("DELTA_", "INVALID_JSON"))]


@pytest.mark.parametrize("name", LOG_DAMAGES)
def test_damage_of_the_log_is_named_and_mended(table, original, read, name):
    _, damage, condition = DAMAGES[name]
    damage(table)
    message = read()
    assert isinstance(message, str), f"damage went unseen: {message}"
    assert f"[{condition}" in message and "root:" not in message, message
    assert isinstance(read(f"INSERT INTO delta.`{table}` VALUES (9)"), str), "a table that cannot be read took a row"
    shutil.rmtree(table)
    shutil.copytree(original, table)
    assert read() == ROWS


@pytest.mark.parametrize("name", sorted(set(DAMAGES) - set(LOG_DAMAGES)))
def test_damage_of_a_data_file_costs_its_rows_alone(table, read, name):
    _, damage, condition = DAMAGES[name]
    damage(table)
    message = read()
    assert isinstance(message, str), f"damage went unseen: {message}"
    assert condition in message and "root:" not in message, message
    # Files whose statistics rule them out are not opened.
    assert read(f"SELECT n FROM delta.`{table}` WHERE n <> 2 AND (n < 2 OR n > 2) ORDER BY n") == [["1"], ["3"]]
    assert read(f"DELETE FROM delta.`{table}` WHERE n = 3") == [["1"]]
    assert read(f"SELECT n FROM delta.`{table}` WHERE n < 2") == [["1"]]


@pytest.mark.parametrize("path", ["../../../etc/passwd", "/etc/passwd", "file:///etc/passwd", "%2e%2e/%2e%2e/x", "a/../../x", "\u0000"])
def test_files_outside_of_the_table_are_not_opened(table, read, path):
    edit_add(table, 2, path=path)
    message = read()
    assert isinstance(message, str) and "root:" not in message, message


@pytest.mark.parametrize("stats", ["certainly not", "[]", "7", '{"numRecords": "many"}', '{"numRecords": -5, "minValues": {"n": {}}}',
                                   '{"minValues": {"n": "x"}, "maxValues": []}', '{"nullCount": {"n": 1e99}}'])
def test_garbage_statistics_prune_nothing(table, read, stats):
    edit_add(table, 2, stats=stats)
    assert read() == ROWS
    assert read(f"SELECT n FROM delta.`{table}` WHERE n = 2") == [["2"]]
    assert read(f"SELECT count(*) FROM delta.`{table}`") == [["3"]]


def with_checkpoint(table):
    deltalake.DeltaTable(table).create_checkpoint()
    (checkpoint,) = (table / "_delta_log").glob("*.checkpoint.parquet")
    return checkpoint


@pytest.mark.parametrize("damage", [lambda c: c.write_bytes(b"garbage"), lambda c: c.write_bytes(c.read_bytes()[:100]), lambda c: c.write_bytes(b""),
                                    lambda c: c.unlink()], ids=["garbage", "truncated", "empty", "missing"])
def test_the_log_is_read_round_a_bad_checkpoint(table, read, damage):
    damage(with_checkpoint(table))
    assert read() == ROWS


@pytest.mark.parametrize("hint", ["", "{", '{"version": "x"}', '{"version": 999999, "size": 1}', '{"version": -1}', "\x00"])
def test_a_bad_last_checkpoint_hint_costs_nothing(table, read, hint):
    with_checkpoint(table)
    (table / "_delta_log" / "_last_checkpoint").write_text(hint)
    assert read() == ROWS


def test_a_bad_checkpoint_without_its_log_is_refused(table, read):
    checkpoint = with_checkpoint(table)
    checkpoint.write_bytes(checkpoint.read_bytes()[:100])
    commit(table, 0).unlink()
    message = read()
    assert isinstance(message, str) and ("DELTA_" in message or "checkpoint" in message), message


@pytest.mark.parametrize("vector", [
    {"storageType": "u", "pathOrInlineDv": "ab^-aqEH.-t@S}K{vb[*k^", "offset": 1, "sizeInBytes": 34, "cardinality": 1},
    {"storageType": "i", "pathOrInlineDv": "garbage!!!", "sizeInBytes": 8, "cardinality": 1},
    {"storageType": "p", "pathOrInlineDv": "/etc/passwd", "offset": 1, "sizeInBytes": 34, "cardinality": 1},
    {"storageType": "?", "pathOrInlineDv": "x", "sizeInBytes": 1, "cardinality": 1},
], ids=["missing file", "garbage inline", "another file", "unknown kind"])
def test_bad_deletion_vectors_are_refused(table, read, vector):
    features = {"minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": ["deletionVectors"], "writerFeatures": ["deletionVectors"]}
    with commit(table, 2).open("a") as log:
        log.write(json.dumps({"protocol": features}) + "\n")
    edit_add(table, 2, deletionVector=vector)
    message = read()
    assert isinstance(message, str), f"rows came back that may be deleted: {message}"
    assert "root:" not in message
