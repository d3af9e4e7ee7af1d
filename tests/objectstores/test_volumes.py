"""External volumes in object stores, by the Files API and in SQL."""

import io
import uuid

import pytest
import requests
from databricks.sdk.errors import DatabricksError


@pytest.fixture
def volume(lake):
    name = f"v_{uuid.uuid4().hex[:8]}"
    lake.sql(f"CREATE EXTERNAL VOLUME main.default.{name} LOCATION '{lake.root_url}/{name}'")
    yield name
    lake.sql(f"DROP VOLUME main.default.{name}")


def test_files_of_a_volume_in_a_store(lake, volume, make_client):
    files, root, key = lake.workspace.files, f"/Volumes/main/default/{volume}", f"{lake.prefix}/{volume}"
    assert list(files.list_directory_contents(root)) == []
    files.upload(f"{root}/in/ä b.csv", io.BytesIO(b"id,name\n1,one\n2,two\n"))
    files.upload(f"{root}/in/deep/c.csv", io.BytesIO(b"id,name\n3,three\n"))
    files.upload(f"{root}/top", io.BytesIO(b""))
    lake.put(f"{volume}/by others", b"0123456789")
    assert lake.get(f"{key}/in/ä b.csv") == b"id,name\n1,one\n2,two\n"
    listed = [(entry.name, entry.is_directory, entry.file_size, entry.path) for entry in files.list_directory_contents(root)]
    assert listed == [("by others", False, 10, f"{root}/by others"), ("in", True, None, f"{root}/in"), ("top", False, 0, f"{root}/top")]
    assert [entry.name for entry in files.list_directory_contents(f"{root}/in")] == ["deep", "ä b.csv"]
    assert files.download(f"{root}/in/ä b.csv").contents.read() == b"id,name\n1,one\n2,two\n"
    assert files.download(f"{root}/top").contents.read() == b""
    assert files.get_metadata(f"{root}/by others").content_length == 10
    files.get_directory_metadata(f"{root}/in")
    files.create_directory(f"{root}/in")
    # The same files in SQL, by the volume's path.
    table = lake.table()
    assert lake.sql(f"SELECT * FROM read_files('{root}/in', format => 'csv', header => true) ORDER BY id") == [
        ["1", "one"], ["2", "two"], ["3", "three"]]
    lake.sql(f"CREATE TABLE {table.name} (id INT, name STRING)")
    lake.sql(f"COPY INTO {table.name} FROM '{root}/in/deep' FILEFORMAT = CSV FORMAT_OPTIONS ('header' = 'true', 'inferSchema' = 'true')")
    assert lake.sql(f"SELECT * FROM {table.name}") == [["3", "three"]]
    lake.sql(f"DROP TABLE {table.name}")
    with pytest.raises(DatabricksError, match="exists"):
        files.upload(f"{root}/top", io.BytesIO(b"x"))
    files.upload(f"{root}/top", io.BytesIO(b"new"), overwrite=True)
    assert lake.get(f"{key}/top") == b"new"
    for call, what in [(lambda: files.create_directory(f"{root}/empty"), "empty directories in an object store"),
                       (lambda: files.delete_directory(f"{root}/in"), "not empty"),
                       (lambda: files.delete_directory(f"{root}/none"), "does not exist"),
                       (lambda: files.delete(f"{root}/none"), ""),
                       (lambda: files.download(f"{root}/in"), ""),
                       (lambda: list(files.list_directory_contents(f"{root}/none")), "does not exist")]:
        with pytest.raises(DatabricksError, match=what):
            call()
    bob = make_client(lake)
    for call in (lambda: bob.files.download(f"{root}/top"), lambda: bob.files.upload(f"{root}/b", io.BytesIO(b"b"))):
        with pytest.raises(DatabricksError, match="VOLUME"):
            call()
    lake.sql(f"GRANT READ VOLUME ON VOLUME main.default.{volume} TO `{bob.name}`")
    assert bob.files.download(f"{root}/top").contents.read() == b"new"
    with pytest.raises(DatabricksError, match="WRITE VOLUME"):
        bob.files.delete(f"{root}/top")
    files.delete(f"{root}/top")
    # What is dropped is the volume, and not its files.
    assert [entry.name for entry in files.list_directory_contents(root)] == ["by others", "in"]


def test_large_files_of_a_volume_go_both_ways(lake, volume):
    path = f"/Volumes/main/default/{volume}/large"
    content = bytes(range(256)) * (40 << 12)  # 40 MiB
    lake.proxy.fail("throttled", "PUT", "large")
    lake.workspace.files.upload(path, io.BytesIO(content))
    assert lake.get(f"{lake.prefix}/{volume}/large") == content
    assert lake.workspace.files.download(path).contents.read() == content
    with requests.get(f"{lake.server.info['url']}/api/2.0/fs/files{path}", timeout=60,
                      headers={"Authorization": f"Bearer {lake.server.info['token']}", "Range": "bytes=5000000-15000000"}) as part:
        assert part.status_code == 206 and part.content == content[5000000:15000001]
    # In parts, as SDKs send what is larger still; what is given up leaves nothing.
    ask = lambda method, rest, **body: lake.workspace.api_client.do(method, f"/api/2.0/fs{rest}", body=body or None)  # noqa: E731
    token = lake.workspace.api_client.do("POST", f"/api/2.0/fs/files{path}2", query={"action": "initiate-upload"})["multipart_upload"]["session_token"]
    urls = ask("POST", "/create-upload-part-urls", path=f"{path}2", session_token=token, start_part_number=1, count=2)["upload_part_urls"]
    parts = []
    for url, half in zip(urls, (content[:20 << 20], content[20 << 20:])):
        sent = requests.put(url["url"], data=half, timeout=60)
        parts.append({"part_number": url["part_number"], "etag": sent.headers["ETag"]})
    with pytest.raises(DatabricksError):
        lake.workspace.files.get_metadata(f"{path}2")
    lake.workspace.api_client.do("POST", f"/api/2.0/fs/files{path}2", query={"action": "complete-upload", "session_token": token}, body={"parts": parts})
    assert lake.get(f"{lake.prefix}/{volume}/large2") == content
