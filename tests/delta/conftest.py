"""The server of the client tests."""

import importlib.util
import pathlib

_path = pathlib.Path(__file__).parent.parent / "e2e" / "conftest.py"
_spec = importlib.util.spec_from_file_location("e2e_conftest", _path)
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)
server = _module.server
make_server = _module.make_server
workspace = _module.workspace
sql = _module.sql
