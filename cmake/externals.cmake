# One target ashlar::ext::<name> for each third-party library a module can name in USES.
# Debian's libraries are named directly (no find_package: configuring stays fast); DuckDB and Arrow
# come from the dependency folder that tools/setup fills.

if(DEFINED ENV{ASHLAR_DEPS_DIR})
  set(_default_deps_dir "$ENV{ASHLAR_DEPS_DIR}")
else()
  set(_default_deps_dir "$ENV{HOME}/.cache/ashlar/deps")
endif()
set(ASHLAR_DEPS_DIR "${_default_deps_dir}" CACHE PATH "What tools/setup fetched")

include(${CMAKE_CURRENT_LIST_DIR}/pins.cmake)
set(ASHLAR_DUCKDB_DIR ${ASHLAR_DEPS_DIR}/duckdb-${ASHLAR_DUCKDB_NPM_VERSION})
set(ASHLAR_ARROW_DIR ${ASHLAR_DEPS_DIR}/arrow-${ASHLAR_ARROW_VERSION})
set(ASHLAR_GOOGLEAPIS_DIR ${ASHLAR_DEPS_DIR}/googleapis-${ASHLAR_GOOGLEAPIS_VERSION})
set(ASHLAR_SPARK_CONNECT_DIR ${ASHLAR_DEPS_DIR}/spark-connect-${ASHLAR_SPARK_VERSION})

function(_external NAME)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LIBS;DEFINES;INCLUDES")
  add_library(ashlar_ext_${NAME} INTERFACE)
  add_library(ashlar::ext::${NAME} ALIAS ashlar_ext_${NAME})
  target_link_libraries(ashlar_ext_${NAME} INTERFACE ${arg_LIBS})
  target_compile_definitions(ashlar_ext_${NAME} INTERFACE ${arg_DEFINES})
  target_include_directories(ashlar_ext_${NAME} SYSTEM INTERFACE ${arg_INCLUDES})
endfunction()

# A fetched library is checked only when a module uses it, so that the rest builds without it.
function(_fetched NAME FILE)
  set(ASHLAR_EXT_FILE_${NAME} ${FILE} PARENT_SCOPE)
endfunction()

_external(arrow INCLUDES ${ASHLAR_ARROW_DIR}/include
  LIBS ${ASHLAR_ARROW_DIR}/lib/libarrow.so.${ASHLAR_ARROW_SOVERSION})
_fetched(arrow ${ASHLAR_ARROW_DIR}/lib/libarrow.so.${ASHLAR_ARROW_SOVERSION})
_external(benchmark LIBS benchmark)
_external(boost LIBS boost_url DEFINES BOOST_ASIO_NO_DEPRECATED)
_external(cli11)
_external(curl LIBS curl)
set(_duckdb_inner parquet thrift fastpforlib re2 fsst concurrentqueue fast_float utf8proc/include yyjson/include)
list(TRANSFORM _duckdb_inner PREPEND ${ASHLAR_DUCKDB_DIR}/third_party/)
_external(duckdb INCLUDES ${ASHLAR_DUCKDB_DIR}/include ${_duckdb_inner}
  LIBS ${ASHLAR_DUCKDB_DIR}/lib/libduckdb.so)
_fetched(duckdb ${ASHLAR_DUCKDB_DIR}/lib/libduckdb.so)
_external(fmt LIBS fmt)
_external(git2 LIBS git2)
_external(protobuf LIBS protobuf)
_external(grpc LIBS grpc++ grpc gpr absl_synchronization ashlar_ext_protobuf)
_external(icu LIBS icui18n icuuc)
_external(lz4 LIBS lz4)
_external(nlohmann)
_external(openssl LIBS ssl crypto)
_external(pcre2 LIBS pcre2-8 DEFINES PCRE2_CODE_UNIT_WIDTH=8)
_external(pq LIBS pq INCLUDES /usr/include/postgresql)
_external(pugixml LIBS pugixml)
_external(rdkafka LIBS rdkafka)
_external(readline LIBS readline)
_external(simdjson LIBS simdjson)
_external(sodium LIBS sodium)
_external(spdlog LIBS spdlog fmt
  DEFINES SPDLOG_COMPILED_LIB SPDLOG_FMT_EXTERNAL SPDLOG_SHARED_LIB)
_external(sqlite LIBS sqlite3)
_external(thrift LIBS thrift)
_external(utf8proc LIBS utf8proc)
_external(yaml LIBS yaml-cpp)
_external(zmq LIBS zmq)
_external(zstd LIBS zstd)

add_library(ashlar_gtest INTERFACE)
target_link_libraries(ashlar_gtest INTERFACE gtest_main gtest)
