"""Records which kinds of Spark Connect messages a PySpark client had answered without an error."""

import collections.abc
import json
import os
import pathlib

# The oneofs whose members are what a client can ask for.
KINDS = {"Relation": "rel_type", "Command": "command_type", "Expression": "expr_type", "Catalog": "cat_type",
         "AnalyzePlanRequest": "analyze", "ConfigRequest.Operation": "op_type"}


def kinds_of(message, found):
    name = message.DESCRIPTOR.full_name.removeprefix("spark.connect.")
    for field, value in message.ListFields():
        if field.containing_oneof is not None and KINDS.get(name) == field.containing_oneof.name:
            found.add(f"{name}.{field.name}")
        if field.message_type is None or (field.message_type.GetOptions().map_entry):
            continue
        for inner in value if isinstance(value, collections.abc.Sequence) else [value]:
            kinds_of(inner, found)
    return found


def install():
    """Wraps the stub every session makes; writes one line for each kind, when the process ends."""
    folder = os.environ.get("ASHLAR_PARITY_DIR")
    if not folder:
        return
    import atexit

    import pyspark
    from pyspark.sql.connect.proto import base_pb2_grpc

    answered = set()
    original = base_pb2_grpc.SparkConnectServiceStub.__init__

    def unary(call):
        def run(request, *args, **kwargs):
            answer = call(request, *args, **kwargs)
            answered.update(kinds_of(request, set()))
            return answer

        return run

    class Stream:
        """A streamed answer as it is, noted when it was whole; the client may read no further then."""

        def __init__(self, answer, kinds):
            self._answer, self._kinds = answer, kinds

        def __iter__(self):
            return self

        def __next__(self):
            try:
                response = next(self._answer)
            except StopIteration:
                answered.update(self._kinds)
                raise
            if response.HasField("result_complete"):
                answered.update(self._kinds)
            return response

        def __getattr__(self, name):
            return getattr(self._answer, name)

    def stream(call):
        def run(request, *args, **kwargs):
            return Stream(call(request, *args, **kwargs), kinds_of(request, set()))

        return run

    def init(self, channel):
        original(self, channel)
        self.AnalyzePlan = unary(self.AnalyzePlan)
        self.Config = unary(self.Config)
        self.ExecutePlan = stream(self.ExecutePlan)

    def write():
        path = pathlib.Path(folder) / f"connect-{os.getpid()}.json"
        path.write_text(json.dumps({"client": f"pyspark {pyspark.__version__}", "kinds": sorted(answered)}))

    base_pb2_grpc.SparkConnectServiceStub.__init__ = init
    atexit.register(write)
