# ashlar_python_test(NAME n ENV e [LABEL l] [TIMEOUT s] [SERIAL] PATHS a b)
# Registers pytest over PATHS (relative to the calling folder; default: the folder itself) with ctest.
#
#   ENV      the environment of tools/requirements/<e>.txt, made on demand by a fixture
#   LABEL    default "client"; ctest -L client runs those, -LE client leaves them out
#   SERIAL   nothing else runs beside it
# The test runs in the repository's root and sees ASHLAR_BUILD_DIR, where ashlar and ashlar-driver lie.

function(ashlar_python_test)
  cmake_parse_arguments(PARSE_ARGV 0 arg "SERIAL" "NAME;ENV;LABEL;TIMEOUT" "PATHS")
  if(NOT arg_NAME OR NOT arg_ENV OR arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "ashlar_python_test() needs NAME and ENV: ${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT EXISTS ${CMAKE_SOURCE_DIR}/tools/requirements/${arg_ENV}.txt)
    message(FATAL_ERROR "${arg_NAME}: no tools/requirements/${arg_ENV}.txt")
  endif()
  if(NOT arg_PATHS)
    set(arg_PATHS .)
  endif()
  if(NOT arg_LABEL)
    set(arg_LABEL client)
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 600)
  endif()
  _python_env_fixture(${arg_ENV})
  list(TRANSFORM arg_PATHS PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
  add_test(
    NAME ${arg_NAME}
    COMMAND ${ASHLAR_DEPS_DIR}/env/${arg_ENV}/bin/python -m pytest -q -p no:cacheprovider ${arg_PATHS}
    WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${arg_NAME} PROPERTIES
    LABELS ${arg_LABEL} TIMEOUT ${arg_TIMEOUT} FIXTURES_REQUIRED env_${arg_ENV} RUN_SERIAL ${arg_SERIAL}
    ENVIRONMENT "ASHLAR_BUILD_DIR=${CMAKE_BINARY_DIR};PYTHONDONTWRITEBYTECODE=1;ASHLAR_DEPS_DIR=${ASHLAR_DEPS_DIR}")
endfunction()

function(_python_env_fixture ENV)
  get_property(made GLOBAL PROPERTY ashlar_env_${ENV})
  if(NOT made)
    set_property(GLOBAL PROPERTY ashlar_env_${ENV} ON)
    add_test(NAME env_${ENV} COMMAND ${CMAKE_SOURCE_DIR}/tools/setup --env ${ENV})
    set_tests_properties(env_${ENV} PROPERTIES
      FIXTURES_SETUP env_${ENV} LABELS setup TIMEOUT 600
      ENVIRONMENT "ASHLAR_DEPS_DIR=${ASHLAR_DEPS_DIR}")
  endif()
endfunction()
