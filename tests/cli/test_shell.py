"""`ashlar sql` on a terminal: editing, completion, history, meta commands, Ctrl-C."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

import pytest
from conftest import ASHLAR, clean_environment

PROMPT = "main.default> "


class Terminal:
    """A process on a pseudo-terminal, and what it has written."""

    def __init__(self, home, server, columns=80):
        self.fd, child = pty.openpty()
        fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        env = {**clean_environment(home), "DATABRICKS_HOST": server.info["url"], "DATABRICKS_TOKEN": server.info["token"]}
        self.process = subprocess.Popen([ASHLAR, "sql"], stdin=child, stdout=child, stderr=child, env=env, start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(child)
        self.text = ""

    def send(self, text):
        os.write(self.fd, text.encode())

    def expect(self, wanted, timeout_s=30):
        """Reads until `wanted` has come; gives and forgets what came up to its end."""
        deadline = time.monotonic() + timeout_s
        while True:
            plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", self.text).replace("\r", "")
            if wanted in plain:
                end = plain.index(wanted) + len(wanted)
                self.text = plain[end:]
                return plain[:end]
            assert time.monotonic() < deadline, f"{wanted!r} did not come in {plain!r}"
            if select.select([self.fd], [], [], 0.1)[0]:
                try:
                    self.text += os.read(self.fd, 65536).decode(errors="replace")
                except OSError:
                    raise AssertionError(f"{wanted!r} did not come before the end of {plain!r}")

    def end(self):
        """The exit status, once the process has ended."""
        while self.process.poll() is None:
            if select.select([self.fd], [], [], 0.1)[0]:
                try:
                    os.read(self.fd, 65536)
                except OSError:
                    break
        return self.process.wait(timeout=30)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.fd)


@pytest.fixture
def terminal(home, server):
    opened = []

    def open_one(**options):
        opened.append(Terminal(home, server, **options))
        opened[-1].expect(PROMPT)
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


def test_statements_over_several_lines(terminal):
    shell = terminal()
    shell.send("SELECT 6\n")
    shell.expect("-> ")
    shell.send("* 7 AS answer;\n")
    shown = shell.expect(PROMPT)
    assert " answer \n--------\n     42\n(1 row)  " in shown
    shell.send("SELECT nope;\n")
    assert "UNRESOLVED_COLUMN" in shell.expect(PROMPT)
    shell.send("\x04")
    assert shell.end() == 0


def test_meta_commands(terminal, tmp_path):
    shell = terminal()
    shell.send("CREATE OR REPLACE TABLE meta_table (meta_column INT);\n")
    shell.expect(PROMPT)
    shell.send("\\d meta_table\n")
    assert "meta_column" in shell.expect(PROMPT)
    shell.send("\\dt\n")
    assert "meta_table" in shell.expect(PROMPT)
    shell.send("\\l\n")
    assert "main" in shell.expect("(")
    shell.expect(PROMPT)
    shell.send("\\x\n")
    shell.expect(PROMPT)
    shell.send("SELECT 1 AS a, 'b' AS c;\n")
    assert "-[ RECORD 1 ]-\na | 1\nc | b\n" in shell.expect(PROMPT)
    out = tmp_path / "out.csv"
    shell.send(f"\\o {out}\n")
    shell.expect(PROMPT)
    shell.send("\\o csv\n")
    shell.expect(PROMPT)
    shell.send("SELECT 1 AS a;\n")
    shell.expect(PROMPT)
    shell.send("\\?\n")
    assert "\\timing" in shell.expect(PROMPT)
    shell.send("\\q\n")
    assert shell.end() == 0
    assert out.read_text() == "a\n1\n"


def test_use_shows_in_the_prompt(terminal, ashlar):
    ashlar("sql", "-e", "CREATE SCHEMA IF NOT EXISTS cli_prompt")
    shell = terminal()
    shell.send("USE cli_prompt;\n")
    shell.expect("main.cli_prompt> ")
    shell.send("SELECT current_schema() AS s;\n")
    assert "cli_prompt" in shell.expect("(1 row)")


def test_completion_of_keywords_tables_and_columns(terminal, ashlar):
    ashlar("sql", "-e", "CREATE OR REPLACE TABLE completed_orders (unlikely_column INT); INSERT INTO completed_orders VALUES (77)")
    shell = terminal()
    shell.send("SELE\t")
    shell.expect("SELECT ")
    shell.send("max(unlikely_column) FROM completed_o\t")
    shell.expect("completed_orders ")
    shell.send("WHERE unlik\t")
    shell.expect("unlikely_column ")
    shell.send("> 0;\n")
    assert "77" in shell.expect("(1 row)")


def test_history_is_kept(terminal, home):
    shell = terminal()
    shell.send("SELECT 'remembered'\n")
    shell.expect("-> ")
    shell.send("AS word;\n")
    shell.expect("(1 row)")
    shell.expect(PROMPT)
    shell.send("\\q\n")
    assert shell.end() == 0
    file = home / ".local/state/ashlar/sql_history"
    assert file.stat().st_mode & 0o777 == 0o600
    again = terminal()
    again.send("\x1b[A")  # up: \q, then the statement with both its lines
    again.send("\x1b[A\n")
    shown = again.expect("(1 row)")
    assert "remembered" in shown and "word" in shown


def test_ctrl_c_cancels_the_statement(terminal):
    shell = terminal()
    shell.send("SELECT count(*) FROM range(1000000000000) WHERE id % 7 = 3;\n")
    shell.expect("Running")
    shell.send("\x03")
    assert "cancelled" in shell.expect(PROMPT).lower()
    # A line that was begun is dropped, too.
    shell.send("SELECT 'half")
    shell.expect("'half")
    shell.send("\x03")
    shell.expect(PROMPT)
    shell.send("SELECT 'whole' AS w;\n")
    assert "whole" in shell.expect("(1 row)")


def test_tables_fit_the_terminal(terminal):
    shell = terminal(columns=40)
    shell.send("SELECT repeat('x', 200) AS a, 1 AS b;\n")
    shown = shell.expect("(1 row)")
    table = [line for line in shown.splitlines() if "xxx" in line and "repeat" not in line]
    assert len(table) == 1 and "…" in table[0] and len(table[0]) <= 40
