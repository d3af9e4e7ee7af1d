"""The Files API on a volume."""

import io
import os

import pytest
from databricks.sdk.errors import AlreadyExists, BadRequest, NotFound, PermissionDenied
from databricks.sdk.service.catalog import PermissionsChange, Privilege, VolumeType

NAMES = ["plain.txt", "with space.csv", "a+b&c=d%20.bin", "ä€𝄞.parquet", "#hash?query", "...", "-"]


@pytest.fixture
def volume(workspace, name):
    made = workspace.volumes.create("main", "default", name("v"), VolumeType.MANAGED)
    yield f"/Volumes/main/default/{made.name}"
    workspace.volumes.delete(made.full_name)


@pytest.mark.parametrize("file", NAMES)
def test_bytes_come_back_as_they_went(workspace, volume, file):
    content = os.urandom(100_000)
    path = f"{volume}/folder/{file}"
    workspace.files.upload(path, io.BytesIO(content))
    told = workspace.files.get_metadata(path)
    assert told.content_length == len(content) and told.last_modified
    answer = workspace.files.download(path)
    assert answer.content_length == len(content) and answer.contents.read() == content
    (entry,) = workspace.files.list_directory_contents(f"{volume}/folder")
    assert (entry.name, entry.path, entry.file_size, entry.is_directory) == (file, path, len(content), False)
    workspace.files.delete(path)
    assert list(workspace.files.list_directory_contents(f"{volume}/folder")) == []


def test_nothing_is_replaced_unasked(workspace, volume):
    path = f"{volume}/f"
    workspace.files.upload(path, io.BytesIO(b"one"))
    with pytest.raises(AlreadyExists):
        workspace.files.upload(path, io.BytesIO(b"two"))
    with pytest.raises(AlreadyExists):
        workspace.files.upload(path, io.BytesIO(b"two"), overwrite=False)
    assert workspace.files.download(path).contents.read() == b"one"
    workspace.files.upload(path, io.BytesIO(b"two"), overwrite=True)
    assert workspace.files.download(path).contents.read() == b"two"


def test_directories(workspace, volume):
    workspace.files.create_directory(f"{volume}/a/b")
    workspace.files.create_directory(f"{volume}/a/b")  # as often as one likes
    workspace.files.get_directory_metadata(f"{volume}/a/b")
    workspace.files.upload(f"{volume}/a/b/f", io.BytesIO(b""))
    with pytest.raises(BadRequest, match="not empty"):
        workspace.files.delete_directory(f"{volume}/a")
    workspace.files.delete(f"{volume}/a/b/f")
    workspace.files.delete_directory(f"{volume}/a/b")
    with pytest.raises(NotFound):
        workspace.files.get_directory_metadata(f"{volume}/a/b")


def test_the_list_comes_in_pages(workspace, volume):
    for n in range(7):
        workspace.files.upload(f"{volume}/{n}", io.BytesIO(b"x"))
    assert [entry.name for entry in workspace.files.list_directory_contents(volume, page_size=3)] == [str(n) for n in range(7)]


def test_whole_files_by_name(workspace, volume, tmp_path):
    source, back = tmp_path / "source", tmp_path / "back"
    source.write_bytes(os.urandom(3_000_000))
    workspace.files.upload_from(f"{volume}/f", str(source))
    workspace.files.download_to(f"{volume}/f", str(back))
    assert back.read_bytes() == source.read_bytes()


LARGE = 50 * 2**20  # from here on the SDK sends parts


@pytest.mark.parametrize("parallel", [True, False])
def test_large_files_go_in_parts(workspace, volume, tmp_path, parallel):
    source, path = tmp_path / "source", f"{volume}/new folder/ä b.bin"
    content = os.urandom(LARGE + 12_345_678)
    source.write_bytes(content)
    workspace.files.upload_from(path, str(source), use_parallel=parallel)
    assert workspace.files.get_metadata(path).content_length == len(content)
    assert workspace.files.download(path).contents.read() == content
    with pytest.raises(AlreadyExists):
        workspace.files.upload_from(path, str(source), use_parallel=parallel)
    second = content[::-1]
    workspace.files.upload(path, io.BytesIO(second), overwrite=True, use_parallel=parallel)
    assert workspace.files.download(path).contents.read() == second
    assert [entry.name for entry in workspace.files.list_directory_contents(f"{volume}/new folder")] == ["ä b.bin"]


def test_a_large_upload_that_breaks_off_leaves_nothing(workspace, volume, server):
    class Breaks(io.RawIOBase):
        sent = 0

        def readable(self):
            return True

        def read(self, size=-1):
            if self.sent > LARGE:
                raise OSError("the tape is torn")
            self.sent += size
            return bytes(size)

    with pytest.raises(OSError, match="torn"):
        workspace.files.upload(f"{volume}/half", Breaks(), use_parallel=False)
    assert list(workspace.files.list_directory_contents(volume)) == []


def test_what_is_not_there(workspace, volume):
    for call in (workspace.files.download, workspace.files.get_metadata, workspace.files.delete, workspace.files.get_directory_metadata,
                 workspace.files.delete_directory, lambda path: list(workspace.files.list_directory_contents(path))):
        with pytest.raises(NotFound):
            call(f"{volume}/nowhere")
    with pytest.raises(NotFound):
        workspace.files.upload("/Volumes/main/default/no_such_volume/f", io.BytesIO(b"x"))


def test_a_stranger_is_refused(workspace, stranger, make_principal, volume):
    workspace.files.upload(f"{volume}/f", io.BytesIO(b"content"))
    workspace.files.create_directory(f"{volume}/d")
    files = stranger.files
    calls = [lambda: files.download(f"{volume}/f"), lambda: files.get_metadata(f"{volume}/f"), lambda: files.delete(f"{volume}/f"),
             lambda: files.upload(f"{volume}/g", io.BytesIO(b"x")), lambda: files.upload(f"{volume}/g", io.BytesIO(bytes(LARGE + 1))), lambda: files.create_directory(f"{volume}/e"),
             lambda: files.delete_directory(f"{volume}/d"), lambda: files.get_directory_metadata(f"{volume}/d"),
             lambda: list(files.list_directory_contents(volume))]
    for call in calls:
        with pytest.raises(PermissionDenied):
            call()
    reader = make_principal()
    for kind, of, privilege in (("catalog", "main", Privilege.USE_CATALOG), ("schema", "main.default", Privilege.USE_SCHEMA),
                                ("volume", volume[9:].replace("/", "."), Privilege.READ_VOLUME)):
        workspace.grants.update(kind, of, changes=[PermissionsChange(add=[privilege], principal=reader.name)])
    assert reader.files.download(f"{volume}/f").contents.read() == b"content"
    with pytest.raises(PermissionDenied):
        reader.files.upload(f"{volume}/g", io.BytesIO(b"x"))
