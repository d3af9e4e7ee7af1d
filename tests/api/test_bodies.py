"""Malformed, deep, huge and wrongly typed requests: every route of every service answers 400 and says what is wrong.

The routes and the types of their fields are those of api/openapi.json.
"""

import json
import pathlib
import re

import pytest
import requests

ROOT = pathlib.Path(__file__).resolve().parents[2]
SPEC = json.loads((ROOT / "api" / "openapi.json").read_text())
WRONG = {"string": [[], {"a": 1}], "integer": ["many", 1.5, {}, 2**63], "number": ["much", []], "boolean": ["perhaps", [], 7],
         "array": ["x", {"a": 1}], "object": [[], "x", 5]}
NAMES_IN_PATHS = {"securable_type": "table", "request_object_type": "jobs", "request_object_id": "1", "full_name": "main.default.x", "id": "1"}
MALFORMED = {
    "no JSON": b"certainly not", "cut off": b'{"a": "b', "an array": b"[1]", "a number": b"7", "a text": b'"x"', "two values": b"{} {}",
    "invalid UTF-8": b'{"a": "\xff\xfe"}', "a lone surrogate": b'{"a": "\\ud800"}', "a raw control": b'{"a": "\x01"}',
    "too deep": b'{"a": ' + b"[" * 101 + b"]" * 101 + b"}", "far too deep": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
}


def resolved(schema):
    """The schema with its reference followed and its parts joined."""
    if "$ref" in schema:
        return resolved(SPEC["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]])
    if "allOf" not in schema:
        return schema
    whole = {"type": "object", "properties": {}, "required": []}
    for part in map(resolved, schema["allOf"]):
        whole["properties"].update(part.get("properties", {}))
        whole["required"] += part.get("required", [])
    return whole


def operations():
    for path, methods in SPEC["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def json_routes():
    for method, path, operation in operations():
        content = operation.get("requestBody", {}).get("content", {})
        if "application/json" in content:
            yield method, path, resolved(content["application/json"]["schema"])


def fields(schema, depth=3):
    """(where, type, body): each typed field, and how a value `bad` is put there."""
    for name, raw in schema.get("properties", {}).items():
        field = resolved(raw)
        if field.get("type") in WRONG:
            yield [name], field["type"], lambda bad, name=name: {name: bad}
        inner, wrap = field, lambda value: value
        if field.get("type") == "array":
            inner, wrap = resolved(field["items"]), lambda value: [value]
            if inner.get("type") in WRONG:
                yield [name], inner["type"], lambda bad, name=name: {name: [bad]}
        if depth and inner.get("properties"):
            for where, kind, body in fields(inner, depth - 1):
                yield [name, *where], kind, lambda bad, name=name, wrap=wrap, body=body: {name: wrap(body(bad))}


@pytest.fixture(scope="module")
def call(server):
    session = requests.Session()
    session.trust_env = False
    session.headers["Authorization"] = f"Bearer {server.info['token']}"

    def send(method, path, **more):
        path = re.sub(r"\{(\w+)\}", lambda name: NAMES_IN_PATHS.get(name[1], "x"), path)
        return session.request(method, server.info["url"] + path, timeout=60, **more)

    return send


def message_of(answer):
    body = answer.json()
    return body.get("message", body.get("detail"))


ROUTES = {f"{method} {path}": (method, path, schema) for method, path, schema in json_routes()}


@pytest.mark.parametrize("route", ROUTES)
def test_malformed_bodies(call, route):
    method, path, _ = ROUTES[route]
    for name, body in MALFORMED.items():
        answer = call(method, path, data=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400, (name, answer.status_code, answer.text[:300])
        assert message_of(answer) and len(answer.text) < 2000, name
        assert answer.json().get("error_code") == "MALFORMED_REQUEST" or answer.json().get("scimType") == "invalidSyntax", (name, answer.text[:300])


@pytest.mark.parametrize("route", ROUTES)
def test_wrong_types_name_the_field(call, route):
    method, path, schema = ROUTES[route]
    tried = 0
    for where, kind, body in fields(schema):
        for bad in WRONG[kind]:
            sent = body(bad)
            answer = call(method, path, json=sent)
            assert answer.status_code == 400, (sent, answer.status_code, answer.text[:300])
            assert where[-1] in message_of(answer), (sent, answer.text[:300])
            tried += 1
    assert tried > 0


@pytest.mark.parametrize("route", [route for route, (_, _, schema) in ROUTES.items() if schema.get("required")])
def test_a_missing_field_is_named(call, route):
    method, path, schema = ROUTES[route]
    answer = call(method, path, json={})
    assert answer.status_code == 400, (answer.status_code, answer.text[:300])
    assert any(name in message_of(answer) for name in schema["required"]), answer.text[:300]


QUERIES = {f"{method} {path} {parameter['name']}": (method, path, parameter)
           for method, path, operation in operations() for parameter in operation.get("parameters", [])
           if parameter["in"] == "query" and resolved(parameter["schema"]).get("type") in ("integer", "boolean")
           and "application/octet-stream" not in operation.get("requestBody", {}).get("content", {})}


@pytest.mark.parametrize("query", QUERIES)
def test_wrong_types_in_queries(call, query):
    method, path, parameter = QUERIES[query]
    for bad in {"integer": ["many", "1.5", "9" * 30, ""], "boolean": ["perhaps", "2"]}[resolved(parameter["schema"])["type"]]:
        answer = call(method, path, params={parameter["name"]: bad})
        assert answer.status_code == 400, (bad, answer.status_code, answer.text[:300])
        assert parameter["name"] in message_of(answer), answer.text[:300]


def test_a_body_over_the_limit(call):
    for route, (method, path, _) in ROUTES.items():
        answer = call(method, path, data=b'{"a": "' + b"x" * (40 * 2**20) + b'"}', headers={"Content-Type": "application/json"})
        assert answer.status_code == 413, (route, answer.status_code, answer.text[:300])
        assert "exceeds" in message_of(answer)
