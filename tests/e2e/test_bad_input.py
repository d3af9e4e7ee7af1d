"""What is malformed, huge, slow or garbage is answered clearly, and the server goes on as before."""

import json
import socket
import time
import urllib.parse

import pytest
import requests
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import Unauthenticated
from databricks.sdk.service.sql import StatementState


@pytest.fixture(scope="module")
def post(server):
    """Posts raw bytes as the admin; gives (status, error code, message)."""
    session = requests.Session()
    session.trust_env = False
    session.headers.update({"Authorization": f"Bearer {server.info['token']}", "Content-Type": "application/json"})

    def send(path, body):
        answer = session.post(server.info["url"] + path, data=body, timeout=60)
        parsed = answer.json()
        return answer.status_code, parsed.get("error_code"), parsed.get("message", "")

    return send


@pytest.fixture(autouse=True)
def goes_on(sql):
    yield
    assert sql("SELECT 'alive'") == [["alive"]]


def connection(server):
    url = urllib.parse.urlsplit(server.info["url"])
    return socket.create_connection((url.hostname, url.port), timeout=60)


def head(server, line, *headers):
    token = server.info["token"]
    return "\r\n".join([line, "Host: localhost", f"Authorization: Bearer {token}", *headers, "", ""]).encode()


STATEMENTS = "/api/2.0/sql/statements"

MALFORMED = {
    "no JSON": b"certainly not",
    "cut off": b'{"statement": "SELECT 1',
    "an array": b"[1, 2]",
    "a number": b"7",
    "something behind it": b'{"statement": "SELECT 1"} x',
    "two values of a kind": b'{"statement": [1], "statement": {}}',
    "invalid UTF-8": b'{"statement": "\xff\xfe"}',
    "a lone surrogate": b'{"statement": "\\ud800"}',
    "an unescaped control": b'{"statement": "a\x01b"}',
    "nothing": b"",
    "only spaces": b"   ",
    "very deep arrays": b'{"statement": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "very deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "a number beyond doubles": b'{"row_limit": 1e999, "statement": "SELECT 1", "warehouse_id": "x"}',
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_json(post, name):
    status, code, message = post(STATEMENTS, MALFORMED[name])
    assert status == 400 and code in ("MALFORMED_REQUEST", "INVALID_PARAMETER_VALUE", "BAD_REQUEST"), (status, code, message)
    assert message and len(message) < 2000


@pytest.mark.parametrize("path, field, value", [
    (STATEMENTS, "statement", []), (STATEMENTS, "statement", {}), (STATEMENTS, "warehouse_id", []), (STATEMENTS, "row_limit", "many"),
    (STATEMENTS, "row_limit", 1.5), (STATEMENTS, "row_limit", 2**64), (STATEMENTS, "parameters", {}), (STATEMENTS, "parameters", [1]),
    (STATEMENTS, "wait_timeout", {}), (STATEMENTS, "format", []),
    ("/api/2.2/jobs/create", "tasks", "x"), ("/api/2.2/jobs/create", "tasks", [[]]), ("/api/2.2/jobs/create", "name", {}),
    ("/api/2.2/jobs/create", "max_concurrent_runs", "x"), ("/api/2.2/jobs/create", "timeout_seconds", True),
    ("/api/2.1/clusters/create", "num_workers", "x"), ("/api/2.1/clusters/create", "spark_conf", []), ("/api/2.1/clusters/create", "spark_conf", {"a": []}),
    ("/api/2.0/token/create", "lifetime_seconds", "x"), ("/api/2.1/unity-catalog/catalogs", "name", [7]),
    ("/api/2.1/unity-catalog/catalogs", "properties", {"a": {}}), ("/api/2.0/workspace/mkdirs", "path", {}),
])
def test_wrong_types_name_the_field(post, server, path, field, value):
    good = {"statement": "SELECT 1", "warehouse_id": server.info["warehouse_id"], "name": "n", "spark_version": "4.2.x-ashlar", "path": "/x"}
    status, code, message = post(path, json.dumps({**good, field: value}))
    assert status == 400 and field in message, (status, code, message)


@pytest.mark.parametrize("text", ["-1s", "51s", "1h", "9999999999s", "s"])
def test_wait_timeouts(post, server, text):
    status, code, message = post(STATEMENTS, json.dumps({"statement": "SELECT 1", "warehouse_id": server.info["warehouse_id"], "wait_timeout": text}))
    assert (status, code) == (400, "INVALID_PARAMETER_VALUE") and "wait_timeout" in message


def test_a_body_over_the_limit_is_refused_unread(server):
    with connection(server) as peer:
        peer.sendall(head(server, f"POST {STATEMENTS} HTTP/1.1", f"Content-Length: {10 * 2**30}", "Content-Type: application/json"))
        answer = peer.recv(65536)  # nothing of the body was sent
    assert answer.startswith((b"HTTP/1.1 413", b"HTTP/1.1 400")), answer[:200]


def test_a_chunked_body_over_the_limit_is_cut(server):
    sent, piece = 0, b"x" * 2**20
    with connection(server) as peer:
        peer.sendall(head(server, f"POST {STATEMENTS} HTTP/1.1", "Transfer-Encoding: chunked", "Content-Type: application/json"))
        try:
            for _ in range(512):
                peer.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
                sent += len(piece)
        except OSError:
            pass  # it hung up
    assert sent < 300 * 2**20, "half a GiB was taken"


@pytest.mark.parametrize("headers", [
    [f"X-Header-{n}: {'v' * 100}" for n in range(2000)], ["X-Long: " + "v" * 500_000], ["no colon here"], ["X-Bad\x00Name: v"],
    ["Content-Length: -1"], ["Content-Length: 5", "Content-Length: 6"], ["Content-Length: 5", "Transfer-Encoding: chunked"],
    ["Transfer-Encoding: gzip"], ["Content-Length: 99999999999999999999999"],
], ids=["many", "long", "no colon", "NUL", "negative", "two lengths", "length and chunks", "unknown coding", "overflow"])
def test_bad_heads_are_refused(server, headers):
    with connection(server) as peer:
        try:
            peer.sendall(head(server, f"POST {STATEMENTS} HTTP/1.1", *headers))
            answer = peer.recv(65536)
        except OSError:
            answer = b""
    # A head beyond the limit may find the line closed; nothing may be taken for a request that was accepted.
    assert answer == b"" or answer.split(b" ")[1][:1] == b"4", answer[:200]


@pytest.mark.parametrize("line", [
    "GET / HTTP/9.9", "GET /%zz HTTP/1.1", "GET /api/2.0/../../etc/passwd HTTP/1.1", "GET /api/2.0/fs/files/Volumes/%2e%2e/x HTTP/1.1",
    "GET /api/2.0/%00 HTTP/1.1", "BREW /api/2.0/token/list HTTP/1.1", "GET", "\x16\x03\x01\x02\x00garbage", "GET /" + "a" * 100_000 + " HTTP/1.1",
])
def test_bad_request_lines_are_refused(server, line):
    with connection(server) as peer:
        try:
            peer.sendall(head(server, line))
            answer = peer.recv(65536)
        except OSError:
            answer = b""
    assert answer == b"" or answer.split(b" ")[1][:1] == b"4", answer[:200]


def test_a_silent_client_is_cut_off(server):
    with connection(server) as peer:
        peer.sendall(b"POST /api/2.0/sql/statements HTTP/1.1\r\nHost: x\r\n")
        start = time.monotonic()
        answer = peer.recv(65536)  # 15 s for a head
        assert time.monotonic() - start < 40
    assert answer == b"" or answer.startswith(b"HTTP/1.1 408"), answer[:200]


def test_bad_tokens(workspace, server):
    url = server.info["url"]
    expired = workspace.tokens.create(comment="short", lifetime_seconds=1)
    revoked = workspace.tokens.create(comment="revoked")
    workspace.tokens.delete(revoked.token_info.token_id)
    for token in (revoked.token_value, "dapi" + "0" * 32, "x" * 10_000, "ä", "Bearer Bearer", "null"):
        answer = requests.get(url + "/api/2.0/token/list", headers={"Authorization": f"Bearer {token}".encode()}, timeout=10)
        assert (answer.status_code, answer.json()["error_code"]) == (401, "UNAUTHENTICATED"), token[:20]
    for header in ("Basic YTpi", "Bearer", "", "bearer\t", server.info["token"]):
        answer = requests.get(url + "/api/2.0/token/list", headers={"Authorization": header}, timeout=10)
        assert answer.status_code == 401, header
    deadline = time.monotonic() + 20
    while requests.get(url + "/api/2.0/token/list", headers={"Authorization": f"Bearer {expired.token_value}"}, timeout=10).status_code != 401:
        assert time.monotonic() < deadline, "a token of one second still works"
        time.sleep(0.05)
    with pytest.raises(Unauthenticated):
        WorkspaceClient(host=url, token=expired.token_value).current_user.me()


# Text, condition, SQLSTATE, and what the position points at (line, column), when Spark gives one.
BROKEN_SQL = [
    ("SELEC 1", "PARSE_SYNTAX_ERROR", "42601", "(line 1, pos 0)\n\n== SQL ==\nSELEC 1\n^^^"),
    ("SELECT 1 +", "PARSE_SYNTAX_ERROR", "42601", "line 1, pos 10"),
    ("SELECT (1", "PARSE_SYNTAX_ERROR", "42601", "line 1, pos 9"),
    ("SELECT\n  'open", "PARSE_SYNTAX_ERROR", "42601", "line 2"),
    ("SELECT a FROM nowhere", "TABLE_OR_VIEW_NOT_FOUND", "42P01", "; line 1 pos 14"),
    ("SELECT b FROM (SELECT 1 AS a)", "UNRESOLVED_COLUMN.WITH_SUGGESTION", "42703", "; line 1 pos 7"),
    ("SELECT nofunction(1)", "UNRESOLVED_ROUTINE", "42883", "; line 1 pos 7"),
    ("SELECT 1 WHERE 'x' AND 1", "DATATYPE_MISMATCH", "42K09", "line 1 pos 15"),
    ("SELECT 1 FROM range(1) GROUP BY 7", "GROUP_BY_POS_OUT_OF_RANGE", "42805", "; line 1 pos 32"),
    ("SELECT CAST('x' AS INT)", "CAST_INVALID_INPUT", "22018", "line 1, position 8"),
    ("SELECT\n 1/0", "DIVIDE_BY_ZERO", "22012", "\n== SQL (line 2, position 2) ==\n 1/0\n ^^^"),
    ("SELECT 2147483647 + 1", "ARITHMETIC_OVERFLOW", "22003", "line 1, position 8"),
]


@pytest.mark.parametrize("text, condition, state, position", BROKEN_SQL, ids=[row[0].replace("\n", " ") for row in BROKEN_SQL])
def test_broken_sql(workspace, server, text, condition, state, position):
    answer = workspace.statement_execution.execute_statement(text, warehouse_id=server.info["warehouse_id"], wait_timeout="50s")
    assert answer.status.state == StatementState.FAILED
    message = answer.status.error.message
    assert f"[{condition}" in message and f"SQLSTATE: {state}" in message and position in message, message


def failure(workspace, server, text):
    answer = workspace.statement_execution.execute_statement(text, warehouse_id=server.info["warehouse_id"], wait_timeout="50s")
    return "" if answer.status.state == StatementState.SUCCEEDED else answer.status.error.message


DEEP = {
    "parentheses": "SELECT " + "(" * 20_000 + "1" + ")" * 20_000,
    "unary minus": "SELECT " + "- " * 50_000 + "1",
    "NOT": "SELECT " + "NOT " * 50_000 + "true",
    "additions": "SELECT " + " + ".join(["1"] * 50_000),
    "AND": "SELECT " + " AND ".join(["true"] * 10_000),
    "concatenations": "SELECT " + " || ".join(["'a'"] * 20_000),
    "calls": "SELECT " + "abs(" * 20_000 + "1" + ")" * 20_000,
    "CASE": "SELECT " + "CASE WHEN true THEN " * 10_000 + "1" + " END" * 10_000,
    "subqueries": "SELECT * FROM " + "(SELECT * FROM " * 5_000 + "range(1)" + ")" * 5_000,
    "UNION": " UNION ALL ".join(["SELECT 1"] * 5_000),
    "arrays": "SELECT " + "array(" * 5_000 + "1" + ")" * 5_000,
    "types": "SELECT CAST(NULL AS " + "ARRAY<" * 5_000 + "INT" + ">" * 5_000 + ")",
    "brackets": "SELECT a" + "[0]" * 20_000 + " FROM (SELECT array(1) AS a)",
    "comments": "SELECT " + "/* " * 50_000 + " */" * 50_000 + " 1",
}


@pytest.mark.parametrize("name", DEEP)
def test_deep_sql_is_run_or_refused(workspace, server, name):
    """Never a crash: either Spark's answer, or an error that says what is too deep."""
    message = failure(workspace, server, DEEP[name])
    assert message == "" or any(word in message for word in ("too deep", "nested", "levels", "COMPLEX", "DATATYPE_MISMATCH", "INVALID_EXTRACT")), message[:500]
    assert len(message) < 20_000


def test_long_sql(sql, workspace, server):
    assert sql("SELECT count(*) FROM VALUES " + ", ".join(f"({n})" for n in range(20_000)) + " AS t(n)") == [["20000"]]
    assert sql("SELECT length('" + "x" * 3_000_000 + "')") == [["3000000"]]
    assert sql("SELECT 1 WHERE 5 IN (" + ", ".join(str(n) for n in range(20_000)) + ")") == [["1"]]
    assert "PARSE_SYNTAX_ERROR" in failure(workspace, server, "x" * 1_000_000)


def test_odd_characters(sql, workspace, server):
    assert sql("SELECT length('a\u0000b'), 'ä€𝄞', '\u202e'") == [["3", "ä€𝄞", "\u202e"]]
    assert "PARSE_SYNTAX_ERROR" in failure(workspace, server, "SELECT\u0000 1 \u0000")
    assert sql("SELECT 1 AS `we``ird é`") == [["1"]]


def test_names_that_are_no_names(post):
    for name in ("", " ", "a b", "a.b", "a/b", "x" * 256, "a\u0000b", "\n"):
        status, code, message = post("/api/2.1/unity-catalog/catalogs", json.dumps({"name": name}))
        assert status == 400, (name, status, message)
