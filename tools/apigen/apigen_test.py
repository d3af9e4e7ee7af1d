"""The generator against golden files (testdata/), and its complaints about mistakes.

After a wanted change: ASHLAR_UPDATE_GOLDEN=1 python3 -m pytest tools/apigen, then read the difference.
"""

import os
import pathlib
import subprocess
import sys

import pytest
import yaml

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE))

import documents  # noqa: E402
from cpp import CppEmitter, constant  # noqa: E402
from model import ApiError, Reader, camel, snake  # noqa: E402
from typescript import TypeScriptEmitter  # noqa: E402


def outputs():
    reader = Reader(HERE / "testdata")
    service = reader.service("shop")
    emitter = CppEmitter(reader, service)
    return {"shop.h": emitter.header(), "shop.cc": emitter.source(), "shop.ts": TypeScriptEmitter(service).emit(),
            "openapi.json": documents.openapi([service]), "routes.json": documents.routes([service]),
            "coverage.md": documents.coverage([service])}


@pytest.mark.parametrize("name", outputs().keys())
def test_golden(name):
    golden = HERE / "testdata" / f"{name}.golden"
    if os.environ.get("ASHLAR_UPDATE_GOLDEN"):
        golden.write_text(outputs()[name], encoding="utf-8")
    assert outputs()[name] == golden.read_text(encoding="utf-8")


def test_committed_documents_are_fresh():
    done = subprocess.run([sys.executable, HERE / "apigen.py", "--api", ROOT / "api", "check", ROOT],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def shop(change):
    document = yaml.safe_load((HERE / "testdata" / "shop.yaml").read_text(encoding="utf-8"))
    change(document)
    return document


def operation(document):
    return document["paths"]["/api/2.1/shop/orders/{order_id}"]["get"]


MISTAKES = {
    "no permission": (lambda d: operation(d).pop("x-permission"), "x-permission is one of"),
    "unknown permission": (lambda d: operation(d).update({"x-permission": "everyone"}), "not 'everyone'"),
    "permission on no field": (lambda d: operation(d).update({"x-permission": "CAN_VIEW orders id"}), "names id"),
    "audit without action": (lambda d: operation(d).update({"x-audit": "get"}), "'service.action'"),
    "unknown key": (lambda d: operation(d).update({"x-permisson": "user"}), "unknown keys x-permisson"),
    "alias without the parameter": (lambda d: operation(d).update({"x-aliases": ["/old"]}), "/old names []"),
    "no answer": (lambda d: operation(d).update({"responses": {}}), "exactly one 2xx"),
    "dangling reference": (lambda d: d["components"]["schemas"].pop("Color"), "Color does not exist"),
    "unnamed enum": (lambda d: d["components"]["schemas"]["OrderSettings"]["properties"].update(
        {"size": {"type": "string", "enum": ["S"]}}), "an enum needs a name"),
    "unnamed message": (lambda d: d["components"]["schemas"]["OrderSettings"]["properties"].update(
        {"size": {"type": "object", "properties": {}}}), "a nested message needs a name"),
    "required but missing": (lambda d: d["components"]["schemas"]["Order"]["allOf"][1].update(
        {"required": ["price"]}), "requires price"),
    "two of one name": (lambda d: d["paths"]["/api/2.1/shop/orders"]["post"].update(
        {"operationId": "GetOrder", "x-permission": "user"}), "two operations of that name"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_named(name, tmp_path):
    change, complaint = MISTAKES[name]
    (tmp_path / "shop.yaml").write_text(yaml.safe_dump(shop(change)), encoding="utf-8")
    with pytest.raises(ApiError) as raised:
        Reader(tmp_path).service("shop")
    assert complaint in str(raised.value)
    assert str(raised.value).startswith("shop.yaml: ")


@pytest.mark.parametrize("wire,member", [("userName", "user_name"), ("$ref", "ref"), ("Operations", "operations"),
                                         ("s3", "s3"), ("itemsPerPage", "items_per_page")])
def test_members(wire, member):
    assert snake(wire) == member


@pytest.mark.parametrize("value,name", [("STARTED_BY_USER", "kStartedByUser"), ("CAN_USE", "kCanUse"),
                                        ("replace", "kReplace"), ("", "kEmpty"), ("urn:a:B", "kUrnAB")])
def test_constants(value, name):
    assert constant(value) == name


def test_camel():
    assert camel("statement_execution") == "StatementExecution"
