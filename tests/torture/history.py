"""The proof: what a table's log says happened equals some serial order of the statements, version by version.

Under Serializable the order of versions is that order. Under WriteSerializable a statement may come before blind
appends that were committed between the version it read and its own: it is evaluated without their rows.
"""

import json
import pathlib
import sys

import pyarrow.parquet as pq

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "delta"))
import replay  # noqa: E402


class Files:
    """Rows {id: (k, v, p)} of data files, without those a deletion vector hides."""

    def __init__(self, root):
        self.root = root
        self.tables = {}

    def rows(self, add):
        path = replay.data_path(self.root, add["path"])
        if path not in self.tables:
            columns = pq.read_table(path, partitioning=None).to_pydict()
            part = add["partitionValues"].get("p")
            parts = columns.get("p") or [None if part is None else int(part)] * len(columns["id"])
            self.tables[path] = list(zip(columns["id"], columns["k"], columns["v"], parts))
        vector = add.get("deletionVector")
        gone = set(replay.deleted_rows(self.root, vector)) if vector else ()
        found = {row[0]: row[1:] for at, row in enumerate(self.tables[path]) if at not in gone}
        assert len(found) == len(self.tables[path]) - len(gone), f"doubled rows in {path}"
        return found


class History:
    def __init__(self, root, statements, serializable):
        self.root = pathlib.Path(root)
        self.statements = {one.uid: one for one in statements}
        self.serializable = serializable
        self.files = Files(root)
        self.active = {}   # file key -> rows
        self.model = {}    # id -> (k, v, p)
        self.appended = {}  # id -> version of the blind append it stands as it was put in by
        self.committed = {}  # uid -> version
        self.loaded = {}
        self.findings = []

    def check(self):
        """What is wrong, as texts; the number of commits checked."""
        log = self.root / "_delta_log"
        versions = sorted(int(p.name[:20]) for p in log.iterdir() if replay.COMMIT.match(p.name))
        assert versions == list(range(len(versions))), "the versions have a gap"
        for version in versions:
            self.step(version, replay.read_commit(log / f"{version:020}.json"))
            if self.findings:
                return self.findings, version  # what follows is wrong by this
        for one in self.statements.values():
            if one.acknowledged and one.uid not in self.committed and (one.affected or 0) > 0:
                self.findings.append(f"lost: {one.kind} {one.uid} was acknowledged with {one.affected} rows: {one.sql}")
            if one.answer is not None and "error" in one.answer and one.uid in self.committed:
                self.findings.append(f"{one.kind} {one.uid} failed with {one.answer['error']} and was committed as {self.committed[one.uid]}")
        return self.findings, len(versions)

    def step(self, version, actions):
        info = next(action for kind, action in actions if kind == "commitInfo")
        actual = self.actual(version, actions)
        if version == 0:
            self.model = actual
            return
        one = self.statements.get(info.get("txnId"))
        if one is None or one.uid in self.committed:
            self.findings.append(f"version {version} is nobody's, or a second one of {info.get('txnId')}")
            return
        self.committed[one.uid] = version
        if one.once is not None and self.loaded.setdefault(one.once, version) != version:
            self.findings.append(f"version {version} loads {one.once} again, after version {self.loaded[one.once]}")
        gone, come = one.effect(self.visible(info["readVersion"], version))
        if one.affected is not None and one.affected != len(gone.keys() | come.keys()):
            self.findings.append(f"version {version}: {one.kind} reported {one.affected} rows, {len(gone.keys() | come.keys())} by its place in the history")
        for i in gone:
            self.model.pop(i)
            self.appended.pop(i, None)
        self.model.update(come)
        if one.blind:
            self.appended.update(dict.fromkeys(come, version))
        if self.model != actual:
            self.findings.append(self.difference(version, info, one, actual))

    def visible(self, read, version):
        if self.serializable:
            return dict(self.model)
        return {i: row for i, row in self.model.items() if not read < self.appended.get(i, -1) < version}

    def actual(self, version, actions):
        """The rows of the version, by its files."""
        for kind, action in actions:
            if kind == "remove":
                if self.active.pop(replay.file_key(action), None) is None:
                    self.findings.append(f"version {version} removes {action['path']}, which is not there")
        for kind, action in actions:
            if kind == "add":
                self.active[replay.file_key(action)] = self.files.rows(action)
        rows = {}
        for content in self.active.values():
            if rows.keys() & content.keys():
                self.findings.append(f"version {version}: doubled ids {sorted(rows.keys() & content.keys())[:5]}")
            rows.update(content)
        return rows

    def difference(self, version, info, one, actual):
        differs = {i: (self.model.get(i), actual.get(i)) for i in self.model.keys() | actual.keys() if self.model.get(i) != actual.get(i)}
        return (f"version {version} ({one.kind}, read {info['readVersion']}, {info['isolationLevel']}) is no serial order: "
                f"{json.dumps(differs)} as (expected, found); {one.sql}")
