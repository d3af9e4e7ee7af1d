"""A fixed sample of the torture; `make torture` runs as many commits as are asked for."""

import os

from torture import torture


def test_the_history_is_a_serial_order(tmp_path):
    findings, checked, summary = torture(os.environ["ASHLAR_BUILD_DIR"], tmp_path, commits=200, seed=3)
    assert not findings, summary + "\n" + "\n".join(findings)
    assert checked >= 150, summary
