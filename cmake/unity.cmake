# Unity builds: a folder's sources in batches, each batch one translation unit. A build from nothing takes less than half of the time, and
# what follows one edit longer. Every preset has them, so that there is one release build; -DMILLRACE_UNITY=OFF compiles single sources.
#   millrace_unity(LIST TARGET)   puts batches in the place of the sources in the list of that name; call it in the folder of their target
# CMake's own batches name their sources by absolute paths. Tests have them in their assertions (__FILE__), so that ccache knew no batch of
# tests again in a clone elsewhere, and had to preprocess each of the others. These name them from the root, as any header is named.
option(MILLRACE_UNITY "Compile the sources of a folder in batches" OFF)
set(batch_size 12)
# An edit of one source compiles its whole batch: a batch has four sources where twelve take half a minute and more.
set(small_batches millrace_api millrace_host millrace_link_actor)
if(MILLRACE_UNITY AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-Wno-subobject-linkage)  # a source in a batch looks like a header to it
endif()

# These are compiled alone: names in their unnamed namespaces are those of another source beside them. "redefinition of" or "is ambiguous"
# in a batch means that a source belongs here, or better, that its helper deserves a name of its own.
set(compiled_alone
  actors/connectors/kafka/sink/transaction.cpp
  actors/connectors/file/source/continuation.cpp
  actors/connectors/file/source/followed_reader.cpp
  actors/connectors/file/source/standard_input.cpp
  actors/connectors/http/server/spool_groups.cpp
  config/plan/fingerprint.cpp
  config/known_words.cpp
  config/plan/missing_column.cpp
  config/text/node.cpp
  config/plan/plan_window.cpp
  config/schema/reference.cpp
  runtime/expression/functions/comparison.cpp
  runtime/expression/functions/intervals.cpp
  runtime/expression/functions/json_functions.cpp
  runtime/expression/formats/interval_text.cpp
  runtime/expression/formats/json_text.cpp
  runtime/expression/formats/pattern_translator.cpp
  runtime/expression/formats/regular_expression.cpp
  runtime/expression/functions/list_elements.cpp
  runtime/expression/functions/lists.cpp
  runtime/expression/functions/manual.cpp
  runtime/expression/functions/number_functions.cpp
  runtime/expression/functions/numbers.cpp
  runtime/expression/functions/patterns.cpp
  runtime/expression/functions/regular_expression_functions.cpp
  runtime/expression/functions/temporal.cpp
  runtime/expression/functions/text.cpp
  runtime/expression/functions/text_parts.cpp
  runtime/expression/functions/text_templates.cpp
  runtime/expression/formats/time_format.cpp
  runtime/expression/functions/time_functions.cpp
  runtime/expression/functions/times_of_day.cpp
  runtime/expression/functions/type_modifiers.cpp
  runtime/expression/formats/time_units.cpp
  runtime/expression/formats/timestamp_text.cpp
  runtime/expression/formats/to_timestamp.cpp
  runtime/expression/syntax/tree_converter.cpp
  runtime/window/distinct.cpp
  runtime/window/extremes.cpp
  runtime/window/first_last.cpp
  runtime/window/lists.cpp
  runtime/window/percentiles.cpp
  runtime/window/session_windows.cpp
  runtime/window/variances.cpp
  tests/simulation/topology_text.cpp
  tests/simulation/verdict.cpp
  tests/unit/actors/changed_topology_test.cpp
  tests/unit/actors/noted_commit_test.cpp
  tests/unit/actors/poison_test.cpp
  tests/unit/actors/sink_lives_test.cpp
  tests/unit/cli/topology_run_test.cpp
  tests/unit/config/state_fit_test.cpp
  tests/unit/config_schema/references_test.cpp
  tests/unit/delivery/spill_test.cpp
  tests/unit/delivery/verdicts_test.cpp
  tests/unit/lane/wake_ups_test.cpp
  tests/unit/sink/commit_clock_test.cpp
  tests/unit/sql_sink/faults_test.cpp
  tests/unit/sql_sink/progress_test.cpp
  tests/unit/sql_sink/refused_test.cpp
  tests/unit/sql_sink/speed_test.cpp
  tests/unit/sql_sink/upsert_test.cpp
  tests/unit/snapshot/format_test.cpp
  tests/unit/snapshot/recovery_test.cpp
  tests/unit/snapshot/segments_test.cpp
  tests/unit/file_source/continuation_test.cpp
  tests/unit/file_source/long_line_test.cpp
  tests/unit/sql/read_only_test.cpp
  tests/unit/window/state_format_test.cpp
  tools/load/line_file.cpp
  tools/load/measured_rows.cpp
  tools/load/record_maker.cpp
  actors/observe/health.cpp
  tools/cli/last_words.cpp
  tools/cli/sql.cpp
  tools/cli/table.cpp
  actors/replay/originals.cpp
  tools/sql/table_copies.cpp
  tools/sql/value_type.cpp
  tools/table/trino.cpp)

# The mutants of tests/simulation compile one source with one change and link it in front of the libraries: such a source is no part of a
# batch in their build.
option(MILLRACE_MUTANTS "Compile the sources that mutants change alone" OFF)
if(MILLRACE_MUTANTS)
  file(GLOB lists CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tests/simulation/*mutants.py")
  foreach(mutants IN LISTS lists)
    file(STRINGS "${mutants}" lines REGEX "[a-z_]+/[a-z_/]+\\.cpp\"")
    foreach(line IN LISTS lines)
      string(REGEX MATCH "[a-z_]+/[a-z_/]+\\.cpp" source "${line}")
      list(APPEND compiled_alone "${source}")
    endforeach()
  endforeach()
endif()

function(millrace_unity list_name target)
  if(NOT MILLRACE_UNITY)
    return()
  endif()
  set(left "")
  set(batched "")
  foreach(source IN LISTS ${list_name})
    file(RELATIVE_PATH path "${CMAKE_SOURCE_DIR}" "${source}")
    if(path IN_LIST compiled_alone)
      list(APPEND left "${source}")
    else()
      list(APPEND batched "${path}")
    endif()
  endforeach()
  set(number 0)
  set(size ${batch_size})
  if(target IN_LIST small_batches)
    set(size 4)
  endif()
  while(batched)
    list(SUBLIST batched 0 ${size} paths)
    list(REMOVE_ITEM batched ${paths})
    list(TRANSFORM paths REPLACE "(.+)" "#include \"\\1\"\n")
    list(JOIN paths "" text)
    set(batch "${CMAKE_CURRENT_BINARY_DIR}/batches/${target}_${number}.cpp")
    file(CONFIGURE OUTPUT "${batch}" CONTENT "${text}" @ONLY)
    list(APPEND left "${batch}")
    math(EXPR number "${number} + 1")
  endwhile()
  set(${list_name} ${left} PARENT_SCOPE)
endfunction()
