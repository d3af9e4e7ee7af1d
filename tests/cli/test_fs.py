"""`ashlar fs` on volumes: exact bytes, awkward names, folders, refusals."""

import os

import pytest

ROOT = "/Volumes/main/default/cli_files"
NAMES = ["plain.txt", "with space & 100%?.csv", "日本語 ü #1.bin", "a+b=c;d,e.dat", "%41.txt", ".hidden"]


@pytest.fixture
def volume(ashlar):
    done = ashlar("sql", "-e", "DROP VOLUME IF EXISTS cli_files; CREATE VOLUME cli_files")
    assert done.returncode == 0, done.stderr
    return ROOT


@pytest.fixture
def fs(ashlar):
    def call(*arguments, expect=0, **options):
        done = ashlar("fs", *arguments, **options)
        assert done.returncode == expect, (arguments, done.stdout, done.stderr)
        return done

    return call


def test_round_trip_of_names_and_bytes(fs, volume, tmp_path):
    source, back = tmp_path / "source", tmp_path / "back"
    (source / "inner folder" / "empty").mkdir(parents=True)
    contents = {name: os.urandom(1000 + 37 * i) for i, name in enumerate(NAMES)}
    contents["inner folder/nothing"] = b""
    contents["inner folder/large"] = os.urandom(9_000_001)
    for name, data in contents.items():
        (source / name).write_bytes(data)
    fs("cp", "-r", source, f"dbfs:{volume}/tree")
    fs("cp", "-r", f"{volume}/tree", f"{volume}/copy")
    fs("cp", "-r", f"{volume}/copy", back)
    found = {str(path.relative_to(back)): path.read_bytes() for path in back.rglob("*") if path.is_file()}
    assert found == contents
    assert (back / "inner folder" / "empty").is_dir()
    assert fs("ls", f"{volume}/tree").stdout.splitlines() == sorted([*NAMES, "inner folder/"], key=lambda name: name.rstrip("/").encode())
    assert fs("cat", f"{volume}/tree/{NAMES[2]}", text=False).stdout == contents[NAMES[2]]


def test_nothing_is_replaced_unasked(fs, volume, tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("one")
    two.write_text("two")
    fs("cp", one, f"{volume}/f")
    assert "f" in fs("cp", two, f"{volume}/f", expect=1).stderr
    assert fs("cat", f"{volume}/f").stdout == "one"
    fs("cp", "--overwrite", two, f"{volume}/f")
    assert fs("cat", f"{volume}/f").stdout == "two"
    fs("cp", f"{volume}/f", one, expect=1)
    assert one.read_text() == "one"
    fs("cp", "--overwrite", f"{volume}/f", one)
    assert one.read_text() == "two"
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["one", "two"]  # no partial file is left


def test_targets_that_are_folders(fs, volume, tmp_path):
    file = tmp_path / "file.txt"
    file.write_text("x")
    fs("mkdir", f"{volume}/a/b")
    fs("cp", file, f"{volume}/a/b")
    fs("cp", file, f"{volume}/a/")
    assert fs("ls", f"{volume}/a").stdout == "b/\nfile.txt\n"
    assert fs("ls", "-l", f"{volume}/a/b").stdout.split()[0] == "1"
    (tmp_path / "into").mkdir()
    fs("cp", f"{volume}/a/file.txt", tmp_path / "into")
    assert (tmp_path / "into" / "file.txt").read_text() == "x"


def test_rm(fs, volume, tmp_path):
    file = tmp_path / "file.txt"
    file.write_text("x")
    fs("mkdir", f"{volume}/a/b")
    fs("cp", file, f"{volume}/a/b/file.txt")
    fs("rm", f"{volume}/a", expect=1)  # not empty
    fs("rm", f"{volume}/a/b/file.txt")
    fs("cp", file, f"{volume}/a/b/again.txt")
    fs("rm", "-r", f"{volume}/a")
    assert fs("ls", volume).stdout == ""
    fs("rm", f"{volume}/a", expect=1)


def test_refusals_name_the_thing(fs, volume, tmp_path):
    assert "does not exist" in fs("cp", f"{volume}/absent", tmp_path / "x", expect=1).stderr
    assert "-r" in fs("cp", tmp_path, f"{volume}/x", expect=1).stderr
    assert "no volume" in fs("ls", "dbfs:/tmp", expect=1).stderr
    assert "/Volumes/" in fs("cp", tmp_path / "a", tmp_path / "b", expect=1).stderr
    assert "itself" in fs("cp", "-r", volume, f"{volume}/inside", expect=1).stderr
    assert fs("ls", "/Volumes/main/default/no_such_volume", expect=1).stderr
    assert not (tmp_path / "x").exists()


def test_ctrl_c_leaves_nothing_behind(fs, volume, interrupted, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writers = []

    def write_some():
        writers.append(open(pipe, "wb"))
        writers[0].write(b"x" * 100_000)

    assert interrupted("fs", "cp", pipe, f"{volume}/half", before=write_some) == 130
    assert fs("ls", volume).stdout == ""
    try:
        writers[0].close()
    except BrokenPipeError:
        pass
