"""A second principal on Spark Connect: refused at the door, at another's session, results and operations, at tables and paths."""

import json
import os
import time
import urllib.request
import uuid

import grpc
import pytest
from pyspark.errors import PySparkException
from pyspark.sql.connect.session import SparkSession
from test_commands import messages

SLOW = "SELECT count(*) FROM range(100000000000) WHERE id % 7 = 3"


def given(remote):
    return dict(part.split("=", 1) for part in remote.split("/;")[1].split(";"))


def with_token(remote, token):
    return remote.replace(given(remote)["token"], token)


@pytest.fixture
def rest(remote, needs_catalog):
    """rest("POST", path, body) as the admin."""
    place = remote.removeprefix("sc://").split("/;")[0]

    def call(method, path, body=None):
        request = urllib.request.Request(f"http://{place}/api/2.0/{path}", None if body is None else json.dumps(body).encode(), method=method,
                                         headers={"Authorization": "Bearer " + given(remote)["token"], "Content-Type": "application/json"})
        text = urllib.request.urlopen(request).read()
        return json.loads(text) if text else {}

    return call


@pytest.fixture
def stranger(remote, other_token):
    """A session of somebody who may use the cluster, and has nothing else."""
    session = SparkSession.builder.remote(with_token(remote, other_token)).create()
    yield session
    session.stop()


def code_of(call):
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return caught.value.code()


def config_call(remote, session=None):
    proto, stub, metadata = messages(remote)
    request = proto.ConfigRequest(session_id=session or str(uuid.uuid4()))
    request.operation.get_all.SetInParent()
    return lambda: stub.Config(request, metadata=metadata)


def test_the_cluster_is_not_everybodys(remote, rest):
    name = rest("POST", "preview/scim/v2/ServicePrincipals", {"displayName": "no cluster"})["applicationId"]
    token = rest("POST", "token-management/on-behalf-of/tokens", {"application_id": name})["token_value"]
    assert code_of(config_call(with_token(remote, token))) == grpc.StatusCode.PERMISSION_DENIED
    access = {"access_control_list": [{"service_principal_name": name, "permission_level": "CAN_ATTACH_TO"}]}
    rest("PATCH", f"permissions/clusters/{given(remote)['x-databricks-cluster-id']}", access)
    config_call(with_token(remote, token))()
    owner = {"access_control_list": []}
    rest("PUT", f"permissions/clusters/{given(remote)['x-databricks-cluster-id']}", owner)
    assert code_of(config_call(with_token(remote, token))) == grpc.StatusCode.PERMISSION_DENIED, "what was granted outlives its end"


def test_tokens_that_end(remote, rest):
    short = rest("POST", "token/create", {"lifetime_seconds": 1})["token_value"]
    deadline = time.monotonic() + 20
    while True:
        try:
            config_call(with_token(remote, short))()
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.UNAUTHENTICATED
            break
        assert time.monotonic() < deadline, "a token of one second still works"
        time.sleep(0.05)
    made = rest("POST", "token/create", {})
    call = config_call(with_token(remote, made["token_value"]))
    call()
    rest("POST", "token/delete", {"token_id": made["token_info"]["token_id"]})
    assert code_of(call) == grpc.StatusCode.UNAUTHENTICATED


def test_the_cluster_must_be_one(remote):
    cluster = given(remote)["x-databricks-cluster-id"]
    assert code_of(config_call(remote.replace(cluster, "no-such-cluster"))) in (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.INVALID_ARGUMENT)
    proto, stub, metadata = messages(remote)
    request = proto.ConfigRequest(session_id=str(uuid.uuid4()))
    request.operation.get_all.SetInParent()
    without = [(name, value) for name, value in metadata if name != "x-databricks-cluster-id"]
    with pytest.raises(grpc.RpcError) as caught:
        stub.Config(request, metadata=without)
    assert "x-databricks-cluster-id" in caught.value.details()
    with grpc.insecure_channel(remote.removeprefix("sc://").split("/;")[0]) as channel:  # sends no token by itself
        nameless = stub.__class__(channel)
        assert code_of(lambda: nameless.Config(request, metadata=[("x-databricks-cluster-id", cluster)])) == grpc.StatusCode.UNAUTHENTICATED


def test_what_the_gateway_vouches_for_cannot_be_sent_along(spark, remote, other_token):
    """The names the gateway tells drivers a caller by are its own, whatever a client sends under them."""
    spark.range(3).createOrReplaceTempView("secret")
    proto, stub, metadata = messages(with_token(remote, other_token))
    request = proto.ExecutePlanRequest(session_id=spark.client._session_id)
    request.plan.root.read.named_table.unparsed_identifier = "secret"
    forged = [*metadata, ("x-ashlar-user", "admin@localhost"), ("x-ashlar-handle", "0" * 32)]
    with pytest.raises(grpc.RpcError) as caught:
        list(stub.ExecutePlan(request, metadata=forged))
    assert "TABLE_OR_VIEW_NOT_FOUND" in caught.value.details()


def test_anothers_operation_can_be_neither_read_nor_stopped(spark, remote, other_token):
    proto, stub, metadata = messages(remote)
    operation, session = str(uuid.uuid4()), spark.client._session_id
    request = proto.ExecutePlanRequest(session_id=session, operation_id=operation)
    request.plan.root.range.end, request.plan.root.range.step = 300_000, 1
    request.request_options.add().reattach_options.reattachable = True
    call = stub.ExecutePlan(request, metadata=metadata)
    first = next(call)
    call.cancel()
    proto, theirs, metadata_of_other = messages(with_token(remote, other_token))
    # A session with that id of their own, so that only the operation is at stake.
    config_call(with_token(remote, other_token), session)()
    again = proto.ReattachExecuteRequest(session_id=session, operation_id=operation)
    with pytest.raises(grpc.RpcError) as caught:
        list(theirs.ReattachExecute(again, metadata=metadata_of_other))
    assert "OPERATION_NOT_FOUND" in caught.value.details()
    stop = proto.InterruptRequest(session_id=session, operation_id=operation, interrupt_type=proto.InterruptRequest.INTERRUPT_TYPE_OPERATION_ID)
    assert list(theirs.Interrupt(stop, metadata=metadata_of_other).interrupted_ids) == []
    release = proto.ReleaseExecuteRequest(session_id=session, operation_id=operation)
    release.release_all.SetInParent()
    theirs.ReleaseExecute(release, metadata=metadata_of_other)
    theirs.ReleaseSession(proto.ReleaseSessionRequest(session_id=session), metadata=metadata_of_other)
    again.last_response_id = first.response_id
    rest_of_it = list(stub.ReattachExecute(again, metadata=metadata))
    assert sum(response.arrow_batch.row_count for response in [first, *rest_of_it]) == 300_000 and rest_of_it[-1].HasField("result_complete")


def test_anothers_error_is_not_told(spark, remote, other_token):
    from google.rpc import error_details_pb2
    from grpc_status import rpc_status

    proto, stub, metadata = messages(remote)
    session = spark.client._session_id
    request = proto.ExecutePlanRequest(session_id=session)
    request.plan.root.sql.query = "SELECT 'secret words', 1 / 0"
    with pytest.raises(grpc.RpcError) as caught:
        list(stub.ExecutePlan(request, metadata=metadata))
    info = error_details_pb2.ErrorInfo()
    (detail,) = [one for one in rpc_status.from_call(caught.value).details if one.Unpack(info)]
    error_id = info.metadata["errorId"]
    fetch = proto.FetchErrorDetailsRequest(session_id=session, error_id=error_id)
    assert stub.FetchErrorDetails(fetch, metadata=metadata).errors
    _, theirs, metadata_of_other = messages(with_token(remote, other_token))
    config_call(with_token(remote, other_token), session)()
    assert not theirs.FetchErrorDetails(fetch, metadata=metadata_of_other).errors


def refused(run):
    with pytest.raises(PySparkException) as caught:
        run()
    return str(caught.value)


def test_tables_need_their_grants(spark, stranger, needs_catalog):
    spark.sql("CREATE OR REPLACE TABLE main.default.guarded AS SELECT 42 AS secret")
    spark.sql("CREATE SCHEMA IF NOT EXISTS main.closed")
    frame = stranger.range(1).withColumnRenamed("id", "secret")
    for run in (lambda: stranger.table("main.default.guarded").collect(), lambda: stranger.sql("SELECT * FROM main.default.guarded").collect(),
                lambda: frame.write.mode("append").saveAsTable("main.default.guarded"), lambda: frame.write.insertInto("main.default.guarded"),
                lambda: frame.writeTo("main.default.guarded").append(), lambda: frame.write.saveAsTable("main.closed.mine"),
                lambda: stranger.sql("DROP TABLE main.default.guarded"), lambda: stranger.sql("GRANT SELECT ON TABLE main.default.guarded TO users")):
        message = refused(run)
        assert "INSUFFICIENT_PERMISSIONS" in message or "NOT_FOUND" in message, message
    assert [row.secret for row in spark.table("main.default.guarded").collect()] == [42]


def test_paths_do_not_walk_round_governance(spark, stranger, needs_catalog, tmp_path):
    spark.sql("CREATE OR REPLACE TABLE main.default.by_path AS SELECT 7 AS n")
    location = next(row[1] for row in spark.sql("DESCRIBE EXTENDED main.default.by_path").collect() if row[0] == "Location").removeprefix("file:")
    data_dir = os.path.dirname(os.path.dirname(location))
    assert os.path.exists(f"{data_dir}/metadb.sqlite")
    link = tmp_path / "link"
    link.symlink_to(data_dir)
    (tmp_path / "x.csv").write_text("a\n1\n")
    # Not even an admin, straight, by .. or by a link.
    for session in (spark, stranger):
        for path in (f"{data_dir}/metadb.sqlite", f"{location}/../../metadb.sqlite", f"{link}/metadb.sqlite", f"file://{link}/metadb.sqlite"):
            for kind in ("parquet", "csv", "json"):
                refused(lambda: session.read.format(kind).load(path).collect())
        for path in (f"{data_dir}/new", f"{location}/../new", f"{link}/new"):
            refused(lambda: session.range(1).write.format("delta").save(path))
    # A table's folder is the table.
    assert [row.n for row in spark.read.format("delta").load(location).collect()] == [7]
    for run in (lambda: stranger.read.format("delta").load(location).collect(), lambda: stranger.read.parquet(location).collect(),
                lambda: stranger.read.csv(str(tmp_path / "x.csv")).collect(), lambda: stranger.range(1).write.format("delta").save(str(tmp_path / "mine"))):
        refused(run)
    assert not (tmp_path / "mine").exists()
