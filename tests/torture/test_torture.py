"""A fixed sample of the torture; `make torture` runs as many commits as are asked for."""

import os

import pytest

from torture import torture


@pytest.mark.parametrize("mix,commits", [("all", 160), ("absence", 120)])
def test_the_history_is_a_serial_order(tmp_path, mix, commits):
    findings, checked, summary = torture(os.environ["ASHLAR_BUILD_DIR"], tmp_path, commits, seed=3, mix=mix)
    assert not findings, summary + "\n" + "\n".join(findings)
    assert checked >= commits * 0.7, summary
