"""Tables pass between a server of ours and the deltalake package, both ways.

What deltalake does not do is named in deltalake_cases.py with the words it refuses with, and must be refused so. What came
out is compared with deltalake.json, which `make interop` writes (ASHLAR_INTEROP_RECORD=1) and the page is made of.
"""

import os
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "delta")]
import replay  # noqa: E402

import deltalake_cases  # noqa: E402
import statistics_of  # noqa: E402
from cases import CASES, Case  # noqa: E402
from peers import Deltalake, Ours, Refused  # noqa: E402
from record import Record  # noqa: E402
from values import in_order, plain  # noqa: E402
from views import changes, columns_of, listed_features, rows  # noqa: E402

OURS = {name: case for name, case in CASES.items() if "ashlar" in case.writers}
theirs = Deltalake()
record = Record("deltalake")


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    build = pathlib.Path(os.environ.get("ASHLAR_BUILD_DIR", "build/release")).resolve()
    one = Ours(build, tmp_path_factory.mktemp("server"))
    yield one
    one.stop()


def attempt(name, writer, step, do, refusal):
    """Notes whether it was done; where a refusal is known it must come, in those words."""
    try:
        do()
    except Refused as error:
        assert refusal and refusal in str(error), f"deltalake, {step}: {error}"
        record.note(name, writer, step, f"refused: {refusal}")
        return False
    assert not refusal, f"deltalake does it now: {step}"
    record.note(name, writer, step, "yes" if step == "write" else "equal")
    return True


def in_delta_names(fields):
    """As DESCRIBE TABLE shows them, of types that need no parameters."""
    names = {"long": "bigint", "integer": "int", "short": "smallint", "byte": "tinyint"}

    def shown(kind):
        if isinstance(kind, str):
            return names.get(kind, kind)
        if kind["type"] == "struct":
            return "struct<" + ",".join(f"{f['name']}:{shown(f['type'])}" for f in kind["fields"]) + ">"
        if kind["type"] == "array":
            return f"array<{shown(kind['elementType'])}>"
        return f"map<{shown(kind['keyType'])},{shown(kind['valueType'])}>"

    return [[f["name"], shown(f["type"])] for f in fields]


def check_same(ours, name, case, root, select="*"):
    """Rows, columns, versions and operations."""
    if select == "*":
        expected = rows(ours, name, case)
    else:
        state = statistics_of.state_at(root, theirs.history(root)[0][0])
        expected = in_order([[plain(value) for value in row] for row in replay.live_rows(root, state)])
    assert in_order(theirs.query(root)) == expected
    history = [[entry["version"], entry["operation"]] for entry in ours.sql(f"DESCRIBE HISTORY {name}").dicts()]
    assert theirs.history(root) == history
    if case.changes_from >= 0:
        assert in_order(theirs.changes(root, case.changes_from)) == in_order(row[:-1] for row in changes(ours, name, case))


def check_statistics(root):
    """What deltalake makes of the files' statistics is what the log says of the columns that there are."""
    state = replay.check(root)
    seen, total = theirs.statistics(root), statistics_of.totals(state)
    columns = {state.physical(field) for field in state.schema()}
    assert sum(seen.pop("num_records")) == total["numRecords"]
    for part, key in (("null_count", "nullCount"), ("min", "minValues"), ("max", "maxValues")):
        found = {}
        for name in [name for name in seen if name.startswith(part + ".")]:
            values = [value for value in seen[name] if value is not None]
            if values:
                found[name.removeprefix(part + ".")] = sum(values) if part == "null_count" else {"min": min, "max": max}[part](values)
        assert found.keys() == {name for name in total[key] if name in columns or name.split(".")[0] in columns}, part
        for column, value in found.items():
            assert replay.same_value(total[key][column], value), f"{part} of {column}: {value!r}, in the log {total[key][column]!r}"


def check_skipping(ours, name, condition):
    """Files that deltalake's statistics rule out hold no row that matches."""
    skipping, reading_all = f"SELECT count(*) FROM {name} WHERE {condition}", f"SELECT count_if({condition}) FROM {name}"
    assert ours.sql(skipping).rows == ours.sql(reading_all).rows


@pytest.mark.parametrize("name", OURS)
def test_what_we_write(ours, tmp_path, name):
    case, table, root = OURS[name], f"ours_{list(OURS).index(name)}", tmp_path / "table"
    case.make(ours, table, root)
    state = replay.check(root)
    assert set(case.features) <= listed_features(state.protocol)
    record.note_features(name, case.features)

    def read():
        check_same(ours, table, case, root, case.select)
        assert theirs.fields(root) == [{**field, "metadata": field.get("metadata", {})} for field in state.schema()]
        check_statistics(root)

    if not attempt(name, "ashlar", "read", read, deltalake_cases.UNREAD.get(name)):
        return

    def write():
        theirs.attempt(root, lambda _: deltalake_cases.THEN.get(name, deltalake_cases.go_on)(root))
        check_same(ours, table, case, root, case.select)

    attempt(name, "ashlar", "go on", write, deltalake_cases.UNWRITTEN.get(name))


@pytest.mark.parametrize("name", deltalake_cases.WRITES)
def test_what_deltalake_writes(ours, tmp_path, name):
    made, table, root = deltalake_cases.WRITES[name], f"theirs_{list(deltalake_cases.WRITES).index(name)}", tmp_path / "table"

    def write():
        try:
            made.write(root)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            raise Refused(type(error).__name__, str(error)) from error

    if not attempt(name, "deltalake", "write", write, made.refuses):
        return
    protocol = statistics_of.state_at(root, len(theirs.history(root)) - 1).protocol
    assert set(made.features) <= listed_features(protocol)
    record.note_features(name, made.features)
    ours.sql(f"CREATE TABLE {table} USING delta LOCATION '{root}'")
    case = Case("", [], where=made.where, changes_from=made.changes_from, past=made.past)
    check_same(ours, table, case, root)
    assert columns_of(ours, table) == in_delta_names(theirs.fields(root))
    check_skipping(ours, table, made.where)
    if made.past >= 0:
        assert rows(ours, table, case, f"VERSION AS OF {made.past}") == in_order(theirs.query(root, made.past))
    record.note(name, "deltalake", "read", "equal")
    for text in made.then:
        ours.sql(text.replace("{t}", table))
    check_same(ours, table, case, root)
    record.note(name, "deltalake", "go on", "equal")


def test_the_record_is_what_came_out(request):
    record.finish(theirs.version(), partial=bool(request.config.getoption("keyword")))
