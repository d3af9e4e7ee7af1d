"""Many writers, one or two tables at a time, killed at random; history.py proves what is left.

    torture.py BUILD_DIR [--commits N] [--writers N] [--seed N] [--mix all] [--folder D]
"""

import argparse
import collections
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import threading
import time

from history import History, replay
from operations import MIXES, Operations

LAYOUTS = {
    f"{how}_{level}{'_partitioned' if partitioned else ''}": (vectors, serializable, partitioned)
    for how, vectors in (("vectors", True), ("copied", False))
    for level, serializable in (("serializable", True), ("write_serializable", False))
    for partitioned in (False, True)
}
CONFLICTS = ("DELTA_CONCURRENT_", "DELTA_METADATA_CHANGED", "DELTA_PROTOCOL_CHANGED")
FAILPOINTS = ("delta.commit.before_put", "delta.commit.after_put", "delta.checkpoint.before_write", "delta.checkpoint.after_write")
KILL_SHARE = 0.01  # of statements whose writer is killed while they run


class Table:
    def __init__(self, folder, name):
        self.path = str(folder / name)
        self.name = name
        self.vectors, self.serializable, self.partitioned = LAYOUTS[name]
        self.statements = []
        self.rows = 0  # about
        self.commits = 0

    def create(self):
        level = "Serializable" if self.serializable else "WriteSerializable"
        return (f"CREATE TABLE delta.`{self.path}` (id BIGINT, k INT, v BIGINT, p INT) {'PARTITIONED BY (p)' if self.partitioned else ''} "
                f"TBLPROPERTIES ('delta.enableDeletionVectors' = '{str(self.vectors).lower()}', 'delta.isolationLevel' = '{level}')")


class Writer:
    """A torture_worker that is started again when it dies. One statement at a time."""

    def __init__(self, program, scratch, chance):
        self.program, self.scratch, self.chance = program, scratch, chance
        self.process = None
        self.deaths = 0

    def run(self, uid, sql, kill=False):
        """The answer; None when the writer died before it came."""
        if self.process is None:
            # One life in three ends at a named point, the others, if so, anywhere.
            point = f"{self.chance.choice(FAILPOINTS)}=kill@{self.chance.randint(1, 60)}" if self.chance.random() < 0.3 else ""
            self.process = subprocess.Popen([self.program, self.scratch], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            env={"ASHLAR_FAILPOINTS": point} if point else {}, text=True)
        try:
            self.process.stdin.write(f"{uid}\t{sql}\n")
            self.process.stdin.flush()
            if kill:
                threading.Timer(self.chance.random() * 0.03, self.process.kill).start()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if line.endswith("\n"):
            return json.loads(line)
        self.end()
        self.deaths += 1
        return None

    def end(self):
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None


class Torture:
    def __init__(self, build, folder, commits, writers, seed, mix):
        self.folder, self.mix = pathlib.Path(folder), mix
        sources = self.folder / "sources"
        sources.mkdir(parents=True)
        self.tables = [Table(self.folder, name) for name in LAYOUTS]
        self.quota = -(-commits // len(self.tables))
        self.lock = threading.Lock()
        self.operations = Operations(random.Random(seed), sources)
        self.writers = [Writer(str(pathlib.Path(build) / "tests" / "torture_worker"), str(self.folder), random.Random(seed * 1000 + n)) for n in range(writers)]
        self.errors = collections.Counter()
        self.surprises = []

    def run(self):
        for table in self.tables:
            answer = self.writers[0].run("00000000-0000-0000-0000-000000000000", table.create())
            while answer is None:  # a failpoint struck
                answer = self.writers[0].run("00000000-0000-0000-0000-000000000000", table.create().replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS"))
            assert "rows" in answer, answer
        threads = [threading.Thread(target=self.write, args=(writer,)) for writer in self.writers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def pick(self):
        with self.lock:
            unfinished = [table for table in self.tables if table.commits < self.quota]
            if not unfinished or self.surprises:
                return None, None
            table = self.operations.chance.choice(unfinished[:2])
            one = self.operations.next(table.path, table.rows, self.mix)
            if one.kind == "copy":  # it may be another table's
                table = next(t for t in self.tables if f"delta.`{t.path}`" == one.once.split(" ")[0])
            table.statements.append(one)
            return table, one

    def write(self, writer):
        while True:
            table, one = self.pick()
            if table is None:
                return writer.end()
            one.answer = writer.run(one.uid, one.sql, kill=writer.chance.random() < KILL_SHARE)
            with self.lock:
                self.note(table, one)

    def note(self, table, one):
        if one.answer is None:
            return
        if one.acknowledged:
            table.commits += 1 if one.affected != 0 else 0
            table.rows = max(0, table.rows + {"insert": 2, "copy": 2, "upsert": 1, "delete_key": -1, "clear_key": -2, "delete_one": -1, "overwrite_part": -8, "delete_part": -4}.get(one.kind, 0))
            return
        condition = one.answer["error"]
        self.errors[condition.split(".")[0]] += 1
        if not condition.startswith(CONFLICTS):
            self.surprises.append(f"{one.kind} on {table.name}: {condition} {one.answer['message']}: {one.sql}")

    def check(self):
        """Findings, and how many commits were checked."""
        findings, commits = list(self.surprises), 0
        for table in self.tables:
            found, versions = History(table.path, table.statements, table.serializable).check()
            findings += [f"{table.name}: {one}" for one in found]
            commits += versions
            if not found:
                try:
                    replay.check(table.path)
                except AssertionError as error:
                    findings.append(f"{table.name}: {error}")
        return findings, commits


def torture(build, folder, commits, writers=8, seed=1, mix="all"):
    started = time.monotonic()
    run = Torture(build, folder, commits, writers, seed, mix)
    run.run()
    wrote = time.monotonic() - started
    findings, checked = run.check()
    issued = sum(len(table.statements) for table in run.tables)
    summary = (f"{checked} commits of {issued} statements by {writers} writers in {wrote:.0f} s ({checked / wrote:.0f}/s), checked in "
               f"{time.monotonic() - started - wrote:.0f} s; {sum(writer.deaths for writer in run.writers)} deaths; conflicts {dict(run.errors)}")
    return findings, checked, summary


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("build")
    options.add_argument("--commits", type=int, default=10000)
    options.add_argument("--writers", type=int, default=8)
    options.add_argument("--seed", type=int, default=int(time.time()))
    options.add_argument("--mix", default="all", choices=MIXES)
    options.add_argument("--folder", help="kept; a temporary one otherwise")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        print(f"seed {chosen.seed}")
        findings, _, summary = torture(chosen.build, chosen.folder or temporary, chosen.commits, chosen.writers, chosen.seed, chosen.mix)
    print(summary)
    for finding in findings:
        print(finding)
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
