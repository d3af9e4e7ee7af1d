"""A server that ends while Spark Connect calls run: what ends in time arrives whole, what does not is told so, what comes later is refused."""

import os
import pathlib
import signal
import socket
import threading
import time
import urllib.parse

import grpc
import pytest
from conftest import _held_sessions, remote_of
from pyspark.errors import PySparkException
from pyspark.sql.connect.session import SparkSession

TICKS_OF_WORK = 10  # a tenth of a second: more than an idle driver needs in the time of a test


@pytest.fixture
def server(make_server, tmp_path):
    if "ASHLAR_SPARK_REMOTE" in os.environ:
        pytest.skip("the server at ASHLAR_SPARK_REMOTE is not ours to end")
    return make_server("--data-dir", str(tmp_path / "data"))


@pytest.fixture
def session(server):
    """Without a client's retries: of what cannot come they would go on for minutes, also while Python ends."""
    session = SparkSession.builder.remote(remote_of(server)).create()
    session.client.set_retry_policies([])
    _held_sessions.append(session)
    yield session
    session.stop()  # or it stays the active one of the tests that follow


def ticks(server):
    """The processor time that the server's drivers have used."""
    total = 0
    for folder in pathlib.Path("/proc").iterdir():
        try:
            fields = (folder / "stat").read_text().rsplit(")", 1)[1].split() if folder.name.isdigit() else None
        except OSError:
            continue
        if fields and int(fields[1]) == server.process.pid:
            total += int(fields[11]) + int(fields[12])
    return total


class Query(threading.Thread):
    """A query that runs in a driver once the constructor returns; `outcome` is its rows or its error."""

    def __init__(self, server, frame):
        super().__init__()
        self.frame, self.outcome = frame, None
        before = ticks(server)
        self.start()
        deadline = time.monotonic() + 30
        while ticks(server) < before + TICKS_OF_WORK:
            assert self.is_alive() and time.monotonic() < deadline, self.outcome
            time.sleep(0.01)

    def run(self):
        try:
            self.outcome = self.frame.collect()
        except Exception as error:
            self.outcome = error


def test_a_query_that_ends_in_time_arrives_whole(server, session):
    rows = 2_000_000
    while True:  # until it takes a second here: ten are granted, and others may come to load the machine
        frame = session.sql(f"SELECT id FROM range({rows}) WHERE hash(id, id + 1) % 97 = 3")
        begin = time.monotonic()
        expected = sorted(row.id for row in frame.collect())
        took = time.monotonic() - begin
        if took > 0.8:
            break
        rows = int(rows * min(10, 1.2 / max(took, 0.1)))
    query = Query(server, frame)
    server.process.send_signal(signal.SIGTERM)
    # Refused as soon as the server has noticed, on the connection that is there; a new one is not to be had.
    deadline = time.monotonic() + 10
    while True:
        try:
            session.sql("SELECT 1").collect()
        except PySparkException as error:
            refusal = error
            break
        assert time.monotonic() < deadline
    assert "The server is shutting down" in str(refusal) and refusal.getGrpcStatusCode() == grpc.StatusCode.UNAVAILABLE, str(refusal)
    with pytest.raises(OSError):
        socket.create_connection(("localhost", urllib.parse.urlsplit(server.info["url"]).port), timeout=5).close()
    query.join()
    assert isinstance(query.outcome, list), str(query.outcome)
    assert sorted(row.id for row in query.outcome) == expected
    server.ended()


def test_a_query_that_takes_too_long_is_told_so(server, session):
    query = Query(server, session.sql("SELECT count(*) FROM range(100000000000) WHERE id % 7 = 3"))
    begin = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    server.ended(timeout_s=40)
    assert 9 < time.monotonic() - begin < 25
    query.join()
    assert isinstance(query.outcome, PySparkException) and "The server is shutting down" in str(query.outcome), query.outcome
