"""Commands and the RPCs beside ExecutePlan: writers, views, the catalog, interrupt, reattach, whose session it is."""

import threading
import uuid

import pytest
from pyspark.errors import AnalysisException, PySparkException
from pyspark.sql import functions as F


def test_save_to_a_path(spark, tmp_path):
    path = str(tmp_path / "t")
    spark.range(3).write.format("delta").save(path)
    assert spark.read.format("delta").load(path).count() == 3
    spark.range(2).write.format("delta").mode("append").save(path)
    assert spark.sql(f"SELECT count(*) FROM delta.`{path}`").collect()[0][0] == 5
    with pytest.raises(AnalysisException):
        spark.range(1).write.format("delta").save(path)
    spark.range(1).write.format("delta").mode("ignore").save(path)
    spark.range(7, 8).write.format("delta").mode("overwrite").save(path)
    assert spark.read.format("delta").load(path).collect()[0][0] == 7
    assert spark.read.format("delta").option("versionAsOf", 0).load(path).count() == 3


def test_files_are_read(spark, tmp_path):
    (tmp_path / "a.csv").write_text("n,s\n1,x\n2,\n")
    (tmp_path / "a.json").write_text('{"n": 1, "s": "x"}\n{"n": 2}\n')
    csv = spark.read.option("header", True).schema("n int, s string").csv(str(tmp_path / "a.csv"))
    assert [tuple(row) for row in csv.orderBy("n").collect()] == [(1, "x"), (2, None)]
    json = spark.read.schema("n int, s string").json(str(tmp_path / "a.json"))
    assert [tuple(row) for row in json.orderBy("n").collect()] == [(1, "x"), (2, None)]


def test_a_schema_that_does_not_fit_is_refused(spark, table):
    spark.range(1).write.saveAsTable(table)
    with pytest.raises(AnalysisException) as caught:
        spark.createDataFrame([("x", 1)], "s string, other int").write.mode("append").saveAsTable(table)
    assert caught.value.getCondition()
    spark.range(1).withColumn("more", F.lit(1)).write.option("mergeSchema", "true").mode("append").saveAsTable(table)
    assert spark.table(table).columns == ["id", "more"]


def test_views(spark):
    spark.range(3).createOrReplaceTempView("numbers")
    spark.range(9).createOrReplaceTempView("numbers")
    assert spark.table("numbers").count() == 9 and spark.sql("SELECT max(id) FROM numbers").collect()[0][0] == 8
    assert "numbers" in [table.name for table in spark.catalog.listTables() if table.isTemporary]
    spark.sql("CREATE OR REPLACE TEMPORARY VIEW evens AS SELECT id FROM numbers WHERE id % 2 = 0")
    assert spark.table("evens").count() == 5
    assert spark.catalog.dropTempView("evens") and not spark.catalog.tableExists("evens")


def test_the_catalog(spark, needs_catalog):
    assert spark.catalog.currentCatalog() == "main"
    assert "main" in [catalog.name for catalog in spark.catalog.listCatalogs()]
    name = f"s_{uuid.uuid4().hex}"
    spark.sql(f"CREATE SCHEMA main.{name}")
    assert spark.catalog.databaseExists(name) and name in [found.name for found in spark.catalog.listDatabases()]
    spark.catalog.setCurrentDatabase(name)
    assert spark.catalog.currentDatabase() == name
    spark.range(1).write.saveAsTable("here")
    assert spark.catalog.tableExists(f"main.{name}.here") and [table.name for table in spark.catalog.listTables()] == ["here"]
    assert spark.catalog.functionExists("abs")
    spark.sql(f"DROP SCHEMA main.{name} CASCADE")
    assert not spark.catalog.databaseExists(name)


def test_confs(spark):
    spark.conf.set("spark.sql.shuffle.partitions", 7)
    assert spark.conf.get("spark.sql.shuffle.partitions") == "7"
    spark.conf.unset("spark.sql.shuffle.partitions")
    assert spark.conf.get("spark.sql.shuffle.partitions") == "200"
    with pytest.raises(PySparkException, match="SQL_CONF_NOT_FOUND"):
        spark.conf.get("spark.sql.no.such")
    spark.conf.set("spark.sql.ansi.enabled", "false")
    assert spark.sql("SELECT 1/0").collect()[0][0] is None


def test_a_missing_column_says_what_there_is(spark):
    with pytest.raises(AnalysisException) as caught:
        spark.range(1).select("nope").collect()
    assert caught.value.getCondition() == "UNRESOLVED_COLUMN.WITH_SUGGESTION" and caught.value.getSqlState() == "42703"
    assert caught.value.getMessageParameters() == {"objectName": "`nope`", "proposal": "`id`"}


LONG = "SELECT count(*) FROM range(1000000000) a CROSS JOIN range(1000000) b"


def test_interrupt_by_tag_and_by_operation(spark):
    def run(tag, outcome):
        spark.addTag(tag)
        try:
            spark.sql(LONG).collect()
        except PySparkException as error:
            outcome.append(error.getCondition() or str(error))

    outcome = []
    worker = threading.Thread(target=run, args=("mine", outcome))
    worker.start()
    assert spark.interruptTag("another") == []
    stopped = set()
    while worker.is_alive():
        stopped.update(spark.interruptTag("mine"))
        worker.join(timeout=0.1)
    # spark.sql() and collect() are an operation each; either may be the one that was met.
    assert 1 <= len(stopped) <= 2 and "OPERATION_CANCELED" in outcome[0]
    assert spark.interruptOperation(str(uuid.uuid4())) == []


def messages(remote):
    """A stub of the wire itself, for what no client does by itself."""
    import pyspark.sql.connect.proto as proto
    from pyspark.sql.connect.client import DefaultChannelBuilder

    builder = DefaultChannelBuilder(remote)
    import pyspark.sql.connect.proto.base_pb2_grpc as stubs

    return proto, stubs.SparkConnectServiceStub(builder.toChannel()), builder.metadata()


def test_an_execution_is_read_again_from_where_it_broke_off(spark, remote):
    import grpc

    proto, stub, metadata = messages(remote)
    operation, session = str(uuid.uuid4()), spark.client._session_id
    request = proto.ExecutePlanRequest(session_id=session, operation_id=operation)
    request.plan.root.range.end, request.plan.root.range.step = 300_000, 1
    request.request_options.add().reattach_options.reattachable = True
    first = []
    call = stub.ExecutePlan(request, metadata=metadata)
    for response in call:
        first.append(response)
        if response.HasField("arrow_batch"):
            call.cancel()
            break
    again = proto.ReattachExecuteRequest(session_id=session, operation_id=operation, last_response_id=first[-1].response_id)
    rest = list(stub.ReattachExecute(again, metadata=metadata))
    count = sum(response.arrow_batch.row_count for response in [*first, *rest])
    assert count == 300_000 and rest[-1].HasField("result_complete")
    release = proto.ReleaseExecuteRequest(session_id=session, operation_id=operation)
    release.release_all.SetInParent()
    stub.ReleaseExecute(release, metadata=metadata)
    with pytest.raises(grpc.RpcError) as caught:
        list(stub.ReattachExecute(again, metadata=metadata))
    assert "INVALID_HANDLE.OPERATION_NOT_FOUND" in caught.value.details()


def test_a_session_belongs_to_who_made_it(spark, remote, other_token):
    import grpc

    spark.range(3).createOrReplaceTempView("secret")
    spark.conf.set("spark.sql.shuffle.partitions", "11")
    session = spark.client._session_id
    proto, stub, metadata = messages(remote.replace(remote.split(";token=")[1].split(";")[0], other_token))
    # The stranger names the same session and even claims to be the same user: he gets a session of his own.
    user = proto.UserContext(user_id=spark.client._user_id or "")
    config = proto.ConfigRequest(session_id=session, user_context=user)
    config.operation.get_option.keys.append("spark.sql.shuffle.partitions")
    found = [pair.value for pair in stub.Config(config, metadata=metadata).pairs]
    assert "11" not in found
    request = proto.ExecutePlanRequest(session_id=session, user_context=user)
    request.plan.root.read.named_table.unparsed_identifier = "secret"
    with pytest.raises(grpc.RpcError) as caught:
        list(stub.ExecutePlan(request, metadata=metadata))
    assert "TABLE_OR_VIEW_NOT_FOUND" in caught.value.details()
    stop = proto.InterruptRequest(session_id=session, user_context=user, interrupt_type=proto.InterruptRequest.INTERRUPT_TYPE_ALL)
    assert list(stub.Interrupt(stop, metadata=metadata).interrupted_ids) == []
    stub.ReleaseSession(proto.ReleaseSessionRequest(session_id=session, user_context=user), metadata=metadata)
    assert spark.table("secret").count() == 3 and spark.conf.get("spark.sql.shuffle.partitions") == "11"


@pytest.mark.parametrize("token", ["garbage", "dapi" + "0" * 32])
def test_bad_tokens_are_refused(spark, remote, token):
    import grpc

    proto, stub, metadata = messages(remote.replace(remote.split(";token=")[1].split(";")[0], token))
    request = proto.ConfigRequest(session_id=str(uuid.uuid4()))
    request.operation.get_all.SetInParent()
    with pytest.raises(grpc.RpcError) as caught:
        stub.Config(request, metadata=metadata)
    assert caught.value.code() == grpc.StatusCode.UNAUTHENTICATED


def nested(message, field, inside):
    """The bytes of a message that holds only another, given as bytes."""
    from google.protobuf.internal.encoder import _VarintBytes

    return _VarintBytes(message.DESCRIPTOR.fields_by_name[field].number << 3 | 2) + _VarintBytes(len(inside)) + inside


@pytest.mark.parametrize("depth", [150, 20_000])
def test_deep_plans_run_or_are_refused(spark, remote, depth):
    import grpc
    from pyspark.sql.connect.client import DefaultChannelBuilder

    proto, _, metadata = messages(remote)
    one = proto.Relation()
    one.range.end, one.range.step = 3, 1
    plan = one.SerializeToString()
    for _ in range(depth):
        plan = nested(proto.Relation, "subquery_alias", nested(proto.SubqueryAlias, "input", plan) + b"\x12\x01t")
    request = proto.ExecutePlanRequest(session_id=spark.client._session_id).SerializeToString()
    request += nested(proto.ExecutePlanRequest, "plan", nested(proto.Plan, "root", plan))
    execute = DefaultChannelBuilder(remote).toChannel().unary_stream(
        "/spark.connect.SparkConnectService/ExecutePlan", request_serializer=None, response_deserializer=proto.ExecutePlanResponse.FromString)
    try:
        assert sum(response.arrow_batch.row_count for response in execute(request, metadata=metadata)) == 3
    except grpc.RpcError as error:
        assert depth > 1000 and any(word in error.details() for word in ("deep", "nested", "depth")), error.details()
    assert spark.range(2).count() == 2


def test_garbage_plans_are_refused(spark, remote):
    import grpc

    proto, stub, metadata = messages(remote)
    plans = {"nothing at all": proto.Plan(), "an empty relation": proto.Plan(root=proto.Relation())}
    odd = proto.Plan()
    odd.root.filter.input.range.end = 1
    plans["a filter without its condition"] = odd
    for name, plan in plans.items():
        with pytest.raises(grpc.RpcError) as caught:
            list(stub.ExecutePlan(proto.ExecutePlanRequest(session_id=spark.client._session_id, plan=plan), metadata=metadata))
        assert caught.value.code() in (grpc.StatusCode.INTERNAL, grpc.StatusCode.INVALID_ARGUMENT) and caught.value.details(), name
    assert spark.range(2).count() == 2
