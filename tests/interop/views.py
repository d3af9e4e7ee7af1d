"""What an engine says of a table, in a form that compares."""

import json

from values import in_order

HISTORY = ("version", "timestamp", "operation", "operationParameters", "operationMetrics", "readVersion", "isolationLevel", "isBlindAppend",
           "userMetadata", "engineInfo")
DETAIL = ("format", "id", "description", "createdAt", "lastModified", "partitionColumns", "clusteringColumns", "numFiles", "sizeInBytes", "properties", "minReaderVersion",
          "minWriterVersion", "tableFeatures")


class Differs(Exception):
    pass


def expect_equal(what, a, b, who=("ashlar", "delta-spark")):
    if a != b:
        raise Differs(f"{what}: {who[0]} {short(a)}, {who[1]} {short(b)}")


def short(value):
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) < 700 else text[:700] + "…"


def only_different(a, b):
    """Of two lists of dictionaries, the entries and members that differ."""
    if len(a) != len(b):
        return a, b
    keep = [(i, k) for i in range(len(a)) for k in sorted({*a[i], *b[i]}) if a[i].get(k) != b[i].get(k)]
    return [{f"{i}.{k}": a[i].get(k)} for i, k in keep], [{f"{i}.{k}": b[i].get(k)} for i, k in keep]


def described(peer, name):
    """(name, type, comment) of each column, without what follows about partitions."""
    shown = []
    for row in peer.sql(f"DESCRIBE TABLE {name}").dicts():
        if not row["col_name"] or row["col_name"].startswith("#"):
            break
        shown.append([row["col_name"], row["data_type"], row["comment"]])
    return shown


def columns_of(peer, name):
    return [row[:2] for row in described(peer, name)]


def rows(peer, name, case, rest=""):
    return in_order(peer.sql(f"SELECT {case.select} FROM {name} {rest}").rows)


def changes(peer, name, case):
    return peer.sql(f"SELECT * FROM table_changes('{name}', {case.changes_from})").rows


def view(peer, name, case):
    """All that a reader says about a table."""
    history = [{key: row.get(key) for key in HISTORY} for row in peer.sql(f"DESCRIBE HISTORY {name}").dicts()]
    detail = peer.sql(f"DESCRIBE DETAIL {name}").dicts()[0]
    seen = {
        "columns": described(peer, name),
        "rows": rows(peer, name, case),
        "rows where": rows(peer, name, case, f"WHERE {case.where}"),
        "history": history,
        "detail": [{key: sorted(v, key=str) if isinstance(v := detail.get(key), list) else v for key in DETAIL}],
    }
    if case.past >= 0:
        seen["earlier rows"] = rows(peer, name, case, f"VERSION AS OF {case.past}")
    if case.changes_from >= 0:
        seen["changes"] = in_order(changes(peer, name, case))
    return seen


def compare_views(ours, theirs):
    """All that differs, in one exception."""
    found = []
    for what in ours:
        a, b = ours[what], theirs[what]
        if what in ("history", "detail"):
            a, b = only_different(a, b)
        try:
            expect_equal(what, a, b)
        except Differs as error:
            found.append(str(error))
    if found:
        raise Differs("\n".join(found))


def listed_features(protocol):
    """By name, or implied by an older protocol's versions."""
    if protocol.get("writerFeatures") is not None:
        return set(protocol["writerFeatures"])
    by_version = {2: {"appendOnly", "invariants"}, 3: {"checkConstraints"}, 4: {"changeDataFeed", "generatedColumns"}, 5: {"columnMapping"},
                  6: {"identityColumns"}}
    return set().union(*(names for version, names in by_version.items() if version <= protocol["minWriterVersion"]))
