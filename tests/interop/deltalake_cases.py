"""What deltalake does to tables. It has no SQL for changes, so each is a function of the table's folder."""

import dataclasses
import datetime
import decimal
import math

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Field, Schema, TableFeatures, write_deltalake
from deltalake.schema import PrimitiveType

UTC = datetime.timezone.utc


@dataclasses.dataclass
class Made:
    """A table of deltalake's and what we do with it afterwards."""

    write: object
    then: tuple = ("INSERT INTO {t} (id) VALUES (100)", "DELETE FROM {t} WHERE id = 3")
    features: tuple = ()
    where: str = "id > 2"
    past: int = 1
    changes_from: int = -1
    refuses: str = ""  # what deltalake says instead of writing it


def numbers(count, first=0, **more):
    columns = {"id": pa.array(range(first, first + count), pa.int64()), "v": pa.array([f"v{i}" for i in range(first, first + count)])}
    return pa.table({**columns, **more})


def create(root, data, **options):
    write_deltalake(str(root), data, **options)


def append(root, **values):
    """One row; the columns that are not named are NULL."""
    table = DeltaTable(str(root))
    row = pa.Table.from_pylist([values], schema=pa.schema(table.schema().to_arrow()))
    write_deltalake(table, row, mode="append")


def go_on(root):
    """With a table of ours, whatever its columns beside id."""
    append(root, id=100)
    DeltaTable(str(root)).delete("id = 3")


def change(root):
    """UPDATE, DELETE and MERGE."""
    DeltaTable(str(root)).update(updates={"v": "'changed'"}, predicate="id % 5 = 1")
    DeltaTable(str(root)).delete("id >= 7 AND id <= 9")
    source = pa.table({"id": pa.array(range(0, 30, 3), pa.int64())})
    (DeltaTable(str(root)).merge(source, "t.id = s.id", source_alias="s", target_alias="t")
     .when_matched_delete("t.id < 6").when_matched_update({"v": "'merged'"}).when_not_matched_insert({"id": "s.id", "v": "'new'"}).execute())


def changed(root, **configuration):
    create(root, numbers(20), configuration=configuration)
    change(root)


def appends(root):
    create(root, numbers(20))
    append(root, id=20)
    write_deltalake(str(root), numbers(1, 21), mode="append",
                    commit_properties=CommitProperties(custom_metadata={"who": "interop"}))


def primitive_types(root):
    moment = datetime.datetime(2024, 1, 1, 0, 0, 0, 123456, UTC)
    create(root, pa.table({
        "id": pa.array([1, 2, 3], pa.int64()),
        "b": pa.array([True, False, None]),
        "y": pa.array([1, -128, None], pa.int8()),
        "s": pa.array([-2, 32767, None], pa.int16()),
        "i": pa.array([3, -2147483648, None], pa.int32()),
        "f": pa.array([1.5, -math.inf, None], pa.float32()),
        "d": pa.array([-2.25, math.nan, None], pa.float64()),
        "de": pa.array([decimal.Decimal("12345678901234567.891"), decimal.Decimal("-0.001"), None], pa.decimal128(20, 3)),
        "st": pa.array(["ä€𝄞", "z" * 60, None]),
        "bi": pa.array([b"\x00\xff", b"", None]),
        "da": pa.array([datetime.date(2024, 2, 29), datetime.date(1, 1, 1), None]),
        "ts": pa.array([moment, datetime.datetime(1969, 12, 31, 23, 59, 59, 999999, UTC), None], pa.timestamp("us", "UTC")),
    }))
    append(root, id=4, st="later")


def ends_of_every_type(root):
    wide = decimal.Decimal("9" * 38)
    create(root, pa.table({
        "id": pa.array([2 ** 63 - 1, -2 ** 63], pa.int64()),
        "y": pa.array([127, -128], pa.int8()),
        "s": pa.array([32767, -32768], pa.int16()),
        "i": pa.array([2 ** 31 - 1, -2 ** 31], pa.int32()),
        "f": pa.array([3.4028234663852886e38, -3.4028234663852886e38], pa.float32()),
        "d": pa.array([1.7976931348623157e308, -1.7976931348623157e308]),
        "de": pa.array([wide, wide.copy_negate()], pa.decimal128(38, 0)),
        "st": pa.array(["\U0010ffff" * 40, ""]),
        "da": pa.array([datetime.date(9999, 12, 31), datetime.date(1, 1, 1)]),
        "ts": pa.array([datetime.datetime(9999, 12, 31, 23, 59, 59, 999999, UTC), datetime.datetime(1, 1, 1, tzinfo=UTC)], pa.timestamp("us", "UTC")),
    }))
    append(root, id=0)


def nested_types(root):
    structs = pa.array([{"a": 1, "t": {"u": "x"}}, None, {"a": None, "t": None}],
                       pa.struct([("a", pa.int32()), ("t", pa.struct([("u", pa.string())]))]))
    lists = pa.array([[{"x": 1, "y": "p"}, None], [], None], pa.list_(pa.struct([("x", pa.int32()), ("y", pa.string())])))
    maps = pa.array([[("k", [1, None])], [], None], pa.map_(pa.string(), pa.list_(pa.int32())))
    create(root, pa.table({"id": pa.array([1, 2, 3], pa.int64()), "s": structs, "l": lists, "m": maps}))
    append(root, id=4)


def partitions(root):
    create(root, pa.table({
        "id": pa.array([1, 2, 3, 4], pa.int64()), "p": ["a b/c%d=e", None, "ä", "long" * 50],
        "d": pa.array([datetime.date(2024, 1, 1), None, datetime.date(1969, 12, 31), datetime.date(9999, 12, 31)]),
    }), partition_by=["p", "d"])
    append(root, id=5, p="x:y?z#", d=None)
    DeltaTable(str(root)).delete("p = 'ä'")


def partitions_of_every_type(root):
    moment = datetime.datetime(2024, 1, 1, 10, 0, 0, 123456, UTC)
    create(root, pa.table({
        "id": pa.array([1, 2], pa.int64()), "b": [True, None], "i": pa.array([-5, None], pa.int32()),
        "de": pa.array([decimal.Decimal("1.50"), None], pa.decimal128(10, 2)), "d": pa.array([0.1, None], pa.float64()),
        "ts": pa.array([moment, None], pa.timestamp("us", "UTC")),
    }), partition_by=["b", "i", "de", "d", "ts"])
    append(root, id=3)


def without_zone(root):
    create(root, pa.table({"id": pa.array([1, 2], pa.int64()), "n": pa.array([datetime.datetime(1999, 12, 31, 23, 59, 59, 999999), None])}))
    append(root, id=3)


def overwrites(root):
    create(root, numbers(20))
    create(root, numbers(9), mode="overwrite")
    create(root, numbers(1, 3, v=pa.array(["replaced"])), mode="overwrite", predicate="id = 3")
    create(root, numbers(5, n=pa.array(range(5), pa.int32())), mode="overwrite", schema_mode="overwrite")


def schema_changes(root):
    create(root, numbers(20))
    DeltaTable(str(root)).alter.add_columns([Field("n", PrimitiveType("integer"))])
    create(root, numbers(2, 20, more=pa.array([1.5, 2.5])), mode="append", schema_mode="merge")
    DeltaTable(str(root)).alter.set_table_properties({"delta.logRetentionDuration": "interval 60 days"})


def with_rules(root):
    DeltaTable.create(str(root), Schema([Field("id", PrimitiveType("long"), nullable=False), Field("v", PrimitiveType("string"))]))
    write_deltalake(str(root), numbers(5).cast(pa.schema([pa.field("id", pa.int64(), False), pa.field("v", pa.string())])), mode="append")
    DeltaTable(str(root)).alter.add_constraint({"small": "id < 1000 AND v <> 'bad'"})


def generated(root):
    day = Field("day", PrimitiveType("date"), metadata={"delta.generationExpression": "CAST(ts AS DATE)"})
    DeltaTable.create(str(root), Schema([Field("id", PrimitiveType("long")), Field("ts", PrimitiveType("timestamp")), day]))
    moments = pa.array([datetime.datetime(2024, 1, 1, 10, tzinfo=UTC)], pa.timestamp("us", "UTC"))
    write_deltalake(str(root), pa.table({"id": pa.array([1], pa.int64()), "ts": moments}), mode="append", schema_mode="merge")


def checkpoints(root, features=(), **configuration):
    create(root, numbers(20), configuration=configuration)
    if features:
        DeltaTable(str(root)).alter.add_feature(list(features), allow_protocol_versions_increase=True)
    for first in (20, 30):
        create(root, numbers(10, first), mode="append")
    DeltaTable(str(root)).create_checkpoint()
    change(root)


def compacted_log(root):
    changed(root)
    DeltaTable(str(root)).compact_logs(1, 3)


def optimized(root):
    for first in (0, 20, 40):
        create(root, numbers(20, first), mode="append")
    DeltaTable(str(root)).optimize.compact()
    create(root, numbers(20, 60), mode="append")
    DeltaTable(str(root)).optimize.z_order(["id"])


def vacuumed(root):
    changed(root)
    DeltaTable(str(root)).vacuum(0, dry_run=False, enforce_retention_duration=False)


def restored(root):
    changed(root)
    DeltaTable(str(root)).restore(1)


def mapped(root):
    create(root, numbers(20), configuration={"delta.columnMapping.mode": "name"})


def with_feature(feature, **configuration):
    def write(root):
        create(root, numbers(20), configuration=configuration)
        DeltaTable(str(root)).alter.add_feature(feature, allow_protocol_versions_increase=True)
        append(root, id=20)

    return write


WRITES = {
    "appends": Made(appends),
    "primitive types": Made(primitive_types),
    "ends of every type": Made(ends_of_every_type, ("DELETE FROM {t} WHERE id = 0",), where="id > 9223372036854775806"),
    "nested types": Made(nested_types, ("UPDATE {t} SET s.a = 9 WHERE id = 1",), where="s.a = 1"),
    "partitions": Made(partitions, ("INSERT INTO {t} VALUES (20, 'x:y?z#', NULL)", "DELETE FROM {t} WHERE p IS NULL"), where="p = 'a b/c%d=e'"),
    "partitions of every type": Made(partitions_of_every_type, where="ts > TIMESTAMP'2024-01-01 09:00:00'"),
    "timestamps without a zone": Made(without_zone, features=("timestampNtz",), where="n > TIMESTAMP_NTZ'1999-12-31 23:59:59'"),
    "copy on write": Made(changed),
    "deletion vectors": Made(lambda root: changed(root, **{"delta.enableDeletionVectors": "true"}), features=("deletionVectors",)),
    "overwrites": Made(overwrites),
    "schema changes": Made(schema_changes),
    "change data feed": Made(lambda root: changed(root, **{"delta.enableChangeDataFeed": "true"}), features=("changeDataFeed",), changes_from=0),
    "column mapping by name": Made(mapped, features=("columnMapping",), past=0),
    "CHECK and NOT NULL": Made(with_rules, ("INSERT INTO {t} VALUES (999, 'good')",), features=("checkConstraints",)),
    "generated columns": Made(generated, ("INSERT INTO {t} (id, ts) VALUES (5, TIMESTAMP'2024-01-03 00:00:00')",), features=("generatedColumns",)),
    "append only": Made(with_feature(TableFeatures.AppendOnly, **{"delta.appendOnly": "true"}), ("INSERT INTO {t} (id) VALUES (100)",),
                        features=("appendOnly",)),
    "checkpoints": Made(checkpoints),
    "V2 checkpoints": Made(lambda root: checkpoints(root, [TableFeatures.V2Checkpoint], **{"delta.checkpointPolicy": "v2"}), features=("v2Checkpoint",)),
    "compacted logs": Made(compacted_log),
    "OPTIMIZE and ZORDER": Made(optimized),
    "VACUUM": Made(vacuumed, past=-1),
    "RESTORE": Made(restored),
    "in-commit timestamps": Made(lambda root: changed(root, **{"delta.enableInCommitTimestamps": "true"}),
                                 refuses="Error parsing property 'delta.enableInCommitTimestamps':'true'"),
}

# With tables of ours (cases.py): what deltalake does to them where `go_on` does not fit, and what it says instead of
# reading them, or of writing on.
THEN = {
    "append only": lambda root: append(root, id=100),
    "CHECK and NOT NULL": lambda root: append(root, id=100, v="good"),
}
MORE_FEATURES = "Unsupported table features required"  # and several, in any order
PROTECTED = 'Unsupported table features required: [Unknown("checkpointProtection")'
UNREAD = {
    "change data feed with renamed columns": "Column mapping is not supported for read operation 'CHANGE DATA FEED scans' yet",
    "partition columns widened": "Unsupported table features required: [TypeWidening]",
    "types widened, all of them": "Unsupported table features required: [TypeWidening]",
    "type widening": "Unsupported table features required: [TypeWidening]",
    "type widening, its preview": "Unsupported table features required",
    "vacuum protocol check": "Unsupported table features required: [VacuumProtocolCheck]",
}
UNWRITTEN = {
    "clustering columns altered": MORE_FEATURES,
    "column mapping dropped": PROTECTED,
    "features dropped": MORE_FEATURES,
    "Iceberg compatibility V1": "Unsupported table features required: [IcebergCompatV1]",
    "Iceberg compatibility V2": "Unsupported table features required: [IcebergCompatV2]",
    "identity columns with values given": "Unsupported table features required: [IdentityColumns]",
    "liquid clustering": MORE_FEATURES,
    "row tracking": MORE_FEATURES,
    "row tracking enabled later": MORE_FEATURES,
    "row tracking with vectors": MORE_FEATURES,
    "type widening dropped": PROTECTED,
    "vectors dropped": PROTECTED,
    "identity columns": "Unsupported table features required: [IdentityColumns]",
    "column defaults": "Unsupported table features required: [AllowColumnDefaults]",
    "in-commit timestamps": "Unsupported table features required: [InCommitTimestamp]",
    "in-commit timestamps, enabled later": "Unsupported table features required: [InCommitTimestamp]",
}
