"""The server of the client tests, for servers that are made to die."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "serving"))
from ashlar_server import Server, make_server  # noqa: E402, F401
