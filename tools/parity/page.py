#!/usr/bin/env python3
"""docs/parity.md out of what the client tests recorded: page.py FOLDER API > docs/parity.md"""

import collections
import json
import pathlib
import re
import sys

CLIENTS = (("databricks-sdk-py/", "databricks-sdk (Python)"), ("ashlar-cli", "ashlar CLI"))
HEAD = """# What real clients drove

Made by `make parity` from the runs of the client tests: an operation stands here when an unmodified client called it
and was answered with success. What is built is listed in [api-coverage](reference/api-coverage.md); an operation
that is there and not here is driven by tests of ours alone.
"""


def client_of(user_agent):
    return next((name for mark, name in CLIENTS if mark in user_agent), None)


def rest_calls(folder):
    """operation → clients, from the servers' logs."""
    calls = collections.defaultdict(set)
    for path in sorted(folder.glob("*.log")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if '"msg":"request"' not in line:
                continue
            entry = json.loads(line)
            client = client_of(entry.get("user_agent", ""))
            if client and entry["operation"] and int(entry["status"]) < 400:
                calls[entry["operation"]].add(client)
    return calls


def connect_kinds(folder):
    kinds = collections.defaultdict(set)
    for path in sorted(folder.glob("connect-*.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        for kind in record["kinds"]:
            kinds[kind].add(record["client"])
    return kinds


def operations(api):
    """service → operations, as the request log names them, from api/<service>.yaml."""
    return {path.stem: set(re.findall(r"operationId:\s*(\w+)", path.read_text(encoding="utf-8")))
            for path in sorted(api.glob("*.yaml"))}


def table(rows, heading):
    lines = [f"| {heading} | driven by |", "|---|---|"]
    return lines + [f"| {name} | {', '.join(sorted(clients))} |" for name, clients in sorted(rows.items())]


def page(folder, api):
    calls, kinds = rest_calls(folder), connect_kinds(folder)
    lines = [HEAD, "## REST", ""]
    for service, names in sorted(operations(api).items()):
        driven = {name: calls[f"{service}.{name}"] for name in names if calls.get(f"{service}.{name}")}
        lines += [f"### {service}: {len(driven)} of {len(names)}", ""]
        lines += table(driven, "operation") + [""] if driven else []
    lines += ["## Spark Connect", ""]
    for message in sorted({re.sub(r"\.[^.]*$", "", kind) for kind in kinds}):
        rows = {kind.rsplit(".", 1)[1]: clients for kind, clients in kinds.items() if kind.rsplit(".", 1)[0] == message}
        lines += [f"### {message}: {len(rows)}", "", *table(rows, "kind"), ""]
    return "\n".join(lines)


if __name__ == "__main__":
    print(page(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])), end="")
