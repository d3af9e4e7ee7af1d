"""A real server, as the end-to-end tests have it."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "serving"))
from ashlar_server import server  # noqa: E402, F401
