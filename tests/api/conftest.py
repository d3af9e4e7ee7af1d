"""A real server, as the end-to-end tests have it."""

import importlib.util
import pathlib

_spec = importlib.util.spec_from_file_location("e2e_server", pathlib.Path(__file__).parent.parent / "e2e" / "conftest.py")
_e2e = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_e2e)

BUILD_DIR = _e2e.BUILD_DIR
server = _e2e.server
