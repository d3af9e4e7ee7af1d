"""The server of the client tests, for servers that are made to die."""

import importlib.util
import pathlib

_path = pathlib.Path(__file__).parent.parent / "e2e" / "conftest.py"
_spec = importlib.util.spec_from_file_location("e2e_conftest", _path)
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)
Server = _module.Server
make_server = _module.make_server
