"""What is written, by whom ever, in the SQL both understand. `{t}` is the table, created at `{path}`."""

import dataclasses


@dataclasses.dataclass
class Case:
    columns: str
    write: list                   # the statements that make it
    then: list = dataclasses.field(default_factory=list)     # what the other engine does with it afterwards
    refused: list = dataclasses.field(default_factory=list)  # (statement, condition): both refuse it, on the other's table too
    features: tuple = ()          # the protocol must list them (an older protocol may imply them)
    partitioned: str = ""
    properties: dict = dataclasses.field(default_factory=dict)
    clustered: str = ""
    where: str = "id > 2"         # a predicate that skips files
    select: str = "*"             # of what cannot be compared as it is
    replayed: bool = True         # tests/delta/replay.py shows the rows too, of types it knows
    data_checked: bool = True     # it reads the files; pyarrow cannot where they have variants
    cut: bool = False             # before others read, the log is cut to its newest checkpoint
    past: int = 1                 # an earlier version to read; -1 where there is none
    changes_from: int = -1        # table_changes from here on
    prepare: object = None        # a function of the folder, before all statements
    before: list = dataclasses.field(default_factory=list)   # statements before the table is there
    create: str = ""              # instead of a CREATE TABLE of the above
    by_writer: dict = dataclasses.field(default_factory=dict)  # `write` of one writer, where its engine needs other statements
    settings: dict = dataclasses.field(default_factory=dict)   # of delta-spark's session while it writes
    same_values: bool = True      # both writers make the same rows
    same_operations: bool = True
    same_stats: bool = True
    writers: tuple = ("ashlar", "delta-spark")
    refuses: dict = dataclasses.field(default_factory=dict)    # {peer: what it says}: it writes no such table
    known: list = dataclasses.field(default_factory=list)      # the reader's statements before it reads: what its catalog must know
    unread: dict = dataclasses.field(default_factory=dict)     # {peer: what it says}: it reads no such table of the other's

    def creation(self, name, path):
        if self.create:
            return self.create.format(t=name, path=path)
        text = f"CREATE TABLE {name} ({self.columns}) USING delta"
        text += f" PARTITIONED BY ({self.partitioned})" if self.partitioned else ""
        text += f" CLUSTER BY ({self.clustered})" if self.clustered else ""
        text += f" LOCATION '{path}'"
        listed = ", ".join(f"'{key}' = '{value}'" for key, value in self.properties.items())
        return text + (f" TBLPROPERTIES ({listed})" if listed else "")

    def statements(self, writer):
        return self.by_writer.get(writer, self.write)

    def make(self, peer, name, path):
        """All that makes the table, by a peer."""
        if self.prepare:
            self.prepare(path)
        for text in [*self.before, self.creation(name, path), *self.statements(peer.name)]:
            peer.sql(text.replace("{t}", name).replace("{path}", str(path)))


def on(*features):
    return {f"delta.feature.{name}": "supported" for name in features}


VECTORS = {"delta.enableDeletionVectors": "true"}
PAIRS = "id BIGINT, v STRING"
FILL = ["INSERT INTO {t} SELECT id, concat('v', id) FROM range(20)"]
MERGE = ("MERGE INTO {t} t USING (SELECT id * 3 AS id FROM range(10)) s ON t.id = s.id WHEN MATCHED AND t.id < 6 THEN DELETE "
         "WHEN MATCHED THEN UPDATE SET t.v = 'merged' WHEN NOT MATCHED THEN INSERT (id, v) VALUES (s.id, 'new')")
DML = ["UPDATE {t} SET v = 'changed' WHERE id % 5 = 1", "DELETE FROM {t} WHERE id BETWEEN 7 AND 9", MERGE]
MORE = ["INSERT INTO {t} VALUES (100, 'other')", "UPDATE {t} SET v = 'theirs' WHERE id IN (2, 100)", "DELETE FROM {t} WHERE id = 3"]

ROWS = {
    "appends": Case(PAIRS, FILL + ["INSERT INTO {t} VALUES (20, NULL), (NULL, '')"], ["INSERT INTO {t} VALUES (100, 'other')"]),
    "primitive types": Case(
        "id BIGINT, b BOOLEAN, y TINYINT, s SMALLINT, i INT, f FLOAT, d DOUBLE, de DECIMAL(20,3), st STRING, bi BINARY, da DATE, ts TIMESTAMP",
        ["INSERT INTO {t} VALUES (1, true, 1Y, -2S, 3, 1.5F, -2.25D, 12345678901234567.891, 'ä€𝄞', X'00ff', DATE'2024-02-29', "
         "TIMESTAMP'2024-01-01 00:00:00.123456'), (2, false, -128Y, 32767S, -2147483648, CAST('-Infinity' AS FLOAT), CAST('NaN' AS DOUBLE), "
         "-0.001, '', X'', DATE'0001-01-01', TIMESTAMP'1969-12-31 23:59:59.999999')",
         "INSERT INTO {t} (id) VALUES (3)",
         "INSERT INTO {t} (id, st) SELECT id, repeat('z', 60) FROM range(4, 6)"],
        ["INSERT INTO {t} (id, de, ts) VALUES (9, 1.5, TIMESTAMP'2030-05-06 07:08:09')", "DELETE FROM {t} WHERE id = 3"]),
    "ends of every type": Case(
        "id BIGINT, b BOOLEAN, y TINYINT, s SMALLINT, i INT, f FLOAT, d DOUBLE, de DECIMAL(38,0), dx DECIMAL(38,38), st STRING, da DATE, ts TIMESTAMP",
        ["INSERT INTO {t} VALUES (9223372036854775807, true, 127Y, 32767S, 2147483647, CAST('3.4028235E38' AS FLOAT), 1.7976931348623157E308D, "
         "99999999999999999999999999999999999999, 0.99999999999999999999999999999999999999, repeat('\U0010ffff', 40), DATE'9999-12-31', "
         "TIMESTAMP'9999-12-31 23:59:59.999999'), (-9223372036854775808, false, -128Y, -32768S, -2147483648, CAST('-3.4028235E38' AS FLOAT), "
         "-1.7976931348623157E308D, -99999999999999999999999999999999999999, -0.99999999999999999999999999999999999999, '', DATE'0001-01-01', "
         "TIMESTAMP'0001-01-01 00:00:00')",
         "INSERT INTO {t} VALUES (0, NULL, 0Y, 0S, 0, CAST('1.4E-45' AS FLOAT), 4.9E-324D, 0, 0, 'x', DATE'1970-01-01', TIMESTAMP'1970-01-01 00:00:00')"],
        ["DELETE FROM {t} WHERE id = 0"], where="id > 9223372036854775806"),
    "nested types": Case(
        "id BIGINT, s STRUCT<a: INT, t: STRUCT<u: STRING>>, l ARRAY<STRUCT<x: INT, y: STRING>>, m MAP<STRING, ARRAY<INT>>",
        ["INSERT INTO {t} VALUES (1, named_struct('a', 1, 't', named_struct('u', 'x')), array(named_struct('x', 1, 'y', 'p'), NULL), "
         "map('k', array(1, NULL))), (3, NULL, array(), map()), (4, named_struct('a', NULL, 't', NULL), NULL, NULL)",
         "ALTER TABLE {t} ADD COLUMNS (s.b DOUBLE)",
         "INSERT INTO {t} SELECT 5, named_struct('a', 2, 't', named_struct('u', 'y'), 'b', 1.5D), NULL, map('z', NULL)"],
        ["UPDATE {t} SET s.a = 9 WHERE id = 1", "ALTER TABLE {t} ADD COLUMNS (l.element.z INT)"], where="s.a = 2", replayed=False),
    "NULLs within structs": Case(
        "id BIGINT, s STRUCT<l: ARRAY<INT>, m: MAP<STRING, INT>, t: STRUCT<l: ARRAY<STRUCT<x: INT>>>>, l ARRAY<INT>",
        ["INSERT INTO {t} VALUES (1, named_struct('l', array(1), 'm', NULL, 't', named_struct('l', NULL)), NULL), (2, NULL, array(NULL)), "
         "(3, named_struct('l', NULL, 'm', map('k', NULL), 't', NULL), NULL), (4, named_struct('l', NULL, 'm', NULL, 't', named_struct('l', array())), array())",
         "INSERT INTO {t} VALUES (5, named_struct('l', array(), 'm', map(), 't', named_struct('l', array(NULL))), array(1))", "DELETE FROM {t} WHERE id = 2"],
        ["UPDATE {t} SET s.l = NULL WHERE id = 5", "INSERT INTO {t} VALUES (6, NULL, NULL)"], where="s.l IS NULL", replayed=False),
    "partitions": Case(
        "id BIGINT, p STRING, d DATE", partitioned="p, d",
        write=["INSERT INTO {t} VALUES (1, 'a b/c%d=e', DATE'2024-01-01'), (2, NULL, NULL), (3, 'ä', DATE'1969-12-31'), "
               "(10, repeat('long', 50), DATE'9999-12-31')",
               "INSERT INTO {t} SELECT id, CAST(id % 2 AS STRING), DATE'2024-01-01' FROM range(4, 8)", "DELETE FROM {t} WHERE p = '1'",
               "UPDATE {t} SET p = 'moved' WHERE id = 3"],
        then=["INSERT INTO {t} VALUES (20, 'x:y?z#', NULL)", "DELETE FROM {t} WHERE p IS NULL"], where="p = 'a b/c%d=e'"),
    "partitions of every type": Case(
        "id BIGINT, b BOOLEAN, i INT, de DECIMAL(10,2), d DOUBLE, ts TIMESTAMP", partitioned="b, i, de, d, ts",
        write=["INSERT INTO {t} VALUES (1, true, -5, 1.50, 0.1D, TIMESTAMP'2024-01-01 10:00:00.123456'), (3, NULL, NULL, NULL, NULL, NULL)"],
        then=["INSERT INTO {t} VALUES (5, false, 2147483647, -0.01, -1.5E300D, TIMESTAMP'1969-12-31 23:59:59.999999')"],
        where="ts > TIMESTAMP'2024-01-01 09:00:00'", replayed=False),
    "forty columns": Case(
        ", ".join(["id BIGINT", *(f"c{i} INT" for i in range(1, 40))]),
        ["INSERT INTO {t} SELECT id, " + ", ".join(f"CAST(id + {i} AS INT)" for i in range(1, 40)) + " FROM range(5)"],
        ["DELETE FROM {t} WHERE c39 = 41"], where="c39 > 42"),
    "statistics of listed columns": Case(
        "a STRING, b INT, id BIGINT", ["INSERT INTO {t} SELECT 'x', CAST(id AS INT), id FROM range(9)"], ["INSERT INTO {t} VALUES ('y', 1, 2)"],
        properties={"delta.dataSkippingStatsColumns": "id"}),
    "CHAR and VARCHAR": Case(
        "id BIGINT, c CHAR(5), v VARCHAR(4)", ["INSERT INTO {t} VALUES (1, 'ab', 'abcd'), (3, NULL, NULL)"], ["INSERT INTO {t} VALUES (5, 'x', 'y')"],
        refused=[("INSERT INTO {t} VALUES (7, 'x', 'abcde')", "DELTA_EXCEED_CHAR_VARCHAR_LIMIT")], where="c = 'ab'"),
    "timestamps without a zone": Case(
        "id BIGINT, n TIMESTAMP_NTZ", ["INSERT INTO {t} VALUES (1, TIMESTAMP_NTZ'1999-12-31 23:59:59.999999'), (3, NULL)"], features=("timestampNtz",),
        then=["INSERT INTO {t} VALUES (5, TIMESTAMP_NTZ'0001-01-01 00:00:00')"], where="n > TIMESTAMP_NTZ'1999-12-31 23:59:59'"),
    "variant": Case(
        "id BIGINT, j VARIANT", ["INSERT INTO {t} SELECT 1, parse_json('{\"a\": [1, \"x\", null, 1.25]}')", "INSERT INTO {t} VALUES (3, NULL)"],
        then=["INSERT INTO {t} SELECT 5, parse_json('7')"], features=("variantType",), select="id, to_json(j) AS j", replayed=False, data_checked=False),
}

CHANGES = {
    "copy on write": Case(PAIRS, FILL + DML, MORE, properties={"delta.enableDeletionVectors": "false"}),
    "deletion vectors": Case(PAIRS, FILL + DML, MORE, properties=VECTORS, features=("deletionVectors",)),
    "overwrites": Case(
        PAIRS, FILL + ["INSERT OVERWRITE {t} VALUES (1, 'a'), (3, 'b'), (9, 'c')", "INSERT INTO {t} REPLACE WHERE id = 3 SELECT 3, 'replaced'"],
        ["INSERT INTO {t} REPLACE WHERE id > 5 SELECT 8, 'theirs'"]),
    "MERGE with schema evolution": Case(
        PAIRS, FILL + ["MERGE WITH SCHEMA EVOLUTION INTO {t} t USING (SELECT id * 4 AS id, 'm' AS v, CAST(id AS INT) AS n FROM range(8)) s ON t.id = s.id "
                       "WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT * WHEN NOT MATCHED BY SOURCE AND t.id > 15 THEN DELETE"],
        ["DELETE FROM {t} WHERE n = 1"]),
    "change data feed": Case(
        PAIRS, FILL + DML, MORE, properties={"delta.enableChangeDataFeed": "true"}, features=("changeDataFeed",), changes_from=0),
    "change data feed with vectors": Case(
        PAIRS, FILL + DML, MORE, features=("changeDataFeed", "deletionVectors"), changes_from=0,
        properties={"delta.enableChangeDataFeed": "true", **VECTORS}),
    "schema changes": Case(
        PAIRS, FILL + ["ALTER TABLE {t} ADD COLUMNS (n INT COMMENT 'a number', first STRING FIRST)", "INSERT INTO {t} VALUES ('f', 50, 'x', 7)",
                       "ALTER TABLE {t} ALTER COLUMN n COMMENT 'another'", "ALTER TABLE {t} SET TBLPROPERTIES ('k' = 'v')"],
        ["ALTER TABLE {t} ADD COLUMNS (last DATE AFTER id)", "INSERT INTO {t} VALUES ('g', 51, DATE'2024-01-01', 'y', 8)"]),
    "column mapping by name": Case(
        "id BIGINT, `a b` STRING, s STRUCT<x: INT, y: STRING>", features=("columnMapping",), properties={"delta.columnMapping.mode": "name"},
        write=["INSERT INTO {t} VALUES (1, 'one', named_struct('x', 1, 'y', 'p')), (3, 'three', NULL)", "ALTER TABLE {t} RENAME COLUMN `a b` TO `c,d`",
               "ALTER TABLE {t} ADD COLUMNS (extra DATE)", "INSERT INTO {t} VALUES (5, 'five', named_struct('x', 5, 'y', 'q'), DATE'2024-05-05')",
               "ALTER TABLE {t} DROP COLUMN s"],
        then=["INSERT INTO {t} VALUES (7, 'seven', NULL)", "ALTER TABLE {t} RENAME COLUMN extra TO more", "UPDATE {t} SET `c,d` = 'x' WHERE id = 1"]),
    "column mapping enabled later": Case(
        PAIRS, FILL + ["ALTER TABLE {t} SET TBLPROPERTIES ('delta.columnMapping.mode' = 'name', 'delta.minReaderVersion' = '2', "
                       "'delta.minWriterVersion' = '5')", "ALTER TABLE {t} RENAME COLUMN v TO w", "INSERT INTO {t} VALUES (50, 'x')"],
        ["INSERT INTO {t} VALUES (51, 'y')", "ALTER TABLE {t} DROP COLUMN w"], features=("columnMapping",)),
    "column mapping by id": Case(
        PAIRS + ", p INT", ["INSERT INTO {t} SELECT id, concat('v', id), CAST(id % 2 AS INT) FROM range(6)", "DELETE FROM {t} WHERE id = 1"],
        then=["INSERT INTO {t} VALUES (100, 'other', 7)"], partitioned="p", properties={"delta.columnMapping.mode": "id"}, features=("columnMapping",)),
    "type widening": Case(
        "id BIGINT, n INT, f FLOAT", ["INSERT INTO {t} VALUES (1, 1, 1.5F)", "ALTER TABLE {t} ALTER COLUMN n TYPE BIGINT",
                                      "ALTER TABLE {t} ALTER COLUMN f TYPE DOUBLE", "INSERT INTO {t} VALUES (3, 5000000000, 2.5D)"],
        then=["INSERT INTO {t} VALUES (5, -5000000000, 3.5D)"], properties={"delta.enableTypeWidening": "true"}, features=("typeWidening",),
        where="n > 1"),
}

RULES = {
    "CHECK and NOT NULL": Case(
        "id BIGINT NOT NULL, v STRING", FILL + ["ALTER TABLE {t} ADD CONSTRAINT small CHECK (id < 1000 AND v <> 'bad')"],
        then=["INSERT INTO {t} VALUES (999, 'good')"], features=("checkConstraints", "invariants"),
        refused=[("INSERT INTO {t} VALUES (1000, 'x')", "DELTA_VIOLATE_CONSTRAINT_WITH_VALUES"),
                 ("INSERT INTO {t} VALUES (1, NULL)", "DELTA_VIOLATE_CONSTRAINT_WITH_VALUES"),
                 ("INSERT INTO {t} VALUES (NULL, 'x')", "DELTA_VIOLATE_CONSTRAINT_WITH_VALUES"),  # a CHECK comes before NOT NULL
                 ("UPDATE {t} SET v = 'bad' WHERE id = 2", "DELTA_VIOLATE_CONSTRAINT_WITH_VALUES")]),
    "generated columns": Case(
        "id BIGINT, ts TIMESTAMP, day DATE GENERATED ALWAYS AS (CAST(ts AS DATE))", features=("generatedColumns",), partitioned="day",
        write=["INSERT INTO {t} (id, ts) VALUES (1, TIMESTAMP'2024-01-01 10:00:00'), (3, TIMESTAMP'2024-01-02 10:00:00')"],
        then=["INSERT INTO {t} (id, ts) VALUES (5, TIMESTAMP'2024-01-03 00:00:00')"],
        refused=[("INSERT INTO {t} VALUES (7, TIMESTAMP'2024-01-03 00:00:00', DATE'2024-01-04')", "DELTA_VIOLATE_CONSTRAINT_WITH_VALUES")]),
    "identity columns": Case(
        "id BIGINT GENERATED ALWAYS AS IDENTITY (START WITH 10 INCREMENT BY 5), v STRING", features=("identityColumns",), same_values=False,
        same_stats=False, write=["INSERT INTO {t} (v) VALUES ('a')", "INSERT INTO {t} (v) VALUES ('b')"],
        then=["INSERT INTO {t} (v) VALUES ('c')"], where="id > 10",
        refused=[("INSERT INTO {t} (id, v) VALUES (1, 'x')", "DELTA_IDENTITY_COLUMNS_EXPLICIT_INSERT_NOT_SUPPORTED")]),
    "column defaults": Case(
        "id BIGINT, v STRING DEFAULT 'none', n INT DEFAULT 40 + 2", properties=on("allowColumnDefaults"), features=("allowColumnDefaults",),
        write=["INSERT INTO {t} (id) VALUES (1)", "INSERT INTO {t} VALUES (3, DEFAULT, 7)"], then=["INSERT INTO {t} (id, v) VALUES (5, 'x')"]),
    "append only": Case(
        PAIRS, FILL, ["INSERT INTO {t} VALUES (100, 'other')"], properties={"delta.appendOnly": "true"}, features=("appendOnly",), past=0,
        refused=[("DELETE FROM {t} WHERE id = 1", "DELTA_CANNOT_MODIFY_APPEND_ONLY"),
                 ("UPDATE {t} SET v = 'x' WHERE id = 1", "DELTA_CANNOT_MODIFY_APPEND_ONLY")]),
}

LOGS = {
    "checkpoints": Case(PAIRS, FILL * 3 + DML, MORE, properties={"delta.checkpointInterval": "2"}),
    "checkpoints, statistics as structs": Case(
        PAIRS, FILL * 3 + DML, MORE,
        properties={"delta.checkpointInterval": "2", "delta.checkpoint.writeStatsAsJson": "false", "delta.checkpoint.writeStatsAsStruct": "true"}),
    "checkpoints in parts": Case(
        PAIRS, FILL * 3 + DML, MORE, properties={"delta.checkpointInterval": "2"}, writers=("delta-spark",),
        settings={"spark.databricks.delta.checkpoint.partSize": "2"}),
    "V2 checkpoints": Case(
        PAIRS, FILL * 3 + DML, MORE, features=("v2Checkpoint",), properties={"delta.checkpointInterval": "2", "delta.checkpointPolicy": "v2"}),
    "in-commit timestamps": Case(PAIRS, FILL + DML, MORE, properties={"delta.enableInCommitTimestamps": "true"}, features=("inCommitTimestamp",)),
    "in-commit timestamps, enabled later": Case(
        PAIRS, FILL + ["ALTER TABLE {t} SET TBLPROPERTIES ('delta.enableInCommitTimestamps' = 'true')"] + DML, MORE, features=("inCommitTimestamp",)),
    "vacuum protocol check": Case(PAIRS, FILL, MORE, properties=on("vacuumProtocolCheck"), features=("vacuumProtocolCheck",)),
}

MAINTENANCE = {
    "OPTIMIZE and ZORDER": Case(
        PAIRS, FILL * 3 + ["OPTIMIZE {t} ZORDER BY (id)"] + DML, MORE + ["OPTIMIZE {t}"], properties=VECTORS, same_stats=False),
    "automatic compaction": Case(
        PAIRS, [], MORE, properties={"delta.autoOptimize.autoCompact": "true"}, same_operations=False, same_stats=False,
        by_writer={"ashlar": [f"INSERT INTO {{t}} VALUES ({i}, 'small')" for i in range(50)],
                   "delta-spark": ["INSERT INTO {t} SELECT /*+ REPARTITION(50) */ id, 'small' FROM range(50)"]}),
    "REORG": Case(PAIRS, FILL + ["DELETE FROM {t} WHERE id < 4", "REORG TABLE {t} APPLY (PURGE)"], MORE, properties=VECTORS),
    "VACUUM": Case(
        PAIRS, FILL + DML + ["VACUUM {t}"], MORE + ["VACUUM {t}"], past=-1, properties={"delta.deletedFileRetentionDuration": "interval 0 seconds"}),
    "RESTORE": Case(PAIRS, FILL + DML + ["RESTORE TABLE {t} TO VERSION AS OF 1"], MORE),
    "deep CLONE": Case(
        "", [], MORE, past=-1, create="CREATE TABLE {t} DEEP CLONE {t}_source LOCATION '{path}'", refuses={"delta-spark": "PARSE_SYNTAX_ERROR"},
        before=[f"CREATE TABLE {{t}}_source ({PAIRS}) USING delta LOCATION '{{path}}_source' "
                "TBLPROPERTIES ('delta.enableDeletionVectors' = 'true')", *(text.replace("{t}", "{t}_source") for text in FILL + DML)]),
}


def parquet_files(root):
    """A folder as other programs leave it, in two partitions."""
    import pyarrow
    import pyarrow.parquet
    rows = pyarrow.table({"id": pyarrow.array(range(20), pyarrow.int64()), "v": [f"v{i}" for i in range(20)], "p": [i % 2 for i in range(20)]})
    pyarrow.parquet.write_to_dataset(rows, root, partition_cols=["p"])


TRACKED = "*, _metadata.row_id AS row_id, _metadata.row_commit_version AS changed_in"
FEATURES = {
    "row tracking": Case(
        PAIRS, FILL + DML, MORE, properties={"delta.enableRowTracking": "true"}, features=("rowTracking", "domainMetadata"), select=TRACKED,
        same_values=False),  # which ids new rows get is the writer's to say
    "row tracking with vectors": Case(
        PAIRS, FILL + DML + ["OPTIMIZE {t}"], MORE, properties={"delta.enableRowTracking": "true", **VECTORS}, select=TRACKED,
        features=("rowTracking", "deletionVectors"), same_stats=False, same_values=False),
    "row tracking enabled later": Case(
        PAIRS, FILL * 2 + ["ALTER TABLE {t} SET TBLPROPERTIES ('delta.enableRowTracking' = 'true')"] + DML, MORE, features=("rowTracking",),
        select=TRACKED, past=-1, same_values=False),
    "liquid clustering": Case(
        PAIRS, FILL * 2 + ["OPTIMIZE {t}", "DELETE FROM {t} WHERE id = 5"], MORE + ["OPTIMIZE {t}"], clustered="id",
        features=("clustering", "domainMetadata"), same_stats=False),
    "clustering columns altered": Case(
        "id BIGINT, v STRING, s STRUCT<x: INT>", clustered="v", properties={"delta.columnMapping.mode": "name"}, features=("clustering", "columnMapping"),
        write=["INSERT INTO {t} SELECT id, concat('v', id), named_struct('x', CAST(id AS INT)) FROM range(20)", "OPTIMIZE {t}",
               "ALTER TABLE {t} CLUSTER BY (s.x, id)", "INSERT INTO {t} VALUES (50, 'new', named_struct('x', 1))", "OPTIMIZE {t} FULL"],
        then=["ALTER TABLE {t} CLUSTER BY NONE", "INSERT INTO {t} VALUES (100, 'other', NULL)"], same_stats=False, replayed=False),
    "types widened, all of them": Case(
        "id BIGINT, b TINYINT, h SMALLINT, i INT, f FLOAT, de DECIMAL(6,2), da DATE, n INT, s STRUCT<x: INT>, l ARRAY<INT>, m MAP<INT, SMALLINT>",
        ["INSERT INTO {t} VALUES (1, 1Y, 2S, 3, 1.1F, 1.25, DATE'2024-01-02', 7, named_struct('x', 4), array(5), map(6, 7S))",
         *(f"ALTER TABLE {{t}} ALTER COLUMN {column} TYPE {kind}" for column, kind in (
             ("b", "SMALLINT"), ("h", "BIGINT"), ("i", "DOUBLE"), ("f", "DOUBLE"), ("de", "DECIMAL(12,4)"), ("da", "TIMESTAMP_NTZ"),
             ("n", "DECIMAL(20,2)"), ("s.x", "BIGINT"), ("l.element", "BIGINT"), ("m.key", "BIGINT"), ("m.value", "INT"), ("b", "INT"))),
         "INSERT INTO {t} VALUES (3, 70000, 5000000000, 2.5D, 1.1D, 12345678.1234, TIMESTAMP_NTZ'2024-01-02 10:00:00', 12345678901.25, "
         "named_struct('x', 5000000000), array(5000000000), map(5000000000, 70000))"],
        then=["UPDATE {t} SET de = de + 1 WHERE id = 1", "INSERT INTO {t} (id, b) VALUES (5, -70000)"],
        properties={"delta.enableTypeWidening": "true", **on("timestampNtz")}, features=("typeWidening", "timestampNtz"),
        # Not 1.1D: delta-spark takes the text of the FLOAT bound for a DOUBLE, and skips the file whose value is above it.
        where="f > 1.2D OR b > 1", replayed=False),
    "partition columns widened": Case(
        "id BIGINT, p INT", ["INSERT INTO {t} VALUES (1, 1)", "ALTER TABLE {t} ALTER COLUMN p TYPE BIGINT", "INSERT INTO {t} VALUES (3, 5000000000)"],
        then=["INSERT INTO {t} VALUES (5, -5000000000)", "DELETE FROM {t} WHERE p = 1"], partitioned="p",
        properties={"delta.enableTypeWidening": "true"}, features=("typeWidening",), where="p > 1"),
    "type widening, its preview": Case(
        PAIRS + ", n INT", ["INSERT INTO {t} VALUES (1, 'a', 1)", "ALTER TABLE {t} ALTER COLUMN n TYPE BIGINT", "INSERT INTO {t} VALUES (3, 'b', 5000000000)"],
        then=["INSERT INTO {t} VALUES (5, 'c', -5000000000)"], properties={"delta.enableTypeWidening": "true", **on("typeWidening-preview")},
        features=("typeWidening-preview",), where="n > 1"),
    "variant, its preview": Case(
        "id BIGINT, j VARIANT", ["INSERT INTO {t} SELECT 1, parse_json('[1, \"x\"]')"], then=["INSERT INTO {t} SELECT 5, parse_json('7')"],
        properties=on("variantType-preview"), features=("variantType-preview",), select="id, to_json(j) AS j", replayed=False, data_checked=False, past=0),
    "variants in structs and lists": Case(
        "id BIGINT, s STRUCT<j: VARIANT>, l ARRAY<VARIANT>",
        ["INSERT INTO {t} SELECT 1, named_struct('j', parse_json('{\"a\": 1.5}')), array(parse_json('[true, null]'), NULL)"],
        then=["INSERT INTO {t} SELECT 5, named_struct('j', parse_json('\"x\"')), array()"], features=("variantType",),
        select="id, to_json(s.j) AS j, size(l) AS n, to_json(get(l, 0)) AS first", replayed=False, data_checked=False),
    "change data feed with renamed columns": Case(
        PAIRS, FILL + ["ALTER TABLE {t} RENAME COLUMN v TO `new name`", "UPDATE {t} SET `new name` = 'x' WHERE id = 3",
                       "DELETE FROM {t} WHERE id = 4"], ["DELETE FROM {t} WHERE id = 5"], changes_from=3,
        properties={"delta.enableChangeDataFeed": "true", "delta.columnMapping.mode": "name"}, features=("changeDataFeed", "columnMapping")),
    "Iceberg compatibility V1": Case(
        "id BIGINT, v STRING, p INT", ["INSERT INTO {t} SELECT id, concat('v', id), CAST(id % 3 AS INT) FROM range(20)"] + DML,
        ["INSERT INTO {t} VALUES (100, 'other', 7)", *MORE[1:]], partitioned="p", properties={"delta.enableIcebergCompatV1": "true"},
        features=("icebergCompatV1", "columnMapping")),
    "Iceberg compatibility V2": Case(
        "id BIGINT, v STRING, l ARRAY<STRUCT<x: INT>>, m MAP<STRING, ARRAY<INT>>",
        ["INSERT INTO {t} SELECT id, concat('v', id), array(named_struct('x', CAST(id AS INT))), map('k', array(1, 2)) FROM range(20)",
         "ALTER TABLE {t} ADD COLUMNS (more ARRAY<ARRAY<INT>>)"] + DML,
        ["INSERT INTO {t} VALUES (100, 'other', NULL, NULL, array(array(1)))", *MORE[1:]], properties={"delta.enableIcebergCompatV2": "true"},
        features=("icebergCompatV2", "columnMapping"), replayed=False),
    "comments": Case(
        "id BIGINT COMMENT 'the key, it\\'s \"ä\"', s STRUCT<x: INT COMMENT 'within'>", ["INSERT INTO {t} VALUES (1, named_struct('x', 1))",
        "COMMENT ON TABLE {t} IS 'what it is about'", "ALTER TABLE {t} ALTER COLUMN s.x COMMENT 'changed'"],
        ["ALTER TABLE {t} ALTER COLUMN id COMMENT 'theirs'"], where="id > 0"),
    "vectors dropped": Case(
        PAIRS, FILL + ["DELETE FROM {t} WHERE id < 4", "ALTER TABLE {t} DROP FEATURE deletionVectors"], MORE, properties=VECTORS,
        features=("checkpointProtection",)),
    "column mapping dropped": Case(
        PAIRS, FILL + ["ALTER TABLE {t} RENAME COLUMN v TO w", "ALTER TABLE {t} DROP FEATURE columnMapping"], ["INSERT INTO {t} VALUES (100, 'other')"],
        properties={"delta.columnMapping.mode": "name"}, features=("checkpointProtection",)),
    "type widening dropped": Case(
        "id BIGINT, n INT", ["INSERT INTO {t} VALUES (1, 1)", "ALTER TABLE {t} ALTER COLUMN n TYPE BIGINT", "INSERT INTO {t} VALUES (3, 5000000000)",
                             "ALTER TABLE {t} DROP FEATURE typeWidening"],
        ["INSERT INTO {t} VALUES (5, 6)"], properties={"delta.enableTypeWidening": "true"}, features=("checkpointProtection",)),
    "features dropped": Case(
        PAIRS, FILL + [f"ALTER TABLE {{t}} DROP FEATURE {name}" for name in ("rowTracking", "inCommitTimestamp", "v2Checkpoint", "vacuumProtocolCheck")],
        MORE, features=("checkpointProtection",), properties={
            "delta.enableRowTracking": "true", "delta.enableInCommitTimestamps": "true", "delta.checkpointPolicy": "v2", **on("vacuumProtocolCheck")}),
    "identity columns with values given": Case(
        "id BIGINT GENERATED BY DEFAULT AS IDENTITY, v STRING", features=("identityColumns",), same_values=False, same_stats=False,
        write=["INSERT INTO {t} (v) VALUES ('a')", "INSERT INTO {t} VALUES (100, 'given')"],
        by_writer={"delta-spark": ["INSERT INTO {t} (v) VALUES ('a')", "INSERT INTO {t} VALUES (100, 'given')",
                                   "ALTER TABLE {t} ALTER COLUMN id SYNC IDENTITY"]},
        then=["INSERT INTO {t} (v) VALUES ('c')", "INSERT INTO {t} VALUES (200, 'given')", "INSERT INTO {t} (v) VALUES ('d')"], same_operations=False),
    "only a checkpoint is left": Case(PAIRS, FILL * 3 + DML, MORE, properties={"delta.checkpointInterval": "2"}, cut=True, past=-1),
    "only a V2 checkpoint is left": Case(
        PAIRS, FILL * 3 + DML, MORE, properties={"delta.checkpointInterval": "2", "delta.checkpointPolicy": "v2"}, cut=True, past=-1,
        features=("v2Checkpoint",)),
    "shallow CLONE": Case(
        "", [], MORE, past=-1, known=["CREATE TABLE {t}_source USING delta LOCATION '{path}_source'"],
        create="CREATE TABLE {t} SHALLOW CLONE {t}_source LOCATION '{path}'",
        before=[f"CREATE TABLE {{t}}_source ({PAIRS}) USING delta LOCATION '{{path}}_source' "
                "TBLPROPERTIES ('delta.enableDeletionVectors' = 'true')", *(text.replace("{t}", "{t}_source") for text in FILL + DML)]),
    "CONVERT TO DELTA": Case(
        "", ["CREATE TABLE {t} USING delta LOCATION '{path}'", "INSERT INTO {t} VALUES (50, 'x', 2)"],
        ["INSERT INTO {t} VALUES (100, 'other', 7)", "UPDATE {t} SET v = 'theirs' WHERE id = 2"], partitioned="p",
        prepare=parquet_files, create="CONVERT TO DELTA parquet.`{path}` PARTITIONED BY (p INT)"),
}

CASES = {**ROWS, **CHANGES, **RULES, **FEATURES, **LOGS, **MAINTENANCE}
