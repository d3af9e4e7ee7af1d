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


def totals(state, names=()):
    """{"numRecords": …, "minValues": {column: value}, "maxValues": …, "nullCount": …, "wide": whether any bounds are}; columns
    have their names in the files unless `names` gives others."""
    names = dict(names)
    total = {"numRecords": 0, "minValues": {}, "maxValues": {}, "nullCount": {}, "wide": False}
    for file in state.files.values():
        stats = json.loads(file.get("stats") or "{}", parse_float=decimal.Decimal)
        total["numRecords"] += stats.get("numRecords", 0)
        total["wide"] = total["wide"] or stats.get("tightBounds") is False
        for part, better in (("minValues", min), ("maxValues", max), ("nullCount", lambda a, b: a + b)):
            for path, value in leaves(stats.get(part), names):
                held = total[part].get(path)
                total[part][path] = value if held is None else better(held, value)
    return total


def table(root, version):
    """The totals by the columns' names, as text that compares."""
    state = state_at(root, version)
    return {key: dict(sorted((k, str(v)) for k, v in value.items())) if isinstance(value, dict) else value
            for key, value in totals(state, logical_names(state.schema(), state.mapped())).items()}
