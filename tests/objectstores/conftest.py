"""Emulators of object stores, started once on free ports: moto for S3, Azurite for Azure Blob."""

import datetime
import json
import pathlib
import re
import subprocess
import sys
import uuid
from dataclasses import dataclass

import boto3
import pyarrow
import pytest
from azure.storage.blob import BlobServiceClient, ContainerSasPermissions, generate_container_sas
from databricks.sdk import WorkspaceClient
from databricks.sdk.core import Config
from databricks.sdk.service.iam import AccessControlRequest, PermissionLevel
from databricks.sdk.service.sql import StatementState
from moto.server import ThreadedMotoServer

from proxy import FaultyProxy

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUCKET = "lake"
# The account that every Azurite has; its documentation publishes the key.
ACCOUNT = "devstoreaccount1"
ACCOUNT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
S3_SECRET = "xk2-the-secret-of-a-test-key-9q"
SECRETS = [S3_SECRET, ACCOUNT_KEY]
# deltalake lets no other thread of its process run while it reads, and moto is one of ours.
READ_TABLE = """
import json, sys
import pyarrow
from deltalake import DeltaTable, QueryBuilder
url, options = json.loads(sys.argv[1])
query = QueryBuilder().register("t", DeltaTable(url, storage_options=options))
table = pyarrow.table(query.execute("SELECT * FROM t").read_all())
with pyarrow.ipc.new_stream(sys.stdout.buffer, table.schema) as out:
    out.write_table(table)
"""

sys.path.insert(0, str(ROOT / "tests/serving"))
from ashlar_server import Server  # noqa: E402


@dataclass
class Store:
    """What the C++ tests are told, and how the owner's client reads the objects they left."""

    kind: str
    endpoint: str
    secret: str
    read_all: object  # () -> {key: bytes}


@pytest.fixture(scope="session")
def moto_endpoint():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def azurite_endpoint(tmp_path_factory):
    # A machine that cannot install it fails here, with npm's words.
    made = subprocess.run([ROOT / "tools/setup", "--azurite"], check=True, stdout=subprocess.PIPE, text=True)
    program = pathlib.Path(made.stdout.strip()) / "node_modules/.bin/azurite-blob"
    folder = tmp_path_factory.mktemp("azurite")
    command = [program, "--blobHost", "127.0.0.1", "--blobPort", "0", "--inMemoryPersistence", "--disableTelemetry"]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    said = ""
    for line in process.stdout:
        said += line
        listening = re.search(r"successfully listen\w* (?:at|on) (http://[\d.]+:\d+)", line)
        if listening:
            break
    else:
        pytest.fail(f"Azurite did not start:\n{said}")
    log = open(folder / "azurite.log", "w")
    drain = subprocess.Popen(["cat"], stdin=process.stdout, stdout=log)
    yield f"{listening.group(1)}/{ACCOUNT}"
    process.terminate()
    process.wait(timeout=30)
    drain.wait(timeout=30)


def s3_client(endpoint: str):
    return boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")


def azure_container(endpoint: str):
    return BlobServiceClient(endpoint, credential=ACCOUNT_KEY).get_container_client(BUCKET)


def container_sas() -> str:
    expiry = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    allowed = ContainerSasPermissions(read=True, write=True, create=True, delete=True, list=True)
    return generate_container_sas(ACCOUNT, BUCKET, account_key=ACCOUNT_KEY, permission=allowed, expiry=expiry)


def s3_store(endpoint: str) -> Store:
    client = s3_client(endpoint)
    client.create_bucket(Bucket=BUCKET)

    def read_all():
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        return {key: client.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys if "/n/" in key}

    return Store("s3", endpoint, "test", read_all)


def azure_store(endpoint: str, kind: str) -> Store:
    container = azure_container(endpoint)
    if not container.exists():
        container.create_container()
    secret = ACCOUNT_KEY
    if kind == "azure_sas":
        secret = container_sas()

    def read_all():
        return {blob.name: container.download_blob(blob.name).readall() for blob in container.list_blobs() if "/n/" in blob.name}

    return Store(kind, endpoint, secret, read_all)


@pytest.fixture(params=["s3", "azure_key", "azure_sas"])
def store(request):
    if request.param == "s3":
        return s3_store(request.getfixturevalue("moto_endpoint"))
    return azure_store(request.getfixturevalue("azurite_endpoint"), request.param)


# ---- servers with tables in the stores


@dataclass
class Running:
    server: object
    data_dir: pathlib.Path
    workspace: WorkspaceClient


def start_server(folder: pathlib.Path) -> Running:
    data_dir = folder / "data"
    server = Server(folder, "--data-dir", str(data_dir))
    try:
        server.start(timeout_s=60)
        return Running(server, data_dir, client_of(server))
    except BaseException:
        server.kill()
        raise


def client_of(server, patience_s: int = 300) -> WorkspaceClient:
    return WorkspaceClient(config=Config(host=server.info["url"], token=server.info["token"], retry_timeout_seconds=patience_s))


@pytest.fixture(scope="session")
def servers(tmp_path_factory):
    """Two that know nothing of each other."""
    running = []
    try:
        for name in ("one", "other"):
            running.append(start_server(tmp_path_factory.mktemp(name)))
        yield running
    finally:
        for one in running:
            one.server.stop()


@dataclass
class Table:
    name: str
    url: str
    key: str  # in the bucket


class Lake:
    """An external location of its own on a server, and what its bucket's owner sees."""

    def __init__(self, kind: str, running: Running, other: Running, endpoint: str, prefix: str, proxy: FaultyProxy):
        self.kind, self.server, self.data_dir, self.workspace = kind, running.server, running.data_dir, running.workspace
        self.running, self.other, self.endpoint, self.prefix, self.proxy = running, other, endpoint, prefix, proxy
        bucket = f"s3://{BUCKET}" if kind == "s3" else f"abfss://{BUCKET}@{ACCOUNT}.dfs.core.windows.net"
        self.root_url = f"{bucket}/{prefix}"
        self.credential, self.location = f"key_{prefix}", f"at_{prefix}"
        self._credentials("POST", "", {"name": self.credential, **self._key(proxy.url)})
        self.workspace.external_locations.create(self.location, self.root_url, self.credential)

    def _key(self, endpoint: str) -> dict:
        if self.kind == "s3":
            return {"aws_access_key": {"access_key_id": "test", "secret_access_key": S3_SECRET, "endpoint": endpoint}}
        return {"azure_storage_key": {"account_key": ACCOUNT_KEY, "endpoint": endpoint}}

    def _credentials(self, method: str, name: str, body: dict):
        # The SDK's own method knows only the kinds of credential that Databricks' clouds have.
        self.workspace.api_client.do(method, f"/api/2.1/unity-catalog/storage-credentials{name}", body=body)

    def set_credential(self, endpoint: str | None = None, sas: bool = False):
        key = self._key(endpoint or self.proxy.url)
        if sas:
            key["azure_storage_key"] = {"sas_token": container_sas(), "endpoint": self.proxy.url}
        self._credentials("PATCH", f"/{self.credential}", key)

    def another_server(self) -> "Lake":
        return Lake(self.kind, self.other, self.running, self.endpoint, self.prefix, self.proxy)

    def table(self) -> Table:
        name = f"t_{uuid.uuid4().hex[:10]}"
        return Table(f"main.default.{name}", f"{self.root_url}/{name}", f"{self.prefix}/{name}")

    def sql(self, text: str, client: WorkspaceClient | None = None) -> list:
        answer = (client or self.workspace).statement_execution.execute_statement(
            text, warehouse_id=self.server.info["warehouse_id"], wait_timeout="50s")
        assert answer.status.state == StatementState.SUCCEEDED, answer.status.error
        return (answer.result.data_array or []) if answer.result else []

    def put(self, key: str, content: bytes):
        if self.kind == "s3":
            s3_client(self.endpoint).put_object(Bucket=BUCKET, Key=f"{self.prefix}/{key}", Body=content)
        else:
            azure_container(self.endpoint).upload_blob(f"{self.prefix}/{key}", content)

    def get(self, key: str) -> bytes:
        if self.kind == "s3":
            return s3_client(self.endpoint).get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return azure_container(self.endpoint).download_blob(key).readall()

    def keys(self, table: Table) -> set[str]:
        """All objects of the table, by name below its root."""
        start = table.key + "/"
        if self.kind == "s3":
            pages = s3_client(self.endpoint).get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=start)
            names = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        else:
            names = [blob.name for blob in azure_container(self.endpoint).list_blobs(name_starts_with=start)]
        return {name.removeprefix(start) for name in names}

    def reader_url(self, table: Table) -> str:
        return f"{'s3' if self.kind == 's3' else 'az'}://{BUCKET}/{table.key}"

    @property
    def reader_options(self) -> dict:
        if self.kind == "s3":
            return {"AWS_ENDPOINT_URL": self.endpoint, "AWS_ALLOW_HTTP": "true", "AWS_REGION": "us-east-1",
                    "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": S3_SECRET}
        return {"azure_storage_account_name": ACCOUNT, "azure_storage_account_key": ACCOUNT_KEY,
                "azure_storage_endpoint": self.endpoint, "allow_http": "true"}

    def read(self, table: Table):
        """The table as deltalake reads it from the store, past every server and proxy."""
        place = json.dumps([self.reader_url(table), self.reader_options])
        answer = subprocess.run([sys.executable, "-c", READ_TABLE, place], check=True, stdout=subprocess.PIPE, timeout=60)
        return pyarrow.ipc.open_stream(answer.stdout).read_all()


@pytest.fixture
def make_lake(request, servers):
    proxies = []

    def make(kind):
        endpoint = request.getfixturevalue("moto_endpoint" if kind == "s3" else "azurite_endpoint")
        s3_store(endpoint) if kind == "s3" else azure_store(endpoint, kind)
        proxies.append(FaultyProxy(endpoint))
        return Lake(kind, *servers, endpoint, f"run{uuid.uuid4().hex[:10]}", proxies[-1])

    yield make
    for proxy in proxies:
        proxy.close()


@pytest.fixture(params=["s3", "azure"])
def lake(request, make_lake):
    return make_lake(request.param)


@pytest.fixture
def mortal(make_lake, servers, tmp_path):
    """A lake in S3 on a server of the test's own: lake.restart("failpoint=kill") and lake.restart()."""
    lake = make_lake("s3")
    running = start_server(tmp_path)
    lake = Lake(lake.kind, running, servers[1], lake.endpoint, lake.prefix, lake.proxy)
    plain = dict(running.server.env)

    def restart(failpoints: str = ""):
        if running.server.process.poll() is None:
            running.server.kill()
        running.server.env = {**plain, "ASHLAR_FAILPOINTS": failpoints} if failpoints else plain
        lake.workspace = client_of(running.server.start(timeout_s=60), patience_s=5)

    lake.restart = restart
    yield lake
    if running.server.process.poll() is None:
        running.server.stop()


@pytest.fixture
def make_client():
    """A client of somebody who may make tables, and nothing else; it knows its `name`."""

    def make(lake):
        made = lake.workspace.service_principals_v2.create(display_name=f"p_{uuid.uuid4().hex[:8]}")
        token = lake.workspace.token_management.create_obo_token(application_id=made.application_id, comment="tests")
        client = WorkspaceClient(host=lake.server.info["url"], token=token.token_value)
        client.name = made.application_id
        lake.workspace.permissions.update("sql/warehouses", lake.server.info["warehouse_id"], access_control_list=[
            AccessControlRequest(service_principal_name=client.name, permission_level=PermissionLevel.CAN_USE)])
        lake.sql(f"GRANT USE CATALOG ON CATALOG main TO `{client.name}`")
        lake.sql(f"GRANT USE SCHEMA, CREATE TABLE ON SCHEMA main.default TO `{client.name}`")
        return client

    return make
