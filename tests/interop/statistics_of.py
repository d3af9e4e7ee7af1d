"""The statistics of a table's files taken together, so that writers who cut their files differently compare."""

import decimal
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "delta"))
import replay  # noqa: E402


def state_at(root, version):
    state = replay.State()
    log = pathlib.Path(root) / "_delta_log"
    for number in range(version + 1):
        state.apply(replay.read_commit(log / f"{number:020}.json"))
    return state


def logical_names(fields, mapped):
    """physical name → (logical name, the same of its members)"""
    names = {}
    for field in fields:
        key = field.get("metadata", {}).get("delta.columnMapping.physicalName", field["name"]) if mapped else field["name"]
        kind = field["type"]
        members = logical_names(kind["fields"], mapped) if isinstance(kind, dict) and kind["type"] == "struct" else {}
        names[key] = (field["name"], members)
    return names


def leaves(value, names, path=()):
    for key, held in (value or {}).items():
        name, members = names.get(key, (key, {}))
        if isinstance(held, dict):
            yield from leaves(held, members, (*path, name))
        elif held is not None:
            yield ".".join((*path, name)), held


FLOATING = ("float", "double")


def leaf_types(fields, path=()):
    """(name, type) of what bounds may be of; "array" and "map" stand for those."""
    for field in fields:
        kind, here = field["type"], (*path, field["name"])
        if isinstance(kind, dict) and kind["type"] == "struct":
            yield from leaf_types(kind["fields"], here)
        else:
            yield ".".join(here), kind["type"] if isinstance(kind, dict) else kind


def totals(state, names=(), types=()):
    """{"numRecords": …, "minValues": {column: value}, "maxValues": …, "nullCount": …, "wide": whether any bounds are, "no numbers":
    columns with bounds that are text in place of a number}; columns have their names in the files unless `names` gives others."""
    names, types = dict(names), dict(types)
    total = {"numRecords": 0, "minValues": {}, "maxValues": {}, "nullCount": {}, "wide": False, "no numbers": set()}
    for file in state.files.values():
        stats = json.loads(file.get("stats") or "{}", parse_float=decimal.Decimal)
        total["numRecords"] += stats.get("numRecords", 0)
        total["wide"] = total["wide"] or stats.get("tightBounds") is False
        for part, better in (("minValues", min), ("maxValues", max), ("nullCount", lambda a, b: a + b)):
            for path, value in leaves(stats.get(part), names):
                if isinstance(value, str) and types.get(path) in FLOATING:
                    total["no numbers"].add(path)
                    continue
                held = total[part].get(path)
                total[part][path] = value if held is None else better(held, value)
    return total


def text_of(value):
    """Numbers by their value, so that 1.50 is 1.5."""
    if isinstance(value, bool) or not isinstance(value, (int, decimal.Decimal)):
        return str(value)
    number = decimal.Decimal(value)
    return "0" if number == 0 else str(number.normalize(decimal.Context(prec=400)))


def table(root, version):
    """The totals of the columns that there are, by their names, as text that compares."""
    state = state_at(root, version)
    types = dict(leaf_types(state.schema()))
    found = totals(state, logical_names(state.schema(), state.mapped()), types)
    shown = {part: {path: text_of(value) for path, value in found[part].items() if path in types} for part in ("minValues", "maxValues", "nullCount")}
    return {**shown, "numRecords": found["numRecords"], "wide": found["wide"], "no numbers": sorted(found["no numbers"])}


# In what the two writers' statistics may differ, and why. They are bounds and counts all the same.
NO_NUMBERS = "a column with NaN or an infinite value: delta-spark writes the bound as text, we write none of the file's bounds beyond numbers"
LONG_TEXTS = "delta-spark cuts at 32 UTF-16 units, which may part a character beyond U+FFFF; we cut at 32 characters"

PADDED = "CHAR(n): we store values filled with blanks, delta-spark as they were given; both fill them when they read"


def reason_for(part, path, kind, a, b, no_numbers):
    if path in no_numbers:
        return NO_NUMBERS
    if kind == "string" and part != "nullCount" and max((a or "") + (b or ""), default="") > "\uffff":
        return LONG_TEXTS
    if kind == "string" and a and b and a.rstrip(" ") == b.rstrip(" "):
        return PADDED
    return None


def compare(ours, theirs, types):
    """(reasons for what differs, what differs without one)"""
    types, reasons, found = dict(types), set(), []
    no_numbers = {*ours["no numbers"], *theirs["no numbers"]}
    for part in ("minValues", "maxValues", "nullCount"):
        for path in sorted({*ours[part], *theirs[part]}):
            a, b = ours[part].get(path), theirs[part].get(path)
            if a == b:
                continue
            reason = reason_for(part, path, types.get(path), a, b, no_numbers)
            reasons.add(reason) if reason else found.append(f"{part} of {path}: ashlar {a}, delta-spark {b}")
    for part in ("numRecords", "wide"):
        if ours[part] != theirs[part]:
            found.append(f"{part}: ashlar {ours[part]}, delta-spark {theirs[part]}")
    return sorted(reasons), found
