"""Tables pass between a server of ours and delta-spark, both ways. It needs a JVM: `make interop` runs it.

What came out is compared with delta_spark.json, which ASHLAR_INTEROP_RECORD=1 writes and the page is made of. When a part of the
tests runs, the rest of the file stays.
"""

import dataclasses
import os
import pathlib
import re
import sys

import pytest

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "delta")]
import replay  # noqa: E402

import statistics_of  # noqa: E402
from cases import CASES  # noqa: E402
from peers import DeltaSpark, Ours, Refused  # noqa: E402
from record import Record  # noqa: E402
from values import in_order, plain  # noqa: E402
from views import Differs, compare_views, expect_equal, listed_features, rows, view  # noqa: E402

OURS = {name: case for name, case in CASES.items() if "ashlar" in case.writers}
THEIRS = {name: case for name, case in CASES.items() if "delta-spark" in case.writers}
BOTH = {name: case for name, case in OURS.items() if name in THEIRS and "delta-spark" not in case.refuses}

record = Record("delta-spark")
made = {}  # (case, writer) → Made


@dataclasses.dataclass
class Made:
    """What a writer made of a case, before anybody else wrote to it."""

    rows: list
    operations: list
    statistics: dict
    types: dict
    vectors: bool
    files: int | None  # that delta-spark reads for the case's condition, where both read the table


@pytest.fixture(scope="module")
def peers(tmp_path_factory):
    if not DeltaSpark.python().exists():
        pytest.skip("no Spark here: tools/oracle/setup installs one where there is Java")
    build = pathlib.Path(os.environ.get("ASHLAR_BUILD_DIR", "build/release")).resolve()
    spark = DeltaSpark(tmp_path_factory.mktemp("spark"))
    ours = Ours(build, tmp_path_factory.mktemp("server"))
    yield {one.name: one for one in (ours, spark)}
    if os.environ.get("ASHLAR_INTEROP_RECORD"):  # also when somebody stops it
        record.finish(spark.version(), partial=True)
    spark.stop()
    ours.stop()


def attempt(name, writer, step, do):
    """Notes what came of it."""
    try:
        do()
    except (Refused, Differs, AssertionError) as error:
        record.note(name, writer, step, "differs: " + re.sub(r"/\S*/table", "TABLE", str(error).split("\n")[0])[:200])
        raise
    record.note(name, writer, step, "yes" if step == "write" else "equal")


def last_version(root):
    return max(int(path.stem) for path in (root / "_delta_log").glob("0*.json") if path.stem.isdigit())


def operations(root):
    """Of every commit that there is."""
    log = sorted(path for path in (root / "_delta_log").glob("0*.json") if path.stem.isdigit())
    return [next(action["operation"] for kind, action in replay.read_commit(path) if kind == "commitInfo") for path in log]


def users_metadata(fields):
    """What a schema says to users of it: delta's own notes are not theirs."""
    def shown(kind):
        if not isinstance(kind, dict):
            return kind
        if kind["type"] == "struct":
            return {"type": "struct", "fields": users_metadata(kind["fields"])}
        return {key: shown(held) for key, held in kind.items()}

    return [{"name": field["name"], "type": shown(field["type"]), "nullable": field["nullable"],
             "metadata": {key: held for key, held in field.get("metadata", {}).items() if not key.startswith("delta.")}} for field in fields]


def filled(rows, fields):
    """CHAR(n) as readers show it: with blanks up to its length, which not every writer stores."""
    kinds = [re.fullmatch(r"char\((\d+)\)", field["metadata"].get("__CHAR_VARCHAR_TYPE_STRING", "")) for field in fields]
    return [[value.ljust(int(kind[1])) if kind and value is not None else value for value, kind in zip(row, kinds)] for row in rows]


def check(peers, name, case, root):
    """Both readers say the same, and a third that there is nothing wrong."""
    ours, spark = peers["ashlar"], peers["delta-spark"]
    state = replay.check(root, case.data_checked)
    compare_views(view(ours, name, case), view(spark, name, case))
    expect_equal("schema", users_metadata(state.schema()), users_metadata(spark.fields(name)), ("in the log", "delta-spark"))
    if case.replayed:
        shown = in_order([[plain(value) for value in row] for row in filled(replay.live_rows(root, state), state.schema())])
        expect_equal("rows", rows(ours, name, dataclasses.replace(case, select="*")), shown, ("ashlar", "in the files"))


def check_refusals(peers, name, case):
    for text, condition in case.refused:
        found = {}
        for peer in peers.values():
            with pytest.raises(Refused) as refusal:
                peer.sql(text.replace("{t}", name))
            found[peer.name] = refusal.value.condition.split(".")[0]
        assert found == dict.fromkeys(peers, condition), text


def write(peers, writer, name, case, table, root):
    settings = case.settings if writer.name == "delta-spark" else {}
    if settings:
        writer.set(settings)
    case.make(writer, table, root)
    if settings:
        writer.set(dict.fromkeys(settings))
    version = last_version(root)
    state = replay.check(root, case.data_checked)
    assert set(case.features) <= listed_features(state.protocol), f"the features are {listed_features(state.protocol)}"
    record.note_features(name, case.features)
    return Made(rows(writer, table, case), operations(root), statistics_of.table(root, version), dict(statistics_of.leaf_types(state.schema())),
                any(file.get("deletionVector") for file in state.files.values()), None)


def cut_log(root):
    """Only the newest checkpoint is left, and what came after it."""
    log = root / "_delta_log"
    newest = max(int(path.name.split(".")[0]) for path in log.glob("0*.checkpoint*"))
    for path in log.glob("0*"):
        if int(path.name.split(".")[0]) < newest:
            path.unlink()


def pass_between(peers, writer, reader, name, tmp_path):
    case, table, root = CASES[name], f"{writer.name.replace('-', '_')}_{list(CASES).index(name)}", tmp_path / "table"

    def first():
        made[name, writer.name] = write(peers, writer, name, case, table, root)

    def read():
        if case.cut:
            cut_log(root)
        for text in case.known:
            reader.sql(text.replace("{t}", table).replace("{path}", str(root)))
        reader.sql(f"CREATE TABLE {table} USING delta LOCATION '{root}'")
        check(peers, table, case, root)
        made[name, writer.name].files = peers["delta-spark"].files(f"SELECT * FROM {table} WHERE {case.where}")
        check_refusals(peers, table, case)

    def go_on():
        for text in case.then:
            reader.sql(text.replace("{t}", table))
        check(peers, table, case, root)

    attempt(name, writer.name, "write", first)
    if reader.name in case.unread:
        with pytest.raises(Refused, match=case.unread[reader.name]):
            read()
        record.note(name, writer.name, "read", f"refused: {case.unread[reader.name]}")
        return
    attempt(name, writer.name, "read", read)
    attempt(name, writer.name, "go on", go_on)


@pytest.mark.parametrize("name", OURS)
def test_what_we_write(peers, tmp_path, name):
    pass_between(peers, peers["ashlar"], peers["delta-spark"], name, tmp_path)


@pytest.mark.parametrize("name", THEIRS)
def test_what_delta_spark_writes(peers, tmp_path, name):
    refusal = CASES[name].refuses.get("delta-spark")
    if refusal:
        with pytest.raises(Refused, match=refusal):
            write(peers, peers["delta-spark"], name, CASES[name], f"refused_{list(CASES).index(name)}", tmp_path / "table")
        record.note(name, "delta-spark", "write", f"refused: {refusal}")
        return
    pass_between(peers, peers["delta-spark"], peers["ashlar"], name, tmp_path)


def compare_files(name, ours, theirs):
    case = CASES[name]
    if case.same_values:
        expect_equal("rows", ours.rows, theirs.rows)
    if case.same_operations:
        expect_equal("operations", ours.operations, theirs.operations)
    # New tables have deletion vectors with us; where they come to be used the bounds are wider.
    if not case.same_stats or ours.vectors != theirs.vectors:
        return
    reasons, found = statistics_of.compare(ours.statistics, theirs.statistics, ours.types)
    if found:
        raise Differs("\n".join(found))
    if None not in (ours.files, theirs.files):
        expect_equal("files read", ours.files, theirs.files)
    if reasons:
        record.cases[name]["reasons"] = reasons


@pytest.mark.parametrize("name", BOTH)
def test_both_write_the_same(name):
    if not all((name, writer) in made for writer in ("ashlar", "delta-spark")):
        pytest.skip("statistics are compared of cases that both wrote; this one was refused, or left out of the run, on one side")
    try:
        compare_files(name, made[name, "ashlar"], made[name, "delta-spark"])
    except Differs as error:
        record.cases[name]["writers"] = "differs: " + str(error).split("\n")[0][:200]
        raise
    record.cases[name]["writers"] = "equal"


def test_the_record_is_what_came_out(peers, request):
    record.finish(peers["delta-spark"].version(), partial=len(request.session.items) <= len(OURS) + len(THEIRS) + len(BOTH))
