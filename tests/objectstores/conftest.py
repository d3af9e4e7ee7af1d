"""Emulators of object stores, started once on free ports: moto for S3, Azurite for Azure Blob."""

import datetime
import pathlib
import re
import subprocess
from dataclasses import dataclass

import boto3
import pytest
from azure.storage.blob import BlobServiceClient, ContainerSasPermissions, generate_container_sas
from moto.server import ThreadedMotoServer

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUCKET = "lake"
# The account that every Azurite has; its documentation publishes the key.
ACCOUNT = "devstoreaccount1"
ACCOUNT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


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


def s3_store(endpoint: str) -> Store:
    client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
    client.create_bucket(Bucket=BUCKET)

    def read_all():
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        return {key: client.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys if "/n/" in key}

    return Store("s3", endpoint, "test", read_all)


def azure_store(endpoint: str, kind: str) -> Store:
    service = BlobServiceClient(endpoint, credential=ACCOUNT_KEY)
    container = service.get_container_client(BUCKET)
    if not container.exists():
        container.create_container()
    secret = ACCOUNT_KEY
    if kind == "azure_sas":
        expiry = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
        allowed = ContainerSasPermissions(read=True, write=True, create=True, delete=True, list=True)
        secret = generate_container_sas(ACCOUNT, BUCKET, account_key=ACCOUNT_KEY, permission=allowed, expiry=expiry)

    def read_all():
        return {blob.name: container.download_blob(blob.name).readall() for blob in container.list_blobs() if "/n/" in blob.name}

    return Store(kind, endpoint, secret, read_all)


@pytest.fixture(params=["s3", "azure_key", "azure_sas"])
def store(request):
    if request.param == "s3":
        return s3_store(request.getfixturevalue("moto_endpoint"))
    return azure_store(request.getfixturevalue("azurite_endpoint"), request.param)
