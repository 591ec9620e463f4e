#include "tools/sql/sources.hpp"

#include "config/text/report.hpp"
#include "runtime/base/lower_case.hpp"
#include "tools/table/duckdb.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::duckdb {
namespace {

namespace fs = std::filesystem;

bool is_hidden(const fs::path& name) {
  const auto text = name.string();
  return text.starts_with('.') || text.starts_with('_');
}

unexpected unreadable(const fs::path& place, const std::error_code& why) {
  return user_error(ec::io, fmt::format("cannot read {}: {}", place.string(), why.message()));
}

/// ['/a', '/b'], for paths of any characters.
std::string list_of(const std::vector<std::string>& files) {
  std::string out;
  for (const auto& f : files)
    out += (out.empty() ? "" : ", ") + table::duckdb_text(table::duckdb_path(f));
  return "[" + out + "]";
}

bool holds_bytes(const std::string& file) {
  std::error_code failed;
  const auto size = fs::file_size(file, failed);
  return !failed && size > 0;
}

/// NAME-000001.EXT beside it, of a sink that rolls.
bool is_rolled(const fs::path& file, const fs::path& path) {
  const auto stem = file.stem().string();
  const auto begin = path.stem().string() + "-";
  return file.extension() == path.extension() && stem.starts_with(begin) && stem.size() > begin.size() &&
         std::all_of(stem.begin() + static_cast<std::ptrdiff_t>(begin.size()), stem.end(),
                     [](char c) { return c >= '0' && c <= '9'; });
}

expected<std::vector<std::string>> files_of(const table::stage_table& t) {
  if (t.kind == table::files::parquet) {
    auto all = visible_files(t.path);
    if (all)
      std::erase_if(*all, [](const auto& f) { return kind_of_file(f) != table::files::parquet; });
    return all;
  }
  std::vector<std::string> out;
  const fs::path path(t.path);
  if (!t.rolled) {
    if (holds_bytes(t.path))
      out.push_back(fs::absolute(path).string());
    return out;
  }
  const auto folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  auto all = visible_files(folder);
  if (!all)
    return all;
  for (auto& f : *all)
    if (fs::path(f).parent_path() == fs::absolute(folder).lexically_normal() && is_rolled(f, path) &&
        holds_bytes(f))
      out.push_back(std::move(f));
  return out;
}

expected<source> of_stage(const table::stage_table& t, std::string name) {
  source out{{}, std::move(name), false, {}, {t.path}};
  ASSIGN_OR_RETURN(auto files, files_of(t));
  out.select = files.empty() ? table::duckdb_empty_select(t) : table::duckdb_select(t, list_of(files));
  for (auto& f : files)
    if (t.kind != table::files::parquet)
      out.places.emplace_back(std::move(f));
  return out;
}

std::string reader_of(table::files kind, const std::vector<std::string>& files, const std::string& folder) {
  if (kind == table::files::json)
    return fmt::format("read_json_auto({}, union_by_name = true)", list_of(files));
  if (kind == table::files::csv)
    return fmt::format("read_csv_auto({}, union_by_name = true)", list_of(files));
  const bool partitioned = std::any_of(files.begin(), files.end(), [&](const auto& f) {
    return fs::path(f.substr(folder.size())).parent_path().string().find('=') != std::string::npos;
  });
  return fmt::format(
      "read_parquet({}, hive_partitioning = {}, hive_types_autocast = false, union_by_name = true)",
      list_of(files), partitioned);
}

expected<source> of_place(const table_argument& a) {
  const auto place = fs::absolute(a.what).lexically_normal();
  const bool folder = fs::is_directory(place);
  source out{{}, a.name, true, {}, {place}};
  std::vector<std::string> files{place.string()};
  if (folder) {
    ASSIGN_OR_RETURN(files, visible_files(place));
  }
  std::erase_if(files, [](const auto& f) { return kind_of_file(f) == table::files::none; });
  if (files.empty())
    return user_error(
        ec::not_found,
        fmt::format("--table {}={}: {}; expected .parquet, .json, .jsonl, .ndjson or .csv{}", a.name, a.what,
                    folder ? "there is no visible file of a table in it" : "it is not a table's file",
                    folder ? "; where no file has been written yet, --topology FILE knows the columns" : ""));
  const auto kind = kind_of_file(files.front());
  for (const auto& f : files)
    if (kind_of_file(f) != kind)
      return user_error(
          ec::invalid_argument,
          fmt::format("--table {}={}: it holds files of several kinds, {} and {}; remedy: name one file, "
                      "or a folder of one kind",
                      a.name, a.what, files.front(), f));
  out.select = "select * from " + reader_of(kind, files, folder ? place.string() : std::string());
  return out;
}

/// DuckDB's names are the same in any case of letters.
bool is_taken(const std::vector<source>& sources, std::string_view name) {
  return std::any_of(sources.begin(), sources.end(),
                     [&](const source& s) { return is_same_but_case(s.name, name); });
}

struct stages_by_name {
  const std::vector<known_topology>& topologies;

  [[nodiscard]] const table::stage_table* find(const std::string& what) const {
    const table::stage_table* found = nullptr;
    for (const auto& t : topologies)
      for (const auto& s : t.tables)
        if (s.stage == what || t.name + "." + s.stage == what)
          found = found ? found : &s;
    return found;
  }
  [[nodiscard]] std::size_t count(const std::string& stage) const {
    std::size_t out = 0;
    for (const auto& t : topologies)
      for (const auto& s : t.tables)
        out += s.stage == stage ? 1 : 0;
    return out;
  }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const auto& t : topologies)
      for (const auto& s : t.tables)
        out.push_back(s.stage);
    return out;
  }
};

}  // namespace

expected<table_argument> parse_table_argument(const std::string& text) {
  const auto equals = text.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size())
    return user_error(ec::invalid_argument,
                      fmt::format("--table {}: expected NAME=FOLDER, NAME=FILE or NAME=STAGE", text));
  return table_argument{text.substr(0, equals), text.substr(equals + 1)};
}

table::files kind_of_file(std::string_view name) {
  const auto ends = [&](std::string_view with) { return name.ends_with(with); };
  if (ends(".parquet"))
    return table::files::parquet;
  if (ends(".gz"))
    name.remove_suffix(3);
  if (ends(".json") || ends(".jsonl") || ends(".ndjson"))
    return table::files::json;
  return ends(".csv") ? table::files::csv : table::files::none;
}

expected<std::vector<std::string>> visible_files(const fs::path& folder) {
  std::vector<std::string> out;
  std::error_code failed;
  const auto root = fs::absolute(folder).lexically_normal();
  fs::recursive_directory_iterator at(root, failed);
  if (failed == std::errc::no_such_file_or_directory)
    return out;
  for (; !failed && at != fs::recursive_directory_iterator(); at.increment(failed)) {
    std::error_code gone;  // a file that is renamed meanwhile is no file of the table
    if (is_hidden(at->path().filename()))
      at.disable_recursion_pending();
    else if (at->is_regular_file(gone))
      out.push_back(at->path().string());
  }
  if (failed && failed != std::errc::no_such_file_or_directory)
    return unreadable(root, failed);
  std::sort(out.begin(), out.end());
  return out;
}

expected<std::vector<source>> sources_of(const std::vector<known_topology>& topologies,
                                         const std::vector<table_argument>& arguments) {
  const stages_by_name stages{topologies};
  std::vector<source> out;
  for (const auto& a : arguments) {
    if (std::any_of(out.begin(), out.end(), [&](const source& s) { return s.name == a.name; }))
      return user_error(ec::invalid_argument,
                        fmt::format("--table {0}={1}: {0} is given twice", a.name, a.what));
    const auto* const stage = stages.find(a.what);
    if (stage && stages.count(a.what) > 1)
      return user_error(ec::invalid_argument,
                        fmt::format("--table {}={}: several topologies have such a stage; "
                                    "expected TOPOLOGY.STAGE",
                                    a.name, a.what));
    std::error_code failed;
    if (!stage && !fs::exists(a.what, failed))
      return user_error(
          ec::not_found,
          topologies.empty()
              ? fmt::format("--table {}={}: there is no such folder or file", a.name, a.what)
              : fmt::format(
                    "--table {}={}: there is no such folder or file, and no such stage that writes a table's "
                    "files; stages are {}{}",
                    a.name, a.what, config::one_of(stages.names()),
                    config::did_you_mean(a.what, stages.names())));
    ASSIGN_OR_RETURN(auto made, stage ? of_stage(*stage, a.name) : of_place(a));
    made.asked_for = true;
    out.push_back(std::move(made));
  }
  for (const auto& t : topologies)
    for (const auto& s : t.tables) {
      const bool shared = stages.count(s.stage) > 1;
      if (!shared &&
          std::any_of(arguments.begin(), arguments.end(), [&](const auto& a) { return a.name == s.stage; }))
        continue;  // --table has taken the name
      ASSIGN_OR_RETURN(auto made, of_stage(s, s.stage));
      if (shared)
        made.schema = t.name;
      out.push_back(std::move(made));
    }
  // A database's table is asked by its own name, too, which may be easier to say than the stage's ("table").
  for (const auto& t : topologies)
    for (const auto& s : t.tables) {
      if (!s.database || s.name == s.stage || is_taken(out, s.name))
        continue;
      ASSIGN_OR_RETURN(auto made, of_stage(s, s.name));
      out.push_back(std::move(made));
    }
  return out;
}

}  // namespace millrace::duckdb
