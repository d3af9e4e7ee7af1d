"""What came out of the runs with one peer: its file holds it, the page is made of it."""

import json
import os
import pathlib

HERE = pathlib.Path(__file__).parent


def replaced(held, case):
    """What a file says of a case after a run of it: where files were compared there are no reasons but the run's."""
    return {**{key: value for key, value in held.items() if key != "reasons" or "writers" not in case}, **case}


class Record:
    def __init__(self, peer):
        self.path = HERE / f"{peer.replace('-', '_')}.json"
        self.cases = {}

    def note(self, name, writer, step, outcome):
        self.cases.setdefault(name, {}).setdefault(writer, {})[step] = outcome

    def note_features(self, name, features):
        entry = self.cases.setdefault(name, {})
        entry["features"] = sorted({*entry.get("features", []), *features})

    def finish(self, version, partial):
        """Writes the file when ASHLAR_INTEROP_RECORD asks for it, and fails when it says something else. A part of the cases
        replaces what the file says of them."""
        held = json.loads(self.path.read_text(encoding="utf-8")) if self.path.exists() else {"cases": {}}
        cases = {**held["cases"], **{name: replaced(held["cases"].get(name, {}), case) for name, case in self.cases.items()}} if partial else self.cases
        record = {"peer": version, "cases": dict(sorted(cases.items()))}
        if os.environ.get("ASHLAR_INTEROP_RECORD"):
            self.path.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        else:
            assert held == record, "run make interop, and commit what it writes"
