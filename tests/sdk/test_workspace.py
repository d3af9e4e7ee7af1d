"""Workspace objects: notebooks, files and folders."""

import base64
import io

import pytest
from databricks.sdk.errors import BadRequest, NotFound, NotImplemented, PermissionDenied, ResourceAlreadyExists
from databricks.sdk.service.iam import AccessControlRequest, PermissionLevel
from databricks.sdk.service.workspace import ExportFormat, ImportFormat, Language, ObjectType


@pytest.fixture
def folder(workspace, name):
    path = f"/Shared/{name('d')}"
    workspace.workspace.mkdirs(path)
    yield path
    workspace.workspace.delete(path, recursive=True)


def encoded(text):
    return base64.b64encode(text.encode()).decode()


def test_a_notebook_goes_in_and_comes_out(workspace, folder):
    path = f"{folder}/ä note"
    workspace.workspace.import_(path, content=encoded("SELECT 1"), format=ImportFormat.SOURCE, language=Language.SQL)
    status = workspace.workspace.get_status(path)
    assert (status.object_type, status.language, status.path) == (ObjectType.NOTEBOOK, Language.SQL, path)
    assert status.object_id and status.created_at and status.modified_at
    exported = workspace.workspace.export(path, format=ExportFormat.SOURCE)
    assert base64.b64decode(exported.content).decode() == "-- Databricks notebook source\nSELECT 1" and exported.file_type == "sql"
    with pytest.raises(ResourceAlreadyExists, match="already exists"):
        workspace.workspace.import_(path, content=encoded("SELECT 2"), format=ImportFormat.SOURCE, language=Language.SQL)
    workspace.workspace.import_(path, content=encoded("SELECT 2"), format=ImportFormat.SOURCE, language=Language.SQL, overwrite=True)
    assert workspace.workspace.get_status(path).object_id == status.object_id
    with workspace.workspace.download(path) as stream:
        assert stream.read().decode().endswith("SELECT 2")


def test_a_file_keeps_its_bytes(workspace, folder):
    path, content = f"{folder}/data.bin", bytes(range(256)) * 40
    workspace.workspace.upload(path, io.BytesIO(content), format=ImportFormat.RAW)
    assert workspace.workspace.get_status(path).object_type == ObjectType.FILE
    with workspace.workspace.download(path, format=ExportFormat.RAW) as stream:
        assert stream.read() == content


def test_automatic_import_tells_notebooks_from_files(workspace, folder):
    workspace.workspace.upload(f"{folder}/n.py", b"# Databricks notebook source\nprint(1)", format=ImportFormat.AUTO)
    workspace.workspace.upload(f"{folder}/f.py", b"print(1)", format=ImportFormat.AUTO)
    found = {one.path: (one.object_type, one.language) for one in workspace.workspace.list(folder)}
    assert found == {f"{folder}/n": (ObjectType.NOTEBOOK, Language.PYTHON), f"{folder}/f.py": (ObjectType.FILE, None)}


def test_lists_and_folders(workspace, folder):
    workspace.workspace.mkdirs(f"{folder}/a/b")
    workspace.workspace.upload(f"{folder}/a/b/q.sql", b"SELECT 1")
    assert [one.path for one in workspace.workspace.list(folder)] == [f"{folder}/a"]
    assert [one.path for one in workspace.workspace.list(folder, recursive=True)] == [f"{folder}/a/b/q.sql"]
    with pytest.raises(BadRequest) as caught:
        workspace.workspace.delete(f"{folder}/a")
    assert caught.value.error_code == "DIRECTORY_NOT_EMPTY"
    workspace.workspace.delete(f"{folder}/a", recursive=True)
    assert list(workspace.workspace.list(folder)) == []


def test_errors_have_their_class(workspace, folder):
    for call in (workspace.workspace.get_status, workspace.workspace.export, workspace.workspace.delete, lambda path: list(workspace.workspace.list(path))):
        with pytest.raises(NotFound):
            call(f"{folder}/nowhere")
    with pytest.raises(NotFound):
        workspace.workspace.import_(f"{folder}/no/such/folder/n", content=encoded("x"), format=ImportFormat.SOURCE, language=Language.SQL)
    with pytest.raises(BadRequest):
        workspace.workspace.mkdirs("no/slash/first")
    with pytest.raises(NotImplemented, match="HTML"):
        workspace.workspace.import_(f"{folder}/n", content=encoded("<html>"), format=ImportFormat.HTML)
    with pytest.raises(BadRequest, match="language"):
        workspace.workspace.import_(f"{folder}/n", content=encoded("x"), format=ImportFormat.SOURCE)


def test_a_stranger_is_refused(workspace, make_principal, name):
    folder = f"/Workspace/{name('private')}"
    workspace.workspace.mkdirs(folder)
    workspace.workspace.upload(f"{folder}/q.sql", b"SELECT 1")
    guest = make_principal()
    for call in (guest.workspace.get_status, guest.workspace.export, guest.workspace.delete,
                 lambda path: guest.workspace.upload(path, b"SELECT 2", overwrite=True)):
        with pytest.raises((NotFound, PermissionDenied)):
            call(f"{folder}/q.sql")
    with pytest.raises((NotFound, PermissionDenied)):
        list(guest.workspace.list(folder))
    with pytest.raises(PermissionDenied):
        guest.workspace.mkdirs(f"{folder}/mine")
    status = workspace.workspace.get_status(folder)
    workspace.permissions.update("directories", str(status.object_id), access_control_list=[
        AccessControlRequest(service_principal_name=guest.name, permission_level=PermissionLevel.CAN_READ)])
    assert guest.workspace.get_status(f"{folder}/q.sql").object_type == ObjectType.NOTEBOOK
    with pytest.raises(PermissionDenied):
        guest.workspace.delete(f"{folder}/q.sql")
    assert workspace.workspace.export(f"{folder}/q.sql").content
