"""`ashlar doctor` and `ashlar tls init`."""

import json
import os
import shutil
import socket
import subprocess
import sys

import pytest
from conftest import ASHLAR


def checks(done):
    return {check["name"]: check for check in json.loads(done.stdout)["checks"]}


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def test_doctor_on_a_good_folder(run, tmp_path):
    done = run("doctor", "--json", "--data-dir", tmp_path / "new", "--listen", f"localhost:{free_port()}")
    found = checks(done)
    assert done.returncode == 0, done.stdout
    assert {found[name]["status"] for name in ("data folder", "data folder lock", "fsync", "port", "driver", "clock")} == {"ok"}
    assert "DuckDB v" in found["driver"]["detail"]
    assert found["server"]["status"] == "skip"
    assert not (tmp_path / "new").exists()  # looking changes nothing
    assert list(tmp_path.glob(".ashlar-doctor*")) == []


def test_doctor_on_a_bad_folder(run, tmp_path):
    file = tmp_path / "file"
    file.write_text("not a folder")
    done = run("doctor", "--data-dir", file)
    assert done.returncode == 1
    assert any(line.startswith("FAIL") and "data folder" in line for line in done.stdout.splitlines())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_doctor_on_a_folder_of_someone_else(run):
    done = run("doctor", "--json", "--data-dir", "/proc/ashlar")
    assert done.returncode == 1 and checks(done)["data folder"]["status"] == "FAIL"


def test_doctor_beside_and_against_a_server(run, make_server, tmp_path):
    data = tmp_path / "data"
    server = make_server("--data-dir", str(data))
    port = server.info["url"].rsplit(":", 1)[1]
    done = run("doctor", "--json", "--data-dir", data, "--listen", f"localhost:{port}", "--host", server.info["url"], "--token", server.info["token"])
    found = checks(done)
    assert done.returncode == 0, done.stdout
    assert found["port"]["status"] == "warn" and found["data folder lock"]["status"] == "warn"
    assert found["server"]["status"] == "ok" and "admin@localhost" in found["token"]["detail"]
    other = run("doctor", "--json", "--data-dir", tmp_path / "other", "--listen", f"localhost:{port}")
    assert other.returncode == 1 and checks(other)["port"]["status"] == "FAIL"
    assert checks(run("doctor", "--json", "--host", server.info["url"], "--token", "dapi-wrong"))["token"]["status"] == "FAIL"
    assert checks(run("doctor", "--json", "--host", "http://localhost:1", "--token", "x"))["server"]["status"] == "FAIL"


def test_doctor_without_a_driver(tmp_path, home):
    alone = tmp_path / "ashlar"
    shutil.copy(ASHLAR, alone)
    done = subprocess.run([alone, "doctor", "--json"], capture_output=True, text=True, env={"HOME": str(home)})
    assert done.returncode == 1 and checks(done)["driver"]["status"] == "FAIL"
    driver = tmp_path / "ashlar-driver"
    driver.write_text("#!/bin/sh\necho '{\"version\": \"0.0.0-other\", \"duckdb\": \"v0\"}'\n")
    driver.chmod(0o755)
    done = subprocess.run([alone, "doctor", "--json"], capture_output=True, text=True, env={"HOME": str(home)})
    assert "0.0.0-other" in checks(done)["driver"]["detail"] and checks(done)["driver"]["status"] == "FAIL"


def test_tls_init_serve_and_connect(run, make_server, tmp_path, home):
    folder = tmp_path / "tls"
    made = run("tls", "init", "--dir", folder, "--host", "ashlar.example.com,10.1.2.3")
    assert made.returncode == 0, made.stderr
    assert "--tls-cert" in made.stdout and "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH" in made.stdout
    assert (folder / "server-key.pem").stat().st_mode & 0o777 == 0o600
    shown = subprocess.run(["openssl", "x509", "-in", folder / "server.pem", "-noout", "-ext", "subjectAltName"], capture_output=True, text=True).stdout
    for name in ("DNS:localhost", "IP Address:127.0.0.1", "IP Address:0:0:0:0:0:0:0:1", "DNS:ashlar.example.com", "IP Address:10.1.2.3"):
        assert name in shown
    before = (folder / "ca.pem").read_bytes()
    refused = run("tls", "init", "--dir", folder)
    assert refused.returncode == 1 and "--force" in refused.stderr and (folder / "ca.pem").read_bytes() == before
    assert run("tls", "init", "--dir", tmp_path / "other", "--host", "not a name").returncode == 1

    server = make_server("--ephemeral", "--tls-cert", str(folder / "server.pem"), "--tls-key", str(folder / "server-key.pem"))
    named = ("--host", server.info["url"], "--token", server.info["token"])
    query = ("sql", "--format", "tsv", "-e", "SELECT 1 AS a")
    assert run(*query, *named, "--ca-cert", folder / "ca.pem").stdout == "a\n1\n"
    assert run(*query, *named, env={"ASHLAR_CA_CERT": str(folder / "ca.pem")}).stdout == "a\n1\n"
    untrusted = run(*query, *named)
    assert untrusted.returncode == 1 and "certificate" in untrusted.stderr.lower()
    # The Python clients trust it the way the command says.
    program = "import sys; from databricks.sdk import WorkspaceClient; print(WorkspaceClient(host=sys.argv[1], token=sys.argv[2]).current_user.me().user_name)"
    sdk = subprocess.run([sys.executable, "-c", program, server.info["url"], server.info["token"]], capture_output=True, text=True,
                         env={**os.environ, "HOME": str(home), "REQUESTS_CA_BUNDLE": str(folder / "ca.pem")})
    assert sdk.stdout.strip() == "admin@localhost", sdk.stderr[-2000:]
    assert run("tls", "init", "--dir", folder, "--force").returncode == 0
    assert (folder / "ca.pem").read_bytes() != before
