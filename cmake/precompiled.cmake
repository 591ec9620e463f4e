# Precompiled headers of CAF and of what stands beside it in nearly every source that sees runtime/messages: parsing them takes a third of
# such a source's time. Sources name all the headers that they use all the same: clang's build (ASan and the fuzzers) has none of this.
#   millrace_precompiled(TARGET...)         the targets' sources begin with them
#   millrace_precompiled_tools(TARGET...)   with CLI11 and Boost.JSON as well
#   millrace_precompiled_catch(TARGET)      the target owns Catch2's
#   millrace_precompiled_tests(TARGET...)   tests begin with it
# Nor does clang's build have Catch2's: what clang precompiles holds absolute paths, so that ccache finds no source that begins with it in
# another clone. Parsing it takes 0.7 s of a batch of tests.
option(MILLRACE_PRECOMPILED "Precompile CAF's headers (GCC)" ON)
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU" OR MILLRACE_COVERAGE)
  set(MILLRACE_PRECOMPILED OFF)  # coverage compiles components with other options than tests
endif()

set(precompiled_caf <algorithm> <chrono> <functional> <map> <memory> <optional> <string> <variant> <vector> <fmt/format.h> <spdlog/spdlog.h>
  <tl/expected.hpp> <caf/actor_system.hpp> <caf/actor_system_config.hpp> <caf/event_based_actor.hpp> <caf/scoped_actor.hpp> <caf/send.hpp>)

function(millrace_precompiled)
  if(NOT MILLRACE_PRECOMPILED)
    return()
  endif()
  if(NOT TARGET precompiled)
    file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/precompiled.cpp" CONTENT "// Owns the precompiled headers.\n")
    add_library(precompiled OBJECT "${CMAKE_BINARY_DIR}/precompiled.cpp")
    target_link_libraries(precompiled PRIVATE fmt::fmt spdlog::spdlog tl::expected caf::core)
    target_precompile_headers(precompiled PRIVATE ${precompiled_caf})
  endif()
  foreach(target IN LISTS ARGN)
    target_precompile_headers(${target} REUSE_FROM precompiled)
  endforeach()
endfunction()

function(millrace_precompiled_tools)
  if(MILLRACE_PRECOMPILED)
    foreach(target IN LISTS ARGN)
      target_precompile_headers(${target} PRIVATE ${precompiled_caf} <CLI/CLI.hpp> <boost/json.hpp>)
    endforeach()
  endif()
endfunction()

function(millrace_precompiled_catch target)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_precompile_headers(${target} PUBLIC <catch2/catch.hpp>)
  endif()
endfunction()

function(millrace_precompiled_tests)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    foreach(target IN LISTS ARGN)
      target_precompile_headers(${target} REUSE_FROM test_main)
    endforeach()
  endif()
endfunction()
