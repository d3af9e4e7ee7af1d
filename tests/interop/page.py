#!/usr/bin/env python3
"""The support matrix in docs/formats/delta.md, out of src/delta/features.cc and what the tests saw: page.py [--check]

Rewrites what stands between the two marks; with --check it only compares, and fails when the page is not current.
"""

import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from cases import CASES  # noqa: E402

ROOT = HERE.parents[1]
PAGE = ROOT / "docs" / "formats" / "delta.md"
BEGIN, END = "<!-- matrix: made by tests/interop/page.py -->", "<!-- end of matrix -->"
SUPPORT = {"kYes": "yes", "kNo": "refused"}
# name, reader, legacy reader, legacy writer, read, write
ROW = re.compile(r'TableFeature\{\s*"([\w-]+)",\s*(true|false),\s*(\d),\s*(\d),\s*(k\w+),\s*(k\w+)')
# What "yes" leaves open.
WRITTEN = {"variantShredding": "yes, unshredded", "variantShredding-preview": "yes, unshredded"}
# Features that no case of both engines is run over: files of a peer that are kept show them, or, of what is one catalog's, tests alone.
KEPT = {"catalogManaged": "`tests/delta/maintenance/test_catalog_managed.py`; delta-spark: `tests/interop/test_outside_client.py`", "variantShredding-preview": "delta-spark's files: `tests/delta/test_shredded.py`", "variantType": "delta-spark's files: `tests/delta/test_shredded.py`"}
PEERS = ("delta-spark", "deltalake")
DONE = ("yes", "equal")


def features(source):
    rows = ROW.findall(source)
    if len(rows) != source.count('TableFeature{"'):
        sys.exit("page.py does not understand a row of src/delta/features.cc")
    for name, reader, legacy_reader, legacy_writer, read, write in rows:
        legacy = f"writer {legacy_writer}" if legacy_writer != "0" else "by name"
        legacy = f"reader {legacy_reader}, {legacy}" if legacy_reader != "0" else legacy
        written = WRITTEN.get(name, SUPPORT[write])
        yield name, "readers, writers" if reader == "true" else "writers", legacy, SUPPORT[read], written


def verdict(steps, first, second):
    """Of a peer and a direction: read, and gone on; what kept it from more."""
    if not steps:
        return "–"
    for step in ("write", first, second):
        outcome = steps.get(step)
        if outcome is not None and outcome.split(":")[0] not in DONE:
            return {"write": "not written", first: "not read", second: "read only"}[step] if outcome.startswith("refused") else "**differs**"
    return "yes" if second in steps else "read only"


def cases_of(outcomes):
    """case → (features, what the peer did with ours, what we did with the peer's, whether both write the same)"""
    for peer in outcomes:
        for name, case in outcomes[peer]["cases"].items():
            yield name, peer, case


def rows_by_case(outcomes):
    rows = {}
    for name, peer, case in cases_of(outcomes):
        row = rows.setdefault(name, {"features": set()})
        row["features"] |= set(case.get("features", ()))
        row[peer] = verdict(case.get("ashlar"), "read", "go on"), verdict(case.get(peer), "read", "go on")
        row["writers"] = row.get("writers") or case.get("writers", "").split(":")[0]
    return {name: rows[name] for name in [*(n for n in CASES if n in rows), *sorted(set(rows) - set(CASES))]}


def refusals_of(outcomes):
    for name, peer, case in cases_of(outcomes):
        for writer in ("ashlar", peer):
            for step, outcome in case.get(writer, {}).items():
                if outcome.startswith("refused: "):
                    what = {"write": f"{peer} does not write it", "read": f"{peer} does not read ours", "go on": f"{peer} does not write on"}
                    if writer == peer:
                        what |= {"read": f"we do not read {peer}'s", "go on": "we do not write on"}
                    yield f"| {name} | {what[step]} | {outcome.removeprefix('refused: ')} |"


def reasons_of(outcomes):
    """reason why the two writers' statistics differ → cases"""
    found = {}
    for name, _, case in cases_of(outcomes):
        for reason in case.get("reasons", ()):
            found.setdefault(reason, []).append(name)
    return found


def proved(name, rows, outcomes):
    """The cases with the feature, by who shares the tables with us both ways or one."""
    parts = [KEPT[name]] if name in KEPT else []
    for peer in outcomes:
        cases = [case for case, row in rows.items() if name in row["features"] and "yes" in row.get(peer, ())]
        if cases:
            parts.append(f"{peer}: {', '.join(cases)}")
    return "; ".join(parts) or "–"


def matrix(source, outcomes):
    rows = rows_by_case(outcomes)
    lines = ["", "| feature | binds | by version | read | written | shown with |", "|---|---|---|---|---|---|"]
    lines += [f"| {name} | {binds} | {legacy} | {read} | {write} | {proved(name, rows, outcomes)} |" for name, binds, legacy, read, write in features(source)]
    lines += ["", f"The peers: {'; '.join(one['peer'] for one in outcomes.values())}. *yes*: read and written on; "
              "*same files*: the two writers' files have the same rows, operations and statistics.", ""]
    heads = [head for peer in outcomes for head in (f"{peer} with ours", f"we with {peer}'s", *(["same files"] if peer == "delta-spark" else []))]
    lines += [f"| case | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    for name, row in rows.items():
        same = {"equal": "yes", "differs": "**differs**"}.get(row["writers"], "–")
        cells = [cell for peer in outcomes for cell in (*row.get(peer, ("–", "–")), *([same] if peer == "delta-spark" else []))]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    refusals = list(refusals_of(outcomes))
    if refusals:
        lines += ["", "What is refused, in the refuser's words:", "", "| case | who | why |", "|---|---|---|", *refusals]
    reasons = reasons_of(outcomes)
    if reasons:
        lines += ["", "In what files with the same rows may differ, so that both are right:", "", "| what | in |", "|---|---|"]
        lines += [f"| {reason} | {', '.join(names)} |" for reason, names in sorted(reasons.items())]
    return "\n".join([*lines, ""])


def main():
    text = PAGE.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN)
    tail = rest.split(END)[1]
    source = (ROOT / "src" / "delta" / "features.cc").read_text(encoding="utf-8")
    files = {peer: HERE / f"{peer.replace('-', '_')}.json" for peer in PEERS}
    outcomes = {peer: json.loads(file.read_text(encoding="utf-8")) for peer, file in files.items() if file.exists()}
    made = f"{head}{BEGIN}\n{matrix(source, outcomes)}{END}{tail}"
    if "--check" not in sys.argv:
        PAGE.write_text(made, encoding="utf-8")
    elif made != text:
        sys.exit(f"{PAGE.relative_to(ROOT)} is not current: run tests/interop/page.py and commit what it writes")


if __name__ == "__main__":
    main()
