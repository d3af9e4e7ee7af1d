import replay
from test_replay import location_of


def files_of(sql, table):
    return list(replay.check(location_of(sql, table), data=False).files.values())

def test_probe(sql):
    out = []
    sql("CREATE TABLE p1 PARTITIONED BY (p) AS SELECT id, id % 7 AS p FROM range(3000000)")
    out.append(("p7", len(files_of(sql, "p1"))))
    sql("CREATE TABLE p2 AS SELECT id, id % 7 AS p FROM range(3000000)")
    out.append(("u", len(files_of(sql, "p2"))))
    sql("CREATE TABLE p3 PARTITIONED BY (p) AS SELECT id, id % 150 AS p FROM range(3000000)")
    out.append(("p150", len(files_of(sql, "p3"))))
    sql("CREATE TABLE p4 TBLPROPERTIES('delta.targetFileSize'='1000000') AS SELECT id, id % 7 AS p FROM range(3000000)")
    out.append(("u1MB", [f["size"] for f in files_of(sql, "p4")]))
    sql("CREATE TABLE p5 PARTITIONED BY (p) TBLPROPERTIES('delta.targetFileSize'='1000000') AS SELECT id, id % 2 AS p FROM range(3000000)")
    out.append(("p1MB", [f["size"] for f in files_of(sql, "p5")]))
    open("/tmp/ice/files.out", "w").write(repr(out))
