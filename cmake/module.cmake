# module(NAME x DEPS a b SRCS a.cc TESTS a_test.cc USES sqlite): the one declaration of a module.
#
#   NAME       the folder under src/; makes the static library ashlar_<name>
#   DEPS       modules whose headers it includes; each must be allowed by module_edges.json
#   SRCS       sources, relative to the folder (generated ones by absolute path)
#   TESTS      GoogleTest sources; make one binary <name>_test, a ctest entry of label "unit"
#   USES       third-party libraries (externals in module_edges.json)
#   TEST_DEPS  modules only the tests include, under the same edge table
#   TEST_USES  third-party libraries only the tests include
#   PROTOS     targets made by ashlar_proto(), needs protobuf or grpc in USES

# Flags every target shares. The precompiled header demands that they are the same everywhere.
add_library(ashlar_pch STATIC ${CMAKE_SOURCE_DIR}/cmake/pch.cc)
target_precompile_headers(ashlar_pch PRIVATE ${CMAKE_SOURCE_DIR}/cmake/pch.h)

function(_ashlar_target TARGET)
  target_include_directories(${TARGET} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  target_include_directories(${TARGET} SYSTEM PUBLIC ${CMAKE_BINARY_DIR}/gen)
  target_compile_options(${TARGET} PRIVATE ${ASHLAR_WARNINGS})
  target_precompile_headers(${TARGET} REUSE_FROM ashlar_pch)
endfunction()

function(_check_deps NAME)
  foreach(dep ${ARGN})
    if(NOT dep IN_LIST ASHLAR_MAY_${NAME})
      message(FATAL_ERROR "module ${NAME}: ${dep} is not an allowed edge (cmake/module_edges.json)")
    endif()
    if(NOT TARGET ashlar_${dep})
      message(FATAL_ERROR "module ${NAME}: depends on ${dep}, which has no src/${dep}/CMakeLists.txt yet")
    endif()
  endforeach()
endfunction()

function(_check_uses NAME)
  foreach(use ${ARGN})
    if(NOT TARGET ashlar::ext::${use})
      message(FATAL_ERROR "module ${NAME}: unknown USES ${use} (cmake/externals.cmake)")
    endif()
    if(ASHLAR_ONLY_IN_${use} AND NOT NAME IN_LIST ASHLAR_ONLY_IN_${use})
      message(FATAL_ERROR "module ${NAME}: ${use} is confined to: ${ASHLAR_ONLY_IN_${use}}")
    endif()
    if(DEFINED ASHLAR_EXT_FILE_${use} AND NOT EXISTS ${ASHLAR_EXT_FILE_${use}})
      message(FATAL_ERROR "module ${NAME}: ${use} is not fetched; run tools/setup")
    endif()
  endforeach()
endfunction()

function(module)
  cmake_parse_arguments(
    PARSE_ARGV 0 arg "" "NAME" "DEPS;SRCS;TESTS;USES;TEST_DEPS;TEST_USES;PROTOS")
  if(arg_UNPARSED_ARGUMENTS OR arg_KEYWORDS_MISSING_VALUES MATCHES "NAME")
    message(FATAL_ERROR "module(): unexpected ${arg_UNPARSED_ARGUMENTS}${arg_KEYWORDS_MISSING_VALUES}")
  endif()
  get_filename_component(folder ${CMAKE_CURRENT_SOURCE_DIR} NAME)
  if(NOT arg_NAME STREQUAL folder)
    message(FATAL_ERROR "module(NAME ${arg_NAME}) stands in src/${folder}")
  endif()
  _check_deps(${arg_NAME} ${arg_DEPS} ${arg_TEST_DEPS})
  _check_uses(${arg_NAME} ${arg_USES} ${arg_TEST_USES})

  set(lib ashlar_${arg_NAME})
  list(TRANSFORM arg_DEPS PREPEND ashlar_ OUTPUT_VARIABLE dep_libs)
  list(TRANSFORM arg_USES PREPEND ashlar::ext:: OUTPUT_VARIABLE use_libs)
  if(arg_SRCS)
    add_library(${lib} STATIC ${arg_SRCS})
    _ashlar_target(${lib})
    target_link_libraries(${lib} PUBLIC ${dep_libs} ${use_libs} ${arg_PROTOS})
  else()
    add_library(${lib} INTERFACE)
    target_include_directories(${lib} INTERFACE ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(${lib} INTERFACE ${dep_libs} ${use_libs} ${arg_PROTOS})
  endif()

  if(arg_TESTS)
    set(test ${arg_NAME}_test)
    list(TRANSFORM arg_TEST_DEPS PREPEND ashlar_ OUTPUT_VARIABLE test_dep_libs)
    list(TRANSFORM arg_TEST_USES PREPEND ashlar::ext:: OUTPUT_VARIABLE test_use_libs)
    add_executable(${test} ${arg_TESTS})
    _ashlar_target(${test})
    target_link_libraries(${test} PRIVATE ${lib} ${test_dep_libs} ${test_use_libs} ashlar_gtest)
    set_target_properties(${test} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    add_test(NAME ${test} COMMAND ${test} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    set_tests_properties(${test} PROPERTIES LABELS unit TIMEOUT 300)
  endif()
endfunction()

# Adds the modules that exist, lowest layer first.
function(ashlar_add_modules)
  foreach(name ${ASHLAR_MODULES})
    if(EXISTS ${CMAKE_SOURCE_DIR}/src/${name}/CMakeLists.txt)
      add_subdirectory(src/${name})
    endif()
  endforeach()
endfunction()

# Adds the executables whose main exists. A main links those of its modules that exist.
function(ashlar_add_mains)
  math(EXPR last "${ASHLAR_MAINS} - 1")
  foreach(i RANGE ${last})
    set(source ${ASHLAR_MAIN_${i}_SOURCE})
    if(EXISTS ${CMAKE_SOURCE_DIR}/${source})
      add_executable(${ASHLAR_MAIN_${i}_NAME} ${source})
      _ashlar_target(${ASHLAR_MAIN_${i}_NAME})
      set_target_properties(
        ${ASHLAR_MAIN_${i}_NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
      foreach(dep ${ASHLAR_MAIN_${i}_MAY})
        if(TARGET ashlar_${dep})
          target_link_libraries(${ASHLAR_MAIN_${i}_NAME} PRIVATE ashlar_${dep})
        endif()
      endforeach()
    endif()
  endforeach()
endfunction()
