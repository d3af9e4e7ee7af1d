"""A second reading of the Delta protocol, made to be plain and slow: what a table is according to its log.

Nothing here is shared with the server. `check(root)` replays every version from the JSON files, compares each
checkpoint and checksum file with that, reads every data file and every deletion vector, and raises AssertionError
naming all that does not fit. `live_rows(root)` gives the rows. As a program: replay.py TABLE….
"""

import datetime
import decimal
import hashlib
import json
import pathlib
import re
import struct
import sys
import urllib.parse
import uuid
import zlib

import pyarrow as pa
import pyarrow.parquet as pq

import roaring

COMMIT = re.compile(r"^(\d{20})\.json$")
CHECKPOINT = re.compile(r"^(\d{20})\.checkpoint(?:\.(\d{10})\.(\d{10})|\.([0-9a-f-]{36}))?\.(parquet|json)$")
COMPACTED = re.compile(r"^(\d{20})\.(\d{20})\.compacted\.json$")
CHECKSUM = re.compile(r"^(\d{20})\.crc$")
# Removed though never active, when a table loses deletion vectors: so that VACUUM waits before it deletes them.
VECTOR_FILE = re.compile(r"^deletion_vector_[0-9a-f-]{36}\.bin$")
READER_FEATURES = {"columnMapping", "deletionVectors", "timestampNtz", "v2Checkpoint", "vacuumProtocolCheck", "typeWidening",
                   "variantType", "variantShredding", "catalogManaged"}


def load_json(text):
    return json.loads(text, parse_float=decimal.Decimal)


def without_nulls(value):
    if isinstance(value, dict):
        return {k: without_nulls(v) for k, v in value.items() if v is not None}
    return value


def data_path(root, log_path):
    """The file an action names: a URI, relative to the table or absolute."""
    parsed = urllib.parse.urlparse(log_path)
    path = urllib.parse.unquote(parsed.path)
    return pathlib.Path(path) if path.startswith("/") else pathlib.Path(root) / path


def vector_id(descriptor):
    if not descriptor:
        return None
    offset = descriptor.get("offset")
    return descriptor["storageType"] + descriptor["pathOrInlineDv"] + ("" if offset is None else f"@{offset}")


def file_key(action):
    return (urllib.parse.unquote(action["path"]), vector_id(action.get("deletionVector")))


def vector_path(root, descriptor):
    text = descriptor["pathOrInlineDv"]
    if descriptor["storageType"] == "p":
        return data_path(root, text)
    prefix, encoded = text[:-20], text[-20:]
    name = f"deletion_vector_{uuid.UUID(bytes=roaring.z85_decode(encoded))}.bin"
    return pathlib.Path(root) / prefix / name


def deleted_rows(root, descriptor):
    """The sorted row positions of a deletion vector, every length and checksum verified."""
    size = descriptor["sizeInBytes"]
    if descriptor["storageType"] == "i":
        data = roaring.z85_decode(descriptor["pathOrInlineDv"])[:size]
    else:
        content = vector_path(root, descriptor).read_bytes()
        assert content[0] == 1, f"version byte {content[0]} of a deletion vector file"
        at = descriptor.get("offset", 1)
        (stored_size,) = struct.unpack_from(">I", content, at)
        assert stored_size == size, f"size field {stored_size}, descriptor {size}"
        data = content[at + 4:at + 4 + size]
        (crc,) = struct.unpack_from(">I", content, at + 4 + size)
        assert crc == zlib.crc32(data), "CRC-32 of a deletion vector"
    rows = roaring.parse(data)
    assert len(rows) == descriptor["cardinality"], f"{len(rows)} deleted rows, cardinality {descriptor['cardinality']}"
    return rows


class State:
    """What the actions up to a version amount to."""

    def __init__(self):
        self.version = -1
        self.protocol = None
        self.metadata = None
        self.files = {}
        self.tombstones = {}
        self.transactions = {}
        self.domains = {}

    def copy(self):
        other = State()
        other.__dict__ = {k: dict(v) if isinstance(v, dict) and k not in ("protocol", "metadata") else v
                          for k, v in self.__dict__.items()}
        return other

    def apply(self, actions):
        """Removals first: one commit may take a file out and put it back with another deletion vector."""
        for kind, action in sorted(actions, key=lambda one: one[0] != "remove"):
            if kind == "remove":
                self.files.pop(file_key(action), None)
                self.tombstones[file_key(action)] = action
            elif kind == "add":
                self.tombstones.pop(file_key(action), None)
                self.files[file_key(action)] = action
            elif kind == "metaData":
                self.metadata = action
            elif kind == "protocol":
                self.protocol = action
            elif kind == "txn":
                self.transactions[action["appId"]] = action
            elif kind == "domainMetadata":
                self.domains[action["domain"]] = action
                if action.get("removed"):
                    del self.domains[action["domain"]]

    def schema(self):
        return json.loads(self.metadata["schemaString"])["fields"]

    def mapped(self):
        return self.metadata.get("configuration", {}).get("delta.columnMapping.mode", "none") != "none"

    def of_iceberg(self):
        """Whether its files were written for Iceberg's readers from its beginning."""
        configuration = self.metadata.get("configuration", {})
        return configuration.get("delta.universalFormat.iceberg.atomicConversion.supported") == "true" and any(
            configuration.get(f"delta.enableIcebergCompatV{version}") == "true" for version in (1, 2))

    def physical(self, field):
        return field.get("metadata", {}).get("delta.columnMapping.physicalName", field["name"]) if self.mapped() else field["name"]


def read_commit(path):
    actions = []
    for line in path.read_text().split("\n"):
        if line.strip():
            entry = load_json(line)
            assert len(entry) == 1, f"{path.name}: a line with {len(entry)} actions"
            actions += entry.items()
    return actions


def pairs(value):
    return dict(value) if isinstance(value, list) else value


MAPS = ("partitionValues", "tags", "configuration")


def checkpoint_actions(path):
    """(kind, action) of each row; maps as dictionaries, stats_parsed kept beside stats."""
    if path.suffix == ".json":
        return read_commit(path)
    out = []
    for row in pq.read_table(path).to_pylist():
        kinds = [(k, v) for k, v in row.items() if v is not None]
        assert len(kinds) == 1, f"{path.name}: a row with {len(kinds)} actions"
        kind, action = kinds[0]
        action = {k: pairs(v) if k in MAPS else v for k, v in action.items()}
        if kind == "metaData":
            action["format"] = {k: pairs(v) if k == "options" else v for k, v in action["format"].items()}
        out.append((kind, {k: v for k, v in action.items() if v is not None}))
    return out


def plain(kind, action):
    """An action as both a commit and a checkpoint have it."""
    out = {k: v for k, v in without_nulls(action).items() if k not in ("dataChange", "stats_parsed", "partitionValues_parsed")}
    if kind == "add":
        out["partitionValues"] = {k: v or None for k, v in action.get("partitionValues", {}).items()}
        if "stats" in out:
            out["stats"] = load_json(out["stats"])
            if isinstance(out["stats"], dict) and out["stats"].get("tightBounds") is True:
                del out["stats"]["tightBounds"]  # as where nothing is said
        out.pop("tags", None) if not out.get("tags") else None
    if kind == "remove":
        out = {k: out[k] for k in ("path", "deletionVector", "deletionTimestamp") if k in out}
    if kind == "metaData":
        out.setdefault("configuration", {})
    if kind == "protocol":
        out = {k: sorted(v) if isinstance(v, list) else v for k, v in out.items()}
    return out


def read_file(path, state):
    """Spark writes times as INT96, which says nothing of zones: those of TIMESTAMP columns are UTC."""
    table = pq.read_table(path, partitioning=None, coerce_int96_timestamp_unit="us")
    for field in state.schema():
        name = state.physical(field)
        if field["type"] == "timestamp" and name in table.column_names and table.schema.field(name).type == pa.timestamp("us"):
            table = table.set_column(table.column_names.index(name), name, table[name].cast(pa.timestamp("us", "UTC")))
    return table


class Checker:
    def __init__(self, root, now_ms=None):
        self.root = pathlib.Path(root)
        self.log = self.root / "_delta_log"
        self.now_ms = now_ms
        self.findings = []

    def note(self, where, what):
        self.findings.append(f"{where}: {what}")

    def expect(self, where, condition, what):
        if not condition:
            self.note(where, what)

    def run(self, data=True):
        names = sorted(p.name for p in self.log.iterdir())
        versions = [int(COMMIT.match(n)[1]) for n in names if COMMIT.match(n)]
        checkpoints = {}
        for name in names:
            if match := CHECKPOINT.match(name):
                checkpoints.setdefault((int(match[1]), match[3] or match[4] or ""), []).append(name)
        expected = list(range(versions[0], versions[0] + len(versions))) if versions else []
        self.expect("log", versions == expected, f"versions are not contiguous: {versions}")
        state, states = State(), {}
        if versions[0] > 0:
            covering = [key for key in checkpoints if key[0] >= versions[0]]
            assert covering, "the log begins late and no checkpoint covers what is gone"
            first = min(covering)
            state = self.from_checkpoint(first[0], checkpoints[first])
            states[first[0]] = state.copy()
        for version in versions:
            if version <= state.version:
                continue
            actions = read_commit(self.log / f"{version:020}.json")
            self.check_commit(version, actions, state)
            self.check_given_row_ids(version, actions, state)
            state.apply(actions)
            state.version = version
            states[version] = state.copy()
        for (version, _), files in sorted(checkpoints.items()):
            if version in states:
                self.check_checkpoint(states[version], self.from_checkpoint(version, files), files[0])
        self.check_hint(checkpoints)
        for name in names:
            if (match := CHECKSUM.match(name)) and int(match[1]) in states:
                self.check_checksum(name, states[int(match[1])])
            if (match := COMPACTED.match(name)) and int(match[1]) - 1 in {-1, *states}:
                self.check_compaction(name, int(match[1]), int(match[2]), states)
        self.check_protocol(state)
        self.check_clustering(state)
        if data:
            for action in state.files.values():
                self.check_file(state, action)
            self.check_row_ids(state)
        assert not self.findings, "\n".join([str(self.root), *self.findings])
        return state

    def check_commit(self, version, actions, before):
        where = f"{version}.json"
        kinds = [kind for kind, _ in actions]
        info = actions[0][1] if kinds[0] == "commitInfo" else None
        self.expect(where, info is not None, f"begins with {kinds[0]}")
        if info is not None:
            self.expect(where, info.get("txnId"), "commitInfo without txnId")
            self.expect(where, info.get("operation"), "commitInfo without operation")
            metadata = next((a for k, a in actions if k == "metaData"), before.metadata)
            if metadata.get("configuration", {}).get("delta.enableInCommitTimestamps") == "true":
                self.expect(where, "inCommitTimestamp" in info, "no inCommitTimestamp")
        for single in ("commitInfo", "metaData", "protocol"):
            self.expect(where, kinds.count(single) <= 1, f"{kinds.count(single)} {single}")
        seen = set()
        for kind, action in actions:
            key = {"add": lambda a: (kind, a["path"]), "remove": lambda a: (kind, file_key(a)), "cdc": lambda a: (kind, a["path"]),
                   "txn": lambda a: (kind, a["appId"]), "domainMetadata": lambda a: (kind, a["domain"])}.get(kind)
            if key is not None:
                self.expect(where, key(action) not in seen, f"twice: {key(action)}")
                seen.add(key(action))
            if kind == "remove" and not VECTOR_FILE.match(action["path"]):
                self.expect(where, file_key(action) in before.files, f"removes what is not active: {file_key(action)}")
        added = {file_key(a) for k, a in actions if k == "add"}
        removed = {file_key(a) for k, a in actions if k == "remove"}
        self.expect(where, not added & removed, f"adds and removes one logical file: {added & removed}")
        paths = [path for path, _ in {**before.files, **dict.fromkeys(added)} if (path, _) not in removed]
        self.expect(where, len(paths) == len(set(paths)), "one path is active with two deletion vectors")

    def check_protocol(self, state):
        protocol = state.protocol
        reader, writer = protocol.get("readerFeatures"), protocol.get("writerFeatures")
        self.expect("protocol", (reader is not None) == (protocol["minReaderVersion"] == 3), f"readerFeatures and versions: {protocol}")
        self.expect("protocol", (writer is not None) == (protocol["minWriterVersion"] == 7), f"writerFeatures and versions: {protocol}")
        listed = set(writer or [])
        self.expect("protocol", set(reader or []) <= listed, "readerFeatures not in writerFeatures")
        if reader is not None:
            self.expect("protocol", listed & READER_FEATURES <= set(reader), "reader features listed for writers only")
        configuration = state.metadata.get("configuration", {})
        if configuration.get("delta.enableDeletionVectors") == "true" or any(f.get("deletionVector") for f in state.files.values()):
            self.expect("protocol", "deletionVectors" in listed, "deletion vectors without the feature")
        if configuration.get("delta.enableInCommitTimestamps") == "true":
            self.expect("protocol", "inCommitTimestamp" in listed, "in-commit timestamps without the feature")
        if configuration.get("delta.enableRowTracking") == "true":
            self.expect("protocol", {"rowTracking", "domainMetadata"} <= listed, "row tracking without its features")
        if "delta.typeChanges" in state.metadata["schemaString"]:
            self.expect("protocol", listed & {"typeWidening", "typeWidening-preview"}, "widened types without the feature")
        if any(field["type"] == "variant" for field in state.schema()):
            self.expect("protocol", listed & {"variantType", "variantType-preview"}, "variants without the feature")

    def check_given_row_ids(self, version, actions, before):
        """With row tracking supported every file has ids, new ranges above all that were given before."""
        after = before.copy()
        after.apply(actions)
        suspended = self.property(after, "delta.rowTrackingSuspended", "false") == "true"
        if "rowTracking" not in after.protocol.get("writerFeatures", []) or suspended:
            return
        where, mark, given = f"{version}.json", high_water_mark(before), []
        ranged = {f["path"] for f in [*before.files.values(), *before.tombstones.values()] if "baseRowId" in f}
        for kind, action in actions:
            if kind != "add":
                continue
            self.expect(where, "baseRowId" in action and "defaultRowCommitVersion" in action, f"an add without row ids: {action['path']}")
            self.expect(where, action.get("defaultRowCommitVersion", 0) <= version, "rows of a later version")
            if action["path"] not in ranged and "baseRowId" in action:
                given.append((action["baseRowId"], action["baseRowId"] + load_json(action["stats"])["numRecords"]))
        for first, end in sorted(given):
            self.expect(where, first > mark, f"row ids from {first} on are given again")
            mark = max(mark, end - 1)
        self.expect(where, high_water_mark(after) >= mark, f"row ids up to {mark} given, the domain says {high_water_mark(after)}")

    def check_row_ids(self, state):
        if self.property(state, "delta.enableRowTracking", "false") != "true":
            return
        ids = [row_id for row_id, _ in row_ids(self.root, state)]
        self.expect("row ids", None not in ids, "a row without an id")
        self.expect("row ids", len(ids) == len(set(ids)), "two rows with one id")
        self.expect("row ids", all(i <= high_water_mark(state) for i in ids), "an id above the high water mark")

    def check_clustering(self, state):
        """Clustering columns exist, have statistics in every file, and stand beside no partitions."""
        domain = state.domains.get("delta.clustering")
        if domain is None:
            return
        self.expect("clustering", {"clustering", "domainMetadata"} <= set(state.protocol.get("writerFeatures") or []), "not in the protocol")
        columns = json.loads(domain["configuration"])["clusteringColumns"]
        if not columns:
            return
        self.expect("clustering", not state.metadata["partitionColumns"], "the table is partitioned")
        for column in columns:
            fields = state.schema()
            for name in column:
                found = [f for f in fields if state.physical(f) == name]
                self.expect("clustering", found, f"no column {column}")
                fields = found[0]["type"]["fields"] if found and isinstance(found[0]["type"], dict) else []
            for action in state.files.values():
                counts = load_json(action.get("stats") or "{}").get("nullCount", {})
                for name in column:
                    counts = counts.get(name) if isinstance(counts, dict) else None
                self.expect(action["path"], counts is not None, f"no statistics of the clustering column {column}")
        for action in state.files.values():
            if action.get("clusteringProvider") == "liquid":
                tags = action.get("tags") or {}
                self.expect(action["path"], {"ZCUBE_ID", "ZCUBE_ZORDER_BY"} <= set(tags), f"clustered, tags {tags}")

    def from_checkpoint(self, version, files):
        state = State()
        state.version = version
        actions = [one for name in sorted(files) for one in checkpoint_actions(self.log / name)]
        for kind, action in list(actions):
            if kind == "sidecar":
                path = self.log / "_sidecars" / urllib.parse.unquote(action["path"])
                self.expect(files[0], path.stat().st_size == action["sizeInBytes"], f"size of the sidecar {path.name}")
                actions += checkpoint_actions(path)
        state.rows = actions
        for kind, action in actions:
            if kind in ("commitInfo", "cdc"):
                self.note(files[0], f"a checkpoint with {kind}")
        keys = [file_key(a) for k, a in actions if k in ("add", "remove")]
        self.expect(files[0], len(keys) == len(set(keys)), "a file twice")
        state.apply(actions)
        return state

    def check_checkpoint(self, log, own, name):
        for part in ("protocol", "metadata"):
            kind = {"protocol": "protocol", "metadata": "metaData"}[part]
            a, b = plain(kind, getattr(log, part)), plain(kind, getattr(own, part))
            self.expect(name, a == b, f"{part}: log {a}, checkpoint {b}")
        for part, kind in (("files", "add"), ("transactions", "txn"), ("domains", "domainMetadata")):
            a = {k: plain(kind, v) for k, v in getattr(log, part).items()}
            b = {k: plain(kind, v) for k, v in getattr(own, part).items()}
            as_struct_only = self.property(log, "delta.checkpoint.writeStatsAsJson", "true") == "false"
            if kind == "add" and as_struct_only:
                a, b = ({k: {**v, "stats": None} for k, v in side.items()} for side in (a, b))
            for key in a.keys() | b.keys():
                self.expect(name, a.get(key) == b.get(key), f"{part} {key}: log {a.get(key)}, checkpoint {b.get(key)}")
        for key, tombstone in own.tombstones.items():
            self.expect(name, key in log.tombstones, f"a removal the log does not know: {key}")
            self.expect(name, "stats" not in tombstone, "a removal with stats")
        for action in own.files.values():
            self.check_parsed(name, log, action)

    def property(self, state, key, otherwise):
        return state.metadata.get("configuration", {}).get(key, otherwise)

    def check_parsed(self, name, state, action):
        """stats_parsed and partitionValues_parsed say what their text says."""
        if "stats_parsed" in action and "stats" in action:
            text, parsed = load_json(action["stats"]), without_nulls(action["stats_parsed"])
            for part in ("numRecords", "tightBounds"):
                tight = part == "tightBounds"  # true where nothing is said
                a, b = text.get(part, tight or None), parsed.get(part, tight or None)
                self.expect(name, a == b, f"{part}: {a}, parsed {b}")
            for part in ("minValues", "maxValues", "nullCount"):
                a, b = dict(leaves(text.get(part) or {})), dict(leaves(parsed.get(part) or {}))
                for path in b:
                    same = path in a and same_value(a[path], b[path])
                    self.expect(name, same, f"{part} {path}: {a.get(path)!r}, parsed {b[path]!r}")
                if part != "nullCount":
                    self.expect(name, set(a) == set(b), f"{part}: parsed lacks {set(a) - set(b)}")
        if "partitionValues_parsed" in action:
            for key, value in action["partitionValues_parsed"].items():
                text = action["partitionValues"].get(key) or None
                self.expect(name, (text is None) == (value is None), f"partition {key}: {text!r}, parsed {value!r}")

    def check_hint(self, checkpoints):
        path = self.log / "_last_checkpoint"
        if not path.exists():
            return
        hint = load_json(path.read_text())
        found = [files for (version, _), files in checkpoints.items() if version == hint["version"]]
        if not found:
            return self.note("_last_checkpoint", f"names the version {hint['version']}, which has no checkpoint")
        own = self.from_checkpoint(hint["version"], found[0])
        self.expect("_last_checkpoint", hint["size"] == len(own.rows), f"size {hint['size']}, {len(own.rows)} rows")
        if "numOfAddFiles" in hint:
            self.expect("_last_checkpoint", hint["numOfAddFiles"] == len(own.files), f"numOfAddFiles {hint['numOfAddFiles']}")
        if "parts" in hint:
            self.expect("_last_checkpoint", len(found[0]) == hint["parts"], "parts")
        if "checksum" in hint:
            self.expect("_last_checkpoint", hint["checksum"] == hint_checksum(path.read_text()), "checksum")

    def check_checksum(self, name, state):
        crc = load_json((self.log / name).read_text())
        sizes = [f["size"] for f in state.files.values()]
        self.expect(name, crc["numFiles"] == len(sizes), f"numFiles {crc['numFiles']}, {len(sizes)} in the log")
        self.expect(name, crc["tableSizeBytes"] == sum(sizes), f"tableSizeBytes {crc['tableSizeBytes']}, {sum(sizes)} in the log")
        self.expect(name, crc["numMetadata"] == 1 and crc["numProtocol"] == 1, "numMetadata, numProtocol")
        for key, kind, own in (("metadata", "metaData", state.metadata), ("protocol", "protocol", state.protocol)):
            self.expect(name, plain(kind, crc[key]) == plain(kind, own), f"{key}: {crc[key]}")
        if "setTransactions" in crc:
            self.expect(name, {t["appId"]: t["version"] for t in crc["setTransactions"]} ==
                        {k: t["version"] for k, t in state.transactions.items()}, "setTransactions")
        if "domainMetadata" in crc:
            self.expect(name, {d["domain"]: d["configuration"] for d in crc["domainMetadata"]} ==
                        {k: d["configuration"] for k, d in state.domains.items()}, "domainMetadata")
        vectors = [f["deletionVector"]["cardinality"] for f in state.files.values() if f.get("deletionVector")]
        if "numDeletionVectorsOpt" in crc:
            self.expect(name, crc["numDeletionVectorsOpt"] == len(vectors), "numDeletionVectorsOpt")
        if "numDeletedRecordsOpt" in crc:
            self.expect(name, crc["numDeletedRecordsOpt"] == sum(vectors), "numDeletedRecordsOpt")
        info = read_commit(self.log / f"{state.version:020}.json")[0][1]
        if "txnId" in crc:
            self.expect(name, crc["txnId"] == info.get("txnId"), "txnId")
        if "inCommitTimestampOpt" in crc:
            self.expect(name, crc["inCommitTimestampOpt"] == info.get("inCommitTimestamp"), "inCommitTimestampOpt")

    def check_compaction(self, name, first, last, states):
        state = states[first - 1].copy() if first > 0 else State()
        state.apply(read_commit(self.log / name))
        end = states[last]
        self.expect(name, state.files.keys() == end.files.keys(), "other files than the commits it stands for")
        self.expect(name, (state.protocol, state.metadata) == (end.protocol, end.metadata), "other protocol or metadata")
        self.expect(name, state.transactions == end.transactions and state.domains == end.domains, "other transactions or domains")

    def check_file(self, state, add):
        where = add["path"]
        path = data_path(self.root, add["path"])
        if not path.exists():
            return self.note(where, "no such file")
        self.expect(where, path.stat().st_size == add["size"], f"size {add['size']}, on disk {path.stat().st_size}")
        physical = {f["name"]: state.physical(f) for f in state.schema()}
        partitions = [physical[name] for name in state.metadata["partitionColumns"]]
        self.expect(where, set(add["partitionValues"]) == set(partitions), f"partitionValues {add['partitionValues']}")
        table = read_file(path, state)
        if state.of_iceberg():
            last = table.column_names[len(table.column_names) - len(partitions):]
            self.expect(where, last == partitions, f"the partition columns {partitions} are not the last of {table.column_names}")
        elif not pq.read_metadata(path).created_by.startswith("parquet-mr"):  # delta-spark writes them
            self.expect(where, not set(partitions) & set(table.column_names), "partition columns in the data")
        vector = add.get("deletionVector")
        rows = deleted_rows(self.root, vector) if vector else []
        self.expect(where, not rows or rows[-1] < table.num_rows, "a deleted row that is not there")
        stats = load_json(add["stats"]) if add.get("stats") else {}
        self.expect(where, not vector or "numRecords" in stats, "a deletion vector without numRecords")
        if "numRecords" in stats:
            self.expect(where, stats["numRecords"] == table.num_rows, f"numRecords {stats['numRecords']}, {table.num_rows} rows")
        if vector:
            self.expect(where, len(rows) < table.num_rows, "a file all of whose rows are deleted")
            self.expect(where, stats.get("tightBounds") is False, "a deletion vector with tight bounds")
        self.check_columns(where, state, table, stats)
        for field in state.schema():
            if state.physical(field) in table.column_names:
                self.check_type(where, field, table.schema.field(state.physical(field)).type)

    def check_type(self, where, field, found):
        """A file's column has the field's type, or one that it was widened from."""
        changes = field.get("metadata", {}).get("delta.typeChanges", [])
        known = [field["type"], *(c["fromType"] for c in changes if "fieldPath" not in c)]
        arrow = [arrow_type(one) for one in known]
        self.expect(where, None in arrow or found in arrow, f"{field['name']} is {found} in the file, not one of {known}")

    def check_columns(self, where, state, table, stats):
        columns = dict(data_leaves(state, state.schema(), table))
        singles = {(f.name,) for f in table.schema if f.type == pa.float32()}
        for path, bound in leaves(stats.get("minValues") or {}):
            bound = single(bound) if path in singles else bound
            for value in columns.get(path, ()):
                self.expect(where, value is None or not below(value, bound), f"{path}: {value!r} under the minimum {bound!r}")
        for path, bound in leaves(stats.get("maxValues") or {}):
            bound = single(bound) if path in singles else bound
            for value in columns.get(path, ()):
                self.expect(where, value is None or not above(value, bound), f"{path}: {value!r} over the maximum {bound!r}")
        for path, count in leaves(stats.get("nullCount") or {}):
            if path in columns:
                nulls = sum(value is None for value in columns[path])
                self.expect(where, nulls == count, f"{path}: nullCount {count}, {nulls} nulls")


ARROW_TYPES = {"byte": pa.int8(), "short": pa.int16(), "integer": pa.int32(), "long": pa.int64(), "float": pa.float32(),
               "double": pa.float64(), "date": pa.date32()}


def arrow_type(name):
    """Of the types that can be widened; None for others."""
    if isinstance(name, str) and (match := re.match(r"^decimal\((\d+),(\d+)\)$", name)):
        return pa.decimal128(int(match[1]), int(match[2]))
    return ARROW_TYPES.get(name) if isinstance(name, str) else None


def high_water_mark(state):
    domain = state.domains.get("delta.rowTracking")
    return json.loads(domain["configuration"])["rowIdHighWaterMark"] if domain else -1


def row_ids(root, state):
    """(id, version of the last change) of each live row: written down in the file, else by the row's place in it."""
    names = [state.metadata["configuration"].get(f"delta.rowTracking.materializedRow{part}ColumnName") for part in ("Id", "CommitVersion")]
    for add in state.files.values():
        table = pq.read_table(data_path(root, add["path"]), partitioning=None)
        ids, versions = (table[n].to_pylist() if n in table.column_names else [None] * table.num_rows for n in names)
        gone = set(deleted_rows(root, add["deletionVector"])) if add.get("deletionVector") else ()
        for i in range(table.num_rows):
            if i not in gone:
                yield (add["baseRowId"] + i if ids[i] is None else ids[i],
                       add["defaultRowCommitVersion"] if versions[i] is None else versions[i])


def leaves(struct_value, path=()):
    for name, value in struct_value.items():
        if isinstance(value, dict):
            yield from leaves(value, (*path, name))
        elif value is not None:
            yield (*path, name), value


def data_leaves(state, fields, table):
    """(physical path, distinct enough values) of every leaf that is no list or map."""
    def descend(fields, column_of, path):
        for field in fields:
            name = state.physical(field)
            column = column_of(name)
            if column is None:
                column = pa.nulls(table.num_rows)
            inner = field["type"]
            if isinstance(inner, dict) and inner["type"] == "struct":
                values = column.to_pylist()
                yield from descend(inner["fields"], lambda n, v=values: pa_like([None if x is None else x.get(n) for x in v]), (*path, name))
            else:
                yield (*path, name), column.to_pylist()

    yield from descend(fields, lambda n: table[n] if n in table.column_names else None, ())


class pa_like(list):
    def to_pylist(self):
        return self


def as_value(bound, like):
    if isinstance(like, (datetime.datetime, datetime.date)) and isinstance(bound, str):
        if isinstance(like, datetime.datetime):
            moment = datetime.datetime.fromisoformat(bound.replace("Z", "+00:00"))
            return moment if like.tzinfo else moment.replace(tzinfo=None)
        return datetime.date.fromisoformat(bound)
    if isinstance(like, decimal.Decimal):
        return decimal.Decimal(str(bound))
    if isinstance(like, float):
        return float(bound)
    return bound


def single(number):
    """The float that the shortest text of a float stands for."""
    return struct.unpack("f", struct.pack("f", float(number)))[0]


def below(value, bound):
    return value < as_value(bound, value)


def above(value, bound):
    bound = as_value(bound, value)
    if isinstance(value, datetime.datetime):
        return value > bound and value - bound > datetime.timedelta(milliseconds=1)  # writers cut to milliseconds
    return value > bound


def same_value(text, parsed):
    try:
        return as_value(text, parsed) == parsed or (isinstance(parsed, float) and single(text) == parsed)
    except (ValueError, TypeError):
        return False


def hint_checksum(text):
    """MD5 of the canonical form of _last_checkpoint without its checksum: sorted path=value, joined by commas."""
    def quoted(part):
        return '"' + urllib.parse.quote(part, safe="-_.~") + '"'

    def flatten(value, path):
        if isinstance(value, dict):
            for key in value:
                yield from flatten(value[key], [*path, quoted(key)])
        elif isinstance(value, list):
            for i, item in enumerate(value):
                yield from flatten(item, [*path, str(i)])
        else:
            yield "+".join(path) + "=" + (quoted(value) if isinstance(value, str) else json.dumps(value))

    content = json.loads(text)
    content.pop("checksum", None)
    return hashlib.md5(",".join(sorted(flatten(content, []))).encode()).hexdigest()


def partition_value(text, kind):
    if text in (None, ""):
        return None
    if kind in ("long", "integer", "short", "byte"):
        return int(text)
    if kind == "date":
        return datetime.date.fromisoformat(text)
    if kind == "boolean":
        return text == "true"
    if kind in ("double", "float"):
        return float(text)
    return decimal.Decimal(text) if kind.startswith("decimal") else text


def live_rows(root, state=None):
    """The table's rows in the order of its schema, as lists of Python values; top-level names mapped."""
    state = state or Checker(root).run(data=False)
    out = []
    for add in state.files.values():
        table = read_file(data_path(root, add["path"]), state)
        columns = []
        for field in state.schema():
            name = state.physical(field)
            if name in add["partitionValues"]:
                columns.append([partition_value(add["partitionValues"][name], field["type"])] * table.num_rows)
            else:
                columns.append(table[name].to_pylist() if name in table.column_names else [None] * table.num_rows)
        gone = set(deleted_rows(root, add["deletionVector"])) if add.get("deletionVector") else ()
        out += [list(row) for i, row in enumerate(zip(*columns)) if i not in gone]
    return out


def check(root, data=True):
    """Raises AssertionError naming everything that is wrong with the table; gives its latest state."""
    return Checker(root).run(data)


if __name__ == "__main__":
    for one in sys.argv[1:]:
        latest = check(one)
        print(f"{one}: version {latest.version}, {len(latest.files)} files, {len(live_rows(one, latest))} rows")
