"""Tables with shredded VARIANTs, what is done to them and asked of them (record_shredded); {t} is the table.

A Write is one file: `schema` is the shredding Spark is made to use, None lets Spark infer it. The changes come after the
first questions, and all is asked again after each.
"""
import dataclasses


@dataclasses.dataclass
class Write:
    schema: str | None
    rows: list


@dataclasses.dataclass
class Case:
    name: str
    create: str
    writes: list
    queries: list
    changes: list = dataclasses.field(default_factory=list)


PROPERTIES = "TBLPROPERTIES ('delta.enableVariantShredding' = 'true')"


def parsed(first, *texts):
    """Rows of an id and a variant; None is NULL."""
    shown = ["CAST(NULL AS VARIANT)" if text is None else f"parse_json('{text}')" for text in texts]
    return [f"SELECT {first + i} AS id, {value} AS v" for i, value in enumerate(shown)]


def of(first, *values):
    return [f"SELECT {first + i} AS id, CAST({value} AS VARIANT) AS v" for i, value in enumerate(values)]


def objects(first, *structs):
    return [f"SELECT {first + i} AS id, to_variant_object(named_struct({fields})) AS v" for i, fields in enumerate(structs)]


WHOLE = "SELECT id, to_json(v), v IS NULL, is_variant_null(v) FROM {t} ORDER BY id"
SCHEMA = "SELECT id, schema_of_variant(v) FROM {t} ORDER BY id"
GET = "SELECT id, CAST(try_variant_get(v, '$.{path}', '{type}') AS STRING) FROM {{t}} ORDER BY id"


def got(path, kind):
    return GET.format(path=path, type=kind)


FIELDS = Write("a int, b string", parsed(
    0, '{"a": 1, "b": "x"}', '{"a": "text", "b": 2}', '{"a": 1.5}', '{"b": null, "a": null}', '{}', '{"b": "y", "é": "ü", "c": [1, {"d": 2}], "A": 7}',
    "5", '"str"', "[1, 2]", "null", None, '{"a": 3000000000, "b": ""}', '{"a": -7, "z": {"a": 1}}'))
NESTED = Write("o struct<x: bigint, y: struct<z: string>>, l array<int>, m array<struct<k: string, n: double>>", parsed(
    100, '{"o": {"x": 1, "y": {"z": "deep"}}, "l": [1, 2, 3], "m": [{"k": "a", "n": 1.5e0}, {"k": "b"}, {}, {"other": 1}, null, 3]}',
    '{"o": {"x": "no", "y": 5, "w": true}, "l": [1, "two", null, 3.5, [4], {"five": 5}], "m": []}',
    '{"o": {"y": {"z": null, "q": 1}}, "l": {}, "m": "none"}', '{"o": {}}', '{"o": null, "l": null, "m": [[1]]}', '{"p": 1}'))
TYPED = Write("d decimal(9,2), e decimal(18,4), f decimal(38,10), dt date, ts timestamp, ntz timestamp_ntz, bin binary, bo boolean, dbl double, "
              "fl float, i8 tinyint, i16 smallint, i64 bigint", objects(
                  200,
                  "'d', 1.50, 'e', 12345.6789, 'f', CAST('1234567890123456789.0123456789' AS DECIMAL(38,10)), 'dt', DATE'2024-02-29', "
                  "'ts', TIMESTAMP'2024-02-29 12:34:56.789123', 'ntz', TIMESTAMP_NTZ'1969-12-31 23:59:59.999999', 'bin', X'00FF41', 'bo', true, "
                  "'dbl', 1.5D, 'fl', CAST(0.1 AS FLOAT), 'i8', 1Y, 'i16', 300S, 'i64', 5000000000L",
                  "'d', -99.999, 'e', 1, 'f', 'text', 'dt', TIMESTAMP'0001-01-01 00:00:00', 'ts', DATE'1900-01-01', "
                  "'ntz', TIMESTAMP'2024-02-29 12:34:56', 'bin', 'b', 'bo', 1, 'dbl', CAST('NaN' AS DOUBLE), 'fl', CAST('-Infinity' AS FLOAT), "
                  "'i8', 1000, 'i16', -1, 'i64', true",
                  "'d', CAST(NULL AS DECIMAL(9,2)), 'dt', DATE'-0001-01-01', 'bin', X'', 'dbl', 1.5, 'fl', 2.5D, 'i64', -9223372036854775808L"))
WHOLE_VALUES = [
    Write("bigint", of(300, "1", "'x'", "1.5", "5000000000L") + parsed(304, "null", '{"a": 1}') + of(306, "NULL")),
    Write("string", of(310, "'x'", "1", "repeat('long', 40)")),
    Write("decimal(15,1)", of(320, "1.5", "1", "123456789012345.6BD", "1.25")),
    Write("date", of(330, "DATE'2024-01-01'", "TIMESTAMP'2024-01-01 00:00:00'")),
    Write("timestamp", of(340, "TIMESTAMP'2024-01-01 00:00:00.5'", "TIMESTAMP_NTZ'2024-01-01 00:00:00'")),
    Write("timestamp_ntz", of(350, "TIMESTAMP_NTZ'2024-01-01 00:00:00.000001'", "TIMESTAMP'2024-01-01 00:00:00'")),
    Write("binary", of(360, "X'DEADBEEF'", "'x'")),
    Write("boolean", of(370, "true", "false", "1")),
    Write("double", of(380, "1.5D", "CAST(1.5 AS FLOAT)", "1")),
    Write("float", of(390, "CAST(1.5 AS FLOAT)", "1.5D")),
    Write("array<string>", parsed(400, '["a", 1, null]', "[]", '{"a": 1}', '"a"')),
    Write("array<array<int>>", parsed(410, '[[1, 2], [], [null, "x"], 3]')),
]
CHANGES = ["DELETE FROM {t} WHERE id % 5 = 1", "UPDATE {t} SET v = parse_json('{\"a\": 42, \"new\": [1]}') WHERE id % 5 = 2",
           "MERGE INTO {t} t USING (SELECT 0 AS id, parse_json('[0]') AS v UNION ALL SELECT 900, parse_json('{\"a\": 9}')) s ON t.id = s.id "
           "WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *", "OPTIMIZE {t}"]

CASES = [
    Case("fields", f"CREATE TABLE {{t}} (id INT, v VARIANT) USING delta {PROPERTIES}", [FIELDS],
         [WHOLE, SCHEMA, got("a", "int"), got("a", "string"), got("b", "string"), got("c[1].d", "bigint"), got("z.a", "int"), got("A", "int"),
          "SELECT id FROM {t} WHERE try_variant_get(v, '$.a', 'int') = 1 ORDER BY id", "SELECT id FROM {t} WHERE v IS NULL ORDER BY id",
          "SELECT id, v IS NULL FROM {t} WHERE v IS NOT NULL AND id > 5 ORDER BY id", "SELECT count(*), count(v) FROM {t}",
          "SELECT id, CAST(try_variant_get(v, '$.b', 'string') AS STRING) AS b FROM {t} WHERE id BETWEEN 2 AND 5 ORDER BY id"], CHANGES),
    Case("nested_fields", f"CREATE TABLE {{t}} (id INT, v VARIANT) USING delta {PROPERTIES}", [NESTED],
         [WHOLE, SCHEMA, got("o", "string"), got("o.y.z", "string"), got("o.x", "bigint"), got("l[1]", "string"), got("l", "array<string>"), got("m[0].n", "double"),
          got("m[1]", "map<string, string>")], CHANGES),
    Case("types", f"CREATE TABLE {{t}} (id INT, v VARIANT) USING delta {PROPERTIES}", [TYPED],
         [WHOLE, SCHEMA, got("d", "decimal(9,3)"), got("f", "string"), got("dt", "date"), got("ts", "timestamp"), got("ntz", "timestamp_ntz"),
          got("dbl", "double"), got("fl", "float"), got("i64", "bigint"), got("i8", "int"),
          "SELECT id, hex(try_variant_get(v, '$.bin', 'binary')) FROM {t} ORDER BY id"], CHANGES),
    Case("whole_values", f"CREATE TABLE {{t}} (id INT, v VARIANT) USING delta {PROPERTIES}", WHOLE_VALUES,
         [WHOLE, SCHEMA, "SELECT id, CAST(try_variant_get(v, '$', 'string') AS STRING) FROM {t} WHERE NOT (id BETWEEN 360 AND 369) ORDER BY id"], CHANGES),
    Case("inferred", f"CREATE TABLE {{t}} (id INT, v VARIANT) USING delta {PROPERTIES}",
         [Write(None, ["SELECT CAST(id AS INT) AS id, parse_json(concat('{\"n\": ', id, ', \"s\": \"', id * id, '\", \"l\": [', id, ', null], \"d\": ', id, '.25, \"o\": {\"x\": ', "
                             "IF(id % 7 = 0, '\"odd\"', CAST(id AS STRING)), '}}')) AS v FROM range(50)"])],
         [WHOLE, SCHEMA, got("o.x", "string"), "SELECT sum(v:n::int), max(v:s::string), sum(v:d::decimal(9,2)) FROM {t}"], CHANGES),
    Case("in_structs", f"CREATE TABLE {{t}} (id INT, s STRUCT<n: INT, v: VARIANT>, x STRUCT<y: STRUCT<v: VARIANT>>) USING delta {PROPERTIES}",
         [Write("a int, b string", [
             "SELECT 1 AS id, named_struct('n', 1, 'v', parse_json('{\"a\": 1, \"c\": 2}')) AS s, named_struct('y', named_struct('v', parse_json('{\"a\": 5}'))) AS x",
             "SELECT 2, named_struct('n', 2, 'v', CAST(NULL AS VARIANT)), NULL", "SELECT 3, NULL, named_struct('y', NULL)"])],
         ["SELECT id, to_json(s.v), s.n, s IS NULL, s.v IS NULL FROM {t} ORDER BY id", "SELECT id, to_json(x.y.v) FROM {t} ORDER BY id",
          "SELECT id, s.v:a::int FROM {t} ORDER BY id", "SELECT id, to_json(s.v) FROM {t} WHERE s.n = 1"],
         ["UPDATE {t} SET s.n = 7 WHERE id = 1", "DELETE FROM {t} WHERE id = 3", "OPTIMIZE {t}"]),
    Case("in_lists", f"CREATE TABLE {{t}} (id INT, l ARRAY<VARIANT>, m MAP<STRING, VARIANT>, v VARIANT) USING delta {PROPERTIES}",
         [Write(None, [
             "SELECT 1 AS id, array(parse_json('{\"a\": \"x\"}'), NULL, parse_json('1')) AS l, map('k', parse_json('{\"b\": \"y\"}')) AS m, parse_json('{\"a\": 1}') AS v",
             "SELECT 2, NULL, map('k', CAST(NULL AS VARIANT)), NULL", "SELECT 3, array(), NULL, parse_json('[]')"])],
         ["SELECT id, to_json(l[0]), to_json(l[2]), size(l), l[1] IS NULL, to_json(v) FROM {t} WHERE id = 1", "SELECT id, to_json(m['k']), m IS NULL FROM {t} ORDER BY id"],
         ["DELETE FROM {t} WHERE id = 3", "OPTIMIZE {t}"]),
    Case("mapped", "CREATE TABLE {t} (id INT, v VARIANT, p STRING) USING delta PARTITIONED BY (p) TBLPROPERTIES "
         "('delta.enableVariantShredding' = 'true', 'delta.columnMapping.mode' = 'name')",
         [Write("a int, b string", [f"{row}, '{i % 2}' AS p" for i, row in enumerate(parsed(0, '{"a": 1}', '{"a": "x"}', None, '{"c": [1]}'))])],
         ["SELECT id, to_json(v), p FROM {t} ORDER BY id", got("a", "string")],
         ["UPDATE {t} SET p = '0' WHERE id = 1", "DELETE FROM {t} WHERE id = 2", "OPTIMIZE {t}"]),
    Case("plain", "CREATE TABLE {t} (id INT, v VARIANT) USING delta", [Write("", parsed(
        0, '{"a": 1}', "null", None, "[1, 1.5]", "[1, 2.0e0]", '[{"a": 1}, {"b": "x"}]', '[{"a": 1}, {"a": "x"}]', '[[1], ["x"], null]', "[1.5, 10.25]", "[]", "{}",
        '{"a b": 1, "A": null, "a": [true, null]}', "[1, true]", "0.001", "100.00", "[12345678901234567890, 1]", "[1.25, 2.5e0]", '{"x.y": 1, "`": 2, "ä": 3}',
        "[0.00000000000000000000000000000000000001, 12345678901234567890123456789012345678]"))],
         [WHOLE, SCHEMA, got("a", "int")], CHANGES),
]
