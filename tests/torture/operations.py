"""What the writers do: each operation as SQL and as what it means to a dictionary of rows {id: (k, v, p)}.

An effect is (rows it takes out or changes by id, rows it puts in by id), computed from the rows it sees. `count` is what
the statement reports as num_affected_rows; None where it reports something else.
"""

import dataclasses
import itertools
import typing

KEYS, PARTS = 16, 3
# Kinds that put rows in, change them, and take them out; twice is twice as often.
MIXES = {
    "all": (["insert"] * 4 + ["copy"] * 2 + ["upsert"] * 2 + ["insert_missing"] * 2,
            ["add"] * 3 + ["move", "take_maximum", "copy_sum", "settle", "optimize"],
            ["delete_key", "clear_key", "clear_key", "delete_one", "delete_one", "delete_part", "overwrite_part", "replace_key", "merge_away"]),
    # What inserts because it found nothing, beside what takes out just that.
    "absence": (["insert"] * 4 + ["insert_missing"] * 3, ["settle"] * 3 + ["optimize"] * 2, ["clear_key"] * 7),
}


@dataclasses.dataclass
class Statement:
    uid: str
    kind: str
    sql: str
    effect: typing.Callable  # visible rows -> (gone, come)
    blind: bool = False      # reads nothing: under WriteSerializable others need not have seen it
    once: str | None = None  # of all statements that carry this, one may commit
    counts: bool = True
    answer: dict | None = None  # None: the writer died first

    @property
    def acknowledged(self):
        return self.answer is not None and "rows" in self.answer

    @property
    def affected(self):
        return self.answer["rows"][0][0] if self.acknowledged and self.counts and self.answer["rows"] else None


class Operations:
    def __init__(self, chance, sources):
        self.chance = chance
        self.sources = sources  # folder of CSV files for COPY INTO
        self.ids = itertools.count(1)
        self.files = []

    def new_rows(self, count, part=None):
        c = self.chance
        return {next(self.ids): (c.randrange(KEYS), c.randrange(100), c.randrange(PARTS) if part is None else part) for _ in range(count)}

    def next(self, table, rows_now, mix="all"):
        """Few rows: more is put in than taken out; many: the other way round."""
        growing, changing, shrinking = MIXES[mix]
        kind = self.chance.choice(growing + changing + shrinking * (1 if rows_now < 60 else 4))
        return getattr(self, kind)(f"delta.`{table}`")

    def statement(self, kind, sql, effect, **more):
        uid = "%032x" % self.chance.getrandbits(128)
        uid = "-".join((uid[:8], uid[8:12], uid[12:16], uid[16:20], uid[20:]))
        return Statement(uid, kind, sql, effect, **more)

    def insert(self, t):
        come = self.new_rows(self.chance.randint(1, 4))
        return self.statement("insert", f"INSERT INTO {t} VALUES {values(come)}", lambda rows: ({}, come), blind=True)

    def copy(self, t):
        """Some files are loaded by several writers at once; each must come once."""
        if not self.files or self.chance.random() < 0.5:
            come = self.new_rows(2)
            path = self.sources / f"{min(come)}.csv"
            path.write_text("id,k,v,p\n" + "".join(f"{i},{k},{v},{p}\n" for i, (k, v, p) in come.items()))
            self.files = self.files[-3:] + [(path, come, t)]
        path, come, t = self.chance.choice(self.files)
        sql = (f"COPY INTO {t} FROM (SELECT CAST(id AS BIGINT) AS id, CAST(k AS INT) AS k, CAST(v AS BIGINT) AS v, CAST(p AS INT) AS p "
               f"FROM '{path}') FILEFORMAT = CSV FORMAT_OPTIONS ('header' = 'true')")
        return self.statement("copy", sql, lambda rows: ({}, come), blind=True, once=f"{t} {path}", counts=False)

    def add(self, t):
        k, d = self.chance.randrange(KEYS), self.chance.randint(1, 9)
        def effect(rows):
            hit = {i: r for i, r in rows.items() if r[0] == k}
            return hit, {i: (r[0], r[1] + d, r[2]) for i, r in hit.items()}
        return self.statement("add", f"UPDATE {t} SET v = v + {d} WHERE k = {k}", effect)

    def move(self, t):
        """Changes what others search by."""
        k, part = self.chance.randrange(KEYS), self.chance.randrange(PARTS)
        def effect(rows):
            hit = {i: r for i, r in rows.items() if r[0] == k and r[1] % 2 == 0}
            return hit, {i: ((r[0] + 1) % KEYS, r[1] + 1, part) for i, r in hit.items()}
        return self.statement("move", f"UPDATE {t} SET k = (k + 1) % {KEYS}, v = v + 1, p = {part} WHERE k = {k} AND v % 2 = 0", effect)

    def take_maximum(self, t):
        """Reads all rows to change a few."""
        k = self.chance.randrange(KEYS)
        def effect(rows):
            hit = {i: r for i, r in rows.items() if r[0] == k}
            top = max((r[1] for r in rows.values()), default=None)
            return hit, {i: (r[0], top % 1000 + 1, r[2]) for i, r in hit.items()}
        return self.statement("take_maximum", f"UPDATE {t} SET v = (SELECT max(v) FROM {t}) % 1000 + 1 WHERE k = {k}", effect)

    def copy_sum(self, t):
        new = next(self.ids)
        def effect(rows):
            return {}, {new: (len(rows) % KEYS, sum(r[1] for r in rows.values()) % 1000, 0)}
        sql = f"INSERT INTO {t} SELECT {new}, CAST(count(*) % {KEYS} AS INT), coalesce(sum(v), 0) % 1000, 0 FROM {t}"
        return self.statement("copy_sum", sql, effect)

    def delete_key(self, t):
        k = self.chance.randrange(KEYS)
        return self.statement("delete_key", f"DELETE FROM {t} WHERE k = {k} AND v % 3 <> 0",
                              lambda rows: ({i: r for i, r in rows.items() if r[0] == k and r[1] % 3}, {}))

    def clear_key(self, t):
        k = self.chance.randrange(KEYS)
        return self.statement("clear_key", f"DELETE FROM {t} WHERE k = {k}", lambda rows: ({i: r for i, r in rows.items() if r[0] == k}, {}))

    def delete_one(self, t):
        low = self.chance.randint(0, 99)
        return self.statement("delete_one", f"DELETE FROM {t} WHERE id % 100 = {low}",
                              lambda rows: ({i: r for i, r in rows.items() if i % 100 == low}, {}))

    def delete_part(self, t):
        p = self.chance.randrange(PARTS)
        return self.statement("delete_part", f"DELETE FROM {t} WHERE p = {p} AND k < 4", lambda rows: ({i: r for i, r in rows.items() if r[2] == p and r[0] < 4}, {}))

    def overwrite_part(self, t):
        p = self.chance.randrange(PARTS)
        come = self.new_rows(3, p)
        return self.statement("overwrite_part", f"INSERT INTO {t} REPLACE WHERE p = {p} VALUES {values(come)}",
                              lambda rows: ({i: r for i, r in rows.items() if r[2] == p}, come), counts=False)

    def replace_key(self, t):
        k = self.chance.randrange(KEYS)
        come = {i: (k, v, p) for i, (_, v, p) in self.new_rows(1).items()}
        return self.statement("replace_key", f"INSERT INTO {t} REPLACE WHERE k = {k} VALUES {values(come)}",
                              lambda rows: ({i: r for i, r in rows.items() if r[0] == k}, come), counts=False)

    def source(self):
        """Rows of a MERGE by key: {k: (new id, d)}."""
        return {k: (next(self.ids), self.chance.randint(1, 9)) for k in self.chance.sample(range(KEYS), 3)}

    def merge(self, kind, t, source, clauses, effect):
        rows = ", ".join(f"({k}, {new}, {d})" for k, (new, d) in source.items())
        return self.statement(kind, f"MERGE INTO {t} t USING (SELECT * FROM VALUES {rows} AS s(k, new, d)) s ON t.k = s.k {clauses}", effect)

    def upsert(self, t):
        source = self.source()
        def effect(rows):
            hit = {i: r for i, r in rows.items() if r[0] in source}
            return hit, {**{i: (r[0], r[1] + source[r[0]][1], r[2]) for i, r in hit.items()}, **missing(rows, source)}
        return self.merge("upsert", t, source, "WHEN MATCHED THEN UPDATE SET v = t.v + s.d WHEN NOT MATCHED THEN "
                          "INSERT (id, k, v, p) VALUES (s.new, s.k, s.d, 1)", effect)

    def insert_missing(self, t):
        """What it puts in depends on rows it does not change."""
        source = self.source()
        return self.merge("insert_missing", t, source, "WHEN NOT MATCHED THEN INSERT (id, k, v, p) VALUES (s.new, s.k, s.d, 1)",
                          lambda rows: ({}, missing(rows, source)))

    def settle(self, t):
        """Changes some of what it matches, puts in what it did not match."""
        source = self.source()
        def effect(rows):
            hit = {i: r for i, r in rows.items() if r[0] in source and r[1] % 2 == 0}
            return hit, {**{i: (r[0], r[1] + 1, r[2]) for i, r in hit.items()}, **missing(rows, source)}
        return self.merge("settle", t, source, "WHEN MATCHED AND t.v % 2 = 0 THEN UPDATE SET v = t.v + 1 WHEN NOT MATCHED THEN "
                          "INSERT (id, k, v, p) VALUES (s.new, s.k, s.d, 1)", effect)

    def merge_away(self, t):
        source = self.source()
        def effect(rows):
            gone = {i: r for i, r in rows.items() if (r[0] in source and r[1] % 2) or (r[0] not in source and r[1] % 10 == 7)}
            return gone, {}
        return self.merge("merge_away", t, source, "WHEN MATCHED AND t.v % 2 = 1 THEN DELETE WHEN NOT MATCHED BY SOURCE AND t.v % 10 = 7 THEN DELETE", effect)

    def optimize(self, t):
        return self.statement("optimize", f"OPTIMIZE {t}", lambda rows: ({}, {}), counts=False)


def missing(rows, source):
    present = {r[0] for r in rows.values()}
    return {new: (k, d, 1) for k, (new, d) in source.items() if k not in present}


def values(rows):
    return ", ".join(f"({i}, {k}, {v}, {p})" for i, (k, v, p) in rows.items())
