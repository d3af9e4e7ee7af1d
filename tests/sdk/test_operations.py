"""Every operation of api/*.yaml was called by databricks-sdk in this folder, and answered with success."""

import json
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools" / "parity"))
import page  # noqa: E402

# Addresses that clients take from an answer and call outside of the SDK's own session: tests/e2e and test_files.py do. Commits of
# catalog-managed tables are Delta's clients' (tests/delta/maintenance/test_outside_commits.py).
NOT_OF_THE_SDK = {"statement_execution.GetExternalLink", "files.UploadPart", "files.AbortUpload",
                  "unity_catalog.GetDeltaCommits", "unity_catalog.CommitDeltaTable"}


def test_every_operation_was_driven(server, request):
    ran = {item.path.name for item in request.session.items}
    if ran != {path.name for path in pathlib.Path(__file__).parent.glob("test_*.py")}:
        pytest.skip("only a part of tests/sdk runs")
    driven = set()
    for line in server.log_path.read_text().splitlines():
        if '"msg":"request"' in line:
            entry = json.loads(line)
            if page.client_of(entry["user_agent"]) == "databricks-sdk (Python)" and int(entry["status"]) < 400:
                driven.add(entry["operation"])
    built = {f"{service}.{name}" for service, names in page.operations(ROOT / "api").items() for name in names}
    assert built - driven == NOT_OF_THE_SDK
