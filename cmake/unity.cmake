# Unity builds: a folder's sources in batches, each batch one translation unit. A build from nothing takes less than half of the time, and
# what follows one edit longer. So the sanitized builds have it, which are built seldom and whole.
#   millrace_unity(SOURCES...)   call it in the folder of their target
option(MILLRACE_UNITY "Compile the sources of a folder in batches" OFF)
if(MILLRACE_UNITY)
  set(CMAKE_UNITY_BUILD ON)
  set(CMAKE_UNITY_BUILD_BATCH_SIZE 12)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-subobject-linkage)  # a source in a batch looks like a header to it
  endif()
endif()

# These are compiled alone: names in their unnamed namespaces are those of another source beside them. "redefinition of" or "is ambiguous"
# in a batch means that a source belongs here, or better, that its helper deserves a name of its own.
set(compiled_alone
  actors/sink/kafka/topic_limits.cpp
  actors/sink/kafka/transaction.cpp
  actors/source/file/continuation.cpp
  actors/source/file/followed_reader.cpp
  actors/source/file/standard_input.cpp
  actors/source/http_server/spool_groups.cpp
  config/fingerprint.cpp
  config/known_words.cpp
  config/missing_column.cpp
  config/node.cpp
  config/plan_window.cpp
  config/schema/reference.cpp
  runtime/base/timestamp_pattern.cpp
  runtime/expression/comparison.cpp
  runtime/expression/json_functions.cpp
  runtime/expression/json_text.cpp
  runtime/expression/lists.cpp
  runtime/expression/manual.cpp
  runtime/expression/number_functions.cpp
  runtime/expression/numbers.cpp
  runtime/expression/patterns.cpp
  runtime/expression/regular_expression_functions.cpp
  runtime/expression/text.cpp
  runtime/expression/text_parts.cpp
  runtime/expression/text_templates.cpp
  runtime/expression/time_format.cpp
  runtime/expression/time_functions.cpp
  runtime/expression/time_units.cpp
  runtime/expression/timestamp_text.cpp
  runtime/expression/to_timestamp.cpp
  runtime/expression/tree_converter.cpp
  runtime/window/distinct.cpp
  runtime/window/extremes.cpp
  runtime/window/first_last.cpp
  runtime/window/percentiles.cpp
  runtime/window/session_windows.cpp
  runtime/window/variances.cpp
  tests/simulation/topology_text.cpp
  tests/simulation/verdict.cpp
  tests/unit/actors/poison_test.cpp
  tests/unit/cli/topology_run_test.cpp
  tests/unit/config/state_fit_test.cpp
  tests/unit/config_schema/references_test.cpp
  tests/unit/delivery/spill_test.cpp
  tests/unit/delivery/verdicts_test.cpp
  tests/unit/lane/wake_ups_test.cpp
  tests/unit/sink/commit_clock_test.cpp
  tests/unit/sink_sql/faults_test.cpp
  tests/unit/sink_sql/progress_test.cpp
  tests/unit/sink_sql/refused_test.cpp
  tests/unit/sink_sql/speed_test.cpp
  tests/unit/sink_sql/upsert_test.cpp
  tests/unit/snapshot/format_test.cpp
  tests/unit/snapshot/hostile_folder_test.cpp
  tests/unit/snapshot/recovery_test.cpp
  tests/unit/snapshot/segments_test.cpp
  tests/unit/source_file/continuation_test.cpp
  tests/unit/source_file/long_line_test.cpp
  tests/unit/sql/read_only_test.cpp
  tests/unit/window/state_format_test.cpp
  tools/command_line/fish_completion.cpp
  tools/command_line/zsh_completion.cpp
  tools/load/line_file.cpp
  tools/load/measured_rows.cpp
  tools/load/record_maker.cpp
  tools/millrace/health.cpp
  tools/millrace/last_words.cpp
  tools/millrace/sql.cpp
  tools/millrace/table.cpp
  tools/replay/originals.cpp
  tools/sql/table_copies.cpp
  tools/sql/value_type.cpp
  tools/table/trino.cpp)

function(millrace_unity)
  foreach(source IN LISTS ARGN)
    file(RELATIVE_PATH path "${CMAKE_SOURCE_DIR}" "${source}")
    if(path IN_LIST compiled_alone)
      set_source_files_properties("${source}" PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    endif()
  endforeach()
endfunction()
