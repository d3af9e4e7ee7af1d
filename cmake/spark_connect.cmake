# ashlar_spark_connect_proto: the Spark Connect protocol out of the descriptors that tools/setup took
# from pyspark-client. Made only when a module asks for it with ashlar_use_spark_connect().
# Include "spark/connect/base.pb.h" and "spark/connect/base.grpc.pb.h".

function(ashlar_use_spark_connect)
  if(TARGET ashlar_spark_connect_proto)
    return()
  endif()
  set(descriptors ${ASHLAR_SPARK_CONNECT_DIR}/spark_connect.fds)
  if(NOT EXISTS ${descriptors})
    message(FATAL_ERROR "The Spark Connect descriptors are not fetched; run tools/setup")
  endif()
  set(protos base catalog commands common expressions ml ml_common pipelines relations types)
  list(TRANSFORM protos REPLACE "(.+)" "spark/connect/\\1.proto")
  ashlar_proto(
    TARGET ashlar_spark_connect_proto
    DESCRIPTORS ${descriptors}
    PROTOS ${protos}
    GRPC spark/connect/base.proto)
endfunction()
