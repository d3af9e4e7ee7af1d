"""The server of the client tests."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "serving"))
from ashlar_server import make_server, server, sql, workspace  # noqa: E402, F401
