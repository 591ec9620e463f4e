#include "tools/sql/read_only.hpp"

#include "tools/sql/statements.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

namespace millrace::sql {
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

}  // namespace

bool begins_statement(std::string_view sql) {
  const auto verb = file_effect_of(sql).verb;
  return is_among(allowed_words, verb) || is_among(other_words, verb);
}

expected<void> may_prepare(const guard& g, std::string_view sql) {
  const auto effect = file_effect_of(sql);
  if (!is_among(allowed_words, effect.verb))
    return not_for_us(effect.verb);
  if (effect.verb == "pragma" && !is_among(allowed_pragmas, effect.object))
    return not_for_us("pragma " + effect.object);
  // A secret that lasts is a file in the home folder.
  if ((effect.verb == "create" || effect.verb == "drop") && effect.object == "secret")
    return not_for_us(effect.verb + " secret");
  if (!effect.copies_out || g.writes_tables)
    return {};
  if (!effect.target)
    return user_error(
        ec::unsupported,
        "copy: where it writes to must be a plain 'file', so that it can be kept from the tables; "
        "remedy: write it so, or give --write-tables");
  const auto target = resolved(*effect.target);
  for (const auto& t : g.tables) {
    const auto table = resolved(t.string());
    if (within(target, table) || within(table, target))
      return user_error(
          ec::refused,
          fmt::format("copy to '{}' would write into the table in {}; remedy: write elsewhere, or give "
                      "--write-tables if you mean it",
                      *effect.target, t.string()));
  }
  return {};
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

}  // namespace millrace::sql
