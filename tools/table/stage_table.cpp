#include "tools/table/stage_table.hpp"

#include "config/text/report.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::table {
namespace {

files files_of(config::written_table::format f) {
  using format = config::written_table::format;
  switch (f) {
  case format::json:
    return files::json;
  case format::csv:
    return files::csv;
  case format::parquet:
    return files::parquet;
  case format::database:
    break;
  }
  return files::none;
}

stage_table make(const config::stage& s) {
  const auto* const sink = std::get_if<config::sink_plan>(&s.plan);
  stage_table out{s.name, s.name, s.type};
  const auto& written = config::sink_traits_of(s).table;
  const bool database = written && written->kind == config::written_table::format::database;
  for (const auto& f : sink ? *sink->rows : *s.schema)
    // hidden ones are not written, but into a database
    if (database ? f.name != config::deletion_column : !f.name.starts_with('_'))
      out.columns.push_back(f);
  if (!written)
    return out;
  out.kind = files_of(written->kind);
  out.key = written->key;
  out.rolled = written->rolled;
  out.partition_by = written->partition_by;
  out.compression = written->compression;
  (database ? out.name : out.path) = written->location;
  if (written->remote)
    out.remote = std::make_shared<const config::stage>(s);
  return out;
}

bool has_columns(const config::stage& s) {
  return s.schema != nullptr || std::holds_alternative<config::sink_plan>(s.plan);
}

}  // namespace

bool stage_table::is_partition(std::string_view column) const {
  return std::find(partition_by.begin(), partition_by.end(), column) != partition_by.end();
}

expected<stage_table> table_of(const config::topology& t, std::string_view stage) {
  std::vector<std::string> known;
  for (const auto& s : t.stages)
    if (has_columns(s))
      known.push_back(s.name);
  const auto* const found = t.find(stage);
  if (!found)
    return user_error(ec::not_found,
                      fmt::format("topology \"{}\" has no stage \"{}\"; expected {}{}", t.name, stage,
                                  config::one_of(known), config::did_you_mean(stage, known)));
  if (!has_columns(*found))
    return user_error(ec::invalid_argument,
                      fmt::format("stage \"{}\" is a source, whose records have no columns yet; expected {}",
                                  stage, config::one_of(known)));
  return make(*found);
}

std::vector<stage_table> tables_to_ask(const config::topology& t) {
  std::vector<stage_table> out;
  for (const auto& s : t.stages) {
    if (!std::holds_alternative<config::sink_plan>(s.plan))
      continue;
    auto made = make(s);
    const auto& written = config::sink_traits_of(s).table;
    if (written && written->kind == config::written_table::format::database) {
      made.database = std::make_shared<const config::stage>(s);
      made.kind = files::csv;
    }
    if (made.kind != files::none)
      out.push_back(std::move(made));
  }
  return out;
}

}  // namespace millrace::table
