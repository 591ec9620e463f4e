# Precompiled headers of CAF and of what stands beside it in nearly every source that sees runtime/messages: parsing them takes a third of
# such a source's time. Sources name all the headers that they use all the same: clang's build (ASan and the fuzzers) has none of this.
#   millrace_precompiled(TARGET...)         the targets' sources begin with them
#   millrace_precompiled_tools(TARGET...)   with CLI11 and Boost.JSON as well
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
