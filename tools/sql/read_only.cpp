#include "tools/sql/read_only.hpp"

#include "runtime/base/lower_case.hpp"
#include "tools/sql/statements.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

namespace millrace::duckdb {
namespace {

using path = std::filesystem::path;

/// Resolves a copy's target as DuckDB does.
path resolved(std::string text) {
  for (const std::string_view scheme : {"file://localhost/", "file:///", "file:/"})
    if (text.starts_with(scheme)) {
      text = "/" + text.substr(scheme.size());
      break;
    }
  if (text == "~" || text.starts_with("~/"))
    if (const char* const home = std::getenv("HOME"))
      text = home + text.substr(1);
  std::error_code failed;
  auto out = std::filesystem::weakly_canonical(std::filesystem::absolute(text), failed);
  return failed ? std::filesystem::absolute(text).lexically_normal() : out;
}

/// Is `inner` the same as `outer`, or beneath it?
bool within(const path& inner, const path& outer) {
  const auto [in, out] = std::mismatch(inner.begin(), inner.end(), outer.begin(), outer.end());
  // A folder's path may end with a slash, which is an empty last part.
  return out == outer.end() || (out->empty() && std::next(out) == outer.end());
}

bool is_allowed(duckdb_statement kind) {
  switch (kind) {
  case duckdb_statement::select:
  case duckdb_statement::insert:
  case duckdb_statement::update:
  case duckdb_statement::explain:
  case duckdb_statement::remove:
  case duckdb_statement::create:
  case duckdb_statement::alter:
  case duckdb_statement::transaction:
  case duckdb_statement::copy:
  case duckdb_statement::analyze:
  case duckdb_statement::set_variable:
  case duckdb_statement::create_function:
  case duckdb_statement::drop:
  case duckdb_statement::vacuum:
    return true;
  case duckdb_statement::set:
    return false;
  }
  return false;
}

constexpr std::string_view allowed_words[] = {
    "select",  "with",   "from",   "values",   "table",   "show",   "describe", "desc",  "summarize", "pivot",
    "unpivot", "insert", "update", "delete",   "create",  "alter",  "drop",     "copy",  "begin",     "start",
    "commit",  "end",    "abort",  "rollback", "analyze", "vacuum", "set",      "reset", "pragma",    "("};

constexpr std::string_view other_words[] = {
    "attach", "call",   "checkpoint", "comment", "deallocate", "detach",  "execute",  "explain", "export",
    "force",  "import", "install",    "load",    "merge",      "prepare", "truncate", "use"};
/// They tell, and do nothing else. Others set DuckDB up, or run the statements of a folder.
constexpr std::string_view allowed_pragmas[] = {
    "collations",   "database_list", "database_size",  "functions",   "metadata_info",
    "platform",     "show",          "show_databases", "show_tables", "show_tables_expanded",
    "storage_info", "table_info",    "user_agent",     "version"};

/// They read, or make rows. Others write files (enable_logging, enable_profiling), take addresses in memory (arrow_scan), run
/// other text as a statement (query, json_execute_serialized_sql), or are of a release that nobody has looked at.
constexpr std::string_view allowed_table_functions[] = {"duckdb_approx_database_count",
                                                        "duckdb_columns",
                                                        "duckdb_connection_count",
                                                        "duckdb_constraints",
                                                        "duckdb_coordinate_systems",
                                                        "duckdb_databases",
                                                        "duckdb_dependencies",
                                                        "duckdb_extensions",
                                                        "duckdb_external_file_cache",
                                                        "duckdb_functions",
                                                        "duckdb_indexes",
                                                        "duckdb_keywords",
                                                        "duckdb_log_contexts",
                                                        "duckdb_logs",
                                                        "duckdb_logs_parsed",
                                                        "duckdb_memory",
                                                        "duckdb_optimizers",
                                                        "duckdb_prepared_statements",
                                                        "duckdb_profiling_settings",
                                                        "duckdb_schemas",
                                                        "duckdb_secret_types",
                                                        "duckdb_sequences",
                                                        "duckdb_settings",
                                                        "duckdb_table_sample",
                                                        "duckdb_tables",
                                                        "duckdb_temporary_files",
                                                        "duckdb_types",
                                                        "duckdb_variables",
                                                        "duckdb_views",
                                                        "generate_series",
                                                        "glob",
                                                        "histogram",
                                                        "histogram_values",
                                                        "icu_calendar_names",
                                                        "json_each",
                                                        "json_tree",
                                                        "parquet_bloom_probe",
                                                        "parquet_file_metadata",
                                                        "parquet_full_metadata",
                                                        "parquet_kv_metadata",
                                                        "parquet_metadata",
                                                        "parquet_scan",
                                                        "parquet_schema",
                                                        "pg_timezone_names",
                                                        "pragma_collations",
                                                        "pragma_database_size",
                                                        "pragma_metadata_info",
                                                        "pragma_platform",
                                                        "pragma_show",
                                                        "pragma_storage_info",
                                                        "pragma_table_info",
                                                        "pragma_user_agent",
                                                        "pragma_version",
                                                        "query_table",
                                                        "range",
                                                        "read_blob",
                                                        "read_csv",
                                                        "read_csv_auto",
                                                        "read_json",
                                                        "read_json_auto",
                                                        "read_json_objects",
                                                        "read_json_objects_auto",
                                                        "read_ndjson",
                                                        "read_ndjson_auto",
                                                        "read_ndjson_objects",
                                                        "read_parquet",
                                                        "read_text",
                                                        "repeat",
                                                        "repeat_row",
                                                        "sniff_csv",
                                                        "summary",
                                                        "test_all_types",
                                                        "test_vector_types",
                                                        "unnest"};

/// Options of a copy that leave all that it writes within the target. Words that stand between a name and its value are among them.
constexpr std::string_view allowed_options[] = {"append",
                                                "array",
                                                "as",
                                                "bloom_filter_false_positive_ratio",
                                                "codec",
                                                "compression",
                                                "compression_level",
                                                "csv",
                                                "date_format",
                                                "dateformat",
                                                "delim",
                                                "delimiter",
                                                "dictionary_size_limit",
                                                "encoding",
                                                "escape",
                                                "field_ids",
                                                "file_extension",
                                                "file_size_bytes",
                                                "filename_pattern",
                                                "force_quote",
                                                "format",
                                                "header",
                                                "kv_metadata",
                                                "new_line",
                                                "null",
                                                "nullstr",
                                                "overwrite",
                                                "overwrite_or_ignore",
                                                "parquet_version",
                                                "partition_by",
                                                "per_thread_output",
                                                "prefix",
                                                "preserve_order",
                                                "quote",
                                                "return_files",
                                                "return_stats",
                                                "row_group_size",
                                                "row_group_size_bytes",
                                                "row_groups_per_file",
                                                "sep",
                                                "string_dictionary_page_size_limit",
                                                "suffix",
                                                "timestamp_format",
                                                "timestampformat",
                                                "use_tmp_file",
                                                "write_empty_file",
                                                "write_partition_columns"};
/// They are parts of names of files, and so hold no slash.
constexpr std::string_view options_of_names[] = {"file_extension", "filename_pattern"};
constexpr std::string_view allowed_formats[] = {"csv", "json", "parquet"};

template<class Words>
bool is_among(const Words& words, std::string_view word) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

unexpected not_for_us(std::string_view what) {
  return user_error(ec::unsupported,
                    fmt::format("\"{}\" is not for millrace sql, which reads tables and keeps its set-up; "
                                "expected a query, a copy, or statements on tables of your own in memory",
                                what));
}

/// Judges an option of a copy by what it may do to where the copy writes.
expected<void> may_have(const copy_option& o) {
  if (!is_among(allowed_options, o.name))
    return user_error(ec::unsupported,
                      fmt::format("copy: the option \"{}\" is not known to keep to the target; remedy: leave "
                                  "it out, or give --write-tables",
                                  o.name));
  if (is_among(options_of_names, o.name) && (!o.value || o.value->find('/') != std::string::npos))
    return user_error(
        ec::unsupported,
        fmt::format("copy: {} must be a plain 'text' without \"/\", so that the files stay in the "
                    "target; remedy: write it so, or give --write-tables",
                    o.name));
  if (o.name == "format" && (!o.value || !is_among(allowed_formats, lower_case(*o.value))))
    return user_error(ec::unsupported, "copy: format must be csv, json or parquet; remedy: one of these, or "
                                       "--write-tables");
  return {};
}

/// Judges all that a copy writes: its target and, of a file that is there, the one beside it that DuckDB fills first.
expected<void> may_copy(const guard& g, const file_effect& effect) {
  if (!effect.target)
    return user_error(
        ec::unsupported,
        "copy: where it writes to must be a plain 'file', so that it can be kept from the tables; "
        "remedy: write it so, or give --write-tables");
  for (const auto& o : effect.options)
    RETURN_IF_ERROR(may_have(o));
  const auto target = resolved(*effect.target);
  const auto beside = target.parent_path() / ("tmp_" + target.filename().string());
  for (const auto& t : g.tables) {
    const auto table = resolved(t.string());
    if (within(target, table) || within(table, target) || within(beside, table) || within(table, beside))
      return user_error(
          ec::refused,
          fmt::format("copy to '{}' would write into the table in {}; remedy: write elsewhere, or give "
                      "--write-tables if you mean it",
                      *effect.target, t.string()));
  }
  return {};
}

}  // namespace

bool begins_statement(std::string_view sql) {
  const auto verb = file_effect_of(sql).verb;
  return is_among(allowed_words, verb) || is_among(other_words, verb);
}

expected<void> may_prepare(const guard& g, std::string_view sql) {
  if (has_odd_blank(sql))
    return user_error(ec::unsupported,
                      "a blank that is none of ASCII's, such as a no-break space, stands outside of "
                      "quotes; remedy: a plain space");
  const auto effect = file_effect_of(sql);
  if (!is_among(allowed_words, effect.verb))
    return not_for_us(effect.verb);
  if (effect.verb == "pragma" && !is_among(allowed_pragmas, effect.object))
    return not_for_us("pragma " + effect.object);
  // A secret that lasts is a file in the home folder.
  if ((effect.verb == "create" || effect.verb == "drop") && effect.object == "secret")
    return not_for_us(effect.verb + " secret");
  for (const auto& name : calls_of(sql))
    if (is_among(g.table_functions, name) && !is_among(allowed_table_functions, name))
      return user_error(ec::unsupported, fmt::format("the function \"{}\" is not for millrace sql: it is not "
                                                     "one of those that are known only to read",
                                                     name));
  if (effect.verb != "copy" || effect.copies_in || g.writes_tables)
    return {};
  return may_copy(g, effect);
}

expected<void> may_run(const guard& g, duckdb_statement kind, std::string_view sql) {
  const auto effect = file_effect_of(sql);
  const auto& verb = effect.verb;
  // A variable is the query's own; all else that is set is DuckDB's set-up.
  if (kind == duckdb_statement::set && verb == "set" && effect.object == "variable")
    return {};
  // A statement may be made into a copy only where its words say copy.
  if (!is_allowed(kind) || (kind == duckdb_statement::copy && verb != "copy"))
    return not_for_us(verb);
  return may_prepare(g, sql);
}

}  // namespace millrace::duckdb
