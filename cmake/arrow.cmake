# Apache Arrow C++ with Parquet, as the IMPORTED target `arrow_parquet`, and MILLRACE_PARQUET (ON or OFF). Debian has no
# package: an installed Arrow is taken where CMake finds one, else what tools/arrow has fetched. Without either, millrace is
# built without the module of the parquet sink, and says so. Programs look for that module in lib/ of the build folder.
set(MILLRACE_ARROW_VERSION 26.0.1)  # as in tools/arrow
set(MILLRACE_ARROW_SO 2600)
if(DEFINED ENV{XDG_CACHE_HOME} AND NOT "$ENV{XDG_CACHE_HOME}" STREQUAL "")
  set(arrow_cache "$ENV{XDG_CACHE_HOME}")
else()
  set(arrow_cache "$ENV{HOME}/.cache")
endif()
set(MILLRACE_ARROW_DIR "" CACHE STRING "Folder with Arrow's include/ and libraries, as tools/arrow makes one; OFF builds without Parquet")

set(CMAKE_BUILD_RPATH "${CMAKE_BINARY_DIR}/lib")
set(MILLRACE_PARQUET OFF)
if(NOT MILLRACE_ARROW_DIR)
  if(NOT "${MILLRACE_ARROW_DIR}" STREQUAL "OFF")
    find_package(Arrow 21 CONFIG QUIET)
    find_package(Parquet CONFIG QUIET)
    set(arrow_folder "${arrow_cache}/millrace/arrow-${MILLRACE_ARROW_VERSION}")
  endif()
else()
  set(arrow_folder "${MILLRACE_ARROW_DIR}")
endif()

if(Arrow_FOUND AND Parquet_FOUND)
  add_library(arrow_parquet INTERFACE IMPORTED GLOBAL)
  target_link_libraries(arrow_parquet INTERFACE Parquet::parquet_shared Arrow::arrow_shared)
  set(MILLRACE_PARQUET ON)
  message(STATUS "Parquet: Arrow ${Arrow_VERSION} as installed")
elseif(arrow_folder AND EXISTS "${arrow_folder}/libparquet.so.${MILLRACE_ARROW_SO}" AND EXISTS "${arrow_folder}/include/parquet/arrow/writer.h")
  add_library(arrow_parquet INTERFACE IMPORTED GLOBAL)
  target_include_directories(arrow_parquet SYSTEM INTERFACE "${arrow_folder}/include")
  # The wheel's libarrow exports a simdjson and an OpenSSL of its own, of other versions. A symbol is that of the library which
  # comes first: so the real ones do, for us, and for libcurl, libpq and librdkafka, whose calls would end in Arrow's, too. As
  # options, which stand in front of all libraries; among those CMake keeps no order.
  target_link_options(arrow_parquet INTERFACE "$<TARGET_FILE:simdjson::simdjson>" "${OPENSSL_SSL_LIBRARY}" "${OPENSSL_CRYPTO_LIBRARY}")
  # Arrow's own by full path, so that CMake writes their folder into the programs' run path: one beside the programs, because
  # other users run them, too, and cannot look into this one's home.
  foreach(name parquet arrow)
    set(library "lib${name}.so.${MILLRACE_ARROW_SO}")
    file(MAKE_DIRECTORY "${CMAKE_BINARY_DIR}/lib")
    file(CREATE_LINK "${arrow_folder}/${library}" "${CMAKE_BINARY_DIR}/lib/${library}" COPY_ON_ERROR)
    target_link_libraries(arrow_parquet INTERFACE "${CMAKE_BINARY_DIR}/lib/${library}")
  endforeach()
  set(MILLRACE_PARQUET ON)
  message(STATUS "Parquet: Arrow of ${arrow_folder}")
elseif(MILLRACE_ARROW_DIR)
  message(FATAL_ERROR "MILLRACE_ARROW_DIR=${MILLRACE_ARROW_DIR} holds no include/parquet/arrow/writer.h and libparquet.so.${MILLRACE_ARROW_SO}")
else()
  message(WARNING "Apache Arrow is not here: millrace is built WITHOUT the parquet sink. Remedy: run tools/arrow, then configure again.")
endif()
