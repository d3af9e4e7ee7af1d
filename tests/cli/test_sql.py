"""`ashlar sql` without a terminal: -e, -f, standard input, formats, errors, large results."""

import csv
import io
import json

import pytest


def test_a_table_with_null_and_wide_signs(ashlar):
    done = ashlar("sql", "-e", "SELECT 1 AS id, '日本' AS name UNION ALL SELECT 1000, NULL ORDER BY id")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "  id  | name \n------+------\n    1 | 日本\n 1000 | NULL\n(2 rows)\n"
    assert done.stderr == ""


def test_several_statements_split_outside_of_strings(ashlar):
    done = ashlar("sql", "--format", "csv", "-e", "SELECT ';' AS a; -- one; two\nSELECT '--' AS b", "-e", "SELECT 3 AS c")
    assert done.stdout == "a\r\n;\r\nb\r\n--\r\nc\r\n3\r\n"


def test_files_and_standard_input(ashlar, tmp_path):
    script = tmp_path / "script.sql"
    script.write_text("SELECT 'file' AS a;\n")
    assert ashlar("sql", "--format", "tsv", "-f", script).stdout == "a\nfile\n"
    assert ashlar("sql", "--format", "tsv", input="SELECT 'pipe' AS a").stdout == "a\npipe\n"
    assert ashlar("sql", "--format", "tsv", "-f", script, "-f", "-", input="SELECT 'pipe' AS a;").stdout == "a\nfile\na\npipe\n"
    assert ashlar("sql", "-f", tmp_path / "absent.sql").returncode == 1


def test_json_has_the_types_of_the_columns(ashlar):
    done = ashlar("sql", "--format", "json", "-e",
                  "SELECT 1 AS i, 2.50 AS d, CAST(1.5 AS DOUBLE) AS f, true AS b, 'x' AS s, NULL AS n, DATE'2024-02-29' AS t, "
                  "array(1, 2) AS a, named_struct('k', 1, 'l', array('z')) AS o, map('m', 1) AS m")
    assert json.loads(done.stdout) == [{"i": 1, "d": 2.5, "f": 1.5, "b": True, "s": "x", "n": None, "t": "2024-02-29",
                                       "a": [1, 2], "o": {"k": 1, "l": ["z"]}, "m": {"m": 1}}]
    assert '"d":2.50' in done.stdout
    lines = ashlar("sql", "--format", "jsonl", "-e", "SELECT id FROM range(3)").stdout.splitlines()
    assert [json.loads(line) for line in lines] == [{"id": 0}, {"id": 1}, {"id": 2}]


def test_csv_and_markdown(ashlar):
    done = ashlar("sql", "--format", "csv", "-e", "SELECT 'a,\"b\"\n' AS x, '' AS empty, NULL AS nothing", text=False)
    assert done.stdout == b'x,empty,nothing\r\n"a,""b""\n","",\r\n'
    assert list(csv.reader(io.StringIO(done.stdout.decode(), newline=""))) == [["x", "empty", "nothing"], ['a,"b"\n', "", ""]]
    assert ashlar("sql", "--format", "markdown", "-e", "SELECT 'a|b' AS x").stdout == "| x |\n| --- |\n| a\\|b |\n"


@pytest.mark.parametrize("format", ["csv", "jsonl"])
def test_every_chunk_of_a_large_result(ashlar, format):
    done = ashlar("sql", "--format", format, "-e", "SELECT id, repeat('x', 20) AS pad FROM range(400000) ORDER BY id")
    rows = done.stdout.splitlines()
    if format == "csv":
        values = [int(row.split(",")[0]) for row in rows[1:]]
    else:
        values = [json.loads(row)["id"] for row in rows]
    assert values == list(range(400000))


def test_the_first_error_stops(ashlar, tmp_path):
    script = tmp_path / "script.sql"
    script.write_text("SELECT 1 AS one;\n\nSELECT nope\nFROM (SELECT 1 AS a);\nSELECT 3 AS three;\n")
    done = ashlar("sql", "-f", script)
    assert done.returncode == 1
    assert "one" in done.stdout and "three" not in done.stdout
    assert "[UNRESOLVED_COLUMN.WITH_SUGGESTION]" in done.stderr and "SQLSTATE: 42703" in done.stderr
    assert f"{script}:3" in done.stderr


def test_the_place_of_an_error(ashlar):
    done = ashlar("sql", "-e", "SELECT 1,\n       nope FROM (SELECT 1 AS a)")
    assert "\n         nope FROM (SELECT 1 AS a)\n         ^\n" in done.stderr
    done = ashlar("sql", "-e", "SELECT 1 FORM x y")
    assert "PARSE_SYNTAX_ERROR" in done.stderr and "^" in done.stderr


def test_use_lasts_and_sessions_do_not(ashlar):
    done = ashlar("sql", "--format", "tsv", "-e", "CREATE SCHEMA IF NOT EXISTS cli_use; USE cli_use; SELECT current_schema() AS s")
    assert done.stdout.endswith("s\ncli_use\n"), done.stderr
    assert ashlar("sql", "--format", "tsv", "--schema", "cli_use", "-e", "SELECT current_schema() AS s").stdout == "s\ncli_use\n"
    done = ashlar("sql", "-e", "CREATE TEMPORARY VIEW v AS SELECT 1")
    assert "session of its own" in done.stderr


def test_where_a_connection_comes_from(run, server, home, tmp_path):
    info = server.info
    query = ("sql", "--format", "tsv", "-e", "SELECT 1 AS a")
    nothing = run(*query)
    assert nothing.returncode == 1 and "--host" in nothing.stderr and "DATABRICKS_HOST" in nothing.stderr
    assert "no token" in run(*query, "--host", info["url"]).stderr
    assert run(*query, "--host", info["url"], "--token", info["token"], "--warehouse", info["warehouse_id"]).stdout == "a\n1\n"
    ready = tmp_path / "ready.json"
    ready.write_text(json.dumps(info))
    assert run(*query, "--ready-file", ready).stdout == "a\n1\n"
    assert run(*query, env={"ASHLAR_READY_FILE": str(ready)}).stdout == "a\n1\n"
    (home / ".databrickscfg").write_text(f"[mine]\nhost = {info['url']}/\ntoken = {info['token']}\n")
    assert run(*query, "--profile", "mine").stdout == "a\n1\n"
    wrong = run(*query, "--host", info["url"], "--token", "dapi-wrong")
    assert wrong.returncode == 1 and wrong.stdout == ""
    assert "Cannot reach" in run(*query, "--host", "http://localhost:1", "--token", "x").stderr


def test_usage_errors_exit_with_2(run):
    assert run("sql", "--format", "nonsense").returncode == 2
    assert run("nonsense").returncode == 2
    assert run("--version").stdout.startswith("ashlar ")
    assert "doctor" in run("--help").stdout


def test_ctrl_c_cancels_and_runs_nothing_more(ashlar, interrupted, tmp_path):
    script = tmp_path / "script.sql"
    script.write_text("SELECT count(*) FROM range(1000000000000) WHERE id % 7 = 3;\nCREATE TABLE cli_never AS SELECT 1 AS a;\n")
    assert interrupted("sql", "-f", script) == 130
    assert "cli_never" not in ashlar("sql", "-e", "SHOW TABLES").stdout
