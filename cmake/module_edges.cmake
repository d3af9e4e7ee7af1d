# Reads cmake/module_edges.json into variables:
#   ASHLAR_MODULES              names in layer order
#   ASHLAR_MAY_<module>         every module it may include
#   ASHLAR_EXTERNALS            names of third-party libraries
#   ASHLAR_ONLY_IN_<external>   modules it is confined to; empty means everywhere
#   ASHLAR_MAINS, ASHLAR_MAIN_<i>_{NAME,SOURCE,MAY}

set(_edges_file ${CMAKE_CURRENT_LIST_DIR}/module_edges.json)
set_property(DIRECTORY ${CMAKE_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${_edges_file})
file(READ ${_edges_file} _edges)

function(_json_list OUT JSON)
  string(JSON length ERROR_VARIABLE error LENGTH "${JSON}" ${ARGN})
  set(items "")
  if(NOT error AND length GREATER 0)
    math(EXPR last "${length} - 1")
    foreach(i RANGE ${last})
      string(JSON item GET "${JSON}" ${ARGN} ${i})
      list(APPEND items ${item})
    endforeach()
  endif()
  set(${OUT} ${items} PARENT_SCOPE)
endfunction()

string(JSON _count LENGTH "${_edges}" modules)
math(EXPR _last "${_count} - 1")
set(ASHLAR_MODULES "")
foreach(_i RANGE ${_last})
  string(JSON _entry GET "${_edges}" modules ${_i})
  string(JSON _name GET "${_entry}" name)
  _json_list(_may "${_entry}" may)
  _json_list(_extends "${_entry}" extends)
  foreach(_parent ${_extends})
    if(NOT DEFINED ASHLAR_MAY_${_parent})
      message(FATAL_ERROR "module_edges.json: ${_name} extends ${_parent}, which is not above it in the list")
    endif()
    list(APPEND _may ${_parent} ${ASHLAR_MAY_${_parent}})
  endforeach()
  list(REMOVE_DUPLICATES _may)
  set(ASHLAR_MAY_${_name} ${_may})
  list(APPEND ASHLAR_MODULES ${_name})
endforeach()

string(JSON ASHLAR_MAINS LENGTH "${_edges}" mains)
math(EXPR _last "${ASHLAR_MAINS} - 1")
foreach(_i RANGE ${_last})
  string(JSON ASHLAR_MAIN_${_i}_NAME GET "${_edges}" mains ${_i} name)
  string(JSON ASHLAR_MAIN_${_i}_SOURCE GET "${_edges}" mains ${_i} main)
  _json_list(ASHLAR_MAIN_${_i}_MAY "${_edges}" mains ${_i} may)
endforeach()

string(JSON _count LENGTH "${_edges}" externals)
math(EXPR _last "${_count} - 1")
set(ASHLAR_EXTERNALS "")
foreach(_i RANGE ${_last})
  string(JSON _name MEMBER "${_edges}" externals ${_i})
  _json_list(ASHLAR_ONLY_IN_${_name} "${_edges}" externals ${_name} only_in)
  list(APPEND ASHLAR_EXTERNALS ${_name})
endforeach()
