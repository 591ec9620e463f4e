# millrace_component(NAME DIR DEPENDS...): a static library from the sources of one folder, or of a list of folders (not of their subfolders).
# New files are picked up by themselves; DEPENDS is the component's place in the layering.
function(millrace_component name dirs)
  list(TRANSFORM dirs APPEND "/*.cpp" OUTPUT_VARIABLE patterns)
  file(GLOB sources CONFIGURE_DEPENDS ${patterns})
  list(FILTER sources EXCLUDE REGEX "_(test|bench|fuzz)\\.cpp$")
  if(sources)
    millrace_unity(sources ${name})
    add_library(${name} STATIC ${sources})
    target_include_directories(${name} PUBLIC "${CMAKE_SOURCE_DIR}")
    target_link_libraries(${name} PUBLIC ${ARGN})
    target_compile_options(${name} PRIVATE ${MILLRACE_COMPONENT_OPTIONS})
  else()
    add_library(${name} INTERFACE)
    target_include_directories(${name} INTERFACE "${CMAKE_SOURCE_DIR}")
    target_link_libraries(${name} INTERFACE ${ARGN})
  endif()
endfunction()

# Compiles targets whose code no record passes with less optimisation: they decide, answer and set up. Optimising such code fully takes a fifth to a
# third of the time that
# its sources take to compile, and no user sees it (docs/design/testing.md).
function(millrace_off_the_record_path)
  if(CMAKE_BUILD_TYPE STREQUAL "Release")
    foreach(name IN LISTS ARGN)
      target_compile_options(${name} PRIVATE -O1)
    endforeach()
  endif()
endfunction()

# A test that hangs is found by its limit, in seconds: tests/suite holds the gate's tests to it. Sanitizers make them several times as slow.
set(MILLRACE_TEST_LIMIT 900)
if(MILLRACE_SANITIZE)
  set(MILLRACE_TEST_LIMIT 1800)
endif()

# millrace_test(NAME LABEL DIR DEPENDS...): one Catch2 program from all *_test.cpp of a folder. The gate (tools/test) runs it, but for test cases
# with the tag [clock]: those assert on time or CPU, and are a test of their own, NAME_clock, that the proof runs alone (tools/prove clock).
# A file that gets its first [clock] is seen by the next configuration.
function(millrace_test name label dir)
  file(GLOB sources CONFIGURE_DEPENDS "${dir}/*.cpp")
  if(NOT sources)
    message(FATAL_ERROR "${name}: no test is in ${CMAKE_CURRENT_SOURCE_DIR}/${dir}; name the folder of its sources")
  endif()
  set(asserts_on_time "")
  foreach(source IN LISTS sources)
    file(STRINGS "${source}" found REGEX "\\[clock\\]")
    list(APPEND asserts_on_time ${found})
  endforeach()
  millrace_unity(sources ${name})
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE test_main ${ARGN})
  if(CMAKE_BUILD_TYPE STREQUAL "Release" AND label STREQUAL "unit")
    target_compile_options(${name} PRIVATE -O1)  # the tests' own code: a third less to wait for
  endif()
  millrace_precompiled_tests(${name})
  set(chosen "")
  if(asserts_on_time)
    set(chosen "~[clock]~[.]")
    add_test(NAME ${name}_clock COMMAND ${name} "[clock]" WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
    set_tests_properties(${name}_clock PROPERTIES LABELS clock TIMEOUT 600 RUN_SERIAL ON)
  endif()
  add_test(NAME ${name} COMMAND ${name} ${chosen} WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
  set_tests_properties(${name} PROPERTIES LABELS "${label};gate" TIMEOUT ${MILLRACE_TEST_LIMIT})
endfunction()

# Sets up targets whose sources compile Boost.Asio. GCC warns that ThreadSanitizer does not follow Asio's fences around
# handlers; they stand beside a mutex, or on one thread, which it does follow.
function(millrace_asio)
  if(MILLRACE_SANITIZE MATCHES "thread")
    foreach(name IN LISTS ARGN)
      target_compile_options(${name} PRIVATE -Wno-tsan)
    endforeach()
  endif()
endfunction()
