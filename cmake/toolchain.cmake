# Compiler, flags of the five build types, ccache and linker.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Dev CACHE STRING "Dev, Release, Asan, Tsan or Fuzz" FORCE)
endif()
# NDEBUG is never set: checks stay in released programs.
set(CMAKE_CXX_FLAGS_DEV "-O1 -g1 -D_GLIBCXX_ASSERTIONS")
set(CMAKE_CXX_FLAGS_RELEASE "-O1 -g1")  # modules that say HOT: -O2
set(CMAKE_CXX_FLAGS_ASAN
  "-O1 -g1 -D_GLIBCXX_ASSERTIONS -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize=vptr -fno-sanitize-recover=all")
set(CMAKE_CXX_FLAGS_TSAN "-O1 -g1 -fno-omit-frame-pointer -fsanitize=thread")
# For clang, whose libFuzzer drives tests/fuzz.
set(CMAKE_CXX_FLAGS_FUZZ
  "-O1 -g1 -D_GLIBCXX_ASSERTIONS -fno-omit-frame-pointer -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize=vptr,function -fno-sanitize-recover=all")

# g++ 12's flow-sensitive warnings are wrong about std::string and std::optional once it inlines (GCC bug
# 105329 and its kin); sanitizer builds look for what they mean.
set(ASHLAR_WARNINGS -Wall -Wextra -Werror -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread
  -Wno-array-bounds -Wno-maybe-uninitialized)

if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # g++ is the compiler whose warnings count; clang only instruments.
  set(ASHLAR_WARNINGS "")
  add_compile_options(-pthread)
else()
  # cc1plus collects its garbage at 128 MiB of it; left alone up to 512 it is a tenth faster and takes 0.7 GB.
  add_compile_options(-pthread -fpch-preprocess --param=ggc-min-heapsize=524288 --param=ggc-min-expand=200)
endif()
add_link_options(-pthread -fuse-ld=mold -Wl,--as-needed)

# Paths in the programs are relative to the repository, wherever it lies.
file(RELATIVE_PATH _to_source ${CMAKE_BINARY_DIR} ${CMAKE_SOURCE_DIR})
add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}/= -ffile-prefix-map=${_to_source}=)

# ccache: the sloppiness is what precompiled headers ask for; base dir and no-hash-dir let build
# folders share entries; the .sum file stands for the precompiled header, whose bytes differ each time.
find_program(ASHLAR_CCACHE ccache)
if(ASHLAR_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
    env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 CCACHE_PCH_EXTSUM=1
    CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
    ${ASHLAR_CCACHE})
endif()

# Writes SUM, what stands for a precompiled header in ccache's eyes. What it includes is pinned elsewhere:
# the compiler, and the libraries that tools/setup fetches by version.
function(ashlar_pch_sum HEADER SUM)
  if(ASHLAR_CCACHE)
    set_property(DIRECTORY ${CMAKE_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${HEADER})
    file(SHA256 ${HEADER} hash)
    file(SHA256 ${CMAKE_SOURCE_DIR}/cmake/pch.h common_hash)
    string(TOUPPER ${CMAKE_BUILD_TYPE} type)
    file(CONFIGURE OUTPUT ${SUM} CONTENT
      "${hash} ${common_hash} ${CMAKE_CXX_COMPILER_VERSION} ${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${type}} ${ASHLAR_DUCKDB_CRATE_VERSION}\n")
  endif()
endfunction()

# Runs generators and checks: Debian's own, which has python3-yaml.
find_program(ASHLAR_PYTHON python3 PATHS /usr/bin NO_DEFAULT_PATH)
find_program(ASHLAR_PYTHON python3 REQUIRED)
