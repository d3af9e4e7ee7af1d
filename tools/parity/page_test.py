"""The parity page says nothing that is not there."""

import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import page  # noqa: E402


def test_the_page_names_operations_that_exist():
    text = (ROOT / "docs" / "parity.md").read_text(encoding="utf-8")
    known = page.operations(ROOT / "api")
    services = re.findall(r"^### (\w+): (\d+) of (\d+)$", text, re.M)
    assert {name for name, _, _ in services} == set(known)
    for name, driven, all_of in services:
        assert int(all_of) == len(known[name]), f"{name}: run make parity"
        section = text.split(f"### {name}: ")[1].split("\n#")[0]
        rows = re.findall(r"^\| (\w+) \| .+ \|$", section, re.M)
        rows = [row for row in rows if row != "operation"]
        assert len(rows) == int(driven)
        assert set(rows) <= known[name]


def test_failures_and_other_programs_do_not_count(tmp_path):
    def line(operation, status, agent):
        return json.dumps({"msg": "request", "operation": operation, "status": status, "user_agent": agent}, separators=(",", ":"))

    (tmp_path / "a.log").write_text("\n".join([
        line("jobs.GetJob", "200", "x databricks-sdk-py/0.1 python/3"), line("jobs.ListJobs", "404", "x databricks-sdk-py/0.1"),
        line("jobs.CreateJob", "200", "curl/8"), "not a request"]))
    (tmp_path / "connect-1.json").write_text(json.dumps({"client": "pyspark 4.2.0", "kinds": ["Relation.read"]}))
    assert page.rest_calls(tmp_path) == {"jobs.GetJob": {"databricks-sdk (Python)"}}
    assert page.connect_kinds(tmp_path) == {"Relation.read": {"pyspark 4.2.0"}}
