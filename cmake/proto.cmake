# ashlar_proto(TARGET t PROTOS a.proto b.proto [ROOT dir] [DESCRIPTORS set.fds] [GRPC [a.proto ...]] [COLD])
# Runs protoc at build time into ${CMAKE_BINARY_DIR}/gen and makes the library <t> (no warnings).
#
#   PROTOS       paths relative to ROOT (default: the calling folder); they give the include paths
#   DESCRIPTORS  read a FileDescriptorSet instead of .proto texts
#   COLD         messages of few fields at a time, compiled as they stand: -O0, else -O1
#   GRPC         also make the service stubs: for all PROTOS, or only for those named after it
# Modules link it by naming it in PROTOS of module() and including "<path>.pb.h".

find_program(ASHLAR_PROTOC protoc)
find_program(ASHLAR_GRPC_PLUGIN grpc_cpp_plugin)

function(_proto_rule PROTO SERVICES INPUT SOURCE_ARGS OUT_SOURCES)
  string(REGEX REPLACE "\\.proto$" "" stem ${PROTO})
  set(gen ${CMAKE_BINARY_DIR}/gen)
  set(sources ${gen}/${stem}.pb.cc)
  set(headers ${gen}/${stem}.pb.h)
  set(grpc_args "")
  if(SERVICES)
    list(APPEND sources ${gen}/${stem}.grpc.pb.cc)
    list(APPEND headers ${gen}/${stem}.grpc.pb.h)
    set(grpc_args --grpc_out=${gen} --plugin=protoc-gen-grpc=${ASHLAR_GRPC_PLUGIN})
  endif()
  add_custom_command(
    OUTPUT ${sources} ${headers}
    COMMAND ${ASHLAR_PROTOC} ${SOURCE_ARGS} --cpp_out=${gen} ${grpc_args} ${PROTO}
    DEPENDS ${INPUT}
    COMMENT "protoc ${PROTO}"
    VERBATIM)
  set(${OUT_SOURCES} ${sources} ${headers} PARENT_SCOPE)
endfunction()

function(ashlar_proto)
  cmake_parse_arguments(PARSE_ARGV 0 arg "COLD" "TARGET;ROOT;DESCRIPTORS" "PROTOS;GRPC")
  if(NOT arg_TARGET OR NOT arg_PROTOS)
    message(FATAL_ERROR "ashlar_proto() needs TARGET and PROTOS")
  endif()
  set(grpc_protos ${arg_GRPC})
  if(NOT arg_GRPC AND "GRPC" IN_LIST arg_KEYWORDS_MISSING_VALUES)
    set(grpc_protos ${arg_PROTOS})
  endif()
  if(NOT arg_ROOT)
    set(arg_ROOT ${CMAKE_CURRENT_SOURCE_DIR})
  endif()
  if(arg_DESCRIPTORS)
    set(source_args --descriptor_set_in=${arg_DESCRIPTORS})
  else()
    set(source_args -I${arg_ROOT})
  endif()
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/gen)

  set(sources "")
  foreach(proto ${arg_PROTOS})
    set(input ${arg_DESCRIPTORS})
    if(NOT input)
      set(input ${arg_ROOT}/${proto})
    endif()
    if(proto IN_LIST grpc_protos)
      set(services ON)
    else()
      set(services OFF)
    endif()
    _proto_rule(${proto} ${services} "${input}" "${source_args}" rule_sources)
    list(APPEND sources ${rule_sources})
  endforeach()

  add_library(${arg_TARGET} STATIC ${sources})
  target_include_directories(${arg_TARGET} SYSTEM PUBLIC ${CMAKE_BINARY_DIR}/gen)
  if(arg_COLD)
    set(level -O0)
  else()
    set(level -O1)
  endif()
  target_compile_options(${arg_TARGET} PRIVATE -w ${level} -g0)
  if(grpc_protos)
    target_link_libraries(${arg_TARGET} PUBLIC ashlar::ext::grpc)
  else()
    target_link_libraries(${arg_TARGET} PUBLIC ashlar::ext::protobuf)
  endif()
endfunction()
