# Compiler settings that every target shares: warnings are errors, ccache and mold where they are installed.
find_program(CCACHE ccache)
if(CCACHE)
  # Precompiled headers, separate build folders and other clones would never hit without these.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_NOHASHDIR=1 CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} "${CCACHE}")
endif()

find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

if(CMAKE_BUILD_TYPE STREQUAL "Debug")
  set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1")
endif()
add_compile_options(-Wall -Wextra -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # False positives of g++ 12's value analysis in inlined standard library code.
  add_compile_options(-fpch-preprocess -Wno-restrict -Wno-maybe-uninitialized -Wno-stringop-overflow -Wno-stringop-overread -Wno-array-bounds -Wno-dangling-pointer)
endif()

# Hardening against faults that are still in it: overwritten memory ends the process and is no way into it. Sanitizers bring their own checks.
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT MILLRACE_SANITIZE AND NOT MILLRACE_FUZZ AND NOT MILLRACE_COVERAGE)
  set(CMAKE_POSITION_INDEPENDENT_CODE ON)
  add_compile_options(-fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    add_compile_options(-fcf-protection)
  endif()
  add_link_options("LINKER:-z,relro,-z,now,-z,noexecstack")
  include(CheckPIESupported)
  check_pie_supported()
endif()

if(MILLRACE_SANITIZE)
  add_compile_options(-fsanitize=${MILLRACE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${MILLRACE_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID MATCHES Clang AND MILLRACE_SANITIZE MATCHES undefined)
    add_compile_options(-fsanitize-ignorelist=${CMAKE_SOURCE_DIR}/cmake/ubsan_ignored)
  endif()
endif()

if(MILLRACE_FUZZ)
  # Every component tells libFuzzer which of its edges an input reached; without, mutations are blind.
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

if(MILLRACE_COVERAGE)
  # Only the components are instrumented: tests and tools are compiled as in release, so that ccache has them already. simdjson's
  # types would be others without optimisation; both sides must agree on them.
  set(MILLRACE_COMPONENT_OPTIONS --coverage -O0 -fprofile-update=atomic -DSIMDJSON_DEVELOPMENT_CHECKS=0)
  add_link_options(--coverage)
endif()
