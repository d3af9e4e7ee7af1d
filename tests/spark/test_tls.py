"""One port with TLS: REST and Spark Connect behind the same certificate."""

import json
import os
import pathlib
import ssl
import subprocess
import sys
import time
import urllib.request

BUILD_DIR = pathlib.Path(os.environ.get("ASHLAR_BUILD_DIR", "build/release"))

PROGRAM = """
import sys
from pyspark.sql.connect.session import SparkSession
spark = SparkSession.builder.remote(sys.argv[1]).create()
print(spark.sql("SELECT 6 * 7 AS answer").collect()[0].answer)
spark.stop()
"""


def test_rest_and_connect_over_tls(tmp_path):
    cert, key, ready = tmp_path / "cert.pem", tmp_path / "key.pem", tmp_path / "ready.json"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True)
    server = subprocess.Popen([BUILD_DIR / "ashlar", "serve", "--ephemeral", "--listen", "localhost:0", "--ready-file", ready,
                               "--tls-cert", cert, "--tls-key", key], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 30
        while not ready.exists():
            assert server.poll() is None and time.monotonic() < deadline, "the server did not start"
            time.sleep(0.01)
        info = json.loads(ready.read_text())
        assert info["url"].startswith("https://")
        request = urllib.request.Request(info["url"] + "/api/2.0/preview/scim/v2/Me", headers={"Authorization": "Bearer " + info["token"]})
        me = json.load(urllib.request.urlopen(request, context=ssl.create_default_context(cafile=cert)))
        assert me["userName"] == "admin@localhost"
        host = info["url"].removeprefix("https://")
        remote = f"sc://{host}/;use_ssl=true;token={info['token']};x-databricks-cluster-id={info['cluster_id']}"
        program = tmp_path / "program.py"
        program.write_text(PROGRAM)
        answer = subprocess.run([sys.executable, program, remote], capture_output=True, text=True, timeout=120,
                                env={**os.environ, "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": str(cert)})
        assert answer.stdout.strip() == "42", answer.stderr[-6000:]
    finally:
        server.terminate()
        server.wait(timeout=30)
