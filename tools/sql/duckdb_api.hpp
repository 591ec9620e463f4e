// The functions of DuckDB's C API that are used here, declared by hand: the library is looked for while
// running, so that building millrace needs none of it. Layouts and numbers are those of duckdb.h, which
// DuckDB keeps stable; docs/design/sql.md says why they are repeated here.
#pragma once

#include <cstdint>

namespace millrace::duckdb {

using duckdb_count = std::uint64_t;  // idx_t

struct duckdb_result {
  duckdb_count deprecated_counts[3];
  void* deprecated_columns;
  char* deprecated_error;
  void* internal;
};
static_assert(sizeof(duckdb_result) == 48, "passed by value: duckdb.h says 48 bytes");

/// VARCHAR, BLOB and their like in a vector: up to 12 bytes stand in the value itself, of longer ones four,
/// and a pointer to all of them.
struct duckdb_text {
  static constexpr std::uint32_t most_inlined = 12;
  std::uint32_t length;
  char inlined[4];
  union {
    char inlined_too[8];
    const char* bytes;
  };
};
static_assert(sizeof(duckdb_text) == 16);
struct duckdb_int128 {
  std::uint64_t lower;
  std::uint64_t upper;  // signed for HUGEINT, UUID and DECIMAL
};
struct duckdb_interval {
  std::int32_t months;
  std::int32_t days;
  std::int64_t micros;
};
struct duckdb_list_part {
  std::uint64_t offset;
  std::uint64_t length;
};

enum class duckdb_type : int {
  boolean = 1,
  tinyint = 2,
  smallint = 3,
  integer = 4,
  bigint = 5,
  utinyint = 6,
  usmallint = 7,
  uinteger = 8,
  ubigint = 9,
  float32 = 10,
  float64 = 11,
  timestamp = 12,
  date = 13,
  time = 14,
  interval = 15,
  hugeint = 16,
  varchar = 17,
  blob = 18,
  decimal = 19,
  timestamp_s = 20,
  timestamp_ms = 21,
  timestamp_ns = 22,
  enumeration = 23,
  list = 24,
  structure = 25,
  map = 26,
  uuid = 27,
  timestamp_tz = 31,
  uhugeint = 32,
  array = 33,
  any = 34,  // a parameter that takes all types
  null = 36,
};

enum class duckdb_statement : int {
  select = 1,
  insert = 2,
  update = 3,
  explain = 4,
  remove = 5,
  create = 7,
  alter = 9,
  transaction = 10,
  copy = 11,
  analyze = 12,
  set_variable = 13,
  create_function = 14,
  drop = 15,
  vacuum = 18,
  set = 20,
};

enum class duckdb_returns : int { changed_rows = 1, nothing = 2, rows = 3 };

// Handles, each to be destroyed by the function of its kind.
using duckdb_database = struct duckdb_database_s*;
using duckdb_connection = struct duckdb_connection_s*;
using duckdb_config = struct duckdb_config_s*;
using duckdb_extracted = struct duckdb_extracted_s*;
using duckdb_prepared = struct duckdb_prepared_s*;
using duckdb_logical_type = struct duckdb_logical_type_s*;
using duckdb_chunk = struct duckdb_chunk_s*;
using duckdb_vector = struct duckdb_vector_s*;
using duckdb_scalar_function = struct duckdb_scalar_function_s*;
/// Goes with one call of a scalar function.
using duckdb_function_info = struct duckdb_function_info_s*;
using duckdb_scalar_callback = void (*)(duckdb_function_info, duckdb_chunk, duckdb_vector result);

/// X(returned type, name, parameters). States are 0 for success.
#define MILLRACE_DUCKDB_FUNCTIONS(X)                                                                         \
  X(const char*, library_version, ())                                                                        \
  X(int, create_config, (duckdb_config*))                                                                    \
  X(int, set_config, (duckdb_config, const char* name, const char* value))                                   \
  X(void, destroy_config, (duckdb_config*))                                                                  \
  X(int, open_ext, (const char* path, duckdb_database*, duckdb_config, char** error))                        \
  X(void, close, (duckdb_database*))                                                                         \
  X(int, connect, (duckdb_database, duckdb_connection*))                                                     \
  X(void, disconnect, (duckdb_connection*))                                                                  \
  X(void, interrupt, (duckdb_connection))                                                                    \
  X(void, free, (void*))                                                                                     \
  X(duckdb_count, extract_statements, (duckdb_connection, const char* sql, duckdb_extracted*))               \
  X(const char*, extract_statements_error, (duckdb_extracted))                                               \
  X(int, prepare_extracted_statement, (duckdb_connection, duckdb_extracted, duckdb_count, duckdb_prepared*)) \
  X(void, destroy_extracted, (duckdb_extracted*))                                                            \
  X(const char*, prepare_error, (duckdb_prepared))                                                           \
  X(duckdb_statement, prepared_statement_type, (duckdb_prepared))                                            \
  X(void, destroy_prepare, (duckdb_prepared*))                                                               \
  X(int, execute_prepared_streaming, (duckdb_prepared, duckdb_result*))                                      \
  X(const char*, result_error, (duckdb_result*))                                                             \
  X(duckdb_returns, result_return_type, (duckdb_result))                                                     \
  X(void, destroy_result, (duckdb_result*))                                                                  \
  X(duckdb_count, column_count, (duckdb_result*))                                                            \
  X(const char*, column_name, (duckdb_result*, duckdb_count))                                                \
  X(duckdb_logical_type, column_logical_type, (duckdb_result*, duckdb_count))                                \
  X(duckdb_chunk, fetch_chunk, (duckdb_result))                                                              \
  X(duckdb_count, data_chunk_get_size, (duckdb_chunk))                                                       \
  X(duckdb_vector, data_chunk_get_vector, (duckdb_chunk, duckdb_count))                                      \
  X(void, destroy_data_chunk, (duckdb_chunk*))                                                               \
  X(void*, vector_get_data, (duckdb_vector))                                                                 \
  X(std::uint64_t*, vector_get_validity, (duckdb_vector))                                                    \
  X(duckdb_vector, list_vector_get_child, (duckdb_vector))                                                   \
  X(duckdb_vector, array_vector_get_child, (duckdb_vector))                                                  \
  X(duckdb_vector, struct_vector_get_child, (duckdb_vector, duckdb_count))                                   \
  X(duckdb_type, get_type_id, (duckdb_logical_type))                                                         \
  X(void, destroy_logical_type, (duckdb_logical_type*))                                                      \
  X(std::uint8_t, decimal_scale, (duckdb_logical_type))                                                      \
  X(duckdb_type, decimal_internal_type, (duckdb_logical_type))                                               \
  X(duckdb_type, enum_internal_type, (duckdb_logical_type))                                                  \
  X(std::uint32_t, enum_dictionary_size, (duckdb_logical_type))                                              \
  X(char*, enum_dictionary_value, (duckdb_logical_type, duckdb_count))                                       \
  X(duckdb_logical_type, list_type_child_type, (duckdb_logical_type))                                        \
  X(duckdb_logical_type, array_type_child_type, (duckdb_logical_type))                                       \
  X(duckdb_count, array_type_array_size, (duckdb_logical_type))                                              \
  X(duckdb_logical_type, map_type_key_type, (duckdb_logical_type))                                           \
  X(duckdb_logical_type, map_type_value_type, (duckdb_logical_type))                                         \
  X(duckdb_count, struct_type_child_count, (duckdb_logical_type))                                            \
  X(char*, struct_type_child_name, (duckdb_logical_type, duckdb_count))                                      \
  X(duckdb_logical_type, struct_type_child_type, (duckdb_logical_type, duckdb_count))                        \
  X(duckdb_logical_type, create_logical_type, (duckdb_type))                                                 \
  X(duckdb_logical_type, vector_get_column_type, (duckdb_vector))                                            \
  X(void, vector_ensure_validity_writable, (duckdb_vector))                                                  \
  X(duckdb_scalar_function, create_scalar_function, ())                                                      \
  X(void, scalar_function_set_name, (duckdb_scalar_function, const char*))                                   \
  X(void, scalar_function_add_parameter, (duckdb_scalar_function, duckdb_logical_type))                      \
  X(void, scalar_function_set_return_type, (duckdb_scalar_function, duckdb_logical_type))                    \
  X(void, scalar_function_set_special_handling, (duckdb_scalar_function))                                    \
  X(void, scalar_function_set_extra_info, (duckdb_scalar_function, void*, void (*destroy)(void*)))           \
  X(void, scalar_function_set_function, (duckdb_scalar_function, duckdb_scalar_callback))                    \
  X(int, register_scalar_function, (duckdb_connection, duckdb_scalar_function))                              \
  X(void, destroy_scalar_function, (duckdb_scalar_function*))                                                \
  X(void*, scalar_function_get_extra_info, (duckdb_function_info))                                           \
  X(void, scalar_function_set_error, (duckdb_function_info, const char*))

struct duckdb_api {
#define MILLRACE_DUCKDB_POINTER(result, name, parameters) result(*name) parameters = nullptr;
  MILLRACE_DUCKDB_FUNCTIONS(MILLRACE_DUCKDB_POINTER)
#undef MILLRACE_DUCKDB_POINTER
};

}  // namespace millrace::duckdb
