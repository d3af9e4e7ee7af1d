# module(NAME x DEPS a b SRCS a.cc TESTS a_test.cc USES sqlite): the one declaration of a module.
#
#   HOT        its own code runs per row or per file: Release compiles it at -O2, all else at -O1
#   NAME       the folder under src/; makes the static library ashlar_<name>
#   DEPS       modules whose headers it includes; each must be allowed by module_edges.json
#   SRCS       sources, relative to the folder (generated ones by absolute path)
#   TESTS      GoogleTest sources; make one binary <name>_test, a ctest entry of label "unit"
#   USES       third-party libraries (externals in module_edges.json); their include folders and
#              definitions stay inside the module, so its headers must not need them
#   TEST_DEPS  modules only the tests include, under the same edge table
#   TEST_USES  third-party libraries only the tests include
#   PROTOS     targets made by ashlar_proto(), needs protobuf or grpc in USES
#   HEAVY_PCH  a header of cmake/ with slow third-party headers, compiled once for HEAVY_SRCS
#   HEAVY_SRCS sources like SRCS, which begin with HEAVY_PCH too

# The precompiled headers, each compiled once and shared by every target that names it. They demand that
# the flags are the same everywhere.
function(_shared_pch TARGET HEADER)
  set(headers ${CMAKE_SOURCE_DIR}/cmake/pch.h)
  if(NOT HEADER STREQUAL pch.h)
    list(APPEND headers ${CMAKE_SOURCE_DIR}/cmake/${HEADER})
  endif()
  add_library(${TARGET} STATIC ${CMAKE_SOURCE_DIR}/cmake/pch.cc)
  target_precompile_headers(${TARGET} PRIVATE ${headers})
  target_link_libraries(${TARGET} PRIVATE ${ARGN})
  # GCC reads it at -O1 too; the other way round it crashes.
  target_compile_options(${TARGET} PRIVATE $<$<CONFIG:Release>:-O2>)
  ashlar_pch_sum(${CMAKE_SOURCE_DIR}/cmake/${HEADER} ${CMAKE_BINARY_DIR}/CMakeFiles/${TARGET}.dir/cmake_pch.hxx.gch.sum)
endfunction()
_shared_pch(ashlar_pch pch.h)
_shared_pch(ashlar_json_pch json_pch.h ashlar::ext::nlohmann)
_shared_pch(ashlar_test_pch test_pch.h ashlar::ext::nlohmann ashlar_gtest)

function(_ashlar_target TARGET PCH)
  target_include_directories(${TARGET} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  target_include_directories(${TARGET} SYSTEM PUBLIC ${CMAKE_BINARY_DIR}/gen)
  target_compile_options(${TARGET} PRIVATE ${ASHLAR_WARNINGS})
  target_precompile_headers(${TARGET} REUSE_FROM ${PCH})
endfunction()

# The sources that share a slow precompiled header are a target of their own inside LIB.
function(_heavy_objects LIB PCH SOURCES LINKED)
  set(objects ${LIB}_heavy)
  add_library(${objects} OBJECT ${SOURCES})
  target_include_directories(${objects} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  target_include_directories(${objects} SYSTEM PUBLIC ${CMAKE_BINARY_DIR}/gen)
  target_compile_options(${objects} PRIVATE ${ASHLAR_WARNINGS})
  target_precompile_headers(${objects} PRIVATE ${CMAKE_SOURCE_DIR}/cmake/pch.h ${CMAKE_SOURCE_DIR}/cmake/${PCH})
  target_link_libraries(${objects} PRIVATE ${LINKED})
  target_sources(${LIB} PRIVATE $<TARGET_OBJECTS:${objects}>)
  ashlar_pch_sum(${CMAKE_SOURCE_DIR}/cmake/${PCH}
    ${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/${objects}.dir/cmake_pch.hxx.gch.sum)
endfunction()

function(_check_deps NAME)
  foreach(dep ${ARGN})
    if(NOT dep IN_LIST ASHLAR_MAY_${NAME})
      message(FATAL_ERROR "module ${NAME}: ${dep} is not an allowed edge (cmake/module_edges.json)")
    endif()
  endforeach()
endfunction()

# Sets OUT to what a declared module lacks: a source, or a module it depends on.
function(_missing_parts OUT SOURCES DEPS)
  set(missing "")
  foreach(source ${SOURCES})
    cmake_path(IS_ABSOLUTE source generated)
    if(NOT generated AND NOT EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${source})
      list(APPEND missing ${source})
    endif()
  endforeach()
  foreach(dep ${DEPS})
    if(NOT TARGET ashlar_${dep})
      list(APPEND missing "module ${dep}")
    endif()
  endforeach()
  set(${OUT} ${missing} PARENT_SCOPE)
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
    PARSE_ARGV 0 arg "HOT" "NAME;HEAVY_PCH" "DEPS;SRCS;HEAVY_SRCS;TESTS;USES;TEST_DEPS;TEST_USES;PROTOS")
  if(arg_UNPARSED_ARGUMENTS OR arg_KEYWORDS_MISSING_VALUES MATCHES "NAME")
    message(FATAL_ERROR "module(): unexpected ${arg_UNPARSED_ARGUMENTS}${arg_KEYWORDS_MISSING_VALUES}")
  endif()
  get_filename_component(folder ${CMAKE_CURRENT_SOURCE_DIR} NAME)
  if(NOT arg_NAME STREQUAL folder)
    message(FATAL_ERROR "module(NAME ${arg_NAME}) stands in src/${folder}")
  endif()
  _check_deps(${arg_NAME} ${arg_DEPS} ${arg_TEST_DEPS})
  _check_uses(${arg_NAME} ${arg_USES} ${arg_TEST_USES})

  # While a module is being written, a Dev build does without it; every other build demands all of it.
  _missing_parts(missing "${arg_SRCS};${arg_HEAVY_SRCS};${arg_TESTS}" "${arg_DEPS};${arg_TEST_DEPS}")
  if(missing AND CMAKE_BUILD_TYPE STREQUAL "Dev")
    message(WARNING "module ${arg_NAME} left out; missing: ${missing}")
    file(GLOB_RECURSE _watched CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
    return()
  elseif(missing)
    message(FATAL_ERROR "module ${arg_NAME}: missing: ${missing}")
  endif()

  set(lib ashlar_${arg_NAME})
  list(TRANSFORM arg_DEPS PREPEND ashlar_ OUTPUT_VARIABLE dep_libs)
  list(TRANSFORM arg_USES PREPEND ashlar::ext:: OUTPUT_VARIABLE use_libs)
  if(arg_SRCS)
    add_library(${lib} STATIC ${arg_SRCS})
    if(nlohmann IN_LIST arg_USES)
      _ashlar_target(${lib} ashlar_json_pch)
    else()
      _ashlar_target(${lib} ashlar_pch)
    endif()
    target_link_libraries(${lib} PUBLIC ${dep_libs} PRIVATE ${use_libs} ${arg_PROTOS})
    set(compiled ${lib})
    if(arg_HEAVY_SRCS)
      _heavy_objects(${lib} ${arg_HEAVY_PCH} "${arg_HEAVY_SRCS}" "${dep_libs};${use_libs};${arg_PROTOS}")
      list(APPEND compiled ${lib}_heavy)
    endif()
    if(arg_HOT)
      foreach(target ${compiled})
        target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O2>)
      endforeach()
    endif()
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
    _ashlar_target(${test} ashlar_test_pch)
    target_link_libraries(${test} PRIVATE
      ${lib} ${test_dep_libs} ${use_libs} ${test_use_libs} ${arg_PROTOS} ashlar_gtest)
    set_target_properties(${test} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    add_test(NAME ${test} COMMAND ${test} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    set_tests_properties(${test} PROPERTIES
      LABELS unit TIMEOUT 300
      ENVIRONMENT "TSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/cmake/tsan.supp")
  endif()
endfunction()

# Adds the modules that exist, lowest layer first. With -DASHLAR_ONLY="sql;types" only those and what
# their DEPS reach: a build folder that does not notice what happens in the rest of the tree.
function(ashlar_add_modules)
  file(GLOB found CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/*/CMakeLists.txt)
  set(wanted ${ASHLAR_MODULES})
  if(ASHLAR_ONLY)
    _deps_closure(wanted ${ASHLAR_ONLY})
  endif()
  foreach(name ${ASHLAR_MODULES})
    if(${CMAKE_SOURCE_DIR}/src/${name}/CMakeLists.txt IN_LIST found AND name IN_LIST wanted)
      add_subdirectory(src/${name})
    endif()
  endforeach()
endfunction()

function(_deps_closure OUT)
  set(wanted ${ARGN})
  set(highest_first ${ASHLAR_MODULES})
  list(REVERSE highest_first)
  foreach(name ${highest_first})
    if(name IN_LIST wanted AND EXISTS ${CMAKE_SOURCE_DIR}/src/${name}/CMakeLists.txt)
      file(STRINGS ${CMAKE_SOURCE_DIR}/src/${name}/CMakeLists.txt lines)
      string(REGEX MATCHALL "DEPS [a-z0-9_ ;]*" deps "${lines}")
      string(REGEX REPLACE "DEPS| |;" ";" deps "${deps}")
      list(APPEND wanted ${deps})
    endif()
  endforeach()
  set(${OUT} ${wanted} PARENT_SCOPE)
endfunction()

# Adds the executables whose main exists, and the target `programs` for them all. A main links those of its
# modules that exist.
function(ashlar_add_mains)
  add_custom_target(programs)
  file(GLOB found CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/*/main.cc)
  math(EXPR last "${ASHLAR_MAINS} - 1")
  foreach(i RANGE ${last})
    set(source ${ASHLAR_MAIN_${i}_SOURCE})
    if(${CMAKE_SOURCE_DIR}/${source} IN_LIST found)
      add_executable(${ASHLAR_MAIN_${i}_NAME} ${source})
      _ashlar_target(${ASHLAR_MAIN_${i}_NAME} ashlar_pch)
      set_target_properties(
        ${ASHLAR_MAIN_${i}_NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
      add_dependencies(programs ${ASHLAR_MAIN_${i}_NAME})
      foreach(dep ${ASHLAR_MAIN_${i}_MAY})
        if(TARGET ashlar_${dep})
          target_link_libraries(${ASHLAR_MAIN_${i}_NAME} PRIVATE ashlar_${dep})
        endif()
      endforeach()
    endif()
  endforeach()
endfunction()
