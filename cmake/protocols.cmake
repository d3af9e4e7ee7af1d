# Protocols made from what tools/setup fetched. Both are built only when a module names them in PROTOS.
#   ashlar_spark_connect_proto   "spark/connect/base.pb.h", "spark/connect/base.grpc.pb.h", …
#   ashlar_google_rpc_proto      "google/rpc/status.pb.h", "google/rpc/error_details.pb.h"

set(_descriptors ${ASHLAR_SPARK_CONNECT_DIR}/spark_connect.fds)
if(EXISTS ${_descriptors})
  # base imports all of these; it alone holds a service that is served.
  set(_protos base catalog commands common expressions ml ml_common pipelines relations types)
  list(TRANSFORM _protos REPLACE "(.+)" "spark/connect/\\1.proto")
  ashlar_proto(
    TARGET ashlar_spark_connect_proto
    DESCRIPTORS ${_descriptors}
    PROTOS ${_protos}
    GRPC spark/connect/base.proto
    COLD)
  set_target_properties(ashlar_spark_connect_proto PROPERTIES EXCLUDE_FROM_ALL ON)
endif()

if(EXISTS ${ASHLAR_GOOGLEAPIS_DIR})
  ashlar_proto(
    TARGET ashlar_google_rpc_proto
    ROOT ${ASHLAR_GOOGLEAPIS_DIR}
    PROTOS google/rpc/status.proto google/rpc/code.proto google/rpc/error_details.proto COLD)
  set_target_properties(ashlar_google_rpc_proto PROPERTIES EXCLUDE_FROM_ALL ON)
endif()
